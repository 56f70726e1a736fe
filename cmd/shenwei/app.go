package main

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"sync/atomic"
	"time"
	_ "time/tzdata" // the zone of the service travels in the binary

	"shenwei/bot"
	"shenwei/bot/phrase"
	"shenwei/bot/release"
	"shenwei/data"
	"shenwei/internal/bus"
	"shenwei/internal/fault"
	"shenwei/internal/jobs"
	"shenwei/internal/picture"
	"shenwei/internal/store"
	"shenwei/internal/vault"
	"shenwei/kb"
	"shenwei/kb/meaning"
	"shenwei/web/auth"
)

// app is what every command that answers needs: the record, the knowledge, a live engine.
type app struct {
	cfg     config
	log     *slog.Logger
	seen    *seen
	store   *store.DB
	library *kb.Library
	builder *release.Builder
	live    *release.Live
	bench   *release.Bench
	front   *bot.Front
	started kb.Started
	// now is the clock that all nodes of the database share.
	now func() time.Time

	studio *kb.Studio
	spare  spare
	// poke has the follower look now; dates are those at which the live release changes by
	// itself, the next one first. Only the follower touches them once it runs.
	poke  chan struct{}
	dates []time.Time
	// channels are set by serve.
	channels *channels
	// bus tells other nodes, and is told by them.
	bus bus.Bus
	// by is when leaving is to be done, abandon what ends the process then.
	by      atomic.Pointer[time.Time]
	abandon atomic.Pointer[time.Timer]
	keys    *vault.Ring
	staff   *auth.Service
	jobs    *jobs.Runner
	// cleaner writes pictures anew that people send.
	cleaner *picture.Cleaner
	// phrase re-words answers; nil without a model. warm tells that a release went live.
	phrase *phrase.Service
	warm   chan struct{}
	// vectors help ranking; nil without an embedding model. refill tells that a release went live.
	vectors *meaning.Service
	refill  chan struct{}
	lexicon lexicon
	// handBack is told of an agent who was disabled, or is no agent any more.
	handBack []func(ctx context.Context, account string) error
}

// picturesAtOnce bounds the memory that decoding takes: each up to 250 MB.
const picturesAtOnce = 2

// farAhead is after every date that knowledge may name.
var farAhead = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

// open reads the configuration, opens the record, takes the embedded knowledge in where
// it is new and builds the engine of the current release.
func (c *cli) open(ctx context.Context) (*app, error) {
	a, err := c.openRecord(ctx)
	if err != nil {
		return nil, err
	}
	if err := a.start(ctx); err != nil {
		_ = a.store.Close()
		return nil, err
	}
	return a, nil
}

// openRecord is open without the engine, for commands that need only the record.
func (c *cli) openRecord(ctx context.Context) (*app, error) {
	cfg, err := c.loadConfig()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(cfg.Dir, 0o750); err != nil {
		return nil, fault.Wrap(fault.BadRequest, err, "dir: %s cannot be made", cfg.Dir)
	}
	seen, err := cfg.newSeen()
	if err != nil {
		return nil, err
	}
	log, err := cfg.newAppLog(os.Stderr, seen)
	if err != nil {
		return nil, err
	}
	a := &app{
		cfg: cfg, now: localClock, poke: make(chan struct{}, 1), warm: make(chan struct{}, 1), refill: make(chan struct{}, 1),
		cleaner: picture.NewCleaner(picturesAtOnce), log: log, seen: seen, bus: bus.Alone(),
	}
	if err := a.openStore(ctx); err != nil {
		return nil, err
	}
	a.staff = a.authService()
	return a, nil
}

// openStore opens the record with its keys. A file of keys that was made for a database that
// has other ones goes again.
func (a *app) openStore(ctx context.Context) error {
	ring, made, err := a.openKeys()
	if err != nil {
		return err
	}
	a.keys = ring
	if err := a.readLexicon(); err != nil {
		return err
	}
	a.store, err = store.Open(ctx, a.cfg.DB, store.Options{Keys: ring, Watch: a.seen.database(), Local: localClock, Reader: a.lexicon.own})
	switch {
	case err != nil && made:
		return errors.Join(err, os.Remove(a.cfg.keyFile()))
	case err != nil:
		return err
	}
	a.now = a.store.Now // what nodes must agree on goes by one clock
	if made {
		a.log.Warn("a key to the personal data in the database was made; keep a copy apart from the database's backups, without it they cannot be read", "file", a.cfg.keyFile())
	}
	return nil
}

// start takes the embedded documents in where they are new and puts the current release live.
func (a *app) start(ctx context.Context) error {
	docs, err := kb.ReadDocuments(data.Files)
	if err != nil {
		return err
	}
	return a.startWith(ctx, docs)
}

func (a *app) startWith(ctx context.Context, docs []kb.Document) error {
	var err error
	if a.builder, err = release.NewBuilder(a.cfg.Dir, a.cfg.site()); err != nil {
		return err
	}
	a.sayMended()
	if err := a.startVectors(ctx); err != nil {
		return err
	}
	a.library = kb.NewLibrary(a.store, newGate(a.builder, a.store), a.now)
	if a.started, err = a.library.Start(ctx, docs); err != nil {
		return err
	}
	running, err := a.builder.BuildRelease(a.started.Release)
	if err != nil {
		return err
	}
	a.live = release.NewLive(a.log)
	a.live.Swap(running)
	a.compareLexicon(ctx, a.started.Release.Number)
	a.dates = a.started.Release.Dates(a.started.Release.AsOf, farAhead)
	over, err := a.store.Overrides(ctx)
	if err != nil {
		return err
	}
	a.live.Override(over)
	if err := a.startWording(); err != nil {
		return err
	}
	a.switchWording(over)
	a.newRelease()
	return nil
}

// close drains answers under way and closes the record.
func (a *app) close() error {
	if a.front != nil {
		ctx, cancel := a.closing()
		defer cancel()
		if a.channels != nil { // it begins lines: first
			a.channels.drain(ctx)
		}
		if err := a.front.Drain(ctx); err != nil {
			a.log.Error("some lines are not answered yet; they will be at the next start", "err", err)
		}
	}
	if a.studio != nil {
		a.studio.Close()
		a.spare.close()
	}
	if a.phrase != nil {
		if err := a.phrase.Close(); err != nil {
			a.log.Error("wordings are not kept", "err", err)
		}
	}
	if a.vectors != nil {
		a.vectors.Close()
	}
	a.gaveBack()
	a.seen.closeTraces()
	a.bus.Close()
	err := a.store.Close()
	if t := a.abandon.Load(); t != nil {
		t.Stop()
	}
	return err
}

const drainTimeout = 15 * time.Second
