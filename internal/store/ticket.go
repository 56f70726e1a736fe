package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"github.com/oklog/ulid/v2"

	"shenwei/bot"
	"shenwei/bot/desk"
	"shenwei/internal/audit"
	"shenwei/internal/fault"
	"shenwei/internal/mask"
	"shenwei/internal/vault"
)

const (
	ticketColumns = `number, conversation, seq, grp, reason, item, article, summary, urgent, state, created, body`
	sqlTicket     = `SELECT ` + ticketColumns + ` FROM handoffs WHERE number = $1`
	sqlTicketOf   = `SELECT ` + ticketColumns + ` FROM handoffs WHERE conversation = $1 ORDER BY n DESC LIMIT 1`
	sqlTicketsOf  = `SELECT ` + ticketColumns + ` FROM handoffs WHERE conversation = $1 ORDER BY n DESC LIMIT $2`
	sqlOpen       = `SELECT ` + ticketColumns + ` FROM handoffs WHERE is_open ORDER BY updated LIMIT $1`
	sqlChanged    = `SELECT ` + ticketColumns + ` FROM handoffs WHERE updated >= $1 ORDER BY updated LIMIT $2`
	sqlDue        = `SELECT ` + ticketColumns + ` FROM handoffs WHERE due > 0 AND due <= $1 ORDER BY due LIMIT $2`
	sqlEnded      = `SELECT ` + ticketColumns + ` FROM handoffs WHERE NOT is_open AND updated >= $1 AND updated < $2 ORDER BY updated DESC LIMIT $3`
	sqlServed     = `SELECT served FROM handoffs WHERE grp = $1 AND served > 0 ORDER BY updated DESC LIMIT $2`

	// sqlHoldConversation changes nothing: it locks the row, so that moves and turns of one
	// conversation happen one after the other, and always in the order conversation, ticket,
	// agent.
	sqlHoldConversation = `UPDATE conversations SET seq = seq WHERE id = (SELECT conversation FROM handoffs WHERE number = $1) RETURNING id`
	sqlHoldAgent        = `UPDATE desk_agents SET capacity = capacity WHERE id = $1 AND NOT disabled RETURNING capacity`
	sqlLoad             = `SELECT COALESCE(SUM(weight), 0) FROM handoffs WHERE holder = $1 AND number <> $2`
	sqlAssigned         = `UPDATE desk_agents SET assigned = $1 WHERE id = $2`
	sqlMove             = `UPDATE handoffs SET version = $1, state = $2, grp = $3, urgent = $4, body = $5, holder = $6, weight = $7,
		updated = $8, due = $9, is_open = $10, last_agent = $11, served = $12, place = CASE WHEN CAST($13 AS BIGINT) = 0 THEN place ELSE $13 END
		WHERE number = $14 AND version = $15`
	sqlAddMove   = `INSERT INTO desk_moves (ticket, version, at, event, actor, agent, from_state, to_state, detail) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`
	sqlSpeak     = `UPDATE conversations SET version = version + 1, seq = seq + $1, owner = $2, updated = $3 WHERE id = $4 RETURNING seq`
	sqlAddRow    = `INSERT INTO messages (conversation, seq, kind, at, channel, ref, text, author, agent, event, data) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`
	sqlRowByRef  = `SELECT seq FROM messages WHERE channel = $1 AND ref = $2`
	sqlAddRating = `INSERT INTO desk_ratings (ticket, at, agent, grp, solved, stars, tags) VALUES ($1, $2, $3, $4, $5, $6, $7)`
)

// deskChannel is the channel of agents' own refs.
const deskChannel = "desk"

type scanner interface{ Scan(dest ...any) error }

// scanTicket reads a ticket; one of before the desk has no body and is made of its columns.
func scanTicket(keys *vault.Ring, r scanner) (desk.Ticket, error) {
	var t desk.Ticket
	var created int64
	var body string
	if err := r.Scan(&t.Number, &t.Conversation, &t.Seq, &t.Group, &t.Reason, &t.Item, &t.Article, &t.Summary, &t.Urgent, &t.State, &created, &body); err != nil {
		return t, err
	}
	if body != "" {
		body, err := keys.OpenText(body, ticketPlace(t.Number)...)
		if err != nil {
			return t, err
		}
		t = desk.Ticket{}
		if err := json.Unmarshal([]byte(body), &t); err != nil {
			return t, fault.Wrap(fault.Internal, err, "a stored ticket cannot be read")
		}
		return t, nil
	}
	summary, err := keys.OpenText(t.Summary, summaryPlace(t.Number)...)
	if err != nil {
		return t, err
	}
	t.Summary, t.Version, t.Created, t.Channel = summary, 1, fromMicros(created), "web"
	t.Enqueued, t.Updated = t.Created, t.Created
	return t, nil
}

func ticketPlace(number string) []string { return []string{"handoffs", "body", number} }

// sealTicket is a ticket as it is stored: what agents and the summary say of a citizen is
// sealed with the rest of it.
func (s *session) sealTicket(t *desk.Ticket) (string, error) {
	body, err := encodeJSON("the ticket", t)
	if err != nil {
		return "", err
	}
	return s.keys.SealText(body, ticketPlace(t.Number)...), nil
}

func (db *DB) ticket(ctx context.Context, query string, args ...any) (desk.Ticket, error) {
	var t desk.Ticket
	found := false
	err := db.scan(ctx, query, args, func(r *sql.Rows) (err error) {
		t, err = scanTicket(db.keys, r)
		found = true
		return err
	})
	if err == nil && !found {
		err = noTicket()
	}
	return t, err
}

func (db *DB) tickets(ctx context.Context, query string, args ...any) ([]desk.Ticket, error) {
	var all []desk.Ticket
	err := db.scan(ctx, query, args, func(r *sql.Rows) error {
		t, err := scanTicket(db.keys, r)
		all = append(all, t)
		return err
	})
	return all, err
}

func noTicket() error { return fault.New(fault.NotFound, "没有这个会话") }

// Ticket reads a ticket by its number.
func (db *DB) Ticket(ctx context.Context, number string) (desk.Ticket, error) {
	if checkName("ticket", number, false) != nil {
		return desk.Ticket{}, noTicket()
	}
	return db.ticket(ctx, sqlTicket, number)
}

// TicketOf reads the newest ticket of a conversation.
func (db *DB) TicketOf(ctx context.Context, conversation string) (desk.Ticket, error) {
	if checkName("conversation", conversation, false) != nil {
		return desk.Ticket{}, noTicket()
	}
	return db.ticket(ctx, sqlTicketOf, conversation)
}

// TicketsOf lists the tickets of a conversation, newest first.
func (db *DB) TicketsOf(ctx context.Context, conversation string, limit int) ([]desk.Ticket, error) {
	return db.tickets(ctx, sqlTicketsOf, conversation, bounded(limit))
}

// OpenTickets lists what the desk has to do, the longest unchanged first.
func (db *DB) OpenTickets(ctx context.Context) ([]desk.Ticket, error) {
	return db.tickets(ctx, sqlOpen, maxLimit)
}

// ChangedTickets lists tickets that changed since, in the order of their changes.
func (db *DB) ChangedTickets(ctx context.Context, since time.Time, limit int) ([]desk.Ticket, error) {
	return db.tickets(ctx, sqlChanged, since.UnixMicro(), bounded(limit))
}

// DueTickets lists tickets with which the clock has something to do.
func (db *DB) DueTickets(ctx context.Context, now time.Time, limit int) ([]desk.Ticket, error) {
	return db.tickets(ctx, sqlDue, now.UnixMicro(), bounded(limit))
}

// EndedTickets lists tickets that ended from one time to another, newest first.
func (db *DB) EndedTickets(ctx context.Context, from, to time.Time, limit int) ([]desk.Ticket, error) {
	return db.tickets(ctx, sqlEnded, from.UnixMicro(), to.UnixMicro(), bounded(limit))
}

// ServedTimes lists how long the last conversations of a group took an agent.
func (db *DB) ServedTimes(ctx context.Context, group string, limit int) ([]time.Duration, error) {
	var all []time.Duration
	err := db.scan(ctx, sqlServed, []any{group, bounded(limit)}, func(r *sql.Rows) error {
		var micros int64
		err := r.Scan(&micros)
		all = append(all, time.Duration(micros)*time.Microsecond)
		return err
	})
	return all, err
}

// MoveTicket applies an event to a ticket in one transaction with all that follows from it:
// the rows that the citizen reads, the conversation's owner, the claim on an agent's
// capacity, the history, the audit. Apply sees the ticket as it is then. A reply whose ref is
// stored already changes nothing and returns the number of its row.
func (db *DB) MoveTicket(ctx context.Context, number string, e desk.Event, rules *desk.Rules, now time.Time) (desk.Change, error) {
	if checkName("ticket", number, false) != nil {
		return desk.Change{}, noTicket()
	}
	if err := checkName("ref", e.Ref, true); err != nil {
		return desk.Change{}, err
	}
	e.Text, e.Reason = clean(e.Text), clean(e.Reason)
	group := ""
	if e.Chief {
		group = auditGroup
	}
	if e.Kind == desk.Reply && e.Ref == "" {
		e.Ref = ulid.Make().String()
	}
	var c desk.Change
	err := db.writer.do(ctx, "ticket "+number, group, func(s *session) (err error) {
		var conversation string
		switch found, err := s.row(sqlHoldConversation, []any{number}, &conversation); {
		case err != nil:
			return err
		case !found:
			return refusal{noTicket()}
		}
		t, err := s.ticket(sqlTicket, number)
		if err != nil {
			return err
		}
		if e.Ref != "" {
			if known, err := s.knownRow(t, e.Ref, &c); known || err != nil {
				return err
			}
		}
		if c, err = t.Apply(e, now, rules); err != nil {
			return refusal{err}
		}
		if err := s.claim(c, now); err != nil {
			return err
		}
		if err := s.move(&c, t.Version, rules); err != nil {
			return err
		}
		if e.Chief {
			detail, err := encodeJSON("the detail", mask.Text(e.Detail()))
			if err != nil {
				return err
			}
			return appendAudit(s, audit.Entry{Actor: e.Actor, Action: "desk." + string(e.Kind), Object: "ticket/" + number, Detail: detail, At: now})
		}
		return nil
	})
	return c, err
}

const (
	sqlHoldByID = `UPDATE conversations SET seq = seq WHERE id = $1 RETURNING channel, seq`
)

// PullTicket opens a ticket for a conversation that the bot answers and gives it to a
// supervisor at once; a conflict where the desk has it already. It is audited.
func (db *DB) PullTicket(ctx context.Context, t desk.Ticket, e desk.Event, rules *desk.Rules, now time.Time) (desk.Change, error) {
	var c desk.Change
	err := db.writer.do(ctx, t.Conversation, auditGroup, func(s *session) error {
		t := t
		switch found, err := s.row(sqlHoldByID, []any{t.Conversation}, &t.Channel, &t.Seq); {
		case err != nil:
			return err
		case !found:
			return refusal{noConversation()}
		}
		old, err := s.ticket(sqlTicketOf, t.Conversation)
		var none refusal
		switch {
		case err == nil && old.State.Open():
			return refuse(fault.Conflict, "这个会话已经在人工这边了")
		case err != nil && !errors.As(err, &none):
			return err
		}
		fresh := desk.New(t, now, rules)
		if c, err = fresh.Apply(e, now, rules); err != nil {
			return refusal{err}
		}
		b := bot.Ticket{
			Number: fresh.Number, Conversation: fresh.Conversation, Seq: fresh.Seq, Group: fresh.Group, Reason: fresh.Reason, Item: fresh.Item,
			Article: fresh.Article, Summary: fresh.Summary, Created: now,
		}
		if _, err := addTicket(s, &b, &fresh, 0); err != nil {
			return err
		}
		if err := s.move(&c, fresh.Version, rules); err != nil {
			return err
		}
		return appendAudit(s, audit.Entry{Actor: e.Actor, Action: "desk.pull", Object: "ticket/" + fresh.Number, At: now})
	})
	return c, err
}

func (s *session) ticket(query string, args ...any) (desk.Ticket, error) {
	var t desk.Ticket
	found := false
	err := s.rows(query, args, func(r *sql.Rows) (err error) {
		t, err = scanTicket(s.keys, r)
		found = true
		return err
	})
	if err == nil && !found {
		err = refusal{noTicket()}
	}
	return t, err
}

// knownRow finds an agent's reply that was sent again.
func (s *session) knownRow(t desk.Ticket, ref string, c *desk.Change) (bool, error) {
	var seq int64
	known, err := s.row(sqlRowByRef, []any{deskChannel, ref}, &seq)
	if known {
		*c = desk.Change{Ticket: t, From: t.State, Seqs: []int64{seq}, Repeated: true}
	}
	return known, err
}

// claim takes room of an agent's capacity: her row is locked until the commit, so that two
// claims see each other.
func (s *session) claim(c desk.Change, now time.Time) error {
	if c.Claim == "" {
		return nil
	}
	var capacity, load int64
	switch found, err := s.row(sqlHoldAgent, []any{c.Claim}, &capacity); {
	case err != nil:
		return err
	case !found:
		return refuse(fault.Conflict, "没有这位坐席，或者账号已停用")
	}
	if _, err := s.row(sqlLoad, []any{c.Claim, c.Ticket.Number}, &load); err != nil {
		return err
	}
	if load+int64(c.Ticket.Weight()) > capacity {
		return refuse(fault.Conflict, "坐席的会话已满（%d/%d），请先结束一个", load, capacity)
	}
	_, err := s.exec(sqlAssigned, now.UnixMicro(), c.Claim)
	return err
}

// move writes a change whose conversation this transaction has locked, and numbers its rows.
func (s *session) move(c *desk.Change, old int64, rules *desk.Rules) error {
	t := &c.Ticket
	if err := s.speak(c); err != nil {
		return err
	}
	body, err := s.sealTicket(t)
	if err != nil {
		return err
	}
	due, served := int64(0), int64(0)
	if at := t.NextDue(rules); !at.IsZero() {
		due = at.UnixMicro()
	}
	if t.State == desk.Resolved && !t.Accepted.IsZero() && t.Ended.After(t.Accepted) {
		served = t.Ended.Sub(t.Accepted).Microseconds()
	}
	place := int64(0)
	if t.Group != c.FromGroup { // numbered in its new group, behind nobody: see Before
		if place, err = s.count(groupCounter(t.Group)); err != nil {
			return err
		}
	}
	n, err := s.exec(sqlMove, t.Version, string(t.State), t.Group, t.Urgent, body, t.Holder(), t.Weight(), t.Updated.UnixMicro(), due,
		t.State.Open(), t.Last, served, place, t.Number, old)
	if err != nil || n != 1 {
		return orRaced(err)
	}
	if r := t.Rating; r != nil && c.Event.Kind == desk.Rate {
		tags, err := encodeJSON("the tags", r.Tags)
		if err != nil {
			return err
		}
		if _, err := s.exec(sqlAddRating, t.Number, t.Updated.UnixMicro(), t.Last, t.Group, r.Solved, r.Stars, tags); err != nil {
			return err
		}
	}
	_, err = s.exec(sqlAddMove, t.Number, t.Version, t.Updated.UnixMicro(), string(c.Event.Kind), c.Event.Actor, t.Agent, string(c.From), string(t.State), mask.Text(c.Event.Detail()))
	return err
}

// speak adds a change's rows to the conversation and sets who owns it.
func (s *session) speak(c *desk.Change) error {
	t := &c.Ticket
	c.Seqs = nil
	if len(c.Rows) == 0 && c.From.ConversationOwner() == t.State.ConversationOwner() {
		return nil
	}
	var last int64
	if found, err := s.row(sqlSpeak, []any{len(c.Rows), t.State.ConversationOwner(), t.Updated.UnixMicro(), t.Conversation}, &last); err != nil || !found {
		return orRaced(err)
	}
	for i, row := range c.Rows {
		seq := last - int64(len(c.Rows)) + int64(i) + 1
		var channel, ref, data any
		text := clean(row.Text)
		if row.Ref != "" {
			channel, ref = deskChannel, row.Ref
			text = s.keys.SealText(text, linePlace(deskChannel, row.Ref)...)
		}
		if row.Data != nil {
			body, err := encodeJSON("the row", row.Data)
			if err != nil {
				return err
			}
			data = body
		}
		if _, err := s.exec(sqlAddRow, t.Conversation, seq, row.Kind, t.Updated.UnixMicro(), channel, ref, text, row.Author, row.Agent, row.Event, data); err != nil {
			return err
		}
		c.Seqs = append(c.Seqs, seq)
	}
	return nil
}
