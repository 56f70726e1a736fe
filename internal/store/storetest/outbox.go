package storetest

import (
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"shenwei/internal/fault"
	"shenwei/internal/outbox"
	"shenwei/internal/store"
	"shenwei/web/wechat"
)

// letter is an entry of a lane.
func letter(lane, key string) outbox.Entry {
	return outbox.Entry{Kind: "test", Lane: lane, Key: key, Body: []byte(key), Due: Noon}
}

var errInFlight = errors.New("its process ended")

// lostRow is the verdict of a kind that is not idempotent.
func lostRow(r outbox.Row, _ time.Time) outbox.Verdict {
	if r.Doubts > 0 {
		return outbox.Verdict{State: outbox.Unknown, Doubt: true, Note: errInFlight.Error()}
	}
	return outbox.Verdict{State: outbox.Waiting, Doubt: true, Note: errInFlight.Error()}
}

func (s *suite) claimRows(db *store.DB, owner string, now time.Time) []outbox.Row {
	s.Helper()
	s.set(now)
	defer s.set(Noon)
	rows, err := db.ClaimOutbox(s.Context(), "test", owner, time.Minute, 10, lostRow)
	s.must(err)
	return rows
}

func rowKeys(rows []outbox.Row) string {
	out := ""
	for _, r := range rows {
		out += r.Key + " "
	}
	return out
}

var outboxCases = []testCase{
	{"rows of a lane leave one after the other, lanes beside one another", func(s *suite) {
		db := s.open()
		s.must(db.AddOutbox(s.Context(), letter("a", "a1"), letter("a", "a2"), letter("b", "b1")))
		rows := s.claimRows(db, "one", Noon)
		if rowKeys(rows) != "a1 b1 " || rows[0].State != outbox.Sending || rows[0].Attempts != 1 || string(rows[0].Body) != "a1" {
			s.Fatalf("%+v", rows)
		}
		if again := s.claimRows(db, "two", Noon); len(again) != 0 {
			s.Fatalf("claimed twice: %s", rowKeys(again))
		}
		s.must(db.SettleOutbox(s.Context(), rows[0], "one", outbox.Verdict{State: outbox.Sent}))
		if next := s.claimRows(db, "two", Noon); rowKeys(next) != "a2 " {
			s.Fatalf("%s", rowKeys(next))
		}
	}},
	{"lines share a message where few are left, but not one that may have been sent", func(s *suite) {
		db := s.open()
		s.must(db.TouchContact(s.Context(), seen(wechat.OpensMessage, Noon)))
		line := func(text string) outbox.Entry {
			e := letter(wechat.Lane("wx-1"), "agent/"+text)
			e.Body, e.Due = []byte(text), time.Time{}
			e.Join = func(earlier []byte) ([]byte, bool) { return []byte(string(earlier) + "+" + text), true }
			return e
		}
		add := func(texts ...string) {
			for _, text := range texts {
				s.must(db.AddOutbox(s.Context(), line(text)))
			}
		}
		bodies := func(now time.Time) string {
			out := ""
			for rows := s.claimRows(db, "one", now); len(rows) > 0; rows = s.claimRows(db, "one", now) {
				for _, r := range rows {
					out += string(r.Body) + " "
					s.must(db.SettleOutbox(s.Context(), r, "one", outbox.Verdict{State: outbox.Sent}))
				}
			}
			return out
		}
		spend := func(n int) {
			for range n {
				_, err := db.SpendSend(s.Context(), "wx-1", Noon)
				s.must(err)
			}
		}
		add("a", "b", "c", "d", "e", "e") // of five that may be sent, three wait already
		if got := bodies(Noon); got != "a b c+d+e " {
			s.Fatal(got)
		}
		spend(3)
		add("k") // two are left: it waits a moment for others
		if got := bodies(Noon); got != "" {
			s.Fatal(got)
		}
		add("l")
		if got := bodies(Noon.Add(wechat.GatherFor)); got != "k+l " {
			s.Fatal(got)
		}
		spend(2)
		add("f") // nothing may be sent: it is held, and the next ones go with it
		later := Noon.Add(wechat.GatherFor)
		rows := s.claimRows(db, "one", later)
		s.must(db.SettleOutbox(s.Context(), rows[0], "one", outbox.Verdict{State: outbox.Held}))
		add("g", "h")
		s.must(db.ReleaseLane(s.Context(), wechat.Lane("wx-1")))
		rows = s.claimRows(db, "one", Noon)
		if len(rows) != 1 || string(rows[0].Body) != "f+g+h" {
			s.Fatalf("%+v", rows)
		}
		add("i") // f is being sent
		s.must(db.SettleOutbox(s.Context(), rows[0], "one", outbox.Verdict{State: outbox.Waiting, Due: Noon, Doubt: true}))
		add("j")
		if got := bodies(later); got != "f+g+h i+j " {
			s.Fatal(got)
		}
	}},
	{"an entry of a known key changes nothing", func(s *suite) {
		db := s.open()
		s.must(db.AddOutbox(s.Context(), letter("a", "k")))
		other := letter("b", "k")
		other.Body = []byte("other")
		s.must(db.AddOutbox(s.Context(), other))
		rows := s.claimRows(db, "one", Noon)
		if len(rows) != 1 || string(rows[0].Body) != "k" || rows[0].Lane != "a" {
			s.Fatalf("%+v", rows)
		}
	}},
	{"a row waits until it is due, and one to try again until then", func(s *suite) {
		db := s.open()
		e := letter("a", "k")
		e.Due, e.Expires = Noon.Add(time.Minute), Noon.Add(time.Hour)
		s.must(db.AddOutbox(s.Context(), e))
		if rows := s.claimRows(db, "one", Noon); len(rows) != 0 {
			s.Fatal("too early")
		}
		rows := s.claimRows(db, "one", Noon.Add(time.Minute))
		if len(rows) != 1 || !rows[0].Expires.Equal(e.Expires) {
			s.Fatalf("%+v", rows)
		}
		s.must(db.SettleOutbox(s.Context(), rows[0], "one", outbox.Verdict{State: outbox.Waiting, Due: Noon.Add(time.Hour), Note: "later"}))
		if rows := s.claimRows(db, "one", Noon.Add(59*time.Minute)); len(rows) != 0 {
			s.Fatal("too early")
		}
		if rows := s.claimRows(db, "one", Noon.Add(time.Hour)); len(rows) != 1 || rows[0].Attempts != 2 || rows[0].Note != "later" {
			s.Fatalf("%+v", rows)
		}
	}},
	{"a held row keeps its lane back until it is released", func(s *suite) {
		db := s.open()
		s.must(db.AddOutbox(s.Context(), letter("a", "a1"), letter("a", "a2")))
		rows := s.claimRows(db, "one", Noon)
		s.must(db.SettleOutbox(s.Context(), rows[0], "one", outbox.Verdict{State: outbox.Held, Note: "closed"}))
		if rows := s.claimRows(db, "one", Noon.Add(time.Hour)); len(rows) != 0 {
			s.Fatalf("%s", rowKeys(rows))
		}
		waiting, err := db.Outbox(s.Context(), "a")
		s.must(err)
		if rowKeys(waiting) != "a1 a2 " || waiting[0].State != outbox.Held || waiting[0].Note != "closed" {
			s.Fatalf("%+v", waiting)
		}
		s.must(db.ReleaseLane(s.Context(), "a"))
		if rows := s.claimRows(db, "one", Noon.Add(time.Hour)); rowKeys(rows) != "a1 " {
			s.Fatalf("%s", rowKeys(rows))
		}
	}},
	{"a row whose process ended is sent once more, then unknown for good", func(s *suite) {
		db := s.open()
		s.must(db.AddOutbox(s.Context(), letter("a", "a1"), letter("a", "a2")))
		first := s.claimRows(db, "dead", Noon)
		if rows := s.claimRows(db, "two", Noon.Add(time.Minute)); len(rows) != 0 {
			s.Fatal("claimed within the lease")
		}
		second := s.claimRows(db, "two", Noon.Add(2*time.Minute))
		if rowKeys(second) != "a1 " || second[0].Doubts != 1 || second[0].Attempts != 2 {
			s.Fatalf("%+v", second)
		}
		s.wantCode(db.SettleOutbox(s.Context(), first[0], "dead", outbox.Verdict{State: outbox.Sent}), fault.Conflict)
		if rows := s.claimRows(db, "three", Noon.Add(4*time.Minute)); rowKeys(rows) != "a2 " {
			s.Fatalf("%s", rowKeys(rows))
		}
		all, err := db.Outbox(s.Context(), "a")
		s.must(err)
		if len(all) != 2 || all[0].State != outbox.Unknown || all[0].Doubts != 2 {
			s.Fatalf("%+v", all)
		}
	}},
	{"several processes that claim at once never share a row", func(s *suite) {
		dbs := []*store.DB{s.open(), s.open()}
		for i := range 60 {
			s.must(dbs[0].AddOutbox(s.Context(), letter(fmt.Sprint("lane", i%20), fmt.Sprint(i))))
		}
		var claimed, settled atomic.Int64
		s.parallel(8, func(i int) {
			db, owner := dbs[i%2], fmt.Sprint("owner", i)
			for settled.Load() < 60 {
				rows, err := db.ClaimOutbox(s.Context(), "test", owner, time.Minute, 4, lostRow)
				if err != nil {
					s.Error(err)
					return
				}
				claimed.Add(int64(len(rows)))
				for _, r := range rows {
					if err := db.SettleOutbox(s.Context(), r, owner, outbox.Verdict{State: outbox.Sent}); err != nil {
						s.Error(err)
					}
					settled.Add(1)
				}
			}
		})
		if claimed.Load() != 60 {
			s.Fatalf("%d claims of 60 rows", claimed.Load())
		}
	}},
	{"names and bodies that cannot be stored are refused", func(s *suite) {
		db := s.open()
		for _, e := range []outbox.Entry{{}, {Kind: "a", Lane: "b"}, {Kind: "a\x00", Lane: "b", Key: "c"}} {
			s.wantCode(db.AddOutbox(s.Context(), e), fault.BadRequest)
		}
	}},
}
