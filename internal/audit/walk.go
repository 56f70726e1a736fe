package audit

import (
	"crypto/subtle"
	"fmt"
	"time"
)

// Query asks for entries; the zero value of a field does not restrict. Action also names all
// below it: "account" finds "account.add".
type Query struct {
	Actor, Action, Object string
	From, To              time.Time // from is included, to is not
	// Before is the number below which to read on.
	Before int64
	Limit  int
}

// Report is what a walk over the chain found.
type Report struct {
	// First and Last are the numbers of the entries that the log should have, Hash the last one's.
	First, Last int64
	Hash        string
	// Broken says where the chain breaks and how, "" when it is whole.
	Broken string
	// Unproved is set when no key proves that the head is ours.
	Unproved bool
}

// Walk follows a chain entry by entry.
type Walk struct {
	n        int64
	hash     string
	broken   string
	known    int64
	knowHash string
}

// NewWalk begins after entry n with its hash: 0 and "" for the first of all.
func NewWalk(n int64, hash string) *Walk { return &Walk{n: n, hash: hash} }

// Expect says which hash entry n must have, as it was noted elsewhere; 0 for none.
func (w *Walk) Expect(n int64, hash string) { w.known, w.knowHash = n, hash }

// Next is the number that comes next.
func (w *Walk) Next() int64 { return w.n + 1 }

// Broken says what is wrong so far, "" for nothing.
func (w *Walk) Broken() string { return w.broken }

// Step takes the next entry. Nothing after the first break is looked at.
func (w *Walk) Step(r Record) {
	if w.broken != "" {
		return
	}
	switch hash := Hash(w.hash, r.N, r.Entry); {
	case r.N != w.n+1:
		w.broken = fmt.Sprintf("entry %d is missing: after entry %d comes entry %d", w.n+1, w.n, r.N)
	case !same(hash, r.Hash):
		w.broken = fmt.Sprintf("entry %d (%s, %s) was changed, or the one before it", r.N, r.At.UTC().Format(time.RFC3339), r.Action)
	case r.N == w.known && !same(hash, w.knowHash):
		w.broken = fmt.Sprintf("entry %d has another hash than the one noted: the log was written anew", r.N)
	default:
		w.n, w.hash = r.N, hash
	}
}

// End compares with the head of the log and returns what is wrong, "" for nothing.
func (w *Walk) End(n int64, hash string) string {
	switch {
	case w.broken != "":
	case w.n < n:
		w.broken = fmt.Sprintf("entries %d to %d are missing at the end", w.n+1, n)
	case !same(w.hash, hash):
		w.broken = fmt.Sprintf("entry %d is not the one that the head names", n)
	case w.known > n:
		w.broken = fmt.Sprintf("the log ends with entry %d, and entry %d was noted: the end was removed", n, w.known)
	}
	return w.broken
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
