package kb

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"time"
)

// Origin says who made a revision.
type Origin string

// The origins of a revision.
const (
	FromEmbedded Origin = "embedded"
	FromImport   Origin = "import"
	FromEditor   Origin = "editor"
	FromRestore  Origin = "restore"
)

// Member is somebody who works on the knowledge. The zero Member is the service itself.
type Member struct {
	// ID is the account's id and never changes; Login is what the audit log calls her.
	ID    string `json:"id"`
	Login string `json:"-"`
	// Name is how others read it.
	Name string `json:"name"`
}

// Actor is what the audit log calls the person.
func (p Member) Actor() string { return cmp.Or(p.Login, "system") }

// Revision is an immutable version of a document.
type Revision struct {
	Document
	// Number counts the revisions of this document, from 1.
	Number int64 `json:"number"`
	// Base is the number of the published revision that this one changes; 0 for a new document.
	Base   int64  `json:"base"`
	Origin Origin `json:"origin"`
	Draft  bool   `json:"draft"`
	// Dropped is set for a draft that was given up; it stays in the history.
	Dropped bool      `json:"dropped,omitempty"`
	Author  Member    `json:"author"`
	Note    string    `json:"note,omitempty"`
	Created time.Time `json:"created"`
}

// Release 发布 is a numbered, complete set of revisions published together.
type Release struct {
	Number    int64      `json:"number"`
	Note      string     `json:"note"`
	Created   time.Time  `json:"created"`
	Revisions []Revision `json:"revisions"`
	// AsOf is the instant for which the release was made: texts that begin later wait, and
	// what expired before is left out. It never goes back from one release to the next.
	AsOf time.Time `json:"as_of"`
	// Earlier holds, by key, the revisions before one that has not begun at AsOf, newest
	// first, down to one that has.
	Earlier map[string][]Revision `json:"-"`
}

// Documents returns the documents of the release.
func (r *Release) Documents() []Document {
	docs := make([]Document, len(r.Revisions))
	for i, rev := range r.Revisions {
		docs[i] = rev.Document
	}
	return docs
}

// Numbers are the revision numbers of the release by key.
func (r *Release) Numbers() map[string]int64 {
	numbers := map[string]int64{}
	if r != nil {
		for _, rev := range r.Revisions {
			numbers[rev.Key()] = rev.Number
		}
	}
	return numbers
}

// Hash tells whether two candidates are the same: SHA-256 in hexadecimal over every key,
// revision number and body.
func (r *Release) Hash() string {
	lines := make([]string, len(r.Revisions))
	for i, rev := range r.Revisions {
		lines[i] = fmt.Sprintf("%s %d %s\n", rev.Key(), rev.Number, rev.Hash())
	}
	slices.Sort(lines)
	h := sha256.New()
	for _, l := range lines {
		h.Write([]byte(l))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Order is a release to be made, carried out in one transaction.
type Order struct {
	// Base is the newest release when this one was decided; another is fault.Conflict.
	Base int64
	// Put are the revisions that change, named by kind, id and number; Remove the keys of
	// documents that leave.
	Put    []Revision
	Remove []string
	Note   string
	// By made it; At is the clock's time, AsOf the instant that it stands for (At when zero).
	By       Member
	At, AsOf time.Time
	// Info is kept with the release.
	Info ReleaseInfo
	// Change, when set, moves on with the release: its version is that which was read.
	Change *Proposal
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
	// Publish makes the next release on top of release Base: its revisions with the named
	// ones in their place. A base that is not the newest release is fault.Conflict.
	Publish(ctx context.Context, o Order) (int64, error)
	// Seeds returns the hash of each embedded document as it was last taken in, by key.
	Seeds(ctx context.Context) (map[string]string, error)
	// SetSeeds records the hashes of embedded documents.
	SetSeeds(ctx context.Context, hashes map[string]string) error
}
