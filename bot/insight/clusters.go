package insight

import (
	"cmp"
	"math"
	"slices"

	"shenwei/intents"
)

const (
	// Alike is how near (cosine) a question must come to one of a cluster's samples to
	// belong to it; the same bound tells whether a question is asked again.
	Alike = 0.55
	// copyOf is how near a question is that says nothing new: it makes no further sample.
	copyOf = 0.92
	// MaxSamples is how many questions stand for a cluster. Each further one is Alike to the
	// first, so that a cluster does not wander off from link to link.
	MaxSamples = 5
)

// Sample is a question that stands for its cluster.
type Sample struct {
	Cluster int64
	// Place counts a cluster's samples from 0.
	Place int
	Text  string
}

// Clusters tells which questions are nearly the same. Where a question is put depends on the
// samples so far, their order and the analyser alone. It is not safe for concurrent use.
type Clusters struct {
	vector func(text string) intents.Vector
	next   int64

	samples  []sample
	postings map[uint64][]posting
	of       map[int64][]int32 // a cluster's samples

	// What one search needs, kept for the next.
	order []feature
	seen  []int32
	dots  []float32 // by sample, of those seen; 0 for others
}

// posting says that a sample has a feature, and how much of its vector that is.
type posting struct {
	sample int32
	weight float32
}

type sample struct {
	cluster int64
	vec     intents.Vector
}

// feature is one feature of the line at hand with the length of its list.
type feature struct {
	id     uint64
	weight float32
	length int
}

// NewClusters returns none yet; the next new one gets the number next.
func NewClusters(vector func(text string) intents.Vector, next int64) *Clusters {
	return &Clusters{vector: vector, next: next, postings: map[uint64][]posting{}, of: map[int64][]int32{}}
}

// Load takes a sample that is on record; a cluster's samples come in their order.
func (c *Clusters) Load(s Sample) { c.add(s.Cluster, c.vector(s.Text)) }

// Len is how many clusters there are.
func (c *Clusters) Len() int { return len(c.of) }

func (c *Clusters) add(cluster int64, v intents.Vector) {
	n := int32(len(c.samples)) //nolint:gosec // bounded by memory long before
	c.samples = append(c.samples, sample{cluster, v})
	c.of[cluster] = append(c.of[cluster], n)
	for i, id := range v.IDs {
		c.postings[id] = append(c.postings[id], posting{n, v.Weights[i]})
	}
	c.dots = append(c.dots, 0)
	c.next = max(c.next, cluster+1)
}

// Placed is where a question was put.
type Placed struct {
	Cluster int64
	// New is set for a cluster that the question begins; Sample for one that it stands for
	// from now on, at Place.
	New, Sample bool
	Place       int
}

// Put finds the cluster of a question, or begins one. ok is false for a question without a
// word of meaning: it belongs nowhere.
func (c *Clusters) Put(text string) (p Placed, ok bool) {
	v := c.vector(text)
	if v.Empty() {
		return Placed{}, false
	}
	best, near := c.nearest(v)
	if near < Alike {
		p = Placed{Cluster: c.next, New: true, Sample: true}
		c.add(p.Cluster, v)
		return p, true
	}
	p = Placed{Cluster: c.samples[best].cluster}
	mine := c.of[p.Cluster]
	if near < copyOf && len(mine) < MaxSamples && c.samples[mine[0]].vec.Cosine(v) >= Alike {
		p.Sample, p.Place = true, len(mine)
		c.add(p.Cluster, v)
	}
	return p, true
}

// The search adds up what samples share with the line, its features with the shortest lists
// first. When all features left are together shorter than Alike, a sample that was not seen
// yet cannot come near any more; when they are shorter than enough, the rest is looked up
// only for those samples that it could still bring near.
const (
	enough = 0.25
	slack  = 1e-4 // of adding up in another order
)

// nearest is the sample that comes nearest, if one is Alike, of equals the oldest.
func (c *Clusters) nearest(v intents.Vector) (best int32, near float32) {
	c.begin(v)
	rest := 1.0
	for _, f := range c.order {
		if rest < enough*enough {
			break
		}
		c.collect(f, rest >= Alike*Alike)
		rest -= float64(f.weight) * float64(f.weight)
	}
	left := float32(math.Sqrt(max(0, rest))) + slack
	best = -1
	for _, n := range c.seen {
		least := max(Alike, near)
		dot := c.dots[n]
		c.dots[n] = 0
		if dot+left < least {
			continue
		}
		if cos := c.samples[n].vec.Cosine(v); cos > near || cos == near && n < best {
			best, near = n, cos
		}
	}
	return best, near
}

// collect adds one feature to what samples share with the line; fresh ones are seen too.
func (c *Clusters) collect(f feature, fresh bool) {
	for _, p := range c.postings[f.id] {
		switch dot := c.dots[p.sample]; {
		case dot != 0:
			c.dots[p.sample] = dot + p.weight*f.weight
		case fresh:
			c.dots[p.sample] = p.weight * f.weight
			c.seen = append(c.seen, p.sample)
		}
	}
}

// begin orders the line's features, those with the shortest lists first.
func (c *Clusters) begin(v intents.Vector) {
	c.order, c.seen = c.order[:0], c.seen[:0]
	for i, id := range v.IDs {
		c.order = append(c.order, feature{id, v.Weights[i], len(c.postings[id])})
	}
	slices.SortFunc(c.order, func(a, b feature) int {
		return cmp.Or(cmp.Compare(a.length, b.length), cmp.Compare(a.id, b.id))
	})
}
