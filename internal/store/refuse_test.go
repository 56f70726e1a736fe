package store_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"shenwei/internal/fault"
	"shenwei/internal/store"
	"shenwei/internal/store/storetest"
	"shenwei/internal/store/storetest/pgtest"
)

// as is the address with another user, and perhaps another database.
func as(t *testing.T, dsn, user, database string) string {
	t.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.UserPassword(user, "secret")
	if database != "" {
		u.Path = "/" + database
	}
	return u.String()
}

func wantOpen(t *testing.T, what, dsn, says string) {
	t.Helper()
	db, err := store.Open(t.Context(), dsn, store.Options{})
	if err == nil {
		_ = db.Close()
	}
	if !fault.Is(err, fault.Unavailable) && !fault.Is(err, fault.Conflict) || !strings.Contains(fault.MessageOf(err), says) || strings.Contains(err.Error(), "secret") {
		t.Errorf("%s: got %v, want …%s…", what, err, says)
	}
}

func TestPostgreSQLThatCannotBeServedFromSaysWhatToDo(t *testing.T) {
	server := pgtest.Start(t)
	dsn := server.Database(t)
	wantOpen(t, "nobody of this name", as(t, dsn, "nobody_here", ""), "refuses this user")
	wantOpen(t, "no database of this name", as(t, dsn, "shenwei", "not_there"), "create it")
	execRaw(t, dsn, `CREATE ROLE clerk LOGIN`)
	wantOpen(t, "a user without rights", as(t, dsn, "clerk", ""), "GRANT")
	execRaw(t, dsn, `GRANT ALL ON SCHEMA public TO clerk; ALTER ROLE clerk SET default_transaction_read_only = on`)
	wantOpen(t, "a user who may only read", as(t, dsn, "clerk", ""), "default_transaction_read_only")
	if n := countRaw(t, dsn, `SELECT COUNT(*) FROM pg_tables WHERE schemaname = 'public'`); n != 0 {
		t.Errorf("%d tables were made", n)
	}
	server.Standby(t)
	wantOpen(t, "a standby", dsn, "name the primary")
	server.Promote(t)
	db, err := store.Open(t.Context(), dsn, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
}

// receiveUntil receives lines until one is refused or there are enough, and returns the refusal.
func receiveUntil(t *testing.T, db *store.DB, name string, enough int) (n int, err error) {
	t.Helper()
	for ; n < enough; n++ {
		if _, err = db.Receive(t.Context(), storetest.Line(fmt.Sprint(name, n))); err != nil {
			return n, err
		}
	}
	return n, nil
}

// TestARunningStoreOutlivesPostgreSQLThatTakesNoWrites goes through what an operator's day may
// bring: every time nothing is acknowledged that is not stored, reads go on, and writes do again
// by themselves.
func TestARunningStoreOutlivesPostgreSQLThatTakesNoWrites(t *testing.T) {
	server := pgtest.Start(t)
	dsn := server.Database(t)
	db, err := store.Open(t.Context(), dsn, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	acked, err := receiveUntil(t, db, "before", 12)
	if err != nil {
		t.Fatal(err)
	}
	reloads := `SELECT pg_reload_conf()`
	for _, x := range []struct {
		name       string
		begin, end func()
		says       string
	}{
		{name: "a full disk", says: "disk", begin: func() {
			execRaw(t, dsn, `CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100'; END $f$;
				CREATE TRIGGER no_room BEFORE INSERT ON messages FOR EACH ROW EXECUTE FUNCTION no_room()`)
		}, end: func() { execRaw(t, dsn, `DROP TRIGGER no_room ON messages`) }},
		{name: "read-only transactions", says: "takes no writes", begin: func() {
			execRaw(t, dsn, `ALTER SYSTEM SET default_transaction_read_only = on`)
			execRaw(t, dsn, reloads)
		}, end: func() {
			db := openRawStore(t, dsn)
			defer db.Close()
			db.SetMaxOpenConns(1)
			for _, q := range []string{`SET default_transaction_read_only = off`, `ALTER SYSTEM RESET default_transaction_read_only`, reloads} {
				if _, err := db.Exec(q); err != nil {
					t.Fatal(err)
				}
			}
		}},
		{name: "a primary that became a standby", says: "takes no writes", begin: func() { server.Standby(t) }, end: func() { server.Promote(t) }},
	} {
		t.Run(x.name, func(t *testing.T) {
			x.begin()
			acked += refusals(t, db, x.name, x.says)
			eventually(t, "reading goes on", func() error { // a connection may have broken
				all, err := db.Pending(t.Context(), 1000)
				if err == nil && len(all) != acked {
					t.Fatalf("%d lines are read of %d", len(all), acked)
				}
				return err
			})
			x.end()
			eventually(t, "it takes lines again", func() error {
				_, err := db.Receive(t.Context(), storetest.Line("after "+x.name))
				return err
			})
			acked++
		})
	}
}

// refusals waits until the store refuses by the reason that it should, and holds that it refuses
// everything then. It returns how many lines were taken before.
func refusals(t *testing.T, db *store.DB, name, says string) (taken int) {
	t.Helper()
	eventually(t, "it says why", func() error {
		_, err := db.Receive(t.Context(), storetest.Line("while "+name))
		if fault.Is(err, fault.Unavailable) && strings.Contains(fault.MessageOf(err), says) {
			return nil
		}
		if err == nil {
			taken = 1 // one line, however often it is sent
		}
		return fmt.Errorf("got %w", err)
	})
	for i := range 8 { // on every connection
		if _, err := db.Receive(t.Context(), storetest.Line(fmt.Sprint("while ", name, i))); !fault.Is(err, fault.Unavailable) {
			t.Fatalf("acknowledged: %v", err)
		}
	}
	return taken
}

func eventually(t *testing.T, what string, do func() error) {
	t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	late := time.After(30 * time.Second)
	for {
		err := do()
		if err == nil {
			return
		}
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("never: %s: %v", what, err)
		}
	}
}
