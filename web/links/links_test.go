package links_test

import (
	"context"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"shenwei/bot"
	"shenwei/internal/outward"
	"shenwei/web/links"
)

// record keeps health in memory.
type record struct {
	all   map[string]bot.LinkHealth
	saved int
}

func (r *record) LinkHealth(context.Context) (all []bot.LinkHealth, _ error) {
	for _, h := range r.all {
		all = append(all, h)
	}
	return all, nil
}

func (r *record) SaveLinkHealth(_ context.Context, checked []bot.LinkHealth, gone []string, _ time.Time) error {
	r.saved++
	for _, h := range checked {
		r.all[h.URL] = h
	}
	maps.DeleteFunc(r.all, func(url string, _ bot.LinkHealth) bool {
		for _, g := range gone {
			if g == url {
				return true
			}
		}
		return false
	})
	return nil
}

// business is a site whose pages answer with what is set for their path.
type business struct {
	*httptest.Server
	mu     sync.Mutex
	status map[string]int
	asked  atomic.Int64
}

func newBusiness(t *testing.T) *business {
	b := &business{status: map[string]int{}}
	b.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b.asked.Add(1)
		b.mu.Lock()
		status := b.status[r.URL.Path]
		b.mu.Unlock()
		if status == 0 {
			status = 200
		}
		if status == 302 {
			w.Header().Set("Location", "/login")
		}
		w.WriteHeader(status)
	}))
	t.Cleanup(b.Close)
	return b
}

func (b *business) set(path string, status int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.status[path] = status
}

type world struct {
	*record
	site    *business
	targets map[string][]string
	now     time.Time
	checker *links.Checker
}

func newWorld(t *testing.T, client outward.Client, targets ...string) *world {
	w := &world{record: &record{all: map[string]bot.LinkHealth{}}, site: newBusiness(t), targets: map[string][]string{}, now: time.Date(2026, 11, 23, 3, 0, 0, 0, time.UTC)}
	u, err := url.Parse(w.site.URL)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range targets {
		w.targets["http://biz.example:"+u.Port()+path] = []string{"CRJ-007"}
	}
	if client.Lookup == nil {
		client.Lookup = func(context.Context, string) ([]netip.Addr, error) {
			return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
		}
	}
	w.checker = links.New(links.Config{
		Store: w.record, Client: client, Targets: func() map[string][]string { return w.targets },
		Every: time.Hour, DeadAfter: 3, Now: func() time.Time { return w.now },
	})
	return w
}

var inside = outward.Client{Internal: []string{"biz.example"}, Timeout: 5 * time.Second}

func (w *world) run(t *testing.T) {
	t.Helper()
	if err := w.checker.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func (w *world) of(t *testing.T, path string) bot.LinkHealth {
	t.Helper()
	for address, h := range w.all {
		if u, err := url.Parse(address); err == nil && u.Path == path {
			return h
		}
	}
	t.Fatalf("nothing is known of %s", path)
	return bot.LinkHealth{}
}

func TestAnAddressDiesAfterSeveralFailuresAndComesBackByItself(t *testing.T) {
	w := newWorld(t, inside, "/a", "/b")
	w.site.set("/a", 404)
	began := w.now
	for n, want := range []bot.LinkState{bot.LinkFailing, bot.LinkFailing, bot.LinkDead, bot.LinkDead} {
		w.run(t)
		if h := w.of(t, "/a"); h.State != want || h.Failures != n+1 || h.Says != "HTTP 404" || !h.Checked.Equal(w.now) {
			t.Fatalf("after %d: %+v", n+1, h)
		}
		w.now = w.now.Add(5 * time.Minute)
	}
	if h := w.of(t, "/a"); !h.Since.Equal(began.Add(10 * time.Minute)) {
		t.Errorf("dead since %s", h.Since)
	}
	if h := w.of(t, "/b"); h.State != bot.LinkAlive || !h.Checked.Equal(began) {
		t.Errorf("one that answered is believed for an hour: %+v", h)
	}
	w.site.set("/a", 200)
	w.run(t)
	if h := w.of(t, "/a"); h.State != bot.LinkAlive || h.Failures != 0 || !h.Since.Equal(w.now) {
		t.Errorf("%+v", h)
	}
	w.now = w.now.Add(time.Hour)
	asked := w.site.asked.Load()
	w.run(t)
	if n := w.site.asked.Load() - asked; n != 2 {
		t.Errorf("%d asked after an hour", n)
	}
	clear(w.targets)
	w.run(t)
	if len(w.all) != 0 {
		t.Errorf("to which no button leads any more: %v", w.all)
	}
}

func TestWhatAnAnswerMeans(t *testing.T) {
	for status, want := range map[int]bot.LinkState{
		200: bot.LinkAlive, 204: bot.LinkAlive, 302: bot.LinkAlive, 401: bot.LinkAlive, 403: bot.LinkAlive, 429: bot.LinkAlive,
		400: bot.LinkFailing, 404: bot.LinkFailing, 410: bot.LinkFailing, 500: bot.LinkFailing, 502: bot.LinkFailing,
	} {
		w := newWorld(t, inside, "/x")
		w.site.set("/x", status)
		w.run(t)
		if h := w.of(t, "/x"); h.State != want {
			t.Errorf("%d: %+v", status, h)
		}
		if n := w.site.asked.Load(); n != 1 {
			t.Errorf("%d: asked %d times; a redirect is not followed", status, n)
		}
	}
}

func TestAnAddressInsideIsNotAskedUnlessItIsNamed(t *testing.T) {
	w := newWorld(t, outward.Client{}, "/x")
	for range 5 {
		w.run(t)
		w.now = w.now.Add(2 * time.Hour)
	}
	if h := w.of(t, "/x"); h.State != bot.LinkUnchecked || h.Failures != 0 || w.site.asked.Load() != 0 {
		t.Errorf("%+v, asked %d times", h, w.site.asked.Load())
	}
}

func TestOfAHostThatIsSilentNotEveryAddressIsTried(t *testing.T) {
	tries := 0
	silent := inside
	silent.Lookup = func(context.Context, string) ([]netip.Addr, error) {
		tries++
		return nil, &net.DNSError{Err: "no such host", IsNotFound: true}
	}
	var paths []string
	for i := range 262 {
		paths = append(paths, fmt.Sprintf("/%d", i))
	}
	w := newWorld(t, silent, paths...)
	w.run(t)
	if tries != 3 || len(w.all) != 262 {
		t.Errorf("%d tries, %d known", tries, len(w.all))
	}
	for _, h := range w.all {
		if h.State != bot.LinkFailing || h.Says != "域名解析不了" {
			t.Fatalf("%+v", h)
		}
	}
	if all := w.checker.Check(t.Context()); len(all) != 262 || w.saved != 1 {
		t.Errorf("a check by hand stores nothing: %d, saved %d times", len(all), w.saved)
	}
}

func TestWhatIsInterruptedCountsForNothing(t *testing.T) {
	w := newWorld(t, inside, "/x")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := w.checker.Run(ctx); err == nil || w.saved != 0 {
		t.Errorf("%v, saved %d times", err, w.saved)
	}
}
