package store

import (
	"bufio"
	"compress/gzip"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"shenwei/internal/fault"
)

// Progress is told how many of how many rows are done.
type Progress func(done, total int64)

// Backup writes everything in the database that dsn names to w, as of one moment, while others
// read and write. It changes nothing: a schema that is older than the program's stays as it is.
// The keys of sealed fields are not in the database and so not in the backup.
func Backup(ctx context.Context, dsn string, w io.Writer, now time.Time, progress Progress) (Manifest, error) {
	d, err := connectExisting(dsn)
	if err != nil {
		return Manifest{}, err
	}
	defer func() { _ = errors.Join(d.read.Close(), d.write.Close()) }()
	_, newest, err := migrations(d.dialect)
	if err != nil {
		return Manifest{}, err
	}
	if _, err := checkSchema(ctx, d.read, d.dialect, newest); err != nil {
		return Manifest{}, err
	}
	if tables, err := column(ctx, d.read, d.dialect.tables); err != nil || len(tables) == 0 {
		return Manifest{}, errors.Join(classify(err), fault.New(fault.NotFound, "db: the database is empty; there is nothing to back up"))
	}
	conn, err := d.read.Conn(ctx)
	if err != nil {
		return Manifest{}, classify(err)
	}
	defer func() { _ = conn.Close() }()
	m, err := backup(ctx, conn, d.dialect, w, now, progress)
	return m, classify(err)
}

// NewestSchema is the number of the newest migration that this program knows.
func NewestSchema() (int64, error) {
	_, newest, err := migrations(&dialect{})
	return newest, err
}

// connectExisting refuses a SQLite file that is not there, which opening would make.
func connectExisting(dsn string) (pools, error) {
	if !strings.Contains(dsn, "://") {
		if info, err := os.Stat(dsn); errors.Is(err, fs.ErrNotExist) || err == nil && info.Size() == 0 {
			return pools{}, fault.New(fault.NotFound, "db: there is no database at %s", dsn)
		}
	}
	return connect(dsn, &Options{})
}

func backup(ctx context.Context, conn *sql.Conn, d *dialect, w io.Writer, now time.Time, progress Progress) (Manifest, error) {
	if _, err := conn.ExecContext(ctx, d.snapshot); err != nil {
		return Manifest{}, err
	}
	defer func() { _, _ = conn.ExecContext(context.WithoutCancel(ctx), "ROLLBACK") }() // it has only read
	m := Manifest{Product: product, Created: now.UTC(), Database: d.name}
	row := conn.QueryRowContext(ctx, `SELECT COALESCE(MAX(version_id), 0) FROM `+schemaTable+` WHERE is_applied`) // the first read takes the snapshot
	if err := row.Scan(&m.Schema); err != nil {
		return m, err
	}
	tables, err := tablesInOrder(ctx, conn, d)
	if err != nil {
		return m, err
	}
	b := &backupWriter{ctx: ctx, conn: conn, progress: progress}
	for _, t := range tables {
		var n int64
		if err := conn.QueryRowContext(ctx, `SELECT COUNT(*) FROM `+t).Scan(&n); err != nil {
			return m, err
		}
		b.total += n
	}
	if _, err := io.WriteString(w, backupMagic); err != nil {
		return m, unwritable(err)
	}
	z, err := gzip.NewWriterLevel(w, gzip.BestSpeed)
	if err != nil {
		return m, err
	}
	b.out = bufio.NewWriterSize(z, 1<<18)
	b.say(backupLine{Head: &m})
	for _, t := range tables {
		end, err := b.table(t)
		if err != nil {
			return m, err
		}
		m.Tables = append(m.Tables, end)
	}
	b.say(backupLine{Manifest: &m})
	return m, unwritable(errors.Join(b.err, b.out.Flush(), z.Close()))
}

func unwritable(err error) error {
	if err == nil {
		return nil
	}
	return fault.Wrap(fault.Unavailable, err, "the backup cannot be written; is its disk full?")
}

type backupWriter struct {
	ctx         context.Context
	conn        *sql.Conn
	out         *bufio.Writer
	progress    Progress
	done, total int64
	err         error
}

// say writes a line that is no row; its error shows when the writer is flushed.
func (b *backupWriter) say(l backupLine) {
	line, err := json.Marshal(l)
	if err != nil {
		b.err = errors.Join(b.err, err)
		return
	}
	_, _ = b.out.Write(append(line, '\n'))
}

func (b *backupWriter) table(name string) (ManifestTable, error) {
	var sum tableSum
	var line []byte
	err := eachRow(b.ctx, b.conn, name, func(columns []string) { b.say(backupLine{Table: &tableHead{name, columns}}) }, func(row []any) error {
		var err error
		if line, err = encodeRow(line, row); err != nil {
			return fault.Wrap(fault.Internal, err, "table %s has a value that a backup cannot hold", name)
		}
		sum.add(line)
		if b.done++; b.progress != nil {
			b.progress(b.done, b.total)
		}
		if _, err := b.out.Write(append(line, '\n')); err != nil {
			return unwritable(err)
		}
		return nil
	})
	end := sum.of(name)
	b.say(backupLine{End: &end})
	return end, err
}

// querier is a connection or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

func eachRow(ctx context.Context, q querier, table string, begin func(columns []string), each func(row []any) error) error {
	return scanRows(ctx, q, `SELECT * FROM `+table, begin, each)
}

func scanRows(ctx context.Context, q querier, query string, begin func(columns []string), each func(row []any) error) error {
	rows, err := q.QueryContext(ctx, query)
	if err != nil {
		return err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	begin(columns)
	row, to := make([]any, len(columns)), make([]any, len(columns))
	for i := range row {
		to[i] = &row[i]
	}
	for rows.Next() {
		if err := rows.Scan(to...); err != nil {
			return err
		}
		if err := each(row); err != nil {
			return err
		}
	}
	return rows.Err()
}

// tablesInOrder are our tables, each after those that it refers to.
func tablesInOrder(ctx context.Context, q querier, d *dialect) ([]string, error) {
	var all []string
	err := scanAll(q.QueryContext(ctx, d.tables))(func(r *sql.Rows) error {
		var t string
		err := r.Scan(&t)
		if t != schemaTable && t != copyTable {
			all = append(all, t)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	slices.Sort(all)
	needs := map[string][]string{}
	err = scanAll(q.QueryContext(ctx, d.references))(func(r *sql.Rows) error {
		var from, to string
		err := r.Scan(&from, &to)
		needs[from] = append(needs[from], to)
		return err
	})
	if err != nil {
		return nil, err
	}
	var order []string
	var visit func(t string)
	seen := map[string]bool{}
	visit = func(t string) {
		if seen[t] {
			return
		}
		seen[t] = true
		slices.Sort(needs[t])
		for _, n := range needs[t] {
			visit(n)
		}
		order = append(order, t)
	}
	for _, t := range all {
		visit(t)
	}
	return order, nil
}
