package phrase

import "strings"

// grams are the signs and the pairs of signs of a text, without what says nothing.
type grams struct {
	one map[rune]int
	two map[[2]rune]int
}

func newGrams(text []rune) grams {
	g := grams{map[rune]int{}, map[[2]rune]int{}}
	g.add(text)
	return g
}

func (g grams) add(text []rune) {
	for i, r := range text {
		if !isHan(r) {
			continue
		}
		g.one[r]++
		if i+1 < len(text) && isHan(text[i+1]) {
			g.two[[2]rune{r, text[i+1]}]++
		}
	}
}

// filler are signs that tell nothing about what a clause speaks of.
const filler = "的了呢吗吧啊哦呀和与及或在到去来把被给让跟就也还都会要能可以需请您你我他她它这那哪个是有为由从对于上下中里并而且但若如果时候话则即所之其将已经又再先后前用做办得着过很好等些么什怎不未没无非免别只仅才应须必"

func isFiller(r rune) bool { return strings.ContainsRune(filler, r) }

// clause is a part of a text between two marks.
type clause struct {
	start, end int
	text       []rune
	content    map[rune]bool
	sign       sign
	facts      []fact
}

const marks = "，。；！？：,;!?:\n（）()"

func isMark(r rune) bool { return strings.ContainsRune(marks, r) }

// readClauses cuts a text at its marks, never inside of a fact.
func readClauses(text []rune, facts []fact) []clause {
	inside := make([]bool, len(text))
	for _, f := range facts {
		for i := f.start; i < f.end; i++ {
			inside[i] = true
		}
	}
	var out []clause
	start := 0
	cut := func(end int) {
		if c := newClause(text, facts, start, end); len(c.text) > 0 {
			out = append(out, c)
		}
	}
	for i, r := range text {
		if isMark(r) && !inside[i] {
			cut(i)
			start = i + 1
		}
	}
	cut(len(text))
	return out
}

func newClause(text []rune, facts []fact, start, end int) clause {
	for start < end && (text[start] == ' ' || text[start] == '-') {
		start++
	}
	for end > start && text[end-1] == ' ' {
		end--
	}
	c := clause{start: start, end: end, text: text[start:end], content: map[rune]bool{}}
	if start == end {
		return c
	}
	for _, f := range facts {
		if f.start >= start && f.end <= end {
			c.facts = append(c.facts, f)
		}
	}
	for _, r := range c.text {
		if isHan(r) && !isFiller(r) && !isNumeral(r) {
			c.content[r] = true
		}
	}
	c.sign = readSign(text, c.facts, start, end)
	return c
}

// likeness of two clauses, 0 to 1: the share of signs that both have in the same order.
func likeness(a, b clause) float64 {
	n := len(a.text) + len(b.text)
	if n == 0 || len(b.text) > 3*len(a.text) || len(a.text) > 3*len(b.text) {
		return 0
	}
	return 2 * float64(inOrder(a.text, b.text)) / float64(n)
}

// inOrder is the length of the longest common subsequence.
func inOrder(a, b []rune) int {
	row := make([]int, len(b)+1)
	for _, x := range a {
		last := 0
		for j, y := range b {
			up := row[j+1]
			switch {
			case x == y:
				row[j+1] = last + 1
			case row[j] > up:
				row[j+1] = row[j]
			}
			last = up
		}
	}
	return row[len(b)]
}

// about is how much of what a clause speaks of another one speaks of, too.
func about(a, b clause) (signs int, share float64) {
	for r := range a.content {
		if b.content[r] {
			signs++
		}
	}
	for _, f := range a.facts {
		for _, g := range b.facts {
			if f.id() == g.id() && !f.soft {
				signs += 2
				break
			}
		}
	}
	if n := min(len(a.content), len(b.content)); n > 0 {
		return signs, float64(signs) / float64(n)
	}
	return signs, 0
}
