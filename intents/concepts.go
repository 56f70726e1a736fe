package intents

import (
	"sort"

	"shenwei/kb"
	"shenwei/kb/segment"
)

// ConceptHit is one concept found in a text.
type ConceptHit struct {
	ID   string
	Kind kb.ConceptKind
	// Name is the concept's official term, Word what was written.
	Name, Word string
	// Start and End are offsets in runes.
	Start, End int
}

// Concepts finds the lexicon's concepts in normalised text. It is built once.
type Concepts struct {
	byID  map[string]kb.Concept
	tries map[kb.ConceptKind]*segment.Trie
	ids   []string
	above map[string][]string // id → all ancestors
}

var conceptKinds = []kb.ConceptKind{kb.Object, kb.Action, kb.State, kb.Person, kb.Topic}

// NewConcepts indexes the concepts of a lexicon; words are normalised first.
func NewConcepts(l kb.Lexicon, norm *segment.Normalizer) *Concepts {
	c := &Concepts{byID: map[string]kb.Concept{}, tries: map[kb.ConceptKind]*segment.Trie{}, above: map[string][]string{}}
	for _, kind := range conceptKinds {
		c.tries[kind] = &segment.Trie{}
	}
	for _, con := range l.Concepts {
		c.byID[con.ID] = con
		c.ids = append(c.ids, con.ID)
		for _, w := range append([]string{con.Name}, con.Words...) {
			if w = norm.Text(w); w != "" {
				c.tries[con.Kind].Add(w, len(c.ids)-1)
			}
		}
	}
	for _, id := range c.ids {
		c.above[id] = c.ancestors(id)
	}
	return c
}

// ancestors walks upwards by generations; a lexicon with a circle ends too.
func (c *Concepts) ancestors(id string) []string {
	var found []string
	for next := c.byID[id].Parents; len(next) > 0; {
		var higher []string
		for _, p := range next {
			if p != id && !has(found, p) {
				found = append(found, p)
				higher = append(higher, c.byID[p].Parents...)
			}
		}
		next = higher
	}
	return found
}

// Find returns the concepts in the text: for each kind the longest words, left to right,
// without overlaps inside a kind.
func (c *Concepts) Find(runes []rune) []ConceptHit {
	var hits []ConceptHit
	for _, kind := range conceptKinds {
		trie := c.tries[kind]
		for i := 0; i < len(runes); {
			v, n, ok := trie.Longest(runes[i:])
			if !ok || cutsLatin(runes, i, n) {
				i++
				continue
			}
			hits = append(hits, ConceptHit{ID: c.ids[v], Kind: kind, Name: c.byID[c.ids[v]].Name, Word: string(runes[i : i+n]), Start: i, End: i + n})
			i += n
		}
	}
	sort.SliceStable(hits, func(a, b int) bool { return hits[a].Start < hits[b].Start })
	return hits
}

// cutsLatin reports whether a match begins or ends inside a Latin word.
func cutsLatin(runes []rune, i, n int) bool {
	return i > 0 && latin(runes[i-1]) && latin(runes[i]) || i+n < len(runes) && latin(runes[i+n]) && latin(runes[i+n-1])
}

func latin(r rune) bool { return r >= 'a' && r <= 'z' || r >= '0' && r <= '9' }

// Kind returns the kind of a concept.
func (c *Concepts) Kind(id string) kb.ConceptKind { return c.byID[id].Kind }

// Above returns the wider concepts of a concept, nearest first.
func (c *Concepts) Above(id string) []string { return c.above[id] }

// Related reports whether one of two concepts is the other or above it.
func (c *Concepts) Related(a, b string) bool {
	return a == b || has(c.above[a], b) || has(c.above[b], a)
}

func has(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}
