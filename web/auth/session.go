package auth

import (
	"context"
	"fmt"
	"time"

	"shenwei/internal/fault"
)

var errSignedOut = fault.New(fault.Unauthorized, "请先登录")

// Opened is a session that is alive.
type Opened struct {
	Principal Principal
	Account   Account
	Session   Session
}

// secondLife is how long a session may owe its second factor.
const secondLife = 15 * time.Minute

// touchEvery is how exactly the last use of a session is known.
const touchEvery = time.Minute

// Open returns the session with the secret; fault.Unauthorized when there is none, it has
// ended or its account is disabled. A session that owes its second factor has the role
// Enrolling and no other.
func (s *Service) Open(ctx context.Context, secret string) (Opened, error) {
	if secret == "" || len(secret) > 2*secretBytes {
		return Opened{}, errSignedOut
	}
	ses, a, err := s.cfg.Store.OpenSession(ctx, hashSecret(secret))
	switch {
	case fault.Is(err, fault.NotFound):
		return Opened{}, errSignedOut
	case err != nil:
		return Opened{}, err
	}
	now := s.cfg.Now()
	life := s.cfg.Absolute
	if ses.Stage != StageFull {
		life = secondLife
	}
	if a.Disabled || ses.Epoch != a.Epoch || now.Sub(ses.Seen) >= s.cfg.Idle || now.Sub(ses.Created) >= life {
		return Opened{}, errSignedOut
	}
	if now.Sub(ses.Seen) >= min(touchEvery, s.cfg.Idle/4) {
		if err := s.cfg.Store.TouchSession(ctx, ses.ID, now); err != nil {
			return Opened{}, err
		}
	}
	p := Principal{ID: a.ID, Name: a.Name, Display: a.Display, Roles: a.Roles, Session: ses.ID}
	if ses.Stage != StageFull {
		p.Roles = []Role{Enrolling}
	}
	return Opened{p, a, ses}, nil
}

// Touch notes that a session was used, for what uses it without requests: a socket on which
// its person said something. Call it at most once a minute for each socket.
func (s *Service) Touch(ctx context.Context, session string) error {
	return s.cfg.Store.TouchSession(ctx, session, s.cfg.Now())
}

// State is what a session still owes: StateOK, StateCode or StateEnrol.
func (o Opened) State() string {
	switch {
	case o.Session.Stage == StageFull:
		return StateOK
	case o.Account.TOTP != "":
		return StateCode
	}
	return StateEnrol
}

// SignOut ends a session and closes its sockets.
func (s *Service) SignOut(ctx context.Context, p Principal) error {
	err := s.cfg.Store.EndSession(ctx, p.Session, s.entry(p.Name, "session.end", "account/"+p.Name, fmt.Sprintf(`{"session":%q}`, p.Session)))
	s.sweepSoon()
	return err
}

// Enrolment returns what is needed to set up a second factor in this session.
func (s *Service) Enrolment(ctx context.Context, o Opened) (*Enrolment, error) {
	if o.Account.TOTP != "" {
		return nil, fault.New(fault.Conflict, "这个账号已有第二因素；换手机请让另一位管理员重置账号")
	}
	secret := o.Session.Pending
	if secret == "" {
		secret = newTOTPSecret()
		if err := s.cfg.Store.SetPending(ctx, o.Session.ID, secret); err != nil {
			return nil, err
		}
	}
	return enrolment(Issuer, o.Account.Name, secret)
}

// Enrol pays what a session owes: it sets up a second factor by its first code, or checks the
// code of the one that the account has. The session continues under a new secret. Old is the
// present one's.
func (s *Service) Enrol(ctx context.Context, o Opened, old, code, addr string) (SignedIn, error) {
	change, action := s.useCode(code), "session.second_factor"
	switch {
	case o.Account.TOTP != "" && o.Session.Stage == StageFull:
		return SignedIn{}, fault.New(fault.Conflict, "这个账号已有第二因素；换手机请让另一位管理员重置账号")
	case o.Account.TOTP == "" && o.Session.Pending == "":
		return SignedIn{}, fault.New(fault.Conflict, "请先取得二维码，再输入验证码")
	case o.Account.TOTP == "":
		action = "account.second_factor"
		pending := o.Session.Pending
		change = func(a *Account) error {
			if a.TOTP != "" {
				return fault.New(fault.Conflict, "这个账号刚刚设好了第二因素，请重新登录")
			}
			step, ok := checkCode(pending, code, 0, s.cfg.Now())
			if !ok {
				return errCode()
			}
			a.TOTP, a.TOTPStep = pending, step
			return nil
		}
	}
	keys, err := s.attempt(ctx, o.Account.Name, addr)
	if err != nil {
		return SignedIn{}, err
	}
	in, err := s.begin(ctx, o.Account, StageFull, old, action, change)
	if fault.Is(err, fault.Unauthorized) {
		return SignedIn{}, s.failed(ctx, o.Account, "code", err)
	}
	if err != nil {
		return SignedIn{}, err
	}
	return in, s.cfg.Store.Forgive(ctx, keys[1:], keys[:1])
}

// ChangePassword changes the password of who is signed in. Her other sessions end; this one
// continues under a new secret.
func (s *Service) ChangePassword(ctx context.Context, o Opened, oldSecret, password, next, addr string) (SignedIn, error) {
	if password == next {
		return SignedIn{}, fault.New(fault.BadRequest, "新密码和现在的一样")
	}
	if err := CheckPassword(next, o.Account.Name, o.Account.Display); err != nil {
		return SignedIn{}, err
	}
	keys, err := s.attempt(ctx, o.Account.Name, addr)
	if err != nil {
		return SignedIn{}, err
	}
	right, err := s.hasher.verify(ctx, password, o.Account.Password)
	switch {
	case err != nil:
		return SignedIn{}, err
	case !right:
		return SignedIn{}, s.failed(ctx, o.Account, "password", fault.New(fault.Forbidden, "现在的密码不对"))
	}
	hash, err := s.hasher.hash(ctx, next)
	if err != nil {
		return SignedIn{}, err
	}
	in, err := s.begin(ctx, o.Account, StageFull, oldSecret, "account.password", func(a *Account) error {
		if a.Password != o.Account.Password || a.Epoch != o.Account.Epoch {
			return fault.New(fault.Conflict, "账号刚刚被改过，请重新登录后再试")
		}
		a.Password, a.Updated = hash, s.cfg.Now()
		a.Epoch++
		return nil
	})
	if err != nil {
		return SignedIn{}, err
	}
	return in, s.cfg.Store.Forgive(ctx, keys[1:], keys[:1])
}

// Sockets are the open connections that belong to sessions; *live.Hub is one.
type Sockets interface {
	// Owners lists the public ids of sessions that have open connections.
	Owners() []string
	// SignOut closes the connections of a session for good.
	SignOut(session string)
}

// watchEvery is how soon a socket is closed whose session was ended by another process.
const watchEvery = 2 * time.Second

func (s *Service) sweepSoon() {
	if s.cfg.Ended != nil {
		s.cfg.Ended()
	}
	s.Sweep()
}

// Sweep has Watch look now: sessions were ended elsewhere. It does not block.
func (s *Service) Sweep() {
	select {
	case s.poke <- struct{}{}:
	default:
	}
}

// Watch closes the sockets of sessions that have ended, whoever ended them: at once for what
// this process did, within seconds for another node or the command line. It returns when ctx
// ends.
func (s *Service) Watch(ctx context.Context, sockets Sockets) error {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		if err := s.sweep(ctx, sockets); err != nil && ctx.Err() == nil {
			s.cfg.Log.Error("sessions cannot be checked; their sockets stay open", "err", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-s.poke:
		case <-tick.C:
		}
	}
}

func (s *Service) sweep(ctx context.Context, sockets Sockets) error {
	owners := sockets.Owners()
	if len(owners) == 0 {
		return nil
	}
	now := s.cfg.Now()
	alive, err := s.cfg.Store.LiveSessions(ctx, owners, now.Add(-s.cfg.Absolute), now.Add(-s.cfg.Idle))
	if err != nil {
		return err
	}
	known := map[string]bool{}
	for _, id := range alive {
		known[id] = true
	}
	for _, id := range owners {
		if !known[id] {
			sockets.SignOut(id)
		}
	}
	return nil
}
