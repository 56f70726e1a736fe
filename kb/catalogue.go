package kb

import (
	"context"
	"slices"
	"strings"
	"time"

	"shenwei/internal/fault"
)

// Heads are all documents with what is live and what is drafted.
type Heads struct {
	// Version changes with everything that changes the list; see DraftStore.
	Version int64
	All     []Head // by key
}

func (h Heads) find(key string) (Head, bool) {
	i, ok := slices.BinarySearchFunc(h.All, key, func(h Head, key string) int { return strings.Compare(h.Key(), key) })
	if !ok {
		return Head{}, false
	}
	return h.All[i], true
}

// Head is one document: its live revision (0 for none) and its open draft.
type Head struct {
	Kind    Kind
	ID      string
	Live    int64
	Updated time.Time
	Draft   *DraftHead
}

// Key identifies the document.
func (h Head) Key() string { return string(h.Kind) + "/" + h.ID }

// DraftHead is an open draft without its text.
type DraftHead struct {
	Number int64
	Author Member
	At     time.Time
	// Proposal is the open proposal that holds it, 0 for none.
	Proposal int64
}

// The states of a document in a list.
const (
	StateDraft    = "draft"    // 草稿: a draft waits
	StateReview   = "review"   // 待审: its draft is in review
	StateLive     = "live"     // 已发布
	StateExpiring = "expiring" // 将失效: within 30 days
	StateExpired  = "expired"  // 已失效
	StateHidden   = "hidden"   // 已下架
)

// expiringWithin is how long before its end a document counts as expiring.
const expiringWithin = 30 * 24 * time.Hour

// card is what a list shows of one revision.
type card struct {
	number                                 int64
	title, policeType, category, owner     string
	review, effective, expires, searchable string
	span                                   Span
}

func cardOf(doc Document, number int64) card {
	c := card{number: number, title: doc.ID, span: doc.Span()}
	var words []string
	switch doc.Kind {
	case KindItem:
		if it, _ := ParseItem(doc); it != nil {
			c.title, c.policeType, c.owner, c.review = it.Name, it.PoliceType, it.Owner, it.Review
			c.effective, c.expires = it.Effective, it.Expires
			words = append(append(words, it.Aliases...), it.Asks...)
		}
	case KindArticle:
		if a, _ := ParseArticle(doc); a != nil {
			c.title, c.category, c.owner, c.review = a.Title, a.Category, a.Owner, a.Review
			c.effective, c.expires = a.Effective, a.Expires
			words = a.Asks
		}
	}
	c.searchable = strings.ToLower(strings.Join(append([]string{doc.ID, c.title}, words...), "\n"))
	return c
}

// Listed is one document in a list.
type Listed struct {
	Head
	Title, PoliceType, Category, Owner string
	Review, Effective, Expires         string
	State                              string
}

// Filter narrows a list of documents; a zero field matches everything.
type Filter struct {
	Kind          Kind
	Query, State  string
	Type, Owner   string // the police type of an item or the category of an article; the unit
	ReviewBefore  string // YYYY-MM-DD
	Offset, Limit int
	Hidden        func(key string) bool // what is taken down; nil for nothing
}

// maxPage is how many documents a list holds at most.
const maxPage = 500

// List lists documents in the order of their keys, and counts all that match.
func (s *Studio) List(ctx context.Context, f Filter) (total int, page []Listed, err error) {
	if f.Limit <= 0 || f.Limit > maxPage {
		f.Limit = 50
	}
	if f.ReviewBefore != "" {
		if _, err := time.Parse(time.DateOnly, f.ReviewBefore); err != nil {
			return 0, nil, fault.New(fault.BadRequest, "review_before 应为日期，例如 2026-12-31")
		}
	}
	heads, err := s.listHeads(ctx)
	if err != nil {
		return 0, nil, err
	}
	cards, err := s.cardsOf(ctx, heads)
	if err != nil {
		return 0, nil, err
	}
	now, query := s.now(), strings.ToLower(strings.TrimSpace(f.Query))
	for _, h := range heads.All {
		c := cards[h.Key()]
		states := statesOf(h, c, f.Hidden, now)
		if len(states) == 0 || !f.matches(h, c, states, query) {
			continue
		}
		if total++; total > f.Offset && len(page) < f.Limit {
			page = append(page, Listed{
				Head: h, Title: c.title, PoliceType: c.policeType, Category: c.category, Owner: c.owner, Review: c.review,
				Effective: c.effective, Expires: c.expires, State: states[0],
			})
		}
	}
	return total, page, nil
}

func (f *Filter) matches(h Head, c card, states []string, query string) bool {
	switch {
	case f.Kind != "" && h.Kind != f.Kind,
		f.State != "" && !slices.Contains(states, f.State),
		f.Type != "" && c.policeType != f.Type && c.category != f.Type,
		f.Owner != "" && c.owner != f.Owner,
		f.ReviewBefore != "" && (c.review == "" || c.review >= f.ReviewBefore),
		query != "" && !strings.Contains(c.searchable, query):
		return false
	}
	return true
}

// statesOf are all states that a document is in, the one to show first. None for a document
// that was removed and has no draft.
func statesOf(h Head, c card, hidden func(string) bool, now time.Time) []string {
	var states []string
	if hidden != nil && hidden(h.Key()) {
		states = append(states, StateHidden)
	}
	if h.Draft != nil {
		if h.Draft.Proposal > 0 {
			states = append(states, StateReview)
		} else {
			states = append(states, StateDraft)
		}
	}
	if h.Live > 0 {
		switch end := c.span.Expires; {
		case end.IsZero():
		case !now.Before(end):
			return append(states, StateExpired)
		case now.Add(expiringWithin).After(end):
			states = append(states, StateExpiring)
		}
		states = append(states, StateLive)
	}
	return states
}

// listHeads reads the heads anew only when something changed.
func (s *Studio) listHeads(ctx context.Context) (Heads, error) {
	version, err := s.record.HeadsVersion(ctx)
	if err != nil {
		return Heads{}, err
	}
	s.mu.Lock()
	heads := s.heads
	s.mu.Unlock()
	if heads.Version == version && version > 0 {
		return heads, nil
	}
	if heads, err = s.record.Heads(ctx); err != nil {
		return Heads{}, err
	}
	s.mu.Lock()
	s.heads = heads
	s.mu.Unlock()
	return heads, nil
}

// fewCards is up to how many unknown revisions are read one by one.
const fewCards = 20

// cardsOf returns the card of each document: of its live revision, or of its draft where
// nothing is live. Revisions never change, so that only new ones are read and parsed.
func (s *Studio) cardsOf(ctx context.Context, heads Heads) (map[string]card, error) {
	s.mu.Lock()
	known := s.cards
	s.mu.Unlock()
	var missing []Head
	for _, h := range heads.All {
		if c, ok := known[h.Key()]; !ok || c.number != h.shown() {
			missing = append(missing, h)
		}
	}
	if len(missing) == 0 {
		return known, nil
	}
	bodies, err := s.bodies(ctx, missing)
	if err != nil {
		return nil, err
	}
	cards := make(map[string]card, len(heads.All))
	for key, c := range known {
		cards[key] = c
	}
	for _, rev := range bodies {
		cards[rev.Key()] = cardOf(rev.Document, rev.Number)
	}
	s.mu.Lock()
	s.cards = cards
	s.mu.Unlock()
	return cards, nil
}

// shown is the revision that a list tells of.
func (h Head) shown() int64 {
	if h.Live == 0 && h.Draft != nil {
		return h.Draft.Number
	}
	return h.Live
}

func (s *Studio) bodies(ctx context.Context, of []Head) ([]Revision, error) {
	var all []Revision
	if len(of) > fewCards {
		l, err := s.current(ctx)
		if err != nil {
			return nil, err
		}
		drafts, err := s.record.Drafts(ctx)
		if err != nil {
			return nil, err
		}
		all = append(append(all, drafts...), l.release.Revisions...) // what is live comes last and wins
		return all, nil
	}
	for _, h := range of {
		if h.shown() == 0 {
			continue
		}
		rev, err := s.record.Revision(ctx, h.Kind, h.ID, h.shown())
		if err != nil {
			return nil, err
		}
		all = append(all, rev)
	}
	return all, nil
}

// Titles returns how documents are called, by key; a key that is not known is its own title.
func (s *Studio) Titles(ctx context.Context) (func(key string) string, error) {
	heads, err := s.listHeads(ctx)
	if err != nil {
		return nil, err
	}
	cards, err := s.cardsOf(ctx, heads)
	return func(key string) string {
		if c, ok := cards[key]; ok && c.title != "" {
			return c.title
		}
		return key
	}, err
}
