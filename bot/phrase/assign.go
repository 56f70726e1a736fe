package phrase

import "strings"

// A fact belongs to what stands beside it: 成人40元 is another thing than 儿童40元, though both
// texts hold the same numbers. The signs around a fact, and the facts of other kinds beside it,
// tell what it belongs to.

// setting is what stands around a fact: within its part of an enumeration, else its clause.
type setting map[string]int

// The weights of a sign, a pair of signs and a fact in a setting.
const (
	weighsSign = 1
	weighsPair = 2
	weighsFact = 4
)

// settingOf reads what stands around a fact.
func settingOf(text []rune, facts []fact, f fact) setting {
	start, end := f.start, f.end
	bound := func(r rune) bool { return isMark(r) || r == '、' }
	for start > 0 && !bound(text[start-1]) {
		start--
	}
	for end < len(text) && !bound(text[end]) {
		end++
	}
	if contentIn(text, facts, start, end) == 0 { // 护照：120元
		if from := before(text, facts, start, bound); from >= 0 && !sameKind(facts, f, from, start) {
			start = from
		}
	}
	out := setting{}
	inside := func(i int) bool {
		for _, g := range facts {
			if i >= g.start && i < g.end && numeric(g.kind) {
				return true
			}
		}
		return false
	}
	for i := start; i < end; i++ {
		if !isHan(text[i]) || inside(i) {
			continue
		}
		if !isFiller(text[i]) {
			out[string(text[i])] = weighsSign
		}
		if i+1 < end && isHan(text[i+1]) && !inside(i+1) && !(isFiller(text[i]) && isFiller(text[i+1])) {
			out[string(text[i:i+2])] = weighsPair
		}
	}
	for _, g := range facts {
		if g.start >= start && g.end <= end && g.kind != f.kind {
			out["|"+g.id()] = weighsFact
		}
	}
	return out
}

// before is where the part before another one begins, -1 where there is none in its sentence.
func before(text []rune, facts []fact, start int, bound func(rune) bool) int {
	for i := start - 1; i > 0 && text[i] != '\n' && text[i] != '。'; i-- {
		if contentIn(text, facts, i, start) > 1 && (i == 0 || bound(text[i-1])) {
			return i
		}
	}
	return -1
}

// sameKind tells whether a part holds another fact of the same kind.
func sameKind(facts []fact, f fact, start, end int) bool {
	for _, g := range facts {
		if g.kind == f.kind && g.start >= start && g.end <= end {
			return true
		}
	}
	return false
}

func contentIn(text []rune, facts []fact, start, end int) int {
	n := 0
	for i := start; i < end; i++ {
		if isHan(text[i]) && !isFiller(text[i]) {
			n++
		}
	}
	for _, f := range facts {
		if f.start >= start && f.end <= end && numeric(f.kind) {
			for i := f.start; i < f.end; i++ {
				if isHan(text[i]) && !isFiller(text[i]) {
					n--
				}
			}
		}
	}
	return n
}

// weight is how much of a setting is in one of mine and in none of theirs.
func (s setting) weight(mine, theirs []setting) int {
	n := 0
	for key, w := range s {
		if holds(mine, key) && !holds(theirs, key) {
			n += w
		}
	}
	return n
}

func holds(all []setting, key string) bool {
	for _, s := range all {
		if s[key] > 0 {
			return true
		}
	}
	return false
}

// assigned refuses facts that belong to other things than in the source.
func (s *Source) assigned(w *wording) error {
	for _, group := range [][]kind{
		{kindMoney}, {kindLimit}, {kindAge}, {kindDate}, {kindClock}, {kindPhone}, {kindLink}, {kindMeasure}, {kindCount}, {kindOrdinal},
	} {
		if err := s.assignedIn(w, group[0]); err != nil {
			return err
		}
	}
	return nil
}

func (s *Source) assignedIn(w *wording, k kind) error {
	source, said := factsOf(s.facts, k), factsOf(w.facts, k)
	if distinct(source) < 2 || len(said) == 0 {
		return nil
	}
	settings := make([]setting, len(source))
	for i, f := range source {
		settings[i] = settingOf(s.runes, s.facts, f)
	}
	inOrder := ordered(source, said)
	for _, f := range said {
		var mine []setting
		for i, g := range source {
			if g.key == f.key {
				mine = append(mine, settings[i])
			}
		}
		around := settingOf(w.runes, w.facts, f)
		for i, g := range source {
			if g.key == f.key {
				continue
			}
			own, other := around.weight(mine, settings[i:i+1]), around.weight(settings[i:i+1], mine)
			if other > own || !inOrder && other == own {
				return blocked(CauseOrder, "%s", k)
			}
		}
	}
	return nil
}

func factsOf(facts []fact, k kind) []fact {
	var out []fact
	for _, f := range facts {
		if f.kind == k && !f.soft {
			out = append(out, f)
		}
	}
	return out
}

func distinct(facts []fact) int {
	seen := map[string]bool{}
	for _, f := range facts {
		seen[f.key] = true
	}
	return len(seen)
}

// ordered tells whether the facts that were said follow each other as in the source.
func ordered(source, said []fact) bool {
	i := 0
	for _, f := range said {
		for i < len(source) && source[i].key != f.key {
			i++
		}
		if i == len(source) {
			return false
		}
		i++
	}
	return true
}

// Dictionary holds the names of one release. It is immutable and safe for concurrent use.
type Dictionary struct{ names *names }

// trimmed is a text without the blanks at the ends of its lines.
func trimmed(text string) string {
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = strings.TrimSpace(lines[i])
	}
	return strings.TrimSpace(strings.Join(lines, "\n"))
}
