package phrase

import "strings"

// denials compares what is denied: nothing that the source does not deny, and all that it does.
func (s *Source) denials(w *wording) error {
	for _, c := range w.clauses {
		for _, scope := range c.sign.denied {
			if !denied(scope, c, s.clauses) {
				return blocked(CausePolarity, "a no of nothing in the source")
			}
		}
	}
	if w.part {
		return nil
	}
	for _, b := range s.clauses {
		for _, scope := range b.sign.denied {
			if !denied(scope, b, w.clauses) {
				return blocked(CausePolarity, "a no is missing")
			}
		}
	}
	return nil
}

// denied tells whether one of the clauses denies the same: a sign of what is denied, or a clause
// about the same matter. Of a clause that is hardly more than its no, any no will do.
func denied(scope map[rune]bool, c clause, in []clause) bool {
	for _, b := range in {
		if b.sign.nots == 0 {
			continue
		}
		if n, _ := about(c, b); n >= 2 || len(c.content) <= 1 || len(b.content) <= 1 {
			return true
		}
		for _, other := range b.sign.denied {
			for r := range scope {
				if other[r] {
					return true
				}
			}
		}
	}
	return false
}

// covers refuses a text that leaves out who or what alone is meant, or is not, or that it is free.
func (s *Source) covers(w *wording) error {
	if has(s.clauses, senseFree) != has(w.clauses, senseFree) {
		return blocked(CausePolarity, "free")
	}
	if d, m := demands(w.clauses)-demands(s.clauses), sum(w.clauses, senseMay)-sum(s.clauses, senseMay); d > 0 && m < 0 || d < 0 && m > 0 && s.strictly(w) {
		return blocked(CausePolarity, "must and may")
	}
	for _, b := range s.clauses {
		if b.sign.has[senseExcept] && !covered(b, w.clauses) {
			return blocked(CausePolarity, "an exception is missing")
		}
		if b.sign.has[senseOnly] && !covered(b, w.clauses) {
			return blocked(CausePolarity, "only is missing")
		}
	}
	return nil
}

// demandWords demand in so many words.
var demandWords = []string{"必须", "务必", "应当", "一定要", "须"}

// demands counts the words of a text that demand.
func demands(all []clause) int {
	n := 0
	for _, c := range all {
		text := strings.ReplaceAll(strings.ReplaceAll(string(c.text), "无须", ""), "须知", "")
		for _, w := range demandWords {
			n += strings.Count(text, w)
			text = strings.ReplaceAll(text, w, "")
		}
	}
	return n
}

func sum(all []clause, x sense) int {
	n := 0
	for _, c := range all {
		n += c.sign.of[x]
	}
	return n
}

// strictly tells whether a text that demands less often than the source demands less: 要 and 得 do,
// too, where there are more of them.
func (s *Source) strictly(w *wording) bool {
	return sum(w.clauses, senseMust) < sum(s.clauses, senseMust)
}

func has(all []clause, x sense) bool {
	for _, c := range all {
		if c.sign.has[x] {
			return true
		}
	}
	return false
}

// covered tells whether a clause of the source that limits has one that speaks of the same and
// limits, too.
func covered(b clause, said []clause) bool {
	for _, c := range said {
		limits := c.sign.binds() || c.sign.has[senseOnly]
		if b.sign.has[senseExcept] {
			limits = c.sign.nots > 0
		}
		if !limits {
			continue
		}
		if n, _ := about(b, c); n >= 2 || len(b.content) <= 2 {
			return true
		}
	}
	return false
}
