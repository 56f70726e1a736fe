package store

import (
	"context"
	"time"

	"shenwei/internal/audit"
	"shenwei/internal/fault"
	"shenwei/web/auth"
)

// AddLink replaces the links of the same account: see auth.Links.
func (db *DB) AddLink(ctx context.Context, l auth.Link, e audit.Entry) error {
	return db.lockStaff(ctx, func(s *session) error {
		if _, err := s.exec(sqlDropLinks, l.Staff); err != nil {
			return err
		}
		if _, err := s.exec(sqlAddLink, l.Hash, l.Staff, l.Created.UnixMicro(), l.Expires.UnixMicro()); err != nil {
			return err
		}
		return appendAudit(s, e)
	})
}

// UseLink takes a one-time link: see auth.Links.
func (db *DB) UseLink(ctx context.Context, hash []byte, at time.Time, e audit.Entry, use func(*auth.Account) error) (auth.Account, error) {
	var a auth.Account
	err := db.lockStaff(ctx, func(s *session) error {
		var staff string
		found, err := s.row(sqlLink, []any{hash, at.UnixMicro()}, &staff)
		switch {
		case err != nil:
			return err
		case !found:
			return refuse(fault.NotFound, "there is no such link")
		}
		if a, err = db.useLink(s, staff, use); err != nil {
			return err
		}
		if _, err := s.exec(sqlDropLinks, staff); err != nil {
			return err
		}
		e.Actor, e.Object = a.Name, "account/"+a.Name
		return appendAudit(s, e)
	})
	return a, err
}

func (db *DB) useLink(s *session, staff string, use func(*auth.Account) error) (auth.Account, error) {
	if staff != "" {
		a, err := db.readStaff(s, staff)
		if err != nil {
			return a, err
		}
		before := a
		if err := use(&a); err != nil {
			return a, refusal{err}
		}
		return a, db.writeStaff(s, before, a)
	}
	var n int
	if _, err := s.row(sqlStaffCount, nil, &n); err != nil {
		return auth.Account{}, err
	}
	if n > 0 {
		return auth.Account{}, refuse(fault.NotFound, "there are accounts already")
	}
	var a auth.Account
	if err := use(&a); err != nil {
		return a, refusal{err}
	}
	return a, db.insertStaff(s, a)
}
