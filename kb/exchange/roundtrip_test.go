package exchange_test

import (
	"bytes"
	"reflect"
	"slices"
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

// sample is a part of the shipped knowledge, for tests that read it often.
func sample(t testing.TB, kinds ...kb.Kind) []kb.Document {
	t.Helper()
	return slices.DeleteFunc(shipped(t), func(d kb.Document) bool {
		switch d.Kind {
		case kb.KindItem:
			return d.ID > "CRJ-012"
		case kb.KindArticle:
			return !strings.HasPrefix(d.ID, "d")
		}
		return len(kinds) > 0 && !slices.Contains(kinds, d.Kind)
	})
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
		total[d.Kind]++
		if bodies[d.Key()] == d.Body {
			same[d.Kind]++
		}
	}
	t.Logf("to the byte without a live text: %v of %v", same, total)
	if same[kb.KindGold] != total[kb.KindGold] {
		t.Errorf("gold questions differ")
	}
	for _, k := range kinds {
		if k == kb.KindLexicon {
			continue // three tables in one file; its concepts are compared below
		}
		if strip(write(t, exchange.CSV, live, exchange.Options{Kind: k})) != strip(write(t, exchange.CSV, r.Documents, exchange.Options{Kind: k})) {
			t.Errorf("%s: the tables differ", k)
		}
	}
	want, err := kb.Parse(live)
	if err != nil {
		t.Fatal(err)
	}
	got, err := kb.Parse(append(r.Documents, weights(live)...))
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got.Items, want.Items) || !reflect.DeepEqual(got.Articles, want.Articles) || !reflect.DeepEqual(got.Outlets, want.Outlets) ||
		!reflect.DeepEqual(got.Lexicon, want.Lexicon) || !reflect.DeepEqual(got.Lists, want.Lists) || !reflect.DeepEqual(got.Facts.Facts, want.Facts.Facts) {
		t.Error("the rebuilt knowledge says something else")
	}
}

func weights(docs []kb.Document) []kb.Document {
	return slices.DeleteFunc(slices.Clone(docs), func(d kb.Document) bool { return d.Kind != kb.KindWeights })
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
