package release

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"shenwei/internal/fault"
	"shenwei/kb"
)

// Bench builds throw-away engines of candidates, to try them beside the live one. An engine
// takes a second and some ten megabytes, so it is kept for those who ask next of the same
// candidate; there are never more than a few.
type Bench struct {
	builder *Builder
	max     int
	idle    time.Duration
	now     func() time.Time
	log     *slog.Logger

	mu      sync.Mutex
	engines map[string]*tried
	changed chan struct{} // closed and made anew when an engine is given back
}

// tried is one engine of a candidate; running and err are set before ready is closed.
type tried struct {
	ready   chan struct{}
	running *Running
	err     error
	users   int
	last    time.Time
}

// NewBench returns a bench of at most limit engines, each closed when nobody asked it for idle.
func NewBench(b *Builder, limit int, idle time.Duration, now func() time.Time, log *slog.Logger) *Bench {
	return &Bench{builder: b, max: limit, idle: idle, now: now, log: log, engines: map[string]*tried{}, changed: make(chan struct{})}
}

// Hash identifies what a release consists of: candidates with the same hash answer the same.
func Hash(rel *kb.Release) string {
	lines := make([]string, 0, len(rel.Revisions))
	for _, r := range rel.Revisions {
		version := fmt.Sprint(r.Number)
		if r.Number == 0 { // not stored: only its text tells it apart
			version = r.Hash()
		}
		lines = append(lines, r.Key()+"\x00"+version+"\n")
	}
	slices.Sort(lines)
	lines = append(lines, rel.AsOf.UTC().String())
	sum := sha256.Sum256([]byte(strings.Join(lines, "")))
	return hex.EncodeToString(sum[:])
}

// Use returns an engine of the candidate, which stays open until done is called. It waits
// for its turn when all engines are in use, until ctx ends.
func (b *Bench) Use(ctx context.Context, candidate *kb.Release) (r *Running, done func(), err error) {
	key := Hash(candidate)
	t, err := b.take(ctx, key, candidate)
	if err != nil {
		return nil, nil, err
	}
	select {
	case <-t.ready:
	case <-ctx.Done():
		b.give(key, t)
		return nil, nil, busy(ctx)
	}
	if t.err != nil {
		b.give(key, t)
		return nil, nil, t.err
	}
	return t.running, sync.OnceFunc(func() { b.give(key, t) }), nil
}

func busy(ctx context.Context) error {
	return fault.Wrap(fault.Unavailable, ctx.Err(), "试用的引擎正忙，请稍后再试")
}

// take counts a user in, and begins to build an engine that is not there.
func (b *Bench) take(ctx context.Context, key string, candidate *kb.Release) (*tried, error) {
	for {
		b.mu.Lock()
		if t := b.engines[key]; t != nil {
			t.users++
			b.mu.Unlock()
			return t, nil
		}
		if len(b.engines) < b.max || b.evict() {
			t := &tried{ready: make(chan struct{}), users: 1}
			b.engines[key] = t
			b.mu.Unlock()
			go func() { // whoever asked first may leave; the next one finds it
				t.running, t.err = b.builder.BuildRelease(candidate)
				close(t.ready)
			}()
			return t, nil
		}
		wait := b.changed
		b.mu.Unlock()
		select {
		case <-wait:
		case <-ctx.Done():
			return nil, busy(ctx)
		}
	}
}

// evict closes the engine that was not in use for longest and reports whether there was one.
func (b *Bench) evict() bool {
	oldest := ""
	for key, t := range b.engines {
		if t.users == 0 && (oldest == "" || t.last.Before(b.engines[oldest].last)) {
			oldest = key
		}
	}
	if oldest == "" {
		return false
	}
	b.drop(oldest)
	return true
}

// drop removes an engine that nobody uses; the caller holds b.mu.
func (b *Bench) drop(key string) {
	t := b.engines[key]
	delete(b.engines, key)
	go func() {
		<-t.ready
		if t.running == nil {
			return
		}
		if err := t.running.Close(); err != nil {
			b.log.Error("close the index of a candidate", "err", err)
		}
	}()
}

func (b *Bench) give(key string, t *tried) {
	b.mu.Lock()
	defer b.mu.Unlock()
	t.users--
	t.last = b.now()
	select {
	case <-t.ready:
		if t.err != nil && t.users == 0 && b.engines[key] == t {
			delete(b.engines, key) // the next one tries again
		}
	default:
	}
	close(b.changed)
	b.changed = make(chan struct{})
}

// Len is how many engines there are.
func (b *Bench) Len() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.engines)
}

// Sweep closes engines that were idle for too long.
func (b *Bench) Sweep() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for key, t := range b.engines {
		if t.users == 0 && b.now().Sub(t.last) >= b.idle {
			b.drop(key)
		}
	}
}

// Run sweeps now and then until ctx ends.
func (b *Bench) Run(ctx context.Context) error {
	tick := time.NewTicker(b.idle / 4)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			b.Sweep()
		}
	}
}
