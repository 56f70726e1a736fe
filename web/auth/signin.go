package auth

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"shenwei/internal/fault"
)

// Attempt is somebody who wants to sign in.
type Attempt struct {
	Name, Password string
	// Code is the second factor's, "" when she has not been asked for it.
	Code string
	// Addr is her network address.
	Addr string
	// Old is the secret of the session that her browser has now, "" for none. It ends.
	Old string
}

// The outcomes of signing in.
const (
	StateOK    = "ok"
	StateCode  = "code"  // the second factor's code is missing
	StateEnrol = "enrol" // a second factor must be set up first
)

// SignedIn is the outcome of signing in.
type SignedIn struct {
	State string
	// Secret is for the cookie; "" where there is no session yet.
	Secret string
	CSRF   string
	User   Account
	// Enrol is set for StateEnrol.
	Enrol *Enrolment
}

// Locked says that an account or an address has failed too often.
type Locked struct {
	error
	After time.Duration
}

// Unwrap returns the fault.
func (l Locked) Unwrap() error { return l.error }

// RetryAfter is after which time to try again.
func (l Locked) RetryAfter() time.Duration { return l.After }

// The lock grows with each failure and always ends. An address has more, since many people
// may share it.
const (
	freeForAccount = 4
	freeForAddress = 19
	firstLock      = 15 * time.Minute
	longestLock    = 4 * time.Hour
)

func lockFor(key string, count int) time.Duration {
	free := freeForAccount
	if strings.HasPrefix(key, addressPrefix) {
		free = freeForAddress
	}
	if count <= free {
		return 0
	}
	return min(firstLock<<min(count-free-1, 10), longestLock)
}

const addressPrefix = "address "

// accountKey and addressKey name what failures are counted for. They are hashed: an unknown
// name may be a password that was typed into the wrong field.
func accountKey(name string) string { return "account " + digest(CanonicalName(name)) }
func addressKey(addr string) string { return addressPrefix + digest(addr) }

func digest(s string) string {
	sum := sha256.Sum256([]byte("shenwei failure " + s))
	return hex.EncodeToString(sum[:16])
}

var errWrong = fault.New(fault.Unauthorized, "账号或密码不对")

func errCode() error {
	return fault.New(fault.Unauthorized, "验证码不对，或已经用过；请等应用显示下一个再试")
}

// attempt counts an attempt before its outcome is known.
func (s *Service) attempt(ctx context.Context, name, addr string) ([]string, error) {
	keys := []string{accountKey(name), addressKey(addr)}
	now := s.cfg.Now()
	until, err := s.cfg.Store.Attempt(ctx, keys, now, lockFor)
	if err != nil || until.IsZero() {
		return keys, err
	}
	wait := until.Sub(now)
	return nil, Locked{fault.New(fault.RateLimited, "尝试的次数太多，请 %d 分钟后再试，或请管理员重置账号", int(wait/time.Minute)+1), wait}
}

// SignIn checks name, password and code. Whether a name is known, disabled or has no password
// shows neither in the answer nor in the time it takes.
func (s *Service) SignIn(ctx context.Context, at Attempt) (SignedIn, error) {
	name := CanonicalName(at.Name)
	keys, err := s.attempt(ctx, name, at.Addr)
	if err != nil {
		return SignedIn{}, err
	}
	a, err := s.cfg.Store.AccountByName(ctx, name)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return SignedIn{}, err
	}
	hash := a.Password
	if a.Disabled {
		hash = ""
	}
	right, err := s.hasher.verify(ctx, at.Password, hash)
	switch {
	case err != nil: // too many at once: not her failure
		return SignedIn{}, errors.Join(err, s.cfg.Store.Forgive(ctx, keys, nil))
	case !right:
		return SignedIn{}, s.failed(ctx, a, "password", errWrong)
	case a.TOTP != "" && at.Code == "":
		return SignedIn{State: StateCode}, s.cfg.Store.Forgive(ctx, keys, nil)
	}
	stage, change := StageFull, func(*Account) error { return nil }
	switch {
	case a.TOTP != "":
		change = s.useCode(at.Code)
	case s.needsSecond(a):
		stage = StageSecond
	}
	in, err := s.begin(ctx, a, stage, at.Old, "session.begin", change)
	if fault.Is(err, fault.Unauthorized) {
		return SignedIn{}, s.failed(ctx, a, "code", err)
	}
	if err != nil {
		return SignedIn{}, err
	}
	return in, s.cfg.Store.Forgive(ctx, keys[1:], keys[:1])
}

// useCode accepts a code of the account's second factor once.
func (s *Service) useCode(code string) func(*Account) error {
	return func(a *Account) error {
		step, ok := checkCode(a.TOTP, code, a.TOTPStep, s.cfg.Now())
		if !ok {
			return errCode()
		}
		a.TOTPStep = step
		return nil
	}
}

// failed records a failed attempt. An unknown name is not repeated: it may be a password.
func (s *Service) failed(ctx context.Context, a Account, what string, err error) error {
	object := "account"
	if a.ID != "" {
		object = objectOf(a)
	}
	s.cfg.Log.Warn("sign-in failed", "object", object, "factor", what)
	detail := fmt.Sprintf(`{"factor":%q}`, what)
	if rec := s.cfg.Store.AppendAudit(ctx, s.entry("nobody", "session.refused", object, detail)); rec != nil {
		return rec
	}
	return err
}

// begin begins a session for an account in place of the one before.
func (s *Service) begin(ctx context.Context, a Account, stage, old, action string, change func(*Account) error) (SignedIn, error) {
	secret, hash := newSecret()
	csrf, _ := newSecret()
	now := s.cfg.Now()
	ses := Session{Hash: hash, ID: newID(), Staff: a.ID, Stage: stage, CSRF: csrf, Created: now, Seen: now}
	in := SignedIn{State: StateOK, Secret: secret, CSRF: csrf}
	if stage == StageSecond && a.TOTP == "" {
		ses.Pending = newTOTPSecret()
		enrol, err := enrolment(Issuer, a.Name, ses.Pending)
		if err != nil {
			return SignedIn{}, err
		}
		in.State, in.Enrol = StateEnrol, enrol
	} else if stage == StageSecond {
		in.State = StateCode
	}
	var oldHash []byte
	if old != "" {
		oldHash = hashSecret(old)
	}
	user, err := s.cfg.Store.BeginSession(ctx, ses, oldHash, s.entry(a.Name, action, objectOf(a), fmt.Sprintf(`{"stage":%q,"session":%q}`, stage, ses.ID)), func(a *Account) error {
		if a.Disabled {
			return errWrong
		}
		if err := change(a); err != nil {
			return err
		}
		if stage == StageFull {
			a.SignedIn = now
		}
		return nil
	})
	if err != nil {
		return SignedIn{}, err
	}
	in.User = user
	s.sweepSoon()
	return in, nil
}

// Vouched begins a session for somebody whom another service has signed in. Name is of an
// account that exists; none of it is made here. Unless trusted says that the other service
// has checked a second factor, ours is asked for where the account has or needs one.
func (s *Service) Vouched(ctx context.Context, name, old string, trusted bool) (SignedIn, error) {
	a, err := s.cfg.Store.AccountByName(ctx, CanonicalName(name))
	if fault.Is(err, fault.NotFound) || err == nil && a.Disabled {
		return SignedIn{}, fault.New(fault.Forbidden, "统一登录已通过，但这里没有对应的账号，或账号已停用；请联系管理员")
	}
	if err != nil {
		return SignedIn{}, err
	}
	stage := StageFull
	if !trusted && (a.TOTP != "" || s.needsSecond(a)) {
		stage = StageSecond
	}
	return s.begin(ctx, a, stage, old, "session.begin_oidc", func(*Account) error { return nil })
}

// Setup is somebody who follows a one-time link.
type Setup struct {
	Token, Password string
	// Name and Display are for the first account of all; others have theirs.
	Name, Display string
	Addr, Old     string
}

var errLink = fault.New(fault.NotFound, "这个链接已经用过或已过期，请向管理员要一个新的")

// SetUp uses a one-time link: it makes the first administrator, or gives an account its
// password and takes its old second factor away; then it signs in.
func (s *Service) SetUp(ctx context.Context, in Setup) (SignedIn, error) {
	// What is wrong with the password itself is no attempt.
	if err := CheckPassword(in.Password, in.Name, in.Display); err != nil {
		return SignedIn{}, err
	}
	keys := []string{addressKey(in.Addr)}
	until, err := s.cfg.Store.Attempt(ctx, keys, s.cfg.Now(), lockFor)
	if err != nil {
		return SignedIn{}, err
	}
	if wait := until.Sub(s.cfg.Now()); !until.IsZero() {
		return SignedIn{}, Locked{fault.New(fault.RateLimited, "尝试的次数太多，请 %d 分钟后再试", int(wait/time.Minute)+1), wait}
	}
	hash, err := s.hasher.hash(ctx, in.Password)
	if err != nil {
		return SignedIn{}, err
	}
	now := s.cfg.Now()
	a, err := s.cfg.Store.UseLink(ctx, hashSecret(in.Token), now, s.entry("link", "account.setup", "", ""), func(a *Account) error {
		if a.ID == "" {
			*a = Account{ID: newID(), Name: in.Name, Display: in.Display, Roles: []Role{Administrator}, Created: now}
			if err := checkAccount(a); err != nil {
				return err
			}
		}
		if a.Disabled {
			return errLink
		}
		if err := CheckPassword(in.Password, a.Name, a.Display); err != nil {
			return err
		}
		a.Password, a.TOTP, a.Updated = hash, "", now
		a.Epoch++
		return nil
	})
	switch {
	case fault.Is(err, fault.NotFound):
		return SignedIn{}, errLink
	case err != nil: // the link was right
		return SignedIn{}, errors.Join(err, s.cfg.Store.Forgive(ctx, keys, nil))
	}
	stage := StageFull
	if s.needsSecond(a) {
		stage = StageSecond
	}
	out, err := s.begin(ctx, a, stage, in.Old, "session.begin", func(*Account) error { return nil })
	if err != nil {
		return SignedIn{}, err
	}
	return out, s.cfg.Store.Forgive(ctx, keys, []string{accountKey(a.Name)})
}
