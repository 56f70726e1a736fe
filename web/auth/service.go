package auth

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"log/slog"
	"regexp"
	"strings"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"shenwei/internal/audit"
	"shenwei/internal/fault"
)

// Config is what a service needs. Store must be set; the zero value of any other field means
// its default.
type Config struct {
	Store Store
	Log   *slog.Logger
	Now   func() time.Time
	// Idle is how long a session lasts without use, default 30 minutes; Absolute how long at
	// all, default 12 hours.
	Idle, Absolute time.Duration
	// SecondFactor are the roles that must have one; nil means administrators and reviewers,
	// an empty list nobody.
	SecondFactor []Role
	// LinkLife is how long a one-time link works; default 24 hours.
	LinkLife time.Duration
	// Ended tells other nodes that this one has ended sessions; nil where there are none. It
	// must not block.
	Ended func()
}

// Service signs people in and manages their accounts. It is safe for concurrent use.
type Service struct {
	cfg    Config
	hasher *hasher
	poke   chan struct{}
	// manned is set once there was an account: there is always one from then on.
	manned atomic.Bool
}

// Issuer names us in authenticator apps.
const Issuer = "深微"

// New returns a service.
func New(cfg Config) *Service {
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	cfg.Idle = cmp.Or(cfg.Idle, 30*time.Minute)
	cfg.Absolute = cmp.Or(cfg.Absolute, 12*time.Hour)
	cfg.LinkLife = cmp.Or(cfg.LinkLife, 24*time.Hour)
	if cfg.SecondFactor == nil {
		cfg.SecondFactor = []Role{Administrator, Reviewer}
	}
	return &Service{cfg: cfg, hasher: newHasher(), poke: make(chan struct{}, 1)}
}

// Idle is how long a session lasts without use.
func (s *Service) Idle() time.Duration { return s.cfg.Idle }

// secretBytes is the length of secrets in cookies and links.
const secretBytes = 32

// newSecret returns 256 random bits for their owner and the hash to keep.
func newSecret() (secret string, hash []byte) {
	b := make([]byte, secretBytes)
	_, _ = rand.Read(b) // never fails since Go 1.24
	secret = base64.RawURLEncoding.EncodeToString(b)
	return secret, hashSecret(secret)
}

func hashSecret(secret string) []byte {
	sum := sha256.Sum256([]byte(secret))
	return sum[:]
}

func newID() string {
	var b [12]byte
	_, _ = rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

// accountName is what people sign in with; it may be an address of mail.
var accountName = regexp.MustCompile(`^[a-z0-9][a-z0-9._@-]{1,63}$`)

// CanonicalName is a name as accounts have it: case does not count.
func CanonicalName(name string) string { return strings.ToLower(strings.TrimSpace(name)) }

const maxDisplay = 40 // characters

func checkAccount(a *Account) error {
	a.Name = CanonicalName(a.Name)
	a.Display = strings.TrimSpace(a.Display)
	if a.Display == "" {
		a.Display = a.Name
	}
	switch {
	case !accountName.MatchString(a.Name):
		return fault.New(fault.BadRequest, "账号名用 2 到 64 个小写字母、数字、点、横线、下划线或 @，以字母或数字开头")
	case utf8.RuneCountInString(a.Display) > maxDisplay || strings.ContainsFunc(a.Display, isControl) || !utf8.ValidString(a.Display):
		return fault.New(fault.BadRequest, "显示名最多 %d 个字符，不能有控制字符", maxDisplay)
	}
	return checkRoles(a)
}

func isControl(r rune) bool { return r < ' ' || r == 0x7f || r >= 0x202a && r <= 0x202e }

// checkRoles sorts an account's roles and refuses unknown ones.
func checkRoles(a *Account) error {
	given := map[Role]bool{}
	for _, r := range a.Roles {
		given[r] = true
	}
	a.Roles = nil
	for _, r := range Known() {
		if given[r] {
			a.Roles = append(a.Roles, r)
			delete(given, r)
		}
	}
	for r := range given {
		return fault.New(fault.BadRequest, "没有角色 %.40q；可用的有 %v", string(r), Known())
	}
	if len(a.Roles) == 0 {
		return fault.New(fault.BadRequest, "请至少选一个角色")
	}
	return nil
}

func (s *Service) needsSecond(a Account) bool { return a.TOTP == "" && a.Has(s.cfg.SecondFactor...) }

func (s *Service) entry(actor, action, object string, detail string) audit.Entry {
	return audit.Entry{Actor: actor, Action: action, Object: object, Detail: detail, At: s.cfg.Now()}
}

func objectOf(a Account) string { return "account/" + a.Name }

// Empty tells whether there is no account at all yet.
func (s *Service) Empty(ctx context.Context) (bool, error) {
	if s.manned.Load() {
		return false, nil
	}
	all, err := s.cfg.Store.ListAccounts(ctx)
	if len(all) > 0 {
		s.manned.Store(true)
	}
	return len(all) == 0, err
}

// Account reads one account by its id.
func (s *Service) Account(ctx context.Context, id string) (Account, error) {
	return s.cfg.Store.Account(ctx, id)
}

// AccountByName reads one account by what its person signs in with.
func (s *Service) AccountByName(ctx context.Context, name string) (Account, error) {
	return s.cfg.Store.AccountByName(ctx, CanonicalName(name))
}

// Accounts lists all accounts by name.
func (s *Service) Accounts(ctx context.Context) ([]Account, error) {
	return s.cfg.Store.ListAccounts(ctx)
}

// link makes a one-time link for an account, "" for the first of all.
func (s *Service) link(staff string) (token string, l Link) {
	token, hash := newSecret()
	now := s.cfg.Now()
	return token, Link{Hash: hash, Staff: staff, Created: now, Expires: now.Add(s.cfg.LinkLife)}
}

// LinkExpires is until when a one-time link works that is made now.
func (s *Service) LinkExpires() time.Time { return s.cfg.Now().Add(s.cfg.LinkLife) }
