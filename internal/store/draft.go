package store

import (
	"context"
	"database/sql"
	"slices"
	"strings"
	"time"

	"shenwei/internal/audit"
	"shenwei/internal/fault"
	"shenwei/kb"
)

const (
	sqlLiveNumber  = `SELECT number FROM release_revisions WHERE kind = $1 AND id = $2 AND release = (SELECT MAX(number) FROM releases)`
	sqlTopNumber   = `SELECT COALESCE(MAX(number), 0) FROM revisions WHERE kind = $1 AND id = $2`
	sqlOpenDraft   = `SELECT ` + revisionColumns + ` ` + sqlOpenDrafts + ` AND r.kind = $1 AND r.id = $2`
	sqlHeldBy      = `SELECT change FROM change_drafts WHERE kind = $1 AND id = $2 AND number = $3`
	sqlForgetDraft = `DELETE FROM revisions WHERE kind = $1 AND id = $2 AND number = $3 AND draft`
	sqlDrop        = `UPDATE revisions SET dropped = TRUE WHERE kind = $1 AND id = $2 AND number = $3 AND draft`
	sqlHistory     = `SELECT r.kind, r.id, r.number, '', r.base, r.origin, r.draft, r.dropped, r.author, r.author_name, r.note, r.effective, r.created
		FROM revisions r WHERE r.kind = $1 AND r.id = $2 ORDER BY r.number DESC LIMIT $3`
	sqlHadIt     = `SELECT release, now FROM release_changes WHERE kind = $1 AND id = $2 AND now > 0 ORDER BY release`
	sqlLiveHeads = `SELECT x.kind, x.id, x.number, r.created FROM release_revisions x
		JOIN revisions r ON r.kind = x.kind AND r.id = x.id AND r.number = x.number WHERE x.release = (SELECT MAX(number) FROM releases)`
	sqlDraftHeads = `SELECT r.kind, r.id, r.number, r.author, r.author_name, r.created, COALESCE((SELECT c.change FROM change_drafts c
		WHERE c.kind = r.kind AND c.id = r.id AND c.number = r.number), 0) ` + sqlOpenDrafts
	sqlHeadsVersion = `SELECT last FROM counters WHERE name = 'archive'`
)

// SaveDraft stores a draft: see kb.DraftStore.
func (db *DB) SaveDraft(ctx context.Context, o kb.DraftOrder) (kb.Revision, error) {
	if err := checkDocument(o.Document); err != nil {
		return kb.Revision{}, err
	}
	o.Note = clean(o.Note)
	micros := db.micros(o.At)
	var saved kb.Revision
	err := db.writer.do(ctx, archiveKey, auditGroup, func(s *session) error {
		if _, err := s.count(archiveKey); err != nil { // one after the other, on all nodes
			return err
		}
		d, err := readStanding(s, o.Document)
		if err != nil {
			return err
		}
		if err := d.refuse(o); err != nil {
			return err
		}
		if saved = d.unchanged(o); saved.Number > 0 || o.Body == d.liveBody && d.open == nil {
			return nil
		}
		saved = kb.Revision{
			Document: o.Document, Number: d.top + 1, Base: d.live, Origin: o.Origin, Draft: true, Author: o.By, Note: o.Note, Created: fromMicros(micros),
		}
		if err := addRevision(s, saved); err != nil {
			return err
		}
		return d.replace(s, o, saved)
	})
	return saved, err
}

// standing is what stands of one document when a draft of it comes.
type standing struct {
	live, top int64
	liveBody  string
	open      *kb.Revision
	held      int64 // the open change that holds the draft
}

func readStanding(s *session, doc kb.Document) (*standing, error) {
	d := &standing{}
	kind := string(doc.Kind)
	if _, err := s.row(sqlLiveNumber, []any{kind, doc.ID}, &d.live); err != nil {
		return nil, err
	}
	if _, err := s.row(sqlTopNumber, []any{kind, doc.ID}, &d.top); err != nil {
		return nil, err
	}
	live, err := s.revision(sqlRevision, kind, doc.ID, d.live)
	if err != nil {
		return nil, err
	}
	if live != nil {
		d.liveBody = live.Body
	}
	if d.open, err = s.revision(sqlOpenDraft, kind, doc.ID); err != nil || d.open == nil {
		return d, err
	}
	_, err = s.row(sqlHeldBy, []any{kind, doc.ID, d.open.Number}, &d.held)
	return d, err
}

// revision reads one revision in the transaction, nil for none.
func (s *session) revision(query string, args ...any) (*kb.Revision, error) {
	var found *kb.Revision
	err := s.rows(query, args, func(rows *sql.Rows) error {
		r, _, err := scanRevision(rows)
		found = &r
		return err
	})
	return found, err
}

// refuse says why a draft may not be stored: nothing that somebody wrote goes without her
// having seen it.
func (d *standing) refuse(o kb.DraftOrder) error {
	conflict := func(theirs kb.Revision, reason string) error {
		return refusal{&kb.DraftConflict{Reason: reason, Theirs: theirs}}
	}
	live := kb.Revision{Document: o.Document, Number: d.live}
	live.Body = d.liveBody
	switch {
	case d.held > 0:
		return refuse(fault.Conflict, "这份草稿已送审（变更 %d），要改请先撤回", d.held)
	case o.Base != d.live:
		return conflict(live, "线上已有新的版本，请对照后再保存")
	case d.open == nil && o.Seen != 0:
		return conflict(live, "这份草稿已被放弃，请对照线上版本后再保存")
	case d.open == nil:
		return nil
	case d.open.Author.ID != "" && d.open.Author.ID != o.By.ID && (!o.Take || o.Seen != d.open.Number):
		return conflict(*d.open, d.open.Author.Name+" 也在改这份内容，请对照后再保存")
	case o.Seen != d.open.Number:
		return conflict(*d.open, "您在别处保存过更新的草稿，请对照后再保存")
	}
	return nil
}

// unchanged is the open draft when it says the same already.
func (d *standing) unchanged(o kb.DraftOrder) kb.Revision {
	if d.open != nil && d.open.Body == o.Body && d.open.Author.ID == o.By.ID {
		return *d.open
	}
	return kb.Revision{}
}

// replace puts the former draft away: the author's own is forgotten, so that saving by itself
// does not fill the history; anybody else's is kept in it.
func (d *standing) replace(s *session, o kb.DraftOrder, saved kb.Revision) error {
	action := "draft.create"
	if d.open != nil {
		query := sqlDrop
		if d.open.Author.ID == o.By.ID && d.open.Origin == kb.FromEditor && o.Origin == kb.FromEditor {
			query, action = sqlForgetDraft, ""
		} else {
			action = "draft.replace"
		}
		if _, err := s.exec(query, string(o.Kind), o.ID, d.open.Number); err != nil {
			return err
		}
	}
	if action == "" {
		return nil
	}
	return s.log(o.By, action, saved.Key(), map[string]any{"revision": saved.Number}, saved.Created)
}

// log records what a member of staff did, in the transaction.
func (s *session) log(by kb.Member, action, object string, detail map[string]any, at time.Time) error {
	e := audit.Entry{Actor: by.Actor(), Action: action, Object: object, At: at}
	if detail != nil {
		var err error
		if e.Detail, err = encodeJSON("the detail", detail); err != nil {
			return err
		}
	}
	return appendAudit(s, e)
}

// DropDraft gives up the open draft with the number.
func (db *DB) DropDraft(ctx context.Context, kind kb.Kind, id string, number int64, by kb.Member, at time.Time) error {
	doc := kb.Document{Kind: kind, ID: id}
	if err := checkDocument(doc); err != nil {
		return err
	}
	micros := db.micros(at)
	return db.writer.do(ctx, archiveKey, auditGroup, func(s *session) error {
		if _, err := s.count(archiveKey); err != nil {
			return err
		}
		d, err := readStanding(s, doc)
		switch {
		case err != nil:
			return err
		case d.open == nil:
			return refuse(fault.NotFound, "没有草稿可以放弃")
		case d.held > 0:
			return refuse(fault.Conflict, "这份草稿已送审（变更 %d），请先撤回", d.held)
		case number != 0 && number != d.open.Number:
			return refuse(fault.Conflict, "草稿已经更新，请刷新后再看")
		}
		if _, err := s.exec(sqlDrop, string(kind), id, d.open.Number); err != nil {
			return err
		}
		return s.log(by, "draft.drop", doc.Key(), map[string]any{"revision": d.open.Number}, fromMicros(micros))
	})
}

// History lists the revisions of a document, newest first, without bodies.
func (db *DB) History(ctx context.Context, kind kb.Kind, id string) ([]kb.Past, error) {
	if checkDocument(kb.Document{Kind: kind, ID: id}) != nil {
		return nil, nil
	}
	releases := map[int64][]int64{}
	err := db.scan(ctx, sqlHadIt, []any{string(kind), id}, func(r *sql.Rows) error {
		var release, number int64
		err := r.Scan(&release, &number)
		releases[number] = append(releases[number], release)
		return err
	})
	if err != nil {
		return nil, err
	}
	var all []kb.Past
	err = db.scan(ctx, sqlHistory, []any{string(kind), id, maxLimit}, func(r *sql.Rows) error {
		rev, _, err := scanRevision(r)
		all = append(all, kb.Past{Revision: rev, Releases: releases[rev.Number]})
		return err
	})
	return all, err
}

// HeadsVersion changes with everything that may change Heads.
func (db *DB) HeadsVersion(ctx context.Context) (int64, error) {
	var n int64
	_, err := db.get(ctx, sqlHeadsVersion, nil, &n)
	return n, err
}

// Heads lists every document with its live revision and open draft, by key.
func (db *DB) Heads(ctx context.Context) (kb.Heads, error) {
	var h kb.Heads
	var err error
	if h.Version, err = db.HeadsVersion(ctx); err != nil { // read first: what comes later is read again
		return h, err
	}
	at := map[string]int{}
	err = db.scan(ctx, sqlLiveHeads, nil, func(r *sql.Rows) error {
		var one kb.Head
		var created int64
		err := r.Scan(&one.Kind, &one.ID, &one.Live, &created)
		one.Updated = fromMicros(created)
		at[one.Key()] = len(h.All)
		h.All = append(h.All, one)
		return err
	})
	if err != nil {
		return h, err
	}
	err = db.scan(ctx, sqlDraftHeads, nil, func(r *sql.Rows) error {
		var one kb.Head
		d := &kb.DraftHead{}
		var created int64
		err := r.Scan(&one.Kind, &one.ID, &d.Number, &d.Author.ID, &d.Author.Name, &created, &d.Proposal)
		d.At = fromMicros(created)
		i, ok := at[one.Key()]
		if !ok {
			i = len(h.All)
			h.All = append(h.All, one)
		}
		h.All[i].Draft, h.All[i].Updated = d, d.At
		return err
	})
	slices.SortFunc(h.All, func(a, b kb.Head) int { return strings.Compare(a.Key(), b.Key()) })
	return h, err
}
