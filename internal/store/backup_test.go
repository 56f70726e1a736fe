package store_test

import (
	"bytes"
	"context"
	"reflect"
	"testing"

	"shenwei/internal/store"
	"shenwei/internal/store/storetest"
	"shenwei/internal/store/storetest/pgtest"
)

// The sums of a table are the same in both databases, so a backup of one can be held against
// the other.
func TestABackupOfOneDatabaseIsRestoredIntoTheOther(t *testing.T) {
	ctx := context.Background()
	pg := pgtest.Start(t)
	first := sqliteFile(t)
	db, err := store.Open(ctx, first, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	conversation := storetest.Fill(t, db)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	body, want := storetest.BackupOf(t, first)
	for _, target := range []string{pg.Database(t), sqliteFile(t), pg.Database(t)} {
		if _, err := store.Restore(ctx, target, bytes.NewReader(body), store.RestoreOptions{}); err != nil {
			t.Fatal(err)
		}
		next, got := storetest.BackupOf(t, target)
		if !reflect.DeepEqual(got.Tables, want.Tables) {
			t.Fatalf("got %+v, want %+v", got.Tables, want.Tables)
		}
		body = next // the copy of a copy
		copied, err := store.Open(ctx, target, store.Options{})
		if err != nil {
			t.Fatal(err)
		}
		all, err := copied.Messages(ctx, conversation, 0, 10)
		if err != nil || len(all) != 2 {
			t.Errorf("%d messages, %v", len(all), err)
		}
		if err := copied.Close(); err != nil {
			t.Error(err)
		}
	}
}

func FuzzABackupIsReadOrRefused(f *testing.F) {
	path := sqliteFile(f)
	db, err := store.Open(context.Background(), path, store.Options{})
	if err != nil {
		f.Fatal(err)
	}
	storetest.Fill(f, db)
	if err := db.Close(); err != nil {
		f.Fatal(err)
	}
	body, _ := storetest.BackupOf(f, path)
	f.Add(body)
	f.Add([]byte("shenwei backup 1\n"))
	f.Add([]byte(nil))
	f.Fuzz(func(t *testing.T, data []byte) {
		if m, err := store.ReadBackup(bytes.NewReader(data)); err == nil && m.Product != "shenwei" {
			t.Errorf("%+v", m)
		}
	})
}
