package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/oklog/ulid/v2"

	"shenwei/bot"
	"shenwei/bot/desk"
	"shenwei/internal/audit"
	"shenwei/internal/fault"
	"shenwei/internal/mask"
)

// sealTicket is a ticket as it is stored: what agents and the summary say of a citizen is
// sealed with the rest of it.
func (s *session) sealTicket(t *desk.Ticket) (string, error) {
	body, err := encodeJSON("the ticket", t)
	if err != nil {
		return "", err
	}
	return s.keys.SealText(body, ticketPlace(t.Number)...), nil
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
		if e.Kind == desk.Lost {
			if err := s.stillGone(e.Agent, rules, now); err != nil {
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

// knownRow finds an agent's reply that was sent again.
func (s *session) knownRow(t desk.Ticket, ref string, c *desk.Change) (bool, error) {
	var seq int64
	known, err := s.row(sqlRowByRef, []any{deskChannel, ref}, &seq)
	if known {
		*c = desk.Change{Ticket: t, From: t.State, Seqs: []int64{seq}, Repeated: true}
	}
	return known, err
}

// stillGone refuses to take a ticket from an agent who was heard since somebody found her gone.
func (s *session) stillGone(id string, rules *desk.Rules, now time.Time) error {
	a := desk.Agent{ID: id}
	var seen int64
	found, err := s.row(sqlHeard, []any{id}, &a.Disabled, &seen)
	if a.Seen = fromMicros(seen); err != nil || !found || a.Gone(now, rules) {
		return err
	}
	return refuse(fault.Conflict, "坐席又在线了")
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
		if row.Picture != nil {
			if err := s.addPicture(t.Conversation, seq, t.Updated.UnixMicro(), row.Picture); err != nil {
				return err
			}
		}
		c.Seqs = append(c.Seqs, seq)
		if err := s.deliver(t, row, seq); err != nil {
			return err
		}
	}
	return nil
}

// told are the rows of the system that are worth a message on a channel where messages are few.
var told = map[string]bool{"accepted": true, "returned": true, "agent-lost": true, "callback-filed": true}

// deliver puts a row into the outbox where the citizen is on no page of ours.
func (s *session) deliver(t *desk.Ticket, row desk.Row, seq int64) error {
	parcels := s.parcels.Load()
	if parcels == nil || row.Kind != desk.RowAgent && !told[row.Event] {
		return nil
	}
	return s.addOutbox((*parcels)(t.Channel, t.Conversation, fmt.Sprintf("desk/%d", seq), row))
}
