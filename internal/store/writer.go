package store

import (
	"context"
	"database/sql"
	"errors"
	"hash/maphash"
	"slices"
	"strings"
	"sync"
	"time"

	"shenwei/internal/fault"
	"shenwei/internal/trail"
)

const (
	// maxBatch bounds the operations of one transaction.
	maxBatch = 512
	// maxAttempts bounds how often a transaction is begun anew after the connection broke
	// or another process came first.
	maxAttempts = 3
)

// operation is one write that waits for its commit.
type operation struct {
	ctx context.Context
	// key sends operations on the same rows to the same connection, one after the other;
	// group, the hotline group of a ticket, puts those that share it at the end.
	key, group string
	// run writes. It may be called again after a rollback, so it sets its results afresh.
	// It returns a refusal while it has written nothing; any other error rolls back.
	run  func(s *session) error
	done chan error
}

// writer is the group commit: each of its goroutines owns one connection, gathers the
// operations that wait, carries them out in one transaction and acknowledges all of them
// after the commit. While it commits, the next ones gather.
type writer struct {
	watch  Watch
	queues []chan *operation
	seed   maphash.Seed
	wg     sync.WaitGroup

	mu     sync.RWMutex
	closed bool
}

func startWriter(db *sql.DB, d *dialect, o Options) *writer {
	w := &writer{seed: maphash.MakeSeed(), watch: o.Watch}
	for range d.writers {
		queue := make(chan *operation, maxBatch)
		w.queues = append(w.queues, queue)
		w.wg.Go(func() {
			s := &session{db: db, dialect: d, now: o.Now, played: o.played, reader: o.Reader, keys: o.Keys, parcels: o.parcels, watch: o.Watch}
			defer s.release()
			for op := range queue {
				s.process(gather(op, queue))
			}
		})
	}
	return w
}

// close refuses new operations and returns when those accepted are carried out.
func (w *writer) close() {
	w.mu.Lock()
	if !w.closed {
		w.closed = true
		for _, q := range w.queues {
			close(q)
		}
	}
	w.mu.Unlock()
	w.wg.Wait()
}

// do carries out one operation and returns when it is on disk. When ctx ends first, the
// operation may or may not have happened, and its results must not be looked at.
func (w *writer) do(ctx context.Context, key, group string, run func(s *session) error) error {
	begun := time.Now()
	ctx, span := trail.Start(ctx, "db write")
	err := w.carry(ctx, key, group, run)
	span.End(err)
	w.watch.Write(time.Since(begun), err)
	return err
}

func (w *writer) carry(ctx context.Context, key, group string, run func(s *session) error) error {
	op := &operation{ctx: ctx, key: key, group: group, run: run, done: make(chan error, 1)}
	if err := w.submit(op); err != nil {
		return err
	}
	select {
	case err := <-op.done:
		return err
	case <-ctx.Done():
		return gaveUp(ctx)
	}
}

func (w *writer) submit(op *operation) error {
	w.mu.RLock()
	defer w.mu.RUnlock()
	if w.closed {
		return fault.New(fault.Unavailable, "the store is closed")
	}
	queue := w.queues[0]
	if len(w.queues) > 1 {
		queue = w.queues[maphash.String(w.seed, op.key)%uint64(len(w.queues))]
	}
	select {
	case queue <- op:
		return nil
	case <-op.ctx.Done():
		return gaveUp(op.ctx)
	}
}

func gaveUp(ctx context.Context) error {
	return fault.Wrap(fault.Unavailable, ctx.Err(), "the database took too long; send it again")
}

func gather(first *operation, queue <-chan *operation) []*operation {
	batch := []*operation{first}
	for len(batch) < maxBatch {
		select {
		case op, ok := <-queue:
			if !ok {
				return batch
			}
			batch = append(batch, op)
		default:
			return batch
		}
	}
	return batch
}

// process answers every operation of a batch: together, or each alone when one of them
// spoils the transaction.
func (s *session) process(batch []*operation) {
	batch = slices.DeleteFunc(batch, func(op *operation) bool {
		if op.ctx.Err() != nil {
			op.done <- gaveUp(op.ctx)
			return true
		}
		return false
	})
	if len(batch) == 0 {
		return
	}
	// All processes lock rows in the same order, so that they wait and do not deadlock.
	slices.SortStableFunc(batch, func(a, b *operation) int {
		if c := strings.Compare(a.group, b.group); c != 0 {
			return c
		}
		return strings.Compare(a.key, b.key)
	})
	var err error
	for range maxAttempts {
		var results []error
		begun := time.Now()
		results, err = s.together(batch)
		s.watch.Transaction(len(batch), time.Since(begun), err)
		if err == nil {
			for i, op := range batch {
				op.done <- results[i]
			}
			return
		}
		if isReadOnly(err) { // perhaps the primary that we had; a new connection may find the one that is now
			s.discard()
		}
		again := isBroken(err) || isReadOnly(err) || isRetryable(err) || (len(batch) == 1 && errors.Is(err, errRaced))
		if !again || errors.Is(err, errLost) {
			break
		}
	}
	if len(batch) == 1 || isGone(err) {
		for _, op := range batch {
			op.done <- classify(err)
		}
		return
	}
	for _, op := range batch {
		s.process([]*operation{op})
	}
}

// together carries out a batch in one transaction. An error means that nothing was
// acknowledged and, unless it is errLost, that nothing was stored.
func (s *session) together(batch []*operation) ([]error, error) {
	stop := s.deadline()
	defer stop()
	if err := s.begin(); err != nil {
		return nil, err
	}
	results := make([]error, len(batch))
	for i, op := range batch {
		err := op.run(s)
		var r refusal
		switch {
		case err == nil:
		case errors.As(err, &r):
			results[i] = r.err
		default:
			s.rollback()
			return nil, err
		}
	}
	return results, s.commit()
}

// deadline bounds the transaction to come where the dialect wants it. SQLite has none: a
// context that can end costs its driver a goroutine for each statement.
func (s *session) deadline() context.CancelFunc {
	s.ctx = context.Background()
	if s.dialect.timeout == 0 {
		return func() {}
	}
	var cancel context.CancelFunc
	s.ctx, cancel = context.WithTimeout(s.ctx, s.dialect.timeout)
	return cancel
}

// cleanup is how long ending a failed transaction may take before its connection goes.
const cleanup = 2 * time.Second
