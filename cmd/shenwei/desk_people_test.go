package main

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/oklog/ulid/v2"

	"shenwei/bot"
	"shenwei/bot/desk"
)

const patience = 20 * time.Second

// dframe is any frame of both sockets.
type dframe struct {
	Seqs                                                           []int64
	Type, Ref, Conversation, Token, Kind, Text, Author, Event, Who string
	Seq                                                            int64
	On                                                             bool
	Reply                                                          *bot.Reply
	Row                                                            bot.Stored
	Masked                                                         bool
	Note                                                           desk.Note
	Me                                                             desk.Agent
	Agents                                                         []desk.Agent
	Ticket                                                         *struct {
		desk.Ticket
		Label    string
		AgentNo  string `json:"agent_no"`
		Position int
		Can      []string
	}
	Tickets []desk.Ticket
	List    string
	Total   int
	Watch   int
	Groups  []struct {
		Group          string
		Waiting, Calls int
	}
	Drafts  map[string]string
	Viewers []struct {
		AgentNo string `json:"agent_no"`
		Typing  bool
	}
	Alert desk.Alert
	Error struct{ Code, Message string }
}

// page is a browser's socket: it keeps every frame that it got.
type page struct {
	t    *testing.T
	name string
	ws   *websocket.Conn

	mu     sync.Mutex
	all    []dframe
	taken  map[int]bool
	news   chan struct{}
	closed bool
}

func dial(t *testing.T, name, addr, path string, header http.Header) *page {
	t.Helper()
	ws, res, err := websocket.DefaultDialer.Dial("ws://"+addr+path, header)
	if err != nil {
		t.Fatalf("%s: %v (%v)", name, err, res)
	}
	_ = res.Body.Close()
	p := &page{t: t, name: name, ws: ws, taken: map[int]bool{}, news: make(chan struct{}, 1)}
	t.Cleanup(func() { _ = ws.Close() })
	go p.read()
	return p
}

func (p *page) read() {
	for {
		_, data, err := p.ws.ReadMessage()
		p.mu.Lock()
		if err != nil {
			p.closed = true
		} else {
			var f dframe
			if err := json.Unmarshal(data, &f); err != nil {
				p.t.Errorf("%s: %v: %s", p.name, err, data)
			}
			p.all = append(p.all, f)
		}
		p.mu.Unlock()
		select {
		case p.news <- struct{}{}:
		default:
		}
		if err != nil {
			return
		}
	}
}

func (p *page) send(v any) {
	p.t.Helper()
	if err := p.ws.WriteJSON(v); err != nil {
		p.t.Fatalf("%s: %v", p.name, err)
	}
}

// want takes the first frame not yet taken that fits.
func (p *page) want(what string, fits func(f dframe) bool) dframe {
	p.t.Helper()
	deadline := time.After(patience)
	for {
		p.mu.Lock()
		for i, f := range p.all {
			if !p.taken[i] && fits(f) {
				p.taken[i] = true
				p.mu.Unlock()
				return f
			}
		}
		closed := p.closed
		p.mu.Unlock()
		if closed {
			p.t.Fatalf("%s: closed while waiting for %s\n%s", p.name, what, p.dump())
		}
		select {
		case <-p.news:
		case <-deadline:
			p.t.Fatalf("%s: no %s\n%s", p.name, what, p.dump())
		}
	}
}

func (p *page) dump() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var b strings.Builder
	for _, f := range p.all {
		fmt.Fprintf(&b, "%s %s %s %s %q %s", f.Type, f.Ref, f.Kind, f.Event, f.Text, f.Error.Message)
		if f.Ticket != nil {
			fmt.Fprintf(&b, " %s %s v%d", f.Ticket.Number, f.Ticket.State, f.Ticket.Version)
		}
		if f.Type == "row" {
			fmt.Fprintf(&b, " %d %s %s %q", f.Row.Seq, f.Row.Kind, f.Row.Event, f.Row.Text)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// never reports whether a frame that fits has come.
func (p *page) has(fits func(f dframe) bool) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, f := range p.all {
		if fits(f) {
			return true
		}
	}
	return false
}

// caller is a citizen on the chat page.
type caller struct {
	*page
	conversation, token string
	number              string
}

func newCitizen(t *testing.T, name, addr string) *caller {
	c := &caller{page: dial(t, name, addr, "/ws/chat", nil)}
	c.send(map[string]any{"type": "hello"})
	c.want("ready", func(f dframe) bool { return f.Type == "ready" })
	return c
}

// say sends a line and returns its reply.
func (c *caller) say(text string) *bot.Reply {
	c.t.Helper()
	ref := ulid.Make().String()
	c.send(map[string]any{"type": "say", "ref": ref, "text": text})
	if c.conversation == "" {
		f := c.want("a conversation", func(f dframe) bool { return f.Type == "ready" && f.Conversation != "" })
		c.conversation, c.token = f.Conversation, f.Token
	}
	r := c.want("a reply to "+text, func(f dframe) bool { return f.Type == "reply" && f.Ref == ref }).Reply
	if r.Handoff != nil {
		c.number = r.Handoff.Number
	}
	return r
}

func (c *caller) wish(v map[string]any) dframe {
	c.t.Helper()
	v["type"], v["ref"] = "desk", ulid.Make().String()
	c.send(v)
	return c.want(fmt.Sprint("an answer to ", v["do"]), func(f dframe) bool { return f.Ref == v["ref"] && (f.Type == "desk" || f.Type == "error") })
}

func (c *caller) event(name string) dframe {
	c.t.Helper()
	return c.want("the event "+name, func(f dframe) bool { return f.Type == "event" && f.Event == name })
}

// worker is an agent or a supervisor, signed in as people sign in.
type worker struct {
	*page
	addr, cookie, csrf string
	me                 desk.Agent
}

func (p program) worker(t *testing.T, addr, name string, roles string) *worker {
	t.Helper()
	made := p.run(t, "", "user", "add", name, "--role", roles)
	if made.code != 0 {
		t.Fatal(made.err)
	}
	_, token, _ := strings.Cut(strings.TrimSpace(made.out), "#")
	body, _ := json.Marshal(map[string]string{"token": token, "password": "Lianhua-Shan-2026-" + name})
	res, err := http.Post("http://"+addr+"/api/v1/staff/setup", "application/json", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	w := &worker{addr: addr}
	var signed struct{ CSRF, State string }
	if err := json.NewDecoder(res.Body).Decode(&signed); err != nil || res.StatusCode != 200 || signed.State != "ok" {
		t.Fatalf("%s cannot sign in: %d %+v %v", name, res.StatusCode, signed, err)
	}
	for _, c := range res.Cookies() {
		if c.Value != "" {
			w.cookie = c.Name + "=" + c.Value
		}
	}
	w.csrf = signed.CSRF
	w.enter(t, name)
	return w
}

// enter opens the desk's socket.
func (w *worker) enter(t *testing.T, name string) dframe {
	t.Helper()
	w.page = dial(t, name, w.addr, "/ws/desk", http.Header{"Cookie": {w.cookie}})
	w.send(map[string]any{"type": "hello"})
	f := w.want("ready", func(f dframe) bool { return f.Type == "ready" })
	w.me = f.Me
	return f
}

func (w *worker) presence(p desk.Presence) {
	w.t.Helper()
	w.send(map[string]any{"type": "presence", "ref": "p", "presence": p})
	w.want("ok", func(f dframe) bool { return f.Type == "ok" && f.Ref == "p" })
}

// do acts on a ticket and returns what came of it.
func (w *worker) do(number, what string, more map[string]any) dframe {
	w.t.Helper()
	v := map[string]any{"type": "do", "ref": ulid.Make().String(), "ticket": number, "do": what}
	for k, x := range more {
		v[k] = x
	}
	w.send(v)
	return w.want("an answer to "+what, func(f dframe) bool { return f.Ref == v["ref"] && (f.Type == "done" || f.Type == "error") })
}

func (w *worker) must(number, what string, more map[string]any) dframe {
	w.t.Helper()
	f := w.do(number, what, more)
	if f.Type != "done" {
		w.t.Fatalf("%s: %s: %+v", w.name, what, f.Error)
	}
	return f
}

// rings waits until the ticket is offered to the worker.
func (w *worker) rings(number string) {
	w.t.Helper()
	w.want("the offer of "+number, func(f dframe) bool {
		return f.Type == "ticket" && f.Ticket.Number == number && f.Ticket.State == desk.Offered && f.Ticket.Offered == w.me.ID
	})
}

// lists waits until a list that the worker shows holds a ticket, and returns it.
func (w *worker) lists(list, number string) (t desk.Ticket) {
	w.t.Helper()
	w.send(map[string]any{"type": "list", "list": list})
	w.want(number+" in the list "+list, func(f dframe) bool {
		i := slices.IndexFunc(f.Tickets, func(t desk.Ticket) bool { return t.Number == number })
		if f.Type != "list" || f.List != list || i < 0 {
			return false
		}
		t = f.Tickets[i]
		return true
	})
	return t
}

func (w *worker) open(number string, after int64) {
	w.t.Helper()
	w.send(map[string]any{"type": "open", "ref": "o" + number, "ticket": number, "after": after})
	w.want("opened", func(f dframe) bool { return f.Type == "opened" && f.Ref == "o"+number })
}

// call asks over HTTP and reads the answer into v; it returns the status.
func (w *worker) call(method, path string, body, v any) int {
	w.t.Helper()
	data, err := json.Marshal(body)
	if err != nil {
		w.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, "http://"+w.addr+path, bytes.NewReader(data))
	if err != nil {
		w.t.Fatal(err)
	}
	req.Header.Set("Cookie", w.cookie)
	req.Header.Set("X-CSRF-Token", w.csrf)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	defer res.Body.Close()
	if v != nil {
		if err := json.NewDecoder(res.Body).Decode(v); err != nil {
			w.t.Fatalf("%s %s: %d %v", method, path, res.StatusCode, err)
		}
	}
	return res.StatusCode
}

// openRaw opens the database of a program beside it.
func openRaw(t *testing.T, dir string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite3", "file:"+filepath.Join(dir, "shenwei.db")+"?_busy_timeout=5000&_query_only=1")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}
