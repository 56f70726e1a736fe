package main

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/oklog/ulid/v2"

	"shenwei/bot"
)

// witness is a citizen who remembers what the service promised: refs with their sequence
// numbers, and replies that were shown.
type witness struct {
	mu           sync.Mutex
	conversation string
	token        string
	acked        map[string]int64
	replied      map[string]int64
	asked        int
}

func (w *witness) inFlight() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.asked - len(w.replied)
}

// talk asks without pause, several lines in flight, until the socket breaks.
func (w *witness) talk(addr string, window int) error {
	ws, res, err := websocket.DefaultDialer.Dial("ws://"+addr+"/ws/chat", nil)
	if err != nil {
		return err
	}
	_ = res.Body.Close()
	defer func() { _ = ws.Close() }()
	say := func() error {
		w.mu.Lock()
		w.asked++
		n := w.asked
		w.mu.Unlock()
		return ws.WriteJSON(map[string]any{"type": "say", "ref": ulid.Make().String(), "text": benchTexts[n%len(benchTexts)]})
	}
	if err := ws.WriteJSON(map[string]any{"type": "hello"}); err != nil {
		return err
	}
	if err := say(); err != nil {
		return err
	}
	for {
		var f struct {
			Type, Ref, Conversation, Token string
			Seq                            int64
			Reply                          *bot.Reply
		}
		if err := ws.ReadJSON(&f); err != nil {
			return nil //nolint:nilerr // the service was killed: that is the test
		}
		w.note(f.Type, f.Ref, f.Conversation, f.Token, f.Seq, f.Reply)
		for f.Type == "reply" && w.inFlight() < window {
			if err := say(); err != nil {
				return nil //nolint:nilerr // the same
			}
		}
	}
}

func (w *witness) note(kind, ref, conversation, token string, seq int64, reply *bot.Reply) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch kind {
	case "ready":
		if conversation != "" {
			w.conversation, w.token = conversation, token
		}
	case "ack":
		w.acked[ref] = seq
	case "reply":
		w.replied[ref] = reply.Seq
	}
}

// check reads the conversation from the restarted service and holds it against what was
// promised: every acknowledged line once, at its number, with exactly one reply.
func (w *witness) check(t *testing.T, addr string) (acked int) {
	t.Helper()
	if w.conversation == "" {
		return 0
	}
	rows := readRows(t, addr, w.conversation, w.token)
	lines := checkRows(t, w.conversation, rows, w.acked)
	replies := len(rows) - lines
	if replies != lines {
		t.Errorf("%s: %d lines, %d replies", w.conversation, lines, replies)
	}
	for ref, seq := range w.replied {
		if int(seq) > len(rows) || rows[seq-1].Kind != "reply" {
			t.Errorf("%s: the reply to %s that was shown at %d is gone", w.conversation, ref, seq)
		}
	}
	return len(w.acked)
}

// TestWhatWasAcknowledgedSurvivesKill9 kills the service at random moments with at least
// fifty questions in flight: nothing acknowledged is lost, nothing is there twice, and what
// was not answered is answered by the next start.
func TestWhatWasAcknowledgedSurvivesKill9(t *testing.T) {
	t.Parallel() // it mostly waits
	rounds, rnd := killing(t)
	p := newProgram(t)
	p.env = unlimited
	total, counted := 0, 0
	for try := 0; counted < rounds; try++ {
		if try > 3*rounds+10 {
			t.Fatalf("only %d of %d rounds had fifty questions in flight", counted, try)
		}
		inFlight, acked := killRound(t, p, 100*time.Millisecond+time.Duration(rnd.IntN(1500))*time.Millisecond)
		if inFlight < 50 {
			continue
		}
		counted++
		total += acked
	}
	t.Logf("%d rounds, %d lines acknowledged, none lost or doubled", counted, total)
	if total == 0 {
		t.Error("nothing was acknowledged in any round")
	}
}

func killRound(t *testing.T, p program, after time.Duration) (inFlight, acked int) {
	t.Helper()
	s := p.serve(t)
	const citizens, window = 40, 3
	witnesses := make([]*witness, citizens)
	var wg sync.WaitGroup
	for i := range witnesses {
		witnesses[i] = &witness{acked: map[string]int64{}, replied: map[string]int64{}, asked: 0}
		wg.Add(1)
		go func() {
			defer wg.Done()
			if err := witnesses[i].talk(s.addr, window); err != nil {
				t.Error(err)
			}
		}()
	}
	<-time.After(after) // the moment of the kill is what the seed draws
	for _, w := range witnesses {
		inFlight += w.inFlight()
	}
	s.kill()
	wg.Wait()
	next := p.serve(t)
	for _, w := range witnesses {
		acked += w.check(t, next.addr)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if err := waitReady(ctx, next.addr, time.Second); err != nil {
		t.Error(err)
	}
	next.kill()
	return inFlight, acked
}
