package intents

import (
	"sort"
	"strings"
	"sync"

	"shenwei/kb"
)

// EntryKind tells items from articles.
type EntryKind = kb.Kind

// Scored is one item or article with how well it fits a line.
type Scored struct {
	Kind EntryKind
	// Code is the item's code or the article's id.
	Code  string
	Score float64
	// Features are the parts of the score, for the trace.
	Features Features
	// Phrase is the nearest name, alias or ask.
	Phrase string
}

// Features are the evidence for one entry. All but Contradiction and Counter speak for it.
type Features struct {
	Ask           float64 // cosine with the nearest phrase, 0 to about 1
	Support       float64 // cosine with the second nearest
	Object        float64 // the line's objects are the entry's, 0 to 1
	Action        float64
	State         float64
	Person        float64
	Topic         float64
	Contradiction float64 // 0 to 1: the line says an object or state of others only
	Counter       float64 // cosine with the nearest counter-ask
	Evidence      float64 // Bleve's score divided by the best one
}

// entry is an item or article as the ranker sees it.
type entry struct {
	kind EntryKind
	code string
	key  string // kind/code
}

type ranker struct {
	entries []entry
	// signature is, by concept and entry, the share of the entry's phrases that say it.
	signature map[string][]float32
	space     *space
	concepts *Concepts
	scratch  sync.Pool
}

type rankScratch struct {
	phrases []float32
	matches []match
}

func newRanker(k *kb.Knowledge, u *Understander) *ranker {
	r := &ranker{signature: map[string][]float32{}, space: newSpace(), concepts: u.concepts}
	var all []pending
	for _, it := range k.Items {
		phrases := append([]string{it.Name}, it.Aliases...)
		phrases = append(phrases, it.Asks...)
		if it.English != nil {
			phrases = append(append(phrases, it.English.Name), it.English.Asks...)
		}
		all = append(all, r.add(u, entry{kind: kb.KindItem, code: it.Code}, phrases, it.CounterAsks)...)
	}
	for _, a := range k.Articles {
		all = append(all, r.add(u, entry{kind: kb.KindArticle, code: a.ID}, append([]string{a.Title}, a.Asks...), a.CounterAsks)...)
	}
	r.space.build(all)
	r.scratch.New = func() any {
		return &rankScratch{phrases: make([]float32, len(r.space.phrases)), matches: make([]match, len(r.entries))}
	}
	return r
}

func (r *ranker) add(u *Understander, e entry, phrases, counters []string) []pending {
	n := int32(len(r.entries)) //nolint:gosec // bounded by the knowledge
	var all []pending
	for i, text := range phrases {
		weight := 1.0
		if i == 0 {
			weight = 3 // the name
		}
		raws, concepts := u.analyse(text)
		for id := range r.withAbove(concepts) {
			r.sign(id, int(n), weight/float64(len(phrases)+2))
		}
		all = append(all, pending{phrase{entry: n, text: text, boost: 1}, raws})
	}
	for _, text := range counters {
		raws, _ := u.analyse(text)
		all = append(all, pending{phrase{entry: n, text: text, counter: true, boost: 1}, raws})
	}
	e.key = string(e.kind) + "/" + e.code
	r.entries = append(r.entries, e)
	return all
}

func (r *ranker) sign(concept string, entry int, share float64) {
	s := r.signature[concept]
	for len(s) <= entry {
		s = append(s, 0)
	}
	s[entry] += float32(share)
	r.signature[concept] = s
}

func (r *ranker) withAbove(hits []ConceptHit) map[string]bool {
	ids := map[string]bool{}
	for _, h := range hits {
		ids[h.ID] = true
		for _, a := range r.concepts.Above(h.ID) {
			ids[a] = true
		}
	}
	return ids
}

func (u *Understander) analyse(text string) ([]raw, []ConceptHit) {
	mended, _ := u.repair.Text(u.norm.Text(text))
	runes := []rune(mended)
	hits := u.concepts.Find(runes)
	return features(u.seg.Search(mended), hits, u.concepts, runes, func(int) float32 { return 1 }), hits
}

// Rank returns all items and articles by how well they fit the line, best first. Evidence
// holds, by key of a document ("item/…", "article/…"), its search score divided by the best.
func (u *Understander) Rank(un *Understanding, evidence map[string]float64) []Scored {
	r := u.ranker
	raws := features(un.Tokens, un.Concepts, u.concepts, un.runes, focus(un.runes))
	vec, norm := r.space.vector(raws)
	sc := r.scratch.Get().(*rankScratch)
	defer r.scratch.Put(sc)
	r.space.compare(vec, dampened(norm, len(un.runes)), sc.phrases, sc.matches)

	s := r.saidOf(un)
	scored := make([]Scored, 0, len(r.entries))
	for i := range r.entries {
		e := &r.entries[i]
		m := &sc.matches[i]
		f := Features{Ask: float64(m.best), Support: float64(m.second), Counter: float64(m.counter), Evidence: evidence[e.key]}
		r.agree(i, s, &f)
		one := Scored{Kind: e.kind, Code: e.code, Score: weights.score(f), Features: f}
		if m.phrase >= 0 {
			one.Phrase = r.space.phrases[m.phrase].text
		}
		scored = append(scored, one)
	}
	sort.SliceStable(scored, func(a, b int) bool { return scored[a].Score > scored[b].Score })
	return scored
}

// dampened keeps long stories comparable: beyond some thirty characters more words lower
// the similarity less.
func dampened(norm float32, runes int) float32 {
	const plain = 30
	if runes <= plain {
		return norm
	}
	f := float32(plain) / float32(runes)
	return norm * (0.45 + 0.55*f)
}

// focus weighs the clauses of a long line: what is asked and the last demand count fully,
// the story before them less.
func focus(runes []rune) func(int) float32 {
	const short = 24
	if len(runes) <= short {
		return func(int) float32 { return 1 }
	}
	weight := make([]float32, len(runes)+1)
	start := 0
	for i := 0; i <= len(runes); i++ {
		if i < len(runes) && !isPause(runes[i]) {
			continue
		}
		clause := string(runes[start:i])
		w := float32(0.6)
		asked := i < len(runes) && runes[i] == '?'
		if asked || containsAny(clause, questionWords) || i == len(runes) {
			w = 1
		}
		for j := start; j <= i && j < len(weight); j++ {
			weight[j] = w
		}
		start = i + 1
	}
	return func(pos int) float32 { return weight[min(pos, len(runes))] }
}

var questionWords = []string{"怎么", "如何", "怎样", "吗", "能不能", "可不可以", "可以", "多久", "多少", "哪里", "在哪", "什么", "需要", "想", "要", "能否", "是否", "咋", "办理", "申请", "有没有", "几", "谁"}

// said is what a line says, by kind of concept.
// said is what a line says, by kind of concept, each concept with its column of shares.
type said struct {
	object, action, state, person, topic []column
	// objects are the columns of the objects and, less strictly, of what is above them.
	above    []column
	decisive []column
}

// column is the shares of one concept by entry; it may be shorter than the entries.
type column []float32

func (c column) at(i int) float64 {
	if i >= len(c) {
		return 0
	}
	return float64(c[i])
}

func (r *ranker) saidOf(un *Understanding) said {
	var ids []string
	for _, h := range un.Concepts {
		if !has(ids, h.ID) {
			ids = append(ids, h.ID)
		}
	}
	var s said
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
	f.Object, f.Action, f.State = share(s.object, i), share(s.action, i), share(s.state, i)
	f.Person, f.Topic = share(s.person, i), share(s.topic, i)
	if len(s.object) > 0 && !owns(s.object, i, ownShare) && !owns(s.above, i, wideShare) {
		f.Contradiction += 0.6
	}
	if len(s.decisive) > 0 && r.entries[i].kind == kb.KindItem && !owns(s.decisive, i, ownShare) {
		f.Contradiction += 0.4
	}
}

// share is how much of the line's concepts an entry is about: the mean, over what was
// said, of how usual it is in the entry's phrases.
func share(cols []column, i int) float64 {
	if len(cols) == 0 {
		return 0
	}
	var sum float64
	for _, c := range cols {
		sum += min(1, 2*c.at(i))
	}
	return sum / float64(len(cols))
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

// Nearest returns the texts of the phrases that complete a beginning, best first.
func (u *Understander) Nearest(text string, n int) []Scored {
	un := u.Read(text)
	ranked := u.Rank(un, nil)
	var out []Scored
	for _, s := range ranked {
		if len(out) == n || s.Score < 0.25 {
			break
		}
		if strings.TrimSpace(s.Phrase) != "" {
			out = append(out, s)
		}
	}
	return out
}
