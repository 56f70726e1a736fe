// Package intents understands one line of a citizen: whether there is danger, what the
// line does, what it is about and which facet is asked, and how well each item and article
// fits, all computed in memory. Start with Understander.Read, then Understander.Rank.
package intents

import (
	"slices"
	"strings"

	"shenwei/kb"
	"shenwei/kb/segment"
)

// Understanding is what one line says. Text is normalised and mended.
type Understanding struct {
	Raw      string
	Text     string
	Tokens   []segment.Token
	Concepts []ConceptHit
	Act      Act
	Facet    kb.Facet
	Slots    map[string]string
	Triage   Triage
	// English is set for a line written in Latin letters that are no pinyin.
	English bool
	// Traditional is set for a line in traditional characters.
	Traditional bool
	// Simplified is set for a line with characters of simplified writing; neither is for one that
	// reads the same in both.
	Simplified bool
	// Meaning is what vectors of an embedding model say; empty where there is none.
	Meaning Meaning

	runes []rune
}

// Has reports whether one of the concepts themselves was said; a narrower one does not count.
func (u *Understanding) Has(ids ...string) bool {
	for _, h := range u.Concepts {
		for _, id := range ids {
			if h.ID == id {
				return true
			}
		}
	}
	return false
}

// Understander reads lines with one version of the knowledge. It never changes and is safe
// for concurrent use.
type Understander struct {
	norm     *segment.Normalizer
	repair   *segment.Repairer
	seg      *segment.Segmenter
	concepts *Concepts
	triage   *Triager
	places   map[string]string
	others   *segment.Trie
	danger   *DangerModel
	ranker   *ranker
}

// New builds an understander for the knowledge. The segmenter must keep the lexicon's
// words whole: see Words.
func New(k *kb.Knowledge, dict *segment.Dictionary, seg *segment.Segmenter, norm *segment.Normalizer, models Models) *Understander {
	u := &Understander{
		norm: norm, seg: seg, concepts: NewConcepts(k.Lexicon, norm), triage: NewTriager(), places: placesOf(k.Outlets), others: newOthers(k.Lexicon.Places),
	}
	u.repair = newRepairer(k.Lexicon, dict, norm, u.triage.Words())
	u.ranker = newRanker(k, u, models.Ranker)
	u.danger = models.Danger
	return u
}

// Words returns the words that the segmenter must keep whole: the lexicon's and those of
// its concepts.
func Words(l kb.Lexicon, norm *segment.Normalizer) []string {
	var words []string
	for _, w := range l.Words {
		words = append(words, norm.Text(w))
	}
	for _, c := range l.Concepts {
		if c.Kind != kb.Object && c.Kind != kb.Topic {
			continue
		}
		for _, w := range append([]string{c.Name}, c.Words...) {
			words = append(words, norm.Text(w))
		}
	}
	return words
}

func newRepairer(l kb.Lexicon, dict *segment.Dictionary, norm *segment.Normalizer, danger []string) *segment.Repairer {
	rewrites := make([]segment.Rewrite, 0, len(l.Rewrites))
	for _, r := range l.Rewrites {
		rewrites = append(rewrites, segment.Rewrite{From: norm.Text(r.From), To: r.To, When: r.When})
	}
	var domain, spoken []string
	for _, c := range l.Concepts {
		words := append([]string{c.Name}, c.Words...)
		if c.Kind == kb.Object {
			domain = append(domain, words...)
		} else {
			spoken = append(spoken, words...)
		}
	}
	spoken = append(spoken, l.Stop...)
	spoken = append(spoken, danger...)
	return segment.NewRepairer(dict, rewrites, domain, spoken)
}

func placesOf(outlets []kb.Outlet) map[string]string {
	places := map[string]string{}
	for _, o := range outlets {
		if o.District == "" {
			continue
		}
		places[strings.TrimSuffix(strings.TrimSuffix(o.District, "新区"), "区")] = o.District
		for _, p := range slices.Concat(o.Places, o.Covers) {
			places[p] = o.District
		}
	}
	return places
}

// Read understands one line. It does no ranking.
func (u *Understander) Read(text string) *Understanding {
	un := u.readRules(text)
	u.settle(un)
	return un
}

// PaidACheat is Triager.PaidACheat for a line that was read.
func (u *Understander) PaidACheat(un *Understanding) Triage { return u.triage.PaidACheat(un.Text) }

// readRules understands a line with the triage's rules alone.
func (u *Understander) readRules(text string) *Understanding {
	un := &Understanding{Raw: text, Traditional: u.norm.Traditional(text), Simplified: u.norm.Simplified(text)}
	normal := u.norm.Text(text)
	var pinyin bool
	un.Text, pinyin = u.repair.Text(normal)
	un.English = isEnglish(normal) && !pinyin
	about := u.elsewhere(un.Text)
	un.runes = []rune(about)
	un.Triage = u.triage.Read(un.Text)
	if un.Triage.Level != Danger && normal != un.Text {
		if raw := u.triage.Read(normal); raw.Level == Danger {
			un.Triage = raw
		}
	}
	un.Tokens = u.seg.Search(about)
	un.Concepts = u.concepts.Find(un.runes)
	un.Facet = facetOf(un.Text)
	un.Act = actOf(un.Text, hasMatter(un.Concepts))
	if un.Act == Ask && actOf(normal, hasMatter(un.Concepts)) == Thank {
		un.Act = Thank // the mending takes 「唔該晒」 for other words
	}
	if pinyin && AsksPerson(normal) {
		un.Act = Person // «human» is no pinyin
	}
	un.Slots = slotsOf(about, un.Concepts, u.places)
	return un
}

func hasMatter(hits []ConceptHit) bool {
	for _, h := range hits {
		if h.Kind == kb.Object || h.Kind == kb.Topic && h.ID != "complaint" && h.ID != "hotline" {
			return true
		}
	}
	return false
}

func isEnglish(text string) bool { return mostlyLatin(text) && strings.Contains(text, " ") }

func mostlyLatin(text string) bool {
	letters, other := 0, 0
	for _, r := range text {
		switch {
		case r >= 'a' && r <= 'z':
			letters++
		case r > 127 && !isPause(r):
			other++
		}
	}
	return letters >= 3 && letters > 3*other
}

// Words returns the words of the line that mean something for retrieval, each once.
func (u *Understanding) Words() []string {
	var words []string
	seen := map[string]bool{}
	for _, t := range u.Tokens {
		if !stopWords[t.Text] && !seen[t.Text] {
			seen[t.Text] = true
			words = append(words, t.Text)
		}
	}
	return words
}

// Synonyms returns the official names of the objects and topics that the line says in other
// words, each cut as one word.
func (u *Understanding) Synonyms() []string {
	var names []string
	for _, h := range u.Concepts {
		if (h.Kind == kb.Object || h.Kind == kb.Topic) && h.Name != h.Word {
			names = append(names, h.Name)
		}
	}
	return names
}
