package store

import (
	"context"
	"time"
	"unicode/utf8"

	"shenwei/internal/fault"
)

const (
	sqlIsReply  = `SELECT 1 FROM messages WHERE conversation = $1 AND seq = $2 AND kind = 'reply'`
	sqlFeedback = `INSERT INTO feedback (conversation, seq, score, reason, at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (conversation, seq) DO UPDATE SET score = excluded.score, reason = excluded.reason, at = excluded.at`
	// The questions' numbers follow thumbs in the order in which they came: see insight.go.
	sqlAddThumb    = `INSERT INTO insight_thumbs (conversation, seq, score) VALUES ($1, $2, $3)`
	sqlGetFeedback = `SELECT score, reason FROM feedback WHERE conversation = $1 AND seq = $2`
)

// MaxReason is the longest reason of a thumb, in characters.
const MaxReason = 200

// AddFeedback stores a citizen's thumb, +1 or −1, for the reply at seq; a later one takes
// the place of an earlier one.
func (db *DB) AddFeedback(ctx context.Context, conversation string, seq int64, score int, reason string, at time.Time) error {
	reason = clean(reason)
	switch {
	case score != 1 && score != -1:
		return fault.New(fault.BadRequest, "a thumb is 1 or -1, not %d", score)
	case utf8.RuneCountInString(reason) > MaxReason:
		return fault.New(fault.BadRequest, "the reason may have at most %d characters", MaxReason)
	case checkName("conversation", conversation, false) != nil:
		return noReply()
	}
	micros := db.micros(at)
	return db.writer.do(ctx, conversation, "", func(s *session) error {
		var one int
		found, err := s.row(sqlIsReply, []any{conversation, seq}, &one)
		switch {
		case err != nil:
			return err
		case !found:
			return refusal{noReply()}
		}
		sealed := s.keys.SealText(reason, rowPlace("feedback", "reason", conversation, seq)...)
		if _, err := s.exec(sqlFeedback, conversation, seq, score, sealed, micros); err != nil {
			return err
		}
		_, err = s.exec(sqlAddThumb, conversation, seq, score)
		return err
	})
}

const sqlLowScores = `SELECT COUNT(*) FROM feedback WHERE conversation = $1 AND score < 0`

// LowScores counts the answers of a conversation that its citizen found of no use.
func (db *DB) LowScores(ctx context.Context, conversation string) (int, error) {
	var n int
	_, err := db.get(ctx, sqlLowScores, []any{conversation}, &n)
	return n, err
}

// Feedback reads the thumb of the reply at seq; score 0 when there is none.
func (db *DB) Feedback(ctx context.Context, conversation string, seq int64) (score int, reason string, err error) {
	_, err = db.get(ctx, sqlGetFeedback, []any{conversation, seq}, &score, &reason)
	if err == nil {
		reason, err = db.keys.OpenText(reason, rowPlace("feedback", "reason", conversation, seq)...)
	}
	return score, reason, err
}
