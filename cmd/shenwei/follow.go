package main

import (
	"context"
	"time"
)

// followEvery is how often a node looks for a newer release: an edit that another process
// published is visible within a second.
const followEvery = 400 * time.Millisecond

// follow builds and swaps each newer release until ctx ends. A release that cannot be
// built leaves the one before live.
func (a *app) follow(ctx context.Context) error {
	tick := time.NewTicker(followEvery)
	defer tick.Stop()
	failed := int64(0)
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		number, err := a.store.CurrentNumber(ctx)
		if err != nil || number == a.live.Current().Release() || number == failed {
			continue
		}
		if err := a.swapTo(ctx); err != nil {
			failed = number
			a.log.Error("a release cannot be built; the one before stays live", "release", number, "err", err)
		}
	}
}

func (a *app) swapTo(ctx context.Context) error {
	rel, err := a.store.Current(ctx)
	if err != nil {
		return err
	}
	running, err := a.builder.BuildRelease(rel)
	if err != nil {
		return err
	}
	a.live.Swap(running)
	a.log.Info("release is live", "release", rel.Number)
	return nil
}
