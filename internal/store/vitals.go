package store

import (
	"context"
	"database/sql"
	"time"

	"shenwei/bot"
)

// Vitals are how the record stands: what waits, what is overdue, what gave up. Every node sees
// the same.
type Vitals struct {
	// Now is the database's time.
	Now time.Time
	// Release is the newest one, Released when it was made.
	Release  int64
	Released time.Time
	Outbox   []OutboxCount
	// Jobs are due and not done, JobsSince is since when the oldest is; zero for none.
	Jobs      int
	JobsSince time.Time
	// Behind are the replies that are not counted for the editors yet, BehindSince the time of the
	// oldest.
	Behind      int64
	BehindSince time.Time
	// Links are the addresses behind buttons by how they answered; LinksOldest is when the one
	// was asked that nobody has asked for the longest.
	Links       map[bot.LinkState]int
	LinksOldest time.Time
	// Sessions are those of staff that were used in the last half hour.
	Sessions int
}

// OutboxCount is what stands in the outbox of one kind and state. Rows that were given up count
// for a day, among the last 20,000.
type OutboxCount struct {
	Kind, State string
	Rows        int
	// Oldest is when the oldest of them was due; zero where that does not matter.
	Oldest time.Time
}

const (
	sqlVitalRelease = `SELECT {{now}}, COALESCE(MAX(number), 0), COALESCE(MAX(created), 0) FROM releases`
	sqlVitalOutbox  = `SELECT kind, state, COUNT(*), MIN(due) FROM outbox WHERE state IN ('waiting', 'sending', 'held') GROUP BY kind, state`
	sqlVitalGivenUp = `SELECT kind, state, COUNT(*), 0 FROM outbox WHERE n > (SELECT COALESCE(MAX(n), 0) FROM outbox) - 20000
		AND state IN ('failed', 'unknown') AND updated > $1 GROUP BY kind, state`
	sqlVitalJobs = `SELECT COUNT(*), COALESCE(MIN(due), 0) FROM jobs WHERE state = 'waiting' AND due <= {{now}} OR state = 'running' AND lease <= {{now}}`
	// The replies after the follower's place: at most a thousand are counted.
	sqlVitalBehind = `SELECT COUNT(*), COALESCE(MIN(at), 0) FROM (SELECT at FROM messages WHERE kind = 'reply'
		AND n > (SELECT turns FROM insight_cursor WHERE id = 1) ORDER BY n LIMIT 1000) x`
	sqlVitalLinks    = `SELECT state, COUNT(*), MIN(checked) FROM link_health GROUP BY state`
	sqlVitalSessions = `SELECT COUNT(*) FROM staff_sessions WHERE seen > $1`
)

// usedLately is how long after its last use a session counts.
const usedLately = 30 * time.Minute

// Vitals reads them. It is meant for every few seconds, not for each request.
func (db *DB) Vitals(ctx context.Context) (Vitals, error) {
	v := Vitals{Links: map[bot.LinkState]int{}}
	for _, read := range []func(context.Context, *Vitals) error{db.vitalRelease, db.vitalOutbox, db.vitalWork, db.vitalLinks} {
		if err := read(ctx, &v); err != nil {
			return v, err
		}
	}
	return v, nil
}

func (db *DB) vitalRelease(ctx context.Context, v *Vitals) error {
	var now, created int64
	_, err := db.get(ctx, db.dialect.on(sqlVitalRelease), nil, &now, &v.Release, &created)
	v.Now, v.Released = fromMicros(now), fromMicros(created)
	return err
}

func (db *DB) vitalOutbox(ctx context.Context, v *Vitals) error {
	take := func(r *sql.Rows) error {
		var c OutboxCount
		var due int64
		err := r.Scan(&c.Kind, &c.State, &c.Rows, &due)
		if due > 0 {
			c.Oldest = fromMicros(due)
		}
		v.Outbox = append(v.Outbox, c)
		return err
	}
	if err := db.scan(ctx, sqlVitalOutbox, nil, take); err != nil {
		return err
	}
	return db.scan(ctx, sqlVitalGivenUp, []any{v.Now.Add(-givenUp).UnixMicro()}, take)
}

func (db *DB) vitalWork(ctx context.Context, v *Vitals) error {
	var due, at int64
	if _, err := db.get(ctx, db.dialect.on(sqlVitalJobs), nil, &v.Jobs, &due); err != nil {
		return err
	}
	if _, err := db.get(ctx, sqlVitalBehind, nil, &v.Behind, &at); err != nil {
		return err
	}
	if due > 0 {
		v.JobsSince = fromMicros(due)
	}
	if at > 0 {
		v.BehindSince = fromMicros(at)
	}
	_, err := db.get(ctx, sqlVitalSessions, []any{v.Now.Add(-usedLately).UnixMicro()}, &v.Sessions)
	return err
}

func (db *DB) vitalLinks(ctx context.Context, v *Vitals) error {
	return db.scan(ctx, sqlVitalLinks, nil, func(r *sql.Rows) error {
		var state bot.LinkState
		var n int
		var checked int64
		err := r.Scan(&state, &n, &checked)
		v.Links[state] = n
		if at := fromMicros(checked); v.LinksOldest.IsZero() || at.Before(v.LinksOldest) {
			v.LinksOldest = at
		}
		return err
	})
}
