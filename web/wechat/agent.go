package wechat

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"shenwei/internal/fault"
	"shenwei/internal/outbox"
)

// Standing is how an agent stands with a citizen on WeChat.
type Standing struct {
	// Following is false when the citizen left the account: nothing arrives any more.
	Following bool
	// Open tells that something may be sent now, Left how many messages, Until until when.
	Open  bool
	Left  int
	Until time.Time
	// Waiting is what was not sent yet, and what was given up or is not known to have arrived.
	Waiting []outbox.Row
}

// Standing tells how many messages may be sent to a conversation's citizen now, and what waits.
// It is not_found for a conversation that is not with anybody on WeChat.
func (c *Core) Standing(ctx context.Context, conversation string) (Standing, error) {
	contact, err := c.cfg.Store.Contact(ctx, conversation)
	if err != nil {
		return Standing{}, err
	}
	s := Standing{Following: contact.Following, Left: contact.Window.Left(c.cfg.Now()), Until: contact.Window.Until()}
	s.Open = s.Following && s.Left > 0
	s.Waiting, err = c.cfg.Store.Outbox(ctx, Lane(conversation))
	return s, err
}

// TextEntries are what sends an agent's words to a citizen, for the transaction that stores the
// words. Key, unique in the conversation, makes a second call harmless.
func (c *Core) TextEntries(conversation, key, text string) []outbox.Entry {
	var messages []Message
	for _, part := range split(safe(strings.TrimSpace(text)), maxBytes) {
		messages = append(messages, Message{Kind: KindText, Text: part})
	}
	return c.agentEntries(conversation, key, messages)
}

const (
	// FewLeft is how many messages of the quota are few: from there on an agent's lines share one.
	FewLeft = 2
	// GatherFor is how long a line waits then for the next ones.
	GatherFor = 4 * time.Second
)

// joined makes one message of two that are texts, as far as WeChat takes it as one.
func joined(earlier, later []byte) ([]byte, bool) {
	var a, b Parcel
	if json.Unmarshal(earlier, &a) != nil || json.Unmarshal(later, &b) != nil || a.Message.Kind != KindText || b.Message.Kind != KindText || a.Agent != b.Agent {
		return nil, false
	}
	a.Message.Text += "\n" + b.Message.Text
	if len(a.Message.Text) > maxBytes {
		return nil, false
	}
	both, err := json.Marshal(a)
	return both, err == nil
}

// agentLife is how long an agent's words wait for the citizen's next.
const agentLife = 30 * 24 * time.Hour

func (c *Core) agentEntries(conversation, key string, messages []Message) []outbox.Entry {
	var entries []outbox.Entry
	for i, m := range messages {
		e := c.entry(fmt.Sprintf("agent/%s/%s/%d", conversation, key, i), Parcel{Conversation: conversation, Message: m}, c.cfg.Now().Add(agentLife))
		if body := e.Body; m.Kind == KindText {
			e.Join = func(earlier []byte) ([]byte, bool) { return joined(earlier, body) }
		}
		entries = append(entries, e)
	}
	return entries
}

// SendText stores an agent's words to be sent. With Open unset in what it returns they go with the
// citizen's next word, and the agent is to be told so.
func (c *Core) SendText(ctx context.Context, conversation, key, text string) (Standing, error) {
	if strings.TrimSpace(text) == "" {
		return Standing{}, fault.New(fault.BadRequest, "消息是空的")
	}
	return c.post(ctx, conversation, c.TextEntries(conversation, key, text))
}

// PictureEntries are what sends an agent's picture, by the id under which the platform has it, for the
// transaction that stores the picture: see TextEntries.
func (c *Core) PictureEntries(conversation, key, mediaID string) []outbox.Entry {
	return c.agentEntries(conversation, key, []Message{{Kind: KindImage, MediaID: mediaID}})
}

// SendPicture stores a picture, by the id under which the platform has it, to be sent.
func (c *Core) SendPicture(ctx context.Context, conversation, key, mediaID string) (Standing, error) {
	return c.post(ctx, conversation, c.PictureEntries(conversation, key, mediaID))
}

func (c *Core) post(ctx context.Context, conversation string, entries []outbox.Entry) (Standing, error) {
	s, err := c.Standing(ctx, conversation)
	switch {
	case err != nil:
		return Standing{}, err
	case !s.Following:
		return s, fault.New(fault.Conflict, "市民已取消关注，消息送不到")
	}
	if err := c.cfg.Store.AddOutbox(ctx, entries...); err != nil {
		return Standing{}, err
	}
	c.cfg.Wake()
	return c.Standing(ctx, conversation)
}

// Standing tells how many messages may be sent to a conversation's citizen now, and what waits:
// see Core.Standing. Nothing may be sent by an account without messages of its own.
func (ch *Channel) Standing(ctx context.Context, conversation string) (Standing, error) {
	s, err := ch.core.Standing(ctx, conversation)
	s.Open = s.Open && ch.cfg.Client != nil
	return s, err
}

// TextEntries are what sends an agent's words to a citizen, for the transaction that stores the
// words: see Core.TextEntries. None for an account without messages of its own.
func (ch *Channel) TextEntries(conversation, key, text string) []outbox.Entry {
	if ch.cfg.Client == nil {
		return nil
	}
	return ch.core.TextEntries(conversation, key, text)
}

// SendText has an agent's words sent to a citizen. Key, unique in the conversation, makes a second
// call harmless. The words are stored when it returns: with Open unset in what it returns they go
// with the citizen's next word, and the agent is to be told so.
func (ch *Channel) SendText(ctx context.Context, conversation, key, text string) (Standing, error) {
	if ch.cfg.Client == nil {
		return Standing{}, noMessages()
	}
	return ch.core.SendText(ctx, conversation, key, text)
}

// maxPicture bounds a picture, in bytes: more than that WeChat refuses.
const maxPicture = 10 << 20

// Upload hands a picture (JPEG or PNG) to WeChat, which keeps it for three days, and returns its id.
func (ch *Channel) Upload(ctx context.Context, name string, picture []byte) (string, error) {
	switch {
	case ch.cfg.Client == nil:
		return "", noMessages()
	case len(picture) == 0 || len(picture) > maxPicture:
		return "", fault.New(fault.TooLarge, "图片应在 10 MB 以内")
	}
	id, err := ch.cfg.Client.Upload(ctx, name, picture)
	if err != nil {
		return "", fault.Wrap(fault.Unavailable, err, "图片没有传到微信，请稍后再试")
	}
	return id, nil
}

// PictureEntries are what sends an agent's picture: see Core.PictureEntries.
func (ch *Channel) PictureEntries(conversation, key, mediaID string) []outbox.Entry {
	return ch.core.PictureEntries(conversation, key, mediaID)
}

// SendPicture has a picture (JPEG or PNG) sent to a citizen, as SendText does with words.
func (ch *Channel) SendPicture(ctx context.Context, conversation, key, name string, picture []byte) (Standing, error) {
	id, err := ch.Upload(ctx, name, picture)
	if err != nil {
		return Standing{}, err
	}
	return ch.core.SendPicture(ctx, conversation, key, id)
}

func noMessages() error {
	return fault.New(fault.Conflict, "这个公众号没有客服消息权限（需要认证），只能在市民发来消息时作答")
}

// Typing shows a citizen that an agent writes. It costs nothing of the quota and is not worth an
// error.
func (ch *Channel) Typing(ctx context.Context, conversation string, on bool) {
	c, err := ch.cfg.Core.Store.Contact(ctx, conversation)
	if err != nil || !c.Following || ch.cfg.Client == nil {
		return
	}
	if err := ch.cfg.Client.Typing(ctx, c.OpenID, on); err != nil {
		ch.log.Debug("wechat: typing is not shown", "err", err)
	}
}

// Notify sends the configured notice 订阅通知: an agent has written and cannot be read yet. It holds
// nothing of the matter. The citizen must have agreed to it.
func (ch *Channel) Notify(ctx context.Context, conversation string, data map[string]string) error {
	if ch.cfg.Client == nil || ch.cfg.NoticeTemplate == "" {
		return fault.New(fault.Conflict, "没有配置订阅通知（wechat.notice_template）")
	}
	c, err := ch.cfg.Core.Store.Contact(ctx, conversation)
	if err != nil {
		return err
	}
	err = ch.cfg.Client.SendNotice(ctx, Notice{OpenID: c.OpenID, Template: ch.cfg.NoticeTemplate, Page: ch.cfg.Base + "/wechat/enter", Data: data})
	if TroubleOf(err) == TroubleNotice || TroubleOf(err) == TroubleGone {
		return fault.Wrap(fault.Conflict, err, "市民没有同意接收通知")
	}
	return err
}

// Attachment fetches a picture, recording or video that a citizen sent, by the ref of her line.
// WeChat keeps it for three days; after that it is not_found.
func (ch *Channel) Attachment(ctx context.Context, ref string) (kind string, body []byte, err error) {
	t, err := ch.cfg.Core.Store.Push(ctx, ref)
	if err != nil {
		return "", nil, err
	}
	if t.Push.Media == "" || ch.cfg.Core.Media == nil {
		return "", nil, fault.New(fault.NotFound, "这条消息没有附件")
	}
	body, err = ch.cfg.Core.Media(ctx, t.Push.Media)
	var api *APIError
	if errors.As(err, &api) && api.Code == 40007 {
		return "", nil, fault.New(fault.NotFound, "附件已过期（微信只保留三天）")
	}
	return t.Push.Type, body, err
}
