package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"shenwei/internal/fault"
	"shenwei/web/auth"
)

// The people of the bench's desk: agents who accept what rings and read what is said, and
// citizens who ask for a person.

// benchLine is a socket that several goroutines write to.
type benchLine struct {
	mu sync.Mutex
	ws *websocket.Conn
}

// send drops what cannot be sent: the reader counts the closed socket.
func (w *benchLine) send(v any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	_ = w.ws.WriteJSON(v)
}

// dial opens a socket whose frames go to take, and says hello.
func (l *deskLoad) dial(ctx context.Context, w *benchLine, path string, header http.Header, take func(kind string, body []byte)) error {
	ws, res, err := websocket.DefaultDialer.DialContext(ctx, "ws://"+l.addr+path, header)
	if err != nil {
		return err
	}
	_ = res.Body.Close()
	w.ws = ws
	l.mu.Lock()
	l.sockets = append(l.sockets, ws)
	l.mu.Unlock()
	go func() {
		for {
			_, body, err := ws.ReadMessage()
			if err != nil {
				l.mu.Lock()
				defer l.mu.Unlock()
				if !l.over {
					l.closed++
				}
				return
			}
			kind, _ := frameHead(body)
			take(kind, body)
		}
	}()
	w.send(map[string]any{"type": "hello"})
	return nil
}

func (l *deskLoad) hangUp() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.over = true
	for _, ws := range l.sockets {
		_ = ws.Close()
	}
}

// benchCitizen asks for a person and then talks.
type benchCitizen struct{ benchLine }

// call has one more citizen ask for a person.
func (l *deskLoad) call(ctx context.Context) error {
	c := &benchCitizen{}
	err := l.dial(ctx, &c.benchLine, "/ws/chat", nil, func(kind string, body []byte) {
		if kind != "event" || !bytes.Contains(body, []byte(`"kind":"agent"`)) {
			return
		}
		var f struct{ Text string }
		if json.Unmarshal(body, &f) == nil {
			l.saw(f.Text)
		}
	})
	if err != nil {
		return err
	}
	l.asked++
	l.callers = append(l.callers, c)
	c.send(map[string]any{"type": "say", "ref": fmt.Sprintf("call-%016d", l.asked), "text": "转人工"})
	return nil
}

// clerk is an agent or the supervisor.
type clerk struct {
	benchLine
	name, cookie, csrf string
	id                 string

	mu      sync.Mutex
	tickets []string
}

// any is one of her conversations, "" while she has none.
func (k *clerk) any(n int) string {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.tickets) == 0 {
		return ""
	}
	return k.tickets[n%len(k.tickets)]
}

// end resolves a conversation, which makes room for another.
func (k *clerk) end(n int, ticket string) {
	k.mu.Lock()
	for i, t := range k.tickets {
		if t == ticket {
			k.tickets = append(k.tickets[:i], k.tickets[i+1:]...)
			break
		}
	}
	k.mu.Unlock()
	k.send(map[string]any{"type": "do", "do": "resolve", "ref": fmt.Sprint("r", n), "ticket": ticket, "code": "answered"})
}

// signUp makes an account and signs its person in by its one-time link.
func (l *deskLoad) signUp(ctx context.Context, a *app, name string, role auth.Role) (*clerk, error) {
	_, token, err := a.staff.Add(ctx, actor(), auth.Account{Name: name, Display: name, Roles: []auth.Role{role}})
	if err != nil {
		return nil, err
	}
	k := &clerk{name: name}
	res, err := k.request(ctx, l.addr, http.MethodPost, "/api/v1/staff/setup", map[string]string{"token": token, "password": "Lianhua-Shan-2026-" + name})
	if err != nil {
		return nil, err
	}
	defer func() { _ = res.Body.Close() }()
	var signed struct{ CSRF, State string }
	if err := json.NewDecoder(res.Body).Decode(&signed); err != nil || signed.State != "ok" {
		return nil, fault.New(fault.Unavailable, "%s cannot sign in: status %d, state %q", name, res.StatusCode, signed.State)
	}
	k.csrf = signed.CSRF
	for _, c := range res.Cookies() {
		if c.Value != "" {
			k.cookie = c.Name + "=" + c.Value
		}
	}
	return k, nil
}

func (k *clerk) request(ctx context.Context, addr, method, path string, body any) (*http.Response, error) {
	data, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, method, "http://"+addr+path, bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Cookie", k.cookie)
	req.Header.Set("X-CSRF-Token", k.csrf)
	return http.DefaultClient.Do(req)
}

func (k *clerk) ask(ctx context.Context, addr, method, path string, body any) error {
	res, err := k.request(ctx, addr, method, path, body)
	if err != nil {
		return err
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fault.New(fault.Unavailable, "%s %s: status %d", method, path, res.StatusCode)
	}
	return nil
}

// open opens the desk's page, which shows a list, "" for none.
func (l *deskLoad) open(ctx context.Context, k *clerk, list string) error {
	met := make(chan struct{})
	accepted := map[string]bool{}
	header := http.Header{"Cookie": {k.cookie}}
	err := l.dial(ctx, &k.benchLine, "/ws/desk", header, func(kind string, body []byte) {
		switch kind {
		case "ready", "ticket", "done", "row":
			var f deskBenchFrame
			if json.Unmarshal(body, &f) != nil {
				return
			}
			if kind == "ready" {
				k.id = f.Me.ID
				close(met)
				return
			}
			l.took(k, f, accepted)
		}
	})
	if err != nil {
		return err
	}
	select {
	case <-met:
	case <-time.After(10 * time.Second):
		return fault.New(fault.Unavailable, "%s: the desk does not answer", k.name)
	}
	if list != "" {
		k.send(map[string]any{"type": "list", "list": list})
	}
	go func() { // signs of life, as the page sends them
		tick := time.NewTicker(12 * time.Second)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				k.send(map[string]any{"type": "ping", "ref": "ping"})
			case <-ctx.Done():
				return
			}
		}
	}()
	return nil
}

// deskBenchFrame is what an agent of the bench reads of a frame.
type deskBenchFrame struct {
	Type, Ref string
	Me        struct{ ID string }
	Ticket    struct {
		Number, State, Offered string
		Seq                    int64
	}
	Row struct{ Kind, Text string }
}

// took is what an agent does with a frame.
func (l *deskLoad) took(k *clerk, f deskBenchFrame, accepted map[string]bool) {
	number := f.Ticket.Number
	switch {
	case f.Type == "ticket" && f.Ticket.State == "offered" && f.Ticket.Offered == k.id && !accepted[number]:
		accepted[number] = true
		l.mu.Lock()
		if at, ok := l.freed[k.id]; ok {
			l.waits = append(l.waits, time.Since(at))
			delete(l.freed, k.id)
		}
		l.mu.Unlock()
		k.send(map[string]any{"type": "do", "do": "accept", "ref": "a" + number, "ticket": number})
	case f.Type == "done" && strings.HasPrefix(f.Ref, "a"):
		k.send(map[string]any{"type": "open", "ref": "o", "ticket": number, "after": f.Ticket.Seq})
		k.mu.Lock()
		k.tickets = append(k.tickets, number)
		k.mu.Unlock()
		l.mu.Lock()
		if l.talking++; l.talking == l.Talks {
			close(l.ready)
		}
		l.mu.Unlock()
	case f.Type == "done" && strings.HasPrefix(f.Ref, "r"): // the wrap-up is short; then there is room for the next
		l.mu.Lock()
		l.freed[k.id] = time.Now()
		l.mu.Unlock()
		k.send(map[string]any{"type": "do", "do": "done", "ref": "d" + number, "ticket": number})
	case f.Type == "row" && f.Row.Kind == "citizen":
		l.saw(f.Row.Text)
	}
}
