package kb

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"shenwei/internal/fault"
)

// Submit sends the open drafts of the keys to review together. They must parse with the
// rest of the live release; the error lists what is wrong.
func (s *Studio) Submit(ctx context.Context, by Member, title, note string, keys []string) (Proposal, error) {
	title = strings.TrimSpace(title)
	if title == "" || len(keys) == 0 {
		return Proposal{}, fault.New(fault.BadRequest, "请写一个标题，并选上要送审的草稿")
	}
	drafts, err := s.openDrafts(ctx, keys)
	if err != nil {
		return Proposal{}, err
	}
	l, err := s.current(ctx)
	if err != nil {
		return Proposal{}, err
	}
	if err := rebased(stale(l.release, drafts)); err != nil {
		return Proposal{}, err
	}
	if err := s.publishable(l.release, drafts); err != nil {
		return Proposal{}, err
	}
	p := Proposal{Title: title, Note: note, State: InReview, Author: by, Created: s.now(), Updated: s.now(), Comments: []Comment{}}
	for _, d := range drafts {
		p.Drafts = append(p.Drafts, DraftRef{Key: d.Key(), Revision: d.Number, Base: d.Base, Author: d.Author})
	}
	return s.record.CreateProposal(ctx, p)
}

func (s *Studio) openDrafts(ctx context.Context, keys []string) ([]Revision, error) {
	heads, err := s.listHeads(ctx)
	if err != nil {
		return nil, err
	}
	var drafts []Revision
	for i, key := range keys {
		h, ok := heads.find(key)
		if !ok || h.Draft == nil {
			return nil, fault.New(fault.Conflict, "%s 没有草稿，可能已被放弃或发布；请刷新后再看", key)
		}
		if slices.Contains(keys[:i], key) {
			return nil, fault.New(fault.BadRequest, "%s 选了两次", key)
		}
		rev, err := s.record.Revision(ctx, h.Kind, h.ID, h.Draft.Number)
		if err != nil {
			return nil, err
		}
		drafts = append(drafts, rev)
	}
	return drafts, nil
}

// publishable refuses drafts that do not parse with the rest of the release.
func (s *Studio) publishable(live *Release, drafts []Revision) error {
	candidate := Candidate(live, drafts)
	_, err := Parse(candidate.Documents())
	var problems Problems
	errors.As(err, &problems)
	changes := make([]Change, len(drafts))
	for i, d := range drafts {
		changes[i] = Change{Document: d.Document}
	}
	if problems = append(problems, overdue(changes, s.now())...); len(problems) > 0 {
		return fault.Wrap(fault.BadRequest, problems, "还有 %d 处要改好才能送审", len(problems))
	}
	return err
}

// Proposal reads one.
func (s *Studio) Proposal(ctx context.Context, id int64) (Proposal, error) {
	return s.record.Proposal(ctx, id)
}

// Proposals lists those in one of the states, newest first.
func (s *Studio) Proposals(ctx context.Context, states []ProposalState) ([]Proposal, error) {
	const most = 200
	return s.record.Proposals(ctx, states, most)
}

// Decide is the second person's yes or no.
func (s *Studio) Decide(ctx context.Context, id int64, by Member, yes bool, comment string) (Proposal, error) {
	action := "change.reject"
	if yes {
		action = "change.approve"
	}
	return s.move(ctx, id, action, by, func(p *Proposal) error {
		if yes {
			return p.approve(by, comment, s.now())
		}
		return p.reject(by, comment, s.now())
	})
}

// Withdraw takes a proposal back; its drafts can be edited again.
func (s *Studio) Withdraw(ctx context.Context, id int64, by Member) (Proposal, error) {
	return s.move(ctx, id, "change.withdraw", by, func(p *Proposal) error { return p.withdraw(by, s.now()) })
}

// Unschedule cancels a scheduled release.
func (s *Studio) Unschedule(ctx context.Context, id int64, by Member) (Proposal, error) {
	return s.move(ctx, id, "change.unschedule", by, func(p *Proposal) error { return p.unschedule(by, s.now()) })
}

func (s *Studio) move(ctx context.Context, id int64, action string, by Member, step func(*Proposal) error) (Proposal, error) {
	p, err := s.record.Proposal(ctx, id)
	if err != nil {
		return Proposal{}, err
	}
	if err := step(&p); err != nil {
		return Proposal{}, err
	}
	p.Updated = s.now()
	return p, s.record.UpdateProposal(ctx, p, action, by)
}

// candidate is the live release, and what it would be with the proposal's drafts.
func (s *Studio) candidate(ctx context.Context, p *Proposal) (live, candidate *Release, drafts []Revision, err error) {
	l, err := s.current(ctx)
	if err != nil {
		return nil, nil, nil, err
	}
	for _, d := range p.Drafts {
		kind, id := SplitKey(d.Key)
		rev, err := s.record.Revision(ctx, kind, id, d.Revision)
		if err != nil {
			return nil, nil, nil, err
		}
		drafts = append(drafts, rev)
	}
	if err := rebased(stale(l.release, drafts)); err != nil {
		return nil, nil, nil, err
	}
	if err := s.publishable(l.release, drafts); err != nil {
		return nil, nil, nil, err
	}
	candidate = Candidate(l.release, drafts)
	now := asOf(l.release, s.now())
	return l.release.At(now), candidate.At(now), drafts, nil
}

// StartGate begins a run for a proposal and returns its report, which is still running.
func (s *Studio) StartGate(ctx context.Context, id int64, by Member) (GateReport, error) {
	p, err := s.record.Proposal(ctx, id)
	if err != nil {
		return GateReport{}, err
	}
	if err := p.in(InReview, Approved, Scheduled); err != nil {
		return GateReport{}, err
	}
	live, candidate, _, err := s.candidate(ctx, &p)
	if err != nil {
		return GateReport{}, err
	}
	report := s.newReport(id, live, candidate)
	if err := s.record.SaveReport(ctx, &report); err != nil {
		return GateReport{}, err
	}
	if p.State != Scheduled { // a scheduled one keeps the report that it was scheduled with
		p.Gate, p.Updated = report.Run, s.now()
		if err := s.record.UpdateProposal(ctx, p, "change.gate", by); err != nil {
			return GateReport{}, err
		}
	}
	s.work.Go(func() { _, _ = s.runGate(s.ctx, report, live, candidate) }) // the report says how it ended
	return report, nil
}

func (s *Studio) newReport(change int64, live, candidate *Release) GateReport {
	now := s.now()
	return GateReport{
		Run: strings.ToLower(rand.Text()[:16]), Change: change, State: GateRunning, Candidate: candidate.Hash(), Base: live.Number,
		Flips: []Flip{}, Dates: []time.Time{}, Started: now, Seen: now,
	}
}

// heartbeat is how often a run tells the record that it lives; one that was not heard of for
// patience is given up.
const (
	heartbeat = time.Second
	patience  = 30 * time.Second
)

// runGate runs the gate for a report that is on record as running, and stores how it ended.
func (s *Studio) runGate(ctx context.Context, report GateReport, live, candidate *Release) (*GateReport, error) {
	s.mu.Lock()
	s.running[report.Run] = &report
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		delete(s.running, report.Run)
		s.mu.Unlock()
	}()
	beat, stop := context.WithCancel(ctx)
	var beats = make(chan struct{})
	go func() { defer close(beats); s.beat(beat, report.Run) }()
	found, err := s.oneRun(ctx, &report, live, candidate)
	stop()
	<-beats
	s.mu.Lock()
	end := report
	s.mu.Unlock()
	end.Seen = s.now()
	if err != nil {
		end.State, end.Error = GateFailed, readable(err)
		s.log.Error("a run of the gate failed", "run", end.Run, "err", err)
	} else {
		found.Run, found.Change, found.Candidate, found.Base = end.Run, end.Change, end.Candidate, end.Base
		found.State, found.Started, found.Seen = GateDone, end.Started, end.Seen
		end = *found
	}
	if saved := s.record.SaveReport(context.WithoutCancel(ctx), &end); saved != nil {
		return nil, errors.Join(err, saved)
	}
	return &end, err
}

func readable(err error) string {
	if m := fault.MessageOf(err); m != "" {
		return m
	}
	return "运行没有完成，请重新运行；仍不行请联系管理员"
}

// oneRun waits for its turn: a run takes every core for some seconds.
func (s *Studio) oneRun(ctx context.Context, report *GateReport, live, candidate *Release) (*GateReport, error) {
	select {
	case s.gating <- struct{}{}:
		defer func() { <-s.gating }()
	case <-ctx.Done():
		return nil, fault.Wrap(fault.Unavailable, ctx.Err(), "服务正在停止，请稍后重新运行")
	}
	return s.gate.Run(ctx, live, candidate, func(done, total int) {
		s.mu.Lock()
		report.Done, report.Total = done, total
		s.mu.Unlock()
	})
}

// beat stores the progress of a run now and then, for the other nodes.
func (s *Studio) beat(ctx context.Context, run string) {
	tick := time.NewTicker(heartbeat)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		s.mu.Lock()
		report := *s.running[run]
		s.mu.Unlock()
		report.Seen = s.now()
		if err := s.record.SaveReport(ctx, &report); err != nil {
			s.log.Warn("the progress of a run is not stored", "run", run, "err", err)
		}
	}
}

// Report reads a run: its progress, or what it found.
func (s *Studio) Report(ctx context.Context, run string) (*GateReport, error) {
	s.mu.Lock()
	r := s.running[run]
	if r != nil {
		c := *r
		s.mu.Unlock()
		return &c, nil
	}
	s.mu.Unlock()
	report, err := s.record.Report(ctx, run)
	if err == nil && report.State == GateRunning && s.now().Sub(report.Seen) > patience {
		report.State, report.Error = GateFailed, "运行中断了，请重新运行"
	}
	return report, err
}

// PublishOrder is somebody's wish to publish a proposal.
type PublishOrder struct {
	Permission
	// Gate is the run whose report she has read; At, when it lies ahead, when to publish.
	Gate string
	At   time.Time
}

// Publish makes a proposal live, or schedules it; release is 0 then. It is refused unless the
// report is of exactly this candidate and base.
func (s *Studio) Publish(ctx context.Context, id int64, o PublishOrder) (release int64, err error) {
	p, err := s.record.Proposal(ctx, id)
	if err != nil {
		return 0, err
	}
	if err := p.in(InReview, Approved); err != nil {
		return 0, err
	}
	report, err := s.Report(ctx, o.Gate)
	if err != nil {
		return 0, err
	}
	live, candidate, drafts, err := s.candidate(ctx, &p)
	if err != nil {
		return 0, err
	}
	if err := report.of(live, candidate); err != nil {
		return 0, err
	}
	if err := p.permit(o.Permission, report); err != nil {
		return 0, err
	}
	if o.At.After(s.now()) {
		p.State, p.Schedule, p.Updated = Scheduled, &Schedule{At: o.At, State: ScheduleWaiting}, s.now()
		return 0, s.record.UpdateProposal(ctx, p, "change.schedule", o.By)
	}
	return s.release(ctx, p, live, drafts, report, o.By)
}

// of refuses a report of another candidate or base, or one that is not finished.
func (g *GateReport) of(live, candidate *Release) error {
	switch {
	case g.State == GateRunning:
		return fault.New(fault.Conflict, "回归检查还没有跑完，请稍等")
	case g.State != GateDone:
		return fault.New(fault.Conflict, "回归检查没有跑成：%s", g.Error)
	case g.Base != live.Number:
		return fault.New(fault.Conflict, "这份回归报告是在第 %d 版上做的，现在线上是第 %d 版；请重新运行", g.Base, live.Number)
	case g.Candidate != candidate.Hash():
		return fault.New(fault.Conflict, "这份回归报告是另一份内容的，请重新运行")
	}
	return nil
}

// release publishes in one transaction with the proposal's last step.
func (s *Studio) release(ctx context.Context, p Proposal, live *Release, drafts []Revision, report *GateReport, by Member) (int64, error) {
	if p.Schedule != nil && p.Schedule.State == ScheduleWaiting {
		p.Schedule.State = ScheduleDone
	}
	p.State, p.Release, p.Updated = Published, live.Number+1, s.now()
	info := ReleaseInfo{
		Way: ByProposal, Author: *p.Publisher, Reviewer: p.Reviewer, Change: p.ID, Gate: report.Run, Broken: report.Broken,
		Flips: len(report.Flips), Total: report.Gold + report.Real, Override: p.Override, Alone: p.Alone,
	}
	number, err := s.record.Publish(ctx, Order{
		Base: live.Number, Put: drafts, Note: p.Title, By: by, At: s.now(), AsOf: live.AsOf, Info: info, Change: &p,
	})
	if err == nil {
		s.published()
	}
	return number, moved(err)
}

// maxTries is how often a scheduled release is decided again because another came first.
const maxTries = 5

// PublishDue publishes a proposal whose time has come. Where the base has moved, the gate
// runs again; what it breaks anew is not published, and the proposal says so. It does nothing
// for a proposal that is not scheduled any more, so it may be called twice.
func (s *Studio) PublishDue(ctx context.Context, id int64) error {
	for range maxTries {
		p, err := s.record.Proposal(ctx, id)
		if err != nil || p.State != Scheduled || p.Schedule.State != ScheduleWaiting {
			return err
		}
		err = s.publishDue(ctx, p)
		if !fault.Is(err, fault.Conflict) {
			return err
		}
	}
	return fault.New(fault.Unavailable, "change %d: other releases keep coming first; it is tried again later", id)
}

func (s *Studio) publishDue(ctx context.Context, p Proposal) error {
	live, candidate, drafts, err := s.candidate(ctx, &p)
	if fault.Is(err, fault.Conflict) || fault.Is(err, fault.BadRequest) {
		return s.failDue(ctx, p, readable(err))
	}
	if err != nil {
		return err
	}
	report, err := s.record.Report(ctx, p.Gate)
	if err != nil {
		return err
	}
	if report.of(live, candidate) != nil {
		again := s.newReport(p.ID, live, candidate)
		fresh, err := s.runGate(ctx, again, live, candidate)
		if err != nil {
			return fmt.Errorf("gate of scheduled change %d: %w", p.ID, err)
		}
		if broken := fresh.NewlyBroken(report); len(broken) > 0 || fresh.Hard > 0 {
			p.Gate = fresh.Run
			return s.failDue(ctx, p, fmt.Sprintf("定时之后线上有了新版本（第 %d 版），重新检查发现 %d 道金标题会由对变错", live.Number, max(len(broken), fresh.Hard)))
		}
		report, p.Gate = fresh, fresh.Run
	}
	_, err = s.release(ctx, p, live, drafts, report, *p.Publisher)
	return err
}

func (s *Studio) failDue(ctx context.Context, p Proposal, reason string) error {
	p.fail(reason, s.now())
	p.Updated = s.now()
	s.log.Warn("a scheduled release was not published", "change", p.ID, "reason", reason)
	return s.record.UpdateProposal(ctx, p, "change.schedule_failed", Member{})
}
