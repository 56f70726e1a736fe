// Package bot answers citizens. Engine turns one line with its conversation's state into a
// reply (policies.go is the chain, top to bottom); Front receives lines, keeps their order
// and commits what the engine decided.
package bot

import (
	"context"
	"time"

	"shenwei/intents"
	"shenwei/internal/trail"
	"shenwei/kb"
)

// Search finds documents of the knowledge: keys "item/CODE" or "article/ID" with their
// score divided by the best one, at most n.
type Search func(ctx context.Context, un *intents.Understanding, n int) (map[string]float64, error)

// Engine answers with one release. It never changes and is safe for concurrent use: what
// it answers depends on release, conversation state and message alone.
type Engine struct {
	know      *kb.Knowledge
	read      *intents.Understander
	search    Search
	site      Site
	release   int64
	revisions map[string]int64
	speech    Speech
}

// Parts are what an engine is made of.
type Parts struct {
	Knowledge    *kb.Knowledge
	Understander *intents.Understander
	Search       Search
	Site         Site
	Release      int64
	// Revisions are the revision numbers of the release's documents by key.
	Revisions map[string]int64
	// Speech writes replies in other languages than simplified Chinese.
	Speech Speech
}

// NewEngine returns an engine for one release.
func NewEngine(p Parts) *Engine {
	return &Engine{
		know: p.Knowledge, read: p.Understander, search: p.Search, site: p.Site, release: p.Release, revisions: p.Revisions, speech: p.Speech,
	}
}

// Knowledge returns the knowledge that the engine answers with.
func (e *Engine) Knowledge() *kb.Knowledge { return e.know }

// Release returns the number of the release that the engine answers with.
func (e *Engine) Release() int64 { return e.release }

// Site is what the operator configured.
func (e *Engine) Site() Site { return e.site }

// Links are where an item's buttons lead, the one to tap first.
func (e *Engine) Links(it *kb.Item) []Link { return e.site.links(it) }

// Buttons are an item's buttons as a page shows them, the one to tap first: those whose target
// has stopped answering lead to the written guide, and where the operator wishes so the first one
// hands over the context.
func (e *Engine) Buttons(it *kb.Item, o *Overrides, c Context) []Link {
	return e.site.buttons(it, o, c)
}

// Revision is a document's revision number in the release; 0 when it has none.
func (e *Engine) Revision(kind kb.Kind, id string) int64 { return e.revisions[string(kind)+"/"+id] }

// Label is the name of an item or article, "" for an unknown key.
func (e *Engine) Label(key string) string {
	if name := e.nameOf(key); name != key {
		return name
	}
	return ""
}

// Nearest lists what a beginning of a question may mean, best first, at most n.
func (e *Engine) Nearest(text string, n int) []intents.Scored { return e.read.Nearest(text, n) }

// Vector reads a line for comparing it with other lines.
func (e *Engine) Vector(text string) intents.Vector { return e.read.Vector(text) }

// Answered is what one turn leads to.
type Answered struct {
	Reply  *Reply
	State  State
	Trace  *Trace
	Ticket *Ticket // set when the turn hands over
}

// searchDepth is how many documents the index is asked for.
const searchDepth = 12

// Answer decides the reply to one turn. It fails only when the index does and nothing can
// be said without it.
func (e *Engine) Answer(ctx context.Context, turn Turn) Answered {
	start := time.Now()
	_, span := trail.Start(ctx, "understand")
	c := e.newCase(ctx, turn)
	span.End(nil)
	c.ctx, span = trail.Start(ctx, "policies")
	draft := e.decideTurn(c)
	span.Set(trail.KeyPolicy, c.trace.Policy)
	span.End(nil)
	_, span = trail.Start(ctx, "compose")
	defer func() { span.End(nil) }()
	if c.offer && draft.action != SmallTalk {
		draft.hotline = true
	}
	e.hide(c, draft)
	lang := languageOf(turn, c.un)
	draft.options = e.named(lang, draft.options)
	if draft.action != Relayed { // a line that a person answers changes nothing
		draft.state.Lang = lang
	}
	if len(draft.options) > 0 {
		draft.state.Options = draft.options // what is shown with a number can be chosen by it
	}
	reply := e.compose(c, draft)
	e.head(c, reply, &draft.state)
	reply.Lang = lang
	e.speak(reply)
	reply.TookMicros = time.Since(start).Microseconds()
	return Answered{Reply: reply, State: draft.state, Trace: c.finishTrace(draft), Ticket: draft.ticket}
}

func (e *Engine) decideTurn(c *turnCase) *draft {
	for _, p := range policies {
		d, reason := p.propose(e, c)
		c.trace.Policies = append(c.trace.Policies, Verdict{Policy: p.name, Fired: d != nil, Reason: reason})
		if d != nil {
			c.trace.Policy = p.name
			return d
		}
	}
	return e.declineUnknown(c)
}

// turnCase is one turn under consideration.
type turnCase struct {
	turn   Turn
	un     *intents.Understanding
	ranked *intents.Ranking
	trace  *Trace
	engine *Engine
	ctx    context.Context
	// offer has a person offered beside the answer.
	offer bool
}

func (e *Engine) newCase(ctx context.Context, turn Turn) *turnCase {
	text := turn.Message.Text
	if turn.Message.Choice != "" {
		text = "" // the choice says it; its label is no line of the citizen's
	}
	un := e.read.Read(text)
	c := &turnCase{turn: turn, un: un, engine: e, ctx: ctx}
	c.trace = &Trace{
		Text: un.Text, Act: string(un.Act), Facet: un.Facet, Slots: un.Slots, Release: e.release,
		Triage: string(un.Triage.Level),
	}
	if un.Triage.Level != intents.Safe {
		c.trace.Triage += ": " + un.Triage.Kind + " (" + un.Triage.Cue + "), " + un.Triage.Why
	}
	for _, t := range un.Tokens {
		c.trace.Tokens = append(c.trace.Tokens, t.Text)
	}
	for _, h := range un.Concepts {
		c.trace.Concepts = append(c.trace.Concepts, h.ID+"="+h.Word)
	}
	return c
}

// rank ranks everything for the turn's line, once.
func (c *turnCase) rank() intents.Ranking {
	if c.ranked == nil {
		r := c.engine.rankText(c.ctx, c.un)
		c.ranked = &r
	}
	return *c.ranked
}

func (e *Engine) rankText(ctx context.Context, un *intents.Understanding) intents.Ranking {
	searching, span := trail.Start(ctx, "search")
	evidence, err := e.search(searching, un, searchDepth)
	span.End(err)
	if err != nil {
		evidence = nil // the index is a hint: names and asks still rank
	}
	_, span = trail.Start(ctx, "rank")
	defer func() { span.End(nil) }()
	return e.read.Rank(un, evidence)
}

// traceDepth is how many candidates a trace keeps, featureDepth for how many of them with
// the features of their score.
const (
	traceDepth   = 6
	featureDepth = 3
)

func (c *turnCase) finishTrace(d *draft) *Trace {
	if c.ranked == nil {
		return c.trace
	}
	for i, s := range c.ranked.Entries {
		if i == traceDepth {
			break
		}
		lost := ""
		if !d.names(s.Code) {
			lost = "lower score"
			if i == 0 {
				lost = d.reason
			}
		}
		c.trace.Candidates = append(c.trace.Candidates, Candidate{
			Key: string(s.Kind) + "/" + s.Code, Name: c.engine.nameOf(s.Code), Score: round3(s.Score), Confidence: round3(s.P), Lost: lost,
		})
		if i < featureDepth {
			features := s.Features.Map()
			if near, ok := c.un.Meaning.Near[string(s.Kind)+"/"+s.Code]; ok {
				features["vector"] = float64(near)
			}
			c.trace.Candidates[i].Features = rounded(features)
		}
	}
	return c.trace
}

func rounded(m map[string]float64) map[string]float64 {
	for k, v := range m {
		m[k] = round3(v)
	}
	return m
}

func round3(v float64) float64 {
	if v < 0 {
		return -round3(-v)
	}
	return float64(int64(v*1000+0.5)) / 1000
}

func (e *Engine) nameOf(code string) string {
	if it := e.know.Item(code); it != nil {
		return it.Name
	}
	if a := e.know.Article(code); a != nil {
		return a.Title
	}
	return code
}
