// Package store is the record: one SQL store for SQLite and PostgreSQL, from the same SQL
// text. It implements bot.Store and kb.Archive.
//
// Start at Open, then writer.go: every write is an operation that a group-commit writer
// carries out together with others in one transaction, and no write is acknowledged
// before its commit. receive.go and commit.go are the two that every citizen's line
// passes. Correctness rests on constraints, row locks and versions, never on there being
// one process; storetest holds the suite that both databases pass.
//
// SQL here uses $1 placeholders that first appear in ascending order, because SQLite
// numbers them by first appearance.
package store

import (
	"context"
	"database/sql"
	"errors"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/oklog/ulid/v2"

	"shenwei/bot"
	"shenwei/bot/desk"
	"shenwei/internal/fault"
	"shenwei/internal/outbox"
	"shenwei/internal/vault"
	"shenwei/kb"
)

var (
	_ bot.Store = (*DB)(nil)
	_ kb.Record = (*DB)(nil)
)

// Options tune a store. The zero value is right for production.
type Options struct {
	// Now, where it is set, is the clock of everything but jobs and codes: for tests. Nil is the
	// database's clock; see clock.
	Now func() time.Time
	// Local is this machine's clock; time.Now when nil.
	Local func() time.Time
	// Keys seal the fields that hold personal data. Without them these stay readable in the
	// database, and second factors cannot be kept.
	Keys *vault.Ring
	// Reader is the fingerprint of the dictionary with which this program reads Chinese: it is noted
	// with each release that it makes.
	Reader string
	// Readers bounds the connections that read (default 4 for SQLite, 16 for PostgreSQL),
	// Writers those that write to PostgreSQL (default 4; SQLite has exactly one).
	Readers, Writers int
	// WriteTimeout bounds one transaction on PostgreSQL; default 10 s.
	WriteTimeout time.Duration
	// QuickCheck has SQLite verify the whole file before it is used.
	QuickCheck bool

	// Watch is told of every operation; nil for nobody.
	Watch Watch

	parcels *atomic.Pointer[Parcels]
	played  bool
}

// Parcels are what sends a row of the desk to a conversation's citizen on a channel that is
// no page of ours; none where her page reads the rows herself. Key is the row's own.
type Parcels func(channel, conversation, key string, row desk.Row) []outbox.Entry

// DeliverBy says how the desk's texts leave: they go into the outbox with their rows. Call it
// before the desk runs.
func (db *DB) DeliverBy(p Parcels) { db.parcels.Store(&p) }

// DB is an open store.
type DB struct {
	dialect *dialect
	clock   *clock // nil where Options.Now stands for it
	now     func() time.Time
	keys    *vault.Ring
	parcels *atomic.Pointer[Parcels]
	watch   Watch
	write   *sql.DB
	read    *sql.DB
	writer  *writer
	newest  int64 // the newest schema that this program knows

	idMu    sync.Mutex
	entropy *ulid.MonotonicEntropy

	stmtMu sync.Mutex
	stmts  map[string]*sql.Stmt

	// insight tells how far what was committed is complete, for messages and thumbs.
	replies, thumbs horizon
	// told is the same for whoever tells sockets of replies.
	told horizon
}

// Open opens the store that dsn names, a SQLite file's path or postgres://…, and brings
// its schema up to date. It refuses another product's database, and a newer schema but for one
// that says that programs of this version may use it. What
// it returns as an error says what to do.
func Open(ctx context.Context, dsn string, o Options) (*DB, error) {
	var shared *clock
	if o.played = o.Now != nil; !o.played {
		if o.Local == nil {
			o.Local = time.Now
		}
		shared = newClock(o.Local)
		o.Now = shared.now
	}
	if o.Watch == nil {
		o.Watch = nobody{}
	}
	d, err := connect(dsn, &o)
	if err != nil {
		return nil, err
	}
	o.parcels = &atomic.Pointer[Parcels]{}
	db := &DB{dialect: d.dialect, clock: shared, now: o.Now, keys: o.Keys, parcels: o.parcels, watch: o.Watch, write: d.write, read: d.read, entropy: newEntropy(), stmts: map[string]*sql.Stmt{}}
	if err := db.prepare(ctx, o); err != nil {
		return nil, errors.Join(err, db.closePools())
	}
	db.writer = startWriter(db.write, d.dialect, o)
	if err := db.proveHead(ctx); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// pools are the connections of a database: those that write and those that read.
type pools struct {
	dialect     *dialect
	write, read *sql.DB
}

func connect(dsn string, o *Options) (pools, error) {
	scheme, _, isURL := strings.Cut(dsn, "://")
	switch {
	case isURL && (scheme == "postgres" || scheme == "postgresql"):
		return connectPostgres(dsn, o)
	case isURL || dsn == "" || dsn == ":memory:" || strings.HasPrefix(dsn, "file:"):
		// The DSN itself stays out of the message: it may hold a password.
		return pools{}, fault.New(fault.BadRequest, "db: give the path of a SQLite file or postgres://user@host/database; this is neither")
	}
	return connectSQLite(dsn, o)
}

func (db *DB) prepare(ctx context.Context, o Options) error {
	if err := db.dialect.check(ctx, db.write, o); err != nil {
		return err
	}
	if err := db.measure(ctx, db.write); err != nil {
		return classify(err)
	}
	var err error
	if db.newest, err = NewestSchema(); err != nil {
		return err
	}
	return migrate(ctx, db.write, db.dialect)
}

// Close carries out what waits, then closes every connection. Writes after it are refused.
func (db *DB) Close() error {
	db.writer.close()
	return db.closePools()
}

func (db *DB) closePools() error {
	var errs []error
	for _, c := range []io.Closer{db.read, db.write} {
		if err := c.Close(); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// Ping asks the database whether it answers.
func (db *DB) Ping(ctx context.Context) error {
	var one int
	return classify(db.read.QueryRowContext(ctx, `SELECT 1`).Scan(&one))
}

// SchemaVersion is the number of the newest migration that the database has.
func (db *DB) SchemaVersion(ctx context.Context) (int64, error) {
	v, err := schemaVersion(ctx, db.read)
	return v, classify(err)
}
