package web

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"shenwei/internal/trail"
	"shenwei/web/respond"
)

// observe finds out who calls, counts and logs the request, and turns a panic into a 500.
// The log has the route and no path, query or body: these may hold a citizen's words.
func (s *Server) observe(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		begun := time.Now()
		caller := &respond.Caller{Request: respond.ShortID()}
		caller.Addr, caller.Secure = s.proxies.caller(r)
		w.Header().Set("X-Request-Id", caller.Request)
		ctx, end := s.span(r)
		r = r.WithContext(respond.WithCaller(ctx, caller))
		rec := &recorder{ResponseWriter: w}
		defer func() {
			if p := recover(); p != nil {
				s.panicked(rec, r, p)
			}
			end(methodOf(r), s.done(rec, r, caller, time.Since(begun)), rec.status)
		}()
		next.ServeHTTP(rec, r)
	})
}

func (s *Server) panicked(rec *recorder, r *http.Request, p any) {
	if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		panic(p) // the server's own way to cut a connection
	}
	err := fmt.Errorf("panic: %v\n%s", p, debug.Stack())
	if rec.status != 0 { // too late to answer; the cause is logged all the same
		s.respond.Problem(r.Method+" "+r.Pattern, err)
		return
	}
	s.respond.Error(rec, r, err)
}

// span begins the span of a request, where somebody looks.
func (s *Server) span(r *http.Request) (context.Context, func(method, route string, status int)) {
	if s.cfg.Spans == nil || r.URL.Path == "/healthz" || r.URL.Path == "/readyz" {
		return r.Context(), func(string, string, int) {}
	}
	return s.cfg.Spans.Request(r)
}

// routeOf is the route that the mux found, without its method.
func routeOf(r *http.Request) string {
	if r.Pattern == "" {
		return "none" // the mux cleaned the path and redirected
	}
	if i := strings.IndexByte(r.Pattern, ' '); i >= 0 {
		return r.Pattern[i+1:]
	}
	return r.Pattern
}

// done counts and logs a request and returns its route.
func (s *Server) done(rec *recorder, r *http.Request, caller *respond.Caller, took time.Duration) string {
	route := routeOf(r)
	if rec.status == 0 {
		rec.status = http.StatusOK
	}
	s.metrics.requested(route, rec.status, took)
	level := slog.LevelInfo
	if route == "/healthz" || route == "/readyz" || route == "/assets/" {
		level = slog.LevelDebug
	}
	if !s.cfg.Log.Enabled(r.Context(), level) {
		return route
	}
	s.cfg.Log.LogAttrs(trail.Named(r.Context(), caller.Turn), level, "request",
		slog.String("request", caller.Request), slog.String("method", methodOf(r)), slog.String("route", route),
		slog.Int("status", rec.status), slog.Int64("bytes", rec.bytes), slog.Duration("took", took), slog.String("addr", caller.Addr))
	return route
}

// methodOf is the method for the log; anybody can send any word.
func methodOf(r *http.Request) string {
	switch r.Method {
	case "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS":
		return r.Method
	}
	return "other"
}

// recorder notes what was answered.
type recorder struct {
	http.ResponseWriter
	status int
	bytes  int64
}

// WriteHeader notes the status.
func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

// Write notes the length.
func (r *recorder) Write(b []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	n, err := r.ResponseWriter.Write(b)
	r.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController reach the server's writer.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// Hijack hands the connection to a WebSocket.
func (r *recorder) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(r.ResponseWriter).Hijack()
	if err == nil && r.status == 0 {
		r.status = http.StatusSwitchingProtocols
	}
	return conn, rw, err
}
