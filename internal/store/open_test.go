package store_test

import (
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"shenwei/internal/fault"
	"shenwei/internal/store"
	"shenwei/internal/store/storetest"
	"shenwei/internal/store/storetest/pgtest"
)

func TestOpenSaysWhatToDo(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "notes.txt")
	if err := os.WriteFile(text, []byte(strings.Repeat("not a database ", 500)), 0o600); err != nil {
		t.Fatal(err)
	}
	readOnly := filepath.Join(dir, "readonly.db")
	if err := os.WriteFile(readOnly, nil, 0o400); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, dsn, says string
		code            fault.Code
	}{
		{"nothing", "", "path of a SQLite file", fault.BadRequest},
		{"another database", "mysql://root:secret@host/x", "postgres://", fault.BadRequest},
		{"memory", ":memory:", "path of a SQLite file", fault.BadRequest},
		{"a URI", "file:a.db", "path of a SQLite file", fault.BadRequest},
		{"a folder", dir, "is not a file", fault.BadRequest},
		{"no folder", filepath.Join(dir, "no", "a.db"), "does not exist", fault.BadRequest},
		{"read-only", readOnly, "read-only", fault.Unavailable},
		{"not a database", text, "not a SQLite database", fault.BadRequest},
		{"not an address", "postgres://u:secret@host:port/x", "postgres://user", fault.BadRequest},
		{"nobody there", "postgres://u:secret@/x?host=" + dir, "does not answer", fault.Unavailable},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := store.Open(t.Context(), c.dsn, store.Options{})
			if !fault.Is(err, c.code) || !strings.Contains(fault.MessageOf(err), c.says) {
				t.Fatalf("got %v, want %s …%s…", err, c.code, c.says)
			}
			if strings.Contains(err.Error(), "secret") {
				t.Fatalf("the password shows: %v", err)
			}
		})
	}
}

func TestTheFileIsItsOwnersAlone(t *testing.T) {
	path := sqliteFile(t)
	db, err := store.Open(t.Context(), path, store.Options{QuickCheck: true})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	files, err := filepath.Glob(filepath.Join(filepath.Dir(path), "*"))
	if err != nil || len(files) < 2 {
		t.Fatalf("%v %v", files, err)
	}
	for _, f := range files {
		info, err := os.Stat(f)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v", f, info.Mode())
		}
	}
}

func TestADamagedFileIsRefusedByTheQuickCheck(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	db, err := store.Open(t.Context(), path, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, ref := range []string{"a", "b", "c"} {
		m := storetest.Line(ref)
		m.Text = strings.Repeat("x", 50_000)
		if _, err := db.Receive(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	damage(t, path)
	_, err = store.Open(t.Context(), path, store.Options{QuickCheck: true})
	if !fault.Is(err, fault.Unavailable) || !strings.Contains(fault.MessageOf(err), "backup") {
		t.Fatalf("%v", err)
	}
}

// damage overwrites the root page of the messages.
func damage(t *testing.T, path string) {
	t.Helper()
	raw, err := sql.Open("sqlite3", path)
	if err != nil {
		t.Fatal(err)
	}
	var page int64
	if err := raw.QueryRow(`SELECT rootpage FROM sqlite_master WHERE name = 'messages'`).Scan(&page); err != nil {
		t.Fatal(err)
	}
	if err := raw.Close(); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt([]byte(strings.Repeat("\x55", 4096)), (page-1)*4096); err != nil {
		t.Fatal(err)
	}
}

func TestPostgreSQLGoneIsUnavailableAndBackIsServed(t *testing.T) {
	server := pgtest.Start(t)
	db, err := store.Open(t.Context(), server.Database(t), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, ref := range []string{"a1", "a2", "a3", "a4", "a5", "a6", "a7", "a8"} { // every writer has a connection
		if _, err := db.Receive(t.Context(), storetest.Line(ref)); err != nil {
			t.Fatal(err)
		}
	}
	server.Stop(t)
	if _, err := db.Receive(t.Context(), storetest.Line("b")); !fault.Is(err, fault.Unavailable) {
		t.Fatalf("%v", err)
	}
	if err := db.Ping(t.Context()); !fault.Is(err, fault.Unavailable) {
		t.Fatalf("%v", err)
	}
	server.Restart(t)
	for _, ref := range []string{"b", "c1", "c2", "c3", "c4", "c5", "c6", "c7"} {
		r, err := db.Receive(t.Context(), storetest.Line(ref))
		if err != nil || r.Duplicate {
			t.Fatalf("%+v %v", r, err)
		}
	}
	all, err := db.Pending(t.Context(), 100)
	if err != nil || len(all) != 16 {
		t.Fatalf("%d pending, want 16: %v", len(all), err)
	}
}
