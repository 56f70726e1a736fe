package wechat

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"sync"
	"time"

	"shenwei/internal/fault"
)

// Mode is how the account's server is set up in the platform's console.
type Mode string

// The modes of message encryption. Compat sends plain and encrypted together; only what is
// encrypted is believed.
const (
	Plain  Mode = "plain"
	Compat Mode = "compat"
	Safe   Mode = "safe"
)

// Clock tells by how much our clock is ahead of WeChat's.
type Clock interface {
	// Skew is ours minus theirs as it was last read.
	Skew() time.Duration
	// Read asks WeChat for its time; it may answer from memory when it asked just now.
	Read(ctx context.Context) error
}

// Door lets in what WeChat sent and nothing else. It is safe for concurrent use.
type Door struct {
	crypt *Crypt
	mode  Mode
	guard *guard
	clock Clock // may be nil
	log   *slog.Logger

	mu     sync.Mutex
	warned time.Time
	now    func() time.Time
}

// DoorConfig is what a door needs.
type DoorConfig struct {
	Crypt *Crypt
	Mode  Mode
	// MaxAge is how old or how far ahead a request may be; 0 switches the check and that for
	// replays off.
	MaxAge time.Duration
	Clock  Clock
	Now    func() time.Time
	Log    *slog.Logger
}

// NewDoor returns a door. It fails for a mode that the keys do not carry.
func NewDoor(cfg DoorConfig) (*Door, error) {
	switch cfg.Mode {
	case Plain:
	case Safe, Compat:
		if len(cfg.Crypt.keys) == 0 {
			return nil, fault.New(fault.BadRequest, "encoding_aes_key: it is empty; mode %s needs it, copy it from the platform's console", cfg.Mode)
		}
	default:
		return nil, fault.New(fault.BadRequest, "mode: %q is none of plain, compat, safe", cfg.Mode)
	}
	d := &Door{crypt: cfg.Crypt, mode: cfg.Mode, clock: cfg.Clock, log: cfg.Log, now: cfg.Now}
	d.guard = newGuard(cfg.MaxAge, func() time.Time {
		if d.clock == nil {
			return cfg.Now()
		}
		return cfg.Now().Add(-d.clock.Skew())
	})
	return d, nil
}

// Why a request is refused; for the log, never for the sender.
var (
	errNoSignature = errors.New("the signature does not fit")
	errStale       = errors.New("the request is too old, or our clock is wrong")
	errReplayed    = errors.New("the signature was used for another body")
	errDowngrade   = errors.New("the request is not encrypted; this account's must be")
	errUnexpected  = errors.New("the request is encrypted; this account's are plain (wechat.mode)")
	errTooLarge    = errors.New("the body is too large")
)

// Echo answers the platform's question whether this address is ours: the text to send back.
func (d *Door) Echo(ctx context.Context, q url.Values) (string, error) {
	timestamp, nonce, echo := q.Get("timestamp"), q.Get("nonce"), q.Get("echostr")
	signature := q.Get("msg_signature")
	if signature == "" {
		if !d.crypt.Signed(q.Get("signature"), timestamp, nonce) {
			return "", errNoSignature
		}
		return echo, d.fresh(ctx, timestamp)
	}
	// 企业微信 and 微信客服 sign and encrypt the question, too.
	if !d.crypt.Signed(signature, timestamp, nonce, echo) {
		return "", errNoSignature
	}
	if err := d.fresh(ctx, timestamp); err != nil {
		return "", err
	}
	plain, err := d.crypt.Decrypt(echo)
	return string(plain), err
}

// Open checks a request's query and body and returns what it says, decrypted.
func (d *Door) Open(ctx context.Context, q url.Values, body []byte) (Fields, error) {
	timestamp, nonce := q.Get("timestamp"), q.Get("nonce")
	if d.mode == Plain {
		signature := q.Get("signature")
		switch {
		case q.Get("encrypt_type") == "aes" || q.Get("msg_signature") != "":
			return nil, errUnexpected
		case !d.crypt.Signed(signature, timestamp, nonce):
			return nil, errNoSignature
		}
		if err := d.fresh(ctx, timestamp); err != nil {
			return nil, err
		}
		if !d.guard.once(timestamp, nonce, signature, body) {
			return nil, errReplayed
		}
		return parse(body)
	}
	signature := q.Get("msg_signature")
	if signature == "" {
		return nil, errDowngrade
	}
	outer, err := parse(body)
	if err != nil {
		return nil, err
	}
	sealed := outer.Get("Encrypt")
	switch {
	case sealed == "":
		return nil, errDowngrade
	case !d.crypt.Signed(signature, timestamp, nonce, sealed):
		return nil, errNoSignature
	}
	if err := d.fresh(ctx, timestamp); err != nil {
		return nil, err
	}
	if !d.guard.once(timestamp, nonce, signature, body) {
		return nil, errReplayed
	}
	plain, err := d.crypt.Decrypt(sealed)
	if err != nil {
		return nil, err
	}
	return parse(plain)
}

// fresh refuses what is old by WeChat's clock. That ours is wrong is an alarm and no outage:
// before a signed request is refused, WeChat is asked what time it is.
func (d *Door) fresh(ctx context.Context, timestamp string) error {
	skew, ok := d.guard.fresh(timestamp)
	if !ok && d.clock != nil {
		if err := d.clock.Read(ctx); err != nil {
			d.log.Error("wechat: a signed request is too old, and WeChat's clock cannot be read", "err", err)
			return errStale
		}
		skew, ok = d.guard.fresh(timestamp)
	}
	if d.clock != nil && d.clock.Skew().Abs() > maxSkew {
		d.alarm(d.clock.Skew())
	}
	if !ok {
		d.log.Warn("wechat: a signed request is too old", "skew", skew.Round(time.Second))
		return errStale
	}
	return nil
}

// Local is what our clock showed, right or wrong, when WeChat's showed at.
func (d *Door) Local(at time.Time) time.Time {
	if d.clock == nil {
		return at
	}
	return at.Add(d.clock.Skew())
}

// maxSkew is how wrong our clock may be before it is an alarm.
const maxSkew = time.Minute

func (d *Door) alarm(skew time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.now().Sub(d.warned).Abs() < time.Minute {
		return
	}
	d.warned = d.now()
	d.log.Error("wechat: the service's clock is wrong, which is that of the database; pushes are judged by WeChat's clock until it is set (NTP)", "ahead", skew.Round(time.Second))
}

// ReadBody reads a body of at most 64 KiB.
func ReadBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if r.ContentLength > maxBody {
		return nil, errTooLarge
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var over *http.MaxBytesError
	if errors.As(err, &over) {
		return nil, errTooLarge
	}
	return body, err
}
