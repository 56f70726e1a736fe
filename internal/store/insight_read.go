package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"time"

	"shenwei/bot/insight"
	"shenwei/internal/audit"
	"shenwei/internal/fault"
)

const (
	sqlSamples = `SELECT s.cluster, s.place, s.text FROM insight_samples s JOIN insight_clusters c ON c.id = s.cluster
		WHERE c.last >= $1 ORDER BY s.cluster, s.place`
	sqlNextCluster = `SELECT COALESCE(MAX(id), 0) + 1 FROM insight_clusters`
	sqlSamplesOf   = `SELECT place, text FROM insight_samples WHERE cluster = $1 ORDER BY place`

	sqlHours = `SELECT day, hour, channel, questions, solved, asked_back, handed_over, wrong, silent, repeated, refused, emergency, matters
		FROM insight_hours WHERE day >= $1 AND day <= $2 ORDER BY day, hour, channel`
	sqlSubjects = `SELECT subject, CAST(SUM(questions) AS BIGINT), CAST(SUM(solved) AS BIGINT), CAST(SUM(asked_back) AS BIGINT),
			CAST(SUM(handed_over) AS BIGINT), CAST(SUM(wrong) AS BIGINT), CAST(SUM(silent) AS BIGINT), CAST(SUM(repeated) AS BIGINT),
			CAST(SUM(refused) AS BIGINT), CAST(SUM(emergency) AS BIGINT), CAST(SUM(matters) AS BIGINT)
		FROM insight_subjects WHERE day >= $1 AND day <= $2 GROUP BY subject ORDER BY subject`

	clusterColumns = `SELECT c.id, c.first, c.last, c.state, c.how, c.key, c.asks, c.actor, c.done, CAST(SUM(d.questions) AS BIGINT),
			CAST(SUM(d.missed) AS BIGINT), CAST(SUM(d.thumbed) AS BIGINT), CAST(SUM(d.repeated) AS BIGINT), CAST(SUM(d.handed) AS BIGINT),
			COUNT(*) OVER ()
		FROM insight_clusters c JOIN insight_cluster_days d ON d.cluster = c.id `
	clusterGroup = ` GROUP BY c.id, c.first, c.last, c.state, c.how, c.key, c.asks, c.actor, c.done `
	sqlClusters  = clusterColumns + `WHERE d.day >= $1 AND d.day <= $2 AND ($3 = '' OR c.state = $3)` + clusterGroup +
		`HAVING SUM(CASE $4 WHEN '' THEN d.questions WHEN 'missed' THEN d.missed WHEN 'thumbed' THEN d.thumbed
			WHEN 'repeated' THEN d.repeated ELSE d.handed END) > 0
		ORDER BY SUM(d.questions) DESC, c.last DESC, c.id LIMIT $5 OFFSET $6`
	sqlCluster = clusterColumns + `WHERE c.id = $1` + clusterGroup
	sqlWithin  = `SELECT CAST(COALESCE(SUM(questions), 0) AS BIGINT) FROM insight_cluster_days
		WHERE cluster = $1 AND day >= $2 AND day <= $3`

	sqlWaiting = `SELECT id, key, asks FROM insight_clusters WHERE state = 'drafted' ORDER BY id`
	sqlSolve   = `UPDATE insight_clusters SET state = 'solved', done = $1 WHERE id = $2 AND state = 'drafted'`
	sqlResolve = `UPDATE insight_clusters SET state = $1, how = $2, key = $3, asks = $4, actor = $5, done = $6 WHERE id = $7`
)

// Samples implements insight.Store.
func (i Insight) Samples(ctx context.Context, since time.Time) ([]insight.Sample, int64, error) {
	var all []insight.Sample
	err := i.db.scan(ctx, sqlSamples, []any{since.UnixMicro()}, func(r *sql.Rows) error {
		var s insight.Sample
		err := r.Scan(&s.Cluster, &s.Place, &s.Text)
		if err == nil {
			s.Text, err = i.db.keys.OpenText(s.Text, samplePlace(s.Cluster, s.Place)...)
		}
		all = append(all, s)
		return err
	})
	if err != nil {
		return nil, 0, err
	}
	var next int64
	_, err = i.db.get(ctx, sqlNextCluster, nil, &next)
	return all, next, err
}

// Numbers reads the sums of a range of days.
func (i Insight) Numbers(ctx context.Context, d insight.Days) (insight.Numbers, error) {
	n := insight.Numbers{Days: d}
	err := i.db.scan(ctx, sqlHours, []any{d.From, d.To}, func(r *sql.Rows) error {
		var h insight.HourRow
		err := r.Scan(append([]any{&h.Day, &h.Hour, &h.Channel}, countFields(&h.Counts)...)...)
		n.Hours = append(n.Hours, h)
		return err
	})
	if err != nil {
		return n, err
	}
	err = i.db.scan(ctx, sqlSubjects, []any{d.From, d.To}, func(r *sql.Rows) error {
		var s insight.SubjectRow
		err := r.Scan(append([]any{&s.Subject}, countFields(&s.Counts)...)...)
		n.Subjects = append(n.Subjects, s)
		return err
	})
	return n, err
}

func countFields(c *insight.Counts) []any {
	return []any{&c.Questions, &c.Solved, &c.AskedBack, &c.HandedOver, &c.Wrong, &c.Silent, &c.Repeated, &c.Refused, &c.Emergency, &c.Matters}
}

// Clusters lists clusters with a question in a range of days, those with the most first,
// and how many there are in all.
func (i Insight) Clusters(ctx context.Context, f insight.Filter) ([]insight.Cluster, int, error) {
	all, total, err := i.clusters(ctx, sqlClusters, f.From, f.To, string(f.State), string(f.Kind), bounded(f.Limit), max(0, f.Offset))
	return all, total, err
}

// Cluster reads one cluster with all its questions counted.
func (i Insight) Cluster(ctx context.Context, id int64) (insight.Cluster, error) {
	all, _, err := i.clusters(ctx, sqlCluster, id)
	if err == nil && len(all) == 0 {
		err = noCluster()
	}
	if err != nil {
		return insight.Cluster{}, err
	}
	return all[0], nil
}

func noCluster() error { return fault.New(fault.NotFound, "there is no such group of questions") }

func (i Insight) clusters(ctx context.Context, query string, args ...any) ([]insight.Cluster, int, error) {
	var all []insight.Cluster
	total := 0
	err := i.db.scan(ctx, query, args, func(r *sql.Rows) error {
		var c insight.Cluster
		var first, last, done int64
		var asks string
		err := r.Scan(&c.ID, &first, &last, &c.State, &c.How, &c.Key, &asks, &c.By, &done,
			&c.Questions, &c.Missed, &c.Thumbed, &c.Repeated, &c.Handed, &total)
		if err != nil {
			return err
		}
		c.First, c.Last = fromMicros(first), fromMicros(last)
		if done != 0 {
			c.Done = fromMicros(done)
		}
		if err := json.Unmarshal([]byte(asks), &c.Asks); err != nil {
			return fault.Wrap(fault.Internal, err, "a stored group of questions cannot be read")
		}
		all = append(all, c)
		return nil
	})
	if err != nil {
		return nil, 0, err
	}
	for n := range all {
		err := i.db.scan(ctx, sqlSamplesOf, []any{all[n].ID}, func(r *sql.Rows) error {
			var place int
			var text string
			err := r.Scan(&place, &text)
			if err == nil {
				text, err = i.db.keys.OpenText(text, samplePlace(all[n].ID, place)...)
			}
			all[n].Samples = append(all[n].Samples, text)
			return err
		})
		if err != nil {
			return nil, 0, err
		}
	}
	return all, total, nil
}

// Within counts a cluster's questions in a range of days.
func (i Insight) Within(ctx context.Context, cluster int64, d insight.Days) (int64, error) {
	var n int64
	_, err := i.db.get(ctx, sqlWithin, []any{cluster, d.From, d.To}, &n)
	return n, err
}

// Waiting implements insight.Store.
func (i Insight) Waiting(ctx context.Context) ([]insight.Waiting, error) {
	var all []insight.Waiting
	err := i.db.scan(ctx, sqlWaiting, nil, func(r *sql.Rows) error {
		var w insight.Waiting
		var asks string
		if err := r.Scan(&w.Cluster, &w.Key, &asks); err != nil {
			return err
		}
		all = append(all, w)
		return json.Unmarshal([]byte(asks), &all[len(all)-1].Asks)
	})
	return all, err
}

// Solve implements insight.Store.
func (i Insight) Solve(ctx context.Context, cluster int64, at time.Time) error {
	micros := i.db.micros(at)
	return i.db.writer.do(ctx, insightKey, "", func(s *session) error {
		n, err := s.exec(sqlSolve, micros, cluster)
		if err == nil && n == 0 {
			return refusal{noCluster()}
		}
		return err
	})
}

// Resolve stores what somebody decided about a cluster, with an entry in the audit log.
func (i Insight) Resolve(ctx context.Context, r insight.Resolution, e audit.Entry) error {
	asks := r.Asks
	if asks == nil {
		asks = []string{}
	}
	list, err := encodeJSON("the asks", asks)
	if err != nil {
		return err
	}
	at := i.db.micros(r.At)
	return i.db.writer.do(ctx, insightKey, auditGroup, func(s *session) error {
		n, err := s.exec(sqlResolve, string(r.State), r.How, r.Key, clean(list), r.By, at, r.Cluster)
		switch {
		case err != nil:
			return err
		case n == 0:
			return refusal{noCluster()}
		}
		return appendAudit(s, e)
	})
}
