package store

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"database/sql"
	"encoding/base64"

	"github.com/oklog/ulid/v2"

	"shenwei/internal/fault"
)

const (
	// tokenBytes is the length of a token before it is written in base64url.
	tokenBytes = 32
	// maxTokens bounds the tokens of one conversation; the oldest goes.
	maxTokens = 8
	// unguessable is the length of a ref, in bytes, that only its sender can know.
	unguessable = 16
)

const (
	sqlAddToken   = `INSERT INTO tokens (conversation, hash, created) VALUES ($1, $2, $3)`
	sqlTokens     = `SELECT hash FROM tokens WHERE conversation = $1`
	sqlLastToken  = `SELECT COALESCE(MAX(created), 0) FROM tokens WHERE conversation = $1`
	sqlTrimTokens = `DELETE FROM tokens WHERE conversation = $1 AND hash IN
		(SELECT hash FROM tokens WHERE conversation = $1 ORDER BY created DESC, hash LIMIT 1000 OFFSET $2)`
)

func newEntropy() *ulid.MonotonicEntropy { return ulid.Monotonic(rand.Reader, 0) }

// newID returns a ULID: sorted by time, so that new rows stand together.
func (db *DB) newID() (string, error) {
	db.idMu.Lock()
	defer db.idMu.Unlock()
	id, err := ulid.New(ulid.Timestamp(db.now()), db.entropy)
	if err != nil {
		return "", fault.Wrap(fault.Internal, err, "no id could be made")
	}
	return id.String(), nil
}

// newToken returns a token for its owner and the hash to store.
func newToken() (token string, hash []byte) {
	b := make([]byte, tokenBytes)
	_, _ = rand.Read(b) // never fails: it would end the program
	token = base64.RawURLEncoding.EncodeToString(b)
	return token, hashToken(token)
}

func hashToken(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}

// Authorize tells whether token opens the conversation. An unknown conversation and a
// wrong token are the same not_found.
func (db *DB) Authorize(ctx context.Context, conversation, token string) error {
	given, match := hashToken(token), 0
	if checkName("conversation", conversation, false) != nil {
		return noConversation()
	}
	err := db.scan(ctx, sqlTokens, []any{conversation}, func(r *sql.Rows) error {
		var hash []byte
		err := r.Scan(&hash)
		match |= subtle.ConstantTimeCompare(hash, given)
		return err
	})
	switch {
	case err != nil:
		return err
	case match == 0:
		return noConversation()
	}
	return nil
}

func noConversation() error { return fault.New(fault.NotFound, "there is no such conversation") }

// issueToken gives the conversation one more token.
func (db *DB) issueToken(ctx context.Context, conversation string) (string, error) {
	token, hash := newToken()
	at := db.micros(db.now())
	err := db.writer.do(ctx, conversation, "", func(s *session) error {
		var last int64
		if _, err := s.row(sqlLastToken, []any{conversation}, &last); err != nil {
			return err
		}
		if _, err := s.exec(sqlAddToken, conversation, hash, max(at, last+1)); err != nil {
			return err
		}
		_, err := s.exec(sqlTrimTokens, conversation, maxTokens)
		return err
	})
	if err != nil {
		return "", err
	}
	return token, nil
}
