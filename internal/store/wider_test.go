package store_test

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // registers "pgx"

	"shenwei/internal/store"
	"shenwei/internal/store/storetest"
	"shenwei/internal/store/storetest/pgtest"
)

// TestThisProgramServesFromASchemaOneStepOn runs the suite on a schema as a compatible next step
// may leave it: every table has a column more, and there is a table of which nobody here knows.
func TestThisProgramServesFromASchemaOneStepOn(t *testing.T) {
	without := []string{"open", "backup", "pictures"} // these are about schemas themselves
	t.Run("SQLite", func(t *testing.T) {
		storetest.Run(t, func(t testing.TB) string { return widened(t, sqliteFile(t)) }, without...)
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		server := pgtest.Start(t)
		// The others differ by nothing that SQLite has not shown.
		slow := append([]string{"open", "backup", "pictures"}, "desk", "service", "concurrency", "staff", "sealed", "audit", "citizen", "archive", "studio", "insight", "wechat")
		storetest.Run(t, func(t testing.TB) string { return widened(t, server.Database(t)) }, slow...)
	})
}

func widened(t testing.TB, dsn string) string {
	t.Helper()
	db, err := store.Open(t.Context(), dsn, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	own, err := db.SchemaVersion(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	list := `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'`
	if strings.HasPrefix(dsn, "postgres://") {
		list = `SELECT tablename FROM pg_tables WHERE schemaname = current_schema()`
	}
	raw := openRawStore(t, dsn)
	defer raw.Close()
	var script strings.Builder
	for _, table := range tablesOf(t, raw, list) {
		if table != "shenwei_schema" {
			fmt.Fprintf(&script, "ALTER TABLE %s ADD COLUMN of_the_next_step TEXT NOT NULL DEFAULT 'x'; ALTER TABLE %s ADD COLUMN and_another BIGINT;\n", table, table)
		}
	}
	fmt.Fprintf(&script, "CREATE TABLE of_the_next_step (id BIGINT PRIMARY KEY); UPDATE schema_programs SET oldest = %d; INSERT INTO shenwei_schema (version_id, is_applied) VALUES (%d, TRUE);", own, own+1)
	if _, err := raw.Exec(script.String()); err != nil {
		t.Fatal(err)
	}
	return dsn
}

func tablesOf(t testing.TB, db *sql.DB, query string) (all []string) {
	t.Helper()
	rows, err := db.Query(query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		all = append(all, name)
	}
	return all
}
