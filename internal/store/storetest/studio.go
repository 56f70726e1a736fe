package storetest

import (
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"shenwei/bot"
	"shenwei/internal/fault"
	"shenwei/internal/jobs"
	"shenwei/internal/store"
	"shenwei/kb"
)

var (
	li   = kb.Member{ID: "1", Login: "li", Name: "李敏"}
	wang = kb.Member{ID: "2", Login: "wang", Name: "王强"}
)

// order is a draft of CRJ-001 on a live revision and an open draft.
func order(body string, base, seen int64, by kb.Member) kb.DraftOrder {
	return kb.DraftOrder{Document: item("CRJ-001", body), Base: base, Seen: seen, By: by, Origin: kb.FromEditor, At: Noon}
}

func (s *suite) save(db *store.DB, o kb.DraftOrder) kb.Revision {
	s.Helper()
	r, err := db.SaveDraft(s.Context(), o)
	s.must(err)
	return r
}

// conflict wants a DraftConflict with the text of theirs.
func (s *suite) conflict(db *store.DB, o kb.DraftOrder, theirs string) {
	s.Helper()
	_, err := db.SaveDraft(s.Context(), o)
	var c *kb.DraftConflict
	if !errors.As(err, &c) || !fault.Is(err, fault.Conflict) || c.Theirs.Body != theirs {
		s.Fatalf("%v, want a conflict with %q", err, theirs)
	}
}

func (s *suite) proposal(db *store.DB, drafts ...kb.Revision) kb.Proposal {
	s.Helper()
	p := kb.Proposal{Title: "改", State: kb.InReview, Author: li, Created: Noon, Updated: Noon, Comments: []kb.Comment{}}
	for _, d := range drafts {
		p.Drafts = append(p.Drafts, kb.DraftRef{Key: d.Key(), Revision: d.Number, Base: d.Base, Author: d.Author})
	}
	p, err := db.CreateProposal(s.Context(), p)
	s.must(err)
	return p
}

// dated is a text with a time from which it is in force.
func dated(from string) string { return "code: CRJ-001\neffective: " + from + "\n" }

var studioCases = []testCase{
	{"an author's drafts replace one another, somebody else's is a conflict and stays", func(s *suite) {
		db := s.open()
		s.publish(db, 0, s.draft(db, item("CRJ-001", "a")))
		first := s.save(db, order("b", 1, 0, li))
		second := s.save(db, order("c", 1, first.Number, li))
		if second.Number != 3 || second.Author.Name != "李敏" || second.Base != 1 || !second.Draft {
			s.Fatalf("%+v", second)
		}
		if _, err := db.Revision(s.Context(), kb.KindItem, "CRJ-001", first.Number); !fault.Is(err, fault.NotFound) {
			s.Fatalf("what was saved by itself fills the history: %v", err)
		}
		s.conflict(db, order("d", 1, first.Number, li), "c")
		s.conflict(db, order("d", 1, 0, wang), "c")
		s.conflict(db, order("d", 1, second.Number, wang), "c")
		s.conflict(db, order("d", 2, second.Number, li), "a")
		taking := order("d", 1, second.Number, wang)
		taking.Take = true
		s.save(db, taking)
		s.same(s.drafts(db), []string{"CRJ-001 4d"})
		past, err := db.History(s.Context(), kb.KindItem, "CRJ-001")
		s.must(err)
		if len(past) != 3 || past[0].Number != 4 || !past[1].Dropped || past[2].Releases[0] != 1 || past[0].Body != "" {
			s.Fatalf("%s", dump(past))
		}
	}},
	{"a save without a change stores nothing", func(s *suite) {
		db := s.open()
		s.publish(db, 0, s.draft(db, item("CRJ-001", "a")))
		if r := s.save(db, order("a", 1, 0, li)); r.Number != 0 {
			s.Fatalf("%+v", r)
		}
		first := s.save(db, order("b", 1, 0, li))
		if again := s.save(db, order("b", 1, first.Number, li)); again.Number != first.Number {
			s.Fatalf("%+v", again)
		}
	}},
	{"a dropped draft is gone and in the history", func(s *suite) {
		db := s.open()
		s.publish(db, 0, s.draft(db, item("CRJ-001", "a")))
		d := s.save(db, order("b", 1, 0, li))
		s.wantCode(db.DropDraft(s.Context(), kb.KindItem, "CRJ-001", 9, li, Noon), fault.Conflict)
		s.must(db.DropDraft(s.Context(), kb.KindItem, "CRJ-001", d.Number, li, Noon))
		s.wantCode(db.DropDraft(s.Context(), kb.KindItem, "CRJ-001", 0, li, Noon), fault.NotFound)
		s.same(s.drafts(db), []string{})
		s.conflict(db, order("c", 1, d.Number, li), "a")
		if r := s.save(db, order("b", 1, 0, li)); r.Number != d.Number+1 {
			s.Fatalf("%+v", r)
		}
		if added := s.draft(db, item("CRJ-001", "b")); len(added) != 0 {
			s.Fatalf("an import of what is drafted: %+v", added)
		}
	}},
	{"of editors who save at once on one base one wins", func(s *suite) {
		dbs := []*store.DB{s.open(), s.open()}
		s.publish(dbs[0], 0, s.draft(dbs[0], item("CRJ-001", "a")))
		var won atomic.Int64
		s.parallel(10, func(i int) {
			by := kb.Member{ID: fmt.Sprint("e", i), Login: fmt.Sprint("e", i), Name: "x"}
			_, err := dbs[i%2].SaveDraft(s.Context(), order(fmt.Sprint("body ", i), 1, 0, by))
			switch {
			case err == nil:
				won.Add(1)
			case !fault.Is(err, fault.Conflict):
				s.Error(err)
			}
		})
		if won.Load() != 1 || len(s.drafts(dbs[0])) != 1 {
			s.Fatalf("%d won, drafts %v", won.Load(), s.drafts(dbs[0]))
		}
	}},
	{"an open change holds its drafts until it ends", func(s *suite) {
		db := s.open()
		s.publish(db, 0, s.draft(db, item("CRJ-001", "a")))
		d := s.save(db, order("b", 1, 0, li))
		p := s.proposal(db, d)
		_, err := db.SaveDraft(s.Context(), order("c", 1, d.Number, li))
		s.wantCode(err, fault.Conflict)
		s.wantCode(db.DropDraft(s.Context(), kb.KindItem, "CRJ-001", 0, li, Noon), fault.Conflict)
		_, err = db.CreateProposal(s.Context(), p)
		s.wantCode(err, fault.Conflict)
		heads, err := db.Heads(s.Context())
		s.must(err)
		if h := heads.All[0]; h.Live != 1 || h.Draft == nil || h.Draft.Proposal != p.ID || h.Draft.Author.Name != "李敏" {
			s.Fatalf("%s", dump(heads))
		}
		p.State = kb.Withdrawn
		s.must(db.UpdateProposal(s.Context(), p, "change.withdraw", li))
		s.wantCode(db.UpdateProposal(s.Context(), p, "change.withdraw", li), fault.Conflict)
		s.save(db, order("c", 1, d.Number, li))
		all, err := db.Proposals(s.Context(), []kb.ProposalState{kb.Withdrawn}, 0)
		s.must(err)
		if len(all) != 1 || all[0].ID != p.ID || all[0].Version != 2 || all[0].Author.Name != "李敏" {
			s.Fatalf("%s", dump(all))
		}
		_, err = db.Proposal(s.Context(), 99)
		s.wantCode(err, fault.NotFound)
	}},
	{"a change that was scheduled has a job at its time, and none when it is cancelled before", func(s *suite) {
		db := s.open()
		p := s.proposal(db, s.save(db, order("b", 0, 0, li)))
		p.State, p.Schedule = kb.Scheduled, &kb.Schedule{At: time.Now().Add(-time.Minute), State: kb.ScheduleWaiting}
		s.must(db.UpdateProposal(s.Context(), p, "change.schedule", wang))
		j, err := db.ClaimJob(s.Context(), "me", []string{store.PublishJob}, time.Minute)
		s.must(err)
		if j == nil || j.Payload != fmt.Sprint(p.ID) {
			s.Fatalf("%+v", j)
		}
		s.must(db.EndJob(s.Context(), "me", jobs.Job{Kind: j.Kind, Ref: j.Ref, Tries: j.Tries}, 0, ""))
		if again, err := db.ClaimJob(s.Context(), "me", []string{store.PublishJob}, time.Minute); err != nil || again != nil {
			s.Fatalf("%+v %v", again, err)
		}
	}},
	{"publishing, the change's last step and the audit log are one", func(s *suite) {
		db := s.open()
		s.publish(db, 0, s.draft(db, item("CRJ-001", "a"), item("CRJ-002", "x")))
		d := s.save(db, order("b", 1, 0, li))
		p := s.proposal(db, d)
		info := kb.ReleaseInfo{Way: kb.ByProposal, Author: wang, Change: p.ID, Alone: "夜里"}
		p.State, p.Release = kb.Published, 2
		stale := p
		stale.Version = 9
		o := kb.Order{Base: 1, Put: []kb.Revision{d}, Remove: []string{"item/CRJ-002"}, Note: "改", By: wang, At: Noon, AsOf: Noon.Add(time.Hour), Info: info, Change: &stale}
		_, err := db.Publish(s.Context(), o)
		s.wantCode(err, fault.Conflict)
		if n, _ := db.CurrentNumber(s.Context()); n != 1 {
			s.Fatalf("half of it was published: release %d", n)
		}
		o.Change = &p
		n, err := db.Publish(s.Context(), o)
		s.must(err)
		s.same(s.current(db), map[string]string{"CRJ-001": "2b"})
		all, err := db.Releases(s.Context(), 0, 0)
		s.must(err)
		if n != 2 || len(all) != 2 || !all[0].AsOf.Equal(Noon.Add(time.Hour)) || all[0].Info.Alone != "夜里" || all[0].Info.Author.Name != "王强" {
			s.Fatalf("%s", dump(all))
		}
		s.same(all[0].Changes, []kb.Step{{Key: "item/CRJ-001", From: 1, To: 2}, {Key: "item/CRJ-002", From: 1, To: 0}})
		if some, err := db.Releases(s.Context(), 2, 1); err != nil || len(some) != 1 || some[0].Number != 1 || len(some[0].Changes) != 2 {
			s.Fatalf("%s %v", dump(some), err)
		}
		got, err := db.Proposal(s.Context(), p.ID)
		s.must(err)
		if got.State != kb.Published || got.Release != 2 {
			s.Fatalf("%+v", got)
		}
		confirmed := all[0].Info
		confirmed.Confirmed = &li
		s.must(db.SetReleaseInfo(s.Context(), 2, all[0].Info, confirmed, "release.confirm", li))
		s.wantCode(db.SetReleaseInfo(s.Context(), 2, all[0].Info, confirmed, "release.confirm", li), fault.Conflict)
		_, err = db.VerifyAudit(s.Context(), 0, "")
		s.must(err)
	}},
	{"what is not in force yet comes with what was before, down to what is", func(s *suite) {
		db := s.open()
		s.publish(db, 0, s.draft(db, item("CRJ-001", "a")))
		s.publish(db, 1, []kb.Revision{s.save(db, order(dated("2026-12-01"), 1, 0, li))})
		s.publish(db, 2, []kb.Revision{s.save(db, order(dated("2027-01-01"), 2, 0, li))})
		r, err := db.Current(s.Context())
		s.must(err)
		chain := r.Earlier["item/CRJ-001"]
		if len(chain) != 2 || chain[0].Number != 2 || chain[1].Body != "a" {
			s.Fatalf("%s", dump(r.Earlier))
		}
		for at, want := range map[string]int64{"2026-11-25": 1, "2026-12-01": 2, "2026-12-31": 2, "2027-01-01": 3} {
			instant, err := kb.ParseMoment(at)
			s.must(err)
			if held := r.At(instant).InForce(); held[0].Number != want {
				s.Errorf("%s: revision %d, want %d", at, held[0].Number, want)
			}
		}
		january, err := kb.ParseMoment("2027-01-02")
		s.must(err)
		_, err = db.Publish(s.Context(), kb.Order{Base: 3, At: Noon, AsOf: january})
		s.must(err)
		if r, err = db.Current(s.Context()); err != nil || len(r.Earlier) != 0 || !r.AsOf.Equal(january) {
			s.Fatalf("%s %v", dump(r.Earlier), err)
		}
	}},
	{"a report that is finished is never changed again", func(s *suite) {
		db := s.open()
		r := &kb.GateReport{Run: "r1", Change: 3, State: kb.GateRunning, Done: 1, Total: 9, Candidate: "c", Base: 2, Seen: Noon, Started: Noon}
		s.must(db.SaveReport(s.Context(), r))
		done := *r
		done.State, done.Broken, done.Flips = kb.GateDone, 1, []kb.Flip{{ID: "g1", Question: "怎么\x00换", Blocking: true}}
		s.must(db.SaveReport(s.Context(), &done))
		s.must(db.SaveReport(s.Context(), r))
		got, err := db.Report(s.Context(), "r1")
		s.must(err)
		if got.State != kb.GateDone || got.Broken != 1 || got.Base != 2 || len(got.Flips) != 1 || !got.Seen.Equal(Noon) {
			s.Fatalf("%s", dump(got))
		}
		_, err = db.Report(s.Context(), "r2")
		s.wantCode(err, fault.NotFound)
	}},
	{"what is set for the moment is seen by every node, with a version that grows", func(s *suite) {
		db, other := s.open(), s.open()
		_, before, err := other.Moment(s.Context())
		s.must(err)
		id, err := db.AddTakedown(s.Context(), bot.Takedown{Key: "item/CRJ-001", Reason: "错", Author: "李敏", At: Noon}, li)
		s.must(err)
		notice, err := db.AddNotice(s.Context(), bot.Notice{Text: "台风", Level: bot.NoticeWarn, From: Noon, Until: Noon.Add(time.Hour)}, li, Noon)
		s.must(err)
		s.must(db.SetSwitch(s.Context(), true, bot.Switch{Reason: "一", At: Noon}, li))
		s.must(db.SetSwitch(s.Context(), true, bot.Switch{Reason: "二", At: Noon}, li))
		s.must(db.SetPublished(s.Context(), true, bot.Switch{Reason: "原文", Author: "李敏", At: Noon}, li))
		_, after, err := other.Moment(s.Context())
		s.must(err)
		o, err := other.Overrides(s.Context())
		s.must(err)
		if after <= before || o.Version != after || len(o.Takedowns) != 1 || o.Takedowns[0].ID != id || o.Takedowns[0].Author != "李敏" ||
			len(o.Notices) != 1 || o.Notices[0].ID != notice || !o.Notices[0].Until.Equal(Noon.Add(time.Hour)) || o.Switch == nil || o.Switch.Reason != "二" ||
			o.Published == nil || o.Published.Reason != "原文" || o.Published.Author != "李敏" {
			s.Fatalf("%s", dump(o))
		}
		s.must(db.SetPublished(s.Context(), false, bot.Switch{Reason: "好了", At: Noon}, li))
		o, err = other.Overrides(s.Context())
		s.must(err)
		if o.Published != nil || o.Switch == nil { // each switch is turned alone
			s.Fatalf("%s", dump(o))
		}
		s.wantCode(db.EndTakedown(s.Context(), notice, li, Noon), fault.NotFound)
		s.must(db.EndTakedown(s.Context(), id, li, Noon))
		s.wantCode(db.EndTakedown(s.Context(), id, li, Noon), fault.NotFound)
		s.must(db.EndNotice(s.Context(), notice, li, Noon))
		s.must(db.SetSwitch(s.Context(), false, bot.Switch{Reason: "三", At: Noon}, li))
		s.must(db.SetSwitch(s.Context(), false, bot.Switch{Reason: "三", At: Noon}, li))
		if o, err = other.Overrides(s.Context()); err != nil || len(o.Takedowns)+len(o.Notices) != 0 || o.Switch != nil || o.Version <= after {
			s.Fatalf("%s %v", dump(o), err)
		}
		_, err = db.VerifyAudit(s.Context(), 0, "")
		s.must(err)
	}},
	{"the latest questions are citizens' words, newest first, without taps", func(s *suite) {
		db := s.open()
		first := s.begin(db, "r1")
		s.commit(db, Outcome(first, "r1"))
		tap := trusted(first.Conversation.ID, "r2")
		tap.Choice, tap.Text = "CRJ-001", "护照换发"
		s.receive(db, tap)
		last := trusted(first.Conversation.ID, "r3")
		last.Text = "最后一句"
		s.receive(db, last)
		got, err := db.LatestQuestions(s.Context(), 5)
		s.must(err)
		s.same(got, []string{"最后一句", Line("r1").Text})
	}},
}
