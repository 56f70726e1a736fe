package scripted

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"regexp"
	"strings"
	"time"
)

// maxBody is how much of a request is read.
const maxBody = 4 << 20

// Request is one that arrived.
type Request struct {
	At     time.Time
	Path   string // behind the base: /chat/completions, /embeddings, /models
	Header http.Header
	Body   []byte
	Chat   Chat
	// Input are the texts to embed.
	Input []string
	// Gone is closed when the client left or the answer was complete.
	Gone <-chan struct{}
}

// Chat is what a chat request asks for; fields that are not here are in Fields.
type Chat struct {
	Model    string
	Stream   bool
	Messages []Message
	Fields   map[string]any
}

// Message is one of a chat.
type Message struct{ Role, Content string }

// Said returns the contents of all messages of a role, a line between them; of every role when it
// is empty.
func (r Request) Said(role string) string {
	var parts []string
	for _, m := range r.Chat.Messages {
		if role == "" || m.Role == role {
			parts = append(parts, m.Content)
		}
	}
	return strings.Join(parts, "\n")
}

var slot = regexp.MustCompile(`⟦[A-Z]+[0-9]+⟧`)

// Slots returns the locked places ⟦F1⟧ of a text, each once, in order.
func Slots(text string) []string {
	var out []string
	seen := map[string]bool{}
	for _, s := range slot.FindAllString(text, -1) {
		if !seen[s] {
			seen[s] = true
			out = append(out, s)
		}
	}
	return out
}

func (s *Server) handler() http.Handler {
	base := s.cfg.Dialect.Path
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+base+"/chat/completions", s.chat)
	mux.HandleFunc("POST "+base+"/embeddings", s.embeddings)
	mux.HandleFunc("GET "+base+"/models", s.models)
	return mux
}

// read takes a request in, and answers it when there is nothing to script about it.
func (s *Server) read(w http.ResponseWriter, r *http.Request) (Request, map[string]any, bool) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
	if err != nil {
		return Request{}, nil, false
	}
	req := Request{
		At: time.Now(), Path: strings.TrimPrefix(r.URL.Path, s.cfg.Dialect.Path), Header: r.Header.Clone(), Body: body,
		Gone: r.Context().Done(),
	}
	var fields map[string]any
	bad := json.Unmarshal(body, &fields)
	if bad == nil {
		req.Chat = chatOf(fields)
		req.Input = inputOf(fields["input"])
	}
	s.note(req)
	key, bears := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	switch {
	case (s.cfg.Key != "" && key != s.cfg.Key) || (s.cfg.Dialect.NeedsKey && (!bears || key == "")):
		s.refuse(w, BadKey, "")
	case bad != nil:
		s.refuse(w, BadField, "")
	case !contains(s.cfg.Models, req.Chat.Model):
		s.refuse(w, NoModel, req.Chat.Model)
	default:
		return req, fields, true
	}
	return req, fields, false
}

func chatOf(fields map[string]any) Chat {
	c := Chat{Fields: fields}
	c.Model, _ = fields["model"].(string)
	c.Stream, _ = fields["stream"].(bool)
	list, _ := fields["messages"].([]any)
	for _, m := range list {
		m, _ := m.(map[string]any)
		role, _ := m["role"].(string)
		c.Messages = append(c.Messages, Message{Role: role, Content: contentOf(m["content"])})
	}
	return c
}

// contentOf reads a string, or a list of parts with texts.
func contentOf(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	var parts []string
	list, _ := v.([]any)
	for _, p := range list {
		p, _ := p.(map[string]any)
		if s, ok := p["text"].(string); ok {
			parts = append(parts, s)
		}
	}
	return strings.Join(parts, "")
}

func inputOf(v any) []string {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		var out []string
		for _, e := range v {
			if s, ok := e.(string); ok {
				out = append(out, s)
			}
		}
		return out
	}
	return nil
}

// refuse answers with an error in the words of the dialect.
func (s *Server) refuse(w http.ResponseWriter, e Error, model string) {
	w.Header().Set("Content-Type", "application/json")
	if e == Limited {
		w.Header().Set("Retry-After", "30")
	}
	status := statuses[e]
	if e == NoMoney && s.cfg.Dialect.Name == DashScope.Name {
		status = 400
	}
	if e == NoModel && s.cfg.Dialect.Name == DeepSeek.Name {
		status = 400
	}
	w.WriteHeader(status)
	_, _ = io.WriteString(w, s.errorBody(e, model))
}

func (s *Server) errorBody(e Error, model string) string {
	body, ok := s.cfg.Dialect.Errors[e]
	if !ok {
		body = plainErrors[e]
	}
	if strings.Contains(body, "%s") {
		quoted, _ := json.Marshal(model)
		body = fmt.Sprintf(body, "`"+strings.Trim(string(quoted), `"`)+"`")
	}
	return body
}

func (s *Server) models(w http.ResponseWriter, r *http.Request) {
	key, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	s.note(Request{At: time.Now(), Path: "/models", Header: r.Header.Clone(), Gone: r.Context().Done()})
	if (s.cfg.Key != "" && key != s.cfg.Key) || (s.cfg.Dialect.NeedsKey && key == "") {
		s.refuse(w, BadKey, "")
		return
	}
	list := []map[string]any{}
	for _, m := range s.cfg.Models {
		list = append(list, map[string]any{"id": m, "object": "model", "owned_by": "scripted"})
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"object": "list", "data": list})
}

// lookUp finds a field of fields.
func lookUp(body map[string]any, path string) (any, bool) {
	head, rest, deeper := strings.Cut(path, ".")
	v, ok := body[head]
	if !ok || !deeper {
		return v, ok
	}
	inner, ok := v.(map[string]any)
	if !ok {
		return nil, false
	}
	return lookUp(inner, rest)
}

func contains(list []string, s string) bool {
	for _, e := range list {
		if e == s {
			return true
		}
	}
	return false
}

// quiet drops what net/http says about handlers that cut connections on purpose. A panic of what a
// test scripted is a mistake in the test.
func quiet() *log.Logger { return log.New(panics{}, "", 0) }

type panics struct{}

func (panics) Write(b []byte) (int, error) {
	if bytes.Contains(b, []byte("panic serving")) {
		return os.Stderr.Write(b)
	}
	return len(b), nil
}
