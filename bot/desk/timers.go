package desk

import (
	"time"

	"shenwei/internal/calendar"
)

// TimerKind names a promise to the citizen.
type TimerKind string

// The timers of a ticket.
const (
	TimerAccept  TimerKind = "accept"  // queued → somebody accepts
	TimerFirst   TimerKind = "first"   // accepted → first reply
	TimerNext    TimerKind = "next"    // a line of the citizen → the next reply
	TimerResolve TimerKind = "resolve" // queued → resolved, without the time that others need
	TimerCall    TimerKind = "call"    // asked for a call → called
)

// Timer is one promise under way. It is over when it has gone from the ticket.
type Timer struct {
	Kind TimerKind `json:"kind"`
	Warn time.Time `json:"warn"`
	Due  time.Time `json:"due"`
	// Paused is when it stopped, zero while it runs; LeftWarn and Left are the working time
	// that was left then.
	Paused   time.Time     `json:"paused,omitzero"`
	LeftWarn time.Duration `json:"left_warn,omitempty"`
	Left     time.Duration `json:"left,omitempty"`
	Warned   bool          `json:"warned,omitempty"`
	Breached bool          `json:"breached,omitempty"`
}

// warnAt is the part of a promise after which it is in danger.
const warnAt = 0.8

// start begins a timer anew; one that runs goes on as it is.
func (t *Ticket) start(kind TimerKind, now time.Time, promise time.Duration, c calendar.Calendar) {
	for _, have := range t.Timers {
		if have.Kind == kind {
			return
		}
	}
	if promise <= 0 {
		return
	}
	warn := time.Duration(float64(promise) * warnAt)
	t.Timers = append(t.Timers, Timer{Kind: kind, Warn: c.Add(now, warn), Due: c.Add(now, promise)})
}

// startBy begins a timer with a date instead of a length.
func (t *Ticket) startBy(kind TimerKind, now, due time.Time) {
	t.stop(kind)
	warn := now.Add(time.Duration(float64(due.Sub(now)) * warnAt))
	t.Timers = append(t.Timers, Timer{Kind: kind, Warn: warn, Due: due})
}

func (t *Ticket) stop(kinds ...TimerKind) {
	kept := t.Timers[:0]
	for _, have := range t.Timers {
		over := false
		for _, k := range kinds {
			over = over || have.Kind == k
		}
		if !over {
			kept = append(kept, have)
		}
	}
	t.Timers = kept
}

func (t *Ticket) pause(kind TimerKind, now time.Time, c calendar.Calendar) {
	for i := range t.Timers {
		if tm := &t.Timers[i]; tm.Kind == kind && tm.Paused.IsZero() {
			tm.Paused, tm.LeftWarn, tm.Left = now, c.Between(now, tm.Warn), c.Between(now, tm.Due)
		}
	}
}

func (t *Ticket) resume(kind TimerKind, now time.Time, c calendar.Calendar) {
	for i := range t.Timers {
		if tm := &t.Timers[i]; tm.Kind == kind && !tm.Paused.IsZero() {
			tm.Paused, tm.Warn, tm.Due = time.Time{}, c.Add(now, tm.LeftWarn), c.Add(now, tm.Left)
		}
	}
}

// alarms marks the timers that have come due and returns what is new. A breach counts as
// warned: who looks after both moments hears of one.
func (t *Ticket) alarms(now time.Time) []Alarm {
	var list []Alarm
	for i := range t.Timers {
		tm := &t.Timers[i]
		switch {
		case !tm.Paused.IsZero():
		case !tm.Breached && !now.Before(tm.Due):
			tm.Breached, tm.Warned = true, true
			list = append(list, Alarm{tm.Kind, true})
		case !tm.Warned && !now.Before(tm.Warn):
			tm.Warned = true
			list = append(list, Alarm{tm.Kind, false})
		}
	}
	return list
}

// NextDue is when the clock has something to do with the ticket, zero for never.
func (t Ticket) NextDue(r *Rules) time.Time {
	var next time.Time
	take := func(at time.Time) {
		if !at.IsZero() && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	for _, tm := range t.Timers {
		switch {
		case !tm.Paused.IsZero() || tm.Breached:
		case tm.Warned:
			take(tm.Due)
		default:
			take(tm.Warn)
		}
	}
	for _, d := range r.dues(t) {
		take(d.at)
	}
	return next
}
