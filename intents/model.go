package intents

import (
	"math"
	"slices"

	"shenwei/internal/fault"

	"go.yaml.in/yaml/v3"
)

// Model is the ranker: two logistic regressions, one after the other. The first learned from lines
// that ask for an item which entry fits best; the second weighs that against «an article» and
// «nothing of ours». A probability is the softmax of the second's weighted sums of features, so what
// it says can be read off its weights, and what it is sure of is calibrated on what it was fitted to.
type Model struct {
	first [firstCount]float64
	entry [featureCount]float64
	none  [noneCount]float64
}

// Models are what was learned from examples.
type Models struct {
	Ranker *Model
	// Danger is nil where only the rules of the triage are wanted.
	Danger *DangerModel
}

// The names of the weights' files.
const (
	RankerFile = "ranker.yaml"
	DangerFile = "danger.tsv"
)

// ParseModels reads the weights' files by name. The ranker's must be there.
func ParseModels(files map[string]string) (Models, error) {
	var m Models
	var err error
	if m.Ranker, err = ParseModel(files[RankerFile]); err != nil {
		return m, err
	}
	if text, ok := files[DangerFile]; ok {
		m.Danger, err = ParseDangerModel(text)
	}
	return m, err
}

type modelFile struct {
	Note  string             `yaml:"note,omitempty"`
	First map[string]float64 `yaml:"first"`
	Entry map[string]float64 `yaml:"entry"`
	None  map[string]float64 `yaml:"none"`
}

// ParseModel reads a model's file. A feature that it does not name weighs nothing, so that weights of
// an older version rank as they did; an unknown one is an error.
func ParseModel(text string) (*Model, error) {
	var f modelFile
	if err := yaml.Unmarshal([]byte(text), &f); err != nil {
		return nil, fault.Wrap(fault.BadRequest, err, "the ranker's weights are no YAML: %v", err)
	}
	if len(f.Entry) == 0 || len(f.None) == 0 {
		return nil, fault.New(fault.BadRequest, "the ranker's weights lack the section entry or none")
	}
	m := &Model{}
	if err := fill("first", f.First, featureNames[:firstCount], m.first[:]); err != nil {
		return nil, err
	}
	if err := fill("entry", f.Entry, featureNames[:], m.entry[:]); err != nil {
		return nil, err
	}
	return m, fill("none", f.None, noneNames[:], m.none[:])
}

func fill(section string, from map[string]float64, names []string, to []float64) error {
	for name, v := range from {
		i := slices.Index(names, name)
		if i < 0 {
			return fault.New(fault.BadRequest, "the ranker's weights hold an unknown feature %s.%s; known are %v", section, name, names)
		}
		if math.IsNaN(v) || math.Abs(v) > 100 {
			return fault.New(fault.BadRequest, "the ranker's weight %s.%s is %v; it must lie between -100 and 100", section, name, v)
		}
		to[i] = v
	}
	return nil
}

// File returns the model as a file that a person can read.
func (m *Model) File(note string) (string, error) {
	f := modelFile{Note: note, First: map[string]float64{}, Entry: map[string]float64{}, None: map[string]float64{}}
	for i, w := range m.first {
		f.First[featureNames[i]] = rounded(w)
	}
	for i, name := range featureNames {
		f.Entry[name] = rounded(m.entry[i])
	}
	for i, name := range noneNames {
		f.None[name] = rounded(m.none[i])
	}
	body, err := yaml.Marshal(f)
	return string(body), err
}

func rounded(v float64) float64 { return math.Round(v*1000) / 1000 }

func (m *Model) score(f *Features) float64 {
	var sum float64
	for i := range m.entry {
		sum += m.entry[i] * float64(f[i])
	}
	return sum
}

// fit is the first stage's score.
func (m *Model) fit(f *Features) float64 {
	var sum float64
	for i := range m.first {
		sum += m.first[i] * float64(f[i])
	}
	return sum
}

func (m *Model) noneScore(f *noneFeatures) float64 {
	var sum float64
	for i, v := range f {
		sum += m.none[i] * float64(v)
	}
	return sum
}

// softmax turns scores into probabilities, with none as one more class.
func softmax(scores []float64, none float64) (all []float64, rest float64) {
	top := none
	for _, s := range scores {
		top = max(top, s)
	}
	rest = math.Exp(none - top)
	sum := rest
	all = make([]float64, len(scores))
	for i, s := range scores {
		all[i] = math.Exp(s - top)
		sum += all[i]
	}
	for i := range all {
		all[i] /= sum
	}
	return all, rest / sum
}
