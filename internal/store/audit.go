package store

import (
	"context"

	"shenwei/internal/audit"
	"shenwei/internal/fault"
)

const (
	sqlNextAudit = `UPDATE audit_head SET n = n + 1 WHERE id = 1 RETURNING n, hash`
	sqlAddAudit  = `INSERT INTO audit (n, at, actor, action, object, detail, hash) VALUES ($1, $2, $3, $4, $5, $6, $7)`
	sqlSetHead   = `UPDATE audit_head SET hash = $1 WHERE id = 1`
)

// auditGroup is the group of operations that append to the audit log: it puts them at the end
// of a transaction, so that two writers never wait for each other's rows with the head locked.
const auditGroup = "~audit"

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
	var n int64
	var previous string
	switch found, err := s.row(sqlNextAudit, nil, &n, &previous); {
	case err != nil:
		return err
	case !found:
		return fault.New(fault.Unavailable, "the audit log has lost its head; nothing is changed without it, run shenwei check --audit")
	}
	hash := audit.Hash(previous, n, e)
	if _, err := s.exec(sqlAddAudit, n, e.At.UnixMicro(), e.Actor, e.Action, e.Object, e.Detail, hash); err != nil {
		return err
	}
	_, err := s.exec(sqlSetHead, hash)
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
