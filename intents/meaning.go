package intents

import (
	"math"
	"slices"
	"sort"

	"go.yaml.in/yaml/v3"
	"gonum.org/v1/gonum/optimize"

	"shenwei/internal/fault"
	"shenwei/kb"
)

// Vectors of an embedding model are one more kind of evidence, where somebody computed them. They are
// fused here and nowhere else: a line without them, or weights without a part for them, rank to the
// bit as if this file did not exist.

// MeaningFile is the name of the weights' file.
const MeaningFile = "vectors.yaml"

// meaningCount is how many weights there are: of an entry's likeness, of its share of the best one's,
// of being the best, and of the best one for «none».
const meaningCount = 4

var meaningNames = [meaningCount]string{"near", "share", "top", "none_near"}

// MeaningModel weighs the likeness of vectors. It holds for the embedding model that it was fitted
// with: another one's cosines mean something else.
type MeaningModel struct {
	// Model and Version name the embedding model.
	Model, Version string
	weights        [meaningCount]float64
}

type meaningFile struct {
	Note    string             `yaml:"note,omitempty"`
	Model   string             `yaml:"model"`
	Version string             `yaml:"version"`
	Weights map[string]float64 `yaml:"weights"`
}

// ParseMeaningModel reads a file that File wrote.
func ParseMeaningModel(text string) (*MeaningModel, error) {
	var f meaningFile
	if err := yaml.Unmarshal([]byte(text), &f); err != nil {
		return nil, fault.Wrap(fault.BadRequest, err, "%s is no YAML: %v", MeaningFile, err)
	}
	if f.Model == "" {
		return nil, fault.New(fault.BadRequest, "%s does not say of which embedding model it is", MeaningFile)
	}
	for _, name := range meaningNames {
		if _, ok := f.Weights[name]; !ok {
			return nil, fault.New(fault.BadRequest, "%s: the weights lack weights.%s", MeaningFile, name)
		}
	}
	m := &MeaningModel{Model: f.Model, Version: f.Version}
	return m, fill("weights", f.Weights, meaningNames[:], m.weights[:])
}

// MeaningOf reads the part for vectors of a release's weights; nil when they have none.
func MeaningOf(k *kb.Knowledge) (*MeaningModel, error) {
	text, ok := k.Weights[MeaningFile]
	if !ok {
		return nil, nil
	}
	return ParseMeaningModel(text)
}

// File returns the model as a file that a person can read.
func (m *MeaningModel) File(note string) (string, error) {
	f := meaningFile{Note: note, Model: m.Model, Version: m.Version, Weights: map[string]float64{}}
	for i, name := range meaningNames {
		f.Weights[name] = rounded(m.weights[i])
	}
	body, err := yaml.Marshal(f)
	return string(body), err
}

// Meaning is what vectors say of one line.
type Meaning struct {
	// Near is, by key of an entry ("item/…", "article/…"), the cosine of the line's vector with that of
	// its nearest phrase.
	Near map[string]float32
	// Model weighs it; nil for no weight at all.
	Model *MeaningModel
}

// features are what the weights weigh.
func (m Meaning) features(key string, best float32) [meaningCount]float64 {
	near := m.Near[key]
	f := [meaningCount]float64{float64(near), 0, 0, 0}
	if best > 0 {
		f[1] = float64(near / best)
	}
	if near > 0 && near >= best {
		f[2] = 1
	}
	return f
}

func (m Meaning) best() float32 {
	best := float32(0)
	for _, near := range m.Near {
		best = max(best, near)
	}
	return best
}

// fuse adds what the line's vectors say to the scores, and returns what they add to that of none.
func (r *ranker) fuse(un *Understanding, scores []float64) float64 {
	m := un.Meaning
	if m.Model == nil || len(m.Near) == 0 {
		return 0
	}
	best := m.best()
	for i := range r.entries {
		for n, v := range m.features(r.entries[i].key, best) {
			scores[i] += m.Model.weights[n] * v
		}
	}
	return m.Model.weights[3] * float64(best)
}

// MeaningSample is one labelled line as the fit of a MeaningModel sees it.
type MeaningSample struct {
	base     []float64 // scores without vectors, none last
	features [][meaningCount]float64
	right    []bool
	weight   float64
}

// MeaningSample describes a line for training; un.Meaning.Near must be there. The arguments are
// those of Sample.
func (u *Understander) MeaningSample(un *Understanding, evidence map[string]float64, right func(kind EntryKind, code string) bool, noneOK bool, weight float64) MeaningSample {
	plain := *un
	plain.Meaning.Model = nil
	r := u.ranker
	sc := r.scratch.Get().(*rankScratch)
	defer r.scratch.Put(sc)
	none := r.weigh(&plain, u, evidence, sc)
	best := un.Meaning.best()
	order := make([]int, len(r.entries))
	for i := range order {
		order[i] = i
	}
	sort.SliceStable(order, func(a, b int) bool { return sc.scores[order[a]] > sc.scores[order[b]] })
	s := MeaningSample{weight: weight}
	for n, i := range order {
		e := &r.entries[i]
		f := un.Meaning.features(e.key, best)
		if ok := right(e.kind, e.code); n < sampleItems+sampleArticles || ok && e.kind == kb.KindItem || f[2] == 1 {
			s.base, s.features, s.right = append(s.base, sc.scores[i]), append(s.features, f), append(s.right, ok)
		}
	}
	s.base, s.features, s.right = append(s.base, none), append(s.features, [meaningCount]float64{3: float64(best)}), append(s.right, noneOK)
	return s
}

// FitMeaning returns the weights of the highest penalised likelihood; all else stays as it was fitted.
// It is reproducible: no randomness.
func FitMeaning(samples []MeaningSample, l2 float64) (*MeaningModel, error) {
	var used []MeaningSample
	for _, s := range samples {
		if slices.Contains(s.right, true) {
			used = append(used, s)
		}
	}
	if len(used) < fewest {
		return nil, fault.New(fault.BadRequest, "%d usable questions are too few to train on; give at least %d", len(used), fewest)
	}
	p := optimize.Problem{
		Func: func(x []float64) float64 { return meaningLoss(used, x, l2, nil) },
		Grad: func(grad, x []float64) { meaningLoss(used, x, l2, grad) },
	}
	res, err := optimize.Minimize(p, make([]float64, meaningCount), &optimize.Settings{MajorIterations: 100, GradientThreshold: 1e-5}, &optimize.LBFGS{})
	if err != nil && res == nil {
		return nil, fault.Wrap(fault.Internal, err, "training failed")
	}
	m := &MeaningModel{}
	copy(m.weights[:], res.X)
	return m, nil
}

// Loss is the mean negative log probability (natural logarithm) of what is right; of a nil model,
// that without vectors.
func (m *MeaningModel) Loss(samples []MeaningSample) float64 {
	x := make([]float64, meaningCount)
	if m != nil {
		copy(x, m.weights[:])
	}
	var used []MeaningSample
	for _, s := range samples {
		if slices.Contains(s.right, true) {
			s.weight = 1
			used = append(used, s)
		}
	}
	if len(used) == 0 {
		return 0
	}
	return meaningLoss(used, x, 0, nil)
}

// meaningLoss is the mean negative log likelihood with its penalty; grad, where not nil, is set to
// its gradient.
func meaningLoss(samples []MeaningSample, x []float64, l2 float64, grad []float64) float64 {
	clear(grad)
	var total, weight float64
	for _, s := range samples {
		weight += s.weight
		scores := make([]float64, len(s.base))
		top := math.Inf(-1)
		for i, f := range s.features {
			scores[i] = s.base[i]
			for n, v := range f {
				scores[i] += x[n] * v
			}
			top = max(top, scores[i])
		}
		all, right := 0.0, 0.0
		for i := range scores {
			scores[i] = math.Exp(scores[i] - top)
			all += scores[i]
			if s.right[i] {
				right += scores[i]
			}
		}
		right = max(right, 1e-12)
		total -= s.weight * math.Log(right/all)
		for i, p := range scores {
			push := p / all
			if s.right[i] {
				push -= p / right
			}
			for n := range grad {
				grad[n] += s.weight * push * s.features[i][n]
			}
		}
	}
	for n := range x {
		total += 0.5 * l2 * x[n] * x[n]
		if grad != nil {
			grad[n] = (grad[n] + l2*x[n]) / weight
		}
	}
	return total / weight
}
