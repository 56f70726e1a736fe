package phrase

import (
	"errors"
	"sync"
	"testing"

	"shenwei/data"
	"shenwei/kb"
)

// passage is a text of the shipped knowledge that a model may re-word.
type passage struct {
	id, text string
	around   []string
}

var shipped = sync.OnceValues(func() (*kb.Knowledge, error) {
	docs, err := kb.ReadDocuments(data.Files)
	if err != nil {
		return nil, err
	}
	return kb.Parse(docs)
})

func knowledge(t testing.TB) *kb.Knowledge {
	t.Helper()
	k, err := shipped()
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// passages are all texts of the shipped knowledge that answers are made of.
func passages(t testing.TB) []passage {
	t.Helper()
	var all []passage
	for _, it := range knowledge(t).Items {
		all = append(all, passage{it.Code + " summary", it.Summary, []string{it.Name}})
		for _, f := range kb.Facets {
			if it.Facets[f] != "" {
				all = append(all, passage{it.Code + " " + string(f), it.Facets[f], []string{it.Name, it.Summary}})
			}
		}
	}
	for _, a := range knowledge(t).Articles {
		all = append(all, passage{a.ID + " summary", a.Summary, []string{a.Title}})
		all = append(all, passage{a.ID + " body", a.Summary + "\n" + a.Body, []string{a.Title}})
	}
	return all
}

// The published words say what the published words say.
func TestEveryShippedTextVerifiesAgainstItself(t *testing.T) {
	d := NewDictionary(knowledge(t))
	bad := 0
	for _, p := range passages(t) {
		s := d.NewSource(p.text, p.around...)
		if err := s.Verify(s.Text()); err != nil {
			bad++
			t.Errorf("%s: %v", p.id, err)
		}
		restored, err := s.Restore(s.Locked(), false)
		if err != nil {
			t.Errorf("%s: its own slots: %v", p.id, err)
		} else if err := s.Verify(restored); err != nil {
			var b *Blocked
			if errors.As(err, &b) {
				t.Errorf("%s: restored: %v", p.id, err)
			}
		}
	}
	t.Logf("%d of %d", bad, len(passages(t)))
}
