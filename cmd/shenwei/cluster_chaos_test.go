package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"shenwei/bot/desk"
	"shenwei/internal/store"
	"shenwei/kb"
	"shenwei/web/wechat/simulator"
)

// scale is how much happens to how many.
type scale struct {
	rounds, citizens, agents int
	length                   time.Duration // of a round's faults
	pushes                   int           // of WeChat, a round
	publish                  time.Duration // between two releases
	think                    time.Duration // of a citizen between two lines, at most
}

// chaosScale: make test has the whole layout on a small scale; make long the numbers that are promised.
func chaosScale() scale {
	if os.Getenv("SHENWEI_LONG") == "1" {
		return scale{rounds: 20, citizens: 300, agents: 30, length: 30 * time.Second, pushes: 120, publish: 4 * time.Second, think: 4 * time.Second}
	}
	return scale{rounds: 2, citizens: 30, agents: 4, length: 5 * time.Second, pushes: 18, publish: 3 * time.Second, think: 1500 * time.Millisecond}
}

// blow is one fault: what, to which node, when, for how long.
type blow struct {
	what  string
	node  int
	after time.Duration
	lasts time.Duration
}

func (b blow) String() string { return fmt.Sprintf("%s of node %d for %s", b.what, b.node+1, b.lasts) }

// The faults, and how often each is drawn. Those that end a process are most.
var blows = []string{
	"kill -9", "kill -9", "kill -9", "leave", "leave", "pause", "pause", "bus cut", "bus held", "bus slow", "bus server restart",
	"PostgreSQL restart, fast", "PostgreSQL restart, immediate",
}

// storm draws a round's faults beforehand, so that a seed repeats them.
func storm(rnd *rand.Rand, length time.Duration, nodes int) []blow {
	var all []blow
	for at := time.Duration(0); ; {
		gap := 300*time.Millisecond + time.Duration(rnd.IntN(1000))*time.Millisecond
		if at += gap; at > length {
			return all
		}
		all = append(all, blow{what: blows[rnd.IntN(len(blows))], node: rnd.IntN(nodes), after: gap, lasts: 200*time.Millisecond + time.Duration(rnd.IntN(3000))*time.Millisecond})
	}
}

// TestThreeNodesUnderEveryFaultLoseAndDoubleNothing has citizens, agents, an editor and WeChat use three
// nodes while these are killed, stopped, paused and started again, the bus is cut, held, slowed, doubled
// and lied on, and PostgreSQL is restarted. Then it holds what everybody saw against the record.
func TestThreeNodesUnderEveryFaultLoseAndDoubleNothing(t *testing.T) {
	t.Parallel() // it mostly waits
	seed, s := seeded(t), chaosScale()
	w := newWorld(t, seed, s)
	for round := range s.rounds {
		begun := time.Now()
		w.round(uint64(round)) //nolint:gosec // small
		t.Logf("round %d: %s", round+1, time.Since(begun).Round(100*time.Millisecond))
		if t.Failed() {
			t.Fatalf("in round %d", round+1)
		}
	}
	w.report()
}

// world is everybody who uses the cluster.
type world struct {
	t      *testing.T
	seed   uint64
	scale  scale
	c      *fleet
	riders []*rider
	crew   *crew
	ledger *ledger
	sim    *simulator.Simulator
	pushed pushes
	editor *store.DB
	told   atomic.Int64 // releases published
	mu     sync.Mutex   // one restart of PostgreSQL at a time
}

func newWorld(t *testing.T, seed uint64, s scale) *world {
	t.Helper()
	sim, env := played(t)
	w := &world{t: t, seed: seed, scale: s, sim: sim, c: newFleet(t, 3, append(env, "SHENWEI_LOG_LEVEL=warn")...)}
	sim.SetTarget(passing(t, w.c).URL + "/wechat")
	w.ledger = &ledger{
		acked: map[string]map[string]int64{}, replied: map[string]map[string]bool{}, tried: map[string]bool{}, owned: map[string]string{}, tokens: map[string]string{},
	}
	w.crew = &crew{doors: w.doors}
	for i := range s.agents {
		name := fmt.Sprint("agent", i)
		a := w.c.admin.worker(t, w.c.nodes[i%3].addr, name, "agent")
		a.presence(desk.Online)
		_ = a.ws.Close()
		w.crew.robots = append(w.crew.robots, &robot{name: name, header: map[string][]string{"Cookie": {a.cookie}}, l: w.ledger, waiting: map[string]map[string]any{}, talk: map[string]string{}})
		w.crew.rnd = append(w.crew.rnd, drawn(seed, 500_000+uint64(i))) //nolint:gosec // small
	}
	for i := range s.citizens {
		r := newRider(fmt.Sprintf("c%d-%d", seed%1_000_000, i), drawn(seed, 1000+uint64(i)), w.doors) //nolint:gosec // small
		r.think = s.think
		r.person = i%6 == 0 && i/6 < 2*s.agents
		w.riders = append(w.riders, r)
	}
	var err error
	if w.editor, err = store.Open(t.Context(), w.c.dsn, store.Options{Keys: w.c.ring}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.editor.Close() })
	return w
}

func (w *world) doors() []string {
	var all []string
	for _, n := range w.c.nodes {
		all = append(all, n.addr)
	}
	return all
}

// round lets everybody work under one storm, then waits until the service has healed, and judges.
func (w *world) round(number uint64) {
	ctx, stop := context.WithCancel(w.t.Context())
	defer stop()
	calm, quiet := make(chan struct{}), make(chan struct{}) // the storm is over; nobody says new lines
	var people, staff, works sync.WaitGroup
	for _, r := range w.riders {
		people.Go(func() { r.ride(ctx, quiet) })
	}
	staff.Go(func() { w.crew.work(ctx) })
	works.Go(func() { w.edits(ctx, calm) })
	works.Go(func() { w.pushes(number, calm) })
	var repairs sync.WaitGroup
	for _, b := range storm(drawn(w.seed, number), w.scale.length, len(w.c.nodes)) {
		<-time.After(b.after) // the moment is what the seed draws
		w.t.Log(b)
		w.strike(b, &repairs)
	}
	begun := time.Now()
	repairs.Wait()
	close(calm)
	works.Wait()
	w.c.ready(time.Minute)
	close(quiet)
	w.t.Logf("all are back after %s", time.Since(begun).Round(time.Millisecond))
	w.settle()
	stop()
	people.Wait()
	staff.Wait()
	w.judge()
}

// strike begins a fault; what ends it is done by a goroutine that repairs waits for.
func (w *world) strike(b blow, repairs *sync.WaitGroup) {
	n := w.c.nodes[b.node]
	after := func(mend func()) {
		repairs.Go(func() {
			<-time.After(b.lasts)
			mend()
		})
	}
	switch b.what {
	case "kill -9":
		n.kill()
		after(func() { n.revive(w.t) })
	case "leave":
		repairs.Go(func() {
			n.leave(w.t)
			n.revive(w.t)
		})
	case "pause":
		n.signal(syscall.SIGSTOP, false)
		after(func() { n.signal(syscall.SIGCONT, false) })
	case "bus cut":
		n.bus.cut(true)
		after(func() { n.bus.cut(false) })
	case "bus held":
		n.bus.hold(true)
		after(func() { n.bus.hold(false) })
	case "bus slow":
		n.bus.slow(300 * time.Millisecond)
		after(func() { n.bus.slow(0) })
	case "bus server restart":
		w.mu.Lock()
		w.c.nats.srv.Shutdown()
		after(func() { w.c.nats.start(w.t); w.mu.Unlock() })
	default:
		w.mu.Lock()
		if b.what == "PostgreSQL restart, fast" {
			w.c.pg.StopFast(w.t)
		} else {
			w.c.pg.Stop(w.t)
		}
		after(func() { w.c.pg.Restart(w.t); w.mu.Unlock() })
	}
}

// revive starts a node that was ended, unless somebody has.
func (n *member) revive(t *testing.T) {
	n.mu.Lock()
	alive := !ended(n.exited) || !n.meant
	n.mu.Unlock()
	if !alive {
		n.start(t)
	}
}

// open is a gate that lets everything through: what it judges is tested elsewhere.
type openGate struct{}

func (openGate) Run(context.Context, *kb.Release, *kb.Release, func(done, total int)) (*kb.GateReport, error) {
	return &kb.GateReport{State: kb.GateDone}, nil
}

// edits publishes a fee again and again, as an editor's process beside the nodes, and once more when the
// storm is over.
func (w *world) edits(ctx context.Context, calm <-chan struct{}) {
	library := kb.NewLibrary(w.editor, openGate{}, time.Now)
	for over := false; !over; {
		over = ended(calm)
		rest := w.scale.publish
		if err := w.publish(ctx, library); err == nil {
			w.told.Add(1)
		} else if rest = 300 * time.Millisecond; over {
			w.t.Errorf("the editor cannot publish when all is well: %v", err)
		}
		select {
		case <-calm:
		case <-time.After(rest):
		}
	}
}

func (w *world) publish(ctx context.Context, library *kb.Library) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	live, err := w.editor.Current(ctx)
	if err != nil {
		return err
	}
	var docs []kb.Document
	for _, r := range live.Revisions {
		if r.Kind == kb.KindItem && (r.ID == "CRJ-002" || r.ID == "JJ-007") {
			docs = append(docs, withFee(r.Document, feeOf(live.Number+1)))
		}
	}
	if _, err := w.editor.AddDrafts(ctx, docs, kb.FromEditor, time.Now()); err != nil {
		return err
	}
	drafts, err := library.Drafts(ctx) // with those of a try that failed
	if err != nil {
		return err
	}
	_, err = library.Publish(ctx, drafts, "费用")
	return err
}
