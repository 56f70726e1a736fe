package store_test

import (
	"database/sql"
	"net/url"
	"strings"
	"testing"
	"time"
)

// openRawStore opens the database of a store beside it.
func openRawStore(t testing.TB, dsn string) *sql.DB {
	t.Helper()
	driver, address := "sqlite3", "file:"+url.PathEscape(dsn)+"?_busy_timeout=5000"
	if strings.HasPrefix(dsn, "postgres://") {
		driver, address = "pgx", dsn
	}
	db, err := sql.Open(driver, address)
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func execRaw(t testing.TB, dsn, query string) {
	t.Helper()
	db := openRawStore(t, dsn)
	defer db.Close()
	if _, err := db.Exec(query); err != nil {
		t.Fatal(err)
	}
}

func countRaw(t testing.TB, dsn, query string) (n int64) {
	t.Helper()
	db := openRawStore(t, dsn)
	defer db.Close()
	if err := db.QueryRow(query).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// waitForRunner waits until a second process has taken a copy over, which waits for the first
// one's piece.
func waitForRunner(t testing.TB, dsn string) {
	t.Helper()
	db := openRawStore(t, dsn)
	defer db.Close()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	late := time.After(30 * time.Second)
	for {
		var n int
		if err := db.QueryRow(`SELECT COUNT(*) FROM pg_locks WHERE NOT granted`).Scan(&n); err == nil && n > 0 {
			return
		}
		select {
		case <-tick.C:
		case <-late:
			t.Fatal("the second copy does not wait for the first")
		}
	}
}
