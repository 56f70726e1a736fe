package desk

import (
	"strings"
	"time"
	"unicode/utf8"

	"shenwei/internal/fault"
)

// move is one event being applied: t is a copy that becomes the new ticket.
type move struct {
	t    Ticket
	e    Event
	now  time.Time
	r    *Rules
	rows []Row
	// claim is whose capacity must have room.
	claim  string
	alarms []Alarm
}

// who may cause an event.
type who int

const (
	anybody who = iota // the citizen or the clock: no agent is named
	anAgent            // any agent, or the one it is offered to: the rule checks
	owner              // the agent who owns it, or a supervisor
	chief              // a supervisor
)

// rule is one line of the machine: the states in which an event may happen, who may cause
// it and what it does. A rule that returns an error changes nothing.
type rule struct {
	from []State
	by   who
	do   func(*move) error
}

var (
	waiting   = []State{Queued, Offered}
	talking   = []State{Active, Waiting, Held}
	owned     = []State{Active, Waiting, Held, Transferring, Wrapup}
	unclosed  = []State{Queued, Offered, Active, Waiting, Held, Transferring, Wrapup, Callback, Calling}
	withAgent = []State{Active, Waiting, Held, Transferring, Wrapup, Calling}
)

// machine is everything that can happen to a ticket.
var machine = map[Kind]rule{
	Offer:    {[]State{Queued}, anybody, (*move).offer},
	Accept:   {[]State{Offered, Transferring}, anAgent, (*move).accept},
	Take:     {[]State{Queued, Callback}, anAgent, (*move).take},
	Decline:  {[]State{Offered, Transferring}, anAgent, (*move).decline},
	Lapse:    {[]State{Offered, Transferring}, anybody, (*move).lapse},
	Cancel:   {[]State{Queued, Offered, Callback}, anybody, (*move).cancel},
	Gone:     {[]State{Queued, Offered, Callback}, anybody, (*move).gone},
	Said:     {unclosed, anybody, (*move).said},
	Reply:    {[]State{Active, Waiting, Held, Transferring}, owner, (*move).reply},
	Hold:     {[]State{Active, Waiting}, owner, (*move).hold},
	Resume:   {[]State{Held}, anybody, (*move).resume},
	Transfer: {talking, owner, (*move).transfer},
	Return:   {talking, owner, (*move).giveBack},
	Resolve:  {talking, owner, (*move).resolve},
	Done:     {[]State{Wrapup}, anybody, (*move).done},
	Leave:    {[]State{Active, Waiting, Held, Transferring}, anybody, (*move).leave},
	IdleWarn: {[]State{Waiting}, anybody, (*move).idleWarn},
	IdleEnd:  {[]State{Waiting}, anybody, (*move).idleEnd},
	Reopen:   {[]State{Wrapup, Resolved}, anybody, (*move).reopen},
	Expire:   {[]State{Resolved}, anybody, (*move).expire},
	Lost:     {withAgent, anybody, (*move).lost},
	TakeOver: {[]State{Queued, Offered, Active, Waiting, Held, Transferring}, chief, (*move).takeOver},
	End:      {[]State{Queued, Offered, Active, Waiting, Held, Transferring, Callback, Calling}, chief, (*move).end},
	Propose:  {[]State{Queued}, anybody, (*move).propose},
	CallMe:   {waiting, anybody, (*move).callMe},
	Form:     {[]State{Queued, Offered, Callback}, anybody, (*move).form},
	Stay:     {[]State{Callback}, anybody, (*move).stay},
	Called:   {[]State{Calling}, owner, (*move).called},
	Danger:   {append([]State{Resolved}, unclosed...), anybody, (*move).danger},
	Rate:     {[]State{Wrapup, Resolved}, anybody, (*move).rate},
	Tick:     {unclosed, anybody, (*move).tick},
}

// Apply returns what the event makes of the ticket. An event that is not allowed is a
// conflict, a forbidden or a bad_request fault, and t is as it was.
func (t Ticket) Apply(e Event, now time.Time, r *Rules) (Change, error) {
	rl, known := machine[e.Kind]
	if !known {
		return Change{}, fault.New(fault.BadRequest, "没有「%s」这个操作", e.Kind)
	}
	if !oneOf(t.State, rl.from) {
		return Change{}, stale(t, e)
	}
	if e.Version != 0 && e.Version != t.Version {
		return Change{}, fault.New(fault.Conflict, "会话刚刚有变化，请看过最新情况再操作")
	}
	if err := permitted(t, e, rl.by); err != nil {
		return Change{}, err
	}
	if now.Before(t.Updated) {
		now = t.Updated // a clock that was set back does not undo what has passed
	}
	m := &move{t: t.copied(), e: e, now: now, r: r}
	if err := rl.do(m); err != nil {
		return Change{}, err
	}
	m.t.Version++
	m.t.Updated = now
	return Change{Ticket: m.t, Event: e, From: t.State, FromGroup: t.Group, Rows: m.rows, Claim: m.claim, Alarms: m.alarms}, nil
}

func oneOf(s State, list []State) bool {
	for _, have := range list {
		if s == have {
			return true
		}
	}
	return false
}

// stale says why an event came too late or too early.
func stale(t Ticket, e Event) error {
	switch {
	case t.State.Final():
		return fault.New(fault.Conflict, "这个会话已经结束，不能再操作")
	case e.Kind == Accept || e.Kind == Take:
		return fault.New(fault.Conflict, "这个会话已经被接走了")
	case e.Kind == Reply && (t.State == Resolved || t.State == Wrapup):
		return fault.New(fault.Conflict, "会话已经结束，回复没有发出")
	}
	return fault.New(fault.Conflict, "会话现在的状态是「%s」，不能这样操作，请刷新", StateNames[t.State])
}

func permitted(t Ticket, e Event, by who) error {
	switch by {
	case anAgent:
		if e.Actor == "" {
			return fault.New(fault.BadRequest, "缺少坐席")
		}
	case owner:
		if e.Actor == "" || e.Actor != t.Agent && !e.Chief {
			return fault.New(fault.Forbidden, "这个会话不是您在服务")
		}
	case chief:
		if e.Actor == "" || !e.Chief {
			return fault.New(fault.Forbidden, "只有班长可以这样操作")
		}
	}
	return nil
}

func (m *move) group() Group { return m.r.Group(m.t.Group) }

// tell adds a row that the system says.
func (m *move) tell(event, text string, data map[string]any) {
	m.rows = append(m.rows, Row{Kind: RowSystem, Event: event, Author: m.e.Number, Text: text, Data: data})
}

// own makes the ticket an agent's.
func (m *move) own(agent string, s State) {
	m.t.State, m.t.Agent, m.t.Last, m.t.Offered, m.t.Sticky = s, agent, agent, "", false
	m.t.Lease, m.t.Check, m.t.Idle = time.Time{}, time.Time{}, false
	m.t.resume(TimerResolve, m.now, m.group().Calendar)
}

// free takes the ticket from its agent.
func (m *move) free(s State) {
	m.t.State, m.t.Agent, m.t.Offered = s, "", ""
	m.t.Lease, m.t.Check, m.t.Idle = time.Time{}, time.Time{}, false
	m.t.stop(TimerFirst, TimerNext)
}

// finish ends the desk's work on the ticket.
func (m *move) finish(s State) {
	m.free(s)
	m.t.Ended = m.now
	m.t.Timers = nil
}

func (m *move) offer() error {
	if m.e.Agent == "" {
		return fault.New(fault.BadRequest, "缺少坐席")
	}
	m.t.State, m.t.Offered, m.t.Lease, m.claim = Offered, m.e.Agent, m.now.Add(m.r.OfferLease), m.e.Agent
	return nil
}

func (m *move) accept() error {
	if m.t.Offered != m.e.Actor {
		return fault.New(fault.Conflict, "这个会话已经不是分配给您的了")
	}
	if !m.now.Before(m.t.Lease) {
		return fault.New(fault.Conflict, "接听超时了，会话已经回到队列")
	}
	m.begin()
	return nil
}

func (m *move) take() error {
	m.claim = m.e.Actor
	if m.t.State == Callback {
		if !m.t.Asked {
			return fault.New(fault.Conflict, "市民还没有填写回拨信息")
		}
		m.own(m.e.Actor, Calling)
		return nil
	}
	m.begin()
	return nil
}

// begin gives the ticket to the actor, who is to speak first.
func (m *move) begin() {
	again := m.t.State == Transferring
	if m.t.State == Transferring {
		m.claim = m.e.Actor
	}
	m.own(m.e.Actor, Active)
	if m.t.Accepted.IsZero() {
		m.t.Accepted = m.now
	}
	g := m.group()
	m.t.stop(TimerAccept)
	m.t.start(TimerFirst, m.now, g.Promises.First, g.Calendar)
	event := "accepted"
	if again {
		event = "transferred"
	}
	m.tell(event, say(event, m.e.Number), map[string]any{"agent_no": m.e.Number, "number": m.t.Number})
}

func (m *move) decline() error {
	if m.t.Offered != m.e.Actor {
		return fault.New(fault.Conflict, "这个会话已经不是分配给您的了")
	}
	return m.bounce("declined")
}

func (m *move) lapse() error {
	if m.now.Before(m.t.Lease) {
		return fault.New(fault.Conflict, "还没有超时")
	}
	return m.bounce("lapsed")
}

// maxBounces is how many bounces a ticket remembers.
const maxBounces = 16

// bounce takes an offer back; a transfer stays with its old owner.
func (m *move) bounce(why string) error {
	m.t.Bounces = append(m.t.Bounces, Bounce{m.t.Offered, m.now, why})
	if n := len(m.t.Bounces) - maxBounces; n > 0 {
		m.t.Bounces = m.t.Bounces[n:]
	}
	if m.t.State == Transferring {
		m.t.State, m.t.Offered, m.t.Lease = Active, "", time.Time{}
		return nil
	}
	m.free(Queued)
	m.t.Sticky = false
	return nil
}

func (m *move) cancel() error {
	m.finish(Returned)
	m.tell("cancelled", say("cancelled", ""), nil)
	return nil
}

func (m *move) gone() error {
	if m.t.State == Callback && m.t.Asked {
		return fault.New(fault.Conflict, "市民已经登记了回拨")
	}
	m.finish(Abandoned)
	m.tell("abandoned", say("abandoned", ""), nil)
	return nil
}

func (m *move) said() error {
	if m.e.Seq <= m.t.Seq && !m.t.Heard.IsZero() {
		return nil // an older line: what it asks for is under way already
	}
	m.t.Heard, m.t.Idle = m.now, false
	if !oneOf(m.t.State, owned) {
		return nil
	}
	g := m.group()
	if m.t.State == Wrapup { // she goes on before the agent has finished writing
		m.t.Ended = time.Time{}
		m.t.start(TimerResolve, m.now, g.Promises.Resolve, g.Calendar)
	}
	if m.t.State != Transferring {
		m.t.State, m.t.Check, m.t.Lease = Active, time.Time{}, time.Time{}
	}
	m.t.resume(TimerResolve, m.now, g.Calendar)
	if !m.t.Replied.IsZero() {
		m.t.start(TimerNext, m.now, g.Promises.Next, g.Calendar)
	}
	return nil
}

// MaxReply is the longest reply and note, in characters.
const MaxReply = 2000

// CheckText bounds what an agent writes.
func CheckText(text string) error {
	switch n := utf8.RuneCountInString(text); {
	case strings.TrimSpace(text) == "":
		return fault.New(fault.BadRequest, "内容是空的")
	case n > MaxReply:
		return fault.New(fault.TooLarge, "最多 %d 个字，现在有 %d 个，请分几次发", MaxReply, n)
	}
	return nil
}

func (m *move) reply() error {
	if err := CheckText(m.e.Text); err != nil {
		return err
	}
	if m.t.Replied.IsZero() {
		m.t.Replied = m.now
	}
	m.t.stop(TimerFirst, TimerNext)
	m.t.Quiet, m.t.Idle = m.now, false
	if m.t.State != Transferring {
		m.t.State, m.t.Check = Waiting, time.Time{}
		m.t.pause(TimerResolve, m.now, m.group().Calendar)
	}
	m.rows = append(m.rows, Row{Kind: RowAgent, Author: m.e.Number, Agent: m.e.Actor, Text: m.e.Text, Ref: m.e.Ref, Picture: m.e.Picture})
	return nil
}

func (m *move) hold() error {
	if strings.TrimSpace(m.e.Reason) == "" {
		return fault.New(fault.BadRequest, "请写明挂起的原因")
	}
	m.t.State, m.t.Check = Held, m.e.Until
	if !m.t.Check.After(m.now) {
		m.t.Check = m.now.Add(m.r.HoldFor)
	}
	m.t.pause(TimerResolve, m.now, m.group().Calendar)
	m.t.stop(TimerFirst, TimerNext)
	m.tell("held", say("held", ""), nil)
	return nil
}

func (m *move) resume() error {
	if m.e.Actor != "" && m.e.Actor != m.t.Agent && !m.e.Chief {
		return fault.New(fault.Forbidden, "这个会话不是您在服务")
	}
	if m.e.Actor == "" && m.now.Before(m.t.Check) {
		return fault.New(fault.Conflict, "还没有到约定的时间")
	}
	g := m.group()
	m.t.State, m.t.Check = Active, time.Time{}
	m.t.resume(TimerResolve, m.now, g.Calendar)
	m.t.start(TimerNext, m.now, g.Promises.Next, g.Calendar)
	return nil
}

func (m *move) giveBack() error {
	m.finish(Returned)
	m.tell("returned", say("returned", m.e.Number), nil)
	return nil
}
