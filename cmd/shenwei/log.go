package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"

	"shenwei/internal/mask"
	"shenwei/internal/trail"
)

// newLog writes to w what happens, without personal data: whoever reads the log may read no
// citizen's words, and an error can quote what it failed on. A line about a citizen's turn has
// the turn's id. Count, which may be nil, is told of each line's level.
func newLog(w io.Writer, level slog.Leveler, asJSON bool, count func(level string)) *slog.Logger {
	o := &slog.HandlerOptions{Level: level, ReplaceAttr: redact}
	var h slog.Handler = slog.NewTextHandler(w, o)
	if asJSON {
		h = slog.NewJSONHandler(w, o)
	}
	if count != nil {
		h = counted{h, count}
	}
	return slog.New(trail.Handler{Handler: h})
}

// counted tells of each line's level.
type counted struct {
	slog.Handler
	count func(level string)
}

// Handle implements slog.Handler.
func (c counted) Handle(ctx context.Context, r slog.Record) error {
	c.count(r.Level.String())
	return c.Handler.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (c counted) WithAttrs(attrs []slog.Attr) slog.Handler {
	return counted{c.Handler.WithAttrs(attrs), c.count}
}

// WithGroup implements slog.Handler.
func (c counted) WithGroup(name string) slog.Handler {
	return counted{c.Handler.WithGroup(name), c.count}
}

// ownAttributes are those that the program makes itself and that hold nothing of anybody's: where it
// listens or reads, and the names by which rows are found.
var ownAttributes = map[string]bool{"addr": true, "file": true, "see": true, trail.Attr: true, "route": true}

// redact masks what an attribute says in words. Numbers, times and durations are ours.
func redact(_ []string, a slog.Attr) slog.Attr {
	if ownAttributes[a.Key] {
		return a
	}
	switch v := a.Value.Resolve(); v.Kind() {
	case slog.KindString:
		if clean := mask.Text(v.String()); clean != v.String() {
			a.Value = slog.StringValue(clean)
		}
	case slog.KindAny:
		said := ""
		switch v := v.Any().(type) {
		case slog.Level, nil:
			return a
		case error:
			said = v.Error()
		default:
			said = fmt.Sprint(v)
		}
		if clean := mask.Text(said); clean != said {
			a.Value = slog.StringValue(clean)
		}
	}
	return a
}
