package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"math"

	"shenwei/internal/fault"
	"shenwei/kb"
)

const (
	sqlReleases = `SELECT number, note, created, as_of, info FROM releases WHERE number < $1 ORDER BY number DESC LIMIT $2`
	sqlSteps    = `SELECT release, kind, id, was, now FROM release_changes WHERE release >= $1 AND release <= $2 ORDER BY release, kind, id`
	sqlReader   = `SELECT reader FROM releases WHERE number = $1`
	sqlSetInfo  = `UPDATE releases SET info = $1 WHERE number = $2 AND info = $3`
)

// Releases lists what was published, newest first, with what each changed.
func (db *DB) Releases(ctx context.Context, before int64, limit int) ([]kb.Issue, error) {
	if before <= 0 {
		before = math.MaxInt64
	}
	var all []kb.Issue
	at := map[int64]int{}
	err := db.scan(ctx, sqlReleases, []any{before, bounded(limit)}, func(r *sql.Rows) error {
		var i kb.Issue
		var created, asOf int64
		var info string
		if err := r.Scan(&i.Number, &i.Note, &created, &asOf, &info); err != nil {
			return err
		}
		i.Created, i.AsOf = fromMicros(created), fromMicros(asOf)
		at[i.Number] = len(all)
		all = append(all, i)
		return decodeInfo(info, &all[len(all)-1].Info)
	})
	if err != nil || len(all) == 0 {
		return nil, err
	}
	err = db.scan(ctx, sqlSteps, []any{all[len(all)-1].Number, all[0].Number}, func(r *sql.Rows) error {
		var release int64
		var d kb.Document
		var step kb.Step
		err := r.Scan(&release, &d.Kind, &d.ID, &step.From, &step.To)
		step.Key = d.Key()
		if i, ok := at[release]; ok {
			all[i].Changes = append(all[i].Changes, step)
		}
		return err
	})
	return all, err
}

// ReaderOf is the dictionary's fingerprint of the program that made a release, "" for one that did
// not say or is not there.
func (db *DB) ReaderOf(ctx context.Context, number int64) (string, error) {
	var reader string
	_, err := db.get(ctx, sqlReader, []any{number}, &reader)
	return reader, err
}

func decodeInfo(body string, info *kb.ReleaseInfo) error {
	if err := json.Unmarshal([]byte(body), info); err != nil {
		return fault.Wrap(fault.Internal, err, "a stored release cannot be read")
	}
	return nil
}

// SetReleaseInfo replaces what is kept with a release if it is still as was.
func (db *DB) SetReleaseInfo(ctx context.Context, number int64, was, info kb.ReleaseInfo, action string, by kb.Member) error {
	before, err := encodeJSON("the release's info", was)
	if err != nil {
		return err
	}
	after, err := encodeJSON("the release's info", info)
	if err != nil {
		return err
	}
	return db.writer.do(ctx, archiveKey, auditGroup, func(s *session) error {
		n, err := s.exec(sqlSetInfo, clean(after), number, clean(before))
		switch {
		case err != nil:
			return err
		case n == 0:
			return refuse(fault.Conflict, "这一版的记录刚被别人改过，请刷新后再试")
		}
		return s.log(by, action, fmt.Sprintf("release/%d", number), nil, s.now())
	})
}
