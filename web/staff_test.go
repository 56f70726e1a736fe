package web_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"shenwei/web"
	"shenwei/web/auth"
	"shenwei/web/live"
)

func TestTheFirstAdministratorOpensAccountsForOthers(t *testing.T) {
	s := newStaffSite(t, nil)
	boss := s.person()
	got := boss.do("GET", "/api/v1/staff/me", nil)
	wantError(t, got, 401, "unauthorized")
	if !strings.Contains(got.body, `"detail":{"setup":true,"oidc":false}`) {
		t.Errorf("%s", got.body)
	}
	token, err := s.auth.FirstLink(t.Context(), "system")
	if err != nil {
		t.Fatal(err)
	}
	got = boss.do("POST", "/api/v1/staff/setup", object{"token": token, "name": "boss", "display": "老王", "password": staffPassword})
	var enrol struct{ State, Secret, URI, QR string }
	decode(t, got.body, &enrol)
	if got.status != 200 || enrol.State != "enrol" || !strings.Contains(enrol.QR, "<svg") {
		t.Fatalf("%d %s", got.status, got.body)
	}
	wantError(t, boss.do("POST", "/api/v1/staff/enrol", object{"code": "000000"}), 401, "unauthorized")
	wantError(t, boss.do("GET", "/api/v1/staff/users", nil), 403, "forbidden")
	before := boss.cookie
	if got = boss.do("POST", "/api/v1/staff/enrol", object{"code": s.code(enrol.Secret)}); !strings.Contains(got.body, `"state":"ok"`) || boss.cookie == before {
		t.Fatalf("%d %s", got.status, got.body)
	}
	got = boss.do("GET", "/api/v1/staff/me", nil)
	if !strings.Contains(got.body, `"second_factor":true`) || !strings.Contains(got.body, `"idle_seconds":1800`) || strings.Contains(got.body, "argon2") {
		t.Errorf("%s", got.body)
	}
	got = boss.do("POST", "/api/v1/staff/users", object{"name": "Li", "display": "小李", "roles": []string{"editor"}})
	var made struct {
		User struct{ ID, Name string }
		Link string
	}
	decode(t, got.body, &made)
	if got.status != 200 || made.User.Name != "li" || !strings.HasPrefix(made.Link, s.http.URL+"/staff/setup#") {
		t.Fatalf("%d %s", got.status, got.body)
	}
	wantError(t, boss.do("POST", "/api/v1/staff/users", object{"name": "li", "roles": []string{"editor"}}), 409, "conflict")
	_, linkToken, _ := strings.Cut(made.Link, "#")
	li := s.person()
	wantError(t, li.do("POST", "/api/v1/staff/login", object{"name": "li", "password": staffPassword}), 401, "unauthorized")
	if got = li.do("POST", "/api/v1/staff/setup", object{"token": linkToken, "password": staffPassword}); !strings.Contains(got.body, `"state":"ok"`) {
		t.Fatalf("%d %s", got.status, got.body)
	}
	wantError(t, li.do("GET", "/api/v1/staff/users", nil), 403, "forbidden")
	users := boss.do("GET", "/api/v1/staff/users", nil)
	if !strings.Contains(users.body, `"display":"小李"`) || strings.Contains(users.body, "argon2") || strings.Contains(users.body, enrol.Secret) {
		t.Errorf("%s", users.body)
	}
	if got = boss.do("PATCH", "/api/v1/staff/users/"+made.User.ID, object{"disabled": true}); got.status != 200 {
		t.Fatalf("%d %s", got.status, got.body)
	}
	wantError(t, li.do("GET", "/api/v1/staff/me", nil), 401, "unauthorized")
	log := boss.do("GET", "/api/v1/staff/audit?object=account/li", nil)
	for _, want := range []string{"account.add", "account.setup", "session.begin", "account.disable"} {
		if !strings.Contains(log.body, `"action":"`+want+`"`) {
			t.Errorf("the log has no %s: %s", want, log.body)
		}
	}
	if strings.Contains(s.log.String(), linkToken) || strings.Contains(s.log.String(), staffPassword) || strings.Contains(s.log.String(), boss.cookie) {
		t.Error("a secret stands in the log")
	}
}

func TestTheCookieIsForOurOwnPagesAndEncryptedUnlessOnThisMachine(t *testing.T) {
	s := newStaffSite(t, nil, func(c *web.Config) { c.TrustedProxies = []string{"127.0.0.1"} })
	s.hire("li", auth.Editor)
	login := object{"name": "li", "password": staffPassword}
	far := []string{"X-Forwarded-For", "203.0.113.5"}
	wantError(t, s.post("/api/v1/staff/login", login, far...), 403, "forbidden")
	wantError(t, s.post("/api/v1/staff/setup", object{"token": "x"}, far...), 403, "forbidden")
	undeclared := newStaffSite(t, nil) // a proxy on this machine that is not in proxy.trusted
	wantError(t, undeclared.post("/api/v1/staff/login", login, far...), 403, "forbidden")
	for name, c := range map[string]struct {
		header []string
		secure bool
	}{"this machine": {nil, false}, "https": {append(far, "X-Forwarded-Proto", "https"), true}} {
		got := s.post("/api/v1/staff/login", login, c.header...)
		cookies := (&http.Response{Header: got.header}).Cookies()
		if got.status != 200 || len(cookies) != 1 {
			t.Fatalf("%s: %d %s", name, got.status, got.body)
		}
		k := cookies[0]
		if k.Name != web.StaffCookie || !k.HttpOnly || k.SameSite != http.SameSiteStrictMode || k.Secure != c.secure || k.Path != "/" || len(k.Value) < 43 {
			t.Errorf("%s: %+v", name, k)
		}
		if strings.Contains(got.body, k.Value) {
			t.Errorf("%s: the secret stands in the body, where scripts read it", name)
		}
	}
}

func TestAfterTooManyFailuresTheAnswerSaysWhenToComeBack(t *testing.T) {
	s := newStaffSite(t, nil)
	s.hire("li", auth.Editor)
	for range 5 {
		wantError(t, s.post("/api/v1/staff/login", object{"name": "li", "password": "wrong"}), 401, "unauthorized")
	}
	got := s.post("/api/v1/staff/login", object{"name": "li", "password": staffPassword})
	wantError(t, got, 429, "rate_limited")
	if got.header.Get("Retry-After") != "900" || !strings.Contains(got.body, "分钟") {
		t.Errorf("%v %s", got.header, got.body)
	}
}

func TestBadInputAtTheDoorIsRefusedPolitely(t *testing.T) {
	s := newStaffSite(t, nil)
	boss := s.signedIn("boss", auth.Administrator)
	for _, c := range []struct {
		method, path string
		body         any
		status       int
	}{
		{"POST", "/api/v1/staff/login", object{}, 400},
		{"POST", "/api/v1/staff/login", object{"name": "a", "password": "b", "code": strings.Repeat("1", 2000)}, 400},
		{"POST", "/api/v1/staff/login", object{"name": strings.Repeat("a", 70_000), "password": "b"}, 413},
		{"POST", "/api/v1/staff/login", object{"user": "a"}, 400},
		{"POST", "/api/v1/staff/setup", object{"token": "x", "password": "short"}, 400},
		{"POST", "/api/v1/staff/setup", object{"token": "x", "password": staffPassword}, 404},
		{"POST", "/api/v1/staff/users", object{"name": "li", "roles": []string{"god"}}, 400},
		{"PATCH", "/api/v1/staff/users/unknown", object{"disabled": true}, 404},
		{"POST", "/api/v1/staff/users/unknown/reset", nil, 404},
		{"POST", "/api/v1/staff/users/unknown/signout", nil, 404},
		{"GET", "/api/v1/staff/audit?from=yesterday", nil, 400},
		{"GET", "/api/v1/staff/audit?before=0", nil, 400},
		{"GET", "/api/v1/staff/audit?actor=" + strings.Repeat("a", 300), nil, 400},
		{"POST", "/api/v1/staff/citizens/export", object{"conversation": "unknown"}, 404},
		{"POST", "/api/v1/staff/citizens/delete", object{"conversation": "unknown"}, 404},
		{"POST", "/api/v1/staff/citizens/delete", object{}, 404},
	} {
		if got := boss.do(c.method, c.path, c.body); got.status != c.status || !strings.Contains(got.body, `"message":"`) {
			t.Errorf("%s %s: %d %s, want %d", c.method, c.path, got.status, got.body, c.status)
		}
	}
}

func TestTheAuditLogIsReadInPagesAndReadingItIsRecorded(t *testing.T) {
	s := newStaffSite(t, nil)
	auditor := s.session(auth.Auditor, auth.StageFull)
	for range 120 {
		if got := auditor.do("GET", "/api/v1/staff/audit?action=none", nil); got.status != 200 {
			t.Fatalf("%d %s", got.status, got.body)
		}
	}
	var page struct {
		Entries []struct {
			N      int64
			Actor  string
			Action string
		}
		Next int64
	}
	path, n := "/api/v1/staff/audit?action=audit", 0
	for {
		page.Entries, page.Next = nil, 0
		decode(t, auditor.do("GET", path, nil).body, &page)
		n += len(page.Entries)
		if page.Next == 0 {
			break
		}
		path = "/api/v1/staff/audit?action=audit&before=" + strconv.FormatInt(page.Next, 10)
	}
	if n != 121 { // those above and the first page of these
		t.Fatalf("%d entries", n)
	}
}

// deskSession stands for a channel of staff.
type deskSession struct{}

func (deskSession) Frame([]byte) {}
func (deskSession) Wake(int64)   {}
func (deskSession) Closed()      {}

// owners waits until so many sessions have sockets, and returns them.
func (s *staffSite) owners(n int) []string {
	s.t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); ; <-tick.C {
		all := s.hub.Owners()
		if len(all) == n {
			return all
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("owners %v, want %d", all, n)
		}
	}
}

func TestSigningOutAndDisablingCloseOpenSockets(t *testing.T) {
	s := newStaffSite(t, nil)
	boss := auth.Principal{Name: "cli:root"}
	accounts := map[string]auth.Account{}
	for _, name := range []string{"one", "two", "three"} {
		accounts[name] = s.hire(name, auth.Agent)
	}
	sockets := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		err := s.hub.Serve(w, r, func(c *live.Conn) live.Session {
			s.hub.Belong(c, r.URL.Query().Get("session"))
			return deskSession{}
		})
		if err != nil {
			t.Error(err)
		}
	}))
	defer sockets.Close()
	open := func(name string) (*client, auth.Opened) {
		t.Helper()
		in, err := s.auth.SignIn(t.Context(), auth.Attempt{Name: name, Password: staffPassword, Addr: name})
		if err != nil {
			t.Fatal(err)
		}
		o, err := s.auth.Open(t.Context(), in.Secret)
		if err != nil {
			t.Fatal(err)
		}
		ws, res, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(sockets.URL, "http")+"/?session="+o.Principal.Session, nil)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		t.Cleanup(func() { _ = ws.Close() })
		return &client{t: t, ws: ws}, o
	}
	one, oneSession := open("one")
	again, _ := open("one")
	two, _ := open("two")
	three, threeSession := open("three")
	s.owners(4)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.auth.Watch(ctx, s.hub) }()
	if err := s.auth.SignOut(t.Context(), oneSession.Principal); err != nil {
		t.Fatal(err)
	}
	one.wantClosed(live.CloseSignedOut)
	disabled := true
	if _, err := s.auth.Change(t.Context(), boss, accounts["two"].ID, auth.Patch{Disabled: &disabled}); err != nil {
		t.Fatal(err)
	}
	two.wantClosed(live.CloseSignedOut)
	// Another process, which cannot poke this one's watch.
	elsewhere := auth.New(auth.Config{Store: s.db, Now: s.clock.Now})
	if err := elsewhere.SignOutAll(t.Context(), boss, accounts["one"].ID); err != nil {
		t.Fatal(err)
	}
	again.wantClosed(live.CloseSignedOut)
	if owners := s.owners(1); owners[0] != threeSession.Principal.Session {
		t.Fatalf("owners %v", owners)
	}
	s.clock.add(29 * time.Minute)
	if err := s.auth.Touch(t.Context(), threeSession.Principal.Session); err != nil {
		t.Fatal(err)
	}
	s.clock.add(29 * time.Minute)
	if _, err := s.auth.Accounts(t.Context()); err != nil || len(s.hub.Owners()) != 1 {
		t.Fatalf("a session in use lost its socket: %v", err)
	}
	s.clock.add(2 * time.Minute)
	three.wantClosed(live.CloseSignedOut)
	stop()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
}
