package store

import (
	"context"
	"database/sql"
	"slices"
	"time"
)

// Citizens who wait for a person are seen on their pages by whichever node has their socket.
// How long nobody has seen one is judged by the database's clock, over what all nodes noted.
const (
	sqlSeeWaiting = `INSERT INTO desk_waiting (conversation, seen) SELECT value, {{now}} FROM {{list $1}} WHERE TRUE
		ON CONFLICT (conversation) DO UPDATE SET seen = excluded.seen`
	sqlBeginWaiting = `INSERT INTO desk_waiting (conversation, seen) SELECT value, {{now}} FROM {{list $1}} WHERE TRUE
		ON CONFLICT (conversation) DO NOTHING`
	sqlUnseen      = `SELECT conversation, {{now}} - seen FROM desk_waiting WHERE conversation IN (SELECT value FROM {{list $1}})`
	sqlWaitsNoMore = `DELETE FROM desk_waiting WHERE seen < {{now}} - CAST($1 AS BIGINT)`
)

// waitKept is how long it is known when somebody was seen who waits no more.
const waitKept = time.Hour

// inOrder sorts names, so that all nodes lock rows in one order. It returns no nil.
func inOrder(names []string) []string {
	all := append([]string{}, names...)
	slices.Sort(all)
	return all
}

// WhoWaits notes which of those who wait this node sees on their pages, and tells how long no
// node has seen the others. Who was never seen counts from now on.
func (db *DB) WhoWaits(ctx context.Context, here, others []string) (map[string]time.Duration, error) {
	seen, err := encodeJSON("the list", inOrder(here))
	if err != nil {
		return nil, err
	}
	all, err := encodeJSON("the list", inOrder(others))
	if err != nil {
		return nil, err
	}
	unseen := map[string]time.Duration{}
	read := func() error {
		return db.scan(ctx, db.dialect.on(sqlUnseen), []any{all}, func(r *sql.Rows) error {
			var conversation string
			var micros int64
			err := r.Scan(&conversation, &micros)
			unseen[conversation] = time.Duration(micros) * time.Microsecond
			return err
		})
	}
	if len(others) > 0 {
		if err := read(); err != nil {
			return nil, err
		}
	}
	if len(here) == 0 && len(unseen) == len(others) {
		return unseen, nil
	}
	return unseen, db.writer.do(ctx, "waiting", "waiting", func(s *session) error { // with a group: last in its transaction
		if _, err := s.exec(s.dialect.on(sqlSeeWaiting), seen); err != nil {
			return err
		}
		if _, err := s.exec(s.dialect.on(sqlBeginWaiting), all); err != nil {
			return err
		}
		_, err := s.exec(s.dialect.on(sqlWaitsNoMore), waitKept.Microseconds())
		return err
	})
}
