package storetest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"shenwei/bot"
	"shenwei/internal/fault"
	"shenwei/internal/store"
)

// tablesWith lists the tables that have the column.
func (s *suite) tablesWith(column string) (all []string) {
	s.Helper()
	query := `SELECT m.name FROM sqlite_master m JOIN pragma_table_info(m.name) c ON c.name = $1 WHERE m.type = 'table'`
	if strings.HasPrefix(s.dsn, "postgres://") {
		query = `SELECT table_name FROM information_schema.columns WHERE column_name = $1 AND table_schema = current_schema()`
	}
	rows, err := s.raw().Query(query, column)
	s.must(err)
	defer rows.Close()
	for rows.Next() {
		var name string
		s.must(rows.Scan(&name))
		all = append(all, name)
	}
	s.must(rows.Err())
	return all
}

// pass deletes what is older than the time, two conversations at once.
func (s *suite) pass(db *store.DB, before time.Time) (sum store.Deleted) {
	s.Helper()
	var c store.Cursor
	for !c.Done {
		next, d, err := db.DeleteOld(s.Context(), before, c, 2)
		s.must(err)
		sum.Conversations, sum.Messages, sum.Other, c = sum.Conversations+d.Conversations, sum.Messages+d.Messages, sum.Other+d.Other, next
	}
	return sum
}

// said stores an answered line of the time.
func (s *suite) said(db *store.DB, conversation, ref string, at time.Time) string {
	s.Helper()
	m := Line(ref)
	if conversation != "" {
		m = trusted(conversation, ref)
	}
	m.At = at
	r := s.receive(db, m)
	o := Outcome(r, ref)
	o.At = at
	s.commit(db, o)
	return r.Conversation.ID
}

var citizenCases = []testCase{
	{"every table with a conversation is known to who exports and deletes", func(s *suite) {
		s.open()
		found := s.tablesWith("conversation")
		if len(found) < 4 {
			s.Fatalf("only %v", found)
		}
		for _, name := range found {
			if !slices.ContainsFunc(store.PersonalTables, func(t store.PersonalTable) bool { return t.Name == name }) {
				s.Errorf("the table %s has a column conversation and stands not in store.PersonalTables", name)
			}
		}
	}},
	{"one citizen's conversation is exported with all she said, readable", func(s *suite) {
		db := s.open()
		id, other := s.spill(db, "mine"), s.begin(db, "other").Conversation.ID
		body, err := db.ExportConversation(s.Context(), id)
		s.must(err)
		var got struct {
			Conversation string
			Tables       map[string][]map[string]any
		}
		s.must(json.Unmarshal(body, &got))
		line := got.Tables["messages"][0]
		if got.Conversation != id || line["text"] != secretWords || line["at"] != Noon.Format(time.RFC3339Nano) || len(got.Tables["messages"]) != 2 {
			s.Fatalf("%s", body)
		}
		if n := strings.Count(string(body), "张三丰"); n != 6 {
			s.Errorf("her words stand %d times in it, want 6: line, trace, state, summary twice (of its own and in the ticket), reason", n)
		}
		if strings.Contains(string(body), other) || got.Tables["tokens"] != nil {
			s.Error("it holds another conversation or a token's hash")
		}
		_, err = db.ExportConversation(s.Context(), "unknown")
		s.wantCode(err, fault.NotFound)
	}},
	{"one citizen's conversation is deleted everywhere, with an entry that says how much", func(s *suite) {
		db := s.open()
		id, other := s.spill(db, "mine"), s.spill(db, "other-ref-01234567890")
		d, err := db.DeleteConversation(s.Context(), id, entry("citizen.delete"))
		s.must(err)
		s.same(d, store.Deleted{Conversations: 1, Messages: 2, Other: 4})
		for _, table := range s.tablesWith("conversation") {
			var n int
			s.must(s.raw().QueryRow(`SELECT COUNT(*) FROM `+table+` WHERE conversation = $1`, id).Scan(&n))
			if n != 0 {
				s.Errorf("%s: %d rows are left", table, n)
			}
		}
		s.unspilled(db, other, "other-ref-01234567890")
		_, err = db.DeleteConversation(s.Context(), id, entry("citizen.delete"))
		s.wantCode(err, fault.NotFound)
		r, err := db.VerifyAudit(s.Context(), 0, "")
		s.must(err)
		if r.Broken != "" || r.Last != 1 {
			s.Fatalf("%+v", r)
		}
	}},
	{"what is older than it may be goes in batches, what goes on keeps what is new", func(s *suite) {
		db := s.open()
		day := func(n int) time.Time { return Noon.Add(time.Duration(n) * 24 * time.Hour) }
		var old []string
		for i := range 5 {
			old = append(old, s.said(db, "", fmt.Sprint("old", i), day(i)))
		}
		goesOn := s.said(db, "", "long", day(1))
		s.must(db.AddFeedback(s.Context(), goesOn, 2, 1, "好", day(1)))
		s.said(db, goesOn, "long2", day(50))
		fresh := s.said(db, "", "new", day(50))
		waiting := Line("unanswered")
		waiting.At = day(1)
		open := s.receive(db, waiting).Conversation.ID
		again := trusted(open, "unanswered2")
		again.At = day(50)
		s.receive(db, again)
		if d := s.pass(db, day(10)); d.Conversations != 5 || d.Messages != 12 {
			s.Fatalf("%+v", d)
		}
		for _, id := range old {
			_, err := db.Conversation(s.Context(), id)
			s.wantCode(err, fault.NotFound)
		}
		for id, want := range map[string][]int64{goesOn: {3, 4}, fresh: {1, 2}, open: {1, 2}} {
			all, err := db.Messages(s.Context(), id, 0, 10)
			s.must(err)
			var got []int64
			for _, m := range all {
				got = append(got, m.Seq)
			}
			s.same(got, want)
		}
		s.said(db, goesOn, "long3", day(60))
		if d := s.pass(db, day(10)); d != (store.Deleted{}) {
			s.Fatalf("the second pass: %+v", d)
		}
	}},
	{"citizens go on writing while old conversations are deleted", func(s *suite) {
		db := s.open()
		for i := range 40 {
			s.said(db, "", fmt.Sprint("old", i), Noon.Add(-time.Hour))
		}
		deleted := make(chan store.Deleted, 1)
		go func() { deleted <- s.pass(db, Noon) }()
		id := s.begin(db, "live").Conversation.ID
		for i := range 50 {
			s.next(db, id, fmt.Sprint("live", i))
		}
		if d := <-deleted; d.Conversations != 40 {
			s.Fatalf("%+v", d)
		}
		s.gapFree(s.Context(), db, id, 51)
	}},
	{"what has served its purpose goes: links, sessions, failures, finished jobs", func(s *suite) {
		db := s.open()
		s.hire(db, account("1", "editor"))
		s.signIn(db, "1", "x")
		_, err := db.Attempt(s.Context(), []string{"account x"}, Noon, func(string, int) time.Duration { return time.Hour })
		s.must(err)
		for i, want := range []int64{0, 1, 2} {
			n, err := db.DeleteSpent(s.Context(), Noon.Add(time.Duration(i)*time.Hour+time.Duration(i)*time.Minute-time.Minute), 10)
			s.must(err)
			if n != want {
				s.Errorf("pass %d: %d, want %d", i, n, want)
			}
		}
		if s.signedIn(db, "x") {
			s.Error("the session is still there")
		}
	}},
	{"a conversation that was deleted begins anew under its channel's name", func(s *suite) {
		db := s.open()
		m := trusted("openid-of-somebody", "w1")
		m.Channel = bot.API
		s.receive(db, m)
		_, err := db.DeleteConversation(s.Context(), "openid-of-somebody", entry("citizen.delete"))
		s.must(err)
		m.Ref = "w2"
		if r := s.receive(db, m); r.Seq != 1 {
			s.Fatalf("%+v", r)
		}
	}},
}
