package intents

import (
	"math"
	"sort"
	"strconv"
	"strings"

	"shenwei/internal/fault"
	"shenwei/kb/segment"
)

// DangerModel is the learned half of the triage: a logistic regression over the words,
// pairs of characters, concepts and cues of a line. The rules know what was thought of; the
// model knows what thousands of written examples have in common. It is a list of weights
// that can be read.
type DangerModel struct {
	bias    float64
	weights map[string]float64
}

// Where the model overrules the rules: above alarm it raises one that they did not, below
// calm it makes a caution of one that they did. Both were chosen on examples that the
// model was not fitted to: see docs/understanding.md.
const (
	alarm = 0.5
	calm  = 0.2
)

// ParseDangerModel reads the model's file: a line «feature<TAB>weight» each, sorted.
func ParseDangerModel(text string) (*DangerModel, error) {
	m := &DangerModel{weights: map[string]float64{}}
	n := 0
	for line := range strings.Lines(text) {
		n++
		line = strings.TrimRight(line, "\n")
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, value, ok := strings.Cut(line, "\t")
		w, err := strconv.ParseFloat(value, 64)
		if !ok || err != nil || math.IsNaN(w) || math.Abs(w) > 100 {
			return nil, fault.New(fault.BadRequest, "the danger model's weights, line %d: write a feature, a tab and a number", n)
		}
		if name == "bias" {
			m.bias = w
			continue
		}
		m.weights[name] = w
	}
	if len(m.weights) == 0 {
		return nil, fault.New(fault.BadRequest, "the danger model's weights are missing")
	}
	return m, nil
}

// File returns the model as a file, the strongest weights first where a person looks.
func (m *DangerModel) File(note string) string {
	names := make([]string, 0, len(m.weights))
	for n := range m.weights {
		names = append(names, n)
	}
	sort.Slice(names, func(i, j int) bool {
		a, b := math.Abs(m.weights[names[i]]), math.Abs(m.weights[names[j]])
		if a != b {
			return a > b
		}
		return names[i] < names[j]
	})
	var b strings.Builder
	b.WriteString("# " + note + "\nbias\t" + strconv.FormatFloat(m.bias, 'f', 2, 64) + "\n")
	for _, n := range names {
		b.WriteString(n + "\t" + strconv.FormatFloat(m.weights[n], 'f', 2, 64) + "\n")
	}
	return b.String()
}

// probability is how likely a line with these features tells of a danger under way. Weights have
// two decimals and are added up in whole hundredths: in any order the sum is the same.
func (m *DangerModel) probability(features map[string]bool) float64 {
	hundredths := 0.0
	for f := range features {
		hundredths += math.Round(100 * m.weights[f])
	}
	return sigmoid(m.bias + hundredths/100)
}

func sigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

// dangerFeatures are what the model sees of a line, each once.
func dangerFeatures(runes []rune, tokens []segment.Token, concepts []ConceptHit, cues []found, level Level) map[string]bool {
	seen := make(map[string]bool, 3*len(runes)+2*len(tokens))
	add := func(f string) { seen[f] = true }
	for i, r := range runes {
		if isPause(r) {
			continue
		}
		add("1" + string(r))
		if i+1 < len(runes) && !isPause(runes[i+1]) {
			add("2" + string(runes[i:i+2]))
			if i+2 < len(runes) && !isPause(runes[i+2]) && !latin(r) {
				add("3" + string(runes[i:i+3]))
			}
		}
	}
	for _, t := range tokens {
		add("w" + t.Text)
	}
	for _, c := range concepts {
		add("c" + c.ID)
	}
	for _, c := range cues {
		add("q" + c.class)
	}
	add("level" + string(level))
	switch n := len(runes); {
	case n <= 6:
		add("len6")
	case n <= 15:
		add("len15")
	case n > 60:
		add("len60")
	}
	return seen
}

// settle joins the rules' verdict with the model's.
func (u *Understander) settle(un *Understanding) {
	if u.danger == nil || un.Triage.Level == Refuse {
		return
	}
	cues := u.triage.cuesOf(un.Text)
	p := u.danger.probability(dangerFeatures(un.runes, un.Tokens, un.Concepts, cues, un.Triage.Level))
	switch {
	case un.Triage.Level == Danger && p < calm && !certain(un.Triage, cues):
		un.Triage.Level, un.Triage.Why = Caution, "the examples say that nothing is under way"
	case un.Triage.Level != Danger && p >= alarm && un.Act == Ask: // 「第二个吧」 and 「再见」 are no cries
		un.Triage = Triage{Level: Danger, Kind: kindAmong(cues), Cue: "examples", Why: "like the examples of a danger under way"}
	}
}

// never are kinds of danger that no examples calm: each hour counts, and a calm question
// about them (「孩子走丢了能先调监控吗」) is no sign that it is over.
var never = setOf("selfharm", "missing", "confinement", "domestic", paidKind)

// certain reports whether no examples may calm what the rules found: a kind that is never
// calmed, a weapon that is held, and what is told as going on now.
func certain(t Triage, cues []found) bool {
	return never[t.Kind] || t.Why == "going on now" || present(cues, "wield") && present(cues, "weapon")
}

// kindAmong is the kind of danger that most cues of a line name; a cry for help when none does.
func kindAmong(cues []found) string {
	counts := map[string]int{}
	best := unnamedKind
	for _, c := range cues {
		if _, ok := dangerCues[c.class]; ok && c.class != unnamedKind {
			if counts[c.class]++; counts[c.class] > counts[best] {
				best = c.class
			}
		}
	}
	return best
}
