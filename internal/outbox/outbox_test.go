package outbox

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func TestWhatASenderSaysDecidesTheRow(t *testing.T) {
	why := errors.New("why")
	row := func(attempts, doubts int) Row { return Row{Attempts: attempts, Doubts: doubts} }
	for name, x := range map[string]struct {
		row        Row
		err        error
		idempotent bool
		state      State
		after      time.Duration
		doubt      bool
	}{
		"arrived":                    {row(1, 0), nil, false, Sent, 0, false},
		"refused":                    {row(1, 0), Refuse(why), false, Failed, 0, false},
		"held":                       {row(1, 0), Hold(why), false, Held, 0, false},
		"later":                      {row(1, 0), Later(time.Minute, why), false, Waiting, time.Minute, false},
		"at once means in a second":  {row(1, 0), Later(0, why), false, Waiting, time.Second, false},
		"any other error, at first":  {row(1, 0), why, false, Waiting, 2 * time.Second, false},
		"any other error, the third": {row(3, 0), why, false, Waiting, 8 * time.Second, false},
		"any other error, always":    {row(90, 0), why, false, Waiting, 5 * time.Minute, false},
		"doubtful":                   {row(1, 0), Doubt(why), false, Waiting, 30 * time.Second, true},
		"doubtful again":             {row(2, 1), Doubt(why), false, Unknown, 0, true},
		"doubtful and idempotent":    {row(9, 0), Doubt(why), true, Waiting, 30 * time.Second, false},
		"wrapped":                    {row(1, 0), errors.Join(errors.New("x"), Refuse(why)), false, Failed, 0, false},
	} {
		v := judge(x.row, x.err, noon, x.idempotent)
		if v.State != x.state || v.Doubt != x.doubt || x.after > 0 && !v.Due.Equal(noon.Add(x.after)) || (x.err == nil) != (v.Note == "") {
			t.Errorf("%s: %+v", name, v)
		}
	}
	expiring := Row{Attempts: 5}
	expiring.Expires = noon.Add(10 * time.Second)
	if v := judge(expiring, why, noon, false); v.State != Failed {
		t.Errorf("tried again after it makes sense: %+v", v)
	}
	if v := judge(row(1, 0), errors.New(strings.Repeat("x", 5000)), noon, false); len(v.Note) > maxNote {
		t.Errorf("%d bytes of note", len(v.Note))
	}
	if v := lost(row(1, 0), noon, false); v.State != Waiting || !v.Doubt || !v.Due.Equal(noon) {
		t.Errorf("lost at first: %+v", v)
	}
	if v := lost(row(2, 1), noon, false); v.State != Unknown {
		t.Errorf("lost again: %+v", v)
	}
	if v := lost(row(9, 0), noon, true); v.State != Waiting || v.Doubt {
		t.Errorf("lost and idempotent: %+v", v)
	}
}

// shelf is a store of rows that are always due.
type shelf struct {
	mu      sync.Mutex
	rows    []Row
	settled chan Verdict
}

func (s *shelf) ClaimOutbox(_ context.Context, kind, _ string, _ time.Duration, n int, _ func(Row, time.Time) Verdict) ([]Row, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out, rest []Row
	for _, r := range s.rows {
		if r.Kind == kind && len(out) < n {
			out = append(out, r)
		} else {
			rest = append(rest, r)
		}
	}
	s.rows = rest
	return out, nil
}

func (s *shelf) ReleaseOutbox(context.Context, string) error { return nil }

func (s *shelf) SettleOutbox(_ context.Context, _ Row, _ string, v Verdict) error {
	s.settled <- v
	return nil
}

type senderFunc func(ctx context.Context, r Row) error

func (f senderFunc) Send(ctx context.Context, r Row) error { return f(ctx, r) }
func (senderFunc) Idempotent() bool                        { return false }

func TestAKindThatHangsHoldsNoOtherUp(t *testing.T) {
	s := &shelf{settled: make(chan Verdict, 10)}
	r := NewRunner(s, "one", func() time.Time { return noon }, slog.New(slog.DiscardHandler))
	hang := make(chan struct{})
	r.Register("slow", senderFunc(func(context.Context, Row) error { <-hang; return nil }))
	r.Register("fast", senderFunc(func(context.Context, Row) error { return nil }))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	s.rows = []Row{{Entry: Entry{Kind: "slow"}}, {Entry: Entry{Kind: "fast"}}}
	go func() { done <- r.Run(ctx) }()
	if v := <-s.settled; v.State != Sent {
		t.Errorf("%+v", v)
	}
	s.mu.Lock()
	s.rows = append(s.rows, Row{Entry: Entry{Kind: "fast", Expires: noon.Add(-time.Second)}})
	s.mu.Unlock()
	r.Wake()
	if v := <-s.settled; v.State != Failed {
		t.Errorf("sent too late: %+v", v)
	}
	cancel()
	close(hang) // an attempt under way is finished and settled
	if v := <-s.settled; v.State != Sent {
		t.Errorf("%+v", v)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestAProcessThatStoodStillBetweenItsClaimAndTheSendingSendsNothing(t *testing.T) {
	s := &shelf{settled: make(chan Verdict, 1)}
	r := NewRunner(s, "one", func() time.Time { return noon }, slog.New(slog.DiscardHandler))
	sender := senderFunc(func(context.Context, Row) error { t.Error("sent by a process whose claim is over"); return nil })
	r.send(t.Context(), sender, Row{Attempts: 1}, time.Now().Add(-time.Second))
	if v := <-s.settled; v.State != Waiting || v.Doubt {
		t.Errorf("%+v", v)
	}
}
