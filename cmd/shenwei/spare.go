package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"sync"
	"time"

	"shenwei/bot/eval"
	"shenwei/bot/release"
	"shenwei/kb"
)

// spareFor is how long an engine that the gate built is kept for the release that it would be:
// who has read the report publishes within minutes.
const spareFor = 15 * time.Minute

// spare keeps the engine of the candidate that the gate ran last, so that its release is live
// the moment it is published and not an engine's building later.
type spare struct {
	mu     sync.Mutex
	key    string
	engine *release.Running
	timer  *time.Timer
}

// spareKey names the engine of a release: its number, what it consists of and which of its
// revisions are in force. Two releases with one key answer the same.
func spareKey(rel *kb.Release) string {
	h := sha256.New()
	_, _ = fmt.Fprintf(h, "%d %s\n", rel.Number, rel.Hash()) // a hash takes everything
	for _, r := range rel.InForce() {
		_, _ = fmt.Fprintf(h, "%s %d %v\n", r.Key(), r.Number, r.Span().Holds(rel.AsOf))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// put keeps an engine in the place of the one before, which is closed.
func (s *spare) put(key string, engine *release.Running) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drop()
	s.key, s.engine = key, engine
	s.timer = time.AfterFunc(spareFor, func() { s.take(key).close() })
}

// taken is an engine that was taken, or none.
type taken struct{ *release.Running }

func (t taken) close() {
	if t.Running != nil {
		_ = t.Close() // in memory: nothing can be lost
	}
}

// take hands the engine of the key over; none when another or no engine is kept.
func (s *spare) take(key string) taken {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.engine == nil || s.key != key {
		return taken{}
	}
	t := taken{s.engine}
	s.timer.Stop()
	s.engine, s.key = nil, ""
	return t
}

// drop closes what is kept. The caller holds the lock.
func (s *spare) drop() {
	if s.engine != nil {
		s.timer.Stop()
		taken{s.engine}.close()
		s.engine, s.key = nil, ""
	}
}

func (s *spare) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drop()
}

// studioGate is the gate that keeps the candidate's engine as it is now.
func (a *app) studioGate() kb.Gate {
	g := newGate(a.builder, a.store)
	g.Build = func(rel *kb.Release) (eval.Engine, func(), error) {
		a.serveFirst()
		running, err := a.builder.BuildRelease(rel)
		if err != nil {
			return nil, nil, err
		}
		done := func() { taken{running}.close() }
		if rel.Number == a.live.Current().Release()+1 && !rel.AsOf.After(a.now()) {
			key := spareKey(rel)
			done = func() { a.spare.put(key, running) }
		}
		return straight{running.Engine}, done, nil
	}
	return g
}

// serveWithin is how long the gate lets a release go live before it.
const serveWithin = 10 * time.Second

// serveFirst waits until this node serves the newest release: after a roll-back citizens read the
// former text before the report on it takes the processor.
func (a *app) serveFirst() {
	ctx, cancel := context.WithTimeout(context.Background(), serveWithin)
	defer cancel()
	tick := time.NewTicker(followEvery / 8)
	defer tick.Stop()
	for {
		newest, err := a.store.CurrentNumber(ctx)
		if err != nil || newest <= a.live.Current().Release() {
			return
		}
		a.look()
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
