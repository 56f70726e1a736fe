package web_test

import (
	"net"
	"net/http/httptest"
	"strings"
	"testing"

	"context"

	"shenwei/web"
)

func (s *site) metric(line string) string {
	s.t.Helper()
	rec := httptest.NewRecorder()
	web.AdminHandler(s.web.Registry()).ServeHTTP(rec, httptest.NewRequest("GET", "/metrics", nil))
	for l := range strings.Lines(rec.Body.String()) {
		if value, ok := strings.CutPrefix(l, line+" "); ok {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

func TestEveryMetricMoves(t *testing.T) {
	s := newSite(t, nil)
	want := func(line, value string) {
		t.Helper()
		if got := s.metric(line); got != value {
			t.Errorf("%s is %q, want %s", line, got, value)
		}
	}
	want("shenwei_release", "3")
	want("shenwei_ws_connections", "0")
	s.say("", "", "r1", "护照")
	c := s.dial()
	c.begin("r2", "护照")
	want("shenwei_ws_connections", "1")
	s.get("/items/CRJ-007")
	s.get("/items/CRJ-011")
	s.get("/items/none")
	want(`shenwei_http_requests_total{code="200",route="/items/{code}"}`, "2")
	want(`shenwei_http_requests_total{code="404",route="/items/{code}"}`, "1")
	want(`shenwei_http_requests_total{code="101",route="/ws/chat"}`, "1")
	want(`shenwei_http_request_seconds_count{route="/items/{code}"}`, "3")
	want(`shenwei_errors_total{code="not_found"}`, "1")
	s.get("/any/path/that/somebody/tries")
	want(`shenwei_http_requests_total{code="404",route="/"}`, "1")
	s.ready.Store(false)
	want("shenwei_release", "0")
}

func TestServeStopsCleanly(t *testing.T) {
	s := newSite(t, nil)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- s.web.Serve(ctx, ln) }()
	s.http.URL = "http://" + ln.Addr().String()
	c := s.dial()
	c.begin("r1", "护照")
	cancel()
	c.wantClosed(1013)
	if err := <-done; err != nil {
		t.Error(err)
	}
	if _, err := net.Dial("tcp", ln.Addr().String()); err == nil {
		t.Error("the port still answers")
	}
}

func TestAPanicIsA500WithAnID(t *testing.T) {
	s := newSite(t, nil, func(l *stubLive) { l.know = nil }) // every handler that needs it panics
	got := s.get("/api/v1/items")
	wantError(t, got, 500, "internal")
	if !strings.Contains(s.log.String(), "panic: runtime error") || !strings.Contains(s.log.String(), "status=500") {
		t.Errorf("log %s", s.log.String())
	}
	if got := s.get("/healthz"); got.status != 200 {
		t.Errorf("afterwards: %d", got.status)
	}
}
