package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"shenwei/bot/desk"
	"shenwei/bot/phrase/scripted"
	"shenwei/internal/spans"
	"shenwei/web/wechat/simulator"
)

// logLine is a line of the log in JSON.
type logLine struct {
	Level, Msg, Turn string
}

func logLines(t *testing.T, text string) (all []logLine) {
	t.Helper()
	for l := range strings.Lines(text) {
		if !strings.HasPrefix(l, "{") {
			continue // the invitation of the first start is for a person
		}
		var line logLine
		if err := json.Unmarshal([]byte(l), &line); err != nil {
			t.Errorf("%v: %s", err, l)
		}
		all = append(all, line)
	}
	return all
}

// grep is the way of a turn through the log.
func grep(all []logLine, turn string) (said []string) {
	for _, l := range all {
		if l.Turn == turn {
			said = append(said, l.Msg)
		}
	}
	return said
}

// A conversation with a marker goes through every part: web and WeChat, a model that fails, an agent,
// an outbox whose platform refuses. No line of the log at any level has the marker, and one id finds a
// turn's way in the log, in the record and in its trace.
func TestOneIDFindsATurnsWayAndNoLineOfTheLogHasACitizensWords(t *testing.T) {
	model := scripted.New(t, scripted.Config{})
	model.Script(scripted.Answer{From: kind}, scripted.Refuse(scripted.Broken))
	broken := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { // it says back what it got
		w.WriteHeader(http.StatusBadRequest)
		_, _ = fmt.Fprint(w, marker, r.URL)
	}))
	t.Cleanup(broken.Close)
	c := &phone{t: t, openid: "o-citizen-of-the-log", shown: make(chan simulator.Bubble, 256)}
	var env []string
	c.sim, env = playedTo(t, func(_ string, b simulator.Bubble) { c.shown <- b })
	p := newProgram(t)
	p.env = slices.Concat(env, alwaysOpen, withModel(model, "SHENWEI_LLM_SEND_QUESTION=true"), []string{
		"SHENWEI_LOG_LEVEL=debug", "SHENWEI_LOG_FORMAT=json", "SHENWEI_DESK_WEBHOOK_URL=" + broken.URL,
		"SHENWEI_DESK_WEBHOOK_SECRET=" + sharedSecret, "SHENWEI_DESK_WEBHOOK_INTERNAL_HOSTS=127.0.0.1",
	})
	s := p.serve(t)
	c.sim.SetTarget("http://" + s.addr + "/wechat")
	agent := p.worker(t, s.addr, "li", "agent")
	agent.presence(desk.Online)

	web := newCitizen(t, "citizen", s.addr)
	reply := web.say("居民身份证丢失补领要带什么材料，" + marker)
	turn := fmt.Sprintf("%s/%d", web.conversation, 1)
	web.say(marker)
	web.say("有人拿刀砍人 " + marker)
	handed := web.say("转人工 " + marker)
	handedTurn := fmt.Sprintf("%s/%d", web.conversation, handed.Seq-1)
	if handed.Handoff == nil { // whatever else is in the line, she wants a person
		handed = web.say("转人工")
		handedTurn = fmt.Sprintf("%s/%d", web.conversation, handed.Seq-1)
	}
	agent.rings(web.number)
	agent.must(web.number, "accept", nil)
	agent.must(web.number, "reply", map[string]any{"text": "您说的是" + marker})
	workOrderOf(t, web, agent)

	c.says("护照快到期了怎么换 " + marker)
	c.gets()
	c.sim.Push(t.Context(), c.sim.Text(c.openid, strings.Repeat(marker, 100)))
	res, err := http.Post("http://"+s.addr+"/api/v1/chat", "application/json", strings.NewReader(`{"text":"`+marker+`","conversation":"`+marker+`"}`))
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	res, err = http.Get("http://" + s.addr + "/api/v1/suggest?q=" + marker)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	told := p.ok(t, "turn", turn)
	if code := s.stop(t); code != 0 {
		t.Fatal(s.errs.String())
	}

	text := s.errs.String()
	escaped := strings.Trim(strings.ToLower(fmt.Sprintf("%+q", marker)), `"`)
	for _, word := range []string{marker, marker[:6], escaped[:12], "%E6%9C%B1", "要带什么材料", "拿刀", "快到期了"} {
		if i := strings.Index(text, word); i >= 0 {
			t.Errorf("the log has %q: %s", word, text[max(0, i-200):min(len(text), i+200)])
		}
	}
	all := logLines(t, text)
	holds(t, grep(all, turn), "a line is received", "a reply is decided", "a model was asked for words, or not", "a reply is on record", "a reply is sent")
	holds(t, grep(all, handedTurn), "a person is asked for", "a reply is on record", "a ticket moved")
	wechatTurn := ""
	for _, l := range all {
		if l.Msg == "an answer is written for its channel" && wechatTurn == "" {
			wechatTurn = l.Turn
		}
	}
	holds(t, grep(all, wechatTurn), "a line is received", "a reply is decided", "a reply is on record", "an answer is written for its channel", "wechat: a push is answered", "outbox: sent")

	traceID, _ := spans.Told(turn)
	var on toldTurn
	if err := json.Unmarshal([]byte(told.out), &on); err != nil || on.Turn != turn || on.Trace != traceID.String() || on.Reply != reply.Seq || on.Policy == "" || on.Action != reply.Action {
		t.Errorf("%v %+v", err, on)
	}
	if strings.Contains(told.out, marker) {
		t.Error("the record's account has a citizen's words")
	}
}

// workOrderOf has an order go out to a system that refuses it.
func workOrderOf(t *testing.T, c *caller, w *worker) {
	t.Helper()
	var o desk.Order
	in := map[string]any{"ticket": c.number, "type": "求助", "urgency": "紧急", "title": marker, "body": marker, "phone": "13812345678", "unit": "出入境管理处"}
	if code := w.call("POST", "/api/v1/desk/orders", in, &o); code != 200 {
		t.Fatalf("%d %+v", code, o)
	}
}

// holds tells which lines are missing.
func holds(t *testing.T, said []string, want ...string) {
	t.Helper()
	for _, w := range want {
		if !slices.Contains(said, w) {
			t.Errorf("no line %q among %q", w, said)
		}
	}
}

func TestATurnThatIsNoneIsRefusedInWords(t *testing.T) {
	p := newProgram(t)
	for id, says := range map[string]string{"nonsense": "is no turn", "01JABCDEF0123456789ABCDEFG/3": "no such message"} {
		if r := p.run(t, "", "turn", id); r.code != 1 || !strings.Contains(r.err, says) {
			t.Errorf("%s: exit %d, %s", id, r.code, r.err)
		}
	}
}
