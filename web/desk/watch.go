package desk

import (
	"context"
	"math"

	"shenwei/bot/desk"
	"shenwei/internal/fault"
)

// watch shows a conversation on the page from a row on.
func (s *session) watch(ctx context.Context, f frame) error {
	conversation, silent := f.Conversation, s.chief && f.On
	var shown *desk.Ticket
	if f.Ticket != "" {
		t, err := s.d.cfg.Desk.Ticket(ctx, f.Ticket)
		if err != nil {
			return err
		}
		if !s.sees(t) {
			return fault.New(fault.Forbidden, "这个会话不在您的组里")
		}
		conversation, shown = t.Conversation, &t
		if s.chief && silent {
			s.d.record(ctx, s.who, "desk.look", "ticket/"+t.Number)
		}
	} else if !s.chief {
		return fault.New(fault.Forbidden, "只有班长可以查看机器人接待的会话")
	} else if _, err := s.d.cfg.Store.Conversation(ctx, conversation); err != nil {
		return fault.New(fault.NotFound, "没有这个会话")
	} else {
		s.d.record(ctx, s.who, "desk.look", "conversation/"+conversation)
	}
	s.mu.Lock()
	if len(s.open) >= maxOpen && s.open[conversation] == nil {
		s.mu.Unlock()
		return fault.New(fault.Conflict, "打开的会话太多，请先关掉几个")
	}
	s.open[conversation] = &watch{seen: f.After, silent: silent, busy: true, notes: map[int64]bool{}}
	s.mu.Unlock()
	s.d.mu.Lock()
	add(s.d.watchers, conversation, s)
	s.d.mu.Unlock()
	if shown != nil { // changes come as frames, so this one must, too
		s.send(s.d.ticketFrame(desk.Change{Ticket: *shown, From: shown.State}))
	}
	notes, err := s.d.cfg.Store.Notes(ctx, conversation, 0, math.MaxInt32)
	if err != nil {
		return err
	}
	for _, n := range notes {
		s.sendNote(n)
	}
	s.stream(conversation)
	s.mu.Lock()
	seen := int64(0)
	if w := s.open[conversation]; w != nil {
		seen = w.seen
	}
	s.mu.Unlock()
	s.send(openedFrame{"opened", f.Ref, conversation, seen})
	s.d.tellViewers(conversation)
	return nil
}

func (s *session) unwatch(conversation string) {
	s.mu.Lock()
	delete(s.open, conversation)
	s.mu.Unlock()
	s.d.mu.Lock()
	drop(s.d.watchers, conversation, s)
	s.d.mu.Unlock()
	s.d.tellViewers(conversation)
}

// lacks reports whether a page that shows a conversation has not got its rows up to seq.
func (s *session) lacks(conversation string, seq int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	w := s.open[conversation]
	return w != nil && w.seen < seq
}

// pump sends the rows that a page has not got. One goroutine at a time does it; others leave
// a note.
func (s *session) pump(conversation string) {
	s.mu.Lock()
	w := s.open[conversation]
	if w == nil || w.busy {
		if w != nil {
			w.again = true
		}
		s.mu.Unlock()
		return
	}
	w.busy = true
	s.mu.Unlock()
	s.stream(conversation)
}

// stream sends rows until there are none. The caller has made the watch busy.
func (s *session) stream(conversation string) {
	for {
		s.mu.Lock()
		w := s.open[conversation]
		if w == nil {
			s.mu.Unlock()
			return
		}
		after := w.seen
		w.again = false
		s.mu.Unlock()
		n, last, err := s.page(conversation, after)
		s.mu.Lock()
		w.seen = max(w.seen, last)
		if err != nil || n < page && !w.again {
			w.busy = false
			s.mu.Unlock()
			return
		}
		s.mu.Unlock()
	}
}

func (s *session) page(conversation string, after int64) (n int, last int64, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	rows, err := s.d.cfg.Store.Messages(ctx, conversation, after, page)
	if err != nil {
		s.d.cfg.Log.Warn("rows of a conversation were not read", "err", err)
		s.conn.Close(tryAgainLater, "")
		return 0, after, err
	}
	last = after
	for _, row := range rows {
		s.send(masked(conversation, row))
		last = row.Seq
	}
	if len(rows) == page && !s.conn.Flushed() {
		return 0, last, nil
	}
	return len(rows), last, nil
}

// tryAgainLater is the close code of a connection that should come back.
const tryAgainLater = 1013

// typing tells the citizen and the other pages that the agent types.
func (s *session) typing(f frame) {
	s.mu.Lock()
	w, me := s.open[f.Conversation], s.me
	if w != nil {
		w.typing = f.On
	}
	s.mu.Unlock()
	if w == nil {
		return
	}
	if s.d.cfg.Desk.OwnerOf(f.Conversation) == me.ID {
		s.d.cfg.Nodes.Typing(f.Conversation, true, f.On)
		s.d.tellHint(f.Conversation, hintFrame{Type: "typing", Conversation: f.Conversation, Who: "agent", AgentNo: me.Number, On: f.On})
	}
	s.d.tellViewers(f.Conversation)
}

// read tells the citizen how far the agent has read.
func (s *session) read(f frame) {
	if s.d.cfg.Desk.OwnerOf(f.Conversation) == s.who.ID {
		s.d.cfg.Nodes.Read(f.Conversation, true, f.Seq)
		s.d.tellHint(f.Conversation, hintFrame{Type: "read", Conversation: f.Conversation, Who: "agent", Seq: f.Seq})
	}
}

// tellHint sends the citizen what may be missed.
func (d *Desk) tellHint(conversation string, f hintFrame) {
	d.cfg.Hub.Tell(conversation, d.encode(f))
}
