package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"shenwei/internal/audit"
	"shenwei/internal/fault"
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
	{Name: "feedback", Column: "conversation", Old: `conversation = $1 AND at < $2`},
	{Name: "handoffs", Column: "conversation", Old: `conversation = $1 AND created < $2 AND state <> 'queued'`},
	{Name: "tokens", Column: "conversation", Private: true},
	{Name: "messages", Column: "conversation", Old: `conversation = $1 AND at < $2 AND COALESCE(answer, 1) > 0
		AND NOT EXISTS (SELECT 1 FROM feedback f WHERE f.conversation = messages.conversation AND f.seq = messages.seq)`},
	{Name: "conversations", Column: "id"},
}

const (
	sqlOldConversations = `SELECT id, created FROM conversations WHERE created < $1 AND (created, id) > ($2, $3) ORDER BY created, id LIMIT $4`
	sqlIsActive         = `SELECT 1 FROM messages WHERE conversation = $1 AND at >= $2 LIMIT 1`
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
		if found, err := s.row(`SELECT 1 FROM conversations WHERE id = $1`, []any{id}, &one); err != nil || !found {
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
// and deletes those that nothing was said in since, and of the others what was said before.
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
	if err != nil || len(ids) == 0 {
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
		return nil
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

// ExportConversation returns everything of a conversation as JSON: each table's rows with the
// sealed fields opened. It is fault.NotFound when there is none.
func (db *DB) ExportConversation(ctx context.Context, id string) (json.RawMessage, error) {
	if _, err := db.Conversation(ctx, id); err != nil {
		return nil, err
	}
	tables := map[string][]map[string]any{}
	for _, t := range PersonalTables {
		if t.Private {
			continue
		}
		rows, err := db.exportTable(ctx, t, id)
		if err != nil {
			return nil, err
		}
		tables[t.Name] = rows
	}
	body, err := json.MarshalIndent(map[string]any{"conversation": id, "exported": db.now().UTC().Format(time.RFC3339), "tables": tables}, "", "  ")
	if err != nil {
		return nil, fault.Wrap(fault.Internal, err, "the export cannot be encoded")
	}
	return body, nil
}

func (db *DB) exportTable(ctx context.Context, t PersonalTable, id string) ([]map[string]any, error) {
	all := []map[string]any{}
	rows, err := db.read.QueryContext(ctx, `SELECT * FROM `+t.Name+` WHERE `+t.Column+` = $1`, id)
	if err != nil {
		return nil, classify(err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return nil, classify(err)
	}
	for rows.Next() {
		values := make([]any, len(columns))
		dest := make([]any, len(columns))
		for i := range values {
			dest[i] = &values[i]
		}
		if err := rows.Scan(dest...); err != nil {
			return nil, classify(err)
		}
		row := map[string]any{}
		for i, c := range columns {
			row[c] = values[i]
		}
		if err := db.exportRow(t.Name, row); err != nil {
			return nil, err
		}
		all = append(all, row)
	}
	return all, classify(rows.Err())
}

// moments are columns that hold a time.
var moments = []string{"at", "created", "updated", "due", "expires"}

// exportRow opens what is sealed and makes the rest readable.
func (db *DB) exportRow(table string, row map[string]any) error {
	for _, f := range sealedFields {
		if f.table != table || row[f.column] == nil {
			continue
		}
		var names []string
		for _, c := range slices.Concat(f.key, f.also) {
			names = append(names, textOf(row[c]))
		}
		plain, err := db.exportField(f, []byte(textOf(row[f.column])), names)
		if err != nil {
			return err
		}
		row[f.column] = plain
	}
	for column, v := range row {
		text, isText := v.(string)
		if raw, ok := v.([]byte); ok {
			text, isText = string(raw), true
			row[column] = text
		}
		if n, ok := v.(int64); ok && slices.Contains(moments, column) && n > 0 {
			row[column] = fromMicros(n).Format(time.RFC3339Nano)
		}
		if isText && len(text) > 0 && text[0] == '{' && json.Valid([]byte(text)) {
			row[column] = json.RawMessage(text)
		}
	}
	return nil
}

func (db *DB) exportField(f sealedField, stored []byte, names []string) (any, error) {
	place := f.place(names)
	switch f.form {
	case formText:
		return db.keys.OpenText(string(stored), place...)
	case formBytes:
		return db.secret(stored, place...)
	}
	if stored[0] == packedSealed {
		if db.keys == nil {
			return nil, fault.New(fault.Unavailable, "the database holds sealed fields and no key is configured; set keys.data")
		}
		var err error
		if stored, err = db.keys.Open(stored[1:], place...); err != nil {
			return nil, err
		}
	}
	return unpackTrace(stored)
}

func textOf(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case []byte:
		return string(v)
	case string:
		return v
	}
	return fmt.Sprint(v)
}

const (
	sqlOldLinks    = `DELETE FROM staff_links WHERE expires < $1`
	sqlOldSessions = `DELETE FROM staff_sessions WHERE seen < $1`
	sqlOldFailures = `DELETE FROM staff_failures WHERE last < $1 AND until < $1`
)

// DeleteSpent deletes what has served its purpose: links that have expired, sessions not used
// and failures not repeated since the time, and at most limit finished jobs of before it.
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
		k, err := s.exec(sqlDropJobs, cut, limit)
		n += k
		return err
	})
	return n, err
}
