package kb_test

import (
	"strings"
	"testing"
	"unicode"

	"shenwei/data"
	"shenwei/kb"
)

// Every matter, question and answer of 能不能办 has English words, and two answers to one question
// never the same.
func TestEveryQuestionOfAMatterIsInEnglish(t *testing.T) {
	for _, m := range sample(t).Matters() {
		texts := map[string]bool{m.Name: true}
		for _, it := range m.Items {
			for _, w := range append(append([]kb.When{}, it.Check.When...), it.Check.Online...) {
				texts[w.Ask] = true
				said := map[string]string{}
				for _, a := range append(append([]string{}, w.Is...), w.Otherwise...) {
					texts[a] = true
					if other, twice := said[m.English(a)]; twice {
						t.Errorf("%s: %q and %q are both %q", m.Name, other, a, m.English(a))
					}
					said[m.English(a)] = a
				}
			}
		}
		for text := range texts {
			if said := m.English(text); said == "" || strings.ContainsFunc(said, func(r rune) bool { return unicode.Is(unicode.Han, r) }) {
				t.Errorf("%s: the English of %q is %q", m.Name, text, said)
			}
		}
	}
}

// Whoever reads English is told what to bring for every item, and for what foreigners and residents
// of Hong Kong, Macao and Taiwan need also the conditions and the steps.
func TestWhatForeignersNeedIsInEnglish(t *testing.T) {
	k := sample(t)
	for _, it := range k.Items {
		if it.English == nil || len(it.English.Materials) != len(it.Materials) {
			t.Errorf("%s has English for %v", it.Code, it.English)
		}
	}
	for _, code := range []string{
		"CRJ-046", "CRJ-047", "CRJ-049", "CRJ-050", "CRJ-051", "CRJ-052", "CRJ-053", "CRJ-055", "CRJ-056", "CRJ-058", "CRJ-059", "CRJ-060", "CRJ-061",
		"CRJ-062", "CRJ-063", "CRJ-064", "CRJ-065", "CRJ-070", "JJ-004", "JJ-005", "JJ-006", "JJ-008", "RK-065", "RK-066", "XZ-001", "CRJ-003",
	} {
		if en := k.Item(code).English; en.Facets[kb.Condition] == "" || en.Facets[kb.How] == "" {
			t.Errorf("%s has no conditions or steps in English", code)
		}
	}
}

func TestEnglishThatIsNotTheChineseIsRefused(t *testing.T) {
	docs, err := kb.ReadDocuments(data.Files)
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct{ code, old, with, says string }{
		"a paper too few":                 {"CRJ-070", "    - Date and port of entry\n", "", "english: 2 papers for the 3 of materials"},
		"a facet that is none":            {"CRJ-070", "    how: |\n      - Open", "    steps: |\n      - Open", `english: unknown facet "steps"`},
		"English of what nobody asks":     {"CRJ-002", "    办过: 'Yes'\n", "    做过: 'Yes'\n", `"做过" is no question and no answer`},
		"Chinese as English":              {"CRJ-002", "    办过: 'Yes'\n", "    办过: 是\n", `"办过" needs English words`},
		"another word than a neighbour's": {"CRJ-002", "    办过: 'Yes'\n", "    办过: Had one\n", `in another item of the matter "普通护照"`},
	} {
		changed := append([]kb.Document(nil), docs...)
		found := false
		for i, d := range changed {
			if d.Kind == kb.KindItem && d.ID == tc.code && strings.Contains(d.Body, tc.old) {
				changed[i].Body, found = strings.Replace(d.Body, tc.old, tc.with, 1), true
			}
		}
		if !found {
			t.Fatalf("%s: nothing to change", name)
		}
		if _, err := kb.Parse(changed); err == nil || !strings.Contains(err.Error(), tc.says) {
			t.Errorf("%s: %v does not say %q", name, err, tc.says)
		}
	}
}
