package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/oklog/ulid/v2"

	"shenwei/bot/desk"
	"shenwei/internal/audit"
	"shenwei/internal/fault"
)

const (
	sqlAddNote    = `INSERT INTO desk_notes (conversation, ticket, kind, agent, author, text, at) VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING n`
	sqlNotes      = `SELECT n, ticket, kind, agent, author, text, at FROM desk_notes WHERE conversation = $1 AND n > $2 ORDER BY n LIMIT $3`
	sqlCountNotes = `SELECT conversation, COUNT(*) FROM desk_notes WHERE conversation IN (SELECT value FROM {{list $1}}) GROUP BY conversation`
	sqlSetDraft   = `INSERT INTO desk_drafts (agent, conversation, text, at) VALUES ($1, $2, $3, $4) ON CONFLICT (agent, conversation) DO UPDATE SET text = excluded.text, at = excluded.at`
	sqlDropDraft  = `DELETE FROM desk_drafts WHERE agent = $1 AND conversation = $2`
	sqlDeskDrafts = `SELECT conversation, text FROM desk_drafts WHERE agent = $1 ORDER BY at DESC LIMIT $2`
	sqlCanned     = `SELECT id, grp, shortcut, title, text, version, agent, at FROM desk_canned WHERE NOT retired ORDER BY grp, shortcut LIMIT 2000`
	sqlAddCanned  = `INSERT INTO desk_canned (id, grp, shortcut, title, text, version, retired, agent, at) VALUES ($1, $2, $3, $4, $5, 1, FALSE, $6, $7) ON CONFLICT (grp, shortcut) DO NOTHING`
	sqlSetCanned  = `UPDATE desk_canned SET grp = $1, shortcut = $2, title = $3, text = $4, version = version + 1, retired = $5, agent = $6, at = $7 WHERE id = $8 AND version = $9`

	sqlAddAlert = `INSERT INTO desk_alerts (conversation, seq, at, seen, seen_by) VALUES ($1, $2, $3, 0, '') ON CONFLICT (conversation, seq) DO NOTHING`
	sqlAlerts   = `SELECT conversation, seq, at FROM desk_alerts WHERE seen = 0 ORDER BY at DESC LIMIT $1`
	sqlSeeAlert = `UPDATE desk_alerts SET seen = $1, seen_by = $2 WHERE conversation = $3 AND seen = 0`
	sqlSetLimit = `INSERT INTO desk_limits (conversation, mode, reason, actor, at, until) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (conversation) DO UPDATE SET mode = excluded.mode, reason = excluded.reason, actor = excluded.actor, at = excluded.at, until = excluded.until`
	sqlLimit    = `SELECT mode, until FROM desk_limits WHERE conversation = $1 AND until > $2`
	sqlAddCheck = `INSERT INTO desk_checks (ticket, reviewer, agent, total, body, at) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (ticket, reviewer) DO UPDATE SET total = excluded.total, body = excluded.body, at = excluded.at`
	sqlChecks = `SELECT body FROM desk_checks WHERE at >= $1 AND at < $2 ORDER BY at DESC LIMIT $3`
)

func notePlace(conversation string) []string { return []string{"desk_notes", "text", conversation} }

func draftPlace(agent, conversation string) []string {
	return []string{"desk_drafts", "text", agent, conversation}
}

// AddNote stores what an agent tells other agents. Kind is note, or whisper for what a
// supervisor tells the one who serves. It returns the note's number.
func (db *DB) AddNote(ctx context.Context, n desk.Note) (desk.Note, error) {
	if err := desk.CheckText(n.Text); err != nil {
		return n, err
	}
	if checkName("conversation", n.Conversation, false) != nil {
		return n, noConversation()
	}
	n.Text = clean(n.Text)
	err := db.writer.do(ctx, n.Conversation, "", func(s *session) error {
		var id string
		if found, err := s.row(`SELECT id FROM conversations WHERE id = $1`, []any{n.Conversation}, &id); err != nil || !found {
			if err == nil {
				return refusal{noConversation()}
			}
			return err
		}
		_, err := s.row(sqlAddNote, []any{n.Conversation, n.Ticket, n.Kind, n.Agent, n.Author, s.keys.SealText(n.Text, notePlace(n.Conversation)...), n.At.UnixMicro()}, &n.N)
		return err
	})
	return n, err
}

// Notes lists a conversation's notes after a number, oldest first.
func (db *DB) Notes(ctx context.Context, conversation string, after int64, limit int) ([]desk.Note, error) {
	var all []desk.Note
	err := db.scan(ctx, sqlNotes, []any{conversation, after, bounded(limit)}, func(r *sql.Rows) error {
		n := desk.Note{Conversation: conversation}
		var at int64
		err := r.Scan(&n.N, &n.Ticket, &n.Kind, &n.Agent, &n.Author, &n.Text, &at)
		n.At = fromMicros(at)
		if err == nil {
			n.Text, err = db.keys.OpenText(n.Text, notePlace(conversation)...)
		}
		all = append(all, n)
		return err
	})
	return all, err
}

// CountNotes counts the notes of each of some conversations; those without stand not in it.
func (db *DB) CountNotes(ctx context.Context, conversations []string) (map[string]int, error) {
	list, err := encodeJSON("the list", conversations)
	if err != nil {
		return nil, err
	}
	counts := map[string]int{}
	err = db.scan(ctx, db.dialect.on(sqlCountNotes), []any{list}, func(r *sql.Rows) error {
		var conversation string
		var n int
		err := r.Scan(&conversation, &n)
		counts[conversation] = n
		return err
	})
	return counts, err
}

// KeepTyped keeps what an agent has typed and not sent; "" drops it.
func (db *DB) KeepTyped(ctx context.Context, agent, conversation, text string, now time.Time) error {
	if utf8.RuneCountInString(text) > desk.MaxReply {
		return fault.New(fault.TooLarge, "草稿最多 %d 个字", desk.MaxReply)
	}
	for _, err := range []error{checkName("agent", agent, false), checkName("conversation", conversation, false)} {
		if err != nil {
			return err
		}
	}
	return db.writer.do(ctx, "draft "+agent, "", func(s *session) error {
		if text == "" {
			_, err := s.exec(sqlDropDraft, agent, conversation)
			return err
		}
		_, err := s.exec(sqlSetDraft, agent, conversation, s.keys.SealText(clean(text), draftPlace(agent, conversation)...), now.UnixMicro())
		return err
	})
}

// DeskDrafts lists an agent's drafts by conversation.
func (db *DB) DeskDrafts(ctx context.Context, agent string) (map[string]string, error) {
	all := map[string]string{}
	err := db.scan(ctx, sqlDeskDrafts, []any{agent, defaultLimit}, func(r *sql.Rows) error {
		var conversation, text string
		err := r.Scan(&conversation, &text)
		if err == nil {
			text, err = db.keys.OpenText(text, draftPlace(agent, conversation)...)
		}
		all[conversation] = text
		return err
	})
	return all, err
}

// Canned lists the canned replies.
func (db *DB) Canned(ctx context.Context) ([]desk.Canned, error) {
	all := []desk.Canned{}
	err := db.scan(ctx, sqlCanned, nil, func(r *sql.Rows) error {
		var c desk.Canned
		var at int64
		err := r.Scan(&c.ID, &c.Group, &c.Shortcut, &c.Title, &c.Text, &c.Version, &c.Agent, &at)
		c.At = fromMicros(at)
		all = append(all, c)
		return err
	})
	return all, err
}

// SaveCanned adds a canned reply (no ID), or changes or retires the one of ID and Version.
func (db *DB) SaveCanned(ctx context.Context, c desk.Canned) (desk.Canned, error) {
	c.Shortcut, c.Title, c.Text = clean(strings.TrimSpace(c.Shortcut)), clean(strings.TrimSpace(c.Title)), clean(c.Text)
	if err := c.Check(); err != nil {
		return c, err
	}
	fresh := c.ID == ""
	if fresh {
		c.ID = ulid.Make().String()
	}
	detail, err := encodeJSON("the detail", map[string]any{"group": c.Group, "shortcut": c.Shortcut, "retired": c.Retired})
	if err != nil {
		return c, err
	}
	err = db.writer.do(ctx, "canned", auditGroup, func(s *session) error {
		var n int64
		var err error
		if fresh {
			n, err = s.exec(sqlAddCanned, c.ID, c.Group, c.Shortcut, c.Title, c.Text, c.Agent, c.At.UnixMicro())
		} else {
			n, err = s.exec(sqlSetCanned, c.Group, c.Shortcut, c.Title, c.Text, c.Retired, c.Agent, c.At.UnixMicro(), c.ID, c.Version)
		}
		switch {
		case err != nil:
			return err
		case n == 0 && fresh:
			return refuse(fault.Conflict, "快捷码「%s」已经有了，请换一个", c.Shortcut)
		case n == 0:
			return refuse(fault.Conflict, "这条快捷回复已被别人改过，请刷新后再改")
		}
		return appendAudit(s, audit.Entry{Actor: c.Agent, Action: "desk.canned", Object: "canned/" + c.ID, Detail: detail, At: c.At})
	})
	if fresh {
		c.Version = 1
	} else {
		c.Version++
	}
	return c, err
}

// Alerts lists dangers at which no supervisor has looked, newest first.
func (db *DB) Alerts(ctx context.Context, limit int) ([]desk.Alert, error) {
	all := []desk.Alert{}
	err := db.scan(ctx, sqlAlerts, []any{bounded(limit)}, func(r *sql.Rows) error {
		var a desk.Alert
		var at int64
		err := r.Scan(&a.Conversation, &a.Seq, &at)
		a.At = fromMicros(at)
		all = append(all, a)
		return err
	})
	return all, err
}

// SeeAlerts says that a supervisor has looked at a conversation's alerts.
func (db *DB) SeeAlerts(ctx context.Context, conversation, actor string, now time.Time) error {
	return db.writer.do(ctx, conversation, auditGroup, func(s *session) error {
		n, err := s.exec(sqlSeeAlert, now.UnixMicro(), actor, conversation)
		if err != nil || n == 0 {
			return err
		}
		return appendAudit(s, audit.Entry{Actor: actor, Action: "desk.alert", Object: "conversation/" + conversation, At: now})
	})
}

// Limit slows a visitor or keeps her out until a time; mode "" lifts it. It is audited.
func (db *DB) Limit(ctx context.Context, l desk.Limit) error {
	if err := l.Check(); err != nil {
		return err
	}
	detail, err := encodeJSON("the detail", map[string]any{"mode": l.Mode, "until": l.Until.UTC()})
	if err != nil {
		return err
	}
	return db.writer.do(ctx, l.Conversation, auditGroup, func(s *session) error {
		if _, err := s.exec(sqlSetLimit, l.Conversation, l.Mode, clean(l.Reason), l.Actor, l.At.UnixMicro(), l.Until.UnixMicro()); err != nil {
			return err
		}
		return appendAudit(s, audit.Entry{Actor: l.Actor, Action: "desk.limit", Object: "conversation/" + l.Conversation, Detail: detail, At: l.At})
	})
}

// LimitOf is how a visitor is limited now: slow, block or "".
func (db *DB) LimitOf(ctx context.Context, conversation string, now time.Time) (mode string, until time.Time, err error) {
	var micros int64
	found, err := db.get(ctx, sqlLimit, []any{conversation, now.UnixMicro()}, &mode, &micros)
	if err != nil || !found {
		return "", time.Time{}, err
	}
	return mode, fromMicros(micros), nil
}

// SaveCheck stores a filled quality sheet; a reviewer's second one of a ticket replaces the
// first.
func (db *DB) SaveCheck(ctx context.Context, c desk.Check) error {
	if err := c.Score(); err != nil {
		return err
	}
	body, err := encodeJSON("the sheet", c)
	if err != nil {
		return err
	}
	return db.writer.do(ctx, "ticket "+c.Ticket, auditGroup, func(s *session) error {
		if _, err := s.exec(sqlAddCheck, c.Ticket, c.Reviewer, c.Agent, c.Total, body, c.At.UnixMicro()); err != nil {
			return err
		}
		return appendAudit(s, audit.Entry{Actor: c.Reviewer, Action: "desk.check", Object: "ticket/" + c.Ticket, At: c.At})
	})
}

// Checks lists quality sheets from one time to another, newest first.
func (db *DB) Checks(ctx context.Context, from, to time.Time, limit int) ([]desk.Check, error) {
	all := []desk.Check{}
	err := db.scan(ctx, sqlChecks, []any{from.UnixMicro(), to.UnixMicro(), bounded(limit)}, func(r *sql.Rows) error {
		var body string
		if err := r.Scan(&body); err != nil {
			return err
		}
		var c desk.Check
		if err := json.Unmarshal([]byte(body), &c); err != nil {
			return fault.Wrap(fault.Internal, err, "a stored sheet cannot be read")
		}
		all = append(all, c)
		return nil
	})
	return all, err
}

const sqlLimits = `SELECT conversation, mode, reason, actor, until FROM desk_limits WHERE until > $1 AND mode <> '' LIMIT 1000`

// Limits are the visitors who are slowed or kept out now.
func (db *DB) Limits(ctx context.Context, now time.Time) ([]desk.Limit, error) {
	var all []desk.Limit
	err := db.scan(ctx, sqlLimits, []any{now.UnixMicro()}, func(r *sql.Rows) error {
		var l desk.Limit
		var until int64
		err := r.Scan(&l.Conversation, &l.Mode, &l.Reason, &l.Actor, &until)
		l.Until = fromMicros(until)
		all = append(all, l)
		return err
	})
	return all, err
}
