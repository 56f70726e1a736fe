package spans

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"shenwei/internal/trail"
)

func recorded(t testing.TB, c Config) (*Tracer, *tracetest.InMemoryExporter) {
	t.Helper()
	out := tracetest.NewInMemoryExporter()
	tr := newTracer(c, sdk.NewSimpleSpanProcessor(out))
	t.Cleanup(func() { _ = tr.Close(context.Background()) })
	return tr, out
}

func TestNodesFindTheSameTraceByTheTurnsName(t *testing.T) {
	one, first := recorded(t, Config{Sample: 1})
	two, second := recorded(t, Config{Sample: 1})
	ctx, turn := trail.InTurn(t.Context(), one, "01J/7", time.Now().Add(-time.Second))
	_, commit := trail.Start(ctx, "commit")
	commit.End(nil)
	turn.End(nil)
	_, deliver := trail.Join(t.Context(), two, "01J/7", "deliver")
	deliver.End(nil)
	a, b := first.GetSpans(), second.GetSpans()
	if len(a) != 2 || len(b) != 1 {
		t.Fatalf("%d and %d spans", len(a), len(b))
	}
	root := a[1]
	if b[0].SpanContext.TraceID() != root.SpanContext.TraceID() || b[0].Parent.SpanID() != root.SpanContext.SpanID() || a[0].Parent.SpanID() != root.SpanContext.SpanID() {
		t.Errorf("the spans do not hang together: %v %v %v", root.SpanContext, a[0].Parent, b[0].Parent)
	}
	if root.EndTime.Sub(root.StartTime) < time.Second {
		t.Errorf("the turn began when its line came: %v", root.EndTime.Sub(root.StartTime))
	}
}

func TestNodesAgreeOnWhichTurnsAreTraced(t *testing.T) {
	one, first := recorded(t, Config{Sample: .2})
	two, second := recorded(t, Config{Sample: .2})
	for i := range 500 {
		id := fmt.Sprintf("conversation/%d", i+1)
		_, s := trail.InTurn(t.Context(), one, id, time.Time{})
		s.End(nil)
		_, s = trail.Join(t.Context(), two, id, "deliver")
		s.End(nil)
	}
	a, b := first.GetSpans(), second.GetSpans()
	if len(a) != len(b) || len(a) < 50 || len(a) > 160 {
		t.Fatalf("%d and %d of 500", len(a), len(b))
	}
	for i := range a {
		if a[i].SpanContext.TraceID() != b[i].SpanContext.TraceID() {
			t.Fatal("they trace other turns")
		}
	}
}

func TestOnlyANamedCallersTraceIsTakenOver(t *testing.T) {
	const theirs = "4bf92f3577b34da6a3ce929d0e0e4736"
	for callers, taken := range map[string]bool{"192.0.2.0/24": true, "10.0.0.0/8": false} {
		tr, out := recorded(t, Config{Sample: 1, Callers: []string{callers}})
		r := httptest.NewRequest("POST", "/api/v1/chat", nil)
		r.Header.Set("Traceparent", "00-"+theirs+"-00f067aa0ba902b7-01")
		ctx, end := tr.Request(r)
		_, turn := trail.InTurn(ctx, tr, "01J/7", time.Now())
		turn.End(nil)
		end("POST", "/api/v1/chat", 200)
		for _, s := range out.GetSpans() {
			if got := s.SpanContext.TraceID().String() == theirs; got != taken {
				t.Errorf("%s: %s in the caller's trace: %v", callers, s.Name, got)
			}
		}
		if spans := out.GetSpans(); !taken && (len(spans[0].Links) != 1 || len(spans[1].Links) != 1) {
			t.Error("the turn and its request do not point at each other")
		}
	}
}

func TestASpanTellsCodesAndNoWords(t *testing.T) {
	tr, out := recorded(t, Config{Sample: 1})
	ctx, turn := trail.InTurn(t.Context(), tr, "01J/7", time.Now())
	_, s := trail.Start(ctx, "commit")
	s.Set(trail.KeyPolicy, strings.Repeat("字", 100))
	s.Set(trail.KeyAction, struct{ Text string }{"我叫王小明"})
	s.End(fmt.Errorf("value %q is too long: %w", "我叫王小明", errors.New("x")))
	turn.End(context.DeadlineExceeded)
	text := fmt.Sprintf("%+v", out.GetSpans())
	if strings.Contains(text, "王小明") || strings.Contains(text, strings.Repeat("字", 40)) || !strings.Contains(text, "timeout") {
		t.Error(text)
	}
}

func TestTheIDsOfATurnAreValidAndItsOwn(t *testing.T) {
	a, sa := Told("c/1")
	b, sb := Told("c/2")
	if !a.IsValid() || !sa.IsValid() || a == b || sa == sb {
		t.Error(a, sa, b, sb)
	}
	if again, _ := Told("c/1"); again != a {
		t.Error("it is told anew")
	}
}

// way goes the way of a turn through its spans.
func way(ctx context.Context, t trail.Tracer) {
	ctx, turn := trail.InTurn(ctx, t, "01JABCDEF0123456789ABCDEFG/12", time.Time{})
	for _, name := range []string{"decide", "understand", "policies", "search", "rank", "compose", "wording", "commit", "db write", "deliver"} {
		_, s := trail.Start(ctx, name)
		s.Set(trail.KeySeq, int64(12))
		s.End(nil)
	}
	turn.End(nil)
}

func BenchmarkTurnWithoutTraces(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		way(b.Context(), nil)
	}
}

func BenchmarkTurnNotSampled(b *testing.B) {
	tr, _ := recorded(b, Config{Sample: 1e-9})
	b.ReportAllocs()
	for b.Loop() {
		way(b.Context(), tr)
	}
}

func BenchmarkTurnTraced(b *testing.B) {
	tr := newTracer(Config{Sample: 1}, sdk.NewBatchSpanProcessor(nowhere{}))
	b.Cleanup(func() { _ = tr.Close(context.Background()) })
	b.ReportAllocs()
	for b.Loop() {
		way(b.Context(), tr)
	}
}

type nowhere struct{}

func (nowhere) ExportSpans(context.Context, []sdk.ReadOnlySpan) error { return nil }
func (nowhere) Shutdown(context.Context) error                        { return nil }
