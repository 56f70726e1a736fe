package scripted_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"

	"shenwei/bot/phrase/scripted"
)

const words = "您好，护照 ⟦F1⟧ 前可以换领，费用是 ⟦F2⟧。"

// ask posts a chat request with a key and these fields beside.
func ask(t *testing.T, client *http.Client, url string, fields map[string]any) (*http.Response, error) {
	t.Helper()
	body := map[string]any{
		"model":    scripted.Model,
		"messages": []any{map[string]any{"role": "system", "content": "规则"}, map[string]any{"role": "user", "content": []any{map[string]any{"type": "text", "text": "⟦F1⟧ 和 ⟦F2⟧，⟦F1⟧"}}}},
	}
	maps.Copy(body, fields)
	b, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/chat/completions", bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer key")
	return client.Do(req)
}

func mustAsk(t *testing.T, url string, fields map[string]any) *http.Response {
	t.Helper()
	resp, err := ask(t, http.DefaultClient, url, fields)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	return resp
}

// heard is what a client makes of an answer.
type heard struct {
	text, finish        string
	fields              map[string]string // reasoning, reasoning_content
	done, usage, failed bool
	comments, blanks    int
	chunks              int
	readErr, jsonErr    error
}

type chunk struct {
	Choices []struct {
		Delta, Message map[string]any
		Finish         string `json:"finish_reason"`
	}
	Usage map[string]any
	Error any
}

func (h *heard) take(data []byte) {
	var c chunk
	if err := json.Unmarshal(data, &c); err != nil {
		h.jsonErr = err
		return
	}
	h.failed = h.failed || c.Error != nil
	h.usage = h.usage || c.Usage != nil
	for _, ch := range c.Choices {
		h.finish += ch.Finish
		for _, m := range []map[string]any{ch.Delta, ch.Message} {
			for k, v := range m {
				s, _ := v.(string)
				switch k {
				case "content":
					h.text += s
				case "reasoning", "reasoning_content":
					h.fields[k] += s
				}
			}
		}
	}
}

// hear reads a body as the rules of server-sent events have it.
func hear(body io.Reader, stream bool) heard {
	h := heard{fields: map[string]string{}}
	if !stream {
		b, err := io.ReadAll(body)
		h.blanks, h.readErr = bytes.Count(b, []byte("\n")), err
		h.take(bytes.TrimSpace(bytes.TrimPrefix(b, []byte("\ufeff"))))
		return h
	}
	var data []string
	lines := bufio.NewScanner(body)
	lines.Buffer(nil, 1<<20)
	for first := true; lines.Scan(); first = false {
		line := lines.Text()
		if first {
			line = strings.TrimPrefix(line, "\ufeff")
		}
		switch {
		case strings.HasPrefix(line, ":"):
			h.comments++
		case strings.HasPrefix(line, "data:"):
			data = append(data, strings.TrimPrefix(line[5:], " "))
		case line == "" && len(data) > 0:
			if text := strings.Join(data, "\n"); text == "[DONE]" {
				h.done = true
			} else {
				h.chunks++
				h.take([]byte(text))
			}
			data = nil
		}
	}
	h.readErr = lines.Err()
	return h
}

func TestEachDialectSaysItsWordsInItsOwnWay(t *testing.T) {
	for _, d := range scripted.Dialects {
		t.Run(d.Name, func(t *testing.T) {
			s := scripted.New(t, scripted.Config{Dialect: d, Key: "key"})
			s.Script(scripted.Say(words))
			for _, stream := range []bool{true, false} {
				resp := mustAsk(t, s.URL, map[string]any{"stream": stream})
				if d.StreamOnly || d.ThinkStream {
					if want := map[bool]int{true: 200, false: 400}[stream]; resp.StatusCode != want {
						t.Errorf("stream %v: status %d, want %d", stream, resp.StatusCode, want)
					}
					if !stream {
						continue
					}
				}
				h := hear(resp.Body, stream)
				if h.jsonErr != nil || h.readErr != nil || h.finish != "stop" || h.done != stream {
					t.Fatalf("stream %v: %+v", stream, h)
				}
				if got := thoughtsOf(t, d, h); got != d.Thinks {
					t.Errorf("stream %v: thoughts travel as %s: %v, want %v: %+v", stream, d.Thoughts, got, d.Thinks, h)
				}
				if !strings.HasSuffix(h.text, words) {
					t.Errorf("stream %v: heard %q, want it to end in %q", stream, h.text, words)
				}
				if stream && h.usage != (d.Usage == scripted.UsageAlways || d.Usage == scripted.UsageEach) {
					t.Errorf("usage: %v", h.usage)
				}
			}
		})
	}
}

// thoughtsOf reports whether thoughts came where the dialect has them, and nowhere else.
func thoughtsOf(t *testing.T, d scripted.Dialect, h heard) bool {
	t.Helper()
	in := map[scripted.ThoughtStyle]bool{
		scripted.ReasoningContent: h.fields["reasoning_content"] != "",
		scripted.Reasoning:        h.fields["reasoning"] != "",
		scripted.ThinkTags:        strings.HasPrefix(h.text, "<think>") && strings.Contains(h.text, "</think>"),
		scripted.LoneTag:          !strings.HasPrefix(h.text, "<think>") && strings.Contains(h.text, "</think>"),
	}
	for style, is := range in {
		if is && style != d.Thoughts {
			t.Errorf("thoughts in %s, want them in %s", style, d.Thoughts)
		}
	}
	return in[d.Thoughts]
}

func TestThoughtsStopWhenTheRequestTurnsThemOff(t *testing.T) {
	cases := []struct {
		dialect scripted.Dialect
		fields  map[string]any
	}{
		{scripted.DeepSeek, map[string]any{"thinking": map[string]any{"type": "disabled"}}},
		{scripted.DashScope, map[string]any{"enable_thinking": false}},
		{scripted.Ollama, map[string]any{"reasoning_effort": "none"}},
		{scripted.VLLM, map[string]any{"chat_template_kwargs": map[string]any{"enable_thinking": false}}},
		{scripted.VLLMTemplate, map[string]any{"chat_template_kwargs": map[string]any{"enable_thinking": false}}},
		{scripted.GLM, map[string]any{"thinking": map[string]any{"type": "disabled"}}},
	}
	for _, c := range cases {
		s := scripted.New(t, scripted.Config{Dialect: c.dialect})
		s.Script(scripted.Say(words))
		h := hear(mustAsk(t, s.URL, c.fields).Body, false)
		if h.text != words || len(h.fields["reasoning"]+h.fields["reasoning_content"]) > 0 {
			t.Errorf("%s: %+v", c.dialect.Name, h)
		}
	}
}

func TestWhatAServerDoesNotKnowItRefuses(t *testing.T) {
	cases := []struct {
		dialect scripted.Dialect
		fields  map[string]any
		want    int
	}{
		{scripted.LMStudio, map[string]any{"stream": true, "stream_options": map[string]any{"include_usage": true}}, 400},
		{scripted.Newer, map[string]any{"max_tokens": 400}, 400},
		{scripted.Newer, map[string]any{"max_completion_tokens": 400}, 200},
		{scripted.Plain, map[string]any{"model": "another"}, 404},
		{scripted.DeepSeek, map[string]any{"model": "another"}, 400},
		{scripted.Plain, map[string]any{"messages": []any{}}, 400},
	}
	for _, c := range cases {
		s := scripted.New(t, scripted.Config{Dialect: c.dialect})
		if got := mustAsk(t, s.URL, c.fields).StatusCode; got != c.want {
			t.Errorf("%s %v: status %d, want %d", c.dialect.Name, c.fields, got, c.want)
		}
	}
	keyed := scripted.New(t, scripted.Config{Key: "another"})
	if got := mustAsk(t, keyed.URL, nil).StatusCode; got != 401 {
		t.Errorf("another key: status %d", got)
	}
	if got := mustAsk(t, strings.TrimSuffix(keyed.URL, "/v1"), nil).StatusCode; got != 404 {
		t.Errorf("a base without /v1: status %d", got)
	}
}

func TestUsageEndsAStreamThatAsksForIt(t *testing.T) {
	s := scripted.New(t, scripted.Config{Dialect: scripted.VLLM})
	h := hear(mustAsk(t, s.URL, map[string]any{"stream": true, "stream_options": map[string]any{"include_usage": true}}).Body, true)
	if !h.usage || !h.done || h.jsonErr != nil {
		t.Errorf("%+v", h)
	}
}

func TestKeepAlivesComeWhileTheRequestWaits(t *testing.T) {
	for _, stream := range []bool{true, false} {
		s := scripted.New(t, scripted.Config{Dialect: scripted.DeepSeek})
		hold := make(chan struct{})
		s.Script(scripted.Answer{Text: words, Hold: hold})
		resp := mustAsk(t, s.URL, map[string]any{"stream": stream})
		first, err := bufio.NewReader(resp.Body).ReadString('\n') // one has come before the answer has begun
		if err != nil || (stream && first != ": keep-alive\n") || (!stream && first != "\n") {
			t.Fatalf("stream %v: %q %v", stream, first, err)
		}
		close(hold)
		h := hear(resp.Body, stream)
		if !strings.HasSuffix(h.text, "⟦F2⟧。") && h.jsonErr == nil {
			t.Errorf("stream %v: %+v", stream, h)
		}
	}
}

func TestErrorsSpeakTheDialect(t *testing.T) {
	cases := []struct {
		dialect scripted.Dialect
		err     scripted.Error
		status  int
		says    string
	}{
		{scripted.DashScope, scripted.Filtered, 400, "DataInspectionFailed"},
		{scripted.DashScope, scripted.NoMoney, 400, "Arrearage"},
		{scripted.DeepSeek, scripted.NoMoney, 402, "Insufficient Balance"},
		{scripted.DeepSeek, scripted.BadKey, 401, "Authentication Fails"},
		{scripted.Ollama, scripted.NoModel, 404, "try pulling it first"},
		{scripted.VLLM, scripted.BadKey, 401, `"error":"Unauthorized"`},
		{scripted.GLM, scripted.Filtered, 400, "1301"},
		{scripted.Plain, scripted.Limited, 429, "Rate limit"},
		{scripted.Plain, scripted.Broken, 500, "server_error"},
		{scripted.Plain, scripted.Busy, 503, "overloaded"},
	}
	for _, c := range cases {
		s := scripted.New(t, scripted.Config{Dialect: c.dialect})
		s.Script(scripted.Refuse(c.err))
		resp := mustAsk(t, s.URL, map[string]any{"enable_thinking": false})
		b, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		if resp.StatusCode != c.status || !strings.Contains(string(b), c.says) || !json.Valid(b) {
			t.Errorf("%s %s: %d %s", c.dialect.Name, c.err, resp.StatusCode, b)
		}
		if (c.err == scripted.Limited) != (resp.Header.Get("Retry-After") != "") {
			t.Errorf("%s: Retry-After %q", c.err, resp.Header.Get("Retry-After"))
		}
	}
}

// Every fault is really there for a client that reads the stream to its end or until it breaks.
func TestFaultsBreakTheStream(t *testing.T) {
	long := strings.Repeat(words, 4)
	cases := map[scripted.Fault]func(h heard) bool{
		scripted.Cut:         func(h heard) bool { return h.readErr != nil && h.text != "" && h.finish == "" },
		scripted.NoFinish:    func(h heard) bool { return h.readErr == nil && h.text != "" && h.finish == "" && !h.done },
		scripted.NoDone:      func(h heard) bool { return h.text == long && h.finish == "stop" && !h.done },
		scripted.ErrorIn200:  func(h heard) bool { return h.chunks == 0 && h.text == "" },
		scripted.ErrorLater:  func(h heard) bool { return h.failed && h.text != "" && h.finish == "" },
		scripted.Garbage:     func(h heard) bool { return h.finish == "" && !h.done },
		scripted.BadJSON:     func(h heard) bool { return h.jsonErr != nil && h.text != "" },
		scripted.Ragged:      func(h heard) bool { return h.text == long && h.done },
		scripted.OnlyThought: func(h heard) bool { return h.text == "" && h.fields["reasoning_content"] != "" && h.finish == "stop" },
		scripted.OpenThought: func(h heard) bool {
			return strings.HasPrefix(h.text, "<think>") && !strings.Contains(h.text, "</think>")
		},
		scripted.Empty:      func(h heard) bool { return h.text == "" && h.finish == "stop" },
		scripted.Null:       func(h heard) bool { return h.text == "" && h.finish == "stop" },
		scripted.NoChoices:  func(h heard) bool { return h.text == "" && h.finish == "" && h.done },
		scripted.WrongShape: func(h heard) bool { return h.text == "" && !h.done },
		scripted.HTML:       func(h heard) bool { return h.text == "" && !h.done },
		scripted.ToolCall:   func(h heard) bool { return h.text == "" && h.finish == "tool_calls" },
	}
	for f, broken := range cases {
		t.Run(string(f), func(t *testing.T) {
			s := scripted.New(t, scripted.Config{})
			s.Script(scripted.Break(f, long))
			if h := hear(mustAsk(t, s.URL, map[string]any{"stream": true}).Body, true); !broken(h) {
				t.Errorf("%+v", h)
			}
			// The same without a stream comes to an end too.
			resp := mustAsk(t, s.URL, nil)
			if _, err := io.Copy(io.Discard, resp.Body); (err != nil) != (f == scripted.Cut) {
				t.Errorf("no stream: %v", err)
			}
		})
	}
}

func TestHalfCharactersAreNotUTF8(t *testing.T) {
	s := scripted.New(t, scripted.Config{})
	s.Script(scripted.Break(scripted.HalfRune, words))
	for _, stream := range []bool{true, false} {
		b, err := io.ReadAll(mustAsk(t, s.URL, map[string]any{"stream": stream}).Body)
		if err != nil || utf8.Valid(b) {
			t.Errorf("stream %v: %v %q", stream, err, b)
		}
	}
}

func TestAHugeAnswerHasItsSize(t *testing.T) {
	for _, f := range []scripted.Fault{scripted.Huge, scripted.HugeLine} {
		for _, stream := range []bool{true, false} {
			s := scripted.New(t, scripted.Config{})
			s.Script(scripted.Answer{Text: words, Fault: f, Size: 3 << 20})
			n, err := io.Copy(io.Discard, mustAsk(t, s.URL, map[string]any{"stream": stream}).Body)
			if err != nil || n < 3<<20 {
				t.Errorf("%s, stream %v: %d bytes, %v", f, stream, n, err)
			}
		}
	}
}

func TestTheServerSeesAClientLeave(t *testing.T) {
	for _, f := range []scripted.Fault{scripted.Hang, scripted.Silent, scripted.Drip, scripted.Huge} {
		s := scripted.New(t, scripted.Config{})
		s.Script(scripted.Answer{Text: words, Fault: f, After: 2, Gap: time.Hour, Chunk: 1})
		ctx, leave := context.WithCancel(t.Context())
		body := `{"model":"scripted","stream":true,"messages":[{"role":"user","content":"问"}]}`
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL+"/chat/completions", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() {
			resp, err := http.DefaultClient.Do(req)
			if err == nil {
				_, err = io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
			}
			ended <- err
		}()
		arrived, err := s.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		leave()
		<-arrived.Gone
		if err := <-ended; !errors.Is(err, context.Canceled) && f != scripted.Huge {
			t.Errorf("%s: %v", f, err)
		}
	}
}

func TestConnectionsThatFail(t *testing.T) {
	s := scripted.New(t, scripted.Config{})
	s.Script(scripted.Break(scripted.Reset, words), scripted.Say(words))
	if _, err := ask(t, http.DefaultClient, s.URL, nil); !errors.Is(err, syscall.ECONNRESET) && !errors.Is(err, io.EOF) {
		t.Errorf("reset: %v", err)
	}
	s.Down()
	if _, err := ask(t, http.DefaultClient, s.URL, nil); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("down: %v", err)
	}
	if err := s.Up(); err != nil {
		t.Fatal(err)
	}
	if h := hear(mustAsk(t, s.URL, nil).Body, false); h.text != words {
		t.Errorf("up again: %+v", h)
	}
}

func TestARedirectLeadsToTheOtherServer(t *testing.T) {
	other := scripted.New(t, scripted.Config{})
	s := scripted.New(t, scripted.Config{Moved: other.URL + "/chat/completions"})
	s.Script(scripted.Break(scripted.Redirect, ""))
	if resp := mustAsk(t, s.URL, nil); resp.StatusCode != 200 || len(other.Requests()) != 1 {
		t.Errorf("a client that follows: %d, %d requests at the other", resp.StatusCode, len(other.Requests()))
	}
}

func TestCertificatesFailAsTheySay(t *testing.T) {
	cases := []struct {
		certificate scripted.Certificate
		trusted     bool
		says        string
	}{
		{scripted.Good, true, ""},
		{scripted.Good, false, "unknown authority"},
		{scripted.Expired, true, "expired"},
		{scripted.WrongHost, true, "127.0.0.1"},
	}
	for _, c := range cases {
		s := scripted.New(t, scripted.Config{TLS: c.certificate})
		config := &tls.Config{}
		if c.trusted {
			config.RootCAs = s.Roots()
		}
		client := &http.Client{Transport: &http.Transport{TLSClientConfig: config, DisableKeepAlives: true}}
		resp, err := ask(t, client, s.URL, nil)
		if err == nil {
			resp.Body.Close()
		}
		if (err == nil) != (c.says == "") || (err != nil && !strings.Contains(err.Error(), c.says)) {
			t.Errorf("%s, trusted %v: %v", c.certificate, c.trusted, err)
		}
	}
}

func TestRequestsAreRecorded(t *testing.T) {
	s := scripted.New(t, scripted.Config{})
	s.Script(scripted.Answer{From: func(r scripted.Request) string { return strings.Join(scripted.Slots(r.Said("user")), "") }})
	if h := hear(mustAsk(t, s.URL, map[string]any{"stream": true, "temperature": 0.2}).Body, true); h.text != "⟦F1⟧⟦F2⟧" {
		t.Errorf("an answer made of the request: %+v", h)
	}
	all := s.Requests()
	if len(all) != 1 || all[0].Path != "/chat/completions" || !all[0].Chat.Stream || all[0].Chat.Fields["temperature"] != 0.2 ||
		all[0].Said("system") != "规则" || all[0].Header.Get("Authorization") != "Bearer key" {
		t.Errorf("%+v", all)
	}
}
