package kb

import (
	"strings"
)

// goldRow is a gold question as the content check sees it.
type goldRow struct{ id, question, action, codes string }

func goldRows(docs []Document) []goldRow {
	var rows []goldRow
	for _, d := range docs {
		if d.Kind != KindGold || !strings.HasSuffix(d.ID, ".tsv") {
			continue
		}
		for _, r := range GoldRows(d) {
			rows = append(rows, goldRow{r.ID, r.Question, r.Action, strings.Join(r.Codes, "|")})
		}
	}
	return rows
}

// gold: questions are no copies of asks, most do without official names, none is made by a
// pattern, and every item has some.
func (c *contentChecker) gold(docs []Document) {
	rows := goldRows(docs)
	if len(rows) == 0 {
		c.say("gold", "there are no gold questions")
		return
	}
	idx := newOverlap(c.k)
	named, perItem := 0, map[string]int{}
	patterns := map[string]int{}
	for _, r := range rows {
		if score, ask := idx.nearest(r.question); score >= maxGoldOverlap {
			c.say("gold", "%s %q overlaps by %.2f with the ask %q: change the ask, gold is frozen", r.id, r.question, score, ask)
		}
		codes := strings.Split(r.codes, "|")
		if r.action == "answer" {
			perItem[codes[0]]++
		}
		if c.containsName(r.question, codes) {
			named++
		}
		patterns[patternOf(r.question)]++
	}
	if share := float64(named) / float64(len(rows)); share > maxNamedGold {
		c.say("gold", "%.0f %% of the questions hold an official name or alias; at most a third may", 100*share)
	}
	for _, p := range sortedKeysOf(patterns) {
		if p != "" && float64(patterns[p]) > maxPatternShare*float64(len(rows)) {
			c.say("gold", "the pattern %q makes %d of %d questions", p, patterns[p], len(rows))
		}
	}
	for _, it := range c.k.Items {
		if perItem[it.Code] < 3 {
			c.say(itemPath(it.Code), "%d gold questions, at least 3 are wanted", perItem[it.Code])
		}
	}
}

func (c *contentChecker) containsName(question string, codes []string) bool {
	for _, code := range codes {
		it := c.k.Item(code)
		if it == nil {
			continue
		}
		for _, n := range append([]string{it.Name}, it.Aliases...) {
			if strings.Contains(question, n) {
				return true
			}
		}
	}
	return false
}

// patternOf is the frame of a question: its first and last five characters, "" for a short one.
func patternOf(q string) string {
	r := []rune(AskKey(q))
	const edge = 5
	if len(r) < 3*edge {
		return ""
	}
	return string(r[:edge]) + "…" + string(r[len(r)-edge:])
}

// overlap finds the ask that shares most character bigrams with a question (Dice).
type overlap struct {
	asks     []string
	sizes    []int
	postings map[string][]int32
}

func newOverlap(k *Knowledge) *overlap {
	o := &overlap{postings: map[string][]int32{}}
	add := func(asks []string) {
		for _, a := range asks {
			grams := bigrams(AskKey(a))
			n := int32(len(o.asks)) //nolint:gosec // bounded by the knowledge
			o.asks, o.sizes = append(o.asks, a), append(o.sizes, len(grams))
			for g := range grams {
				o.postings[g] = append(o.postings[g], n)
			}
		}
	}
	for _, it := range k.Items {
		add(it.Asks)
		if it.English != nil {
			add(it.English.Asks)
		}
	}
	for _, a := range k.Articles {
		add(a.Asks)
	}
	return o
}

func bigrams(s string) map[string]bool {
	r := []rune(s)
	set := make(map[string]bool, len(r))
	for i := 0; i+1 < len(r); i++ {
		set[string(r[i:i+2])] = true
	}
	return set
}

// shortGold is how many characters a question may have to be no copy whatever it shares: two
// people who type the same three words have not copied each other.
const shortGold = 8

func (o *overlap) nearest(q string) (score float64, ask string) {
	if len([]rune(AskKey(q))) < shortGold {
		return 0, ""
	}
	n, score := o.resembling(q, func(int32) bool { return true })
	if n < 0 {
		return 0, ""
	}
	return score, o.asks[n]
}

// resembling finds, among the asks that count, the one that shares most with a question; -1
// when none shares anything. Equals go to the ask that comes first in the alphabet.
func (o *overlap) resembling(q string, counts func(n int32) bool) (best int32, score float64) {
	grams := bigrams(AskKey(q))
	shared := map[int32]int{}
	for g := range grams {
		for _, n := range o.postings[g] {
			shared[n]++
		}
	}
	best = -1
	for n, s := range shared {
		d := 2 * float64(s) / float64(len(grams)+o.sizes[n])
		if (d > score || best >= 0 && d == score && o.asks[n] < o.asks[best]) && counts(n) {
			best, score = n, d
		}
	}
	return best, score
}
