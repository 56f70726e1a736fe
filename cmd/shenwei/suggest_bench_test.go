package main

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"shenwei/bot"
	"shenwei/web"
	"shenwei/web/live"
)

// BenchmarkSuggest asks for suggestions as 500 requests a second for ten seconds, as people type:
// every question of the knowledge letter by letter, few of them twice, so that what is remembered
// helps little. It reports what the server takes of a request at the median and the 99th of a
// hundred, and fails above 5 ms for the latter.
func BenchmarkSuggest(b *testing.B) {
	const (
		rate  = 500
		long  = 10 * time.Second
		limit = 5 * time.Millisecond
	)
	a, err := (&cli{Dir: b.TempDir()}).open(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = a.close() }()
	a.log = slog.New(slog.NewTextHandler(io.Discard, nil))
	a.front = bot.NewFront(a.store, a.live, a.log)
	cfg := a.webConfig(live.NewHub(live.Config{Log: a.log}))
	cfg.Staff, cfg.Studio, cfg.Exchange = nil, nil, nil
	cfg.Limits = web.Limits{Visitor: web.Limit{Events: -1}, Address: web.Limit{Events: -1}}
	server, err := web.New(cfg)
	if err != nil {
		b.Fatal(err)
	}
	paths := typing(a.live.Current())
	for b.Loop() {
		took := paced(server.Handler(), paths, rate, long)
		p50, p99 := took[len(took)/2], took[len(took)*99/100]
		b.ReportMetric(float64(p50.Microseconds()), "p50-us")
		b.ReportMetric(float64(p99.Microseconds()), "p99-us")
		b.ReportMetric(float64(len(took))/long.Seconds(), "requests/s")
		if p99 > limit {
			b.Errorf("p99 is %s, more than %s", p99, limit)
		}
	}
}

// typing is what a page asks for while questions are typed: each from its second character on.
func typing(e *bot.Engine) []string {
	var paths []string
	for i, it := range e.Knowledge().Items {
		ask := []rune(it.Asks[i%len(it.Asks)])
		for n := 2; n <= min(len(ask), 16); n += 2 {
			paths = append(paths, "/api/v1/suggest?q="+url.QueryEscape(string(ask[:n]))+fmt.Sprintf("&lang=%s", []string{"zh-Hans", "zh-Hant"}[i%2]))
		}
	}
	return paths
}

// paced sends requests at a rate, whether or not those before are answered, and returns how long the
// handler took of each, sorted.
func paced(h http.Handler, paths []string, rate int, long time.Duration) []time.Duration {
	var mu sync.Mutex
	var took []time.Duration
	var all sync.WaitGroup
	tick := time.NewTicker(time.Second / time.Duration(rate))
	defer tick.Stop()
	for i := range int(long.Seconds()) * rate {
		<-tick.C
		all.Go(func() {
			begun := time.Now()
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, paths[i%len(paths)], nil))
			since := time.Since(begun)
			if w.Code != http.StatusOK || !strings.HasPrefix(w.Body.String(), `{"suggestions":`) {
				since = time.Hour // an answer that is none
			}
			mu.Lock()
			took = append(took, since)
			mu.Unlock()
		})
	}
	all.Wait()
	slices.Sort(took)
	return took
}
