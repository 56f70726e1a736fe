package bus

import "sync"

// maxPending is how many hints may wait to be sent or handed on; more are dropped, which the
// tables make up for.
const maxPending = 16 << 10

// pending are hints that wait, one for each kind and key.
type pending struct {
	// more has a value while something waits.
	more chan struct{}

	mu   sync.Mutex
	seqs map[name]int64
}

func newPending() *pending { return &pending{more: make(chan struct{}, 1), seqs: map[name]int64{}} }

// add keeps a hint, and reports false when there is no room for it.
func (p *pending) add(h Hint) bool {
	p.mu.Lock()
	n := name{h.Kind, h.Key}
	before, waits := p.seqs[n]
	if !waits && len(p.seqs) >= maxPending {
		p.mu.Unlock()
		return false
	}
	p.seqs[n] = max(before, h.Seq)
	p.mu.Unlock()
	if !waits {
		select {
		case p.more <- struct{}{}:
		default:
		}
	}
	return true
}

// take empties it.
func (p *pending) take() map[name]int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.seqs) == 0 {
		return nil
	}
	all := p.seqs
	p.seqs = make(map[name]int64, min(len(all), 64))
	return all
}

// subscribers are told of hints by kind.
type subscribers struct {
	mu  sync.RWMutex
	fns map[Kind][]func(Hint)
}

func (s *subscribers) Subscribe(kind Kind, fn func(Hint)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fns == nil {
		s.fns = map[Kind][]func(Hint){}
	}
	s.fns[kind] = append(s.fns[kind], fn)
}

func (s *subscribers) of(kind Kind) []func(Hint) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.fns[kind]
}

func (s *subscribers) tell(h Hint) {
	for _, fn := range s.of(h.Kind) {
		fn(h)
	}
}
