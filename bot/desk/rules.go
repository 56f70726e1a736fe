package desk

import (
	"slices"
	"strings"
	"time"

	"shenwei/internal/calendar"
)

// Strategy is how an agent of a group is chosen among those who are free.
type Strategy string

// The strategies.
const (
	LongestIdle Strategy = "longest_idle"
	LeastLoad   Strategy = "least_load"
	RoundRobin  Strategy = "round_robin"
	Manual      Strategy = "manual" // agents take from the queue themselves
)

// Group is a team of the hotline, one for each police type.
type Group struct {
	Name string
	// Numbers are the telephone numbers of the branch that this one hotline takes over.
	Numbers  []string
	Calendar calendar.Calendar
	Strategy Strategy
	// Overflow takes what waits too long, "" for none.
	Overflow string
	// MaxWait is the estimated wait beyond which a call is offered instead.
	MaxWait  time.Duration
	Promises Promises
}

// Promises are how long a citizen waits at most, in the group's working time.
type Promises struct{ Accept, First, Next, Resolve time.Duration }

// Rules are what the desk is run by. They never change while in use.
type Rules struct {
	Groups []Group
	// OfferLease is how long an offer rings, TransferLease a transfer.
	OfferLease, TransferLease time.Duration
	// WrapupLease is how long an agent may write after a conversation.
	WrapupLease time.Duration
	// Idle ends a conversation whose citizen says nothing; she is warned at two thirds.
	Idle, IdleWeChat time.Duration
	// ReopenFor is how long a resolved ticket can be reopened.
	ReopenFor time.Duration
	// HoldFor is how long a ticket is held when nobody says until when.
	HoldFor time.Duration
	// ProposeAfter is the wait after which a call is offered.
	ProposeAfter time.Duration
	// FormFor is how long a call-back waits for its form.
	FormFor time.Duration
	// CallTries is how often a citizen is called.
	CallTries int
	// StickyFor is how long the last agent is waited for, BounceFor how long who let an
	// offer go is not asked again.
	StickyFor, BounceFor time.Duration
	// Rings are the waits after which the circle of agents widens.
	Rings Rings
	// Silence is how long an agent's connection may be silent, Grace how long she may be
	// away before her conversations go back to the queue.
	Silence, Grace time.Duration
	// PictureDays is how long pictures are kept, as the notice says; the retention job deletes
	// them.
	PictureDays int
}

// Rings widen the circle of agents that may be asked.
type Rings struct{ DropSkills, AnyLevel, Overflow time.Duration }

// General takes what no other group does.
const General = "综合"

// Defaults are the rules of the house: GB/T 33358 asks for three minutes to the first answer
// by message. The telephone numbers are those that the branches published before.
func Defaults() *Rules {
	promises := Promises{Accept: 180 * time.Second, First: 180 * time.Second, Next: 180 * time.Second, Resolve: 8 * time.Hour}
	r := &Rules{
		OfferLease: 20 * time.Second, TransferLease: 30 * time.Second, WrapupLease: time.Minute, Idle: 10 * time.Minute, IdleWeChat: 24 * time.Hour,
		ReopenFor: 72 * time.Hour, HoldFor: 30 * time.Minute, ProposeAfter: 180 * time.Second, FormFor: 24 * time.Hour, CallTries: 3,
		StickyFor: 20 * time.Second, BounceFor: 2 * time.Minute,
		Rings:   Rings{DropSkills: 30 * time.Second, AnyLevel: 90 * time.Second, Overflow: 180 * time.Second},
		Silence: 45 * time.Second, Grace: 60 * time.Second, PictureDays: 30,
	}
	for _, g := range []Group{
		{Name: "户政", Numbers: []string{"0755-84465000"}},
		{Name: "出入境", Numbers: []string{"0755-84465490", "12367"}},
		{Name: "交警", Numbers: []string{"0755-83333333"}},
		{Name: "治安"}, {Name: "刑警"}, {Name: "网安"}, {Name: "禁毒"}, {Name: "视频"},
		{Name: General, Numbers: []string{"0755-84464600"}},
	} {
		g.Calendar, g.Strategy, g.MaxWait, g.Promises = calendar.Office(), LongestIdle, 15*time.Minute, promises
		if g.Name != General {
			g.Overflow = General
		}
		r.Groups = append(r.Groups, g)
	}
	return r
}

// Group returns the group of that name; an unknown name is the general group.
func (r *Rules) Group(name string) Group {
	i := slices.IndexFunc(r.Groups, func(g Group) bool { return g.Name == name })
	if i < 0 {
		i = slices.IndexFunc(r.Groups, func(g Group) bool { return g.Name == General })
	}
	if i < 0 {
		return Group{Name: name, Strategy: LongestIdle}
	}
	return r.Groups[i]
}

// HasGroup reports whether there is a group of that name.
func (r *Rules) HasGroup(name string) bool {
	return slices.ContainsFunc(r.Groups, func(g Group) bool { return g.Name == name })
}

// GroupOfNumber finds the group that has taken over a telephone number, however it is
// written; "" for a number that no branch had.
func (r *Rules) GroupOfNumber(number string) string {
	want := digits(number)
	if len(want) < 5 {
		return ""
	}
	for _, g := range r.Groups {
		for _, n := range g.Numbers {
			if have := digits(n); have == want || strings.TrimPrefix(have, areaCode) == strings.TrimPrefix(strings.TrimPrefix(want, "86"), areaCode) ||
				have == "0"+strings.TrimPrefix(want, "86") {
				return g.Name
			}
		}
	}
	return ""
}

const areaCode = "0755"

func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, s)
}

// due is something that the clock does to a ticket at a time.
type due struct {
	at   time.Time
	kind Kind
}

// idle is how long the citizen may be silent: who writes from WeChat comes back to it later.
func (r *Rules) idle(t Ticket) time.Duration {
	if strings.HasPrefix(t.Channel, "we") && t.Channel != "web" {
		return r.IdleWeChat
	}
	return r.Idle
}

// dues are what the clock will do to a ticket, beside its timers.
func (r *Rules) dues(t Ticket) []due {
	switch t.State {
	case Queued:
		if !t.Proposed {
			return []due{{t.Enqueued.Add(r.ProposeAfter), Propose}}
		}
	case Offered, Transferring:
		return []due{{t.Lease, Lapse}}
	case Held:
		return []due{{t.Check, Resume}}
	case Waiting:
		if t.Idle {
			return []due{{t.Quiet.Add(r.idle(t)), IdleEnd}}
		}
		return []due{{t.Quiet.Add(r.idle(t) * 2 / 3), IdleWarn}}
	case Wrapup:
		return []due{{t.Lease, Done}}
	case Resolved:
		return []due{{t.Ended.Add(r.ReopenFor), Expire}}
	case Callback:
		if !t.Asked {
			return []due{{t.Lease, Gone}}
		}
	}
	return nil
}

// DueEvents are what the clock does to a ticket now, in order.
func (r *Rules) DueEvents(t Ticket, now time.Time) []Event {
	var list []Event
	for _, tm := range t.Timers {
		if tm.Paused.IsZero() && (!tm.Breached && !now.Before(tm.Due) || !tm.Warned && !now.Before(tm.Warn)) {
			list = append(list, Event{Kind: Tick})
			break
		}
	}
	for _, d := range r.dues(t) {
		if !d.at.IsZero() && !now.Before(d.at) {
			list = append(list, Event{Kind: d.kind})
		}
	}
	return list
}
