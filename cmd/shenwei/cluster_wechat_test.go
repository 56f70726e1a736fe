package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"shenwei/web/wechat/simulator"
)

// passing is a balancer with the rules of deploy/nginx for platforms' pushes: to another node when one
// cannot be reached, breaks off or says that it is leaving.
func passing(t *testing.T, c *fleet) *httptest.Server {
	t.Helper()
	var turn atomic.Int64
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		first := int(turn.Add(1))
		for i := range c.nodes {
			ctx, cancel := context.WithTimeout(r.Context(), 5*time.Second)
			defer cancel()
			address := "http://" + c.nodes[(first+i)%len(c.nodes)].addr + r.URL.Path + "?" + r.URL.RawQuery
			req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
			if err != nil {
				panic(http.ErrAbortHandler)
			}
			req.Header.Set("Content-Type", r.Header.Get("Content-Type"))
			res, err := client.Do(req)
			if err != nil {
				continue
			}
			answer, err := io.ReadAll(res.Body)
			_ = res.Body.Close()
			if err != nil || res.StatusCode == http.StatusServiceUnavailable || res.StatusCode == http.StatusBadGateway {
				continue
			}
			w.WriteHeader(res.StatusCode)
			_, _ = w.Write(answer) // the caller may have left
			return
		}
		panic(http.ErrAbortHandler)
	}))
	s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	t.Cleanup(s.Close)
	return s
}

// pushes is what was sent by WeChat, and what came of it.
type pushes struct {
	mu   sync.Mutex
	sent map[string][]string // openid → MsgIds
	ok   map[string]bool     // MsgIds that were answered
}

// pushes sends a round's messages of citizens in WeChat, three each, so that no quota ends them.
func (w *world) pushes(round uint64, calm <-chan struct{}) {
	work := make(chan simulator.Message)
	var senders sync.WaitGroup
	for range 4 {
		senders.Go(func() {
			for m := range work {
				r := w.sim.Push(context.Background(), m)
				// While the database is away she reads where else to ask, which promises nothing.
				if r.Shown != nil && r.Shown.Kind == "text" && strings.Contains(r.Shown.Text, "护照") {
					w.pushed.mu.Lock()
					w.pushed.ok[m.ID] = true
					w.pushed.mu.Unlock()
				}
			}
		})
	}
	gap := w.scale.length / time.Duration(w.scale.pushes+1)
	for i := range w.scale.pushes {
		m := w.sim.Text(fmt.Sprintf("wx-%d-%d", round, i/3), "护照快到期了怎么换")
		w.pushed.mu.Lock()
		if w.pushed.sent == nil {
			w.pushed.sent, w.pushed.ok = map[string][]string{}, map[string]bool{}
		}
		w.pushed.sent[m.OpenID] = append(w.pushed.sent[m.OpenID], m.ID)
		w.pushed.mu.Unlock()
		work <- m
		select {
		case <-calm:
		case <-time.After(gap):
		}
	}
	close(work)
	senders.Wait()
}
