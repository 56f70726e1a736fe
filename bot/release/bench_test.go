package release_test

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"shenwei/bot"
	"shenwei/bot/release"
	"shenwei/internal/fault"
	"shenwei/kb"
)

func TestABenchKeepsAFewEnginesOfCandidates(t *testing.T) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	var mu sync.Mutex
	clock := func() time.Time { mu.Lock(); defer mu.Unlock(); return now }
	pass := func(d time.Duration) { mu.Lock(); defer mu.Unlock(); now = now.Add(d) }
	b := release.NewBench(builder(), 2, time.Minute, clock, slog.New(slog.DiscardHandler))
	use := func(rev int64) (*release.Running, func()) {
		t.Helper()
		r, done, err := b.Use(t.Context(), small(7, rev))
		if err != nil {
			t.Fatal(err)
		}
		return r, done
	}
	one, doneOne := use(1)
	again, doneAgain := use(1)
	if one != again || b.Len() != 1 {
		t.Fatal("the same candidate was built twice")
	}
	doneAgain()
	doneAgain() // giving back twice counts once
	_, doneTwo := use(2)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := b.Use(ctx, small(7, 3)); !fault.Is(err, fault.Unavailable) || b.Len() != 2 {
		t.Fatalf("a third engine beside two in use: %v, %d engines", err, b.Len())
	}
	waited := make(chan *release.Running)
	go func() {
		r, done, err := b.Use(t.Context(), small(7, 3))
		if err == nil {
			defer done()
		}
		waited <- r
	}()
	if a := one.Answer(t.Context(), bot.Turn{Message: bot.Message{Text: "护照换发"}}); a.Reply.Action == "" {
		t.Error("an engine in use does not answer")
	}
	doneOne()
	if r := <-waited; r == nil || b.Len() != 2 {
		t.Fatalf("%d engines", b.Len())
	}
	doneTwo()
	pass(59 * time.Second)
	if b.Sweep(); b.Len() != 2 {
		t.Fatal("swept too early")
	}
	pass(time.Second)
	if b.Sweep(); b.Len() != 0 {
		t.Fatalf("%d engines are idle and stay", b.Len())
	}
}

func TestABrokenCandidateIsRefusedAndNotKept(t *testing.T) {
	b := release.NewBench(builder(), 1, time.Minute, time.Now, slog.New(slog.DiscardHandler))
	broken := small(7, 1)
	broken.Revisions = append(broken.Revisions, kb.Revision{Document: kb.Document{Kind: kb.KindItem, ID: "CRJ-001", Body: "code: ["}})
	for range 2 {
		if _, _, err := b.Use(t.Context(), broken); err == nil || !strings.Contains(err.Error(), "CRJ-001") {
			t.Fatal(err)
		}
	}
	if b.Len() != 0 {
		t.Error("it is kept")
	}
}

func TestTheHashOfACandidateIsThatOfItsTexts(t *testing.T) {
	a := &kb.Release{Number: 1, Revisions: []kb.Revision{{Document: kb.Document{Kind: kb.KindItem, ID: "A", Body: "1"}, Number: 3}, {Document: kb.Document{Kind: kb.KindItem, ID: "B", Body: "x"}}}}
	b := &kb.Release{Number: 2, Revisions: []kb.Revision{a.Revisions[1], a.Revisions[0]}}
	if release.Hash(a) != release.Hash(b) {
		t.Error("order or number of the release counts")
	}
	b.Revisions[0].Body = "y"
	if release.Hash(a) == release.Hash(b) {
		t.Error("the text of what is not stored does not count")
	}
}
