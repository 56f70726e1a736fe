package scripted

import (
	"io"
	"net/http"
	"strings"
	"time"
)

func (p *player) head(contentType string) {
	if p.began {
		return
	}
	p.began = true
	if p.s.cfg.Dialect.Odd && contentType == "text/event-stream" {
		contentType = "text/plain; charset=utf-8"
	}
	p.w.Header().Set("Content-Type", contentType)
	p.w.Header().Set("Cache-Control", "no-cache")
	p.w.WriteHeader(http.StatusOK)
	if p.s.cfg.Dialect.Odd {
		_, _ = io.WriteString(p.w, "\ufeff")
	}
	_ = http.NewResponseController(p.w).Flush()
}

// playStream plays an answer as server-sent events.
func (p *player) playStream() {
	keep := ""
	if p.s.cfg.Dialect.KeepAlive {
		keep = ": keep-alive\n\n"
	}
	p.head("text/event-stream")
	if !p.wait(p.a.Wait, p.a.Hold, keep) {
		return
	}
	if p.a.Fault == HugeLine {
		p.write([]byte("data: "))
		p.endless(strings.Repeat("x", 16<<10))
		return
	}
	if !p.event(p.delta(map[string]any{"role": "assistant", "content": nil}, nil)) {
		return
	}
	for i, d := range p.deltas() {
		if i == p.a.After && p.breaks() {
			return
		}
		if i > 0 && !p.wait(p.a.Gap, nil, keep) {
			return
		}
		if !p.event(p.delta(d, nil)) {
			return
		}
	}
	switch p.a.Fault {
	case Hang, Cut, ErrorLater, BadJSON: // the answer was too short to break within
		p.breaks()
		return
	case Huge:
		p.endlessEvents()
		return
	case NoFinish:
		return
	}
	p.finish()
}

// deltas are the pieces of the answer, thoughts first.
func (p *player) deltas() []map[string]any {
	text, style := p.a.Text, p.s.cfg.Dialect.Thoughts
	var out []map[string]any
	switch {
	case p.a.Fault == Null:
		return []map[string]any{{"content": nil}, {}}
	case p.a.Fault == ToolCall:
		return []map[string]any{{"tool_calls": toolCalls()}}
	case style == ThinkTags || style == LoneTag:
		text = p.tagged()
	default:
		for _, c := range pieces(p.a.Thoughts, p.a.Chunk) {
			out = append(out, map[string]any{string(style): c, "content": nil})
		}
	}
	if p.a.After > 0 { // the words break, not the thoughts
		p.a.After += len(out)
	}
	for _, c := range pieces(text, p.a.Chunk) {
		out = append(out, map[string]any{"content": c})
	}
	return out
}

func pieces(text string, size int) []string {
	if size <= 0 {
		size = 3
	}
	var out []string
	for r := []rune(text); len(r) > 0; {
		n := min(size, len(r))
		out = append(out, string(r[:n]))
		r = r[n:]
	}
	return out
}

// breaks plays a fault in the middle, and reports whether the answer ends with it.
func (p *player) breaks() bool {
	switch p.a.Fault {
	case Hang:
		p.untilGone()
	case Cut:
		p.reset()
	case NoFinish:
	case ErrorLater:
		p.event([]byte(p.s.errorBody(Broken, p.model)))
	case BadJSON:
		whole := p.delta(map[string]any{"content": "后半句"}, nil)
		p.event(whole[:len(whole)/2])
	default:
		return false
	}
	return true
}

// finish ends a stream that went well.
func (p *player) finish() {
	reason := any(p.a.Finish)
	if p.a.Fault == ToolCall {
		reason = "tool_calls"
	}
	if p.a.Fault != NoChoices {
		p.event(p.delta(map[string]any{}, reason))
	}
	if p.usage || p.a.Fault == NoChoices {
		last := p.envelope("chat.completion.chunk", []any{})
		last["usage"] = p.count()
		p.event(encode(last))
	}
	if p.a.Fault != NoDone {
		p.event([]byte("[DONE]"))
	}
}

// delta encodes a chunk.
func (p *player) delta(delta map[string]any, finish any) []byte {
	choices := []any{map[string]any{"index": 0, "delta": delta, "finish_reason": finish, "logprobs": nil}}
	if p.a.Fault == NoChoices {
		choices = []any{}
	}
	m := p.envelope("chat.completion.chunk", choices)
	if p.s.cfg.Dialect.Usage == UsageEach {
		m["usage"] = p.count()
	}
	return p.halve(encode(m))
}

// event writes one event and reports whether the client is still there.
func (p *player) event(data []byte) bool {
	if !p.s.cfg.Dialect.Odd {
		return p.write([]byte("data: " + string(data) + "\n\n"))
	}
	// Two data lines of one event are joined by a line feed, which JSON takes for white space.
	text := "event: message\r\nid: 7\r\nretry: 3000\r\ndata:" + string(data) + "\r\n\r\n"
	if head, tail, ok := strings.Cut(string(data), `,"choices"`); ok {
		text = "event: message\r\n: a comment\r\ndata:" + head + ",\r\ndata:" + `"choices"` + tail + "\r\n\r\n"
	}
	return p.write([]byte(text))
}

// write sends bytes the way the fault has them sent.
func (p *player) write(b []byte) bool {
	step := len(b)
	switch p.a.Fault {
	case Drip:
		step = 1
	case Ragged:
		step = 7
	}
	flush := http.NewResponseController(p.w)
	for len(b) > 0 {
		n := min(step, len(b))
		if _, err := p.w.Write(b[:n]); err != nil {
			return false
		}
		if err := flush.Flush(); err != nil {
			return false
		}
		if b = b[n:]; p.a.Fault == Drip && !p.wait(p.a.Gap, nil, "") {
			return false
		}
	}
	return p.r.Context().Err() == nil
}

// endless writes a piece again and again, up to the size of a huge answer.
func (p *player) endless(piece string) {
	for left := p.size(); left > 0; left -= int64(len(piece)) {
		if !p.write([]byte(piece)) {
			return
		}
	}
}

func (p *player) endlessEvents() {
	chunk := p.delta(map[string]any{"content": strings.Repeat("请携带材料前往窗口办理。", 64)}, nil)
	for left := p.size(); left > 0; left -= int64(len(chunk)) {
		if !p.event(chunk) {
			return
		}
	}
	p.finish()
}

func (p *player) size() int64 {
	if p.a.Size > 0 {
		return p.a.Size
	}
	return 50 << 20
}

// wait lets time pass, with keep-alives, and reports whether the client is still there.
func (p *player) wait(d time.Duration, hold <-chan struct{}, keep string) bool {
	const beat = 20 * time.Millisecond
	var over <-chan time.Time
	if d > 0 {
		timer := time.NewTimer(d)
		defer timer.Stop()
		over = timer.C
	} else if hold == nil {
		return p.r.Context().Err() == nil
	}
	ticker := time.NewTicker(beat)
	defer ticker.Stop()
	for over != nil || hold != nil {
		select {
		case <-over:
			over = nil
		case <-hold:
			hold = nil
		case <-ticker.C:
			if keep != "" && p.began {
				if _, err := io.WriteString(p.w, keep); err != nil {
					return false
				}
				_ = http.NewResponseController(p.w).Flush()
			}
		case <-p.r.Context().Done():
			return false
		case <-p.s.closing:
			return false
		}
	}
	return true
}

func (p *player) untilGone() {
	select {
	case <-p.r.Context().Done():
	case <-p.s.closing:
	}
}
