// Package vault seals the fields of the database that hold personal data or secrets, with keys
// that are not in the database. A sealed field names its key, so that keys can be changed one
// row at a time, and is bound to its place: what was copied to another row or column does not
// open. Start reading at Ring.Seal; file.go keeps keys in a file.
package vault

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"shenwei/internal/fault"
)

// KeyBytes is the length of a key: AES-256.
const KeyBytes = 32

// A sealed field is: version, length of the key's id, the id, nonce, ciphertext with its tag.
const (
	version    = 1
	nonceBytes = 12
	tagBytes   = 16
)

// comment is a line for people in a file of keys.
var comment = regexp.MustCompile(`(?m)^\s*#.*$`)

// keyID is what a key may be called.
var keyID = regexp.MustCompile(`^[A-Za-z0-9._-]{1,32}$`)

// key is one key, expanded for its two uses so that neither weakens the other.
type key struct {
	id   string
	aead cipher.AEAD
	mac  []byte
}

// Ring holds the keys: the first seals, all of them open. It is safe for concurrent use.
type Ring struct {
	// reload reads the keys anew when a field names one that is not known; nil for never.
	reload func() (string, error)

	mu   sync.RWMutex
	keys []key
}

// Parse reads keys as "ID:BASE64", separated by commas or white space, the one that seals
// first; lines that begin with # are comments. The error never repeats the text.
func Parse(text string) (*Ring, error) {
	keys, err := parse(text)
	if err != nil {
		return nil, err
	}
	return &Ring{keys: keys}, nil
}

func parse(text string) ([]key, error) {
	var keys []key
	for i, field := range strings.FieldsFunc(comment.ReplaceAllString(text, ""), func(r rune) bool { return r == ',' || r == ' ' || r == '\n' || r == '\r' || r == '\t' }) {
		id, encoded, ok := strings.Cut(field, ":")
		raw, err := base64.StdEncoding.DecodeString(encoded)
		if !ok || !keyID.MatchString(id) || err != nil || len(raw) != KeyBytes {
			return nil, fault.New(fault.BadRequest, "key %d is not of the form ID:BASE64 with %d bytes of key; make one with shenwei keys new", i+1, KeyBytes)
		}
		if slices.ContainsFunc(keys, func(k key) bool { return k.id == id }) {
			return nil, fault.New(fault.BadRequest, "the key %s is named twice", id)
		}
		k, err := expand(id, raw)
		if err != nil {
			return nil, err
		}
		keys = append(keys, k)
	}
	if len(keys) == 0 {
		return nil, fault.New(fault.BadRequest, "there is no key; make one with shenwei keys new")
	}
	return keys, nil
}

func expand(id string, raw []byte) (key, error) {
	field, err := hkdf.Expand(sha256.New, raw, "shenwei field", KeyBytes)
	if err != nil {
		return key{}, fmt.Errorf("expand a key: %w", err)
	}
	mac, err := hkdf.Expand(sha256.New, raw, "shenwei mac", KeyBytes)
	if err != nil {
		return key{}, fmt.Errorf("expand a key: %w", err)
	}
	block, err := aes.NewCipher(field)
	if err != nil {
		return key{}, fmt.Errorf("make a cipher: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return key{}, fmt.Errorf("make a cipher: %w", err)
	}
	return key{id, aead, mac}, nil
}

// NewKey makes a key and returns it as "ID:BASE64".
func NewKey(id string) (string, error) {
	if !keyID.MatchString(id) {
		return "", fault.New(fault.BadRequest, "a key's id has 1 to 32 letters, digits, dots, dashes or underscores")
	}
	raw := make([]byte, KeyBytes)
	_, _ = rand.Read(raw) // never fails since Go 1.24
	return id + ":" + base64.StdEncoding.EncodeToString(raw), nil
}

// Current is the id of the key that seals; IDs are all, that one first.
func (r *Ring) Current() string { return r.first().id }

// IDs lists the ids of all keys, the one that seals first.
func (r *Ring) IDs() []string {
	r.mu.RLock()
	defer r.mu.RUnlock()
	var ids []string
	for _, k := range r.keys {
		ids = append(ids, k.id)
	}
	return ids
}

func (r *Ring) first() key {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.keys[0]
}

// Knows tells whether the ring has the key that made a proof.
func (r *Ring) Knows(proof string) bool {
	id, _, _ := strings.Cut(proof, ":")
	_, ok := r.find(id)
	return ok
}

// find returns a key by its id. One that is not known may have been added since.
func (r *Ring) find(id string) (key, bool) {
	if k, ok := r.known(id); ok || r.reload == nil {
		return k, ok
	}
	if text, err := r.reload(); err == nil {
		if keys, err := parse(text); err == nil {
			r.mu.Lock()
			r.keys = keys
			r.mu.Unlock()
		}
	}
	return r.known(id)
}

func (r *Ring) known(id string) (key, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	for _, k := range r.keys {
		if k.id == id {
			return k, true
		}
	}
	return key{}, false
}

// place is the associated data: where the field stands, each part with its length.
func place(parts []string) []byte {
	var b []byte
	for _, p := range parts {
		b = append(b, byte(len(p)>>8), byte(len(p)))
		b = append(b, p...)
	}
	return b
}

// Seal encrypts a field of a place: table, column and what names the row.
func (r *Ring) Seal(plain []byte, where ...string) []byte {
	k := r.first()
	out := make([]byte, 0, 2+len(k.id)+nonceBytes+len(plain)+tagBytes)
	out = append(out, version, byte(len(k.id)))
	out = append(out, k.id...)
	return k.aead.Seal(out, nil, plain, place(where)) //nolint:gosec // the cipher makes a random nonce itself
}

// Open decrypts what Seal made for the same place. The error says whether the key is missing
// or the field was changed.
func (r *Ring) Open(sealed []byte, where ...string) ([]byte, error) {
	id, body, ok := split(sealed)
	if !ok {
		return nil, fault.New(fault.Internal, "a field is not sealed as this program does it")
	}
	k, ok := r.find(id)
	if !ok {
		return nil, fault.New(fault.Unavailable, "a field needs the key %q, which is not configured; add it to keys.data", id)
	}
	plain, err := k.aead.Open(nil, nil, body, place(where))
	if err != nil {
		return nil, fault.Wrap(fault.Internal, err, "a sealed field was changed, moved, or its key %q is another one", id)
	}
	return plain, nil
}

// KeyOf returns the id of the key that a field is sealed with, "" when it is not sealed.
func KeyOf(sealed []byte) string {
	id, _, _ := split(sealed)
	return id
}

func split(sealed []byte) (id string, body []byte, ok bool) {
	if len(sealed) < 2 || sealed[0] != version {
		return "", nil, false
	}
	n := int(sealed[1])
	if n == 0 || len(sealed) < 2+n+nonceBytes+tagBytes {
		return "", nil, false
	}
	return string(sealed[2 : 2+n]), sealed[2+n:], true
}

// MAC returns a proof that who has the keys wrote text: the key's id and an HMAC.
func (r *Ring) MAC(text string) string {
	k := r.first()
	return k.id + ":" + sum(k, text)
}

// Verify tells whether MAC made the proof for text. A key that is not known is fault.Unavailable.
func (r *Ring) Verify(text, proof string) (bool, error) {
	id, mac, _ := strings.Cut(proof, ":")
	k, ok := r.find(id)
	if !ok {
		if proof == "" {
			return false, nil
		}
		return false, fault.New(fault.Unavailable, "a proof needs the key %q, which is not configured; add it to keys.data", id)
	}
	return hmac.Equal([]byte(mac), []byte(sum(k, text))), nil
}

func sum(k key, text string) string {
	h := hmac.New(sha256.New, k.mac)
	h.Write([]byte(text))
	return hex.EncodeToString(h.Sum(nil))
}

// A sealed text stands in a column of type TEXT: a mark that no message of ours begins with,
// then base64.
const textMark = "\x01s:"

// SealText seals a text for a column of type TEXT. Without a ring the text stays as it is,
// except that it cannot pass for a sealed one.
func (r *Ring) SealText(plain string, where ...string) string {
	if r == nil {
		for strings.HasPrefix(plain, textMark) {
			plain = plain[1:]
		}
		return plain
	}
	return textMark + base64.RawStdEncoding.EncodeToString(r.Seal([]byte(plain), where...))
}

// OpenText reads what SealText wrote, or a text of before there were keys.
func (r *Ring) OpenText(stored string, where ...string) (string, error) {
	encoded, sealed := strings.CutPrefix(stored, textMark)
	if !sealed {
		return stored, nil
	}
	if r == nil {
		return "", fault.New(fault.Unavailable, "the database holds sealed fields and no key is configured; set keys.data")
	}
	raw, err := base64.RawStdEncoding.DecodeString(encoded)
	if err != nil {
		return "", fault.Wrap(fault.Internal, err, "a sealed field was changed")
	}
	plain, err := r.Open(raw, where...)
	return string(plain), err
}

// KeyOfText is KeyOf for a column of type TEXT.
func KeyOfText(stored string) string {
	encoded, _ := strings.CutPrefix(stored, textMark)
	if encoded == stored {
		return ""
	}
	raw, err := base64.RawStdEncoding.DecodeString(encoded)
	if err != nil {
		return ""
	}
	return KeyOf(raw)
}
