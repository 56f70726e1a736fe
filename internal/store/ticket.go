package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"time"

	"shenwei/bot/desk"
	"shenwei/internal/fault"
	"shenwei/internal/vault"
)

const (
	ticketColumns   = `number, conversation, seq, grp, reason, item, article, summary, urgent, state, created, body`
	sqlTicket       = `SELECT ` + ticketColumns + ` FROM handoffs WHERE number = $1`
	sqlTicketOf     = `SELECT ` + ticketColumns + ` FROM handoffs WHERE conversation = $1 ORDER BY n DESC LIMIT 1`
	sqlTicketsOf    = `SELECT ` + ticketColumns + ` FROM handoffs WHERE conversation = $1 ORDER BY n DESC LIMIT $2`
	sqlOpen         = `SELECT ` + ticketColumns + ` FROM handoffs WHERE is_open ORDER BY updated LIMIT $1`
	sqlOpenStamps   = `SELECT number, version FROM handoffs WHERE is_open LIMIT $1`
	sqlTicketsSince = `SELECT number, version FROM handoffs WHERE updated >= $1 ORDER BY updated LIMIT $2`
	sqlDue          = `SELECT ` + ticketColumns + ` FROM handoffs WHERE due > 0 AND due <= $1 ORDER BY due LIMIT $2`
	sqlEnded        = `SELECT ` + ticketColumns + ` FROM handoffs WHERE NOT is_open AND updated >= $1 AND updated < $2 ORDER BY updated DESC LIMIT $3`
	sqlServed       = `SELECT served FROM handoffs WHERE grp = $1 AND served > 0 ORDER BY updated DESC LIMIT $2`

	// sqlHoldConversation changes nothing: it locks the row, so that moves and turns of one
	// conversation happen one after the other, and always in the order conversation, ticket,
	// agent.
	sqlHoldConversation = `UPDATE conversations SET seq = seq WHERE id = (SELECT conversation FROM handoffs WHERE number = $1) RETURNING id`
	sqlHoldAgent        = `UPDATE desk_agents SET capacity = capacity WHERE id = $1 AND NOT disabled RETURNING capacity`
	sqlLoad             = `SELECT COALESCE(SUM(weight), 0) FROM handoffs WHERE holder = $1 AND holder <> '' AND number <> $2` // SQLite takes the index only where the query repeats its condition
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

// ChangedTickets lists the numbers and versions of tickets that changed since, in the order of
// their changes.
func (db *DB) ChangedTickets(ctx context.Context, since time.Time, limit int) ([]desk.Stamp, error) {
	return db.stamps(ctx, sqlTicketsSince, since.UnixMicro(), bounded(limit))
}

// OpenStamps lists the numbers and versions of what the desk has to do.
func (db *DB) OpenStamps(ctx context.Context) ([]desk.Stamp, error) {
	return db.stamps(ctx, sqlOpenStamps, maxLimit)
}

func (db *DB) stamps(ctx context.Context, query string, args ...any) ([]desk.Stamp, error) {
	var all []desk.Stamp
	err := db.scan(ctx, query, args, func(r *sql.Rows) error {
		var st desk.Stamp
		err := r.Scan(&st.Number, &st.Version)
		all = append(all, st)
		return err
	})
	return all, err
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

const (
	sqlHoldByID = `UPDATE conversations SET seq = seq WHERE id = $1 RETURNING channel, seq`
)

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
