package bot

import (
	"strings"

	"shenwei/intents"
	"shenwei/kb"
)

// draft is what a policy proposes; compose makes the reply of it.
type draft struct {
	action     Action
	items      []ItemHit
	article    string
	options    []Option
	confidence float64
	facet      kb.Facet
	// lead is a sentence before the cards.
	lead string
	// question is asked with the options.
	question string
	// danger is the kind of an emergency; caution that of a caution block.
	danger, caution string
	// outlets are listed instead of those of the place that the line names; nil for none.
	outlets *places
	// hotline adds the hotline's card.
	hotline bool
	ticket  *Ticket
	state   State
	reason  string
}

func (d *draft) names(code string) bool {
	if d.article == code {
		return true
	}
	for _, it := range d.items {
		if it.Code == code {
			return true
		}
	}
	return false
}

// next is the state after a turn that was understood: misses are over, options closed,
// slots remembered.
func (c *turnCase) next() State {
	s := c.turn.State
	s.Misses, s.Options, s.Asked, s.Open = 0, nil, "", ""
	s.Cheat = s.Cheat || c.cheat()
	if ownMatter(c.un) {
		s.Question = c.un.Text
	}
	if len(c.un.Slots) > 0 {
		slots := make(map[string]string, len(s.Slots)+len(c.un.Slots))
		for k, v := range s.Slots {
			slots[k] = v
		}
		for k, v := range c.un.Slots {
			slots[k] = v
		}
		s.Slots = slots
	}
	return s
}

// cheat reports whether the line speaks of a fraud.
func (c *turnCase) cheat() bool {
	return c.un.Has("fraud") || strings.HasPrefix(c.un.Triage.Kind, "fraud")
}

// answerItem proposes one item.
func (c *turnCase) answerItem(code string, facet kb.Facet, confidence float64, reason string) *draft {
	s := c.next()
	s.Item, s.Article, s.Facet, s.Cheat = code, "", string(facet), c.cheat()
	return &draft{
		action: Answer, items: []ItemHit{{code, facet, confidence}}, facet: facet, confidence: confidence, state: s, reason: reason,
	}
}

// answerArticle proposes one article; what is not ours is a decline with where to go.
func (c *turnCase) answerArticle(a *kb.Article, confidence float64, reason string) *draft {
	s := c.next()
	s.Item, s.Article, s.Facet = "", a.ID, ""
	d := &draft{action: Answer, article: a.ID, facet: c.un.Facet, confidence: confidence, state: s, caution: a.Caution, reason: reason}
	if a.Kind == kb.KindElsewhere {
		d.action = Decline
	}
	return d
}

// askBack proposes choices, at most five.
func (c *turnCase) askBack(options []Option, question string, confidence float64, reason string) *draft {
	s := c.next()
	s.Options, s.Asked, s.Question, s.Open = options, string(c.un.Facet), c.un.Text, opened(c.un.Text)
	return &draft{action: Clarify, options: options, question: question, facet: c.un.Facet, confidence: confidence, state: s, reason: reason}
}

// option makes a choice of a ranked entry.
func (e *Engine) option(s intents.Scored) Option {
	if s.Kind == kb.KindItem {
		it := e.know.Item(s.Code)
		return Option{Code: it.Code, Label: it.Name, Hint: it.Choice}
	}
	a := e.know.Article(s.Code)
	return Option{ID: a.ID, Label: a.Title}
}
