package store_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"shenwei/internal/store"
	"shenwei/internal/store/storetest"
	"shenwei/internal/store/storetest/pgtest"
	"shenwei/internal/vault"
)

// BenchmarkReceiveCommit measures stored questions with stored answers: 256 callers, each
// in conversations of four turns with token.
func BenchmarkReceiveCommit(b *testing.B) {
	for name, keys := range map[string]*vault.Ring{"": nil, "Sealed": benchKeys(b)} {
		b.Run("SQLite"+name, func(b *testing.B) { benchmarkPairs(b, sqliteFile(b), keys) })
		b.Run("PostgreSQL"+name, func(b *testing.B) { benchmarkPairs(b, pgtest.Start(b).Database(b), keys) })
	}
}

// benchKeys seal what citizens say, as the service does.
func benchKeys(b *testing.B) *vault.Ring {
	b.Helper()
	key, err := vault.NewKey("261122-ab")
	if err != nil {
		b.Fatal(err)
	}
	ring, err := vault.Parse(key)
	if err != nil {
		b.Fatal(err)
	}
	return ring
}

func benchmarkPairs(b *testing.B, dsn string, keys *vault.Ring) {
	db, err := store.Open(b.Context(), dsn, store.Options{Keys: keys})
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	var next atomic.Int64
	var wg sync.WaitGroup
	times := make([]time.Duration, b.N)
	b.ReportAllocs()
	b.ResetTimer()
	before := cpu(b)
	for range 256 {
		wg.Go(func() {
			for n := next.Add(4); n-4 < int64(b.N); n = next.Add(4) {
				if err := fourTurns(b.Context(), db, n-4, times); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	b.StopTimer()
	b.ReportMetric(float64((cpu(b)-before).Microseconds())/float64(b.N), "cpu-us/pair")
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "pairs/s")
	slices.Sort(times)
	b.ReportMetric(float64(times[b.N/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(times[b.N*99/100].Microseconds())/1000, "p99-ms")
	if info, err := os.Stat(dsn); err == nil {
		b.ReportMetric(float64(info.Size())/float64(b.N), "bytes/pair")
	}
}

// cpu is the processor time that this process has used: it says more than the clock on a
// machine that others use too.
func cpu(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func fourTurns(ctx context.Context, db *store.DB, n int64, times []time.Duration) error {
	var id, token string
	for i := n; i < min(n+4, int64(len(times))); i++ {
		ref := fmt.Sprintf("01JD0000-0000-4000-8000-%012d", i)
		m := storetest.Line(ref)
		m.Conversation, m.Token = id, token
		start := time.Now()
		r, err := db.Receive(ctx, m)
		if err != nil {
			return err
		}
		if id == "" {
			id, token = r.Conversation.ID, r.Token
		}
		if _, err := db.Commit(ctx, storetest.Outcome(r, ref)); err != nil {
			return err
		}
		times[i] = time.Since(start)
	}
	return nil
}
