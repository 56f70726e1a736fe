package store

import (
	"context"
	"database/sql"
	"time"

	"github.com/pressly/goose/v3"
)

// dialect is everything in which the two databases differ.
type dialect struct {
	name  string
	begin string
	goose goose.Dialect
	// tables lists the tables of the database or schema in use.
	tables string
	// clock is the time now, in microseconds; skip passes over rows that another transaction
	// has locked; list is a table of the strings in a JSON array, the
	// parameter %s, in a column value.
	clock, skip, list string
	// shared says that the clock may be another machine's, and that of several nodes.
	shared bool
	// types fill the templates of the migrations.
	types struct{ Serial, Bytes, Clustered string }
	// writers is how many connections write; timeout bounds a transaction, 0 for none.
	writers int
	timeout time.Duration
	// setup readies a connection that is about to write.
	setup func(ctx context.Context, c *sql.Conn) error
	// running is an expression for the oldest transaction that may be under way and the next
	// one to begin; they are equal when there is none. On SQLite one writes at a time.
	running string
	// hasty has a migration give up soon rather than keep others waiting for its locks.
	hasty string
	// check refuses a database that cannot be served from, before anything is written.
	check func(ctx context.Context, db *sql.DB, o Options) error

	// snapshot begins a transaction that only reads, and sees one moment throughout.
	snapshot string
	// references lists which table refers to which.
	references string
	// keys lists the columns of the primary key of the table $1, in their order.
	keys string
	// overriding lets an insert name the values of identity columns.
	overriding string
	// counted moves a table's identity column past the values that were inserted with it.
	counted func(ctx context.Context, tx *sql.Tx, table string) error
	// settle ends a restore: what it left for later is in the file itself.
	settle func(ctx context.Context, db *sql.DB) error
}
