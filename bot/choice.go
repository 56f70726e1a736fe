package bot

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"shenwei/intents"
	"shenwei/kb"
)

// choice reads a line as the answer to options that are open: a tap, a position, a label,
// a yes or a no.
func (e *Engine) choice(c *turnCase) (*draft, string) {
	if key := c.turn.Message.Choice; key != "" {
		if d := e.chosen(c, key); d != nil {
			return d, "tapped " + key
		}
		return nil, "the tapped choice is unknown"
	}
	if code := strings.ToUpper(strings.TrimSpace(c.turn.Message.Text)); e.know.Item(code) != nil {
		return e.chosen(c, code), "an item's code"
	}
	open := c.turn.State.Options
	if len(open) == 0 {
		return nil, "no options are open"
	}
	if key := pick(c.turn.State, c.un); key != "" {
		if d := e.chosen(c, key); d != nil {
			return d, "chose " + key
		}
	}
	if c.un.Act == intents.Deny {
		return e.miss(c), "none of the options"
	}
	if key := e.meant(c, open); key != "" {
		if d := e.chosen(c, key); d != nil {
			return d, "described " + key
		}
	}
	return nil, "not an answer to the options"
}

// The limits of choosing in words: a line this long is a new question; the option must be
// this likely and this much likelier than any other option.
const (
	describing = 14
	describedP = 0.2
	describedX = 2.5
)

// meant finds the option that a short line describes (「居住证的那个」), "" when none stands out.
func (e *Engine) meant(c *turnCase, open []Option) string {
	if c.un.Act != intents.Ask || utf8.RuneCountInString(c.un.Text) > describing {
		return ""
	}
	ranked := c.rank()
	key, best, second := "", 0.0, 0.0
	for _, o := range open {
		switch p := ranked.Probability(o.Key()); {
		case p > best:
			key, best, second = o.Key(), p, best
		case p > second:
			second = p
		}
	}
	if best < describedP || best < describedX*second {
		return ""
	}
	return key
}

// chosen answers a chosen item or article with the facet that was asked before.
func (e *Engine) chosen(c *turnCase, key string) *draft {
	facet := kb.Facet(c.turn.State.Asked)
	if facet == "" || facet == kb.Other {
		facet = kb.How
	}
	if e.know.Item(key) != nil {
		return c.answerItem(key, facet, 0.97, "chosen")
	}
	if a := e.know.Article(key); a != nil {
		return c.answerArticle(a, 0.97, "chosen")
	}
	return nil
}

// pick finds the option that a line means, "" when it means none.
func pick(s State, un *intents.Understanding) string {
	open := s.Options
	bare := strings.Trim(un.Text, ",。?! ")
	if n := intents.Ordinal(bare); n != 0 {
		if n < 0 {
			n = len(open)
		}
		if n <= len(open) {
			return open[n-1].Key()
		}
		return ""
	}
	if un.Act == intents.Confirm && len(open) == 1 && s.Question != "" {
		return open[0].Key() // only where it was asked: «好的» after an answer is no choice
	}
	said := kb.AskKey(un.Raw)
	if n, label := numbered(un.Raw); n > 0 && n <= len(open) && kb.AskKey(label) == kb.AskKey(open[n-1].Label) {
		return open[n-1].Key() // a tapped line of a menu, sent as it was shown
	}
	for _, o := range open {
		if said != "" && (said == kb.AskKey(o.Label) || said == kb.AskKey(o.Hint)) {
			return o.Key()
		}
	}
	return ""
}

// numbered reads a line of a list, 「2. 换发护照（到期）」: its number and its words without what
// stands in brackets at the end. n is 0 for any other line.
func numbered(line string) (n int, label string) {
	m := listed.FindStringSubmatch(line)
	if m == nil {
		return 0, ""
	}
	return int(m[1][0] - '0'), m[2]
}

var listed = regexp.MustCompile(`^\s*([1-9])\s*[.．、]\s*(.+?)(?:（[^（）]*）)?\s*$`)
