package staff

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"shenwei/internal/fault"
	"shenwei/internal/vault"
	"shenwei/web/auth"
)

// OIDCConfig names another service by which people may sign in.
type OIDCConfig struct {
	Issuer, ClientID, ClientSecret string
	// RedirectURL is our callback as the service knows it.
	RedirectURL string
	// Claim is the claim that holds the name of an account here; default preferred_username.
	// Of email only a verified one counts.
	Claim string
	// SecondFactor says that the service has checked a second factor, so that ours is not asked for.
	SecondFactor bool
	// Keys seal what the browser keeps between the two requests.
	Keys *vault.Ring
	Now  func() time.Time
}

// OIDC signs people in by another service (OpenID Connect, code flow with PKCE). It finds an
// account that exists and never makes one, nor gives roles.
type OIDC struct {
	cfg    OIDCConfig
	client *http.Client

	mu       sync.Mutex
	provider *oidc.Provider
}

const (
	oidcCookie  = "shenwei_oidc"
	oidcPath    = "/api/v1/staff/oidc"
	oidcLife    = 10 * time.Minute
	oidcTimeout = 10 * time.Second
	// CallbackPath is where the other service sends people back to.
	CallbackPath = oidcPath + "/callback"
)

// NewOIDC returns what signs in by the service. It is asked for its addresses when somebody
// first signs in: that it is down does not keep us from starting.
func NewOIDC(cfg OIDCConfig) *OIDC {
	if cfg.Claim == "" {
		cfg.Claim = "preferred_username"
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &OIDC{cfg: cfg, client: &http.Client{Timeout: oidcTimeout}}
}

func (o *OIDC) discover(ctx context.Context) (*oidc.Provider, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.provider != nil {
		return o.provider, nil
	}
	// The provider keeps this context to fetch keys with later.
	p, err := oidc.NewProvider(oidc.ClientContext(context.WithoutCancel(ctx), o.client), o.cfg.Issuer)
	if err != nil {
		return nil, fault.Wrap(fault.Unavailable, err, "统一登录暂时不可用，请稍后再试，或用账号和密码登录")
	}
	o.provider = p
	return p, nil
}

func (o *OIDC) oauth(p *oidc.Provider) *oauth2.Config {
	return &oauth2.Config{
		ClientID: o.cfg.ClientID, ClientSecret: o.cfg.ClientSecret, RedirectURL: o.cfg.RedirectURL,
		Endpoint: p.Endpoint(), Scopes: []string{oidc.ScopeOpenID, "profile", "email"},
	}
}

// pending is what the browser keeps, sealed, while its person is at the other service.
type pending struct {
	State    string    `json:"s"`
	Nonce    string    `json:"n"`
	Verifier string    `json:"v"`
	Expires  time.Time `json:"e"`
}

func (o *OIDC) seal(p pending) (string, error) {
	body, err := json.Marshal(p)
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(o.cfg.Keys.Seal(body, "cookie", oidcCookie)), nil
}

func (o *OIDC) open(cookie string) (pending, error) {
	var p pending
	again := fault.New(fault.BadRequest, "登录用时太长，或浏览器没有保存登录状态，请重新开始")
	raw, err := base64.RawURLEncoding.DecodeString(cookie)
	if err != nil {
		return p, again
	}
	body, err := o.cfg.Keys.Open(raw, "cookie", oidcCookie)
	if err != nil || json.Unmarshal(body, &p) != nil || !o.cfg.Now().Before(p.Expires) {
		return p, again
	}
	return p, nil
}

// OIDC sends the browser to the other service.
func (s *Staff) OIDC(w http.ResponseWriter, r *http.Request) {
	o := s.cfg.OIDC
	if o == nil {
		s.cfg.Respond.Error(w, r, fault.New(fault.NotFound, "没有配置统一登录"))
		return
	}
	provider, err := o.discover(r.Context())
	if err != nil {
		s.failOIDC(w, r, err)
		return
	}
	p := pending{State: oauth2.GenerateVerifier(), Nonce: oauth2.GenerateVerifier(), Verifier: oauth2.GenerateVerifier(), Expires: o.cfg.Now().Add(oidcLife)}
	value, err := o.seal(p)
	if err != nil {
		s.failOIDC(w, r, err)
		return
	}
	s.setOIDCCookie(w, r, value)
	http.Redirect(w, r, o.oauth(provider).AuthCodeURL(p.State, oidc.Nonce(p.Nonce), oauth2.S256ChallengeOption(p.Verifier)), http.StatusSeeOther)
}

// setOIDCCookie keeps the state of a sign-in. It must come back from another site: Lax.
func (s *Staff) setOIDCCookie(w http.ResponseWriter, r *http.Request, value string) {
	age := int(oidcLife / time.Second)
	if value == "" {
		age = -1
	}
	http.SetCookie(w, &http.Cookie{ //nolint:gosec // Secure unless the browser is on this machine
		Name: oidcCookie, Value: value, Path: oidcPath, MaxAge: age, HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: !plainLoopback(r),
	})
}

// Callback takes who comes back from the other service and signs her in.
func (s *Staff) Callback(w http.ResponseWriter, r *http.Request) {
	o := s.cfg.OIDC
	if o == nil {
		s.cfg.Respond.Error(w, r, fault.New(fault.NotFound, "没有配置统一登录"))
		return
	}
	cookie, err := r.Cookie(oidcCookie)
	s.setOIDCCookie(w, r, "")
	if err != nil {
		s.failOIDC(w, r, fault.New(fault.BadRequest, "登录用时太长，或浏览器没有保存登录状态，请重新开始"))
		return
	}
	name, err := o.name(r, cookie.Value)
	if err != nil {
		s.failOIDC(w, r, err)
		return
	}
	in, err := s.cfg.Service.Vouched(r.Context(), name, s.cookie(r), o.cfg.SecondFactor)
	if err != nil {
		s.failOIDC(w, r, err)
		return
	}
	s.setCookie(w, r, in.Secret)
	http.Redirect(w, r, "/staff", http.StatusSeeOther)
}

// failOIDC sends the browser back to our page with what its person should read.
func (s *Staff) failOIDC(w http.ResponseWriter, r *http.Request, err error) {
	p := s.cfg.Respond.Problem(r.Method+" "+r.Pattern, err)
	message := p.Message
	if p.ID != "" {
		message += "（" + p.ID + "）"
	}
	http.Redirect(w, r, "/staff#error="+url.QueryEscape(message), http.StatusSeeOther)
}

// name checks what the other service says and returns the name of the account.
func (o *OIDC) name(r *http.Request, cookie string) (string, error) {
	q := r.URL.Query()
	p, err := o.open(cookie)
	if err != nil {
		return "", err
	}
	if subtle.ConstantTimeCompare([]byte(q.Get("state")), []byte(p.State)) != 1 {
		return "", fault.New(fault.BadRequest, "登录没有完成，请重新开始")
	}
	if q.Get("error") != "" || q.Get("code") == "" {
		return "", fault.New(fault.Forbidden, "统一登录没有同意这次登录")
	}
	provider, err := o.discover(r.Context())
	if err != nil {
		return "", err
	}
	refused := func(err error) error {
		return fault.Wrap(fault.Forbidden, err, "统一登录的答复无法核实，请重新开始；一再出现请联系管理员")
	}
	ctx := oidc.ClientContext(r.Context(), o.client)
	token, err := o.oauth(provider).Exchange(ctx, q.Get("code"), oauth2.VerifierOption(p.Verifier))
	if err != nil {
		return "", refused(err)
	}
	raw, ok := token.Extra("id_token").(string)
	if !ok {
		return "", refused(nil)
	}
	id, err := provider.VerifierContext(ctx, &oidc.Config{ClientID: o.cfg.ClientID, Now: o.cfg.Now}).Verify(ctx, raw)
	if err != nil || subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(p.Nonce)) != 1 {
		return "", refused(err)
	}
	return o.claim(id)
}

func (o *OIDC) claim(id *oidc.IDToken) (string, error) {
	var claims map[string]any
	if err := id.Claims(&claims); err != nil {
		return "", fault.Wrap(fault.Forbidden, err, "统一登录的答复无法核实，请重新开始")
	}
	name, _ := claims[o.cfg.Claim].(string)
	verified, _ := claims["email_verified"].(bool)
	if name == "" || o.cfg.Claim == "email" && !verified {
		return "", fault.New(fault.Forbidden, "统一登录没有给出可用的账号名，请联系管理员")
	}
	return auth.CanonicalName(name), nil
}
