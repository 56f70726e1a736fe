package kb

import (
	"context"
	"time"
)

// Origin says who made a revision.
type Origin string

// The origins of a revision.
const (
	FromEmbedded Origin = "embedded"
	FromImport   Origin = "import"
	FromEditor   Origin = "editor"
)

// Revision is an immutable version of a document.
type Revision struct {
	Document
	// Number counts the revisions of this document, from 1.
	Number int64 `json:"number"`
	// Base is the number of the published revision that this one changes; 0 for a new document.
	Base    int64     `json:"base"`
	Origin  Origin    `json:"origin"`
	Draft   bool      `json:"draft"`
	Created time.Time `json:"created"`
}

// Release 发布 is a numbered, complete set of revisions published together.
type Release struct {
	Number    int64      `json:"number"`
	Note      string     `json:"note"`
	Created   time.Time  `json:"created"`
	Revisions []Revision `json:"revisions"`
}

// Documents returns the documents of the release.
func (r *Release) Documents() []Document {
	docs := make([]Document, len(r.Revisions))
	for i, rev := range r.Revisions {
		docs[i] = rev.Document
	}
	return docs
}

// Archive keeps revisions and releases. What its methods returned without an error is on disk.
type Archive interface {
	// Current returns the newest release, nil when nothing was published yet.
	Current(ctx context.Context) (*Release, error)
	// AddDrafts stores a draft revision for each document that differs from the newest
	// revision of its key, in one transaction, and returns those it stored.
	AddDrafts(ctx context.Context, docs []Document, origin Origin, at time.Time) ([]Revision, error)
	// Drafts lists the newest draft of every key that has one newer than its published revision.
	Drafts(ctx context.Context) ([]Revision, error)
	// Publish makes the next release on top of release base: its revisions with the named
	// drafts in their place. A base that is not the newest release is fault.Conflict.
	Publish(ctx context.Context, base int64, drafts []Revision, note string, at time.Time) (int64, error)
	// Seeds returns the hash of each embedded document as it was last taken in, by key.
	Seeds(ctx context.Context) (map[string]string, error)
	// SetSeeds records the hashes of embedded documents.
	SetSeeds(ctx context.Context, hashes map[string]string) error
}
