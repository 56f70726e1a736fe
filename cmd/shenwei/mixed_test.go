package main

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // registers "pgx"

	"shenwei/internal/store"
	"shenwei/internal/store/storetest/pgtest"
)

// later builds the product as its next version may be: with a migration more.
func later(t *testing.T, newest int64, script string) string {
	t.Helper()
	dir := t.TempDir()
	file, overlay, path := filepath.Join(dir, "step.sql"), filepath.Join(dir, "overlay.json"), filepath.Join(dir, "shenwei-later")
	root, err := filepath.Abs(filepath.Join("..", "..", "internal", "store", "migrations"))
	if err != nil {
		t.Fatal(err)
	}
	body, err := json.Marshal(map[string]any{"Replace": map[string]string{filepath.Join(root, fmt.Sprintf("%04d_later.sql", newest)): file}})
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string][]byte{file: []byte(script), overlay: body} {
		if err := os.WriteFile(name, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := exec.Command("go", "build", "-overlay", overlay, "-ldflags", "-X main.version=later", "-o", path, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return path
}

// TestTwoVersionsServeSideBySideAcrossOneSchemaStep upgrades one of two nodes while both serve, and
// then takes a step that leaves no room for the older one.
func TestTwoVersionsServeSideBySideAcrossOneSchemaStep(t *testing.T) {
	t.Parallel() // it mostly waits
	newest, err := store.NewestSchema()
	if err != nil {
		t.Fatal(err)
	}
	p := newProgram(t)
	key := strings.TrimSpace(p.ok(t, "keys", "new").out)
	dsn := pgtest.Start(t).Database(t)
	p.env = append(p.env, "SHENWEI_DB="+dsn, "SHENWEI_KEYS_DATA="+key)
	older, newer := p, p
	newer.dir, newer.bin = t.TempDir(), later(t, newest+1, fmt.Sprintf("-- programs: %d\nALTER TABLE conversations ADD COLUMN mood TEXT NOT NULL DEFAULT '';\nALTER TABLE messages ADD COLUMN mood TEXT;\n", newest))

	first := older.serve(t)
	before := newCitizen(t, "she was there before", first.addr)
	before.say("护照怎么换")
	second := newer.serve(t) // brings the schema one step on, under the feet of the first
	for _, s := range []*service{first, second} {
		for _, question := range []string{"没带身份证怎么住酒店", "护照快到期了怎么换"} {
			if r := post(t, s.addr, question); r.Text == "" || r.Action != "answer" {
				t.Errorf("%s at %s: %s", question, s.addr, r.Action)
			}
		}
	}
	if r := before.say("没带身份证怎么住酒店"); r.Action != "answer" {
		t.Errorf("her conversation does not go on: %s", r.Action)
	}
	if r := older.ok(t, "check"); !strings.Contains(r.out, fmt.Sprintf("schema %d", newest+1)) || !strings.Contains(r.out, "finish the upgrade") {
		t.Errorf("check does not tell that the schema is newer:\n%s", r.out)
	}
	if code := first.stop(t); code != 0 {
		t.Fatalf("exit %d\n%s", code, first.errs)
	}
	first = older.serve(t) // rolled back, or restarted before its turn came

	refused := func(r result, what string) {
		t.Helper()
		if r.code != 1 || !strings.Contains(r.err+r.out, "start the newer program") {
			t.Errorf("%s: exit %d\n%s%s", what, r.code, r.out, r.err)
		}
	}
	execPostgres(t, dsn, fmt.Sprintf("UPDATE schema_programs SET oldest = %d", newest+1)) // what a step that leaves no room writes
	first.ends(t)
	refused(result{err: first.errs.String(), code: first.cmd.ProcessState.ExitCode()}, "the running one")
	refused(older.run(t, "", "check"), "check")
	refused(older.run(t, "", "serve", "--addr", "127.0.0.1:0"), "serve")
	if r := post(t, second.addr, "没带身份证怎么住酒店"); r.Action != "answer" {
		t.Errorf("the newer one does not go on: %s", r.Action)
	}
}

func execPostgres(t *testing.T, dsn, query string) {
	t.Helper()
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if _, err := db.Exec(query); err != nil {
		t.Fatal(err)
	}
}

// ends waits until the service has ended by itself.
func (s *service) ends(t *testing.T) {
	t.Helper()
	done := make(chan struct{})
	go func() { defer close(done); _ = s.cmd.Wait() }()
	select {
	case <-done:
	case <-time.After(time.Minute):
		t.Fatalf("the service goes on\n%s", s.errs)
	}
}
