package wechat_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"shenwei/bot"
	"shenwei/internal/fault"
	"shenwei/internal/outbox"
	"shenwei/web/wechat"
	"shenwei/web/wechat/simulator"
)

const custom = "message/custom/send"

// agent has an agent's words sent and returns how she stands then.
func (w *world) agent(openid, key, text string) wechat.Standing {
	w.t.Helper()
	s, err := w.channel.SendText(w.t.Context(), w.conversation(openid), key, text)
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

// relayed is a world in which a person answers.
func relayed(t *testing.T, o options) *world {
	w := newWorld(t, o)
	w.answer.reply = func(bot.Turn) *bot.Reply { return &bot.Reply{Action: bot.Relayed} }
	w.say("o1", "转人工")
	return w
}

func TestEveryNumberOfTheTableHasItsConsequence(t *testing.T) {
	for code, want := range map[int]struct {
		shown    string // what she sees in the end
		calls    int
		leftover outbox.State // of the row, "" when it is sent
		after    time.Duration
	}{
		-1:    {"好", 2, "", time.Minute},
		40001: {"好", 2, "", 0},
		40014: {"好", 2, "", 0},
		42001: {"好", 2, "", 0},
		41001: {"好", 2, "", 0},
		40003: {"", 1, outbox.Failed, time.Hour},
		43004: {"", 1, outbox.Failed, time.Hour},
		43019: {"", 1, outbox.Failed, time.Hour},
		48002: {"", 1, outbox.Failed, time.Hour},
		40013: {"好", 2, "", 10 * time.Minute},
		40125: {"好", 2, "", 10 * time.Minute},
		40164: {"好", 2, "", 10 * time.Minute},
		61004: {"好", 2, "", 10 * time.Minute},
		48001: {"好", 2, "", 10 * time.Minute},
		48004: {"好", 2, "", 10 * time.Minute},
		50002: {"好", 2, "", 10 * time.Minute},
		45002: {"好", 2, "", 0},
		45008: {"好", 2, "", 0},
		45009: {"好", 2, "", 13 * time.Hour},
		45011: {"好", 2, "", 2 * time.Minute},
		45015: {"", 1, outbox.Held, time.Hour},
		45047: {"", 1, outbox.Held, time.Hour},
		45065: {"", 1, "", 0},
		45066: {"好", 2, "", 2 * time.Minute},
		40200: {"", 1, outbox.Failed, 0},
		47003: {"", 1, outbox.Failed, 0},
		99999: {"", 1, outbox.Failed, 0},
	} {
		for _, asText := range []bool{false, true} {
			w := relayed(t, options{})
			w.sim.Fail(custom, simulator.Fault{Code: code, Text: asText})
			w.agent("o1", "k", "好")
			w.send()
			if want.after > 0 {
				w.clock.add(want.after)
				w.send()
			}
			var shown string
			for _, b := range w.sim.Answers("o1") {
				shown += b.Text
			}
			s, err := w.channel.Standing(t.Context(), w.conversation("o1"))
			if err != nil {
				t.Fatal(err)
			}
			state := outbox.State("")
			if len(s.Waiting) > 0 {
				state = s.Waiting[0].State
			}
			if shown != want.shown || w.sim.Calls(custom) != want.calls || state != want.leftover {
				t.Errorf("%d (as text: %v): she sees %q after %d calls, the row is %q; want %+v", code, asText, shown, w.sim.Calls(custom), state, want)
			}
			if log := w.log.String(); strings.Contains(log, w.account.Secret) || strings.Contains(log, "token-") || strings.Contains(log, "o1") {
				t.Errorf("%d: a secret or an openid stands in the log:\n%s", code, log)
			}
		}
	}
}

func TestWhatMayHaveArrivedIsSentAgainOnceAtMost(t *testing.T) {
	for name, x := range map[string]struct {
		faults []simulator.Fault
		shown  int
		calls  int
		state  outbox.State
	}{
		"cut after it arrived, then well":   {[]simulator.Fault{{Reset: true, Late: true}}, 2, 2, ""},
		"cut before, then well":             {[]simulator.Fault{{Reset: true}}, 1, 2, ""},
		"cut twice":                         {[]simulator.Fault{{Reset: true, Late: true}, {Reset: true, Late: true}}, 2, 2, outbox.Unknown},
		"HTTP 500 twice":                    {[]simulator.Fault{{Status: 500}, {Status: 500}}, 0, 2, outbox.Unknown},
		"HTTP 503 ten times: it never came": {[]simulator.Fault{{Status: 503}, {Status: 503}, {Status: 503}, {Status: 503}, {Status: 503}, {Status: 503}, {Status: 503}, {Status: 503}, {Status: 503}, {Status: 503}}, 1, 11, ""},
	} {
		w := relayed(t, options{})
		w.sim.Fail(custom, x.faults...)
		w.agent("o1", "k", "好")
		for range 15 {
			w.send()
			w.clock.add(5 * time.Minute)
		}
		if n := len(w.sim.Answers("o1")); n != x.shown || w.sim.Calls(custom) != x.calls {
			t.Errorf("%s: shown %d times after %d calls", name, n, w.sim.Calls(custom))
		}
		s, err := w.channel.Standing(t.Context(), w.conversation("o1"))
		if err != nil {
			t.Fatal(err)
		}
		if (x.state == "") != (len(s.Waiting) == 0) || len(s.Waiting) > 0 && s.Waiting[0].State != x.state {
			t.Errorf("%s: %+v", name, s.Waiting)
		}
	}
}

func TestWhileWeChatIsAwayEverythingWaitsInOrder(t *testing.T) {
	w := relayed(t, options{})
	w.api.Close()
	for i := range 4 {
		w.agent("o1", fmt.Sprint(i), fmt.Sprint("第", i, "句"))
	}
	for range 5 {
		w.send()
		w.clock.add(time.Minute)
	}
	w.sees("o1")
	// Of the five that may be sent three wait: what comes then joins the last of them.
	s, err := w.channel.Standing(t.Context(), w.conversation("o1"))
	if err != nil || len(s.Waiting) != 3 || s.Waiting[0].State != outbox.Waiting || s.Left != 5 {
		t.Fatalf("%+v %v", s, err)
	}
	if log := w.log.String(); strings.Contains(log, w.account.Secret) || strings.Contains(log, "127.0.0.1") {
		t.Errorf("the log names the address that holds secrets:\n%s", log)
	}
}

func TestFiveMessagesThenHerNextWord(t *testing.T) {
	w := relayed(t, options{})
	for i := range 5 {
		if s := w.agent("o1", fmt.Sprint(i), fmt.Sprint("第", i, "句")); !s.Open {
			t.Fatalf("closed before message %d: %+v", i, s)
		}
		w.clock.add(wechat.GatherFor) // the last ones wait for others
		w.send()
	}
	s := w.agent("o1", "5", "第5句")
	if s.Open || s.Left != 0 || !s.Following || len(s.Waiting) != 1 {
		t.Fatalf("the agent is not told: %+v", s)
	}
	w.agent("o1", "6", "第6句")
	w.agent("o1", "6", "第6句") // pressed twice
	w.clock.add(wechat.GatherFor)
	w.send()
	w.sees("o1", "第0句", "第1句", "第2句", "第3句", "第4句")
	if w.sim.Calls(custom) != 5 {
		t.Errorf("WeChat was asked %d times: our own count of the quota is wrong", w.sim.Calls(custom))
	}
	w.clock.add(20 * 24 * time.Hour)
	w.say("o1", "在")
	w.send()
	w.sees("o1", "第0句", "第1句", "第2句", "第3句", "第4句", "第5句\n第6句")
	w.clock.add(49 * time.Hour)
	if s := w.agent("o1", "7", "晚了"); s.Open || s.Left != 0 {
		t.Errorf("the window is over: %+v", s)
	}
}

func TestAClickAllowsThreeInAMinute(t *testing.T) {
	w := newWorld(t, options{})
	w.sim.Push(t.Context(), w.sim.Event("o1", "CLICK", "ASK"))
	for i := range 4 {
		w.agent("o1", fmt.Sprint(i), fmt.Sprint("第", i, "句"))
		w.clock.add(wechat.GatherFor)
		w.send()
	}
	if n := len(w.sim.Answers("o1")); n != 4 { // the greeting and three
		t.Errorf("%d bubbles", n)
	}
	w.sim.Push(t.Context(), w.sim.Event("o1", "CLICK", "ASK"))
	w.clock.add(time.Hour)
	w.send()
	if n := len(w.sim.Answers("o1")); n != 5 {
		t.Errorf("%d bubbles: an hour after a click nothing may be sent", n)
	}
}

func TestWhoLeftIsWrittenToNoMore(t *testing.T) {
	w := relayed(t, options{})
	for range 5 {
		w.agent("o1", fmt.Sprint(len(w.sim.Answers("o1"))), "好")
		w.clock.add(wechat.GatherFor)
		w.send()
	}
	w.agent("o1", "held", "等您回来")
	w.clock.add(wechat.GatherFor)
	w.send()
	w.clock.add(time.Second)
	w.sim.Push(t.Context(), w.sim.Event("o1", "unsubscribe", ""))
	_, err := w.channel.SendText(t.Context(), w.conversation("o1"), "later", "在吗")
	if fault.CodeOf(err) != fault.Conflict || !strings.Contains(fault.MessageOf(err), "取消关注") {
		t.Errorf("%v", err)
	}
	w.clock.add(time.Minute)
	w.sim.Push(t.Context(), w.sim.Event("o1", "subscribe", ""))
	w.send()
	for _, b := range w.sim.Answers("o1") {
		if b.Text == "等您回来" {
			t.Error("what was given up is sent after all")
		}
	}
	_, err = w.channel.SendText(t.Context(), "desk-1", "k", "在吗")
	if fault.CodeOf(err) != fault.NotFound {
		t.Errorf("%v", err)
	}
}

func TestAnAgentSendsPicturesAndIsSeenTyping(t *testing.T) {
	w := relayed(t, options{})
	if _, err := w.channel.SendPicture(t.Context(), w.conversation("o1"), "p", "a.png", []byte("\x89PNG")); err != nil {
		t.Fatal(err)
	}
	w.send()
	w.sees("o1", "[图片]")
	_, err := w.channel.SendPicture(t.Context(), w.conversation("o1"), "p", "a.png", make([]byte, 11<<20))
	if fault.CodeOf(err) != fault.TooLarge {
		t.Error(err)
	}
	for _, on := range []bool{true, false} {
		if w.channel.Typing(t.Context(), w.conversation("o1"), on); w.sim.Typing("o1") != on {
			t.Errorf("typing %v", !on)
		}
	}
	w.sim.PutMedia("m1", []byte("jpeg"))
	m := simulator.Message{OpenID: "o1", Type: "image", ID: w.sim.NewID(), Fields: []simulator.Field{{Name: "MediaId", Value: "m1"}}}
	w.sim.Push(t.Context(), m)
	rows, err := w.store.Messages(t.Context(), w.conversation("o1"), 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	ref := rows[len(rows)-2].Ref
	if kind, body, err := w.channel.Attachment(t.Context(), ref); err != nil || kind != "image" || string(body) != "jpeg" {
		t.Errorf("%s %q %v", kind, body, err)
	}
	if _, _, err := w.channel.Attachment(t.Context(), rows[0].Ref); fault.CodeOf(err) != fault.NotFound {
		t.Error(err)
	}
	w.sim.Fail("media/get", simulator.Fault{Code: 40007})
	if _, _, err := w.channel.Attachment(t.Context(), ref); fault.CodeOf(err) != fault.NotFound {
		t.Error(err)
	}
}

func TestANoticeIsSentOnlyWhereItIsConfiguredAndAgreedTo(t *testing.T) {
	w := relayed(t, options{})
	data := map[string]string{"thing1": "您有新的回复"}
	if err := w.channel.Notify(t.Context(), w.conversation("o1"), data); fault.CodeOf(err) != fault.Conflict {
		t.Error(err)
	}
	w = relayed(t, options{config: func(c *wechat.Config) { c.NoticeTemplate, c.Base = "T", "https://example.org" }})
	if err := w.channel.Notify(t.Context(), w.conversation("o1"), data); err != nil {
		t.Error(err)
	}
	w.sim.Fail("message/subscribe/bizsend", simulator.Fault{Code: 43101})
	if err := w.channel.Notify(t.Context(), w.conversation("o1"), data); fault.CodeOf(err) != fault.Conflict {
		t.Error(err)
	}
}

func TestAccountsThatMayNotSendMenusGetNumbers(t *testing.T) {
	due := make(chan time.Time)
	w := newWorld(t, options{due: due, account: func(a *simulator.Account) { a.NoMenus = true }})
	o := []bot.Option{{Code: "CRJ-011", Label: "去香港"}, {Code: "CRJ-012", Label: "去澳门"}}
	w.answer.reply = func(bot.Turn) *bot.Reply {
		return &bot.Reply{Action: bot.Clarify, Options: o, Blocks: []bot.Block{{Type: bot.BlockChoices, Text: "去哪里？", Options: o}}}
	}
	for range 2 {
		w.answer.hold = make(chan struct{})
		done := make(chan simulator.Result)
		go func() { done <- w.say("o1", "签注") }()
		due <- time.Time{}
		<-done
		close(w.answer.hold)
		w.settle()
	}
	want := "去哪里？\n1. 去香港\n2. 去澳门\n回复数字即可"
	w.sees("o1", want, want)
	if n := w.sim.Calls(custom); n != 3 { // the account was asked for a menu once
		t.Errorf("%d calls", n)
	}
}

func TestErrorsNameWhatToDoAndNoSecret(t *testing.T) {
	w := newWorld(t, options{})
	for code, hint := range map[int]string{40164: "whitelist", 40125: "wechat.secret", 48001: "verified"} {
		w.sim.Fail("stable_token", simulator.Fault{Code: code})
		err := w.client.CheckToken(t.Context())
		var api *wechat.APIError
		if !errors.As(err, &api) || api.Code != code || !strings.Contains(err.Error(), hint) || strings.Contains(err.Error(), w.account.Secret) {
			t.Errorf("%d: %v", code, err)
		}
	}
}
