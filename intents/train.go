package intents

import (
	"math"
	"sort"

	"gonum.org/v1/gonum/optimize"

	"shenwei/internal/fault"
)

// Sample is one labelled line as the model sees it: the features of the entries worth
// considering, which of them are right, and whether «none» is.
type Sample struct {
	// Group keeps lines together in one fold of a cross-validation.
	Group    string
	features []Features
	right    []bool
	none     noneFeatures
	noneOK   bool
	weight   float64
}

// sampleDepth is how many of the best entries a sample keeps besides the right ones: the
// others have no probability to speak of.
const sampleDepth = 60

// Sample describes a line for training. right tells which entries answer it.
func (u *Understander) Sample(un *Understanding, evidence map[string]float64, group string, right func(kind EntryKind, code string) bool, noneOK bool, weight float64) Sample {
	r := u.ranker
	sc := r.scratch.Get().(*rankScratch)
	defer r.scratch.Put(sc)
	r.weigh(un, u, evidence, sc)
	order := make([]int, len(r.entries))
	for i := range order {
		order[i] = i
	}
	sort.SliceStable(order, func(a, b int) bool { return sc.scores[order[a]] > sc.scores[order[b]] })
	s := Sample{Group: group, noneOK: noneOK, weight: weight}
	for n, i := range order {
		ok := right(r.entries[i].kind, r.entries[i].code)
		if n < sampleDepth || ok {
			s.features = append(s.features, sc.features[i])
			s.right = append(s.right, ok)
		}
	}
	s.none = noneOf(un, sc.near)
	return s
}

// Weigh lets the sample count n times.
func (s *Sample) Weigh(n float64) { s.weight *= n }

// usable reports whether a sample has an answer at all.
func (s *Sample) usable() bool {
	if s.noneOK {
		return true
	}
	for _, ok := range s.right {
		if ok {
			return true
		}
	}
	return false
}

// Fit returns the model of the highest penalised likelihood: for every sample the
// probability that one of the right entries is meant. l2 is the strength of the penalty on
// the weights (but not on the bias of «none»). It is reproducible: no randomness.
func Fit(samples []Sample, l2 float64) (*Model, error) {
	var used []Sample
	for _, s := range samples {
		if s.usable() {
			used = append(used, s)
		}
	}
	if len(used) < 20 {
		return nil, fault.New(fault.BadRequest, "%d usable questions are too few to train on; give at least 20", len(used))
	}
	start := make([]float64, int(featureCount)+noneCount)
	start[FAsk] = 5
	p := optimize.Problem{
		Func: func(x []float64) float64 { return loss(used, x, l2, nil) },
		Grad: func(grad, x []float64) { loss(used, x, l2, grad) },
	}
	res, err := optimize.Minimize(p, start, &optimize.Settings{MajorIterations: 200, GradientThreshold: 1e-4}, &optimize.LBFGS{})
	if err != nil && res == nil {
		return nil, fault.Wrap(fault.Internal, err, "training failed")
	}
	m := &Model{}
	copy(m.entry[:], res.X[:featureCount])
	copy(m.none[:], res.X[featureCount:])
	return m, nil
}

// loss is the mean negative log likelihood with its penalty; grad, where not nil, is set to
// its gradient.
func loss(samples []Sample, x []float64, l2 float64, grad []float64) float64 {
	clear(grad)
	var total, weight float64
	scores := make([]float64, 0, 2*sampleDepth)
	for i := range samples {
		s := &samples[i]
		weight += s.weight
		total += s.weight * one(s, x, scores, grad)
	}
	for i := range x {
		if i == int(featureCount) {
			continue // the bias of none
		}
		total += 0.5 * l2 * x[i] * x[i]
		if grad != nil {
			grad[i] += l2 * x[i]
		}
	}
	for i := range grad {
		grad[i] /= weight
	}
	return total / weight
}

// one adds a sample's gradient and returns its negative log likelihood.
func one(s *Sample, x, scores, grad []float64) float64 {
	none := 0.0
	for i, v := range s.none {
		none += x[int(featureCount)+i] * float64(v)
	}
	top := none
	scores = scores[:0]
	for i := range s.features {
		sum := 0.0
		for j, v := range s.features[i] {
			if v != 0 {
				sum += x[j] * float64(v)
			}
		}
		scores = append(scores, sum)
		top = max(top, sum)
	}
	all, right := math.Exp(none-top), 0.0
	if s.noneOK {
		right = all
	}
	for i, sc := range scores {
		e := math.Exp(sc - top)
		scores[i] = e
		all += e
		if s.right[i] {
			right += e
		}
	}
	right = max(right, 1e-12)
	if grad != nil {
		push := func(p float64, ok bool) float64 {
			g := p / all
			if ok {
				g -= p / right
			}
			return s.weight * g
		}
		for i := range s.features {
			g := push(scores[i], s.right[i])
			for j, v := range s.features[i] {
				if v != 0 {
					grad[j] += g * float64(v)
				}
			}
		}
		g := push(math.Exp(none-top), s.noneOK)
		for i, v := range s.none {
			grad[int(featureCount)+i] += g * float64(v)
		}
	}
	return -math.Log(right / all)
}

// Loss is the mean negative log probability (natural logarithm) that the model gives to what is
// right; 0 for no samples.
func (m *Model) Loss(samples []Sample) float64 {
	x := append(append([]float64(nil), m.entry[:]...), m.none[:]...)
	var total float64
	n := 0
	scores := make([]float64, 0, 2*sampleDepth)
	for i := range samples {
		if samples[i].usable() {
			s := samples[i]
			s.weight = 1
			total += one(&s, x, scores, nil)
			n++
		}
	}
	return total / float64(max(1, n))
}

// Folds deals the groups of the samples into n folds of about the same size and returns each
// sample's fold. It depends on the groups' names alone.
func Folds(samples []Sample, n int) []int {
	counts := map[string]int{}
	for i := range samples {
		counts[samples[i].Group]++
	}
	groups := make([]string, 0, len(counts))
	for g := range counts {
		groups = append(groups, g)
	}
	sort.Slice(groups, func(a, b int) bool {
		if counts[groups[a]] != counts[groups[b]] {
			return counts[groups[a]] > counts[groups[b]]
		}
		return groups[a] < groups[b]
	})
	load := make([]int, n)
	fold := map[string]int{}
	for _, g := range groups {
		least := 0
		for i := range load {
			if load[i] < load[least] {
				least = i
			}
		}
		fold[g] = least
		load[least] += counts[g]
	}
	out := make([]int, len(samples))
	for i := range samples {
		out[i] = fold[samples[i].Group]
	}
	return out
}
