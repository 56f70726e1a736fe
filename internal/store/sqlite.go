package store

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	_ "github.com/mattn/go-sqlite3" // registers "sqlite3"
	"github.com/pressly/goose/v3"

	"shenwei/internal/fault"
)

const (
	// busyTimeout is how long a process waits for another one that writes.
	busyTimeout = 5 * time.Second
	// checkpointPages is the length of the log, in pages of 4 KiB, at which the writer
	// moves it into the file: longer makes fewer and longer pauses.
	checkpointPages = 4000
)

func connectSQLite(path string, o *Options) (pools, error) {
	if err := checkFile(path); err != nil {
		return pools{}, err
	}
	if o.Readers == 0 {
		o.Readers = 4
	}
	d := &dialect{
		name: "SQLite", begin: "BEGIN IMMEDIATE", running: "0, 0", goose: goose.DialectSQLite3, writers: 1,
		tables: `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\_%' ESCAPE '\'`,
		clock:  `CAST(unixepoch('subsec') * 1000000 AS INTEGER)`,
		list:   `json_each(%s)`,
		setup: func(ctx context.Context, c *sql.Conn) error {
			_, err := c.ExecContext(ctx, `PRAGMA wal_autocheckpoint = `+strconv.Itoa(checkpointPages)+`; PRAGMA journal_size_limit = 67108864`)
			return err
		},
		check: checkSQLite,
		// A reader of the write-ahead log sees the database as its first read found it.
		snapshot:   "BEGIN",
		references: `SELECT DISTINCT m.name, f."table" FROM sqlite_master m JOIN pragma_foreign_key_list(m.name) f WHERE m.type = 'table'`,
		keys:       `SELECT name FROM pragma_table_info($1) WHERE pk > 0 ORDER BY pk`,
		counted:    func(context.Context, *sql.Tx, string) error { return nil }, // AUTOINCREMENT follows what is inserted
		settle: func(ctx context.Context, db *sql.DB) error {
			_, err := db.ExecContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`)
			return err
		},
	}
	d.types.Serial, d.types.Bytes, d.types.Clustered = "INTEGER PRIMARY KEY AUTOINCREMENT", "BLOB", " WITHOUT ROWID"
	write, err := sql.Open("sqlite3", sqliteDSN(path, false))
	if err != nil {
		return pools{}, fault.Wrap(fault.BadRequest, err, "db: %s cannot be opened", path)
	}
	write.SetMaxOpenConns(1)
	read, err := sql.Open("sqlite3", sqliteDSN(path, true))
	if err != nil {
		return pools{}, errors.Join(fault.Wrap(fault.BadRequest, err, "db: %s cannot be opened", path), write.Close())
	}
	read.SetMaxOpenConns(o.Readers)
	read.SetMaxIdleConns(o.Readers)
	return pools{d, write, read}, nil
}

// sqliteDSN escapes the path, since the driver reads it as a URI. The driver sets the
// busy timeout before any other pragma.
func sqliteDSN(path string, query bool) string {
	q := url.Values{}
	q.Set("_busy_timeout", strconv.FormatInt(busyTimeout.Milliseconds(), 10))
	q.Set("_foreign_keys", "1")
	if query {
		q.Set("_query_only", "1")
	} else {
		q.Set("_journal_mode", "WAL")
		q.Set("_synchronous", "FULL")
		q.Set("_txlock", "immediate")
		q.Set("_cache_size", "-16384")
	}
	escaped := strings.ReplaceAll(url.PathEscape(path), "%2F", "/")
	return "file:" + escaped + "?" + q.Encode()
}

// checkFile creates the file when it is missing, readable by its owner alone, because
// SQLite would create it readable by all. It never opens a file that may be in use: to
// close it would drop the locks that SQLite holds on it in this process.
func checkFile(path string) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return createFile(path)
	case err != nil:
		return fault.Wrap(fault.Unavailable, err, "db: %s cannot be read; check the permissions of its folder", path)
	case !info.Mode().IsRegular():
		return fault.New(fault.BadRequest, "db: %s is not a file; name the file of the database itself", path)
	case info.Mode().Perm()&0o222 == 0:
		return fault.New(fault.Unavailable, "db: %s is read-only; allow this user to write it and its folder", path)
	}
	return nil
}

func createFile(path string) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*.db") // has mode 0600
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fault.Wrap(fault.BadRequest, err, "db: the folder %s does not exist; create it or correct the path", filepath.Dir(path))
	case err != nil:
		return fault.Wrap(fault.Unavailable, err, "db: %s cannot be created; allow this user to write its folder", path)
	}
	defer os.Remove(f.Name())
	if err := f.Close(); err != nil {
		return fault.Wrap(fault.Unavailable, err, "db: %s cannot be created", path)
	}
	// Another process may have been first.
	if err := os.Link(f.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return fault.Wrap(fault.Unavailable, err, "db: %s cannot be created", path)
	}
	return nil
}

// tryToWrite finds a file that can only be read before anything depends on it.
func tryToWrite(ctx context.Context, db *sql.DB) error {
	tx, err := db.BeginTx(ctx, nil) // BEGIN IMMEDIATE, which takes the right to write
	if err != nil {
		return classify(err)
	}
	return classify(tx.Rollback())
}

func checkSQLite(ctx context.Context, db *sql.DB, o Options) error {
	var mode string
	if err := db.QueryRowContext(ctx, `PRAGMA journal_mode`).Scan(&mode); err != nil {
		return classify(err)
	}
	if mode != "wal" {
		return fault.New(fault.Unavailable, "db: the file system does not allow SQLite's write-ahead log (journal mode %s); put the file on a local disk", mode)
	}
	if err := tryToWrite(ctx, db); err != nil {
		return err
	}
	if !o.QuickCheck {
		return nil
	}
	var first string
	if err := db.QueryRowContext(ctx, `PRAGMA quick_check(1)`).Scan(&first); err != nil {
		return classify(err)
	}
	if first != "ok" {
		return fault.New(fault.Unavailable, "db: the file is damaged (%s); restore it from a backup", first)
	}
	return nil
}
