package web_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"shenwei/web/live"
)

func TestAConversationBeginsWithTheFirstSay(t *testing.T) {
	s := newSite(t, nil)
	c := s.dial("Origin", s.http.URL)
	c.send(object{"type": "hello"})
	if f := c.want("ready"); f.Conversation != "" || f.Token != "" || f.Seq != 0 {
		t.Fatalf("ready %+v", f)
	}
	c.send(say("r1", "护照丢了"))
	ready := c.want("ready")
	if ready.Conversation == "" || ready.Token == "" {
		t.Fatalf("second ready %+v", ready)
	}
	if ack := c.want("ack"); ack.Ref != "r1" || ack.Seq != 1 {
		t.Fatalf("ack %+v", ack)
	}
	reply := c.want("reply")
	if reply.Ref != "r1" || reply.Reply.Seq != 2 || reply.Reply.Text != "答：护照丢了" || reply.Reply.Token != "" {
		t.Fatalf("reply %+v", reply)
	}
	c.send(object{"type": "choose", "ref": "r2", "code": "CRJ-011"})
	c.want("ack")
	if f := c.want("reply"); f.Reply.Text != "答：选了 CRJ-011" {
		t.Fatalf("reply %+v", f)
	}
	if n := s.store.readCount(); n != 0 {
		t.Errorf("the store was read %d times for a connection that knows all its rows", n)
	}
}

func TestASayWithoutAHelloBeginsAConversationToo(t *testing.T) {
	s := newSite(t, nil)
	c := s.dial()
	c.send(say("r1", "护照"))
	c.want("ready")
	c.want("ack")
	c.want("reply")
	c.send(hello("x", "y", 0))
	if f := c.want("error"); f.Error.Code != "bad_request" {
		t.Errorf("a late hello: %+v", f)
	}
}

func TestMissedRowsComeAsEventsBeforeReady(t *testing.T) {
	s := newSite(t, nil)
	first := s.say("", "", "r1", "一")
	s.say(first.Conversation, first.Token, "r2", "二")
	for after, want := range map[int64]string{0: "1 2 3 4", 2: "3 4", 4: "", 99: "1 2 3 4"} {
		c := s.dial()
		c.send(hello(first.Conversation, first.Token, after))
		var seqs []string
		f := c.next()
		for ; f.Type == "event"; f = c.next() {
			seqs = append(seqs, fmt.Sprint(f.Seq))
			if (f.Kind == "reply") != (f.Reply != nil) || f.Text == "" || (f.Kind == "citizen") != (f.Ref != "") {
				t.Errorf("event %+v", f)
			}
		}
		if f.Type != "ready" || f.Seq != 4 || f.Conversation != first.Conversation || f.Token != first.Token {
			t.Errorf("ready %+v", f)
		}
		if got := strings.Join(seqs, " "); got != want {
			t.Errorf("after %d: %s, want %s", after, got, want)
		}
	}
}

func TestAManyPagesLongConversationIsResumedWhole(t *testing.T) {
	s := newSite(t, nil)
	first := s.say("", "", "r1", "一")
	for i := range 700 {
		s.store.write(first.Conversation, []string{"citizen", "reply"}[i%2], strings.Repeat("字", 2000))
	}
	c := s.dial()
	c.send(hello(first.Conversation, first.Token, 0))
	for want := int64(1); want <= 702; want++ {
		if f := c.want("event"); f.Seq != want {
			t.Fatalf("event %d, want %d", f.Seq, want)
		}
	}
	c.want("ready")
}

func TestAWrongTokenAndAnUnknownConversationAreClosedAlike(t *testing.T) {
	s := newSite(t, nil)
	mine, yours := s.say("", "", "r1", "秘密"), s.say("", "", "r2", "别的")
	for name, h := range map[string]object{
		"wrong token":          hello(mine.Conversation, "wrong", 0),
		"no token":             hello(mine.Conversation, "", 0),
		"another's token":      hello(mine.Conversation, yours.Token, 0),
		"unknown conversation": hello("01JNOWHERE", mine.Token, 0),
	} {
		t.Run(name, func(t *testing.T) {
			c := s.dial()
			c.send(h)
			if f := c.want("error"); f.Error.Code != "not_found" || strings.Contains(f.Error.Message, "秘密") {
				t.Errorf("error %+v", f)
			}
			c.wantClosed(live.CloseForbidden)
		})
	}
}

func TestOtherTabsGetEveryRowOnceAndInOrder(t *testing.T) {
	s := newSite(t, nil)
	one := s.dial()
	ready, _ := one.begin("a0", "零")
	two := s.dial()
	two.send(hello(ready.Conversation, ready.Token, 2))
	two.want("ready")
	const lines = 50
	for i := range lines {
		one.send(say(fmt.Sprintf("a%d", i+1), "甲"))
		two.send(say(fmt.Sprintf("b%d", i+1), "乙"))
	}
	for name, c := range map[string]*client{"one": one, "two": two} {
		acks, replies, last := 0, 0, int64(2)
		own := map[int64]bool{}
		for rows := 0; acks < lines || replies < lines || rows < 4*lines-lines; {
			f := c.next()
			switch f.Type {
			case "ack":
				acks++
				own[f.Seq] = true
			case "event":
				rows++
				if f.Seq <= last || own[f.Seq] {
					t.Fatalf("%s: event %d after %d", name, f.Seq, last)
				}
				last = f.Seq
			case "reply":
				rows++
				replies++
				if f.Reply.Seq <= last {
					t.Fatalf("%s: reply %d after %d", name, f.Reply.Seq, last)
				}
				last = f.Reply.Seq
			default:
				t.Fatalf("%s: %+v", name, f)
			}
		}
	}
}

func TestALineSentAgainIsAnsweredAgainAndStoredOnce(t *testing.T) {
	s := newSite(t, nil)
	one := s.dial()
	ready, reply := one.begin("ref-that-cannot-be-guessed", "护照")
	_ = one.ws.Close()

	resumed := s.dial() // it had got nothing: the hello is empty, the line has its old ref
	again, same := resumed.begin("ref-that-cannot-be-guessed", "护照")
	if again.Conversation != ready.Conversation || same.Reply.Seq != reply.Reply.Seq {
		t.Fatalf("again %+v %+v", again, same)
	}
	known := s.dial() // it had got everything
	known.send(hello(ready.Conversation, again.Token, 2))
	known.want("ready")
	known.send(say("ref-that-cannot-be-guessed", "护照"))
	if f := known.want("ack"); f.Seq != 1 {
		t.Errorf("ack %+v", f)
	}
	if f := known.want("reply"); f.Reply.Seq != 2 || f.Ref != "ref-that-cannot-be-guessed" {
		t.Errorf("reply %+v", f)
	}
}

func TestAGuessedRefOpensNoConversation(t *testing.T) {
	s := newSite(t, nil)
	victim := s.dial()
	ready, _ := victim.begin("1", "你好")
	thief := s.dial()
	thief.send(say("1", "你好"))
	if f := thief.want("ack"); f.Seq != 1 {
		t.Errorf("ack %+v", f)
	}
	thief.want("reply")
	victim.send(say("2", "我的秘密"))
	victim.want("ack")
	victim.want("reply")
	thief.send(say("3", "我是谁"))
	if f := thief.want("ready"); f.Conversation == ready.Conversation {
		t.Error("a guessed ref opened another visitor's conversation")
	}
}

func TestASlowAnswerDoesNotHoldBackWhatAnotherWrites(t *testing.T) {
	s := newSite(t, nil)
	c := s.dial()
	ready, _ := c.begin("r0", "零")
	c.send(say("r1", "慢慢来"))
	c.want("ack")
	row := s.store.write(ready.Conversation, "citizen", "另一处写的") // 4, by another node
	s.hub.Committed(ready.Conversation, row)
	c.send(say("r2", "二"))
	if f := c.want("ack"); f.Seq != 5 {
		t.Errorf("ack %+v", f)
	}
	s.answer.release()
	var order []string
	for range 3 {
		f := c.next()
		order = append(order, f.Type+" "+f.Ref)
	}
	if got := strings.Join(order, ", "); got != "event , reply r1, reply r2" {
		t.Errorf("order %s", got)
	}
}

func TestABadFrameGetsAnErrorAndTheConnectionStays(t *testing.T) {
	s := newSite(t, nil)
	c := s.dial()
	c.send(object{"type": "hello"})
	c.want("ready")
	for _, bad := range []string{
		``, `null`, `[]`, `{}`, `"say"`, `{"type":5}`, `{"type":"fly"}`, `{"type":"say","ref":"x"`, `{"type":"say"}`,
	} {
		c.raw(websocket.TextMessage, []byte(bad))
		if f := c.want("error"); f.Error.Code != "bad_request" || f.Error.Message == "" {
			t.Errorf("%q: %+v", bad, f)
		}
	}
	for ref, frame := range map[string]object{
		"a": {"type": "say", "ref": "a", "text": 5}, "b": {"type": "choose", "ref": "b"},
	} {
		c.send(say("ok"+ref, "好")) // a good frame between: the count of bad ones begins again
		for f := c.next(); f.Type != "reply"; f = c.next() {
			continue
		}
		c.send(frame)
		if f := c.want("error"); f.Ref != ref {
			t.Errorf("error of %s: %+v", ref, f)
		}
	}
	for _, text := range []string{"", "  ", "\u202e", strings.Repeat("啊", 4001)} {
		c.send(say("empty", text))
		if f := c.want("error"); f.Ref != "empty" || (f.Error.Code != "bad_request" && f.Error.Code != "too_large") {
			t.Errorf("%.20q: %+v", text, f)
		}
	}
	c.send(say("bad", "坏的"))
	c.want("ack")
	if f := c.want("error"); f.Error.Code != "internal" || f.Error.ID == "" || strings.Contains(f.Error.Message, "hunter2") {
		t.Errorf("internal error: %+v", f)
	}
}

func TestTenBadFramesInARowCloseTheConnection(t *testing.T) {
	s := newSite(t, nil)
	c := s.dial()
	for range 10 {
		c.raw(websocket.TextMessage, []byte("?"))
	}
	c.wantClosed(websocket.ClosePolicyViolation)
}

func TestFramesOfTheWrongKindClose(t *testing.T) {
	s := newSite(t, nil)
	for name, c := range map[string]struct {
		kind int
		data string
		code int
	}{
		"binary":               {websocket.BinaryMessage, `{"type":"hello"}`, websocket.CloseUnsupportedData},
		"invalid UTF-8":        {websocket.TextMessage, "{\"type\":\"say\",\"text\":\"\xff\"}", websocket.CloseInvalidFramePayloadData},
		"33 KiB":               {websocket.TextMessage, strings.Repeat("a", 33<<10), websocket.CloseMessageTooBig},
		"a million 啊 and more": {websocket.TextMessage, strings.Repeat("啊", 1_000_000), websocket.CloseMessageTooBig},
		"a reserved opcode":    {-1, "\x83\x80\x00\x00\x00\x00", websocket.CloseProtocolError},
		"an unmasked frame":    {-1, "\x81\x02{}", websocket.CloseProtocolError},
	} {
		t.Run(name, func(t *testing.T) {
			conn := s.dial()
			if c.kind < 0 {
				if _, err := conn.ws.NetConn().Write([]byte(c.data)); err != nil {
					t.Fatal(err)
				}
			} else {
				_ = conn.ws.WriteMessage(c.kind, []byte(c.data)) // the server may close before all is written
			}
			conn.wantClosed(c.code)
		})
	}
}

func TestStrangeTextsTravelOverTheSocket(t *testing.T) {
	s := newSite(t, nil)
	c := s.dial()
	c.send(say("r", "开始"))
	c.want("ready")
	c.want("ack")
	c.want("reply")
	for name, text := range strange {
		c.send(say(name, text))
		c.want("ack")
		if f := c.want("reply"); f.Ref != name || strings.ContainsAny(f.Reply.Text, "\u202e\x00\x07\x1b") {
			t.Errorf("%s: %+v", name, f)
		}
	}
}

func TestAStoreThatFailsIsToldAndNothingIsAcknowledged(t *testing.T) {
	s := newSite(t, nil)
	c := s.dial()
	ready, _ := c.begin("r1", "一")
	s.store.fail(errNoStore)
	c.send(say("r2", "二"))
	if f := c.want("error"); f.Ref != "r2" || f.Error.Code != "unavailable" || f.Error.RetryAfter == 0 {
		t.Errorf("error %+v", f)
	}
	other := s.dial()
	other.send(hello(ready.Conversation, ready.Token, 0))
	if f := other.want("error"); f.Error.Code != "unavailable" {
		t.Errorf("hello %+v", f)
	}
	other.wantClosed(websocket.CloseTryAgainLater)
	s.store.fail(nil)
	c.send(say("r2", "二"))
	c.want("ack")
	c.want("reply")
}

func TestAHintOfARowThatCannotBeReadYetDoesNoHarm(t *testing.T) {
	s := newSite(t, nil)
	c := s.dial()
	ready, _ := c.begin("r1", "一")
	s.hub.Committed(ready.Conversation, 9) // another node's row, not visible here yet
	c.send(say("r2", "二"))
	c.want("ack")
	c.want("reply")
	s.hub.Committed(ready.Conversation, s.store.write(ready.Conversation, "reply", "坐席的话"))
	if f := c.want("event"); f.Seq != 5 || f.Reply.Text != "坐席的话" {
		t.Errorf("event %+v", f)
	}
}

func TestAConnectionWhoseRowsCannotBeReadComesBackLater(t *testing.T) {
	s := newSite(t, nil)
	c := s.dial()
	ready, _ := c.begin("r1", "一")
	row := s.store.write(ready.Conversation, "reply", "坐席的话")
	s.store.fail(errNoStore)
	s.hub.Committed(ready.Conversation, row)
	c.wantClosed(websocket.CloseTryAgainLater)
}

func TestShutdownSendsSocketsAwayWithAHint(t *testing.T) {
	s := newSite(t, nil)
	c := s.dial()
	c.send(object{"type": "hello"})
	c.want("ready")
	done := make(chan error)
	go func() { done <- s.hub.Shutdown(t.Context().Done()) }()
	c.wantClosed(websocket.CloseTryAgainLater)
	if err := <-done; err != nil {
		t.Error(err)
	}
	if s.hub.Len() != 0 {
		t.Errorf("%d connections are left", s.hub.Len())
	}
	if _, res, err := s.tryDial("/ws/chat"); err == nil || res.StatusCode != 503 {
		t.Errorf("a new connection after shutdown: %v %v", err, res)
	}
}
