package meter

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"shenwei/internal/fault"
	"shenwei/internal/trail"
)

// Frame counts a frame that came in and how long it took.
func (s *Set) Frame(took time.Duration) {
	s.frames.WithLabelValues("in").Inc()
	s.frameTime.Observe(took.Seconds())
}

// Sent counts a frame that went out.
func (s *Set) Sent() { s.frames.WithLabelValues("out").Inc() }

// Closed counts a WebSocket that ended with the code that we sent, 0 for none.
func (s *Set) Closed(code int) { s.closed.WithLabelValues(codes.of(strconv.Itoa(code))).Inc() }

// Callback counts the answers that a handler gives to a platform. A push that is not answered,
// so that the platform asks again, counts as failed.
func (s *Set) Callback(channel string, next http.HandlerFunc) http.HandlerFunc {
	channel = channels.of(channel)
	took := s.callbackTime.WithLabelValues(channel)
	return func(w http.ResponseWriter, r *http.Request) {
		begun := time.Now()
		rec := &status{ResponseWriter: w}
		how := failed
		defer func() {
			took.Observe(time.Since(begun).Seconds())
			s.callbacks.WithLabelValues(channel, how).Inc()
		}()
		next(rec, r)
		switch {
		case rec.code >= http.StatusInternalServerError:
		case rec.code >= http.StatusBadRequest:
			how = refused
		default:
			how = ok
		}
	}
}

type status struct {
	http.ResponseWriter
	code int
}

// WriteHeader notes the status.
func (s *status) WriteHeader(code int) {
	s.code = code
	s.ResponseWriter.WriteHeader(code)
}

// Unwrap lets http.ResponseController reach the server's writer.
func (s *status) Unwrap() http.ResponseWriter { return s.ResponseWriter }

// Injector writes the span of a context into a request's headers.
type Injector interface {
	Inject(ctx context.Context, h http.Header)
}

// Outgoing counts calls to another system, and makes spans of them. Tell, which may be nil, tells
// that system of our trace: only one that the operator runs.
func (s *Set) Outgoing(target string, tell Injector) func(http.RoundTripper) http.RoundTripper {
	target = targets.of(target)
	return func(next http.RoundTripper) http.RoundTripper {
		return &caller{next: next, set: s, target: target, took: s.outgoingTime.WithLabelValues(target), tell: tell}
	}
}

type caller struct {
	next   http.RoundTripper
	set    *Set
	target string
	took   prometheus.Observer
	tell   Injector
}

// RoundTrip implements http.RoundTripper.
func (c *caller) RoundTrip(r *http.Request) (*http.Response, error) {
	begun := time.Now()
	ctx, span := trail.Start(r.Context(), "call "+c.target)
	if span.On() {
		span.Set(trail.KeyTarget, c.target)
		span.Set(trail.KeyMethod, r.Method)
		r = r.Clone(ctx)
		if c.tell != nil {
			c.tell.Inject(ctx, r.Header)
		}
	}
	res, err := c.next.RoundTrip(r)
	c.took.Observe(time.Since(begun).Seconds())
	c.set.outgoing.WithLabelValues(c.target, called(res, err)).Inc()
	if err == nil {
		span.Set(trail.KeyStatus, res.StatusCode)
	}
	span.End(err)
	return res, err
}

// CloseIdleConnections lets the connections of the transport below go.
func (c *caller) CloseIdleConnections() {
	if t, ok := c.next.(interface{ CloseIdleConnections() }); ok {
		t.CloseIdleConnections()
	}
}

// called is what became of a call.
func called(res *http.Response, err error) string {
	var slow interface{ Timeout() bool }
	switch {
	case err == nil && res.StatusCode < http.StatusBadRequest:
		return ok
	case err == nil && res.StatusCode < http.StatusInternalServerError:
		return refused
	case err == nil:
		return failed
	case errors.As(err, &slow) && slow.Timeout(), errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return "timeout"
	}
	return "unreachable"
}

// Operations watches the database. It is what a store's option takes.
type Operations struct {
	set   *Set
	read  operation
	write operation
	all   operation
}

type operation struct {
	took               prometheus.Observer
	ok, failed, missed prometheus.Counter
}

// Operations returns what watches a database.
func (s *Set) Operations() *Operations {
	of := func(op string) operation {
		return operation{
			s.operationTime.WithLabelValues(op),
			s.operations.WithLabelValues(op, ok), s.operations.WithLabelValues(op, failed), s.operations.WithLabelValues(op, refused),
		}
	}
	return &Operations{s, of("read"), of("write"), of("transaction")}
}

func (o operation) done(took time.Duration, err error) {
	o.took.Observe(took.Seconds())
	switch {
	case err == nil:
		o.ok.Inc()
	case fault.CodeOf(err) == fault.Internal || fault.CodeOf(err) == fault.Unavailable:
		o.failed.Inc()
	default: // a conflict, what is not there: the database did as it should
		o.missed.Inc()
	}
}

// Read, Write and Transaction count one operation each; a transaction carries out n writes.
func (o *Operations) Read(took time.Duration, err error) { o.read.done(took, err) }

// Write counts a write, from when it was handed over until it was on disk.
func (o *Operations) Write(took time.Duration, err error) { o.write.done(took, err) }

// Transaction counts a transaction of n writes.
func (o *Operations) Transaction(n int, took time.Duration, err error) {
	o.set.batch.Observe(float64(n))
	o.all.done(took, err)
}
