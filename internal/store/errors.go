package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"syscall"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/mattn/go-sqlite3"

	"shenwei/internal/fault"
)

// refusal is an operation's error that left nothing written: the others of its
// transaction go on.
type refusal struct{ err error }

func (r refusal) Error() string { return r.err.Error() }

func refuse(code fault.Code, format string, args ...any) error {
	return refusal{fault.New(code, format, args...)}
}

// errRaced says that another process changed a row between an operation's check and its
// write; the operation begins anew in a transaction of its own.
var errRaced = errors.New("raced with another writer")

// errLost is a failed COMMIT whose outcome is not known.
var errLost = errors.New("the outcome of the commit is not known")

// classify gives an error of the database its code; nil and faults stay as they are.
func classify(err error) error {
	var f *fault.Fault
	var r refusal
	switch {
	case err == nil:
		return nil
	case errors.As(err, &r):
		return r.err
	case errors.As(err, &f):
		return err
	case isBadText(err):
		return fault.Wrap(fault.BadRequest, err, "the text holds bytes that cannot be stored")
	case isFull(err):
		return fault.Wrap(fault.Unavailable, err, "the disk of the database is full; nothing was stored; make room, the service goes on by itself")
	case isReadOnly(err):
		return fault.Wrap(fault.Unavailable, err, "the database takes no writes: it is a standby, or default_transaction_read_only is on; see to the primary, the service goes on by itself")
	case isForbidden(err):
		return fault.Wrap(fault.Unavailable, err, "this user of PostgreSQL may not do that; give it its schema: GRANT USAGE, CREATE ON SCHEMA public TO …, and its tables")
	case isSQLite(err, sqlite3.ErrReadonly, sqlite3.ErrPerm, sqlite3.ErrCantOpen):
		return fault.Wrap(fault.Unavailable, err, "the database is read-only; allow this user to write its file and folder")
	case isSQLite(err, sqlite3.ErrNotADB):
		return fault.Wrap(fault.BadRequest, err, "the file is not a SQLite database; name another")
	case isSQLite(err, sqlite3.ErrCorrupt):
		return fault.Wrap(fault.Unavailable, err, "the database's file is damaged; restore it from a backup")
	case isGone(err) || isRetryable(err) || errors.Is(err, errRaced):
		return fault.Wrap(fault.Unavailable, err, "the database does not answer; try again later")
	}
	return fault.Wrap(fault.Internal, err, "the database refused a statement")
}

func isFull(err error) bool {
	var p *pgconn.PgError
	var s sqlite3.Error
	return isSQLite(err, sqlite3.ErrFull) || errors.As(err, &p) && p.Code == "53100" ||
		errors.As(err, &s) && s.Code == sqlite3.ErrIoErr && (s.SystemErrno == syscall.ENOSPC || s.SystemErrno == syscall.EDQUOT || s.ExtendedCode == sqlite3.ErrIoErrSHMSize)
}

// isReadOnly reports PostgreSQL that takes no writes now.
func isReadOnly(err error) bool {
	var p *pgconn.PgError
	return errors.As(err, &p) && p.Code == "25006"
}

func isForbidden(err error) bool {
	var p *pgconn.PgError
	return errors.As(err, &p) && p.Code == "42501"
}

func isSQLite(err error, codes ...sqlite3.ErrNo) bool {
	var s sqlite3.Error
	return errors.As(err, &s) && slices.Contains(codes, s.Code)
}

// isBadText is PostgreSQL refusing NUL or invalid UTF-8, should any slip through.
func isBadText(err error) bool {
	var p *pgconn.PgError
	return errors.As(err, &p) && (p.Code == "22021" || p.Code == "22P05")
}

// isGone reports errors of the database as a whole, which no other statement would escape.
func isGone(err error) bool {
	var s sqlite3.Error
	if errors.As(err, &s) {
		return isSQLite(err, sqlite3.ErrFull, sqlite3.ErrIoErr, sqlite3.ErrCantOpen, sqlite3.ErrBusy, sqlite3.ErrLocked,
			sqlite3.ErrReadonly, sqlite3.ErrNotADB, sqlite3.ErrCorrupt, sqlite3.ErrPerm, sqlite3.ErrNomem, sqlite3.ErrProtocol)
	}
	var p *pgconn.PgError
	if errors.As(err, &p) {
		switch p.Code[:min(2, len(p.Code))] {
		case "08", "28", "3D", "53", "57", "58", "F0", "XX":
			return true
		}
		return p.Code == "25006"
	}
	return isBroken(err) || errors.Is(err, errLost) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// isBroken reports a connection that cannot be used any more.
func isBroken(err error) bool {
	var connect *pgconn.ConnectError
	var network net.Error
	return errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, net.ErrClosed) || errors.Is(err, os.ErrDeadlineExceeded) ||
		errors.As(err, &connect) || errors.As(err, &network) || isShutdown(err) ||
		strings.Contains(err.Error(), "conn closed")
}

// isReference reports a row that refers to one that is not there.
func isReference(err error) bool {
	var p *pgconn.PgError
	var s sqlite3.Error
	return errors.As(err, &p) && p.Code == "23503" || errors.As(err, &s) && s.ExtendedCode == sqlite3.ErrConstraintForeignKey
}

func isShutdown(err error) bool {
	var p *pgconn.PgError
	return errors.As(err, &p) && strings.HasPrefix(p.Code, "57P")
}

// isRetryable reports a transaction that PostgreSQL gave up for another one.
func isRetryable(err error) bool {
	var p *pgconn.PgError
	return errors.As(err, &p) && strings.HasPrefix(p.Code, "40")
}
