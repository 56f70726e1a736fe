package desk

import (
	"strings"
	"time"

	"shenwei/internal/picture"
)

// Kind names an event.
type Kind string

// The events. In brackets who causes one.
const (
	Offer    Kind = "offer"    // [router] to Agent
	Accept   Kind = "accept"   // [agent] an offer or a transfer
	Take     Kind = "take"     // [agent] out of the queue, without an offer
	Decline  Kind = "decline"  // [agent] an offer or a transfer
	Lapse    Kind = "lapse"    // [clock] of an offer or a transfer that nobody took
	Cancel   Kind = "cancel"   // [citizen] stops waiting
	Gone     Kind = "gone"     // [clock] the citizen left the page while waiting
	Said     Kind = "said"     // [citizen] a line
	Reply    Kind = "reply"    // [agent] Text
	Hold     Kind = "hold"     // [agent] Reason, Until
	Resume   Kind = "resume"   // [agent, clock]
	Transfer Kind = "transfer" // [agent, supervisor] to Agent or Group, Warm
	Return   Kind = "return"   // [agent] to the bot
	Resolve  Kind = "resolve"  // [agent] Code, Text
	Done     Kind = "done"     // [agent, clock] wrap-up is over
	Leave    Kind = "leave"    // [citizen] ends the talk with the agent
	IdleWarn Kind = "idlewarn" // [clock]
	IdleEnd  Kind = "idleend"  // [clock]
	Reopen   Kind = "reopen"   // [citizen]
	Expire   Kind = "expire"   // [clock] of the time to reopen
	Lost     Kind = "lost"     // [clock] the agent's connection
	TakeOver Kind = "takeover" // [supervisor]
	End      Kind = "end"      // [supervisor] closes it
	Propose  Kind = "propose"  // [clock] a call instead of waiting on
	CallMe   Kind = "callme"   // [citizen, router] a call instead of waiting
	Form     Kind = "form"     // [citizen] the call-back's form is filled
	Stay     Kind = "stay"     // [citizen] would rather wait
	Called   Kind = "called"   // [agent] Code says how it went
	Danger   Kind = "danger"   // [engine] an emergency was spoken of
	Rate     Kind = "rate"     // [citizen] Rating
	Tick     Kind = "tick"     // [clock] timers that have come due
)

// Kinds lists every event.
func Kinds() []Kind {
	return []Kind{
		Offer, Accept, Take, Decline, Lapse, Cancel, Gone, Said, Reply, Hold, Resume, Transfer, Return, Resolve, Done, Leave,
		IdleWarn, IdleEnd, Reopen, Expire, Lost, TakeOver, End, Propose, CallMe, Form, Stay, Called, Danger, Rate, Tick,
	}
}

// Event is something that happens to a ticket. Which fields count stands with its Kind.
type Event struct {
	Kind Kind
	// Actor is the agent or supervisor who acts, "" for the citizen and the clock. Number is
	// how the citizen knows her; Chief says that she acts as a supervisor.
	Actor, Number string
	Chief         bool
	Agent, Group  string
	Warm          bool
	Text, Reason  string
	Code          string
	Until         time.Time
	Seq           int64
	Rating        *Rating
	// Ref is the sender's own id of a reply: the same one is stored once.
	Ref string
	// Version is the ticket's that the sender saw; another one is a conflict. 0 does not ask.
	Version int64
	// Picture comes with a reply whose text stands for it.
	Picture *picture.Picture
}

// Row is one message that a move adds to the conversation, for the citizen to read. An
// agent's notes are no rows: nothing turns one into the other.
type Row struct {
	Kind string // RowAgent, RowSystem
	// Event names a system row.
	Event string
	// Author is the agent's number, Agent her account.
	Author, Agent string
	Text, Ref     string
	// Data holds a system row's details, JSON when stored.
	Data map[string]any
	// Picture is what an agent's row shows, nil for words.
	Picture *picture.Picture
}

// The kinds of row.
const (
	RowAgent  = "agent"
	RowSystem = "system"
)

// Change is what an event makes of a ticket.
type Change struct {
	Ticket Ticket
	Event  Event
	// From is the state before, FromGroup the group.
	From      State
	FromGroup string
	Rows      []Row
	// Claim is the agent whose capacity must have room for it, "" for none.
	Claim string
	// Alarms are the timers that were crossed just now, each once.
	Alarms []Alarm
	// Seqs are the sequence numbers that the store gave to Rows. Repeated says that this reply
	// was stored before, at Seqs[0], and that nothing changed now.
	Seqs     []int64
	Repeated bool
}

// Detail is what of an event stands in the ticket's history: no citizen's words.
func (e Event) Detail() string {
	parts := []string{}
	for _, p := range []struct{ name, value string }{{"to", e.Agent}, {"group", e.Group}, {"reason", e.Reason}, {"code", e.Code}} {
		if p.value != "" {
			parts = append(parts, p.name+"="+p.value)
		}
	}
	if e.Warm {
		parts = append(parts, "warm")
	}
	return strings.Join(parts, " ")
}

// Alarm is a timer that was crossed.
type Alarm struct {
	Timer  TimerKind `json:"timer"`
	Breach bool      `json:"breach"` // else a warning
}
