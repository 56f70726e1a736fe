package scripted

import (
	"encoding/json"
	"net"
	"net/http"
	"strings"
	"time"
)

// ownThoughts is what a model thinks by itself. They hold numbers, so that they are seen where they
// must not be.
const ownThoughts = "用户在问办事。费用大概是 99999 元，电话也许是 13900000000。我先想一想，再回答。"

// ownWords is what a server says without a script.
const ownWords = "您好，我是脚本里的模型。"

func (s *Server) chat(w http.ResponseWriter, r *http.Request) {
	req, fields, ok := s.read(w, r)
	if !ok {
		return
	}
	d := s.cfg.Dialect
	for _, f := range d.Unknown {
		if _, has := fields[f]; has {
			s.refuse(w, BadField, "")
			return
		}
	}
	thinks := d.Thinks && !d.thinkingOff(fields)
	if len(req.Chat.Messages) == 0 || (!req.Chat.Stream && (d.StreamOnly || (d.ThinkStream && thinks))) {
		s.refuse(w, BadField, "")
		return
	}
	a := s.take(&s.script, Answer{Text: ownWords})
	if a.From != nil {
		a.Text = a.From(req)
	}
	if a.Thoughts == "" && (thinks || a.Fault == OnlyThought) {
		a.Thoughts = ownThoughts
	}
	if a.Finish == "" {
		a.Finish = "stop"
	}
	switch a.Fault {
	case OnlyThought, Empty:
		a.Text = ""
	case OpenThought:
		a.Text = "<think>" + ownThoughts + a.Text
	}
	p := &player{s: s, w: w, r: r, a: a, model: req.Chat.Model, stream: req.Chat.Stream}
	p.usage = d.Usage == UsageAlways || d.Usage == UsageEach
	if v, _ := lookUp(fields, "stream_options.include_usage"); d.Usage == UsageAsked && v == true {
		p.usage = true
	}
	if p.instead() {
		return
	}
	if p.stream {
		p.playStream()
	} else {
		p.playWhole()
	}
}

// player plays one answer.
type player struct {
	s      *Server
	w      http.ResponseWriter
	r      *http.Request
	a      Answer
	model  string
	stream bool
	usage  bool
	began  bool // the head is out
}

// instead plays what comes in place of an answer, and reports whether anything did.
func (p *player) instead() bool {
	switch p.a.Fault {
	case Reset:
		p.reset()
	case Silent:
		p.untilGone()
	case Redirect:
		http.Redirect(p.w, p.r, p.s.cfg.Moved, http.StatusTemporaryRedirect)
	case HTML:
		p.raw("text/html; charset=utf-8", 200, []byte("<!doctype html><title>Welcome to nginx!</title><h1>It works</h1>"))
	case ErrorIn200:
		p.raw("application/json", 200, []byte(p.s.errorBody(Broken, p.model)))
	case WrongShape:
		p.raw("application/json", 200, []byte(`{"status":"ok","items":[1,2,3],"choices":"none"}`))
	case Garbage:
		p.raw("", 200, garbage())
	default:
		switch {
		case p.a.Error != "":
			if p.wait(p.a.Wait, p.a.Hold, "") {
				p.s.refuse(p.w, p.a.Error, p.model)
			}
		case p.a.Raw != nil:
			if p.wait(p.a.Wait, p.a.Hold, "") {
				p.raw(p.a.Type, p.a.Status, p.a.Raw)
			}
		default:
			return false
		}
	}
	return true
}

func (p *player) raw(contentType string, status int, body []byte) {
	if contentType == "" {
		contentType = "application/json"
		if p.stream {
			contentType = "text/event-stream"
		}
	}
	if status == 0 {
		status = 200
	}
	p.w.Header().Set("Content-Type", contentType)
	p.w.WriteHeader(status)
	p.began = true
	p.write(body)
}

// garbage is 64 KiB of bytes that are neither text nor lines, the same ones each time.
func garbage() []byte {
	b := make([]byte, 64<<10)
	x := uint32(2463534242)
	for i := range b {
		x ^= x << 13
		x ^= x >> 17
		x ^= x << 5
		b[i] = byte(x >> 8)
	}
	copy(b, "data: {\"choices\":[{\"delta\":{\"content\":\"\xe6\x8a")
	return b
}

// playWhole plays an answer that is no stream.
func (p *player) playWhole() {
	d := p.s.cfg.Dialect
	keep := ""
	if d.KeepAlive {
		keep = "\n"
		if p.a.Wait > 0 || p.a.Hold != nil { // the head goes out with the first blank line
			p.head("application/json")
		}
	}
	if !p.wait(p.a.Wait, p.a.Hold, keep) {
		return
	}
	p.head("application/json")
	if p.a.Fault == Huge || p.a.Fault == HugeLine {
		p.write([]byte(`{"choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":"`))
		p.endless(strings.Repeat("字", 1<<12))
		p.write([]byte(`"}}]}`))
		return
	}
	message := map[string]any{"role": "assistant", "content": p.a.Text}
	p.think(message)
	choice := map[string]any{"index": 0, "message": message, "finish_reason": p.a.Finish, "logprobs": nil}
	body := p.envelope("chat.completion", []any{choice})
	body["usage"] = p.count()
	switch p.a.Fault {
	case NoChoices:
		body["choices"] = []any{}
	case Null:
		message["content"] = nil
	case NoFinish:
		choice["finish_reason"] = nil
	case ToolCall:
		message["content"], message["tool_calls"], choice["finish_reason"] = nil, toolCalls(), "tool_calls"
	}
	b := p.halve(encode(body))
	switch p.a.Fault {
	case Cut, BadJSON, ErrorLater:
		p.write(b[:len(b)/2])
		if p.a.Fault == Cut {
			p.reset()
		}
	case Hang:
		p.write(b[:len(b)/2])
		p.untilGone()
	default:
		p.write(b)
	}
}

// think puts the thoughts where the dialect has them.
func (p *player) think(message map[string]any) {
	if p.a.Thoughts == "" {
		return
	}
	switch style := p.s.cfg.Dialect.Thoughts; style {
	case ThinkTags, LoneTag:
		message["content"] = p.tagged()
	default:
		message[string(style)] = p.a.Thoughts
	}
}

// tagged is thoughts and words in one text.
func (p *player) tagged() string {
	switch {
	case p.a.Thoughts == "":
		return p.a.Text
	case p.s.cfg.Dialect.Thoughts == LoneTag:
		return p.a.Thoughts + "\n</think>\n\n" + p.a.Text
	}
	return "<think>\n" + p.a.Thoughts + "\n</think>\n\n" + p.a.Text
}

func (p *player) envelope(object string, choices []any) map[string]any {
	m := map[string]any{"id": "chatcmpl-scripted", "object": object, "created": time.Now().Unix(), "model": p.model, "choices": choices}
	if p.s.cfg.Dialect.Odd {
		m["provider"], m["x_groq"], m["nested"] = "someone", map[string]any{"id": 1}, []any{nil, 1.5, "choices"}
	}
	return m
}

// count is the usage, in characters.
func (p *player) count() map[string]any {
	in, out := 0, len([]rune(p.a.Text))+len([]rune(p.a.Thoughts))
	return map[string]any{
		"prompt_tokens": in, "completion_tokens": out, "total_tokens": in + out, "prompt_cache_hit_tokens": 0,
		"completion_tokens_details": map[string]any{"reasoning_tokens": len([]rune(p.a.Thoughts))},
	}
}

func toolCalls() []any {
	return []any{map[string]any{
		"index": 0, "id": "call_1", "type": "function",
		"function": map[string]any{"name": "transfer_money", "arguments": `{"to":"6222021234567890128","amount":5000}`},
	}}
}

// halve cuts the first Chinese character of a body in two when that is the fault.
func (p *player) halve(b []byte) []byte {
	if p.a.Fault != HalfRune {
		return b
	}
	for i := range b {
		if b[i] >= 0xE0 && i+3 <= len(b) {
			return append(append([]byte(nil), b[:i+2]...), b[i+3:]...)
		}
	}
	return append(b[:len(b)/2:len(b)/2], append([]byte{0xE6, 0x8A}, b[len(b)/2:]...)...)
}

func encode(v any) []byte {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(v)
	return []byte(strings.TrimSuffix(b.String(), "\n"))
}

// reset has the client see a connection reset by its peer.
func (p *player) reset() {
	if p.began {
		_ = http.NewResponseController(p.w).Flush()
	}
	conn, _, err := http.NewResponseController(p.w).Hijack()
	if err != nil { // HTTP/2 has no connection to take over
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}
