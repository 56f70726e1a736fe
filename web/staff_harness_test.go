package web_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"shenwei/bot/desk"
	"shenwei/internal/audit"
	"shenwei/internal/store"
	"shenwei/internal/vault"
	"shenwei/kb"
	"shenwei/web"
	"shenwei/web/auth"
	webdesk "shenwei/web/desk"
	"shenwei/web/staff"
	"shenwei/web/studio"
)

// staffSite is a server with accounts over a real record.
type staffSite struct {
	*site
	db   *store.DB
	auth *auth.Service
	keys *vault.Ring
}

type staffRecord struct{ *store.DB }

func (r staffRecord) ExportCitizen(ctx context.Context, actor, id string) (json.RawMessage, error) {
	return r.ExportConversation(ctx, id)
}

func (r staffRecord) DeleteCitizen(ctx context.Context, actor, id string) (any, error) {
	return r.DeleteConversation(ctx, id, audit.Entry{Actor: actor, Action: "citizen.delete"})
}

const staffPassword = "correct horse battery staple"

// newStaffSite starts a server; oidc makes its other service, nil for none.
func newStaffSite(t *testing.T, oidc func(*vault.Ring) *staff.OIDC, change ...func(*web.Config)) *staffSite {
	t.Helper()
	key, err := vault.NewKey("web")
	if err != nil {
		t.Fatal(err)
	}
	s := &staffSite{}
	if s.keys, err = vault.Parse(key); err != nil {
		t.Fatal(err)
	}
	if s.db, err = store.Open(t.Context(), filepath.Join(t.TempDir(), "a.db"), store.Options{Keys: s.keys}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.db.Close(); err != nil {
			t.Error(err)
		}
	})
	var clock func() time.Time
	s.site = newSite(t, func(c *web.Config) {
		clock = c.Now
		s.auth = auth.New(auth.Config{Store: s.db, Now: clock, Log: c.Log})
		c.Staff, c.StaffRecord = s.auth, staffRecord{s.db}
		c.Desk = &webdesk.Config{Desk: desk.NewService(desk.Config{Tickets: s.db, People: s.db, Now: clock}), Store: s.db}
		c.Studio = &studio.Services{Studio: kb.NewStudio(s.db, nil, c.Log, clock, nil), Overrides: s.db}
		c.Insight, c.Exchange = &studio.InsightConfig{Audit: s.db.AppendAudit}, &studio.ExchangeConfig{Live: s.db.Current, Audit: s.db.AppendAudit}
		if oidc != nil {
			c.OIDC = oidc(s.keys)
		}
		for _, f := range change {
			f(c)
		}
	})
	return s
}

// person is a browser with its cookies.
type person struct {
	*staffSite
	cookie, csrf string
}

func (s *staffSite) person() *person { return &person{staffSite: s} }

// do asks as her browser does.
func (p *person) do(method, path string, v any, header ...string) answer {
	p.t.Helper()
	body := ""
	if v != nil {
		b, err := json.Marshal(v)
		if err != nil {
			p.t.Fatal(err)
		}
		body = string(b)
	}
	if p.cookie != "" {
		header = append(header, "Cookie", web.StaffCookie+"="+p.cookie)
	}
	if p.csrf != "" && method != "GET" {
		header = append(header, web.CSRFHeader, p.csrf)
	}
	got := p.ask(method, path, body, header...)
	p.keep(got)
	return got
}

// keep takes the cookie and the CSRF token of an answer.
func (p *person) keep(got answer) {
	for _, c := range (&http.Response{Header: got.header}).Cookies() {
		if c.Name == web.StaffCookie {
			p.cookie = c.Value
		}
	}
	var in struct{ CSRF string }
	if json.Unmarshal([]byte(got.body), &in) == nil && in.CSRF != "" {
		p.csrf = in.CSRF
	}
}

// hire makes an account with a password, without asking the server.
func (s *staffSite) hire(name string, roles ...auth.Role) auth.Account {
	s.t.Helper()
	_, token, err := s.auth.Add(s.t.Context(), "suite", auth.Account{Name: name, Roles: roles})
	if err != nil {
		s.t.Fatal(err)
	}
	in, err := s.auth.SetUp(s.t.Context(), auth.Setup{Token: token, Password: staffPassword, Addr: "suite"})
	if err != nil {
		s.t.Fatal(err)
	}
	return in.User
}

// signedIn is a person with the roles, who has set up her second factor where she needs one.
func (s *staffSite) signedIn(name string, roles ...auth.Role) *person {
	s.t.Helper()
	s.hire(name, roles...)
	p := s.person()
	got := p.do("POST", "/api/v1/staff/login", object{"name": name, "password": staffPassword})
	if strings.Contains(got.body, `"state":"enrol"`) {
		var in struct{ Secret string }
		decode(s.t, got.body, &in)
		got = p.do("POST", "/api/v1/staff/enrol", object{"code": s.code(in.Secret)})
	}
	if got.status != 200 || !strings.Contains(got.body, `"state":"ok"`) {
		s.t.Fatalf("%s is not signed in: %d %s", name, got.status, got.body)
	}
	return p
}

func (s *staffSite) code(secret string) string {
	s.t.Helper()
	c, err := totp.GenerateCode(secret, s.clock.Now())
	if err != nil {
		s.t.Fatal(err)
	}
	return c
}

// session is a person with one role, whose session is put into the record: it needs no
// password, which takes time.
func (s *staffSite) session(role auth.Role, stage string) *person {
	s.t.Helper()
	id, now := string(role)+"-"+stage, s.clock.Now()
	a := auth.Account{ID: id, Name: id, Roles: []auth.Role{role}, Epoch: 1, Created: now, Updated: now}
	e := audit.Entry{Actor: "suite", Action: "suite"}
	hash := sha256.Sum256([]byte(id))
	err := errors.Join(
		s.db.CreateAccount(s.t.Context(), a, auth.Link{Hash: []byte(id), Staff: id, Expires: now}, e),
		begin(s.db.BeginSession(s.t.Context(), auth.Session{Hash: hash[:], ID: id, Staff: id, Stage: stage, CSRF: "token of " + id, Created: now, Seen: now}, nil, e,
			func(*auth.Account) error { return nil })))
	if err != nil {
		s.t.Fatal(err)
	}
	return &person{staffSite: s, cookie: id, csrf: "token of " + id}
}

func begin(_ auth.Account, err error) error { return err }
