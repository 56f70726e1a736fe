// Package jobs does scheduled work: releases at a set time, timers, what is to be deleted.
// Each piece is a row that says when it is due; whoever claims it by an UPDATE holds it for
// the time of a lease, by the database's clock, and does it. Work is done at least once: a
// holder that dies is followed by another one when the lease ends, so that what a job does
// must bear to be done again. This is the one way for scheduled work. Start reading at
// Runner.Run.
package jobs

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"shenwei/internal/fault"
)

// Job is one piece of scheduled work. Kind and ref are unique together: what was scheduled
// again under the same name is one job.
type Job struct {
	Kind, Ref string
	// Payload is small text that the kind understands, at most 64 KiB.
	Payload string
	// Due is when it may begin.
	Due time.Time
	// Tries counts the claims, this one included.
	Tries int
}

// MaxPayload bounds a payload, in bytes.
const MaxPayload = 64 << 10

// Func does a job. It returns after which time the job is due again, 0 when it is done for
// good. An error has it tried again, later each time, until it succeeds or is cancelled. The
// context ends when the lease is lost or the program stops.
type Func func(ctx context.Context, j Job) (again time.Duration, err error)

// Store keeps the rows; *store.DB is one.
type Store interface {
	// ScheduleJob adds a job unless one of its kind and ref is there, done or not.
	ScheduleJob(ctx context.Context, j Job) error
	// ClaimJob takes the job of the kinds that is due for the longest time, nil when there is
	// none, and gives the holder a lease.
	ClaimJob(ctx context.Context, holder string, kinds []string, lease time.Duration) (*Job, error)
	// ExtendJob makes a lease last longer; fault.Conflict when the holder has lost it.
	ExtendJob(ctx context.Context, holder string, j Job, lease time.Duration) error
	// EndJob gives a job back: done, or due again after a time when that is above 0. Reason
	// is why it failed, "" when it did not; a failure keeps the count of tries. It is
	// fault.Conflict when the holder has lost it.
	EndJob(ctx context.Context, holder string, j Job, again time.Duration, reason string) error
	// ReleaseJobs makes what these holders have due for others now.
	ReleaseJobs(ctx context.Context, holders []string) error
}

// Config is what a runner needs. Store must be set.
type Config struct {
	Store Store
	Log   *slog.Logger
	// Holder names this process among the others that share the database.
	Holder string
	// Lease is how long a claim holds without being extended; default 30 s.
	Lease time.Duration
	// Poll is how often to look for what is due; default 500 ms. Wake looks at once.
	Poll time.Duration
	// Workers is how many jobs run at once; default 2.
	Workers int
	// Watch is told of each job that was done or failed; nil for nobody.
	Watch func(kind string, took time.Duration, err error)
}

// Runner does the jobs of the kinds that are registered with it.
type Runner struct {
	cfg  Config
	wake chan struct{}

	mu      sync.Mutex
	kinds   map[string]Func
	standby []Job
}

// New returns a runner.
func New(cfg Config) *Runner {
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	if cfg.Lease <= 0 {
		cfg.Lease = 30 * time.Second
	}
	if cfg.Poll <= 0 {
		cfg.Poll = 500 * time.Millisecond
	}
	if cfg.Workers <= 0 {
		cfg.Workers = 2
	}
	if cfg.Watch == nil {
		cfg.Watch = func(string, time.Duration, error) {}
	}
	return &Runner{cfg: cfg, wake: make(chan struct{}, 1), kinds: map[string]Func{}}
}

// Register names the function for a kind, before Run. A kind has one function; jobs of a kind
// without any wait for a program that has one.
func (r *Runner) Register(kind string, do Func) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, twice := r.kinds[kind]; twice {
		panic("jobs: the kind " + kind + " is registered twice")
	}
	r.kinds[kind] = do
}

// Always is Register for work that has no end, such as a nightly deletion: one job of the
// kind exists as long as programs run that register it. Do returns when it is due again.
func (r *Runner) Always(kind string, do Func) {
	r.Register(kind, do)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.standby = append(r.standby, Job{Kind: kind, Ref: "always"})
}

// Wake has the runner look for work now: call it after something was scheduled for soon.
func (r *Runner) Wake() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// Run does what is due until ctx ends, and returns when the jobs under way have ended too.
func (r *Runner) Run(ctx context.Context) error {
	for _, j := range r.standby {
		if err := r.cfg.Store.ScheduleJob(ctx, j); ctx.Err() != nil {
			return nil
		} else if err != nil {
			return fmt.Errorf("schedule %s: %w", j.Kind, err)
		}
	}
	var wg sync.WaitGroup
	for _, holder := range r.holders() {
		wg.Go(func() { r.work(ctx, holder) })
	}
	wg.Wait()
	return nil
}

func (r *Runner) holders() []string {
	all := make([]string, r.cfg.Workers)
	for i := range all {
		all[i] = fmt.Sprintf("%s/%d", r.cfg.Holder, i)
	}
	return all
}

// Release gives what is under way to whoever claims it next, without waiting for it to end. Call
// it only when the program ends at once.
func (r *Runner) Release(ctx context.Context) error { return r.cfg.Store.ReleaseJobs(ctx, r.holders()) }

func (r *Runner) names() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []string
	for kind := range r.kinds {
		all = append(all, kind)
	}
	slices.Sort(all)
	return all
}

func (r *Runner) work(ctx context.Context, holder string) {
	kinds := r.names()
	timer := time.NewTimer(0)
	defer timer.Stop()
	failing := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-r.wake:
		case <-timer.C:
		}
		for ctx.Err() == nil {
			j, err := r.cfg.Store.ClaimJob(ctx, holder, kinds, r.cfg.Lease)
			if err != nil && ctx.Err() == nil && !failing {
				r.cfg.Log.Error("scheduled work cannot be read; it waits", "err", err)
			}
			failing = err != nil
			if err != nil || j == nil {
				break
			}
			r.Wake() // there may be more, for another worker
			r.do(ctx, holder, *j)
		}
		timer.Reset(r.cfg.Poll)
	}
}

// do carries out one claimed job and gives it back.
func (r *Runner) do(ctx context.Context, holder string, j Job) {
	held, drop := context.WithCancel(ctx)
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		r.extend(held, drop, holder, j)
	}()
	begun := time.Now()
	again, err := r.call(held, j)
	r.cfg.Watch(j.Kind, time.Since(begun), err)
	drop()
	<-stopped
	reason := ""
	switch {
	case err != nil && ctx.Err() != nil: // the program ends: another one goes on at once
		again = time.Millisecond
	case err != nil:
		again, reason = backoff(j.Tries), string(fault.CodeOf(err))
		level := slog.LevelWarn
		if j.Tries >= loudAfter {
			level = slog.LevelError
		}
		r.cfg.Log.Log(ctx, level, "scheduled work failed; it is tried again", "kind", j.Kind, "ref", j.Ref, "try", j.Tries, "after", again, "err", err)
	}
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), r.cfg.Lease)
	defer cancel()
	if err := r.cfg.Store.EndJob(end, holder, j, again, reason); err != nil {
		r.cfg.Log.Warn("scheduled work was not given back; it may be done again", "kind", j.Kind, "ref", j.Ref, "err", err)
	}
}

// call does the job; a panic is its failure and nobody else's.
func (r *Runner) call(ctx context.Context, j Job) (again time.Duration, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic in scheduled work: %v\n%s", p, debug.Stack())
		}
	}()
	r.mu.Lock()
	do := r.kinds[j.Kind]
	r.mu.Unlock()
	return do(ctx, j)
}

// extend keeps the lease while the job runs, and ends the job's context when it is lost.
func (r *Runner) extend(ctx context.Context, drop context.CancelFunc, holder string, j Job) {
	tick := time.NewTicker(r.cfg.Lease / 3)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if err := r.cfg.Store.ExtendJob(ctx, holder, j, r.cfg.Lease); fault.Is(err, fault.Conflict) {
			drop()
			return
		}
	}
}

// loudAfter is the try from which a failure is an error in the log.
const loudAfter = 5

// backoff is 1 s after the first failure, twice as long after each, at most 10 minutes.
func backoff(tries int) time.Duration {
	return min(time.Second<<min(max(tries-1, 0), 20), 10*time.Minute)
}
