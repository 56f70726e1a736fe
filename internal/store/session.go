package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/mattn/go-sqlite3"

	"shenwei/internal/vault"
)

// session is one connection that writes, with the statements prepared on it. It is not
// safe for concurrent use; operations see it between begin and commit.
type session struct {
	db      *sql.DB
	dialect *dialect
	ctx     context.Context
	now     func() time.Time
	// played says that now stands for the database's clock, too.
	played  bool
	reader  string
	keys    *vault.Ring
	parcels *atomic.Pointer[Parcels]
	watch   Watch
	conn    *sql.Conn
	stmts   map[string]*sql.Stmt
}

// begin begins a transaction, on a new connection when there is none.
func (s *session) begin() error {
	if s.conn == nil {
		conn, err := s.db.Conn(s.ctx)
		if err != nil {
			return err
		}
		s.conn, s.stmts = conn, map[string]*sql.Stmt{}
		if err := s.dialect.setup(s.ctx, conn); err != nil {
			s.discard()
			return err
		}
	}
	if _, err := s.exec(s.dialect.begin); err != nil {
		s.discard()
		return err
	}
	return nil
}

// moment is the time by the database's clock. Leases are judged by it, since the transaction
// may begin long after somebody asked for it.
func (s *session) moment() (time.Time, error) {
	if s.played {
		return s.now(), nil
	}
	var micros int64
	_, err := s.row(`SELECT `+s.dialect.clock, nil, &micros)
	return fromMicros(micros), err
}

func (s *session) commit() error {
	if _, err := s.exec("COMMIT"); err != nil {
		s.rollback()
		s.discard()
		if isGone(err) && (!isFull(err) || isSQLite(err, sqlite3.ErrIoErr)) {
			return errors.Join(errLost, err)
		}
		return err
	}
	return nil
}

func (s *session) rollback() {
	ctx, cancel := context.WithTimeout(context.Background(), cleanup)
	defer cancel()
	if _, err := s.conn.ExecContext(ctx, "ROLLBACK"); err != nil {
		s.discard()
	}
}

// discard closes the connection for good; the next transaction opens another.
func (s *session) discard() {
	if s.conn == nil {
		return
	}
	for _, st := range s.stmts {
		_ = st.Close() // the connection goes anyway
	}
	_ = s.conn.Raw(func(any) error { return driver.ErrBadConn })
	_ = s.conn.Close()
	s.conn, s.stmts = nil, nil
}

func (s *session) release() { s.discard() }

func (s *session) stmt(query string) (*sql.Stmt, error) {
	if st, ok := s.stmts[query]; ok {
		return st, nil
	}
	st, err := s.conn.PrepareContext(s.ctx, query)
	if err != nil {
		return nil, fmt.Errorf("prepare %q: %w", query, err)
	}
	s.stmts[query] = st
	return st, nil
}

// exec returns the number of rows that the statement wrote.
func (s *session) exec(query string, args ...any) (int64, error) {
	st, err := s.stmt(query)
	if err != nil {
		return 0, err
	}
	res, err := st.ExecContext(s.ctx, args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// row reads one row into dest and reports whether there was one.
func (s *session) row(query string, args []any, dest ...any) (bool, error) {
	st, err := s.stmt(query)
	if err != nil {
		return false, err
	}
	err = st.QueryRowContext(s.ctx, args...).Scan(dest...)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

// rows calls each for every row.
func (s *session) rows(query string, args []any, each func(*sql.Rows) error) error {
	st, err := s.stmt(query)
	if err != nil {
		return err
	}
	return scanAll(st.QueryContext(s.ctx, args...))(each)
}

func scanAll(rows *sql.Rows, err error) func(each func(*sql.Rows) error) error {
	return func(each func(*sql.Rows) error) error {
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			if err := each(rows); err != nil {
				return err
			}
		}
		return rows.Err()
	}
}
