package store

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"time"

	"shenwei/internal/fault"
	"shenwei/internal/jobs"
)

var _ jobs.Store = (*DB)(nil)

// What is due is judged by the database's clock, {{now}}: nodes whose clocks differ agree on
// who holds a job.
const (
	sqlAddJob = `INSERT INTO jobs (kind, ref, payload, state, due, lease, holder, tries, error, created, updated)
		VALUES ($1, $2, $3, 'waiting', $4, 0, '', 0, '', {{now}}, {{now}}) ON CONFLICT (kind, ref) DO NOTHING`
	sqlClaimJob = `UPDATE jobs SET state = 'running', holder = $1, lease = {{now}} + CAST($2 AS BIGINT), tries = tries + 1, updated = {{now}}
		WHERE (kind, ref) IN (SELECT kind, ref FROM jobs WHERE kind IN (SELECT value FROM {{list $3}})
			AND (state = 'waiting' AND due <= {{now}} OR state = 'running' AND lease <= {{now}}) ORDER BY due LIMIT 1{{skip}})
		RETURNING kind, ref, payload, due, tries`
	sqlJobDue = `SELECT kind FROM jobs WHERE kind IN (SELECT value FROM {{list $1}})
		AND (state = 'waiting' AND due <= {{now}} OR state = 'running' AND lease <= {{now}}) LIMIT 1`
	sqlExtendJob = `UPDATE jobs SET lease = {{now}} + CAST($1 AS BIGINT) WHERE kind = $2 AND ref = $3 AND state = 'running' AND holder = $4 AND tries = $5`
	sqlEndJob    = `UPDATE jobs SET state = CASE WHEN CAST($1 AS BIGINT) > 0 THEN 'waiting' ELSE 'done' END, due = {{now}} + $1, lease = 0, holder = '',
		tries = CASE WHEN CAST($2 AS TEXT) = '' THEN 0 ELSE tries END, error = $2, updated = {{now}}
		WHERE kind = $3 AND ref = $4 AND state = 'running' AND holder = $5 AND tries = $6`
	sqlReleaseJobs = `UPDATE jobs SET state = 'waiting', due = {{now}}, lease = 0, holder = '', updated = {{now}}
		WHERE state = 'running' AND holder IN (SELECT value FROM {{list $1}})`
	sqlCancelJob = `DELETE FROM jobs WHERE kind = $1 AND ref = $2 AND state = 'waiting'`
	sqlDropJobs  = `DELETE FROM jobs WHERE (kind, ref) IN (SELECT kind, ref FROM jobs WHERE state = 'done' AND updated < $1 LIMIT $2)`
)

var listMark = regexp.MustCompile(`\{\{list (\$\d+)\}\}`)

// on fills in how the database says it.
func (d *dialect) on(query string) string {
	query = strings.NewReplacer("{{now}}", d.clock, "{{skip}}", d.skip).Replace(query)
	return listMark.ReplaceAllStringFunc(query, func(mark string) string {
		return fmt.Sprintf(d.list, listMark.FindStringSubmatch(mark)[1])
	})
}

// ScheduleJob adds a job unless one of its kind and ref is there: see jobs.Store.
func (db *DB) ScheduleJob(ctx context.Context, j jobs.Job) error {
	return db.writer.do(ctx, "job "+j.Kind, "", func(s *session) error { return addJob(s, j) })
}

// addJob schedules j in the transaction of what asks for it.
func addJob(s *session, j jobs.Job) error {
	if err := checkName("a job's kind", j.Kind, false); err != nil {
		return err
	}
	if err := checkName("a job's ref", j.Ref, false); err != nil {
		return err
	}
	if len(j.Payload) > jobs.MaxPayload {
		return fault.New(fault.BadRequest, "a job's payload has %d bytes; at most %d are allowed", len(j.Payload), jobs.MaxPayload)
	}
	due := int64(0)
	if !j.Due.IsZero() {
		due = j.Due.UnixMicro()
	}
	_, err := s.exec(s.dialect.on(sqlAddJob), j.Kind, j.Ref, clean(j.Payload), due)
	return err
}

// ReleaseJobs makes what these holders have due for others now: see jobs.Store.
func (db *DB) ReleaseJobs(ctx context.Context, holders []string) error {
	list, err := encodeJSON("the list", inOrder(holders))
	if err != nil {
		return err
	}
	return db.writer.do(ctx, "jobs", "", func(s *session) error {
		_, err := s.exec(s.dialect.on(sqlReleaseJobs), list)
		return err
	})
}

// CancelJob takes back a job that nobody has begun, and reports whether it did.
func (db *DB) CancelJob(ctx context.Context, kind, ref string) (bool, error) {
	var gone bool
	err := db.writer.do(ctx, "job "+kind, "", func(s *session) (err error) {
		gone, err = cancelJob(s, kind, ref)
		return err
	})
	return gone && err == nil, err
}

func cancelJob(s *session, kind, ref string) (bool, error) {
	n, err := s.exec(sqlCancelJob, kind, ref)
	return n > 0, err
}

// ClaimJob takes the job of the kinds that is due for the longest time: see jobs.Store.
func (db *DB) ClaimJob(ctx context.Context, holder string, kinds []string, lease time.Duration) (*jobs.Job, error) {
	if len(kinds) == 0 {
		return nil, nil
	}
	list, err := encodeJSON("the kinds", kinds)
	if err != nil {
		return nil, err
	}
	// To look for work must not cost a commit.
	if due, err := db.column(ctx, db.dialect.on(sqlJobDue), list); err != nil || len(due) == 0 {
		return nil, err
	}
	var j jobs.Job
	var found bool
	err = db.writer.do(ctx, "job", "", func(s *session) error {
		var due int64
		var err error
		j = jobs.Job{}
		found, err = s.row(s.dialect.on(sqlClaimJob), []any{holder, lease.Microseconds(), list}, &j.Kind, &j.Ref, &j.Payload, &due, &j.Tries)
		j.Due = fromMicros(due)
		return err
	})
	if err != nil || !found {
		return nil, err
	}
	return &j, nil
}

// ExtendJob makes a lease last longer: see jobs.Store.
func (db *DB) ExtendJob(ctx context.Context, holder string, j jobs.Job, lease time.Duration) error {
	return db.holding(ctx, j, func(s *session) (int64, error) {
		return s.exec(s.dialect.on(sqlExtendJob), lease.Microseconds(), j.Kind, j.Ref, holder, j.Tries)
	})
}

// EndJob gives a job back: see jobs.Store.
func (db *DB) EndJob(ctx context.Context, holder string, j jobs.Job, again time.Duration, reason string) error {
	if again > 0 && again < time.Microsecond {
		again = time.Microsecond
	}
	return db.holding(ctx, j, func(s *session) (int64, error) {
		return s.exec(s.dialect.on(sqlEndJob), again.Microseconds(), clean(reason), j.Kind, j.Ref, holder, j.Tries)
	})
}

func (db *DB) holding(ctx context.Context, j jobs.Job, write func(*session) (int64, error)) error {
	return db.writer.do(ctx, "job "+j.Kind, "", func(s *session) error {
		n, err := write(s)
		if err == nil && n == 0 {
			return refuse(fault.Conflict, "the job %s/%s has another holder", j.Kind, j.Ref)
		}
		return err
	})
}
