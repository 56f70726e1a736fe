package kb

import (
	"slices"
	"time"

	"shenwei/internal/fault"
)

// ProposalState is where a proposal stands.
type ProposalState string

// The states of a proposal. The first three are open: their drafts cannot be edited.
const (
	InReview  ProposalState = "review"
	Approved  ProposalState = "approved"
	Scheduled ProposalState = "scheduled"
	Published ProposalState = "published"
	Rejected  ProposalState = "rejected"
	Withdrawn ProposalState = "withdrawn"
)

// OpenStates are the states in which a proposal holds its drafts.
var OpenStates = []ProposalState{InReview, Approved, Scheduled}

// Open tells whether the proposal holds its drafts.
func (s ProposalState) Open() bool { return slices.Contains(OpenStates, s) }

// Proposal is drafts that were sent to review together. What may become of it is in the
// methods below, which change it and say why not; the store writes it if its version is
// still the one that was read.
type Proposal struct {
	ID       int64         `json:"id"`
	Version  int64         `json:"-"`
	Title    string        `json:"title"`
	Note     string        `json:"note"`
	State    ProposalState `json:"state"`
	Author   Member        `json:"author"`
	Reviewer *Member       `json:"reviewer,omitempty"`
	Created  time.Time     `json:"created"`
	Updated  time.Time     `json:"updated"`
	Drafts   []DraftRef    `json:"drafts"`
	Comments []Comment     `json:"comments"`
	// Gate is the run whose report was looked at last.
	Gate     string    `json:"gate,omitempty"`
	Schedule *Schedule `json:"schedule,omitempty"`
	// Override and Alone are reasons: for publishing though gold answers break, and for
	// publishing without a second person. Publisher is who gave them.
	Override  string  `json:"override,omitempty"`
	Alone     string  `json:"alone,omitempty"`
	Publisher *Member `json:"publisher,omitempty"`
	// Release is the number of the release that it became.
	Release int64 `json:"release,omitempty"`
}

// DraftRef names one draft of a proposal.
type DraftRef struct {
	Key      string `json:"key"`
	Revision int64  `json:"revision"`
	Base     int64  `json:"base"`
	Author   Member `json:"author"`
}

// Comment is a remark on a proposal. The service speaks as the zero Member.
type Comment struct {
	At     time.Time `json:"at"`
	Author Member    `json:"author"`
	Text   string    `json:"text"`
}

// Schedule is when a proposal is to be published.
type Schedule struct {
	At time.Time `json:"at"`
	// State is waiting, done, failed or cancelled; Error says why it failed.
	State string `json:"state"`
	Error string `json:"error,omitempty"`
}

// The states of a schedule.
const (
	ScheduleWaiting   = "waiting"
	ScheduleDone      = "done"
	ScheduleFailed    = "failed"
	ScheduleCancelled = "cancelled"
)

// wrote tells whether the person wrote any part of the proposal.
func (p *Proposal) wrote(by Member) bool {
	return by.ID == p.Author.ID || slices.ContainsFunc(p.Drafts, func(d DraftRef) bool { return d.Author.ID == by.ID })
}

func (p *Proposal) comment(by Member, text string, at time.Time) {
	if text != "" {
		p.Comments = append(p.Comments, Comment{At: at, Author: by, Text: text})
	}
}

func (p *Proposal) in(states ...ProposalState) error {
	if slices.Contains(states, p.State) {
		return nil
	}
	return fault.New(fault.Conflict, "这项变更现在是「%s」，不能这样做；请刷新后再看", p.State.Name())
}

// Name is how screens call a state.
func (s ProposalState) Name() string {
	return map[ProposalState]string{
		InReview: "待审", Approved: "已通过", Scheduled: "已定时", Published: "已发布", Rejected: "已退回", Withdrawn: "已撤回",
	}[s]
}

// approve is the yes of somebody who wrote none of it.
func (p *Proposal) approve(by Member, text string, at time.Time) error {
	if err := p.decidable(by); err != nil {
		return err
	}
	p.State, p.Reviewer = Approved, &by
	p.comment(by, text, at)
	return nil
}

// reject sends it back; its drafts can be edited again.
func (p *Proposal) reject(by Member, text string, at time.Time) error {
	if err := p.decidable(by); err != nil {
		return err
	}
	if text == "" {
		return fault.New(fault.BadRequest, "退回时请写明要改什么")
	}
	p.State, p.Reviewer = Rejected, &by
	p.comment(by, text, at)
	return nil
}

func (p *Proposal) decidable(by Member) error {
	if err := p.in(InReview); err != nil {
		return err
	}
	if p.wrote(by) {
		return fault.New(fault.Forbidden, "这里有您自己写的内容，请由另一位同事审核")
	}
	return nil
}

// withdraw takes it back before it is published.
func (p *Proposal) withdraw(by Member, at time.Time) error {
	if err := p.in(InReview, Approved, Scheduled); err != nil {
		return err
	}
	p.cancel()
	p.State = Withdrawn
	p.comment(by, "撤回", at)
	return nil
}

// cancel drops what was scheduled.
func (p *Proposal) cancel() {
	if p.Schedule != nil && p.Schedule.State == ScheduleWaiting {
		p.Schedule.State = ScheduleCancelled
	}
}

// unschedule makes a scheduled proposal an approved one again.
func (p *Proposal) unschedule(by Member, at time.Time) error {
	if err := p.in(Scheduled); err != nil {
		return err
	}
	p.cancel()
	p.State = p.before()
	p.comment(by, "取消定时发布", at)
	return nil
}

// before is the state from which a proposal was scheduled.
func (p *Proposal) before() ProposalState {
	if p.Reviewer == nil {
		return InReview
	}
	return Approved
}

// fail ends a scheduled release that may not go live; its authors read why.
func (p *Proposal) fail(reason string, at time.Time) {
	p.Schedule.State, p.Schedule.Error = ScheduleFailed, reason
	p.State = p.before()
	p.comment(Member{}, "定时发布没有进行："+reason, at)
}

// Permission is what somebody brings to publish a proposal.
type Permission struct {
	By            Member
	Administrator bool
	// Override is the reason for publishing though gold answers break; Alone for doing it
	// without a second person.
	Override, Alone string
}

// permit says whether the proposal may go live with this report, and keeps the reasons.
func (p *Proposal) permit(by Permission, report *GateReport) error {
	switch {
	case p.State == InReview && by.Alone == "":
		return fault.New(fault.Conflict, "还没有第二个人审核通过，不能发布")
	case p.State == InReview && !by.Administrator:
		return fault.New(fault.Forbidden, "只有管理员可以写明理由后单独发布")
	case report.Hard > 0:
		return fault.New(fault.Conflict, "有 %d 道紧急、反诈或隐私类金标题会答错，不能越过，请先改好", report.Hard)
	case report.Broken > 0 && by.Override == "":
		return fault.New(fault.Conflict, "有 %d 道金标题会由对变错；请改好，或由审核人写明理由后发布", report.Broken)
	}
	p.Override, p.Alone = "", ""
	if report.Broken > 0 {
		p.Override = by.Override
	}
	if p.State == InReview {
		p.Alone = by.Alone
	}
	p.Publisher, p.Gate = &by.By, report.Run
	return nil
}

// Way says what made a release.
type Way string

// What makes releases.
const (
	ByStart    Way = "start"    // the first start of an empty archive
	ByImport   Way = "import"   // the command line
	ByProposal Way = "change"   // a reviewed change
	ByRollback Way = "rollback" // the undoing of a release
	ByDate     Way = "date"     // a date that was reached
)

// ReleaseInfo is what is kept with a release beside its revisions.
type ReleaseInfo struct {
	Way      Way     `json:"way"`
	Author   Member  `json:"author"`
	Reviewer *Member `json:"reviewer,omitempty"`
	Change   int64   `json:"change,omitempty"`
	// Undoes is the release that a roll-back takes back.
	Undoes int64 `json:"undoes,omitempty"`
	// Gate is the run of its report; Broken, Flips and Total are the report's figures.
	Gate   string `json:"gate,omitempty"`
	Broken int    `json:"broken"`
	Flips  int    `json:"flips"`
	Total  int    `json:"total"`
	// Override and Alone are the reasons that were given. A release that was published alone
	// is unconfirmed until Confirmed names a second person.
	Override  string  `json:"override,omitempty"`
	Alone     string  `json:"alone,omitempty"`
	Confirmed *Member `json:"confirmed,omitempty"`
	// Entered and Left name what a date brought into force and took out of it.
	Entered []string `json:"entered,omitempty"`
	Left    []string `json:"left,omitempty"`
}

// confirm is the second person's look at what was published alone.
func (i *ReleaseInfo) confirm(by Member, wrote func(Member) bool) error {
	switch {
	case i.Alone == "":
		return fault.New(fault.Conflict, "这一版不是单独发布的，不需要补充确认")
	case i.Confirmed != nil:
		return fault.New(fault.Conflict, "这一版已由 %s 确认", i.Confirmed.Name)
	case by.ID == i.Author.ID || wrote(by):
		return fault.New(fault.Forbidden, "请由另一位同事确认")
	}
	i.Confirmed = &by
	return nil
}
