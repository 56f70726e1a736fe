package main

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"shenwei/bot/desk"
)

// Thirty citizens queue at once. A frame for each to every agent is what a large desk dies of:
// a page gets numbers once a second, and rows when it shows the queue.
func TestPagesAreToldOfTheQueueAsAWhole(t *testing.T) {
	p := newProgram(t)
	p.env = slices.Concat(unlimited, alwaysOpen)
	s := p.serve(t)
	chief, li := p.worker(t, s.addr, "chen", "supervisor"), p.worker(t, s.addr, "li", "agent")
	traffic := p.worker(t, s.addr, "wang", "agent")
	room := map[string]any{"groups": []string{"交警"}, "skills": map[string]int{}, "capacity": 4}
	if code := chief.call("PUT", "/api/v1/desk/agents/"+traffic.me.ID, room, nil); code != 200 {
		t.Fatal(code)
	}
	begun := time.Now()
	const citizens = 30
	var first *caller
	for i := range citizens {
		c := newCitizen(t, fmt.Sprint("citizen ", i), s.addr)
		if c.say("转人工"); first == nil {
			first = c
		}
	}
	queue := func(f dframe) bool {
		return f.Type == "queue" && len(f.Groups) == 1 && f.Groups[0].Group == desk.General && f.Groups[0].Waiting == citizens
	}
	for _, w := range []*worker{li, chief} {
		w.want("how many wait", queue)
		if w.has(func(f dframe) bool { return f.Type == "ticket" }) {
			t.Errorf("%s is told of a single ticket that is not hers", w.name)
		}
	}
	if n, limit := li.count("queue"), int(time.Since(begun)/time.Second)+3; n > limit {
		t.Errorf("%d frames about the queue in %s", n, time.Since(begun))
	}
	if traffic.has(func(f dframe) bool { return f.Type == "queue" && len(f.Groups) > 0 }) {
		t.Error("an agent of another group is told of the queue")
	}
	li.lists("queue", first.number)
	if f := li.do("", "take", nil); f.Type != "done" || f.Ticket.Number != first.number {
		t.Fatalf("the next in the queue is %s, not %+v %+v", first.number, f.Ticket, f.Error)
	}
	li.want("a shorter list", func(f dframe) bool { return f.Type == "list" && f.Total == citizens-1 })
	if f := traffic.do("", "take", nil); f.Error.Code != "conflict" {
		t.Fatalf("%+v", f)
	}
	if f := li.do("", "accept", nil); f.Error.Code != "not_found" {
		t.Fatalf("%+v", f)
	}
	register := newCitizen(t, "who knows the old number", s.addr)
	if r := register.say("转84465000"); r.Handoff == nil || r.Handoff.Group != "户政" || chief.lists("queue", register.number).Group != "户政" {
		t.Errorf("the former number leads to %+v", r.Handoff)
	}
	li.send(map[string]any{"type": "list", "ref": "l", "list": "everything"})
	li.want("what lists there are", func(f dframe) bool { return f.Type == "error" && f.Ref == "l" && f.Error.Code == "bad_request" })
}

// count is how many frames of a type have come.
func (p *page) count(kind string) (n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, f := range p.all {
		if f.Type == kind {
			n++
		}
	}
	return n
}
