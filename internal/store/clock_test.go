package store

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"shenwei/internal/outbox"
	"shenwei/internal/store/storetest/pgtest"
)

var clockNoon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func TestTheClockGoesOnFromWhatTheDatabaseShowed(t *testing.T) {
	local := clockNoon
	c := newClock(func() time.Time { return local })
	if got := c.now(); !got.Equal(clockNoon) {
		t.Fatalf("before it was measured: %v", got)
	}
	c.measured(clockNoon, clockNoon.Add(20*time.Millisecond), clockNoon.Add(-5*time.Minute))
	local = local.Add(time.Hour)
	if got, want := c.now(), local.Add(-5*time.Minute-10*time.Millisecond); !got.Equal(want) {
		t.Errorf("%v, want %v", got, want)
	}
	if s := c.skew(); s != 5*time.Minute+10*time.Millisecond {
		t.Errorf("skew %v", s)
	}
}

func TestTheClockDoesNotTrembleWithTheNetwork(t *testing.T) {
	local := clockNoon
	c := newClock(func() time.Time { return local })
	c.measured(local, local, local.Add(time.Minute))
	for _, there := range []time.Duration{990, 1000, 1010} { // the answer took 40 ms: these all fit
		c.measured(local, local.Add(40*time.Millisecond), local.Add(time.Minute+(there-1000+20)*time.Millisecond))
		if got := c.now().Sub(local); got != time.Minute {
			t.Fatalf("moved to %v", got)
		}
	}
	c.measured(local, local.Add(40*time.Millisecond), local.Add(2*time.Minute))
	if got := c.now().Sub(local); got != 2*time.Minute-20*time.Millisecond {
		t.Errorf("does not follow: %v", got)
	}
}

// shifted opens a store on a machine whose clock is wrong.
func shiftedStore(t *testing.T, dsn string, by time.Duration) *DB {
	t.Helper()
	db, err := Open(t.Context(), dsn, Options{Local: func() time.Time { return time.Now().Add(by) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func TestNodesTenMinutesApartAgreeOnLeases(t *testing.T) {
	dsn := pgtest.Start(t).Database(t)
	fast, slow := shiftedStore(t, dsn, 5*time.Minute), shiftedStore(t, dsn, -5*time.Minute)
	if d := fast.Now().Sub(slow.Now()).Abs(); d > time.Second {
		t.Fatalf("their clocks differ by %v", d)
	}
	if !Skewed(fast.Skew()) || fast.Skew() < 4*time.Minute || slow.Skew() > -4*time.Minute {
		t.Errorf("skews %v and %v", fast.Skew(), slow.Skew())
	}
	ctx := t.Context()
	lost := func(outbox.Row, time.Time) outbox.Verdict {
		t.Error("a row was taken from its living owner")
		return outbox.Verdict{State: outbox.Unknown}
	}
	claim := func(db *DB, owner string, want int) {
		t.Helper()
		rows, err := db.ClaimOutbox(ctx, "k", owner, time.Minute, 10, lost)
		if err != nil || len(rows) != want {
			t.Fatalf("%s has %d rows, want %d: %v", owner, len(rows), want, err)
		}
	}
	for i, owner := range []*DB{slow, fast} {
		other := []*DB{fast, slow}[i]
		if err := owner.AddOutbox(ctx, outbox.Entry{Kind: "k", Lane: "l" + string(rune('a'+i)), Key: string(rune('a' + i)), Body: []byte("x")}); err != nil {
			t.Fatal(err)
		}
		claim(owner, "owner", 1)
		claim(other, "other", 0)
		if err := other.AddOutbox(ctx, outbox.Entry{Kind: "k", Lane: "d" + string(rune('a'+i)), Key: "d" + string(rune('a'+i)), Body: []byte("x"), Due: owner.Now().Add(time.Minute)}); err != nil {
			t.Fatal(err)
		}
		claim(other, "early", 0) // due in a minute on both
	}
	for i, owner := range []*DB{slow, fast} { // the follower of questions
		if _, mine, err := owner.Insight().Lease(ctx, string(rune('a'+i)), time.Minute); err != nil || mine != (i == 0) {
			t.Errorf("lease %d: %v %v", i, mine, err)
		}
	}
}

func TestAWrongClockIsToldOnceAndThatItIsRightAgain(t *testing.T) {
	dsn := pgtest.Start(t).Database(t)
	var mu sync.Mutex
	by := 5 * time.Minute
	db, err := Open(t.Context(), dsn, Options{Local: func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		return time.Now().Round(0).Add(by) // without the monotonic clock
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var out strings.Builder
	log := slog.New(slog.NewTextHandler(&out, nil))
	wrong := false
	for range 3 {
		wrong = db.tell(log, wrong)
	}
	mu.Lock()
	by = 0
	mu.Unlock()
	if err := db.measure(context.Background(), db.read); err != nil {
		t.Fatal(err)
	}
	wrong = db.tell(log, wrong)
	if got := out.String(); wrong || strings.Count(got, "clock is wrong") != 1 || strings.Count(got, "right again") != 1 || !strings.Contains(got, "NTP") || !strings.Contains(got, "ahead=") {
		t.Error(got)
	}
}

func TestSQLiteGoesByThisMachinesClock(t *testing.T) {
	db := shiftedStore(t, t.TempDir()+"/a.db", 5*time.Minute)
	if d := time.Until(db.Now()); d < 4*time.Minute || db.Skew() != 0 {
		t.Errorf("ahead by %v, skew %v", d, db.Skew())
	}
}
