package main

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"shenwei/internal/store/storetest/pgtest"
)

// The drill: a service under load is backed up, the backup is restored elsewhere, and the
// restored copy answers and holds every line that was acknowledged before the backup began.
func TestTheRestoredCopyAnswersAndHoldsWhatWasAcknowledged(t *testing.T) {
	t.Parallel() // it mostly waits
	for name, tc := range map[string]struct{ from, to func(t *testing.T) []string }{
		"SQLite":                 {noEnv, noEnv},
		"PostgreSQL":             {ownPostgres, ownPostgres},
		"SQLite into PostgreSQL": {noEnv, ownPostgres},
	} {
		t.Run(name, func(t *testing.T) { drill(t, tc.from(t), tc.to(t)) })
	}
}

func noEnv(*testing.T) []string { return nil }

func ownPostgres(t *testing.T) []string {
	return []string{"SHENWEI_DB=" + pgtest.Start(t).Database(t)}
}

func drill(t *testing.T, from, to []string) {
	p, copied := newProgram(t), newProgram(t)
	p.env, copied.env = slices.Concat(from, unlimited), slices.Concat(to, unlimited)
	s := p.serve(t)
	witnesses := make([]*witness, 20)
	var wg sync.WaitGroup
	for i := range witnesses {
		witnesses[i] = &witness{acked: map[string]int64{}, replied: map[string]int64{}}
		wg.Go(func() {
			if err := witnesses[i].talk(s.addr, 2); err != nil {
				t.Error(err)
			}
		})
	}
	waitFor(t, "every citizen has some answers", func() bool {
		for _, w := range witnesses {
			if len(w.promised().replied) < 5 {
				return false
			}
		}
		return true
	})
	before := make([]*witness, len(witnesses))
	for i, w := range witnesses {
		before[i] = w.promised()
	}
	file := filepath.Join(t.TempDir(), "night.backup")
	r := p.run(t, "", "backup", file)
	if r.code != 0 || !strings.Contains(r.out, "keys are not in it") || strings.Contains(r.err, "\r") {
		t.Fatalf("%d %s %s", r.code, r.out, r.err)
	}
	during := 0
	for i, w := range witnesses {
		during += len(w.promised().acked) - len(before[i].acked)
	}
	s.kill()
	wg.Wait()
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info, err)
	}
	if r := copied.run(t, "", "restore", file); r.code != 0 || !strings.Contains(r.out, "verified") {
		t.Fatalf("%d %s %s", r.code, r.out, r.err)
	}
	if r := copied.run(t, "", "restore", file); r.code != 1 || !strings.Contains(r.err, "not empty") {
		t.Errorf("a second restore: %d %s %s", r.code, r.out, r.err)
	}
	refused(t, copied)
	keepKeys(t, p.dir, copied.dir)
	next := copied.serve(t)
	total := 0
	for _, w := range before {
		total += w.check(t, next.addr)
	}
	if reply := post(t, next.addr, "没带身份证怎么住酒店"); reply.Item != "RK-068" || reply.Release != 1 {
		t.Errorf("%+v", reply)
	}
	t.Logf("%d lines acknowledged before, all there; %d more while the backup ran", total, during)
	if total == 0 || during == 0 {
		t.Error("the service was not under load")
	}
}

// refused: without the keys the restored copy is not opened with others.
func refused(t *testing.T, p program) {
	t.Helper()
	if r := p.run(t, "", "check"); r.code == 0 || !strings.Contains(r.out, "key") {
		t.Errorf("without keys: %d %s %s", r.code, r.out, r.err)
	}
}

// keepKeys does what the operator does: the keys come from another place than the backup.
func keepKeys(t *testing.T, from, to string) {
	t.Helper()
	body, err := os.ReadFile(filepath.Join(from, "keys", "data.key"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(to, "keys"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(to, "keys", "data.key"), body, 0o600); err != nil {
		t.Fatal(err)
	}
}

// promised is a copy of what the witness was promised so far.
func (w *witness) promised() *witness {
	w.mu.Lock()
	defer w.mu.Unlock()
	return &witness{conversation: w.conversation, token: w.token, acked: maps.Clone(w.acked), replied: maps.Clone(w.replied)}
}

func TestBackupAndRestoreRefuseWhatWouldLoseSomething(t *testing.T) {
	t.Parallel() // it mostly waits
	p := newProgram(t)
	file := filepath.Join(t.TempDir(), "a.backup")
	if r := p.run(t, "", "backup", file); r.code != 1 || !strings.Contains(r.err, "no database") {
		t.Errorf("without a database: %s%s", r.out, r.err)
	}
	if r := p.run(t, "", "ask", "护照怎么换"); r.code != 0 {
		t.Fatal(r.err)
	}
	if r := p.run(t, "", "backup", file); r.code != 0 {
		t.Fatal(r.err)
	}
	if r := p.run(t, "", "backup", file); r.code != 1 || !strings.Contains(r.err, "--force") {
		t.Errorf("onto a file: %s%s", r.out, r.err)
	}
	if r := p.run(t, "", "restore", "--check", file); r.code != 0 || !strings.Contains(r.out, "every sum is right") || !strings.Contains(r.out, "messages") {
		t.Errorf("check: %s%s", r.out, r.err)
	}
	if r := p.run(t, "", "restore", file, "--overwrite"); r.code != 0 {
		t.Errorf("overwrite: %s%s", r.out, r.err)
	}
	if _, err := os.Stat(filepath.Join(p.dir, "shenwei.db.before-restore")); err != nil {
		t.Error(err)
	}
	body, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	body[len(body)/2] ^= 1
	if err := os.WriteFile(file, body, 0o600); err != nil {
		t.Fatal(err)
	}
	if r := newProgram(t).run(t, "", "restore", file); r.code != 1 || !strings.Contains(r.err, "damaged") {
		t.Errorf("damaged: %s%s", r.out, r.err)
	}
}
