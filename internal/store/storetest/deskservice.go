package storetest

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"shenwei/bot"
	"shenwei/bot/desk"
	"shenwei/internal/store"
)

// office is a desk over the store whose clock the case moves.
type office struct {
	*suite
	db   *store.DB
	desk *desk.Service
	now  time.Time

	mu     sync.Mutex
	alarms []desk.Alarm
	moved  int
}

// Moved and Staffed implement desk.Listener.
func (o *office) Moved(c desk.Change) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.alarms = append(o.alarms, c.Alarms...)
	o.moved++
}

func (o *office) Staffed([]desk.Agent) {}

// monday is 10:00 in Shenzhen.
var monday = time.Date(2026, 11, 23, 2, 0, 0, 0, time.UTC)

func (s *suite) office() *office {
	s.Helper()
	o := &office{suite: s, db: s.open(), now: monday}
	o.desk = o.another(o.db)
	return o
}

// another is a desk of a further process on the same record, or of the next start.
func (o *office) another(db *store.DB) *desk.Service {
	d := desk.NewService(desk.Config{Tickets: db, People: db, Now: func() time.Time { return o.now }})
	d.Listen(o)
	return d
}

// after lets time pass and the desk look.
func (o *office) after(d time.Duration) {
	o.now = o.now.Add(d)
	o.desk.Look(o.Context())
	o.desk.Look(o.Context()) // what the first look has changed
}

func (o *office) works(ids ...string) {
	o.Helper()
	for _, id := range ids {
		_, err := o.desk.Meet(o.Context(), id, id, false)
		o.must(err)
		o.must(o.desk.Presence(o.Context(), id, desk.Online, ""))
	}
}

func (o *office) beat(ids ...string) {
	o.Helper()
	for _, id := range ids {
		o.must(o.desk.Beat(o.Context(), id))
	}
}

// asks has a citizen ask for a person and returns her ticket.
func (o *office) asks(i int) desk.Ticket {
	o.Helper()
	ref, number := fmt.Sprint("office-", i), fmt.Sprint("HZ-", i)
	r := o.begin(o.db, ref)
	adm, err := o.desk.Admit(o.Context(), desk.Ticket{Number: number, Conversation: r.Conversation.ID, Seq: r.Seq, Group: "出入境", Reason: "asked"})
	o.must(err)
	out := Handover(r, ref, number, "出入境")
	out.At = o.now
	out.Ticket.Created = o.now
	out.Opened = &bot.Opening{Ticket: adm.Ticket, Rules: o.desk.Rules()}
	o.commit(o.db, out)
	o.desk.Changed(r.Conversation.ID)
	o.after(0)
	return o.is(number)
}

func (o *office) is(number string) desk.Ticket {
	o.Helper()
	t, err := o.db.Ticket(o.Context(), number)
	o.must(err)
	return t
}

func (o *office) wants(number string, state desk.State) desk.Ticket {
	o.Helper()
	t := o.is(number)
	if t.State != state {
		o.Fatalf("%s is %s, want %s\n%s", number, t.State, state, dump(t))
	}
	return t
}

func (o *office) does(number string, e desk.Event) {
	o.Helper()
	_, err := o.desk.Do(o.Context(), number, e)
	o.must(err)
}

// says are the events of a conversation's system rows.
func (o *office) says(conversation string) []string {
	o.Helper()
	rows, err := o.db.Messages(o.Context(), conversation, 0, 0)
	o.must(err)
	var all []string
	for _, r := range rows {
		if r.Kind == desk.RowSystem {
			all = append(all, r.Event)
		}
	}
	return all
}

var serviceCases = []testCase{
	{"what waits is offered, an offer that rings out goes on to the next, and the first must come back herself", func(s *suite) {
		o := s.office()
		o.works("a", "b")
		t := o.asks(1)
		first := t.Offered
		if t.State != desk.Offered || first == "" {
			s.Fatal(dump(t))
		}
		o.beat("a", "b")
		o.after(20 * time.Second)
		t = o.wants("HZ-1", desk.Offered)
		if t.Offered == first || t.Enqueued != monday {
			s.Fatal(dump(t))
		}
		a, _ := o.desk.AgentOf(first)
		if a.Presence != desk.NotResponding {
			s.Fatal(a.Presence)
		}
		o.does("HZ-1", desk.Event{Kind: desk.Accept, Actor: t.Offered, Number: "002"})
		u := o.asks(2)
		if u.Offered == first {
			s.Fatal("offered to who does not respond")
		}
	}},
	{"an agent who is gone for longer than the grace leaves what she has to the next; within it, to nobody", func(s *suite) {
		o := s.office()
		o.works("a", "b")
		t := o.asks(1)
		owner := t.Offered
		other := map[string]string{"a": "b", "b": "a"}[owner]
		o.does("HZ-1", desk.Event{Kind: desk.Accept, Actor: owner, Number: "001"})
		o.does("HZ-1", desk.Event{Kind: desk.Reply, Actor: owner, Text: "请稍等"})
		for range 10 {
			o.beat(other)
			o.after(10 * time.Second)
		}
		if t := o.wants("HZ-1", desk.Waiting); t.Agent != owner {
			s.Fatal("taken away within the grace")
		}
		o.beat(other)
		o.after(6 * time.Second)
		t = o.wants("HZ-1", desk.Offered)
		if t.Offered != other || t.Priority < 10 || !slices.Contains(o.says(t.Conversation), "agent-lost") {
			s.Fatal(dump(t))
		}
		o.beat(owner) // she comes back: it is no longer hers
		if _, err := o.desk.Do(s.Context(), "HZ-1", desk.Event{Kind: desk.Reply, Actor: owner, Text: "我回来了"}); err == nil {
			s.Fatal("two owners")
		}
	}},
	{"a disabled agent's conversations go to others at once", func(s *suite) {
		o := s.office()
		o.works("a")
		o.asks(1)
		o.does("HZ-1", desk.Event{Kind: desk.Accept, Actor: "a", Number: "001"})
		s.must(o.db.DisableAgent(s.Context(), "a"))
		s.must(o.desk.Reload(s.Context()))
		o.after(time.Second)
		o.wants("HZ-1", desk.Queued)
	}},
	{"the next start finds queue, owners and timers as they were", func(s *suite) {
		o := s.office()
		o.works("a")
		for i := range 6 {
			o.asks(i)
		}
		for i := range 4 {
			o.does(fmt.Sprint("HZ-", i), desk.Event{Kind: desk.Accept, Actor: "a", Number: "001"})
		}
		before := o.desk.Board()
		o.desk = o.another(o.db)
		if len(o.desk.Board()) != 0 {
			s.Fatal("a new process knows something already")
		}
		o.after(0)
		s.same(o.desk.Board(), before)
		if n := desk.Position(o.is("HZ-5"), o.desk.Board()); n != 2 {
			s.Fatalf("the last is at place %d", n)
		}
		a, _ := o.desk.AgentOf("a")
		if a.Load != 4 {
			s.Fatalf("load %d", a.Load)
		}
	}},
	{"two processes on one record offer each ticket once and warn of each promise once", func(s *suite) {
		o := s.office()
		second := o.another(s.open())
		o.works("a", "b", "c")
		for i := range 9 {
			o.asks(i)
		}
		for i := 0; i < 400; i += 5 {
			o.beat("a", "b", "c")
			var wg sync.WaitGroup
			o.now = o.now.Add(5 * time.Second)
			for _, d := range []*desk.Service{o.desk, second} {
				wg.Go(func() { d.Look(s.Context()) })
			}
			wg.Wait()
			for _, id := range []string{"a", "b", "c"} {
				s.must(o.desk.Presence(s.Context(), id, desk.Online, ""))
			}
		}
		agents, err := o.db.Agents(s.Context())
		s.must(err)
		for _, a := range agents {
			if a.Load > a.Capacity {
				s.Errorf("%s has %d of %d", a.ID, a.Load, a.Capacity)
			}
		}
		count := map[desk.Alarm]int{}
		o.mu.Lock()
		defer o.mu.Unlock()
		for _, al := range o.alarms {
			count[al]++
		}
		for _, breach := range []bool{false, true} {
			if n := count[desk.Alarm{Timer: desk.TimerAccept, Breach: breach}]; n > 9 || breach && n != 9 {
				s.Errorf("breach %v: %d of 9", breach, n)
			}
		}
	}},
	{"nobody on shift or out of hours: a call is offered; a long wait offers one too", func(s *suite) {
		o := s.office()
		if t := o.asks(1); t.State != desk.Callback {
			s.Fatal(t.State)
		}
		o.works("a")
		for i := 2; i < 8; i++ {
			o.asks(i)
		}
		for i := 2; i < 6; i++ {
			o.does(fmt.Sprint("HZ-", i), desk.Event{Kind: desk.Accept, Actor: "a"})
		}
		for range 18 {
			o.beat("a")
			o.after(10 * time.Second)
		}
		t := o.wants("HZ-7", desk.Queued)
		if !slices.Contains(o.says(t.Conversation), "callback-offer") {
			s.Fatal(o.says(t.Conversation))
		}
		o.now = monday.Add(12 * time.Hour) // 22:00
		if t := o.asks(9); t.State != desk.Callback {
			s.Fatal(t.State)
		}
	}},
	{"a citizen who says nothing is asked, then the conversation ends; silence before a warning ends nothing", func(s *suite) {
		o := s.office()
		o.works("a")
		t := o.asks(1)
		o.does("HZ-1", desk.Event{Kind: desk.Accept, Actor: "a"})
		o.does("HZ-1", desk.Event{Kind: desk.Reply, Actor: "a", Text: "请问还有问题吗"})
		pass := func(d time.Duration) {
			for ; d > 0; d -= 20 * time.Second {
				o.beat("a")
				o.after(20 * time.Second)
			}
		}
		pass(6 * time.Minute)
		o.wants("HZ-1", desk.Waiting)
		pass(time.Minute)
		if t := o.wants("HZ-1", desk.Waiting); !t.Idle {
			s.Fatal("not asked")
		}
		pass(4 * time.Minute)
		if t := o.wants("HZ-1", desk.Resolved); t.Code != desk.CodeIdle {
			s.Fatal(t.Code)
		}
		s.same(o.says(t.Conversation), []string{"accepted", "idle", "closed"})
		pass(time.Minute)
		if _, err := o.desk.Wish(s.Context(), t.Conversation, desk.Wish{Do: "reopen"}); err != nil {
			s.Fatal(err)
		}
		o.after(0)
		if t := o.wants("HZ-1", desk.Offered); t.Offered != "a" || t.Reopens != 1 {
			s.Fatal(dump(t))
		}
	}},
	{"a clock that is set back neither undoes nor repeats anything", func(s *suite) {
		o := s.office()
		o.works("a")
		o.asks(1)
		o.does("HZ-1", desk.Event{Kind: desk.Accept, Actor: "a"})
		before := o.is("HZ-1")
		o.now = monday.Add(-24 * time.Hour)
		o.desk.Look(s.Context())
		o.does("HZ-1", desk.Event{Kind: desk.Reply, Actor: "a", Text: "您好"})
		if t := o.wants("HZ-1", desk.Waiting); t.Updated.Before(before.Updated) || t.Agent != "a" {
			s.Fatal(dump(t))
		}
	}},
	{"the wait is told from measured times only", func(s *suite) {
		o := s.office()
		o.works("a")
		for i := range 6 {
			number := fmt.Sprint("HZ-", i)
			if place, minutes := o.desk.Place(s.Context(), o.asks(i)); minutes != 0 && i < 5 {
				s.Fatalf("%d: place %d, %d minutes", i, place, minutes)
			}
			o.does(number, desk.Event{Kind: desk.Accept, Actor: "a"})
			for range 24 { // eight minutes
				o.beat("a")
				o.after(20 * time.Second)
			}
			o.does(number, desk.Event{Kind: desk.Resolve, Actor: "a", Code: "answered"})
			o.does(number, desk.Event{Kind: desk.Done, Actor: "a"})
		}
		t := o.asks(9)
		if place, minutes := o.desk.Place(s.Context(), t); place != 1 || minutes != 2 { // 8 minutes ÷ 4 at a time
			s.Fatalf("place %d, %d minutes", place, minutes)
		}
	}},
}
