package bot

import (
	"context"
	"testing"
	"time"

	"shenwei/internal/fault"
)

func TestALineThatCouldNotBeWrittenIsAnsweredLater(t *testing.T) {
	s := newLedger()
	now := time.Date(2026, 11, 1, 9, 0, 0, 0, time.UTC)
	away := true
	s.onCommit = func(Outcome) error {
		if away {
			return fault.New(fault.Unavailable, "the database does not answer")
		}
		return nil
	}
	f := front(s, echo, WithClock(func() time.Time { return now }))
	if _, err := begin(t, f, line("", "r1", "护照")).Wait(t.Context()); err == nil {
		t.Fatal("answered without a database")
	}
	drain(t, f)
	w := stranded{front: f, rests: map[string]rest{}}
	away = false
	if n := w.look(t.Context()); n != 0 {
		t.Error("a young line is taken: its own node may be at it")
	}
	now = now.Add(strandedAfter)
	if n := w.look(t.Context()); n != 1 || s.texts()[0] != "答：护照" {
		t.Errorf("%d answered: %v", n, s.texts())
	}
	if n := w.look(t.Context()); n != 0 || len(s.outcomes) != 1 {
		t.Errorf("again: %d, %d outcomes", n, len(s.outcomes))
	}
}

func TestALineOfADeadNodeIsAnsweredOnceHoweverManyLook(t *testing.T) {
	s := newLedger()
	if _, err := s.Receive(t.Context(), line("", "r1", "护照")); err != nil {
		t.Fatal(err)
	}
	answered := 0
	for range 3 {
		w := stranded{front: front(s, echo), rests: map[string]rest{}}
		answered += w.look(t.Context())
	}
	if answered != 1 || len(s.outcomes) != 1 {
		t.Errorf("%d answered, %d outcomes", answered, len(s.outcomes))
	}
}

func TestALineThatNobodyCanAnswerIsTriedMoreAndMoreRarely(t *testing.T) {
	s := newLedger()
	if _, err := s.Receive(t.Context(), line("", "r1", "护照")); err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 1, 9, 0, 0, 0, time.UTC)
	tries := 0
	f := front(s, func(Turn) (Answered, error) {
		tries++
		return Answered{}, fault.New(fault.Internal, "never")
	}, WithClock(func() time.Time { return now }))
	w := stranded{front: f, rests: map[string]rest{}}
	for range 300 { // ten minutes
		w.look(t.Context())
		now = now.Add(strandedEvery)
	}
	if tries < 8 || tries > 20 {
		t.Errorf("%d tries in ten minutes", tries)
	}
}

func TestWatchEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := front(newLedger(), echo).Watch(ctx); err != nil {
		t.Error(err)
	}
}
