package wechat_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"shenwei/bot"
	"shenwei/internal/outbox"
	"shenwei/internal/store"
	"shenwei/internal/vault"
	"shenwei/web/wechat"
	"shenwei/web/wechat/simulator"
)

// clock is the time of everything in a test but the network.
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

// answerer repeats what was said, or answers as told.
type answerer struct {
	mu    sync.Mutex
	reply func(t bot.Turn) *bot.Reply
	hold  chan struct{} // answers wait until it is closed
	turns []bot.Turn
}

func (a *answerer) Answer(ctx context.Context, t bot.Turn) (bot.Answered, error) {
	a.mu.Lock()
	a.turns = append(a.turns, t)
	hold, reply := a.hold, a.reply
	a.mu.Unlock()
	if hold != nil {
		select {
		case <-hold:
		case <-ctx.Done():
			return bot.Answered{}, ctx.Err()
		}
	}
	r := &bot.Reply{Action: bot.SmallTalk, Text: "答：" + t.Message.Text, Blocks: []bot.Block{{Type: bot.BlockText, Text: "答：" + t.Message.Text}}}
	if reply != nil {
		r = reply(t)
	}
	return bot.Answered{Reply: r, State: t.State, Trace: &bot.Trace{}}, nil
}

func (a *answerer) said() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	var out []string
	for _, t := range a.turns {
		out = append(out, t.Message.Text+t.Message.Choice)
	}
	return out
}

// world is an account: our server over a real record, and a played WeChat that calls it.
type world struct {
	t       testing.TB
	clock   *clock
	sim     *simulator.Simulator
	account simulator.Account
	api     *httptest.Server
	path    string // of the record
	log     *lockedBuffer
	options options
	node
}

// node is one process of ours.
type node struct {
	store   *store.DB
	front   *bot.Front
	channel *wechat.Channel
	client  *wechat.Client
	outbox  *outbox.Runner
	http    *httptest.Server
	answer  *answerer
}

type options struct {
	account func(*simulator.Account)
	config  func(*wechat.Config)
	// fast has pushes wait for their answer only as long as the test wants: see world.due.
	due      chan time.Time
	patience time.Duration
	keys     *vault.Ring
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

func newWorld(t testing.TB, o options) *world {
	t.Helper()
	w := &world{t: t, clock: &clock{now: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)}, account: simulator.TestAccount(), log: &lockedBuffer{}, options: o}
	if o.account != nil {
		o.account(&w.account)
	}
	var err error
	if w.sim, err = simulator.New(simulator.Config{Account: w.account, Now: w.clock.Now, Patience: o.patience}); err != nil {
		t.Fatal(err)
	}
	w.api = httptest.NewServer(w.sim.Handler())
	t.Cleanup(w.api.Close)
	w.path = filepath.Join(t.TempDir(), "wechat.db")
	w.node = w.start(w.path)
	w.sim.SetTarget(w.http.URL + "/wechat")
	return w
}

// start starts a process of ours on a record.
func (w *world) start(path string) node {
	w.t.Helper()
	log := slog.New(slog.NewTextHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	n := node{answer: &answerer{}}
	var err error
	if n.store, err = store.Open(w.t.Context(), path, store.Options{Now: w.clock.Now, Keys: w.options.keys}); err != nil {
		w.t.Fatal(err)
	}
	n.front = bot.NewFront(n.store, n.answer, log, bot.WithClock(w.clock.Now), bot.WithLabels(label))
	crypt, err := wechat.NewCrypt(wechat.Keys{Token: w.account.Token, AESKey: w.account.AESKey, Receiver: w.account.AppID}, rand.Reader)
	if err != nil {
		w.t.Fatal(err)
	}
	n.client = wechat.NewClient(wechat.ClientConfig{AppID: w.account.AppID, Secret: w.account.Secret, Base: w.api.URL, Now: w.clock.Now, Log: log})
	door, err := wechat.NewDoor(wechat.DoorConfig{Crypt: crypt, Mode: w.account.Mode, MaxAge: 5 * time.Minute, Clock: n.client, Now: w.clock.Now, Log: log})
	if err != nil {
		w.t.Fatal(err)
	}
	n.outbox = outbox.NewRunner(n.store, rand.Text(), w.clock.Now, log)
	cfg := wechat.Config{
		AppID: w.account.AppID, Door: door, Client: n.client, Menus: true, Cookie: "shenwei_token",
		Core: wechat.CoreConfig{Front: n.front, Store: n.store, Label: label, Now: w.clock.Now, Log: log, Wake: n.outbox.Wake},
	}
	if w.options.due != nil {
		cfg.Timer = func(time.Duration) (<-chan time.Time, func() bool) { return w.options.due, func() bool { return true } }
	}
	if w.options.config != nil {
		w.options.config(&cfg)
	}
	if n.channel, err = wechat.New(cfg); err != nil {
		w.t.Fatal(err)
	}
	n.outbox.Register(wechat.Kind, n.channel)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /wechat", n.channel.Verify)
	mux.HandleFunc("POST /wechat", n.channel.Receive)
	mux.HandleFunc("GET /wechat/enter", n.channel.Enter)
	mux.HandleFunc("GET /wechat/sign", n.channel.SignPage)
	mux.HandleFunc("GET /wechat/open", n.channel.Open)
	n.http = httptest.NewUnstartedServer(mux)
	n.http.Config.ErrorLog = slog.NewLogLogger(log.Handler(), slog.LevelDebug)
	n.http.Start()
	w.t.Cleanup(func() { n.stop(w.t) })
	return n
}

// stop lets a process finish and end.
func (n node) stop(t testing.TB) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	n.http.Close()
	n.channel.Drain(ctx)
	if err := n.front.Drain(ctx); err != nil {
		t.Error(err)
	}
	if err := n.store.Close(); err != nil {
		t.Error(err)
	}
}

// send has everything sent that is due.
func (w *world) send() {
	w.t.Helper()
	for {
		n, err := w.outbox.Step(w.t.Context())
		if err != nil {
			w.t.Fatal(err)
		}
		if n == 0 {
			return
		}
	}
}

// settle waits until answers under way are in the outbox, and has them sent.
func (w *world) settle() {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), 20*time.Second)
	defer cancel()
	w.channel.Drain(ctx)
	w.send()
}

func (w *world) say(openid, text string) simulator.Result {
	return w.sim.Push(w.t.Context(), w.sim.Text(openid, text))
}

// sees checks what of a phone was not written by its owner.
func (w *world) sees(openid string, want ...string) {
	w.t.Helper()
	var got []string
	for _, b := range w.sim.Answers(openid) {
		got = append(got, b.Text)
	}
	if strings.Join(got, "\n--\n") != strings.Join(want, "\n--\n") {
		w.t.Fatalf("the phone shows\n%s\nwant\n%s", strings.Join(got, "\n--\n"), strings.Join(want, "\n--\n"))
	}
}

func (w *world) conversation(openid string) string {
	return wechat.Conversation(w.account.AppID, openid)
}

func label(key string) string {
	return map[string]string{"CRJ-011": "往来港澳通行证", "CRJ-012": "去澳门", "notice": "公告"}[key]
}

// lines are a conversation's rows: who said it, and what.
func (w *world) lines(openid string) []string {
	w.t.Helper()
	rows, err := w.store.Messages(w.t.Context(), w.conversation(openid), 0, 1000)
	if err != nil {
		w.t.Fatal(err)
	}
	var out []string
	for _, r := range rows {
		out = append(out, r.Kind+": "+r.Text)
	}
	return out
}
