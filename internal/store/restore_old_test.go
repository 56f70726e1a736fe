package store

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"path/filepath"
	"testing"
	"time"

	"shenwei/internal/fault"
)

// oldDatabase is a file of the first schema with one row.
func oldDatabase(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "old.db")
	d, err := connect(path, &Options{})
	if err != nil {
		t.Fatal(err)
	}
	steps, _, err := migrations(d.dialect)
	if err != nil {
		t.Fatal(err)
	}
	if err := up(t.Context(), d.write, d.dialect, steps[:1]); err != nil {
		t.Fatal(err)
	}
	if _, err := d.write.Exec(`INSERT INTO seeds (key, hash) VALUES ('item/X', 'ab')`); err != nil {
		t.Fatal(err)
	}
	if err := d.read.Close(); err != nil {
		t.Fatal(err)
	}
	if err := d.write.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestABackupOfAnOlderSchemaIsRestoredAndBroughtUpToDate(t *testing.T) {
	ctx := context.Background()
	path := oldDatabase(t)
	var b bytes.Buffer
	m, err := Backup(ctx, path, &b, time.Now(), nil)
	if err != nil || m.Schema != 1 || m.Rows() != 1 {
		t.Fatalf("%+v %v", m, err)
	}
	target := filepath.Join(t.TempDir(), "new.db")
	if _, err := Restore(ctx, target, bytes.NewReader(b.Bytes()), RestoreOptions{}); err != nil {
		t.Fatal(err)
	}
	db, err := Open(ctx, target, Options{})
	if err != nil {
		t.Fatal(err)
	}
	seeds, err := db.Seeds(ctx)
	version, verr := db.SchemaVersion(ctx)
	if err != nil || verr != nil || seeds["item/X"] != "ab" || version < 2 {
		t.Errorf("%v %v, schema %d %v", seeds, err, version, verr)
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
}

func TestABackupOfANewerSchemaIsRefused(t *testing.T) {
	var b bytes.Buffer
	m := Manifest{Product: product, Schema: 99999, Created: time.Now()}
	b.WriteString(backupMagic)
	z := gzip.NewWriter(&b)
	enc := json.NewEncoder(z)
	for _, l := range []backupLine{{Head: &m}, {Manifest: &m}} {
		if err := enc.Encode(l); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	_, err := Restore(t.Context(), filepath.Join(t.TempDir(), "x.db"), bytes.NewReader(b.Bytes()), RestoreOptions{})
	if !fault.Is(err, fault.Conflict) {
		t.Errorf("%v", err)
	}
}
