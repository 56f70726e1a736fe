package kb

import (
	"context"
	"errors"
	"fmt"
	"sort"
	"time"

	"github.com/aymanbagabas/go-udiff"

	"shenwei/internal/fault"
)

// Library is the knowledge in an archive: taken in, compared, published.
type Library struct {
	archive Archive
	gate    Gate
	now     func() time.Time
}

// NewLibrary returns a library over an archive.
func NewLibrary(archive Archive, gate Gate, now func() time.Time) *Library {
	return &Library{archive: archive, gate: gate, now: now}
}

// Started is what Start found and did.
type Started struct {
	Release  *Release
	Imported bool // an empty archive took the embedded knowledge in as release 1
	// Drafts are the embedded documents that changed since they were last taken in.
	Drafts []Revision
}

// Start makes the archive ready to serve: an empty one takes the embedded documents in as
// release 1; into any other, embedded documents that are new or changed since the last
// start come as drafts, never over a change that somebody made.
func (l *Library) Start(ctx context.Context, embedded []Document) (Started, error) {
	current, err := l.archive.Current(ctx)
	if err != nil {
		return Started{}, err
	}
	if current == nil {
		return l.first(ctx, embedded)
	}
	changed, err := l.changedSeeds(ctx, embedded)
	if err != nil || len(changed) == 0 {
		return Started{Release: current}, err
	}
	drafts, err := l.archive.AddDrafts(ctx, changed, FromEmbedded, l.now())
	if err != nil {
		return Started{}, err
	}
	if err := l.archive.SetSeeds(ctx, hashes(changed)); err != nil {
		return Started{}, err
	}
	return Started{Release: current, Drafts: drafts}, nil
}

func (l *Library) first(ctx context.Context, embedded []Document) (Started, error) {
	if _, err := Parse(embedded); err != nil {
		return Started{}, fault.Wrap(fault.BadRequest, err, "the embedded knowledge is broken")
	}
	if _, err := l.archive.AddDrafts(ctx, embedded, FromEmbedded, l.now()); err != nil {
		return Started{}, err
	}
	drafts, err := l.waiting(ctx, embedded)
	if err != nil {
		return Started{}, err
	}
	_, err = l.archive.Publish(ctx, Order{Put: drafts, Note: "首次启动：内置示例知识", At: l.now(), Info: ReleaseInfo{Way: ByStart}})
	if err != nil && !fault.Is(err, fault.Conflict) { // another process was first
		return Started{}, err
	}
	if err := l.archive.SetSeeds(ctx, hashes(embedded)); err != nil {
		return Started{}, err
	}
	current, err := l.archive.Current(ctx)
	return Started{Release: current, Imported: true}, err
}

// waiting are the drafts of exactly these documents, also those that a start which was
// interrupted, or another process, stored before.
func (l *Library) waiting(ctx context.Context, docs []Document) ([]Revision, error) {
	all, err := l.archive.Drafts(ctx)
	if err != nil {
		return nil, err
	}
	want := hashes(docs)
	var drafts []Revision
	for _, d := range all {
		if want[d.Key()] == d.Hash() {
			drafts = append(drafts, d)
		}
	}
	return drafts, nil
}

// changedSeeds are the embedded documents that differ from those last taken in, without
// those for which somebody's draft waits: they are looked at again at the next start.
func (l *Library) changedSeeds(ctx context.Context, embedded []Document) ([]Document, error) {
	seeds, err := l.archive.Seeds(ctx)
	if err != nil {
		return nil, err
	}
	drafts, err := l.archive.Drafts(ctx)
	if err != nil {
		return nil, err
	}
	waiting := map[string]bool{}
	for _, d := range drafts {
		waiting[d.Key()] = d.Origin != FromEmbedded
	}
	var changed []Document
	for _, doc := range embedded {
		if seeds[doc.Key()] != doc.Hash() && !waiting[doc.Key()] {
			changed = append(changed, doc)
		}
	}
	return changed, nil
}

func hashes(docs []Document) map[string]string {
	h := make(map[string]string, len(docs))
	for _, d := range docs {
		h[d.Key()] = d.Hash()
	}
	return h
}

// Change is what an import would do to one document.
type Change struct {
	Document Document
	// New is set for a document that the release does not have.
	New bool
	// Diff is a unified diff from the published body; empty for a new document.
	Diff string
}

// Compare checks documents together with the current release and returns what they would
// change, in the order of paths. The error lists everything wrong with path and line.
func (l *Library) Compare(ctx context.Context, docs []Document) ([]Change, error) {
	current, err := l.archive.Current(ctx)
	if err != nil {
		return nil, err
	}
	merged, published := merge(current, docs)
	if _, err := Parse(merged); err != nil {
		return nil, fault.Wrap(fault.BadRequest, err, "%s", err.Error())
	}
	var changes []Change
	for _, doc := range docs {
		old, ok := published[doc.Key()]
		switch {
		case !ok:
			changes = append(changes, Change{Document: doc, New: true})
		case old.Body != doc.Body:
			changes = append(changes, Change{Document: doc, Diff: udiff.Unified("live/"+doc.Path(), "new/"+doc.Path(), old.Body, doc.Body)})
		}
	}
	sort.Slice(changes, func(i, j int) bool { return changes[i].Document.Path() < changes[j].Document.Path() })
	return changes, overdue(changes, l.now()).Err()
}

// overdue refuses what is new or changed and to be reviewed before today: who changes a text
// reads it. What is live stays live when its date comes; `check --content` tells of it.
func overdue(changes []Change, now time.Time) Problems {
	var ps Problems
	for _, c := range changes {
		date := ""
		switch c.Document.Kind {
		case KindItem:
			if it, _ := ParseItem(c.Document); it != nil {
				date = it.Review
			}
		case KindArticle:
			if a, _ := ParseArticle(c.Document); a != nil {
				date = a.Review
			}
		}
		if d, err := time.Parse(time.DateOnly, date); err == nil && d.Before(now) {
			ps = append(ps, Problem{c.Document.Path(), 0, "the review date " + date + " is past: read the text again and set a later one"})
		}
	}
	return ps
}

// merge puts documents over those of a release.
func merge(current *Release, docs []Document) (all []Document, published map[string]Document) {
	published = map[string]Document{}
	replaced := map[string]bool{}
	for _, d := range docs {
		replaced[d.Key()] = true
	}
	if current != nil {
		for _, r := range current.Revisions {
			published[r.Key()] = r.Document
			if !replaced[r.Key()] {
				all = append(all, r.Document)
			}
		}
	}
	return append(all, docs...), published
}

// Import stores the changed documents as drafts.
func (l *Library) Import(ctx context.Context, docs []Document) ([]Revision, error) {
	changes, err := l.Compare(ctx, docs)
	if err != nil {
		return nil, err
	}
	changed := make([]Document, len(changes))
	for i, c := range changes {
		changed[i] = c.Document
	}
	return l.archive.AddDrafts(ctx, changed, FromImport, l.now())
}

// Drafts are the drafts that wait to be published.
func (l *Library) Drafts(ctx context.Context) ([]Revision, error) { return l.archive.Drafts(ctx) }

// Publish makes drafts live after the gate said yes, and returns the release's number.
func (l *Library) Publish(ctx context.Context, drafts []Revision, note string) (int64, error) {
	live, err := l.archive.Current(ctx)
	if err != nil {
		return 0, err
	}
	if len(drafts) == 0 {
		return 0, fault.New(fault.BadRequest, "no draft to publish")
	}
	var base int64
	if live != nil {
		base = live.Number
	}
	if err := stale(live, drafts); err != nil {
		return 0, err
	}
	candidate := Candidate(live, drafts)
	report, err := l.gate.Run(ctx, live, candidate, nil)
	if err != nil {
		return 0, fmt.Errorf("the gate cannot run: %w", err)
	}
	if report.Broken > 0 {
		return 0, fault.New(fault.Conflict, "the gate refuses: %s", report.brokenList())
	}
	return l.archive.Publish(ctx, Order{
		Base: base, Put: drafts, Note: note, At: l.now(), AsOf: asOf(live, l.now()),
		Info: ReleaseInfo{Way: ByImport, Flips: len(report.Flips), Total: report.Gold + report.Real},
	})
}

// asOf is the instant of a release made now: the clock's, but never before that of the
// release under it, so that a clock that is set back takes nothing out of force again.
func asOf(live *Release, now time.Time) time.Time {
	if live != nil && now.Before(live.AsOf) {
		return live.AsOf
	}
	return now
}

// stale refuses drafts that were written on another revision than the one that is live: they
// would take somebody's change back without a word.
func stale(live *Release, drafts []Revision) error {
	numbers := live.Numbers()
	for _, d := range drafts {
		if n := numbers[d.Key()]; d.Base != n {
			return &StaleDraft{d, n}
		}
	}
	return nil
}

// StaleDraft says that a draft changes another revision than the one that is live.
type StaleDraft struct {
	Draft Revision
	Live  int64
}

func (s *StaleDraft) Error() string {
	return fmt.Sprintf("%s: the draft changes revision %d, but revision %d is live; import it again on top of that", s.Draft.Path(), s.Draft.Base, s.Live)
}

// Unwrap makes it a fault.Conflict.
func (s *StaleDraft) Unwrap() error { return fault.New(fault.Conflict, "%s", s.Error()) }

// rebased is the same for somebody who reads it on screen.
func rebased(err error) error {
	var s *StaleDraft
	if errors.As(err, &s) {
		return fault.Wrap(fault.Conflict, err, "%s 的草稿改的是第 %d 版，线上已是第 %d 版；请撤回，对照新版改好后再送审", s.Draft.Key(), s.Draft.Base, s.Live)
	}
	return err
}

// Candidate is the release that publishing the drafts would make, as of the live one's instant.
func Candidate(live *Release, drafts []Revision) *Release {
	c := &Release{Earlier: map[string][]Revision{}}
	put := map[string]Revision{}
	for _, d := range drafts {
		put[d.Key()] = d
	}
	if live != nil {
		c.Number, c.AsOf = live.Number, live.AsOf
		for _, r := range live.Revisions {
			key, before := r.Key(), live.Earlier[r.Key()]
			if d, ok := put[key]; ok {
				before = append([]Revision{r}, before...)
				r = d
				delete(put, key)
			}
			if len(before) > 0 {
				c.Earlier[key] = before
			}
			c.Revisions = append(c.Revisions, r)
		}
	}
	for _, d := range drafts {
		if _, left := put[d.Key()]; left {
			c.Revisions = append(c.Revisions, d)
		}
	}
	c.Number++
	return c
}
