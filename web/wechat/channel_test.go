package wechat_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"shenwei/bot"
	"shenwei/web/wechat"
	"shenwei/web/wechat/simulator"
)

func TestALineIsAnsweredWithinTheRequest(t *testing.T) {
	for name, change := range map[string]func(*simulator.Account){
		"plain": func(a *simulator.Account) { a.Mode = wechat.Plain }, "compat": func(a *simulator.Account) { a.Mode = wechat.Compat },
		"safe": func(a *simulator.Account) { a.Mode = wechat.Safe }, "JSON": func(a *simulator.Account) { a.JSON = true },
		"plain JSON": func(a *simulator.Account) { a.Mode, a.JSON = wechat.Plain, true },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, options{account: change})
			r := w.say("o1", "护照 <b>]]> 👮")
			if r.Tries != 1 || r.Shown == nil || !r.Shown.Passive {
				t.Fatalf("%+v", r)
			}
			w.sees("o1", "答：护照 ＜b>]]> 👮")
			if n := w.sim.Calls("message/custom/send"); n != 0 {
				t.Errorf("%d messages from the quota", n)
			}
		})
	}
}

func TestCopiesOfAPushAreOneLineAndOneAnswer(t *testing.T) {
	w := newWorld(t, options{})
	w.answer.hold = make(chan struct{})
	m := w.sim.Text("o1", "护照")
	m.At = w.clock.Now()
	var all sync.WaitGroup
	bodies := make([][]byte, 3)
	for i := range bodies {
		all.Go(func() {
			body, status, err := w.sim.Deliver(t.Context(), m)
			if err != nil || status != http.StatusOK {
				t.Error(status, err)
			}
			bodies[i] = body
		})
	}
	close(w.answer.hold)
	all.Wait()
	later, _, err := w.sim.Deliver(t.Context(), m) // our first answer may have been lost on its way
	if err != nil {
		t.Fatal(err)
	}
	bodies = append(bodies, later)
	var plain []byte
	for i, b := range bodies {
		p, err := w.sim.Open(b)
		if err != nil {
			t.Fatal(err)
		}
		if plain != nil && !bytes.Equal(p, plain) {
			t.Errorf("copy %d got other bytes:\n%s\n%s", i, p, plain)
		}
		plain = p
		for _, o := range bodies[:i] {
			if bytes.Equal(o, b) {
				t.Error("two copies got the same cipher text")
			}
		}
	}
	if lines := w.lines("o1"); len(lines) != 2 {
		t.Errorf("%v", lines)
	}
	if said := w.answer.said(); len(said) != 1 {
		t.Errorf("the engine was asked %d times", len(said))
	}
}

func TestASlowAnswerComesByAMessageOfItsOwn(t *testing.T) {
	due := make(chan time.Time)
	w := newWorld(t, options{due: due})
	w.answer.hold = make(chan struct{})
	done := make(chan simulator.Result)
	m := w.sim.Text("o1", "慢")
	go func() { done <- w.sim.Push(context.Background(), m) }()
	due <- time.Time{}
	if r := <-done; r.Shown != nil || r.Tries != 1 {
		t.Fatalf("%+v", r)
	}
	if body, _, err := w.sim.Deliver(t.Context(), m); err != nil || string(body) != "success" {
		t.Fatalf("a copy gets %q %v", body, err)
	}
	close(w.answer.hold)
	w.settle()
	w.sees("o1", "答：慢")
	if body, _, err := w.sim.Deliver(t.Context(), m); err != nil || string(body) != "success" {
		t.Fatalf("a copy gets %q %v", body, err)
	}
	w.settle()
	w.sees("o1", "答：慢")
}

func TestAPushEndsInTimeWhileTheModelHangs(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.answer.hold = make(chan struct{})
	begun := time.Now()
	r := w.say("o1", "慢")
	if took := time.Since(begun); took > 4500*time.Millisecond || r.Tries != 1 || r.Shown != nil {
		t.Fatalf("%v %+v", took, r)
	}
	close(w.answer.hold)
	w.settle()
	w.sees("o1", "答：慢")
}

func TestTheAnswerGoesOneWayWhenBothAreReady(t *testing.T) {
	for range 30 {
		due := make(chan time.Time, 1)
		w := newWorld(t, options{due: due})
		w.answer.hold = make(chan struct{})
		done := make(chan simulator.Result)
		go func() { done <- w.say("o1", "同时") }()
		var both sync.WaitGroup
		both.Go(func() { due <- time.Time{} })
		both.Go(func() { close(w.answer.hold) })
		both.Wait()
		<-done
		w.settle()
		w.sees("o1", "答：同时")
	}
}

func TestWhatAProcessLeftIsAnsweredByAnother(t *testing.T) {
	due := make(chan time.Time)
	w := newWorld(t, options{due: due, patience: 300 * time.Millisecond})
	dead := w.node
	dead.answer.hold = make(chan struct{})
	if r := w.say("o1", "中断"); r.Tries != 3 || r.Shown.Text != simulator.Failure {
		t.Fatalf("%+v", r) // it took each copy and answered none
	}
	w.node = w.start(w.path)
	if err := w.channel.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.send()
	w.sees("o1", simulator.Failure) // WeChat may still ask
	w.clock.add(30 * time.Second)
	for range 3 {
		if err := w.channel.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	w.send()
	close(dead.answer.hold) // it was not dead, only slow: nobody sees it
	dead.channel.Drain(t.Context())
	w.settle()
	w.sees("o1", simulator.Failure, "答：中断")
	if lines := w.lines("o1"); len(lines) != 2 {
		t.Errorf("%v", lines)
	}
}

func TestTheRecordFailingIsSaidHonestly(t *testing.T) {
	w := newWorld(t, options{})
	if err := w.store.Close(); err != nil {
		t.Fatal(err)
	}
	r := w.say("o1", "护照")
	if r.Tries != 3 || !strings.Contains(r.Shown.Text, "没有收到") || !strings.Contains(r.Shown.Text, "110") {
		t.Fatalf("%+v", r)
	}
	if strings.Contains(w.log.String(), "护照") {
		t.Error("a citizen's words stand in the log")
	}
}

func TestEveryTypeHasItsTreatment(t *testing.T) {
	w := newWorld(t, options{config: func(c *wechat.Config) {
		c.Core.Listener = listener{"自愿听写"}
	}})
	w.sim.PutMedia("voice-1", []byte("#!AMR"))
	typed := func(openid, kind string, fields ...simulator.Field) simulator.Message {
		return simulator.Message{OpenID: openid, Type: kind, ID: w.sim.NewID(), Fields: fields}
	}
	f := func(name, value string) simulator.Field { return simulator.Field{Name: name, Value: value} }
	for i, c := range []struct {
		m    simulator.Message
		says string // what the engine is told, "" for nothing
		sees string // the beginning of what the citizen sees, "" for nothing
	}{
		{typed("", "text", f("Content", "护照")), "护照", "答：护照"},
		{typed("", "text", f("Content", " \n")), "", "请输入"},
		{typed("", "image", f("MediaId", "m")), "[图片]", "答：[图片]"},
		{typed("", "voice", f("MediaId", "voice-1"), f("Recognition", "身份证")), "身份证", "答：身份证"},
		{typed("", "voice", f("MediaId", "voice-1"), f("Recognition", "")), "自愿听写", "答：自愿听写"},
		{typed("", "voice", f("MediaId", "gone")), "[语音]", "答：[语音]"},
		{typed("", "video", f("MediaId", "m")), "[视频]", "答：[视频]"},
		{typed("", "shortvideo", f("MediaId", "m")), "[视频]", "答：[视频]"},
		{typed("", "location", f("Location_X", "22.5405"), f("Location_Y", "114.0625"), f("Label", "福田区")), "我的位置：22.543,114.057（福田区）", "答："},
		{typed("", "link", f("Title", "标题"), f("Url", "https://x")), "[链接] 标题", "答："},
		{typed("", "hologram", f("Shape", "x")), "", ""},
		{w.sim.Event("", "subscribe", ""), "", "您好"},
		{w.sim.Event("", "subscribe", "qrscene_CRJ-011"), "往来港澳通行证CRJ-011", "答："},
		{w.sim.Event("", "subscribe", "qrscene_unknown"), "", "您好"},
		{w.sim.Event("", "SCAN", "item:CRJ-011"), "往来港澳通行证CRJ-011", "答："},
		{w.sim.Event("", "CLICK", "say:转人工"), "转人工", "答：转人工"},
		{w.sim.Event("", "CLICK", "ASK"), "", "您好"},
		{w.sim.Event("", "unsubscribe", ""), "", ""},
		{w.sim.Event("", "VIEW", "https://x"), "", ""},
		{w.sim.Event("", "view_miniprogram", "pages/i"), "", ""},
		{w.sim.Event("", "LOCATION", ""), "", ""},
		{w.sim.Event("", "pic_sysphoto", "k"), "", ""},
		{w.sim.Event("", "location_select", "k"), "", ""},
		{w.sim.Event("", "TEMPLATESENDJOBFINISH", ""), "", ""},
		{w.sim.Event("", "subscribe_msg_popup_event", ""), "", ""},
		{w.sim.Event("", "kf_create_session", ""), "", ""},
		{w.sim.Event("", "moon_landing", ""), "", ""},
		{simulator.Message{Type: "event", Fields: []simulator.Field{f("Event", "scancode_waitmsg"), {Name: "ScanCodeInfo", Raw: true, Value: "<ScanResult>CRJ-011</ScanResult>"}}}, "往来港澳通行证CRJ-011", "答："},
		{simulator.Message{Type: "event", Fields: []simulator.Field{f("Event", "scancode_push"), {Name: "ScanCodeInfo", Raw: true, Value: "<ScanResult>https://x</ScanResult>"}}}, "", ""},
	} {
		c.m.OpenID = fmt.Sprint("o", i)
		before := len(w.answer.said())
		r := w.sim.Push(t.Context(), c.m)
		said := w.answer.said()[before:]
		if strings.Join(said, "|") != c.says {
			t.Errorf("%d %s: the engine was told %q, want %q", i, c.m.Type, said, c.says)
		}
		switch {
		case c.sees == "" && r.Shown != nil, c.sees != "" && (r.Shown == nil || !strings.HasPrefix(r.Shown.Text, c.sees)), r.Tries != 1:
			t.Errorf("%d %s %+v: she sees %+v, want %q", i, c.m.Type, c.m.Fields, r.Shown, c.sees)
		}
	}
}

type listener struct{ words string }

func (l listener) Transcribe(_ context.Context, audio []byte, _ string) (string, error) {
	if !bytes.HasPrefix(audio, []byte("#!AMR")) {
		return "", io.ErrUnexpectedEOF
	}
	return l.words, nil
}

func TestATapOnAMenuIsTheChoiceItStoodFor(t *testing.T) {
	w := newWorld(t, options{})
	w.answer.reply = func(turn bot.Turn) *bot.Reply {
		if turn.Message.Choice != "" {
			return &bot.Reply{Action: bot.Answer, Text: "选了" + turn.Message.Choice}
		}
		o := []bot.Option{{Code: "CRJ-011", Label: "去香港"}, {Code: "CRJ-012", Label: "去澳门"}}
		return &bot.Reply{Action: bot.Clarify, Options: o, Blocks: []bot.Block{{Type: bot.BlockChoices, Text: "去哪里？", Options: o}}}
	}
	w.say("o1", "签注")
	tap := func(id, content string) string {
		m := w.sim.Text("o1", content)
		m.Fields = append(m.Fields, simulator.Field{Name: "bizmsgmenuid", Value: id})
		return w.sim.Push(t.Context(), m).Shown.Text
	}
	if got := tap("22", "2. 去澳门"); got != "选了CRJ-012" { // the reply with number 2, its second line
		t.Error(got)
	}
	for _, id := range []string{"q_101", "29", "992", "-1", "99999999999999999999"} {
		if got := tap(id, "转人工"); !strings.Contains(got, "去哪里") {
			t.Errorf("id %s: %s", id, got)
		}
	}
}

func TestNothingIsSaidWhileAPersonAnswers(t *testing.T) {
	w := newWorld(t, options{})
	w.answer.reply = func(bot.Turn) *bot.Reply {
		return &bot.Reply{Action: bot.Relayed, Text: "已转给为您服务的人工坐席。"}
	}
	if r := w.say("o1", "还在吗"); r.Shown != nil || r.Tries != 1 {
		t.Fatalf("%+v", r)
	}
	w.settle()
	w.sees("o1")
}

func TestAnAccountWithoutMessagesOfItsOwnAnswersAtOnceOrSaysSo(t *testing.T) {
	due := make(chan time.Time)
	w := newWorld(t, options{due: due, config: func(c *wechat.Config) { c.Client = nil }})
	if r := w.say("o1", "快"); r.Shown.Text != "答：快" {
		t.Fatalf("%+v", r)
	}
	w.answer.hold = make(chan struct{})
	done := make(chan simulator.Result)
	go func() { done <- w.say("o1", "慢") }()
	due <- time.Time{}
	if r := <-done; !strings.Contains(r.Shown.Text, "稍后再发") {
		t.Fatalf("%+v", r)
	}
	close(w.answer.hold)
	w.settle()
	if n := len(w.sim.Answers("o1")); n != 2 {
		t.Errorf("%d bubbles", n)
	}
}

func TestBodiesThatNobodyShouldReadAreRefused(t *testing.T) {
	w := newWorld(t, options{})
	post := func(query string, body io.Reader, length int64) int {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.http.URL+"/wechat?"+query, body)
		if err != nil {
			t.Fatal(err)
		}
		req.ContentLength = length
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			return 0 // cut off
		}
		defer func() { _ = res.Body.Close() }()
		if answer, err := io.ReadAll(res.Body); err != nil || len(answer) > 0 {
			t.Errorf("the sender is told %q (%v)", answer, err)
		}
		return res.StatusCode
	}
	const gigabyte = 1 << 30
	for name, length := range map[string]int64{"announced": gigabyte, "chunked": -1} {
		counted := &counter{r: io.LimitReader(zeros{}, gigabyte)}
		if status := post("signature=x", counted, length); status != http.StatusRequestEntityTooLarge && status != 0 {
			t.Errorf("1 GB, %s: %d", name, status)
		}
		if counted.read() > 16<<20 {
			t.Errorf("1 GB, %s: %d bytes were taken", name, counted.read())
		}
	}
	for _, query := range []string{"", "signature=x&timestamp=1&nonce=2", "encrypt_type=aes&signature=x", "%zz"} {
		if status := post(query, strings.NewReader("<xml><Content>转账</Content></xml>"), -1); status != http.StatusForbidden {
			t.Errorf("%q: %d", query, status)
		}
	}
	res, err := http.Get(w.http.URL + "/wechat?echostr=1&signature=x")
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusForbidden {
		t.Errorf("verification without a signature: %d", res.StatusCode)
	}
	if len(w.answer.said()) != 0 || strings.Contains(w.log.String(), "转账") || strings.Contains(w.log.String(), w.account.Token) {
		t.Error(w.log.String())
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

type counter struct {
	mu sync.Mutex
	n  int64
	r  io.Reader
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n += int64(n)
	return n, err
}

func (c *counter) read() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.n
}

// Pushes come in any order, three copies of each, and every one is one row with one answer.
func TestAStormOfShuffledCopiesIsAnsweredOnceEach(t *testing.T) {
	pushes, citizens := 500, 100
	if os.Getenv("SHENWEI_LONG") == "1" {
		pushes, citizens = 10_000, 2000
	}
	w := newWorld(t, options{patience: 60 * time.Second})
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	var all []simulator.Message
	for i := range pushes {
		m := w.sim.Text(fmt.Sprint("o", i%citizens), fmt.Sprint("问题", i))
		m.At = w.clock.Now()
		all = append(all, m, m, m)
	}
	random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	delays := make([]int, len(all))
	for i := range delays {
		delays[i] = random.IntN(200)
	}
	work := make(chan int)
	var workers sync.WaitGroup
	var mu sync.Mutex
	seen := map[string]map[string]bool{} // MsgId → what its copies were answered
	for range 32 {
		workers.Go(func() {
			for i := range work {
				time.Sleep(time.Duration(delays[i]) * time.Microsecond) // the network's, not ours
				body, status, err := w.sim.Deliver(context.Background(), all[i])
				if err != nil || status != http.StatusOK {
					t.Errorf("%d %v", status, err)
					continue
				}
				plain, err := w.sim.Open(body)
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				if seen[all[i].ID] == nil {
					seen[all[i].ID] = map[string]bool{}
				}
				seen[all[i].ID][string(plain)] = true
				mu.Unlock()
			}
		})
	}
	for i := range all {
		work <- i
	}
	close(work)
	workers.Wait()
	if len(seen) != pushes {
		t.Fatalf("%d pushes were answered, want %d", len(seen), pushes)
	}
	for id, answers := range seen {
		if len(answers) != 1 {
			t.Fatalf("%s has %d different answers", id, len(answers))
		}
	}
	rows := 0
	for i := range citizens {
		rows += len(w.lines(fmt.Sprint("o", i)))
	}
	if rows != 2*pushes || len(w.answer.said()) != pushes || w.sim.Calls("message/custom/send") != 0 {
		t.Fatalf("%d rows, %d answers made, %d sent afterwards", rows, len(w.answer.said()), w.sim.Calls("message/custom/send"))
	}
}
