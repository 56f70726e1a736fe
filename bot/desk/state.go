// Package desk is the hotline behind the bot, as rules without SQL and HTTP: what a ticket
// may become (machine.go is the table of moves), who gets it (routing.go), by when (timers.go),
// what the citizen reads of it (texts.go), and the Service that carries moves out over a
// store. Start reading at Ticket and Apply.
//
// Times are passed in; nothing here reads a clock or draws at random.
package desk

import (
	"slices"
	"time"
)

// State is where a ticket stands.
type State string

// The states of a ticket.
const (
	Queued       State = "queued"       // 排队中
	Offered      State = "offered"      // 振铃: offered to one agent under a lease
	Active       State = "active"       // 会话中: the agent is to answer
	Waiting      State = "waiting"      // 等市民回复
	Held         State = "held"         // 挂起: something else is being asked
	Transferring State = "transferring" // 转接中: the old owner keeps it until the new one accepts
	Wrapup       State = "wrapup"       // 话后整理: still the agent's
	Resolved     State = "resolved"     // 已解决: may be reopened for a time
	Closed       State = "closed"       // 已关闭: never changes again
	Callback     State = "callback"     // 待回拨
	Calling      State = "calling"      // 回拨中: an agent has it
	Returned     State = "returned"     // 回到机器人
	Abandoned    State = "abandoned"    // 市民离开
)

// States lists every state.
func States() []State {
	return []State{Queued, Offered, Active, Waiting, Held, Transferring, Wrapup, Resolved, Closed, Callback, Calling, Returned, Abandoned}
}

// The owners of a conversation, as it is stored with it.
const (
	OwnerBot   = "bot"
	OwnerQueue = "queue" // waiting for a person: the bot is silent and relays
	OwnerAgent = "agent"
)

// ConversationOwner says who answers the citizen's lines while the ticket is in the state.
func (s State) ConversationOwner() string {
	switch s {
	case Queued, Offered:
		return OwnerQueue
	case Active, Waiting, Held, Transferring, Wrapup:
		return OwnerAgent
	}
	return OwnerBot
}

// Owned reports whether an agent owns the ticket in the state.
func (s State) Owned() bool { return s.ConversationOwner() == OwnerAgent || s == Calling }

// Occupies reports whether the ticket takes a part of somebody's capacity.
func (s State) Occupies() bool { return s.Owned() || s == Offered }

// Open reports whether the desk still has to do something.
func (s State) Open() bool { return s.Occupies() || s == Queued || s == Callback }

// Final reports whether nothing can follow.
func (s State) Final() bool { return s == Closed || s == Returned || s == Abandoned }

// Ticket is one passage of a conversation to a person. A conversation has at most one that
// is open. Its fields change only by Apply.
type Ticket struct {
	// Number is what the citizen quotes.
	Number       string `json:"number"`
	Conversation string `json:"conversation"`
	// Seq is the line that asked for a person.
	Seq     int64  `json:"seq"`
	Channel string `json:"channel"`
	Group   string `json:"group"`
	Reason  string `json:"reason"`
	Item    string `json:"item,omitempty"`
	Article string `json:"article,omitempty"`
	Facet   string `json:"facet,omitempty"`
	Summary string `json:"summary"`
	// Urgent puts it before others; Red says that danger was spoken of: the card was shown,
	// and supervisors see it.
	Urgent bool  `json:"urgent,omitempty"`
	Red    bool  `json:"red,omitempty"`
	State  State `json:"state"`
	// Version grows by one with every move.
	Version int64 `json:"version"`
	// Priority is higher for who comes first; of two alike the one queued earlier.
	Priority int `json:"priority"`
	// Agent owns it, in the states that are Owned. Offered is whom it is offered to.
	Agent   string `json:"agent,omitempty"`
	Offered string `json:"offered,omitempty"`
	// Last is the agent who had it last; Sticky asks for her first.
	Last   string `json:"last,omitempty"`
	Sticky bool   `json:"sticky,omitempty"`
	// Bounces are the offers that came back.
	Bounces []Bounce `json:"bounces,omitempty"`

	Created  time.Time `json:"created"`
	Enqueued time.Time `json:"enqueued"`
	Accepted time.Time `json:"accepted,omitzero"`
	Replied  time.Time `json:"replied,omitzero"` // the first reply of a person
	Heard    time.Time `json:"heard,omitzero"`   // the citizen's last line
	Quiet    time.Time `json:"quiet,omitzero"`   // since when the citizen is waited for
	Ended    time.Time `json:"ended,omitzero"`
	Updated  time.Time `json:"updated"`
	// Lease is when an offer, a transfer or a wrap-up ends by itself; Check is when a held
	// ticket comes back.
	Lease time.Time `json:"lease,omitzero"`
	Check time.Time `json:"check,omitzero"`
	// Idle says that the citizen was told that the conversation will end.
	Idle bool `json:"idle,omitempty"`
	// Proposed says that the citizen was offered a call instead of waiting.
	Proposed bool `json:"proposed,omitempty"`

	Code    string  `json:"code,omitempty"` // the wrap-up code
	Outcome string  `json:"outcome,omitempty"`
	Reopens int     `json:"reopens,omitempty"`
	Rating  *Rating `json:"rating,omitempty"`
	// Asked says that a call-back's form was filled, Tries how often was called.
	Asked  bool    `json:"asked,omitempty"`
	Tries  int     `json:"tries,omitempty"`
	Timers []Timer `json:"timers,omitempty"`
}

// Bounce is an offer that came back.
type Bounce struct {
	Agent string    `json:"agent"`
	At    time.Time `json:"at"`
	Why   string    `json:"why"` // declined, lapsed, lost
}

// Rating is what a citizen thought of one resolution.
type Rating struct {
	Solved bool     `json:"solved"`
	Stars  int      `json:"stars"` // 1 to 5
	Tags   []string `json:"tags,omitempty"`
}

// Weight is the part of an agent's capacity that the ticket takes.
func (t Ticket) Weight() int {
	if t.State == Callback || t.State == Calling {
		return 2
	}
	return 1
}

// Holder is whose capacity the ticket takes, "" for nobody's.
func (t Ticket) Holder() string {
	switch {
	case t.State == Offered:
		return t.Offered
	case t.State.Owned():
		return t.Agent
	}
	return ""
}

// copied returns a ticket that shares nothing that Apply changes.
func (t Ticket) copied() Ticket {
	t.Bounces = slices.Clone(t.Bounces)
	t.Timers = slices.Clone(t.Timers)
	return t
}

// Before orders tickets in a queue.
func (t Ticket) Before(o Ticket) bool {
	if t.Priority != o.Priority {
		return t.Priority > o.Priority
	}
	if !t.Enqueued.Equal(o.Enqueued) {
		return t.Enqueued.Before(o.Enqueued)
	}
	return t.Number < o.Number
}

// New returns a ticket that begins to wait now.
func New(t Ticket, now time.Time, r *Rules) Ticket {
	t.State, t.Version, t.Created, t.Enqueued, t.Updated, t.Heard = Queued, 1, now, now, now, now
	if t.Urgent && t.Priority == 0 {
		t.Priority = 1
	}
	g := r.Group(t.Group)
	t.Group = g.Name
	t.start(TimerAccept, now, g.Promises.Accept, g.Calendar)
	t.start(TimerResolve, now, g.Promises.Resolve, g.Calendar)
	return t
}

// NewCallback returns a ticket whose citizen is asked for a telephone number, because nobody
// can speak with her now.
func NewCallback(t Ticket, now time.Time, r *Rules) Ticket {
	t = New(t, now, r)
	t.State, t.Lease, t.Timers, t.Proposed = Callback, now.Add(r.FormFor), nil, true
	return t
}
