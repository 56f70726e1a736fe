package desk

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
	"time"

	"shenwei/internal/fault"
)

var noon = time.Date(2026, 11, 23, 2, 0, 0, 0, time.UTC) // Monday, 10:00 in Shenzhen

func queued(now time.Time, r *Rules) Ticket {
	return New(Ticket{Number: "HZ1", Conversation: "c1", Seq: 1, Channel: "web", Group: "出入境", Reason: "asked"}, now, r)
}

// play applies events and fails at the first that is refused.
func play(t *testing.T, tk Ticket, now time.Time, r *Rules, events ...Event) Ticket {
	t.Helper()
	for _, e := range events {
		c, err := tk.Apply(e, now, r)
		if err != nil {
			t.Fatalf("%s in %s: %v", e.Kind, tk.State, err)
		}
		tk = c.Ticket
	}
	return tk
}

func TestAConversationFromQueueToClosed(t *testing.T) {
	r := Defaults()
	tk := queued(noon, r)
	steps := []struct {
		e    Event
		want State
		rows int
	}{
		{Event{Kind: Offer, Agent: "a"}, Offered, 0},
		{Event{Kind: Accept, Actor: "a", Number: "007"}, Active, 1},
		{Event{Kind: Reply, Actor: "a", Text: "您好"}, Waiting, 1},
		{Event{Kind: Said, Seq: 5}, Active, 0},
		{Event{Kind: Hold, Actor: "a", Reason: "问窗口"}, Held, 1},
		{Event{Kind: Said, Seq: 6}, Active, 0},
		{Event{Kind: Transfer, Actor: "a", Agent: "b", Warm: true, Reason: "户口的事"}, Transferring, 1},
		{Event{Kind: Reply, Actor: "a", Text: "稍等"}, Transferring, 1},
		{Event{Kind: Accept, Actor: "b"}, Active, 1},
		{Event{Kind: Transfer, Actor: "b", Group: "户政", Reason: "户口的事"}, Queued, 1},
		{Event{Kind: Take, Actor: "c"}, Active, 1},
		{Event{Kind: Resolve, Actor: "c", Code: "answered"}, Wrapup, 1},
		{Event{Kind: Rate, Rating: &Rating{Solved: true, Stars: 5, Tags: []string{"很快"}}}, Wrapup, 1},
		{Event{Kind: Done, Actor: "c"}, Resolved, 0},
		{Event{Kind: Reopen}, Queued, 1},
	}
	for i, s := range steps {
		c, err := tk.Apply(s.e, noon.Add(time.Duration(i)*time.Second), r)
		if err != nil || c.Ticket.State != s.want || len(c.Rows) != s.rows || c.Ticket.Version != tk.Version+1 {
			t.Fatalf("%d %s: %v, state %s want %s, rows %v", i, s.e.Kind, err, c.Ticket.State, s.want, c.Rows)
		}
		tk = c.Ticket
	}
	if !tk.Sticky || tk.Last != "c" || tk.Priority != 1 || tk.Reopens != 1 || tk.Rating == nil {
		t.Fatalf("%+v", tk)
	}
}

func TestWhatIsNotAllowedIsATypedErrorAndChangesNothing(t *testing.T) {
	r := Defaults()
	q := queued(noon, r)
	offered := play(t, q, noon, r, Event{Kind: Offer, Agent: "a"})
	active := play(t, offered, noon, r, Event{Kind: Accept, Actor: "a"})
	done := play(t, active, noon, r, Event{Kind: Resolve, Actor: "a", Code: "answered"}, Event{Kind: Done, Actor: "a"})
	closed := play(t, done, noon.Add(73*time.Hour), r, Event{Kind: Expire})
	rated := play(t, done, noon, r, Event{Kind: Rate, Rating: &Rating{Stars: 1}})
	for i, c := range []struct {
		tk   Ticket
		e    Event
		late time.Duration
		want fault.Code
	}{
		{active, Event{Kind: Accept, Actor: "b"}, 0, fault.Conflict},
		{offered, Event{Kind: Accept, Actor: "b"}, 0, fault.Conflict},
		{offered, Event{Kind: Accept, Actor: "a"}, 20 * time.Second, fault.Conflict},
		{offered, Event{Kind: Lapse}, 19 * time.Second, fault.Conflict},
		{active, Event{Kind: Take, Actor: "b"}, 0, fault.Conflict},
		{active, Event{Kind: Reply, Actor: "b", Text: "x"}, 0, fault.Forbidden},
		{active, Event{Kind: Reply, Actor: "a", Text: " "}, 0, fault.BadRequest},
		{active, Event{Kind: Reply, Actor: "a", Text: string(slices.Repeat([]rune("字"), MaxReply+1))}, 0, fault.TooLarge},
		{done, Event{Kind: Reply, Actor: "a", Text: "x"}, 0, fault.Conflict},
		{closed, Event{Kind: Reply, Actor: "a", Text: "x"}, 0, fault.Conflict},
		{closed, Event{Kind: Reopen}, 0, fault.Conflict},
		{done, Event{Kind: Reopen}, 72 * time.Hour, fault.Conflict},
		{done, Event{Kind: Rate, Rating: &Rating{Stars: 6}}, 0, fault.BadRequest},
		{done, Event{Kind: Rate, Rating: &Rating{Stars: 5, Tags: []string{"<script>"}}}, 0, fault.BadRequest},
		{done, Event{Kind: Rate, Rating: &Rating{Stars: 5}}, 25 * time.Hour, fault.Conflict},
		{rated, Event{Kind: Rate, Rating: &Rating{Stars: 5}}, 0, fault.Conflict},
		{active, Event{Kind: Transfer, Actor: "a", Reason: "x"}, 0, fault.BadRequest},
		{active, Event{Kind: Transfer, Actor: "a", Agent: "a", Reason: "x"}, 0, fault.BadRequest},
		{active, Event{Kind: Transfer, Actor: "a", Group: "没有", Reason: "x"}, 0, fault.BadRequest},
		{active, Event{Kind: Transfer, Actor: "a", Agent: "b"}, 0, fault.BadRequest},
		{active, Event{Kind: Resolve, Actor: "a"}, 0, fault.BadRequest},
		{active, Event{Kind: Resolve, Actor: "a", Code: CodeIdle}, 0, fault.BadRequest},
		{active, Event{Kind: Hold, Actor: "a"}, 0, fault.BadRequest},
		{active, Event{Kind: TakeOver, Actor: "s"}, 0, fault.Forbidden},
		{active, Event{Kind: End, Actor: "s", Chief: true}, 0, fault.BadRequest},
		{active, Event{Kind: Lost, Agent: "b"}, 0, fault.Conflict},
		{active, Event{Kind: "note"}, 0, fault.BadRequest},
		{active, Event{Kind: Tick}, 0, fault.Conflict},
	} {
		change, err := c.tk.Apply(c.e, noon.Add(c.late), r)
		if fault.CodeOf(err) != c.want || change.Ticket.Number != "" {
			t.Errorf("%d: %s in %s: %v, want %s", i, c.e.Kind, c.tk.State, err, c.want)
		}
	}
}

func TestTheAgentLostGoesToTheHeadOfTheQueue(t *testing.T) {
	r := Defaults()
	tk := play(t, queued(noon, r), noon, r, Event{Kind: Take, Actor: "a"}, Event{Kind: Reply, Actor: "a", Text: "您好"})
	c, err := tk.Apply(Event{Kind: Lost, Agent: "a"}, noon.Add(2*time.Minute), r)
	if err != nil || c.Ticket.State != Queued || c.Ticket.Sticky || len(c.Rows) != 1 || c.Rows[0].Event != "agent-lost" {
		t.Fatal(c, err)
	}
	other := queued(noon.Add(-time.Hour), r)
	other.Number, other.Urgent, other.Priority = "HZ0", true, 5
	if Position(c.Ticket, []Ticket{other, c.Ticket}) != 1 {
		t.Error("not at the head")
	}
}

func TestTimersWarnAndBreachOnceAndStopForTheCitizen(t *testing.T) {
	r := Defaults()
	tk := queued(noon, r)
	var got []Alarm
	at := noon
	for range 400 {
		at = at.Add(time.Second)
		if c, err := tk.Apply(Event{Kind: Tick}, at, r); err == nil {
			tk = c.Ticket
			got = append(got, c.Alarms...)
		}
	}
	if want := []Alarm{{TimerAccept, false}, {TimerAccept, true}}; !slices.Equal(got, want) {
		t.Fatalf("got %v, want %v", got, want)
	}
	tk = play(t, tk, at, r, Event{Kind: Take, Actor: "a"}, Event{Kind: Reply, Actor: "a", Text: "您好"})
	for _, tm := range tk.Timers {
		if tm.Kind != TimerResolve || tm.Paused.IsZero() {
			t.Errorf("a timer runs while the citizen is waited for: %+v", tm)
		}
	}
	later := at.Add(5 * time.Minute)
	tk = play(t, tk, later, r, Event{Kind: Said, Seq: 9})
	due := map[TimerKind]time.Time{}
	for _, tm := range tk.Timers {
		due[tm.Kind] = tm.Due
	}
	if !due[TimerNext].Equal(later.Add(3 * time.Minute)) {
		t.Errorf("next response due %s", due[TimerNext])
	}
	// 8 working hours from 10:00 are over at 12:00 the next day; five minutes were the citizen's.
	if want := time.Date(2026, 11, 24, 3, 5, 0, 0, time.UTC); !due[TimerResolve].Equal(want) {
		t.Errorf("resolution due %s, want %s", due[TimerResolve], want)
	}
}

func TestACallBackNeedsItsFormAndIsTriedThreeTimes(t *testing.T) {
	r := Defaults()
	tk := play(t, queued(noon, r), noon, r, Event{Kind: CallMe})
	if _, err := tk.Apply(Event{Kind: Take, Actor: "a"}, noon, r); !fault.Is(err, fault.Conflict) {
		t.Fatalf("taken without a form: %v", err)
	}
	tk = play(t, tk, noon, r, Event{Kind: Form})
	if tk.State.ConversationOwner() != OwnerBot || !tk.Timers[0].Due.Equal(time.Date(2026, 11, 24, 4, 0, 0, 0, time.UTC)) {
		t.Fatalf("%+v", tk)
	}
	for try := 1; try <= 3; try++ {
		tk = play(t, tk, noon, r, Event{Kind: Take, Actor: "a"})
		if tk.Holder() != "a" || tk.Weight() != 2 {
			t.Fatalf("%+v", tk)
		}
		tk = play(t, tk, noon, r, Event{Kind: Called, Actor: "a", Code: CallUnreachable})
	}
	if tk.State != Resolved || tk.Code != "call-unreachable" {
		t.Fatalf("%+v", tk)
	}
}

// TestRandomEventsBreakNoInvariant plays random events on conversations and agents and holds
// every result against what must always be true.
func TestRandomEventsBreakNoInvariant(t *testing.T) {
	events := 60_000
	if os.Getenv("SHENWEI_LONG") == "1" {
		events = 1_000_000
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d, %d events", seed, events)
	w := newWorld(t, seed)
	for range events {
		w.step()
	}
	w.settle()
	t.Logf("%d applied, %d refused, %d conversations", w.applied, w.refused, w.total)
	for _, k := range Kinds() {
		if w.seen[k] == 0 {
			t.Errorf("no %s was applied: the test does not reach it", k)
		}
	}
}

// world is a desk in memory with the promises that the store must keep.
type world struct {
	t       *testing.T
	rnd     *rand.Rand
	r       *Rules
	now     time.Time
	threads []*thread
	agents  []string
	seen    map[Kind]int

	applied, refused, total int
}

// thread is a conversation as its citizen sees it.
type thread struct {
	tk       Ticket
	seq      int64
	log      []string // what was shown, in order
	replies  []string // what agents' acknowledged replies said, in order
	warned   map[TimerKind]int
	breached map[TimerKind]int
}

func newWorld(t *testing.T, seed uint64) *world {
	w := &world{t: t, rnd: rand.New(rand.NewPCG(seed, 2)), r: Defaults(), now: noon, seen: map[Kind]int{}}
	for i := range 8 {
		w.agents = append(w.agents, fmt.Sprint("agent", i))
	}
	for range 24 {
		w.threads = append(w.threads, w.open())
	}
	return w
}

func (w *world) open() *thread {
	w.total++
	th := &thread{seq: 2, warned: map[TimerKind]int{}, breached: map[TimerKind]int{}}
	g := w.r.Groups[w.rnd.IntN(len(w.r.Groups))].Name
	th.tk = New(Ticket{Number: fmt.Sprint("HZ", w.total), Conversation: fmt.Sprint("c", w.total), Seq: 1, Channel: "web", Group: g}, w.now, w.r)
	return th
}

func (w *world) agent() string { return w.agents[w.rnd.IntN(len(w.agents))] }

// event draws an event that has a chance: half of them are meant for the state.
func (w *world) event(th *thread) Event {
	kinds := Kinds()
	e := Event{Kind: kinds[w.rnd.IntN(len(kinds))], Actor: w.agent(), Agent: w.agent(), Code: "answered", Reason: "原因", Text: "回复"}
	if w.rnd.IntN(2) == 0 {
		var fit []Kind
		for _, k := range kinds { // in a fixed order, so that a seed can be played again
			if oneOf(th.tk.State, machine[k].from) && k != End && k != Gone && k != Cancel && k != Return {
				fit = append(fit, k)
			}
		}
		if len(fit) > 0 {
			e.Kind = fit[w.rnd.IntN(len(fit))]
		}
		e.Actor = th.tk.Agent
		if th.tk.State == Offered || th.tk.State == Transferring && e.Kind == Accept {
			e.Actor = th.tk.Offered
		}
		if e.Actor == "" {
			e.Actor = w.agent()
		}
		if e.Kind == Lost {
			e.Agent = th.tk.Agent
		}
	}
	switch machine[e.Kind].by {
	case chief:
		e.Chief = w.rnd.IntN(4) > 0
	case anybody:
		e.Actor = ""
	}
	switch {
	case e.Kind == Transfer && w.rnd.IntN(2) == 0:
		e.Agent, e.Group = "", w.r.Groups[w.rnd.IntN(len(w.r.Groups))].Name
	case e.Kind == Transfer:
		e.Warm = w.rnd.IntN(2) == 0
	case e.Kind == Called:
		e.Code = []string{CallDone, CallUnreachable, CallOrder, "x"}[w.rnd.IntN(4)]
	case e.Kind == Rate:
		e.Rating = &Rating{Stars: w.rnd.IntN(7)}
	}
	return e
}

func (w *world) step() {
	th := w.threads[w.rnd.IntN(len(w.threads))]
	w.now = w.now.Add(time.Duration(w.rnd.IntN(40_000)) * time.Millisecond)
	if w.rnd.IntN(500) == 0 {
		w.now = w.now.Add(80 * time.Hour)
	}
	at := w.now
	if w.rnd.IntN(20) == 0 {
		at = at.Add(-time.Hour) // another node's clock is behind
	}
	w.apply(th, w.event(th), at)
	for _, e := range w.r.DueEvents(th.tk, w.now) {
		if w.rnd.IntN(3) == 0 {
			w.apply(th, e, w.now)
		}
	}
	if th.tk.State.Final() {
		w.closedStays(th)
		i := slices.Index(w.threads, th)
		w.threads[i] = w.open()
	}
}

func (w *world) closedStays(th *thread) {
	for _, k := range Kinds() {
		if _, err := th.tk.Apply(Event{Kind: k, Actor: "x", Chief: true, Agent: "y", Reason: "r", Text: "t", Code: "answered", Rating: &Rating{Stars: 3}}, w.now, w.r); err == nil {
			w.t.Fatalf("%s happened to a ticket that is %s", k, th.tk.State)
		}
	}
}

func (w *world) load(agent string) int {
	n := 0
	for _, th := range w.threads {
		if th.tk.Holder() == agent {
			n += th.tk.Weight()
		}
	}
	return n
}

const capacity = 4

func (w *world) apply(th *thread, e Event, at time.Time) {
	before := th.tk.copied()
	e.Seq = th.seq + 1
	if e.Kind == Reply {
		e.Text = fmt.Sprintf("%s %d", e.Actor, w.applied)
	}
	c, err := th.tk.Apply(e, at, w.r)
	if err != nil {
		w.refused++
		if code := fault.CodeOf(err); code != fault.Conflict && code != fault.Forbidden && code != fault.BadRequest {
			w.t.Fatalf("%s in %s: %v", e.Kind, before.State, err)
		}
		if fmt.Sprint(th.tk) != fmt.Sprint(before) {
			w.t.Fatalf("a refused %s changed the ticket", e.Kind)
		}
		return
	}
	if fmt.Sprint(th.tk) != fmt.Sprint(before) {
		w.t.Fatalf("%s changed the old ticket", e.Kind)
	}
	if c.Claim != "" && w.load(c.Claim)-weightAt(before, c.Claim)+c.Ticket.Weight() > capacity {
		w.refused++ // the store refuses: the agent has no room
		return
	}
	w.applied++
	w.seen[e.Kind]++
	w.check(th, before, c)
	th.tk = c.Ticket
	w.show(th, e, c)
}

func weightAt(t Ticket, agent string) int {
	if t.Holder() == agent {
		return t.Weight()
	}
	return 0
}

// show adds what the store would add to the conversation, and what the bot would say.
func (w *world) show(th *thread, e Event, c Change) {
	if e.Kind == Said {
		th.seq++
		th.log = append(th.log, fmt.Sprint("citizen ", th.seq))
		th.seq++
		if c.From.ConversationOwner() == OwnerBot {
			th.log = append(th.log, fmt.Sprint("bot ", th.seq))
		} else {
			th.log = append(th.log, fmt.Sprint("relayed ", th.seq))
		}
	}
	for _, row := range c.Rows {
		th.seq++
		th.log = append(th.log, fmt.Sprintf("%s %d", row.Kind, th.seq))
		if row.Kind == RowAgent {
			th.replies = append(th.replies, row.Text)
			if row.Text != e.Text {
				w.t.Fatal("a reply says something else")
			}
		}
	}
	if e.Kind == Reply && len(c.Rows) != 1 {
		w.t.Fatalf("a reply is shown %d times", len(c.Rows))
	}
	for _, a := range c.Alarms {
		count := th.warned
		if a.Breach {
			count = th.breached
		}
		count[a.Timer]++
	}
}

func (w *world) check(th *thread, before Ticket, c Change) {
	t, e, now := w.t, c.Event, c.Ticket
	fail := func(why string) { t.Fatalf("%s: %s → %s: %s\n%+v", e.Kind, before.State, now.State, why, now) }
	switch {
	case now.Version != before.Version+1:
		fail("the version did not grow by one")
	case c.From != before.State:
		fail("from")
	case now.State.Owned() != (now.Agent != ""):
		fail("an owner where none may be, or none where one must be")
	case (now.State == Offered || now.State == Transferring) != (now.Offered != ""):
		fail("offered to nobody or not taken back")
	case now.State == Transferring && now.Offered == now.Agent:
		fail("transferred to its owner")
	case now.State == Queued && before.State != Resolved && now.Enqueued.After(before.Enqueued):
		fail("lost its place in the queue")
	case now.State.ConversationOwner() == OwnerAgent && now.Agent == "":
		fail("the bot is silent and nobody speaks")
	case (now.State == Offered || now.State == Transferring || now.State == Wrapup) && now.Lease.IsZero():
		fail("no end of the lease")
	case now.State == Held && now.Check.IsZero():
		fail("held for ever")
	case !now.State.Open() && len(now.Timers) > 0:
		fail("timers of what is over")
	case now.Updated.Before(before.Updated):
		fail("time ran back")
	case now.State == Resolved && now.Ended.IsZero():
		fail("ended when?")
	case before.Red && !now.Red:
		fail("danger was forgotten")
	}
	kinds := map[TimerKind]bool{}
	for _, tm := range now.Timers {
		if kinds[tm.Kind] {
			fail("two timers of a kind")
		}
		kinds[tm.Kind] = true
		had := slices.ContainsFunc(before.Timers, func(o Timer) bool { return o.Kind == tm.Kind })
		if !had || e.Kind == Reopen { // a new promise may be warned of anew
			th.warned[tm.Kind], th.breached[tm.Kind] = 0, 0
		}
		if e.Kind == Called || e.Kind == Form {
			th.warned[TimerCall], th.breached[TimerCall] = 0, 0
		}
	}
	for k, n := range th.warned {
		if n > 1 || th.breached[k] > 1 {
			fail("a warning or a breach came twice")
		}
	}
	for _, row := range c.Rows {
		if row.Text == "" || row.Kind != RowAgent && row.Kind != RowSystem {
			fail("a row without words")
		}
	}
}

// settle checks each log: numbers without gap or repetition, every reply once and in order.
func (w *world) settle() {
	for _, th := range w.threads {
		var replies int
		for i, line := range th.log {
			var kind string
			var seq int64
			if _, err := fmt.Sscanf(line, "%s %d", &kind, &seq); err != nil || seq != int64(i+3) {
				w.t.Fatalf("line %d is %q", i, line)
			}
			if kind == RowAgent {
				replies++
			}
		}
		if replies != len(th.replies) || len(slices.Compact(slices.Sorted(slices.Values(th.replies)))) != replies {
			w.t.Fatalf("%d replies acknowledged, %d shown", len(th.replies), replies)
		}
	}
	for _, a := range w.agents {
		if n := w.load(a); n > 2*capacity { // taking over and accepting a transfer ask no room; offers do
			w.t.Logf("%s has %d", a, n)
		}
	}
}
