package main

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"shenwei/bot"
	"shenwei/bot/phrase/scripted"
	"shenwei/web/auth"
)

// withModel is the environment of a program that has a scripted model.
func withModel(s *scripted.Server, more ...string) []string {
	return append([]string{"SHENWEI_LLM_BASE_URL=" + s.URL, "SHENWEI_LLM_MODEL=" + scripted.Model, "SHENWEI_LLM_WARM=false"}, more...)
}

// kind is a model that says what it was given with a word of politeness.
func kind(r scripted.Request) string {
	text := scripted.Source(r)
	if rest, ok := strings.CutPrefix(text, "- "); ok {
		return "- 您好，" + rest
	}
	return "您好，" + text
}

// chatting is a citizen's socket.
type chatting struct {
	t     *testing.T
	conn  *websocket.Conn
	token string
}

func converse(t *testing.T, addr string) *chatting {
	t.Helper()
	conn, res, err := websocket.DefaultDialer.Dial("ws://"+addr+"/ws/chat", nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	t.Cleanup(func() { _ = conn.Close() })
	return &chatting{t: t, conn: conn}
}

// frame is what a server sends, as far as these tests look.
type frame struct {
	Type, Ref, Text, Conversation, Token string
	Reply                                *bot.Reply
}

// ask says a line and returns its reply, with what was shown before.
func (c *chatting) ask(ref, text string) (reply *bot.Reply, shown []string, token string) {
	c.t.Helper()
	if err := c.conn.WriteJSON(map[string]string{"type": "say", "ref": ref, "text": text}); err != nil {
		c.t.Fatal(err)
	}
	_ = c.conn.SetReadDeadline(time.Now().Add(20 * time.Second))
	for {
		var f frame
		if err := c.conn.ReadJSON(&f); err != nil {
			c.t.Fatal(err)
		}
		switch {
		case f.Type == "ready":
			token, c.token = f.Token, f.Token
		case f.Type == "wording" && f.Ref == ref:
			shown = append(shown, f.Text)
		case f.Type == "reply" && f.Ref == ref:
			return f.Reply, shown, token
		}
	}
}

// The whole way of a re-worded answer: shown sentence by sentence while it is made, marked in every
// form, and switched off by a signal at run time.
func TestAModelsWordsAreShownAsTheyAreVerifiedMarkedAndSwitchedOff(t *testing.T) {
	model := scripted.New(t, scripted.Config{})
	model.Script(scripted.Answer{From: kind, Gap: time.Millisecond})
	p := newProgram(t)
	p.env = withModel(model)
	s := p.serve(t)
	c := converse(t, s.addr)
	reply, shown, token := c.ask("1", "居民身份证丢失补领要带什么材料")
	if !reply.AIGenerated || reply.Item != "RK-050" || !strings.HasSuffix(reply.Text, bot.AILabel) || len(reply.Sources) == 0 {
		t.Fatalf("%v %s %s", reply.AIGenerated, reply.Item, reply.Text)
	}
	if len(shown) == 0 || !strings.Contains(reply.Text, shown[len(shown)-1]) {
		t.Errorf("shown before: %q", shown)
	}
	if text := transcriptOf(t, s.addr, reply.Conversation, token); !strings.Contains(text, "AI 生成") || !strings.Contains(text, bot.AILabel) {
		t.Errorf("the transcript does not say that a model worded it: %s", text)
	}
	for _, r := range model.Requests() {
		if strings.Contains(string(r.Body), "要带什么材料") {
			t.Error("the citizen's line was sent, though llm.send_question is off")
		}
	}
	asked := len(model.Requests())
	if kept, shown, _ := c.ask("2", "居民身份证丢失补领要带什么材料"); !kept.AIGenerated || len(shown) != 0 || len(model.Requests()) != asked {
		t.Errorf("what is verified once is not kept: %v, %d shown, %d requests", kept.AIGenerated, len(shown), len(model.Requests())-asked)
	}
	for i, off := range []bool{true, false} {
		sig := syscall.SIGUSR2
		if off {
			sig = syscall.SIGUSR1
		}
		if err := s.cmd.Process.Signal(sig); err != nil {
			t.Fatal(err)
		}
		n := 0
		waitFor(t, "the signal is obeyed", func() bool {
			n++
			r, _, _ := c.ask(strings.Repeat("x", 10*i+n+1), "居民身份证丢失补领要带什么材料")
			return r.AIGenerated != off
		})
	}
	if code := s.stop(t); code != 0 {
		t.Errorf("exit %d: %s", code, s.errs.String())
	}
}

// Her name goes to the model as a substitute and stands as a name on her own page alone: in the live
// reply, in what is shown before it, and in what the page reads later; not in the transcript.
func TestACitizensNameComesBackOnHerOwnPageAlone(t *testing.T) {
	model := scripted.New(t, scripted.Config{})
	model.Script(scripted.Answer{From: func(r scripted.Request) string {
		return "[姓名甲]女士，您好。\n" + scripted.Source(r)
	}, Gap: time.Millisecond})
	p := newProgram(t)
	p.env = withModel(model, "SHENWEI_LLM_SEND_QUESTION=true")
	s := p.serve(t)
	c := converse(t, s.addr)
	c.ask("1", "我叫王小明")
	reply, shown, token := c.ask("2", "居民身份证丢失补领要带什么材料")
	if !reply.AIGenerated || !strings.Contains(reply.Text, "王小明女士") {
		t.Fatalf("worded %v: %s", reply.AIGenerated, reply.Text)
	}
	if len(shown) == 0 || !strings.HasPrefix(shown[0], "王小明女士") {
		t.Errorf("shown before: %q", shown)
	}
	for _, r := range model.Requests() {
		if strings.Contains(string(r.Body), "王小明") {
			t.Error("the model read her name")
		}
	}
	if token == "" {
		token = c.token
	}
	rows := readRows(t, s.addr, reply.Conversation, token)
	if last := rows[len(rows)-1]; !strings.Contains(last.Reply.Text, "王小明女士") {
		t.Errorf("read again it says %s", last.Reply.Text)
	}
	if text := transcriptOf(t, s.addr, reply.Conversation, token); !strings.Contains(text, "[姓名甲]女士") {
		t.Errorf("the transcript says %s", text)
	}
}

// Who closes the page while a model still writes ends the request, and finds the published words when
// she comes back.
func TestLeavingThePageEndsTheModelsRequest(t *testing.T) {
	model := scripted.New(t, scripted.Config{})
	model.Script(scripted.Answer{From: kind, Gap: 900 * time.Millisecond})
	p := newProgram(t)
	p.env = withModel(model)
	s := p.serve(t)
	c := converse(t, s.addr)
	if err := c.conn.WriteJSON(map[string]string{"type": "say", "ref": "1", "text": "居民身份证丢失补领要带什么材料"}); err != nil {
		t.Fatal(err)
	}
	var ready frame
	for ready.Type != "ready" {
		if err := c.conn.ReadJSON(&ready); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	request, err := model.Next(ctx)
	if err != nil {
		t.Fatal(err)
	}
	_ = c.conn.Close()
	select {
	case <-request.Gone:
	case <-time.After(2 * time.Second): // the answer would go on for six
		t.Fatal("the request went on after the citizen had left")
	}
	waitFor(t, "the answer is on record", func() bool {
		rows := readRows(t, s.addr, ready.Conversation, ready.Token)
		return len(rows) == 2 && !rows[1].Reply.AIGenerated && rows[1].Reply.Item == "RK-050"
	})
}

func transcriptOf(t *testing.T, addr, conversation, token string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+addr+"/api/v1/conversations/"+conversation+"/transcript", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%d %v %s", res.StatusCode, err, body)
	}
	return string(body)
}

// The second look is measured with the switch on and off.
func TestEvalMeasuresTheSecondLookBesideTheEngineAlone(t *testing.T) {
	model := scripted.New(t, scripted.Config{})
	model.Script(scripted.Say(`{"code":"CRJ-006"}`))
	p := newProgram(t)
	p.env = withModel(model, "SHENWEI_LLM_UNDERSTAND=true")
	file := writeFile(t, "rows.tsv", "id\tquestion\taction\tcodes\tfacet\tsure\n1\t港澳证\tanswer\tCRJ-006\tother\t2\n2\t护照丢了怎么补办\tanswer\tCRJ-003\thow\t2\n")
	r := p.run(t, "", "eval", file, "--json")
	var got struct {
		First   float64 `json:"first"`
		Without struct {
			First float64 `json:"first"`
		} `json:"without_model"`
	}
	if err := json.Unmarshal([]byte(r.out), &got); err != nil || got.First != 1 || got.Without.First != 0.5 {
		t.Fatalf("%v: %s %s", err, r.out, r.err)
	}
	if r := p.run(t, "", "eval", file); !strings.Contains(r.out, "llm.understand off") || !strings.Contains(r.out, "second look: chosen") {
		t.Error(r.out, r.err)
	}
}

func TestAConfigurationOfTheModelThatMakesNoSenseIsRefusedByItsKey(t *testing.T) {
	for env, key := range map[string]string{
		"SHENWEI_LLM_BASE_URL=dashscope.aliyuncs.com":                                                    "llm.base_url",
		"SHENWEI_LLM_BASE_URL=http://api.example.com/v1":                                                 "https",
		"SHENWEI_LLM_BASE_URL=https://x.example/v1":                                                      "llm.model",
		"SHENWEI_LLM_API_KEY=k":                                                                          "llm.base_url",
		"SHENWEI_LLM_BASE_URL=https://x.example/v1 SHENWEI_LLM_MODEL=m SHENWEI_LLM_EXTRA_BODY=1":         "SHENWEI_LLM_EXTRA_BODY",
		"SHENWEI_LLM_BASE_URL=https://x.example/v1 SHENWEI_LLM_MODEL=m SHENWEI_LLM_TEMPERATURE=2":        "llm.temperature",
		"SHENWEI_LLM_BASE_URL=https://x.example/v1 SHENWEI_LLM_MODEL=m SHENWEI_LLM_CA_FILE=/nowhere.pem": "llm.ca_file",
	} {
		p := newProgram(t)
		p.env = strings.Fields(env)
		if r := p.run(t, "", "check"); r.code != 1 || !strings.Contains(r.out+r.err, key) {
			t.Errorf("%s: exit %d, %s%s", env, r.code, r.out, r.err)
		}
	}
}

// The administrator's switch holds within seconds and is on record.
func TestTheAdministratorTurnsAModelOffAndOn(t *testing.T) {
	model := scripted.New(t, scripted.Config{})
	model.Script(scripted.Answer{From: kind})
	d := newNewsroom(t, smallKnowledge(t), func(c *config) {
		c.Dir = t.TempDir()
		c.LLM.BaseURL, c.LLM.Model = model.URL, scripted.Model
	})
	boss := d.staffer("boss", auth.Administrator)
	const question = "护照快到期了怎么换"
	if r := d.ask(question); !r.AIGenerated || !strings.HasSuffix(r.Text, bot.AILabel) {
		t.Fatalf("not re-worded: %s", r.Text)
	}
	view := boss.ok("GET", "/switches", nil)["wording"].(map[string]any)
	if view["model"] != scripted.Model || num(view["counts"].(map[string]any)["new"]) != 1 {
		t.Errorf("%v", view)
	}
	for _, off := range []bool{true, false} {
		boss.ok("PUT", "/switches", object{"published_words": off, "reason": "试一试"})
		begun := time.Now()
		waitFor(t, "the switch holds", func() bool { return d.ask(question).AIGenerated != off })
		if took := time.Since(begun); took > 5*time.Second {
			t.Errorf("it took %v", took)
		}
	}
}
