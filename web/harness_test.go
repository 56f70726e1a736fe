package web_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"shenwei/bot"
	"shenwei/intents"
	"shenwei/kb"
	"shenwei/web"
	"shenwei/web/live"
)

// site is a whole server over HTTP with a record in memory and an answerer that repeats.
type site struct {
	t      testing.TB
	store  *memStore
	hub    *live.Hub
	web    *web.Server
	http   *httptest.Server
	answer *stubAnswerer
	live   *stubLive
	log    *lockedBuffer
	clock  *clock
	config func() web.Config
	ready  atomic.Bool
}

// patience bounds what a test waits for.
const patience = 20 * time.Second

var unlimited = web.Limits{Visitor: web.Limit{Events: -1}, Address: web.Limit{Events: -1}}

// newSite starts a server; change may change its configuration.
func newSite(t testing.TB, change func(*web.Config), with ...func(*stubLive)) *site {
	t.Helper()
	s := &site{
		t: t, store: newMemStore(), answer: newStubAnswerer(), live: newStubLive(t), log: &lockedBuffer{},
		clock: &clock{now: time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)},
	}
	s.ready.Store(true)
	for _, w := range with {
		w(s.live)
	}
	log := slog.New(slog.NewTextHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	s.hub = live.NewHub(live.Config{Log: log})
	front := bot.NewFront(s.store, s.answer, log, bot.WithClock(s.clock.Now), bot.WithCommitted(s.hub.Committed))
	cfg := web.Config{
		Front: front, Store: s.store, Hub: s.hub, Log: log, Now: s.clock.Now, Limits: unlimited,
		Live: func() web.Live {
			if !s.ready.Load() {
				return nil
			}
			return s.live
		},
		Operator: "示例单位", Assets: os.DirFS("testdata/dist"),
	}
	if change != nil {
		change(&cfg)
	}
	var err error
	s.config = func() web.Config {
		again := cfg
		again.Registry = nil // its metrics are taken
		return again
	}
	if s.web, err = web.New(cfg); err != nil {
		t.Fatal(err)
	}
	s.http = httptest.NewServer(s.web.Handler())
	t.Cleanup(func() {
		s.answer.release()
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := s.hub.Shutdown(ctx.Done()); err != nil {
			t.Error(err)
		}
		s.http.Close()
		if err := front.Drain(ctx); err != nil {
			t.Error(err)
		}
	})
	return s
}

type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// stubAnswerer repeats what was said. A text that begins with 慢 waits until it is let go,
// 全部 gets every kind of block, 坏 an internal error and 崩 one that names a secret.
type stubAnswerer struct {
	slow chan struct{}
	once sync.Once
}

func newStubAnswerer() *stubAnswerer { return &stubAnswerer{slow: make(chan struct{})} }

func (a *stubAnswerer) release() { a.once.Do(func() { close(a.slow) }) }

type secretError struct{}

func (secretError) Error() string { return "dial postgres://root:hunter2@db" }

func (a *stubAnswerer) Answer(_ context.Context, turn bot.Turn) (bot.Answered, error) {
	text := turn.Message.Text
	if turn.Message.Choice != "" {
		text = "选了 " + turn.Message.Choice
	}
	if strings.HasPrefix(text, "慢") {
		<-a.slow
	}
	if strings.HasPrefix(text, "坏") {
		return bot.Answered{}, secretError{}
	}
	r := &bot.Reply{
		Action: bot.Answer, Lang: cmp.Or(turn.Message.Lang, bot.Hans), Text: "答：" + text, Items: []bot.ItemHit{}, Options: []bot.Option{},
		Blocks: []bot.Block{{Type: bot.BlockText, Text: "答：" + text}}, Links: []bot.Link{}, Sources: []bot.Source{}, Release: 3,
	}
	if text == "全部" {
		fillReply(r)
	}
	return bot.Answered{Reply: r, State: turn.State, Trace: &bot.Trace{}}, nil
}

// fillReply uses every field that a reply may have.
func fillReply(r *bot.Reply) {
	number := bot.Number{Label: "报警", Number: "110", Hours: "24小时", For: "紧急求助"}
	link := bot.Link{Kind: bot.LinkTel, Label: "拨打 110", URL: "tel:110"}
	option := bot.Option{Code: "CRJ-011", Label: "去香港", Hint: "签注"}
	r.Item, r.Article, r.Facet, r.Confidence = "CRJ-007", "", kb.Fee, 0.93
	r.Items = []bot.ItemHit{{Code: "CRJ-007", Facet: kb.Fee, Confidence: 0.93}}
	r.Options, r.Links = []bot.Option{option, {ID: "baojing", Label: "报警电话"}}, []bot.Link{link}
	r.Sources = []bot.Source{{Kind: kb.KindItem, ID: "CRJ-007", Revision: 2}}
	r.Refs, r.Handoff = []string{"r"}, &bot.HandoffNo{Number: "HZ1", Position: 2, Group: "出入境"}
	r.Blocks = []bot.Block{
		{Type: bot.BlockCaution, Title: "110", Text: "先报警", Links: []bot.Link{link}},
		{Type: bot.BlockItem, Item: &bot.ItemCard{
			Code: "CRJ-007", Name: "换发", PoliceType: "出入境", Summary: "可换", Facet: kb.Fee, FacetName: "费用", FacetText: "60元",
			Trips: "零跑腿", TripsNote: "注", Fee: "60元", TimeLimit: "7日", Links: []bot.Link{link}, Handover: "难", Review: "2027-01-01",
		}},
		{Type: bot.BlockChoices, Text: "哪一个", Options: r.Options, Extra: []bot.Say{{Label: "都不是", Text: "都不是"}}},
		{Type: bot.BlockSteps, Title: "指南", Folded: true, Sections: []bot.Section{{Facet: kb.How, Title: "流程", Text: "先"}}},
		{Type: bot.BlockOutlets, Title: "网点", Outlets: testOutlets()},
		{Type: bot.BlockHotline, Title: "人工", Numbers: []bot.Number{number}, Prepare: []string{"证件"}, Number: "HZ1", Position: 2},
		{Type: bot.BlockEmergency, Title: "110", Numbers: []bot.Number{number}, Advice: []string{"离开"}},
		{Type: bot.BlockRating, Title: "有帮助吗"},
	}
}

// stubLive is a small release.
type stubLive struct {
	know    *kb.Knowledge
	release int64
	site    bot.Site
	nearest func(text string) []intents.Scored
	links   []bot.Link
	// overrides are nil for most tests
	overrides *bot.Overrides
}

func (l *stubLive) Knowledge() *kb.Knowledge       { return l.know }
func (l *stubLive) Release() int64                 { return l.release }
func (l *stubLive) Revision(kb.Kind, string) int64 { return 2 }
func (l *stubLive) Say(lang bot.Lang, text string) string {
	return bot.Speech{Traditional: func(s string) string { return "繁" + s }}.Say(lang, text)
}
func (l *stubLive) Site() bot.Site            { return l.site }
func (l *stubLive) Overrides() *bot.Overrides { return l.overrides }
func (l *stubLive) Links(*kb.Item) []bot.Link { return l.links }
func (l *stubLive) Nearest(text string, n int) []intents.Scored {
	found := l.nearest(text)
	return found[:min(n, len(found))]
}

func newStubLive(t testing.TB) *stubLive {
	t.Helper()
	know, err := kb.Parse(testDocuments)
	if err != nil {
		t.Fatal(err)
	}
	return &stubLive{
		know: know, release: 3, site: bot.Site{Sample: true},
		nearest: func(string) []intents.Scored { return nil },
		links:   []bot.Link{{Kind: bot.LinkWeb, Label: "去办理", URL: "https://example.org/do?code=CRJ-007"}},
	}
}

// ---- asking

type answer struct {
	status int
	header http.Header
	body   string
}

func (s *site) do(req *http.Request) answer {
	s.t.Helper()
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return answer{res.StatusCode, res.Header, string(body)}
}

// ask sends a request; header holds pairs.
func (s *site) ask(method, path, body string, header ...string) answer {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.http.URL+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		if header[i] == "Host" {
			req.Host = header[i+1]
		}
		req.Header.Add(header[i], header[i+1])
	}
	return s.do(req)
}

func (s *site) get(path string, header ...string) answer {
	s.t.Helper()
	return s.ask("GET", path, "", header...)
}

func (s *site) post(path string, v any, header ...string) answer {
	s.t.Helper()
	body, err := json.Marshal(v)
	if err != nil {
		s.t.Fatal(err)
	}
	return s.ask("POST", path, string(body), header...)
}

type object map[string]any

// say begins or continues a conversation over the API and returns the reply.
func (s *site) say(conversation, token, ref, text string) *bot.Reply {
	s.t.Helper()
	got := s.post("/api/v1/chat", object{"conversation": conversation, "token": token, "ref": ref, "text": text, "channel": "web"})
	if got.status != 200 {
		s.t.Fatalf("say %q: %d %s", text, got.status, got.body)
	}
	var r bot.Reply
	decode(s.t, got.body, &r)
	return &r
}

func decode(t testing.TB, body string, v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(body), v); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
}

// wantError checks status and code of an error, and that it tells nothing of the inside.
func wantError(t testing.TB, got answer, status int, code string) {
	t.Helper()
	var e struct {
		Error struct{ Code, Message, ID string }
	}
	decode(t, got.body, &e)
	if got.status != status || e.Error.Code != code || e.Error.Message == "" {
		t.Fatalf("got %d %s, want %d %s", got.status, got.body, status, code)
	}
	for _, inside := range []string{"hunter2", "postgres", "goroutine", "json:", ".go:"} {
		if strings.Contains(got.body, inside) {
			t.Errorf("the error tells of the inside: %s", got.body)
		}
	}
}
