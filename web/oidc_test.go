package web_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"shenwei/internal/vault"
	"shenwei/web/auth"
	"shenwei/web/staff"
)

// provider is a small OpenID provider: code flow with PKCE, RS256.
type provider struct {
	*httptest.Server
	t     *testing.T
	key   *rsa.PrivateKey
	clock func() time.Time

	mu    sync.Mutex
	codes map[string]url.Values // what the browser came with
	// claims are those of whoever signs in; spoil may change them and the token.
	claims map[string]any
	spoil  func(claims map[string]any, token string) string
	asked  int
}

const clientID, clientSecret = "shenwei", "client secret"

func newProvider(t *testing.T) *provider {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	p := &provider{t: t, key: key, codes: map[string]url.Values{}, claims: map[string]any{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		p.json(w, object{"issuer": p.URL, "authorization_endpoint": p.URL + "/authorize", "token_endpoint": p.URL + "/token",
			"jwks_uri": p.URL + "/keys", "id_token_signing_alg_values_supported": []string{"RS256"}})
	})
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) {
		b64 := base64.RawURLEncoding.EncodeToString
		p.json(w, object{"keys": []object{{"kty": "RSA", "alg": "RS256", "use": "sig", "kid": "1", "n": b64(key.N.Bytes()), "e": "AQAB"}}})
	})
	mux.HandleFunc("GET /authorize", func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		code := rand.Text()
		p.mu.Lock()
		p.codes[code] = q
		p.mu.Unlock()
		back, err := url.Parse(q.Get("redirect_uri"))
		if err != nil {
			p.t.Error(err)
		}
		back.RawQuery = url.Values{"code": {code}, "state": {q.Get("state")}}.Encode()
		http.Redirect(w, r, back.String(), http.StatusFound)
	})
	mux.HandleFunc("POST /token", p.token)
	p.Server = httptest.NewServer(mux)
	t.Cleanup(p.Close)
	return p
}

func (p *provider) json(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(v); err != nil {
		p.t.Error(err)
	}
}

// token exchanges a code once, if the client proves itself and that it began this sign-in.
func (p *provider) token(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked++
	id, secret, _ := r.BasicAuth()
	asked, known := p.codes[r.PostFormValue("code")]
	delete(p.codes, r.PostFormValue("code"))
	sum := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	secret, _ = url.QueryUnescape(secret)
	if id != clientID || secret != clientSecret || !known || asked.Get("code_challenge_method") != "S256" ||
		asked.Get("code_challenge") != base64.RawURLEncoding.EncodeToString(sum[:]) || r.PostFormValue("redirect_uri") != asked.Get("redirect_uri") {
		http.Error(w, `{"error":"invalid_grant"}`, http.StatusBadRequest)
		return
	}
	now := p.clock()
	claims := map[string]any{"iss": p.URL, "aud": clientID, "sub": "42", "iat": now.Unix(), "exp": now.Add(time.Minute).Unix(), "nonce": asked.Get("nonce")}
	for k, v := range p.claims {
		claims[k] = v
	}
	if p.spoil != nil {
		p.spoil(claims, "")
	}
	token := p.sign(claims)
	if p.spoil != nil {
		token = p.spoil(claims, token)
	}
	p.json(w, object{"access_token": "x", "token_type": "Bearer", "id_token": token})
}

func (p *provider) sign(claims map[string]any) string {
	b64 := base64.RawURLEncoding.EncodeToString
	body, err := json.Marshal(claims)
	if err != nil {
		p.t.Error(err)
	}
	text := b64([]byte(`{"alg":"RS256","kid":"1"}`)) + "." + b64(body)
	sum := sha256.Sum256([]byte(text))
	sig, err := rsa.SignPKCS1v15(rand.Reader, p.key, crypto.SHA256, sum[:])
	if err != nil {
		p.t.Error(err)
	}
	return text + "." + b64(sig)
}

// oidcSite is a server whose staff may sign in at the provider.
func oidcSite(t *testing.T, p *provider, change func(*staff.OIDCConfig)) *staffSite {
	t.Helper()
	var cfg staff.OIDCConfig
	var made *staff.OIDC
	s := newStaffSite(t, func(keys *vault.Ring) *staff.OIDC {
		cfg = staff.OIDCConfig{Issuer: p.URL, ClientID: clientID, ClientSecret: clientSecret, Keys: keys,
			RedirectURL: "http://ours.example" + staff.CallbackPath, Now: func() time.Time { return p.clock() }}
		if change != nil {
			change(&cfg)
		}
		made = staff.NewOIDC(cfg)
		return made
	})
	p.clock = s.clock.Now
	return s
}

// follow asks for an address of ours and returns where it sends the browser and its cookies.
func (p *person) follow(path string, cookies ...string) (to string, cookie map[string]*http.Cookie) {
	p.t.Helper()
	got := p.do("GET", path, nil, "Cookie", strings.Join(cookies, "; "))
	if got.status != http.StatusSeeOther {
		p.t.Fatalf("%s: %d %s", path, got.status, got.body)
	}
	cookie = map[string]*http.Cookie{}
	for _, c := range (&http.Response{Header: got.header}).Cookies() {
		cookie[c.Name] = c
	}
	return got.header.Get("Location"), cookie
}

// away goes to the provider and comes back with the address that it sends the browser to.
func (p *person) away(to string) string {
	p.t.Helper()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Get(to)
	if err != nil {
		p.t.Fatal(err)
	}
	defer res.Body.Close()
	return strings.TrimPrefix(res.Header.Get("Location"), "http://ours.example")
}

// signOn signs in at the provider and returns where she ends.
func (p *person) signOn() string {
	p.t.Helper()
	to, cookies := p.follow("/api/v1/staff/oidc")
	state := cookies["shenwei_oidc"]
	if !state.HttpOnly || state.SameSite != http.SameSiteLaxMode || state.Path != "/api/v1/staff/oidc" {
		p.t.Fatalf("cookie %+v", state)
	}
	end, cookies := p.follow(p.away(to), "shenwei_oidc="+state.Value)
	if cookies["shenwei_oidc"].MaxAge >= 0 {
		p.t.Error("the state of a sign-in stays in the browser")
	}
	return end
}

func TestSignOnAtAnotherServiceFindsAnAccount(t *testing.T) {
	p := newProvider(t)
	s := oidcSite(t, p, nil)
	s.hire("li", auth.Editor)
	p.claims = map[string]any{"preferred_username": "Li", "roles": []string{"administrator"}}
	li := s.person()
	if end := li.signOn(); end != "/staff" || li.cookie == "" {
		t.Fatalf("%s", end)
	}
	me := li.do("GET", "/api/v1/staff/me", nil)
	if me.status != 200 || !strings.Contains(me.body, `"roles":["editor"]`) || !strings.Contains(me.body, `"state":"ok"`) {
		t.Fatalf("%s", me.body)
	}
	for name, want := range map[string]string{"stranger": "没有对应的账号", "": "没有给出可用的账号名"} {
		p.claims["preferred_username"] = name
		other := s.person()
		end, err := url.QueryUnescape(other.signOn())
		if err != nil || !strings.Contains(end, want) || other.cookie != "" {
			t.Errorf("%q ends at %s", name, end)
		}
	}
	all, err := s.auth.Accounts(t.Context())
	if err != nil || len(all) != 1 {
		t.Fatalf("an account was made: %v %v", all, err)
	}
}

func TestSignOnStillAsksForOurSecondFactor(t *testing.T) {
	p := newProvider(t)
	s := oidcSite(t, p, nil)
	s.hire("wang", auth.Administrator)
	p.claims = map[string]any{"preferred_username": "wang"}
	wang := s.person()
	wang.signOn()
	if me := wang.do("GET", "/api/v1/staff/me", nil); !strings.Contains(me.body, `"state":"enrol"`) {
		t.Fatalf("%s", me.body)
	}
	wantError(t, wang.do("GET", "/api/v1/staff/users", nil), 403, "forbidden")
	var in struct{ Secret string }
	decode(t, wang.do("POST", "/api/v1/staff/enrol", object{}).body, &in)
	if got := wang.do("POST", "/api/v1/staff/enrol", object{"code": s.code(in.Secret)}); got.status != 200 {
		t.Fatalf("%s", got.body)
	}
	if got := wang.do("GET", "/api/v1/staff/users", nil); got.status != 200 {
		t.Fatalf("%s", got.body)
	}
}

func TestAMailOnlyCountsWhenItWasVerified(t *testing.T) {
	p := newProvider(t)
	s := oidcSite(t, p, func(c *staff.OIDCConfig) { c.Claim = "email" })
	s.hire("li@example.org", auth.Editor)
	for verified, want := range map[bool]bool{true: true, false: false} {
		p.claims = map[string]any{"email": "li@example.org", "email_verified": verified}
		if got := s.person().signOn() == "/staff"; got != want {
			t.Errorf("verified %v: %v", verified, got)
		}
	}
}

func TestAnAnswerThatCannotBeProvedSignsNobodyIn(t *testing.T) {
	p := newProvider(t)
	s := oidcSite(t, p, nil)
	s.hire("li", auth.Editor)
	good := map[string]any{"preferred_username": "li"}
	set := func(k string, v any) func(map[string]any, string) string {
		return func(c map[string]any, token string) string { c[k] = v; return token }
	}
	for name, spoil := range map[string]func(map[string]any, string) string{
		"another nonce":     set("nonce", "other"),
		"another audience":  set("aud", "other"),
		"another issuer":    set("iss", "https://evil.example"),
		"expired":           set("exp", time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC).Unix()),
		"a changed payload": func(_ map[string]any, token string) string { return strings.Replace(token, ".", ".e30", 1) },
		"no signature": func(c map[string]any, token string) string {
			parts := strings.Split(token, ".")
			if len(parts) < 3 {
				return token
			}
			return base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + "." + parts[1] + "."
		},
		"no token": func(map[string]any, string) string { return "" },
	} {
		p.claims, p.spoil = good, spoil
		who := s.person()
		if end := who.signOn(); who.cookie != "" || !strings.HasPrefix(end, "/staff#error=") {
			t.Errorf("%s: ends at %s", name, end)
		}
	}
	p.spoil = nil
	who := s.person()
	to, cookies := who.follow("/api/v1/staff/oidc")
	state := "shenwei_oidc=" + cookies["shenwei_oidc"].Value
	back := who.away(to)
	asked := p.asked
	for name, c := range map[string]struct{ path, cookie string }{
		"no cookie":           {back, ""},
		"another's cookie":    {back, "shenwei_oidc=" + func() string { _, c := s.person().follow("/api/v1/staff/oidc"); return c["shenwei_oidc"].Value }()},
		"a made-up cookie":    {back, "shenwei_oidc=AAAA"},
		"another state":       {strings.Replace(back, "state=", "state=x", 1), state},
		"no code":             {"/api/v1/staff/oidc/callback?state=" + url.QueryEscape(state), state},
		"the service says no": {"/api/v1/staff/oidc/callback?error=access_denied&state=x", state},
	} {
		if end, _ := who.follow(c.path, c.cookie); who.cookie != "" || !strings.HasPrefix(end, "/staff#error=") {
			t.Errorf("%s: ends at %s", name, end)
		}
	}
	if p.asked != asked {
		t.Error("a code was exchanged for a browser that did not begin the sign-in")
	}
	s.clock.add(11 * time.Minute)
	if end, _ := who.follow(back, state); who.cookie != "" || !strings.HasPrefix(end, "/staff#error=") {
		t.Errorf("after ten minutes: %s", end)
	}
	s.clock.add(-11 * time.Minute)
	if end, _ := who.follow(back, state); end != "/staff" || who.cookie == "" {
		t.Errorf("the same, as it should be: %s", end)
	}
}

func TestAServiceThatIsDownIsSaidAndTriedAgain(t *testing.T) {
	p := newProvider(t)
	s := oidcSite(t, p, nil)
	s.hire("li", auth.Editor)
	p.claims = map[string]any{"preferred_username": "li"}
	handler := p.Config.Handler
	p.Config.Handler = http.NotFoundHandler()
	if to, _ := s.person().follow("/api/v1/staff/oidc"); !strings.HasPrefix(to, "/staff#error=") {
		t.Fatalf("%s", to)
	}
	p.Config.Handler = handler
	if end := s.person().signOn(); end != "/staff" {
		t.Fatalf("%s", end)
	}
}

func TestWithoutAnotherServiceThereIsNone(t *testing.T) {
	s := newStaffSite(t, nil)
	wantError(t, s.get("/api/v1/staff/oidc"), 404, "not_found")
	wantError(t, s.get("/api/v1/staff/oidc/callback"), 404, "not_found")
}
