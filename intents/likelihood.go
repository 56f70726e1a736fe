package intents

import "math"

// likelihood scores entries by how likely their phrases are to say what a line says: a
// language model of each entry, smoothed with that of all (Zhai and Lafferty, «A Study of
// Smoothing Methods for Language Models», 2004, Dirichlet prior). Unlike a cosine it counts
// against an entry what the line says and the entry never does.
type likelihood struct {
	postings [][]gain  // by feature
	absent   []float32 // by entry: the logarithm for a feature that it never says
}

// gain is what a feature adds for an entry beyond an absent one.
type gain struct {
	entry int32
	log   float32
}

// likely is how much likelier an entry's phrases are than all phrases to say the line's words, its
// concepts, both together, and its pairs of characters.
type likely struct {
	both, words, concepts, grams float32
}

// best returns the larger of each.
func (l likely) best(o likely) likely {
	return likely{max(l.both, o.both), max(l.words, o.words), max(l.concepts, o.concepts), max(l.grams, o.grams)}
}

// prior is how many phrases of all entries are mixed into each entry's own.
const prior = 40

// build learns from what entries say. Features is the size of the vocabulary.
func (l *likelihood) build(entries []profile, features int) {
	total, said := 0, make([]int, features)
	for _, e := range entries {
		total += e.phrases
		for _, f := range e.features {
			said[f.number] += f.count
		}
	}
	l.absent = make([]float32, len(entries))
	l.postings = make([][]gain, features)
	for _, e := range entries {
		n := float64(e.phrases)
		absent := math.Log(prior / (n + prior))
		l.absent[e.entry] = float32(absent)
		for _, f := range e.features {
			p := float64(said[f.number]) / float64(total)
			v := math.Log((float64(f.count) + prior*p) / ((n + prior) * p))
			l.postings[f.number] = append(l.postings[f.number], gain{e.entry, float32(v - absent)})
		}
	}
}

// compare fills out, by entry, with the logarithms of how much likelier its phrases are to say the
// line's features than all phrases are, divided by the root of the features' weight: the
// features depend on each other, so their sum would be too sure of a long line.
func (l *likelihood) compare(raws []raw, out []likely) {
	clear(out)
	var sum likely
	for _, r := range raws {
		if r.number == unheard || len(l.postings[r.number]) == 0 {
			continue
		}
		switch gains := l.postings[r.number]; r.name[0] {
		case 'w':
			sum.words += r.weight
			for _, g := range gains {
				out[g.entry].words += r.weight * g.log
			}
		case 'b':
			sum.grams += r.weight
			for _, g := range gains {
				out[g.entry].grams += r.weight * g.log
			}
		default: // c(oncepts) and p(airs of them)
			sum.concepts += r.weight
			for _, g := range gains {
				out[g.entry].concepts += r.weight * g.log
			}
		}
	}
	both, words, concepts, grams := sum.words+sum.concepts, root(sum.words), root(sum.concepts), root(sum.grams)
	for e := range out {
		o, absent := &out[e], l.absent[e]
		o.both = (o.words + o.concepts + both*absent) / root(both)
		o.words = (o.words + sum.words*absent) / words
		o.concepts = (o.concepts + sum.concepts*absent) / concepts
		o.grams = (o.grams + sum.grams*absent) / grams
	}
}

// root is the square root of a weight, 1 for none.
func root(weight float32) float32 {
	if weight == 0 {
		return 1
	}
	return float32(math.Sqrt(float64(weight)))
}
