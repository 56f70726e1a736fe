package kb

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/aymanbagabas/go-udiff"

	"shenwei/internal/fault"
)

// DraftStore keeps drafts and their history.
type DraftStore interface {
	// SaveDraft stores a draft under the rules of DraftOrder. Somebody else's draft or a newer
	// live revision is a *DraftConflict, and nothing is stored.
	SaveDraft(ctx context.Context, o DraftOrder) (Revision, error)
	// DropDraft gives up the open draft with the number; it stays in the history.
	DropDraft(ctx context.Context, kind Kind, id string, number int64, by Member, at time.Time) error
	// History lists the revisions of a document without bodies, newest first.
	History(ctx context.Context, kind Kind, id string) ([]Past, error)
	// Revision reads one revision; not_found when there is none.
	Revision(ctx context.Context, kind Kind, id string, number int64) (Revision, error)
	// Heads lists every document with its live revision and open draft. Its version changes
	// with everything that may change the list; HeadsVersion is cheap.
	Heads(ctx context.Context) (Heads, error)
	HeadsVersion(ctx context.Context) (int64, error)
}

// ProposalStore keeps proposals.
type ProposalStore interface {
	// CreateProposal stores a new one and returns it with its number. A draft that is not its
	// document's open one, or is part of another open proposal, is a conflict.
	CreateProposal(ctx context.Context, p Proposal) (Proposal, error)
	Proposal(ctx context.Context, id int64) (Proposal, error)
	// Proposals lists those in one of the states (all when none is named), newest first.
	Proposals(ctx context.Context, states []ProposalState, limit int) ([]Proposal, error)
	// UpdateProposal stores p if its version is still the stored one, together with what is
	// scheduled; action is what the audit log says.
	UpdateProposal(ctx context.Context, p Proposal, action string, by Member) error
}

// ReleaseStore keeps releases and the reports of the gate.
type ReleaseStore interface {
	// CurrentNumber is the number of the newest release, 0 for none. It is cheap.
	CurrentNumber(ctx context.Context) (int64, error)
	// Releases lists what was published, newest first, below the number before (0: all).
	Releases(ctx context.Context, before int64, limit int) ([]Issue, error)
	// SetReleaseInfo replaces what is kept with a release if it is still as was.
	SetReleaseInfo(ctx context.Context, number int64, was, info ReleaseInfo, action string, by Member) error
	SaveReport(ctx context.Context, r *GateReport) error
	// Report is not_found for an unknown run.
	Report(ctx context.Context, run string) (*GateReport, error)
}

// Record is everything that the studio keeps.
type Record interface {
	Archive
	DraftStore
	ProposalStore
	ReleaseStore
}

// ErrMoved is the cause of a conflict: another release was published meanwhile.
var ErrMoved = errors.New("another release came first")

// moved says it to somebody who reads it on screen.
func moved(err error) error {
	if errors.Is(err, ErrMoved) {
		return fault.Wrap(fault.Conflict, err, "线上刚有新的版本，请刷新，重新运行回归检查后再试")
	}
	return err
}

// DraftOrder is a draft to be saved.
type DraftOrder struct {
	Document
	// Base is the live revision that the writer has seen (0: none), Seen the number of the open
	// draft that she has seen (0: none).
	Base, Seen int64
	// Take replaces somebody else's open draft, which stays in the history.
	Take   bool
	By     Member
	Origin Origin
	Note   string
	At     time.Time
}

// DraftConflict says that a draft was not saved because of what somebody else wrote.
type DraftConflict struct {
	Reason string
	// Theirs is what is there now; Diff leads from it to what was to be saved.
	Theirs Revision
	Diff   string
}

func (c *DraftConflict) Error() string { return c.Reason }

// Unwrap makes it a fault.Conflict with the reason as its message.
func (c *DraftConflict) Unwrap() error { return fault.New(fault.Conflict, "%s", c.Reason) }

// Past is one revision in a document's history; its body is empty.
type Past struct {
	Revision
	// Releases are the numbers of the releases that first had it, oldest first.
	Releases []int64
}

// Issue is a release in a list.
type Issue struct {
	Number  int64
	Note    string
	Created time.Time
	AsOf    time.Time
	Info    ReleaseInfo
	Changes []Step
}

// Step is what one release changed in one document; 0 stands for none.
type Step struct {
	Key      string `json:"key"`
	From, To int64
}

// Studio is the way of an edit: drafts, review, gate, publishing, roll-back. Its methods hold
// the rules; the record holds the rows. It is safe for concurrent use.
type Studio struct {
	record Record
	gate   Gate
	now    func() time.Time
	log    *slog.Logger
	// published is told after each release of ours; it must not block.
	published func()

	ctx  context.Context // of what runs in the background
	stop context.CancelFunc
	work sync.WaitGroup

	mu      sync.Mutex
	running map[string]*GateReport // runs of this process by id
	live    *liveState
	cards   map[string]card
	heads   Heads
	gating  chan struct{} // one run at a time
}

// NewStudio returns a studio over a record. published, which may be nil, is told after each
// release.
func NewStudio(record Record, gate Gate, log *slog.Logger, now func() time.Time, published func()) *Studio {
	if published == nil {
		published = func() {}
	}
	s := &Studio{record: record, gate: gate, now: now, log: log, published: published,
		running: map[string]*GateReport{}, cards: map[string]card{}, gating: make(chan struct{}, 1)}
	s.ctx, s.stop = context.WithCancel(context.Background())
	return s
}

// Close stops runs of the gate and waits for them.
func (s *Studio) Close() {
	s.stop()
	s.work.Wait()
}

// liveState is the newest release, parsed whole: also what is not in force yet.
type liveState struct {
	release *Release
	know    *Knowledge
	near    func() *askIndex
}

// Live returns the newest release, read anew only when there is a newer one.
func (s *Studio) current(ctx context.Context) (*liveState, error) {
	number, err := s.record.CurrentNumber(ctx)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	state := s.live
	s.mu.Unlock()
	if state != nil && state.release.Number == number {
		return state, nil
	}
	rel, err := s.record.Current(ctx)
	if err != nil {
		return nil, err
	}
	if rel == nil {
		return nil, fault.New(fault.Unavailable, "还没有任何已发布的知识")
	}
	know, err := Parse(rel.Documents())
	if err != nil {
		return nil, fmt.Errorf("the live release cannot be parsed: %w", err)
	}
	state = &liveState{release: rel, know: know, near: sync.OnceValue(func() *askIndex { return newAskIndex(know) })}
	s.mu.Lock()
	s.live = state
	s.mu.Unlock()
	return state, nil
}

func (l *liveState) revision(key string) (Revision, bool) {
	for _, r := range l.release.Revisions {
		if r.Key() == key {
			return r, true
		}
	}
	return Revision{}, false
}

// Edit is what an editor sends: the whole text of the file, or the fields of its form.
type Edit struct {
	Kind   Kind
	ID     string
	Base   int64
	Draft  int64
	Take   bool
	Body   string
	Fields json.RawMessage
	// New refuses a document that is there already.
	New  bool
	Note string
	By   Member
	// Origin is FromEditor when empty.
	Origin Origin
}

// Saved is a draft with what is wrong in it so far.
type Saved struct {
	Revision Revision
	Problems []Problem
	Hints    []Hint
}

// Save stores an edit as the author's draft. A text that cannot be published yet is stored
// too, and its problems are listed. A save without a change stores nothing.
func (s *Studio) Save(ctx context.Context, e Edit) (Saved, error) {
	l, err := s.current(ctx)
	if err != nil {
		return Saved{}, err
	}
	doc := Document{Kind: e.Kind, ID: e.ID}
	if err := doc.checkName(); err != nil {
		return Saved{}, err
	}
	before, isLive := l.revision(doc.Key())
	if e.New && isLive {
		return Saved{}, fault.New(fault.Conflict, "%s 已经存在，请直接编辑它", doc.Key())
	}
	if doc.Body, err = s.text(ctx, e, before); err != nil {
		return Saved{}, err
	}
	if len(doc.Body) > MaxDocument {
		return Saved{}, fault.New(fault.TooLarge, "这份内容有 %d KiB，一份最多 %d KiB；请拆成几份", len(doc.Body)>>10, MaxDocument>>10)
	}
	if e.Origin == "" {
		e.Origin = FromEditor
	}
	rev, err := s.record.SaveDraft(ctx, DraftOrder{
		Document: doc, Base: e.Base, Seen: e.Draft, Take: e.Take, By: e.By, Origin: e.Origin, Note: e.Note, At: s.now(),
	})
	var conflict *DraftConflict
	if errors.As(err, &conflict) {
		conflict.Diff = udiff.Unified("对方的版本", "您的版本", conflict.Theirs.Body, doc.Body)
	}
	if err != nil {
		return Saved{}, err
	}
	problems, hints := s.look(l, doc)
	return Saved{rev, problems, hints}, nil
}

// text is the file's text of an edit: as it was sent, or with the fields put into the text
// that the editor has seen.
func (s *Studio) text(ctx context.Context, e Edit, live Revision) (string, error) {
	if len(e.Fields) == 0 {
		return e.Body, nil
	}
	base := live.Document
	if e.Draft > 0 {
		seen, err := s.record.Revision(ctx, e.Kind, e.ID, e.Draft)
		switch {
		case err == nil:
			base = seen.Document
		case !fault.Is(err, fault.NotFound): // one that a newer save replaced: SaveDraft says so
			return "", err
		}
	}
	if base.Body == "" {
		base = Document{Kind: e.Kind, ID: e.ID}
	}
	return SetFields(base, e.Fields)
}

// Look tells what is wrong with a document and what to think of, without storing it.
func (s *Studio) Look(ctx context.Context, key string, fields json.RawMessage) ([]Problem, []Hint, error) {
	l, doc, err := s.drafted(ctx, key, fields)
	if err != nil {
		return nil, nil, err
	}
	problems, hints := s.look(l, doc)
	return problems, hints, nil
}

func (s *Studio) look(l *liveState, doc Document) ([]Problem, []Hint) {
	problems := l.problems(doc, s.now())
	return problems, l.hints(doc)
}

// problems are what publishing the document now would be refused for.
func (l *liveState) problems(doc Document, now time.Time) []Problem {
	merged, _ := merge(l.release, []Document{doc})
	var all Problems
	if know, ps := l.know.with(doc); know != nil {
		all = know.check([]Document{doc})
	} else if ps != nil {
		all = ps
	} else if _, err := Parse(merged); err != nil {
		errors.As(err, &all)
	}
	return append(all, overdue([]Change{{Document: doc}}, now)...)
}

// Drop gives up the open draft.
func (s *Studio) Drop(ctx context.Context, kind Kind, id string, number int64, by Member) error {
	return s.record.DropDraft(ctx, kind, id, number, by, s.now())
}

// Opened is a document as an editor opens it.
type Opened struct {
	Live, Draft *Revision
	// Proposal is the open proposal that holds the draft, 0 for none.
	Proposal int64
}

// Open reads a document with its open draft.
func (s *Studio) Open(ctx context.Context, kind Kind, id string) (Opened, error) {
	l, err := s.current(ctx)
	if err != nil {
		return Opened{}, err
	}
	var o Opened
	key := Document{Kind: kind, ID: id}.Key()
	if live, ok := l.revision(key); ok {
		o.Live = &live
	}
	heads, err := s.listHeads(ctx)
	if err != nil {
		return Opened{}, err
	}
	if h, ok := heads.find(key); ok && h.Draft != nil {
		draft, err := s.record.Revision(ctx, kind, id, h.Draft.Number)
		if err != nil {
			return Opened{}, err
		}
		o.Draft, o.Proposal = &draft, h.Draft.Proposal
	}
	if o.Live == nil && o.Draft == nil {
		return Opened{}, fault.New(fault.NotFound, "没有这份内容：%s", key)
	}
	return o, nil
}

// History lists a document's revisions, newest first.
func (s *Studio) History(ctx context.Context, kind Kind, id string) ([]Past, error) {
	all, err := s.record.History(ctx, kind, id)
	if err == nil && len(all) == 0 {
		err = fault.New(fault.NotFound, "没有这份内容：%s/%s", kind, id)
	}
	return all, err
}

// Diff is a unified diff between two revisions of a document; 0 stands for an empty text.
func (s *Studio) Diff(ctx context.Context, kind Kind, id string, from, to int64) (string, error) {
	var texts [2]string
	for i, number := range []int64{from, to} {
		if number == 0 {
			continue
		}
		rev, err := s.record.Revision(ctx, kind, id, number)
		if err != nil {
			return "", err
		}
		texts[i] = rev.Body
	}
	return udiff.Unified(fmt.Sprintf("第 %d 版", from), fmt.Sprintf("第 %d 版", to), texts[0], texts[1]), nil
}

// Restore makes an earlier revision's text the draft.
func (s *Studio) Restore(ctx context.Context, kind Kind, id string, number int64, by Member) (Saved, error) {
	rev, err := s.record.Revision(ctx, kind, id, number)
	if err != nil {
		return Saved{}, err
	}
	o, err := s.Open(ctx, kind, id)
	if err != nil {
		return Saved{}, err
	}
	e := Edit{Kind: kind, ID: id, Body: rev.Body, By: by, Origin: FromRestore, Note: fmt.Sprintf("恢复第 %d 版", number)}
	if o.Live != nil {
		e.Base = o.Live.Number
	}
	if o.Draft != nil {
		e.Draft = o.Draft.Number
	}
	return s.Save(ctx, e)
}
