package spans

import (
	"context"
	"encoding/binary"
	"math/rand/v2"
	"net/http"
	"net/netip"
	"slices"

	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"shenwei/internal/fault"
	"shenwei/internal/trail"
)

type toldKey struct{}

// told are the ids for the next span that begins a trace; it is used once.
type told struct {
	trace trace.TraceID
	span  trace.SpanID
}

// withTold has the next span that begins a trace have the ids of the turn.
func withTold(ctx context.Context, turn string) context.Context {
	traceID, spanID := Told(turn)
	return context.WithValue(ctx, toldKey{}, told{traceID, spanID})
}

// ids draws ids at random, but for the trace of a turn.
type ids struct{}

// NewIDs implements sdk.IDGenerator.
func (ids) NewIDs(ctx context.Context) (trace.TraceID, trace.SpanID) {
	if t, ok := ctx.Value(toldKey{}).(told); ok {
		return t.trace, t.span
	}
	var traceID trace.TraceID
	binary.NativeEndian.PutUint64(traceID[:8], rand.Uint64())         //nolint:gosec // names, no secrets
	binary.NativeEndian.PutUint64(traceID[8:], max(1, rand.Uint64())) //nolint:gosec // names, no secrets
	return traceID, newSpanID()
}

// NewSpanID implements sdk.IDGenerator.
func (ids) NewSpanID(context.Context, trace.TraceID) trace.SpanID { return newSpanID() }

func newSpanID() (id trace.SpanID) {
	binary.NativeEndian.PutUint64(id[:], max(1, rand.Uint64())) //nolint:gosec // names, no secrets
	return id
}

type callerKey struct{}

// calledFor tells whether the trace of the context is that of a caller of ours.
func calledFor(ctx context.Context) bool { return ctx.Value(callerKey{}) != nil }

var w3c propagation.TraceContext

// errServer stands for an answer that says so.
var errServer = fault.New(fault.Internal, "a server's error")

// Request begins the span of a request; end names it by what was asked for. Only a named caller
// goes on with a trace of its own: anybody else could have everything traced.
func (t *Tracer) Request(r *http.Request) (ctx context.Context, end func(method, route string, status int)) {
	ctx = trail.With(r.Context(), t)
	if t.named(r.RemoteAddr) {
		ctx = w3c.Extract(ctx, propagation.HeaderCarrier(r.Header))
		if trace.SpanContextFromContext(ctx).IsSampled() {
			ctx = context.WithValue(ctx, callerKey{}, true)
		}
	}
	ctx, span := t.tracer.Start(ctx, "request", trace.WithSpanKind(trace.SpanKindServer))
	if !span.IsRecording() {
		return trail.Blind(ctx), func(string, string, int) {}
	}
	return ctx, func(method, route string, status int) {
		m := maker{span}
		span.SetName(method + " " + route)
		m.Set(trail.KeyMethod, method)
		m.Set(trail.KeyRoute, route)
		m.Set(trail.KeyStatus, status)
		if status >= http.StatusInternalServerError {
			m.End(errServer)
			return
		}
		m.End(nil)
	}
}

// named tells whether who sends a request may go on with its own trace.
func (t *Tracer) named(remote string) bool {
	peer, err := netip.ParseAddrPort(remote)
	if err != nil {
		return false
	}
	at := peer.Addr().Unmap()
	return slices.ContainsFunc(t.callers, func(p netip.Prefix) bool { return p.Contains(at) })
}

// Inject writes the context's span into the headers of a request that goes out.
func (t *Tracer) Inject(ctx context.Context, h http.Header) {
	if trace.SpanContextFromContext(ctx).IsSampled() {
		w3c.Inject(ctx, propagation.HeaderCarrier(h))
	}
}
