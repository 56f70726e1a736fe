package storetest

import (
	"time"

	"shenwei/bot"
	"shenwei/bot/desk"
	"shenwei/bot/insight"
	"shenwei/internal/fault"
	"shenwei/internal/jobs"
	"shenwei/internal/outbox"
	"shenwei/internal/store"
	"shenwei/kb"
	"shenwei/web/wechat"
)

// sleep is how long the old owner of each case stands still, as by SIGSTOP: longer than any lease.
const sleep = 2 * time.Minute

// leaseCases hold for each kind of claim: the owner that slept past its lease finds that another
// one has taken over, and what it then writes changes nothing of what that one wrote.
var leaseCases = []testCase{
	{"who slept while it sent a row cannot say what became of it", func(s *suite) {
		old, other := s.open(), s.open()
		s.must(old.AddOutbox(s.Context(), letter("a", "k")))
		slept := s.claimRows(old, "old", Noon)[0]
		awake := s.claimRows(other, "new", Noon.Add(sleep))[0]
		s.must(other.SettleOutbox(s.Context(), awake, "new", outbox.Verdict{State: outbox.Waiting, Due: Noon.Add(time.Hour)}))
		for _, owner := range []string{"old", "new"} { // even under the same name: the claim was another one
			s.wantCode(old.SettleOutbox(s.Context(), slept, owner, outbox.Verdict{State: outbox.Sent}), fault.Conflict)
		}
		again := s.claimRows(other, "old", Noon.Add(time.Hour))[0]
		s.wantCode(old.SettleOutbox(s.Context(), slept, "old", outbox.Verdict{State: outbox.Sent}), fault.Conflict)
		s.must(other.SettleOutbox(s.Context(), again, "old", outbox.Verdict{State: outbox.Sent}))
	}},
	{"who ends gives back what it has, and nothing of others", func(s *suite) {
		leaver, other := s.open(), s.open()
		for _, ref := range []string{"1", "2"} {
			s.must(leaver.ScheduleJob(s.Context(), jobs.Job{Kind: "k", Ref: ref}))
		}
		mine, theirs := s.claim(leaver, "leaver/0", "k"), s.claim(other, "other/0", "k")
		s.must(leaver.ReleaseJobs(s.Context(), []string{"leaver/0", "leaver/1"}))
		if got := s.claim(other, "other/1", "k"); got == nil || got.Ref != mine.Ref {
			s.Errorf("not claimed at once: %+v", got)
		}
		s.wantCode(leaver.EndJob(s.Context(), "leaver/0", *mine, 0, ""), fault.Conflict)
		s.must(other.EndJob(s.Context(), "other/0", *theirs, 0, ""))

		s.must(leaver.AddOutbox(s.Context(), letter("a", "k1")))
		sent := s.claimRows(leaver, "leaver", Noon)[0]
		s.must(other.AddOutbox(s.Context(), letter("b", "k2")))
		kept := s.claimRows(other, "other", Noon)[0]
		s.must(leaver.ReleaseOutbox(s.Context(), "leaver"))
		if got := s.claimRows(other, "other", Noon.Add(time.Second)); len(got) != 1 || got[0].ID != sent.ID || got[0].Doubts != 1 {
			s.Errorf("what was under way is not in doubt: %+v", got)
		}
		s.must(other.SettleOutbox(s.Context(), kept, "other", outbox.Verdict{State: outbox.Sent}))
	}},
	{"who slept over a job can neither keep nor end it", func(s *suite) {
		old, other := s.open(), s.open()
		s.must(old.ScheduleJob(s.Context(), jobs.Job{Kind: "k", Ref: "1"}))
		slept := s.claim(old, "node", "k")
		s.endLeases()
		awake := s.claim(other, "node", "k")
		s.wantCode(old.ExtendJob(s.Context(), "node", *slept, time.Minute), fault.Conflict)
		s.wantCode(old.EndJob(s.Context(), "node", *slept, 0, ""), fault.Conflict)
		s.must(other.EndJob(s.Context(), "node", *awake, time.Hour, ""))
		s.wantCode(old.EndJob(s.Context(), "node", *slept, 0, ""), fault.Conflict)
	}},
	{"who slept over the questions' outcomes counts none of them twice", func(s *suite) {
		old, other := s.open().Insight(), s.open().Insight()
		follow := func(in store.Insight, node string, now time.Time) {
			s.set(now)
			if _, mine, err := in.Lease(s.Context(), node, time.Minute); err != nil || !mine {
				s.Fatal(node, mine, err)
			}
		}
		batch := insight.Batch{Holder: "old", To: insight.Cursor{Turns: 5}}
		follow(old, "old", Noon)
		follow(other, "new", Noon.Add(sleep))
		s.wantCode(old.Save(s.Context(), batch), fault.Conflict)
		s.must(other.Save(s.Context(), insight.Batch{Holder: "new", To: insight.Cursor{Turns: 3}}))
		follow(old, "old", Noon.Add(2*sleep)) // its own again, but not from where it was
		s.wantCode(old.Save(s.Context(), batch), fault.Conflict)
	}},
	{"who slept over a round of checks does not overwrite a later one", func(s *suite) {
		old, other := s.open(), s.open()
		health := func(url string, state bot.LinkState, at time.Time) bot.LinkHealth {
			return bot.LinkHealth{URL: url, Items: []string{"A"}, State: state, Checked: at, Since: at}
		}
		s.must(other.SaveLinkHealth(s.Context(), []bot.LinkHealth{health("https://a", bot.LinkAlive, Noon.Add(sleep)), health("https://b", bot.LinkAlive, Noon.Add(sleep))}, nil, Noon.Add(sleep)))
		s.must(old.SaveLinkHealth(s.Context(), []bot.LinkHealth{health("https://a", bot.LinkDead, Noon), health("https://c", bot.LinkAlive, Noon)}, []string{"https://b"}, Noon))
		all, err := old.LinkHealth(s.Context())
		s.must(err)
		if len(all) != 3 || all[0].State != bot.LinkAlive || all[1].URL != "https://b" || all[2].URL != "https://c" {
			s.Fatalf("%+v", all)
		}
	}},
	{"who slept over an account's messages answers none that another one has answered", func(s *suite) {
		old, other := s.open(), s.open()
		take := func(db *store.DB, from, to string, refs ...string) ([]wechat.Taken, error) {
			var taken []wechat.Taken
			var by []wechat.Seen
			for _, ref := range refs {
				taken = append(taken, wechat.Taken{Ref: ref, Conversation: "wx-1", Push: wechat.Push{Text: ref}, At: Noon})
				by = append(by, seen(wechat.OpensMessage, Noon))
			}
			return db.TakeBatch(s.Context(), "kf", from, to, taken, by)
		}
		_, err := take(other, "", "c2", "m1", "m2")
		s.must(err)
		_, err = take(old, "", "c1", "m1", "m3")
		s.wantCode(err, fault.Conflict)
		cursor, err := old.Cursor(s.Context(), "kf")
		s.must(err)
		if _, unknown := old.Push(s.Context(), "m3"); cursor != "c2" || fault.CodeOf(unknown) != fault.NotFound {
			s.Fatalf("cursor %q, m3 %v", cursor, unknown)
		}
		if fresh, err := take(old, "c2", "c3", "m2", "m3"); err != nil || len(fresh) != 1 || fresh[0].Ref != "m3" {
			s.Fatalf("%+v %v", fresh, err)
		}
	}},
	{"who slept over a push answers it no second time", func(s *suite) {
		old, other := s.open(), s.open()
		_, err := old.TakePush(s.Context(), wechat.Taken{Ref: "m", Conversation: "wx-1", At: Noon}, seen(wechat.OpensMessage, Noon))
		s.must(err)
		won, err := other.SettlePush(s.Context(), "m", wechat.Open, wechat.Passive, []byte("new"), nil)
		late, lateErr := old.SettlePush(s.Context(), "m", wechat.Open, wechat.Done, []byte("old"), []outbox.Entry{letter("a", "late")})
		s.must(err)
		s.must(lateErr)
		if !won || late || len(s.claimRows(old, "x", Noon)) != 0 {
			s.Fatal("answered twice")
		}
	}},
	{"who slept over an offer that lapsed takes back no later offer", func(s *suite) {
		old, other := s.open(), s.open()
		number := s.handover(old, 1).Number
		s.agent(old, "li")
		s.agent(old, "wang")
		offered := s.move(old, number, desk.Event{Kind: desk.Offer, Agent: "li"}).Ticket
		now := Noon.Add(sleep)
		step := func(e desk.Event) desk.Ticket {
			c, err := other.MoveTicket(s.Context(), number, e, rules, now)
			s.must(err)
			return c.Ticket
		}
		lapsed := step(desk.Event{Kind: desk.Lapse, Version: offered.Version})
		s.must(other.SetSilent(s.Context(), "li", lapsed.Updated))
		step(desk.Event{Kind: desk.Offer, Agent: "wang"})
		_, err := old.MoveTicket(s.Context(), number, desk.Event{Kind: desk.Lapse, Version: offered.Version}, rules, now.Add(time.Hour))
		s.wantCode(err, fault.Conflict)
		s.must(other.SetPresence(s.Context(), "li", desk.Online, "", now.Add(time.Second)))
		s.must(old.SetSilent(s.Context(), "li", lapsed.Updated)) // what it did not come to do
		agents, err := other.Agents(s.Context())
		s.must(err)
		if agents[0].Presence != desk.Online {
			s.Fatalf("%+v", agents[0])
		}
	}},
	{"who slept after it found an agent gone takes nothing from her when she is back", func(s *suite) {
		old, other := s.open(), s.open()
		number := s.handover(old, 1).Number
		s.agent(old, "li")
		s.move(old, number, desk.Event{Kind: desk.Offer, Agent: "li"})
		owned := s.move(old, number, desk.Event{Kind: desk.Accept, Actor: "li", Number: "001"}).Ticket
		gone := Noon.Add(rules.Silence + rules.Grace + time.Second)
		s.must(other.Beat(s.Context(), "li", gone.Add(time.Second)))
		lost := desk.Event{Kind: desk.Lost, Agent: "li", Version: owned.Version}
		for _, now := range []time.Time{gone, gone.Add(sleep / 8)} {
			_, err := old.MoveTicket(s.Context(), number, lost, rules, now)
			s.wantCode(err, fault.Conflict)
		}
		c, err := old.MoveTicket(s.Context(), number, lost, rules, gone.Add(rules.Silence+rules.Grace+2*time.Second))
		s.must(err)
		if c.Ticket.State != desk.Queued {
			s.Fatalf("%+v", c.Ticket)
		}
	}},
	{"who slept before it published makes no second release", func(s *suite) {
		old, other := s.open(), s.open()
		order := kb.Order{Base: 0, Note: "midnight", At: Noon}
		number, err := other.Publish(s.Context(), order)
		s.must(err)
		_, err = old.Publish(s.Context(), order)
		s.wantCode(err, fault.Conflict)
		if _, err := other.Publish(s.Context(), kb.Order{Base: number, Note: "next", At: Noon}); err != nil {
			s.Fatal(err)
		}
		_, err = old.Publish(s.Context(), order)
		s.wantCode(err, fault.Conflict)
	}},
	{"who slept before it committed an answer gets the one that another has committed", func(s *suite) {
		old, other := s.open(), s.open()
		r := s.begin(old, "a")
		slept := Outcome(r, "a")
		slept.Reply.Text = "old"
		first := s.commit(other, Outcome(r, "a"))
		if got := s.commit(old, slept); got.Text == "old" || got.Seq != first.Seq {
			s.Fatalf("%d %s", got.Seq, got.Text)
		}
		rows, err := other.Messages(s.Context(), r.Conversation.ID, 0, 10)
		s.must(err)
		if len(rows) != 2 {
			s.Fatalf("%d rows", len(rows))
		}
	}},
}
