package studio

import (
	"context"
	"net/http"
	"strings"
	"time"

	"shenwei/internal/fault"
	"shenwei/kb"
	"shenwei/web/auth"
	"shenwei/web/respond"
)

type changeView struct {
	ID         int64            `json:"id"`
	Title      string           `json:"title"`
	Note       string           `json:"note"`
	State      kb.ProposalState `json:"state"`
	Author     string           `json:"author"`
	AuthorID   string           `json:"author_id"`
	Reviewer   string           `json:"reviewer"`
	ReviewerID string           `json:"reviewer_id"`
	At         time.Time        `json:"at"`
	Updated    time.Time        `json:"updated"`
	Keys       []string         `json:"keys"`
	Drafts     []draftView      `json:"drafts"`
	Gate       *kb.GateReport   `json:"gate,omitempty"`
	Run        string           `json:"run,omitempty"`
	Schedule   *scheduleView    `json:"schedule,omitempty"`
	Comments   []commentView    `json:"comments"`
	Override   string           `json:"override,omitempty"`
	Alone      string           `json:"alone,omitempty"`
	Confirm    *confirmView     `json:"confirm,omitempty"`
	Release    int64            `json:"release,omitempty"`
}

type draftView struct {
	Key      string `json:"key"`
	Title    string `json:"title"`
	Revision int64  `json:"revision"`
	Base     int64  `json:"base"`
	Author   string `json:"author"`
	AuthorID string `json:"author_id"`
	Diff     string `json:"diff"`
}

type scheduleView struct {
	ID    int64     `json:"id"` // the change's
	At    time.Time `json:"at"`
	State string    `json:"state"`
	Error string    `json:"error,omitempty"`
}

type commentView struct {
	At     time.Time `json:"at"`
	Author string    `json:"author"`
	Text   string    `json:"text"`
}

type confirmView struct {
	Needed bool   `json:"needed"`
	By     string `json:"by"`
}

const service = "系统" // who speaks where nobody does

func nameOf(m kb.Member) string {
	if m.ID == "" {
		return service
	}
	return m.Name
}

// changeOf is a change in a list: without diffs and report.
func (s *Studio) changeOf(ctx context.Context, p kb.Proposal) (changeView, error) {
	titles, err := s.cfg.Studio.Titles(ctx)
	if err != nil {
		return changeView{}, err
	}
	v := changeView{
		ID: p.ID, Title: p.Title, Note: p.Note, State: p.State, Author: p.Author.Name, AuthorID: p.Author.ID, At: p.Created, Updated: p.Updated,
		Keys: []string{}, Drafts: []draftView{}, Comments: []commentView{}, Run: p.Gate, Override: p.Override, Alone: p.Alone, Release: p.Release,
	}
	if p.Reviewer != nil {
		v.Reviewer, v.ReviewerID = p.Reviewer.Name, p.Reviewer.ID
	}
	for _, d := range p.Drafts {
		v.Keys = append(v.Keys, d.Key)
		v.Drafts = append(v.Drafts, draftView{Key: d.Key, Title: titles(d.Key), Revision: d.Revision, Base: d.Base, Author: d.Author.Name, AuthorID: d.Author.ID})
	}
	for _, c := range p.Comments {
		v.Comments = append(v.Comments, commentView{c.At, nameOf(c.Author), c.Text})
	}
	if p.Schedule != nil {
		v.Schedule = &scheduleView{p.ID, p.Schedule.At, p.Schedule.State, p.Schedule.Error}
	}
	return v, nil
}

// full is a change with diffs, report and confirmation.
func (s *Studio) full(ctx context.Context, p kb.Proposal) (changeView, error) {
	v, err := s.changeOf(ctx, p)
	if err != nil {
		return v, err
	}
	for i, d := range p.Drafts {
		kind, id := kb.SplitKey(d.Key)
		if v.Drafts[i].Diff, err = s.cfg.Studio.Diff(ctx, kind, id, d.Base, d.Revision); err != nil {
			return v, err
		}
	}
	if p.Gate != "" {
		if v.Gate, err = s.cfg.Studio.Report(ctx, p.Gate); err != nil && !fault.Is(err, fault.NotFound) {
			return v, err
		}
	}
	if p.Alone != "" && p.Release > 0 {
		issue, err := s.cfg.Studio.Issue(ctx, p.Release)
		if err != nil {
			return v, err
		}
		v.Confirm = &confirmView{Needed: issue.Info.Confirmed == nil}
		if issue.Info.Confirmed != nil {
			v.Confirm.By = issue.Info.Confirmed.Name
		}
	}
	return v, nil
}

// Changes lists changes, newest first; ?state= takes several, with a comma between.
func (s *Studio) Changes(w http.ResponseWriter, r *http.Request) {
	s.handle(w, r, func(kb.Member, auth.Principal) (any, error) {
		var states []kb.ProposalState
		for _, st := range strings.Split(r.URL.Query().Get("state"), ",") {
			if state := kb.ProposalState(strings.TrimSpace(st)); state.Name() != "" {
				states = append(states, state)
			} else if st != "" {
				return nil, fault.New(fault.BadRequest, "state 应为 review、approved、scheduled、published、rejected 或 withdrawn")
			}
		}
		all, err := s.cfg.Studio.Proposals(r.Context(), states)
		views := []changeView{}
		for _, p := range all {
			v, err := s.changeOf(r.Context(), p)
			if err != nil {
				return nil, err
			}
			views = append(views, v)
		}
		return views, err
	})
}

type madeView struct {
	ID int64 `json:"id"`
}

// Submit sends drafts to review.
func (s *Studio) Submit(w http.ResponseWriter, r *http.Request) {
	s.handle(w, r, func(by kb.Member, _ auth.Principal) (any, error) {
		var body struct {
			Title string   `json:"title"`
			Keys  []string `json:"keys"`
			Note  string   `json:"note"`
		}
		if err := respond.Body(w, r, &body); err != nil {
			return nil, err
		}
		p, err := s.cfg.Studio.Submit(r.Context(), by, body.Title, body.Note, body.Keys)
		return madeView{p.ID}, err
	})
}

// onChange answers with what a step makes of the change in the path.
func (s *Studio) onChange(w http.ResponseWriter, r *http.Request, step func(id int64, by kb.Member, p auth.Principal) (kb.Proposal, error)) {
	s.handle(w, r, func(by kb.Member, p auth.Principal) (any, error) {
		id, err := pathNumber(r, "id")
		if err != nil {
			return nil, err
		}
		change, err := step(id, by, p)
		if err != nil {
			return nil, err
		}
		return s.full(r.Context(), change)
	})
}

// Change opens one change.
func (s *Studio) Change(w http.ResponseWriter, r *http.Request) {
	s.onChange(w, r, func(id int64, _ kb.Member, _ auth.Principal) (kb.Proposal, error) {
		return s.cfg.Studio.Proposal(r.Context(), id)
	})
}

// Decide is a reviewer's yes or no.
func (s *Studio) Decide(w http.ResponseWriter, r *http.Request) {
	s.onChange(w, r, func(id int64, by kb.Member, _ auth.Principal) (kb.Proposal, error) {
		var body struct {
			Decision string `json:"decision"`
			Comment  string `json:"comment"`
		}
		if err := respond.Body(w, r, &body); err != nil {
			return kb.Proposal{}, err
		}
		if body.Decision != "approve" && body.Decision != "reject" {
			return kb.Proposal{}, fault.New(fault.BadRequest, "decision 应为 approve 或 reject")
		}
		return s.cfg.Studio.Decide(r.Context(), id, by, body.Decision == "approve", strings.TrimSpace(body.Comment))
	})
}

// Withdraw takes a change back. Its author may, and who decides.
func (s *Studio) Withdraw(w http.ResponseWriter, r *http.Request) {
	s.onChange(w, r, func(id int64, by kb.Member, p auth.Principal) (kb.Proposal, error) {
		change, err := s.cfg.Studio.Proposal(r.Context(), id)
		if err != nil {
			return kb.Proposal{}, err
		}
		if change.Author.ID != by.ID && !p.Has(auth.Reviewer, auth.Administrator) {
			return kb.Proposal{}, fault.New(fault.Forbidden, "只有提交人或审核人可以撤回")
		}
		return s.cfg.Studio.Withdraw(r.Context(), id, by)
	})
}

// Unschedule cancels a scheduled release; the change stays approved.
func (s *Studio) Unschedule(w http.ResponseWriter, r *http.Request) {
	s.onChange(w, r, func(id int64, by kb.Member, _ auth.Principal) (kb.Proposal, error) {
		return s.cfg.Studio.Unschedule(r.Context(), id, by)
	})
}

// Confirm is the second person's look at what an administrator published alone.
func (s *Studio) Confirm(w http.ResponseWriter, r *http.Request) {
	s.onChange(w, r, func(id int64, by kb.Member, _ auth.Principal) (kb.Proposal, error) {
		if err := s.cfg.Studio.Confirm(r.Context(), id, by); err != nil {
			return kb.Proposal{}, err
		}
		return s.cfg.Studio.Proposal(r.Context(), id)
	})
}

type runView struct {
	Run string `json:"run"`
}

// StartGate begins a run of the gate.
func (s *Studio) StartGate(w http.ResponseWriter, r *http.Request) {
	s.handle(w, r, func(by kb.Member, _ auth.Principal) (any, error) {
		id, err := pathNumber(r, "id")
		if err != nil {
			return nil, err
		}
		report, err := s.cfg.Studio.StartGate(r.Context(), id, by)
		return runView{report.Run}, err
	})
}

// Gate is a run: its progress, then its report.
func (s *Studio) Gate(w http.ResponseWriter, r *http.Request) {
	s.handle(w, r, func(kb.Member, auth.Principal) (any, error) {
		return s.cfg.Studio.Report(r.Context(), r.PathValue("run"))
	})
}

type publishedView struct {
	Release   int64      `json:"release,omitempty"`
	Scheduled *time.Time `json:"scheduled,omitempty"`
}

// Publish makes a change live, now or at a set time.
func (s *Studio) Publish(w http.ResponseWriter, r *http.Request) {
	s.handle(w, r, func(by kb.Member, p auth.Principal) (any, error) {
		id, err := pathNumber(r, "id")
		if err != nil {
			return nil, err
		}
		var body struct {
			Gate     string    `json:"gate"`
			At       time.Time `json:"at"`
			Override string    `json:"override"`
			Alone    string    `json:"alone"`
		}
		if err := respond.Body(w, r, &body); err != nil {
			return nil, err
		}
		if body.Gate == "" {
			return nil, fault.New(fault.BadRequest, "请先运行回归检查，看过结果再发布")
		}
		release, err := s.cfg.Studio.Publish(r.Context(), id, kb.PublishOrder{
			Permission: kb.Permission{
				By: by, Administrator: p.Has(auth.Administrator), Override: strings.TrimSpace(body.Override), Alone: strings.TrimSpace(body.Alone),
			},
			Gate: body.Gate, At: body.At,
		})
		if err != nil {
			return nil, err
		}
		if release == 0 {
			return publishedView{Scheduled: &body.At}, nil
		}
		return publishedView{Release: release}, nil
	})
}
