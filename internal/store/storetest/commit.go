package storetest

import (
	"fmt"
	"strings"

	"shenwei/bot"
	"shenwei/internal/fault"
)

var commitCases = []testCase{
	{"a commit stores reply, state and trace and moves the version", func(s *suite) {
		db := s.open()
		r := s.begin(db, "a")
		o := Outcome(r, "a")
		reply := s.commit(db, o)
		want := Reply()
		want.Conversation, want.Seq = r.Conversation.ID, 2
		s.same(reply, want)
		c, err := db.Conversation(s.Context(), r.Conversation.ID)
		s.must(err)
		if c.Version != 2 || c.Seq != 2 {
			s.Fatalf("%+v", c)
		}
		s.same(c.State, o.State)
		tr, err := db.Trace(s.Context(), c.ID, 2)
		s.must(err)
		s.same(tr, Trace())
		all := s.gapFree(s.Context(), db, c.ID, 2)
		s.same(all[1], bot.Stored{Seq: 2, Kind: "reply", Text: want.Text, Reply: want, At: Noon})
	}},
	{"lines may arrive while one is answered", func(s *suite) {
		db := s.open()
		first := s.begin(db, "a")
		second := s.next(db, first.Conversation.ID, "b")
		if second.Conversation.Version != first.Conversation.Version {
			s.Fatal("a line moved the version")
		}
		if r := s.commit(db, Outcome(first, "a")); r.Seq != 3 {
			s.Fatalf("seq %d", r.Seq)
		}
		_, err := db.Commit(s.Context(), Outcome(second, "b"))
		s.wantCode(err, fault.Conflict)
		second.Conversation, err = db.Conversation(s.Context(), first.Conversation.ID)
		s.must(err)
		if r := s.commit(db, Outcome(second, "b")); r.Seq != 4 {
			s.Fatalf("seq %d", r.Seq)
		}
	}},
	{"a stale version changes nothing", func(s *suite) {
		db := s.open()
		r := s.begin(db, "a")
		o := Handover(r, "a", "T-1", "crj")
		o.Version++
		_, err := db.Commit(s.Context(), o)
		s.wantCode(err, fault.Conflict)
		s.gapFree(s.Context(), db, r.Conversation.ID, 1)
		tickets, err := db.Tickets(s.Context(), 0)
		s.must(err)
		if len(tickets) != 0 {
			s.Fatal("a ticket was stored")
		}
	}},
	{"a line keeps its first reply", func(s *suite) {
		db := s.open()
		r := s.begin(db, "a")
		first := s.commit(db, Outcome(r, "a"))
		for range 2 {
			o := Outcome(r, "a")
			o.Reply.Text = "另一个答复"
			s.same(s.commit(db, o), first)
			var err error
			r.Conversation, err = db.Conversation(s.Context(), r.Conversation.ID)
			s.must(err) // the second time with the present version
		}
		s.gapFree(s.Context(), db, r.Conversation.ID, 2)
	}},
	{"only a stored line can be answered", func(s *suite) {
		db := s.open()
		r := s.begin(db, "a")
		for _, change := range []func(o *bot.Outcome){
			func(o *bot.Outcome) { o.Line = 9 }, func(o *bot.Outcome) { o.Conversation = "01JD0000000000000000000000" },
			func(o *bot.Outcome) { o.Conversation = "a\x00b" },
		} {
			o := Outcome(r, "a")
			change(&o)
			_, err := db.Commit(s.Context(), o)
			s.wantCode(err, fault.NotFound)
		}
		o := Outcome(r, "another")
		_, err := db.Commit(s.Context(), o)
		s.wantCode(err, fault.Conflict)
		o = Outcome(r, "a")
		o.Reply = nil
		_, err = db.Commit(s.Context(), o)
		s.wantCode(err, fault.BadRequest)
		s.commit(db, Outcome(r, "a"))
		o = Outcome(r, "a")
		o.Line, o.Version = 2, 2 // a reply is not a line
		_, err = db.Commit(s.Context(), o)
		s.wantCode(err, fault.NotFound)
	}},
	{"a ticket gets its place in its group's queue, and the reply tells it", func(s *suite) {
		db := s.open()
		for i, group := range []string{"crj", "crj", "jj", "crj"} {
			ref, number := fmt.Sprint("a", i), fmt.Sprint("T-", i)
			r := s.begin(db, ref)
			o := Handover(r, ref, number, group)
			reply := s.commit(db, o)
			want := []int{1, 2, 1, 3}[i]
			if reply.Handoff.Position != want || reply.Blocks[0].Position != want ||
				strings.Count(reply.Text, fmt.Sprintf("第 %d 位", want)) != 1 {
				s.Fatalf("%d: %s", i, dump(reply))
			}
			if o.Reply.Handoff.Position != 0 || o.Reply.Blocks[0].Position != 0 {
				s.Fatal("the outcome was changed")
			}
			s.same(s.receive(db, trusted(r.Conversation.ID, ref)).Reply, reply)
		}
		tickets, err := db.Tickets(s.Context(), 2)
		s.must(err)
		if len(tickets) != 2 {
			s.Fatalf("%d tickets", len(tickets))
		}
		got := tickets[1]
		s.same(got, bot.Ticket{Number: "T-1", Conversation: got.Conversation, Seq: 1, Group: "crj", Reason: "asked", Item: "CRJ-011",
			Summary: "签注材料", Urgent: true, State: "queued", Created: Noon})
	}},
	{"a ticket number that is taken is a conflict and undoes the turn", func(s *suite) {
		db := s.open()
		a, b := s.begin(db, "a"), s.begin(db, "b")
		s.commit(db, Handover(a, "a", "T-1", "crj"))
		_, err := db.Commit(s.Context(), Handover(b, "b", "T-1", "crj"))
		s.wantCode(err, fault.Conflict)
		s.gapFree(s.Context(), db, b.Conversation.ID, 1)
		if r := s.commit(db, Handover(b, "b", "T-2", "crj")); r.Handoff.Position != 2 {
			s.Fatalf("position %d", r.Handoff.Position)
		}
	}},
	{"a reply of 1 MB is stored", func(s *suite) {
		db := s.open()
		o := Outcome(s.begin(db, "a"), "a")
		o.Reply.Text = strings.Repeat("字", 350_000)
		if r := s.commit(db, o); len(r.Text) != 1_050_000 {
			s.Fatal("cut")
		}
	}},
}
