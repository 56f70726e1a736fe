package main

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"shenwei/bot"
	"shenwei/bot/desk"
	"shenwei/internal/meter"
	"shenwei/internal/spans"
	"shenwei/internal/store"
	"shenwei/internal/trail"
	"shenwei/kb"
	"shenwei/web"
	"shenwei/web/live"
)

// otelConfig is where traces go; without endpoint or sample there are none.
type otelConfig struct {
	Endpoint string  `yaml:"endpoint"`
	Sample   float64 `yaml:"sample"`
	// Callers are the networks whose traceparent is taken over.
	Callers []string `yaml:"callers"`
}

func (o otelConfig) spans() spans.Config {
	return spans.Config{Endpoint: o.Endpoint, Sample: o.Sample, Callers: o.Callers, Node: nodeName(), Version: version}
}

func (o otelConfig) check() error { return o.spans().Check() }

// nodeName tells this process from others on one database and one bus.
func nodeName() string {
	host, err := os.Hostname()
	if err != nil {
		host = "node"
	}
	return host + "/" + strconv.Itoa(os.Getpid())
}

// seen is what an operator sees of this process: metrics and traces. A nil one shows nothing.
type seen struct {
	registry *prometheus.Registry
	meter    *meter.Set
	tracer   *spans.Tracer // nil without traces
}

// newSeen makes the metrics of this process.
func (c config) newSeen() (*seen, error) {
	rules, err := c.rules()
	if err != nil {
		return nil, err
	}
	var groups []string
	for _, g := range rules.Groups {
		groups = append(groups, g.Name)
	}
	s := &seen{registry: prometheus.NewRegistry()}
	s.meter = meter.New(s.registry, groups)
	s.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), buildInfo())
	return s, nil
}

func buildInfo() prometheus.Collector {
	revision := "unknown"
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				revision = s.Value
			}
		}
	}
	g := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "shenwei_build_info", Help: "Always 1; the labels say what runs.",
		ConstLabels: prometheus.Labels{"version": version, "revision": revision, "go": runtime.Version()}})
	g.Set(1)
	return g
}

// openTraces makes the tracer, where the configuration names a collector.
func (a *app) openTraces(ctx context.Context) (err error) {
	cfg := a.cfg.OTel.spans()
	if !cfg.On() {
		return nil
	}
	cfg.Log = a.log
	a.seen.tracer, err = spans.Open(ctx, cfg)
	return err
}

// closeTraces exports what waits.
func (s *seen) closeTraces() {
	if s == nil || s.tracer == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	_ = s.tracer.Close(ctx) // what is not exported by then is lost, and nothing else
}

// trace is who makes spans; nil for nobody.
func (s *seen) trace() trail.Tracer {
	if s == nil || s.tracer == nil {
		return nil
	}
	return s.tracer
}

// count writes a logger's lines to w and counts them.
func (s *seen) count() func(level string) {
	if s == nil {
		return nil
	}
	return s.meter.Logged
}

// calls counts the calls to another system. Ours says that the operator runs it, so that it may be
// told of our trace.
func (s *seen) calls(target string, ours bool) func(http.RoundTripper) http.RoundTripper {
	if s == nil {
		return nil
	}
	if ours {
		return s.meter.Outgoing(target, s)
	}
	return s.meter.Outgoing(target, nil)
}

// Inject implements meter.Injector; there may be no tracer, or none yet.
func (s *seen) Inject(ctx context.Context, h http.Header) {
	if s.tracer != nil {
		s.tracer.Inject(ctx, h)
	}
}

// caller is a client whose calls are counted.
func (s *seen) caller(target string) *http.Client {
	if s == nil {
		return nil
	}
	return &http.Client{Transport: s.calls(target, true)(http.DefaultTransport)}
}

func (s *seen) database() store.Watch {
	if s == nil {
		return nil
	}
	return s.meter.Operations()
}

func (s *seen) sockets() live.Watch {
	if s == nil {
		return nil
	}
	return s.meter
}

// front is how a front is watched.
func (s *seen) front() []bot.FrontOption {
	if s == nil {
		return nil
	}
	return []bot.FrontOption{bot.WithTracer(s.trace()), bot.WithAnswered(func(a bot.Served) {
		s.meter.Answered(string(a.Reply.Action), string(a.Channel), a.Reply.Confidence, a.Took)
	})}
}

// hotline counts what becomes of tickets, and how long citizens waited for a person.
func (s *seen) hotline(d *desk.Service) {
	if s == nil {
		return
	}
	d.Watch(func(c desk.Change) {
		taken := !c.From.Owned() && c.Ticket.State.Owned() && !c.Ticket.Accepted.IsZero()
		s.meter.Moved(string(c.Event.Kind), c.Ticket.Group, c.Ticket.Accepted.Sub(c.Ticket.Enqueued), taken)
	})
}

// web has a server show this process's metrics and traces.
func (s *seen) web(cfg *web.Config, db *store.DB) {
	if s == nil {
		return
	}
	cfg.Registry = s.registry
	if s.tracer != nil {
		cfg.Spans, cfg.Tracer, cfg.TurnOf = s.tracer, s.tracer, db.TurnOf
	}
}

// watchedGate counts runs of the gate.
type watchedGate struct {
	kb.Gate
	meter *meter.Set
}

// Run implements kb.Gate.
func (g watchedGate) Run(ctx context.Context, live, candidate *kb.Release, progress func(done, total int)) (*kb.GateReport, error) {
	begun := time.Now()
	found, err := g.Gate.Run(ctx, live, candidate, progress)
	var broken, gold, real int
	if err == nil {
		broken = found.Broken
		for _, f := range found.Flips {
			if f.Kind == kb.FlipGold {
				gold++
			} else {
				real++
			}
		}
	}
	g.meter.GateRun(time.Since(begun), broken, gold, real, err)
	return found, err
}

func (s *seen) gate(g kb.Gate) kb.Gate {
	if s == nil {
		return g
	}
	return watchedGate{g, s.meter}
}

// watchedRecord counts releases that are made.
type watchedRecord struct {
	*store.DB
	meter *meter.Set
}

// Publish implements kb.Record.
func (r watchedRecord) Publish(ctx context.Context, o kb.Order) (int64, error) {
	n, err := r.DB.Publish(ctx, o)
	r.meter.Published(err)
	return n, err
}

func (s *seen) record(db *store.DB) kb.Record {
	if s == nil {
		return db
	}
	return watchedRecord{db, s.meter}
}

// newAppLog is the log of this process, its lines counted.
func (c config) newAppLog(w io.Writer, s *seen) (*slog.Logger, error) {
	level, err := c.Log.level()
	if err != nil {
		return nil, err
	}
	return newLog(w, level, c.Log.Format == "json", s.count()), nil
}

// work counts scheduled work.
func (s *seen) work() func(kind string, took time.Duration, err error) {
	if s == nil {
		return nil
	}
	return s.meter.JobDone
}

// callback counts a platform's pushes.
func (s *seen) callback(channel string, receive http.HandlerFunc) http.HandlerFunc {
	if s == nil {
		return receive
	}
	return s.meter.Callback(channel, receive)
}

// watchedWeChat and watchedCallback have the pushes of a platform counted.
type watchedWeChat struct {
	web.WeChat
	receive http.HandlerFunc
}

// Receive implements web.Callback.
func (w watchedWeChat) Receive(rw http.ResponseWriter, r *http.Request) { w.receive(rw, r) }

type watchedCallback struct {
	web.Callback
	receive http.HandlerFunc
}

// Receive implements web.Callback.
func (w watchedCallback) Receive(rw http.ResponseWriter, r *http.Request) { w.receive(rw, r) }
