package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"shenwei/internal/fault"
	"shenwei/internal/vault"
)

// sealedField is one column whose values are sealed. A new one gets a line in sealedFields, so
// that a change of keys reaches it.
type sealedField struct {
	table, column string
	// key are the columns that name a row, in the order in which rows are walked.
	key []string
	// also are more columns that place needs.
	also []string
	// place says where a value stands, from key and also.
	place func(names []string) []string
	// form tells how the value is written: a text, bytes, or a trace.
	form fieldForm
	// large values are walked a few at a time.
	large bool
}

// largePage is how many large values are held in memory at a time.
const largePage = 8

type fieldForm int

const (
	formText fieldForm = iota
	formBytes
	formTrace
)

// sealedFields lists every sealed column.
var sealedFields = []sealedField{
	{table: "messages", column: "text", key: []string{"n"}, also: []string{"channel", "ref"},
		place: func(v []string) []string { return linePlace(v[1], v[2]) }},
	{table: "messages", column: "trace", key: []string{"n"}, also: []string{"conversation", "seq"}, form: formTrace,
		place: func(v []string) []string { return []string{"messages", "trace", v[1], v[2]} }},
	{table: "conversations", column: "state", key: []string{"id"}, place: func(v []string) []string { return statePlace(v[0]) }},
	{table: "handoffs", column: "summary", key: []string{"number"}, place: func(v []string) []string { return summaryPlace(v[0]) }},
	{table: "handoffs", column: "body", key: []string{"number"}, place: func(v []string) []string { return ticketPlace(v[0]) }},
	{table: "desk_notes", column: "text", key: []string{"n"}, also: []string{"conversation"}, place: func(v []string) []string { return notePlace(v[1]) }},
	{table: "desk_drafts", column: "text", key: []string{"agent", "conversation"}, place: func(v []string) []string { return draftPlace(v[0], v[1]) }},
	{table: "desk_calls", column: "form", key: []string{"ticket"}, place: func(v []string) []string { return callPlace(v[0]) }},
	{table: "desk_orders", column: "person", key: []string{"number"}, place: func(v []string) []string { return orderPlace(v[0]) }},
	{table: "feedback", column: "reason", key: []string{"conversation", "seq"},
		place: func(v []string) []string { return []string{"feedback", "reason", v[0], v[1]} }},
	{table: "insight_questions", column: "text", key: []string{"n"}, also: []string{"conversation", "seq"},
		place: func(v []string) []string { return []string{"insight_questions", "text", v[1], v[2]} }},
	{table: "insight_samples", column: "text", key: []string{"cluster", "place"},
		place: func(v []string) []string { return []string{"insight_samples", "text", v[0], v[1]} }},
	{table: "outbox", column: "body", key: []string{"n"}, also: []string{"kind", "key"}, place: func(v []string) []string { return outboxPlace(v[1], v[2]) }},
	{table: "wechat_pushes", column: "push", key: []string{"ref"}, place: func(v []string) []string { return pushPlace("push", v[0]) }},
	{table: "wechat_pushes", column: "body", key: []string{"ref"}, place: func(v []string) []string { return pushPlace("body", v[0]) }},
	{table: "wechat_contacts", column: "openid", key: []string{"conversation"}, place: func(v []string) []string { return openidPlace(v[0]) }},
	{table: "pictures", column: "small", key: []string{"id"}, form: formBytes, large: true, place: func(v []string) []string { return picturePlace("small", v[0]) }},
	{table: "pictures", column: "body", key: []string{"id"}, form: formBytes, large: true, place: func(v []string) []string { return picturePlace("body", v[0]) }},
	{table: "staff", column: "totp", key: []string{"id"}, form: formBytes, place: func(v []string) []string { return totpPlace(v[0]) }},
	{table: "staff_sessions", column: "pending", key: []string{"id"}, form: formBytes, place: func(v []string) []string { return pendingPlace(v[0]) }},
}

// sealedRow is a row as the walk reads it.
type sealedRow struct {
	names  []string // key and also, as text
	keys   []any    // key, as the database has it
	stored []byte
}

// headBytes is how much of a sealed value tells its key: more than its longest beginning.
const headBytes = 64

// walk calls each for every row of the field with a value, in pages. Heads reads of large values
// only what tells their key.
func (db *DB) walk(ctx context.Context, f sealedField, page int, heads bool, each func([]sealedRow) error) error {
	value := f.column
	switch {
	case f.large && heads:
		value = fmt.Sprintf("substr(%s, 1, %d)", f.column, headBytes)
	case f.large:
		page = min(page, largePage)
	}
	columns := append(append([]string{}, f.key...), f.also...)
	query := fmt.Sprintf(`SELECT %s, %s FROM %s WHERE %s IS NOT NULL`, strings.Join(columns, ", "), value, f.table, f.column)
	order := fmt.Sprintf(` ORDER BY %s LIMIT %d`, strings.Join(f.key, ", "), page)
	var last []any
	for {
		where := ""
		if last != nil {
			marks := make([]string, len(last))
			for i := range marks {
				marks[i] = fmt.Sprintf("$%d", i+1)
			}
			where = fmt.Sprintf(" AND (%s) > (%s)", strings.Join(f.key, ", "), strings.Join(marks, ", "))
		}
		var rows []sealedRow
		err := db.scan(ctx, query+where+order, last, func(r *sql.Rows) error {
			row, err := readSealed(r, len(f.key), len(columns))
			rows = append(rows, row)
			return err
		})
		if err != nil || len(rows) == 0 {
			return err
		}
		if err := each(rows); err != nil {
			return err
		}
		last = rows[len(rows)-1].keys
	}
}

func readSealed(r *sql.Rows, keys, columns int) (sealedRow, error) {
	values := make([]any, columns)
	dest := make([]any, columns+1)
	for i := range values {
		dest[i] = &values[i]
	}
	var stored []byte
	dest[columns] = &stored
	if err := r.Scan(dest...); err != nil {
		return sealedRow{}, err
	}
	row := sealedRow{stored: stored, keys: values[:keys]}
	for i, v := range values {
		if b, ok := v.([]byte); ok {
			values[i] = string(b)
		}
		name := ""
		if values[i] != nil {
			name = fmt.Sprint(values[i])
		}
		row.names = append(row.names, name)
	}
	return row, nil
}

// keyOf is the id of the key that a stored value needs, "" for none.
func (f sealedField) keyOf(stored []byte) string {
	switch {
	case f.form == formText:
		return vault.KeyOfText(string(stored))
	case f.form == formBytes:
		return vault.KeyOf(stored)
	case len(stored) > 0 && stored[0] == packedSealed:
		return vault.KeyOf(stored[1:])
	}
	return ""
}

// again seals a stored value with the key that seals now.
func (db *DB) again(f sealedField, row sealedRow) (any, error) {
	place := f.place(row.names)
	switch f.form {
	case formText:
		plain, err := db.keys.OpenText(string(row.stored), place...)
		return db.keys.SealText(plain, place...), err
	case formBytes:
		plain, err := db.keys.Open(row.stored, place...)
		return db.keys.Seal(plain, place...), err
	}
	plain := row.stored
	if plain[0] == packedSealed {
		var err error
		if plain, err = db.keys.Open(plain[1:], place...); err != nil {
			return nil, err
		}
	}
	return append([]byte{packedSealed}, db.keys.Seal(plain, place...)...), nil
}

// empty reports whether a value holds nothing worth sealing: a state at its beginning.
func (f sealedField) empty(stored []byte) bool {
	return len(stored) == 0 || f.column == "state" && string(stored) == "{}"
}

// Reseal seals every field with the key that seals now, batch rows in a transaction so that
// live writes are not held up. Progress is told how many fields each batch has sealed anew.
// It may be stopped and begun again.
func (db *DB) Reseal(ctx context.Context, batch int, progress func(done int)) error {
	if db.keys == nil {
		return fault.New(fault.BadRequest, "no key is configured; set keys.data")
	}
	current := db.keys.Current()
	for _, f := range sealedFields {
		err := db.walk(ctx, f, batch, false, func(rows []sealedRow) error {
			done, err := db.resealRows(ctx, f, rows, current)
			progress(done)
			return err
		})
		if err != nil {
			return err
		}
	}
	return db.writer.do(ctx, auditGroup, auditGroup, func(s *session) error {
		var h auditHead
		found, err := s.row(sqlLockHead, nil, &h.n, &h.hash, &h.base, &h.baseHash, &h.mac)
		if err != nil || !found {
			return err
		}
		if broken, _, err := db.headProof(h); err != nil || broken != "" {
			return refuse(fault.Conflict, "the audit log's head is not ours and is not signed anew; run shenwei check --audit")
		}
		return s.setHead(h)
	})
}

func (db *DB) resealRows(ctx context.Context, f sealedField, rows []sealedRow, current string) (int, error) {
	done := 0
	write := fmt.Sprintf(`UPDATE %s SET %s = $1 WHERE %s = $2`, f.table, f.column, f.column)
	for i, k := range f.key {
		write += fmt.Sprintf(` AND %s = $%d`, k, i+3)
	}
	var changes [][]any
	for _, row := range rows {
		if f.keyOf(row.stored) == current || f.empty(row.stored) {
			continue
		}
		fresh, err := db.again(f, row)
		if err != nil {
			return 0, err
		}
		var was any = row.stored
		if f.form == formText {
			was = string(row.stored)
		}
		changes = append(changes, append([]any{fresh, was}, row.keys...))
	}
	if len(changes) == 0 {
		return 0, nil
	}
	err := db.writer.do(ctx, "reseal", "", func(s *session) error {
		done = 0
		for _, c := range changes {
			n, err := s.exec(write, c...) // a row that was written meanwhile is left as it is
			if err != nil {
				return err
			}
			done += int(n)
		}
		return nil
	})
	return done, err
}

// KeyUse counts the sealed fields by the id of their key; "" for those that are not sealed.
func (db *DB) KeyUse(ctx context.Context) (map[string]int, error) {
	use := map[string]int{}
	for _, f := range sealedFields {
		err := db.walk(ctx, f, maxLimit, true, func(rows []sealedRow) error {
			for _, row := range rows {
				if id := f.keyOf(row.stored); id != "" || !f.empty(row.stored) {
					use[id]++
				}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return use, nil
}
