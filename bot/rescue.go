package bot

import (
	"context"
	"time"
)

const (
	// rescueAfter is how old an unanswered line is before another node than the one that took it
	// answers it: that one has died, or hangs.
	rescueAfter = 6 * time.Second
	rescueEvery = 2 * time.Second
	rescueBatch = 256
	// rescueAgain is when a line is tried again that could not be answered.
	rescueAgain = 10 * time.Second
)

// Rescue answers lines that were taken and not answered, until ctx ends: their node has died, or the
// database was away when their reply was to be written, here or elsewhere. That their node is only
// slow does no harm: the record takes one answer.
func (f *Front) Rescue(ctx context.Context) error {
	tick := time.NewTicker(rescueEvery)
	defer tick.Stop()
	failed := map[string]time.Time{}
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		n, err := f.rescue(ctx, failed)
		switch {
		case err != nil && ctx.Err() == nil:
			f.log.Warn("unanswered lines cannot be read; it is tried again", "err", err)
		case n > 0:
			f.log.Info("lines that were left unanswered are answered", "lines", n)
		}
	}
}

// rescue looks once. failed holds when lines are to be tried again.
func (f *Front) rescue(ctx context.Context, failed map[string]time.Time) (answered int, err error) {
	lines, err := f.store.Pending(ctx, rescueBatch)
	if err != nil {
		return 0, err
	}
	now := f.now()
	pending := map[string]bool{}
	for _, p := range lines {
		key := inflightKey(p.Message)
		pending[key] = true
		f.mu.Lock()
		here := f.inflight[key] != nil
		f.mu.Unlock()
		if here || now.Sub(p.Message.At) < rescueAfter || now.Before(failed[key]) {
			continue
		}
		if ctx.Err() != nil {
			break
		}
		if err := f.answerNow(ctx, p); err != nil {
			failed[key] = now.Add(rescueAgain)
			continue
		}
		answered++
	}
	for key := range failed {
		if !pending[key] {
			delete(failed, key)
		}
	}
	return answered, nil
}

// answerNow answers a line that nobody waits for here.
func (f *Front) answerNow(ctx context.Context, p PendingLine) error {
	ctx, cancel := context.WithTimeout(ctx, turnTimeout)
	defer cancel()
	conv, err := f.store.Conversation(ctx, p.Message.Conversation)
	if err != nil {
		return err
	}
	_, err = f.turn(ctx, p.Message, Receipt{Conversation: conv, Seq: p.Seq}, conv, false)
	return err
}
