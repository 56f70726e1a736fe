package main

import (
	"context"
	"errors"
	"os"
	"time"

	"shenwei/internal/bus"
	"shenwei/internal/fault"
)

// A node leaves in this order: /readyz says so while everything is served as before, so that a
// balancer looks elsewhere; then nothing new is taken, sockets are told when to come back, what
// is under way is finished or given to others; then the record is closed. Whatever hangs, the
// process ends.
const (
	// leaveWithin bounds all of it, the grace included; giveUp what is done at the end of it.
	leaveWithin = 17 * time.Second
	giveUp      = 2 * time.Second
	// maxLeave bounds leave_seconds.
	maxLeave = 10
)

func (c config) checkLeave() error {
	if c.LeaveSeconds < -1 || c.LeaveSeconds > maxLeave {
		return fault.New(fault.BadRequest, "leave_seconds: write 0 to %d, or -1 for the default", maxLeave)
	}
	return nil
}

// grace is how long the node goes on after it has said that it leaves: by default a second
// where others may take over, and no time where it is alone.
func (a *app) grace() time.Duration {
	switch {
	case a.cfg.LeaveSeconds >= 0:
		return time.Duration(a.cfg.LeaveSeconds) * time.Second
	case a.store.Shared():
		return time.Second
	}
	return 0
}

// leaving returns the context of everything that serves: it ends some time after ctx has, when
// the first signal came.
func (a *app) leaving(ctx context.Context, n *node) (context.Context, context.CancelFunc) {
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	ended := context.AfterFunc(ctx, func() {
		grace := a.grace()
		a.log.Info("leaving", "grace", grace)
		n.server.Leave()
		a.by.Store(new(time.Now().Add(leaveWithin - giveUp)))
		a.abandon.Store(time.AfterFunc(leaveWithin, a.giveUp))
		if grace == 0 {
			stop()
			return
		}
		timer := time.AfterFunc(grace, stop)
		context.AfterFunc(serving, func() { timer.Stop() })
	})
	return serving, func() { ended(); stop() }
}

// closing bounds what is done after everything has ended.
func (a *app) closing() (context.Context, context.CancelFunc) {
	by := time.Now().Add(drainTimeout)
	if last := a.by.Load(); last != nil && last.Before(by) {
		by = *last
	}
	return context.WithDeadline(context.Background(), by)
}

// gaveBack tells the others that what this node had is theirs now.
func (a *app) gaveBack() {
	a.bus.Publish(bus.Hint{Kind: bus.Jobs})
	a.bus.Publish(bus.Hint{Kind: bus.Outbox})
}

// giveUp ends the process although something hangs.
func (a *app) giveUp() {
	a.log.Error("something does not end; the process ends all the same, and others go on with what it had", "after", leaveWithin)
	ctx, cancel := context.WithTimeout(context.Background(), giveUp/2)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- errors.Join(a.jobs.Release(ctx), a.channels.outbox.Release(ctx)) }()
	select {
	case err := <-done:
		if err != nil {
			a.log.Error("what this process had is free when its leases end", "err", err)
		}
	case <-ctx.Done():
	}
	a.gaveBack()
	closed := make(chan struct{})
	go func() { a.bus.Close(); close(closed) }()
	select {
	case <-closed:
	case <-time.After(giveUp / 2):
	}
	os.Exit(1)
}
