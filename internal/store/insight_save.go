package store

import (
	"context"
	"strconv"

	"shenwei/bot/insight"
	"shenwei/internal/fault"
)

const (
	sqlMoveCursor = `UPDATE insight_cursor SET turns = $1, thumbs = $2 WHERE id = 1 AND holder = $3 AND turns = $4 AND thumbs = $5`
	sqlQuestion   = `INSERT INTO insight_questions (conversation, seq, answer, at, channel, text, subject, outcome, asked_back, handed,
			repeated, first, thumb, cluster, release)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
		ON CONFLICT (conversation, seq) DO UPDATE SET answer = excluded.answer, subject = excluded.subject, outcome = excluded.outcome,
			asked_back = excluded.asked_back, handed = excluded.handed, repeated = excluded.repeated, first = excluded.first,
			thumb = excluded.thumb, cluster = excluded.cluster`
	sqlAddHour = `INSERT INTO insight_hours AS h (day, hour, channel, questions, solved, asked_back, handed_over, wrong, silent, repeated,
			refused, emergency, matters)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
		ON CONFLICT (day, hour, channel) DO UPDATE SET ` + addCounts
	sqlAddSubject = `INSERT INTO insight_subjects AS h (day, subject, questions, solved, asked_back, handed_over, wrong, silent, repeated,
			refused, emergency, matters)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
		ON CONFLICT (day, subject) DO UPDATE SET ` + addCounts
	addCounts = `questions = h.questions + excluded.questions, solved = h.solved + excluded.solved,
			asked_back = h.asked_back + excluded.asked_back, handed_over = h.handed_over + excluded.handed_over,
			wrong = h.wrong + excluded.wrong, silent = h.silent + excluded.silent, repeated = h.repeated + excluded.repeated,
			refused = h.refused + excluded.refused, emergency = h.emergency + excluded.emergency, matters = h.matters + excluded.matters`
	sqlAddCluster = `INSERT INTO insight_clusters AS c (id, first, last, state, how, key, asks, actor, done)
		VALUES ($1, $2, $3, 'open', '', '', '[]', '', 0)
		ON CONFLICT (id) DO UPDATE SET first = CASE WHEN excluded.first < c.first THEN excluded.first ELSE c.first END,
			last = CASE WHEN excluded.last > c.last THEN excluded.last ELSE c.last END`
	sqlAddClusterDay = `INSERT INTO insight_cluster_days AS d (cluster, day, questions, missed, thumbed, repeated, handed)
		VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (cluster, day) DO UPDATE SET questions = d.questions + excluded.questions, missed = d.missed + excluded.missed,
			thumbed = d.thumbed + excluded.thumbed, repeated = d.repeated + excluded.repeated, handed = d.handed + excluded.handed`
	sqlAddSample = `INSERT INTO insight_samples (cluster, place, text) VALUES ($1, $2, $3) ON CONFLICT (cluster, place) DO NOTHING`
)

// Save implements insight.Store: the cursor moves in the transaction of what it led to, so
// that a crash repeats nothing and skips nothing.
func (i Insight) Save(ctx context.Context, b insight.Batch) error {
	return i.db.writer.do(ctx, insightKey, "", func(s *session) error {
		moved, err := s.exec(sqlMoveCursor, b.To.Turns, b.To.Thumbs, b.Holder, b.From.Turns, b.From.Thumbs)
		switch {
		case err != nil:
			return err
		case moved == 0:
			return refuse(fault.Conflict, "another node follows the questions now")
		}
		if err := saveQuestions(s, b.Questions); err != nil {
			return err
		}
		if err := saveCounts(s, b); err != nil {
			return err
		}
		return saveClusters(s, b)
	})
}

func saveQuestions(s *session, all []insight.Question) error {
	for _, q := range all {
		text := ""
		if q.Text != "" {
			text = s.keys.SealText(clean(q.Text), rowPlace("insight_questions", "text", q.Conversation, q.Seq)...)
		}
		_, err := s.exec(sqlQuestion, q.Conversation, q.Seq, q.Answer, q.At.UnixMicro(), string(q.Channel), text, q.Subject,
			string(q.Outcome), q.AskedBack, q.Handed, q.Repeated, q.First, q.Thumb, q.Cluster, q.Release)
		if err != nil {
			return err
		}
	}
	return nil
}

func saveCounts(s *session, b insight.Batch) error {
	for _, h := range b.Hours {
		if _, err := s.exec(sqlAddHour, append([]any{h.Day, h.Hour, string(h.Channel)}, numbers(h.Counts)...)...); err != nil {
			return err
		}
	}
	for _, x := range b.Subjects {
		if _, err := s.exec(sqlAddSubject, append([]any{x.Day, x.Subject}, numbers(x.Counts)...)...); err != nil {
			return err
		}
	}
	return nil
}

// numbers are counts in the order of their columns.
func numbers(c insight.Counts) []any {
	return []any{c.Questions, c.Solved, c.AskedBack, c.HandedOver, c.Wrong, c.Silent, c.Repeated, c.Refused, c.Emergency, c.Matters}
}

func saveClusters(s *session, b insight.Batch) error {
	for _, c := range b.Clusters {
		if _, err := s.exec(sqlAddCluster, c.Cluster, c.First.UnixMicro(), c.Last.UnixMicro()); err != nil {
			return err
		}
		if _, err := s.exec(sqlAddClusterDay, c.Cluster, c.Day, c.Questions, c.Missed, c.Thumbed, c.Repeated, c.Handed); err != nil {
			return err
		}
	}
	for _, x := range b.Samples {
		text := s.keys.SealText(clean(x.Text), samplePlace(x.Cluster, x.Place)...)
		if _, err := s.exec(sqlAddSample, x.Cluster, x.Place, text); err != nil {
			return err
		}
	}
	return nil
}

func samplePlace(cluster int64, place int) []string {
	return []string{"insight_samples", "text", strconv.FormatInt(cluster, 10), strconv.Itoa(place)}
}
