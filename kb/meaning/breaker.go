package meaning

import (
	"sync"
	"time"
)

// state is whether a server is asked.
type state int

const (
	closed   state = iota // it is
	open                  // it is not
	halfOpen              // it may be probed
)

// breaker keeps questions from waiting for a server that does not answer.
type breaker struct {
	now func() time.Time

	mu      sync.Mutex
	failed  int // in a row
	until   time.Time
	probing bool
}

func (b *breaker) look() state {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.failed < breakAfter:
		return closed
	case b.probing || b.now().Before(b.until):
		return open
	}
	return halfOpen
}

// probe reports whether the caller is the one who may try.
func (b *breaker) probe() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.failed < breakAfter || b.probing || b.now().Before(b.until) {
		return false
	}
	b.probing = true
	return true
}

// done takes in how a request ended and reports whether it opened the breaker.
func (b *breaker) done(ok bool) (opened bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.probing = false
	if ok {
		b.failed = 0
		return false
	}
	b.failed++
	if b.failed >= breakAfter {
		b.until = b.now().Add(openFor)
	}
	return b.failed == breakAfter
}
