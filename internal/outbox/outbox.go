// Package outbox delivers what was decided and stored: rows that are due go to the sender
// registered for their kind, in order within a lane, until they are sent or given up.
//
// Rows are written by the transaction that decides them (Entry), so that nothing is decided
// and lost. A row is claimed before it is sent: when the process dies in between, nobody knows
// whether it arrived. Such a row is sent again at most once, then stays Unknown for a person to
// look at; a sender whose kind is idempotent is simply asked again.
package outbox

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// State is where a row stands.
type State string

// The states of a row. Waiting, Sending and Held rows keep those after them in the lane back.
const (
	Waiting State = "waiting" // to be sent when due
	Sending State = "sending" // claimed by a process
	Held    State = "held"    // until somebody releases its lane
	Sent    State = "sent"
	Failed  State = "failed"  // refused for good
	Unknown State = "unknown" // perhaps sent, and not to be sent again
)

// Entry is something to deliver.
type Entry struct {
	// Kind names the sender, Lane what must stay in order, e.g. one citizen on one channel.
	Kind, Lane string
	// Key makes a second entry of the same kind and key the same as the first.
	Key string
	// Body is what the sender reads.
	Body []byte
	// Due is the earliest time to send; the zero time means now.
	Due time.Time
	// Expires is when sending makes no sense any more; the zero time means never.
	Expires time.Time
	// Join makes one body of that of an earlier entry, which waits in the same lane and was not
	// tried yet, and this one's; false keeps them apart. It is nil where nothing is to be joined,
	// and the store decides when it is worth it.
	Join func(earlier []byte) (both []byte, ok bool)
}

// Row is an entry with what became of it.
type Row struct {
	Entry
	ID       int64
	State    State
	Attempts int // how often it was given to the sender
	Doubts   int // how many attempts ended without anybody knowing how
	// Note says why it is not sent yet or never was; it holds no secrets.
	Note             string
	Created, Updated time.Time
}

// Verdict is what an attempt leads to.
type Verdict struct {
	State State
	Due   time.Time // the next attempt's, for Waiting
	Doubt bool
	Note  string
}

// Store keeps rows.
type Store interface {
	// ClaimOutbox takes at most n due rows of a kind, the first of each lane, until the lease
	// ends by the store's own clock. Rows whose lease ended while they were sent are first
	// settled by lost, which is told the time.
	ClaimOutbox(ctx context.Context, kind, owner string, lease time.Duration, n int, lost func(Row, time.Time) Verdict) ([]Row, error)
	// SettleOutbox ends the claim of an owner on a row as it was claimed; a conflict says that
	// it had lost the row.
	SettleOutbox(ctx context.Context, r Row, owner string, v Verdict) error
	// ReleaseOutbox ends the leases of an owner who ends at once: its rows count as lost.
	ReleaseOutbox(ctx context.Context, owner string) error
}

// Sender delivers rows of one kind.
type Sender interface {
	// Send returns nil when the row arrived, or an error made by Later, Refuse, Hold or Doubt;
	// any other error is one to try again after a while.
	Send(ctx context.Context, r Row) error
	// Idempotent tells that sending a row twice is the same as sending it once.
	Idempotent() bool
}

// outcome is an error of a sender that says what to do with the row.
type outcome struct {
	state State
	after time.Duration
	doubt bool
	cause error
}

func (o outcome) Error() string { return fmt.Sprintf("%s: %v", o.state, o.cause) }
func (o outcome) Unwrap() error { return o.cause }

// Later has the row sent again after some time.
func Later(after time.Duration, cause error) error {
	return outcome{state: Waiting, after: after, cause: cause}
}

// Refuse gives the row up.
func Refuse(cause error) error { return outcome{state: Failed, cause: cause} }

// Hold keeps the row, and those after it, until its lane is released.
func Hold(cause error) error { return outcome{state: Held, cause: cause} }

// Doubt says that nobody knows whether the row arrived.
func Doubt(cause error) error {
	return outcome{state: Waiting, after: doubtDelay, doubt: true, cause: cause}
}

const (
	// maxDoubts is how often a row may be sent without anybody knowing whether it arrived.
	maxDoubts  = 2
	doubtDelay = 30 * time.Second
	// firstDelay doubles with each attempt up to lastDelay.
	firstDelay = 2 * time.Second
	lastDelay  = 5 * time.Minute
)

// judge makes a verdict of what a sender returned.
func judge(r Row, err error, now time.Time, idempotent bool) Verdict {
	if err == nil {
		return Verdict{State: Sent}
	}
	var o outcome
	if !errors.As(err, &o) {
		o = outcome{state: Waiting, after: backoff(r.Attempts), cause: err}
	}
	v := Verdict{State: o.state, Note: note(o.cause)}
	switch {
	case o.doubt && !idempotent && r.Doubts+1 >= maxDoubts:
		return Verdict{State: Unknown, Doubt: true, Note: v.Note}
	case o.doubt:
		v.Doubt = !idempotent
	}
	if v.State == Waiting {
		v.Due = now.Add(max(o.after, time.Second))
		if !r.Expires.IsZero() && v.Due.After(r.Expires) {
			v.State = Failed
		}
	}
	return v
}

// lost is the verdict on a row whose process died while it was sent.
func lost(r Row, now time.Time, idempotent bool) Verdict {
	if idempotent {
		return Verdict{State: Waiting, Due: now, Note: "the process that sent it ended"}
	}
	v := judge(r, Doubt(errors.New("the process that sent it ended; nobody knows whether it arrived")), now, false)
	if v.State == Waiting {
		v.Due = now
	}
	return v
}

func backoff(attempts int) time.Duration {
	d := firstDelay
	for range attempts - 1 {
		if d *= 2; d >= lastDelay {
			return lastDelay
		}
	}
	return d
}

// maxNote bounds a note, in bytes.
const maxNote = 200

func note(err error) string {
	s := err.Error()
	if len(s) > maxNote {
		s = s[:maxNote]
	}
	return s
}
