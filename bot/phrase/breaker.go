package phrase

import (
	"sync"
	"time"
)

// The rules of the breaker.
const (
	breakAfter  = 5                // failures in a row
	breakWindow = 20               // of the last requests half
	windowAge   = 30 * time.Second // and none of them older
	openFor     = 30 * time.Second // then one probe
)

// breaker keeps requests from a server that fails. It is safe for concurrent use.
type breaker struct {
	mu      sync.Mutex
	now     func() time.Time
	row     int
	recent  []outcome
	until   time.Time // open until then; zero for closed
	probing bool
}

type outcome struct {
	at time.Time
	ok bool
}

func newBreaker(now func() time.Time) *breaker { return &breaker{now: now} }

// state is what a breaker lets through.
type state uint8

const (
	closed state = iota
	opened
	// halfOpen lets one probe through, which nobody waits for.
	halfOpen
)

// look tells what may be done now. It begins nothing.
func (b *breaker) look() state {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.until.IsZero():
		return closed
	case b.now().Before(b.until) || b.probing:
		return opened
	}
	return halfOpen
}

// probe begins the one probe and tells whether the caller is the one to make it.
func (b *breaker) probe() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.until.IsZero() || b.probing || b.now().Before(b.until) {
		return false
	}
	b.probing = true
	return true
}

// done notes how a request went. A server that is dead (nobody listens, no trust, no such key) has
// the breaker open at once: the next citizen would wait for the same.
func (b *breaker) done(ok, dead bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	if b.probing {
		b.probing = false
		b.row, b.recent = 0, nil
		if b.until = (time.Time{}); !ok {
			b.until = now.Add(openFor)
		}
		return
	}
	if dead {
		b.until = now.Add(openFor)
		return
	}
	if b.row++; ok {
		b.row = 0
	}
	b.recent = append(b.recent, outcome{now, ok})
	if len(b.recent) > breakWindow {
		b.recent = b.recent[1:]
	}
	failed := 0
	for _, o := range b.recent {
		if !o.ok && now.Sub(o.at) <= windowAge {
			failed++
		}
	}
	if b.row >= breakAfter || len(b.recent) == breakWindow && failed*2 >= breakWindow {
		b.until = now.Add(openFor)
	}
}

// forget takes back a probe that was given up by us.
func (b *breaker) forget() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.probing = false
}
