package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"shenwei/internal/audit"
	"shenwei/internal/fault"
	"shenwei/internal/vault"
)

const (
	sqlNextAudit = `UPDATE audit_head SET n = n + 1 WHERE id = 1 RETURNING n, hash, base_n, base_hash, mac`
	sqlAddAudit  = `INSERT INTO audit (n, at, actor, action, object, detail, hash) VALUES ($1, $2, $3, $4, $5, $6, $7)`
	sqlSetHead   = `UPDATE audit_head SET hash = $1, base_n = $2, base_hash = $3, mac = $4 WHERE id = 1`
	sqlHead      = `SELECT n, hash, base_n, base_hash, mac FROM audit_head WHERE id = 1`
	sqlAudit     = `SELECT n, at, actor, action, object, detail, hash FROM audit WHERE n > $1 ORDER BY n LIMIT $2`
	sqlAuditRead = `SELECT n, at, actor, action, object, detail, hash FROM audit WHERE n < $1
		AND (CAST($2 AS TEXT) = '' OR actor = $2) AND (CAST($3 AS TEXT) = '' OR action = $3 OR action LIKE $4 ESCAPE '!')
		AND (CAST($5 AS TEXT) = '' OR object = $5) AND at >= $6 AND at < $7 ORDER BY n DESC LIMIT $8`
)

// auditGroup is the group of operations that append to the audit log: it puts them at the end
// of a transaction, so that two writers never wait for each other's rows with the head locked.
const auditGroup = "~audit"

// auditHead is the row that holds both ends of the chain.
type auditHead struct {
	n, base        int64
	hash, baseHash string
	mac            string
}

// text is what the head's proof is for.
func (h auditHead) text() string {
	return fmt.Sprintf("audit head %d %s base %d %s", h.n, h.hash, h.base, h.baseHash)
}

// sign renews the proof; without keys there is none.
func (h *auditHead) sign(keys *vault.Ring) {
	h.mac = ""
	if keys != nil {
		h.mac = keys.MAC(h.text())
	}
}

// AppendAudit records something that changes no row of its own, such as a look at personal
// data. What changes rows is recorded with them: see appendAudit.
func (db *DB) AppendAudit(ctx context.Context, e audit.Entry) error {
	return db.writer.do(ctx, auditGroup, auditGroup, func(s *session) error { return appendAudit(s, e) })
}

// appendAudit records e in the transaction of what it tells of; give the operation the group
// auditGroup. What it returns as an error undoes the transaction: nothing happens unrecorded.
func appendAudit(s *session, e audit.Entry) error {
	if err := checkEntry(&e); err != nil {
		return err
	}
	if e.At.IsZero() {
		e.At = s.now()
	}
	var h auditHead
	switch found, err := s.row(sqlNextAudit, nil, &h.n, &h.hash, &h.base, &h.baseHash, &h.mac); {
	case err != nil:
		return err
	case !found:
		return fault.New(fault.Unavailable, "the audit log has lost its head; nothing is changed without it, run shenwei check --audit")
	}
	h.hash = audit.Hash(h.hash, h.n, e)
	if _, err := s.exec(sqlAddAudit, h.n, e.At.UnixMicro(), e.Actor, e.Action, e.Object, e.Detail, h.hash); err != nil {
		return err
	}
	return s.setHead(h)
}

func (s *session) setHead(h auditHead) error {
	h.sign(s.keys)
	_, err := s.exec(sqlSetHead, h.hash, h.base, h.baseHash, h.mac)
	return err
}

func checkEntry(e *audit.Entry) error {
	for _, f := range []struct{ what, value string }{{"an entry's actor", e.Actor}, {"an entry's action", e.Action}} {
		if err := checkName(f.what, f.value, false); err != nil {
			return err
		}
	}
	if err := checkName("an entry's object", e.Object, true); err != nil {
		return err
	}
	e.Detail = clean(e.Detail)
	if len(e.Detail) > audit.MaxDetail {
		return fault.New(fault.BadRequest, "an entry's detail has %d bytes; at most %d are allowed", len(e.Detail), audit.MaxDetail)
	}
	return nil
}

func auditRecord(r *sql.Rows) (audit.Record, error) {
	var rec audit.Record
	var at int64
	err := r.Scan(&rec.N, &at, &rec.Actor, &rec.Action, &rec.Object, &rec.Detail, &rec.Hash)
	rec.At = fromMicros(at)
	return rec, err
}

// ListAudit lists entries that the query asks for, newest first.
func (db *DB) ListAudit(ctx context.Context, q audit.Query) ([]audit.Record, error) {
	before, from, to := q.Before, int64(0), int64(1)<<62
	if before <= 0 {
		before = 1 << 62
	}
	if !q.From.IsZero() {
		from = q.From.UnixMicro()
	}
	if !q.To.IsZero() {
		to = q.To.UnixMicro()
	}
	below := strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(q.Action) + ".%"
	var all []audit.Record
	args := []any{before, clean(q.Actor), clean(q.Action), clean(below), clean(q.Object), from, to, bounded(q.Limit)}
	err := db.scan(ctx, sqlAuditRead, args, func(r *sql.Rows) error {
		rec, err := auditRecord(r)
		all = append(all, rec)
		return err
	})
	return all, err
}

// AuditHead is the number and hash of the newest entry: who keeps them elsewhere can prove
// later that nothing up to there was changed.
func (db *DB) AuditHead(ctx context.Context) (n int64, hash string, err error) {
	h, _, err := db.auditHead(ctx)
	return h.n, h.hash, err
}

func (db *DB) auditHead(ctx context.Context) (h auditHead, found bool, err error) {
	found, err = db.get(ctx, sqlHead, nil, &h.n, &h.hash, &h.base, &h.baseHash, &h.mac)
	return h, found, err
}

// proveHead signs the head of a new log, and refuses keys other than those that this database
// was written with: what is sealed would be unreadable, and more would be sealed with them.
func (db *DB) proveHead(ctx context.Context) error {
	if db.keys == nil {
		return nil
	}
	h, found, err := db.auditHead(ctx)
	switch {
	case err != nil || !found:
		return err // a lost head is for VerifyAudit to tell
	case h.mac != "" && !db.keys.Knows(h.mac):
		id, _, _ := strings.Cut(h.mac, ":")
		return fault.New(fault.Conflict, "keys: the database was written with the key %q, which is not among those configured; restore it (DIR/keys/data.key, or keys.data)", id)
	case h.mac != "" || h.n > 0:
		return nil
	}
	return db.writer.do(ctx, auditGroup, auditGroup, func(s *session) error {
		var h auditHead
		found, err := s.row(sqlLockHead, nil, &h.n, &h.hash, &h.base, &h.baseHash, &h.mac)
		if err != nil || !found || h.mac != "" || h.n > 0 {
			return err
		}
		return s.setHead(h)
	})
}

// auditPage is how many entries are read at once.
const auditPage = 1000

// VerifyAudit walks the whole chain. What it finds wrong is in the report; the error is of
// the database. Known is a number and hash noted earlier, 0 for none.
func (db *DB) VerifyAudit(ctx context.Context, known int64, knownHash string) (audit.Report, error) {
	// The head is read first: entries that come meanwhile follow it.
	h, found, err := db.auditHead(ctx)
	if err != nil {
		return audit.Report{}, err
	}
	if !found {
		return audit.Report{Broken: "the head of the log is gone"}, nil
	}
	report := audit.Report{First: h.base + 1, Last: h.n, Hash: h.hash}
	if report.Broken, report.Unproved, err = db.headProof(h); err != nil || report.Broken != "" {
		return report, err
	}
	walk := audit.NewWalk(h.base, h.baseHash)
	walk.Expect(known, knownHash)
	for walk.Next() <= h.n {
		read := 0
		err := db.scan(ctx, sqlAudit, []any{walk.Next() - 1, auditPage}, func(r *sql.Rows) error {
			rec, err := auditRecord(r)
			if err != nil || rec.N > h.n {
				return err
			}
			read++
			walk.Step(rec)
			return nil
		})
		if err != nil {
			return report, err
		}
		if walk.Broken() != "" || read == 0 {
			break
		}
	}
	report.Broken = walk.End(h.n, h.hash)
	return report, nil
}

// headProof checks that we wrote the head. One of before there were keys is not proved.
func (db *DB) headProof(h auditHead) (broken string, unproved bool, err error) {
	if db.keys == nil || h.n == 0 && h.mac == "" {
		return "", true, nil
	}
	ok, err := db.keys.Verify(h.text(), h.mac)
	if err != nil {
		return "", false, err
	}
	if !ok {
		return "the head of the log was not written by this program with its key", false, nil
	}
	return "", false, nil
}

const (
	sqlAuditCut = `SELECT n, hash FROM audit WHERE n < (SELECT COALESCE(MIN(n), 9223372036854775807) FROM audit WHERE at >= $1)
		AND n <= $2 ORDER BY n DESC LIMIT 1`
	sqlLockHead  = `UPDATE audit_head SET n = n WHERE id = 1 RETURNING n, hash, base_n, base_hash, mac`
	sqlDropAudit = `DELETE FROM audit WHERE n <= $1`
)

// TrimAudit removes at most limit of the oldest entries, of before the time, and notes where
// the chain begins from now on. It returns how many it removed. The newest entry stays.
func (db *DB) TrimAudit(ctx context.Context, before time.Time, limit int) (int64, error) {
	var removed int64
	err := db.writer.do(ctx, auditGroup, auditGroup, func(s *session) error {
		removed = 0
		var h auditHead
		if found, err := s.row(sqlLockHead, nil, &h.n, &h.hash, &h.base, &h.baseHash, &h.mac); err != nil || !found {
			return err
		}
		var n int64
		var hash string
		found, err := s.row(sqlAuditCut, []any{before.UnixMicro(), min(h.base+int64(limit), h.n-1)}, &n, &hash)
		if err != nil || !found {
			return err
		}
		if removed, err = s.exec(sqlDropAudit, n); err != nil {
			return err
		}
		h.base, h.baseHash = n, hash
		return s.setHead(h)
	})
	return removed, err
}
