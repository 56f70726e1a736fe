package intents

import (
	"cmp"
	"math"
	"runtime"
	"slices"
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

// entry is an item or article as the ranker sees it.
type entry struct {
	kind EntryKind
	code string
	key  string // kind/code
	// fixed are the features that do not depend on the line.
	fixed Features
	// about are the decisive concepts that the entry is about, with their shares.
	about []string
}

type ranker struct {
	entries []entry
	byCode  map[string]int
	// signature is, by concept and entry, the share of the entry's phrases that say it.
	signature  map[string][]float32
	words      *space // phrases by words and concepts
	whole      *space // each entry's phrases together
	wholeGrams *space // the same by pairs of characters
	names      segment.Trie
	named      []int32 // entry of a name in names
	concepts   *Concepts
	model      *Model
	scratch    sync.Pool
}

type rankScratch struct {
	phrases                          []float32
	words, whole, wholeGrams, demand []match
	alias                            []float32
	features                         []Features
	scores                           []float64
	order                            []int32
	near                             nearest
}

func newRanker(k *kb.Knowledge, u *Understander, model *Model) *ranker {
	r := &ranker{
		byCode: map[string]int{}, signature: map[string][]float32{}, words: newSpace("wc"), whole: newSpace("wc"), wholeGrams: newSpace("b"), concepts: u.concepts, model: model,
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
			words:   make([]match, n), whole: make([]match, n), wholeGrams: make([]match, n), demand: make([]match, n), alias: make([]float32, n),
			features: make([]Features, n), scores: make([]float64, n), order: make([]int32, n),
		}
	}
	return r
}

// build weighs the phrases in the three spaces, which know nothing of each other.
func (r *ranker) build(all []pending) {
	var builders sync.WaitGroup
	builders.Go(func() { r.words.build(all) })
	builders.Go(func() {
		sums := together(all)
		r.whole.build(sums)
		r.wholeGrams.build(sums)
	})
	builders.Wait()
}

// phrased is an entry with the texts that it is known by: its names, what people say, and
// what sounds like it and is another's.
type phrased struct {
	entry
	texts    []string
	names    int // the first so many texts are its name and aliases
	counters []string
}

func entriesOf(k *kb.Knowledge) []phrased {
	all := make([]phrased, 0, len(k.Items)+len(k.Articles))
	for _, it := range k.Items {
		p := phrased{entry: entry{kind: kb.KindItem, code: it.Code}, texts: append([]string{it.Name}, it.Aliases...), counters: it.CounterAsks}
		p.names = len(p.texts)
		p.texts = append(p.texts, it.Asks...)
		if it.English != nil {
			p.texts = append(append(p.texts, it.English.Name), it.English.Asks...)
			p.texts = append(p.texts, strings.SplitAfter(it.English.Text, ". ")...)
		}
		if it.Popular {
			p.fixed[FPopular] = 1
		}
		all = append(all, p)
	}
	for _, a := range k.Articles {
		p := phrased{entry: entry{kind: kb.KindArticle, code: a.ID}, texts: append([]string{a.Title}, a.Asks...), names: 1, counters: a.CounterAsks}
		p.fixed[FArticle] = 1
		if a.Kind == kb.KindElsewhere {
			p.fixed[FElsewhere] = 1
		}
		all = append(all, p)
	}
	return all
}

// reading is one text of an entry as the ranker sees it.
type reading struct {
	text     string
	mended   string
	raws     []raw
	concepts []ConceptHit
}

// readAll reads the texts of all entries, counter-asks last, on every core.
func (u *Understander) readAll(entries []phrased) [][]reading {
	out := make([][]reading, len(entries))
	next := make(chan int)
	var readers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		readers.Go(func() {
			for i := range next {
				for _, text := range slices.Concat(entries[i].texts, entries[i].counters) {
					raws, concepts, mended := u.analyse(text)
					out[i] = append(out[i], reading{text, mended, raws, concepts})
				}
			}
		})
	}
	for i := range entries {
		next <- i
	}
	close(next)
	readers.Wait()
	return out
}

// add takes the readings of an entry into the ranker and returns them for the spaces.
func (r *ranker) add(p phrased, readings []reading) []pending {
	n := int32(len(r.entries)) //nolint:gosec // bounded by the knowledge
	var all []pending
	for i, read := range readings {
		counter := i >= len(p.texts)
		if !counter {
			weight := 1.0
			if i == 0 {
				weight = 3 // the name
			}
			for id := range r.withAbove(read.concepts) {
				r.sign(id, int(n), weight/float64(len(p.texts)+2))
			}
		}
		if i < p.names {
			r.names.Add(read.mended, len(r.named))
			r.named = append(r.named, n)
		}
		all = append(all, pending{phrase{entry: n, text: read.text, counter: counter, boost: 1}, read.raws})
	}
	p.key = string(p.kind) + "/" + p.code
	r.byCode[p.code] = len(r.entries)
	r.entries = append(r.entries, p.entry)
	return all
}

// together makes one phrase of all the phrases of each entry; a feature's weight grows with
// the logarithm of how often it stands there.
func together(all []pending) []pending {
	type sum struct {
		total float32
		count int
	}
	var entries []pending
	sums := map[int32]map[string]*sum{}
	for _, p := range all {
		if p.counter {
			continue
		}
		if sums[p.entry] == nil {
			sums[p.entry] = map[string]*sum{}
			entries = append(entries, pending{phrase: phrase{entry: p.entry, boost: 1}})
		}
		for _, r := range p.raws {
			s := sums[p.entry][r.name]
			if s == nil {
				s = &sum{}
				sums[p.entry][r.name] = s
			}
			s.total += r.weight
			s.count++
		}
	}
	for i := range entries {
		names := make([]string, 0, len(sums[entries[i].entry]))
		for name := range sums[entries[i].entry] {
			names = append(names, name)
		}
		sort.Strings(names)
		for _, name := range names {
			s := sums[entries[i].entry][name]
			w := s.total / float32(s.count) * float32(math.Log1p(float64(s.count)))
			entries[i].raws = append(entries[i].raws, raw{name, w})
		}
	}
	return entries
}

// settle notes what each entry is decisively about.
func (r *ranker) settle() {
	ids := make([]string, 0, len(r.signature))
	for id := range r.signature {
		ids = append(ids, id)
	}
	sort.Strings(ids)
	for i := range r.entries {
		for _, id := range ids {
			if decisiveStates[id] && column(r.signature[id]).at(i) >= aboutShare {
				r.entries[i].about = append(r.entries[i].about, id)
			}
		}
	}
}

// aboutShare is the share of phrases from which an entry is about a condition.
const aboutShare = 0.3

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

func (r *ranker) sign(concept string, entry int, share float64) {
	s := r.signature[concept]
	for len(s) <= entry {
		s = append(s, 0)
	}
	s[entry] += float32(share)
	r.signature[concept] = s
}

func (u *Understander) analyse(text string) ([]raw, []ConceptHit, string) {
	mended, _ := u.repair.Text(u.norm.Text(text))
	runes := []rune(mended)
	hits := u.concepts.Find(runes)
	return features(u.seg.Search(mended), hits, u.concepts, runes, func(int) float32 { return 1 }), hits, mended
}

// Rank returns all items and articles by how well they fit the line. Evidence holds, by key
// of a document ("item/…", "article/…"), its search score divided by the best.
func (u *Understander) Rank(un *Understanding, evidence map[string]float64) Ranking {
	r := u.ranker
	sc := r.scratch.Get().(*rankScratch)
	defer r.scratch.Put(sc)
	none := r.weigh(un, u, evidence, sc)
	all, rest := softmax(sc.scores, none)
	for i := range sc.order {
		sc.order[i] = int32(i) //nolint:gosec // bounded by the knowledge
	}
	slices.SortFunc(sc.order, func(a, b int32) int {
		if c := cmp.Compare(all[b], all[a]); c != 0 {
			return c
		}
		return cmp.Compare(a, b)
	})
	out := Ranking{Entries: make([]Scored, min(rankDepth, len(sc.order))), None: rest, ranker: r, all: all}
	for n := range out.Entries {
		i := sc.order[n]
		e := &r.entries[i]
		out.Entries[n] = Scored{Kind: e.kind, Code: e.code, Score: sc.scores[i], P: all[i], Features: sc.features[i]}
		if m := sc.words[i].phrase; m >= 0 {
			out.Entries[n].Phrase = r.words.phrases[m].text
		}
	}
	return out
}

// weigh fills in the features and scores of every entry and returns the score of none.
func (r *ranker) weigh(un *Understanding, u *Understander, evidence map[string]float64, sc *rankScratch) float64 {
	best := r.compare(un, u, sc)
	sc.near = r.nearness(un, sc)
	s := r.saidOf(un)
	kinds := articleKinds(un)
	for i := range r.entries {
		e := &r.entries[i]
		f := &sc.features[i]
		r.describe(i, sc, s, float32(evidence[e.key]), best, f)
		if e.kind == kb.KindArticle {
			forArticle(f, kinds)
		}
		sc.scores[i] = r.model.score(f)
	}
	return r.model.noneScore(noneOf(un, sc.near))
}

// nearness is how near the line came to any entry.
func (r *ranker) nearness(un *Understanding, sc *rankScratch) nearest {
	n := nearest{unknown: r.unknown(un)}
	for i := range r.entries {
		n.ask = max(n.ask, sc.words[i].best)
		n.whole = max(n.whole, sc.whole[i].best)
		n.wholeGram = max(n.wholeGram, sc.wholeGrams[i].best)
		n.support = max(n.support, sc.words[i].second)
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
		if _, ok := r.words.ids["w:"+t.Text]; !ok {
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
	raws := features(un.Tokens, un.Concepts, u.concepts, un.runes, focus(un.runes))
	for _, c := range []struct {
		space *space
		out   []match
	}{{r.words, sc.words}, {r.whole, sc.whole}, {r.wholeGrams, sc.wholeGrams}} {
		vec, norm := c.space.vector(raws)
		c.space.compare(vec, dampened(norm, len(un.runes)), sc.phrases[:len(c.space.phrases)], c.out)
	}
	if from, to := demandOf(un.runes); from > 0 {
		vec, norm := r.words.vector(part(un, r.concepts, from, to))
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

// A line longer than longLine is a story; what it asks in the end has at least leastDemand
// characters.
const (
	longLine    = 40
	leastDemand = 9
)

// demandOf is the part of a story that asks: its last clauses from the last question word on,
// long enough to say something. from is 0 for a line that is no story.
func demandOf(runes []rune) (from, to int) {
	if len(runes) <= longLine {
		return 0, 0
	}
	to = len(runes)
	start := to
	for start > 0 {
		end := start
		for end > 0 && isPause(runes[end-1]) {
			end--
		}
		begin := end
		for begin > 0 && !isPause(runes[begin-1]) {
			begin--
		}
		start = begin
		if to-start >= leastDemand && containsAny(string(runes[start:to]), questionWords) {
			break
		}
	}
	return start, to
}

// part describes the runes [from, to) of a line by themselves.
func part(un *Understanding, c *Concepts, from, to int) []raw {
	runes := un.runes[from:to]
	skip := len(string(un.runes[:from]))
	end := skip + len(string(runes))
	var tokens []segment.Token
	for _, t := range un.Tokens {
		if t.Start >= skip && t.End <= end {
			tokens = append(tokens, segment.Token{Text: t.Text, Start: t.Start - skip, End: t.End - skip})
		}
	}
	var hits []ConceptHit
	for _, h := range un.Concepts {
		if h.Start >= from && h.End <= to {
			h.Start, h.End = h.Start-from, h.End-from
			hits = append(hits, h)
		}
	}
	return features(tokens, hits, c, runes, func(int) float32 { return 1 })
}

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
	if len(un.runes) > 40 {
		f[3] = 1
	}
	return f
}

func forArticle(f *Features, kinds [4]float32) { copy(f[FArticleTopic:], kinds[:]) }

// aliases finds names that stand in the line to the letter.
func (r *ranker) aliases(runes []rune, out []float32) {
	clear(out)
	for i := range runes {
		r.names.Each(runes[i:], func(v, n int) {
			e := r.named[v]
			out[e] = max(out[e], float32(n)/float32(min(len(runes), 24)))
		})
	}
}

// describe fills in the features of entry i.
func (r *ranker) describe(i int, sc *rankScratch, s said, evidence float32, best int, f *Features) {
	e := &r.entries[i]
	*f = e.fixed
	f[FAsk], f[FSupport], f[FCentre] = sc.words[i].best, sc.words[i].second, sc.whole[i].best
	f[FDemand], f[FGramCentre] = sc.demand[i].best, sc.wholeGrams[i].best
	f[FAlias], f[FEvidence] = min(1, sc.alias[i]), evidence
	if c := sc.words[i].counter; c > f[FAsk] {
		f[FCounter] = c
	}
	if i == best {
		f[FTop] = 1
	}
	f[FAskShare], f[FCentreShare], f[FGramShare] = ratio(f[FAsk], sc.near.ask), ratio(f[FCentre], sc.near.whole), ratio(f[FGramCentre], sc.near.wholeGram)
	r.agree(i, s, f)
}

func ratio(part, whole float32) float32 {
	if whole == 0 {
		return 0
	}
	return part / whole
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
	ids      []string // everything said, with what is above it
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
	s := said{ids: append([]string(nil), ids...)}
	for _, id := range ids {
		s.ids = append(s.ids, r.concepts.Above(id)...)
	}
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
	for _, id := range r.entries[i].about {
		if !has(s.ids, id) {
			f[FMissing] = 1
		}
	}
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
