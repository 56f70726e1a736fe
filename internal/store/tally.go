package store

import (
	"context"
	"database/sql"
	"time"

	"shenwei/bot/desk"
)

const (
	sqlTallyConversations = `SELECT COUNT(*), COALESCE(SUM(CASE WHEN EXISTS (SELECT 1 FROM handoffs h WHERE h.conversation = c.id) THEN 1 ELSE 0 END), 0)
		FROM conversations c WHERE created >= $1 AND created < $2`
	sqlTallyTickets = `SELECT COUNT(*) FROM handoffs WHERE created >= $1 AND created < $2`
	sqlTallyMoves   = `SELECT event, to_state, COUNT(*) FROM desk_moves WHERE at >= $1 AND at < $2 GROUP BY event, to_state`
	sqlTallyRatings = `SELECT COUNT(*), COALESCE(SUM(stars), 0), COALESCE(SUM(CASE WHEN solved THEN 1 ELSE 0 END), 0) FROM desk_ratings WHERE at >= $1 AND at < $2`
	sqlLatelyMoved  = `SELECT id, channel, owner, seq, updated, state FROM conversations WHERE updated >= $1 ORDER BY updated DESC LIMIT $2`
)

// Tally counts what happened from one time to another.
func (db *DB) Tally(ctx context.Context, from, to time.Time) (desk.Tally, error) {
	var t desk.Tally
	span := []any{from.UnixMicro(), to.UnixMicro()}
	if _, err := db.get(ctx, sqlTallyConversations, span, &t.Conversations, &t.HandedOver); err != nil {
		return t, err
	}
	if _, err := db.get(ctx, sqlTallyTickets, span, &t.Tickets); err != nil {
		return t, err
	}
	if _, err := db.get(ctx, sqlTallyRatings, span, &t.Rated, &t.Stars, &t.Solved); err != nil {
		return t, err
	}
	err := db.scan(ctx, sqlTallyMoves, span, func(r *sql.Rows) error {
		var event desk.Kind
		var to desk.State
		var n int64
		if err := r.Scan(&event, &to, &n); err != nil {
			return err
		}
		switch event {
		case desk.Accept, desk.Take, desk.TakeOver:
			t.Accepted += n
		case desk.Gone, desk.Cancel:
			t.Abandoned += n
		case desk.Form:
			t.Callbacks += n
		case desk.Transfer:
			t.Transfers += n
		case desk.Reopen:
			t.Reopened += n
		case desk.Lost:
			t.Lost += n
		}
		return nil
	})
	return t, err
}

// RecentConversations lists conversations in which something was said since, the last first.
// The index "conversations_updated" carries it.
func (db *DB) RecentConversations(ctx context.Context, since time.Time, limit int) ([]desk.Glance, error) {
	all := []desk.Glance{}
	err := db.scan(ctx, sqlLatelyMoved, []any{since.UnixMicro(), bounded(limit)}, func(r *sql.Rows) error {
		var g desk.Glance
		var updated int64
		var state string
		if err := r.Scan(&g.Conversation, &g.Channel, &g.Owner, &g.Seq, &updated, &state); err != nil {
			return err
		}
		st, err := db.decodeState(g.Conversation, state)
		g.Updated, g.Misses, g.Item = fromMicros(updated), st.Misses, st.Item
		all = append(all, g)
		return err
	})
	return all, err
}
