package auth_test

import (
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"shenwei/internal/store"
	"shenwei/internal/vault"
	"shenwei/web/auth"
)

// office is a service over a real record, with a clock of its own.
type office struct {
	*testing.T
	*auth.Service
	db    *store.DB
	clock *clock
	admin auth.Principal
}

type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

const goodPassword = "correct horse battery staple"

func openOffice(t *testing.T, change func(*auth.Config)) *office {
	t.Helper()
	key, err := vault.NewKey("test")
	if err != nil {
		t.Fatal(err)
	}
	ring, err := vault.Parse(key)
	if err != nil {
		t.Fatal(err)
	}
	o := &office{T: t, clock: &clock{now: time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)}, admin: auth.Principal{Name: "cli:root"}}
	if o.db, err = store.Open(t.Context(), filepath.Join(t.TempDir(), "a.db"), store.Options{Now: o.clock.Now, Keys: ring}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := o.db.Close(); err != nil {
			t.Error(err)
		}
	})
	cfg := auth.Config{Store: o.db, Now: o.clock.Now}
	if change != nil {
		change(&cfg)
	}
	o.Service = auth.New(cfg)
	return o
}

func (o *office) must(err error) {
	o.Helper()
	if err != nil {
		o.Fatal(err)
	}
}

// hire makes an account with a password.
func (o *office) hire(name string, roles ...auth.Role) auth.Account {
	o.Helper()
	_, token, err := o.Add(o.Context(), "suite", auth.Account{Name: name, Roles: roles})
	o.must(err)
	in, err := o.SetUp(o.Context(), auth.Setup{Token: token, Password: goodPassword, Addr: "10.0.0.1"})
	o.must(err)
	return in.User
}

func (o *office) signIn(name, password, code string) (auth.SignedIn, error) {
	return o.SignIn(o.Context(), auth.Attempt{Name: name, Password: password, Code: code, Addr: "10.0.0.7"})
}

// code is the code of the second factor now.
func (o *office) code(secret string) string {
	o.Helper()
	c, err := totp.GenerateCode(secret, o.clock.Now())
	o.must(err)
	return c
}

// enrolled signs in an account that needs a second factor and sets it up; it returns the secret.
func (o *office) enrolled(name string) string {
	o.Helper()
	in, err := o.signIn(name, goodPassword, "")
	o.must(err)
	if in.State != auth.StateEnrol {
		o.Fatalf("state %s", in.State)
	}
	opened, err := o.Open(o.Context(), in.Secret)
	o.must(err)
	_, err = o.Enrol(o.Context(), opened, in.Secret, o.code(in.Enrol.Secret), "10.0.0.7")
	o.must(err)
	return in.Enrol.Secret
}
