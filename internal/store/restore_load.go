package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"shenwei/internal/fault"
)

// loader writes rows, several in one statement.
type loader struct {
	ctx         context.Context
	tx          *sql.Tx
	dialect     *dialect
	progress    Progress
	done, total int64
	head        tableHead
	rows        []any
	count       int
	bytes       int       // of the lines that rows are from
	full        *sql.Stmt // the statement of a full batch
}

// batchValues bounds the values of one statement; SQLite takes 32,766.
const batchValues = 2400

// batchBytes is how long the lines of one statement may be before it is carried out.
const batchBytes = 8 << 20

func (l *loader) size() int { return max(1, batchValues/max(1, len(l.head.Columns))) }

func (l *loader) begin(t tableHead) error {
	if err := l.flush(); err != nil {
		return err
	}
	for _, c := range append(slices.Clone(t.Columns), t.Name) {
		if c == "" || strings.Trim(c, "abcdefghijklmnopqrstuvwxyz0123456789_") != "" {
			return damaged(nil, "%q is no name", c)
		}
	}
	l.head = t
	if l.full != nil {
		_ = l.full.Close()
		l.full = nil
	}
	return nil
}

func (l *loader) add(t tableHead, line []byte) error {
	row, err := decodeRow(line, len(t.Columns))
	if err != nil {
		return damaged(err, "a row of %s cannot be read", t.Name)
	}
	return l.put(row, len(line))
}

// put takes a row of so many bytes.
func (l *loader) put(row []any, size int) (err error) {
	l.rows, l.count, l.bytes = append(l.rows, row...), l.count+1, l.bytes+size
	l.step()
	if l.count < l.size() {
		if l.bytes > batchBytes {
			return l.flush()
		}
		return nil
	}
	if l.full == nil {
		if l.full, err = l.tx.PrepareContext(l.ctx, l.statement(l.count)); err != nil {
			return err
		}
	}
	_, err = l.full.ExecContext(l.ctx, l.rows...)
	l.rows, l.count, l.bytes = l.rows[:0], 0, 0
	return err
}

func (l *loader) flush() error {
	if l.count == 0 {
		return nil
	}
	_, err := l.tx.ExecContext(l.ctx, l.statement(l.count), l.rows...)
	l.rows, l.count, l.bytes = l.rows[:0], 0, 0
	return err
}

func (l *loader) statement(rows int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "INSERT INTO %s (%s) %s VALUES ", l.head.Name, strings.Join(l.head.Columns, ", "), l.dialect.overriding)
	n := 0
	for r := range rows {
		if r > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('(')
		for c := range l.head.Columns {
			if c > 0 {
				b.WriteByte(',')
			}
			n++
			fmt.Fprintf(&b, "$%d", n)
		}
		b.WriteByte(')')
	}
	return b.String()
}

func (l *loader) step() {
	if l.done++; l.progress != nil {
		l.progress(l.done, l.total)
	}
}

// verify reads every table again.
func (l *loader) verify(m Manifest, tables []string) error {
	if len(m.Tables) != len(tables) {
		return damaged(nil, "it has %d tables, schema %d has %d", len(m.Tables), m.Schema, len(tables))
	}
	for _, want := range m.Tables {
		var sum tableSum
		var line []byte
		err := eachRow(l.ctx, l.tx, want.Name, func([]string) {}, func(row []any) (err error) {
			if line, err = encodeRow(line, row); err != nil {
				return err
			}
			sum.add(line)
			l.step()
			return nil
		})
		if err != nil {
			return err
		}
		if got := sum.of(want.Name); got != want {
			return fault.New(fault.Internal, "table %s has %d rows after the restore, the backup has %d, or other ones; nothing was restored", want.Name, got.Rows, want.Rows)
		}
	}
	return nil
}
