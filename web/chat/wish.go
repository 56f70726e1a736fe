package chat

import (
	"context"

	"shenwei/internal/fault"
)

// wish carries out what a citizen wants of her ticket: to stop waiting, to be called, to rate.
// The rows that it leads to come as events; the answer says where the ticket stands then.
func (s *session) wish(f frame) {
	if s.conversation == "" || s.chat.cfg.Desk == nil {
		s.fail(f.Ref, fault.New(fault.NotFound, "没有转人工的记录；需要时请发「转人工」"))
		return
	}
	if err := s.chat.cfg.Limits.Allow(s.token, s.addr); err != nil {
		s.fail(f.Ref, err)
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), receiveTimeout)
	defer cancel()
	c, err := s.chat.cfg.Desk.Wish(ctx, s.conversation, f.Wish)
	if err != nil {
		s.fail(f.Ref, err)
		return
	}
	for _, seq := range c.Seqs {
		s.Wake(seq)
	}
	status, err := s.chat.cfg.Desk.StatusOf(ctx, s.conversation)
	if err != nil {
		s.fail(f.Ref, err)
		return
	}
	s.send(deskFrame{typeDesk, f.Ref, status})
}

// hint passes on what may be missed.
func (s *session) hint(f frame) {
	if s.conversation == "" || s.chat.cfg.Desk == nil || s.chat.cfg.Limits.Allow("", s.addr) != nil {
		return
	}
	if f.Type == typeTyping {
		s.chat.cfg.Desk.Typing(s.conversation, f.On)
		return
	}
	s.chat.cfg.Desk.Read(s.conversation, f.Seq)
}

// tellDesk says where the citizen's ticket stands, when she has one.
func (s *session) tellDesk(ctx context.Context) {
	if s.chat.cfg.Desk == nil {
		return
	}
	status, err := s.chat.cfg.Desk.StatusOf(ctx, s.conversation)
	if err != nil || status == nil {
		return // she reads the rows; the next change says where she stands
	}
	s.send(deskFrame{Type: typeDesk, Ticket: status})
}
