package kb

import (
	"context"
	"fmt"
	"strings"
	"time"

	"shenwei/internal/fault"
)

// Releases lists what was published, newest first, below the number before (0: all).
func (s *Studio) Releases(ctx context.Context, before int64, limit int) ([]Issue, error) {
	return s.record.Releases(ctx, before, limit)
}

// Issue reads one release of the list.
func (s *Studio) Issue(ctx context.Context, number int64) (Issue, error) {
	all, err := s.record.Releases(ctx, number+1, 1)
	if err == nil && (len(all) == 0 || all[0].Number != number) {
		err = fault.New(fault.NotFound, "没有第 %d 版", number)
	}
	if err != nil {
		return Issue{}, err
	}
	return all[0], nil
}

// Rollback takes back what a release changed, as a new release, at once; its gate report
// comes after the fact. What a later release changed again stays, and is a conflict.
func (s *Studio) Rollback(ctx context.Context, number int64, by Member, reason string) (int64, error) {
	if strings.TrimSpace(reason) == "" {
		return 0, fault.New(fault.BadRequest, "请写明回滚的理由")
	}
	issue, err := s.Issue(ctx, number)
	if err != nil {
		return 0, err
	}
	l, err := s.current(ctx)
	if err != nil {
		return 0, err
	}
	put, remove, err := s.undo(ctx, issue, l.release)
	if err != nil {
		return 0, err
	}
	now := asOf(l.release, s.now())
	live, candidate := l.release.At(now), Candidate(l.release, put).without(remove).At(now)
	if _, err := Parse(candidate.Documents()); err != nil {
		return 0, fault.Wrap(fault.Conflict, err, "回滚后内容对不上（后来的版本用到了它）：%s", firstLine(err))
	}
	report := s.newReport(0, live, candidate)
	info := ReleaseInfo{Way: ByRollback, Author: by, Undoes: number, Gate: report.Run}
	made, err := s.record.Publish(ctx, Order{
		Base: live.Number, Put: put, Remove: remove, Note: fmt.Sprintf("回滚第 %d 版：%s", number, reason), By: by, At: s.now(), AsOf: now, Info: info,
	})
	if err != nil {
		return 0, moved(err)
	}
	s.published()
	s.work.Go(func() { s.reportAfter(made, info, report, live, candidate) })
	return made, nil
}

func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}

// undo is what takes the changes of a release back.
func (s *Studio) undo(ctx context.Context, issue Issue, live *Release) (put []Revision, remove []string, err error) {
	if len(issue.Changes) == 0 {
		return nil, nil, fault.New(fault.Conflict, "第 %d 版没有改动内容，没有可以回滚的", issue.Number)
	}
	if issue.Number == 1 {
		return nil, nil, fault.New(fault.Conflict, "第 1 版之前没有内容，不能回滚")
	}
	numbers := live.Numbers()
	for _, c := range issue.Changes {
		if numbers[c.Key] != c.To {
			return nil, nil, fault.New(fault.Conflict, "%s 在第 %d 版之后又改过，请先回滚后来的版本，或恢复它的旧版后重新发布", c.Key, issue.Number)
		}
		if c.From == 0 {
			remove = append(remove, c.Key)
			continue
		}
		kind, id := SplitKey(c.Key)
		rev, err := s.record.Revision(ctx, kind, id, c.From)
		if err != nil {
			return nil, nil, err
		}
		put = append(put, rev)
	}
	return put, remove, nil
}

// without is the release without the documents of the keys.
func (r *Release) without(keys []string) *Release {
	if len(keys) == 0 {
		return r
	}
	gone := map[string]bool{}
	for _, k := range keys {
		gone[k] = true
	}
	c := *r
	c.Revisions = nil
	for _, rev := range r.Revisions {
		if !gone[rev.Key()] {
			c.Revisions = append(c.Revisions, rev)
		}
	}
	return &c
}

// reportAfter runs the gate for a release that is live already and keeps its figures with it.
func (s *Studio) reportAfter(number int64, was ReleaseInfo, report GateReport, live, candidate *Release) {
	err := s.record.SaveReport(s.ctx, &report)
	if err == nil {
		var found *GateReport
		if found, err = s.runGate(s.ctx, report, live, candidate); err == nil {
			info := was
			info.Broken, info.Flips, info.Total = found.Broken, len(found.Flips), found.Gold+found.Real
			err = s.record.SetReleaseInfo(s.ctx, number, was, info, "release.gate", Member{})
		}
	}
	if err != nil {
		s.log.Error("no gate report after a roll-back", "release", number, "err", err)
	}
}

// Confirm is the second person's look at a proposal that was published alone.
func (s *Studio) Confirm(ctx context.Context, id int64, by Member) error {
	p, err := s.record.Proposal(ctx, id)
	if err != nil {
		return err
	}
	if err := p.in(Published); err != nil {
		return err
	}
	issue, err := s.Issue(ctx, p.Release)
	if err != nil {
		return err
	}
	info := issue.Info
	if err := info.confirm(by, p.wrote); err != nil {
		return err
	}
	return s.record.SetReleaseInfo(ctx, p.Release, issue.Info, info, "release.confirm", by)
}

// DatesReached makes the next release when a date of the live one has come. It returns the
// release's number, 0 when there was nothing to do. Of many nodes that call it one makes it.
func (s *Studio) DatesReached(ctx context.Context) (int64, error) {
	l, err := s.current(ctx)
	if err != nil {
		return 0, err
	}
	now := s.now()
	if len(l.release.Dates(l.release.AsOf, now)) == 0 {
		return 0, nil
	}
	info := ReleaseInfo{Way: ByDate}
	info.Entered, info.Left = l.release.between(l.release.AsOf, now)
	number, err := s.record.Publish(ctx, Order{
		Base: l.release.Number, Note: dateNote(info, now), At: now, AsOf: now, Info: info,
	})
	if fault.Is(err, fault.Conflict) {
		return 0, nil // another node was first
	}
	if err == nil {
		s.published()
	}
	return number, err
}

func dateNote(i ReleaseInfo, now time.Time) string {
	note := now.In(Shenzhen).Format("2006-01-02 15:04") + " 到期自动更新"
	if len(i.Entered) > 0 {
		note += "；生效：" + strings.Join(i.Entered, "、")
	}
	if len(i.Left) > 0 {
		note += "；失效：" + strings.Join(i.Left, "、")
	}
	const most = 500
	if r := []rune(note); len(r) > most {
		note = string(r[:most]) + "…"
	}
	return note
}

// between names what comes into force between two instants, and what goes out of it.
func (r *Release) between(from, until time.Time) (entered, left []string) {
	before, after := r.At(from).InForce(), r.At(until).InForce()
	for i, rev := range after {
		was, is := before[i].Span().Holds(from), rev.Span().Holds(until)
		switch {
		case is && (!was || before[i].Number != rev.Number):
			entered = append(entered, rev.Key())
		case was && !is:
			left = append(left, rev.Key())
		}
	}
	return entered, left
}
