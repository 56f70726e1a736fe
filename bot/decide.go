package bot

import (
	"cmp"
	"math"
	"slices"

	"shenwei/intents"
	"shenwei/kb"
)

// The costs of what may happen to a citizen, in the unit of two needless questions back. A
// wrong link sends her on a wrong way; a wrong article is read and put aside; silence
// leaves her where she was.
const (
	costWrongItem    = 1.2
	costWrongArticle = 0.75
	costAsk          = 0.55
	costSilence      = 1.6
	// costStranger is that of answering what is nobody's matter here.
	costStranger = 3.0
)

// Below these probabilities nothing is given as the answer, however cheap it seems: a guess
// among many is no answer.
const (
	leastItem    = 0.22
	leastArticle = 0.2
)

// knownMatter is how likely a line that names one of our documents or things must be ours to be
// asked back rather than declined.
const knownMatter = 0.35

// maxOptions is how many choices are offered at most.
const maxOptions = 5

// decide weighs item, article, asking back and declining by expected cost.
func (e *Engine) decide(c *turnCase) (*draft, string) {
	if d, reason := e.followUp(c); d != nil {
		return d, "follow-up: " + reason
	}
	if c.un.Act == intents.Locate {
		if d := e.locate(c); d != nil {
			return d, "asked for a place"
		}
	}
	if d, reason := e.several(c); d != nil {
		return d, reason
	}
	ranked := c.rank()
	if len(ranked.Entries) == 0 {
		return e.declineUnknown(c), "nothing to choose from"
	}
	if d, reason := e.completed(c, ranked); d != nil {
		return d, reason
	}
	d, reason := e.cheapest(c, ranked.Entries, likelihood(ranked))
	if d.action == Decline && d.article == "" {
		if on, why := e.goOn(c, ranked); on != nil {
			return on, why
		}
	}
	return d, reason
}

// cheapest picks the proposal of the least expected cost.
func (e *Engine) cheapest(c *turnCase, ranked []intents.Scored, p odds) (*draft, string) {
	wrong, least := costWrongItem, leastItem
	if ranked[0].Kind == kb.KindArticle {
		wrong, least = costWrongArticle, leastArticle
	}
	strange := 1 - p.ours
	answer := (p.ours-p.top)*wrong + strange*costStranger
	ask := costAsk + (p.ours-p.five)*costSilence + strange*costStranger/2
	silent := costSilence * p.ours
	if p.ours > knownMatter && namesObject(c.un) {
		silent = math.Inf(1) // «about driving licences»: too little to answer, enough to ask back
	}
	if p.top < least {
		answer = math.Inf(1)
	}
	top := ranked[0]
	switch {
	case silent < answer && silent < ask:
		return e.declineUnknown(c), "too little is certain to answer or to ask back"
	case ask < answer:
		return e.clarify(c, ranked, p), "several fit nearly as well"
	}
	if top.Kind == kb.KindArticle {
		a := e.know.Article(top.Code)
		d := c.answerArticle(a, p.top, "the best fit")
		d.options = e.related(a, c.rank())
		return d, "an article fits best"
	}
	d := c.answerItem(top.Code, c.un.Facet, p.top, "the best fit")
	d.lead = e.hoursNote(c, top.Code)
	if d.options = e.alternatives(ranked, p); len(d.options) > 0 {
		d.state.Open = opened(c.un.Text)
	}
	return d, "an item fits best"
}

// Beside an article stand at most maxRelated items: those that it leads to, and those that are
// likely themselves.
const (
	maxRelated    = 3
	likelyRelated = 0.03
)

// related are the items that an article leads to and those that fit nearly as well, the
// likeliest first.
func (e *Engine) related(a *kb.Article, ranked intents.Ranking) []Option {
	codes := slices.Clone(a.Related)
	for _, s := range ranked.Entries {
		if s.P < likelyRelated {
			break
		}
		if s.Kind == kb.KindItem && !slices.Contains(codes, s.Code) {
			codes = append(codes, s.Code)
		}
	}
	slices.SortStableFunc(codes, func(x, y string) int { return cmp.Compare(ranked.Probability(y), ranked.Probability(x)) })
	var options []Option
	for _, code := range codes[:min(maxRelated, len(codes))] {
		it := e.know.Item(code)
		options = append(options, Option{Code: it.Code, Label: it.Name, Hint: it.Choice})
	}
	return options
}

// hoursNote answers the part of a question that asks for opening hours: they are never
// invented, the booking page has them.
func (e *Engine) hoursNote(c *turnCase, code string) string {
	it := e.know.Item(code)
	switch {
	case it == nil || !c.un.Has("office-hours"):
		return ""
	case it.Trips == 0:
		return "网上提交不分周末和节假日；要去窗口或自助机的，各网点开放时间不同，请以预约页面为准。"
	}
	return "周末、节假日和中午是否开放，各网点不同，请先看预约页面，以预约页面为准。"
}

// odds are calibrated probabilities of one turn.
type odds struct {
	top  float64 // the best entry is right
	five float64 // one of the best five is right
	ours float64 // the line is about our service at all
}

// likelihood adds up the ranker's probabilities.
func likelihood(r intents.Ranking) odds {
	p := odds{ours: 1 - r.None}
	for i, s := range r.Entries[:min(maxOptions, len(r.Entries))] {
		if i == 0 {
			p.top = s.P
		}
		p.five += s.P
	}
	return p
}

// near is how far below the best a candidate may lie to be offered.
const near = 0.04

// clarify asks back with what fits nearly as well.
func (e *Engine) clarify(c *turnCase, ranked []intents.Scored, p odds) *draft {
	var options []Option
	for _, s := range ranked {
		if len(options) == maxOptions || s.P < near*ranked[0].P {
			break
		}
		options = append(options, e.option(s))
	}
	for _, s := range ranked[len(options):] { // never a question with one choice
		if len(options) >= 3 {
			break
		}
		options = append(options, e.option(s))
	}
	return c.askBack(options, e.questionFor(options), p.five, "several fit")
}

// questionFor is the question that tells the options apart: the one that the first item
// keeps for the second where there is one.
func (e *Engine) questionFor(options []Option) string {
	if len(options) >= 2 {
		if it := e.know.Item(options[0].Code); it != nil {
			for _, cf := range it.Confusable {
				if cf.Code == options[1].Code && cf.Question != "" {
					return cf.Question
				}
			}
		}
	}
	return "您是想办下面哪一件？"
}

// An answer this certain stands alone; beside a less certain one stand at most maxBeside
// others that are not much less likely.
const (
	certain   = 0.92
	beside    = 0.06
	maxBeside = 4
)

// alternatives are offered beside an answer that is likely but not certain.
func (e *Engine) alternatives(ranked []intents.Scored, p odds) []Option {
	if p.top > certain {
		return nil
	}
	var options []Option
	for _, s := range ranked[1:] {
		if len(options) == maxBeside || s.P < beside*ranked[0].P {
			break
		}
		options = append(options, e.option(s))
	}
	return options
}

// declineUnknown says honestly that nothing was recognised; the second time in a row it
// offers a person.
func (e *Engine) declineUnknown(c *turnCase) *draft {
	s := c.next()
	s.Misses, s.Open = c.turn.State.Misses+1, opened(c.un.Text)
	d := &draft{action: Decline, confidence: 0.6, state: s, reason: "outside the service or not understood"}
	d.lead = "这个问题我没有找到对应的公安业务。我能解答护照和港澳台证件、户口、身份证、居住证、驾驶证和车辆、交通违法、治安和网安备案等事情；其他政务问题可以拨打 12345。"
	if s.Misses >= 2 {
		d.lead = "还是没有听懂您的问题，抱歉。您可以换个说法，或直接转人工。"
		d.hotline = true
	}
	return d
}

// miss counts a turn that led nowhere; the second in a row is handed over.
func (e *Engine) miss(c *turnCase) *draft {
	if c.turn.State.Misses+1 >= 2 {
		return e.handOver(c, "misses")
	}
	d := e.declineUnknown(c)
	d.lead = "好的，都不是。请再说得具体一点，例如「什么证、要办什么、为什么办」，也可以发「转人工」。"
	return d
}
