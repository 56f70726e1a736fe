package main

import (
	"fmt"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"shenwei/bot/desk"
)

// load is a desk at work: every socket is real.
type load struct {
	t    *testing.T
	addr string

	mu      sync.Mutex
	sent    map[string]time.Time // by what was said
	cross   []time.Duration      // from one side to the other
	freed   map[string]time.Time // agents who became free
	assign  []time.Duration
	talking int
	ready   chan struct{}
	want    int
}

func (l *load) saw(text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if at, ok := l.sent[text]; ok {
		l.cross = append(l.cross, time.Since(at))
		delete(l.sent, text)
	}
}

func (l *load) says(text string) {
	l.mu.Lock()
	l.sent[text] = time.Now()
	l.mu.Unlock()
}

// wire is a socket that may be written from several goroutines.
type wire struct {
	mu sync.Mutex
	ws *websocket.Conn
}

func (w *wire) send(v any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	_ = w.ws.WriteJSON(v)
}

func (l *load) dial(path string, header http.Header) *wire {
	ws, res, err := websocket.DefaultDialer.Dial("ws://"+l.addr+path, header)
	if err != nil {
		l.t.Fatal(err)
	}
	_ = res.Body.Close()
	l.t.Cleanup(func() { _ = ws.Close() })
	return &wire{ws: ws}
}

// serving is an agent who accepts what rings and reads what is said.
type serving struct {
	*wire
	id      string
	mu      sync.Mutex
	tickets []string
}

func (l *load) serve(header http.Header) *serving {
	s := &serving{wire: l.dial("/ws/desk", header)}
	s.send(map[string]any{"type": "hello"})
	go func() {
		accepted := map[string]bool{}
		for {
			var f dframe
			if s.ws.ReadJSON(&f) != nil {
				return
			}
			switch {
			case f.Type == "ready":
				s.id = f.Me.ID
				s.send(map[string]any{"type": "presence", "ref": "p", "presence": "online"})
			case f.Type == "ticket" && f.Ticket.State == desk.Offered && f.Ticket.Offered == s.id && !accepted[f.Ticket.Number]:
				accepted[f.Ticket.Number] = true
				l.mu.Lock()
				if at, ok := l.freed[s.id]; ok {
					l.assign = append(l.assign, time.Since(at))
					delete(l.freed, s.id)
				}
				l.mu.Unlock()
				s.send(map[string]any{"type": "do", "do": "accept", "ref": "a" + f.Ticket.Number, "ticket": f.Ticket.Number})
			case f.Type == "done" && strings.HasPrefix(f.Ref, "a"):
				s.send(map[string]any{"type": "open", "ref": "o", "ticket": f.Ticket.Number, "after": 1})
				s.mu.Lock()
				s.tickets = append(s.tickets, f.Ticket.Number)
				s.mu.Unlock()
				l.mu.Lock()
				if l.talking++; l.talking == l.want {
					close(l.ready)
				}
				l.mu.Unlock()
			case f.Type == "done" && strings.HasPrefix(f.Ref, "d"): // free for the next
				l.mu.Lock()
				l.freed[s.id] = time.Now()
				l.mu.Unlock()
			case f.Type == "row" && f.Row.Kind == "citizen":
				l.saw(f.Row.Text)
			}
		}
	}()
	return s
}

func (l *load) ask(i int) *wire {
	c := l.dial("/ws/chat", nil)
	c.send(map[string]any{"type": "hello"})
	c.send(map[string]any{"type": "say", "ref": fmt.Sprintf("load-%016d", i), "text": "转人工"})
	go func() {
		for {
			var f dframe
			if c.ws.ReadJSON(&f) != nil {
				return
			}
			if f.Type == "event" && f.Kind == "agent" {
				l.saw(f.Text)
			}
		}
	}()
	return c
}

func percentile(d []time.Duration, p float64) time.Duration {
	if len(d) == 0 {
		return 0
	}
	slices.Sort(d)
	return d[min(len(d)-1, int(float64(len(d))*p))]
}

// TestTheDeskCarriesItsLoad measures what the desk promises: messages to the other side and
// assignments after an agent is free. SHENWEI_DESK_LOAD="agents,conversations,seconds" sets how
// much; it runs only when that is set, because others on the machine would be measured, too.
func TestTheDeskCarriesItsLoad(t *testing.T) {
	var agents, talks, seconds int
	if n, _ := fmt.Sscanf(os.Getenv("SHENWEI_DESK_LOAD"), "%d,%d,%d", &agents, &talks, &seconds); n != 3 {
		t.Skip("set SHENWEI_DESK_LOAD=200,5000,30")
	}
	p := newProgram(t)
	p.env = append([]string{"SHENWEI_LIMITS_VISITOR_BURST=1000000", "SHENWEI_LIMITS_ADDRESS_MINUTE=100000000", "SHENWEI_LOG_LEVEL=error"}, alwaysOpen...)
	s := p.serve(t)
	l := &load{t: t, addr: s.addr, sent: map[string]time.Time{}, freed: map[string]time.Time{}, ready: make(chan struct{}), want: talks}
	chief := p.worker(t, s.addr, "chief", "supervisor")
	chief.presence(desk.Busy)
	var serving []*serving
	for i := range agents {
		w := p.worker(t, s.addr, "load"+strconv.Itoa(i), "agent")
		in := map[string]any{"groups": []string{}, "skills": map[string]int{}, "capacity": talks / agents}
		if code := chief.call("PUT", "/api/v1/desk/agents/"+w.me.ID, in, nil); code != 200 {
			t.Fatal(code)
		}
		_ = w.ws.Close()
		serving = append(serving, l.serve(http.Header{"Cookie": {w.cookie}}))
	}
	begun := time.Now()
	var citizens []*wire
	for i := range talks {
		citizens = append(citizens, l.ask(i))
	}
	select {
	case <-l.ready:
	case <-time.After(5 * time.Minute):
		l.mu.Lock()
		defer l.mu.Unlock()
		t.Fatalf("only %d of %d conversations have an agent", l.talking, talks)
	}
	t.Logf("%d conversations with %d agents after %s", talks, agents, time.Since(begun).Round(time.Millisecond))
	for i := range 20 { // who waits, so that somebody is assigned when an agent is free
		l.ask(talks + i)
	}
	stop := time.After(time.Duration(seconds) * time.Second)
	tick := time.NewTicker(10 * time.Millisecond) // 100 messages a second
	defer tick.Stop()
	said := 0
	for running := true; running; {
		select {
		case <-stop:
			running = false
		case <-tick.C:
			said++
			if said%2 == 0 {
				text := fmt.Sprint("市民的第 ", said, " 句")
				l.says(text)
				citizens[said%talks].send(map[string]any{"type": "say", "ref": fmt.Sprintf("line-%016d", said), "text": text})
				continue
			}
			a := serving[said%agents]
			a.mu.Lock()
			ticket := a.tickets[said%len(a.tickets)]
			a.mu.Unlock()
			if said%151 == 0 { // one is over
				a.send(map[string]any{"type": "do", "do": "resolve", "ref": fmt.Sprint("r", said), "ticket": ticket, "code": "answered"})
				a.send(map[string]any{"type": "do", "do": "done", "ref": fmt.Sprint("d", said), "ticket": ticket})
				continue
			}
			text := fmt.Sprint("坐席的第 ", said, " 句")
			l.says(text)
			a.send(map[string]any{"type": "do", "do": "reply", "ref": fmt.Sprint("x", said), "ticket": ticket, "text": text})
		}
	}
	<-time.After(2 * time.Second) // what is under way arrives
	l.mu.Lock()
	defer l.mu.Unlock()
	t.Logf("%d messages: p50 %s, p99 %s, max %s, %d have not arrived", len(l.cross), percentile(l.cross, 0.5), percentile(l.cross, 0.99), percentile(l.cross, 1), len(l.sent))
	t.Logf("%d assignments: p50 %s, max %s", len(l.assign), percentile(l.assign, 0.5), percentile(l.assign, 1))
	if len(l.cross) == 0 || percentile(l.cross, 0.99) > 150*time.Millisecond {
		t.Error("messages take more than 150 ms")
	}
	if len(l.assign) == 0 || percentile(l.assign, 0.99) > 300*time.Millisecond {
		t.Error("assignments take more than 300 ms")
	}
}
