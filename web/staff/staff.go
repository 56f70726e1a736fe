// Package staff answers /api/v1/staff: signing in, accounts, the audit log, and one citizen's
// data. What it may do stands in web/auth; who may call what in web/routes.go. Start reading
// at Login.
package staff

import (
	"context"
	"encoding/json"
	"net/http"
	"net/netip"
	"time"

	"shenwei/internal/audit"
	"shenwei/internal/fault"
	"shenwei/web/auth"
	"shenwei/web/respond"
)

// Record is what these pages read and change beside accounts; *store.DB is part of one.
type Record interface {
	// ListAudit lists entries, newest first.
	ListAudit(ctx context.Context, q audit.Query) ([]audit.Record, error)
	// VerifyAudit walks the whole chain of the audit log.
	VerifyAudit(ctx context.Context, known int64, knownHash string) (audit.Report, error)
	// AppendAudit records a look at something.
	AppendAudit(ctx context.Context, e audit.Entry) error
	// ExportCitizen returns all that is known of a conversation as JSON, and DeleteCitizen
	// deletes it and returns how much that was; both record who asked.
	ExportCitizen(ctx context.Context, actor, conversation string) (json.RawMessage, error)
	DeleteCitizen(ctx context.Context, actor, conversation string) (any, error)
}

// Config is what the package needs.
type Config struct {
	Service *auth.Service
	Record  Record
	Respond *respond.Responder
	// Cookie is the name of the cookie that carries a session's secret.
	Cookie string
	// BaseURL is our public address, "" when it is not known; links begin with it.
	BaseURL string
	// OIDC signs in through another service; nil when none is configured.
	OIDC *OIDC
}

// Staff answers people who work here. Its exported methods are HTTP handlers.
type Staff struct{ cfg Config }

// New returns the handlers.
func New(cfg Config) *Staff { return &Staff{cfg} }

// maxPassword bounds what is read of a field; longer ones are no password of ours.
const maxField = 1024

// Open implements the server's sessions: who has the cookie, and her CSRF token.
func (s *Staff) Open(r *http.Request, secret string) (auth.Principal, string, error) {
	o, err := s.cfg.Service.Open(r.Context(), secret)
	return o.Principal, o.Session.CSRF, err
}

func (s *Staff) cookie(r *http.Request) string {
	c, err := r.Cookie(s.cfg.Cookie)
	if err != nil || len(c.Value) > maxField {
		return ""
	}
	return c.Value
}

// opened is the session of who asks.
func (s *Staff) opened(r *http.Request) (auth.Opened, error) {
	return s.cfg.Service.Open(r.Context(), s.cookie(r))
}

// setCookie gives the browser a session's secret; "" takes it away. It is sent by our own
// pages only, never to scripts, and encrypted except on this very machine.
func (s *Staff) setCookie(w http.ResponseWriter, r *http.Request, secret string) {
	age := 0
	if secret == "" {
		age = -1
	}
	http.SetCookie(w, &http.Cookie{ //nolint:gosec // Secure unless the browser is on this machine
		Name: s.cfg.Cookie, Value: secret, Path: "/", MaxAge: age, HttpOnly: true, SameSite: http.SameSiteStrictMode,
		Secure: !plainLoopback(r),
	})
}

// plainLoopback tells whether the request came unencrypted from this machine: the only way in
// which a session may travel without TLS.
func plainLoopback(r *http.Request) bool {
	caller := respond.CallerOf(r)
	addr, err := netip.ParseAddr(caller.Addr)
	// A proxy on this machine that nobody declared speaks for somebody far away.
	forwarded := r.Header.Get("X-Forwarded-For") != "" || r.Header.Get("Forwarded") != ""
	return !caller.Secure && err == nil && addr.IsLoopback() && !forwarded
}

// encrypted refuses to take a password over an open network.
func encrypted(r *http.Request) error {
	if respond.CallerOf(r).Secure || plainLoopback(r) {
		return nil
	}
	return fault.New(fault.Forbidden, "工作人员登录必须用 https 打开本站；如果已经是 https，请运维人员设置 proxy.trusted")
}

type userBody struct {
	ID           string      `json:"id"`
	Name         string      `json:"name"`
	Display      string      `json:"display"`
	Roles        []auth.Role `json:"roles"`
	Disabled     bool        `json:"disabled"`
	SecondFactor bool        `json:"second_factor"`
	HasPassword  bool        `json:"has_password"`
	Created      time.Time   `json:"created"`
	SignedIn     *time.Time  `json:"signed_in"`
}

func userOf(a auth.Account) userBody {
	u := userBody{ID: a.ID, Name: a.Name, Display: a.Display, Roles: a.Roles, Disabled: a.Disabled, SecondFactor: a.TOTP != "",
		HasPassword: a.Password != "", Created: a.Created}
	if !a.SignedIn.IsZero() {
		u.SignedIn = &a.SignedIn
	}
	return u
}

// signedBody answers every step of signing in.
type signedBody struct {
	State string `json:"state"`
	CSRF  string `json:"csrf,omitempty"`
	// User is set for state ok.
	User *userBody `json:"user,omitempty"`
	// Secret, URI and QR are set for state enrol.
	Secret string `json:"secret,omitempty"`
	URI    string `json:"uri,omitempty"`
	QR     string `json:"qr,omitempty"`
}

// signed answers a step of signing in and gives the browser its session.
func (s *Staff) signed(w http.ResponseWriter, r *http.Request, in auth.SignedIn, err error) {
	if err != nil {
		s.cfg.Respond.Error(w, r, err)
		return
	}
	body := signedBody{State: in.State, CSRF: in.CSRF}
	if in.Secret != "" {
		s.setCookie(w, r, in.Secret)
	}
	if in.State == auth.StateOK {
		u := userOf(in.User)
		body.User = &u
	}
	if in.Enrol != nil {
		body.Secret, body.URI, body.QR = in.Enrol.Secret, in.Enrol.URI, in.Enrol.QR
	}
	s.cfg.Respond.JSON(w, r, body)
}

// body reads the request; it reports whether the handler may go on.
func (s *Staff) body(w http.ResponseWriter, r *http.Request, v any) bool {
	if err := respond.Body(w, r, v); err != nil {
		s.cfg.Respond.Error(w, r, err)
		return false
	}
	return true
}
