package phrase

import "strings"

// The limits by which clauses are compared: above nearlySame the clause is the source's own with
// a few signs changed, and each change counts; above sameMatter both speak of the same.
const (
	nearlySame = 0.66
	sameMatter = 0.5
)

const negators = "不未没无非免别勿禁莫"

// senses refuses a clause that says yes where the source says no, may where it says must.
func (s *Source) senses(w *wording) error {
	for _, c := range w.clauses {
		like, best := s.closest(c)
		if best < 0 {
			continue
		}
		if like >= nearlySame {
			if err := s.sameSense(c, s.clauses[best]); err != nil && !s.elsewhereSame(c, like) {
				return err
			}
			continue
		}
		if err := s.compatible(c); err != nil {
			return err
		}
	}
	return nil
}

// closest is the source's clause that a clause is most like.
func (s *Source) closest(c clause) (like float64, best int) {
	best = -1
	for i, b := range s.clauses {
		if l := likeness(c, b); l > like || best < 0 {
			like, best = l, i
		}
	}
	return like, best
}

// elsewhereSame tells whether another clause of the source is as like and has the same sense.
func (s *Source) elsewhereSame(c clause, like float64) bool {
	for _, b := range s.clauses {
		if l := likeness(c, b); l >= like-0.001 && s.sameSense(c, b) == nil {
			return true
		}
	}
	return false
}

// sameSense compares a clause with the source's own that it nearly is.
func (s *Source) sameSense(c, b clause) error {
	if count(c.text, negators)%2 != count(b.text, negators)%2 {
		return blocked(CausePolarity, "not")
	}
	x, y := c.sign, b.sign
	switch {
	case x.has[senseOnly] != y.has[senseOnly] && !(y.has[senseOnly] && (x.strict() || x.nots > 0)) && !(x.has[senseOnly] && (y.strict() || y.nots > 0)):
		return blocked(CausePolarity, "only")
	case x.has[senseExcept] != y.has[senseExcept] && x.nots == y.nots:
		return blocked(CausePolarity, "except")
	case flips(x, y, senseMost, senseLeast), flips(x, y, senseBefore, senseAfter):
		return blocked(CausePolarity, "limit")
	case turned(x, y):
		return blocked(CausePolarity, "must and may")
	case x.has[senseOr] != y.has[senseOr]:
		return blocked(CausePolarity, "or")
	case x.has[senseFree] != y.has[senseFree] && x.nots != y.nots:
		return blocked(CausePolarity, "free")
	}
	return nil
}

// strict tells whether a clause demands.
func (s sign) strict() bool { return s.has[senseMust] }

// flips tells whether one clause has the one sense and the other clause the other.
func flips(x, y sign, one, two sense) bool {
	return x.has[one] && !x.has[two] && y.has[two] && !y.has[one] || x.has[two] && !x.has[one] && y.has[one] && !y.has[two]
}

// turned tells whether what may be done must be done in the other clause, or the reverse.
func turned(x, y sign) bool {
	if x.nots > 0 && y.nots > 0 {
		return x.has[senseBanned] && y.has[senseNeedNot] && !x.has[senseNeedNot] || x.has[senseNeedNot] && y.has[senseBanned] && !x.has[senseBanned]
	}
	return flips(x, y, senseMust, senseMay)
}

func count(text []rune, of string) int {
	n := 0
	for _, r := range text {
		if strings.ContainsRune(of, r) {
			n++
		}
	}
	return n
}

// compatible compares a clause in words of its own with those clauses of the source that speak
// of the same: one of them must agree.
func (s *Source) compatible(c clause) error {
	most := 0
	for _, b := range s.clauses {
		if n, share := about(c, b); share >= sameMatter {
			most = max(most, n)
		}
	}
	if most < 2 {
		if c.sign.nots > 0 && len(c.content) >= 2 && !s.negates() {
			return blocked(CausePolarity, "not, of nothing in the source")
		}
		return nil
	}
	var problem error
	for _, b := range s.clauses {
		if n, share := about(c, b); share < sameMatter || n < most-1 {
			continue
		}
		switch {
		case (c.sign.nots > 0) != (b.sign.nots > 0):
			problem = blocked(CausePolarity, "not")
		case c.sign.nots == 0 && turned(c.sign, b.sign) && strong(c.text, b.text):
			problem = blocked(CausePolarity, "must and may")
		default:
			return nil
		}
	}
	return problem
}

// strong tells whether one of two clauses demands in so many words: 要 and 需 are weak.
func strong(a, b []rune) bool {
	for _, t := range []string{string(a), string(b)} {
		for _, w := range []string{"必须", "务必", "应当", "一定要", "须"} {
			if strings.Contains(t, w) {
				return true
			}
		}
	}
	return false
}

func (s *Source) negates() bool {
	for _, b := range s.clauses {
		if b.sign.nots > 0 {
			return true
		}
	}
	return false
}

// covers refuses a text that leaves out a limit or a no of the source.
func (s *Source) covers(w *wording) error {
	if has(s.clauses, senseFree) != has(w.clauses, senseFree) {
		return blocked(CausePolarity, "free")
	}
	for _, b := range s.clauses {
		if !b.sign.binding() {
			continue
		}
		if !covered(b, w.clauses) {
			return blocked(CausePolarity, "a limit is missing")
		}
	}
	return nil
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
// limits, too. Of a clause that is hardly more than its no, any no will do.
func covered(b clause, said []clause) bool {
	for _, c := range said {
		limits := c.sign.nots > 0
		if b.sign.nots == 0 { // only
			limits = c.sign.nots > 0 || c.sign.has[senseOnly] || c.sign.strict() || c.sign.has[senseExcept]
		}
		if !limits {
			continue
		}
		if len(b.content) <= 2 {
			return true
		}
		if n, _ := about(b, c); n >= 2 {
			return true
		}
	}
	return false
}
