package bot

import (
	"context"
	"time"
)

const (
	// strandedAfter is how old a line without a reply is when somebody else takes it: older than
	// almost any answer takes, so that nodes do not work on each other's lines. That two answer one
	// line does no harm: the second to commit gets the first one's reply.
	strandedAfter = 8 * time.Second
	strandedEvery = 2 * time.Second
	strandedBatch = 256
	// strandedRest bounds the time between two tries of a line that nobody can answer.
	strandedRest = time.Minute
)

// Watch answers stored lines that nobody answers until ctx ends: their node is gone for good, or could
// not write while the database was away.
func (f *Front) Watch(ctx context.Context) error {
	tick := time.NewTicker(strandedEvery)
	defer tick.Stop()
	w := stranded{front: f, rests: map[string]rest{}}
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			w.look(ctx)
		}
	}
}

// stranded remembers what could not be answered.
type stranded struct {
	front *Front
	rests map[string]rest
}

// rest is how long a line that failed is left alone.
type rest struct {
	until time.Time
	next  time.Duration
}

// look answers the lines that are due and returns how many.
func (w *stranded) look(ctx context.Context) (answered int) {
	f := w.front
	lines, err := f.store.Pending(ctx, strandedBatch)
	if err != nil {
		return 0 // the database is away: who is asked says so
	}
	rests := map[string]rest{}
	for _, p := range lines {
		now, key := f.now(), inflightKey(p.Message)
		r := w.rests[key]
		if now.Sub(p.Message.At) < strandedAfter || now.Before(r.until) {
			rests[key] = r
			continue
		}
		if err := f.adopt(ctx, p); err != nil {
			r.next = min(max(2*r.next, strandedEvery), strandedRest)
			r.until = now.Add(r.next)
			rests[key] = r
			continue
		}
		answered++
	}
	w.rests = rests
	if answered > 0 {
		f.log.Info("lines that were left without an answer have one now", "lines", answered)
	}
	return answered
}

// adopt answers a line in its conversation's lane, unless that is under way here.
func (f *Front) adopt(ctx context.Context, p PendingLine) error {
	conv, err := f.store.Conversation(ctx, p.Message.Conversation)
	if err != nil {
		return err
	}
	_, err = f.elsewhere(p.Message, Receipt{Conversation: conv, Seq: p.Seq}).Wait(ctx)
	return err
}
