package store

import (
	"context"
	"database/sql"
	"time"

	"shenwei/internal/fault"
	"shenwei/internal/outbox"
)

var _ outbox.Store = (*DB)(nil)

const (
	sqlAddOutbox = `INSERT INTO outbox (kind, lane, key, body, state, due, expires, attempts, doubts, owner, lease, note, created, updated)
		VALUES ($1, $2, $3, $4, 'waiting', $5, $6, 0, 0, '', 0, '', $7, $7) ON CONFLICT (kind, key) DO NOTHING`
	outboxColumns = `n, kind, lane, key, body, state, due, expires, attempts, doubts, note, created, updated`

	sqlOutboxStirs = `SELECT COUNT(*) FROM (SELECT 1 FROM outbox WHERE kind = $1 AND (state = 'waiting' AND due <= $2 OR state = 'sending' AND lease < $2) LIMIT 1) x`
	sqlOutboxLost  = `SELECT ` + outboxColumns + ` FROM outbox WHERE kind = $1 AND state = 'sending' AND lease < $2 ORDER BY n LIMIT $3`
	sqlOutboxDue   = `SELECT ` + outboxColumns + ` FROM outbox o WHERE kind = $1 AND state = 'waiting' AND due <= $2
		AND NOT EXISTS (SELECT 1 FROM outbox e WHERE e.lane = o.lane AND e.n < o.n AND e.state IN ('waiting', 'sending', 'held'))
		ORDER BY due, n LIMIT $3`
	sqlOutboxFound   = `UPDATE outbox SET state = $1, due = $2, doubts = doubts + $3, note = $4, owner = '', updated = $5 WHERE n = $6 AND state = 'sending' AND lease < $7`
	sqlOutboxClaim   = `UPDATE outbox SET state = 'sending', owner = $1, lease = $2, attempts = attempts + 1, updated = $3 WHERE n = $4 AND state = 'waiting' RETURNING body`
	sqlOutboxEnd     = `UPDATE outbox SET state = $1, due = $2, doubts = doubts + $3, note = $4, owner = '', updated = $5 WHERE n = $6 AND state = 'sending' AND owner = $7 AND attempts = $8`
	sqlReleaseOutbox = `UPDATE outbox SET lease = 0 WHERE state = 'sending' AND owner = $1`
	sqlReleaseLane   = `UPDATE outbox SET state = 'waiting', due = $1, updated = $1 WHERE lane = $2 AND state = 'held'`
	sqlDropLane      = `UPDATE outbox SET state = 'failed', note = $1, updated = $2 WHERE lane = $3 AND state IN ('waiting', 'held')`
	sqlOutboxLane    = `SELECT ` + outboxColumns + ` FROM outbox WHERE lane = $1 AND (state IN ('waiting', 'sending', 'held') OR state IN ('failed', 'unknown') AND updated > $2) ORDER BY n LIMIT $3`
	sqlPruneOutbox   = `DELETE FROM outbox WHERE updated < $1 AND state IN ('sent', 'failed', 'unknown')`
)

// AddOutbox stores what is to be delivered; an entry of a known kind and key changes nothing.
// Entries for one lane stand in the order given.
func (db *DB) AddOutbox(ctx context.Context, entries ...outbox.Entry) error {
	if err := checkEntries(entries); err != nil || len(entries) == 0 {
		return err
	}
	return db.writer.do(ctx, entries[0].Lane, "", func(s *session) error { return s.addOutbox(entries) })
}

func checkEntries(entries []outbox.Entry) error {
	for _, e := range entries {
		for _, err := range []error{
			checkName("the entry's kind", e.Kind, false), checkName("the entry's lane", e.Lane, false),
			checkName("the entry's key", e.Key, false), checkLength("the entry", string(e.Body)),
		} {
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// addOutbox stores what is to be delivered in the transaction that decides it.
func (s *session) addOutbox(entries []outbox.Entry) error {
	now := s.now()
	for _, e := range entries {
		if e.Join != nil {
			if joined, err := s.joinOutbox(&e, now); joined || err != nil {
				if err != nil {
					return err
				}
				continue
			}
		}
		expires := int64(0)
		if !e.Expires.IsZero() {
			expires = e.Expires.UnixMicro()
		}
		body := s.keys.SealText(string(e.Body), outboxPlace(e.Kind, e.Key)...)
		if _, err := s.exec(sqlAddOutbox, e.Kind, e.Lane, e.Key, body, s.micros(e.Due), expires, now.UnixMicro()); err != nil {
			return err
		}
	}
	return nil
}

// ClaimOutbox takes due rows of a kind until the lease ends: see outbox.Store.
func (db *DB) ClaimOutbox(ctx context.Context, kind, owner string, lease time.Duration, n int, lost func(outbox.Row, time.Time) outbox.Verdict) ([]outbox.Row, error) {
	var stirs int
	if _, err := db.get(ctx, sqlOutboxStirs, []any{kind, db.now().UnixMicro()}, &stirs); err != nil || stirs == 0 {
		return nil, err
	}
	var claimed []outbox.Row
	err := db.writer.do(ctx, "outbox "+kind, "", func(s *session) error {
		claimed = nil
		now, err := s.moment()
		if err != nil {
			return err
		}
		stale, err := db.outboxRows(s, sqlOutboxLost, kind, now.UnixMicro(), n)
		if err != nil {
			return err
		}
		for _, r := range stale {
			v := lost(r, now)
			if _, err := s.exec(sqlOutboxFound, string(v.State), dueOf(v, now), doubtOf(v), v.Note, now.UnixMicro(), r.ID, now.UnixMicro()); err != nil {
				return err
			}
		}
		due, err := db.outboxRows(s, sqlOutboxDue, kind, now.UnixMicro(), n)
		if err != nil {
			return err
		}
		for _, r := range due {
			var body string // as it is now: something may have been joined to it since it was read
			taken, err := s.row(sqlOutboxClaim, []any{owner, now.Add(lease).UnixMicro(), now.UnixMicro(), r.ID}, &body)
			if err != nil {
				return err
			}
			if !taken { // another process took it
				continue
			}
			if body, err = s.keys.OpenText(body, outboxPlace(r.Kind, r.Key)...); err != nil {
				return err
			}
			r.Body, r.State, r.Attempts = []byte(body), outbox.Sending, r.Attempts+1
			claimed = append(claimed, r)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return claimed, nil
}

func dueOf(v outbox.Verdict, now time.Time) int64 {
	if v.Due.IsZero() {
		return now.UnixMicro()
	}
	return v.Due.UnixMicro()
}

func doubtOf(v outbox.Verdict) int {
	if v.Doubt {
		return 1
	}
	return 0
}

// SettleOutbox ends an owner's claim: see outbox.Store.
func (db *DB) SettleOutbox(ctx context.Context, r outbox.Row, owner string, v outbox.Verdict) error {
	now := db.now()
	return db.writer.do(ctx, "outbox", "", func(s *session) error {
		n, err := s.exec(sqlOutboxEnd, string(v.State), dueOf(v, now), doubtOf(v), clean(v.Note), now.UnixMicro(), r.ID, owner, r.Attempts)
		if err == nil && n == 0 {
			return refuse(fault.Conflict, "the row is not this process's any more")
		}
		return err
	})
}

// ReleaseOutbox ends the leases of an owner: see outbox.Store.
func (db *DB) ReleaseOutbox(ctx context.Context, owner string) error {
	return db.writer.do(ctx, "outbox", "", func(s *session) error {
		_, err := s.exec(sqlReleaseOutbox, owner)
		return err
	})
}

// ReleaseLane has what was held in a lane sent now.
func (db *DB) ReleaseLane(ctx context.Context, lane string) error {
	return db.writer.do(ctx, lane, "", func(s *session) error {
		_, err := s.exec(sqlReleaseLane, db.now().UnixMicro(), lane)
		return err
	})
}

// givenUp is how long rows that were given up are listed.
const givenUp = 24 * time.Hour

// Outbox lists what of a lane is not sent, oldest first, and what was given up in the last day.
func (db *DB) Outbox(ctx context.Context, lane string) ([]outbox.Row, error) {
	var all []outbox.Row
	err := db.scan(ctx, sqlOutboxLane, []any{lane, db.now().Add(-givenUp).UnixMicro(), maxLimit}, func(r *sql.Rows) error {
		row, err := db.scanOutbox(r)
		all = append(all, row)
		return err
	})
	return all, err
}

func (db *DB) outboxRows(s *session, query, kind string, now int64, n int) ([]outbox.Row, error) {
	var all []outbox.Row
	err := s.rows(query, []any{kind, now, n}, func(r *sql.Rows) error {
		row, err := db.scanOutbox(r)
		all = append(all, row)
		return err
	})
	return all, err
}

func (db *DB) scanOutbox(r *sql.Rows) (outbox.Row, error) {
	var o outbox.Row
	var body string
	var due, expires, created, updated int64
	err := r.Scan(&o.ID, &o.Kind, &o.Lane, &o.Key, &body, &o.State, &due, &expires, &o.Attempts, &o.Doubts, &o.Note, &created, &updated)
	o.Due, o.Created, o.Updated = fromMicros(due), fromMicros(created), fromMicros(updated)
	if expires > 0 {
		o.Expires = fromMicros(expires)
	}
	if err == nil {
		body, err = db.keys.OpenText(body, outboxPlace(o.Kind, o.Key)...)
		o.Body = []byte(body)
	}
	return o, err
}
