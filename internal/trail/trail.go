// Package trail carries through a context what an operator follows a citizen's turn by: the
// turn's id, which every log line about it has and under which its rows are found, and the
// spans of its trace, where somebody wants traces. It knows neither a logging nor a tracing
// product: Handler is for log/slog, and a Tracer is what makes spans. Nothing here holds a
// citizen's words, and without a Tracer a span costs one look into the context. Start reading
// at InTurn and Start.
package trail

import (
	"context"
	"strconv"
	"strings"
	"time"
)

// TurnID names the turn that a line of a conversation begins: the conversation's id, a slash and
// the line's number. Whichever node handles a part of the turn tells the same id from the record,
// and the record is found by it.
func TurnID(conversation string, line int64) string {
	return conversation + "/" + strconv.FormatInt(line, 10)
}

// ParseTurn takes an id apart; false for what is none.
func ParseTurn(id string) (conversation string, line int64, ok bool) {
	i := strings.LastIndexByte(id, '/')
	if i <= 0 {
		return "", 0, false
	}
	line, err := strconv.ParseInt(id[i+1:], 10, 64)
	return id[:i], line, err == nil && line > 0
}

// Tracer makes spans. It is safe for concurrent use.
type Tracer interface {
	// Turn begins the span of a whole turn at a time that may be past. Its trace is told from
	// the turn's id, so that all nodes find the same one, unless ctx is already within the trace
	// of a caller who wants to see it.
	Turn(ctx context.Context, id string, begun time.Time) (context.Context, Maker)
	// Join begins a span of a turn of which this node knows only the id.
	Join(ctx context.Context, id, name string) (context.Context, Maker)
	// Start begins a span below that of ctx, at a time that may be past; the zero time is now.
	Start(ctx context.Context, name string, begun time.Time) (context.Context, Maker)
}

// Maker is a span as a Tracer makes it; nil where nobody looks.
type Maker interface {
	Set(key Key, value any)
	// End ends the span; an error marks it as failed by its code, without its words.
	End(err error)
}

// Key names what a span may tell. There is none for text.
type Key string

// The keys of spans.
const (
	KeyTurn    Key = "shenwei.turn"
	KeyChannel Key = "shenwei.channel"
	KeyAction  Key = "shenwei.action"
	KeyPolicy  Key = "shenwei.policy"
	KeyRelease Key = "shenwei.release"
	KeySeq     Key = "shenwei.seq"
	KeyKind    Key = "shenwei.kind"
	KeyAttempt Key = "shenwei.attempt"
	KeyState   Key = "shenwei.state"
	KeyWording Key = "shenwei.wording"
	KeyAgain   Key = "shenwei.again"
	KeyTarget  Key = "peer.service"
	KeyMethod  Key = "http.request.method"
	KeyRoute   Key = "http.route"
	KeyStatus  Key = "http.response.status_code"
	KeyDB      Key = "db.system.name"
	KeyOp      Key = "db.operation.name"
)

// Span is a part of a turn's way. The zero value is one that nobody looks at.
type Span struct{ made Maker }

// Set tells something of the span. Values are numbers, truths and short names of ours.
func (s Span) Set(key Key, value any) {
	if s.made != nil {
		s.made.Set(key, value)
	}
}

// On tells whether somebody looks, for what is costly to tell.
func (s Span) On() bool { return s.made != nil }

// End ends the span.
func (s Span) End(err error) {
	if s.made != nil {
		s.made.End(err)
	}
}

// mark is what a context carries.
type mark struct {
	turn   string
	tracer Tracer // nil where nobody looks
}

type markKey struct{}

func of(ctx context.Context) mark {
	m, _ := ctx.Value(markKey{}).(mark)
	return m
}

// With has spans made of what happens under the context; a nil tracer leaves it as it is.
func With(ctx context.Context, t Tracer) context.Context {
	if t == nil {
		return ctx
	}
	m := of(ctx)
	m.tracer = t
	return context.WithValue(ctx, markKey{}, m)
}

// Blind has no spans made under the context: for a trace that is not sampled.
func Blind(ctx context.Context) context.Context {
	m := of(ctx)
	if m.tracer == nil {
		return ctx
	}
	m.tracer = nil
	return context.WithValue(ctx, markKey{}, m)
}

// Named has log lines under the context say the turn's id, and makes no span.
func Named(ctx context.Context, id string) context.Context {
	m := of(ctx)
	m.turn = id
	return context.WithValue(ctx, markKey{}, m)
}

// ID is the turn that the context is about, "" for none.
func ID(ctx context.Context) string { return of(ctx).turn }

// InTurn begins a turn: log lines under the context say its id, and where t is not nil its spans
// are made. Begun is when the line came in.
func InTurn(ctx context.Context, t Tracer, id string, begun time.Time) (context.Context, Span) {
	if t == nil {
		return Named(ctx, id), Span{}
	}
	ctx, made := t.Turn(Named(With(ctx, t), id), id, begun)
	return seen(ctx, made)
}

// Join goes on with a turn of which this node knows only the id, in a span of that name.
func Join(ctx context.Context, t Tracer, id, name string) (context.Context, Span) {
	if id == "" {
		return ctx, Span{}
	}
	ctx = Named(ctx, id)
	if t == nil {
		return ctx, Span{}
	}
	ctx, made := t.Join(With(ctx, t), id, name)
	return seen(ctx, made)
}

// Start begins a span below that of the context, where somebody looks.
func Start(ctx context.Context, name string) (context.Context, Span) {
	m := of(ctx)
	if m.tracer == nil {
		return ctx, Span{}
	}
	return start(ctx, m.tracer, name, time.Time{})
}

// Since is Start for what has begun before.
func Since(ctx context.Context, name string, begun time.Time) (context.Context, Span) {
	m := of(ctx)
	if m.tracer == nil {
		return ctx, Span{}
	}
	return start(ctx, m.tracer, name, begun)
}

func start(ctx context.Context, t Tracer, name string, begun time.Time) (context.Context, Span) {
	ctx, made := t.Start(ctx, name, begun)
	return seen(ctx, made)
}

// seen passes on a span that somebody looks at; else nothing below it is made either.
func seen(ctx context.Context, made Maker) (context.Context, Span) {
	if made == nil {
		return Blind(ctx), Span{}
	}
	return ctx, Span{made}
}
