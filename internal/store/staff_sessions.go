package store

import (
	"context"
	"database/sql"
	"time"

	"shenwei/internal/audit"
	"shenwei/internal/fault"
	"shenwei/web/auth"
)

const (
	sqlAddSession = `INSERT INTO staff_sessions (hash, id, staff, epoch, stage, csrf, pending, created, seen)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`
	sqlDropSession = `DELETE FROM staff_sessions WHERE hash = $1`
	sqlSession     = `SELECT id, staff, epoch, stage, csrf, pending, created, seen FROM staff_sessions WHERE hash = $1`
	sqlTouch       = `UPDATE staff_sessions SET seen = $1 WHERE id = $2 AND seen < $1`
	sqlSetPending  = `UPDATE staff_sessions SET pending = $1 WHERE id = $2`
	sqlEndSession  = `DELETE FROM staff_sessions WHERE id = $1`
	sqlLive        = `SELECT x.id FROM staff_sessions x JOIN staff a ON a.id = x.staff AND a.epoch = x.epoch AND NOT a.disabled
		WHERE x.stage = 'full' AND x.created > $1 AND x.seen > $2 AND x.id IN (SELECT value FROM {{list $3}})`

	sqlFailures   = `SELECT count, last, until FROM staff_failures WHERE key = $1`
	sqlSetFailure = `INSERT INTO staff_failures (key, count, last, until) VALUES ($1, $2, $3, $4)
		ON CONFLICT (key) DO UPDATE SET count = excluded.count, last = excluded.last, until = excluded.until`
	sqlForgiveOne = `UPDATE staff_failures SET count = count - 1, until = 0 WHERE key = $1 AND count > 0`
	sqlForget     = `DELETE FROM staff_failures WHERE key = $1`
)

func pendingPlace(id string) []string { return []string{"staff_sessions", "pending", id} }

// BeginSession begins a session in place of another: see auth.Sessions.
func (db *DB) BeginSession(ctx context.Context, x auth.Session, old []byte, e audit.Entry, change func(*auth.Account) error) (auth.Account, error) {
	pending, err := db.seal(x.Pending, pendingPlace(x.ID)...)
	if err != nil {
		return auth.Account{}, err
	}
	var sealed any
	if pending != nil {
		sealed = pending
	}
	var a auth.Account
	err = db.lockStaff(ctx, func(s *session) (err error) {
		if a, err = db.readStaff(s, x.Staff); err != nil {
			return err
		}
		before := a
		if err := change(&a); err != nil {
			return refusal{err}
		}
		if err := db.writeStaff(s, before, a); err != nil {
			return err
		}
		if old != nil {
			if _, err := s.exec(sqlDropSession, old); err != nil {
				return err
			}
		}
		if _, err := s.exec(sqlAddSession, x.Hash, x.ID, x.Staff, a.Epoch, x.Stage, x.CSRF, sealed, x.Created.UnixMicro(), x.Seen.UnixMicro()); err != nil {
			return err
		}
		return appendAudit(s, e)
	})
	return a, err
}

// OpenSession reads a session with its account: see auth.Sessions.
func (db *DB) OpenSession(ctx context.Context, hash []byte) (auth.Session, auth.Account, error) {
	x := auth.Session{Hash: hash}
	found := false
	var pending []byte
	err := db.scan(ctx, sqlSession, []any{hash}, func(r *sql.Rows) error {
		found = true
		var created, seen int64
		err := r.Scan(&x.ID, &x.Staff, &x.Epoch, &x.Stage, &x.CSRF, &pending, &created, &seen)
		x.Created, x.Seen = fromMicros(created), fromMicros(seen)
		return err
	})
	switch {
	case err != nil:
		return x, auth.Account{}, err
	case !found:
		return x, auth.Account{}, fault.New(fault.NotFound, "there is no such session")
	}
	if pending != nil {
		if x.Pending, err = db.secret(pending, pendingPlace(x.ID)...); err != nil {
			return x, auth.Account{}, err
		}
	}
	a, err := db.Account(ctx, x.Staff)
	return x, a, err
}

// TouchSession notes that a session was used: see auth.Sessions.
func (db *DB) TouchSession(ctx context.Context, id string, seen time.Time) error {
	return db.writer.do(ctx, "session "+id, "", func(s *session) error {
		_, err := s.exec(sqlTouch, seen.UnixMicro(), id)
		return err
	})
}

// SetPending keeps the secret of a second factor that is being set up: see auth.Sessions.
func (db *DB) SetPending(ctx context.Context, id, secret string) error {
	sealed, err := db.seal(secret, pendingPlace(id)...)
	if err != nil {
		return err
	}
	return db.writer.do(ctx, "session "+id, "", func(s *session) error {
		_, err := s.exec(sqlSetPending, sealed, id)
		return err
	})
}

// EndSession ends a session: see auth.Sessions.
func (db *DB) EndSession(ctx context.Context, id string, e audit.Entry) error {
	return db.lockStaff(ctx, func(s *session) error {
		n, err := s.exec(sqlEndSession, id)
		if err != nil || n == 0 {
			return err
		}
		return appendAudit(s, e)
	})
}

// LiveSessions returns which sessions are alive: see auth.Sessions.
func (db *DB) LiveSessions(ctx context.Context, ids []string, begun, used time.Time) ([]string, error) {
	list, err := encodeJSON("the sessions", ids)
	if err != nil {
		return nil, err
	}
	return db.column(ctx, db.dialect.on(sqlLive), begun.UnixMicro(), used.UnixMicro(), list)
}

// failureLife is how long failures are remembered after the last one.
const failureLife = 24 * time.Hour

// Attempt counts an attempt to sign in: see auth.Failures. It locks as accounts do, so that
// attempts at once on several nodes are counted one after the other.
func (db *DB) Attempt(ctx context.Context, keys []string, at time.Time, lock func(key string, count int) time.Duration) (time.Time, error) {
	var until time.Time
	now := at.UnixMicro()
	err := db.lockFailures(ctx, func(s *session) error {
		until = time.Time{}
		counts := make([]int, len(keys))
		for i, key := range keys {
			var last, locked int64
			if _, err := s.row(sqlFailures, []any{key}, &counts[i], &last, &locked); err != nil {
				return err
			}
			if now-last > failureLife.Microseconds() {
				counts[i] = 0
			}
			if locked > now && fromMicros(locked).After(until) {
				until = fromMicros(locked)
			}
		}
		if !until.IsZero() {
			return nil
		}
		for i, key := range keys {
			n := counts[i] + 1
			locked := int64(0)
			if d := lock(key, n); d > 0 {
				locked = at.Add(d).UnixMicro()
			}
			if _, err := s.exec(sqlSetFailure, key, n, now, locked); err != nil {
				return err
			}
		}
		return nil
	})
	return until, err
}

// Forgive takes attempts back: see auth.Failures.
func (db *DB) Forgive(ctx context.Context, keys, clear []string) error {
	return db.lockFailures(ctx, func(s *session) error {
		for _, key := range keys {
			if _, err := s.exec(sqlForgiveOne, key); err != nil {
				return err
			}
		}
		for _, key := range clear {
			if _, err := s.exec(sqlForget, key); err != nil {
				return err
			}
		}
		return nil
	})
}

func (db *DB) lockFailures(ctx context.Context, run func(*session) error) error {
	return db.writer.do(ctx, "failures", "", func(s *session) error {
		if _, err := s.count("failures"); err != nil {
			return err
		}
		return run(s)
	})
}
