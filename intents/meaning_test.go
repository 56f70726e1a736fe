package intents

import (
	"math"
	"reflect"
	"strings"
	"testing"

	"shenwei/kb"
)

func someNear(u *Understander, code string) Meaning {
	m := Meaning{Near: map[string]float32{}, Model: &MeaningModel{Model: "m", weights: [meaningCount]float64{4, 2, 1, 3}}}
	for i, e := range u.ranker.entries {
		m.Near[e.key] = float32(i%7) / 20
		if e.code == code {
			m.Near[e.key] = 0.9
		}
	}
	return m
}

// No endpoint, no difference: to the bit.
func TestWithoutVectorsNothingChanges(t *testing.T) {
	u := shared()
	for _, line := range []string{"护照快到期了怎么换", "车上牌", "今天天气", "孩子出生证明丢了能上户口吗", "how to renew passport"} {
		plain := u.Read(line)
		want := u.Rank(plain, nil)
		for name, m := range map[string]Meaning{
			"no model":   {Near: someNear(u, "CRJ-002").Near},
			"no vectors": {Model: someNear(u, "CRJ-002").Model},
			"no weights": {Near: someNear(u, "CRJ-002").Near, Model: &MeaningModel{Model: "m"}},
		} {
			un := u.Read(line)
			un.Meaning = m
			got := u.Rank(un, nil)
			if got.None != want.None || !reflect.DeepEqual(got.Entries, want.Entries) || !reflect.DeepEqual(got.all, want.all) {
				t.Errorf("%q with %s ranks otherwise", line, name)
			}
		}
	}
}

func TestVectorsMoveWhatTheyAreNear(t *testing.T) {
	u := shared()
	line := "那个小本子快不能用了" // says nothing that words could tell
	before := u.Rank(u.Read(line), nil).Probability("CRJ-002")
	un := u.Read(line)
	un.Meaning = someNear(u, "CRJ-002")
	un.Meaning.Model.weights = [meaningCount]float64{8, 2, 1, 0}
	after := u.Rank(un, nil)
	if got := after.Probability("CRJ-002"); got < before+0.1 {
		t.Errorf("%.4f before, %.4f with vectors", before, got)
	}
	un.Meaning.Model.weights = [meaningCount]float64{0, 0, 0, 8}
	if none := u.Rank(un, nil).None; none <= after.None {
		t.Errorf("none: %.4f, then %.4f", after.None, none)
	}
	sum := after.None
	for _, p := range after.all {
		sum += p
	}
	if math.Abs(sum-1) > 1e-9 {
		t.Errorf("probabilities add up to %v", sum)
	}
}

func TestTheWeightsOfVectorsAreFitted(t *testing.T) {
	u := shared()
	var samples []MeaningSample
	for i, it := range []string{"CRJ-002", "CRJ-006", "RK-001", "JJ-007", "ZA-001"} {
		for _, line := range []string{"这个怎么办", "我想问一下这个", "要什么", "多少钱", "要几天", "在哪里弄"} {
			un := u.Read(line)
			un.Meaning = someNear(u, it)
			samples = append(samples, u.MeaningSample(un, nil, func(_ EntryKind, code string) bool { return code == it }, false, 1))
			if i == 0 {
				elsewhere := u.Read(line)
				elsewhere.Meaning = Meaning{Near: map[string]float32{"item/CRJ-002": 0.1}}
				samples = append(samples, u.MeaningSample(elsewhere, nil, func(EntryKind, string) bool { return false }, true, 1))
			}
		}
	}
	m, err := FitMeaning(samples, 0.03)
	if err != nil {
		t.Fatal(err)
	}
	var none *MeaningModel
	before, after := none.Loss(samples), m.Loss(samples)
	if after > before/4 {
		t.Errorf("the loss went from %.3f to %.3f", before, after)
	}
	again, err := FitMeaning(samples, 0.03)
	if err != nil || *again != *m {
		t.Errorf("another fit of the same: %v, %v", again, err)
	}
	if _, err := FitMeaning(samples[:10], 0.03); err == nil {
		t.Error("ten questions are enough")
	}
	m.Model, m.Version = "bge-m3", "1"
	text, err := m.File("a note")
	if err != nil {
		t.Fatal(err)
	}
	back, err := ParseMeaningModel(text)
	if err != nil || back.Model != "bge-m3" || back.Version != "1" || math.Abs(back.weights[0]-m.weights[0]) > 0.001 {
		t.Errorf("%+v, %v", back, err)
	}
}

func TestAGradientIsTheSlope(t *testing.T) {
	u := shared()
	un := u.Read("护照怎么换")
	un.Meaning = someNear(u, "CRJ-002")
	samples := []MeaningSample{u.MeaningSample(un, nil, func(_ EntryKind, code string) bool { return code == "CRJ-006" }, false, 2)}
	x := []float64{0.5, -0.25, 1, 0.75}
	grad := make([]float64, meaningCount)
	meaningLoss(samples, x, 0.1, grad)
	for i := range x {
		const h = 1e-6
		up, down := append([]float64(nil), x...), append([]float64(nil), x...)
		up[i] += h
		down[i] -= h
		slope := (meaningLoss(samples, up, 0.1, nil) - meaningLoss(samples, down, 0.1, nil)) / (2 * h)
		if math.Abs(slope-grad[i]) > 1e-5 {
			t.Errorf("%s: gradient %v, slope %v", meaningNames[i], grad[i], slope)
		}
	}
}

func TestAFileOfVectorWeightsIsRead(t *testing.T) {
	good := "model: m\nversion: \"\"\nweights: {near: 1, share: 2, top: 3, none_near: 4}\n"
	if m, err := ParseMeaningModel(good); err != nil || m.weights != [meaningCount]float64{1, 2, 3, 4} {
		t.Errorf("%+v, %v", m, err)
	}
	for text, says := range map[string]string{
		"weights: {near: 1, share: 2, top: 3, none_near: 4}":                     "of which embedding model",
		"model: m\nweights: {near: 1}":                                           "lack weights.share",
		"model: m\nweights: {near: 1, share: 2, top: 3, none_near: 4, other: 5}": "unknown feature",
		"model: m\nweights: {near: 1000, share: 2, top: 3, none_near: 4}":        "between",
		"\t": "no YAML",
	} {
		if _, err := ParseMeaningModel(text); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v", text, err)
		}
	}
	if m, err := MeaningOf(&kb.Knowledge{}); m != nil || err != nil {
		t.Errorf("weights without a part for vectors: %v, %v", m, err)
	}
}
