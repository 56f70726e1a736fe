package store

import (
	"context"
	"database/sql"

	"shenwei/bot"
	"shenwei/internal/fault"
)

const (
	sqlCount = `INSERT INTO counters (name, last) VALUES ($1, 1)
		ON CONFLICT (name) DO UPDATE SET last = counters.last + 1 RETURNING last`
	sqlAddTicket = `INSERT INTO handoffs (number, conversation, seq, grp, place, reason, item, article, summary, urgent, state, created)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'queued', $11) ON CONFLICT (number) DO NOTHING`
	sqlPosition = `SELECT COUNT(*) FROM handoffs WHERE grp = $1 AND place <= $2 AND state = 'queued'`
	sqlTickets  = `SELECT number, conversation, seq, grp, reason, item, article, summary, urgent, state, created
		FROM handoffs WHERE state = 'queued' ORDER BY n LIMIT $1`
)

const stateQueued = "queued"

// checkTicket returns a copy of the outcome's ticket that can be stored.
func (db *DB) checkTicket(o bot.Outcome) (*bot.Ticket, error) {
	t := *o.Ticket
	for _, err := range []error{
		checkName("the ticket's number", t.Number, false), checkName("the ticket's group", t.Group, false),
		checkName("the ticket's reason", t.Reason, true), checkName("the ticket's item", t.Item, true),
		checkName("the ticket's article", t.Article, true), checkLength("the ticket's summary", t.Summary),
	} {
		if err != nil {
			return nil, err
		}
	}
	t.Conversation, t.Summary, t.State = o.Conversation, clean(t.Summary), stateQueued
	if t.Seq == 0 {
		t.Seq = o.Line
	}
	if t.Created.IsZero() {
		t.Created = fromMicros(db.micros(o.At))
	}
	return &t, nil
}

func groupCounter(group string) string { return "group " + group }

// count raises a counter and keeps its row locked until the commit.
func (s *session) count(name string) (int64, error) {
	var n int64
	_, err := s.row(sqlCount, []any{name}, &n)
	return n, err
}

// addTicket queues a ticket and returns its place: 1 is next. What it returns as an error
// undoes the transaction, since the conversation has been written by then.
func addTicket(s *session, t *bot.Ticket) (int, error) {
	// Tickets of one group commit one after the other, so that each counts all before it.
	place, err := s.count(groupCounter(t.Group))
	if err != nil {
		return 0, err
	}
	added, err := s.exec(sqlAddTicket, t.Number, t.Conversation, t.Seq, t.Group, place, t.Reason, t.Item, t.Article,
		s.keys.SealText(t.Summary, summaryPlace(t.Number)...), t.Urgent, t.Created.UnixMicro())
	switch {
	case err != nil:
		return 0, err
	case added == 0:
		return 0, fault.New(fault.Conflict, "the ticket number %s is taken", t.Number)
	}
	var position int
	_, err = s.row(sqlPosition, []any{t.Group, place}, &position)
	return position, err
}

// Tickets lists the handoffs that wait, oldest first.
func (db *DB) Tickets(ctx context.Context, limit int) ([]bot.Ticket, error) {
	var all []bot.Ticket
	err := db.scan(ctx, sqlTickets, []any{bounded(limit)}, func(r *sql.Rows) error {
		var t bot.Ticket
		var created int64
		err := r.Scan(&t.Number, &t.Conversation, &t.Seq, &t.Group, &t.Reason, &t.Item, &t.Article, &t.Summary,
			&t.Urgent, &t.State, &created)
		t.Created = fromMicros(created)
		if err == nil {
			t.Summary, err = db.keys.OpenText(t.Summary, summaryPlace(t.Number)...)
		}
		all = append(all, t)
		return err
	})
	return all, err
}
