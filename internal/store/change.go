package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strconv"

	"shenwei/internal/fault"
	"shenwei/internal/jobs"
	"shenwei/kb"
)

// PublishJob is the kind of the jobs that publish a change at its time; the payload is the
// change's number.
const PublishJob = "studio.publish"

const (
	sqlAddChange = `INSERT INTO changes (version, state, body, created, updated) VALUES (1, $1, $2, $3, $4) RETURNING n`
	sqlSetChange = `UPDATE changes SET version = version + 1, state = $1, body = $2, updated = $3 WHERE n = $4 AND version = $5`
	sqlChange    = `SELECT n, version, body FROM changes WHERE n = $1`
	sqlChanges   = `SELECT n, version, body FROM changes ORDER BY n DESC LIMIT $1`
	sqlChangesIn = `SELECT n, version, body FROM changes WHERE state = $1 ORDER BY n DESC LIMIT $2`
	sqlHold      = `INSERT INTO change_drafts (kind, id, change, number) VALUES ($1, $2, $3, $4) ON CONFLICT (kind, id) DO NOTHING`
	sqlRelease   = `DELETE FROM change_drafts WHERE change = $1`
	sqlHolder    = `SELECT change FROM change_drafts WHERE kind = $1 AND id = $2`

	sqlSaveReport = `INSERT INTO gate_reports (run, change, state, updated, body) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (run) DO UPDATE SET state = excluded.state, updated = excluded.updated, body = excluded.body
		WHERE gate_reports.state = 'running'`
	sqlReport = `SELECT body FROM gate_reports WHERE run = $1`
)

// CreateProposal stores a new proposal: see kb.ProposalStore.
func (db *DB) CreateProposal(ctx context.Context, p kb.Proposal) (kb.Proposal, error) {
	body, err := encodeProposal(p)
	if err != nil {
		return kb.Proposal{}, err
	}
	err = db.writer.do(ctx, archiveKey, auditGroup, func(s *session) error {
		if _, err := s.count(archiveKey); err != nil {
			return err
		}
		for _, d := range p.Drafts {
			if err := checkHold(s, d); err != nil {
				return err
			}
		}
		if _, err := s.row(sqlAddChange, []any{string(p.State), body, p.Created.UnixMicro(), p.Updated.UnixMicro()}, &p.ID); err != nil {
			return err
		}
		keys := make([]string, len(p.Drafts))
		for i, d := range p.Drafts {
			keys[i] = d.Key
			kind, id := kb.SplitKey(d.Key)
			if n, err := s.exec(sqlHold, string(kind), id, p.ID, d.Revision); err != nil || n == 0 {
				return orRaced(err)
			}
		}
		return s.log(p.Author, "change.submit", changeObject(p.ID), map[string]any{"keys": keys[:min(len(keys), 100)]}, p.Created)
	})
	p.Version = 1
	return p, err
}

// checkHold refuses a draft that is not its document's open one, or that is held already.
func checkHold(s *session, d kb.DraftRef) error {
	kind, id := kb.SplitKey(d.Key)
	open, err := s.revision(sqlOpenDraft, string(kind), id)
	if err != nil {
		return err
	}
	if open == nil || open.Number != d.Revision {
		return refuse(fault.Conflict, "%s 的草稿已经更新，请刷新后再送审", d.Key)
	}
	var holder int64
	found, err := s.row(sqlHolder, []any{string(kind), id}, &holder)
	if err == nil && found {
		err = refuse(fault.Conflict, "%s 已在变更 %d 里送审", d.Key, holder)
	}
	return err
}

func changeObject(id int64) string { return fmt.Sprintf("change/%d", id) }

func encodeProposal(p kb.Proposal) (string, error) {
	if err := checkLength("the title", p.Title); err != nil {
		return "", err
	}
	body, err := encodeJSON("the change", p)
	if err == nil {
		body, err = clean(body), checkLength("the change", body)
	}
	return body, err
}

// UpdateProposal stores a step of a proposal: see kb.ProposalStore.
func (db *DB) UpdateProposal(ctx context.Context, p kb.Proposal, action string, by kb.Member) error {
	body, err := encodeProposal(p)
	if err != nil {
		return err
	}
	return db.writer.do(ctx, archiveKey, auditGroup, func(s *session) error {
		if _, err := s.count(archiveKey); err != nil {
			return err
		}
		if err := setProposal(s, p, body); err != nil {
			return err
		}
		return s.log(by, action, changeObject(p.ID), nil, p.Updated)
	})
}

// setProposal writes a proposal whose version is still the stored one, lets go of its drafts
// when it is not open any more, and keeps its job. The caller has raised the counter.
func setProposal(s *session, p kb.Proposal, body string) error {
	n, err := s.exec(sqlSetChange, string(p.State), body, p.Updated.UnixMicro(), p.ID, p.Version)
	switch {
	case err != nil:
		return err
	case n == 0:
		return refuse(fault.Conflict, "这项变更刚被别人处理过，请刷新后再看")
	}
	if !p.State.Open() {
		if _, err := s.exec(sqlRelease, p.ID); err != nil {
			return err
		}
	}
	if p.State == kb.Scheduled && p.Schedule != nil && p.Schedule.State == kb.ScheduleWaiting {
		// Each version has a job of its own: one that was cancelled leaves its name taken.
		ref := fmt.Sprintf("%d/%d", p.ID, p.Version)
		return addJob(s, jobs.Job{Kind: PublishJob, Ref: ref, Payload: strconv.FormatInt(p.ID, 10), Due: p.Schedule.At})
	}
	return nil
}

// Proposal reads one.
func (db *DB) Proposal(ctx context.Context, id int64) (kb.Proposal, error) {
	all, err := db.proposals(ctx, sqlChange, id)
	if err == nil && len(all) == 0 {
		err = fault.New(fault.NotFound, "没有变更 %d", id)
	}
	if err != nil {
		return kb.Proposal{}, err
	}
	return all[0], nil
}

// Proposals lists those in one of the states, or all, newest first.
func (db *DB) Proposals(ctx context.Context, states []kb.ProposalState, limit int) ([]kb.Proposal, error) {
	if len(states) == 0 {
		return db.proposals(ctx, sqlChanges, bounded(limit))
	}
	var all []kb.Proposal
	for _, st := range states {
		some, err := db.proposals(ctx, sqlChangesIn, string(st), bounded(limit))
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	return all, nil
}

func (db *DB) proposals(ctx context.Context, query string, args ...any) ([]kb.Proposal, error) {
	var all []kb.Proposal
	err := db.scan(ctx, query, args, func(r *sql.Rows) error {
		var p kb.Proposal
		var body string
		var id, version int64
		if err := r.Scan(&id, &version, &body); err != nil {
			return err
		}
		if err := json.Unmarshal([]byte(body), &p); err != nil {
			return fault.Wrap(fault.Internal, err, "a stored change cannot be read")
		}
		p.ID, p.Version = id, version
		all = append(all, p)
		return nil
	})
	return all, err
}

// SaveReport stores a run of the gate. One that is finished is never changed again.
func (db *DB) SaveReport(ctx context.Context, r *kb.GateReport) error {
	if err := checkName("the run", r.Run, false); err != nil {
		return err
	}
	body, err := encodeJSON("the report", r)
	if err != nil {
		return err
	}
	body = clean(body)
	change, state, seen, run := r.Change, r.State, r.Seen.UnixMicro(), r.Run
	return db.writer.do(ctx, "gate "+run, "", func(s *session) error {
		_, err := s.exec(sqlSaveReport, run, change, state, seen, body)
		return err
	})
}

// Report reads a run of the gate.
func (db *DB) Report(ctx context.Context, run string) (*kb.GateReport, error) {
	missing := fault.New(fault.NotFound, "没有这次回归检查，请重新运行")
	if checkName("the run", run, false) != nil {
		return nil, missing
	}
	var body string
	found, err := db.get(ctx, sqlReport, []any{run}, &body)
	switch {
	case err != nil:
		return nil, err
	case !found:
		return nil, missing
	}
	r := &kb.GateReport{}
	if err := json.Unmarshal([]byte(body), r); err != nil {
		return nil, fault.Wrap(fault.Internal, err, "a stored report cannot be read")
	}
	return r, nil
}
