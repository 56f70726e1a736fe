package store

import (
	"context"
	"database/sql"
	"time"

	"shenwei/internal/audit"
)

// PersonalTable is a table that holds rows of citizens' conversations.
type PersonalTable struct {
	Name string
	// Column names the conversation.
	Column string
	// Old selects rows that may go while the conversation goes on: what was before the time
	// $2 of the conversation $1; "" when rows go only with their conversation.
	Old string
	// Private marks rows that are of no use to the citizen herself and are not exported.
	Private bool
}

// PersonalTables lists every table with a column "conversation", in the order in which rows
// can be deleted; a test compares it with the schema. A new one gets a line here: then it is
// exported, deleted for a citizen who asks, and deleted when its time has come.
var PersonalTables = []PersonalTable{
	{Name: "insight_thumbs", Column: "conversation", Private: true},
	{Name: "insight_questions", Column: "conversation", Old: `conversation = $1 AND at < $2`, Private: true}, // masked copies of lines
	{Name: "outbox", Column: "substr(lane, 8)", Private: true},                                               // lanes are "wechat " with the conversation
	{Name: "wechat_pushes", Column: "conversation", Old: `conversation = $1 AND at < $2 AND state IN ('passive', 'done')`},
	{Name: "wechat_contacts", Column: "conversation"},
	{Name: "feedback", Column: "conversation", Old: `conversation = $1 AND at < $2`},
	{Name: "handoffs", Column: "conversation", Old: `conversation = $1 AND created < $2 AND NOT is_open`},
	{Name: "pictures", Column: "conversation", Old: `conversation = $1 AND at < $2`},
	{Name: "desk_notes", Column: "conversation", Old: `conversation = $1 AND at < $2`},
	{Name: "desk_drafts", Column: "conversation", Old: `conversation = $1 AND at < $2`, Private: true},
	{Name: "desk_orders", Column: "conversation"},
	{Name: "desk_calls", Column: "conversation", Old: `conversation = $1 AND at < $2`},
	{Name: "consents", Column: "conversation"},
	{Name: "desk_alerts", Column: "conversation", Old: `conversation = $1 AND at < $2 AND seen > 0`},
	{Name: "desk_waiting", Column: "conversation", Old: `conversation = $1 AND seen < $2`, Private: true},
	{Name: "desk_limits", Column: "conversation", Old: `conversation = $1 AND until < $2`},
	{Name: "tokens", Column: "conversation", Private: true},
	{Name: "messages", Column: "conversation", Old: `conversation = $1 AND at < $2 AND COALESCE(answer, 1) > 0
		AND NOT EXISTS (SELECT 1 FROM feedback f WHERE f.conversation = messages.conversation AND f.seq = messages.seq)`},
	{Name: "conversations", Column: "id"},
}

const (
	sqlOldConversations = `SELECT id, created FROM conversations WHERE created < $1 AND (created, id) > ($2, $3) ORDER BY created, id LIMIT $4`
	// sqlIsKnown finds conversations, also of those who follow the account and never wrote.
	sqlIsKnown       = `SELECT 1 FROM conversations WHERE id = $1 UNION SELECT 1 FROM wechat_contacts WHERE conversation = $1`
	sqlFollowersGone = `DELETE FROM wechat_contacts WHERE seen < $1 AND NOT EXISTS (SELECT 1 FROM conversations c WHERE c.id = wechat_contacts.conversation)`
	sqlIsActive      = `SELECT 1 FROM messages WHERE conversation = $1 AND at >= $2 LIMIT 1`
)

// Deleted counts rows that were deleted.
type Deleted struct {
	Conversations int64 `json:"conversations"`
	Messages      int64 `json:"messages"`
	Other         int64 `json:"other"`
}

func (d *Deleted) count(table string, n int64) {
	switch table {
	case "conversations":
		d.Conversations += n
	case "messages":
		d.Messages += n
	default:
		d.Other += n
	}
}

// DeleteConversation deletes everything of a conversation, with its audit entry, whose detail
// is set to how much that was; fault.NotFound when there is none.
func (db *DB) DeleteConversation(ctx context.Context, id string, e audit.Entry) (Deleted, error) {
	var d Deleted
	if checkName("conversation", id, false) != nil {
		return d, noConversation()
	}
	err := db.writer.do(ctx, id, auditGroup, func(s *session) error {
		d = Deleted{}
		var one int
		if found, err := s.row(sqlIsKnown, []any{id}, &one); err != nil || !found {
			return orRefusal(err, noConversation())
		}
		if err := dropConversation(s, id, &d); err != nil {
			return err
		}
		detail, err := encodeJSON("the count", d)
		if err != nil {
			return err
		}
		e.Detail = detail
		return appendAudit(s, e)
	})
	return d, err
}

func orRefusal(err, otherwise error) error {
	if err != nil {
		return err
	}
	return refusal{otherwise}
}

func dropConversation(s *session, id string, d *Deleted) error {
	for _, t := range PersonalTables {
		n, err := s.exec(`DELETE FROM `+t.Name+` WHERE `+t.Column+` = $1`, id)
		if err != nil {
			return err
		}
		d.count(t.Name, n)
	}
	return nil
}

// Cursor says how far a pass over old conversations has come; the zero value is its beginning.
type Cursor struct {
	created int64
	id      string
	// Done is set when nothing is left of the pass.
	Done bool
}

// DeleteOld goes on with a pass: it looks at most at limit conversations begun before the time
// and deletes those that nothing was said in since, and of the others what was said before. The
// last call of a pass also forgets WeChat's followers who have never written.
// Each call is one transaction, so that live writes come between.
func (db *DB) DeleteOld(ctx context.Context, before time.Time, c Cursor, limit int) (Cursor, Deleted, error) {
	var ids []string
	cut := before.UnixMicro()
	next := c
	err := db.scan(ctx, sqlOldConversations, []any{cut, c.created, c.id, limit}, func(r *sql.Rows) error {
		err := r.Scan(&next.id, &next.created)
		ids = append(ids, next.id)
		return err
	})
	next.Done = len(ids) < limit
	if err != nil {
		return next, Deleted{}, err
	}
	var d Deleted
	err = db.writer.do(ctx, "retention", "", func(s *session) error {
		d = Deleted{}
		for _, id := range ids {
			if err := dropOld(s, id, cut, &d); err != nil {
				return err
			}
		}
		if !next.Done {
			return nil
		}
		n, err := s.exec(sqlFollowersGone, cut) // at the end of a pass: who followed and never wrote
		d.Other += n
		return err
	})
	return next, d, err
}

// dropOld deletes a conversation, or what is old of one that goes on.
func dropOld(s *session, id string, cut int64, d *Deleted) error {
	var one int
	active, err := s.row(sqlIsActive, []any{id, cut}, &one)
	if err != nil {
		return err
	}
	if !active {
		return dropConversation(s, id, d)
	}
	for _, t := range PersonalTables {
		if t.Old == "" {
			continue
		}
		n, err := s.exec(`DELETE FROM `+t.Name+` WHERE `+t.Old, id, cut)
		if err != nil {
			return err
		}
		d.count(t.Name, n)
	}
	return nil
}

const (
	sqlOldLinks    = `DELETE FROM staff_links WHERE expires < $1`
	sqlOldSessions = `DELETE FROM staff_sessions WHERE seen < $1`
	sqlOldFailures = `DELETE FROM staff_failures WHERE last < $1 AND until < $1`
)

// DeleteSpent deletes what has served its purpose: codes of buttons a day after they expired,
// links that have expired, sessions not used and failures not repeated since the time, and at most limit finished jobs of before it.
func (db *DB) DeleteSpent(ctx context.Context, before time.Time, limit int) (int64, error) {
	var n int64
	cut := before.UnixMicro()
	err := db.writer.do(ctx, "retention", "", func(s *session) error {
		n = 0
		for _, query := range []string{sqlOldLinks, sqlOldSessions, sqlOldFailures} {
			k, err := s.exec(query, cut)
			if err != nil {
				return err
			}
			n += k
		}
		codes, err := s.exec(s.dialect.on(sqlOldCodes))
		if err != nil {
			return err
		}
		k, err := s.exec(sqlDropJobs, cut, limit)
		n += k + codes
		return err
	})
	return n, err
}
