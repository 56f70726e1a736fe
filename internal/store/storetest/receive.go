package storetest

import (
	"strings"

	"shenwei/bot"
	"shenwei/internal/fault"
)

const longRef = "01JD0000-0000-4000-8000-000000000001"

var receiveCases = []testCase{
	{"a line without a conversation begins one, with a token that opens it", func(s *suite) {
		db := s.open()
		r := s.begin(db, "a")
		if r.Seq != 1 || r.Duplicate || len(r.Token) < 43 || len(r.Conversation.ID) != 26 || r.Conversation.Version != 1 {
			s.Fatalf("%+v", r)
		}
		c, err := db.Conversation(s.Context(), r.Conversation.ID)
		s.must(err)
		s.same(c, r.Conversation)
		m := Line("b")
		m.Conversation, m.Token = r.Conversation.ID, r.Token
		r2 := s.receive(db, m)
		if r2.Seq != 2 || r2.Token != "" || r2.Conversation.Version != 1 || r2.Conversation.Seq != 2 {
			s.Fatalf("%+v", r2)
		}
		if other := s.begin(db, "c"); other.Token == r.Token || other.Conversation.ID == r.Conversation.ID {
			s.Fatal("two conversations share a token or an id")
		}
	}},
	{"a wrong token and an unknown conversation are the same fault", func(s *suite) {
		db := s.open()
		a, b := s.begin(db, "a"), s.begin(db, "b")
		var said []string
		for _, m := range []bot.Message{
			{Conversation: a.Conversation.ID, Token: b.Token}, {Conversation: a.Conversation.ID},
			{Conversation: "01JD0000000000000000000000", Token: a.Token}, {Conversation: "no\x00such", Token: a.Token},
		} {
			m.Channel, m.Ref, m.Text = bot.Web, "c", "你好"
			_, err := db.Receive(s.Context(), m)
			if strings.Contains(m.Conversation, "\x00") {
				s.wantCode(err, fault.BadRequest)
				continue
			}
			s.wantCode(err, fault.NotFound)
			said = append(said, err.Error())
			s.wantCode(db.Authorize(s.Context(), m.Conversation, m.Token), fault.NotFound)
		}
		if said[0] != said[1] || said[0] != said[2] {
			s.Fatalf("told apart: %q", said)
		}
		s.must(db.Authorize(s.Context(), a.Conversation.ID, a.Token))
		s.gapFree(s.Context(), db, a.Conversation.ID, 1)
	}},
	{"no token is stored in the clear", func(s *suite) {
		db := s.open()
		r := s.begin(db, "a")
		var n int
		s.must(s.raw().QueryRow(`SELECT COUNT(*) FROM tokens WHERE CAST(hash AS TEXT) = $1`, r.Token).Scan(&n))
		o := Outcome(r, "a")
		o.Reply.Token = r.Token
		if got := s.commit(db, o); got.Token != "" {
			s.Fatal("the stored reply carries a token")
		}
		s.must(s.raw().QueryRow(`SELECT COUNT(*) FROM messages WHERE reply LIKE $1`, "%"+r.Token+"%").Scan(&n))
		if n != 0 {
			s.Fatal("a token stands in a stored reply")
		}
	}},
	{"a trusted caller needs no token and may name a new conversation", func(s *suite) {
		db := s.open()
		r := s.next(db, "desk-1", "a")
		if r.Conversation.ID != "desk-1" || r.Seq != 1 || r.Conversation.Owner != bot.OwnerBot {
			s.Fatalf("%+v", r)
		}
		if r = s.next(db, "desk-1", "b"); r.Seq != 2 {
			s.Fatalf("%+v", r)
		}
		c, err := db.Conversation(s.Context(), "desk-1")
		s.must(err)
		s.same(c, r.Conversation)
	}},
	{"a duplicate gets the stored reply, none while it is being answered", func(s *suite) {
		db := s.open()
		first := s.begin(db, "a")
		m := Line("a")
		m.Conversation, m.Token = first.Conversation.ID, first.Token
		r := s.receive(db, m)
		if !r.Duplicate || r.Reply != nil || r.Seq != 1 || r.Token != "" {
			s.Fatalf("%+v", r)
		}
		reply := s.commit(db, Outcome(first, "a"))
		s.next(db, first.Conversation.ID, "b")
		r = s.receive(db, m)
		if !r.Duplicate || r.Seq != 1 || r.Conversation.Version != 2 || r.Conversation.Seq != 3 {
			s.Fatalf("%+v", r)
		}
		s.same(r.Reply, reply)
		m.Token = "wrong"
		_, err := db.Receive(s.Context(), m)
		s.wantCode(err, fault.NotFound)
		s.gapFree(s.Context(), db, first.Conversation.ID, 3)
	}},
	{"the same ref on another channel is another line", func(s *suite) {
		db := s.open()
		s.begin(db, "a")
		m := Line("a")
		m.Channel = bot.H5
		if r := s.receive(db, m); r.Duplicate {
			s.Fatal("taken for a duplicate")
		}
	}},
	{"a ref of another conversation is a conflict and shows nothing", func(s *suite) {
		db := s.open()
		a := s.begin(db, "a")
		s.commit(db, Outcome(a, "a"))
		b := s.begin(db, "b")
		for _, conversation := range []string{b.Conversation.ID, "unheard-of"} {
			r, err := db.Receive(s.Context(), trusted(conversation, "a"))
			s.wantCode(err, fault.Conflict)
			if r.Reply != nil || r.Conversation.ID != "" {
				s.Fatalf("another conversation shows: %+v", r)
			}
		}
		_, err := db.Conversation(s.Context(), "unheard-of")
		s.wantCode(err, fault.NotFound)
		if r := s.next(db, b.Conversation.ID, "c"); r.Seq != 2 {
			s.Fatalf("the refused line left a gap: %+v", r)
		}
	}},
	{"a first line sent again gets a further token if its ref cannot be guessed", func(s *suite) {
		db := s.open()
		first := s.begin(db, longRef)
		again := s.begin(db, longRef)
		if !again.Duplicate || again.Conversation.ID != first.Conversation.ID || again.Token == "" || again.Token == first.Token {
			s.Fatalf("%+v", again)
		}
		s.must(db.Authorize(s.Context(), first.Conversation.ID, first.Token))
		s.must(db.Authorize(s.Context(), first.Conversation.ID, again.Token))
		s.begin(db, "short")
		if r := s.begin(db, "short"); !r.Duplicate || r.Token != "" {
			s.Fatalf("a ref that can be guessed yields a token: %+v", r)
		}
	}},
	{"a conversation has a bounded number of tokens, the newest", func(s *suite) {
		db := s.open()
		first := s.begin(db, longRef)
		var last bot.Receipt
		for range 20 {
			last = s.begin(db, longRef)
		}
		s.must(db.Authorize(s.Context(), first.Conversation.ID, last.Token))
		var n int
		s.must(s.raw().QueryRow(`SELECT COUNT(*) FROM tokens`).Scan(&n))
		if n > 8 {
			s.Fatalf("%d tokens", n)
		}
	}},
	{"a first line's ref with other words is a conflict", func(s *suite) {
		db := s.open()
		r := s.begin(db, longRef)
		m := Line(longRef)
		m.Text = "别的问题"
		_, err := db.Receive(s.Context(), m)
		s.wantCode(err, fault.Conflict)
		s.next(db, r.Conversation.ID, longRef+"-2")
		_, err = db.Receive(s.Context(), Line(longRef+"-2"))
		s.wantCode(err, fault.Conflict)
	}},
	{"NUL and invalid UTF-8 in a text are cleaned, in a name refused", func(s *suite) {
		db := s.open()
		m := Line("a")
		m.Text = "签\x00注\xff"
		r := s.receive(db, m)
		if again := s.receive(db, m); !again.Duplicate {
			s.Fatalf("%+v", again)
		}
		all := s.gapFree(s.Context(), db, r.Conversation.ID, 1)
		if all[0].Text != "签注\uFFFD" {
			s.Fatalf("%q", all[0].Text)
		}
		for _, bad := range []string{"a\x00b", "a\xffb", "", strings.Repeat("x", 300)} {
			_, err := db.Receive(s.Context(), Line(bad))
			s.wantCode(err, fault.BadRequest)
		}
		o := Outcome(r, "a")
		o.Reply.Text, o.Trace.Text, o.State.Question = "a\x00\xff", "b\x00\xff", "c\x00\xff"
		s.commit(db, o)
		_, err := db.Trace(s.Context(), r.Conversation.ID, 2)
		s.must(err)
	}},
	{"a text of 1 MiB is stored, a longer one is too large", func(s *suite) {
		db := s.open()
		m := Line("a")
		m.Text = strings.Repeat("a", 1<<20)
		r := s.receive(db, m)
		if all := s.gapFree(s.Context(), db, r.Conversation.ID, 1); all[0].Text != m.Text {
			s.Fatal("changed")
		}
		m.Ref, m.Text = "b", m.Text+"a"
		_, err := db.Receive(s.Context(), m)
		s.wantCode(err, fault.TooLarge)
	}},
}
