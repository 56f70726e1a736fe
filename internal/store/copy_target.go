package store

import (
	"context"
	"database/sql"
	"errors"
	"slices"

	"shenwei/internal/fault"
)

// copyTable stands in a database that is a copy under way, from the first moment to the last:
// what is in it may be served by nobody. Its rows are the source, who copies, and for each table
// how far it came.
const copyTable = "shenwei_copy"

const (
	sqlMakeCopy = `CREATE TABLE ` + copyTable + ` (name TEXT PRIMARY KEY, value TEXT NOT NULL, copied BIGINT NOT NULL, done BOOLEAN NOT NULL)`
	sqlCopyNote = `INSERT INTO ` + copyTable + ` (name, value, copied, done) VALUES ($1, $2, $3, $4)
		ON CONFLICT (name) DO UPDATE SET value = excluded.value, copied = excluded.copied, done = excluded.done`
	sqlCopyMark    = `SELECT value, copied, done FROM ` + copyTable + ` WHERE name = $1`
	sqlCopyForget  = `DELETE FROM ` + copyTable + ` WHERE name NOT IN ('source', 'runner')`
	sqlCopyStill   = `UPDATE ` + copyTable + ` SET copied = copied + 1 WHERE name = 'runner' AND value = $1`
	sqlCopyIsReady = `SELECT 1 FROM ` + copyTable + ` WHERE name = 'ready'`
)

// openTarget makes the target ready: an empty database, or a copy of the same source that is not
// complete.
func (c *copier) openTarget() error {
	d := c.to
	if err := d.dialect.check(c.ctx, d.write, Options{}); err != nil {
		return err
	}
	tables, err := column(c.ctx, d.write, d.dialect.tables)
	if err != nil {
		return err
	}
	if !slices.Contains(tables, copyTable) {
		if err := c.mayBegin(tables); err != nil {
			return err
		}
		err = c.inTarget(func(tx *sql.Tx) error {
			if _, err := tx.ExecContext(c.ctx, sqlMakeCopy); err != nil {
				return err
			}
			_, err := tx.ExecContext(c.ctx, sqlCopyNote, "source", c.source, c.m.Schema, false)
			return err
		})
		if err != nil {
			return err
		}
	}
	return c.takeOver()
}

// mayBegin refuses a target that holds something.
func (c *copier) mayBegin(tables []string) error {
	if len(tables) == 0 {
		return nil
	}
	_, newest, err := migrations(c.to.dialect)
	if err != nil {
		return err
	}
	if _, err := checkSchema(c.ctx, c.to.write, c.to.dialect, newest); err != nil {
		return err
	}
	empty, err := isEmpty(c.ctx, c.to.write, c.to.dialect)
	if err == nil && !empty {
		err = fault.New(fault.Conflict, "db: it is not empty; name an empty database, nothing was changed")
	}
	return err
}

// takeOver makes this process the one that copies, and makes the tables where they are not there.
func (c *copier) takeOver() error {
	var source string
	var schema int64
	var done bool
	if err := c.to.write.QueryRowContext(c.ctx, sqlCopyMark, "source").Scan(&source, &schema, &done); err != nil {
		return err
	}
	switch {
	case schema != c.m.Schema:
		return fault.New(fault.Conflict, "db: it is a copy of schema %d that is not complete, and the source has schema %d; empty it, or finish it with the program of schema %d", schema, c.m.Schema, schema)
	case source != c.source && !c.o.Anew:
		return fault.New(fault.Conflict, "db: it is a copy of another database that is not complete; name the right source, another target, or --anew to give that copy up")
	}
	c.runner = newRunner()
	if _, err := c.to.write.ExecContext(c.ctx, sqlCopyNote, "runner", c.runner, 0, false); err != nil {
		return err
	}
	steps, _, err := migrations(c.to.dialect)
	if err != nil {
		return err
	}
	if err := up(c.ctx, c.to.write, c.to.dialect, steps); err != nil {
		return fault.Wrap(fault.Unavailable, err, "db: the tables could not be made")
	}
	ready, err := column(c.ctx, c.to.write, sqlCopyIsReady)
	if err != nil || len(ready) > 0 && !c.o.Anew {
		return err
	}
	return c.inTarget(c.clear)
}

// clear empties the target.
func (c *copier) clear(tx *sql.Tx) error {
	tables, err := tablesInOrder(c.ctx, tx, c.to.dialect)
	if err != nil {
		return err
	}
	for _, t := range slices.Backward(tables) {
		if _, err := tx.ExecContext(c.ctx, `DELETE FROM `+t); err != nil { //nolint:gosec // a name of our own schema
			return err
		}
	}
	if _, err := tx.ExecContext(c.ctx, sqlCopyForget); err != nil {
		return err
	}
	if _, err := tx.ExecContext(c.ctx, sqlCopyNote, "source", c.source, c.m.Schema, false); err != nil {
		return err
	}
	_, err = tx.ExecContext(c.ctx, sqlCopyNote, "ready", "", 0, true)
	return err
}

// inTarget carries out one transaction of the target, if no other process copies into it by now.
func (c *copier) inTarget(do func(tx *sql.Tx) error) error {
	tx, err := c.to.write.BeginTx(c.ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if c.runner != "" {
		if err := c.still(tx); err != nil {
			return err
		}
	}
	if err := do(tx); err != nil {
		return err
	}
	return tx.Commit()
}

// still refuses when another process has taken the copy over.
func (c *copier) still(tx *sql.Tx) error {
	res, err := tx.ExecContext(c.ctx, sqlCopyStill, c.runner)
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n != 1 {
		return errors.Join(err, fault.New(fault.Conflict, "another process copies into this database; let it, or stop it and run the command again"))
	}
	return nil
}

// mark reads how far a table came.
func (c *copier) mark(t *copiedTable) error {
	err := c.to.write.QueryRowContext(c.ctx, sqlCopyMark, "table "+t.name).Scan(&t.place, &t.copied, &t.done)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	return err
}

// note writes how far a table came.
func (c *copier) note(tx *sql.Tx, t copiedTable) error {
	if err := c.still(tx); err != nil {
		return err
	}
	_, err := tx.ExecContext(c.ctx, sqlCopyNote, "table "+t.name, t.place, t.copied, t.done)
	return err
}

// finish sets the counters and takes the mark of a copy away.
func (c *copier) finish() error {
	err := c.inTarget(func(tx *sql.Tx) error {
		for _, t := range c.tables {
			if err := c.to.dialect.counted(c.ctx, tx, t.name); err != nil {
				return err
			}
		}
		_, err := tx.ExecContext(c.ctx, `DROP TABLE `+copyTable)
		return err
	})
	if err != nil {
		return err
	}
	return c.to.dialect.settle(context.WithoutCancel(c.ctx), c.to.write)
}
