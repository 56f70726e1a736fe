package storetest

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"

	"shenwei/bot"
	"shenwei/internal/audit"
	"shenwei/internal/fault"
	"shenwei/internal/store"
	"shenwei/kb"
)

// Fill puts something of everything into a store and returns a conversation in it.
func Fill(t testing.TB, db *store.DB) string {
	t.Helper()
	ctx := context.Background()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	r, err := db.Receive(ctx, Line("first"))
	must(err)
	_, err = db.Commit(ctx, Handover(r, "first", "R-1", "出入境"))
	must(err)
	odd := Line("second")
	odd.Text = "引号\"、换行\n、<b>&、\u2028、反斜线\\、表情😀"
	r, err = db.Receive(ctx, odd)
	must(err)
	_, err = db.Commit(ctx, Outcome(r, "second"))
	must(err)
	drafts, err := db.AddDrafts(ctx, []kb.Document{item("CRJ-001", "# 注释\r\nbody\t\n"), item("CRJ-002", "")}, kb.FromEditor, Noon)
	must(err)
	_, err = db.Publish(ctx, kb.Order{Put: drafts[:1], Note: "because", At: Noon})
	must(err)
	must(db.SetSeeds(ctx, map[string]string{"item/CRJ-001": "ab"}))
	must(db.AppendAudit(ctx, audit.Entry{Actor: "cli:root", Action: "test", At: Noon}))
	return r.Conversation.ID
}

// BackupOf is a backup of a database with its manifest.
func BackupOf(t testing.TB, dsn string) ([]byte, store.Manifest) {
	t.Helper()
	var b bytes.Buffer
	last, total := int64(0), int64(-1)
	m, err := store.Backup(context.Background(), dsn, &b, Noon, func(done, of int64) { last, total = done, of })
	if err != nil {
		t.Fatal(err)
	}
	if m.Rows() == 0 || last != total || last != m.Rows() {
		t.Fatalf("%d rows, the progress ends at %d of %d", m.Rows(), last, total)
	}
	return b.Bytes(), m
}

func (s *suite) restore(dsn string, body []byte, o store.RestoreOptions) error {
	_, err := store.Restore(s.Context(), dsn, bytes.NewReader(body), o)
	return err
}

func (s *suite) filled() (body []byte, m store.Manifest, conversation string) {
	s.Helper()
	conversation = Fill(s, s.open())
	body, m = BackupOf(s, s.dsn)
	return body, m, conversation
}

var backupCases = []testCase{
	{"what is restored into an empty database is what was there, and goes on from there", func(s *suite) {
		body, m, conversation := s.filled()
		there := suite{T: s.T, dsn: s.fresh(s), fresh: s.fresh}
		s.must(s.restore(there.dsn, body, store.RestoreOptions{}))
		_, again := BackupOf(s, there.dsn)
		s.same(again.Tables, m.Tables)
		db := there.open()
		messages := there.gapFree(s.Context(), db, conversation, 2)
		if !strings.Contains(messages[0].Text, "😀") {
			s.Fatal(messages[0].Text)
		}
		s.same(there.current(db), map[string]string{"CRJ-001": "1# 注释\r\nbody\t\n"})
		s.same(there.drafts(db), []string{"CRJ-002 1"})
		next := there.next(db, conversation, "third") // numbers go on after those restored
		there.commit(db, Handover(next, "third", "R-2", "出入境"))
		s.must(db.AppendAudit(s.Context(), audit.Entry{Actor: "cli:root", Action: "more", At: Noon}))
	}},
	{"a target that holds something is refused, and replaced when told", func(s *suite) {
		body, m, _ := s.filled()
		there := suite{T: s.T, dsn: s.fresh(s), fresh: s.fresh}
		db := there.open()
		there.begin(db, "own")
		s.close(db)
		s.wantCode(s.restore(there.dsn, body, store.RestoreOptions{}), fault.Conflict)
		_, kept := BackupOf(s, there.dsn)
		if kept.Rows() == m.Rows() {
			s.Fatal("the target was written")
		}
		s.must(s.restore(there.dsn, body, store.RestoreOptions{Overwrite: true}))
		_, again := BackupOf(s, there.dsn)
		s.same(again.Tables, m.Tables)
	}},
	{"a damaged, cut, foreign or newer backup is refused and leaves the target as it was", func(s *suite) {
		body, _, _ := s.filled()
		target := s.fresh(s)
		flipped := bytes.Clone(body)
		flipped[len(flipped)/2] ^= 0x10
		for name, bad := range map[string][]byte{
			"empty": nil, "foreign": []byte("PK\x03\x04 something else entirely"), "a flipped bit": flipped, "no end": body[:len(body)-9],
			"half": body[:len(body)/2], "only the first line": body[:len("shenwei backup 1\n")],
		} {
			err := s.restore(target, bad, store.RestoreOptions{Overwrite: true})
			if !fault.Is(err, fault.BadRequest) {
				s.Errorf("%s: %v", name, err)
			}
		}
		s.wantCode(s.restore(target, append([]byte("shenwei backup 2\n"), body[17:]...), store.RestoreOptions{}), fault.Conflict)
		newer := suite{T: s.T, dsn: s.fresh(s), fresh: s.fresh}
		db := newer.open()
		s.close(db)
		newer.exec(`INSERT INTO shenwei_schema (version_id, is_applied) VALUES (99999, TRUE)`)
		newer.exec(`UPDATE schema_programs SET oldest = 99999`)
		if _, err := store.Backup(s.Context(), newer.dsn, &bytes.Buffer{}, Noon, nil); !fault.Is(err, fault.Conflict) {
			s.Errorf("a newer schema is backed up: %v", err)
		}
		s.must(s.restore(target, body, store.RestoreOptions{})) // still empty
	}},
	{"there is nothing to back up where there is no database", func(s *suite) {
		_, err := store.Backup(s.Context(), s.dsn, &bytes.Buffer{}, Noon, nil)
		s.wantCode(err, fault.NotFound)
		if !strings.Contains(s.dsn, "://") {
			if _, err := os.Stat(s.dsn); !os.IsNotExist(err) {
				s.Errorf("looking made a file: %v", err)
			}
		}
	}},
	{"a backup beside writers is of one moment and holds what was acknowledged before", func(s *suite) {
		db := s.open()
		ctx, stop := context.WithCancel(s.Context())
		var mu sync.Mutex
		var acked []bot.Receipt
		var wg sync.WaitGroup
		enough := make(chan struct{})
		for w := range 4 {
			wg.Go(func() {
				for i := 0; ctx.Err() == nil; i++ {
					ref := fmt.Sprint(w, "-", i)
					r, err := db.Receive(context.Background(), Line(ref))
					if err != nil {
						s.Error(err)
						return
					}
					mu.Lock()
					acked = append(acked, r)
					if len(acked) == 300 {
						close(enough)
					}
					mu.Unlock()
					if _, err := db.Commit(context.Background(), Outcome(r, ref)); err != nil {
						s.Error(err)
						return
					}
				}
			})
		}
		<-enough
		mu.Lock()
		before := len(acked)
		mu.Unlock()
		body, m := BackupOf(s, s.dsn)
		stop()
		wg.Wait()
		if len(acked) == before {
			s.Log("nobody wrote during the backup")
		}
		there := suite{T: s.T, dsn: s.fresh(s), fresh: s.fresh}
		s.must(s.restore(there.dsn, body, store.RestoreOptions{}))
		restored := there.open()
		for _, r := range acked[:before] {
			all, err := restored.Messages(s.Context(), r.Conversation.ID, 0, 10)
			s.must(err)
			if len(all) == 0 || all[0].Seq != r.Seq {
				s.Fatalf("conversation %s was acknowledged and is not there", r.Conversation.ID)
			}
			for _, message := range all { // one moment: a line that says it is answered has its reply
				if message.Kind == "reply" && len(all) != 2 {
					s.Fatalf("%+v", all)
				}
			}
		}
		s.Logf("%d lines acknowledged before, %d rows in the backup, %d acknowledged in the end", before, m.Rows(), len(acked))
	}},
}
