package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"time"

	"github.com/golang/snappy"

	"shenwei/bot"
	"shenwei/bot/insight"
	"shenwei/internal/fault"
)

const (
	sqlLease = `UPDATE insight_cursor SET holder = $1, until = $2 WHERE id = 1 AND (holder = $1 OR until < $3)
		RETURNING turns, thumbs`
	sqlTopReply = `SELECT COALESCE((SELECT n FROM messages WHERE kind = 'reply' ORDER BY n DESC LIMIT 1), 0)`
	sqlTopThumb = `SELECT COALESCE(MAX(n), 0) FROM insight_thumbs`

	turnColumns = `SELECT r.n, r.conversation, m.seq, r.seq, m.at, m.channel, m.ref, m.text, m.choice, r.reply, r.trace
		FROM messages r JOIN messages m ON m.conversation = r.conversation AND m.seq =
			(SELECT x.seq FROM messages x WHERE x.conversation = r.conversation AND x.seq < r.seq AND x.answer = r.seq
			ORDER BY x.seq DESC LIMIT 1)`
	sqlTurns = turnColumns + ` WHERE r.kind = 'reply' AND r.n > $1 AND r.n <= $2 ORDER BY r.n LIMIT $3`
	sqlTurn  = turnColumns + ` WHERE r.conversation = $1 AND r.kind = 'reply' AND (r.seq = $2 OR m.seq = $2)`

	sqlThumbs = `SELECT n, conversation, seq, score FROM insight_thumbs WHERE n > $1 AND n <= $2 ORDER BY n LIMIT $3`
	sqlPlace  = `SELECT n FROM messages WHERE conversation = $1 AND seq = $2 AND kind = 'reply'`

	questionColumns = `SELECT conversation, seq, answer, at, channel, text, subject, outcome, asked_back, handed, repeated, first,
		thumb, cluster, release FROM insight_questions `
	sqlRecent = questionColumns + `WHERE conversation = $1 AND seq < $2 ORDER BY seq DESC LIMIT $3`
	sqlLatest = `SELECT conversation, seq, text FROM insight_questions WHERE text <> '' ORDER BY n DESC LIMIT $1`
)

// Insight is the store as package bot/insight needs it.
type Insight struct{ db *DB }

var _ insight.Store = Insight{}

// Insight returns what keeps the questions' outcomes.
func (db *DB) Insight() Insight { return Insight{db} }

// insightKey sends everything about questions to one writer.
const insightKey = "insight"

// Lease implements insight.Store: a row that is claimed by UPDATE.
func (i Insight) Lease(ctx context.Context, holder string, lease time.Duration) (insight.Cursor, bool, error) {
	var c insight.Cursor
	var mine bool
	if err := checkName("the follower's name", holder, false); err != nil {
		return c, false, err
	}
	err := i.db.writer.do(ctx, insightKey, "", func(s *session) (err error) {
		now, err := s.moment()
		if err == nil {
			mine, err = s.row(sqlLease, []any{holder, now.Add(lease).UnixMicro(), now.UnixMicro()}, &c.Turns, &c.Thumbs)
		}
		return err
	})
	return c, mine && err == nil, err
}

// Turns implements insight.Store.
func (i Insight) Turns(ctx context.Context, after int64, limit int) ([]insight.Turn, error) {
	end, err := i.db.settled(ctx, &i.db.replies, sqlTopReply)
	if err != nil || end <= after {
		return nil, err
	}
	return i.turns(ctx, sqlTurns, after, end, bounded(limit))
}

// Turn reads the turn that a line or reply belongs to, whichever seq names.
func (i Insight) Turn(ctx context.Context, conversation string, seq int64) (insight.Turn, error) {
	var all []insight.Turn
	var err error
	if checkName("conversation", conversation, false) == nil {
		all, err = i.turns(ctx, sqlTurn, conversation, seq)
	}
	if err == nil && len(all) == 0 {
		err = fault.New(fault.NotFound, "there is no such message, or it has no reply yet")
	}
	if err != nil {
		return insight.Turn{}, err
	}
	return all[0], nil
}

func (i Insight) turns(ctx context.Context, query string, args ...any) ([]insight.Turn, error) {
	var all []insight.Turn
	err := i.db.scan(ctx, query, args, func(r *sql.Rows) error {
		var t insight.Turn
		var at int64
		var ref, choice, reply string
		var trace []byte
		err := r.Scan(&t.N, &t.Conversation, &t.Line, &t.Answer, &at, &t.Channel, &ref, &t.Text, &choice, &reply, &trace)
		if err == nil {
			t.Text, err = i.db.keys.OpenText(t.Text, linePlace(string(t.Channel), ref)...)
		}
		if err == nil {
			trace, err = i.db.openTrace(trace, t.Conversation, t.Answer)
		}
		if err != nil {
			return err
		}
		t.At, t.Tapped = fromMicros(at), choice != ""
		if err := readTurn(&t, reply, trace); err != nil {
			return err
		}
		all = append(all, t)
		return nil
	})
	return all, err
}

// readTurn takes of reply and trace what counts.
func readTurn(t *insight.Turn, reply string, trace []byte) error {
	var said struct {
		Action  bot.Action `json:"action"`
		Item    string     `json:"item"`
		Article string     `json:"article"`
		Release int64      `json:"release"`
	}
	if err := json.Unmarshal([]byte(reply), &said); err != nil {
		return fault.Wrap(fault.Internal, err, "a stored reply cannot be read")
	}
	t.Action, t.Item, t.Article, t.Release = said.Action, said.Item, said.Article, said.Release
	if len(trace) == 0 || trace[0] != packedSnappy {
		return nil // a reply without a trace is a question of its own
	}
	body, err := snappy.Decode(nil, trace[1:])
	if err != nil {
		return fault.Wrap(fault.Internal, err, "a stored trace cannot be read")
	}
	var why struct {
		Policy string `json:"policy"`
		Act    string `json:"act"`
	}
	if err := json.Unmarshal(body, &why); err != nil {
		return fault.Wrap(fault.Internal, err, "a stored trace cannot be read")
	}
	t.Policy, t.Act = why.Policy, why.Act
	return nil
}

// Thumbs implements insight.Store.
func (i Insight) Thumbs(ctx context.Context, after int64, limit int) ([]insight.Thumb, error) {
	end, err := i.db.settled(ctx, &i.db.thumbs, sqlTopThumb)
	if err != nil || end <= after {
		return nil, err
	}
	var all []insight.Thumb
	err = i.db.scan(ctx, sqlThumbs, []any{after, end, bounded(limit)}, func(r *sql.Rows) error {
		var t insight.Thumb
		err := r.Scan(&t.N, &t.Conversation, &t.Answer, &t.Score)
		all = append(all, t)
		return err
	})
	return all, err
}

// Place implements insight.Store.
func (i Insight) Place(ctx context.Context, conversation string, answer int64) (int64, error) {
	var n int64
	_, err := i.db.get(ctx, sqlPlace, []any{conversation, answer}, &n)
	return n, err
}

// Recent implements insight.Store.
func (i Insight) Recent(ctx context.Context, conversation string, before int64, limit int) ([]insight.Question, error) {
	if before <= 0 {
		before = 1 << 62
	}
	var all []insight.Question
	err := i.db.scan(ctx, sqlRecent, []any{conversation, before, bounded(limit)}, func(r *sql.Rows) error {
		var q insight.Question
		var at int64
		err := r.Scan(&q.Conversation, &q.Seq, &q.Answer, &at, &q.Channel, &q.Text, &q.Subject, &q.Outcome, &q.AskedBack,
			&q.Handed, &q.Repeated, &q.First, &q.Thumb, &q.Cluster, &q.Release)
		if err == nil {
			q.Text, err = i.db.keys.OpenText(q.Text, rowPlace("insight_questions", "text", q.Conversation, q.Seq)...)
		}
		q.At = fromMicros(at)
		all = append(all, q)
		return err
	})
	for a, b := 0, len(all)-1; a < b; a, b = a+1, b-1 {
		all[a], all[b] = all[b], all[a]
	}
	return all, err
}

// Latest lists the newest questions that citizens asked, masked, the newest first.
func (i Insight) Latest(ctx context.Context, limit int) ([]string, error) {
	var all []string
	err := i.db.scan(ctx, sqlLatest, []any{bounded(limit)}, func(r *sql.Rows) error {
		var conversation, text string
		var seq int64
		err := r.Scan(&conversation, &seq, &text)
		if err == nil {
			text, err = i.db.keys.OpenText(text, rowPlace("insight_questions", "text", conversation, seq)...)
		}
		all = append(all, text)
		return err
	})
	return all, err
}
