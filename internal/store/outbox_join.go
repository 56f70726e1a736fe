package store

import (
	"strings"
	"time"

	"shenwei/internal/outbox"
	"shenwei/web/wechat"
)

const (
	sqlOutboxKnown = `SELECT n FROM outbox WHERE kind = $1 AND key = $2`
	// sqlRoom is how many messages may be sent to a citizen now, and how many wait. One that is being
	// sent has taken its share already, or is about to.
	sqlRoom = `SELECT CASE WHEN message_until > $1 THEN message_left ELSE 0 END + CASE WHEN moment_until > $1 THEN moment_left ELSE 0 END,
		(SELECT COUNT(*) FROM outbox WHERE lane = $2 AND state IN ('waiting', 'held')) FROM wechat_contacts WHERE conversation = $3`
	sqlOutboxLast = `SELECT n, key, body FROM outbox o WHERE lane = $1 AND kind = $2 AND ` + joinable + `
		AND NOT EXISTS (SELECT 1 FROM outbox l WHERE l.lane = o.lane AND l.n > o.n AND l.state IN ('waiting', 'sending', 'held'))`
	sqlOutboxGrow = `UPDATE outbox SET body = $1, updated = $2 WHERE n = $3 AND ` + joinable
	sqlAddJoined  = `INSERT INTO outbox (kind, lane, key, body, state, due, expires, attempts, doubts, owner, lease, note, created, updated)
		VALUES ($1, $2, $3, $4, 'sent', $5, 0, 0, 0, '', 0, 'joined to an earlier one', $5, $5)`

	// joinable are rows that certainly never arrived: not tried, or held at the only try.
	joinable = `(state = 'waiting' AND attempts = 0 OR state = 'held' AND attempts <= 1)`
)

// family is the first part of a key: whose words an entry has.
func family(key string) string {
	first, _, _ := strings.Cut(key, "/")
	return first
}

// joinOutbox adds an entry to the one before it where its citizen may get few messages, and
// reports whether it is settled with that. Where few are left and nothing waits yet, it waits a
// moment for others. The entry's key is kept, so that it joins once.
func (s *session) joinOutbox(e *outbox.Entry, now time.Time) (bool, error) {
	var n int64
	if known, err := s.row(sqlOutboxKnown, []any{e.Kind, e.Key}, &n); known || err != nil {
		return known, err
	}
	var room, waiting int
	found, err := s.row(sqlRoom, []any{now.UnixMicro(), e.Lane, wechat.ConversationOf(e.Lane)}, &room, &waiting)
	if err != nil || !found || room-waiting > wechat.FewLeft {
		return false, err
	}
	var key, body string
	switch found, err := s.row(sqlOutboxLast, []any{e.Lane, e.Kind}, &n, &key, &body); {
	case err != nil:
		return false, err
	case found && family(key) == family(e.Key): // not to an answer of the bot
		if body, err = s.keys.OpenText(body, outboxPlace(e.Kind, key)...); err != nil {
			return false, err
		}
		both, ok := e.Join([]byte(body))
		if !ok {
			break
		}
		grown, err := s.exec(sqlOutboxGrow, s.keys.SealText(string(both), outboxPlace(e.Kind, key)...), now.UnixMicro(), n)
		if err != nil {
			return false, err
		}
		if grown == 0 {
			break // it is being sent
		}
		_, err = s.exec(sqlAddJoined, e.Kind, e.Lane, e.Key, s.keys.SealText("", outboxPlace(e.Kind, e.Key)...), now.UnixMicro())
		return true, err
	}
	e.Due = now.Add(wechat.GatherFor)
	return false, nil
}
