package intents

import "math"

// loss is the mean negative log likelihood with its penalty; grad, where not nil, is set to
// its gradient. x holds the weights of n features and those of none.
func loss(samples []Sample, x []float64, n int, l2 float64, grad []float64) float64 {
	clear(grad)
	var total, weight float64
	scores := make([]float64, 0, 2*sampleItems)
	for i := range samples {
		s := &samples[i]
		weight += s.weight
		total += s.weight * one(s, x, n, scores, grad)
	}
	for i := range x {
		if i == n {
			continue // the bias of none
		}
		total += 0.5 * l2 * x[i] * x[i]
		if grad != nil {
			grad[i] += l2 * x[i]
		}
	}
	weight = max(weight, 1)
	for i := range grad {
		grad[i] /= weight
	}
	return total / weight
}

// one adds a sample's gradient and returns its negative log likelihood.
func one(s *Sample, x []float64, n int, scores, grad []float64) float64 {
	none := 0.0
	for i, v := range s.none {
		none += x[n+i] * float64(v)
	}
	top := none
	scores = scores[:0]
	for i := range s.features {
		sum := 0.0
		for j, v := range s.features[i][:n] {
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
			for j, v := range s.features[i][:n] {
				if v != 0 {
					grad[j] += g * float64(v)
				}
			}
		}
		g := push(math.Exp(none-top), s.noneOK)
		for i, v := range s.none {
			grad[n+i] += g * float64(v)
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
	scores := make([]float64, 0, 2*sampleItems)
	for i := range samples {
		if samples[i].usable() {
			s := samples[i]
			s.weight = 1
			s.stage(m)
			total += one(&s, x, int(featureCount), scores, nil)
			n++
		}
	}
	return total / float64(max(1, n))
}
