package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"shenwei/bot/desk"
	"shenwei/internal/audit"
	"shenwei/internal/fault"
)

const (
	sqlAgents = `SELECT a.id, a.number, a.display, a.grps, a.skills, a.capacity, a.presence, a.reason, a.since, a.seen, a.assigned, a.disabled, a.supervises,
		COALESCE(h.load, 0) FROM desk_agents a LEFT JOIN (SELECT holder, SUM(weight) AS load FROM handoffs WHERE holder <> '' GROUP BY holder) h ON h.holder = a.id
		ORDER BY a.number`
	sqlMeetAgent = `INSERT INTO desk_agents (id, number, display, grps, skills, capacity, presence, reason, since, seen, assigned, disabled, supervises)
		VALUES ($1, $2, $3, '[]', '{}', $4, 'offline', '', $5, $5, 0, FALSE, $6)
		ON CONFLICT (id) DO UPDATE SET display = excluded.display, supervises = excluded.supervises, disabled = FALSE`
	sqlHasAgent  = `SELECT number FROM desk_agents WHERE id = $1`
	sqlSetAgent  = `UPDATE desk_agents SET grps = $1, skills = $2, capacity = $3 WHERE id = $4`
	sqlPresence  = `UPDATE desk_agents SET presence = $1, reason = $2, since = CASE WHEN presence = $1 THEN since ELSE $3 END, seen = CASE WHEN seen < $3 THEN $3 ELSE seen END WHERE id = $4`
	sqlSilent    = `UPDATE desk_agents SET presence = $1, reason = '', since = CASE WHEN presence = $1 THEN since ELSE $2 END WHERE id = $3 AND since <= $2`
	sqlHeard     = `SELECT disabled, seen FROM desk_agents WHERE id = $1`
	sqlBeat      = `UPDATE desk_agents SET seen = $1 WHERE id = $2 AND seen < $1`
	sqlDisableAg = `UPDATE desk_agents SET disabled = TRUE, presence = 'offline' WHERE id = $1`
)

// agentCounter numbers agents as citizens know them.
const agentCounter = "desk agents"

// Agents lists everybody of the desk with her present load, by number.
func (db *DB) Agents(ctx context.Context) ([]desk.Agent, error) {
	var all []desk.Agent
	err := db.scan(ctx, sqlAgents, nil, func(r *sql.Rows) error {
		var a desk.Agent
		var groups, skills string
		var since, seen, assigned int64
		if err := r.Scan(&a.ID, &a.Number, &a.Display, &groups, &skills, &a.Capacity, &a.Presence, &a.Reason, &since, &seen, &assigned, &a.Disabled, &a.Supervises, &a.Load); err != nil {
			return err
		}
		if json.Unmarshal([]byte(groups), &a.Groups) != nil || json.Unmarshal([]byte(skills), &a.Skills) != nil {
			return fault.New(fault.Internal, "a stored agent cannot be read")
		}
		a.Since, a.Seen = fromMicros(since), fromMicros(seen)
		if assigned > 0 {
			a.Assigned = fromMicros(assigned)
		}
		all = append(all, a)
		return nil
	})
	return all, err
}

// MeetAgent puts a person on the desk's list when she comes for the first time, with the next
// free number, and keeps her name up to date. It returns her number.
func (db *DB) MeetAgent(ctx context.Context, id, display string, supervises bool, now time.Time) (string, error) {
	if err := checkName("agent", id, false); err != nil {
		return "", err
	}
	var number string
	err := db.writer.do(ctx, "agent "+id, "", func(s *session) error {
		found, err := s.row(sqlHasAgent, []any{id}, &number)
		if err != nil {
			return err
		}
		if !found {
			n, err := s.count(agentCounter)
			if err != nil {
				return err
			}
			number = fmt.Sprintf("%03d", n)
		}
		_, err = s.exec(sqlMeetAgent, id, number, clean(display), desk.DefaultCapacity, now.UnixMicro(), supervises)
		return err
	})
	return number, err
}

// maxCapacity bounds how many conversations anybody may have at once.
const maxCapacity = 50

// SetAgent changes what an agent works on; a supervisor's act, audited.
func (db *DB) SetAgent(ctx context.Context, a desk.Agent, actor string) error {
	if a.Capacity < 1 || a.Capacity > maxCapacity {
		return fault.New(fault.BadRequest, "同时接待数应为 1 到 %d", maxCapacity)
	}
	if a.Groups == nil {
		a.Groups = []string{}
	}
	if a.Skills == nil {
		a.Skills = map[string]int{}
	}
	groups, err := encodeJSON("the groups", a.Groups)
	if err != nil {
		return err
	}
	skills, err := encodeJSON("the skills", a.Skills)
	if err != nil {
		return err
	}
	detail, err := encodeJSON("the detail", map[string]any{"groups": a.Groups, "skills": a.Skills, "capacity": a.Capacity})
	if err != nil {
		return err
	}
	return db.writer.do(ctx, "agent "+a.ID, auditGroup, func(s *session) error {
		n, err := s.exec(sqlSetAgent, groups, skills, a.Capacity, a.ID)
		switch {
		case err != nil:
			return err
		case n == 0:
			return refuse(fault.NotFound, "没有这位坐席；坐席第一次登录工作台后才能设置")
		}
		return appendAudit(s, audit.Entry{Actor: actor, Action: "desk.agent", Object: "agent/" + a.ID, Detail: detail})
	})
}

// SetPresence says what an agent is doing.
func (db *DB) SetPresence(ctx context.Context, id string, p desk.Presence, reason string, now time.Time) error {
	return db.writer.do(ctx, "agent "+id, "", func(s *session) error {
		n, err := s.exec(sqlPresence, string(p), clean(reason), now.UnixMicro(), id)
		if err == nil && n == 0 {
			return refuse(fault.NotFound, "没有这位坐席")
		}
		return err
	})
}

// SetSilent says that an agent let an offer lapse, unless she has changed her presence since:
// whoever saw it lapse may have slept.
func (db *DB) SetSilent(ctx context.Context, id string, lapsed time.Time) error {
	return db.change(ctx, "agent "+id, sqlSilent, string(desk.NotResponding), lapsed.UnixMicro(), id)
}

// Beat says that an agent was heard.
func (db *DB) Beat(ctx context.Context, id string, now time.Time) error {
	return db.writer.do(ctx, "agent "+id, "", func(s *session) error {
		_, err := s.exec(sqlBeat, now.UnixMicro(), id)
		return err
	})
}

// DisableAgent takes an agent off the desk; her conversations go back to the queue with the
// next look of the clock.
func (db *DB) DisableAgent(ctx context.Context, id string) error {
	return db.writer.do(ctx, "agent "+id, "", func(s *session) error {
		_, err := s.exec(sqlDisableAg, id)
		return err
	})
}
