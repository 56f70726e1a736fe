package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"shenwei/bot"
	"shenwei/internal/fault"
	"shenwei/kb"
)

// overridesCounter grows with every change of what is set for the moment.
const overridesCounter = "overrides"

// The kinds of override.
const (
	kindTakedown  = "takedown"
	kindNotice    = "notice"
	kindSwitch    = "switch"
	kindPublished = "published"
)

const (
	sqlAddOverride = `INSERT INTO overrides (kind, body, created, ended, ended_by) VALUES ($1, $2, $3, 0, '') RETURNING n`
	sqlEndOverride = `UPDATE overrides SET ended = $1, ended_by = $2 WHERE n = $3 AND kind = $4 AND ended = 0`
	sqlEndAll      = `UPDATE overrides SET ended = $1, ended_by = $2 WHERE kind = $3 AND ended = 0`
	sqlOverrides   = `SELECT n, kind, body FROM overrides WHERE ended = 0 ORDER BY n`
	sqlMoments     = `SELECT COALESCE((SELECT MAX(number) FROM releases), 0), COALESCE((SELECT last FROM counters WHERE name = 'overrides'), 0)`

	sqlLatestQuestions = `SELECT channel, ref, text FROM messages WHERE kind = 'citizen' AND text <> '' AND COALESCE(choice, '') = '' ORDER BY n DESC LIMIT $1`
)

// Moment is the number of the newest release and the version of the overrides: what a node
// asks several times a second to know whether it is up to date.
func (db *DB) Moment(ctx context.Context) (release, overrides int64, err error) {
	_, err = db.get(ctx, sqlMoments, nil, &release, &overrides)
	return release, overrides, err
}

// Overrides reads what is set for the moment; never nil.
func (db *DB) Overrides(ctx context.Context) (*bot.Overrides, error) {
	o := &bot.Overrides{}
	var err error
	if _, o.Version, err = db.Moment(ctx); err != nil { // read first: what comes later is read again
		return nil, err
	}
	err = db.scan(ctx, sqlOverrides, nil, func(r *sql.Rows) error {
		var n int64
		var kind, body string
		if err := r.Scan(&n, &kind, &body); err != nil {
			return err
		}
		var err error
		switch kind {
		case kindTakedown:
			t := bot.Takedown{}
			err = json.Unmarshal([]byte(body), &t)
			t.ID = n
			o.Takedowns = append(o.Takedowns, t)
		case kindNotice:
			t := bot.Notice{}
			err = json.Unmarshal([]byte(body), &t)
			t.ID = n
			o.Notices = append(o.Notices, t)
		case kindSwitch:
			t := bot.Switch{}
			err = json.Unmarshal([]byte(body), &t)
			t.ID = n
			o.Switch = &t
		case kindPublished:
			t := bot.Switch{}
			err = json.Unmarshal([]byte(body), &t)
			t.ID = n
			o.Published = &t
		}
		if err != nil {
			return fault.Wrap(fault.Internal, err, "a stored override cannot be read")
		}
		return nil
	})
	if err == nil {
		o.Dead, err = db.column(ctx, sqlDeadLinks)
	}
	return o, err
}

// AddTakedown hides an item, article or link, and returns its number.
func (db *DB) AddTakedown(ctx context.Context, t bot.Takedown, by kb.Member) (int64, error) {
	return db.addOverride(ctx, kindTakedown, t, by, t.At, false)
}

// AddNotice stores a notice and returns its number.
func (db *DB) AddNotice(ctx context.Context, n bot.Notice, by kb.Member, at time.Time) (int64, error) {
	return db.addOverride(ctx, kindNotice, n, by, at, false)
}

// SetSwitch sends everything to people, or ends that when on is false.
func (db *DB) SetSwitch(ctx context.Context, on bool, sw bot.Switch, by kb.Member) error {
	return db.setSwitch(ctx, kindSwitch, "switch/all_to_people", on, sw, by)
}

// SetPublished has answers said as published, without any model, or ends that when on is false.
func (db *DB) SetPublished(ctx context.Context, on bool, sw bot.Switch, by kb.Member) error {
	return db.setSwitch(ctx, kindPublished, "switch/published_words", on, sw, by)
}

// setSwitch turns one of the switches; turning off what is off changes nothing.
func (db *DB) setSwitch(ctx context.Context, kind, subject string, on bool, sw bot.Switch, by kb.Member) error {
	if on {
		_, err := db.addOverride(ctx, kind, sw, by, sw.At, true)
		return err
	}
	micros := db.micros(sw.At)
	return db.writer.do(ctx, overridesCounter, auditGroup, func(s *session) error {
		n, err := s.exec(sqlEndAll, micros, by.ID, kind)
		if err != nil || n == 0 {
			return err
		}
		if _, err := s.count(overridesCounter); err != nil {
			return err
		}
		return s.log(by, kind+".off", subject, map[string]any{"reason": sw.Reason}, fromMicros(micros))
	})
}

func (db *DB) addOverride(ctx context.Context, kind string, v any, by kb.Member, at time.Time, only bool) (int64, error) {
	body, err := encodeJSON("the "+kind, v)
	if err != nil {
		return 0, err
	}
	body = clean(body)
	micros := db.micros(at)
	var n int64
	err = db.writer.do(ctx, overridesCounter, auditGroup, func(s *session) error {
		if _, err := s.count(overridesCounter); err != nil {
			return err
		}
		if only {
			if _, err := s.exec(sqlEndAll, micros, by.ID, kind); err != nil {
				return err
			}
		}
		if _, err := s.row(sqlAddOverride, []any{kind, body, micros}, &n); err != nil {
			return err
		}
		return s.log(by, kind+".on", fmt.Sprintf("%s/%d", kind, n), map[string]any{"set": json.RawMessage(body)}, fromMicros(micros))
	})
	return n, err
}

// EndTakedown shows again what was taken down; EndNotice ends a notice.
func (db *DB) EndTakedown(ctx context.Context, id int64, by kb.Member, at time.Time) error {
	return db.endOverride(ctx, kindTakedown, id, by, at)
}

// EndNotice ends a notice before its time.
func (db *DB) EndNotice(ctx context.Context, id int64, by kb.Member, at time.Time) error {
	return db.endOverride(ctx, kindNotice, id, by, at)
}

func (db *DB) endOverride(ctx context.Context, kind string, id int64, by kb.Member, at time.Time) error {
	micros := db.micros(at)
	return db.writer.do(ctx, overridesCounter, auditGroup, func(s *session) error {
		n, err := s.exec(sqlEndOverride, micros, by.ID, id, kind)
		switch {
		case err != nil:
			return err
		case n == 0:
			return refuse(fault.NotFound, "没有这一条，可能已经结束；请刷新后再看")
		}
		if _, err := s.count(overridesCounter); err != nil {
			return err
		}
		return s.log(by, kind+".off", fmt.Sprintf("%s/%d", kind, id), nil, fromMicros(micros))
	})
}

// LatestQuestions are citizens' latest lines as they were written, newest first: whoever
// shows them or keeps them masks them before.
func (db *DB) LatestQuestions(ctx context.Context, limit int) ([]string, error) {
	var all []string
	err := db.scan(ctx, sqlLatestQuestions, []any{bounded(limit)}, func(r *sql.Rows) error {
		var channel, ref, text string
		if err := r.Scan(&channel, &ref, &text); err != nil {
			return err
		}
		plain, err := db.keys.OpenText(text, linePlace(channel, ref)...)
		all = append(all, plain)
		return err
	})
	return all, err
}
