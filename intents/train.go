package intents

import (
	"slices"
	"sort"

	"gonum.org/v1/gonum/optimize"

	"shenwei/internal/fault"
	"shenwei/kb"
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

// A sample keeps the entries that score best: so many items, and the right ones, and so many articles.
// The same numbers for every line, as their count would tell what the label says.
const (
	sampleItems    = 25
	sampleArticles = 10
)

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
	s := Sample{Group: group, noneOK: noneOK, weight: weight, none: sc.none}
	items, articles := 0, 0
	for _, i := range order {
		e := &r.entries[i]
		ok, kept := right(e.kind, e.code), false
		if e.kind == kb.KindArticle {
			articles++
			kept = articles <= sampleArticles
		} else {
			items++
			kept = items <= sampleItems || ok
		}
		if kept {
			s.features = append(s.features, sc.features[i])
			s.right = append(s.right, ok)
		}
	}
	return s
}

// Weigh lets the sample count n times.
func (s *Sample) Weigh(n float64) { s.weight *= n }

// usable reports whether a sample has an answer at all.
func (s *Sample) usable() bool { return s.noneOK || slices.Contains(s.right, true) }

// asksItem reports whether it is labelled with items alone.
func (s *Sample) asksItem() bool {
	for i, ok := range s.right {
		if ok && s.features[i][FArticle] > 0 {
			return false
		}
	}
	return !s.noneOK && s.usable()
}

// stage fills in the features that the second stage sees from the first one's weights.
func (s *Sample) stage(m *Model) {
	fits := make([]float64, len(s.features))
	for i := range fits {
		fits[i] = m.fit(&s.features[i])
	}
	secondStage(s.features, fits, &s.none)
}

// fewest is how many samples are too few to learn from.
const fewest = 20

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
	if len(used) < fewest {
		return nil, fault.New(fault.BadRequest, "%d usable questions are too few to train on; give at least %d", len(used), fewest)
	}
	m := &Model{}
	if err := m.fitFirst(used, l2, nil); err != nil {
		return nil, err
	}
	if err := stageApart(used, l2); err != nil {
		return nil, err
	}
	start := make([]float64, int(featureCount)+noneCount)
	start[FFit] = fitUnit
	x, err := minimise(used, start, int(featureCount), l2)
	if err != nil {
		return nil, err
	}
	copy(m.entry[:], x[:featureCount])
	copy(m.none[:], x[featureCount:])
	return m, nil
}

// fitFirst fits the first stage on the samples that ask for an item; keep, where not nil, chooses
// among them.
func (m *Model) fitFirst(samples []Sample, l2 float64, keep func(i int) bool) error {
	var used []Sample
	for i := range samples {
		if s := samples[i]; s.asksItem() && (keep == nil || keep(i)) {
			s.none = noneFeatures{1} // not its question: only that some entry is meant
			used = append(used, s)
		}
	}
	start := make([]float64, int(firstCount)+noneCount)
	start[FAsk] = 5
	x, err := minimise(used, start, int(firstCount), l2)
	if err != nil {
		return err
	}
	copy(m.first[:], x[:firstCount])
	return nil
}

// stageApart stages each half of the samples with a first stage that was fitted on the other: in
// service the second stage sees scores of lines that the first one never saw.
func stageApart(samples []Sample, l2 float64) error {
	half := Folds(samples, 2)
	for h := range 2 {
		other := &Model{}
		if err := other.fitFirst(samples, l2, func(i int) bool { return half[i] != h }); err != nil {
			return err
		}
		for i := range samples {
			if half[i] == h {
				samples[i].stage(other)
			}
		}
	}
	return nil
}

// minimise returns the weights of the least loss: those of the first n features, then those of none.
func minimise(samples []Sample, start []float64, n int, l2 float64) ([]float64, error) {
	p := optimize.Problem{
		Func: func(x []float64) float64 { return loss(samples, x, n, l2, nil) },
		Grad: func(grad, x []float64) { loss(samples, x, n, l2, grad) },
	}
	res, err := optimize.Minimize(p, start, &optimize.Settings{MajorIterations: 300, GradientThreshold: 1e-4}, &optimize.LBFGS{Store: 20})
	if err != nil && res == nil {
		return nil, fault.Wrap(fault.Internal, err, "training failed")
	}
	return res.X, nil
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
