package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"shenwei/bot"
	"shenwei/bot/desk"
	"shenwei/web/wechat/simulator"
)

// phone is a citizen's WeChat.
type phone struct {
	t      *testing.T
	sim    *simulator.Simulator
	openid string
	shown  chan simulator.Bubble
}

// says sends a line and returns what the account answers at once, "" for nothing.
func (p *phone) says(text string) string {
	p.t.Helper()
	r := p.sim.Push(p.t.Context(), p.sim.Text(p.openid, text))
	switch {
	case r.Shown == nil:
		return ""
	case r.Shown.Kind == "failure" || r.Tries != 1:
		p.t.Fatalf("%s: after %d tries she sees %+v", text, r.Tries, r.Shown)
	}
	return r.Shown.Text
}

// gets waits for the next message that the account sends by itself.
func (p *phone) gets() string {
	p.t.Helper()
	deadline := time.After(patience)
	for {
		select {
		case b := <-p.shown:
			if !b.Own && !b.Passive {
				return b.Text
			}
		case <-deadline:
			p.t.Fatalf("nothing arrives; the phone shows %+v", p.sim.Phone(p.openid))
		}
	}
}

// sent counts what the account sent by itself with the text in it.
func (p *phone) sent(text string) (n int) {
	for _, b := range p.sim.Answers(p.openid) {
		if !b.Passive && strings.Contains(b.Text, text) {
			n++
		}
	}
	return n
}

// reach is what the agent's page shows of the citizen's quota, once it is as wanted.
func (w *worker) reach(number string, fits func(following, open bool, left, waiting int) bool) {
	w.t.Helper()
	var p struct {
		Reach *struct {
			Following, Open bool
			Left, Waiting   int
		}
	}
	waitFor(w.t, "the citizen's quota as it should be", func() bool {
		if code := w.call("GET", "/api/v1/desk/tickets/"+number, nil, &p); code != 200 || p.Reach == nil {
			w.t.Fatalf("%d %+v", code, p.Reach)
		}
		return fits(p.Reach.Following, p.Reach.Open, p.Reach.Left, p.Reach.Waiting)
	})
}

// An agent and a citizen on WeChat talk through the real callback, outbox and message interface,
// past what WeChat lets an account send.
func TestAnAgentAndACitizenOnWeChatReadEachOther(t *testing.T) {
	c := &phone{t: t, openid: "o-citizen", shown: make(chan simulator.Bubble, 256)}
	var env []string
	c.sim, env = playedTo(t, func(_ string, b simulator.Bubble) { c.shown <- b })
	p := newProgram(t)
	p.env = slices.Concat(env, alwaysOpen)
	s := p.serve(t)
	c.sim.SetTarget("http://" + s.addr + "/wechat")
	w := p.worker(t, s.addr, "li", "agent")
	w.presence(desk.Online)

	if r := c.says("护照快到期了怎么换"); !strings.Contains(r, "护照换发") {
		t.Fatal(r)
	}
	if r := c.says("转人工"); !strings.Contains(r, "受理编号") {
		t.Fatal(r)
	}
	number := w.want("the offer", func(f dframe) bool {
		return f.Type == "ticket" && f.Ticket.State == desk.Offered && f.Ticket.Channel == string(bot.WeChat)
	}).Ticket.Number
	accepted := w.must(number, "accept", nil)
	for !strings.Contains(c.gets(), w.me.Number+" 号为您服务") { // cards of the bot's answers may come before
	}
	w.open(number, 0)
	w.must(number, "reply", map[string]any{"text": "您好，请问什么时候出发？"})
	if got := c.gets(); got != "您好，请问什么时候出发？" {
		t.Fatal(got)
	}
	if r := c.says("下周三，护照怎么换最快"); strings.Contains(r, "换发") {
		t.Fatalf("the bot talks over the agent: %s", r)
	}
	w.want("her line", func(f dframe) bool { return f.Type == "row" && f.Row.Text == "下周三，护照怎么换最快" })

	showsOnWeChat(t, c, w, number, accepted.Ticket.Conversation)
	c.says("看到了吗") // what may be sent is full again
	quota(t, c, w, number)
	c.sim.Push(t.Context(), c.sim.Event(c.openid, "unsubscribe", ""))
	w.reach(number, func(following, open bool, _, _ int) bool { return !following && !open })
}

// quota has the agent write more than WeChat lets through, until the citizen writes again.
func quota(t *testing.T, c *phone, w *worker, number string) {
	t.Helper()
	step := 0
	writes := func(lines int) {
		for range lines {
			step++
			w.must(number, "reply", map[string]any{"text": fmt.Sprintf("第%d步", step)})
		}
	}
	gets := func(want string) {
		t.Helper()
		if got := c.gets(); got != want {
			t.Fatalf("she gets %q, not %q", got, want)
		}
	}
	for i := range 3 { // of five messages three go one by one; then few are left
		writes(1)
		gets(fmt.Sprintf("第%d步", i+1))
	}
	writes(3)
	gets("第4步\n第5步\n第6步")
	w.reach(number, func(_, open bool, left, waiting int) bool { return open && left == 1 && waiting == 0 })
	writes(1)
	gets("第7步")
	writes(2)
	w.reach(number, func(following, open bool, left, waiting int) bool {
		return following && !open && left == 0 && waiting == 1
	})
	if n := c.sent("第8步"); n != 0 {
		t.Fatal("more arrived than WeChat lets through")
	}
	c.says("好的")
	gets("第8步\n第9步")
	w.reach(number, func(_, open bool, _, waiting int) bool { return open && waiting == 0 })
	for i := range step {
		if n := c.sent(fmt.Sprintf("第%d步", i+1)); n != 1 {
			t.Errorf("step %d arrived %d times", i+1, n)
		}
	}
}
