package main

import (
	"context"
	"crypto/rand"
	"log/slog"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"shenwei/bot"
	"shenwei/bot/desk"
	"shenwei/internal/fault"
	"shenwei/internal/outbox"
	"shenwei/internal/picture"
	"shenwei/web"
	webdesk "shenwei/web/desk"
	"shenwei/web/wechat"
	"shenwei/web/wecom"
)

// channels are what citizens use beside our own pages, and the outbox that sends to them.
type channels struct {
	outbox *outbox.Runner
	wechat *wechat.Channel // nil where not configured
	wecom  *wecom.Channel  // nil where not configured
	// The clients of both, nil likewise.
	wechatClient, wecomClient *wechat.Client
}

// newChannels builds the channels that the configuration switches on. The front must be there.
func (a *app) newChannels() (*channels, error) {
	c := &channels{outbox: outbox.NewRunner(a.store, rand.Text(), a.now, a.log)}
	if a.seen != nil {
		c.outbox.Watch(a.seen.meter.Attempt, a.seen.trace())
	}
	var err error
	if a.cfg.WeChat.AppID != "" {
		if c.wechat, c.wechatClient, err = a.newWeChat(c.outbox.Wake); err != nil {
			return nil, err
		}
		c.outbox.Register(wechat.Kind, c.wechat)
	}
	if a.cfg.WeCom.CorpID != "" {
		if c.wecom, c.wecomClient, err = a.newWeCom(c.outbox.Wake); err != nil {
			return nil, err
		}
		c.outbox.Register(wecom.Kind, c.wecom)
	}
	return c, nil
}

func (a *app) newWeChat(wake func()) (*wechat.Channel, *wechat.Client, error) {
	w := a.cfg.WeChat
	client := newClient(w, a.now, a.log, a.seen)
	door, err := newDoor(wechat.DoorConfig{Mode: wechat.Mode(w.Mode), MaxAge: seconds(w.MaxAge), Clock: client, Now: a.now, Log: a.log}, w.keys())
	if err != nil {
		return nil, nil, err
	}
	cfg := wechat.Config{
		AppID: w.AppID, Door: door, Core: a.core(wake), Client: client, Menus: w.Menus, Numbers: a.hotlineNumbers,
		NoticeTemplate: w.NoticeTemplate, Base: a.cfg.Site.BaseURL, Cookie: web.CookieName,
	}
	cfg.Core.Shape = a.wechatShape()
	cfg.Core.Listener = a.cfg.ASR.listener(a.seen)
	if !w.Custom {
		cfg.Client = nil
	}
	cfg.MiniItem = a.miniItem
	if w.MiniProgramSecret != "" {
		cfg.Mini = wechat.NewClient(wechat.ClientConfig{AppID: w.MiniProgramAppID, Secret: w.MiniProgramSecret, Base: w.APIBase, Now: a.now, Log: a.log, Wrap: a.seen.calls("miniprogram", false)})
	}
	channel, err := wechat.New(cfg)
	return channel, client, err
}

// miniItem is the item whose button leads to a page of the mini-program, "" for any other page.
func (a *app) miniItem(page string) string {
	engine := a.live.Current()
	for _, it := range engine.Knowledge().Items {
		for _, l := range engine.Links(it) {
			if l.Kind == bot.LinkMini && l.URL == page && page != "" {
				return it.Code
			}
		}
	}
	return ""
}

func (a *app) newWeCom(wake func()) (*wecom.Channel, *wechat.Client, error) {
	w := a.cfg.WeCom
	base := w.APIBase
	if base == "" {
		base = wecom.DefaultBase
	}
	client := wechat.NewClient(wechat.ClientConfig{AppID: w.CorpID, Secret: w.Secret, Base: base, Corp: true, Now: a.now, Log: a.log, Wrap: a.seen.calls("wecom", false)})
	door, err := newDoor(wechat.DoorConfig{Mode: wechat.Safe, MaxAge: seconds(w.MaxAge), Clock: client, Now: a.now, Log: a.log}, w.keys())
	if err != nil {
		return nil, nil, err
	}
	cfg := wecom.Config{Door: door, Core: a.core(wake), Store: a.store, Client: client, Welcome: wechat.Greeting}
	cfg.Core.Shape = a.wecomShape()
	cfg.Core.Listener = a.cfg.ASR.listener(a.seen)
	channel, err := wecom.New(cfg)
	return channel, client, err
}

func newClient(w wechatConfig, now func() time.Time, log *slog.Logger, s *seen) *wechat.Client {
	return wechat.NewClient(wechat.ClientConfig{AppID: w.AppID, Secret: w.Secret, Base: w.APIBase, Now: now, Log: log, Wrap: s.calls("wechat", false)})
}

func newDoor(cfg wechat.DoorConfig, keys wechat.Keys) (*wechat.Door, error) {
	crypt, err := wechat.NewCrypt(keys, rand.Reader)
	if err != nil {
		return nil, err
	}
	cfg.Crypt = crypt
	return wechat.NewDoor(cfg)
}

// core is what the two adapters have in common.
func (a *app) core(wake func()) wechat.CoreConfig {
	return wechat.CoreConfig{Front: a.front, Store: a.store, Label: a.label, Now: a.now, Log: a.log, Tracer: a.seen.trace(), Wake: wake, Cleaner: a.cleaner}
}

func (a *app) label(key string) string { return a.live.Current().Label(key) }

// hotlineNumbers are what a citizen reads when nothing works.
func (a *app) hotlineNumbers() string {
	if n := a.cfg.Hotline.Number; n != "" {
		return n
	}
	return "12345"
}

func (a asrConfig) listener(s *seen) wechat.Listener {
	if a.BaseURL == "" {
		return nil
	}
	return wechat.Speech{Base: strings.TrimSuffix(a.BaseURL, "/"), Key: a.APIKey, Model: a.Model, HTTP: s.caller("asr")}
}

// platform is a channel on which a citizen is on no page of ours.
type platform interface {
	TextEntries(conversation, key, text string) []outbox.Entry
	PictureEntries(conversation, key, mediaID string) []outbox.Entry
	Upload(ctx context.Context, name string, picture []byte) (string, error)
}

// platform is nil for our own pages and where the account is not configured.
func (c *channels) platform(channel string) platform {
	switch {
	case bot.Channel(channel) == bot.WeChat && c.wechat != nil:
		return c.wechat
	case bot.Channel(channel) == bot.WeCom && c.wecom != nil:
		return c.wecom
	}
	return nil
}

// parcels are what sends an agent's words or picture to a citizen who is on no page of ours.
func (c *channels) parcels(channel, conversation, key string, row desk.Row) []outbox.Entry {
	switch p := c.platform(channel); {
	case p == nil:
		return nil
	case row.Picture != nil:
		return p.PictureEntries(conversation, key, row.Picture.Media)
	default:
		return p.TextEntries(conversation, key, row.Text)
	}
}

// upload hands an agent's picture to the platform on which the citizen is.
func (c *channels) upload(ctx context.Context, channel string, p *picture.Picture) (string, error) {
	on := c.platform(channel)
	if on == nil {
		return "", nil
	}
	return on.Upload(ctx, "picture.jpg", p.Body)
}

// reach is how an agent stands with a citizen on WeChat; nil on our own pages.
func (c *channels) reach(ctx context.Context, channel, conversation string) (*webdesk.Reach, error) {
	var s wechat.Standing
	var err error
	switch {
	case bot.Channel(channel) == bot.WeChat && c.wechat != nil:
		s, err = c.wechat.Standing(ctx, conversation)
	case bot.Channel(channel) == bot.WeCom && c.wecom != nil:
		s, err = c.wecom.Standing(ctx, conversation)
	default:
		return nil, nil
	}
	if fault.Is(err, fault.NotFound) {
		return nil, nil
	}
	return &webdesk.Reach{Following: s.Following, Open: s.Open, Left: s.Left, Until: s.Until, Waiting: len(s.Waiting)}, err
}

func seconds(n int) time.Duration { return time.Duration(n) * time.Second }

// run runs the channels and the outbox until ctx ends.
func (c *channels) run(ctx context.Context, group *errgroup.Group) {
	group.Go(func() error { return c.outbox.Run(ctx) })
	if c.wechat != nil {
		group.Go(func() error { return c.wechat.Run(ctx) })
	}
	if c.wecom != nil {
		group.Go(func() error { return c.wecom.Run(ctx) })
	}
}

// drain waits for what is under way.
func (c *channels) drain(ctx context.Context) {
	if c.wechat != nil {
		c.wechat.Drain(ctx)
	}
	if c.wecom != nil {
		c.wecom.Drain(ctx)
	}
}

// routes hands the channels' callbacks to the server.
func (c *channels) routes(cfg *web.Config, s *seen) {
	if c.wechat != nil {
		cfg.WeChat = watchedWeChat{c.wechat, s.callback("wechat", c.wechat.Receive)}
	}
	if c.wecom != nil {
		cfg.WeCom = watchedCallback{c.wecom, s.callback("wecom", c.wecom.Receive)}
	}
}

// wechatShape is what the account may show.
func (a *app) wechatShape() wechat.Shape {
	w := a.cfg.WeChat
	return wechat.Shape{MiniAppID: w.MiniProgramAppID, Base: a.cfg.Site.BaseURL, Cards: w.Cards && w.Custom, Picture: w.CardPicture}
}

func (a *app) wecomShape() wechat.Shape {
	return wechat.Shape{MiniAppID: a.cfg.WeChat.MiniProgramAppID, Base: a.cfg.Site.BaseURL}
}

// shapes are the channels that show a reply in their own way, for an editor's try-out.
func (a *app) shapes() map[bot.Channel]func(*bot.Reply) any {
	of := func(s wechat.Shape) func(*bot.Reply) any { return func(r *bot.Reply) any { return s.Render(r) } }
	return map[bot.Channel]func(*bot.Reply) any{"wechat": of(a.wechatShape()), "wecom": of(a.wecomShape())}
}
