package storetest

import (
	"bytes"
	"crypto/sha256"
	"sync/atomic"
	"time"

	"shenwei/internal/audit"
	"shenwei/internal/fault"
	"shenwei/internal/store"
	"shenwei/web/auth"
)

func link(token, staff string) auth.Link {
	hash := sha256.Sum256([]byte(token))
	return auth.Link{Hash: hash[:], Staff: staff, Created: Noon, Expires: Noon.Add(time.Hour)}
}

func entry(action string) audit.Entry { return audit.Entry{Actor: "suite", Action: action, At: Noon} }

func account(id string, roles ...auth.Role) auth.Account {
	return auth.Account{ID: id, Name: "name-" + id, Display: "李" + id, Roles: roles, Epoch: 1, Created: Noon, Updated: Noon}
}

func (s *suite) hire(db *store.DB, accounts ...auth.Account) {
	s.Helper()
	for _, a := range accounts {
		s.must(db.CreateAccount(s.Context(), a, link("link of "+a.ID, a.ID), entry("account.add")))
	}
}

func (s *suite) account(db *store.DB, id string) auth.Account {
	s.Helper()
	a, err := db.Account(s.Context(), id)
	s.must(err)
	return a
}

func (s *suite) change(db *store.DB, id string, change func(*auth.Account)) error {
	_, err := db.ChangeAccount(s.Context(), id, entry("account.change"), func(a *auth.Account) error { change(a); return nil })
	return err
}

func (s *suite) signIn(db *store.DB, staff, secret string) {
	s.Helper()
	x := auth.Session{Hash: []byte("hash of " + secret), ID: secret, Staff: staff, Stage: auth.StageFull, CSRF: "csrf", Created: Noon, Seen: Noon}
	_, err := db.BeginSession(s.Context(), x, nil, entry("session.begin"), func(*auth.Account) error { return nil })
	s.must(err)
}

func (s *suite) signedIn(db *store.DB, secret string) bool {
	s.Helper()
	_, _, err := db.OpenSession(s.Context(), []byte("hash of "+secret))
	if err != nil {
		s.wantCode(err, fault.NotFound)
	}
	return err == nil
}

var staffCases = []testCase{
	{"an account keeps every field, and its second factor is sealed", func(s *suite) {
		db := s.open()
		a := account("1", auth.Agent, auth.Administrator)
		s.hire(db, a)
		s.same(s.account(db, "1"), a)
		a.Display, a.Password, a.TOTP, a.TOTPStep, a.Epoch, a.SignedIn = "王", "$argon2id$…", "JBSWY3DPEHPK3PXP", 7, 2, Noon.Add(time.Hour)
		s.must(s.change(db, "1", func(was *auth.Account) { *was = a }))
		s.same(s.account(db, "1"), a)
		named, err := db.AccountByName(s.Context(), "name-1")
		s.must(err)
		s.same(named, a)
		var stored []byte
		s.must(s.raw().QueryRow(`SELECT totp FROM staff`).Scan(&stored))
		if len(stored) == 0 || bytes.Contains(stored, []byte("JBSWY3DP")) {
			s.Fatalf("stored as %q", stored)
		}
		for _, id := range []string{"2", "", "a\x00b"} {
			_, err := db.Account(s.Context(), id)
			s.wantCode(err, fault.NotFound)
		}
	}},
	{"a second factor that was copied to another account does not open", func(s *suite) {
		db := s.open()
		s.hire(db, account("1", auth.Editor), account("2", auth.Editor))
		s.must(s.change(db, "1", func(a *auth.Account) { a.TOTP = "MINE" }))
		s.exec(`UPDATE staff SET totp = (SELECT totp FROM staff WHERE id = '1') WHERE id = '2'`)
		_, err := db.Account(s.Context(), "2")
		s.wantCode(err, fault.Internal)
	}},
	{"a name is given once", func(s *suite) {
		dbs := []*store.DB{s.open(), s.open()}
		var won atomic.Int64
		s.parallel(10, func(i int) {
			a := account(string(rune('a'+i)), auth.Editor)
			a.Name = "li"
			err := dbs[i%2].CreateAccount(s.Context(), a, link(a.ID, a.ID), entry("account.add"))
			switch {
			case err == nil:
				won.Add(1)
			case !fault.Is(err, fault.Conflict):
				s.Error(err)
			}
		})
		if won.Load() != 1 {
			s.Fatalf("%d won", won.Load())
		}
		if r := s.verify(dbs[0]); r.Last != 1 || r.Broken != "" {
			s.Fatalf("what was refused stands in the log: %+v", r)
		}
	}},
	{"one administrator always remains, whoever takes the others away at once", func(s *suite) {
		dbs := []*store.DB{s.open(), s.open()}
		ids := []string{"a", "b", "c", "d"}
		for _, id := range ids {
			s.hire(dbs[0], account(id, auth.Administrator, auth.Editor))
		}
		s.parallel(len(ids), func(i int) {
			err := s.change(dbs[i%2], ids[i], func(a *auth.Account) {
				if a.Disabled = i%2 == 0; i%2 == 1 {
					a.Roles = []auth.Role{auth.Editor}
				}
			})
			if err != nil && !fault.Is(err, fault.Conflict) {
				s.Error(err)
			}
		})
		left := 0
		for _, id := range ids {
			if a := s.account(dbs[0], id); !a.Disabled && a.Has(auth.Administrator) {
				left++
			}
		}
		if left != 1 {
			s.Fatalf("%d administrators are left", left)
		}
	}},
	{"a change of epoch ends the sessions of before, and only that account's", func(s *suite) {
		db := s.open()
		s.hire(db, account("1", auth.Editor), account("2", auth.Editor))
		s.signIn(db, "1", "x")
		s.signIn(db, "2", "y")
		s.must(s.change(db, "1", func(a *auth.Account) { a.Display = "新" }))
		if !s.signedIn(db, "x") {
			s.Fatal("ended by a new name")
		}
		s.must(s.change(db, "1", func(a *auth.Account) { a.Epoch++ }))
		if s.signedIn(db, "x") || !s.signedIn(db, "y") {
			s.Fatal("the wrong session ended")
		}
	}},
	{"an agent who is disabled or no agent any more is told of once", func(s *suite) {
		db := s.open()
		s.hire(db, account("1", auth.Agent, auth.Editor), account("2", auth.Agent), account("3", auth.Editor))
		s.must(s.change(db, "1", func(a *auth.Account) { a.Roles, a.Epoch = []auth.Role{auth.Editor}, 2 }))
		s.must(s.change(db, "1", func(a *auth.Account) { a.Disabled, a.Epoch = true, 3 }))
		s.must(s.change(db, "2", func(a *auth.Account) { a.Disabled, a.Epoch = true, 2 }))
		s.must(s.change(db, "3", func(a *auth.Account) { a.Disabled, a.Epoch = true, 2 }))
		got := map[string]int{}
		for j := s.claim(db, "x", auth.JobHandBack); j != nil; j = s.claim(db, "x", auth.JobHandBack) {
			got[j.Payload]++
		}
		s.same(got, map[string]int{"1": 1, "2": 1})
	}},
	{"a link works once, until it expires, and a new one replaces it", func(s *suite) {
		db := s.open()
		s.hire(db, account("1", auth.Editor))
		use := func(token string, at time.Time) error {
			_, err := db.UseLink(s.Context(), link(token, "").Hash, at, entry("account.setup"), func(a *auth.Account) error { a.Password = token; return nil })
			return err
		}
		s.wantCode(use("unknown", Noon), fault.NotFound)
		s.wantCode(use("link of 1", Noon.Add(time.Hour)), fault.NotFound)
		s.must(db.AddLink(s.Context(), link("second", "1"), entry("account.link")))
		s.wantCode(use("link of 1", Noon), fault.NotFound)
		s.must(use("second", Noon))
		s.wantCode(use("second", Noon), fault.NotFound)
		if a := s.account(db, "1"); a.Password != "second" {
			s.Fatalf("%+v", a)
		}
	}},
	{"the first link makes one account, however many use it at once", func(s *suite) {
		dbs := []*store.DB{s.open(), s.open()}
		s.must(dbs[0].AddLink(s.Context(), link("first", ""), entry("account.first_link")))
		var won atomic.Int64
		s.parallel(10, func(i int) {
			_, err := dbs[i%2].UseLink(s.Context(), link("first", "").Hash, Noon, entry("account.setup"), func(a *auth.Account) error {
				*a = account(string(rune('a'+i)), auth.Administrator)
				return nil
			})
			switch {
			case err == nil:
				won.Add(1)
			case !fault.Is(err, fault.NotFound):
				s.Error(err)
			}
		})
		all, err := dbs[0].ListAccounts(s.Context())
		s.must(err)
		if won.Load() != 1 || len(all) != 1 {
			s.Fatalf("%d won, %d accounts", won.Load(), len(all))
		}
		s.must(dbs[0].AddLink(s.Context(), link("again", ""), entry("account.first_link")))
		_, err = dbs[0].UseLink(s.Context(), link("again", "").Hash, Noon, entry("account.setup"), func(*auth.Account) error { return nil })
		s.wantCode(err, fault.NotFound)
	}},
	{"a session is found with its account, and alive only while both are", func(s *suite) {
		db := s.open()
		s.hire(db, account("1", auth.Agent), account("2", auth.Agent), account("3", auth.Administrator))
		for _, x := range []struct{ staff, secret string }{{"1", "old"}, {"1", "ended"}, {"2", "disabled"}, {"3", "alive"}} {
			s.signIn(db, x.staff, x.secret)
		}
		x, a, err := db.OpenSession(s.Context(), []byte("hash of alive"))
		s.must(err)
		if x.Staff != "3" || x.Epoch != 1 || x.CSRF != "csrf" || a.Name != "name-3" || !x.Seen.Equal(Noon) {
			s.Fatalf("%+v %+v", x, a)
		}
		s.must(db.EndSession(s.Context(), "ended", entry("session.end")))
		s.must(db.EndSession(s.Context(), "unknown", entry("session.end")))
		s.must(s.change(db, "2", func(a *auth.Account) { a.Disabled = true }))
		s.must(db.TouchSession(s.Context(), "alive", Noon.Add(time.Hour)))
		alive, err := db.LiveSessions(s.Context(), []string{"old", "ended", "disabled", "alive", "unknown"}, Noon.Add(-time.Hour), Noon.Add(time.Minute))
		s.must(err)
		s.same(alive, []string{"alive"})
	}},
	{"a session that sets up a second factor keeps its secret sealed, and the next one replaces it", func(s *suite) {
		db := s.open()
		s.hire(db, account("1", auth.Administrator))
		x := auth.Session{Hash: []byte("h1"), ID: "s1", Staff: "1", Stage: auth.StageSecond, Pending: "PENDING", Created: Noon, Seen: Noon}
		_, err := db.BeginSession(s.Context(), x, nil, entry("session.begin"), func(*auth.Account) error { return nil })
		s.must(err)
		got, _, err := db.OpenSession(s.Context(), []byte("h1"))
		s.must(err)
		if got.Pending != "PENDING" || got.Stage != auth.StageSecond {
			s.Fatalf("%+v", got)
		}
		y := auth.Session{Hash: []byte("h2"), ID: "s2", Staff: "1", Stage: auth.StageFull, Created: Noon, Seen: Noon}
		_, err = db.BeginSession(s.Context(), y, []byte("h1"), entry("account.second_factor"), func(a *auth.Account) error { a.TOTP = got.Pending; return nil })
		s.must(err)
		_, _, err = db.OpenSession(s.Context(), []byte("h1"))
		s.wantCode(err, fault.NotFound)
		_, err = db.BeginSession(s.Context(), auth.Session{Hash: []byte("h3"), ID: "s3", Staff: "1"}, []byte("h2"), entry("x"), func(*auth.Account) error {
			return fault.New(fault.Unauthorized, "wrong code")
		})
		s.wantCode(err, fault.Unauthorized)
		if _, _, err := db.OpenSession(s.Context(), []byte("h2")); err != nil {
			s.Fatalf("a refused sign-in ended another session: %v", err)
		}
	}},
	{"attempts are counted before their outcome, also many at once, and locks end", func(s *suite) {
		dbs := []*store.DB{s.open(), s.open()}
		lock := func(_ string, n int) time.Duration {
			if n >= 5 {
				return time.Duration(n) * time.Minute
			}
			return 0
		}
		var allowed atomic.Int64
		s.parallel(40, func(i int) {
			until, err := dbs[i%2].Attempt(s.Context(), []string{"account x"}, Noon, lock)
			if err != nil {
				s.Error(err)
			} else if until.IsZero() {
				allowed.Add(1)
			}
		})
		if allowed.Load() != 5 {
			s.Fatalf("%d attempts were let through", allowed.Load())
		}
		db := dbs[0]
		for _, step := range []struct {
			after  time.Duration
			locked time.Duration // from Noon, 0 for not
		}{{time.Minute, 5 * time.Minute}, {5 * time.Minute, 0}, {6 * time.Minute, 11 * time.Minute}, {11*time.Minute + 25*time.Hour, 0}, {11*time.Minute + 25*time.Hour, 0}} {
			until, err := db.Attempt(s.Context(), []string{"account x", "address y"}, Noon.Add(step.after), lock)
			s.must(err)
			if want := Noon.Add(step.locked); step.locked == 0 && !until.IsZero() || step.locked > 0 && !until.Equal(want) {
				s.Errorf("after %v: until %v, want %v", step.after, until, step.locked)
			}
		}
		s.must(db.Forgive(s.Context(), []string{"address y", "never"}, []string{"account x"}))
		var n, count int
		s.must(s.raw().QueryRow(`SELECT COUNT(*), MAX(count) FROM staff_failures`).Scan(&n, &count))
		if n != 1 || count != 1 {
			s.Fatalf("%d keys, count %d", n, count)
		}
	}},
}
