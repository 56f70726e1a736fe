package intents

import (
	"cmp"
	"slices"

	"shenwei/kb"
)

// articleKinds are the properties of a line that make an article likelier, or an item.
func articleKinds(un *Understanding) (f [4]float32) {
	for _, h := range un.Concepts {
		switch {
		case policeTopics[h.ID]:
			f[0] = 1
		case h.Kind == kb.Object:
			f[1] = 1
		case h.ID == "compensation" || h.ID == "law-rule":
			f[2] = 1
		}
	}
	if un.Facet == kb.Consequence {
		f[2] = 1
	}
	if signs(un.runes) > longLine {
		f[3] = 1
	}
	return f
}

func forArticle(f *Features, kinds [4]float32) { copy(f[FArticleTopic:], kinds[:]) }

// said is what a line says, by kind of concept.
// said is what a line says, by kind of concept, each concept with its column of shares.
type said struct {
	object, action, state, person, topic []column
	// objects are the columns of the objects and, less strictly, of what is above them.
	above    []column
	decisive []column
	marks    []bool // by number of concept: everything said, with what is above it
}

// column is the shares of one concept by entry; it may be shorter than the entries.
type column []float32

func (c column) at(i int) float64 {
	if i >= len(c) {
		return 0
	}
	return float64(c[i])
}

func (r *ranker) saidOf(un *Understanding, sc *rankScratch) said {
	var ids []string
	for _, h := range un.Concepts {
		if !has(ids, h.ID) {
			ids = append(ids, h.ID)
		}
	}
	s := said{marks: r.mark(ids, sc)}
	for _, id := range ids {
		if r.coveredBy(id, ids) {
			continue // another concept makes it more precise
		}
		col := column(r.signature[id])
		switch r.concepts.Kind(id) {
		case kb.Object:
			s.object = append(s.object, col)
			for _, a := range r.concepts.Above(id) {
				s.above = append(s.above, column(r.signature[a]))
			}
		case kb.Action:
			s.action = append(s.action, col)
		case kb.State:
			s.state = append(s.state, col)
			if decisiveStates[id] {
				s.decisive = append(s.decisive, col)
			}
		case kb.Person:
			s.person = append(s.person, col)
		case kb.Topic:
			s.topic = append(s.topic, col)
		}
	}
	return s
}

func (r *ranker) coveredBy(id string, ids []string) bool {
	for _, other := range ids {
		if other != id && has(r.concepts.Above(other), id) {
			return true
		}
	}
	return false
}

// ownShare is the share of phrases from which a concept belongs to an entry; a wider
// concept must be in half of them.
const (
	ownShare  = 0.12
	wideShare = 0.5
)

// agree fills in the features that compare what the line says with what entry i is about.
func (r *ranker) agree(i int, s said, f *Features) {
	f[FObject], f[FAction], f[FState] = share(s.object, i), share(s.action, i), share(s.state, i)
	f[FPerson], f[FTopic] = share(s.person, i), share(s.topic, i)
	if len(s.object) > 0 && !owns(s.object, i, ownShare) && !owns(s.above, i, wideShare) {
		f[FObjectMiss] = 1
	}
	if len(s.decisive) > 0 && !owns(s.decisive, i, ownShare) {
		f[FStateMiss] = 1
	}
	if len(s.action) > 0 && !owns(s.action, i, ownShare) {
		f[FActionMiss] = 1
	}
	for _, a := range r.entries[i].about {
		if s.marks[a.concept] {
			continue
		}
		if a.decisive {
			f[FMissing] = 1
		}
		f[a.extra] = max(f[a.extra], a.share)
	}
}

// extraOf is the feature of a concept, by kind, that an entry is about and the line does not say.
var extraOf = map[kb.ConceptKind]Feature{kb.Object: FObjectExtra, kb.Action: FActionExtra, kb.State: FStateExtra, kb.Person: FPersonExtra, kb.Topic: FTopicExtra}

// mark marks the concepts that were said, and those above them.
func (r *ranker) mark(ids []string, sc *rankScratch) []bool {
	if len(sc.saidMark) < len(r.number) {
		sc.saidMark = make([]bool, len(r.number))
	}
	clear(sc.saidMark)
	for _, id := range ids {
		if n, ok := r.number[id]; ok {
			sc.saidMark[n] = true
		}
		for _, a := range r.concepts.Above(id) {
			if n, ok := r.number[a]; ok {
				sc.saidMark[n] = true
			}
		}
	}
	return sc.saidMark
}

// share is how much of the line's concepts an entry is about: the mean, over what was
// said, of how usual it is in the entry's phrases.
func share(cols []column, i int) float32 {
	if len(cols) == 0 {
		return 0
	}
	var sum float64
	for _, c := range cols {
		sum += min(1, 2*c.at(i))
	}
	return float32(sum / float64(len(cols)))
}

func owns(cols []column, i int, least float64) bool {
	for _, c := range cols {
		if c.at(i) >= least {
			return true
		}
	}
	return false
}

// decisiveStates tell items of one document apart.
var decisiveStates = setOf("lost", "damaged", "expired", "expiring", "unmarried-birth", "deceased", "forgot", "adopted", "born-abroad", "suspended")

// About returns the things that an entry is about, the commonest in its phrases first, without
// those above another of them.
func (u *Understander) About(code string) []string {
	i, ok := u.ranker.byCode[code]
	if !ok {
		return nil
	}
	var objects []about
	for _, a := range u.ranker.entries[i].about {
		if a.kind == kb.Object {
			objects = append(objects, a)
		}
	}
	slices.SortStableFunc(objects, func(a, b about) int { return cmp.Compare(b.share, a.share) })
	var ids []string
	for _, o := range objects {
		if !slices.ContainsFunc(objects, func(p about) bool { return has(u.concepts.Above(p.id), o.id) }) {
			ids = append(ids, o.id)
		}
	}
	return ids
}

// ConceptName is a concept's official term.
func (u *Understander) ConceptName(id string) string { return u.concepts.byID[id].Name }

// IsAbout reports whether an entry's phrases often say a concept.
func (u *Understander) IsAbout(code, concept string) bool {
	i, ok := u.ranker.byCode[code]
	return ok && slices.ContainsFunc(u.ranker.entries[i].about, func(a about) bool { return a.id == concept })
}
