package main

import (
	"slices"
	"strings"
	"testing"

	"shenwei/bot"
	"shenwei/bot/desk"
	"shenwei/intents"
)

// alwaysOpen has the people of the hotline work around the clock, so that tests pass at night.
var alwaysOpen = []string{"SHENWEI_DESK_HOURS=24h", "SHENWEI_DESK_REST_HOURS=24h"}

// TestTwoAgentsASupervisorAndFiveCitizens plays an hour of the hotline on the product itself:
// real process, database, accounts and sockets.
func TestTwoAgentsASupervisorAndFiveCitizens(t *testing.T) {
	p := newProgram(t)
	p.env = alwaysOpen
	s := p.serve(t)
	alone := newCitizen(t, "nobody there", s.addr)
	nobodyWorks(t, alone)

	first, second := p.worker(t, s.addr, "li", "agent"), p.worker(t, s.addr, "wang", "agent")
	chief := p.worker(t, s.addr, "chen", "supervisor")
	first.presence(desk.Online)
	var list [4]*caller
	for i := range list {
		list[i] = newCitizen(t, "citizen "+string(rune('1'+i)), s.addr)
	}
	passport, card, car, danger := list[0], list[1], list[2], list[3]

	talk(t, passport, first)
	t.Run("a warm transfer keeps the old owner until the new one accepts", func(t *testing.T) { warmTransfer(t, card, first, second) })
	t.Run("what comes too late is a typed error", func(t *testing.T) { tooLate(t, card, first, second) })
	t.Run("a supervisor looks on, whispers and takes over", func(t *testing.T) { takesOver(t, car, second, chief) })
	t.Run("danger is answered in every state and flagged", func(t *testing.T) { dangerWhileServed(t, danger, second, chief) })
	t.Run("a closed conversation is rated and reopened to the same agent", func(t *testing.T) { rateAndReopen(t, passport, first) })
	t.Run("personal data is masked until somebody says why", func(t *testing.T) { unmask(t, passport, first, second) })
	t.Run("a picture is seen by who serves and by supervisors", func(t *testing.T) { shows(t, p.dir, passport, alone, first, second, chief) })
	t.Run("a reply is kept as a masked draft", func(t *testing.T) {
		kept(t, passport, first, second, p.worker(t, s.addr, "zhao", "agent,editor,auditor"))
	})
	t.Run("a work order is recorded", func(t *testing.T) { workOrder(t, passport, first) })
	t.Run("supervisors' pages are for supervisors", func(t *testing.T) { boards(t, first, chief) })
	t.Run("a supervisor pulls a conversation from the bot", func(t *testing.T) { pulled(t, newCitizen(t, "with the bot", s.addr), first, chief) })
	t.Run("an abusive visitor is kept out, but not from 110", func(t *testing.T) { keptOut(t, car, chief) })
	called(t, alone, second)
}

func nobodyWorks(t *testing.T, c *caller) {
	t.Helper()
	r := c.say("转人工")
	if r.Action != bot.Handoff || r.Handoff == nil || !r.Handoff.Callback || r.Handoff.Position != 0 || !strings.Contains(r.Text, "留下电话") {
		t.Fatalf("%+v\n%s", r.Handoff, r.Text)
	}
	if r := c.say("护照丢了怎么补办"); r.Action != bot.Answer {
		t.Fatalf("the bot is silent though nobody comes: %s", r.Action)
	}
	form := map[string]any{"phone": "13800138000", "window": "morning", "matter": "护照遗失补办", "consent": "other"}
	if f := c.wish(map[string]any{"do": "form", "form": form}); f.Error.Code != "conflict" {
		t.Fatalf("stored without consent to the notice: %+v", f)
	}
	form["consent"] = desk.CallNotice.Version
	if f := c.wish(map[string]any{"do": "form", "form": form}); f.Type != "desk" || f.Ticket.State != desk.Callback {
		t.Fatalf("%+v", f.Error)
	}
	if f := c.event("callback-filed"); !strings.Contains(f.Text, c.number) {
		t.Fatal(f.Text)
	}
}

// called takes the call-back that nobodyWorks asked for.
func called(t *testing.T, c *caller, w *worker) {
	t.Helper()
	w.must(c.number, "take", nil)
	var packet struct{ Call *desk.CallRequest }
	if code := w.call("GET", "/api/v1/desk/tickets/"+c.number, nil, &packet); code != 200 || packet.Call.Form.Phone != "138****8000" {
		t.Fatalf("%d %+v", code, packet.Call)
	}
	var clear struct{ Call *desk.CallRequest }
	if code := w.call("POST", "/api/v1/desk/tickets/"+c.number+"/unmask", map[string]any{"what": "call", "reason": "回拨"}, &clear); code != 200 || clear.Call.Form.Phone != "13800138000" {
		t.Fatalf("%d %+v", code, clear.Call)
	}
	if f := w.must(c.number, "called", map[string]any{"code": "done", "text": "已说明"}); f.Ticket.State != desk.Resolved {
		t.Fatal(f.Ticket.State)
	}
	c.event("callback-done")
}

// talk goes the whole way of an ordinary conversation.
func talk(t *testing.T, c *caller, w *worker) {
	t.Helper()
	c.say("护照快到期了怎么换")
	r := c.say("转人工")
	if r.Handoff == nil || r.Handoff.Callback || r.Handoff.Position != 1 {
		t.Fatalf("%+v", r.Handoff)
	}
	if r := c.say("我是深圳户口"); r.Action != bot.Relayed {
		t.Fatalf("the bot answers while a person is waited for: %s", r.Action)
	}
	number := c.number
	w.rings(number)
	var packet struct {
		Matter      struct{ Code string }
		Turns       []struct{ Said, Answer string }
		Slots       []intents.Told
		Ticket      struct{ Summary string }
		Suggestions []struct {
			Text    string
			Sources []bot.Source
		}
	}
	if code := w.call("GET", "/api/v1/desk/tickets/"+number, nil, &packet); code != 200 || packet.Matter.Code == "" || len(packet.Turns) == 0 ||
		len(packet.Suggestions) == 0 || len(packet.Suggestions[0].Sources) == 0 {
		t.Fatalf("%d %+v", code, packet)
	}
	if !slices.Contains(packet.Slots, intents.Told{Name: "证件状况", Value: "快到期"}) || !strings.Contains(packet.Ticket.Summary, "证件状况：快到期") {
		t.Errorf("what the citizen told is not in words: %+v %s", packet.Slots, packet.Ticket.Summary)
	}
	if strings.Contains(packet.Suggestions[0].Text, "：/items/") {
		t.Errorf("a suggestion has an address that leads nowhere: %s", packet.Suggestions[0].Text)
	}
	w.must(number, "accept", nil)
	if f := c.event("accepted"); f.Author != w.me.Number {
		t.Fatalf("%+v", f)
	}
	w.open(number, 0)
	w.want("the citizen's first line", func(f dframe) bool { return f.Type == "row" && f.Row.Text == "护照快到期了怎么换" })
	w.send(map[string]any{"type": "typing", "conversation": c.conversation, "on": true})
	c.want("typing", func(f dframe) bool { return f.Type == "typing" && f.Who == "agent" && f.On })
	w.send(map[string]any{"type": "note", "ref": "n1", "ticket": number, "text": "市民很着急，不要告诉她"})
	w.want("the note", func(f dframe) bool { return f.Type == "note" && f.Note.Author == w.me.Number })
	w.must(number, "reply", map[string]any{"text": "您好，请问什么时候出发？"})
	f := c.want("the reply", func(f dframe) bool { return f.Type == "event" && f.Kind == "agent" })
	if f.Text != "您好，请问什么时候出发？" || f.Author != w.me.Number || f.Ref != "" {
		t.Fatalf("%+v", f)
	}
	c.send(map[string]any{"type": "typing", "on": true})
	w.want("typing", func(f dframe) bool { return f.Type == "typing" && f.Who == "citizen" })
	c.send(map[string]any{"type": "read", "seq": f.Seq})
	w.want("read", func(x dframe) bool { return x.Type == "read" && x.Seq == f.Seq })
	if r := c.say("下周三，护照怎么换最快"); r.Action != bot.Relayed {
		t.Fatalf("the bot talks over the agent: %s", r.Action)
	}
	w.want("her line", func(f dframe) bool { return f.Type == "row" && strings.HasPrefix(f.Row.Text, "下周三") })
	w.want("the turn", func(f dframe) bool {
		return f.Type == "ticket" && f.Ticket.Number == number && f.Ticket.State == desk.Active && f.Ticket.Version > 4
	})
	w.must(number, "resolve", map[string]any{"code": "answered", "text": "已告知加急办法"})
	c.event("closed")
	w.must(number, "done", nil)
	if c.has(func(f dframe) bool { return strings.Contains(f.Text, "着急") }) {
		t.Fatal("the citizen reads a note")
	}
}

func warmTransfer(t *testing.T, c *caller, from, to *worker) {
	c.say("身份证丢了怎么补")
	c.say("转人工")
	number := c.number
	from.rings(number)
	from.must(number, "accept", nil)
	to.presence(desk.Online)
	if f := from.do(number, "transfer", map[string]any{"agent": to.me.ID, "warm": true}); f.Error.Code != "bad_request" {
		t.Fatalf("transferred without a reason: %+v", f)
	}
	from.must(number, "transfer", map[string]any{"agent": to.me.ID, "warm": true, "reason": "户籍问题"})
	to.want("the transfer", func(f dframe) bool {
		return f.Type == "ticket" && f.Ticket.Number == number && f.Ticket.State == desk.Transferring
	})
	from.must(number, "reply", map[string]any{"text": "正在请同事接手"}) // still hers
	to.must(number, "accept", nil)
	if f := c.event("transferred"); f.Author != to.me.Number {
		t.Fatalf("%+v", f)
	}
	from.want("that it is another's", func(f dframe) bool {
		return f.Type == "ticket" && f.Ticket.Number == number && f.Ticket.Agent == to.me.ID
	})
	if f := from.do(number, "reply", map[string]any{"text": "迟到的话"}); f.Error.Code != "forbidden" {
		t.Fatalf("%+v", f)
	}
}

func tooLate(t *testing.T, c *caller, first, second *worker) {
	if f := first.do(c.number, "accept", nil); f.Error.Code != "conflict" || f.Ticket == nil || f.Ticket.AgentNo != second.me.Number {
		t.Fatalf("%+v", f)
	}
	if f := second.do("HZ-nothing", "take", nil); f.Error.Code != "not_found" {
		t.Fatalf("%+v", f)
	}
	if f := second.do(c.number, "transfer", map[string]any{"agent": "nobody", "reason": "x"}); f.Error.Code != "bad_request" {
		t.Fatalf("%+v", f)
	}
	if f := second.do(c.number, "takeover", nil); f.Error.Code != "forbidden" {
		t.Fatalf("%+v", f)
	}
	if f := second.do(c.number, "hold", map[string]any{"version": 1, "reason": "x"}); f.Error.Code != "conflict" {
		t.Fatalf("%+v", f)
	}
	second.must(c.number, "return", nil)
	c.event("returned")
	if r := c.say("身份证丢了怎么补"); r.Action != bot.Answer {
		t.Fatalf("the bot stays silent: %s", r.Action)
	}
	if f := second.do(c.number, "reply", map[string]any{"text": "还在吗"}); f.Error.Code != "conflict" {
		t.Fatalf("%+v", f)
	}
}

func takesOver(t *testing.T, c *caller, w, chief *worker) {
	c.say("驾驶证到期换证")
	c.say("我要人工客服")
	// Two may be free; the desk chose one of them.
	chief.lists("queue", c.number)
	w.lists("queue", c.number)
	if f := w.do(c.number, "accept", nil); f.Type != "done" {
		if f := w.do(c.number, "takeover", nil); f.Error.Code != "forbidden" {
			t.Fatalf("%+v", f)
		}
	}
	chief.send(map[string]any{"type": "open", "ref": "look", "ticket": c.number, "on": true})
	chief.want("opened", func(f dframe) bool { return f.Ref == "look" && f.Type == "opened" })
	chief.send(map[string]any{"type": "note", "ref": "w", "ticket": c.number, "kind": "whisper", "text": "先安抚"})
	chief.want("ok", func(f dframe) bool { return f.Type == "ok" && f.Ref == "w" })
	if f := chief.must(c.number, "takeover", nil); f.Ticket.Agent != chief.me.ID {
		t.Fatalf("%+v", f.Ticket)
	}
	chief.must(c.number, "reply", map[string]any{"text": "我是班长，由我来为您处理。"})
	c.want("the supervisor's words", func(f dframe) bool { return f.Type == "event" && f.Kind == "agent" && f.Author == chief.me.Number })
	if c.has(func(f dframe) bool { return strings.Contains(f.Text, "安抚") }) {
		t.Fatal("the citizen reads a whisper")
	}
}

func dangerWhileServed(t *testing.T, c *caller, w, chief *worker) {
	c.say("转人工")
	w.lists("queue", c.number)
	if r := c.say("有人拿刀在楼下砍人"); r.Action != bot.Emergency || !strings.HasPrefix(r.Text, "请立即拨打 110") {
		t.Fatalf("%s: %s", r.Action, r.Text)
	}
	chief.want("the alert", func(f dframe) bool { return f.Type == "alert" && f.Alert.Conversation == c.conversation })
	if !chief.lists("watch", c.number).Red {
		t.Fatal("it is not red")
	}
	if code := chief.call("POST", "/api/v1/desk/alerts/"+c.conversation+"/seen", nil, nil); code != 200 {
		t.Fatal(code)
	}
	if f := c.wish(map[string]any{"do": "dance"}); f.Error.Code != "bad_request" {
		t.Fatalf("%+v", f)
	}
	if r := c.say("取消排队"); r.Text != "好的。" { // where there are no buttons
		t.Fatal(r.Text)
	}
	c.event("cancelled")
	if r := c.say("居住证怎么办"); r.Action != bot.Answer {
		t.Fatalf("the bot stays silent: %s", r.Action)
	}
}

func rateAndReopen(t *testing.T, c *caller, w *worker) {
	if f := c.wish(map[string]any{"do": "rate", "rating": map[string]any{"solved": true, "stars": 9}}); f.Error.Code != "bad_request" {
		t.Fatalf("%+v", f)
	}
	if f := c.wish(map[string]any{"do": "rate", "rating": map[string]any{"solved": false, "stars": 2, "tags": []string{"没解决"}}}); f.Type != "desk" {
		t.Fatalf("%+v", f.Error)
	}
	if f := c.wish(map[string]any{"do": "rate", "rating": map[string]any{"stars": 5}}); f.Error.Code != "conflict" {
		t.Fatalf("rated twice: %+v", f)
	}
	if f := c.wish(map[string]any{"do": "reopen"}); f.Type != "desk" || f.Ticket.State != desk.Queued {
		t.Fatalf("%+v", f)
	}
	w.want("the offer to the last agent", func(f dframe) bool {
		return f.Type == "ticket" && f.Ticket.Number == c.number && f.Ticket.State == desk.Offered && f.Ticket.Offered == w.me.ID && f.Ticket.Reopens == 1
	})
	w.must(c.number, "accept", nil)
}

func unmask(t *testing.T, c *caller, w, other *worker) {
	c.say("我的电话是13812345678")
	f := w.want("her line", func(f dframe) bool { return f.Type == "row" && strings.HasPrefix(f.Row.Text, "我的电话") })
	if !f.Masked || strings.Contains(f.Row.Text, "13812345678") {
		t.Fatalf("%+v", f)
	}
	path := "/api/v1/desk/tickets/" + c.number + "/unmask"
	if code := other.call("POST", path, map[string]any{"what": "row", "seq": f.Row.Seq, "reason": "好奇"}, nil); code != 403 {
		t.Fatal(code)
	}
	if code := w.call("POST", path, map[string]any{"what": "row", "seq": f.Row.Seq}, nil); code != 400 {
		t.Fatal(code)
	}
	var clear struct{ Text string }
	if code := w.call("POST", path, map[string]any{"what": "row", "seq": f.Row.Seq, "reason": "核对身份"}, &clear); code != 200 || !strings.Contains(clear.Text, "13812345678") {
		t.Fatalf("%d %+v", code, clear)
	}
}

func workOrder(t *testing.T, c *caller, w *worker) {
	var o desk.Order
	in := map[string]any{"ticket": c.number, "type": "求助", "urgency": "紧急", "title": "护照加急", "body": "请联系13812345678", "phone": "13812345678", "unit": "出入境管理处"}
	if code := w.call("POST", "/api/v1/desk/orders", in, &o); code != 200 || o.Number == "" || strings.Contains(o.Body, "13812345678") || o.Phone != "138****5678" {
		t.Fatalf("%d %+v", code, o)
	}
	if code := w.call("POST", "/api/v1/desk/orders/"+o.Number+"/do", map[string]any{"do": "sign"}, &o); code != 200 || o.State != desk.OrderSigned {
		t.Fatalf("%d %+v", code, o)
	}
	if code := w.call("POST", "/api/v1/desk/orders/"+o.Number+"/do", map[string]any{"do": "sign"}, nil); code != 409 {
		t.Fatal(code)
	}
	if code := w.call("GET", "/api/v1/desk/orders/export", nil, nil); code != 403 {
		t.Fatal(code)
	}
}

func boards(t *testing.T, w, chief *worker) {
	if code := w.call("GET", "/api/v1/desk/board", nil, nil); code != 403 {
		t.Fatal(code)
	}
	var b struct {
		Groups []struct{ Group string }
		Today  desk.Tally
		Stars  float64
	}
	if code := chief.call("GET", "/api/v1/desk/board", nil, &b); code != 200 || len(b.Groups) != 9 || b.Today.Tickets < 5 || b.Stars != 2 {
		t.Fatalf("%d %+v", code, b)
	}
	var canned desk.Canned
	if code := chief.call("POST", "/api/v1/desk/canned", map[string]any{"shortcut": "您好", "title": "问候", "text": "您好，坐席{坐席}为您服务"}, &canned); code != 200 {
		t.Fatal(code)
	}
	var sample struct{ Tickets []desk.Ticket }
	if code := chief.call("GET", "/api/v1/desk/sample?n=2", nil, &sample); code != 200 {
		t.Fatal(code)
	}
	points := map[string]int{}
	for _, cr := range desk.Sheet {
		points[cr.ID] = cr.Max
	}
	var check desk.Check
	if code := chief.call("POST", "/api/v1/desk/checks", map[string]any{"ticket": b.Groups[0].Group, "points": points}, nil); code != 404 {
		t.Fatal(code)
	}
	if len(sample.Tickets) > 0 {
		if code := chief.call("POST", "/api/v1/desk/checks", map[string]any{"ticket": sample.Tickets[0].Number, "points": points}, &check); code != 200 || check.Total != 100 {
			t.Fatalf("%d %+v", code, check)
		}
	}
	if code := chief.call("PUT", "/api/v1/desk/agents/"+w.me.ID, map[string]any{"groups": []string{"没有"}, "skills": map[string]int{}, "capacity": 4}, nil); code != 400 {
		t.Fatal(code)
	}
	var a desk.Agent
	if code := chief.call("PUT", "/api/v1/desk/agents/"+w.me.ID, map[string]any{"groups": []string{"出入境", "综合"}, "skills": map[string]int{"出入境": 3}, "capacity": 6}, &a); code != 200 || a.Capacity != 6 {
		t.Fatalf("%d %+v", code, a)
	}
}

func pulled(t *testing.T, c *caller, w, chief *worker) {
	c.say("居住证怎么办")
	var list struct{ Conversations []desk.Glance }
	if code := chief.call("GET", "/api/v1/desk/tickets?tab=bot", nil, &list); code != 200 || len(list.Conversations) == 0 || list.Conversations[0].Conversation != c.conversation {
		t.Fatalf("%d %+v", code, list)
	}
	in := map[string]any{"conversation": c.conversation}
	if code := w.call("POST", "/api/v1/desk/pull", in, nil); code != 403 {
		t.Fatal(code)
	}
	var done dframe
	if code := chief.call("POST", "/api/v1/desk/pull", in, &done); code != 200 || done.Ticket.Agent != chief.me.ID {
		t.Fatalf("%d %+v", code, done)
	}
	c.event("accepted")
	if code := chief.call("POST", "/api/v1/desk/pull", in, nil); code != 409 {
		t.Fatal(code)
	}
	if r := c.say("还要带什么"); r.Action != bot.Relayed {
		t.Fatalf("the bot talks on: %s", r.Action)
	}
}

func keptOut(t *testing.T, c *caller, chief *worker) {
	in := map[string]any{"conversation": c.conversation, "mode": "block", "minutes": 30}
	if code := chief.call("POST", "/api/v1/desk/limits", in, nil); code != 400 {
		t.Fatalf("kept out without a reason: %d", code)
	}
	in["reason"] = "反复辱骂"
	if code := chief.call("POST", "/api/v1/desk/limits", in, nil); code != 200 {
		t.Fatal(code)
	}
	if r := c.say("护照怎么换"); r.Action != bot.Decline || !strings.Contains(r.Text, "暂停服务") {
		t.Fatalf("%s %s", r.Action, r.Text)
	}
	if r := c.say("着火了救命"); r.Action != bot.Emergency {
		t.Fatalf("danger is not answered: %s %s", r.Action, r.Text)
	}
}
