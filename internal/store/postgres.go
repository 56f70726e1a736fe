package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

	"shenwei/internal/fault"
)

func connectPostgres(dsn string, o *Options) (pools, error) {
	cfg, err := pgx.ParseConfig(dsn)
	if err != nil {
		return pools{}, fault.Wrap(fault.BadRequest, err, "db: this postgres:// address cannot be read; write postgres://user:password@host:5432/database")
	}
	if cfg.ConnectTimeout == 0 {
		cfg.ConnectTimeout = 5 * time.Second
	}
	if o.Readers == 0 {
		o.Readers = 16
	}
	if o.Writers == 0 {
		o.Writers = 4
	}
	if o.WriteTimeout == 0 {
		o.WriteTimeout = 10 * time.Second
	}
	d := &dialect{
		name: "PostgreSQL", begin: "BEGIN", goose: goose.DialectPostgres, writers: o.Writers, timeout: o.WriteTimeout,
		tables:   `SELECT tablename FROM pg_tables WHERE schemaname = current_schema()`,
		clock:    `CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)`,
		shared:   true,
		skip:     ` FOR UPDATE SKIP LOCKED`,
		list:     `json_array_elements_text(CAST(%s AS json))`,
		running:  `CAST(CAST(pg_snapshot_xmin(pg_current_snapshot()) AS TEXT) AS BIGINT), CAST(CAST(pg_snapshot_xmax(pg_current_snapshot()) AS TEXT) AS BIGINT)`,
		setup:    insistOnDurability,
		hasty:    `SET LOCAL lock_timeout = '3s'`,
		check:    checkPostgres,
		snapshot: "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
		references: `SELECT DISTINCT c.relname, r.relname FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_class r ON r.oid = k.confrelid
			JOIN pg_namespace s ON s.oid = c.relnamespace WHERE k.contype = 'f' AND s.nspname = current_schema()`,
		// Where the number of a row is drawn, it is the key, and has no index of its own.
		keys: `SELECT name FROM (
			SELECT a.attname AS name, array_position(CAST(i.indkey AS int2[]), a.attnum) AS place FROM pg_index i
				JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY(i.indkey)
				WHERE i.indrelid = CAST(CAST($1 AS TEXT) AS regclass) AND i.indisprimary
			UNION ALL SELECT a.attname, 1 FROM pg_attribute a WHERE a.attrelid = CAST(CAST($1 AS TEXT) AS regclass) AND a.attidentity <> '') k ORDER BY place`,
		overriding: "OVERRIDING SYSTEM VALUE",
		counted:    countedPostgres,
		settle: func(ctx context.Context, db *sql.DB) error {
			_, err := db.ExecContext(ctx, `ANALYZE`)
			return err
		},
	}
	d.types.Serial, d.types.Bytes = "BIGINT GENERATED ALWAYS AS IDENTITY", "BYTEA"
	write := sql.OpenDB(stdlib.GetConnector(*cfg))
	read := sql.OpenDB(stdlib.GetConnector(*cfg))
	read.SetMaxOpenConns(o.Readers)
	read.SetMaxIdleConns(o.Readers)
	return pools{d, write, read}, nil
}

// insistOnDurability overrules a server or role that was told to acknowledge before the
// log is on disk; stronger settings (remote_apply) stay.
func insistOnDurability(ctx context.Context, c *sql.Conn) error {
	var level string
	if err := c.QueryRowContext(ctx, `SELECT current_setting('synchronous_commit')`).Scan(&level); err != nil {
		return err
	}
	if level != "off" {
		return nil
	}
	_, err := c.ExecContext(ctx, `SET synchronous_commit = on`)
	return err
}

func checkPostgres(ctx context.Context, db *sql.DB, _ Options) error {
	var encoding, isolation, readOnly string
	var schema sql.NullString
	var standby bool
	err := db.QueryRowContext(ctx, `SELECT current_setting('server_encoding'), current_schema(), current_setting('default_transaction_isolation'),
		current_setting('transaction_read_only'), pg_is_in_recovery()`).Scan(&encoding, &schema, &isolation, &readOnly, &standby)
	switch {
	case err != nil:
		return unreachable(err)
	case standby:
		return fault.New(fault.Unavailable, "db: this PostgreSQL is a standby, which takes no writes; name the primary, or all hosts with target_session_attrs=read-write: postgres://user@one,two/database?target_session_attrs=read-write")
	case readOnly != "off":
		return fault.New(fault.Unavailable, "db: PostgreSQL lets this user only read (default_transaction_read_only is on); switch it off: ALTER ROLE … SET default_transaction_read_only = off, or for the database or the server")
	case encoding != "UTF8":
		return fault.New(fault.BadRequest, "db: the database's encoding is %s; create it with ENCODING 'UTF8'", encoding)
	case !schema.Valid:
		return fault.New(fault.BadRequest, "db: the schema of search_path does not exist; create it or correct the address")
	case isolation != "read committed":
		return fault.New(fault.BadRequest, "db: default_transaction_isolation is %q for this user; set it to 'read committed'", isolation)
	}
	return nil
}

// unreachable says what to look at when PostgreSQL lets nobody in.
func unreachable(err error) error {
	var p *pgconn.PgError
	code := ""
	if errors.As(err, &p) {
		code = p.Code
	}
	switch code {
	case "28P01", "28000":
		return fault.Wrap(fault.Unavailable, err, "db: PostgreSQL refuses this user or password; check both, and pg_hba.conf for this address")
	case "3D000":
		return fault.Wrap(fault.Unavailable, err, "db: there is no database of this name; create it: CREATE DATABASE … ENCODING 'UTF8'")
	case "53300":
		return fault.Wrap(fault.Unavailable, err, "db: PostgreSQL has no connection left; raise max_connections (a node takes up to 20), or stop who holds them")
	}
	return fault.Wrap(fault.Unavailable, err, "db: PostgreSQL does not answer; check address, user, password and that the database exists")
}

// countedPostgres sets the sequences of a table's identity columns to their greatest value.
func countedPostgres(ctx context.Context, tx *sql.Tx, table string) error {
	var columns []string
	err := scanAll(tx.QueryContext(ctx, `SELECT column_name FROM information_schema.columns
		WHERE table_schema = current_schema() AND table_name = $1 AND is_identity = 'YES'`, table))(func(r *sql.Rows) error {
		var c string
		err := r.Scan(&c)
		columns = append(columns, c)
		return err
	})
	if err != nil {
		return err
	}
	for _, c := range columns { // names come from the database itself
		q := `SELECT setval(pg_get_serial_sequence('` + table + `', '` + c + `'), COALESCE(MAX(` + c + `), 0) + 1, false) FROM ` + table //nolint:gosec // names of our own schema
		if _, err := tx.ExecContext(ctx, q); err != nil {
			return err
		}
	}
	return nil
}
