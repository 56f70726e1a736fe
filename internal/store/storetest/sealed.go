package storetest

import (
	"fmt"
	"strings"

	"shenwei/bot"
	"shenwei/internal/fault"
	"shenwei/internal/store"
	"shenwei/internal/vault"
	"shenwei/web/auth"
)

// secretWords stand in everything that the cases below store.
const secretWords = "我叫张三丰住在莲花路"

// spill stores a conversation in which a citizen tells much of herself.
func (s *suite) spill(db *store.DB, ref string) string {
	s.Helper()
	m := Line(ref)
	m.Text = secretWords
	r := s.receive(db, m)
	o := Handover(r, ref, "HZ-"+ref, "desk")
	o.State.Question, o.Trace.Text, o.Ticket.Summary = secretWords, secretWords, secretWords
	s.commit(db, o)
	s.must(db.AddFeedback(s.Context(), r.Conversation.ID, 2, -1, secretWords, Noon))
	return r.Conversation.ID
}

// unspilled reads it all again.
func (s *suite) unspilled(db *store.DB, id, ref string) {
	s.Helper()
	all, err := db.Messages(s.Context(), id, 0, 10)
	s.must(err)
	c, err := db.Conversation(s.Context(), id)
	s.must(err)
	trace, err := db.Trace(s.Context(), id, 2)
	s.must(err)
	tickets, err := db.Tickets(s.Context(), 10)
	s.must(err)
	_, reason, err := db.Feedback(s.Context(), id, 2)
	s.must(err)
	again, err := db.Receive(s.Context(), bot.Message{Channel: bot.Web, Ref: ref, Text: secretWords, At: Noon})
	s.must(err)
	for what, got := range map[string]string{"line": all[0].Text, "state": c.State.Question, "trace": trace.Text,
		"summary": tickets[len(tickets)-1].Summary, "reason": reason} {
		if got != secretWords {
			s.Errorf("%s: %q", what, got)
		}
	}
	if !again.Duplicate || again.Reply == nil || again.Conversation.State.Question != secretWords {
		s.Errorf("sent again: %+v", again)
	}
}

// dump returns every value of every table as text.
func (s *suite) dump() string {
	s.Helper()
	db := s.raw()
	list := `SELECT name FROM sqlite_master WHERE type = 'table'`
	if strings.HasPrefix(s.dsn, "postgres://") {
		list = `SELECT tablename FROM pg_tables WHERE schemaname = current_schema()`
	}
	rows, err := db.Query(list)
	s.must(err)
	var tables []string
	for rows.Next() {
		var name string
		s.must(rows.Scan(&name))
		tables = append(tables, name)
	}
	s.must(rows.Err())
	var b strings.Builder
	for _, table := range tables {
		rows, err := db.Query(`SELECT * FROM ` + table) //nolint:gosec // a name of our own schema
		s.must(err)
		columns, err := rows.Columns()
		s.must(err)
		for rows.Next() {
			values := make([]any, len(columns))
			for i := range values {
				values[i] = new(any)
			}
			s.must(rows.Scan(values...))
			for _, v := range values {
				switch v := (*(v.(*any))).(type) {
				case []byte:
					fmt.Fprintf(&b, "%s\n", v)
				default:
					fmt.Fprintln(&b, v)
				}
			}
		}
		s.must(rows.Err())
	}
	return b.String()
}

func (s *suite) openWith(ring *vault.Ring) *store.DB {
	s.Helper()
	db, err := store.Open(s.Context(), s.dsn, store.Options{Keys: ring})
	s.must(err)
	s.Cleanup(func() { s.close(db) })
	return db
}

var sealedCases = []testCase{
	{"nothing that a citizen said of herself stands in the database as she said it", func(s *suite) {
		db := s.open()
		id := s.spill(db, "a-ref-that-nobody-guesses")
		if all := s.dump(); strings.Contains(all, "张三丰") || !strings.Contains(all, id) {
			s.Fatal("her words stand in the database, or nothing was read")
		}
		s.unspilled(db, id, "a-ref-that-nobody-guesses")
	}},
	{"rows of before there were keys are read, and without the key sealed ones say what is missing", func(s *suite) {
		bare := s.openWith(nil)
		old := s.spill(bare, "old-ref-0123456789")
		if !strings.Contains(s.dump(), "张三丰") {
			s.Fatal("the old rows are not readable: the case proves nothing")
		}
		db := s.open()
		s.unspilled(db, old, "old-ref-0123456789")
		fresh := s.spill(db, "new-ref-0123456789")
		s.unspilled(db, fresh, "new-ref-0123456789")
		_, err := bare.Messages(s.Context(), fresh, 0, 10)
		s.wantCode(err, fault.Unavailable)
		_, err = bare.Trace(s.Context(), fresh, 2)
		s.wantCode(err, fault.Unavailable)
		if _, err = bare.Conversation(s.Context(), fresh); !strings.Contains(fault.MessageOf(err), "keys.data") {
			s.Fatalf("the message does not say what to do: %v", err)
		}
	}},
	{"other keys than the database was written with are refused, whatever was written", func(s *suite) {
		s.close(s.open())
		other, err := vault.NewKey("other")
		s.must(err)
		ring, err := vault.Parse(other)
		s.must(err)
		_, err = store.Open(s.Context(), s.dsn, store.Options{Keys: ring})
		s.wantCode(err, fault.Conflict)
		if !strings.Contains(fault.MessageOf(err), "suite") {
			s.Fatalf("the message does not name the key: %v", err)
		}
	}},
	{"a line that was moved to another conversation does not open", func(s *suite) {
		db := s.open()
		s.spill(db, "first")
		second := s.spill(db, "second")
		s.exec(`UPDATE messages SET text = (SELECT text FROM messages WHERE ref = 'first') WHERE ref = 'second'`)
		_, err := db.Messages(s.Context(), second, 0, 10)
		s.wantCode(err, fault.Internal)
	}},
	{"a line that looks like a sealed one is a line", func(s *suite) {
		for _, db := range []*store.DB{s.openWith(nil), s.open()} {
			m := Line(fmt.Sprintf("r %p", db))
			m.Text = "\x01s:AAAA"
			id := s.receive(db, m).Conversation.ID
			all, err := db.Messages(s.Context(), id, 0, 10)
			s.must(err)
			if !strings.HasSuffix(all[0].Text, "s:AAAA") {
				s.Errorf("%q", all[0].Text)
			}
		}
	}},
	{"rotation seals every field anew in batches, and then the old key is not needed", func(s *suite) {
		key := func(id string) string { k, err := vault.NewKey(id); s.must(err); return k }
		ring := func(keys ...string) *vault.Ring {
			r, err := vault.Parse(strings.Join(keys, ","))
			s.must(err)
			return r
		}
		k1, k2 := key("k1"), key("k2")
		s.spill(s.openWith(nil), "a-ref-of-the-first-01")
		first := s.openWith(ring(k1))
		s.spill(first, "a-ref-of-the-first-02")
		s.hire(first, account("1", "editor"))
		s.must(s.change(first, "1", func(a *auth.Account) { a.TOTP = "SECRET" }))
		both := s.openWith(ring(k2, k1))
		id := s.spill(both, "a-ref-of-the-first-03")
		for _, want := range []bool{true, false} { // the second time there is nothing to do
			n := 0
			s.must(both.Reseal(s.Context(), 1, func(done int) { n += done }))
			if (n > 0) != want {
				s.Fatalf("%d fields were sealed anew", n)
			}
		}
		use, err := both.KeyUse(s.Context())
		s.must(err)
		if use["k1"] != 0 || use[""] != 0 || use["k2"] < 16 {
			s.Fatalf("%v", use)
		}
		last := s.openWith(ring(k2))
		s.unspilled(last, id, "a-ref-of-the-first-03")
		if a := s.account(last, "1"); a.TOTP != "SECRET" {
			s.Fatalf("%+v", a)
		}
		r, err := last.VerifyAudit(s.Context(), 0, "")
		s.must(err)
		if r.Broken != "" {
			s.Fatal(r.Broken)
		}
		if strings.Contains(s.dump(), "张三丰") {
			s.Fatal("a field of before there were keys is readable")
		}
	}},
}
