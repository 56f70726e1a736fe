package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"shenwei/internal/audit"
	"shenwei/internal/fault"
	"shenwei/internal/jobs"
	"shenwei/web/auth"
)

var _ auth.Store = (*DB)(nil)

const (
	staffColumns = `id, name, display, roles, password, totp, totp_step, disabled, epoch, created, updated, signed_in`

	sqlStaff      = `SELECT ` + staffColumns + ` FROM staff WHERE id = $1`
	sqlStaffNamed = `SELECT ` + staffColumns + ` FROM staff WHERE name = $1`
	sqlAllStaff   = `SELECT ` + staffColumns + ` FROM staff ORDER BY name`
	sqlAddStaff   = `INSERT INTO staff (` + staffColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
		ON CONFLICT (name) DO NOTHING`
	sqlSetStaff = `UPDATE staff SET display = $1, roles = $2, password = $3, totp = $4, totp_step = $5, disabled = $6, epoch = $7,
		updated = $8, signed_in = $9 WHERE id = $10`
	sqlStaffCount  = `SELECT COUNT(*) FROM staff`
	sqlStrangers   = `DELETE FROM staff_sessions WHERE staff = $1 AND epoch <> $2`
	sqlAddLink     = `INSERT INTO staff_links (hash, staff, created, expires) VALUES ($1, $2, $3, $4)`
	sqlDropLinks   = `DELETE FROM staff_links WHERE staff = $1`
	sqlLink        = `SELECT staff FROM staff_links WHERE hash = $1 AND expires > $2`
	sqlOtherAdmins = `SELECT roles FROM staff WHERE id <> $1 AND NOT disabled`
	rolesSeparator = ","
)

// staffKey sends everything that changes accounts to one writer, and is the counter that makes
// it happen one after the other on all nodes.
const staffKey = "staff"

func totpPlace(id string) []string { return []string{"staff", "totp", id} }

// staffRow reads the columns of staffColumns.
func (db *DB) staffRow(scan func(dest ...any) error) (auth.Account, error) {
	var a auth.Account
	var roles string
	var totp []byte
	var created, updated, signedIn int64
	err := scan(&a.ID, &a.Name, &a.Display, &roles, &a.Password, &totp, &a.TOTPStep, &a.Disabled, &a.Epoch, &created, &updated, &signedIn)
	if err != nil {
		return auth.Account{}, err
	}
	for _, r := range strings.FieldsFunc(roles, func(r rune) bool { return r == ',' }) {
		a.Roles = append(a.Roles, auth.Role(r))
	}
	a.Created, a.Updated = fromMicros(created), fromMicros(updated)
	if signedIn > 0 {
		a.SignedIn = fromMicros(signedIn)
	}
	if totp != nil {
		plain, err := db.secret(totp, totpPlace(a.ID)...)
		if err != nil {
			return auth.Account{}, err
		}
		a.TOTP = plain
	}
	return a, nil
}

// seal encrypts a secret that must never be stored as it is; nil for "".
func (db *DB) seal(plain string, where ...string) ([]byte, error) {
	switch {
	case plain == "":
		return nil, nil
	case db.keys == nil:
		return nil, fault.New(fault.Unavailable, "no key is configured to keep secrets with; set keys.data")
	}
	return db.keys.Seal([]byte(plain), where...), nil
}

func (db *DB) secret(sealed []byte, where ...string) (string, error) {
	if db.keys == nil {
		return "", fault.New(fault.Unavailable, "the database holds sealed fields and no key is configured; set keys.data")
	}
	plain, err := db.keys.Open(sealed, where...)
	return string(plain), err
}

func (db *DB) staffWrite(a auth.Account) ([]any, error) {
	totp, err := db.seal(a.TOTP, totpPlace(a.ID)...)
	if err != nil {
		return nil, err
	}
	var roles []string
	for _, r := range a.Roles {
		roles = append(roles, string(r))
	}
	signedIn := int64(0)
	if !a.SignedIn.IsZero() {
		signedIn = a.SignedIn.UnixMicro()
	}
	var sealed any
	if totp != nil {
		sealed = totp
	}
	return []any{clean(a.Display), strings.Join(roles, rolesSeparator), a.Password, sealed, a.TOTPStep, a.Disabled, a.Epoch,
		a.Updated.UnixMicro(), signedIn, a.ID}, nil
}

func noAccount() error { return fault.New(fault.NotFound, "没有这个账号") }

func (db *DB) findStaff(ctx context.Context, query, arg string) (auth.Account, error) {
	if checkName("the account", arg, false) != nil {
		return auth.Account{}, noAccount()
	}
	var a auth.Account
	found := false
	err := db.scan(ctx, query, []any{arg}, func(r *sql.Rows) (err error) {
		found = true
		a, err = db.staffRow(r.Scan)
		return err
	})
	if err == nil && !found {
		err = noAccount()
	}
	return a, err
}

// Account reads an account by its id: see auth.Accounts.
func (db *DB) Account(ctx context.Context, id string) (auth.Account, error) {
	return db.findStaff(ctx, sqlStaff, id)
}

// AccountByName reads an account by its name: see auth.Accounts.
func (db *DB) AccountByName(ctx context.Context, name string) (auth.Account, error) {
	return db.findStaff(ctx, sqlStaffNamed, name)
}

// ListAccounts lists all accounts by name.
func (db *DB) ListAccounts(ctx context.Context) ([]auth.Account, error) {
	var all []auth.Account
	err := db.scan(ctx, sqlAllStaff, nil, func(r *sql.Rows) error {
		a, err := db.staffRow(r.Scan)
		all = append(all, a)
		return err
	})
	return all, err
}

// lockStaff makes every change of accounts, and the audit entry with it, wait for its turn.
func (db *DB) lockStaff(ctx context.Context, run func(s *session) error) error {
	return db.writer.do(ctx, staffKey, auditGroup, func(s *session) error {
		if _, err := s.count(staffKey); err != nil {
			return err
		}
		return run(s)
	})
}

// CreateAccount adds an account with its link: see auth.Accounts.
func (db *DB) CreateAccount(ctx context.Context, a auth.Account, l auth.Link, e audit.Entry) error {
	return db.lockStaff(ctx, func(s *session) error {
		if err := db.insertStaff(s, a); err != nil {
			return err
		}
		if _, err := s.exec(sqlAddLink, l.Hash, a.ID, l.Created.UnixMicro(), l.Expires.UnixMicro()); err != nil {
			return err
		}
		return appendAudit(s, e)
	})
}

func (db *DB) insertStaff(s *session, a auth.Account) error {
	for what, name := range map[string]string{"the account's id": a.ID, "the account's name": a.Name} {
		if err := checkName(what, name, false); err != nil {
			return refusal{err}
		}
	}
	w, err := db.staffWrite(a)
	if err != nil {
		return refusal{err}
	}
	// The columns of sqlSetStaff, in the order of staffColumns.
	n, err := s.exec(sqlAddStaff, a.ID, a.Name, w[0], w[1], w[2], w[3], w[4], w[5], w[6], a.Created.UnixMicro(), w[7], w[8])
	if err == nil && n == 0 {
		return refuse(fault.Conflict, "账号名 %s 已经有了", a.Name)
	}
	return err
}

// ChangeAccount changes an account while no other one changes: see auth.Accounts.
func (db *DB) ChangeAccount(ctx context.Context, id string, e audit.Entry, change func(*auth.Account) error) (auth.Account, error) {
	var a auth.Account
	err := db.lockStaff(ctx, func(s *session) (err error) {
		if a, err = db.readStaff(s, id); err != nil {
			return err
		}
		before := a
		if err := change(&a); err != nil {
			return refusal{err}
		}
		if err := db.writeStaff(s, before, a); err != nil {
			return err
		}
		return appendAudit(s, e)
	})
	return a, err
}

// readStaff reads an account in a transaction that holds lockStaff.
func (db *DB) readStaff(s *session, id string) (auth.Account, error) {
	var a auth.Account
	found := false
	err := s.rows(sqlStaff, []any{id}, func(r *sql.Rows) (err error) {
		found = true
		a, err = db.staffRow(r.Scan)
		return err
	})
	if err == nil && !found {
		return a, refusal{noAccount()}
	}
	return a, err
}

func isAdministrator(roles []auth.Role) bool { return slices.Contains(roles, auth.Administrator) }

// writeStaff writes a changed account with what follows from the change.
func (db *DB) writeStaff(s *session, before, a auth.Account) error {
	wasAdmin := isAdministrator(before.Roles) && !before.Disabled
	if wasAdmin && (a.Disabled || !isAdministrator(a.Roles)) {
		if err := anotherAdmin(s, a.ID); err != nil {
			return err
		}
	}
	w, err := db.staffWrite(a)
	if err != nil {
		return refusal{err}
	}
	if _, err := s.exec(sqlSetStaff, w...); err != nil {
		return err
	}
	if a.Epoch != before.Epoch {
		if _, err := s.exec(sqlStrangers, a.ID, a.Epoch); err != nil {
			return err
		}
	}
	wasAgent := before.Has(auth.Agent) && !before.Disabled
	if wasAgent && (a.Disabled || !a.Has(auth.Agent)) {
		return addJob(s, jobs.Job{Kind: auth.JobHandBack, Ref: fmt.Sprintf("%s/%d", a.ID, a.Epoch), Payload: a.ID})
	}
	return nil
}

// anotherAdmin refuses to leave nobody who can open accounts.
func anotherAdmin(s *session, id string) error {
	left := false
	err := s.rows(sqlOtherAdmins, []any{id}, func(r *sql.Rows) error {
		var roles string
		err := r.Scan(&roles)
		left = left || slices.Contains(strings.Split(roles, rolesSeparator), string(auth.Administrator))
		return err
	})
	if err == nil && !left {
		return refuse(fault.Conflict, "这是最后一位可用的管理员，不能停用或去掉角色；请先让另一个账号成为管理员")
	}
	return err
}
