package store_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"shenwei/internal/fault"
	"shenwei/internal/store"
	"shenwei/internal/store/storetest"
	"shenwei/internal/store/storetest/pgtest"
)

// copyEnv has a copy of this binary copy a database and kill itself after so many rows:
// "ROWS FROM TO".
const copyEnv = "SHENWEI_STORE_COPY"

// copyUntilKilled prints how far the copy had come when it began.
func copyUntilKilled(order string) {
	at, rest, _ := strings.Cut(order, "\n")
	from, to, _ := strings.Cut(rest, "\n")
	rows, err := strconv.ParseInt(at, 10, 64)
	if err != nil {
		panic(err)
	}
	first := true
	_, err = store.Copy(context.Background(), from, to, store.CopyOptions{Progress: func(done, total int64) {
		if first {
			fmt.Println(done, total)
			first = false
		}
		if done >= rows {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
	}})
	fmt.Println("failed", err)
	os.Exit(1)
}

// killedCopy copies until so many rows are done, and returns with how many it began.
func killedCopy(t *testing.T, rows int64, from, to string) (began int64) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), copyEnv+"="+fmt.Sprintf("%d\n%s\n%s", rows, from, to))
	out, err := cmd.Output()
	if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); err == nil || !ok || status.Signal() != syscall.SIGKILL {
		t.Fatalf("the copy was not killed at row %d: %v\n%s", rows, err, out)
	}
	if _, err := fmt.Sscan(string(out), &began); err != nil {
		t.Fatalf("%v: %q", err, out)
	}
	return began
}

// filled is a database with something of everything, and more than one piece of messages.
func filled(t *testing.T, dsn string, lines int) {
	t.Helper()
	db, err := store.Open(t.Context(), dsn, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	storetest.Fill(t, db)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	raw := openRawStore(t, dsn)
	defer raw.Close()
	number := `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ` + strconv.Itoa(lines) + `) `
	for _, q := range []string{
		number + `INSERT INTO conversations (id, channel, version, seq, owner, state, created, updated) SELECT 'c' || i, 'web', 1, 1, 'bot', '{}', i, i FROM n`,
		number + `INSERT INTO messages (conversation, seq, kind, at, channel, ref, text, choice, answer) SELECT 'c' || i, 1, 'citizen', i, 'web', 'r' || i, 'Zeile ' || i, '', 0 FROM n`,
	} {
		if _, err := raw.Exec(q); err != nil {
			t.Fatal(err)
		}
	}
}

func TestACopyGoesOnWhereItWasKilled(t *testing.T) {
	pg := pgtest.Start(t)
	const lines = 12_000 // three pieces a table
	source := sqliteFile(t)
	filled(t, source, lines)
	_, want := storetest.BackupOf(t, source)
	for _, way := range []struct{ name, to string }{{"to PostgreSQL", pg.Database(t)}, {"and back", sqliteFile(t)}} {
		from := source
		t.Run(way.name, func(t *testing.T) {
			// In the first table, in the second, while both sides are read again.
			for i, at := range []int64{6000, lines + 7000, want.Rows() + 3000} {
				began := killedCopy(t, at, from, way.to)
				if least := []int64{1, 5001, lines + 5001}[i]; began < least {
					t.Errorf("it began at row %d, but %d were copied", began, least-1)
				}
				_, err := store.Open(t.Context(), way.to, store.Options{})
				if !fault.Is(err, fault.Conflict) || !strings.Contains(fault.MessageOf(err), "store copy again") {
					t.Fatalf("half a copy is opened: %v", err)
				}
				if _, err := store.Restore(t.Context(), way.to, strings.NewReader(""), store.RestoreOptions{}); err == nil {
					t.Error("something is restored into half a copy")
				}
			}
			m, err := store.Copy(t.Context(), from, way.to, store.CopyOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(m.Tables, want.Tables) && m.Rows() != want.Rows() {
				t.Errorf("%d rows, want %d", m.Rows(), want.Rows())
			}
			_, got := storetest.BackupOf(t, way.to)
			if !reflect.DeepEqual(got.Tables, want.Tables) {
				t.Fatalf("got %+v\nwant %+v", got.Tables, want.Tables)
			}
			takesMore(t, way.to)
			_, want = storetest.BackupOf(t, way.to)
		})
		source = way.to
	}
}

// takesMore writes to a copy: its counters go on after what was copied.
func takesMore(t *testing.T, dsn string) {
	t.Helper()
	db, err := store.Open(t.Context(), dsn, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Receive(t.Context(), storetest.Line("after the copy "+filepath.Base(dsn)[:4])); err != nil {
		t.Error(err)
	}
}

func TestACopyTellsThatItsSourceHasChanged(t *testing.T) {
	for name, change := range map[string]string{
		"a row before the place": `INSERT INTO conversations (id, channel, version, seq, owner, state, created, updated) VALUES ('a', 'web', 1, 1, 'bot', '{}', 1, 1)`,
		"another row":            `UPDATE messages SET text = 'x' WHERE ref = 'r1'`,
		"a row that refers to one that was not there": `INSERT INTO conversations (id, channel, version, seq, owner, state, created, updated) VALUES ('a', 'web', 1, 1, 'bot', '{}', 1, 1);
			INSERT INTO messages (conversation, seq, kind, at, channel, ref, text, choice, answer) VALUES ('a', 1, 'citizen', 1, 'web', 'ra', '', '', 0)`,
	} {
		t.Run(name, func(t *testing.T) {
			source, target := sqliteFile(t), sqliteFile(t)
			filled(t, source, 6000)
			killedCopy(t, 6000+5500, source, target)
			raw := openRawStore(t, source)
			if _, err := raw.Exec(change); err != nil {
				t.Fatal(err)
			}
			_ = raw.Close()
			_, err := store.Copy(t.Context(), source, target, store.CopyOptions{})
			if !fault.Is(err, fault.Conflict) || !strings.Contains(fault.MessageOf(err), "--anew") {
				t.Fatalf("%v", err)
			}
			if _, err := store.Open(t.Context(), target, store.Options{}); err == nil {
				t.Fatal("a wrong copy is opened")
			}
			if _, err := store.Copy(t.Context(), source, target, store.CopyOptions{Anew: true}); err != nil {
				t.Fatal(err)
			}
			_, want := storetest.BackupOf(t, source)
			if _, got := storetest.BackupOf(t, target); !reflect.DeepEqual(got.Tables, want.Tables) {
				t.Errorf("got %+v\nwant %+v", got.Tables, want.Tables)
			}
		})
	}
}

func TestACopyRefusesWhatItMustNotTouch(t *testing.T) {
	ctx := t.Context()
	source, other := sqliteFile(t), sqliteFile(t)
	filled(t, source, 6000)
	filled(t, other, 5)
	half := sqliteFile(t)
	killedCopy(t, 5500, source, half)
	foreign := sqliteFile(t)
	execRaw(t, foreign, `CREATE TABLE invoices (id BIGINT)`)
	older := sqliteFile(t)
	filled(t, older, 5)
	execRaw(t, older, `DELETE FROM shenwei_schema WHERE version_id = (SELECT MAX(version_id) FROM shenwei_schema)`)
	newer := sqliteFile(t)
	filled(t, newer, 5)
	execRaw(t, newer, `INSERT INTO shenwei_schema (version_id, is_applied) VALUES (9999, TRUE)`)
	for _, x := range []struct{ name, from, to, says string }{
		{"into itself", source, source, "not empty"},
		{"into another that is used", source, other, "not empty"},
		{"into another product's", source, foreign, "belongs to something else"},
		{"into half a copy of another", other, half, "copy of another database"},
		{"from half a copy", half, sqliteFile(t), "not complete"},
		{"from nothing", filepath.Join(t.TempDir(), "none.db"), sqliteFile(t), "no database at"},
		{"from an older schema", older, sqliteFile(t), "bring it up to date"},
		{"from a newer schema", newer, sqliteFile(t), "newer"},
		{"to a wrong address", source, "mysql://u:secret@h/x", "postgres://"},
	} {
		_, err := store.Copy(ctx, x.from, x.to, store.CopyOptions{})
		if err == nil || !strings.Contains(fault.MessageOf(err), x.says) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", x.name, err)
		}
	}
	if n := countRaw(t, other, `SELECT COUNT(*) FROM conversations`); n < 5 {
		t.Errorf("the other database has %d conversations left", n)
	}
	// What was refused has spoilt nothing: the copy goes on.
	if _, err := store.Copy(ctx, source, half, store.CopyOptions{}); err != nil {
		t.Error(err)
	}
	// An empty database that was opened before is empty all the same.
	fresh := sqliteFile(t)
	db, err := store.Open(ctx, fresh, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Copy(ctx, source, fresh, store.CopyOptions{}); err != nil {
		t.Error(err)
	}
}

func TestTwoCopiesIntoOneTargetDoNotMix(t *testing.T) {
	source, target := sqliteFile(t), pgtest.Start(t).Database(t)
	filled(t, source, 12_000)
	reached, release, first := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		stopped := false
		_, err := store.Copy(t.Context(), source, target, store.CopyOptions{Progress: func(done, _ int64) {
			if done > 5500 && !stopped {
				stopped = true
				close(reached)
				<-release
			}
		}})
		first <- err
	}()
	<-reached
	second := make(chan error, 1)
	go func() {
		_, err := store.Copy(t.Context(), source, target, store.CopyOptions{})
		second <- err
	}()
	waitForRunner(t, target)
	close(release)
	if err := <-second; err != nil {
		t.Errorf("who came last: %v", err)
	}
	if err := <-first; !fault.Is(err, fault.Conflict) || !strings.Contains(fault.MessageOf(err), "another process") {
		t.Errorf("who was first: %v", err)
	}
	_, want := storetest.BackupOf(t, source)
	if _, got := storetest.BackupOf(t, target); !reflect.DeepEqual(got.Tables, want.Tables) {
		t.Errorf("got %+v\nwant %+v", got.Tables, want.Tables)
	}
}
