package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"shenwei/internal/audit"
	"shenwei/internal/store"
)

// retention deletes what has been kept for long enough. What it deletes of citizens stands in
// store.PersonalTables.
type retention struct {
	store *store.DB
	log   *slog.Logger
	days  retentionConfig
}

// One batch is one short transaction, so that citizens' lines come between; between two there
// is a pause.
const (
	conversationBatch = 20
	auditBatch        = 500
	pictureBatch      = 50
	spentBatch        = 1000
	batchPause        = 10 * time.Millisecond
	// spentAfter is how long what has served its purpose is kept: used links, ended sessions.
	spentAfter = 30 * 24 * time.Hour
)

func (a *app) retention() retention {
	return retention{a.store, a.log, a.cfg.Retention}
}

func daysBefore(now time.Time, days int) time.Time { return now.AddDate(0, 0, -days) }

// run deletes all that is due at the time, and records how much that was.
func (r retention) run(ctx context.Context, now time.Time) error {
	began := time.Now()
	d, err := r.conversations(ctx, daysBefore(now, r.days.ConversationsDays))
	if err != nil {
		return err
	}
	pictures, err := r.each(ctx, func() (int64, error) {
		return r.store.DeletePictures(ctx, daysBefore(now, r.days.ImagesDays), pictureBatch)
	})
	if err != nil {
		return err
	}
	entries, err := r.each(ctx, func() (int64, error) {
		return r.store.TrimAudit(ctx, daysBefore(now, r.days.AuditDays), auditBatch)
	})
	if err != nil {
		return err
	}
	spent, err := r.each(ctx, func() (int64, error) { return r.store.DeleteSpent(ctx, now.Add(-spentAfter), spentBatch) })
	if err != nil {
		return err
	}
	detail, err := json.Marshal(map[string]any{"conversations": d.Conversations, "messages": d.Messages, "other": d.Other, "pictures": pictures, "audit": entries, "spent": spent})
	if err != nil {
		return fmt.Errorf("encode the count: %w", err)
	}
	if err := r.store.AppendAudit(ctx, audit.Entry{Actor: "system", Action: "retention.delete", Detail: string(detail), At: now}); err != nil {
		return err
	}
	n, hash, err := r.store.AuditHead(ctx)
	if err != nil {
		return err
	}
	r.log.Info("what was kept for long enough is deleted", "conversations", d.Conversations, "messages", d.Messages, "other", d.Other, "pictures", pictures,
		"audit_entries", entries, "spent", spent, "took", time.Since(began))
	// Whoever keeps the log elsewhere can prove by this that nothing before was written anew.
	r.log.Info("audit log", "head", fmt.Sprintf("%d:%s", n, hash), "see", "shenwei check --audit --since")
	return nil
}

func (r retention) conversations(ctx context.Context, before time.Time) (sum store.Deleted, err error) {
	var c store.Cursor
	for !c.Done {
		var d store.Deleted
		if c, d, err = r.store.DeleteOld(ctx, before, c, conversationBatch); err != nil {
			return sum, err
		}
		sum.Conversations, sum.Messages, sum.Other = sum.Conversations+d.Conversations, sum.Messages+d.Messages, sum.Other+d.Other
		if err := pause(ctx, batchPause); err != nil {
			return sum, err
		}
	}
	return sum, nil
}

// each repeats a batch until it finds nothing.
func (r retention) each(ctx context.Context, batch func() (int64, error)) (sum int64, err error) {
	for {
		n, err := batch()
		sum += n
		if err != nil || n == 0 {
			return sum, err
		}
		if err := pause(ctx, batchPause); err != nil {
			return sum, err
		}
	}
}

// pause lets others come first; it ends early with ctx.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// untilNight is the time until half past three in Shenzhen, when the fewest people ask.
func untilNight(now time.Time) time.Duration {
	zone := time.FixedZone("Asia/Shanghai", 8*60*60)
	local := now.In(zone)
	night := time.Date(local.Year(), local.Month(), local.Day(), 3, 30, 0, 0, zone)
	if !night.After(local) {
		night = night.AddDate(0, 0, 1)
	}
	return night.Sub(local)
}
