package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"shenwei/internal/fault"
)

// ExportConversation returns everything of a conversation as JSON: each table's rows with the
// sealed fields opened. It is fault.NotFound when there is none.
func (db *DB) ExportConversation(ctx context.Context, id string) (json.RawMessage, error) {
	var one int
	if found, err := db.get(ctx, sqlIsKnown, []any{id}, &one); err != nil || !found {
		if err == nil {
			err = noConversation()
		}
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
	query := `SELECT * FROM ` + t.Name + ` WHERE ` + t.Column + ` = $1` //nolint:gosec // names of our own schema
	rows, err := db.read.QueryContext(ctx, query, id)
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
		if raw, ok := v.([]byte); ok && utf8.Valid(raw) { // a picture stays bytes, which JSON shows as base64
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
		plain, err := db.secret(stored, place...)
		return []byte(plain), err
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
