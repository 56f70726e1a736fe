package main

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"shenwei/bot/desk"
	"shenwei/internal/store/storetest/pgtest"
)

// wrongClock builds the product for a machine whose clock is wrong.
func wrongClock(t *testing.T, by time.Duration) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "shenwei-wrong")
	if out, err := exec.Command("go", "build", "-ldflags", "-X main.clockShift="+by.String(), "-o", path, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return path
}

// TestNodesFiveMinutesApartServeOneHotline has the right and the wrong machine do what the other
// one must not undo: it would take the agent for gone, her session for ended and her ticket for
// lapsed by its own clock.
func TestNodesFiveMinutesApartServeOneHotline(t *testing.T) {
	t.Parallel() // it mostly waits
	right := newProgram(t)
	key := strings.TrimSpace(right.ok(t, "keys", "new").out)
	right.env = append(right.env, alwaysOpen...)
	right.env = append(right.env, "SHENWEI_DB="+pgtest.Start(t).Database(t), "SHENWEI_KEYS_DATA="+key, "SHENWEI_AUTH_IDLE_MINUTES=3")
	wrong := right
	wrong.dir, wrong.bin = t.TempDir(), wrongClock(t, 5*time.Minute)
	a := right.serve(t)
	b := wrong.serve(t)

	if r := wrong.ok(t, "check"); !strings.Contains(r.out, "ahead of the database's") || !strings.Contains(r.out, "NTP") {
		t.Errorf("check does not tell of the clock:\n%s", r.out)
	}
	if r := right.ok(t, "check"); strings.Contains(r.out, "NTP") {
		t.Errorf("check complains of a right clock:\n%s", r.out)
	}

	li := right.worker(t, a.addr, "li", "agent") // a session of three minutes at most
	wang := wrong.worker(t, b.addr, "wang", "agent")
	for _, w := range []*worker{li, wang} {
		home := w.addr
		for _, w.addr = range []string{a.addr, b.addr, a.addr} {
			if code := w.call("GET", "/api/v1/desk/tickets/none", nil, nil); code != 404 {
				t.Errorf("%s is not known at the other node: status %d", w.name, code)
			}
		}
		w.addr = home
	}

	for _, w := range []struct {
		agent *worker
		other *service
	}{{li, b}, {wang, a}} {
		w.agent.presence(desk.Online)
		c := newCitizen(t, "citizen of "+w.agent.name, w.other.addr)
		before := time.Now()
		c.say("转人工")
		w.agent.rings(c.number)
		accepted := w.agent.must(c.number, "accept", nil).Ticket.Version
		// The other node looks at its desk every second.
		w.agent.steady(t, c.number, accepted, 6*time.Second)
		for _, row := range readRows(t, w.other.addr, c.conversation, c.token) {
			if d := row.At.Sub(before); d < -time.Minute || d > time.Minute {
				t.Errorf("the row %d has the time %v at %v", row.Seq, row.At, before)
			}
		}
		w.agent.must(c.number, "resolve", map[string]any{"code": "answered", "text": "已说明"})
		w.agent.presence(desk.Break)
	}

	for _, s := range []*service{a, b} {
		s.stop(t)
	}
	if n := strings.Count(b.errs.String(), "this machine's clock is wrong"); n != 1 {
		t.Errorf("the wrong clock was told of %d times:\n%s", n, b.errs.String())
	}
	if strings.Contains(a.errs.String(), "clock is wrong") {
		t.Errorf("the right clock was called wrong:\n%s", a.errs.String())
	}
}

// steady fails when a ticket that the worker owns is taken from her within a time.
func (w *worker) steady(t *testing.T, number string, since int64, during time.Duration) {
	t.Helper()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for end := time.After(during); ; {
		select {
		case <-end:
			return
		case <-tick.C:
			if w.has(func(f dframe) bool {
				return f.Type == "ticket" && f.Ticket.Number == number && f.Ticket.Version > since && f.Ticket.Agent != w.me.ID
			}) {
				t.Fatalf("%s lost %s to a node whose clock is wrong", w.name, number)
			}
		}
	}
}
