package intents

import (
	"math"
	"sort"
	"strings"
	"unicode/utf8"

	"shenwei/kb/segment"
)

// The weights of the kinds of feature in the space: a concept says more than a word, a
// pair of characters less, but survives misspelling and bad cuts.
const (
	wordWeight    = 1.0
	conceptWeight = 1.3
	bigramWeight  = 0.35
	pairWeight    = 0.4
	stemWeight    = 2 * bigramWeight // of a Latin word among the pairs of characters
	maxPaired     = 6
)

// space is a set of phrases (names, aliases, asks) as weighted feature vectors with an
// inverted index, so that a question is compared with all of them at once.
type space struct {
	kinds    string      // the kinds of feature it looks at
	idf      []float32   // by feature; 0 for one that it does not know
	postings [][]posting // by feature
	phrases  []phrase
	runs     []run
}

// run is the phrases of one entry, which stand together: its asks from first to counters, its
// counter-asks from there to end.
type run struct {
	entry, first, counters, end int32
}

type posting struct {
	phrase int32
	weight float32
}

// phrase is one way in which an entry is asked for.
type phrase struct {
	entry   int32
	text    string
	counter bool
}

// raw is one feature of a text before weighting. Number is the vocabulary's, once it was asked.
type raw struct {
	name   string
	weight float32
	number int32
}

// vocabulary numbers the features of all phrases, so that their names are looked up once for a line
// and not by everything that weighs them.
type vocabulary map[string]int32

// unheard is the number of a feature that no phrase has.
const unheard = -1

// learn numbers features, new ones too.
func (v vocabulary) learn(raws []raw) {
	for i := range raws {
		n, known := v[raws[i].name]
		if !known {
			n = int32(len(v)) //nolint:gosec // bounded by the knowledge
			v[raws[i].name] = n
		}
		raws[i].number = n
	}
}

// find numbers features that are known.
func (v vocabulary) find(raws []raw) {
	for i := range raws {
		raws[i].number = v.of(raws[i].name)
	}
}

func (v vocabulary) of(name string) int32 {
	if n, known := v[name]; known {
		return n
	}
	return unheard
}

// features returns the features of a text: words, concepts with their ancestors at half
// weight, pairs of concepts and pairs of characters. Each appears once, with its highest weight.
func features(tokens []segment.Token, concepts []ConceptHit, c *Concepts, runes []rune) []raw {
	best := make(map[string]float32, 4*len(tokens)+len(runes))
	add := func(name string, w float32) {
		if w > best[name] {
			best[name] = w
		}
	}
	for _, t := range tokens {
		if stopWords[t.Text] {
			continue
		}
		w := float32(wordWeight)
		if utf8.RuneCountInString(t.Text) == 1 {
			w *= 0.5
		}
		stem := segment.Stem(t.Text)
		add("w:"+stem, w)
		if latinWord(t.Text) {
			add("b:"+stem, stemWeight)
		}
	}
	for _, h := range concepts {
		add("c:"+h.ID, conceptWeight)
		for _, a := range c.Above(h.ID) {
			add("c:"+a, conceptWeight/2)
		}
	}
	for i := 0; i+1 < len(runes); i++ {
		if isPause(runes[i]) || isPause(runes[i+1]) || letter(runes[i]) && letter(runes[i+1]) {
			continue // pairs of letters tell nothing: Latin words count whole
		}
		add("b:"+string(runes[i:i+2]), bigramWeight)
	}
	pairUp(concepts, add)
	out := make([]raw, 0, len(best))
	for name, w := range best {
		out = append(out, raw{name: name, weight: w})
	}
	sort.Slice(out, func(i, j int) bool { return out[i].name < out[j].name })
	return out
}

func isPause(r rune) bool { return r == ',' || r == '。' || r == '?' || r == '!' || r == ' ' }

// byteToRune returns a function from byte offsets to rune offsets of a text, asked in
// rising order of offsets.
func byteToRune(runes []rune) func(int) int {
	pos, bytes := 0, 0
	return func(b int) int {
		for bytes < b && pos < len(runes) {
			bytes += utf8.RuneLen(runes[pos])
			pos++
		}
		return pos
	}
}

func newSpace(kinds string) *space { return &space{kinds: kinds} }

// holds reports whether kinds name a feature's kind: w(ords), c(oncepts), p(airs of concepts),
// b(igrams).
func holds(kinds, name string) bool { return strings.IndexByte(kinds, name[0]) >= 0 }

// pending is a phrase with its raw features, kept until all are known.
type pending struct {
	phrase
	raws []raw
}

// build weighs the features of all phrases by how rare they are among entries, whose phrases stand
// together. Features is the size of the vocabulary.
func (s *space) build(all []pending, features int) {
	in, last := make([]int32, features), make([]int32, features) // entries that have the feature, and the last of them + 1
	entries := int32(0)
	for _, p := range all {
		if p.counter {
			continue
		}
		entries = max(entries, p.entry+1)
		for _, r := range p.raws {
			if holds(s.kinds, r.name) && last[r.number] != p.entry+1 {
				last[r.number] = p.entry + 1
				in[r.number]++
			}
		}
	}
	s.idf = make([]float32, features)
	for id, n := range in {
		if n > 0 {
			s.idf[id] = float32(math.Log(1 + float64(entries)/float64(n)))
		}
	}
	s.postings = make([][]posting, features)
	for _, p := range all {
		s.addPhrase(p)
	}
	s.runs = runsOf(s.phrases)
}

// rarity is the weight of a feature by its number; 0 when no entry has it.
func (s *space) rarity(number int32) float32 {
	if number == unheard {
		return 0
	}
	return s.idf[number]
}

// runsOf finds the runs of phrases, whose counter-asks come last in each entry.
func runsOf(phrases []phrase) []run {
	var runs []run
	for i, p := range phrases {
		n := int32(i) //nolint:gosec // bounded by the knowledge
		if len(runs) == 0 || runs[len(runs)-1].entry != p.entry {
			runs = append(runs, run{entry: p.entry, first: n, counters: n})
		}
		r := &runs[len(runs)-1]
		r.end = n + 1
		if !p.counter {
			r.counters = n + 1
		}
	}
	return runs
}

func (s *space) addPhrase(p pending) {
	vec, norm := s.vector(p.raws)
	if norm == 0 {
		return
	}
	n := int32(len(s.phrases)) //nolint:gosec // bounded by the knowledge
	s.phrases = append(s.phrases, p.phrase)
	for _, f := range vec {
		if s.idf[f.id] >= leastIDF {
			s.postings[f.id] = append(s.postings[f.id], posting{n, f.weight / norm})
		}
	}
}

// leastIDF leaves out what more than half of all entries say: it tells nothing apart, and
// its lists are the long ones.
var leastIDF = float32(math.Log(1 + 2))

type weighted struct {
	id     int32
	weight float32
}

// vector weighs known features; norm is the length of the whole vector, unknown features
// included at the weight of the rarest, so that strange words lower every similarity.
func (s *space) vector(raws []raw) (vec []weighted, norm float32) {
	rare := rareIDF
	vec = make([]weighted, 0, len(raws))
	var sum float32
	for _, r := range raws {
		if !holds(s.kinds, r.name) {
			continue
		}
		idf := s.rarity(r.number)
		if idf == 0 {
			if r.name[0] == 'w' {
				w := r.weight * rare * 0.6
				sum += w * w
			}
			continue
		}
		w := r.weight * idf
		sum += w * w
		vec = append(vec, weighted{r.number, w})
	}
	return vec, float32(math.Sqrt(float64(sum)))
}

// match is how near a question comes to an entry's phrases.
type match struct {
	best, second float32 // cosine of the best and second best phrase
	phrase       int32   // the best one
	counter      float32 // cosine of the best counter-ask
}

// compare returns the match of every entry. scratch is reused between calls.
func (s *space) compare(vec []weighted, norm float32, scratch []float32, out []match) {
	for i := range out {
		out[i] = match{phrase: -1}
	}
	if norm == 0 {
		return
	}
	clear(scratch)
	for _, f := range vec {
		for _, p := range s.postings[f.id] {
			scratch[p.phrase] += f.weight * p.weight
		}
	}
	for _, r := range s.runs {
		m := &out[r.entry]
		for i, dot := range scratch[r.first:r.counters] {
			switch {
			case dot > m.best:
				m.second, m.best, m.phrase = m.best, dot, r.first+int32(i) //nolint:gosec // bounded
			case dot > m.second:
				m.second = dot
			}
		}
		for _, dot := range scratch[r.counters:r.end] {
			m.counter = max(m.counter, dot)
		}
		m.best, m.second, m.counter = m.best/norm, m.second/norm, m.counter/norm
	}
}

// pairUp adds the pairs of a text's first maxPaired concepts: a divorce and a household together
// say more than each by itself.
func pairUp(concepts []ConceptHit, add func(string, float32)) {
	ids := make([]string, 0, len(concepts))
	for _, h := range concepts {
		if !has(ids, h.ID) {
			ids = append(ids, h.ID)
		}
	}
	if len(ids) > maxPaired {
		ids = ids[:maxPaired]
	}
	sort.Strings(ids)
	for i := range ids {
		for _, other := range ids[i+1:] {
			add("p:"+ids[i]+"+"+other, pairWeight)
		}
	}
}
