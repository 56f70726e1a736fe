package wecom

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"time"

	"shenwei/internal/fault"
	"shenwei/internal/outbox"
	"shenwei/web/wechat"
)

var _ outbox.Sender = (*Channel)(nil)

// Idempotent is true: the platform drops a message whose id it has seen.
func (ch *Channel) Idempotent() bool { return true }

// TurnOf implements outbox.Turned.
func (ch *Channel) TurnOf(r outbox.Row) string { return ch.core.TurnOf(r) }

// Send delivers one row of the outbox.
func (ch *Channel) Send(ctx context.Context, r outbox.Row) error {
	p, contact, spent, err := ch.core.Admit(ctx, r)
	if err != nil {
		return err
	}
	err = ch.cfg.Client.Call(ctx, "kf/send_msg", body(contact, r.Key, p.Message), nil)
	return ch.outcome(ctx, p.Conversation, spent, err)
}

// outcome tells the outbox what to do. Every attempt that did not end well is given back to the
// citizen's quota: sending it again is the same message.
func (ch *Channel) outcome(ctx context.Context, conversation string, spent wechat.Spend, err error) error {
	if err == nil {
		return nil
	}
	var api *wechat.APIError
	if !errors.As(err, &api) {
		return errors.Join(err, ch.cfg.Store.RefundSend(ctx, conversation, spent))
	}
	if api.Trouble() == wechat.TroubleWindow {
		return outbox.Hold(errors.Join(err, ch.cfg.Store.CloseWindow(ctx, conversation)))
	}
	if rerr := ch.cfg.Store.RefundSend(ctx, conversation, spent); rerr != nil {
		ch.log.ErrorContext(ctx, "wecom: a message is not given back to the quota", "err", rerr)
	}
	switch api.Trouble() {
	case wechat.TroubleSent:
		return nil
	case wechat.TroubleBusy, wechat.TroubleMinute, wechat.TroubleDaily:
		return outbox.Later(time.Minute, err)
	case wechat.TroubleStop, wechat.TroubleToken:
		ch.log.ErrorContext(ctx, "wecom: the platform refuses this account's messages", "err", err)
		return outbox.Later(10*time.Minute, err)
	}
	return outbox.Refuse(err)
}

// body is a message as the platform reads it. The id is told from the row's key: 32 letters.
func body(c wechat.Contact, key string, m wechat.Message) map[string]any {
	sum := sha256.Sum256([]byte(key))
	out := map[string]any{"touser": c.OpenID, "open_kfid": c.Account, "msgid": hex.EncodeToString(sum[:16])}
	switch {
	case m.Kind == wechat.KindImage:
		out["msgtype"], out["image"] = "image", map[string]string{"media_id": m.MediaID}
	case m.Kind == wechat.KindMenu && len(m.Menu.Choices) <= maxChoices:
		var list []any
		for _, c := range m.Menu.Choices {
			list = append(list, map[string]any{"type": "click", "click": map[string]string{"id": c.ID, "content": c.Label}})
		}
		out["msgtype"] = "msgmenu"
		out["msgmenu"] = map[string]any{"head_content": m.Menu.Head, "list": list, "tail_content": m.Menu.Tail}
	default:
		out["msgtype"], out["text"] = "text", map[string]string{"content": m.Text}
	}
	return out
}

// maxChoices is how many lines a menu may have.
const maxChoices = 10

// The states of a session.
const (
	StateNew     = 0
	StateBot     = 1
	StateWaiting = 2
	StatePerson  = 3
	StateEnded   = 4
)

// State reads who answers a conversation on the platform's side.
func (ch *Channel) State(ctx context.Context, conversation string) (int, error) {
	c, err := ch.cfg.Store.Contact(ctx, conversation)
	if err != nil {
		return 0, err
	}
	var out struct {
		State int `json:"service_state"`
	}
	err = ch.cfg.Client.Call(ctx, "kf/service_state/get", map[string]string{"open_kfid": c.Account, "external_userid": c.OpenID}, &out)
	return out.State, err
}

// SetState passes a conversation on on the platform's side: to its own staff (StatePerson with
// their id), or to its end. Our own agents answer in StateBot.
func (ch *Channel) SetState(ctx context.Context, conversation string, state int, servicer string) error {
	c, err := ch.cfg.Store.Contact(ctx, conversation)
	if err != nil {
		return err
	}
	in := map[string]any{"open_kfid": c.Account, "external_userid": c.OpenID, "service_state": state}
	if servicer != "" {
		in["servicer_userid"] = servicer
	}
	return ch.cfg.Client.Call(ctx, "kf/service_state/trans", in, nil)
}

// Standing tells how many messages may be sent to a conversation's citizen now, and what waits.
func (ch *Channel) Standing(ctx context.Context, conversation string) (wechat.Standing, error) {
	return ch.core.Standing(ctx, conversation)
}

// TextEntries are what sends an agent's words to a citizen, for the transaction that stores the
// words: see wechat.Core.
func (ch *Channel) TextEntries(conversation, key, text string) []outbox.Entry {
	return ch.core.TextEntries(conversation, key, text)
}

// SendText has an agent's words sent to a citizen: see wechat.Core.
func (ch *Channel) SendText(ctx context.Context, conversation, key, text string) (wechat.Standing, error) {
	return ch.core.SendText(ctx, conversation, key, text)
}

// Upload hands a picture (JPEG or PNG) to the platform, which keeps it for three days, and returns its id.
func (ch *Channel) Upload(ctx context.Context, name string, picture []byte) (string, error) {
	id, err := ch.cfg.Client.Upload(ctx, name, picture)
	if err != nil {
		return "", fault.Wrap(fault.Unavailable, err, "图片没有传到微信，请稍后再试")
	}
	return id, nil
}

// PictureEntries are what sends an agent's picture: see wechat.Core.
func (ch *Channel) PictureEntries(conversation, key, mediaID string) []outbox.Entry {
	return ch.core.PictureEntries(conversation, key, mediaID)
}

// SendPicture has a picture (JPEG or PNG) sent to a citizen, as SendText does with words.
func (ch *Channel) SendPicture(ctx context.Context, conversation, key, name string, picture []byte) (wechat.Standing, error) {
	id, err := ch.Upload(ctx, name, picture)
	if err != nil {
		return wechat.Standing{}, err
	}
	return ch.core.SendPicture(ctx, conversation, key, id)
}
