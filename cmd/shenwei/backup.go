package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"shenwei/internal/audit"
	"shenwei/internal/fault"
	"shenwei/internal/store"
)

type backupCmd struct {
	File  string `arg:"" help:"The file to write; it must not be there yet." placeholder:"FILE"`
	Force bool   `help:"Replace the file when it is there."`
}

// Run writes a backup beside whatever serves from the database. It does not bring the schema
// up to date: a backup before an upgrade is one of the old schema.
func (b *backupCmd) Run(ctx context.Context, c *cli) error {
	cfg, err := c.loadConfig()
	if err != nil {
		return err
	}
	if _, err := os.Stat(b.File); err == nil && !b.Force {
		return fault.New(fault.Conflict, "%s is there already; name another file, or --force to replace it", b.File)
	}
	start := time.Now()
	part, err := os.CreateTemp(filepath.Dir(b.File), ".backup-*") // has mode 0600
	if err != nil {
		return fault.Wrap(fault.BadRequest, err, "%s cannot be written", b.File)
	}
	defer func() { _ = os.Remove(part.Name()) }() // gone when all went well
	bar := newProgress(os.Stderr, "rows", 0)
	m, err := store.Backup(ctx, cfg.DB, part, start, bar.rows)
	bar.finish()
	if err = errors.Join(err, syncAndClose(part, err == nil)); err != nil {
		return err
	}
	if err := os.Rename(part.Name(), b.File); err != nil {
		return fault.Wrap(fault.BadRequest, err, "%s cannot be written", b.File)
	}
	info, err := os.Stat(b.File)
	if err != nil {
		return err
	}
	if err := c.recordBackup(ctx, "backup.write", m); err != nil {
		return fault.Wrap(fault.CodeOf(err), err, "%s is written and complete, but the audit log does not tell of it: %s", b.File, explain(err))
	}
	fmt.Printf("backup of %s, schema %d, as of %s\n%d rows in %d tables, %.1f MB in %s: %s\n", m.Database, m.Schema, m.Created.Format(time.RFC3339),
		m.Rows(), len(m.Tables), float64(info.Size())/1e6, time.Since(start).Round(time.Millisecond), b.File)
	fmt.Printf("The keys are not in it: keep %s (and keys given in the configuration) in another place; without them sealed personal data cannot be read.\n", filepath.Join(cfg.Dir, "keys"))
	return nil
}

// recordBackup tells the audit log. A database of an older schema is left as it is: to open it
// would bring it up to date.
func (c *cli) recordBackup(ctx context.Context, action string, m store.Manifest) error {
	newest, err := store.NewestSchema()
	if err != nil || m.Schema != newest {
		return err
	}
	a, err := c.openRecord(ctx)
	if err != nil {
		return err
	}
	err = a.store.AppendAudit(ctx, audit.Entry{Actor: actor(), Action: action, Object: "database", Detail: fmt.Sprintf(`{"rows":%d}`, m.Rows())})
	return errors.Join(err, a.store.Close())
}

func syncAndClose(f *os.File, sync bool) error {
	var err error
	if sync {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return fault.Wrap(fault.Unavailable, err, "the backup cannot be written; is its disk full?")
	}
	return nil
}

type restoreCmd struct {
	File      string `arg:"" help:"The file of a backup." placeholder:"FILE"`
	Overwrite bool   `help:"Replace what the target holds. A SQLite file is kept beside as *.before-restore."`
	Check     bool   `help:"Only read the backup to its end and say what is in it."`
}

// Run reads a backup into the configured database. Nothing may serve from it meanwhile.
func (r *restoreCmd) Run(ctx context.Context, c *cli) error {
	f, err := os.Open(r.File)
	if err != nil {
		return fault.Wrap(fault.BadRequest, err, "%s cannot be read", r.File)
	}
	defer func() { _ = f.Close() }()
	if r.Check {
		m, err := store.ReadBackup(f)
		if err != nil {
			return err
		}
		return printManifest(os.Stdout, m)
	}
	cfg, err := c.loadConfig()
	if err != nil {
		return err
	}
	if !strings.Contains(cfg.DB, "://") {
		if err := os.MkdirAll(filepath.Dir(cfg.DB), 0o750); err != nil {
			return fault.Wrap(fault.BadRequest, err, "dir: %s cannot be made", filepath.Dir(cfg.DB))
		}
	}
	start := time.Now()
	bar := newProgress(os.Stderr, "rows", 0)
	m, err := store.Restore(ctx, cfg.DB, f, store.RestoreOptions{Overwrite: r.Overwrite, Progress: bar.rows})
	bar.finish()
	if err != nil {
		return err
	}
	fmt.Printf("restored into %s: %d rows in %d tables as of %s, verified against the manifest in %s\n", kindOf(cfg.DB), m.Rows(), len(m.Tables),
		m.Created.Format(time.RFC3339), time.Since(start).Round(time.Millisecond))
	fmt.Printf("The keys were not in the backup: put yours into %s before you start serve.\n", filepath.Join(cfg.Dir, "keys"))
	if err := c.recordBackup(ctx, "backup.restore", m); err != nil {
		fmt.Fprintln(os.Stderr, "the audit log does not tell of the restore yet:", explain(err))
	}
	return nil
}

func printManifest(w io.Writer, m store.Manifest) error {
	fmt.Fprintf(w, "backup of %s, schema %d, as of %s, %d rows; every sum is right\n", m.Database, m.Schema, m.Created.Format(time.RFC3339), m.Rows())
	for _, t := range m.Tables {
		fmt.Fprintf(w, "%10d  %s  %s\n", t.Rows, t.SHA256[:16], t.Name)
	}
	return nil
}
