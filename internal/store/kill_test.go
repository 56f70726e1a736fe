package store_test

import (
	"bufio"
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"shenwei/bot"
	"shenwei/internal/store"
	"shenwei/internal/store/storetest"
)

// childEnv names the database to a copy of this binary that writes until it is killed.
const childEnv = "SHENWEI_STORE_CHILD"

// writeUntilKilled says on standard output, one line at a time, what it begins and what
// was acknowledged: "start REF", "line REF CONVERSATION SEQ", "reply REF CONVERSATION SEQ".
func writeUntilKilled(path string) {
	ctx := context.Background()
	db, err := store.Open(ctx, path, store.Options{})
	if err != nil {
		fmt.Println("failed", err)
		os.Exit(1)
	}
	for g := range 64 {
		go func() {
			for i := 0; ; i++ {
				if err := turn(ctx, db, fmt.Sprintf("%d-%d-%d", os.Getpid(), g, i)); err != nil {
					fmt.Println("failed", err)
					os.Exit(1)
				}
			}
		}()
	}
	select {}
}

func turn(ctx context.Context, db *store.DB, ref string) error {
	fmt.Println("start", ref)
	m := storetest.Line(ref)
	if i := strings.LastIndex(ref, "-"); rand.IntN(2) == 0 {
		m.Conversation, m.Trusted = ref[:i], true // one that many lines share
	}
	r, err := db.Receive(ctx, m)
	if err != nil {
		return err
	}
	fmt.Println("line", ref, r.Conversation.ID, r.Seq)
	reply, err := db.Commit(ctx, storetest.Outcome(r, ref))
	if err != nil {
		return err
	}
	fmt.Println("reply", ref, reply.Conversation, reply.Seq)
	return nil
}

type acknowledged struct {
	ref, conversation string
	seq               int64
}

// acks is what a killed child had said.
type acks struct {
	started        int
	lines, replies []acknowledged
}

func TestNothingAcknowledgedIsLostByAKill(t *testing.T) {
	rounds := 5
	if os.Getenv("SHENWEI_LONG") == "1" {
		rounds = 100
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	path := filepath.Join(t.TempDir(), "killed.db")
	total, inFlight, void := 0, 0, 0
	for round := 0; round < rounds; {
		a := killAfter(t, path, 50+random.IntN(3000), time.Duration(random.IntN(20_000))*time.Microsecond)
		checkKilled(t, path, a)
		if len(a.lines) < 50 || a.started == len(a.replies) {
			if void++; void > 10*rounds {
				t.Fatal("no round that counts")
			}
			continue
		}
		round++
		total += len(a.lines) + len(a.replies)
		inFlight += a.started - len(a.replies)
	}
	t.Logf("%d rounds (%d did not count): %d acknowledged, %d turns in flight when killed", rounds, void, total, inFlight)
}

// killAfter runs a child, kills it some time after it acknowledged n writes, and returns
// all that it said.
func killAfter(t *testing.T, path string, n int, later time.Duration) acks {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), childEnv+"="+path)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var a acks
	for lines := bufio.NewScanner(out); lines.Scan(); {
		var kind string
		var x acknowledged
		fields, _ := fmt.Sscan(lines.Text(), &kind, &x.ref, &x.conversation, &x.seq)
		switch {
		case kind == "start":
			a.started++
		case kind == "line" && fields == 4:
			a.lines = append(a.lines, x)
		case kind == "reply" && fields == 4:
			a.replies = append(a.replies, x)
		case kind == "failed":
			t.Errorf("the child: %s", lines.Text())
		}
		if n--; n == 0 {
			time.AfterFunc(later, func() { _ = cmd.Process.Kill() })
		}
	}
	_ = cmd.Wait() // it was killed
	return a
}

func checkKilled(t *testing.T, path string, a acks) {
	t.Helper()
	db, err := store.Open(t.Context(), path, store.Options{QuickCheck: true})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	raw, err := sql.Open("sqlite3", path)
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	for _, x := range a.lines {
		var n int
		row := raw.QueryRow(`SELECT COUNT(*) FROM messages WHERE ref = $1 AND conversation = $2 AND seq = $3`, x.ref, x.conversation, x.seq)
		if err := row.Scan(&n); err != nil || n != 1 {
			t.Fatalf("line %+v is there %d times (%v)", x, n, err)
		}
	}
	for _, x := range a.replies {
		var n int
		row := raw.QueryRow(`SELECT COUNT(*) FROM messages m JOIN messages r ON r.conversation = m.conversation AND r.seq = m.answer
			WHERE m.ref = $1 AND m.conversation = $2 AND r.seq = $3 AND r.kind = 'reply' AND r.reply <> ''`, x.ref, x.conversation, x.seq)
		if err := row.Scan(&n); err != nil || n != 1 {
			t.Fatalf("the reply to %+v is there %d times (%v)", x, n, err)
		}
	}
	checkWhole(t, raw)
	pending, err := db.Pending(t.Context(), 10_000)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range pending {
		c, err := db.Conversation(t.Context(), p.Message.Conversation)
		if err != nil {
			t.Fatal(err)
		}
		o := storetest.Outcome(bot.Receipt{Conversation: c, Seq: p.Seq}, p.Message.Ref)
		if _, err := db.Commit(t.Context(), o); err != nil {
			t.Fatalf("a pending line cannot be answered: %v", err)
		}
	}
}

// checkWhole checks that nothing is there in part.
func checkWhole(t *testing.T, raw *sql.DB) {
	t.Helper()
	for what, query := range map[string]string{
		"conversations with gaps":        `SELECT COUNT(*) FROM conversations c WHERE c.seq <> (SELECT COUNT(*) FROM messages m WHERE m.conversation = c.id) OR c.seq <> (SELECT MAX(seq) FROM messages m WHERE m.conversation = c.id)`,
		"refs stored twice":              `SELECT COUNT(*) - COUNT(DISTINCT ref) FROM messages WHERE ref IS NOT NULL`,
		"answers without a reply":        `SELECT COUNT(*) FROM messages m WHERE m.answer > 0 AND NOT EXISTS (SELECT 1 FROM messages r WHERE r.conversation = m.conversation AND r.seq = m.answer AND r.kind = 'reply')`,
		"versions that count no replies": `SELECT COUNT(*) FROM conversations c WHERE c.version <> 1 + (SELECT COUNT(*) FROM messages m WHERE m.conversation = c.id AND m.kind = 'reply')`,
		"broken references":              `SELECT COUNT(*) FROM pragma_foreign_key_check`,
	} {
		var n int
		if err := raw.QueryRow(query).Scan(&n); err != nil || n != 0 {
			t.Fatalf("%s: %d (%v)", what, n, err)
		}
	}
}
