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

func (l *likelihood) build(entries []profile) {
	total, said := 0, map[string]int{}
	for _, e := range entries {
		total += e.phrases
		for _, f := range e.features {
			if holds(l.kinds, f.name) {
				said[f.name] += f.count
			}
		}
	}
	l.absent = make([]float32, len(entries))
	for _, e := range entries {
		n := float64(e.phrases)
		absent := math.Log(prior / (n + prior))
		l.absent[e.entry] = float32(absent)
		for _, f := range e.features {
			if !holds(l.kinds, f.name) {
				continue
			}
			id, ok := l.ids[f.name]
			if !ok {
				id = int32(len(l.ids)) //nolint:gosec // bounded by the knowledge
				l.ids[f.name] = id
				l.postings = append(l.postings, nil)
			}
			p := float64(said[f.name]) / float64(total)
			v := math.Log((float64(f.count) + prior*p) / ((n + prior) * p))
			l.postings[id] = append(l.postings[id], gain{e.entry, float32(v - absent)})
		}
	}
}

// compare fills out, by entry, with the logarithm of how much likelier its phrases are to say the
// line's features than all phrases are, divided by the root of the features' weight: the
// features depend on each other, so their sum would be too sure of a long line.
func (l *likelihood) compare(raws []raw, out []float32) {
	var sum float32
	clear(out)
	for _, r := range raws {
		if !holds(l.kinds, r.name) {
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
