package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"slices"
	"time"

	"shenwei/bot"
	"shenwei/internal/fault"
	"shenwei/kb"
)

// Codes are claimed by the database's clock, so that nodes agree on when one expires.
const (
	sqlAddCode   = `INSERT INTO link_codes (hash, context, expires, used) VALUES ($1, $2, {{now}} + CAST($3 AS BIGINT), 0)`
	sqlClaimCode = `UPDATE link_codes SET used = {{now}} WHERE hash = $1 AND used = 0 AND expires > {{now}} RETURNING context`
	sqlCodeState = `SELECT used FROM link_codes WHERE hash = $1`
	// A day after it expired nobody asks any more why a code did not open.
	sqlOldCodes = `DELETE FROM link_codes WHERE expires < {{now}} - 86400000000`

	sqlHealth     = `SELECT url, items, state, failures, says, checked, since FROM link_health ORDER BY url`
	sqlSaveHealth = `INSERT INTO link_health (url, items, state, failures, says, checked, since) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (url) DO UPDATE SET items = excluded.items, state = excluded.state, failures = excluded.failures, says = excluded.says,
		checked = excluded.checked, since = excluded.since WHERE link_health.checked <= excluded.checked`
	sqlDropHealth = `DELETE FROM link_health WHERE url = $1 AND checked <= $2`
	sqlDeadLinks  = `SELECT url FROM link_health WHERE state = 'dead' ORDER BY url`
)

// MintCode keeps a context and returns the code that opens it once within the time.
func (db *DB) MintCode(ctx context.Context, c bot.Context, valid time.Duration) (string, error) {
	body, err := encodeJSON("the context", c)
	if err != nil {
		return "", err
	}
	code, hash := newToken()
	err = db.writer.do(ctx, "code "+code[:4], "", func(s *session) error {
		_, err := s.exec(s.dialect.on(sqlAddCode), hash, clean(body), valid.Microseconds())
		return err
	})
	if err != nil {
		return "", err
	}
	return code, nil
}

// RedeemCode opens the context of a code, once among all nodes. The error is a *bot.CodeError
// where it opens nothing.
func (db *DB) RedeemCode(ctx context.Context, code string) (bot.Context, error) {
	hash := hashToken(code)
	var body, reason string
	err := db.writer.do(ctx, "code "+string(hash[:4]), "", func(s *session) error {
		body, reason = "", ""
		found, err := s.row(s.dialect.on(sqlClaimCode), []any{hash}, &body)
		if err != nil || found {
			return err
		}
		var used int64
		switch found, err = s.row(sqlCodeState, []any{hash}, &used); {
		case !found:
			reason = bot.CodeUnknown
		case used > 0:
			reason = bot.CodeUsed
		default:
			reason = bot.CodeExpired
		}
		return err
	})
	switch {
	case err != nil:
		return bot.Context{}, err
	case reason != "":
		return bot.Context{}, &bot.CodeError{Reason: reason}
	}
	var c bot.Context
	if err := json.Unmarshal([]byte(body), &c); err != nil {
		return c, fault.Wrap(fault.Internal, err, "a stored context cannot be read")
	}
	return c, nil
}

// LinkHealth lists how the addresses behind buttons have answered, by address.
func (db *DB) LinkHealth(ctx context.Context) ([]bot.LinkHealth, error) {
	var all []bot.LinkHealth
	err := db.scan(ctx, sqlHealth, nil, func(r *sql.Rows) error {
		var h bot.LinkHealth
		var items string
		var checked, since int64
		if err := r.Scan(&h.URL, &items, &h.State, &h.Failures, &h.Says, &checked, &since); err != nil {
			return err
		}
		h.Checked, h.Since = fromMicros(checked), fromMicros(since)
		all = append(all, h)
		return json.Unmarshal([]byte(items), &all[len(all)-1].Items)
	})
	return all, err
}

// SaveLinkHealth stores what checks have found and forgets the addresses gone, to which no button
// leads any more. What another node has checked since the round began stays. When another set of addresses is dead than before, every node learns of it and
// the audit log has it.
func (db *DB) SaveLinkHealth(ctx context.Context, checked []bot.LinkHealth, gone []string, begun time.Time) error {
	at := fromMicros(db.micros(db.now()))
	return db.writer.do(ctx, overridesCounter, auditGroup, func(s *session) error {
		before, err := s.deadLinks()
		if err != nil {
			return err
		}
		for _, h := range checked {
			items, err := encodeJSON("the items", h.Items)
			if err != nil {
				return err
			}
			if _, err := s.exec(sqlSaveHealth, h.URL, items, string(h.State), h.Failures, clean(h.Says), s.micros(h.Checked), s.micros(h.Since)); err != nil {
				return err
			}
		}
		for _, url := range gone {
			if _, err := s.exec(sqlDropHealth, url, begun.UnixMicro()); err != nil {
				return err
			}
		}
		after, err := s.deadLinks()
		if err != nil || slices.Equal(before, after) {
			return err
		}
		if _, err := s.count(overridesCounter); err != nil {
			return err
		}
		return s.log(kb.Member{Login: "system"}, "links.health", "links", map[string]any{"dead": len(after), "before": len(before)}, at)
	})
}

func (s *session) deadLinks() ([]string, error) {
	var all []string
	err := s.rows(sqlDeadLinks, nil, func(r *sql.Rows) error {
		var url string
		err := r.Scan(&url)
		all = append(all, url)
		return err
	})
	return all, err
}
