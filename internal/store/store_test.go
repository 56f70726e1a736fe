package store_test

import (
	"os"
	"path/filepath"
	"testing"

	"shenwei/internal/store/storetest"
	"shenwei/internal/store/storetest/pgtest"
)

func TestMain(m *testing.M) {
	if path := os.Getenv(childEnv); path != "" {
		writeUntilKilled(path)
	}
	if order := os.Getenv(copyEnv); order != "" {
		copyUntilKilled(order)
	}
	os.Exit(m.Run())
}

func sqliteFile(t testing.TB) string { return filepath.Join(t.TempDir(), "shen wei?#%41.db") }

func TestSQLiteIsAStore(t *testing.T) { storetest.Run(t, sqliteFile) }

func TestPostgreSQLIsAStore(t *testing.T) { storetest.Run(t, pgtest.Start(t).Database) }
