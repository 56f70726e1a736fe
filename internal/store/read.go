package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"

	"shenwei/bot"
	"shenwei/bot/desk"
	"shenwei/internal/fault"
	"shenwei/internal/trail"
)

const (
	kindCitizen = "citizen"
	kindReply   = "reply"

	sqlConversation = `SELECT channel, version, seq, owner, state FROM conversations WHERE id = $1`
	sqlMessages     = `SELECT seq, kind, COALESCE(channel, ''), COALESCE(ref, ''), COALESCE(text, ''), COALESCE(reply, ''), at,
		COALESCE(author, ''), COALESCE(event, ''), COALESCE(data, '') FROM messages WHERE conversation = $1 AND seq > $2 ORDER BY seq LIMIT $3`
	sqlPending = `SELECT channel, ref, conversation, text, choice, at, seq FROM messages WHERE answer = 0 ORDER BY n LIMIT $1`
	sqlTurnOf  = `SELECT seq FROM messages WHERE conversation = $1 AND kind = 'citizen' AND answer = $2 AND seq < $2 ORDER BY seq DESC LIMIT 1`
	sqlTrace   = `SELECT trace FROM messages WHERE conversation = $1 AND seq = $2 AND kind = 'reply'`
)

// defaultLimit is what a limit of 0 or less means; maxLimit bounds any.
const defaultLimit, maxLimit = 100, 10_000

func bounded(limit int) int {
	if limit <= 0 {
		return defaultLimit
	}
	return min(limit, maxLimit)
}

// stmt returns a statement that database/sql prepares once on each connection that reads.
func (db *DB) stmt(ctx context.Context, query string) (*sql.Stmt, error) {
	db.stmtMu.Lock()
	defer db.stmtMu.Unlock()
	if st, ok := db.stmts[query]; ok {
		return st, nil
	}
	st, err := db.read.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	db.stmts[query] = st
	return st, nil
}

// scan calls each for every row of what is committed.
func (db *DB) scan(ctx context.Context, query string, args []any, each func(*sql.Rows) error) error {
	return db.looking(ctx, func(ctx context.Context) error {
		st, err := db.stmt(ctx, query)
		if err != nil {
			return classify(err)
		}
		return classify(scanAll(st.QueryContext(ctx, args...))(each))
	})
}

// get reads one row into dest and reports whether there was one.
func (db *DB) get(ctx context.Context, query string, args []any, dest ...any) (found bool, err error) {
	err = db.looking(ctx, func(ctx context.Context) error {
		st, err := db.stmt(ctx, query)
		if err != nil {
			return classify(err)
		}
		err = st.QueryRowContext(ctx, args...).Scan(dest...)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		found = err == nil
		return classify(err)
	})
	return found, err
}

// column reads the first column of every row.
func (db *DB) column(ctx context.Context, query string, args ...any) ([]string, error) {
	var all []string
	err := db.scan(ctx, query, args, func(r *sql.Rows) error {
		var v string
		err := r.Scan(&v)
		all = append(all, v)
		return err
	})
	return all, err
}

// Conversation reads a conversation's present version.
func (db *DB) Conversation(ctx context.Context, id string) (bot.Conversation, error) {
	c := bot.Conversation{ID: id}
	if checkName("conversation", id, false) != nil {
		return bot.Conversation{}, noConversation()
	}
	var state string
	found, err := db.get(ctx, sqlConversation, []any{id}, &c.Channel, &c.Version, &c.Seq, &c.Owner, &state)
	if err == nil && !found {
		err = noConversation()
	}
	if err == nil {
		c.State, err = db.decodeState(id, state)
	}
	if err != nil {
		return bot.Conversation{}, err
	}
	return c, nil
}

// Messages lists what follows sequence number after, oldest first; none for an unknown
// conversation. It checks no token: see Authorize.
func (db *DB) Messages(ctx context.Context, conversation string, after int64, limit int) ([]bot.Stored, error) {
	if checkName("conversation", conversation, false) != nil {
		return nil, nil
	}
	var all []bot.Stored
	err := db.scan(ctx, sqlMessages, []any{conversation, after, bounded(limit)}, func(r *sql.Rows) error {
		var m bot.Stored
		var channel, reply, data string
		var at int64
		if err := r.Scan(&m.Seq, &m.Kind, &channel, &m.Ref, &m.Text, &reply, &at, &m.Author, &m.Event, &data); err != nil {
			return err
		}
		m.At = fromMicros(at)
		if data != "" {
			m.Data = json.RawMessage(data)
		}
		if m.Kind == kindReply {
			var err error
			if m.Reply, err = decodeReply(reply, conversation, m.Seq); err != nil {
				return err
			}
			m.Text = m.Reply.Text
		} else {
			var err error
			if m.Text, err = db.keys.OpenText(m.Text, linePlace(channel, m.Ref)...); err != nil {
				return err
			}
		}
		if m.Kind == desk.RowAgent {
			m.Ref = "" // the agent's own: it names her account
		}
		all = append(all, m)
		return nil
	})
	return all, err
}

// Pending lists lines that were received and never answered, oldest first.
func (db *DB) Pending(ctx context.Context, limit int) ([]bot.PendingLine, error) {
	var all []bot.PendingLine
	err := db.scan(ctx, sqlPending, []any{bounded(limit)}, func(r *sql.Rows) error {
		var p bot.PendingLine
		var at int64
		m := &p.Message
		if err := r.Scan(&m.Channel, &m.Ref, &m.Conversation, &m.Text, &m.Choice, &at, &p.Seq); err != nil {
			return err
		}
		m.At = fromMicros(at)
		var err error
		m.Text, err = db.keys.OpenText(m.Text, linePlace(string(m.Channel), m.Ref)...)
		all = append(all, p)
		return err
	})
	return all, err
}

// Trace reads why the reply at seq is what it is.
func (db *DB) Trace(ctx context.Context, conversation string, seq int64) (*bot.Trace, error) {
	if checkName("conversation", conversation, false) != nil {
		return nil, noReply()
	}
	var packed []byte
	found, err := db.get(ctx, sqlTrace, []any{conversation, seq}, &packed)
	switch {
	case err != nil:
		return nil, err
	case !found:
		return nil, noReply()
	}
	if packed, err = db.openTrace(packed, conversation, seq); err != nil {
		return nil, err
	}
	return unpackTrace(packed)
}

func noReply() error { return fault.New(fault.NotFound, "there is no such reply") }

// TurnOf is the id of the turn that a reply belongs to, "" where there is none or it cannot be read:
// see package trail.
func (db *DB) TurnOf(ctx context.Context, conversation string, reply int64) string {
	var line int64
	found, err := db.get(ctx, sqlTurnOf, []any{conversation, reply}, &line)
	if err != nil || !found {
		return ""
	}
	return trail.TurnID(conversation, line)
}
