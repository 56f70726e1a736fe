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

// revisionColumns are read by scanRevision.
const revisionColumns = `r.kind, r.id, r.number, r.body, r.base, r.origin, r.draft, r.dropped, r.author, r.author_name, r.note, r.effective, r.created`

const (
	sqlNewestRelease = `SELECT number, note, created, as_of FROM releases ORDER BY number DESC LIMIT 1`
	sqlReleased      = `SELECT ` + revisionColumns + `
		FROM release_revisions x JOIN revisions r ON r.kind = x.kind AND r.id = x.id AND r.number = x.number
		WHERE x.release = $1`
	sqlNewestRevisions = `SELECT r.kind, r.id, r.number, CASE WHEN r.dropped THEN '' ELSE r.hash END, COALESCE(x.number, 0) FROM revisions r
		LEFT JOIN release_revisions x ON x.kind = r.kind AND x.id = r.id AND x.release = (SELECT MAX(number) FROM releases)
		WHERE r.number = (SELECT MAX(number) FROM revisions m WHERE m.kind = r.kind AND m.id = r.id)`
	sqlAddRevision = `INSERT INTO revisions (kind, id, number, body, hash, base, origin, draft, created, author, author_name, note, effective)
		VALUES ($1, $2, $3, $4, $5, $6, $7, TRUE, $8, $9, $10, $11, $12) ON CONFLICT (kind, id, number) DO NOTHING`
	sqlOpenDrafts = `FROM revisions r
		LEFT JOIN release_revisions x ON x.kind = r.kind AND x.id = r.id AND x.release = (SELECT MAX(number) FROM releases)
		WHERE r.draft AND NOT r.dropped AND r.number > COALESCE(x.number, 0)
		AND r.number = (SELECT MAX(number) FROM revisions m WHERE m.draft AND NOT m.dropped AND m.kind = r.kind AND m.id = r.id)`
	sqlDrafts   = `SELECT ` + revisionColumns + ` ` + sqlOpenDrafts
	sqlRevision = `SELECT ` + revisionColumns + ` FROM revisions r WHERE r.kind = $1 AND r.id = $2 AND r.number = $3`
	sqlSeeds    = `SELECT key, hash FROM seeds`
	sqlSetSeed  = `INSERT INTO seeds (key, hash) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET hash = excluded.hash`
)

// archiveKey sends everything that changes knowledge to one writer, and is the counter that
// makes it happen one after the other on all nodes.
const archiveKey = "archive"

// Current returns the newest release with its revisions in the order of their paths, nil
// when nothing was published yet.
func (db *DB) Current(ctx context.Context) (*kb.Release, error) {
	var r kb.Release
	var created, asOf int64
	found, err := db.get(ctx, sqlNewestRelease, nil, &r.Number, &r.Note, &created, &asOf)
	if err != nil || !found {
		return nil, err
	}
	r.Created, r.AsOf = fromMicros(created), fromMicros(asOf)
	waiting := map[string]bool{}
	r.Revisions, err = db.revisions(ctx, sqlReleased, func(rev kb.Revision, effective int64) {
		if effective > asOf {
			waiting[rev.Key()] = true
		}
	}, r.Number)
	if err != nil {
		return nil, err
	}
	r.Earlier = map[string][]kb.Revision{}
	for _, rev := range r.Revisions {
		if waiting[rev.Key()] {
			if r.Earlier[rev.Key()], err = db.before(ctx, rev, asOf); err != nil {
				return nil, err
			}
		}
	}
	return &r, nil
}

// before lists the published revisions that one builds on, newest first, down to one that is
// in force at the instant.
func (db *DB) before(ctx context.Context, rev kb.Revision, asOf int64) ([]kb.Revision, error) {
	var chain []kb.Revision
	for rev.Base > 0 && rev.Base < rev.Number {
		var begun bool
		found, err := db.revisions(ctx, sqlRevision, func(_ kb.Revision, effective int64) { begun = effective <= asOf }, string(rev.Kind), rev.ID, rev.Base)
		if err != nil || len(found) == 0 {
			return chain, err
		}
		rev = found[0]
		if chain = append(chain, rev); begun {
			break
		}
	}
	return chain, nil
}

// CurrentNumber is the number of the newest release, 0 when nothing was published yet. It
// is cheap enough to be asked several times a second.
func (db *DB) CurrentNumber(ctx context.Context) (int64, error) {
	var number, created, asOf int64
	var note string
	_, err := db.get(ctx, sqlNewestRelease, nil, &number, &note, &created, &asOf)
	return number, err
}

// Drafts lists the newest draft of every key that has one newer than its published revision.
func (db *DB) Drafts(ctx context.Context) ([]kb.Revision, error) {
	return db.revisions(ctx, sqlDrafts, nil)
}

// Revision reads one revision of a document.
func (db *DB) Revision(ctx context.Context, kind kb.Kind, id string, number int64) (kb.Revision, error) {
	if checkName("the kind", string(kind), false) == nil && checkName("the id", id, false) == nil {
		found, err := db.revisions(ctx, sqlRevision, nil, string(kind), id, number)
		if err != nil {
			return kb.Revision{}, err
		}
		if len(found) == 1 {
			return found[0], nil
		}
	}
	return kb.Revision{}, fault.New(fault.NotFound, "没有 %s/%s 的第 %d 版", kind, clean(id), number)
}

// revisions reads revisions in the order of their paths; each, which may be nil, is also told
// when the text comes into force.
func (db *DB) revisions(ctx context.Context, query string, each func(r kb.Revision, effective int64), args ...any) ([]kb.Revision, error) {
	var all []kb.Revision
	err := db.scan(ctx, query, args, func(rows *sql.Rows) error {
		r, effective, err := scanRevision(rows)
		if err == nil && each != nil {
			each(r, effective)
		}
		all = append(all, r)
		return err
	})
	slices.SortFunc(all, func(a, b kb.Revision) int { return cmp.Compare(a.Path(), b.Path()) })
	return all, err
}

func scanRevision(rows *sql.Rows) (kb.Revision, int64, error) {
	var r kb.Revision
	var created, effective int64
	err := rows.Scan(&r.Kind, &r.ID, &r.Number, &r.Body, &r.Base, &r.Origin, &r.Draft, &r.Dropped, &r.Author.ID, &r.Author.Name, &r.Note, &effective, &created)
	r.Created = fromMicros(created)
	return r, effective, err
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
			was := newest[d.Key()]
			if was.hash == d.Hash() {
				continue
			}
			r := kb.Revision{Document: d, Number: was.number + 1, Base: was.published, Origin: origin, Draft: true, Created: fromMicros(micros)}
			if err := addRevision(s, r); err != nil {
				return err
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

// addRevision stores a draft revision. Its error undoes the transaction.
func addRevision(s *session, r kb.Revision) error {
	var effective int64
	if from := r.Span().Effective; !from.IsZero() {
		effective = from.UnixMicro()
	}
	n, err := s.exec(sqlAddRevision, string(r.Kind), r.ID, r.Number, r.Body, r.Hash(), r.Base, string(r.Origin), r.Created.UnixMicro(),
		r.Author.ID, r.Author.Name, r.Note, effective)
	if err != nil || n == 0 {
		return orRaced(err)
	}
	return nil
}

func checkDocuments(docs []kb.Document) error {
	seen := map[string]bool{}
	for _, d := range docs {
		if err := checkDocument(d); err != nil {
			return err
		}
		if seen[d.Key()] {
			return fault.New(fault.BadRequest, "%s: given twice", d.Path())
		}
		seen[d.Key()] = true
	}
	return nil
}

func checkDocument(d kb.Document) error {
	if err := checkName("a document's kind", string(d.Kind), false); err != nil {
		return err
	}
	if err := checkName("a document's id", d.ID, false); err != nil {
		return err
	}
	switch {
	case len(d.Body) > kb.MaxDocument:
		return fault.New(fault.TooLarge, "%s: %d bytes; a document may have at most %d", d.Path(), len(d.Body), kb.MaxDocument)
	case !utf8.ValidString(d.Body) || strings.IndexByte(d.Body, 0) >= 0:
		return fault.New(fault.BadRequest, "%s: not valid UTF-8 text, or it holds a NUL byte", d.Path())
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
