package storetest

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"shenwei/bot"
	"shenwei/bot/desk"
	"shenwei/internal/fault"
	"shenwei/internal/outbox"
	"shenwei/internal/store"
)

var rules = desk.Defaults()

// handover begins a conversation that waits for a person.
func (s *suite) handover(db *store.DB, i int) desk.Ticket {
	s.Helper()
	ref, number := fmt.Sprint("desk-", i), fmt.Sprint("HZ-", i)
	r := s.begin(db, ref)
	o := Handover(r, ref, number, "出入境")
	t := desk.New(desk.Ticket{Group: "出入境"}, Noon, rules)
	o.Opened = &bot.Opening{Ticket: t, Rules: rules}
	s.commit(db, o)
	got, err := db.Ticket(s.Context(), number)
	s.must(err)
	return got
}

func (s *suite) move(db *store.DB, number string, e desk.Event) desk.Change {
	s.Helper()
	c, err := db.MoveTicket(s.Context(), number, e, rules, Noon)
	s.must(err)
	return c
}

func (s *suite) agent(db *store.DB, id string) {
	s.Helper()
	_, err := db.MeetAgent(s.Context(), id, "坐席"+id, false, Noon)
	s.must(err)
	s.must(db.SetPresence(s.Context(), id, desk.Online, "", Noon))
}

var deskCases = []testCase{
	{"who waits has left when no node has seen her, by the database's clock", func(s *suite) {
		one, two := s.open(), s.open()
		waits := func(db *store.DB, here, others []string) map[string]time.Duration {
			s.Helper()
			unseen, err := db.WhoWaits(s.Context(), here, others)
			s.must(err)
			return unseen
		}
		waits(one, nil, []string{"a", "b", "c"}) // never seen: counts from now
		if unseen := waits(one, nil, []string{"a", "b", "c"}); len(unseen) != 3 || unseen["a"] > time.Minute {
			s.Fatalf("%v", unseen)
		}
		_, err := s.raw().Exec(`UPDATE desk_waiting SET seen = seen - 600000000`)
		s.must(err)
		waits(two, []string{"b", "a"}, []string{"c"})
		unseen := waits(one, nil, []string{"a", "b", "c"})
		if unseen["a"] > time.Minute || unseen["b"] > time.Minute || unseen["c"] < 9*time.Minute {
			s.Errorf("a and b are on another node, c on none: %v", unseen)
		}
		_, err = s.raw().Exec(`UPDATE desk_waiting SET seen = seen - 7200000000 WHERE conversation = 'c'`)
		s.must(err)
		waits(two, []string{"a"}, nil)
		var n int
		s.must(s.raw().QueryRow(`SELECT COUNT(*) FROM desk_waiting`).Scan(&n))
		if n != 2 {
			s.Errorf("%d rows are kept of two who wait", n)
		}
	}},
	{"a handover waits, is taken, answered and resolved, and the conversation changes its owner with it", func(s *suite) {
		db := s.open()
		t := s.handover(db, 1)
		if t.State != desk.Queued || t.Version != 1 || len(t.Timers) != 2 || t.Item != "CRJ-011" {
			s.Fatalf("%+v", t)
		}
		s.agent(db, "a")
		for _, step := range []struct {
			e     desk.Event
			owner string
			rows  int
		}{
			{desk.Event{Kind: desk.Offer, Agent: "a"}, "queue", 2},
			{desk.Event{Kind: desk.Accept, Actor: "a", Number: "001"}, "agent", 3},
			{desk.Event{Kind: desk.Reply, Actor: "a", Number: "001", Text: "您好", Ref: "r1"}, "agent", 4},
			{desk.Event{Kind: desk.Resolve, Actor: "a", Number: "001", Code: "answered"}, "agent", 5},
			{desk.Event{Kind: desk.Done, Actor: "a"}, "bot", 5},
			{desk.Event{Kind: desk.Rate, Rating: &desk.Rating{Solved: true, Stars: 4}}, "bot", 6},
		} {
			before := t
			t = s.move(db, t.Number, step.e).Ticket
			c, err := db.Conversation(s.Context(), t.Conversation)
			s.must(err)
			if c.Owner != step.owner || t.Version != before.Version+1 {
				s.Fatalf("%s: owner %s, version %d", step.e.Kind, c.Owner, t.Version)
			}
			s.gapFree(s.Context(), db, t.Conversation, step.rows)
		}
		all := s.gapFree(s.Context(), db, t.Conversation, 6)
		if all[3].Kind != "agent" || all[3].Text != "您好" || all[3].Author != "001" || all[2].Event != "accepted" || len(all[2].Data) == 0 {
			s.Fatal(dump(all))
		}
		again, err := db.TicketOf(s.Context(), t.Conversation)
		s.must(err)
		s.same(again, t)
	}},
	{"a reply that is sent again is stored once", func(s *suite) {
		db := s.open()
		t := s.handover(db, 1)
		s.agent(db, "a")
		s.move(db, t.Number, desk.Event{Kind: desk.Take, Actor: "a"})
		e := desk.Event{Kind: desk.Reply, Actor: "a", Text: "您好", Ref: "r1"}
		first, second := s.move(db, t.Number, e), s.move(db, t.Number, e)
		if !second.Repeated || second.Seqs[0] != first.Seqs[0] {
			s.Fatalf("%+v", second)
		}
		s.gapFree(s.Context(), db, t.Conversation, 4)
	}},
	{"what the desk says leaves with its row where the citizen is on no page of ours", func(s *suite) {
		db := s.open()
		db.DeliverBy(func(channel, conversation, key string, row desk.Row) []outbox.Entry {
			return []outbox.Entry{{Kind: "played", Lane: channel + " " + conversation, Key: conversation + "/" + key, Body: []byte(row.Text)}}
		})
		t := s.handover(db, 1)
		s.agent(db, "a")
		s.move(db, t.Number, desk.Event{Kind: desk.Take, Actor: "a", Number: "001"})
		e := desk.Event{Kind: desk.Reply, Actor: "a", Text: "您好", Ref: "r1"}
		s.move(db, t.Number, e)
		s.move(db, t.Number, e) // sent again
		s.move(db, t.Number, desk.Event{Kind: desk.Hold, Actor: "a", Reason: "问窗口"})
		_, err := db.MoveTicket(s.Context(), t.Number, desk.Event{Kind: desk.Reply, Actor: "b", Text: "不该发出"}, rules, Noon)
		s.wantCode(err, fault.Forbidden)
		s.set(Noon.Add(time.Hour))
		rows, err := db.ClaimOutbox(s.Context(), "played", "me", time.Hour, 9, func(outbox.Row, time.Time) outbox.Verdict { return outbox.Verdict{} })
		s.must(err)
		if len(rows) != 1 || !strings.Contains(string(rows[0].Body), "001 号") {
			s.Fatal(dump(rows)) // the first of the lane; the reply waits behind it
		}
		var n int
		s.must(s.raw().QueryRow(`SELECT COUNT(*) FROM outbox`).Scan(&n))
		if n != 2 {
			s.Fatalf("%d go out, want that she is served and the reply", n)
		}
	}},
	{"what is refused changes nothing", func(s *suite) {
		db := s.open()
		t := s.handover(db, 1)
		for _, e := range []desk.Event{{Kind: desk.Reply, Actor: "a", Text: "x"}, {Kind: desk.Take, Actor: "nobody"}, {Kind: desk.Offer, Agent: "nobody"}, {Kind: "x"}} {
			_, err := db.MoveTicket(s.Context(), t.Number, e, rules, Noon)
			if err == nil {
				s.Fatal(e.Kind)
			}
		}
		_, err := db.MoveTicket(s.Context(), "HZ-none", desk.Event{Kind: desk.Take, Actor: "a"}, rules, Noon)
		s.wantCode(err, fault.NotFound)
		again, err := db.Ticket(s.Context(), t.Number)
		s.must(err)
		s.same(again, t)
		s.gapFree(s.Context(), db, t.Conversation, 2)
	}},
	{"a ticket that many take at once goes to one", func(s *suite) {
		db, other := s.open(), s.open()
		t := s.handover(db, 1)
		const agents = 12
		for i := range agents {
			s.agent(db, fmt.Sprint("a", i))
		}
		var won atomic.Int64
		var wg sync.WaitGroup
		for i := range agents {
			wg.Go(func() {
				_, err := []*store.DB{db, other}[i%2].MoveTicket(s.Context(), t.Number, desk.Event{Kind: desk.Take, Actor: fmt.Sprint("a", i)}, rules, Noon)
				switch {
				case err == nil:
					won.Add(1)
				case !fault.Is(err, fault.Conflict):
					s.Error(err)
				}
			})
		}
		wg.Wait()
		if won.Load() != 1 {
			s.Fatalf("%d owners", won.Load())
		}
	}},
	{"nobody gets more than her capacity, also from two nodes", func(s *suite) {
		db, other := s.open(), s.open()
		s.agent(db, "a")
		const tickets = 12
		for i := range tickets {
			s.handover(db, i)
		}
		var won atomic.Int64
		var wg sync.WaitGroup
		for i := range tickets {
			wg.Go(func() {
				_, err := []*store.DB{db, other}[i%2].MoveTicket(s.Context(), fmt.Sprint("HZ-", i), desk.Event{Kind: desk.Offer, Agent: "a"}, rules, Noon)
				switch {
				case err == nil:
					won.Add(1)
				case !fault.Is(err, fault.Conflict):
					s.Error(err)
				}
			})
		}
		wg.Wait()
		agents, err := db.Agents(s.Context())
		s.must(err)
		if won.Load() != desk.DefaultCapacity || agents[0].Load != desk.DefaultCapacity || agents[0].Number != "001" {
			s.Fatalf("%d offered, %+v", won.Load(), agents[0])
		}
	}},
	{"a citizen's line moves the ticket in its own transaction", func(s *suite) {
		db := s.open()
		t := s.handover(db, 1)
		s.agent(db, "a")
		s.move(db, t.Number, desk.Event{Kind: desk.Take, Actor: "a"})
		s.move(db, t.Number, desk.Event{Kind: desk.Reply, Actor: "a", Text: "请问哪天出发"})
		r := s.next(db, t.Conversation, "line")
		if r.Conversation.Owner != bot.OwnerAgent {
			s.Fatalf("%+v", r.Conversation)
		}
		o := Outcome(r, "line")
		o.Reply = &bot.Reply{Action: bot.Relayed, Text: "已转给坐席"}
		o.Movement = &bot.Movement{Event: desk.Event{Kind: desk.Said, Seq: r.Seq}, Rules: rules}
		s.commit(db, o)
		got, err := db.Ticket(s.Context(), t.Number)
		s.must(err)
		if got.State != desk.Active || got.Version != 4 {
			s.Fatalf("%+v", got)
		}
		s.commit(db, o) // sent again: the ticket stays
		again, err := db.Ticket(s.Context(), t.Number)
		s.must(err)
		s.same(again, got)
	}},
	{"an answer decided before an agent spoke is decided again", func(s *suite) {
		db := s.open()
		t := s.handover(db, 1)
		s.agent(db, "a")
		r := s.next(db, t.Conversation, "line")
		s.move(db, t.Number, desk.Event{Kind: desk.Take, Actor: "a"})
		_, err := db.Commit(s.Context(), Outcome(r, "line"))
		s.wantCode(err, fault.Conflict)
	}},
	{"what is open, changed and due is found", func(s *suite) {
		db := s.open()
		t := s.handover(db, 1)
		u := s.handover(db, 2)
		s.move(db, u.Number, desk.Event{Kind: desk.Cancel})
		open, err := db.OpenTickets(s.Context())
		s.must(err)
		if len(open) != 1 || open[0].Number != t.Number {
			s.Fatal(dump(open))
		}
		stamps, err := db.OpenStamps(s.Context())
		s.must(err)
		s.same(stamps, []desk.Stamp{{Number: t.Number, Version: open[0].Version}})
		changed, err := db.ChangedTickets(s.Context(), Noon, 0)
		s.must(err)
		if len(changed) != 2 {
			s.Fatal(dump(changed))
		}
		for after, want := range map[time.Duration]int{143 * time.Second: 0, 144 * time.Second: 1} {
			// Noon is a Sunday evening: the promises of office hours do not run, the offer of a call does.
			due, err := db.DueTickets(s.Context(), Noon.Add(after+36*time.Second), 0)
			s.must(err)
			if len(due) != want {
				s.Fatalf("%s: %d", after, len(due))
			}
		}
	}},
	{"what is personal is sealed and not stored without consent", func(s *suite) {
		db := s.open()
		t := s.handover(db, 1)
		s.move(db, t.Number, desk.Event{Kind: desk.CallMe})
		form := desk.CallForm{Phone: "13800138000", Name: "张小明", Matter: "护照遗失", Consent: "old"}
		_, err := db.FileCall(s.Context(), t.Number, form, rules, Noon)
		s.wantCode(err, fault.Conflict)
		form.Consent = desk.CallNotice.Version
		c, err := db.FileCall(s.Context(), t.Number, form, rules, Noon)
		s.must(err)
		if !c.Ticket.Asked || c.Rows[0].Event != "callback-filed" {
			s.Fatalf("%+v", c)
		}
		_, err = db.FileCall(s.Context(), t.Number, form, rules, Noon)
		s.wantCode(err, fault.Conflict)
		got, err := db.CallOf(s.Context(), t.Number)
		s.must(err)
		if got.Form.Phone != form.Phone || got.Form.Matter != form.Matter {
			s.Fatalf("%+v", got)
		}
		o, err := desk.NewOrder(desk.Order{Ticket: t.Number, Type: "求助", Urgency: "一般", Title: "补领", Body: "我叫张小明", Name: "张小明", Phone: "13800138000", Unit: "南山分局"},
			"a", Noon, desk.DefaultDeadlines(), rules.Group("户政").Calendar)
		s.must(err)
		o, err = db.AddOrder(s.Context(), o, "a", func(o desk.Order) []outbox.Entry {
			return []outbox.Entry{{Kind: "order", Lane: o.Number, Key: o.Number + "/1"}}
		})
		s.must(err)
		next, err := o.Apply(desk.OrderEvent{Do: "return", Text: "张小明不在本辖区", Actor: "b"}, Noon, desk.DefaultDeadlines(), rules.Group("户政").Calendar)
		s.must(err)
		s.must(db.SaveOrder(s.Context(), next, "b", "return", Noon))
		s.wantCode(db.SaveOrder(s.Context(), next, "b", "return", Noon, outbox.Entry{Kind: "order", Lane: o.Number, Key: "never"}), fault.Conflict)
		var parcels int
		s.must(s.raw().QueryRow(`SELECT COUNT(*) FROM outbox WHERE kind = 'order'`).Scan(&parcels))
		if parcels != 1 {
			s.Fatalf("%d in the outbox, want the one of the order that was stored", parcels)
		}
		read, err := db.Order(s.Context(), o.Number)
		s.must(err)
		if read.Body != o.Body || read.Steps[1].Text != "张小明不在本辖区" || read.State != desk.OrderReturned {
			s.Fatal(dump(read))
		}
		for _, q := range []string{`SELECT form FROM desk_calls`, `SELECT body FROM desk_orders`, `SELECT person FROM desk_orders`, `SELECT detail FROM audit`} {
			rows, err := s.raw().Query(q)
			s.must(err)
			for rows.Next() {
				var v string
				s.must(rows.Scan(&v))
				if strings.Contains(v, "张小明") || strings.Contains(v, "13800138000") {
					s.Errorf("%s shows %s", q, v)
				}
			}
			s.must(rows.Err())
			_ = rows.Close()
		}
		list, err := db.Orders(s.Context(), desk.OrderReturned, "", 0)
		s.must(err)
		if len(list) != 1 {
			s.Fatal(len(list))
		}
	}},
	{"without keys nothing personal is stored", func(s *suite) {
		db, err := store.Open(s.Context(), s.dsn, store.Options{Now: func() time.Time { return Noon }})
		s.must(err)
		s.Cleanup(func() { s.close(db) })
		t := s.handover(db, 1)
		s.move(db, t.Number, desk.Event{Kind: desk.CallMe})
		_, err = db.FileCall(s.Context(), t.Number, desk.CallForm{Phone: "13800138000", Consent: desk.CallNotice.Version}, rules, Noon)
		s.wantCode(err, fault.Unavailable)
	}},
	{"notes, drafts, canned replies, sheets and limits are kept; notes are no messages", func(s *suite) {
		db := s.open()
		t := s.handover(db, 1)
		n, err := db.AddNote(s.Context(), desk.Note{Conversation: t.Conversation, Ticket: t.Number, Kind: desk.NoteKind, Agent: "a", Author: "001", Text: "老人不会用手机", At: Noon})
		s.must(err)
		notes, err := db.Notes(s.Context(), t.Conversation, 0, 0)
		s.must(err)
		if len(notes) != 1 || notes[0].N != n.N || notes[0].Text != n.Text {
			s.Fatal(dump(notes))
		}
		for _, m := range s.gapFree(s.Context(), db, t.Conversation, 2) {
			if strings.Contains(m.Text, "老人") {
				s.Fatal("the citizen reads a note")
			}
		}
		_, err = db.AddNote(s.Context(), desk.Note{Conversation: "none", Kind: desk.NoteKind, Text: "x", At: Noon})
		s.wantCode(err, fault.NotFound)
		s.must(db.KeepTyped(s.Context(), "a", t.Conversation, "请您先", Noon))
		drafts, err := db.DeskDrafts(s.Context(), "a")
		s.must(err)
		s.same(drafts, map[string]string{t.Conversation: "请您先"})
		s.must(db.KeepTyped(s.Context(), "a", t.Conversation, "", Noon))
		drafts, err = db.DeskDrafts(s.Context(), "a")
		s.must(err)
		s.same(drafts, map[string]string{})

		c, err := db.SaveCanned(s.Context(), desk.Canned{Shortcut: "你好", Title: "问候", Text: "您好，{市民}", Agent: "a", At: Noon})
		s.must(err)
		_, err = db.SaveCanned(s.Context(), desk.Canned{Shortcut: "你好", Title: "问候", Text: "x", Agent: "a", At: Noon})
		s.wantCode(err, fault.Conflict)
		_, err = db.SaveCanned(s.Context(), desk.Canned{Shortcut: "b", Title: "问候", Text: "{密码}", Agent: "a", At: Noon})
		s.wantCode(err, fault.BadRequest)
		c.Text = "您好"
		_, err = db.SaveCanned(s.Context(), c)
		s.must(err)
		_, err = db.SaveCanned(s.Context(), c)
		s.wantCode(err, fault.Conflict)

		check := desk.Check{Ticket: t.Number, Agent: "a", Reviewer: "s", Points: map[string]int{}, At: Noon}
		for _, cr := range desk.Sheet {
			check.Points[cr.ID] = cr.Max
		}
		s.must(db.SaveCheck(s.Context(), check))
		checks, err := db.Checks(s.Context(), Noon.Add(-time.Hour), Noon.Add(time.Hour), 0)
		s.must(err)
		if len(checks) != 1 || checks[0].Total != 100 {
			s.Fatal(dump(checks))
		}
		s.must(db.Limit(s.Context(), desk.Limit{Conversation: t.Conversation, Mode: desk.LimitSlow, Reason: "刷屏", Actor: "s", At: Noon, Until: Noon.Add(time.Hour)}))
		for after, want := range map[time.Duration]string{0: desk.LimitSlow, time.Hour: ""} {
			mode, _, err := db.LimitOf(s.Context(), t.Conversation, Noon.Add(after))
			s.must(err)
			if mode != want {
				s.Fatalf("%s: %q", after, mode)
			}
		}
	}},
	{"every danger is flagged until a supervisor has looked", func(s *suite) {
		db := s.open()
		r := s.begin(db, "a")
		o := Outcome(r, "a")
		o.Reply = &bot.Reply{Action: bot.Emergency, Text: "110"}
		s.commit(db, o)
		alerts, err := db.Alerts(s.Context(), 0)
		s.must(err)
		if len(alerts) != 1 || alerts[0].Conversation != r.Conversation.ID || alerts[0].Seq != 2 {
			s.Fatal(dump(alerts))
		}
		s.must(db.SeeAlerts(s.Context(), r.Conversation.ID, "s", Noon))
		alerts, err = db.Alerts(s.Context(), 0)
		s.must(err)
		if len(alerts) != 0 {
			s.Fatal(dump(alerts))
		}
	}},
	{"a supervisor's move is in the audit log", func(s *suite) {
		db := s.open()
		t := s.handover(db, 1)
		s.move(db, t.Number, desk.Event{Kind: desk.TakeOver, Actor: "s", Chief: true, Number: "009"})
		var n int
		s.must(s.raw().QueryRow(`SELECT COUNT(*) FROM audit WHERE action = 'desk.takeover' AND actor = 's'`).Scan(&n))
		if n != 1 {
			s.Fatal(n)
		}
	}},
}
