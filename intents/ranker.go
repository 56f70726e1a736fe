package intents

import (
	"sort"
	"strings"
	"sync"

	"shenwei/kb"
	"shenwei/kb/segment"
)

// EntryKind tells items from articles.
type EntryKind = kb.Kind

// Scored is one item or article with how well it fits a line.
type Scored struct {
	Kind EntryKind
	// Code is the item's code or the article's id.
	Code  string
	Score float64
	// P is the probability that this entry is what the line asks for.
	P float64
	// Features are the parts of the score, for the trace.
	Features Features
	// Phrase is the nearest name, alias or ask.
	Phrase string
}

// Ranking is the entries that fit a line, best first (at most rankDepth of them), and the
// probability that none at all is meant.
type Ranking struct {
	Entries []Scored
	None    float64

	ranker *ranker
	all    []float64 // probabilities by entry
}

// rankDepth is how many entries a ranking describes; all are weighed.
const rankDepth = 32

// Probability is the probability that the entry of this code or id is meant, 0 for an
// unknown one.
func (r Ranking) Probability(code string) float64 {
	if i, ok := r.ranker.byCode[code]; ok {
		return r.all[i]
	}
	return 0
}

type ranker struct {
	entries []entry
	byCode  map[string]int
	byKey   map[string]int
	// signature is, by concept and entry, the share of the entry's phrases that say it.
	signature  map[string][]float32
	number     map[string]int32 // of a concept in signature
	vocabulary vocabulary
	words      *space // phrases by words and concepts
	whole      *space // each entry's phrases together
	wholeGrams *space // the same by pairs of characters
	likely     *likelihood
	names      segment.Trie
	named      []int32 // entry of a name in names
	concepts   *Concepts
	model      *Model
	scratch    sync.Pool
}

type rankScratch struct {
	phrases                          []float32
	words, whole, wholeGrams, demand []match
	alias, evidence                  []float32
	likely                           []likely
	fits                             []float64
	features                         []Features
	scores                           []float64
	order                            []int32
	near                             nearest
	said                             int // how many features the line has
	none                             noneFeatures
	saidMark                         []bool // by number of concept
}

func newRanker(k *kb.Knowledge, u *Understander, model *Model) *ranker {
	r := &ranker{
		byCode: map[string]int{}, byKey: map[string]int{}, signature: map[string][]float32{}, words: newSpace("wc"), whole: newSpace("wc"), wholeGrams: newSpace("b"), likely: &likelihood{}, vocabulary: vocabulary{}, concepts: u.concepts, model: model,
	}
	var all []pending
	entries := entriesOf(k)
	for i, read := range u.readAll(entries) {
		all = append(all, r.add(entries[i], read)...)
	}
	r.build(all)
	r.settle()
	r.scratch.New = func() any {
		n := len(r.entries)
		return &rankScratch{
			phrases: make([]float32, max(len(r.words.phrases), len(r.entries))),
			words:   make([]match, n), whole: make([]match, n), wholeGrams: make([]match, n), demand: make([]match, n), alias: make([]float32, n), evidence: make([]float32, n), likely: make([]likely, n), fits: make([]float64, n),
			features: make([]Features, n), scores: make([]float64, n), order: make([]int32, 0, rankDepth),
		}
	}
	return r
}

// Rank returns all items and articles by how well they fit the line. Evidence holds, by key
// of a document ("item/…", "article/…"), its search score divided by the best.
func (u *Understander) Rank(un *Understanding, evidence map[string]float64) Ranking {
	r := u.ranker
	sc := r.scratch.Get().(*rankScratch)
	defer r.scratch.Put(sc)
	none := r.weigh(un, u, evidence, sc)
	all, rest := softmax(sc.scores, none)
	sc.order = likeliest(all, rankDepth, sc.order[:0])
	out := Ranking{Entries: make([]Scored, len(sc.order)), None: rest, ranker: r, all: all}
	for n, i := range sc.order {
		e := &r.entries[i]
		out.Entries[n] = Scored{Kind: e.kind, Code: e.code, Score: sc.scores[i], P: all[i], Features: sc.features[i]}
		if m := sc.words[i].phrase; m >= 0 {
			out.Entries[n].Phrase = r.words.phrases[m].text
		}
	}
	return out
}

// likeliest appends the n entries of the highest probability to order, the best first; of equals the
// one that stands first in the knowledge.
func likeliest(all []float64, n int, order []int32) []int32 {
	for i, p := range all {
		if len(order) == n && p <= all[order[n-1]] {
			continue
		}
		if len(order) < n {
			order = append(order, 0)
		}
		at := len(order) - 1
		for ; at > 0 && all[order[at-1]] < p; at-- {
			order[at] = order[at-1]
		}
		order[at] = int32(i) //nolint:gosec // bounded by the knowledge
	}
	return order
}

// weigh fills in the features and scores of every entry and returns the score of none.
func (r *ranker) weigh(un *Understanding, u *Understander, evidence map[string]float64, sc *rankScratch) float64 {
	best := r.compare(un, u, sc)
	sc.near = r.nearness(un, sc)
	s := r.saidOf(un, sc)
	clear(sc.evidence)
	for key, score := range evidence {
		if i, ok := r.byKey[key]; ok {
			sc.evidence[i] = float32(score)
		}
	}
	kinds := articleKinds(un)
	for i := range r.entries {
		e := &r.entries[i]
		f := &sc.features[i]
		r.describe(i, sc, s, best, f)
		if e.kind == kb.KindArticle {
			forArticle(f, kinds)
		}
		sc.fits[i] = r.model.fit(f)
	}
	none := noneOf(un, sc.near)
	secondStage(sc.features, sc.fits, &none)
	for i := range r.entries {
		sc.scores[i] = r.model.score(&sc.features[i])
	}
	sc.none = none
	return r.model.noneScore(&none) + r.fuse(un, sc.scores)
}

// nearness is how near the line came to any entry.
func (r *ranker) nearness(un *Understanding, sc *rankScratch) nearest {
	n := nearest{unknown: r.unknown(un), likely: likely{-100, -100, -100, -100}, said: sc.said}
	for i := range r.entries {
		n.ask = max(n.ask, sc.words[i].best)
		n.whole = max(n.whole, sc.whole[i].best)
		n.wholeGram = max(n.wholeGram, sc.wholeGrams[i].best)
		n.support = max(n.support, sc.words[i].second)
		n.likely = n.likely.best(sc.likely[i])
	}
	return n
}

// unknown is the share of the line's words of meaning that stand nowhere in the knowledge.
func (r *ranker) unknown(un *Understanding) float32 {
	words, strange := 0, 0
	for _, t := range un.Tokens {
		if stopWords[t.Text] {
			continue
		}
		words++
		if r.words.rarity(r.vocabulary.of("w:"+segment.Stem(t.Text))) == 0 {
			strange++
		}
	}
	if words == 0 {
		return 0
	}
	return float32(strange) / float32(words)
}

// compare fills the scratch with the line's similarity to every entry and returns the
// entry of the nearest phrase, -1 when nothing is near.
func (r *ranker) compare(un *Understanding, u *Understander, sc *rankScratch) int {
	raws := features(un.Tokens, un.Concepts, u.concepts, un.runes)
	r.vocabulary.find(raws)
	for _, c := range []struct {
		space *space
		out   []match
	}{{r.words, sc.words}, {r.whole, sc.whole}, {r.wholeGrams, sc.wholeGrams}} {
		vec, norm := c.space.vector(raws)
		c.space.compare(vec, dampened(norm, signs(un.runes)), sc.phrases[:len(c.space.phrases)], c.out)
	}
	r.likely.compare(raws, sc.likely)
	sc.said = len(raws)
	if from, to := demandOf(un.runes); from > 0 {
		demand := part(un, r.concepts, from, to)
		r.vocabulary.find(demand)
		vec, norm := r.words.vector(demand)
		r.words.compare(vec, norm, sc.phrases[:len(r.words.phrases)], sc.demand)
	} else {
		copy(sc.demand, sc.words)
	}
	r.aliases(un.runes, sc.alias)
	best := -1
	for i := range sc.words {
		if sc.words[i].best > 0 && (best < 0 || sc.words[i].best > sc.words[best].best) {
			best = i
		}
	}
	return best
}

// aliases finds names that stand in the line to the letter.
func (r *ranker) aliases(runes []rune, out []float32) {
	clear(out)
	for i := range runes {
		r.names.Each(runes[i:], func(v, n int) {
			e := r.named[v]
			out[e] = max(out[e], float32(n)/float32(min(signs(runes), 24)))
		})
	}
}

// describe fills in the features of entry i.
func (r *ranker) describe(i int, sc *rankScratch, s said, best int, f *Features) {
	e := &r.entries[i]
	*f = e.fixed
	f[FAsk], f[FSupport], f[FCentre] = sc.words[i].best, sc.words[i].second, sc.whole[i].best
	f[FDemand], f[FGramCentre] = sc.demand[i].best, sc.wholeGrams[i].best
	f[FAlias], f[FEvidence] = min(1, sc.alias[i]), sc.evidence[i]
	if c := sc.words[i].counter; c > f[FAsk] {
		f[FCounter] = c
	}
	if i == best {
		f[FTop] = 1
	}
	f[FAskShare], f[FCentreShare], f[FGramShare] = ratio(f[FAsk], sc.near.ask), ratio(f[FCentre], sc.near.whole), ratio(f[FGramCentre], sc.near.wholeGram)
	l, top := sc.likely[i], sc.near.likely
	f[FLikely] = l.both
	f[FLikelyWords], f[FLikelyWordsGap] = l.words, l.words-top.words
	f[FLikelyConcepts], f[FLikelyConceptsGap] = l.concepts, l.concepts-top.concepts
	f[FLikelyGrams], f[FLikelyGramsGap] = l.grams, l.grams-top.grams
	if l.both >= top.both {
		f[FLikelyTop] = 1
		f[FVotes] += 0.25
	}
	for _, share := range []float32{f[FCentreShare], f[FGramShare], f[FEvidence]} {
		if share >= 1 {
			f[FVotes] += 0.25
		}
	}
	r.agree(i, s, f)
}

func ratio(part, whole float32) float32 {
	if whole == 0 {
		return 0
	}
	return part / whole
}

// Nearest returns the entries whose phrases come nearest to a beginning, best first.
func (u *Understander) Nearest(text string, n int) []Scored {
	ranked := u.Rank(u.Read(text), nil).Entries
	sort.SliceStable(ranked, func(a, b int) bool { return nearness(&ranked[a]) > nearness(&ranked[b]) })
	var out []Scored
	for _, s := range ranked {
		if len(out) == n || nearness(&s) < 0.2 {
			break
		}
		if strings.TrimSpace(s.Phrase) != "" {
			out = append(out, s)
		}
	}
	return out
}

func nearness(s *Scored) float32 { return s.Features[FAsk] + s.Features[FGramCentre] }
