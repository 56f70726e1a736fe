package storetest

import (
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"shenwei/bot"
	"shenwei/internal/audit"
	"shenwei/internal/fault"
	"shenwei/internal/outbox"
	"shenwei/internal/store"
	"shenwei/web/wechat"
)

func pushed(ref string) (wechat.Taken, wechat.Seen) {
	p := wechat.Push{To: "gh_1", From: "o1", Created: Noon.Unix(), Type: "text", ID: ref, Text: "你好\x00"}
	return wechat.Taken{Ref: ref, Conversation: "wx-1", Push: p, At: Noon}, seen(wechat.OpensMessage, Noon)
}

func seen(opens wechat.Opening, at time.Time) wechat.Seen {
	return wechat.Seen{Contact: wechat.Contact{Conversation: "wx-1", Account: "wx1", OpenID: "o1", Following: true}, Opens: opens, At: at}
}

func (s *suite) take(db *store.DB, ref string) wechat.Taken {
	s.Helper()
	p, by := pushed(ref)
	t, err := db.TakePush(s.Context(), p, by)
	s.must(err)
	return t
}

func (s *suite) contact(db *store.DB) wechat.Contact {
	s.Helper()
	c, err := db.Contact(s.Context(), "wx-1")
	s.must(err)
	return c
}

func send(key string) []outbox.Entry {
	return []outbox.Entry{{Kind: "test", Lane: wechat.Lane("wx-1"), Key: key, Body: []byte("x"), Due: Noon}}
}

var wechatCases = []testCase{
	{"a push is taken once and leaves its state once", func(s *suite) {
		db, other := s.open(), s.open()
		if t := s.take(db, "r"); !t.First || t.State != wechat.Open {
			s.Fatalf("%+v", t)
		}
		again := s.take(other, "r")
		if again.First || again.State != wechat.Open || again.Push.Text != "你好" || again.Conversation != "wx-1" || !again.At.Equal(Noon) {
			s.Fatalf("%+v", again)
		}
		var won atomic.Int64
		s.parallel(20, func(i int) {
			to, body := wechat.Passive, []byte("<xml/>")
			if i%2 == 1 {
				to, body = wechat.Done, nil
			}
			ok, err := []*store.DB{db, other}[i/10].SettlePush(s.Context(), "r", wechat.Open, to, body, send("e"))
			if err != nil {
				s.Error(err)
			}
			if ok {
				won.Add(1)
			}
		})
		if won.Load() != 1 {
			s.Fatalf("%d winners", won.Load())
		}
		if rows := s.claimRows(db, "one", Noon); len(rows) != 1 {
			s.Fatalf("%d rows in the outbox", len(rows))
		}
		t, err := other.Push(s.Context(), "r")
		s.must(err)
		if t.State == wechat.Passive != (string(t.Body) == "<xml/>") {
			s.Fatalf("%s with %q", t.State, t.Body)
		}
		_, err = db.Push(s.Context(), "unheard-of")
		s.wantCode(err, fault.NotFound)
	}},
	{"who loses the race puts nothing into the outbox", func(s *suite) {
		db := s.open()
		s.take(db, "r")
		for i, want := range []bool{true, false} {
			ok, err := db.SettlePush(s.Context(), "r", wechat.Open, wechat.Deferred, nil, nil)
			s.must(err)
			if ok != want {
				s.Fatalf("try %d: %v", i, ok)
			}
		}
		ok, err := db.SettlePush(s.Context(), "r", wechat.Open, wechat.Passive, []byte("b"), send("lost"))
		s.must(err)
		if rows := s.claimRows(db, "one", Noon); ok || len(rows) != 0 {
			s.Fatalf("%v, %d rows", ok, len(rows))
		}
	}},
	{"pushes whose answer is not out are found when they are old", func(s *suite) {
		db := s.open()
		for _, ref := range []string{"a", "b", "c", "d"} {
			s.take(db, ref)
		}
		for ref, to := range map[string]wechat.PushState{"b": wechat.Passive, "c": wechat.Deferred, "d": wechat.Done} {
			_, err := db.SettlePush(s.Context(), ref, wechat.Open, to, nil, nil)
			s.must(err)
		}
		open, err := db.OpenPushes(s.Context(), Noon.Add(time.Second), 10)
		s.must(err)
		if len(open) != 2 {
			s.Fatalf("%+v", open)
		}
		open, err = db.OpenPushes(s.Context(), Noon, 10)
		s.must(err)
		if len(open) != 0 {
			s.Fatalf("%d too young", len(open))
		}
		s.must(db.PrunePushes(s.Context(), Noon.Add(time.Hour)))
		for ref, there := range map[string]bool{"a": true, "b": false, "c": true, "d": false} {
			if _, err := db.Push(s.Context(), ref); fault.Is(err, fault.NotFound) == there {
				s.Errorf("%s: %v", ref, err)
			}
		}
	}},
	{"a message opens five in 48 hours, a click three in a minute, and they are taken one by one", func(s *suite) {
		db := s.open()
		s.take(db, "r")
		if w := s.contact(db).Window; w.Left(Noon) != 5 || w.Left(Noon.Add(48*time.Hour)) != 0 || !w.Until().Equal(Noon.Add(48*time.Hour)) {
			s.Fatalf("%+v", w)
		}
		s.must(db.TouchContact(s.Context(), seen(wechat.OpensMoment, Noon.Add(time.Hour))))
		at := Noon.Add(time.Hour + time.Second)
		var moments, messages, none atomic.Int64
		s.parallel(12, func(int) {
			spent, err := db.SpendSend(s.Context(), "wx-1", at)
			if err != nil {
				s.Error(err)
			}
			map[wechat.Spend]*atomic.Int64{wechat.SpentMoment: &moments, wechat.SpentMessage: &messages, wechat.SpentNone: &none}[spent].Add(1)
		})
		if moments.Load() != 3 || messages.Load() != 5 || none.Load() != 4 {
			s.Fatalf("%d moments, %d messages, %d none", moments.Load(), messages.Load(), none.Load())
		}
		s.must(db.RefundSend(s.Context(), "wx-1", wechat.SpentMessage))
		s.must(db.RefundSend(s.Context(), "wx-1", wechat.SpentNone))
		if n := s.contact(db).Window.Left(at); n != 1 {
			s.Fatalf("%d left after a refund", n)
		}
		s.must(db.CloseWindow(s.Context(), "wx-1"))
		if spent, err := db.SpendSend(s.Context(), "wx-1", at); err != nil || spent != wechat.SpentNone {
			s.Fatalf("%q %v", spent, err)
		}
	}},
	{"a copy or an older push never opens a window again", func(s *suite) {
		db := s.open()
		s.take(db, "r")
		for range 2 {
			_, err := db.SpendSend(s.Context(), "wx-1", Noon)
			s.must(err)
		}
		s.take(db, "r")
		s.must(db.TouchContact(s.Context(), seen(wechat.OpensMessage, Noon.Add(-time.Hour))))
		if n := s.contact(db).Window.Left(Noon); n != 3 {
			s.Fatalf("%d left", n)
		}
		for i, at := range []time.Time{Noon, Noon.Add(time.Minute)} { // in the same second, and later
			p, by := pushed(fmt.Sprint("next", i))
			by.At = at
			_, err := db.TakePush(s.Context(), p, by)
			s.must(err)
			if n := s.contact(db).Window.Left(Noon); n != 5 {
				s.Fatalf("%d left after her next word", n)
			}
			_, err = db.SpendSend(s.Context(), "wx-1", Noon)
			s.must(err)
		}
	}},
	{"her next word releases what was held; leaving gives it up", func(s *suite) {
		db := s.open()
		s.take(db, "r")
		s.must(db.AddOutbox(s.Context(), send("held")...))
		hold := func() {
			rows := s.claimRows(db, "one", Noon.Add(time.Hour))
			if len(rows) != 1 {
				s.Fatalf("%d rows", len(rows))
			}
			s.must(db.SettleOutbox(s.Context(), rows[0], "one", outbox.Verdict{State: outbox.Held}))
		}
		hold()
		s.take(db, "r2")
		hold()
		gone := seen(wechat.OpensNothing, Noon.Add(time.Minute))
		gone.Contact.Following = false
		s.must(db.TouchContact(s.Context(), gone))
		if c := s.contact(db); c.Following || c.OpenID != "o1" || c.Account != "wx1" {
			s.Fatalf("%+v", c)
		}
		rows, err := db.Outbox(s.Context(), wechat.Lane("wx-1"))
		s.must(err)
		if len(rows) != 1 || rows[0].State != outbox.Failed || rows[0].Note == "" {
			s.Fatalf("%+v", rows)
		}
		s.must(db.TouchContact(s.Context(), seen(wechat.OpensMoment, Noon.Add(2*time.Minute))))
		s.must(db.Leave(s.Context(), "wx-1"))
		if s.contact(db).Following {
			s.Fatal("she blocked the account")
		}
		_, err = db.Contact(s.Context(), "desk-1")
		s.wantCode(err, fault.NotFound)
	}},
	{"a batch and how far it was read are stored together, each message once", func(s *suite) {
		db := s.open()
		a, byA := pushed("a")
		b, byB := pushed("b")
		fresh, err := db.TakeBatch(s.Context(), "kf1", "", "c1", []wechat.Taken{a, b}, []wechat.Seen{byA, byB})
		s.must(err)
		if len(fresh) != 2 || !fresh[0].First {
			s.Fatalf("%+v", fresh)
		}
		c, byC := pushed("c")
		fresh, err = db.TakeBatch(s.Context(), "kf1", "c1", "c2", []wechat.Taken{b, c}, []wechat.Seen{byB, byC})
		s.must(err)
		if len(fresh) != 1 || fresh[0].Ref != "c" {
			s.Fatalf("%+v", fresh)
		}
		for account, want := range map[string]string{"kf1": "c2", "kf2": ""} {
			if got, err := db.Cursor(s.Context(), account); err != nil || got != want {
				s.Fatalf("%s: %q %v", account, got, err)
			}
		}
	}},
	{"a visitor's conversation is made once and opened by each of her tokens", func(s *suite) {
		db := s.open()
		first, err := db.OpenConversation(s.Context(), "wx-1", bot.WeChat)
		s.must(err)
		second, err := db.OpenConversation(s.Context(), "wx-1", bot.WeChat)
		s.must(err)
		s.must(db.Authorize(s.Context(), "wx-1", first))
		s.must(db.Authorize(s.Context(), "wx-1", second))
		s.gapFree(s.Context(), db, "wx-1", 0)
		if r := s.next(db, "wx-1", "a"); r.Seq != 1 || r.Conversation.Channel != bot.WeChat {
			s.Fatalf("%+v", r)
		}
		s.commit(db, Outcome(s.next(db, "wx-1", "b"), "b"))
	}},
	{"her words and who she is stand nowhere readable, and go when she asks", func(s *suite) {
		db := s.open()
		p, by := pushed("r")
		p.Push.Text, p.Push.From, by.Contact.OpenID = "我叫张三丰", "openid-of-zhang", "openid-of-zhang"
		_, err := db.TakePush(s.Context(), p, by)
		s.must(err)
		s.next(db, "wx-1", "r")
		entries := send("e")
		entries[0].Body = []byte("张三丰，您好")
		_, err = db.SettlePush(s.Context(), "r", wechat.Open, wechat.Passive, []byte("<to>openid-of-zhang</to>"), entries)
		s.must(err)
		for _, column := range []string{"wechat_pushes.push", "wechat_pushes.body", "wechat_contacts.openid", "outbox.body"} {
			table, name, _ := strings.Cut(column, ".")
			var stored string
			s.must(s.raw().QueryRow(`SELECT ` + name + ` FROM ` + table).Scan(&stored))
			if strings.Contains(stored, "张三丰") || strings.Contains(stored, "zhang") || stored == "" {
				s.Errorf("%s is readable: %q", column, stored)
			}
		}
		if c := s.contact(db); c.OpenID != "openid-of-zhang" {
			s.Errorf("%+v", c)
		}
		if rows := s.claimRows(db, "one", Noon); len(rows) != 1 || string(rows[0].Body) != "张三丰，您好" {
			s.Errorf("%+v", rows)
		}
		_, err = db.DeleteConversation(s.Context(), "wx-1", audit.Entry{Actor: "admin", Action: "citizen.delete", Object: "wx-1"})
		s.must(err)
		for _, table := range []string{"wechat_pushes", "wechat_contacts", "outbox"} {
			var n int
			s.must(s.raw().QueryRow(`SELECT COUNT(*) FROM ` + table).Scan(&n))
			if n != 0 {
				s.Errorf("%d rows are left in %s", n, table)
			}
		}
	}},
	{"who follows and never wrote is exported, deleted on request, and forgotten with time", func(s *suite) {
		db := s.open()
		s.must(db.TouchContact(s.Context(), seen(wechat.OpensMoment, Noon)))
		body, err := db.ExportConversation(s.Context(), "wx-1")
		s.must(err)
		if !strings.Contains(string(body), "wechat_contacts") {
			s.Errorf("%s", body)
		}
		d, err := db.DeleteConversation(s.Context(), "wx-1", audit.Entry{Actor: "admin", Action: "citizen.delete", Object: "wx-1"})
		s.must(err)
		if d.Other != 1 || d.Conversations != 0 {
			s.Errorf("%+v", d)
		}
		_, err = db.Contact(s.Context(), "wx-1")
		s.wantCode(err, fault.NotFound)
		for _, x := range []struct {
			seen time.Time
			gone bool
		}{{Noon.Add(-48 * time.Hour), true}, {Noon, false}} {
			s.must(db.TouchContact(s.Context(), seen(wechat.OpensMoment, x.seen)))
			s.pass(db, Noon.Add(-24*time.Hour))
			if _, err := db.Contact(s.Context(), "wx-1"); fault.Is(err, fault.NotFound) != x.gone {
				s.Errorf("seen at %s: %v", x.seen, err)
			}
		}
	}},
}
