package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"shenwei/internal/fault"
	"shenwei/internal/store"
)

type storeCmd struct {
	Copy storeCopyCmd `cmd:"" help:"Copy everything from one database into another, SQLite or PostgreSQL; goes on where it was interrupted."`
}

type storeCopyCmd struct {
	From string `help:"The database to copy; default is the configured one." env:"SHENWEI_STORE_FROM" placeholder:"DSN"`
	To   string `help:"An empty database, or a copy of the same one that is not complete." env:"SHENWEI_STORE_TO" placeholder:"DSN"`
	Anew bool   `help:"Empty a copy that is not complete and begin again."`
}

// Run copies. Nothing may serve from the source meanwhile: what changes is found and refused.
func (s *storeCopyCmd) Run(ctx context.Context, c *cli) error {
	cfg, err := c.loadConfig()
	if err != nil {
		return err
	}
	from := s.From
	if from == "" {
		from = cfg.DB
	}
	if s.To == "" {
		return fault.New(fault.BadRequest, "--to: name the database to copy into, a SQLite file's path or postgres://user@host/database")
	}
	if !strings.Contains(s.To, "://") {
		if err := os.MkdirAll(filepath.Dir(s.To), 0o750); err != nil {
			return fault.Wrap(fault.BadRequest, err, "--to: %s cannot be made", filepath.Dir(s.To))
		}
	}
	start := time.Now()
	bar := newProgress(os.Stderr, "rows", 0)
	m, err := store.Copy(ctx, from, s.To, store.CopyOptions{Anew: s.Anew, Progress: bar.rows})
	bar.finish()
	if err != nil {
		return fault.Wrap(fault.CodeOf(err), err, "%s\nNothing serves from the copy until it is complete: when this is mended, run the same command again, it goes on from where it stopped.", explain(err))
	}
	fmt.Printf("copied to %s: %d rows in %d tables, schema %d, each table's number and hash of rows as in the source, in %s\n", kindOf(s.To), m.Rows(), len(m.Tables), m.Schema,
		time.Since(start).Round(time.Millisecond))
	fmt.Printf("Sealed data stayed sealed: the same keys must come along, from %s or keys.data. Then set db to the copy and start serve.\n", filepath.Join(cfg.Dir, "keys"))
	c.DB = s.To
	if err := c.recordBackup(ctx, "store.copy", m); err != nil {
		fmt.Fprintln(os.Stderr, "the audit log of the copy does not tell of it yet:", explain(err))
	}
	return nil
}
