package main

import (
	"fmt"
	"io"
	"log/slog"

	"shenwei/internal/mask"
)

// newLog writes to w what happens, without personal data: whoever reads the log may read no
// citizen's words, and an error can quote what it failed on.
func newLog(w io.Writer, level slog.Leveler) *slog.Logger {
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: level, ReplaceAttr: redact}))
}

// ownAddresses are the attributes that tell where this program listens or reads.
var ownAddresses = map[string]bool{"addr": true, "file": true, "see": true}

// redact masks what an attribute says in words. Numbers, times and durations are ours.
func redact(_ []string, a slog.Attr) slog.Attr {
	if ownAddresses[a.Key] {
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
