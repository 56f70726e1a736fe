package bot

import (
	"strings"
	"unicode/utf8"

	"shenwei/intents"
	"shenwei/kb"
)

// followUpWords begin or mark a line that goes on with the matter at hand.
var followUpWords = []string{"那", "那么", "它", "这个", "还要", "还需要", "另外", "如果", "呢", "也要", "这样"}

// followUp reads a line without a matter of its own as a question about the current item:
// another facet (「那多少钱」) or another person (「我老婆呢」).
func (e *Engine) followUp(c *turnCase) (*draft, string) {
	it := e.know.Item(c.turn.State.Item)
	if it == nil || ownMatter(c.un) || c.un.Act != intents.Ask {
		return nil, ""
	}
	short := utf8.RuneCountInString(c.un.Text) <= 18
	marked := false
	for _, w := range followUpWords {
		if strings.HasPrefix(c.un.Text, w) || strings.HasSuffix(strings.Trim(c.un.Text, "?。!,"), w) {
			marked = true
		}
	}
	switch {
	case c.un.Facet != kb.Other && (short || marked):
		if other := e.otherItem(c, it); other != nil {
			return other, "another item of the same matter"
		}
		return c.answerItem(it.Code, c.un.Facet, 0.9, "follow-up"), "another facet of " + it.Code
	case (marked || short) && len(c.un.Slots) > 0:
		if other := e.otherItem(c, it); other != nil {
			return other, "another person or condition"
		}
		return c.answerItem(it.Code, kb.Condition, 0.75, "follow-up"), "another person or condition for " + it.Code
	}
	return nil, ""
}

// ownMatter reports whether a line names a matter by itself.
func ownMatter(un *intents.Understanding) bool {
	for _, h := range un.Concepts {
		switch h.Kind {
		case kb.Object:
			return true
		case kb.Topic:
			switch h.ID {
			case "to-hongkong", "to-macao", "office-hours", "proxy", "hotel", "hotline":
			default:
				return true
			}
		}
	}
	return false
}

// otherItem asks again with the current item's name before the line: a neighbour that the
// new words fit clearly better takes over.
func (e *Engine) otherItem(c *turnCase, it *kb.Item) *draft {
	if len(c.un.Slots) == 0 {
		return nil
	}
	un := e.read.Read(objectOf(it) + c.un.Text)
	ranking := e.rankText(c.ctx, un)
	ranked := ranking.Entries
	if len(ranked) == 0 || ranked[0].Kind != kb.KindItem || ranked[0].Code == it.Code {
		return nil
	}
	for _, cf := range it.Confusable {
		if cf.Code != ranked[0].Code {
			continue
		}
		if ranked[0].P > 2*ranking.Probability(it.Code) {
			facet := c.un.Facet
			if facet == kb.Other {
				facet = kb.Condition
			}
			return c.answerItem(cf.Code, facet, 0.8, "follow-up to a neighbour")
		}
	}
	return nil
}

// objectOf is the plain name of what an item is about: its first alias, else its name.
func objectOf(it *kb.Item) string {
	if len(it.Tags) > 0 && len(it.Aliases) > 0 {
		return it.Aliases[0]
	}
	return it.Name
}
