package auth

import (
	"context"
	"time"

	"shenwei/internal/audit"
)

// Account is a person who works here, as the record keeps her.
type Account struct {
	ID      string
	Name    string
	Display string
	Roles   []Role
	// Password is an argon2id hash in PHC form, "" while there is none.
	Password string
	// TOTP is the secret of the second factor, "" while there is none; TOTPStep the newest
	// time step whose code was accepted.
	TOTP     string
	TOTPStep int64
	Disabled bool
	// Epoch grows with each change that must end the sessions of before.
	Epoch    int64
	Created  time.Time
	Updated  time.Time
	SignedIn time.Time // zero for never
}

// Has tells whether the account has one of the roles.
func (a Account) Has(roles ...Role) bool { return Principal{Roles: a.Roles}.Has(roles...) }

// Link is a one-time link to choose a password. Staff is empty for the link that makes the
// first account of all.
type Link struct {
	Hash    []byte
	Staff   string
	Created time.Time
	Expires time.Time
}

// The stages of a session.
const (
	// StageFull may do what the account's roles allow.
	StageFull = "full"
	// StageSecond has given the password, or was vouched for by another service, and owes the
	// second factor.
	StageSecond = "second"
)

// Session is one sign-in.
type Session struct {
	// Hash is the SHA-256 of the secret in the cookie, ID what others may know of it.
	Hash  []byte
	ID    string
	Staff string
	Epoch int64
	Stage string
	CSRF  string
	// Pending is the secret of a second factor that is being set up, "" for none.
	Pending string
	Created time.Time
	Seen    time.Time
}

// Store is the record that a Service needs; *store.DB is one. Every change is one transaction
// with its audit entry.
type Store interface {
	Accounts
	Links
	Sessions
	Failures
	// AppendAudit records what changes nothing else, such as a failed sign-in.
	AppendAudit(ctx context.Context, e audit.Entry) error
}

// Accounts are kept by these.
type Accounts interface {
	// Account and AccountByName are fault.NotFound for an unknown one.
	Account(ctx context.Context, id string) (Account, error)
	AccountByName(ctx context.Context, name string) (Account, error)
	ListAccounts(ctx context.Context) ([]Account, error)
	// CreateAccount adds an account with its link; fault.Conflict when the name is taken.
	CreateAccount(ctx context.Context, a Account, l Link, e audit.Entry) error
	// ChangeAccount reads, changes and writes an account while no other account changes. It
	// refuses to leave no enabled administrator, and ends sessions of another epoch. Where the
	// account stops being an enabled agent it schedules a job of kind JobHandBack.
	ChangeAccount(ctx context.Context, id string, e audit.Entry, change func(*Account) error) (Account, error)
}

// Links are kept by these.
type Links interface {
	// AddLink replaces the links of the same account, or of none.
	AddLink(ctx context.Context, l Link, e audit.Entry) error
	// UseLink takes a link that has not expired at the time and carries out use with its account,
	// which is empty for the first of all; then the entry's object is the account. It is
	// fault.NotFound for a link that does not work.
	UseLink(ctx context.Context, hash []byte, at time.Time, e audit.Entry, use func(*Account) error) (Account, error)
}

// Sessions are kept by these.
type Sessions interface {
	// BeginSession changes the account, ends the session old (nil for none) and begins s at
	// the account's epoch.
	BeginSession(ctx context.Context, s Session, old []byte, e audit.Entry, change func(*Account) error) (Account, error)
	// OpenSession reads a session with its account, whatever their state; fault.NotFound for
	// an unknown one.
	OpenSession(ctx context.Context, hash []byte) (Session, Account, error)
	// TouchSession notes that the session of the public id was used; SetPending keeps the
	// secret of a second factor that is being set up.
	TouchSession(ctx context.Context, id string, seen time.Time) error
	SetPending(ctx context.Context, id, secret string) error
	// EndSession ends one, by its public id; none of that id is no error.
	EndSession(ctx context.Context, id string, e audit.Entry) error
	// LiveSessions returns which of the public ids are sessions in full stage of enabled
	// accounts, begun and used after the given times.
	LiveSessions(ctx context.Context, ids []string, begun, used time.Time) ([]string, error)
}

// Failures counts attempts to sign in.
type Failures interface {
	// Attempt counts one attempt for each key before it is known whether it succeeds, so that
	// many at once cannot pass. It returns until when one of them is locked, zero when none is
	// (nothing is counted for a locked one). Lock says for how long a count locks a key.
	Attempt(ctx context.Context, keys []string, at time.Time, lock func(key string, count int) time.Duration) (time.Time, error)
	// Forgive takes one attempt back for each key, and forgets all of those in clear.
	Forgive(ctx context.Context, keys, clear []string) error
}

// JobHandBack is the kind of the job that a store schedules when an agent is disabled or is
// no agent any more: her conversations go back to the queue. Its payload is the account's id.
const JobHandBack = "staff.handback"
