package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"

	"sync"
	"time"

	"github.com/gorilla/websocket"

	"shenwei/internal/fault"
	"shenwei/web/auth"
)

type benchDeskCmd struct {
	Agents   int           `help:"Agents who serve." default:"200"`
	Talks    int           `help:"Conversations that are open with an agent." default:"5000"`
	Rate     int           `help:"Messages a second, half of them citizens', not waiting for the ones before." default:"100"`
	Duration time.Duration `help:"How long they talk." default:"20s"`
	JSON     bool          `name:"json" help:"Print the figures as JSON."`
}

// deskFigures are what the people of the desk saw.
type deskFigures struct {
	Agents   int       `json:"agents"`
	Talks    int       `json:"talks"`
	RampMS   int64     `json:"ramp_ms"`
	Lost     int       `json:"lost"`
	Closed   int       `json:"closed"`
	Message  latencies `json:"message"`
	Assigned latencies `json:"assigned"`
	Resident int       `json:"resident_mb"`
}

// benchWaiting is how many citizens wait all the time, so that somebody is assigned whenever an
// agent is free; of benchEnds messages one ends a conversation instead.
const (
	benchWaiting = 20
	benchEnds    = 50
)

// Run starts a service in a process of its own with a fresh directory and fills its desk. Agents
// sign in as people do, and one of four looks at the queue all the time. A message counts from
// when it was due until the other side's socket has it, an assignment from the end of
// the wrap-up until the next conversation rings.
func (b *benchDeskCmd) Run(ctx context.Context, c *cli) error {
	if b.Agents < 1 || b.Talks < b.Agents || b.Rate < 1 {
		return fault.New(fault.BadRequest, "agents and rate must be at least 1, talks at least as many as agents")
	}
	dir, err := os.MkdirTemp("", "shenwei-bench-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	for _, key := range []string{"HOURS", "REST_HOURS"} {
		if err := os.Setenv("SHENWEI_DESK_"+key, "24h"); err != nil {
			return err
		}
	}
	addr, err := freeAddr()
	if err != nil {
		return err
	}
	child, err := startServe(ctx, addr, dir, c.DB)
	if err != nil {
		return err
	}
	defer func() { _ = child.Process.Kill(); _ = child.Wait() }()
	if err := waitReady(ctx, addr, time.Minute); err != nil {
		return err
	}
	record := *c
	record.Dir = dir
	l := &deskLoad{benchDeskCmd: b, addr: addr, sent: map[string]time.Time{}, freed: map[string]time.Time{}, ready: make(chan struct{})}
	defer l.hangUp()
	if err := l.run(ctx, &record); err != nil {
		return err
	}
	f := l.figures()
	f.Resident = residentMB(child.Process.Pid)
	return b.print(f)
}

// deskLoad is a desk at work: every socket is real.
type deskLoad struct {
	*benchDeskCmd
	addr    string
	clerks  []*clerk
	callers []*benchCitizen
	ramp    time.Duration

	mu      sync.Mutex
	sockets []*websocket.Conn
	sent    map[string]time.Time // by what was said
	cross   []time.Duration      // from one side to the other
	freed   map[string]time.Time // agents who became free
	waits   []time.Duration
	talking int
	asked   int
	closed  int // sockets that the service closed
	over    bool
	ready   chan struct{}
}

func (l *deskLoad) run(ctx context.Context, c *cli) error {
	if err := l.hire(ctx, c); err != nil {
		return err
	}
	begun := time.Now()
	for range l.Talks + benchWaiting {
		if err := l.call(ctx); err != nil {
			return err
		}
	}
	select {
	case <-l.ready:
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(5 * time.Minute):
		l.mu.Lock()
		defer l.mu.Unlock()
		return fault.New(fault.Unavailable, "only %d of %d conversations have an agent; %d sockets were closed", l.talking, l.Talks, l.closed)
	}
	l.ramp = time.Since(begun)
	return l.talk(ctx)
}

// hire makes the accounts, gives them their capacity and opens their pages.
func (l *deskLoad) hire(ctx context.Context, c *cli) error {
	a, err := c.openRecord(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = a.close() }()
	bar := newProgress(os.Stderr, "agents", l.Agents)
	defer bar.finish()
	chief, err := l.signUp(ctx, a, "chief", auth.Supervisor)
	if err != nil {
		return err
	}
	if err := l.open(ctx, chief, "watch"); err != nil {
		return err
	}
	for i := range l.Agents {
		k, err := l.signUp(ctx, a, fmt.Sprint("agent-", i), auth.Agent)
		if err != nil {
			return err
		}
		if err := l.open(ctx, k, map[bool]string{true: "queue"}[i%4 == 0]); err != nil {
			return err
		}
		room := map[string]any{"groups": []string{}, "skills": map[string]int{}, "capacity": (l.Talks + l.Agents - 1) / l.Agents}
		if err := chief.ask(ctx, l.addr, http.MethodPut, "/api/v1/desk/agents/"+k.id, room); err != nil {
			return err
		}
		l.clerks = append(l.clerks, k)
		bar.set(i + 1)
	}
	for _, k := range l.clerks {
		k.send(map[string]any{"type": "presence", "ref": "p", "presence": "online"})
	}
	return nil
}

// talk has both sides say something at the rate, and the agents end conversations now and then.
func (l *deskLoad) talk(ctx context.Context) error {
	begun := time.Now()
	total := int(l.Duration.Seconds() * float64(l.Rate))
	for n := range total {
		due := begun.Add(time.Duration(n) * time.Second / time.Duration(l.Rate))
		select {
		case <-time.After(time.Until(due)):
		case <-ctx.Done():
			return ctx.Err()
		}
		k := l.clerks[n*7%len(l.clerks)]
		ticket := k.any(n)
		switch {
		case ticket == "":
		case n%benchEnds == benchEnds-1:
			k.end(n, ticket)
			if err := l.call(ctx); err != nil {
				return err
			}
		case n%2 == 0:
			text := fmt.Sprint("市民的第 ", n, " 句")
			l.says(text, due)
			l.callers[n*13%l.Talks].send(map[string]any{"type": "say", "ref": fmt.Sprintf("line-%016d", n), "text": text})
		default:
			text := fmt.Sprint("坐席的第 ", n, " 句")
			l.says(text, due)
			k.send(map[string]any{"type": "do", "do": "reply", "ref": fmt.Sprint("x", n), "ticket": ticket, "text": text})
		}
	}
	select { // what is under way arrives
	case <-time.After(2 * time.Second):
	case <-ctx.Done():
	}
	return nil
}

func (l *deskLoad) says(text string, at time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sent[text] = at
}

func (l *deskLoad) saw(text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if at, ok := l.sent[text]; ok {
		l.cross = append(l.cross, time.Since(at))
		delete(l.sent, text)
	}
}

func (l *deskLoad) figures() deskFigures {
	l.mu.Lock()
	defer l.mu.Unlock()
	return deskFigures{
		Agents: l.Agents, Talks: l.Talks, RampMS: l.ramp.Milliseconds(), Lost: len(l.sent), Closed: l.closed, Message: quantiles(l.cross), Assigned: quantiles(l.waits),
	}
}

func (b *benchDeskCmd) print(f deskFigures) error {
	if b.JSON {
		return json.NewEncoder(os.Stdout).Encode(f)
	}
	fmt.Printf("%d agents, %d conversations, all with an agent after %.1f s\n", f.Agents, f.Talks, float64(f.RampMS)/1000)
	fmt.Printf("%d messages at %d a second: p50 %.1f ms, p99 %.1f ms, longest %.1f ms; %d did not arrive\n",
		f.Message.Count, b.Rate, f.Message.P50/1000, f.Message.P99/1000, f.Message.Max/1000, f.Lost)
	fmt.Printf("%d assignments: p50 %.1f ms, p99 %.1f ms, longest %.1f ms\n", f.Assigned.Count, f.Assigned.P50/1000, f.Assigned.P99/1000, f.Assigned.Max/1000)
	fmt.Printf("%d sockets closed by the service, resident %d MB\n", f.Closed, f.Resident)
	if f.Message.Count == 0 || f.Assigned.Count == 0 {
		return fault.New(fault.Unavailable, "nothing was said or nobody was assigned")
	}
	return nil
}
