package store

import (
	"context"
	"time"

	"shenwei/internal/fault"
	"shenwei/kb"
)

const (
	sqlReleaseNumber = `SELECT COALESCE(MAX(number), 0) FROM releases`
	sqlAddRelease    = `INSERT INTO releases (number, note, created) VALUES ($1, $2, $3) ON CONFLICT (number) DO NOTHING`
	sqlCopyRelease   = `INSERT INTO release_revisions (release, kind, id, number)
		SELECT CAST($1 AS BIGINT), kind, id, number FROM release_revisions WHERE release = $2`
	sqlPut = `INSERT INTO release_revisions (release, kind, id, number) VALUES ($1, $2, $3, $4)
		ON CONFLICT (release, kind, id) DO UPDATE SET number = excluded.number`
	sqlHasRevision = `SELECT 1 FROM revisions WHERE kind = $1 AND id = $2 AND number = $3`
	sqlUndraft     = `UPDATE revisions SET draft = FALSE WHERE kind = $1 AND id = $2 AND number = $3`
)

// Publish makes the next release on top of release base (0 for the first): its revisions
// with the named ones in their place. They are named by kind, id and number, and may be
// revisions that were published before, which is how a release is rolled back. A base
// that is not the newest release is fault.Conflict.
func (db *DB) Publish(ctx context.Context, base int64, drafts []kb.Revision, note string, at time.Time) (int64, error) {
	named, err := nameRevisions(drafts)
	if err != nil {
		return 0, err
	}
	note = clean(note)
	if err := checkLength("the note", note); err != nil {
		return 0, err
	}
	micros := db.micros(at)
	err = db.writer.do(ctx, archiveKey, "", func(s *session) error {
		if _, err := s.count(archiveKey); err != nil {
			return err
		}
		if err := checkCandidate(s, base, named); err != nil {
			return err
		}
		if n, err := s.exec(sqlAddRelease, base+1, note, micros); err != nil || n == 0 {
			return orRaced(err)
		}
		if _, err := s.exec(sqlCopyRelease, base+1, base); err != nil {
			return err
		}
		for _, r := range named {
			if _, err := s.exec(sqlPut, base+1, string(r.Kind), r.ID, r.Number); err != nil {
				return err
			}
			if _, err := s.exec(sqlUndraft, string(r.Kind), r.ID, r.Number); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	return base + 1, nil
}

func nameRevisions(drafts []kb.Revision) ([]kb.Revision, error) {
	seen := map[string]bool{}
	named := make([]kb.Revision, 0, len(drafts))
	for _, r := range drafts {
		if seen[r.Key()] {
			return nil, fault.New(fault.BadRequest, "%s: named twice", r.Path())
		}
		seen[r.Key()] = true
		named = append(named, kb.Revision{Document: kb.Document{Kind: r.Kind, ID: r.ID}, Number: r.Number})
	}
	return named, nil
}

// checkCandidate refuses before anything but the counter is written.
func checkCandidate(s *session, base int64, named []kb.Revision) error {
	var newest int64
	if _, err := s.row(sqlReleaseNumber, nil, &newest); err != nil {
		return err
	}
	if newest != base {
		return refuse(fault.Conflict, "release %d was published meanwhile; compare with it and run the gate again", newest)
	}
	for _, r := range named {
		var one int
		found, err := s.row(sqlHasRevision, []any{string(r.Kind), r.ID, r.Number}, &one)
		switch {
		case err != nil:
			return err
		case !found:
			return refuse(fault.NotFound, "%s: there is no revision %d", r.Path(), r.Number)
		}
	}
	return nil
}
