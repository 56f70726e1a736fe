package wechat

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"shenwei/bot"
	"shenwei/internal/fault"
	"shenwei/internal/outbox"
	"shenwei/internal/picture"
	"shenwei/internal/trail"
)

// Front takes a citizen's line; *bot.Front is one.
type Front interface {
	Begin(ctx context.Context, m bot.Message) (*bot.Line, error)
}

// CoreConfig is what a core needs.
type CoreConfig struct {
	// Channel names where lines come from, Kind the outbox's sender of what goes out.
	Channel bot.Channel
	Kind    string
	Front   Front
	Store   Store
	// Label is the name of an item or article of the live release, "" for an unknown key.
	Label func(key string) string
	Shape Shape
	// Listener writes recordings down, Media fetches them; both may be nil.
	Listener Listener
	Media    func(ctx context.Context, id string) ([]byte, error)
	// Cleaner writes pictures anew that citizens send to an agent; nil has none of them shown.
	Cleaner *picture.Cleaner
	Now     func() time.Time
	Log     *slog.Logger
	// Tracer makes spans of turns; nil for none.
	Tracer trail.Tracer
	// Wake is told that something was put into the outbox.
	Wake func()
}

// Core answers stored pushes: each once, whoever asks for it and however often. It is what the
// official account and 微信客服 have in common.
type Core struct {
	cfg  CoreConfig
	mu   sync.Mutex
	jobs map[string]*job
	work sync.WaitGroup
}

// job is one answer under way; messages and err are set before done is closed.
type job struct {
	done     chan struct{}
	messages []Message
	turn     string // the turn's id, "" where there is none
	err      error
}

// NewCore returns a core.
func NewCore(cfg CoreConfig) *Core {
	if cfg.Wake == nil {
		cfg.Wake = func() {}
	}
	return &Core{cfg: cfg, jobs: map[string]*job{}}
}

// jobTimeout bounds one answer with everything before it.
const jobTimeout = 60 * time.Second

// begin answers a push, or joins the answer under way.
func (c *Core) begin(t Taken) *job {
	c.mu.Lock()
	defer c.mu.Unlock()
	if j := c.jobs[t.Ref]; j != nil {
		return j
	}
	j := &job{done: make(chan struct{})}
	c.jobs[t.Ref] = j
	c.work.Go(func() {
		ctx, cancel := context.WithTimeout(context.Background(), jobTimeout)
		defer cancel()
		j.messages, j.turn, j.err = c.answer(ctx, t)
		c.mu.Lock()
		delete(c.jobs, t.Ref)
		c.mu.Unlock()
		close(j.done)
	})
	return j
}

// answer returns the messages of an answer and the id of its turn.
func (c *Core) answer(ctx context.Context, t Taken) ([]Message, string, error) {
	line, err := c.cfg.Front.Begin(ctx, c.line(ctx, t))
	if err != nil {
		if words := refused(err); words != "" {
			return []Message{{Kind: KindText, Text: words}}, "", nil
		}
		return nil, "", err
	}
	reply, err := line.Wait(ctx)
	if err != nil {
		return nil, line.Turn, err
	}
	messages := c.cfg.Shape.Render(reply)
	c.cfg.Log.DebugContext(trail.Named(ctx, line.Turn), "an answer is written for its channel", "channel", c.cfg.Channel, "messages", len(messages))
	return messages, line.Turn, nil
}

// Deliver answers a push and has the answer sent by messages of their own, if nobody else has
// done so since it was in that state.
func (c *Core) Deliver(ctx context.Context, t Taken) error {
	j := c.begin(t)
	select {
	case <-j.done:
	case <-ctx.Done():
		return ctx.Err()
	}
	if j.err != nil {
		return j.err
	}
	won, err := c.cfg.Store.SettlePush(ctx, t.Ref, t.State, Done, nil, c.entries(t, 0, j))
	if won {
		c.cfg.Wake()
	}
	return err
}

// later delivers in the background.
func (c *Core) later(t Taken) {
	c.work.Go(func() {
		ctx, cancel := context.WithTimeout(context.Background(), jobTimeout)
		defer cancel()
		if err := c.Deliver(ctx, t); err != nil {
			c.cfg.Log.ErrorContext(ctx, "an answer is not sent yet; it will be tried again", "push", t.Ref, "channel", c.cfg.Channel, "code", fault.CodeOf(err), "err", err)
		}
	})
}

// Parcel is what an outbox row of ours holds.
type Parcel struct {
	Conversation string  `json:"conversation"`
	Message      Message `json:"message"`
	// Turn is the id of the turn that the message answers, "" for an agent's words.
	Turn string `json:"turn,omitempty"`
	// Agent is the account under which an agent's words are shown, "" for none.
	Agent string `json:"agent,omitempty"`
}

var (
	errClosed = errors.New("the citizen has to write first: nothing more may be sent now")
	errLeft   = errors.New("the citizen takes no messages of ours any more")
)

// Admit reads what an outbox row holds and takes its message from what may be sent to its citizen.
// An error says what becomes of the row; nothing is spent then.
func (c *Core) Admit(ctx context.Context, r outbox.Row) (Parcel, Contact, Spend, error) {
	var p Parcel
	if err := json.Unmarshal(r.Body, &p); err != nil {
		return p, Contact{}, SpentNone, outbox.Refuse(errors.New("the row cannot be read"))
	}
	contact, err := c.cfg.Store.Contact(ctx, p.Conversation)
	switch {
	case fault.Is(err, fault.NotFound):
		return p, contact, SpentNone, outbox.Refuse(err)
	case err != nil:
		return p, contact, SpentNone, err
	case !contact.Following:
		return p, contact, SpentNone, outbox.Refuse(errLeft)
	}
	spent, err := c.cfg.Store.SpendSend(ctx, p.Conversation, c.cfg.Now())
	if err == nil && spent == SpentNone {
		err = outbox.Hold(errClosed)
	}
	return p, contact, spent, err
}

// answerLife is how long an answer is worth sending: as long as WeChat takes one.
const answerLife = messageWindow

// entries are the messages of an answer from a number on. Their keys are told from the push: what
// was put into the outbox once is not put there again.
func (c *Core) entries(t Taken, from int, j *job) []outbox.Entry {
	var out []outbox.Entry
	for i := from; i < len(j.messages); i++ {
		p := Parcel{Conversation: t.Conversation, Message: j.messages[i], Turn: j.turn}
		out = append(out, c.entry(fmt.Sprintf("%s/%d", t.Ref, i), p, c.cfg.Now().Add(answerLife)))
	}
	return out
}

// TurnOf is the turn that a row of ours answers, "" for none.
func (c *Core) TurnOf(r outbox.Row) string {
	var p struct {
		Turn string `json:"turn"`
	}
	if json.Unmarshal(r.Body, &p) != nil {
		return ""
	}
	return p.Turn
}

func (c *Core) entry(key string, p Parcel, expires time.Time) outbox.Entry {
	body, err := json.Marshal(p)
	if err != nil {
		panic(err) // texts and numbers alone
	}
	return outbox.Entry{Kind: c.cfg.Kind, Lane: Lane(p.Conversation), Key: key, Body: body, Expires: expires}
}

const (
	// sweepEvery is how often answers are looked for that nobody delivers, abandoned how old they
	// are by then: WeChat's own tries are over.
	sweepEvery = 5 * time.Second
	abandoned  = 20 * time.Second
	// sweepBatch bounds what is taken up at once.
	sweepBatch = 64
	// pruneEvery is how often what is over is forgotten, pruneAfter how old it is by then. The
	// conversation itself is kept by the retention of conversations.
	pruneEvery, pruneAfter = time.Hour, 7 * 24 * time.Hour
)

// Run takes up what a process that ended has left, until ctx ends.
func (c *Core) Run(ctx context.Context) error {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	pruned := c.cfg.Now()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if err := c.Sweep(ctx); err != nil && ctx.Err() == nil {
			c.cfg.Log.Error("abandoned pushes are not answered yet", "channel", c.cfg.Channel, "err", err)
		}
		if now := c.cfg.Now(); now.Sub(pruned) > pruneEvery {
			pruned = now
			if err := c.cfg.Store.PrunePushes(ctx, now.Add(-pruneAfter)); err != nil {
				c.cfg.Log.Error("old pushes are not forgotten yet", "err", err)
			}
		}
	}
}

// Sweep delivers the answers to pushes that nobody answers any more.
func (c *Core) Sweep(ctx context.Context) error {
	open, err := c.cfg.Store.OpenPushes(ctx, c.cfg.Now().Add(-abandoned), sweepBatch)
	if err != nil {
		return err
	}
	var all sync.WaitGroup
	for _, t := range open {
		if channelOf(t) != c.cfg.Channel {
			continue
		}
		all.Go(func() {
			if err := c.Deliver(ctx, t); err != nil {
				c.cfg.Log.Warn("an abandoned push is not answered yet", "channel", c.cfg.Channel, "code", fault.CodeOf(err), "err", err)
			}
		})
	}
	all.Wait()
	return nil
}

// channelOf tells the two adapters' pushes apart.
func channelOf(t Taken) bot.Channel {
	if t.Push.Kf {
		return bot.WeCom
	}
	return bot.WeChat
}

// Drain waits until what is under way is done, or ctx ends.
func (c *Core) Drain(ctx context.Context) {
	done := make(chan struct{})
	go func() { c.work.Wait(); close(done) }()
	select {
	case <-done:
	case <-ctx.Done():
	}
}
