package wecom_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"shenwei/bot"
	"shenwei/internal/outbox"
	"shenwei/internal/store"
	"shenwei/web/wechat"
	"shenwei/web/wecom"
)

const (
	corp    = "ww0000000000000001"
	account = "wk000001"
	key     = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
)

// platform plays 微信客服: it keeps messages by cursor and shows what is sent, each id once.
type platform struct {
	mu     sync.Mutex
	inbox  []map[string]any
	shown  map[string][]string
	ids    map[string]bool
	calls  map[string][]map[string]any
	faults map[string][]int // HTTP statuses
	page   int              // how many messages a batch has; every second batch is empty
	empty  bool
}

func newPlatform() *platform {
	return &platform{shown: map[string][]string{}, ids: map[string]bool{}, calls: map[string][]map[string]any{}, faults: map[string][]int{}, page: 2}
}

func (p *platform) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	call := strings.TrimPrefix(r.URL.Path, "/cgi-bin/")
	body, _ := io.ReadAll(r.Body)
	var in map[string]any
	_ = json.Unmarshal(body, &in)
	p.calls[call] = append(p.calls[call], in)
	if queue := p.faults[call]; len(queue) > 0 {
		p.faults[call] = queue[1:]
		if queue[0] < 0 { // carried out, and the answer is lost
			p.answer(httptest.NewRecorder(), call, in)
			panic(http.ErrAbortHandler)
		}
		w.WriteHeader(queue[0])
		return
	}
	p.answer(w, call, in)
}

func (p *platform) answer(w http.ResponseWriter, call string, in map[string]any) {
	out := map[string]any{"errcode": 0}
	switch call {
	case "gettoken":
		out["access_token"], out["expires_in"] = "t", 7200
	case "kf/sync_msg":
		from, _ := strconv.Atoi(strings.TrimSpace(fmt.Sprint(in["cursor"]))) // "" is the beginning
		to := min(from+p.page, len(p.inbox))
		if p.empty = !p.empty; p.empty {
			to = from // an empty batch with more behind it
		}
		out["next_cursor"], out["msg_list"], out["has_more"] = strconv.Itoa(to), p.inbox[from:to], 0
		if to < len(p.inbox) {
			out["has_more"] = 1
		}
		if to == from && out["has_more"] == 1 {
			out["next_cursor"] = fmt.Sprintf("%d ", from) // the cursor moves on, the place does not
		}
	case "kf/send_msg":
		id, _ := in["msgid"].(string)
		if !p.ids[id] {
			p.ids[id] = true
			to := fmt.Sprint(in["touser"])
			p.shown[to] = append(p.shown[to], text(in))
		}
	}
	_ = json.NewEncoder(w).Encode(out)
}

func text(in map[string]any) string {
	switch in["msgtype"] {
	case "msgmenu":
		m := in["msgmenu"].(map[string]any)
		s := fmt.Sprint(m["head_content"])
		for _, l := range m["list"].([]any) {
			s += "［" + fmt.Sprint(l.(map[string]any)["click"].(map[string]any)["content"]) + "］"
		}
		return s
	case "text":
		return fmt.Sprint(in["text"].(map[string]any)["content"])
	}
	return fmt.Sprint(in["msgtype"])
}

func (p *platform) put(m map[string]any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	m["msgid"], m["open_kfid"] = fmt.Sprint("m", len(p.inbox)), account
	if m["send_time"] == nil {
		m["send_time"] = noon.Unix()
	}
	p.inbox = append(p.inbox, m)
}

func (p *platform) say(who, words string) {
	p.put(map[string]any{"external_userid": who, "origin": 3, "msgtype": "text", "text": map[string]string{"content": words}})
}

func (p *platform) seen(who string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Join(p.shown[who], "|")
}

func (p *platform) called(call string) []map[string]any {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.calls[call]
}

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

type answerer struct{}

func (answerer) Answer(_ context.Context, t bot.Turn) (bot.Answered, error) {
	r := &bot.Reply{Action: bot.SmallTalk, Blocks: []bot.Block{{Type: bot.BlockText, Text: "答：" + t.Message.Text}}}
	if t.Message.Text == "选" {
		o := []bot.Option{{Code: "A", Label: "甲"}, {Code: "B", Label: "乙"}}
		r = &bot.Reply{Action: bot.Clarify, Options: o, Blocks: []bot.Block{{Type: bot.BlockChoices, Text: "哪个？", Options: o}}}
	}
	return bot.Answered{Reply: r, State: t.State, Trace: &bot.Trace{}}, nil
}

type world struct {
	later    atomic.Int64 // nanoseconds that have passed
	t        *testing.T
	platform *platform
	crypt    *wechat.Crypt
	store    *store.DB
	channel  *wecom.Channel
	outbox   *outbox.Runner
	http     *httptest.Server
	log      *bytes.Buffer
}

func newWorld(t *testing.T, welcome string) *world {
	t.Helper()
	w := &world{t: t, platform: newPlatform(), log: &bytes.Buffer{}}
	api := httptest.NewServer(w.platform)
	api.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	t.Cleanup(api.Close)
	now := func() time.Time { return noon.Add(time.Duration(w.later.Load())) }
	log := slog.New(slog.DiscardHandler)
	var err error
	if w.store, err = store.Open(t.Context(), filepath.Join(t.TempDir(), "wecom.db"), store.Options{Now: now}); err != nil {
		t.Fatal(err)
	}
	front := bot.NewFront(w.store, answerer{}, log, bot.WithClock(now))
	if w.crypt, err = wechat.NewCrypt(wechat.Keys{Token: "t", AESKey: key, Receiver: corp}, rand.Reader); err != nil {
		t.Fatal(err)
	}
	door, err := wechat.NewDoor(wechat.DoorConfig{Crypt: w.crypt, Mode: wechat.Safe, MaxAge: 5 * time.Minute, Now: now, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	client := wechat.NewClient(wechat.ClientConfig{AppID: corp, Secret: "s", Base: api.URL, Corp: true, Now: now, Log: log})
	w.outbox = outbox.NewRunner(w.store, "one", now, log)
	w.channel, err = wecom.New(wecom.Config{
		Door: door, Store: w.store, Client: client, Welcome: welcome,
		Core: wechat.CoreConfig{Front: front, Label: func(string) string { return "" }, Now: now, Log: log, Wake: w.outbox.Wake},
	})
	if err != nil {
		t.Fatal(err)
	}
	w.outbox.Register(wecom.Kind, w.channel)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /wecom", w.channel.Verify)
	mux.HandleFunc("POST /wecom", w.channel.Receive)
	w.http = httptest.NewServer(mux)
	t.Cleanup(func() {
		w.http.Close()
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		w.channel.Drain(ctx)
		if err := front.Drain(ctx); err != nil {
			t.Error(err)
		}
		if err := w.store.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

// callback says that there is something to read, and waits until it is read and answered.
func (w *world) callback() {
	w.t.Helper()
	plain := "<xml><ToUserName>" + corp + "</ToUserName><CreateTime>1</CreateTime><MsgType>event</MsgType><Event>kf_msg_or_event</Event><Token>cb</Token><OpenKfId>" + account + "</OpenKfId></xml>"
	if status := w.post(plain, nil); status != http.StatusOK {
		w.t.Fatalf("callback: %d", status)
	}
	w.settle()
}

func (w *world) settle() {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), 30*time.Second)
	defer cancel()
	w.channel.Drain(ctx)
	for {
		n, err := w.outbox.Step(ctx)
		if err != nil {
			w.t.Fatal(err)
		}
		if n == 0 {
			return
		}
	}
}

func (w *world) post(plain string, change func(url.Values)) int {
	w.t.Helper()
	text, err := w.crypt.Encrypt([]byte(plain))
	if err != nil {
		w.t.Fatal(err)
	}
	at := strconv.FormatInt(noon.Unix(), 10)
	q := url.Values{"timestamp": {at}, "nonce": {rand.Text()}}
	q.Set("msg_signature", w.crypt.Signature(at, q.Get("nonce"), text))
	if change != nil {
		change(q)
	}
	res, err := http.Post(w.http.URL+"/wecom?"+q.Encode(), "text/xml", strings.NewReader("<xml><Encrypt><![CDATA["+text+"]]></Encrypt></xml>"))
	if err != nil {
		w.t.Fatal(err)
	}
	_ = res.Body.Close()
	return res.StatusCode
}

func TestEveryMessageOfEveryBatchIsAnsweredOnceAndInOrder(t *testing.T) {
	w := newWorld(t, "")
	for i := range 5 {
		w.platform.say("a", fmt.Sprint("甲", i))
	}
	w.platform.say("b", "乙")
	w.platform.put(map[string]any{"external_userid": "a", "origin": 5, "msgtype": "text", "text": map[string]string{"content": "坐席说的"}})
	w.callback()
	w.callback()
	if got := w.platform.seen("a"); got != "答：甲0|答：甲1|答：甲2|答：甲3|答：甲4" {
		t.Errorf("she sees %s", got)
	}
	if got := w.platform.seen("b"); got != "答：乙" {
		t.Errorf("he sees %s", got)
	}
	if cursor, err := w.store.Cursor(t.Context(), account); err != nil || strings.TrimSpace(cursor) != "7" {
		t.Errorf("read up to %q (%v)", cursor, err)
	}
	for _, c := range w.platform.called("kf/sync_msg") {
		if c["token"] != "cb" || c["open_kfid"] != account {
			t.Errorf("asked with %v", c)
		}
	}
}

func TestEveryKindOfMessageHasItsTreatment(t *testing.T) {
	for kind, x := range map[string]struct{ inner, sees string }{
		"image":         {`{"image":{"media_id":"m"}}`, "答：[图片]"},
		"voice":         {`{"voice":{"media_id":"m"}}`, "答：[语音]"},
		"video":         {`{"video":{"media_id":"m"}}`, "答：[视频]"},
		"file":          {`{"file":{"media_id":"m"}}`, "答：[文件]"},
		"location":      {`{"location":{"latitude":22.54,"longitude":114.06,"name":"市民中心","address":"福田区"}}`, "答：我的位置：22.543,114.055（福田区 市民中心）"},
		"link":          {`{"link":{"title":"标题"}}`, "答：[链接] 标题"},
		"miniprogram":   {`{"miniprogram":{"title":"x"}}`, "答：[文件]"},
		"business_card": {`{"business_card":{"userid":"x"}}`, "答：[文件]"},
	} {
		w := newWorld(t, "")
		m := map[string]any{}
		if err := json.Unmarshal([]byte(x.inner), &m); err != nil {
			t.Fatal(err)
		}
		m["external_userid"], m["origin"], m["msgtype"] = "a", 3, kind
		w.platform.put(m)
		w.callback()
		if got := w.platform.seen("a"); got != x.sees {
			t.Errorf("%s: she sees %q, want %q", kind, got, x.sees)
		}
	}
}

func TestALostAnswerOfThePlatformDoublesNothing(t *testing.T) {
	w := newWorld(t, "")
	w.platform.faults["kf/send_msg"] = []int{-1}
	w.platform.say("a", "甲")
	w.callback()
	w.later.Store(int64(time.Minute))
	later := outbox.NewRunner(w.store, "two", func() time.Time { return noon.Add(time.Minute) }, slog.New(slog.DiscardHandler))
	later.Register(wecom.Kind, w.channel)
	if _, err := later.Step(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := w.platform.seen("a"); got != "答：甲" || len(w.platform.called("kf/send_msg")) != 2 {
		t.Errorf("she sees %s after %d calls", got, len(w.platform.called("kf/send_msg")))
	}
	rows, err := w.store.Outbox(t.Context(), wechat.Lane(wechat.Conversation(account, "a")))
	if err != nil || len(rows) != 0 {
		t.Errorf("%+v %v", rows, err)
	}
}

func TestFiveMessagesThenTheCitizensNextWord(t *testing.T) {
	w := newWorld(t, "")
	for i := range 7 {
		w.platform.say("a", fmt.Sprint(i))
	}
	w.callback()
	if got := w.platform.seen("a"); got != "答：0|答：1|答：2|答：3|答：4" {
		t.Errorf("she sees %s", got)
	}
	w.platform.put(map[string]any{"external_userid": "a", "origin": 3, "msgtype": "text", "send_time": noon.Add(time.Second).Unix(), "text": map[string]string{"content": "7"}})
	w.callback()
	if got := w.platform.seen("a"); got != "答：0|答：1|答：2|答：3|答：4|答：5|答：6|答：7" {
		t.Errorf("she sees %s", got)
	}
}

func TestChoicesAreAMenu(t *testing.T) {
	w := newWorld(t, "")
	w.platform.say("a", "选")
	w.callback()
	if got := w.platform.seen("a"); got != "哪个？［1. 甲］［2. 乙］" {
		t.Errorf("she sees %s", got)
	}
}

func TestAWelcomeIsShownWithinItsTimeOnly(t *testing.T) {
	enter := func(ago time.Duration) map[string]any {
		return map[string]any{"origin": 4, "msgtype": "event", "send_time": noon.Add(-ago).Unix(),
			"event": map[string]any{"event_type": "enter_session", "external_userid": "a", "open_kfid": account, "welcome_code": "c"}}
	}
	for ago, want := range map[time.Duration]int{time.Second: 1, 17 * time.Second: 1, 21 * time.Second: 0, time.Hour: 0} {
		w := newWorld(t, "您好")
		w.platform.put(enter(ago))
		w.callback()
		if n := len(w.platform.called("kf/send_msg_on_event")); n != want {
			t.Errorf("%v after entering: %d welcomes", ago, n)
		}
	}
}

func TestAMessageThatDidNotArriveClosesTheWindow(t *testing.T) {
	for why, want := range map[int]struct {
		left      int
		following bool
	}{4: {0, true}, 5: {0, true}, 6: {0, true}, 10: {0, false}, 0: {4, true}} {
		w := newWorld(t, "")
		w.platform.say("a", "甲")
		w.callback()
		w.platform.put(map[string]any{"origin": 4, "msgtype": "event", "event": map[string]any{
			"event_type": "msg_send_fail", "external_userid": "a", "open_kfid": account, "fail_msgid": "x", "fail_type": why}})
		w.callback()
		c, err := w.store.Contact(t.Context(), wechat.Conversation(account, "a"))
		if err != nil || c.Window.Left(noon) != want.left || c.Following != want.following {
			t.Errorf("fail type %d: %+v %v", why, c, err)
		}
	}
}

func TestForgedCallbacksAreRefused(t *testing.T) {
	w := newWorld(t, "")
	event := "<xml><Event>kf_msg_or_event</Event><OpenKfId>" + account + "</OpenKfId></xml>"
	for name, change := range map[string]func(url.Values){
		"no signature":    func(q url.Values) { q.Del("msg_signature") },
		"wrong signature": func(q url.Values) { q.Set("msg_signature", strings.Repeat("0", 40)) },
		"old":             func(q url.Values) { q.Set("timestamp", "1") },
	} {
		if status := w.post(event, change); status != http.StatusForbidden {
			t.Errorf("%s: %d", name, status)
		}
	}
	w.settle()
	if n := len(w.platform.called("kf/sync_msg")); n != 0 {
		t.Errorf("read %d times", n)
	}
}

func TestAnAgentWritesWithinTheQuota(t *testing.T) {
	w := newWorld(t, "")
	w.platform.say("a", "转人工")
	w.callback()
	conversation := wechat.Conversation(account, "a")
	for i := range 5 {
		s, err := w.channel.SendText(t.Context(), conversation, fmt.Sprint(i), fmt.Sprint("坐席", i))
		if err != nil || !s.Open && i < 4 {
			t.Fatalf("%d: %+v %v", i, s, err)
		}
		w.later.Add(int64(wechat.GatherFor)) // the last ones wait for others
		w.settle()
	}
	s, err := w.channel.Standing(t.Context(), conversation)
	if err != nil || s.Open || s.Left != 0 || len(s.Waiting) != 1 {
		t.Errorf("%+v %v", s, err)
	}
	if got := w.platform.seen("a"); got != "答：转人工|坐席0|坐席1|坐席2|坐席3" {
		t.Errorf("she sees %s", got)
	}
	if e := w.channel.TextEntries(conversation, "k", "  "); len(e) != 0 {
		t.Errorf("%+v", e)
	}
}
