package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"time"

	"shenwei/bot"
	"shenwei/internal/fault"
	"shenwei/internal/outbox"
	"shenwei/web/wechat"
	"shenwei/web/wecom"
)

var (
	_ wechat.Store = (*DB)(nil)
	_ wecom.Store  = (*DB)(nil)
)

const (
	sqlAddPush = `INSERT INTO wechat_pushes (ref, conversation, push, state, body, at) VALUES ($1, $2, $3, 'open', NULL, $4)
		ON CONFLICT (ref) DO NOTHING`
	sqlPush       = `SELECT ref, conversation, push, state, body, at FROM wechat_pushes WHERE ref = $1`
	sqlOpenPushes = `SELECT ref, conversation, push, state, body, at FROM wechat_pushes WHERE state IN ('open', 'later') AND at < $1 ORDER BY at LIMIT $2`
	sqlSettlePush = `UPDATE wechat_pushes SET state = $1, body = $2 WHERE ref = $3 AND state = $4`
	sqlPrunePush  = `DELETE FROM wechat_pushes WHERE at < $1 AND state IN ('passive', 'done')`

	sqlCursor    = `SELECT cursor FROM wecom_cursors WHERE account = $1`
	sqlCursors   = `SELECT account FROM wecom_cursors ORDER BY account`
	sqlSetCursor = `INSERT INTO wecom_cursors (account, cursor) VALUES ($1, $2) ON CONFLICT (account) DO UPDATE SET cursor = excluded.cursor
		WHERE wecom_cursors.cursor = $3`
)

// takenPush is a push made ready for the writer.
type takenPush struct {
	wechat.Taken
	seen  wechat.Seen
	body  string
	added bool
}

func (db *DB) preparePush(t wechat.Taken, seen wechat.Seen) (*takenPush, error) {
	for _, err := range []error{
		checkName("ref", t.Ref, false), checkName("conversation", t.Conversation, false),
		checkName("openid", seen.Contact.OpenID, false), checkName("account", seen.Contact.Account, false),
	} {
		if err != nil {
			return nil, err
		}
	}
	t.Push.Text, t.Push.Label, t.Push.Key = clean(t.Push.Text), clean(t.Push.Label), clean(t.Push.Key)
	body, err := encodeJSON("the push", t.Push)
	if err != nil {
		return nil, err
	}
	return &takenPush{Taken: t, seen: seen, body: db.keys.SealText(body, pushPlace("push", t.Ref)...)}, nil
}

func (db *DB) takePush(s *session, t *takenPush) error {
	n, err := s.exec(sqlAddPush, t.Ref, t.Conversation, t.body, db.micros(t.At))
	if t.added = n == 1; err != nil || !t.added {
		return err
	}
	return db.seeContact(s, t.seen)
}

// TakePush stores a push once: see wechat.Store.
func (db *DB) TakePush(ctx context.Context, t wechat.Taken, seen wechat.Seen) (wechat.Taken, error) {
	p, err := db.preparePush(t, seen)
	if err != nil {
		return wechat.Taken{}, err
	}
	if err := db.writer.do(ctx, t.Conversation, "", func(s *session) error { return db.takePush(s, p) }); err != nil {
		return wechat.Taken{}, err
	}
	if !p.added {
		return db.Push(ctx, t.Ref)
	}
	t.State, t.First = wechat.Open, true
	return t, nil
}

// SettlePush moves a push from one state to another by compare-and-set: see wechat.Store.
func (db *DB) SettlePush(ctx context.Context, ref string, from, to wechat.PushState, body []byte, send []outbox.Entry) (bool, error) {
	if err := checkEntries(send); err != nil {
		return false, err
	}
	var sealed *string
	if body != nil {
		text := db.keys.SealText(string(body), pushPlace("body", ref)...)
		sealed = &text
	}
	var won bool
	err := db.writer.do(ctx, ref, "", func(s *session) error {
		n, err := s.exec(sqlSettlePush, string(to), sealed, ref, string(from))
		if won = n == 1; err != nil || !won {
			return err
		}
		return s.addOutbox(send)
	})
	return won && err == nil, err
}

// Push reads a push.
func (db *DB) Push(ctx context.Context, ref string) (wechat.Taken, error) {
	var all []wechat.Taken
	err := db.scan(ctx, sqlPush, []any{ref}, db.collectPushes(&all))
	if err == nil && len(all) == 0 {
		err = fault.New(fault.NotFound, "there is no such push")
	}
	if err != nil {
		return wechat.Taken{}, err
	}
	return all[0], nil
}

// OpenPushes lists pushes of before a time whose answer is not out, oldest first.
func (db *DB) OpenPushes(ctx context.Context, before time.Time, limit int) ([]wechat.Taken, error) {
	var all []wechat.Taken
	err := db.scan(ctx, sqlOpenPushes, []any{before.UnixMicro(), bounded(limit)}, db.collectPushes(&all))
	return all, err
}

func (db *DB) collectPushes(all *[]wechat.Taken) func(*sql.Rows) error {
	return func(r *sql.Rows) error {
		var t wechat.Taken
		var push string
		var body sql.NullString
		var at int64
		if err := r.Scan(&t.Ref, &t.Conversation, &push, &t.State, &body, &at); err != nil {
			return err
		}
		push, err := db.keys.OpenText(push, pushPlace("push", t.Ref)...)
		if err != nil {
			return err
		}
		if body.Valid {
			text, err := db.keys.OpenText(body.String, pushPlace("body", t.Ref)...)
			if err != nil {
				return err
			}
			t.Body = []byte(text)
		}
		if err := json.Unmarshal([]byte(push), &t.Push); err != nil {
			return fault.Wrap(fault.Internal, err, "a stored push cannot be read")
		}
		t.At = fromMicros(at)
		*all = append(*all, t)
		return nil
	}
}

// PrunePushes forgets pushes and rows that were sent or given up, of before a time.
func (db *DB) PrunePushes(ctx context.Context, before time.Time) error {
	return db.writer.do(ctx, "prune", "", func(s *session) error {
		if _, err := s.exec(sqlPrunePush, before.UnixMicro()); err != nil {
			return err
		}
		_, err := s.exec(sqlPruneOutbox, before.UnixMicro())
		return err
	})
}

// Cursor is how far an account's messages were read, "" for a new one.
func (db *DB) Cursor(ctx context.Context, account string) (string, error) {
	var cursor string
	_, err := db.get(ctx, sqlCursor, []any{account}, &cursor)
	return cursor, err
}

// Cursors lists the accounts that were read before.
func (db *DB) Cursors(ctx context.Context) ([]string, error) {
	var all []string
	err := db.scan(ctx, sqlCursors, nil, func(r *sql.Rows) error {
		var account string
		err := r.Scan(&account)
		all = append(all, account)
		return err
	})
	return all, err
}

// TakeBatch stores the pushes of one batch, each once, and how far the account was read, in one
// transaction. It returns those that were new, and a conflict when another node has read on from
// the same place.
func (db *DB) TakeBatch(ctx context.Context, account, from, cursor string, batch []wechat.Taken, seen []wechat.Seen) ([]wechat.Taken, error) {
	all := make([]*takenPush, 0, len(batch))
	for i, t := range batch {
		p, err := db.preparePush(t, seen[i])
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	err := db.writer.do(ctx, account, "", func(s *session) error {
		switch moved, err := s.exec(sqlSetCursor, account, cursor, from); {
		case err != nil:
			return err
		case moved == 0:
			return refuse(fault.Conflict, "another node reads this account")
		}
		for _, p := range all {
			if err := db.takePush(s, p); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	var fresh []wechat.Taken
	for _, p := range all {
		if p.added {
			p.State, p.First = wechat.Open, true
			fresh = append(fresh, p.Taken)
		}
	}
	return fresh, nil
}

const sqlEnsureConversation = `INSERT INTO conversations (id, channel, version, seq, owner, state, created, updated)
	VALUES ($1, $2, 1, 0, 'bot', '{}', $3, $3) ON CONFLICT (id) DO NOTHING`

// OpenConversation returns a token that opens a conversation, which is made if unknown, for a
// visitor whom another party vouches for.
func (db *DB) OpenConversation(ctx context.Context, conversation string, channel bot.Channel) (string, error) {
	for _, err := range []error{checkName("conversation", conversation, false), checkName("channel", string(channel), false)} {
		if err != nil {
			return "", err
		}
	}
	if err := db.change(ctx, conversation, sqlEnsureConversation, conversation, string(channel), db.now().UnixMicro()); err != nil {
		return "", err
	}
	return db.issueToken(ctx, conversation)
}
