package phrase

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// The limits by which clauses are compared: above nearlySame the clause is the source's own with
// a few signs changed, and each change counts; above sameMatter both speak of the same.
const (
	nearlySame = 0.7
	sameMatter = 0.5
)

const negators = "不未没无非免别勿禁莫"

// senses refuses a clause that says yes where the source says no, may where it says must.
func (s *Source) senses(w *wording) error {
	next := 0 // the source's clause that comes after the one before, -1 where that is not known
	for i, c := range w.clauses {
		like, best := s.closest(c)
		if like < nearlySame && len(c.text) <= shortest && next >= 0 && next < len(s.clauses) && len(s.clauses[next].text) <= shortest && likeness(c, s.clauses[next]) >= shortLike {
			like, best = nearlySame, next // 别交 where the source goes on with 要交
		}
		next = -1
		if like >= nearlySame {
			next = best + 1
			if err := s.sameSense(c, s.clauses[best]); err != nil && !s.elsewhereSame(c, like) && !s.parted(w, i, s.clauses[best]) {
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

// A clause of at most so many signs is compared with the one that comes next in the source when
// it is this like it.
const (
	shortest  = 6
	shortLike = 0.33
)

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

// parted tells whether a clause of the source was said in two, and both together have its sense:
// 没带就报姓名 as 没带的话，报上姓名.
func (s *Source) parted(w *wording, i int, b clause) bool {
	alone := inOrder(w.clauses[i].text, b.text)
	for _, pair := range [][2]int{{i - 1, i}, {i, i + 1}} {
		if pair[0] < 0 || pair[1] >= len(w.clauses) {
			continue
		}
		both := newClause(w.runes, w.facts, w.clauses[pair[0]].start, w.clauses[pair[1]].end)
		rest := string(without(b.text, w.clauses[i].text)) // what the clause lacks may stand before or behind it
		moved := utf8.RuneCountInString(rest) > leastMore && strings.Contains(string(b.text), rest) &&
			strings.Contains(string(w.clauses[pair[0]+pair[1]-i].text), rest)
		if (moved || inOrder(both.text, b.text) >= alone+leastMore) && s.sameSense(both, b) == nil {
			return true
		}
	}
	return false
}

// without are the signs of a text that another one does not have, as often as it has them.
func without(text, other []rune) []rune {
	has := map[rune]int{}
	for _, r := range other {
		has[r]++
	}
	var out []rune
	for _, r := range text {
		if has[r]--; has[r] < 0 {
			out = append(out, r)
		}
	}
	return out
}

// leastMore is how many signs more of the source's clause two clauses together must have.
const leastMore = 2

// sameSense compares a clause with the source's own that it nearly is.
func (s *Source) sameSense(c, b clause) error {
	if negations(c.text)%2 != negations(b.text)%2 {
		return blocked(CausePolarity, "not")
	}
	x, y := c.sign, b.sign
	switch {
	case x.has[senseOnly] && !y.has[senseOnly] && !y.binds(), y.has[senseOnly] && !x.has[senseOnly] && !x.binds():
		return blocked(CausePolarity, "only")
	case x.has[senseExcept] && y.nots == 0, y.has[senseExcept] && x.nots == 0:
		return blocked(CausePolarity, "except")
	case traded(x, y, senseMost, senseLeast), traded(x, y, senseMost, senseExcept), traded(x, y, senseBefore, senseAfter):
		return blocked(CausePolarity, "limit")
	case traded(x, y, senseMust, senseMay), traded(x, y, senseBanned, senseNeedNot), traded(x, y, senseCannot, senseNeedNot):
		return blocked(CausePolarity, "must and may")
	case traded(x, y, senseOr, senseAnd):
		return blocked(CausePolarity, "or")
	case x.has[senseFree] != y.has[senseFree] && x.nots != y.nots:
		return blocked(CausePolarity, "free")
	}
	return otherNames(c, b)
}

// binds tells whether a clause demands or denies.
func (s sign) binds() bool { return s.strict() || len(s.denied) > 0 }

// traded tells whether one clause has more of the one sense and less of the other.
func traded(x, y sign, one, two sense) bool {
	return x.of[one] > y.of[one] && x.of[two] < y.of[two] || x.of[one] < y.of[one] && x.of[two] > y.of[two]
}

// otherNames refuses a clause that has one name in the place of another.
func otherNames(c, b clause) error {
	more, less := "", ""
	for _, k := range []kind{kindThing, kindOrgan, kindItem} {
		for _, f := range namesOf(c, k) {
			if !slices.Contains(namesOf(b, k), f) {
				more = f
			}
		}
		for _, f := range namesOf(b, k) {
			if !slices.Contains(namesOf(c, k), f) {
				less = f
			}
		}
	}
	if more != "" && less != "" {
		return blocked(CauseName, "another name")
	}
	return nil
}

func namesOf(c clause, k kind) []string {
	var out []string
	for _, f := range c.facts {
		if f.kind == k {
			out = append(out, f.key)
		}
	}
	return out
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

// joiners hold a negation's sign and deny nothing; people put them anywhere.
var joiners = wordSet(`没了 找不着 找不到 不见了 不过 不仅 不但 不然 不管 不论 无论 要不然 否则 只不过 是不是 能不能 要不要 有没有 需不需要 可不可以 会不会 不用担心 别担心 别着急 不用着急 不着急 别急 不要紧 没关系 不妨 差不多 别人 别的 别处 特别 级别 类别 区别 分别 识别 个别 性别 辨别 别家 别名 非要 不一会 不清楚 不明白 不确定 不知道`)

// negations counts the signs of a clause that deny; both of 不得不 count.
func negations(text []rune) int {
	n, skip := 0, joiners.covered(text)
	for i, r := range text {
		if strings.ContainsRune(negators, r) && !skip[i] && (i == 0 || whether(text, i-1) == 0) {
			n++
		}
	}
	return n
}

// compatible compares the must and may of a clause in words of its own with those clauses of the
// source that speak of the same: one of them must agree.
func (s *Source) compatible(c clause) error {
	var problem error
	for _, b := range s.clauses {
		n, share := about(c, b)
		if n < 2 || share < sameMatter {
			continue
		}
		if c.sign.nots > 0 || b.sign.nots > 0 || !turned(c.sign, b.sign) || !strong(c.text, b.text) {
			return nil
		}
		problem = blocked(CausePolarity, "must and may")
	}
	return problem
}

// strong tells whether one of two clauses demands in so many words: 要 and 需 are weak.
func strong(a, b []rune) bool {
	for _, t := range []string{string(a), string(b)} {
		for _, w := range demandWords {
			if strings.Contains(t, w) {
				return true
			}
		}
	}
	return false
}
