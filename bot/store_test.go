package bot

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"shenwei/internal/fault"
)

// ledger is a Store in memory. Its fields of funcs, where set, run before a method.
type ledger struct {
	mu        sync.Mutex
	threads   map[string]*Conversation
	lines     map[string]*entryLine // by channel and ref
	order     []*entryLine
	outcomes  []Outcome
	began     int
	onCommit  func(Outcome) error
	onReceive func(Message) error
}

type entryLine struct {
	message Message
	seq     int64
	reply   *Reply
}

func newLedger() *ledger {
	return &ledger{threads: map[string]*Conversation{}, lines: map[string]*entryLine{}}
}

var errNotFound = fault.New(fault.NotFound, "no such conversation")

func (s *ledger) Receive(_ context.Context, m Message) (Receipt, error) {
	if f := s.onReceive; f != nil {
		if err := f(m); err != nil {
			return Receipt{}, err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if old := s.lines[inflightKey(m)]; old != nil {
		return Receipt{Conversation: *s.threads[old.message.Conversation], Seq: old.seq, Duplicate: true, Reply: old.reply}, nil
	}
	token := ""
	if m.Conversation == "" {
		s.began++
		m.Conversation, token = fmt.Sprintf("c%d", s.began), "secret"
		s.threads[m.Conversation] = &Conversation{ID: m.Conversation, Channel: m.Channel, Version: 1, Owner: OwnerBot}
	}
	c := s.threads[m.Conversation]
	if c == nil {
		return Receipt{}, errNotFound
	}
	c.Seq++
	l := &entryLine{message: m, seq: c.Seq}
	s.lines[inflightKey(m)] = l
	s.order = append(s.order, l)
	return Receipt{Conversation: *c, Seq: c.Seq, Token: token}, nil
}

func (s *ledger) Conversation(_ context.Context, id string) (Conversation, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.threads[id]
	if c == nil {
		return Conversation{}, errNotFound
	}
	return *c, nil
}

func (s *ledger) Commit(_ context.Context, o Outcome) (*Reply, error) {
	if f := s.onCommit; f != nil {
		if err := f(o); err != nil {
			return nil, err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.lines[inflightKey(Message{Channel: o.Channel, Ref: o.Ref})]
	if l == nil {
		return nil, errors.New("a commit for a line that was never received")
	}
	if l.reply != nil {
		return l.reply, nil
	}
	c := s.threads[o.Conversation]
	if c.Version != o.Version {
		return nil, fault.New(fault.Conflict, "version %d, not %d", c.Version, o.Version)
	}
	c.Version++
	c.Seq++
	c.State = o.State
	o.Reply.Seq = c.Seq
	if o.Ticket != nil {
		o.Reply.Place(1)
	}
	l.reply = o.Reply
	s.outcomes = append(s.outcomes, o)
	return o.Reply, nil
}

func (s *ledger) Pending(_ context.Context, limit int) ([]PendingLine, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []PendingLine
	for _, l := range s.order {
		if l.reply == nil && len(out) < limit {
			out = append(out, PendingLine{l.message, l.seq})
		}
	}
	return out, nil
}

// moveOn is another node, or an agent, that spoke in the conversation.
func (s *ledger) moveOn(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.threads[id].Version++
}

func (s *ledger) texts() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for _, o := range s.outcomes {
		out = append(out, o.Reply.Text)
	}
	return slices.Clone(out)
}
