package store

import (
	"cmp"
	"context"
	"database/sql"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"shenwei/internal/fault"
	"shenwei/kb"
)

const (
	sqlNewestRelease = `SELECT number, note, created FROM releases ORDER BY number DESC LIMIT 1`
	sqlReleased      = `SELECT r.kind, r.id, r.number, r.body, r.base, r.origin, r.draft, r.created
		FROM release_revisions x JOIN revisions r ON r.kind = x.kind AND r.id = x.id AND r.number = x.number
		WHERE x.release = $1`
	sqlNewestRevisions = `SELECT r.kind, r.id, r.number, r.hash, COALESCE(x.number, 0) FROM revisions r
		LEFT JOIN release_revisions x ON x.kind = r.kind AND x.id = r.id AND x.release = (SELECT MAX(number) FROM releases)
		WHERE r.number = (SELECT MAX(number) FROM revisions m WHERE m.kind = r.kind AND m.id = r.id)`
	sqlAddRevision = `INSERT INTO revisions (kind, id, number, body, hash, base, origin, draft, created)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (kind, id, number) DO NOTHING`
	sqlDrafts = `SELECT r.kind, r.id, r.number, r.body, r.base, r.origin, r.draft, r.created FROM revisions r
		LEFT JOIN release_revisions x ON x.kind = r.kind AND x.id = r.id AND x.release = (SELECT MAX(number) FROM releases)
		WHERE r.draft AND r.number > COALESCE(x.number, 0)
		AND r.number = (SELECT MAX(number) FROM revisions m WHERE m.draft AND m.kind = r.kind AND m.id = r.id)`
	sqlSeeds   = `SELECT key, hash FROM seeds`
	sqlSetSeed = `INSERT INTO seeds (key, hash) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET hash = excluded.hash`
)

// archiveKey sends everything that changes knowledge to one writer, and is the counter that
// makes it happen one after the other on all nodes.
const archiveKey = "archive"

// Current returns the newest release with its revisions in the order of their paths, nil
// when nothing was published yet.
func (db *DB) Current(ctx context.Context) (*kb.Release, error) {
	var r kb.Release
	var created int64
	found, err := db.get(ctx, sqlNewestRelease, nil, &r.Number, &r.Note, &created)
	if err != nil || !found {
		return nil, err
	}
	r.Created = fromMicros(created)
	r.Revisions, err = db.revisions(ctx, sqlReleased, r.Number)
	if err != nil {
		return nil, err
	}
	return &r, nil
}

// CurrentNumber is the number of the newest release, 0 when nothing was published yet. It
// is cheap enough to be asked several times a second.
func (db *DB) CurrentNumber(ctx context.Context) (int64, error) {
	var number, created int64
	var note string
	_, err := db.get(ctx, sqlNewestRelease, nil, &number, &note, &created)
	return number, err
}

// Drafts lists the newest draft of every key that has one newer than its published revision.
func (db *DB) Drafts(ctx context.Context) ([]kb.Revision, error) {
	return db.revisions(ctx, sqlDrafts)
}

func (db *DB) revisions(ctx context.Context, query string, args ...any) ([]kb.Revision, error) {
	var all []kb.Revision
	err := db.scan(ctx, query, args, func(rows *sql.Rows) error {
		var r kb.Revision
		var created int64
		err := rows.Scan(&r.Kind, &r.ID, &r.Number, &r.Body, &r.Base, &r.Origin, &r.Draft, &created)
		r.Created = fromMicros(created)
		all = append(all, r)
		return err
	})
	slices.SortFunc(all, func(a, b kb.Revision) int { return cmp.Compare(a.Path(), b.Path()) })
	return all, err
}

// AddDrafts stores a draft revision for each document that differs from the newest
// revision of its key, all or none, and returns those it stored.
func (db *DB) AddDrafts(ctx context.Context, docs []kb.Document, origin kb.Origin, at time.Time) ([]kb.Revision, error) {
	if err := checkDocuments(docs); err != nil {
		return nil, err
	}
	docs = slices.Clone(docs)
	micros := db.micros(at)
	var added []kb.Revision
	err := db.writer.do(ctx, archiveKey, "", func(s *session) error {
		if _, err := s.count(archiveKey); err != nil {
			return err
		}
		newest, err := newestRevisions(s)
		if err != nil {
			return err
		}
		added = added[:0:0]
		for _, d := range docs {
			was, hash := newest[d.Key()], d.Hash()
			if was.hash == hash {
				continue
			}
			r := kb.Revision{Document: d, Number: was.number + 1, Base: was.published, Origin: origin, Draft: true, Created: fromMicros(micros)}
			n, err := s.exec(sqlAddRevision, string(r.Kind), r.ID, r.Number, r.Body, hash, r.Base, string(origin), true, micros)
			if err != nil || n == 0 {
				return orRaced(err)
			}
			added = append(added, r)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return added, nil
}

func checkDocuments(docs []kb.Document) error {
	seen := map[string]bool{}
	for _, d := range docs {
		if err := checkName("a document's kind", string(d.Kind), false); err != nil {
			return err
		}
		if err := checkName("a document's id", d.ID, false); err != nil {
			return err
		}
		switch {
		case seen[d.Key()]:
			return fault.New(fault.BadRequest, "%s: given twice", d.Path())
		case len(d.Body) > kb.MaxDocument:
			return fault.New(fault.TooLarge, "%s: %d bytes; a document may have at most %d", d.Path(), len(d.Body), kb.MaxDocument)
		case !utf8.ValidString(d.Body) || strings.IndexByte(d.Body, 0) >= 0:
			return fault.New(fault.BadRequest, "%s: not valid UTF-8 text, or it holds a NUL byte", d.Path())
		}
		seen[d.Key()] = true
	}
	return nil
}

// head is the newest revision of a key, and the number of the published one.
type head struct {
	number, published int64
	hash              string
}

func newestRevisions(s *session) (map[string]head, error) {
	all := map[string]head{}
	err := s.rows(sqlNewestRevisions, nil, func(r *sql.Rows) error {
		var d kb.Document
		var h head
		err := r.Scan(&d.Kind, &d.ID, &h.number, &h.hash, &h.published)
		all[d.Key()] = h
		return err
	})
	return all, err
}

// Seeds returns the hash of each embedded document as it was last taken in, by key.
func (db *DB) Seeds(ctx context.Context) (map[string]string, error) {
	all := map[string]string{}
	err := db.scan(ctx, sqlSeeds, nil, func(r *sql.Rows) error {
		var key, hash string
		err := r.Scan(&key, &hash)
		all[key] = hash
		return err
	})
	return all, err
}

// SetSeeds records the hashes of embedded documents; keys that are not named stay.
func (db *DB) SetSeeds(ctx context.Context, hashes map[string]string) error {
	type seed struct{ key, hash string }
	var all []seed
	for key, hash := range hashes {
		if err := checkName("a seed's key", key, false); err != nil {
			return err
		}
		if err := checkName("a seed's hash", hash, false); err != nil {
			return err
		}
		all = append(all, seed{key, hash})
	}
	slices.SortFunc(all, func(a, b seed) int { return cmp.Compare(a.key, b.key) })
	return db.writer.do(ctx, archiveKey, "", func(s *session) error {
		for _, x := range all {
			if _, err := s.exec(sqlSetSeed, x.key, x.hash); err != nil {
				return err
			}
		}
		return nil
	})
}
