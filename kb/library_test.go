package kb

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"shenwei/internal/fault"
)

// shelf is an Archive in memory.
type shelf struct {
	revisions map[string][]Revision // by key, oldest first
	releases  []*Release
	seeds     map[string]string
	fail      map[string]error // by method
}

func newShelf() *shelf {
	return &shelf{revisions: map[string][]Revision{}, seeds: map[string]string{}, fail: map[string]error{}}
}

func (s *shelf) Current(context.Context) (*Release, error) {
	if len(s.releases) == 0 {
		return nil, s.fail["Current"]
	}
	return s.releases[len(s.releases)-1], s.fail["Current"]
}

func (s *shelf) published(key string) int64 {
	if len(s.releases) == 0 {
		return 0
	}
	for _, r := range s.releases[len(s.releases)-1].Revisions {
		if r.Key() == key {
			return r.Number
		}
	}
	return 0
}

func (s *shelf) AddDrafts(_ context.Context, docs []Document, origin Origin, at time.Time) ([]Revision, error) {
	if err := s.fail["AddDrafts"]; err != nil {
		return nil, err
	}
	var added []Revision
	for _, d := range docs {
		all := s.revisions[d.Key()]
		if n := len(all); n > 0 && all[n-1].Hash() == d.Hash() {
			continue
		}
		r := Revision{Document: d, Number: int64(len(all) + 1), Base: s.published(d.Key()), Origin: origin, Draft: true, Created: at}
		s.revisions[d.Key()] = append(all, r)
		added = append(added, r)
	}
	return added, nil
}

func (s *shelf) Drafts(context.Context) ([]Revision, error) {
	var out []Revision
	for key, all := range s.revisions {
		if last := all[len(all)-1]; last.Number > s.published(key) {
			out = append(out, last)
		}
	}
	slices.SortFunc(out, func(a, b Revision) int { return strings.Compare(a.Path(), b.Path()) })
	return out, s.fail["Drafts"]
}

func (s *shelf) Publish(_ context.Context, o Order) (int64, error) {
	base, drafts := o.Base, o.Put
	if err := s.fail["Publish"]; err != nil {
		return 0, err
	}
	if base != int64(len(s.releases)) {
		return 0, fault.New(fault.Conflict, "release %d was published meanwhile", len(s.releases))
	}
	var live *Release
	if base > 0 {
		live = s.releases[base-1]
	}
	r := Candidate(live, drafts)
	r.Note, r.Created, r.AsOf = o.Note, o.At, o.AsOf
	s.releases = append(s.releases, r)
	return r.Number, nil
}

func (s *shelf) Seeds(context.Context) (map[string]string, error) { return s.seeds, s.fail["Seeds"] }

func (s *shelf) SetSeeds(_ context.Context, h map[string]string) error {
	for k, v := range h {
		s.seeds[k] = v
	}
	return s.fail["SetSeeds"]
}

type gateFunc func(live, candidate *Release) error

func (g gateFunc) Run(_ context.Context, live, candidate *Release, _ func(done, total int)) (*GateReport, error) {
	if err := g(live, candidate); err != nil {
		return &GateReport{Broken: 1, Flips: []Flip{{ID: err.Error(), Kind: FlipGold, Blocking: true}}}, nil
	}
	return &GateReport{}, nil
}

var noon = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

func library(s *shelf, gate gateFunc) *Library {
	if gate == nil {
		gate = func(_, _ *Release) error { return nil }
	}
	return NewLibrary(s, gate, func() time.Time { return noon })
}

func start(t *testing.T, l *Library, docs []Document) Started {
	t.Helper()
	got, err := l.Start(context.Background(), docs)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// edited returns the sample with one document changed.
func edited(name, old, new string) []Document {
	docs := good()
	d := docs[name]
	d.Body = strings.Replace(d.Body, old, new, 1)
	docs[name] = d
	return list(docs)
}

func TestTheFirstStartMakesReleaseOne(t *testing.T) {
	s := newShelf()
	got := start(t, library(s, nil), list(good()))
	if !got.Imported || got.Release.Number != 1 || len(got.Release.Documents()) != len(good()) || len(s.seeds) != len(good()) {
		t.Fatalf("%+v", got)
	}
	if _, err := Parse(got.Release.Documents()); err != nil {
		t.Error(err)
	}
	again := start(t, library(s, nil), list(good()))
	if again.Imported || len(again.Drafts) != 0 || again.Release.Number != 1 {
		t.Errorf("a second start of the same knowledge did something: %+v", again)
	}
}

func TestAFirstStartThatWasInterruptedIsFinishedByTheNext(t *testing.T) {
	s := newShelf()
	s.fail["Publish"] = errors.New("killed")
	if _, err := library(s, nil).Start(context.Background(), list(good())); err == nil {
		t.Fatal("the failure is hidden")
	}
	delete(s.fail, "Publish")
	got := start(t, library(s, nil), list(good()))
	if len(got.Release.Documents()) != len(good()) {
		t.Errorf("release 1 has %d documents, want %d", len(got.Release.Documents()), len(good()))
	}
}

func TestAnotherProcessMayPublishReleaseOneFirst(t *testing.T) {
	s := newShelf()
	if _, err := library(s, nil).Start(context.Background(), list(good())); err != nil {
		t.Fatal(err)
	}
	first := s.releases[0]
	s.releases = nil
	racing := &raced{shelf: s, late: first}
	got, err := NewLibrary(racing, nil, func() time.Time { return noon }).Start(context.Background(), list(good()))
	if err != nil || got.Release != first {
		t.Errorf("%+v, %v", got, err)
	}
}

// raced publishes somebody else's release just before its own.
type raced struct {
	*shelf
	late *Release
}

func (r *raced) Publish(context.Context, Order) (int64, error) {
	r.releases = []*Release{r.late}
	return 0, fault.New(fault.Conflict, "release 1 was published meanwhile")
}

func TestBrokenEmbeddedKnowledgeIsNotTakenIn(t *testing.T) {
	s := newShelf()
	_, err := library(s, nil).Start(context.Background(), edited("item", "trips: 0", "trips: 9"))
	if !fault.Is(err, fault.BadRequest) || len(s.releases) != 0 || len(s.revisions) != 0 {
		t.Errorf("%v, %d releases", err, len(s.releases))
	}
}

func TestAChangedEmbeddedDocumentComesAsADraftWithADiff(t *testing.T) {
	s := newShelf()
	l := library(s, nil)
	start(t, l, list(good()))
	newer := edited("item", "120元/本", "140元/本")
	got := start(t, l, newer)
	if got.Imported || len(got.Drafts) != 1 || got.Drafts[0].ID != "CRJ-002" || got.Drafts[0].Origin != FromEmbedded || got.Drafts[0].Base != 1 {
		t.Fatalf("%+v", got.Drafts)
	}
	if live := got.Release.Revisions; !strings.Contains(live[slices.IndexFunc(live, func(r Revision) bool { return r.ID == "CRJ-002" })].Body, "120元") {
		t.Error("the draft went live by itself")
	}
	changes, err := l.Compare(context.Background(), []Document{got.Drafts[0].Document})
	if err != nil || len(changes) != 1 || !strings.Contains(changes[0].Diff, "-fee: 120元/本") || !strings.Contains(changes[0].Diff, "+fee: 140元/本") {
		t.Errorf("%+v, %v", changes, err)
	}
	if again := start(t, l, newer); len(again.Drafts) != 0 {
		t.Errorf("the same version came twice: %+v", again.Drafts)
	}
}

func TestANewEmbeddedDocumentComesAsADraft(t *testing.T) {
	s := newShelf()
	l := library(s, nil)
	docs := good()
	delete(docs, "article")
	start(t, l, list(docs))
	got := start(t, l, list(good()))
	if len(got.Drafts) != 1 || got.Drafts[0].Key() != "article/etc-sms" || got.Drafts[0].Base != 0 {
		t.Errorf("%+v", got.Drafts)
	}
}

func TestNothingEmbeddedEverStandsOverAnEditorsDraft(t *testing.T) {
	s := newShelf()
	l := library(s, nil)
	start(t, l, list(good()))
	mine := edited("item", "快到期就换。", "编辑改的。")
	if _, err := s.AddDrafts(context.Background(), mine, FromEditor, noon); err != nil {
		t.Fatal(err)
	}
	newer := edited("item", "120元/本", "140元/本")
	if got := start(t, l, newer); len(got.Drafts) != 0 {
		t.Fatalf("%+v", got.Drafts)
	}
	drafts, _ := l.Drafts(context.Background())
	if len(drafts) != 1 || !strings.Contains(drafts[0].Body, "编辑改的") {
		t.Fatalf("the editor's draft is gone: %+v", drafts)
	}
	if _, err := l.Publish(context.Background(), drafts, "编辑"); err != nil {
		t.Fatal(err)
	}
	got := start(t, l, newer) // looked at again once the editor's draft is out of the way
	if len(got.Drafts) != 1 || !strings.Contains(got.Drafts[0].Body, "140元") {
		t.Errorf("%+v", got.Drafts)
	}
}

func TestCompareTellsNewFromChangedAndChecksTogetherWithTheRelease(t *testing.T) {
	s := newShelf()
	l := library(s, nil)
	start(t, l, list(good()))
	fresh := Document{KindItem, "CRJ-004", strings.NewReplacer("CRJ-003", "CRJ-004", "护照丢了怎么补", "全新的问法").Replace(otherItem)}
	changes, err := l.Compare(context.Background(), append(edited("article", "不点链接", "别点链接"), fresh))
	if err != nil {
		t.Fatal(err)
	}
	if len(changes) != 2 || changes[0].Document.ID != "etc-sms" || changes[0].New || changes[1].Document.ID != "CRJ-004" || !changes[1].New || changes[1].Diff != "" {
		t.Errorf("%+v", changes)
	}
	clash := Document{KindItem, "CRJ-004", strings.Replace(otherItem, "CRJ-003", "CRJ-004", 1)}
	_, err = l.Compare(context.Background(), []Document{clash})
	if !fault.Is(err, fault.BadRequest) || !strings.Contains(fault.MessageOf(err), "items/crj/CRJ-004.yaml:15: the ask") {
		t.Errorf("an ask of a published item must be refused with path and line: %v", err)
	}
}

func TestImportMakesDraftsAndPublishMakesThemLive(t *testing.T) {
	s := newShelf()
	var seen []int64
	l := library(s, func(live, candidate *Release) error {
		seen = append(seen, live.Number, candidate.Number)
		return nil
	})
	start(t, l, list(good()))
	drafts, err := l.Import(context.Background(), edited("item", "120元/本", "140元/本"))
	if err != nil || len(drafts) != 1 || drafts[0].Origin != FromImport {
		t.Fatalf("%+v, %v", drafts, err)
	}
	n, err := l.Publish(context.Background(), drafts, "涨价")
	if err != nil || n != 2 || !slices.Equal(seen, []int64{1, 2}) {
		t.Fatalf("%d, %v, the gate saw %v", n, err, seen)
	}
	live, _ := s.Current(context.Background())
	if len(live.Revisions) != len(good()) || live.Note != "涨价" {
		t.Errorf("%+v", live)
	}
	if left, _ := l.Drafts(context.Background()); len(left) != 0 {
		t.Errorf("drafts stay behind: %+v", left)
	}
	if none, err := l.Import(context.Background(), edited("item", "120元/本", "140元/本")); err != nil || len(none) != 0 {
		t.Errorf("importing what is live made drafts: %+v, %v", none, err)
	}
}

func TestTheGateRefusesAndNothingIsPublished(t *testing.T) {
	s := newShelf()
	l := library(s, func(_, _ *Release) error { return fault.New(fault.Conflict, "3 gold questions become wrong") })
	start(t, l, list(good()))
	drafts, err := l.Import(context.Background(), edited("item", "120元/本", "140元/本"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = l.Publish(context.Background(), drafts, "")
	if !fault.Is(err, fault.Conflict) || !strings.Contains(err.Error(), "3 gold questions") || len(s.releases) != 1 {
		t.Errorf("%v, %d releases", err, len(s.releases))
	}
}

func TestPublishingOnAnOldBaseIsAConflict(t *testing.T) {
	s := newShelf()
	l := library(s, nil)
	start(t, l, list(good()))
	drafts, err := l.Import(context.Background(), edited("item", "120元/本", "140元/本"))
	if err != nil {
		t.Fatal(err)
	}
	other := library(s, func(live, _ *Release) error { // somebody publishes while the gate runs
		if live.Number == 1 {
			s.releases = append(s.releases, Candidate(live, nil))
		}
		return nil
	})
	if _, err := other.Publish(context.Background(), drafts, ""); !fault.Is(err, fault.Conflict) {
		t.Errorf("%v", err)
	}
	if _, err := l.Publish(context.Background(), nil, ""); !fault.Is(err, fault.BadRequest) {
		t.Errorf("publishing nothing: %v", err)
	}
}

func TestACandidateKeepsTheOrderAndPutsNewOnesLast(t *testing.T) {
	live := &Release{Number: 4, Revisions: []Revision{
		{Document: Document{KindItem, "A", "1"}, Number: 1}, {Document: Document{KindItem, "B", "1"}, Number: 3},
	}}
	c := Candidate(live, []Revision{{Document: Document{KindItem, "C", "1"}, Number: 1}, {Document: Document{KindItem, "B", "2"}, Number: 4}})
	var got []string
	for _, r := range c.Revisions {
		got = append(got, r.ID+r.Body)
	}
	if c.Number != 5 || !slices.Equal(got, []string{"A1", "B2", "C1"}) || live.Revisions[1].Body != "1" {
		t.Errorf("%d %v", c.Number, got)
	}
}

func TestFailuresOfTheArchiveAreNotHidden(t *testing.T) {
	down := errors.New("disk full")
	for _, method := range []string{"Current", "Seeds", "Drafts", "SetSeeds", "AddDrafts"} {
		s := newShelf()
		l := library(s, nil)
		start(t, l, list(good()))
		s.fail[method] = down
		if _, err := l.Start(context.Background(), edited("item", "120元/本", "140元/本")); !errors.Is(err, down) {
			t.Errorf("%s: %v", method, err)
		}
	}
}

func TestADraftOfAnOlderRevisionDoesNotTakeANewerChangeBack(t *testing.T) {
	s := newShelf()
	l := library(s, nil)
	start(t, l, list(good()))
	old, err := l.Import(context.Background(), edited("item", "120元/本", "140元/本"))
	if err != nil {
		t.Fatal(err)
	}
	newer, err := l.Import(context.Background(), edited("item", "120元/本", "150元/本"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Publish(context.Background(), newer, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Publish(context.Background(), old, ""); !fault.Is(err, fault.Conflict) || !strings.Contains(err.Error(), "is live") {
		t.Errorf("the older draft was published over the newer change: %v", err)
	}
}
