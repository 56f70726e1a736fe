// Package wecom is the adapter of 微信客服, WeChat's customer service for companies. A callback
// only says that there is something to read; sync.go reads it, every message of every batch, and
// the core of package wechat answers. Start at Channel.
package wecom

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"shenwei/bot"
	"shenwei/web/wechat"
)

// DefaultBase is the platform's address.
const DefaultBase = "https://qyapi.weixin.qq.com"

// Kind is the outbox's name for what this channel sends.
const Kind = "wecom"

// Store is the record that the channel needs; *store.DB is one.
type Store interface {
	wechat.Store
	// Cursor is how far an account was read, "" for a new one; Cursors lists those read before.
	Cursor(ctx context.Context, account string) (string, error)
	Cursors(ctx context.Context) ([]string, error)
	// TakeBatch stores a batch and how far it was read in one transaction, and returns what was
	// new.
	TakeBatch(ctx context.Context, account, from, cursor string, batch []wechat.Taken, seen []wechat.Seen) ([]wechat.Taken, error)
}

// Config is what a channel needs.
type Config struct {
	Door   *wechat.Door
	Core   wechat.CoreConfig
	Store  Store
	Client *wechat.Client
	// Welcome greets who enters; "" for no greeting.
	Welcome string
}

// Channel is one company's 微信客服. Its HTTP handlers are Verify and Receive; it is the outbox's
// sender for Kind. It is safe for concurrent use.
type Channel struct {
	cfg  Config
	core *wechat.Core
	log  *slog.Logger
	now  func() time.Time

	mu      sync.Mutex
	reading map[string]*reader
	work    sync.WaitGroup
}

// reader reads one account, one batch after the other.
type reader struct {
	running bool
	again   bool
	token   string // of the newest callback
}

// New returns a channel.
func New(cfg Config) (*Channel, error) {
	if cfg.Door == nil || cfg.Client == nil || cfg.Store == nil || cfg.Core.Front == nil {
		return nil, errors.New("wecom: Door, Client, Store and Front must be set")
	}
	cfg.Core.Channel, cfg.Core.Kind, cfg.Core.Store = bot.WeCom, Kind, cfg.Store
	cfg.Core.Shape.Cards = false // a card needs an uploaded picture there
	if cfg.Core.Media == nil {
		cfg.Core.Media = cfg.Client.Media
	}
	return &Channel{cfg: cfg, core: wechat.NewCore(cfg.Core), log: cfg.Core.Log, now: cfg.Core.Now, reading: map[string]*reader{}}, nil
}

// Run reads what came while no process ran, and takes up what one has left, until ctx ends.
func (ch *Channel) Run(ctx context.Context) error {
	accounts, err := ch.cfg.Store.Cursors(ctx)
	if err != nil {
		ch.log.Error("wecom: it is not known which accounts to read", "err", err)
	}
	for _, account := range accounts {
		ch.read(account, "")
	}
	return ch.core.Run(ctx)
}

// Sweep is one round of what Run takes up.
func (ch *Channel) Sweep(ctx context.Context) error { return ch.core.Sweep(ctx) }

// Drain waits until what is under way is done, or ctx ends.
func (ch *Channel) Drain(ctx context.Context) {
	done := make(chan struct{})
	go func() { ch.work.Wait(); close(done) }()
	select {
	case <-done:
	case <-ctx.Done():
	}
	ch.core.Drain(ctx)
}

// Verify answers the platform's question whether this address is ours.
func (ch *Channel) Verify(w http.ResponseWriter, r *http.Request) {
	echo, err := ch.cfg.Door.Echo(r.Context(), r.URL.Query())
	if err != nil {
		ch.refuse(w, err)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write([]byte(echo)) //nolint:gosec // plain text that the platform signed; it may have left
}

// eventMessages says that an account has something to read.
const eventMessages = "kf_msg_or_event"

// Receive takes a callback, which holds no message, and has the account read.
func (ch *Channel) Receive(w http.ResponseWriter, r *http.Request) {
	body, err := wechat.ReadBody(w, r)
	var f wechat.Fields
	if err == nil {
		f, err = ch.cfg.Door.Open(r.Context(), r.URL.Query(), body)
	}
	if err != nil {
		ch.refuse(w, err)
		return
	}
	account := f.Get("OpenKfId")
	if f.Get("Event") == eventMessages && account != "" && len(account) <= maxAccount {
		ch.read(account, f.Get("Token"))
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write([]byte("success")) // the platform may have left; it asks again
}

// maxAccount bounds an account's id, in bytes.
const maxAccount = 64

func (ch *Channel) refuse(w http.ResponseWriter, err error) {
	ch.log.Warn("wecom: a request is refused", "why", err)
	w.Header().Set("Connection", "close")
	w.WriteHeader(http.StatusForbidden)
}
