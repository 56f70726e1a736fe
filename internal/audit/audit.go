// Package audit is the log of who changed what and who looked at personal data. Each entry is
// chained to the one before by a hash, so that whoever changes, inserts or removes one breaks
// the chain from there on. The store appends and keeps the head; Verify walks the chain.
package audit

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"time"
)

// Entry is one thing that somebody did.
type Entry struct {
	// Actor is the account's name; "system" for what happens by itself, "cli:NAME" for a
	// command on the server.
	Actor string
	// Action is "release.publish", Object "release/12".
	Action, Object string
	// Detail is small JSON without personal data, "" for none.
	Detail string
	// At is when; the store's clock where it is zero. Kept to the microsecond.
	At time.Time
}

// Limits of an entry's fields, in bytes.
const (
	MaxName   = 256
	MaxDetail = 16 << 10
)

// Record is an entry on record: its number, from 1 without gaps, and its hash.
type Record struct {
	N    int64
	Hash string
	Entry
}

// Hash returns the hash of entry n after an entry with the hash previous ("" for the first):
// SHA-256 in hexadecimal over the previous hash and every field, each with its length before
// it, so that no two entries have the same bytes.
func Hash(previous string, n int64, e Entry) string {
	h := sha256.New()
	field := func(s string) {
		var size [8]byte
		binary.BigEndian.PutUint64(size[:], uint64(len(s)))
		h.Write(size[:])
		h.Write([]byte(s))
	}
	var numbers [16]byte
	binary.BigEndian.PutUint64(numbers[:8], uint64(n))
	binary.BigEndian.PutUint64(numbers[8:], uint64(e.At.UnixMicro()))
	field(previous)
	h.Write(numbers[:])
	for _, s := range []string{e.Actor, e.Action, e.Object, e.Detail} {
		field(s)
	}
	return hex.EncodeToString(h.Sum(nil))
}
