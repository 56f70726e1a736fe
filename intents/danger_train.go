package intents

import (
	"maps"
	"math"
	"slices"

	"gonum.org/v1/gonum/optimize"

	"shenwei/internal/fault"
)

// DangerSample is one example for the danger model.
type DangerSample struct {
	features []string
	danger   bool
	weight   float64
}

// DangerSample describes a line for training, with the rules' verdict as a feature.
func (u *Understander) DangerSample(text string, danger bool, weight float64) DangerSample {
	un := u.readRules(text)
	features := dangerFeatures(un.runes, un.Tokens, un.Concepts, u.triage.cuesOf(un.Text), un.Triage.Level)
	return DangerSample{slices.Sorted(maps.Keys(features)), danger, weight}
}

// leastSeen is in how many examples a feature must stand to get a weight.
const leastSeen = 3

// FitDanger returns the model of the highest penalised likelihood. It is reproducible.
func FitDanger(samples []DangerSample, l2 float64) (*DangerModel, error) {
	ids, names := featuresOf(samples)
	if len(names) == 0 {
		return nil, fault.New(fault.BadRequest, "too few examples of danger to train on")
	}
	rows := make([][]int, len(samples))
	for i, s := range samples {
		for _, f := range s.features {
			if id, ok := ids[f]; ok {
				rows[i] = append(rows[i], id)
			}
		}
	}
	bias := len(names)
	problem := func(x, grad []float64) float64 {
		clear(grad)
		total := 0.0
		for i, row := range rows {
			sum := x[bias]
			for _, id := range row {
				sum += x[id]
			}
			p := sigmoid(sum)
			g := p
			if samples[i].danger {
				g--
				total -= samples[i].weight * math.Log(max(p, 1e-12))
			} else {
				total -= samples[i].weight * math.Log(max(1-p, 1e-12))
			}
			if grad != nil {
				g *= samples[i].weight
				for _, id := range row {
					grad[id] += g
				}
				grad[bias] += g
			}
		}
		for i := range names {
			total += 0.5 * l2 * x[i] * x[i]
			if grad != nil {
				grad[i] += l2 * x[i]
			}
		}
		return total
	}
	p := optimize.Problem{
		Func: func(x []float64) float64 { return problem(x, nil) },
		Grad: func(grad, x []float64) { problem(x, grad) },
	}
	res, err := optimize.Minimize(p, make([]float64, len(names)+1), &optimize.Settings{MajorIterations: 80, GradientThreshold: 1e-2}, &optimize.LBFGS{})
	if res == nil {
		return nil, fault.Wrap(fault.Internal, err, "training failed")
	}
	m := &DangerModel{bias: res.X[bias], weights: map[string]float64{}}
	for i, name := range names {
		if w := math.Round(res.X[i]*100) / 100; math.Abs(w) >= 0.03 {
			m.weights[name] = w
		}
	}
	return m, nil
}

// featuresOf numbers the features that are seen often enough, in the order of first sight.
func featuresOf(samples []DangerSample) (ids map[string]int, names []string) {
	counts := map[string]int{}
	for _, s := range samples {
		for _, f := range s.features {
			counts[f]++
		}
	}
	ids = map[string]int{}
	for _, s := range samples {
		for _, f := range s.features {
			if _, ok := ids[f]; !ok && counts[f] >= leastSeen {
				ids[f] = len(names)
				names = append(names, f)
			}
		}
	}
	return ids, names
}

// DangerProbability is the model's probability for a line, for choosing where it overrules.
func (u *Understander) DangerProbability(text string, m *DangerModel) (rules Level, p float64) {
	un := u.readRules(text)
	return un.Triage.Level, m.probability(dangerFeatures(un.runes, un.Tokens, un.Concepts, u.triage.cuesOf(un.Text), un.Triage.Level))
}
