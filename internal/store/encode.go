package store

import (
	"encoding/json"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/golang/snappy"

	"shenwei/bot"
	"shenwei/internal/fault"
)

const (
	// maxName bounds ids, refs and other names, in bytes; PostgreSQL indexes no more than
	// 2,700.
	maxName = 256
	// maxBody bounds any one text, in bytes.
	maxBody = 1 << 20
)

// clean makes a text storable in both databases: invalid UTF-8 becomes U+FFFD, and NUL,
// which PostgreSQL refuses, goes.
func clean(s string) string {
	if utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 {
		return s
	}
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "")
}

// checkName refuses a name that cannot be stored as it is: a changed id would be another.
func checkName(what, s string, empty bool) error {
	switch {
	case s == "" && !empty:
		return fault.New(fault.BadRequest, "%s is missing", what)
	case len(s) > maxName:
		return fault.New(fault.BadRequest, "%s has %d bytes; at most %d are allowed", what, len(s), maxName)
	case s != clean(s):
		return fault.New(fault.BadRequest, "%s holds bytes that are not text", what)
	}
	return nil
}

func checkLength(what, s string) error {
	if len(s) > maxBody {
		return fault.New(fault.TooLarge, "%s has %d bytes; at most %d are allowed", what, len(s), maxBody)
	}
	return nil
}

func encodeJSON(what string, v any) (string, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return "", fault.Wrap(fault.Internal, err, "%s cannot be encoded", what)
	}
	return string(b), nil
}

// decodeReply reads a stored reply; what its row's columns say is not taken from the JSON.
func decodeReply(body, conversation string, seq int64) (*bot.Reply, error) {
	r := &bot.Reply{}
	if err := json.Unmarshal([]byte(body), r); err != nil {
		return nil, fault.Wrap(fault.Internal, err, "a stored reply cannot be read")
	}
	r.Conversation, r.Seq, r.Token = conversation, seq, ""
	return r, nil
}

func decodeState(body string) (bot.State, error) {
	var st bot.State
	if body == "{}" {
		return st, nil
	}
	if err := json.Unmarshal([]byte(body), &st); err != nil {
		return st, fault.Wrap(fault.Internal, err, "a stored conversation cannot be read")
	}
	return st, nil
}

// A stored trace begins with a byte that says how the rest is packed. Snappy packs 3 kB of
// trace in 2 µs to a third; deflate takes 16 µs to a quarter.
const packedSnappy = 1

// packTrace returns nil for no trace.
func packTrace(t *bot.Trace) ([]byte, error) {
	if t == nil {
		return nil, nil
	}
	body, err := json.Marshal(t)
	if err != nil {
		return nil, fault.Wrap(fault.Internal, err, "the trace cannot be encoded")
	}
	out := make([]byte, 1+snappy.MaxEncodedLen(len(body)))
	out[0] = packedSnappy
	return out[:1+len(snappy.Encode(out[1:], body))], nil
}

func unpackTrace(packed []byte) (*bot.Trace, error) {
	if len(packed) == 0 {
		return nil, fault.New(fault.NotFound, "this reply has no trace")
	}
	if packed[0] != packedSnappy {
		return nil, fault.New(fault.Internal, "a trace of an unknown format %d", packed[0])
	}
	body, err := snappy.Decode(nil, packed[1:])
	if err != nil {
		return nil, fault.Wrap(fault.Internal, err, "a stored trace cannot be read")
	}
	t := &bot.Trace{}
	if err := json.Unmarshal(body, t); err != nil {
		return nil, fault.Wrap(fault.Internal, err, "a stored trace cannot be read")
	}
	return t, nil
}

func (db *DB) micros(t time.Time) int64 {
	if t.IsZero() {
		t = db.now()
	}
	return t.UnixMicro()
}

func (s *session) micros(t time.Time) int64 {
	if t.IsZero() {
		t = s.now()
	}
	return t.UnixMicro()
}

func fromMicros(n int64) time.Time { return time.UnixMicro(n).UTC() }
