package wechat

import (
	"context"
	"errors"
	"time"

	"shenwei/internal/fault"
	"shenwei/internal/outbox"
)

var _ outbox.Sender = (*Channel)(nil)

// Idempotent is false: WeChat cannot tell a message sent twice from two messages.
func (ch *Channel) Idempotent() bool { return false }

// TurnOf implements outbox.Turned.
func (ch *Channel) TurnOf(r outbox.Row) string { return ch.core.TurnOf(r) }

// Send delivers one row of the outbox by a customer-service message.
func (ch *Channel) Send(ctx context.Context, r outbox.Row) error {
	if ch.cfg.Client == nil {
		return outbox.Refuse(errors.New("this account may not send messages of its own"))
	}
	p, contact, spent, err := ch.core.Admit(ctx, r)
	if err != nil {
		return err
	}
	err = ch.send(ctx, contact.OpenID, p.Message)
	return ch.outcome(ctx, r, p.Conversation, spent, err)
}

// send sends a message, once more in a form that every account may send and every phone shows.
func (ch *Channel) send(ctx context.Context, openid string, m Message) error {
	menus := ch.cfg.Menus && !ch.noMenus.Load()
	err := ch.cfg.Client.Send(ctx, openid, m, menus)
	switch {
	case TroubleOf(err) == TroubleAccount && m.Kind == KindMenu && menus:
		ch.noMenus.Store(true)
		ch.log.WarnContext(ctx, "wechat: this account cannot send menus; choices go as text", "err", err)
		return ch.cfg.Client.Send(ctx, openid, m, false)
	case TroubleOf(err) == TroubleContent && m.Text != "":
		ch.log.WarnContext(ctx, "wechat: a message is too long for WeChat; it is sent shorter", "err", err)
		return ch.cfg.Client.Send(ctx, openid, Message{Kind: KindText, Text: split(m.Text, maxBytes/4)[0]}, false)
	}
	return err
}

const (
	// stopFor is how long sending rests when somebody has to change the account first.
	stopFor = 10 * time.Minute
)

// outcome tells the outbox what to do by the table of errors. What was certainly not sent is given
// back to the citizen's quota.
func (ch *Channel) outcome(ctx context.Context, r outbox.Row, conversation string, spent Spend, err error) error {
	var unknown errNoAnswer
	if err == nil {
		return nil
	}
	if errors.As(err, &unknown) {
		return outbox.Doubt(err)
	}
	store, now := ch.cfg.Core.Store, ch.cfg.Core.Now()
	refund := true
	defer func() {
		if refund {
			ch.note(store.RefundSend(ctx, conversation, spent))
		}
	}()
	switch TroubleOf(err) {
	case TroubleSent:
		refund = false
		return nil
	case TroubleBusy:
		return outbox.Later(min(time.Duration(r.Attempts*r.Attempts)*time.Second, time.Minute), err)
	case TroubleMinute:
		return outbox.Later(nextMinute(now), err)
	case TroubleDaily:
		ch.log.ErrorContext(ctx, "wechat: the day's messages are used up", "err", err)
		return outbox.Later(untilMidnight(now), err)
	case TroubleStop, TroubleToken:
		ch.log.ErrorContext(ctx, "wechat: WeChat refuses this account's messages; see shenwei wechat doctor", "err", err)
		return outbox.Later(stopFor, err)
	case TroubleWindow:
		refund = false
		ch.note(store.CloseWindow(ctx, conversation))
		return outbox.Hold(err)
	case TroubleGone:
		refund = false
		ch.note(store.Leave(ctx, conversation))
		return outbox.Refuse(err)
	}
	var api *APIError
	if errors.As(err, &api) {
		return outbox.Refuse(err)
	}
	return err // not reached: again after a while
}

func (ch *Channel) note(err error) {
	if err != nil {
		ch.log.Error("wechat: what WeChat said of a citizen's window is not stored", "code", fault.CodeOf(err), "err", err)
	}
}
