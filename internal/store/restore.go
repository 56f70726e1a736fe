package store

import (
	"context"
	"database/sql"
	"errors"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"shenwei/internal/fault"
)

// RestoreOptions tune a restore.
type RestoreOptions struct {
	// Overwrite allows a target that holds something. A SQLite file is kept beside, with the
	// ending .before-restore; the rows of a PostgreSQL database are deleted in the
	// transaction that brings the new ones.
	Overwrite bool
	Progress  Progress
}

// Restore reads a backup of either database into the one that dsn names. It reads the file to
// its end before it writes anything, loads it in one transaction, and holds what the database
// then has against the manifest. It refuses a backup that is damaged, foreign or of a newer
// schema, and a target that is not empty. Nothing may serve from the target meanwhile.
func Restore(ctx context.Context, dsn string, r io.ReadSeeker, o RestoreOptions) (Manifest, error) {
	m, err := ReadBackup(r)
	if err != nil {
		return m, err
	}
	if _, err := r.Seek(0, io.SeekStart); err != nil {
		return m, damaged(err, "it cannot be read twice")
	}
	if strings.Contains(dsn, "://") {
		return m, restoreInto(ctx, dsn, r, m, o)
	}
	return m, restoreFile(ctx, dsn, r, m, o)
}

// restoreFile restores beside a SQLite file and puts the outcome in its place at the end.
func restoreFile(ctx context.Context, path string, r io.Reader, m Manifest, o RestoreOptions) error {
	info, err := os.Stat(path)
	there := err == nil && info.Size() > 0
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fault.Wrap(fault.Unavailable, err, "db: %s cannot be read", path)
	}
	if there {
		empty, err := isEmptyDatabase(ctx, path)
		if err != nil {
			return err
		}
		if !empty && !o.Overwrite {
			return notEmpty()
		}
	}
	fresh := path + ".restoring"
	clear := func(base string) {
		for _, end := range []string{"", "-wal", "-shm"} {
			_ = os.Remove(base + end)
		}
	}
	clear(fresh)
	if err := restoreInto(ctx, fresh, r, m, o); err != nil {
		clear(fresh)
		return err
	}
	if there {
		clear(path + ".before-restore")
		for _, end := range []string{"-wal", "-shm", ""} {
			if err := os.Rename(path+end, path+".before-restore"+end); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return fault.Wrap(fault.Unavailable, err, "db: %s cannot be set aside; what was restored is at %s", path, fresh)
			}
		}
	}
	if err := os.Rename(fresh, path); err != nil {
		return fault.Wrap(fault.Unavailable, err, "db: %s cannot be put in its place", fresh)
	}
	return nil
}

func notEmpty() error {
	return fault.New(fault.Conflict, "db: the target is not empty; name an empty one, or --overwrite to replace what it holds")
}

func isEmptyDatabase(ctx context.Context, dsn string) (bool, error) {
	d, err := connect(dsn, &Options{})
	if err != nil {
		return false, err
	}
	defer func() { _ = errors.Join(d.read.Close(), d.write.Close()) }()
	_, newest, err := migrations(d.dialect)
	if err != nil {
		return false, err
	}
	if _, err := checkSchema(ctx, d.read, d.dialect, newest); err != nil {
		return false, err
	}
	empty, err := isEmpty(ctx, d.read, d.dialect)
	return empty, classify(err)
}

// fromTheStart are the tables that have their one row from the migration that made them.
var fromTheStart = map[string]bool{"audit_head": true, "insight_cursor": true, programsTable: true}

// isEmpty tells whether no table has a row that a migration did not put there.
func isEmpty(ctx context.Context, q querier, d *dialect) (bool, error) {
	tables, err := tablesInOrder(ctx, q, d)
	if err != nil {
		return false, err
	}
	for _, t := range tables {
		if fromTheStart[t] {
			continue
		}
		found := false
		err := scanAll(q.QueryContext(ctx, `SELECT 1 FROM `+t+` LIMIT 1`))(func(*sql.Rows) error { found = true; return nil })
		if found || err != nil {
			return false, err
		}
	}
	return true, nil
}

// restoreInto loads a backup into a database at the backup's schema and brings that up to date.
func restoreInto(ctx context.Context, dsn string, r io.Reader, m Manifest, o RestoreOptions) error {
	d, err := connect(dsn, &Options{})
	if err != nil {
		return err
	}
	defer func() { _ = errors.Join(d.read.Close(), d.write.Close()) }()
	if err := d.dialect.check(ctx, d.write, Options{}); err != nil {
		return err
	}
	if err := prepareTarget(ctx, d, m, o); err != nil {
		return err
	}
	if err := load(ctx, d, r, m, o); err != nil {
		return classify(err)
	}
	if err := migrate(ctx, d.write, d.dialect); err != nil {
		return err
	}
	return classify(d.dialect.settle(ctx, d.write))
}

// prepareTarget brings the target to the schema of the backup, and refuses what holds something.
func prepareTarget(ctx context.Context, d pools, m Manifest, o RestoreOptions) error {
	steps, newest, err := migrations(d.dialect)
	if err != nil {
		return err
	}
	if m.Schema > newest {
		return fault.New(fault.Conflict, "the backup is of schema %d, newer than schema %d of this program; restore it with the newer program", m.Schema, newest)
	}
	if _, err := checkSchema(ctx, d.write, d.dialect, newest); err != nil {
		return err
	}
	empty, err := isEmpty(ctx, d.write, d.dialect)
	if err != nil {
		return classify(err)
	}
	if !empty && !o.Overwrite {
		return notEmpty()
	}
	older := steps[:0:0]
	for _, s := range steps {
		if s.Version <= m.Schema {
			older = append(older, s)
		}
	}
	have := int64(0)
	if tables, err := column(ctx, d.write, d.dialect.tables); err != nil {
		return classify(err)
	} else if slices.Contains(tables, schemaTable) {
		if have, err = schemaVersion(ctx, d.write); err != nil {
			return classify(err)
		}
	}
	if have > m.Schema {
		return fault.New(fault.Conflict, "db: the target has schema %d, the backup is of the older schema %d; name a new, empty database", have, m.Schema)
	}
	if have == m.Schema {
		return nil
	}
	if err := up(ctx, d.write, d.dialect, older); err != nil {
		return fault.Wrap(fault.Unavailable, err, "db: the schema of the backup could not be made")
	}
	return nil
}

// load fills the tables in one transaction and compares what is in them with the manifest.
func load(ctx context.Context, d pools, r io.Reader, m Manifest, o RestoreOptions) error {
	b, err := openBackup(r)
	if err != nil {
		return err
	}
	tx, err := d.write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	tables, err := tablesInOrder(ctx, tx, d.dialect)
	if err != nil {
		return err
	}
	for _, t := range slices.Backward(tables) {
		if _, err := tx.ExecContext(ctx, `DELETE FROM `+t); err != nil { //nolint:gosec // a name of our own schema
			return err
		}
	}
	l := &loader{ctx: ctx, tx: tx, dialect: d.dialect, progress: o.Progress, total: 2 * m.Rows()}
	_, err = b.next(func(t tableHead) error {
		if !slices.Contains(tables, t.Name) {
			return damaged(nil, "it has a table %q that schema %d has not", t.Name, m.Schema)
		}
		return l.begin(t)
	}, func(t tableHead, line []byte) error { return l.add(t, line) })
	if err = errors.Join(err, l.flush()); err != nil {
		return err
	}
	if err := l.verify(m, tables); err != nil {
		return err
	}
	for _, t := range m.Tables {
		if err := d.dialect.counted(ctx, tx, t.Name); err != nil {
			return err
		}
	}
	return tx.Commit()
}
