package storetest

import (
	"fmt"
	"strings"
	"time"

	"shenwei/bot"
	"shenwei/internal/fault"
)

var readCases = []testCase{
	{"lines without a reply are pending, oldest first, also after opening again", func(s *suite) {
		db := s.open()
		a := s.begin(db, "a")
		m := Line("b")
		m.Choice = "CRJ-012"
		m.At = Noon.Add(-time.Hour) // order is by arrival, not by a clock
		s.receive(db, m)
		s.begin(db, "c")
		s.commit(db, Outcome(a, "a"))
		s.close(db)
		db = s.open()
		all, err := db.Pending(s.Context(), 10)
		s.must(err)
		if len(all) != 2 || all[1].Message.Ref != "c" {
			s.Fatalf("%+v", all)
		}
		m.Conversation = all[0].Message.Conversation
		s.same(all[0], bot.PendingLine{Message: m, Seq: 1})
		all, err = db.Pending(s.Context(), 1)
		s.must(err)
		if len(all) != 1 || all[0].Message.Ref != "b" {
			s.Fatalf("%+v", all)
		}
	}},
	{"messages are read after a sequence number, up to a limit", func(s *suite) {
		db := s.open()
		r := s.begin(db, "m1")
		for i := 2; i <= 5; i++ {
			s.next(db, r.Conversation.ID, fmt.Sprint("m", i))
		}
		all, err := db.Messages(s.Context(), r.Conversation.ID, 2, 2)
		s.must(err)
		if len(all) != 2 || all[0].Seq != 3 || all[1].Seq != 4 {
			s.Fatalf("%+v", all)
		}
		s.same(all[0], bot.Stored{Seq: 3, Kind: "citizen", Ref: "m3", Text: Line("").Text, At: Noon})
		all, err = db.Messages(s.Context(), "another", 0, 10)
		s.must(err)
		if len(all) != 0 {
			s.Fatalf("%+v", all)
		}
	}},
	{"what does not exist is not found", func(s *suite) {
		db := s.open()
		r := s.begin(db, "a")
		_, err := db.Conversation(s.Context(), "another")
		s.wantCode(err, fault.NotFound)
		for _, seq := range []int64{1, 2} {
			_, err = db.Trace(s.Context(), r.Conversation.ID, seq)
			s.wantCode(err, fault.NotFound)
		}
		o := Outcome(r, "a")
		o.Trace = nil
		s.commit(db, o)
		_, err = db.Trace(s.Context(), r.Conversation.ID, 2)
		s.wantCode(err, fault.NotFound)
	}},
	{"a reply has one thumb, the last", func(s *suite) {
		db := s.open()
		r := s.begin(db, "a")
		s.commit(db, Outcome(r, "a"))
		id := r.Conversation.ID
		s.must(db.AddFeedback(s.Context(), id, 2, 1, "", Noon))
		s.must(db.AddFeedback(s.Context(), id, 2, -1, strings.Repeat("答", 200), Noon))
		low, err := db.LowScores(s.Context(), id)
		s.must(err)
		if low != 1 {
			s.Fatalf("%d answers of no use", low)
		}
		score, reason, err := db.Feedback(s.Context(), id, 2)
		s.must(err)
		if score != -1 || reason != strings.Repeat("答", 200) {
			s.Fatalf("%d %q", score, reason)
		}
		s.wantCode(db.AddFeedback(s.Context(), id, 2, 1, strings.Repeat("答", 201), Noon), fault.BadRequest)
		s.wantCode(db.AddFeedback(s.Context(), id, 2, 0, "", Noon), fault.BadRequest)
		s.wantCode(db.AddFeedback(s.Context(), id, 1, 1, "", Noon), fault.NotFound)
		s.wantCode(db.AddFeedback(s.Context(), "another", 2, 1, "", Noon), fault.NotFound)
	}},
}
