package insight

import (
	"context"
	"log/slog"
	"time"

	"shenwei/intents"
	"shenwei/internal/fault"
	"shenwei/kb"
)

const (
	// batch bounds the turns of one transaction: the answers' writer is kept for two or
	// three milliseconds at most.
	batch = 64
	// recently is how many questions of a conversation are looked back at.
	recently = 20
	// every is how often a follower looks for something new.
	every = 2 * time.Second
	// lease is how long a node that died is waited for.
	lease = 30 * time.Second
	// memory is how long a cluster without a new question is still compared with.
	memory = 180 * 24 * time.Hour
	// breath is how long the follower works before it lets go.
	breath = 5 * time.Millisecond
)

// Live is the release that is live.
type Live interface {
	Vector(text string) intents.Vector
	Knowledge() *kb.Knowledge
	Release() int64
}

// Config is what a follower needs.
type Config struct {
	Store Store
	// Live returns what is live now, nil before the first release is ready.
	Live func() Live
	// Node names this process among others on one database.
	Node     string
	Location *time.Location
	Log      *slog.Logger
	// Now is the clock, After its alarm; time.Now and time.After when nil.
	Now   func() time.Time
	After func(time.Duration) <-chan time.Time
}

// Follower follows the record: one node at a time, in small steps with rests as long as the
// work, so that answers never wait for it. A restart goes on where it stopped: the cursor is
// stored with what it led to.
type Follower struct {
	cfg      Config
	clusters *Clusters
	release  int64 // that the clusters were read with
	settled  int64 // whose drafted clusters were looked at
	since    time.Time
	cursor   Cursor    // as of the last step
	until    time.Time // when the lease ends, zero for none
}

// NewFollower returns a follower that has not begun.
func NewFollower(cfg Config) *Follower {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.After == nil {
		cfg.After = time.After
	}
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	return &Follower{cfg: cfg}
}

// Run follows until ctx ends. A failure is logged and tried again: numbers may come late,
// and nothing else depends on them.
func (f *Follower) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		n, err := f.Step(ctx)
		if err != nil && ctx.Err() == nil {
			f.cfg.Log.Warn("questions are not counted for now", "err", err)
		}
		if n > 0 && err == nil {
			f.rest(ctx)
			continue
		}
		select {
		case <-ctx.Done():
		case <-f.cfg.After(every):
		}
	}
	return nil
}

// Step takes what is new, at most one batch, and returns how many turns and thumbs it took.
func (f *Follower) Step(ctx context.Context) (int, error) {
	live := f.cfg.Live()
	if live == nil {
		return 0, nil
	}
	now := f.cfg.Now()
	f.since = now
	if mine, err := f.hold(ctx, now); err != nil || !mine {
		return 0, err
	}
	if err := f.settle(ctx, live, now); err != nil {
		return 0, err
	}
	w := newWork(f, live)
	n, err := w.turns(ctx, f.cursor)
	if err == nil && n == 0 {
		n, err = w.thumbs(ctx, f.cursor)
	}
	if err != nil || n == 0 {
		return 0, err
	}
	b, err := w.batch(ctx, f.cursor)
	if err == nil {
		worked := f.cfg.Now().Sub(f.since)
		err = f.cfg.Store.Save(ctx, b)
		f.since = f.cfg.Now().Add(-worked) // waiting for the disk is a rest already
	}
	if err != nil {
		f.clusters, f.until = nil, time.Time{} // they hold what was not stored
		return 0, err
	}
	f.cursor = b.To
	return n, nil
}

// hold takes or keeps the lease, asking again when half of it is over.
func (f *Follower) hold(ctx context.Context, now time.Time) (bool, error) {
	if left := f.until.Sub(now); left > lease/2 && left <= lease {
		return true, nil
	}
	cursor, mine, err := f.cfg.Store.Lease(ctx, f.cfg.Node, lease)
	if err != nil || !mine {
		f.clusters, f.until = nil, time.Time{} // whoever follows now adds to them
		return false, err
	}
	f.cursor, f.until = cursor, now.Add(lease) // which was before it was given
	return true, nil
}

// rest waits as long as was worked since the last rest: half of one core is the most that
// following takes.
func (f *Follower) rest(ctx context.Context) {
	worked := f.cfg.Now().Sub(f.since)
	select {
	case <-ctx.Done():
	case <-f.cfg.After(min(max(worked, 0), time.Second)):
	}
	f.since = f.cfg.Now()
}

// ready reads the clusters' samples with the release that is live, at the beginning and when
// another one went live.
func (f *Follower) ready(ctx context.Context, live Live) error {
	if f.clusters != nil && f.release == live.Release() {
		return nil
	}
	samples, next, err := f.cfg.Store.Samples(ctx, f.cfg.Now().Add(-memory))
	if err != nil {
		return err
	}
	clusters := NewClusters(live.Vector, next)
	for _, s := range samples {
		clusters.Load(s)
		if f.cfg.Now().Sub(f.since) > breath {
			f.rest(ctx)
		}
	}
	f.clusters, f.release = clusters, live.Release()
	return ctx.Err()
}

// settle looks once for each release whether what was drafted for clusters is live.
func (f *Follower) settle(ctx context.Context, live Live, now time.Time) error {
	if f.settled == live.Release() {
		return nil
	}
	waiting, err := f.cfg.Store.Waiting(ctx)
	if err != nil {
		return err
	}
	for _, w := range waiting {
		if !w.Live(live.Knowledge()) {
			continue
		}
		if err := f.cfg.Store.Solve(ctx, w.Cluster, now); err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
	}
	f.settled = live.Release()
	return nil
}

// Live tells whether the knowledge has the document with one of the asks.
func (w Waiting) Live(k *kb.Knowledge) bool {
	asks, ok := asksOf(k, w.Key)
	if !ok {
		return false
	}
	known := map[string]bool{}
	for _, a := range asks {
		known[kb.AskKey(a)] = true
	}
	for _, a := range w.Asks {
		if known[kb.AskKey(a)] {
			return true
		}
	}
	return len(w.Asks) == 0
}
