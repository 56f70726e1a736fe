package chat

import (
	"context"
	"errors"
	"math"
	"slices"

	"github.com/gorilla/websocket"

	"shenwei/bot"
	"shenwei/internal/trail"
)

// A socket sends the rows of its conversation once and in order. Rows of its own lines are
// known without asking the store: the line when it is stored, the reply when it is committed.
// Only where a row is missing between them, because another tab, node or person wrote it, is
// the store read. An ack is no row: it is sent at once.

// page is how many rows are read at a time.
const page = 32

// ownRow is a row that this connection caused. Its frame is sent when its turn comes; a
// citizen's line has none, its ack is out already.
type ownRow struct {
	seq   int64
	line  int64 // of a reply: the number of the line it answers
	frame []byte
}

// order is what is known of a conversation's rows.
type order struct {
	seen   int64    // rows up to here were sent or are known to the client
	target int64    // rows up to here are known to exist
	own    []ownRow // after seen, by seq
}

func (o *order) want(seq int64) { o.target = max(o.target, seq) }

// note adds an own row. One that was sent as an event already (the line is a repetition) is
// sent again with the next pump, so that its ref gets its reply.
func (o *order) note(row ownRow) {
	i, known := slices.BinarySearchFunc(o.own, row, func(a, b ownRow) int { return int(a.seq - b.seq) })
	if known {
		o.own[i] = row
		return
	}
	o.own = slices.Insert(o.own, i, row)
}

// next takes the own row whose turn it is.
func (o *order) next() (ownRow, bool) {
	if len(o.own) == 0 || o.own[0].seq > o.seen+1 {
		return ownRow{}, false
	}
	row := o.own[0]
	o.own = o.own[1:]
	if len(o.own) == 0 {
		o.own = nil
	}
	o.seen = max(o.seen, row.seq)
	return row, true
}

// gap says up to which row the store is to be read now. While lines of this connection are
// under way, a row that is not known may be one of their replies, on disk but not announced
// here yet; it is left to its own announcement. Replies come in the order of their lines, so
// a reply that was announced shows that those of earlier lines which have landed are, too.
func (o *order) gap(flying []int64, beginning bool) (upTo int64, ok bool) {
	if beginning { // the missing row may be the line that is being stored; its ack comes first
		return 0, false
	}
	for _, row := range o.own {
		if row.frame == nil {
			continue
		}
		for _, line := range flying {
			if line < row.line {
				return 0, false
			}
		}
		return row.seq, true
	}
	if len(flying) > 0 {
		return 0, false
	}
	return math.MaxInt64, len(o.own) > 0 || o.target > o.seen
}

// Wake is told by the hub that rows up to seq are on disk.
func (s *session) Wake(seq int64) {
	s.mu.Lock()
	s.order.want(seq)
	_, due := s.order.gap(s.flying, s.beginning)
	s.mu.Unlock()
	if due {
		go s.pump()
	}
}

// pump sends what can be sent. One goroutine at a time does it; others leave a note.
func (s *session) pump() {
	s.mu.Lock()
	if s.pumping {
		s.again = true
		s.mu.Unlock()
		return
	}
	s.pumping = true
	for {
		s.again = false
		for row, ok := s.order.next(); ok; row, ok = s.order.next() {
			if row.frame != nil {
				s.conn.Send(row.frame) // only queues
			}
		}
		upTo, due := s.order.gap(s.flying, s.beginning)
		if s.conversation == "" || (!due && !s.again) {
			break
		}
		if due {
			s.mu.Unlock()
			err := s.fill(upTo)
			s.mu.Lock()
			if err != nil {
				s.giveUp(err)
				break
			}
		}
	}
	s.pumping = false
	s.mu.Unlock()
}

// errGone says that the client has left.
var errGone = errors.New("chat: the connection is closing")

// giveUp closes a connection whose rows cannot be read: it comes back and reads on.
func (s *session) giveUp(err error) {
	if errors.Is(err, errGone) {
		return
	}
	s.chat.cfg.Log.Warn("rows of a conversation were not read", "err", err)
	s.conn.Close(websocket.CloseTryAgainLater, "")
}

// fill reads one page of rows after the last one sent and sends those up to upTo.
func (s *session) fill(upTo int64) error {
	ctx, cancel := context.WithTimeout(context.Background(), receiveTimeout)
	defer cancel()
	s.mu.Lock()
	conversation, after := s.conversation, s.order.seen
	s.mu.Unlock()
	if !s.conn.Flushed() {
		return errGone
	}
	rows, err := s.chat.cfg.Store.Messages(ctx, conversation, after, page)
	if err != nil {
		return err
	}
	rows = bot.RowsOnOwnScreen(ctx, s.chat.cfg.Store, rows)
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(rows) == 0 || rows[0].Seq > upTo { // a number without a row, or one that is not visible yet
		s.order.skip()
		return nil
	}
	for _, row := range rows {
		if row.Seq > upTo {
			break
		}
		if own, ok := s.order.take(row.Seq); ok {
			if own.frame != nil {
				s.conn.Send(own.frame)
			}
			continue
		}
		data, err := encode(eventOf(row))
		if err != nil {
			return err
		}
		s.conn.Send(data)
		s.told(ctx, conversation, row)
	}
	return nil
}

// told has a reply's delivery stand in its turn's trace, where another node or socket made it.
func (s *session) told(ctx context.Context, conversation string, row bot.Stored) {
	c := s.chat.cfg
	if c.Tracer == nil || c.TurnOf == nil || row.Reply == nil {
		return
	}
	go func() { // not while the session is locked: it reads the record
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), receiveTimeout)
		defer cancel()
		_, span := trail.Join(ctx, c.Tracer, c.TurnOf(ctx, conversation, row.Seq), "deliver")
		span.Set(trail.KeyAgain, true)
		span.End(nil)
	}()
}

// take marks a row as sent and returns it when it is an own one.
func (o *order) take(seq int64) (ownRow, bool) {
	o.seen = max(o.seen, seq)
	for i, row := range o.own {
		if row.seq == seq {
			o.own = slices.Delete(o.own, i, i+1)
			return row, true
		}
	}
	return ownRow{}, false
}

// skip passes over numbers for which the store has no row.
func (o *order) skip() {
	if len(o.own) > 0 {
		o.seen = o.own[0].seq - 1
		return
	}
	o.target = o.seen
}

// resume sends the rows that the client has missed as events, and then ready.
func (s *session) resume(ctx context.Context, f frame) {
	s.mu.Lock()
	s.conversation = f.Conversation
	s.pumping = true // what happens meanwhile waits
	s.mu.Unlock()
	s.chat.cfg.Hub.Join(s.conn, f.Conversation)
	seen, err := s.missed(ctx, f)
	s.mu.Lock()
	s.order.seen = seen
	s.pumping = false
	s.mu.Unlock()
	if err != nil {
		s.giveUp(err)
		return
	}
	s.send(readyFrame{typeReady, f.Conversation, f.Token, seen})
	s.tellDesk(ctx)
	s.pump()
}

// missed sends the rows after f.After and returns the number of the last one. It reads the
// row at f.After again: if there is none, the client knows of rows that this record does not
// have (it was restored from a backup), and gets everything.
func (s *session) missed(ctx context.Context, f frame) (int64, error) {
	seen := f.After
	if seen > 0 {
		rows, err := s.chat.cfg.Store.Messages(ctx, f.Conversation, seen-1, 1)
		if err != nil {
			return seen, err
		}
		if len(rows) == 0 || rows[0].Seq != seen {
			seen = 0
		}
	}
	for {
		rows, err := s.chat.cfg.Store.Messages(ctx, f.Conversation, seen, page)
		if err != nil || len(rows) == 0 {
			return seen, err
		}
		for _, row := range bot.RowsOnOwnScreen(ctx, s.chat.cfg.Store, rows) {
			s.send(eventOf(row))
			seen = row.Seq
		}
		if !s.conn.Flushed() {
			return seen, nil
		}
	}
}
