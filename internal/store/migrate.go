package store

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"text/template"
	"time"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"shenwei/internal/fault"
)

// schemaTable holds the history of migrations. Its name marks the database as ours.
const schemaTable = "shenwei_schema"

// scripts are the migrations of both databases, templates of dialect.types. A script that
// was released is never changed.
//
//go:embed migrations/*.sql
var scripts embed.FS

// migrate brings the schema up to date. Processes that start at the same time wait for
// one another: on PostgreSQL by an advisory lock, on SQLite by trying again.
func migrate(ctx context.Context, db *sql.DB, d *dialect) error {
	steps, newest, err := migrations(d)
	if err != nil {
		return err
	}
	for attempt := 1; ; attempt++ {
		done, err := checkSchema(ctx, db, d, newest)
		if done || err != nil {
			return err
		}
		err = up(ctx, db, d, steps)
		if err == nil {
			return nil
		}
		if attempt == 5 || ctx.Err() != nil {
			if isFull(err) || isReadOnly(err) || isForbidden(err) {
				return classify(err)
			}
			return fault.Wrap(fault.Unavailable, err, "db: the schema could not be brought up to date; the data is as it was, see the log")
		}
		time.Sleep(time.Duration(attempt) * 50 * time.Millisecond)
	}
}

// checkSchema tells whether the schema is the newest, or a newer one that programs of this
// version may use; it refuses every other newer one and what is not ours.
func checkSchema(ctx context.Context, db *sql.DB, d *dialect, newest int64) (bool, error) {
	tables, err := column(ctx, db, d.tables)
	if err != nil {
		return false, classify(err)
	}
	if slices.Contains(tables, copyTable) {
		return false, fault.New(fault.Conflict, "db: this database is a copy that is not complete; run the same shenwei store copy again until it says that it is, or empty the database")
	}
	if !slices.Contains(tables, schemaTable) {
		if len(tables) == 0 {
			return false, nil
		}
		return false, fault.New(fault.Conflict, "db: this database belongs to something else (it has a table %q and none of ours); name an empty one", tables[0])
	}
	have, err := schemaVersion(ctx, db)
	switch {
	case err != nil:
		return false, classify(err)
	case have > newest:
		return admitted(ctx, db, have, newest)
	}
	return have == newest, nil
}

func schemaVersion(ctx context.Context, db *sql.DB) (int64, error) {
	var v int64
	err := db.QueryRowContext(ctx, `SELECT COALESCE(MAX(version_id), 0) FROM `+schemaTable+` WHERE is_applied`).Scan(&v)
	return v, err
}

func up(ctx context.Context, db *sql.DB, d *dialect, steps []*goose.Migration) error {
	opts := []goose.ProviderOption{goose.WithTableName(schemaTable), goose.WithGoMigrations(steps...), goose.WithDisableGlobalRegistry(true)}
	if d.goose == goose.DialectPostgres {
		l, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 60))
		if err != nil {
			return err
		}
		opts = append(opts, goose.WithSessionLocker(l))
	}
	p, err := goose.NewProvider(d.goose, db, nil, opts...)
	if err != nil {
		return err
	}
	_, err = p.Up(ctx)
	return err
}

func migrations(d *dialect) ([]*goose.Migration, int64, error) {
	names, err := fs.Glob(scripts, "migrations/*.sql")
	if err != nil {
		return nil, 0, err
	}
	var steps []*goose.Migration
	var newest int64
	for _, name := range names {
		number, _, _ := strings.Cut(strings.TrimPrefix(name, "migrations/"), "_")
		if newest, err = strconv.ParseInt(number, 10, 64); err != nil {
			return nil, 0, fmt.Errorf("%s: a migration's name begins with its number: %w", name, err)
		}
		text, err := render(name, d)
		if err != nil {
			return nil, 0, err
		}
		oldest, err := oldestProgram(newest, text)
		if err != nil {
			return nil, 0, err
		}
		steps = append(steps, goose.NewGoMigration(newest, &goose.GoFunc{RunTx: d.step(newest, oldest, text)}, nil))
	}
	return steps, newest, nil
}

func render(name string, d *dialect) (string, error) {
	t, err := template.ParseFS(scripts, name)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	err = t.Execute(&b, d.types)
	return b.String(), err
}

func column(ctx context.Context, db *sql.DB, query string) ([]string, error) {
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, rows.Err()
}
