package main

import (
	"context"
	"crypto/x509"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"shenwei/bot"
	"shenwei/bot/phrase"
	"shenwei/internal/fault"
	"shenwei/kb"
	"shenwei/web/studio"
)

// rootsOf reads authorities beside the system's from a file; nil for no file.
func rootsOf(key, file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	body, err := os.ReadFile(file) //nolint:gosec // the operator names the file
	if err != nil {
		return nil, fault.Wrap(fault.BadRequest, err, "%s: %s cannot be read", key, file)
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(body) {
		return nil, fault.New(fault.BadRequest, "%s: %s holds no certificate in PEM", key, file)
	}
	return pool, nil
}

// startWording makes the service that re-words answers, where a model is configured.
func (a *app) startWording() error {
	l := a.cfg.LLM
	if !l.on() {
		return nil
	}
	server, err := l.server()
	if err != nil {
		return err
	}
	server.Wrap = a.seen.calls("model", true)
	client, err := phrase.NewClient(server)
	if err != nil {
		return err
	}
	zone, err := time.LoadLocation(a.cfg.Timezone)
	if err != nil {
		zone = time.UTC
	}
	a.phrase, err = phrase.New(phrase.Config{
		Client: client, Know: func() *kb.Knowledge { return a.live.Current().Knowledge() }, SendQuestion: l.SendQuestion, Rows: a.store,
		Budget: l.budget(), Dir: filepath.Join(a.cfg.Dir, "phrase"), Zone: zone, Now: a.now, Log: a.log,
	})
	return err
}

// answerer is who answers: the live release, with the model's second look where that is on.
func (a *app) answerer() bot.Answerer {
	if a.phrase != nil && a.cfg.LLM.Understand {
		return phrase.NewSecond(a.live, a.phrase)
	}
	return a.live
}

// wording is what a front needs of the model: nothing where it may not re-word.
func (a *app) wording() []bot.FrontOption {
	if a.phrase == nil || !a.cfg.LLM.Phrase {
		return nil
	}
	return []bot.FrontOption{bot.WithWording(a.phrase)}
}

// obeySignals turns the model off with SIGUSR1 and on again with SIGUSR2, until ctx ends.
func (a *app) obeySignals(ctx context.Context) error {
	if a.phrase == nil {
		return nil
	}
	ch := make(chan os.Signal, 4)
	signal.Notify(ch, syscall.SIGUSR1, syscall.SIGUSR2)
	defer signal.Stop(ch)
	for {
		select {
		case <-ctx.Done():
			return nil
		case s := <-ch:
			off := s == syscall.SIGUSR1
			a.phrase.Stop(off)
			a.log.Warn("the model was switched by a signal", "off", off, "off_altogether", a.phrase.Off())
		}
	}
}

// warmWords makes the wordings of each release that goes live, until ctx ends. A newer release ends
// the round of the one before.
func (a *app) warmWords(ctx context.Context) error {
	if a.phrase == nil || !a.cfg.LLM.Phrase || !a.cfg.LLM.Warm {
		return nil
	}
	stop := func() {}
	defer func() { stop() }()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-a.warm:
		}
		stop()
		round, cancel := context.WithCancel(ctx)
		stop = cancel
		engine := a.live.Current()
		go func() {
			begun := a.now()
			if made, seen := a.phrase.Warm(round, engine); made > 0 {
				a.log.Info("wordings of a release are made", "release", engine.Release(), "made", made, "of", seen, "took", a.now().Sub(begun).Round(time.Second))
			}
		}()
	}
}

// newRelease tells whoever makes wordings and vectors that another release is live.
func (a *app) newRelease() {
	for _, tell := range []chan struct{}{a.warm, a.refill} {
		select {
		case tell <- struct{}{}:
		default:
		}
	}
}

// switchWording obeys the administrator's switch.
func (a *app) switchWording(over *bot.Overrides) {
	if a.phrase != nil {
		a.phrase.Switch(over.Published != nil)
	}
}

// wordingView tells the administrator's page what the model does; nil without one.
func (a *app) wordingView() func() *studio.Wording {
	if a.phrase == nil {
		return nil
	}
	return func() *studio.Wording {
		return &studio.Wording{Model: a.cfg.LLM.Model, Stopped: a.phrase.Stopped(), Counts: a.phrase.Counts()}
	}
}

// wordingMetrics counts what became of answers that a model might have worded.
type wordingMetrics struct {
	service *phrase.Service
	total   *prometheus.Desc
}

func newWordingMetrics(s *phrase.Service) wordingMetrics {
	return wordingMetrics{s, prometheus.NewDesc("shenwei_wordings", "What became of answers that a model might have worded, and what it costs.", []string{"what"}, nil)}
}

// Describe implements prometheus.Collector.
func (m wordingMetrics) Describe(ch chan<- *prometheus.Desc) { ch <- m.total }

// Collect implements prometheus.Collector.
func (m wordingMetrics) Collect(ch chan<- prometheus.Metric) {
	for what, n := range m.service.Counts() {
		ch <- prometheus.MustNewConstMetric(m.total, prometheus.UntypedValue, float64(n), what)
	}
}
