package bot

import (
	"context"
	"log/slog"
	"time"

	"shenwei/internal/fault"
	"shenwei/internal/trail"
)

// What an operator sees of a turn: its id in every log line, its spans, and the answer counted.

// slowTurn is from when on a turn is told in the log although nothing failed.
const slowTurn = 5 * time.Second

// turnTrail is a turn under way as it is followed.
type turnTrail struct {
	id    string
	ctx   context.Context
	span  trail.Span
	begun time.Time
}

// track begins to follow the turn of a received line. What follows does not end with ctx: the
// answer goes on when the citizen leaves.
func (f *Front) track(ctx context.Context, m Message, receipt Receipt, begun time.Time) turnTrail {
	t := turnTrail{id: trail.TurnID(receipt.Conversation.ID, receipt.Seq), begun: begun}
	t.ctx, t.span = trail.InTurn(context.WithoutCancel(ctx), f.tracer, t.id, begun)
	if t.span.On() {
		t.span.Set(trail.KeyChannel, string(m.Channel))
		_, received := trail.Since(t.ctx, "receive", begun)
		received.End(nil)
	}
	if f.log.Enabled(t.ctx, slog.LevelDebug) {
		f.log.LogAttrs(t.ctx, slog.LevelDebug, "a line is received", slog.String("channel", string(m.Channel)), slog.Int64("seq", receipt.Seq))
	}
	return t
}

// tracked ends following a turn.
func (f *Front) tracked(t turnTrail, m Message, j *job) {
	t.span.End(j.err)
	if j.err != nil {
		return
	}
	took := time.Duration(0)
	if !t.begun.IsZero() {
		took = time.Since(t.begun)
	}
	f.answered(Served{Channel: m.Channel, Reply: j.reply, Took: took})
	switch {
	case took >= slowTurn:
		f.log.WarnContext(t.ctx, "a turn was slow", "channel", m.Channel, "action", j.reply.Action, "seq", j.reply.Seq, "took", took.Round(time.Millisecond))
	case f.log.Enabled(t.ctx, slog.LevelDebug):
		f.log.LogAttrs(t.ctx, slog.LevelDebug, "a reply is on record", slog.String("action", string(j.reply.Action)), slog.Int64("seq", j.reply.Seq), slog.Duration("took", took))
	}
}

// again follows a copy of a line that was received before, here or on another node.
func (f *Front) again(ctx context.Context, receipt Receipt, j *job) *Line {
	id := trail.TurnID(receipt.Conversation.ID, receipt.Seq)
	ctx, span := trail.Join(context.WithoutCancel(ctx), f.tracer, id, "repeat")
	span.Set(trail.KeyAgain, true)
	span.End(nil)
	f.log.DebugContext(ctx, "a line came again", "seq", receipt.Seq, "answered", receipt.Reply != nil)
	return &Line{Receipt: receipt, Turn: id, ctx: ctx, job: j}
}

// ask has the engine decide.
func (f *Front) ask(ctx context.Context, turn Turn) (Answered, error) {
	ctx, span := trail.Start(ctx, "decide")
	a, err := f.answer.Answer(ctx, turn)
	if err != nil || a.Trace == nil {
		span.End(err)
		return a, err
	}
	a.Trace.Turn = trail.ID(ctx)
	if span.On() {
		span.Set(trail.KeyAction, string(a.Reply.Action))
		span.Set(trail.KeyPolicy, a.Trace.Policy)
		span.Set(trail.KeyRelease, a.Reply.Release)
		span.End(nil)
	}
	if f.log.Enabled(ctx, slog.LevelDebug) {
		f.log.LogAttrs(ctx, slog.LevelDebug, "a reply is decided", slog.String("policy", a.Trace.Policy), slog.String("action", string(a.Reply.Action)),
			slog.Int64("release", a.Reply.Release), slog.Int64("took_us", a.Reply.TookMicros))
	}
	return a, nil
}

// word lets a model say the reply in its words, where there is one.
func (f *Front) word(ctx context.Context, turn Turn, o *Outcome) {
	if f.wording == nil {
		return
	}
	ctx, span := trail.Start(ctx, "wording")
	o.Trace.Wording = f.wording.Word(ctx, turn, o.Reply)
	if span.On() {
		span.Set(trail.KeyWording, o.Trace.Wording)
		span.End(nil)
	}
	f.log.DebugContext(ctx, "a model was asked for words, or not", "outcome", o.Trace.Wording)
}

// commit stores what the turn changes.
func (f *Front) commit(ctx context.Context, o Outcome) (*Reply, error) {
	ctx, span := trail.Start(ctx, "commit")
	reply, err := f.store.Commit(ctx, o)
	if err == nil && span.On() {
		span.Set(trail.KeySeq, reply.Seq)
	}
	span.End(err)
	if fault.Is(err, fault.Conflict) {
		f.log.DebugContext(ctx, "the conversation moved on; the turn is decided again", "version", o.Version)
	}
	return reply, err
}
