package main

import (
	"context"
	"errors"
	"net"
	"net/http"
	"runtime/debug"
	"time"

	"golang.org/x/sync/errgroup"

	"shenwei/bot"
	"shenwei/bot/desk"
	"shenwei/internal/fault"
	"shenwei/kb"
	"shenwei/web"
	"shenwei/web/live"
	"shenwei/web/studio"
)

type serveCmd struct {
	Addr string `help:"Address to serve on; default :8080." placeholder:"HOST:PORT"`
}

// gcPercent trades a little processor time for memory: what an answer allocates dies with it.
const gcPercent = 120

// Run serves until a signal, then finishes what is under way.
func (s *serveCmd) Run(ctx context.Context, c *cli) error {
	debug.SetGCPercent(gcPercent)
	app, err := c.open(ctx)
	if err != nil {
		return err
	}
	app.report()
	err = app.serve(ctx)
	return errors.Join(err, app.close())
}

// report tells an operator what was started.
func (a *app) report() {
	rel := a.started.Release
	a.log.Info("knowledge is ready", "release", rel.Number, "documents", len(rel.Revisions), "first_start", a.started.Imported)
	if n := len(a.started.Drafts); n > 0 {
		a.log.Warn("the embedded knowledge changed; it waits as drafts", "drafts", n, "see", "shenwei import --embedded --dry-run")
	}
	if !a.cfg.Site.Live {
		a.log.Warn("the site says that it shows sample data; set site.live when the knowledge is your own")
	}
}

// serve runs everything that lives as long as the service.
func (a *app) serve(ctx context.Context) error {
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", a.cfg.Addr)
	if err != nil {
		return fault.Wrap(fault.Unavailable, err, "addr: %s cannot be listened on; is another service there?", a.cfg.Addr)
	}
	n, err := a.newNode(ctx)
	if err != nil {
		return errors.Join(err, ln.Close())
	}
	if n, err := a.front.Recover(ctx); err != nil {
		a.log.Error("lines of before the last stop are not answered", "err", err)
	} else if n > 0 {
		a.log.Info("lines that the last stop interrupted are answered", "lines", n)
	}
	a.schedule()
	a.log.Info("serving", "addr", ln.Addr().String())
	if err := a.inviteFirst(ctx, ln.Addr()); err != nil {
		return errors.Join(err, ln.Close())
	}
	serving, stop := a.leaving(ctx, n)
	defer stop()
	group, ctx := errgroup.WithContext(serving)
	a.listen(n)
	group.Go(func() error { return ignoreClosed(n.server.Serve(ctx, ln)) })
	group.Go(func() error { return a.followReplies(ctx, n.hub) })
	group.Go(func() error { return a.front.Rescue(ctx) })
	group.Go(func() error { return a.store.Watch(ctx, a.log) })
	group.Go(func() error { return a.follow(ctx) })
	group.Go(func() error { return a.obeySignals(ctx) })
	group.Go(func() error { return a.warmWords(ctx) })
	group.Go(func() error { return a.fillVectors(ctx) })
	a.channels.run(ctx, group)
	group.Go(func() error { return a.jobs.Run(ctx) })
	group.Go(func() error { return n.hotline.Run(ctx) })
	group.Go(func() error { return n.server.RunDesk(ctx) })
	group.Go(func() error { return a.follower(n.insights.Location).Run(ctx) })
	group.Go(func() error { return a.bench.Run(ctx) })
	group.Go(func() error { return a.staff.Watch(ctx, n.hub) })
	if a.cfg.AdminAddr != "" {
		group.Go(func() error { return a.serveAdmin(ctx, n.server) })
	}
	return group.Wait()
}

// node is what this process serves with.
type node struct {
	hub      *live.Hub
	hotline  *desk.Service
	insights *studio.InsightConfig
	server   *web.Server
}

func (a *app) newNode(ctx context.Context) (*node, error) {
	if err := a.openTraces(ctx); err != nil {
		return nil, err
	}
	if err := a.joinBus(ctx); err != nil {
		return nil, err
	}
	n := &node{hub: a.newHub()}
	var err error
	if n.hotline, err = a.newDesk(); err != nil {
		return nil, err
	}
	a.seen.hotline(n.hotline)
	a.front = bot.NewFront(a.store, a.answerer(), a.log, append(append(a.wording(), a.seen.front()...), bot.WithClock(a.now), bot.WithCommitted(n.hub.Committed), bot.WithDesk(n.hotline),
		bot.WithLabels(a.label), bot.WithSpeech(a.builder.Speech()))...)
	a.studio = kb.NewStudio(a.seen.record(a.store), a.seen.gate(a.studioGate()), a.log, a.now, a.changed)
	if n.insights, err = a.insights(); err != nil {
		return nil, err
	}
	n.server, err = a.server(n.hub, n.hotline, n.insights)
	return n, err
}

func (a *app) server(hub *live.Hub, hotline *desk.Service, insights *studio.InsightConfig) (*web.Server, error) {
	var err error
	if a.channels, err = a.newChannels(); err != nil {
		return nil, err
	}
	cfg := a.webConfig(hub)
	cfg.Insight = insights
	if cfg.LinkKeys, err = a.cfg.Keys.linkSecrets(); err != nil {
		return nil, err
	}
	if len(cfg.LinkKeys) > 0 {
		cfg.Codes = a.store
	}
	if cfg.Tiles, err = a.cfg.Places.Tiles.tiles(); err != nil {
		return nil, err
	}
	if cfg.Desk, err = a.deskPages(hotline); err != nil {
		return nil, err
	}
	a.channels.routes(&cfg, a.seen)
	a.seen.web(&cfg, a.store)
	server, err := web.New(cfg)
	if err != nil {
		return nil, err
	}
	return server, a.watchVitals(server.Registry(), hotline)
}

func (a *app) webConfig(hub *live.Hub) web.Config {
	return web.Config{
		Front: a.front, Store: a.store, Hub: hub, Log: a.log,
		Staff: a.staff, StaffRecord: staffRecord{a.store}, OIDC: a.oidc(),
		Live: func() web.Live {
			if v := a.live.View(); v != nil {
				return v
			}
			return nil
		},
		Exchange: a.exchange(),
		Studio:   &studio.Services{Studio: a.studio, Overrides: a.store, Links: a.store, Wording: a.wordingView(), Changed: a.changed},
		BaseURL:  a.cfg.Site.BaseURL, AllowedOrigins: a.cfg.Site.AllowedOrigins, TrustedProxies: a.cfg.Proxy.Trusted,
		Limits: web.Limits{
			Visitor: web.Limit{Events: a.cfg.Limits.VisitorBurst, Per: 10 * time.Second},
			Address: web.Limit{Events: a.cfg.Limits.AddressMinute, Per: time.Minute},
		},
		RetentionDays: a.cfg.Retention.ConversationsDays, PictureDays: a.cfg.Retention.pictureDays(), Cleaner: a.cleaner, Now: a.now,
	}
}

// serveAdmin answers /metrics on an address of its own. That it is taken does not stop the
// service: citizens come first.
func (a *app) serveAdmin(ctx context.Context, server *web.Server) error {
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", a.cfg.AdminAddr)
	if err != nil {
		a.log.Error("no metrics: admin_addr cannot be listened on", "addr", a.cfg.AdminAddr, "err", err)
		return nil
	}
	hs := &http.Server{Handler: web.AdminHandler(server.Registry()), ReadHeaderTimeout: 5 * time.Second}
	stop := context.AfterFunc(ctx, func() { _ = hs.Close() })
	defer stop()
	return ignoreClosed(hs.Serve(ln))
}

func ignoreClosed(err error) error {
	if errors.Is(err, http.ErrServerClosed) || errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}
