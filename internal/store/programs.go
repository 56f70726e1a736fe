package store

import (
	"context"
	"database/sql"
	"fmt"
	"regexp"
	"strconv"

	"shenwei/internal/fault"
)

// Two versions of the program work side by side on one database across one schema step: a
// migration may say that programs of an earlier schema still work with what it leaves, and the
// database says so to them. It begins with the migration that made the table for it.
const (
	programsTable = "schema_programs"
	programsSince = 11
)

const sqlOldest = `SELECT oldest FROM ` + programsTable + ` WHERE id = 1`

// declared is the line by which a migration says it.
var declared = regexp.MustCompile(`(?m)^-- programs: (\d+)$`)

// oldestProgram is the oldest schema whose programs may use what a migration leaves: its own,
// unless it says otherwise.
func oldestProgram(number int64, text string) (int64, error) {
	m := declared.FindStringSubmatch(text)
	if m == nil {
		return number, nil
	}
	n, err := strconv.ParseInt(m[1], 10, 64)
	if err != nil || n < programsSince || n >= number {
		return 0, fmt.Errorf("migration %d: -- programs: %s: write the number of an earlier schema, %d or later", number, m[1], programsSince)
	}
	return n, nil
}

// step carries out a migration and notes in the same transaction which programs it leaves room for.
func (d *dialect) step(number, oldest int64, text string) func(ctx context.Context, tx *sql.Tx) error {
	return func(ctx context.Context, tx *sql.Tx) error {
		if d.hasty != "" {
			if _, err := tx.ExecContext(ctx, d.hasty); err != nil {
				return err
			}
		}
		if _, err := tx.ExecContext(ctx, text); err != nil || number < programsSince {
			return err
		}
		_, err := tx.ExecContext(ctx, `UPDATE `+programsTable+` SET oldest = $1 WHERE id = 1`, oldest)
		return err
	}
}

// admitted tells whether a program of schema mine may use the newer schema have.
func admitted(ctx context.Context, db rowQuerier, have, mine int64) (bool, error) {
	var oldest int64
	if err := db.QueryRowContext(ctx, sqlOldest).Scan(&oldest); err != nil {
		return false, classify(err)
	}
	if oldest > 0 && oldest <= mine {
		return true, nil
	}
	return false, fault.New(fault.Conflict, "db: the schema is version %d, newer than version %d of this program, and made for programs of version %d and later; start the newer program, or restore the backup made before the upgrade",
		have, mine, oldest)
}

// outgrown is a conflict when a newer program has brought the schema further than this one may
// use. That the database does not answer is none.
func (db *DB) outgrown(ctx context.Context) error {
	have, err := schemaVersion(ctx, db.read)
	if err != nil || have <= db.newest {
		return nil
	}
	if _, err := admitted(ctx, db.read, have, db.newest); fault.Is(err, fault.Conflict) {
		return err
	}
	return nil
}
