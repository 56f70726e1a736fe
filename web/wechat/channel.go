package wechat

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"shenwei/bot"
	"shenwei/internal/fault"
	"shenwei/internal/trail"
)

const (
	// Kind is the outbox's name for what this channel sends.
	Kind = "wechat"

	// answerWithin is how long a push waits for its answer; the rest of WeChat's five seconds is
	// for the way. storeWithin bounds the record's part of it.
	answerWithin = 4200 * time.Millisecond
	storeWithin  = 4400 * time.Millisecond
)

// Config is what a channel needs.
type Config struct {
	// AppID names the account.
	AppID string
	Door  *Door
	Core  CoreConfig
	// Client calls WeChat; nil for an account that may not send messages of its own: it answers
	// within the request or not at all.
	Client *Client
	// Menus has choices sent as a menu where they are sent at all.
	Menus bool
	// Numbers are what a citizen reads when nothing works, e.g. "110、12345".
	Numbers func() string
	// NoticeTemplate is the subscription notice for a word of an agent that cannot be sent, ""
	// for none.
	NoticeTemplate string
	// Mini calls WeChat for the mini-program, nil where that is not configured; MiniItem is the code
	// of the item whose button leads to a page of it, "" for any other page.
	Mini     *Client
	MiniItem func(page string) string
	// Base is the public address of our own pages; Cookie the name of the cookie that opens a
	// conversation on them.
	Base, Cookie string
	// Timer replaces the clock that a push is answered by, in tests.
	Timer func(d time.Duration) (<-chan time.Time, func() bool)
}

// Channel is one official account. Its HTTP handlers are Verify, Receive, Enter, SignPage and Open; it
// is the outbox's sender for Kind. It is safe for concurrent use.
type Channel struct {
	cfg  Config
	core *Core
	log  *slog.Logger

	noMenus atomic.Bool // the account cannot send menus after all

	mu     sync.Mutex
	failed map[string]int // refs that could not be stored, by how often
	opener *opener
}

// New returns a channel.
func New(cfg Config) (*Channel, error) {
	if cfg.Door == nil || cfg.Core.Front == nil || cfg.Core.Store == nil {
		return nil, errors.New("wechat: Door, Front and Store must be set")
	}
	if cfg.Timer == nil {
		cfg.Timer = func(d time.Duration) (<-chan time.Time, func() bool) { t := time.NewTimer(d); return t.C, t.Stop }
	}
	if cfg.Numbers == nil {
		cfg.Numbers = func() string { return "110、12345" }
	}
	if cfg.MiniItem == nil {
		cfg.MiniItem = func(string) string { return "" }
	}
	cfg.Core.Channel, cfg.Core.Kind = bot.WeChat, Kind
	if cfg.Client != nil && cfg.Core.Media == nil {
		cfg.Core.Media = cfg.Client.Media
	}
	return &Channel{
		cfg: cfg, core: NewCore(cfg.Core), log: cfg.Core.Log, failed: map[string]int{},
		opener: newOpener(cfg.Mini, cfg.Core.Now),
	}, nil
}

// Run takes up what a process that ended has left, until ctx ends.
func (ch *Channel) Run(ctx context.Context) error { return ch.core.Run(ctx) }

// Sweep is one round of Run.
func (ch *Channel) Sweep(ctx context.Context) error { return ch.core.Sweep(ctx) }

// Drain waits until what is under way is done, or ctx ends.
func (ch *Channel) Drain(ctx context.Context) { ch.core.Drain(ctx) }

// Verify answers the platform's question whether this address is ours.
func (ch *Channel) Verify(w http.ResponseWriter, r *http.Request) {
	echo, err := ch.cfg.Door.Echo(r.Context(), r.URL.Query())
	if err != nil {
		ch.refuse(w, err)
		return
	}
	plainText(w, []byte(echo))
}

// Receive takes one push and answers it within five seconds.
func (ch *Channel) Receive(w http.ResponseWriter, r *http.Request) {
	due, stop := ch.cfg.Timer(answerWithin)
	defer stop()
	body, err := ReadBody(w, r)
	if err != nil {
		ch.refuse(w, err)
		return
	}
	f, err := ch.cfg.Door.Open(r.Context(), r.URL.Query(), body)
	if err != nil {
		ch.refuse(w, err)
		return
	}
	p, err := read(f)
	if err != nil {
		ch.log.Warn("wechat: a signed push names no sender or type; it is ignored")
		plainText(w, []byte("success"))
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), storeWithin)
	defer cancel()
	answer := ch.answer(ctx, r, p, due)
	if answer == nil {
		plainText(w, []byte("success"))
		return
	}
	sealed, err := ch.cfg.Door.Seal(answer)
	if err != nil {
		ch.log.Error("wechat: an answer cannot be encrypted", "err", err)
		panic(http.ErrAbortHandler)
	}
	w.Header().Set("Content-Type", "text/xml; charset=utf-8")
	_, _ = w.Write(sealed) //nolint:gosec // XML for WeChat alone, which may have left and asks again
}

// refuse tells the sender nothing.
func (ch *Channel) refuse(w http.ResponseWriter, err error) {
	ch.log.Warn("wechat: a request is refused", "why", err)
	w.Header().Set("Connection", "close") // what is left of its body is not read
	if errors.Is(err, errTooLarge) {
		w.WriteHeader(http.StatusRequestEntityTooLarge)
		return
	}
	w.WriteHeader(http.StatusForbidden)
}

func plainText(w http.ResponseWriter, body []byte) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write(body) //nolint:gosec // plain text that WeChat signed; it may have left and asks again
}

// answer is what a push is answered with, nil for nothing.
func (ch *Channel) answer(ctx context.Context, r *http.Request, p Push, due <-chan time.Time) []byte {
	how, opens := ch.core.treat(p)
	conversation := Conversation(ch.cfg.AppID, p.From)
	seen := Seen{
		Contact: Contact{Conversation: conversation, Account: ch.cfg.AppID, OpenID: p.From, Following: p.Event != eventUnsubscribe},
		Opens:   opens, At: ch.cfg.Door.Local(p.At()),
	}
	if how != answered {
		ch.event(ctx, p, seen)
		if how == greeted {
			return passiveXML(p, Message{Kind: KindText, Text: Greeting}, p.At())
		}
		return nil
	}
	taken, err := ch.cfg.Core.Store.TakePush(ctx, Taken{Ref: p.Ref(), Conversation: conversation, Push: p, At: ch.cfg.Core.Now()}, seen)
	if err != nil {
		return ch.notTaken(p, err)
	}
	switch taken.State {
	case Passive:
		return taken.Body
	case Deferred, Done:
		return nil
	}
	return ch.wait(ctx, r, taken, due)
}

// event notes what an event tells that wants no answer from the conversation.
func (ch *Channel) event(ctx context.Context, p Push, seen Seen) {
	switch p.Event {
	case eventTemplateDone, eventNoticeSent, eventNoticeAsked, eventNoticeChanged:
		level := slog.LevelInfo
		if p.Status != "success" && p.Status != "accept" {
			level = slog.LevelWarn
		}
		ch.log.Log(ctx, level, "wechat: a notice", "event", p.Event, "notice", p.Notice, "status", p.Status)
	}
	if err := ch.cfg.Core.Store.TouchContact(ctx, seen); err != nil {
		ch.log.Error("wechat: an event is not stored", "event", p.Event, "code", fault.CodeOf(err), "err", err)
	}
}

// wait answers within the request when the answer is ready in time, and has it sent afterwards
// when it is not. Which of the two happens is decided by the record.
func (ch *Channel) wait(ctx context.Context, r *http.Request, t Taken, due <-chan time.Time) []byte {
	j := ch.core.begin(t)
	select {
	case <-r.Context().Done():
		return nil // WeChat left: it asks again, or the answer is sent afterwards
	case <-j.done:
		if j.err == nil {
			return ch.passive(ctx, r, t, j)
		}
		ch.log.ErrorContext(trail.Named(ctx, j.turn), "wechat: a push is not answered yet", "code", fault.CodeOf(j.err), "err", j.err)
		if ch.cfg.Client != nil {
			return nil // it is stored: it will be answered by a message of its own
		}
		return ch.passive(ctx, r, t, sorry("抱歉，这条消息暂时答不了，请稍后再发一次。紧急情况请直接拨打 110；咨询可拨打 "+ch.cfg.Numbers()+"。"))
	case <-due:
	}
	if ch.cfg.Client == nil {
		return ch.passive(ctx, r, t, sorry("抱歉，这条消息处理得比较久，请稍后再发一次。紧急情况请直接拨打 110；咨询可拨打 "+ch.cfg.Numbers()+"。"))
	}
	won, err := ch.cfg.Core.Store.SettlePush(ctx, t.Ref, Open, Deferred, nil, nil)
	switch {
	case err != nil:
		ch.log.Error("wechat: it is not stored that an answer comes later; it comes all the same", "code", fault.CodeOf(err), "err", err)
		return nil
	case won:
		t.State = Deferred
		ch.core.later(t)
		return nil
	}
	return ch.settled(ctx, t)
}

// sorry is an answer that is no turn's.
func sorry(words string) *job { return &job{messages: []Message{{Kind: KindText, Text: words}}} }

// passive answers within the request, unless the answer went another way meanwhile. What has no
// place in the answer is sent after it.
func (ch *Channel) passive(ctx context.Context, r *http.Request, t Taken, j *job) []byte {
	ctx, span := trail.Join(ctx, ch.cfg.Core.Tracer, j.turn, "answer push")
	defer func() { span.End(nil) }()
	if r.Context().Err() != nil {
		return nil // nobody reads it: WeChat asks again, or the answer is sent afterwards
	}
	to, body := Done, []byte(nil)
	if len(j.messages) > 0 {
		to, body = Passive, passiveXML(t.Push, j.messages[0], ch.cfg.Core.Now())
	}
	rest := ch.core.entries(t, 1, j)
	if ch.cfg.Client == nil {
		rest = nil
	}
	won, err := ch.cfg.Core.Store.SettlePush(ctx, t.Ref, Open, to, body, rest)
	switch {
	case err != nil:
		// It may be stored or not. WeChat asks again, and the record says what to do.
		ch.log.ErrorContext(ctx, "wechat: it is not known whether an answer is stored; WeChat will ask again", "code", fault.CodeOf(err), "err", err)
		panic(http.ErrAbortHandler)
	case won:
		if len(rest) > 0 {
			ch.core.cfg.Wake()
		}
		ch.log.DebugContext(ctx, "wechat: a push is answered", "state", to, "more", len(rest))
		return body
	}
	return ch.settled(ctx, t)
}

// settled is what a push was answered with by somebody else.
func (ch *Channel) settled(ctx context.Context, t Taken) []byte {
	now, err := ch.cfg.Core.Store.Push(ctx, t.Ref)
	if err != nil {
		ch.log.ErrorContext(ctx, "wechat: an answer cannot be read again", "code", fault.CodeOf(err), "err", err)
		panic(http.ErrAbortHandler)
	}
	return now.Body
}

// maxTries is how often WeChat sends a push; maxFailed bounds how many are remembered.
const maxTries, maxFailed = 3, 10_000

// notTaken lets WeChat send a push again that could not be stored, and at its last try tells the
// citizen that it did not arrive.
func (ch *Channel) notTaken(p Push, err error) []byte {
	ch.log.Error("wechat: a push cannot be stored", "code", fault.CodeOf(err), "err", err)
	ch.mu.Lock()
	if len(ch.failed) > maxFailed {
		clear(ch.failed)
	}
	ch.failed[p.Ref()]++
	last := ch.failed[p.Ref()] >= maxTries
	if last {
		delete(ch.failed, p.Ref())
	}
	ch.mu.Unlock()
	if !last {
		panic(http.ErrAbortHandler)
	}
	return passiveXML(p, Message{Kind: KindText, Text: "系统正忙，您这条消息没有收到，请稍后再发一次。紧急情况请直接拨打 110；咨询可拨打 " + ch.cfg.Numbers() + "。"}, ch.cfg.Core.Now())
}
