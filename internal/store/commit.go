package store

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"shenwei/bot"
	"shenwei/bot/desk"
	"shenwei/internal/fault"
)

const (
	sqlAnswered = `SELECT answer, channel, ref FROM messages WHERE conversation = $1 AND seq = $2 AND kind = 'citizen'`
	sqlAdvance  = `UPDATE conversations SET version = version + 1, seq = seq + 1, state = $1, updated = $2
		WHERE id = $3 AND version = $4 RETURNING seq`
	sqlSetOwner = `UPDATE conversations SET owner = $1 WHERE id = $2`
	sqlAnswer   = `UPDATE messages SET answer = $1 WHERE conversation = $2 AND seq = $3 AND answer = 0`
	sqlAddReply = `INSERT INTO messages (conversation, seq, kind, at, reply, trace) VALUES ($1, $2, 'reply', $3, $4, $5)`
	sqlReply    = `SELECT r.seq, r.reply FROM messages m JOIN messages r ON r.conversation = m.conversation AND r.seq = m.answer
		WHERE m.conversation = $1 AND m.seq = $2`
)

// settlement is an outcome made ready for the writer, so that the one that writes does
// not encode. The writer reads nothing that its caller may go on to change.
type settlement struct {
	conversation string
	version      int64
	line, at     int64
	channel, ref string
	state        string
	// reply is the reply as JSON, without its seq; with a ticket it also lacks its place.
	reply  string
	trace  []byte
	ticket *bot.Ticket
	// open is the ticket as the desk begins it, movement what happens to the one there is.
	open     *desk.Ticket
	due      int64
	movement *bot.Movement
	danger   bool

	// The results.
	answered bool
	seq      int64
	position int
}

// Commit stores what one answered turn changes: see bot.Store. The outcome's reply stays
// as it is; the one returned has its Conversation, Seq and place in the queue.
func (db *DB) Commit(ctx context.Context, o bot.Outcome) (*bot.Reply, error) {
	st, err := db.settle(o)
	if err != nil {
		return nil, err
	}
	group := ""
	if st.ticket != nil {
		group = groupCounter(st.ticket.Group)
	}
	if err := db.writer.do(ctx, o.Conversation, group, st.run); err != nil {
		return nil, err
	}
	if st.answered {
		return db.replyTo(ctx, o.Conversation, o.Line)
	}
	r := *o.Reply
	r.Conversation, r.Seq, r.Token = o.Conversation, st.seq, ""
	if st.ticket != nil {
		place(&r, st.position)
	}
	return &r, nil
}

// place sets the position without touching what r shares with the reply it was copied from.
func place(r *bot.Reply, position int) {
	r.Blocks = slices.Clone(r.Blocks)
	if r.Handoff != nil {
		h := *r.Handoff
		r.Handoff = &h
	}
	r.Place(position)
}

func (db *DB) settle(o bot.Outcome) (*settlement, error) {
	if o.Reply == nil {
		return nil, fault.New(fault.BadRequest, "an outcome needs a reply")
	}
	if checkName("conversation", o.Conversation, false) != nil {
		return nil, noConversation()
	}
	st := &settlement{conversation: o.Conversation, version: o.Version, line: o.Line, at: db.micros(o.At), channel: string(o.Channel), ref: o.Ref}
	r := *o.Reply
	r.Conversation, r.Seq, r.Token = o.Conversation, 0, ""
	var err error
	if st.state, err = encodeJSON("the state", o.State); err != nil {
		return nil, err
	}
	st.state = db.keys.SealText(st.state, statePlace(st.conversation)...)
	if st.reply, err = encodeJSON("the reply", r); err != nil {
		return nil, err
	}
	if st.trace, err = packTrace(o.Trace); err != nil {
		return nil, err
	}
	st.movement, st.danger = o.Movement, o.Reply.Action == bot.Emergency
	if o.Ticket != nil {
		if st.ticket, err = db.checkTicket(o); err != nil {
			return nil, err
		}
		st.open, st.due = opened(st.ticket, o)
	}
	return st, err
}

func (st *settlement) run(s *session) error {
	if done, err := st.check(s); done || err != nil {
		return err
	}
	found, err := s.row(sqlAdvance, []any{st.state, st.at, st.conversation, st.version}, &st.seq)
	switch {
	case err != nil:
		return err
	case !found:
		// Another writer may have answered the line since it was looked at.
		if done, err := st.check(s); done || err != nil {
			return err
		}
		return refuse(fault.Conflict, "the conversation has moved on; read it and decide again")
	}
	if n, err := s.exec(sqlAnswer, st.seq, st.conversation, st.line); err != nil || n != 1 {
		return orRaced(err)
	}
	reply := st.reply
	if st.ticket != nil {
		if st.position, err = addTicket(s, st.ticket, st.open, st.due); err != nil {
			return err
		}
		if reply, err = placed(st.reply, st.position); err != nil {
			return err
		}
	}
	if _, err := s.exec(sqlAddReply, st.conversation, st.seq, st.at, reply, sealTrace(s.keys, st.trace, st.conversation, st.seq)); err != nil {
		return err
	}
	return st.tellDesk(s)
}

// tellDesk writes what the turn means to the hotline's desk.
func (st *settlement) tellDesk(s *session) error {
	if st.ticket != nil {
		if _, err := s.exec(sqlSetOwner, st.open.State.ConversationOwner(), st.conversation); err != nil {
			return err
		}
	}
	if st.danger {
		if _, err := s.exec(sqlAddAlert, st.conversation, st.seq, st.at); err != nil {
			return err
		}
	}
	if st.movement == nil {
		return nil
	}
	t, err := s.ticket(sqlTicketOf, st.conversation)
	if err != nil {
		var r refusal
		if errors.As(err, &r) {
			return nil // no ticket: the line is stored all the same
		}
		return err
	}
	c, err := t.Apply(st.movement.Event, fromMicros(st.at), st.movement.Rules)
	switch {
	case err != nil && st.movement.Event.Kind == desk.Reopen:
		return err // the reply promises it: decide again
	case err != nil: // the ticket is past that, and the line is stored
		return nil //nolint:nilerr // said above
	}
	return s.move(&c, t.Version, st.movement.Rules)
}

// check tells whether the line has its reply already.
func (st *settlement) check(s *session) (bool, error) {
	var answer int64
	var channel, ref string
	found, err := s.row(sqlAnswered, []any{st.conversation, st.line}, &answer, &channel, &ref)
	switch {
	case err != nil:
		return false, err
	case !found:
		return false, refuse(fault.NotFound, "there is no such message to answer")
	case st.ref != "" && (st.ref != ref || st.channel != channel):
		return false, refuse(fault.Conflict, "this is the number of another message")
	}
	st.answered = answer > 0
	return st.answered, nil
}

// placed decodes a reply anew for each attempt, because Reply.Place adds to its text.
func placed(body string, position int) (string, error) {
	var r bot.Reply
	if err := json.Unmarshal([]byte(body), &r); err != nil {
		return "", fault.Wrap(fault.Internal, err, "the reply cannot be encoded")
	}
	r.Place(position)
	return encodeJSON("the reply", r)
}

func (db *DB) replyTo(ctx context.Context, conversation string, line int64) (*bot.Reply, error) {
	var seq int64
	var body string
	found, err := db.get(ctx, sqlReply, []any{conversation, line}, &seq, &body)
	switch {
	case err != nil:
		return nil, err
	case !found:
		return nil, noReply()
	}
	return decodeReply(body, conversation, seq)
}
