package store

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"shenwei/bot"
	"shenwei/internal/fault"
)

func openFile(t *testing.T) *DB {
	t.Helper()
	db, err := Open(t.Context(), filepath.Join(t.TempDir(), "a.db"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func line(ref string) bot.Message {
	return bot.Message{Channel: bot.Web, Ref: ref, Text: strings.Repeat("问", 100)}
}

func TestAnOperationThatFailsAfterWritingSpoilsOnlyItself(t *testing.T) {
	db := openFile(t)
	boom := errors.New("boom")
	var wg sync.WaitGroup
	for i := range 300 {
		wg.Go(func() {
			key := fmt.Sprint("k", i)
			err := db.writer.do(t.Context(), key, "", func(s *session) error {
				if _, err := s.exec(sqlSetSeed, key, "hash"); err != nil || i%7 != 0 {
					return err
				}
				return boom
			})
			if failed := errors.Is(err, boom); failed != (i%7 == 0) {
				t.Errorf("%d: %v", i, err)
			}
		})
	}
	wg.Wait()
	seeds, err := db.Seeds(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for i := range 300 {
		if _, stored := seeds[fmt.Sprint("k", i)]; stored != (i%7 != 0) {
			t.Errorf("%d: stored %v", i, stored)
		}
	}
}

func TestAStatementThatIsRefusedIsInternalAndTheWriterGoesOn(t *testing.T) {
	db := openFile(t)
	err := db.writer.do(t.Context(), "", "", func(s *session) error {
		_, err := s.exec(`INSERT INTO nowhere VALUES (1)`)
		return err
	})
	if !fault.Is(err, fault.Internal) || fault.MessageOf(err) != "" {
		t.Fatalf("%v", err)
	}
	if _, err := db.Receive(t.Context(), line("a")); err != nil {
		t.Fatal(err)
	}
}

func TestOperationsThatWaitShareATransaction(t *testing.T) {
	db := openFile(t)
	hold, held := make(chan struct{}), make(chan struct{})
	done := make(chan error, 101)
	begun := 0 // is written by the writer alone, and read when it has answered all
	put := func(run func(s *session) error) {
		op := &operation{ctx: t.Context(), run: run, done: done}
		if err := db.writer.submit(op); err != nil {
			t.Fatal(err)
		}
	}
	put(func(*session) error { close(held); <-hold; return nil })
	<-held
	var last context.Context
	for range 100 {
		put(func(s *session) error {
			// Inside one transaction a value set for it stays.
			if s.ctx != last {
				begun++
				last = context.WithValue(s.ctx, t, begun)
				s.ctx = last
			}
			return nil
		})
	}
	close(hold)
	for range 101 {
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	if begun != 1 {
		t.Fatalf("%d transactions for 100 operations that waited", begun)
	}
}

func TestAFullDiskIsSaidAndReadsGoOn(t *testing.T) {
	db := openFile(t)
	limit := func(pages string) {
		t.Helper()
		err := db.writer.do(t.Context(), "", "", func(s *session) error {
			var n int64
			_, err := s.row(`PRAGMA max_page_count = `+pages, nil, &n)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	limit("160")
	var stored []bot.Receipt
	var err error
	for i := 0; err == nil; i++ {
		m := line(fmt.Sprint("r", i))
		m.Text = strings.Repeat("x", 10_000)
		var r bot.Receipt
		if r, err = db.Receive(t.Context(), m); err == nil {
			stored = append(stored, r)
		}
	}
	if !fault.Is(err, fault.Unavailable) || !strings.Contains(fault.MessageOf(err), "disk") {
		t.Fatalf("%v", err)
	}
	all, err := db.Pending(t.Context(), 1000)
	if err != nil || len(all) != len(stored) || len(stored) == 0 {
		t.Fatalf("%d pending of %d: %v", len(all), len(stored), err)
	}
	limit("100000")
	if _, err := db.Receive(t.Context(), line("later")); err != nil {
		t.Fatalf("the store does not recover: %v", err)
	}
}

func TestACallerThatGaveUpBeforeItsTurnWritesNothing(t *testing.T) {
	db := openFile(t)
	hold, held := make(chan struct{}), make(chan struct{})
	go func() {
		_ = db.writer.do(context.Background(), "", "", func(*session) error { close(held); <-hold; return nil })
	}()
	<-held
	ctx, cancel := context.WithCancel(t.Context())
	result := make(chan error)
	go func() {
		_, err := db.Receive(ctx, line("a"))
		result <- err
	}()
	cancel()
	if err := <-result; !fault.Is(err, fault.Unavailable) || !errors.Is(err, context.Canceled) {
		t.Fatalf("%v", err)
	}
	close(hold)
	if r, err := db.Receive(t.Context(), line("a")); err != nil || r.Duplicate {
		t.Fatalf("%+v %v", r, err)
	}
}
