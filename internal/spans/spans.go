// Package spans makes the spans of package trail by OpenTelemetry and exports them by OTLP over
// HTTP. A turn's trace id is told from the turn's id: nodes that handle parts of one turn need
// pass nothing on to find the same trace, and an operator finds the trace of a log line. Start
// reading at Open.
package spans

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"shenwei/internal/fault"
	"shenwei/internal/trail"
)

// Config is where spans go.
type Config struct {
	// Endpoint is the collector's address, http://host:4318; /v1/traces is added where it names
	// no path.
	Endpoint string
	// Sample is the share of turns that are traced, above 0 and at most 1.
	Sample float64
	// Callers are the networks (CIDR) whose traceparent is taken over: systems of the operator's
	// that trace their own work, not a balancer that passes on what strangers send.
	Callers []string
	// Node names this process among others, Version what it runs.
	Node, Version string
	Log           *slog.Logger
}

// Check returns a fault that says which key is wrong.
func (c Config) Check() error {
	if c.Sample < 0 || c.Sample > 1 {
		return fault.New(fault.BadRequest, "otel.sample: write a share from 0 to 1, for example 0.01")
	}
	if _, err := c.callers(); err != nil {
		return err
	}
	if c.Endpoint == "" {
		return nil
	}
	u, err := url.Parse(c.Endpoint)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.User != nil || u.RawQuery != "" {
		return fault.New(fault.BadRequest, "otel.endpoint: write the collector's address, for example http://127.0.0.1:4318")
	}
	return nil
}

func (c Config) callers() ([]netip.Prefix, error) {
	var all []netip.Prefix
	for _, s := range c.Callers {
		p, err := netip.ParsePrefix(s)
		if err != nil {
			return nil, fault.New(fault.BadRequest, "otel.callers: %q is no network; write for example 10.1.2.0/24", s)
		}
		all = append(all, p.Masked())
	}
	return all, nil
}

// On tells whether spans are made at all.
func (c Config) On() bool { return c.Endpoint != "" && c.Sample > 0 }

// Tracer makes spans. It is safe for concurrent use.
type Tracer struct {
	tracer   trace.Tracer
	provider *sdk.TracerProvider
	sampler  sdk.Sampler
	callers  []netip.Prefix
}

var _ trail.Tracer = (*Tracer)(nil)

const (
	exportWithin = 5 * time.Second
	// queued bounds the spans that wait for the collector; more are dropped.
	queued = 4096
)

// Open returns a tracer that exports in the background. A collector that does not answer costs
// spans and nothing else.
func Open(ctx context.Context, c Config) (*Tracer, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	address, err := url.Parse(c.Endpoint)
	if err != nil {
		return nil, fmt.Errorf("otel.endpoint: %w", err)
	}
	if address.Path == "" || address.Path == "/" {
		address.Path = "/v1/traces"
	}
	out, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(address.String()), otlptracehttp.WithTimeout(exportWithin),
		otlptracehttp.WithRetry(otlptracehttp.RetryConfig{Enabled: false}))
	if err != nil {
		return nil, fmt.Errorf("export of spans: %w", err)
	}
	return newTracer(c, sdk.NewBatchSpanProcessor(quiet{out, c.Log}, sdk.WithMaxQueueSize(queued), sdk.WithExportTimeout(exportWithin))), nil
}

func newTracer(c Config, to sdk.SpanProcessor) *Tracer {
	about := resource.NewSchemaless(
		attribute.String("service.name", "shenwei"), attribute.String("service.instance.id", c.Node), attribute.String("service.version", c.Version))
	sampler := sdk.TraceIDRatioBased(c.Sample)
	p := sdk.NewTracerProvider(sdk.WithSpanProcessor(to), sdk.WithResource(about), sdk.WithIDGenerator(ids{}), sdk.WithSampler(sdk.ParentBased(sampler)))
	callers, _ := c.callers() // checked before
	return &Tracer{tracer: p.Tracer("shenwei"), provider: p, sampler: sampler, callers: callers}
}

// Close exports what waits, as long as ctx lasts.
func (t *Tracer) Close(ctx context.Context) error { return t.provider.Shutdown(ctx) }

// quiet keeps a collector that fails from being told at each batch: once a minute is enough.
type quiet struct {
	sdk.SpanExporter
	log *slog.Logger
}

// ExportSpans implements sdk.SpanExporter.
func (q quiet) ExportSpans(ctx context.Context, list []sdk.ReadOnlySpan) error {
	if err := q.SpanExporter.ExportSpans(ctx, list); err != nil && ctx.Err() == nil && q.log != nil {
		q.log.Debug("spans are lost: the collector does not take them", "spans", len(list), "err", err)
	}
	return nil // whoever gets the error writes it to standard error as it likes
}

// Told returns the ids of a turn's trace and of its first span.
func Told(turn string) (trace.TraceID, trace.SpanID) {
	sum := sha256.Sum256([]byte("shenwei turn " + turn))
	return trace.TraceID(sum[:16]), trace.SpanID(sum[16:24])
}

// Turn implements trail.Tracer.
func (t *Tracer) Turn(ctx context.Context, id string, begun time.Time) (context.Context, trail.Maker) {
	o := []trace.SpanStartOption{trace.WithAttributes(attribute.String(string(trail.KeyTurn), id)), at(begun)}
	request := trace.SpanFromContext(ctx)
	if calledFor(ctx) {
		ctx, span := t.tracer.Start(ctx, "turn", o...)
		return t.made(ctx, span)
	}
	around := request.SpanContext()
	if around.IsSampled() { // the request that brought the line has a trace of its own
		o = append(o, trace.WithLinks(trace.Link{SpanContext: around}))
	}
	ctx, span := t.tracer.Start(withTold(ctx, id), "turn", append(o, trace.WithNewRoot())...)
	if around.IsSampled() && span.IsRecording() {
		request.AddLink(trace.Link{SpanContext: span.SpanContext()})
	}
	return t.made(ctx, span)
}

// Join implements trail.Tracer.
func (t *Tracer) Join(ctx context.Context, id, name string) (context.Context, trail.Maker) {
	traceID, spanID := Told(id)
	flags := trace.TraceFlags(0)
	if t.sampler.ShouldSample(sdk.SamplingParameters{TraceID: traceID}).Decision == sdk.RecordAndSample {
		flags = trace.FlagsSampled
	}
	turn := trace.NewSpanContext(trace.SpanContextConfig{TraceID: traceID, SpanID: spanID, TraceFlags: flags, Remote: true})
	o := []trace.SpanStartOption{trace.WithAttributes(attribute.String(string(trail.KeyTurn), id))}
	if here := trace.SpanContextFromContext(ctx); here.IsValid() && here.TraceID() != traceID {
		o = append(o, trace.WithLinks(trace.Link{SpanContext: here}))
	}
	ctx, span := t.tracer.Start(trace.ContextWithRemoteSpanContext(ctx, turn), name, o...)
	return t.made(ctx, span)
}

// Start implements trail.Tracer.
func (t *Tracer) Start(ctx context.Context, name string, begun time.Time) (context.Context, trail.Maker) {
	ctx, span := t.tracer.Start(ctx, name, at(begun))
	return t.made(ctx, span)
}

func at(begun time.Time) trace.SpanStartOption {
	if begun.IsZero() {
		begun = time.Now()
	}
	return trace.WithTimestamp(begun)
}

func (t *Tracer) made(ctx context.Context, span trace.Span) (context.Context, trail.Maker) {
	if !span.IsRecording() {
		return ctx, nil
	}
	return ctx, maker{span}
}

// maker is a span that records.
type maker struct{ span trace.Span }

// Set implements trail.Maker. What is no number, truth or short name of ours is left out.
func (m maker) Set(key trail.Key, value any) {
	k := attribute.Key(key)
	switch v := value.(type) {
	case string:
		m.span.SetAttributes(k.String(short(v)))
	case bool:
		m.span.SetAttributes(k.Bool(v))
	case int:
		m.span.SetAttributes(k.Int(v))
	case int64:
		m.span.SetAttributes(k.Int64(v))
	}
}

// End implements trail.Maker. The words of an error may quote what somebody wrote; its code does not.
func (m maker) End(err error) {
	if err != nil {
		m.span.SetStatus(codes.Error, string(codeOf(err)))
	}
	m.span.End()
}

func codeOf(err error) fault.Code {
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return "timeout"
	case errors.Is(err, context.Canceled):
		return "canceled"
	}
	return fault.CodeOf(err)
}

// longest is the most that a span says in one value, in bytes.
const longest = 96

func short(s string) string {
	if len(s) > longest {
		return strings.ToValidUTF8(s[:longest], "")
	}
	return s
}
