package bot

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"shenwei/internal/fault"
)

func TestALineThatWasAcknowledgedWhileNothingCouldBeStoredIsAnsweredLater(t *testing.T) {
	s := newLedger()
	f := front(s, echo)
	var past atomic.Int64
	f.now = func() time.Time { return time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC).Add(time.Duration(past.Load())) }
	var full atomic.Bool
	gate := make(chan struct{})
	s.onCommit = func(o Outcome) error {
		if full.Load() {
			return fault.New(fault.Unavailable, "the disk is full")
		}
		if o.Ref == "r2" {
			<-gate
		}
		return nil
	}
	full.Store(true)
	if _, err := begin(t, f, line("", "r1", "护照")).Wait(t.Context()); !fault.Is(err, fault.Unavailable) {
		t.Fatalf("%v", err)
	}
	drain(t, f)
	full.Store(false)
	slow := begin(t, f, line("", "r2", "身份证")) // under way here, however late
	for _, x := range []struct {
		after time.Duration
		want  int
	}{{0, 0}, {overdue, 0}, {time.Second, 1}, {time.Hour, 0}} {
		past.Add(int64(x.after))
		if n, err := f.AnswerOverdue(context.Background()); err != nil || n != x.want {
			t.Errorf("%v later: %d %v, want %d", x.after, n, err, x.want)
		}
	}
	close(gate)
	wait(t, slow)
	if got := s.texts(); len(got) != 2 || got[0] != "答：护照" {
		t.Errorf("%v", got)
	}
}
