package intents

import "math"

// likelihood scores entries by how likely their phrases are to say what a line says: a
// language model of each entry, smoothed with that of all (Zhai and Lafferty, «A Study of
// Smoothing Methods for Language Models», 2004, Dirichlet prior). Unlike a cosine it counts
// against an entry what the line says and the entry never does.
type likelihood struct {
	kinds    string // the kinds of feature it looks at, as of a space
	ids      map[string]int32
	postings [][]gain
	absent   []float32 // by entry: the logarithm for a feature that it never says
}

// gain is what a feature adds for an entry beyond an absent one.
type gain struct {
	entry int32
	log   float32
}

// prior is how many phrases of all entries are mixed into each entry's own.
const prior = 40

func newLikelihood(kinds string) *likelihood {
	return &likelihood{kinds: kinds, ids: map[string]int32{}}
}

func (l *likelihood) build(all []pending, entries int) {
	phrases := make([]float64, entries)
	seen := []map[int32]float64{}
	var total float64
	for _, p := range all {
		if p.counter {
			continue
		}
		phrases[p.entry]++
		total++
		for _, r := range p.raws {
			if !(&space{kinds: l.kinds}).holds(r) {
				continue
			}
			id, ok := l.ids[r.name]
			if !ok {
				id = int32(len(l.ids)) //nolint:gosec // bounded by the knowledge
				l.ids[r.name] = id
				seen = append(seen, map[int32]float64{})
			}
			seen[id][p.entry]++
		}
	}
	l.absent = make([]float32, entries)
	for e, n := range phrases {
		l.absent[e] = float32(math.Log(prior / (n + prior)))
	}
	l.postings = make([][]gain, len(seen))
	for id, in := range seen {
		var all float64
		for _, n := range in {
			all += n
		}
		p := all / total
		for e, n := range in {
			v := math.Log((n + prior*p) / ((phrases[e] + prior) * p))
			l.postings[id] = append(l.postings[id], gain{e, float32(v) - l.absent[e]})
		}
	}
}

// compare fills out with the mean log likelihood ratio of the line's features by entry.
func (l *likelihood) compare(raws []raw, out []float32) {
	var sum float32
	clear(out)
	for _, r := range raws {
		if !(&space{kinds: l.kinds}).holds(r) {
			continue
		}
		id, ok := l.ids[r.name]
		if !ok {
			continue
		}
		sum += r.weight
		for _, g := range l.postings[id] {
			out[g.entry] += r.weight * g.log
		}
	}
	if sum == 0 {
		return
	}
	root := float32(math.Sqrt(float64(sum)))
	for e := range out {
		out[e] = (out[e] + sum*l.absent[e]) / root
	}
}
