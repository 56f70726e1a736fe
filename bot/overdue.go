package bot

import (
	"context"
	"time"
)

const (
	// overdue is after which time a line that has no reply is nobody's any more: its node has gone,
	// or could not store what it decided.
	overdue = turnTimeout + 10*time.Second
	// overdueEvery is how often such lines are looked for.
	overdueEvery = 10 * time.Second
)

// KeepAnswering answers lines that were acknowledged and whose answer never came on record,
// because their node died or the database took no writes, until ctx ends. Every node does it:
// of two that decide the same line one's answer is stored.
func (f *Front) KeepAnswering(ctx context.Context) error {
	tick := time.NewTicker(overdueEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		n, err := f.AnswerOverdue(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			f.log.Warn("lines without an answer cannot be looked for; it is tried again", "err", err)
		case n > 0:
			f.log.Info("lines are answered that had been left without an answer", "lines", n)
		}
	}
}

// AnswerOverdue answers what has been left without an answer, and returns how many lines that were.
func (f *Front) AnswerOverdue(ctx context.Context) (int, error) {
	before := f.now().Add(-overdue)
	return f.recover(ctx, func(p PendingLine) bool {
		f.mu.Lock()
		defer f.mu.Unlock()
		return p.Message.At.Before(before) && f.inflight[inflightKey(p.Message)] == nil
	})
}
