package auth_test

import (
	"encoding/xml"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"shenwei/internal/audit"
	"shenwei/internal/fault"
	"shenwei/web/auth"
)

func TestPasswordsThatAreTriedFirstAreRefused(t *testing.T) {
	for password, ok := range map[string]bool{
		"Tr0ub4dor&3":                  true,
		"correct horse battery staple": true,
		"一匹正确的马吃电池订书钉和一碗热干面": true,
		"gH7$kqPzw2":                true,
		"short1A!":                  false,
		"":                          false,
		"onlylowercase":             false,
		"Password123!":              false,
		"P@ssw0rd2026":              false,
		"Shenzhen@110110":           false,
		"Qwerty123456!":             false,
		"aaaaaaaaaaaaaaaaaaaa":      false,
		"12345678901234567890":      false,
		"abcdefghijklmnopqrst":      false,
		"Admin@2026admin":           false,
		"Zhangsan2026!":             false,
		"with\x00nul and more text": false,
		strings.Repeat("ab1!", 33):  false,
	} {
		err := auth.CheckPassword(password, "zhangsan", "张三")
		if ok && err != nil || !ok && !fault.Is(err, fault.BadRequest) {
			t.Errorf("%q: %v", password, err)
		}
	}
}

func TestTheFirstLinkMakesAnAdministratorWhoMustHaveASecondFactor(t *testing.T) {
	o := openOffice(t, nil)
	stale, err := o.FirstLink(t.Context(), "system")
	o.must(err)
	token, err := o.FirstLink(t.Context(), "system")
	o.must(err)
	setup := auth.Setup{Token: stale, Name: " Wang ", Display: "王", Password: goodPassword, Addr: "10.0.0.1"}
	if _, err := o.SetUp(t.Context(), setup); !fault.Is(err, fault.NotFound) {
		t.Fatalf("a link that was replaced: %v", err)
	}
	setup.Token, setup.Password = token, "weak"
	if _, err := o.SetUp(t.Context(), setup); !fault.Is(err, fault.BadRequest) {
		t.Fatalf("a weak password: %v", err)
	}
	setup.Password = goodPassword
	in, err := o.SetUp(t.Context(), setup)
	o.must(err)
	if in.State != auth.StateEnrol || in.User.Name != "wang" || !in.User.Has(auth.Administrator) {
		t.Fatalf("%+v", in)
	}
	opened, err := o.Open(t.Context(), in.Secret)
	o.must(err)
	if opened.Principal.Has(auth.Known()...) || !opened.Principal.Has(auth.Enrolling) {
		t.Fatalf("before the second factor: %v", opened.Principal.Roles)
	}
	if _, err := o.SetUp(t.Context(), setup); !fault.Is(err, fault.NotFound) {
		t.Fatalf("the link worked twice: %v", err)
	}
	if _, err := o.FirstLink(t.Context(), "system"); !fault.Is(err, fault.Conflict) {
		t.Fatalf("a first link beside an account: %v", err)
	}
	out, err := o.Enrol(t.Context(), opened, in.Secret, o.code(in.Enrol.Secret), "10.0.0.1")
	o.must(err)
	if _, err := o.Open(t.Context(), in.Secret); !fault.Is(err, fault.Unauthorized) {
		t.Fatalf("the secret was not changed: %v", err)
	}
	opened, err = o.Open(t.Context(), out.Secret)
	o.must(err)
	if !opened.Principal.Has(auth.Administrator) {
		t.Fatalf("%+v", opened.Principal)
	}
}

func TestALinkExpires(t *testing.T) {
	o := openOffice(t, nil)
	_, token, err := o.Add(t.Context(), "suite", auth.Account{Name: "li", Roles: []auth.Role{auth.Editor}})
	o.must(err)
	o.clock.add(o.LinkExpires().Sub(o.clock.Now()))
	if _, err := o.SetUp(t.Context(), auth.Setup{Token: token, Password: goodPassword}); !fault.Is(err, fault.NotFound) {
		t.Fatal(err)
	}
}

func TestTheQRCodeIsAPictureOfTheAddress(t *testing.T) {
	o := openOffice(t, nil)
	o.hire("wang", auth.Reviewer)
	in, err := o.signIn("wang", goodPassword, "")
	o.must(err)
	if err := xml.Unmarshal([]byte(in.Enrol.QR), new(struct{})); err != nil || !strings.HasPrefix(in.Enrol.QR, "<svg ") {
		t.Errorf("%v: %.80s", err, in.Enrol.QR)
	}
	if !strings.Contains(in.Enrol.URI, in.Enrol.Secret) || !strings.HasPrefix(in.Enrol.URI, "otpauth://totp/") || len(in.Enrol.Secret) != 32 {
		t.Errorf("%s", in.Enrol.URI)
	}
	if strings.Contains(in.Enrol.QR, in.Enrol.Secret) {
		t.Error("the picture holds the secret as text")
	}
}

func TestACodeIsAcceptedOnceAndOnlyAroundItsTime(t *testing.T) {
	o := openOffice(t, nil)
	o.hire("wang", auth.Administrator)
	secret := o.enrolled("wang")
	try := func(code string) error { _, err := o.signIn("wang", goodPassword, code); return err }
	if in, err := o.signIn("wang", goodPassword, ""); err != nil || in.State != auth.StateCode || in.Secret != "" {
		t.Fatalf("without a code: %+v %v", in, err)
	}
	if err := try(o.code(secret)); !fault.Is(err, fault.Unauthorized) {
		t.Fatalf("the code that set it up, again: %v", err)
	}
	o.clock.add(30 * time.Second)
	code := o.code(secret)
	o.clock.add(30 * time.Second) // one step late
	o.must(try(code))
	if err := try(code); !fault.Is(err, fault.Unauthorized) {
		t.Fatalf("twice: %v", err)
	}
	old := o.code(secret)
	o.clock.add(90 * time.Second)
	if err := try(old); !fault.Is(err, fault.Unauthorized) {
		t.Fatalf("three steps late: %v", err)
	}
	// Many at once with one good code: one gets in.
	good := o.code(secret)
	var in atomic.Int64
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			if try(good) == nil {
				in.Add(1)
			}
		})
	}
	wg.Wait()
	if in.Load() != 1 {
		t.Fatalf("one code let %d in", in.Load())
	}
}

func TestWhoIsUnknownDisabledOrWrongReadsTheSame(t *testing.T) {
	o := openOffice(t, nil)
	o.hire("li", auth.Editor)
	gone := o.hire("gone", auth.Editor)
	_, _, err := o.Add(t.Context(), "suite", auth.Account{Name: "invited", Roles: []auth.Role{auth.Editor}})
	o.must(err)
	disabled := true
	_, err = o.Change(t.Context(), o.admin, gone.ID, auth.Patch{Disabled: &disabled})
	o.must(err)
	said := map[string]bool{}
	for _, at := range []auth.Attempt{
		{Name: "li", Password: "wrong password at all"}, {Name: "nobody", Password: goodPassword}, {Name: "gone", Password: goodPassword},
		{Name: "invited", Password: ""}, {Name: "' OR 1=1", Password: "x"}, {Name: "li", Password: strings.Repeat("x", 5000)},
	} {
		at.Addr = "10.0.0.9"
		_, err := o.SignIn(t.Context(), at)
		said[err.Error()] = true
	}
	if len(said) != 1 {
		t.Fatalf("%v", said)
	}
	all, err := o.db.ListAudit(t.Context(), audit.Query{Action: "session.refused"})
	o.must(err)
	if len(all) != 6 {
		t.Fatalf("%d refusals are recorded", len(all))
	}
	for _, r := range all {
		if strings.Contains(r.Object+r.Detail, "nobody") && r.Object != "account" || strings.Contains(r.Object, "OR 1=1") {
			t.Errorf("an unknown name stands in the log: %+v", r)
		}
	}
}

func TestALockGrowsEndsAndAlsoHoldsForTheRightPassword(t *testing.T) {
	o := openOffice(t, nil)
	o.hire("li", auth.Editor)
	fail := func() error { _, err := o.signIn("li", "wrong", ""); return err }
	locked := func(err error) time.Duration {
		var l auth.Locked
		if errors.As(err, &l) && fault.Is(err, fault.RateLimited) {
			return l.After
		}
		return 0
	}
	for i := range 5 {
		if err := fail(); !fault.Is(err, fault.Unauthorized) {
			t.Fatalf("failure %d: %v", i+1, err)
		}
	}
	want := 15 * time.Minute
	for range 6 {
		_, err := o.signIn("li", goodPassword, "")
		if got := locked(err); got != want {
			t.Fatalf("locked for %v, want %v (%v)", got, want, err)
		}
		o.clock.add(want)
		if err := fail(); !fault.Is(err, fault.Unauthorized) {
			t.Fatalf("after the lock: %v", err)
		}
		want = min(2*want, 4*time.Hour)
	}
	o.clock.add(want)
	if _, err := o.signIn("li", goodPassword, ""); err != nil {
		t.Fatalf("the lock does not end: %v", err)
	}
	if err := fail(); !fault.Is(err, fault.Unauthorized) {
		t.Fatalf("a sign-in that went well forgives: %v", err)
	}
	unknown := func() error {
		_, err := o.SignIn(t.Context(), auth.Attempt{Name: "nobody", Password: "x", Addr: "10.9.9.9"})
		return err
	}
	for range 5 {
		_ = unknown()
	}
	if locked(unknown()) != 15*time.Minute {
		t.Error("an unknown name is not locked like a known one")
	}
}

func TestAnAddressThatTriesManyNamesIsLockedAndOthersAreNot(t *testing.T) {
	o := openOffice(t, nil)
	o.hire("li", auth.Editor)
	for i := range 20 {
		_, err := o.SignIn(t.Context(), auth.Attempt{Name: "name" + string(rune('a'+i)), Password: "x", Addr: "10.6.6.6"})
		if !fault.Is(err, fault.Unauthorized) {
			t.Fatalf("attempt %d: %v", i+1, err)
		}
	}
	at := auth.Attempt{Name: "li", Password: goodPassword, Addr: "10.6.6.6"}
	if _, err := o.SignIn(t.Context(), at); !fault.Is(err, fault.RateLimited) {
		t.Fatalf("the address: %v", err)
	}
	at.Addr = "10.6.6.7"
	if _, err := o.SignIn(t.Context(), at); err != nil {
		t.Fatalf("another address: %v", err)
	}
}

func TestManyAttemptsAtOnceCannotPassTheLock(t *testing.T) {
	o := openOffice(t, nil)
	o.hire("li", auth.Editor)
	var tried atomic.Int64
	var wg sync.WaitGroup
	for range 24 {
		wg.Go(func() {
			if _, err := o.signIn("li", "wrong", ""); fault.Is(err, fault.Unauthorized) {
				tried.Add(1)
			}
		})
	}
	wg.Wait()
	if tried.Load() != 5 {
		t.Fatalf("%d passwords were tried", tried.Load())
	}
}

func TestASessionEndsWhenUnusedTooOldOrSignedOut(t *testing.T) {
	o := openOffice(t, nil)
	o.hire("li", auth.Agent)
	alive := func(in auth.SignedIn) bool {
		_, err := o.Open(t.Context(), in.Secret)
		if err != nil && !fault.Is(err, fault.Unauthorized) {
			t.Fatal(err)
		}
		return err == nil
	}
	begin := func() auth.SignedIn { in, err := o.signIn("li", goodPassword, ""); o.must(err); return in }
	in := begin()
	for range 23 { // used every half hour less a minute: never idle, until 12 hours are over
		o.clock.add(29 * time.Minute)
		if !alive(in) {
			t.Fatal("ended while used")
		}
	}
	o.clock.add(29 * time.Minute)
	if alive(begin()); !alive(in) {
		t.Fatal("ended before its time")
	}
	o.clock.add(29 * time.Minute)
	if alive(in) {
		t.Fatal("older than 12 hours")
	}
	in = begin()
	o.clock.add(30 * time.Minute)
	if alive(in) {
		t.Fatal("unused for half an hour")
	}
	in = begin()
	opened, err := o.Open(t.Context(), in.Secret)
	o.must(err)
	o.must(o.SignOut(t.Context(), opened.Principal))
	if alive(in) || alive(auth.SignedIn{Secret: ""}) || alive(auth.SignedIn{Secret: strings.Repeat("a", 5000)}) {
		t.Fatal("signed out, or never in")
	}
	first := begin()
	second, err := o.SignIn(t.Context(), auth.Attempt{Name: "li", Password: goodPassword, Addr: "10.0.0.7", Old: first.Secret})
	o.must(err)
	if alive(first) || !alive(second) || first.CSRF == second.CSRF {
		t.Fatal("to sign in again did not replace the session")
	}
}

func TestNewRolesAPasswordAndAResetEndTheOtherSessions(t *testing.T) {
	o := openOffice(t, nil)
	boss := o.hire("boss", auth.Administrator)
	a := o.hire("li", auth.Editor)
	begin := func() auth.SignedIn { in, err := o.signIn("li", goodPassword, ""); o.must(err); return in }
	gone := func(what string, in auth.SignedIn) {
		t.Helper()
		if _, err := o.Open(t.Context(), in.Secret); !fault.Is(err, fault.Unauthorized) {
			t.Errorf("%s: %v", what, err)
		}
	}
	in := begin()
	roles := []auth.Role{auth.Reviewer, auth.Editor}
	_, err := o.Change(t.Context(), o.admin, a.ID, auth.Patch{Roles: &roles})
	o.must(err)
	gone("new roles", in)
	roles = []auth.Role{auth.Editor}
	_, err = o.Change(t.Context(), o.admin, a.ID, auth.Patch{Roles: &roles})
	o.must(err)

	in, other := begin(), begin()
	opened, err := o.Open(t.Context(), in.Secret)
	o.must(err)
	if _, err := o.ChangePassword(t.Context(), opened, in.Secret, "wrong", "another good phrase", "10.0.0.7"); !fault.Is(err, fault.Forbidden) {
		t.Errorf("a wrong old password: %v", err)
	}
	fresh, err := o.ChangePassword(t.Context(), opened, in.Secret, goodPassword, "another good phrase", "10.0.0.7")
	o.must(err)
	gone("the session before", in)
	gone("another session", other)
	if _, err := o.Open(t.Context(), fresh.Secret); err != nil {
		t.Errorf("the session of who changed it: %v", err)
	}
	o.must(o.SignOutAll(t.Context(), o.admin, a.ID))
	gone("signed out by an administrator", fresh)

	self := auth.Principal{ID: boss.ID, Name: "boss"}
	if _, err := o.Reset(t.Context(), self, boss.ID); !fault.Is(err, fault.Forbidden) {
		t.Errorf("resetting oneself: %v", err)
	}
	disabled := true
	if _, err := o.Change(t.Context(), self, boss.ID, auth.Patch{Disabled: &disabled}); !fault.Is(err, fault.Forbidden) {
		t.Errorf("disabling oneself: %v", err)
	}
}

func TestAnotherAdministratorHelpsWhoLostHerPhone(t *testing.T) {
	o := openOffice(t, nil)
	boss := o.hire("boss", auth.Administrator)
	o.hire("wang", auth.Administrator)
	old := o.enrolled("wang")
	wang, err := o.AccountByName(t.Context(), "WANG")
	o.must(err)
	token, err := o.Reset(t.Context(), auth.Principal{ID: boss.ID, Name: "boss"}, wang.ID)
	o.must(err)
	in, err := o.SetUp(t.Context(), auth.Setup{Token: token, Password: "a new long phrase", Addr: "10.0.0.1"})
	o.must(err)
	if in.State != auth.StateEnrol || in.Enrol.Secret == old {
		t.Fatalf("%+v", in)
	}
	o.clock.add(time.Minute)
	if _, err := o.signIn("wang", goodPassword, o.code(old)); !fault.Is(err, fault.Unauthorized) {
		t.Errorf("the old password and phone: %v", err)
	}
}

func TestWhoIsVouchedForNeedsAnAccountAndOursSecondFactorUnlessTrusted(t *testing.T) {
	o := openOffice(t, nil)
	o.hire("li", auth.Editor)
	o.hire("wang", auth.Administrator)
	for _, name := range []string{"stranger", ""} {
		if _, err := o.Vouched(t.Context(), name, "", true); !fault.Is(err, fault.Forbidden) {
			t.Errorf("%q: %v", name, err)
		}
	}
	for _, c := range []struct {
		name    string
		trusted bool
		want    string
	}{{"li", false, auth.StateOK}, {"wang", false, auth.StateEnrol}, {"wang", true, auth.StateOK}} {
		in, err := o.Vouched(t.Context(), c.name, "", c.trusted)
		o.must(err)
		if in.State != c.want {
			t.Errorf("%+v: %s", c, in.State)
		}
	}
	secret := o.enrolled("wang")
	in, err := o.Vouched(t.Context(), "wang", "", false)
	o.must(err)
	opened, err := o.Open(t.Context(), in.Secret)
	o.must(err)
	if in.State != auth.StateCode || opened.Principal.Has(auth.Administrator) {
		t.Fatalf("%+v", opened.Principal)
	}
	if _, err := o.Enrolment(t.Context(), opened); !fault.Is(err, fault.Conflict) {
		t.Fatalf("a second factor in place of the one she has: %v", err)
	}
	o.clock.add(time.Minute)
	out, err := o.Enrol(t.Context(), opened, in.Secret, o.code(secret), "10.0.0.1")
	o.must(err)
	if opened, err = o.Open(t.Context(), out.Secret); err != nil || !opened.Principal.Has(auth.Administrator) {
		t.Fatalf("%+v %v", opened.Principal, err)
	}
}

func TestAccountsThatCannotBeMeantAreRefused(t *testing.T) {
	o := openOffice(t, nil)
	for _, a := range []auth.Account{
		{Name: "", Roles: []auth.Role{auth.Editor}}, {Name: "a", Roles: []auth.Role{auth.Editor}}, {Name: "a b", Roles: []auth.Role{auth.Editor}},
		{Name: "li\n", Roles: nil}, {Name: "li", Roles: []auth.Role{"god"}}, {Name: "li", Roles: []auth.Role{auth.Enrolling}},
		{Name: "li", Roles: []auth.Role{auth.Anyone}}, {Name: "li", Display: "a\x1b[31m", Roles: []auth.Role{auth.Editor}},
		{Name: "li", Display: strings.Repeat("长", 41), Roles: []auth.Role{auth.Editor}}, {Name: strings.Repeat("a", 65), Roles: []auth.Role{auth.Editor}},
	} {
		if _, _, err := o.Add(t.Context(), "suite", a); !fault.Is(err, fault.BadRequest) {
			t.Errorf("%+v: %v", a, err)
		}
	}
}

func TestWhoTriesWeakPasswordsIsNotLockedOut(t *testing.T) {
	o := openOffice(t, nil)
	o.hire("li", auth.Editor)
	in, err := o.signIn("li", goodPassword, "")
	o.must(err)
	opened, err := o.Open(t.Context(), in.Secret)
	o.must(err)
	for range 30 {
		if _, err := o.ChangePassword(t.Context(), opened, in.Secret, goodPassword, "weak", "10.0.0.7"); !fault.Is(err, fault.BadRequest) {
			t.Fatal(err)
		}
		if _, err := o.SetUp(t.Context(), auth.Setup{Token: "x", Password: "weak", Addr: "10.0.0.7"}); !fault.Is(err, fault.BadRequest) {
			t.Fatal(err)
		}
	}
	_, err = o.ChangePassword(t.Context(), opened, in.Secret, goodPassword, "another good phrase", "10.0.0.7")
	o.must(err)
}
