package store

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"shenwei/internal/fault"
)

// CopyOptions tune a copy.
type CopyOptions struct {
	// Anew empties a copy that is not complete and begins again.
	Anew     bool
	Progress Progress
}

// Copy copies everything of one database into another one, SQLite or PostgreSQL, and holds every
// table of the outcome against the source by number and hash of its rows. What was copied is
// committed piece by piece together with how far it came: a copy that was interrupted, at any
// moment and be it by kill -9, goes on from there when it is called again. Until it is complete
// nobody can serve from the target.
//
// It refuses a source of another schema than this program's, a target that holds something else,
// and says so when the source changed meanwhile. Keys are not in the database and not in the copy.
func Copy(ctx context.Context, from, to string, o CopyOptions) (Manifest, error) {
	c := &copier{ctx: ctx, o: o, m: Manifest{Product: product}}
	var err error
	if c.from, err = connectExisting(from); err != nil {
		return c.m, about("the source", err)
	}
	defer c.from.close()
	if err := c.openSource(from); err != nil {
		return c.m, about("the source", err)
	}
	if c.to, err = connect(to, &Options{}); err != nil {
		return c.m, about("the target", err)
	}
	defer c.to.close()
	if err := c.openTarget(); err != nil {
		return c.m, about("the target", classify(err))
	}
	if err := c.run(); err != nil {
		return c.m, changedMeanwhile(err)
	}
	return c.m, nil
}

func (p pools) close() { _ = errors.Join(p.read.Close(), p.write.Close()) }

// about says of which database a fault is.
func about(what string, err error) error {
	if msg := fault.MessageOf(err); msg != "" {
		return fault.Wrap(fault.CodeOf(err), err, "%s: %s", what, msg)
	}
	return fmt.Errorf("%s: %w", what, err)
}

// copier is one copy under way.
type copier struct {
	ctx      context.Context
	o        CopyOptions
	from, to pools
	m        Manifest
	source   string // tells the source from others
	runner   string // tells this process from others that copy into the same target
	tables   []copiedTable
	// done and total count rows: each is copied, and then read on both sides.
	done, total int64
}

// copiedTable is a table and how far it came.
type copiedTable struct {
	name          string
	columns, keys []string
	rows, copied  int64
	place         string // the key of the last row that was copied, encoded
	done          bool
}

// openSource refuses a source of another schema, and names it.
func (c *copier) openSource(dsn string) error {
	d := c.from
	_, newest, err := migrations(d.dialect)
	if err != nil {
		return err
	}
	if _, err := checkSchema(c.ctx, d.read, d.dialect, newest); err != nil {
		return err
	}
	if c.m.Schema, err = schemaVersion(c.ctx, d.read); err != nil {
		return fault.Wrap(fault.NotFound, err, "db: the database is empty; there is nothing to copy")
	}
	switch {
	case c.m.Schema < newest:
		return fault.New(fault.Conflict, "db: its schema is version %d, this program's is %d; bring it up to date first (shenwei check does), or copy with the program that serves from it", c.m.Schema, newest)
	case c.m.Schema > newest:
		return fault.New(fault.Conflict, "db: its schema is version %d, newer than version %d of this program; copy with the newer program", c.m.Schema, newest)
	}
	c.m.Database = d.dialect.name
	sum := sha256.New()
	if !strings.Contains(dsn, "://") { // its history counts whole seconds
		path, err := filepath.Abs(dsn)
		if err != nil {
			return err
		}
		fmt.Fprintln(sum, path)
	}
	err = scanAll(d.read.QueryContext(c.ctx, `SELECT version_id, tstamp FROM `+schemaTable+` ORDER BY id`))(func(r *sql.Rows) error {
		var version int64
		var at any
		err := r.Scan(&version, &at)
		fmt.Fprintf(sum, "%d %v\n", version, at)
		return err
	})
	c.source = hex.EncodeToString(sum.Sum(nil))
	return classify(err)
}

// run copies what is missing, compares, and opens the target to who wants to serve from it.
func (c *copier) run() error {
	if err := c.survey(); err != nil {
		return err
	}
	if err := c.copyAll(); err != nil {
		return err
	}
	if err := c.compare(); err != nil {
		return err
	}
	return c.finish()
}

// snapshot calls do with a connection that sees one moment of the source.
func (c *copier) snapshot(do func(conn *sql.Conn) error) error {
	conn, err := c.from.read.Conn(c.ctx)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	if _, err := conn.ExecContext(c.ctx, c.from.dialect.snapshot); err != nil {
		return err
	}
	defer func() { _, _ = conn.ExecContext(context.WithoutCancel(c.ctx), "ROLLBACK") }() // it has only read
	return do(conn)
}

// survey lists the source's tables and how far each came.
func (c *copier) survey() error {
	names, err := tablesInOrder(c.ctx, c.from.read, c.from.dialect)
	if err != nil {
		return err
	}
	for _, name := range names {
		t := copiedTable{name: name}
		if err := c.from.read.QueryRowContext(c.ctx, `SELECT COUNT(*) FROM `+name).Scan(&t.rows); err != nil {
			return err
		}
		if t.columns, t.keys, err = c.columns(name); err != nil {
			return err
		}
		if err := c.mark(&t); err != nil {
			return err
		}
		c.total += 3 * t.rows
		c.done += t.copied
		c.tables = append(c.tables, t)
	}
	return nil
}

// columns are a table's columns and those of its primary key, in their order.
func (c *copier) columns(table string) (all, keys []string, err error) {
	rows, err := c.from.read.QueryContext(c.ctx, `SELECT * FROM `+table+` LIMIT 0`) //nolint:gosec // a name of our own schema
	if err != nil {
		return nil, nil, err
	}
	all, err = rows.Columns()
	if err = errors.Join(err, rows.Close()); err != nil {
		return nil, nil, err
	}
	err = scanAll(c.from.read.QueryContext(c.ctx, c.from.dialect.keys, table))(func(r *sql.Rows) error {
		var k string
		err := r.Scan(&k)
		keys = append(keys, k)
		return err
	})
	if err == nil && len(keys) == 0 {
		err = fmt.Errorf("the table %s has no primary key", table)
	}
	return all, keys, err
}

// A piece is committed when it has so many rows or bytes.
const (
	pieceRows  = 5000
	pieceBytes = 4 << 20
)

func (c *copier) copyAll() error {
	return c.snapshot(func(conn *sql.Conn) error {
		for i := range c.tables {
			if t := &c.tables[i]; !t.done {
				if err := c.table(conn, t); err != nil {
					return fmt.Errorf("table %s: %w", t.name, err)
				}
			}
		}
		return nil
	})
}

// table copies the rows of a table after the one that was copied last, in the order of its key.
func (c *copier) table(conn *sql.Conn, t *copiedTable) error {
	query := `SELECT ` + strings.Join(t.columns, ", ") + ` FROM ` + t.name //nolint:gosec // names of our own schema
	var args []any
	if t.place != "" {
		var err error
		if args, err = decodeRow([]byte(t.place), len(t.keys)); err != nil {
			return err
		}
		query += ` WHERE (` + strings.Join(t.keys, ", ") + `) > (` + placeholders(len(t.keys)) + `)`
	}
	rows, err := conn.QueryContext(c.ctx, query+` ORDER BY `+strings.Join(t.keys, ", "), args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for {
		more, err := c.piece(rows, t)
		if err != nil {
			return err
		}
		if !more {
			return nil
		}
	}
}

func placeholders(n int) string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf("$%d", i+1)
	}
	return strings.Join(all, ", ")
}

// piece copies some rows and notes how far that came, in one transaction of the target. It
// reports whether there are more.
func (c *copier) piece(rows *sql.Rows, t *copiedTable) (more bool, err error) {
	tx, err := c.to.write.BeginTx(c.ctx, nil)
	if err != nil {
		return false, err
	}
	defer tx.Rollback()
	l := &loader{ctx: c.ctx, tx: tx, dialect: c.to.dialect, progress: c.o.Progress, done: c.done, total: c.total}
	if err := l.begin(tableHead{t.name, t.columns}); err != nil {
		return false, err
	}
	row, to := make([]any, len(t.columns)), make([]any, len(t.columns))
	for i := range row {
		to[i] = &row[i]
	}
	next := *t
	for n, bytes := 0, 0; n < pieceRows && bytes < pieceBytes; n++ {
		if more = rows.Next(); !more {
			break
		}
		if err := rows.Scan(to...); err != nil {
			return false, err
		}
		size := sizeOf(row)
		if err := l.put(row, size); err != nil {
			return false, err
		}
		bytes += size
		next.copied++
	}
	if err := errors.Join(rows.Err(), l.flush()); err != nil {
		return false, err
	}
	if next.copied > t.copied {
		if next.place, err = t.placeOf(row); err != nil {
			return false, err
		}
	}
	next.done = !more
	if err := c.note(tx, next); err != nil {
		return false, err
	}
	if err := tx.Commit(); err != nil {
		return false, err
	}
	*t, c.done = next, l.done
	return more, nil
}

// placeOf is the key of a row, encoded.
func (t *copiedTable) placeOf(row []any) (string, error) {
	var key []any
	for _, k := range t.keys {
		key = append(key, row[slices.Index(t.columns, k)])
	}
	line, err := encodeRow(nil, key)
	return string(line), err
}

func sizeOf(row []any) int {
	n := 0
	for _, v := range row {
		switch v := v.(type) {
		case string:
			n += len(v)
		case []byte:
			n += len(v)
		}
	}
	return n + 16*len(row)
}

// compare reads every table on both sides, the source as of one moment after everything was
// copied: that the copy is right and that the source has not changed is one question.
func (c *copier) compare() error {
	return c.snapshot(func(conn *sql.Conn) error {
		for _, t := range c.tables {
			want, err := c.sum(conn, t)
			if err != nil {
				return err
			}
			got, err := c.sum(c.to.read, t)
			if err != nil {
				return err
			}
			if got != want {
				return fault.New(fault.Conflict, "table %s: the source has %d rows and the copy %d, or other ones; "+sourceChanged, t.name, want.Rows, got.Rows)
			}
			c.m.Tables = append(c.m.Tables, got)
		}
		return nil
	})
}

const sourceChanged = "the source changed since the copy began: stop everything that serves from it, then run the command again with --anew"

func (c *copier) sum(q querier, t copiedTable) (ManifestTable, error) {
	var sum tableSum
	var line []byte
	err := scanRows(c.ctx, q, `SELECT `+strings.Join(t.columns, ", ")+` FROM `+t.name, func([]string) {}, func(row []any) (err error) { //nolint:gosec // names of our own schema
		if line, err = encodeRow(line, row); err != nil {
			return err
		}
		sum.add(line)
		if c.done++; c.o.Progress != nil {
			c.o.Progress(min(c.done, c.total), c.total)
		}
		return nil
	})
	return sum.of(t.name), err
}

// changedMeanwhile recognises rows that refer to others which were not there when these were copied.
func changedMeanwhile(err error) error {
	if isReference(err) {
		return fault.Wrap(fault.Conflict, err, "%s", sourceChanged)
	}
	return classify(err)
}

func newRunner() string { return rand.Text() }
