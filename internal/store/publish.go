package store

import (
	"context"
	"fmt"

	"shenwei/internal/fault"
	"shenwei/kb"
)

const (
	sqlReleaseNumber = `SELECT COALESCE(MAX(number), 0) FROM releases`
	sqlAddRelease    = `INSERT INTO releases (number, note, created, as_of, info, reader) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (number) DO NOTHING`
	sqlCopyRelease   = `INSERT INTO release_revisions (release, kind, id, number)
		SELECT CAST($1 AS BIGINT), kind, id, number FROM release_revisions WHERE release = $2`
	sqlWasNumber = `SELECT number FROM release_revisions WHERE release = $1 AND kind = $2 AND id = $3`
	sqlPut       = `INSERT INTO release_revisions (release, kind, id, number) VALUES ($1, $2, $3, $4)
		ON CONFLICT (release, kind, id) DO UPDATE SET number = excluded.number`
	sqlRemove      = `DELETE FROM release_revisions WHERE release = $1 AND kind = $2 AND id = $3`
	sqlChanged     = `INSERT INTO release_changes (release, kind, id, was, now) VALUES ($1, $2, $3, $4, $5)`
	sqlHasRevision = `SELECT 1 FROM revisions WHERE kind = $1 AND id = $2 AND number = $3`
	sqlUndraft     = `UPDATE revisions SET draft = FALSE WHERE kind = $1 AND id = $2 AND number = $3`
	sqlOvertaken   = `UPDATE revisions SET dropped = TRUE WHERE kind = $1 AND id = $2 AND number < $3 AND draft`
)

// Publish makes the next release on top of release Base (0 for the first): its revisions
// with the named ones in their place. They are named by kind, id and number, and may be
// revisions that were published before, which is how a release is rolled back. A base
// that is not the newest release is fault.Conflict. Release, change and audit are one
// transaction.
func (db *DB) Publish(ctx context.Context, o kb.Order) (int64, error) {
	p, err := db.prepareOrder(o)
	if err != nil {
		return 0, err
	}
	err = db.writer.do(ctx, archiveKey, auditGroup, p.run)
	if err != nil {
		return 0, err
	}
	return o.Base + 1, nil
}

// publication is an order made ready for the writer.
type publication struct {
	kb.Order
	named      []kb.Revision
	at, asOf   int64
	info, body string
}

func (db *DB) prepareOrder(o kb.Order) (*publication, error) {
	p := &publication{Order: o, at: db.micros(o.At)}
	p.asOf = p.at
	if !o.AsOf.IsZero() {
		p.asOf = o.AsOf.UnixMicro()
	}
	var err error
	if p.named, err = nameRevisions(o); err != nil {
		return nil, err
	}
	p.Note = clean(o.Note)
	if err := checkLength("the note", p.Note); err != nil {
		return nil, err
	}
	if p.info, err = encodeJSON("the release's info", o.Info); err != nil {
		return nil, err
	}
	if o.Change != nil {
		if p.body, err = encodeProposal(*o.Change); err != nil {
			return nil, err
		}
	}
	return p, nil
}

func (p *publication) run(s *session) error {
	if _, err := s.count(archiveKey); err != nil {
		return err
	}
	if err := checkCandidate(s, p.Base, p.named); err != nil {
		return err
	}
	if p.Change != nil {
		if err := setProposal(s, *p.Change, p.body); err != nil {
			return err
		}
	}
	release := p.Base + 1
	if n, err := s.exec(sqlAddRelease, release, p.Note, p.at, p.asOf, clean(p.info), s.reader); err != nil || n == 0 {
		return orRaced(err)
	}
	if _, err := s.exec(sqlCopyRelease, release, p.Base); err != nil {
		return err
	}
	for _, r := range p.named {
		if err := p.put(s, release, r); err != nil {
			return err
		}
	}
	detail := map[string]any{"base": p.Base, "changed": len(p.Put), "removed": len(p.Remove), "way": p.Info.Way}
	if p.Info.Override != "" || p.Info.Alone != "" {
		detail["override"], detail["alone"] = p.Info.Override, p.Info.Alone
	}
	return s.log(p.By, "release.publish", fmt.Sprintf("release/%d", release), detail, fromMicros(p.at))
}

// put places one revision in the release, or takes the document out for number 0.
func (p *publication) put(s *session, release int64, r kb.Revision) error {
	kind := string(r.Kind)
	var was int64
	if _, err := s.row(sqlWasNumber, []any{p.Base, kind, r.ID}, &was); err != nil {
		return err
	}
	if was != r.Number {
		if _, err := s.exec(sqlChanged, release, kind, r.ID, was, r.Number); err != nil {
			return err
		}
	}
	if r.Number == 0 {
		_, err := s.exec(sqlRemove, release, kind, r.ID)
		return err
	}
	if _, err := s.exec(sqlPut, release, kind, r.ID, r.Number); err != nil {
		return err
	}
	if _, err := s.exec(sqlUndraft, kind, r.ID, r.Number); err != nil {
		return err
	}
	_, err := s.exec(sqlOvertaken, kind, r.ID, r.Number)
	return err
}

// nameRevisions lists what an order puts, and as number 0 what it takes out.
func nameRevisions(o kb.Order) ([]kb.Revision, error) {
	seen := map[string]bool{}
	named := make([]kb.Revision, 0, len(o.Put)+len(o.Remove))
	add := func(d kb.Document, number int64) error {
		if seen[d.Key()] {
			return fault.New(fault.BadRequest, "%s: named twice", d.Path())
		}
		seen[d.Key()] = true
		named = append(named, kb.Revision{Document: kb.Document{Kind: d.Kind, ID: d.ID}, Number: number})
		return nil
	}
	for _, r := range o.Put {
		if err := add(r.Document, r.Number); err != nil {
			return nil, err
		}
	}
	for _, key := range o.Remove {
		kind, id := kb.SplitKey(key)
		if err := add(kb.Document{Kind: kind, ID: id}, 0); err != nil {
			return nil, err
		}
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
		return refusal{fault.Wrap(fault.Conflict, kb.ErrMoved, "release %d was published meanwhile; compare with it and run the gate again", newest)}
	}
	for _, r := range named {
		if r.Number == 0 {
			continue
		}
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
