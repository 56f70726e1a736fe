package main

import (
	"context"
	"runtime/debug"
	"time"

	"shenwei/internal/bus"
)

// followEvery is how often a node looks for a newer release and for what was set for the
// moment: what another process published is visible within a second.
const followEvery = 400 * time.Millisecond

// look has the follower look now, and not only at its next turn.
func (a *app) look() {
	select {
	case a.poke <- struct{}{}:
	default:
	}
}

// follow builds and swaps each newer release, and takes over what is set for the moment, until
// ctx ends. A release that cannot be built leaves the one before live. When a date of the live
// release comes, it has the next one made.
func (a *app) follow(ctx context.Context) error {
	tick := time.NewTicker(followEvery)
	defer tick.Stop()
	debug.FreeOSMemory() // building an engine leaves three times of what stays
	failed := int64(0)
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		case <-a.poke:
		}
		number, overrides, err := a.store.Moment(ctx)
		if err != nil {
			continue
		}
		if overrides != a.live.Overridden() {
			a.override(ctx)
		}
		if number != a.live.Current().Release() && number != failed {
			if err := a.swapTo(ctx); err != nil {
				failed = number
				a.log.Error("a release cannot be built; the one before stays live", "release", number, "err", err)
			}
		}
		a.reached(ctx)
	}
}

func (a *app) override(ctx context.Context) {
	over, err := a.store.Overrides(ctx)
	if err != nil {
		a.log.Error("what is set for the moment cannot be read; it is tried again", "err", err)
		return
	}
	a.live.Override(over)
	a.switchWording(over)
	a.log.Info("set for the moment", "version", over.Version, "takedowns", len(over.Takedowns), "notices", len(over.Notices), "all_to_people", over.Switch != nil, "published_words", over.Published != nil)
}

func (a *app) swapTo(ctx context.Context) error {
	rel, err := a.store.Current(ctx)
	if err != nil {
		return err
	}
	running := a.spare.take(spareKey(rel)).Running
	kept := running != nil
	if !kept {
		if running, err = a.builder.BuildRelease(rel); err != nil {
			return err
		}
	}
	a.live.Swap(running)
	a.compareLexicon(ctx, rel.Number)
	a.dates = rel.Dates(rel.AsOf, farAhead)
	a.newRelease()
	debug.FreeOSMemory()
	a.log.Info("release is live", "release", rel.Number, "kept_from_gate", kept)
	return nil
}

// reached has the next release made when a date of the live one has come. A failure is tried
// again at the next look.
func (a *app) reached(ctx context.Context) {
	if a.studio == nil || len(a.dates) == 0 || a.now().Before(a.dates[0]) {
		return
	}
	number, err := a.studio.DatesReached(ctx)
	switch {
	case err != nil:
		a.log.Error("a date has come and the next release cannot be made; it is tried again", "date", a.dates[0], "err", err)
	case number > 0:
		a.log.Info("a date has come", "date", a.dates[0], "release", number)
		a.bus.Publish(bus.Hint{Kind: bus.Knowledge})
	}
}
