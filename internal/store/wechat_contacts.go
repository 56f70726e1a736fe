package store

import (
	"context"
	"time"

	"shenwei/internal/fault"
	"shenwei/web/wechat"
)

const (
	// A window opened by an older push never shortens a newer one. Messages count whole seconds:
	// each of those of one second opens its own.
	sqlSeeContact = `INSERT INTO wechat_contacts (conversation, account, openid, following, message_until, message_left, moment_until, moment_left, seen)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (conversation) DO UPDATE SET
		following = CASE WHEN excluded.seen >= wechat_contacts.seen THEN excluded.following ELSE wechat_contacts.following END,
		message_left = CASE WHEN excluded.message_left > 0 AND excluded.message_until >= wechat_contacts.message_until THEN excluded.message_left ELSE wechat_contacts.message_left END,
		message_until = CASE WHEN excluded.message_until > wechat_contacts.message_until THEN excluded.message_until ELSE wechat_contacts.message_until END,
		moment_left = CASE WHEN excluded.moment_until > wechat_contacts.moment_until THEN excluded.moment_left ELSE wechat_contacts.moment_left END,
		moment_until = CASE WHEN excluded.moment_until > wechat_contacts.moment_until THEN excluded.moment_until ELSE wechat_contacts.moment_until END,
		seen = CASE WHEN excluded.seen > wechat_contacts.seen THEN excluded.seen ELSE wechat_contacts.seen END`
	sqlContact = `SELECT conversation, account, openid, following, message_until, message_left, moment_until, moment_left
		FROM wechat_contacts WHERE conversation = $1`
	sqlSpendMoment   = `UPDATE wechat_contacts SET moment_left = moment_left - 1 WHERE conversation = $1 AND moment_left > 0 AND moment_until > $2`
	sqlSpendMessage  = `UPDATE wechat_contacts SET message_left = message_left - 1 WHERE conversation = $1 AND message_left > 0 AND message_until > $2`
	sqlRefundMoment  = `UPDATE wechat_contacts SET moment_left = moment_left + 1 WHERE conversation = $1`
	sqlRefundMessage = `UPDATE wechat_contacts SET message_left = message_left + 1 WHERE conversation = $1`
	sqlCloseWindow   = `UPDATE wechat_contacts SET moment_left = 0, message_left = 0 WHERE conversation = $1`
	sqlLeave         = `UPDATE wechat_contacts SET following = $1, moment_left = 0, message_left = 0 WHERE conversation = $2`
)

func (db *DB) seeContact(s *session, seen wechat.Seen) error {
	c, w := seen.Contact, seen.Window()
	_, err := s.exec(sqlSeeContact, c.Conversation, c.Account, db.keys.SealText(c.OpenID, openidPlace(c.Conversation)...), c.Following,
		microsOrZero(w.MessageUntil), w.MessageLeft, microsOrZero(w.MomentUntil), w.MomentLeft, seen.At.UnixMicro())
	if err != nil {
		return err
	}
	now := db.now().UnixMicro()
	switch {
	case !c.Following:
		_, err = s.exec(sqlDropLane, "the citizen left the account", now, wechat.Lane(c.Conversation))
	case seen.Opens != wechat.OpensNothing:
		_, err = s.exec(sqlReleaseLane, now, wechat.Lane(c.Conversation))
	}
	return err
}

func microsOrZero(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// TouchContact stores what an event tells of its sender.
func (db *DB) TouchContact(ctx context.Context, seen wechat.Seen) error {
	for _, err := range []error{
		checkName("conversation", seen.Contact.Conversation, false),
		checkName("openid", seen.Contact.OpenID, false), checkName("account", seen.Contact.Account, false),
	} {
		if err != nil {
			return err
		}
	}
	return db.writer.do(ctx, seen.Contact.Conversation, "", func(s *session) error { return db.seeContact(s, seen) })
}

// Contact reads who a conversation is with.
func (db *DB) Contact(ctx context.Context, conversation string) (wechat.Contact, error) {
	var c wechat.Contact
	var message, moment int64
	found, err := db.get(ctx, sqlContact, []any{conversation}, &c.Conversation, &c.Account, &c.OpenID, &c.Following,
		&message, &c.Window.MessageLeft, &moment, &c.Window.MomentLeft)
	if err == nil && !found {
		err = fault.New(fault.NotFound, "this conversation is with nobody on WeChat")
	}
	if err == nil {
		c.OpenID, err = db.keys.OpenText(c.OpenID, openidPlace(conversation)...)
	}
	c.Window.MessageUntil, c.Window.MomentUntil = fromMicros(message), fromMicros(moment)
	return c, err
}

// SpendSend takes one message from what may be sent: see wechat.Store.
func (db *DB) SpendSend(ctx context.Context, conversation string, now time.Time) (wechat.Spend, error) {
	spent := wechat.SpentNone
	err := db.writer.do(ctx, conversation, "", func(s *session) error {
		spent = wechat.SpentNone
		for _, try := range []struct {
			query string
			as    wechat.Spend
		}{{sqlSpendMoment, wechat.SpentMoment}, {sqlSpendMessage, wechat.SpentMessage}} {
			n, err := s.exec(try.query, conversation, now.UnixMicro())
			if err != nil {
				return err
			}
			if n == 1 {
				spent = try.as
				return nil
			}
		}
		return nil
	})
	if err != nil {
		return wechat.SpentNone, err
	}
	return spent, nil
}

// RefundSend gives one message back that was not sent.
func (db *DB) RefundSend(ctx context.Context, conversation string, spent wechat.Spend) error {
	query := map[wechat.Spend]string{wechat.SpentMoment: sqlRefundMoment, wechat.SpentMessage: sqlRefundMessage}[spent]
	if query == "" {
		return nil
	}
	return db.change(ctx, conversation, query, conversation)
}

// CloseWindow notes that WeChat takes no further message now.
func (db *DB) CloseWindow(ctx context.Context, conversation string) error {
	return db.change(ctx, conversation, sqlCloseWindow, conversation)
}

// Leave notes that the citizen left or blocked the account.
func (db *DB) Leave(ctx context.Context, conversation string) error {
	return db.change(ctx, conversation, sqlLeave, false, conversation)
}

func (db *DB) change(ctx context.Context, key, query string, args ...any) error {
	return db.writer.do(ctx, key, "", func(s *session) error {
		_, err := s.exec(query, args...)
		return err
	})
}
