package wechat

import (
	"context"
	"errors"
	"strings"

	"shenwei/bot"
	"shenwei/internal/fault"
	"shenwei/internal/geo"
	"shenwei/internal/picture"
)

// treatment is what is done with a push.
type treatment int

const (
	ignored  treatment = iota // nothing to say
	greeted                   // the same words for everyone
	answered                  // a line of the conversation
)

// treat tells what is done with a push, and what it allows us to send.
func (c *Core) treat(p Push) (treatment, Opening) {
	if p.Type != typeEvent {
		switch p.Type {
		case typeText, typeImage, typeVoice, typeVideo, typeShort, typeLocation, typeLink, typeFile:
			if p.MenuID != "" && !p.Kf {
				// The platform's words leave open whether a tap on a menu message counts as a
				// message or as a click: it is taken for the lesser.
				return answered, OpensMoment
			}
			return answered, OpensMessage
		}
		return ignored, OpensMessage // a kind of message that came later than this program
	}
	switch p.Event {
	case eventSubscribe, eventScan, eventClick, eventScanPush, eventScanWait:
		text, choice := c.keyed(p)
		switch {
		case text != "" || choice != "":
			return answered, OpensMoment
		case p.Event == eventScanPush || p.Event == eventScanWait:
			return ignored, OpensMoment
		}
		return greeted, OpensMoment
	}
	return ignored, OpensNothing
}

// keyed reads an event's key: an item's code or an article's id, with or without "item:" before
// it, or "say:" with the words of a button.
func (c *Core) keyed(p Push) (text, choice string) {
	key := strings.TrimPrefix(p.Key, "qrscene_")
	if words, ok := strings.CutPrefix(key, "say:"); ok {
		return strings.TrimSpace(words), ""
	}
	for _, prefix := range []string{"item:", "item_", "article:", "article_"} {
		key = strings.TrimPrefix(key, prefix)
	}
	if key != "" && len(key) <= 64 && c.cfg.Label(key) != "" {
		return "", key
	}
	return "", ""
}

// line makes a citizen's line of a push. It may take as long as writing down a recording takes.
func (c *Core) line(ctx context.Context, t Taken) bot.Message {
	p := t.Push
	m := bot.Message{Channel: c.cfg.Channel, Ref: t.Ref, Conversation: t.Conversation, Trusted: true, At: t.At}
	switch p.Type {
	case typeText:
		m.Text, m.Choice = c.tapped(ctx, t)
	case typeVoice:
		m.Text = p.Text
		if m.Text == "" {
			m.Text = c.heard(ctx, t)
		}
	case typeImage:
		m.Text, m.Picture = bot.SentPicture, c.fetched(ctx, t)
	case typeVideo, typeShort:
		m.Text = bot.SentVideo
	case typeFile:
		m.Text = bot.SentFile
	case typeLocation:
		at := geo.GCJ02.ToWGS(geo.Point{Lat: p.Lat, Lng: p.Lng}) // as WeChat gives it
		m.Text = bot.Position(at.Lat, at.Lng, strings.TrimSpace(p.Label))
	case typeLink:
		m.Text = strings.TrimSpace(bot.SentLink + " " + p.Text)
	case typeEvent:
		m.Text, m.Choice = c.keyed(p)
	}
	return m
}

// tapped reads a text that may be a tap on a line of a menu: then it is the choice that the line
// stood for, as long as that is known, whatever has been said since.
func (c *Core) tapped(ctx context.Context, t Taken) (text, choice string) {
	text = t.Push.Text
	seq, n, ours := readMenuID(t.Push.MenuID)
	if !ours {
		return text, ""
	}
	rows, err := c.cfg.Store.Messages(ctx, t.Conversation, seq-1, 1)
	if err != nil || len(rows) == 0 || rows[0].Reply == nil || rows[0].Seq != seq {
		return text, ""
	}
	options := rows[0].Reply.Options
	if n < 1 || n > len(options) || c.cfg.Label(options[n-1].Key()) == "" {
		return text, ""
	}
	return text, options[n-1].Key()
}

// heard writes down a recording.
func (c *Core) heard(ctx context.Context, t Taken) string {
	if c.cfg.Listener == nil || c.cfg.Media == nil || t.Push.Media == "" {
		return bot.SentVoice
	}
	audio, err := c.cfg.Media(ctx, t.Push.Media)
	if err == nil {
		var words string
		if words, err = c.cfg.Listener.Transcribe(ctx, audio, t.Push.Format); err == nil && words != "" {
			return words
		}
	}
	c.cfg.Log.Warn("a recording was not written down", "channel", c.cfg.Channel, "err", err)
	return bot.SentVoice
}

// mediaTries is how often a picture is asked for.
const mediaTries = 2

// fetched fetches a picture for the person who owns the conversation; nil where nobody does. One that
// cannot be had is empty, so that she is told that there was one.
func (c *Core) fetched(ctx context.Context, t Taken) *picture.Picture {
	conv, err := c.cfg.Store.Conversation(ctx, t.Conversation)
	switch {
	case fault.Is(err, fault.NotFound) || err == nil && conv.Owner != bot.OwnerAgent:
		return nil // nobody is to look at it, so it is not fetched
	case err == nil && (c.cfg.Media == nil || c.cfg.Cleaner == nil || t.Push.Media == ""):
		err = errors.New("this account fetches no pictures")
	}
	for try := 0; err == nil && try < mediaTries; try++ {
		var file []byte
		file, err = c.cfg.Media(ctx, t.Push.Media)
		if err == nil {
			var p *picture.Picture
			if p, err = c.cfg.Cleaner.Clean(ctx, file); err == nil {
				return p
			}
			break
		}
		if try+1 < mediaTries {
			err = nil
		}
	}
	c.cfg.Log.Warn("a citizen's picture was not fetched; the agent is told so", "channel", c.cfg.Channel, "err", err)
	return &picture.Picture{}
}

// refused turns what the front does not take into words for the citizen; "" when it was not the
// citizen's doing.
func refused(err error) string {
	switch fault.CodeOf(err) {
	case fault.BadRequest, fault.TooLarge, fault.RateLimited:
		return fault.MessageOf(err)
	}
	return ""
}

// Greeting is what a citizen reads who comes for the first time.
const Greeting = "您好，我是深圳公安办事的智能客服，不是民警，也不受理报警。\n请直接说您想办什么，例如：\n· 身份证丢了怎么补\n· 港澳通行证快到期了\n· 驾驶证到期换证\n" +
	"需要真人时请发「转人工」。紧急情况请直接拨打 110。"
