package web_test

import (
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"shenwei/web"
)

func TestAVisitorWhoSendsTooMuchIsToldWhenToComeBack(t *testing.T) {
	s := newSite(t, func(c *web.Config) { c.Limits.Visitor = web.Limit{} }) // the default: 20 in 10 s
	first := s.say("", "", "r0", "一")
	send := func() answer {
		return s.post("/api/v1/chat", object{"conversation": first.Conversation, "token": first.Token, "text": "二"})
	}
	for i := range 20 {
		if got := send(); got.status != 200 {
			t.Fatalf("line %d: %d %s", i, got.status, got.body)
		}
	}
	got := send()
	wantError(t, got, 429, "rate_limited")
	if got.header.Get("Retry-After") != "1" || !strings.Contains(got.body, `"retry_after":1`) {
		t.Errorf("Retry-After %q, %s", got.header.Get("Retry-After"), got.body)
	}
	if other := s.post("/api/v1/chat", object{"text": "别人"}); other.status != 200 {
		t.Errorf("another visitor: %d", other.status)
	}
	s.clock.add(time.Second)
	for i, want := range []int{200, 200, 429} {
		if got := send(); got.status != want {
			t.Errorf("after a second, line %d: %d, want %d", i, got.status, want)
		}
	}
}

func TestTheSocketHasTheSameLimits(t *testing.T) {
	s := newSite(t, func(c *web.Config) { c.Limits.Visitor = web.Limit{Events: 3, Per: time.Minute} })
	c := s.dial()
	c.begin("r0", "一")
	for i := range 3 {
		c.send(say("r"+strconv.Itoa(i+1), "二"))
		c.want("ack")
		c.want("reply")
	}
	c.send(say("r9", "三"))
	if f := c.want("error"); f.Ref != "r9" || f.Error.Code != "rate_limited" || f.Error.RetryAfter != 20 {
		t.Errorf("error %+v", f)
	}
	s.clock.add(20 * time.Second)
	c.send(say("r9", "三"))
	c.want("ack")
}

func TestAnAddressHasALimitAndAssetsDoNotCount(t *testing.T) {
	s := newSite(t, func(c *web.Config) {
		c.Limits.Address = web.Limit{Events: 3, Per: time.Minute}
		c.TrustedProxies = []string{"127.0.0.0/8"}
	})
	from := func(addr, path string) int { return s.get(path, "X-Forwarded-For", addr).status }
	for range 10 {
		if got := from("203.0.113.1", "/assets/pages.css") + from("203.0.113.1", "/healthz"); got != 400 {
			t.Fatalf("assets and health: %d", got)
		}
	}
	for i, want := range []int{200, 200, 200, 429, 429} {
		if got := from("203.0.113.1", "/items"); got != want {
			t.Errorf("request %d: %d, want %d", i, got, want)
		}
	}
	if got := from("203.0.113.2", "/items"); got != 200 {
		t.Errorf("another address: %d", got)
	}
	for i, addr := range []string{"2001:db8::1", "2001:db8::2", "2001:db8:0:0:ffff::3", "2001:db8::4"} {
		if got, want := from(addr, "/items"), []int{200, 200, 200, 429}[i]; got != want {
			t.Errorf("%s of one network: %d, want %d", addr, got, want)
		}
	}
}

func TestOnlyTrustedProxiesAreBelieved(t *testing.T) {
	for name, c := range map[string]struct {
		trusted   []string
		forwarded []string
		want      string
	}{
		"no proxy is trusted":        {nil, []string{"203.0.113.1"}, "127.0.0.1"},
		"the proxy's word":           {[]string{"127.0.0.1"}, []string{"203.0.113.1"}, "203.0.113.1"},
		"what a client made up":      {[]string{"127.0.0.1"}, []string{"1.2.3.4, 203.0.113.1"}, "203.0.113.1"},
		"two proxies":                {[]string{"127.0.0.1/32", "10.0.0.0/8"}, []string{"203.0.113.1, 10.0.0.5"}, "203.0.113.1"},
		"two headers":                {[]string{"127.0.0.1/32", "10.0.0.0/8"}, []string{"203.0.113.1", "10.0.0.5"}, "203.0.113.1"},
		"made up beyond two proxies": {[]string{"127.0.0.1/32", "10.0.0.0/8"}, []string{"1.1.1.1, 203.0.113.1, 10.0.0.5"}, "203.0.113.1"},
		"garbage":                    {[]string{"127.0.0.1"}, []string{"1.1.1.1, <script>"}, "127.0.0.1"},
		"nothing":                    {[]string{"127.0.0.1"}, nil, "127.0.0.1"},
		"an IPv4 address as IPv6":    {[]string{"127.0.0.1"}, []string{"::ffff:203.0.113.1"}, "203.0.113.1"},
		"all are proxies of our own": {[]string{"127.0.0.1/32", "10.0.0.0/8"}, []string{"10.0.0.9, 10.0.0.5"}, "10.0.0.9"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, func(cfg *web.Config) { cfg.TrustedProxies = c.trusted })
			var header []string
			for _, f := range c.forwarded {
				header = append(header, "X-Forwarded-For", f)
			}
			header = append(header, "X-Forwarded-Proto", "https")
			got := s.get("/items", header...)
			if !strings.Contains(s.log.String(), "addr="+c.want+"\n") {
				t.Errorf("log %s, want addr %s", s.log.String(), c.want)
			}
			if secure := got.header.Get("Strict-Transport-Security") != ""; secure != (c.trusted != nil) {
				t.Errorf("secure %v", secure)
			}
		})
	}
}

func TestOnlyOurPagesAndAllowedOnesMayChangeAnything(t *testing.T) {
	s := newSite(t, func(c *web.Config) {
		c.BaseURL = "https://police.example/chat"
		c.AllowedOrigins = []string{"https://H5.example", "http://localhost:5173/"}
	})
	for origin, want := range map[string]int{
		"": 200, s.http.URL: 200, "https://police.example": 200, "https://h5.example": 200, "http://localhost:5173": 200,
		"https://evil.example": 403, "http://police.example": 403, "null": 403, "https://h5.example:8443": 403, "h5.example": 403,
		"https://user@h5.example": 403, "https://police.example.evil": 403,
	} {
		var header []string
		if origin != "" {
			header = []string{"Origin", origin}
		}
		got := s.post("/api/v1/chat", object{"text": "护照"}, header...)
		if got.status != want {
			t.Errorf("origin %q: %d, want %d", origin, got.status, want)
		}
		cors := got.header.Get("Access-Control-Allow-Origin")
		if foreign := strings.Contains(origin, "h5.example") || strings.Contains(origin, "localhost"); (cors != "") != (foreign && want == 200) {
			t.Errorf("origin %q: CORS %q", origin, cors)
		}
	}
	pre := s.ask("OPTIONS", "/api/v1/chat", "", "Origin", "https://h5.example", "Access-Control-Request-Method", "POST")
	if pre.status != 204 || !strings.Contains(pre.header.Get("Access-Control-Allow-Methods"), "POST") {
		t.Errorf("preflight %d %v", pre.status, pre.header)
	}
	wantError(t, s.ask("OPTIONS", "/api/v1/chat", "", "Origin", "https://evil.example"), 405, "bad_request")
	if got := s.get("/items", "Origin", "https://evil.example"); got.status != 200 {
		t.Errorf("reading a page: %d", got.status)
	}
}

func TestBehindHTTPSAPageThatCameUnencryptedIsNotOurs(t *testing.T) {
	s := newSite(t, func(c *web.Config) { c.TrustedProxies = []string{"127.0.0.1"} })
	for origin, want := range map[string]int{"https://police.example": 200, "http://police.example": 403} {
		got := s.post("/api/v1/chat", object{"text": "护照"}, "Origin", origin, "Host", "police.example", "X-Forwarded-Proto", "https")
		if got.status != want {
			t.Errorf("origin %s: %d, want %d", origin, got.status, want)
		}
	}
}

func TestEveryAnswerCarriesTheSecurityHeaders(t *testing.T) {
	s := newSite(t, nil)
	for _, path := range []string{"/", "/items", "/items/CRJ-007", "/nothing", "/api/v1/items", "/api/v1/nothing", "/assets/pages.css", "/healthz"} {
		h := s.get(path).header
		csp := h.Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "object-src 'none'", "connect-src 'self' ws://127.0.0.1"} {
			if !strings.Contains(csp, want) {
				t.Errorf("%s: CSP %q lacks %s", path, csp, want)
			}
		}
		if strings.Contains(csp, "unsafe") {
			t.Errorf("%s: CSP %q", path, csp)
		}
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cross-Origin-Opener-Policy": "same-origin",
		} {
			if h.Get(name) != want {
				t.Errorf("%s: %s %q", path, name, h.Get(name))
			}
		}
		if h.Get("Permissions-Policy") == "" || h.Get("X-Request-Id") == "" {
			t.Errorf("%s: %v", path, h)
		}
		if store := strings.Contains(h.Get("Cache-Control"), "no-store"); store != strings.HasPrefix(path, "/api/") && path != "/healthz" && path != "/nothing" {
			t.Errorf("%s: Cache-Control %q", path, h.Get("Cache-Control"))
		}
	}
	got := s.get("/items", "Host", "evil;script-src *")
	if strings.Contains(got.header.Get("Content-Security-Policy"), "evil") {
		t.Errorf("a made-up host stands in the CSP: %s", got.header.Get("Content-Security-Policy"))
	}
}

func TestAConfigurationThatCannotBeMeantIsRefused(t *testing.T) {
	s := newSite(t, nil)
	good := web.Config{Front: nil}
	if _, err := web.New(good); err == nil {
		t.Error("a server without a front")
	}
	for want, change := range map[string]func(*web.Config){
		"proxy.trusted":        func(c *web.Config) { c.TrustedProxies = []string{"10.0.0"} },
		"site.base_url":        func(c *web.Config) { c.BaseURL = "police.example" },
		"site.allowed_origins": func(c *web.Config) { c.AllowedOrigins = []string{"https://h5.example/page"} },
	} {
		cfg := s.config()
		change(&cfg)
		if _, err := web.New(cfg); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

func TestReadyOnlyWithAReleaseAndAStore(t *testing.T) {
	s := newSite(t, nil)
	if got := s.get("/readyz"); got.body != `{"ready":true,"release":3}`+"\n" {
		t.Errorf("ready: %s", got.body)
	}
	s.store.fail(errNoStore)
	wantError(t, s.get("/readyz"), http.StatusServiceUnavailable, "unavailable")
	s.store.fail(nil)
	s.ready.Store(false)
	for _, path := range []string{"/readyz", "/api/v1/items", "/api/v1/items/CRJ-007", "/api/v1/site", "/api/v1/suggest?q=a", "/api/v1/outlets"} {
		got := s.get(path)
		wantError(t, got, http.StatusServiceUnavailable, "unavailable")
		if got.header.Get("Retry-After") == "" {
			t.Errorf("%s has no Retry-After", path)
		}
	}
	for _, path := range []string{"/items", "/items/CRJ-007", "/articles/baojing"} {
		if got := s.get(path); got.status != 503 || !strings.Contains(got.body, "tel:110") {
			t.Errorf("%s: %d, want 503 with the telephone numbers", path, got.status)
		}
	}
	if got := s.get("/healthz"); got.status != 200 {
		t.Errorf("healthz %d", got.status)
	}
}

// callbacks stands for the platforms' adapters.
type callbacks struct{}

func (callbacks) Verify(w http.ResponseWriter, _ *http.Request)   { _, _ = io.WriteString(w, "verified") }
func (callbacks) Receive(w http.ResponseWriter, _ *http.Request)  { _, _ = io.WriteString(w, "success") }
func (callbacks) Enter(w http.ResponseWriter, _ *http.Request)    { _, _ = io.WriteString(w, "entered") }
func (callbacks) Open(w http.ResponseWriter, _ *http.Request)     { _, _ = io.WriteString(w, "opened") }
func (callbacks) SignPage(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "{}") }

func TestAPlatformMayCallForAllOfItsCitizens(t *testing.T) {
	s := newSite(t, func(c *web.Config) {
		c.WeChat, c.WeCom = callbacks{}, callbacks{}
		c.Limits = web.Limits{Visitor: web.Limit{Events: 1, Per: time.Hour}, Address: web.Limit{Events: 3, Per: time.Hour}}
	})
	for range 20 {
		for _, path := range []string{"/wechat", "/wecom"} {
			res, err := http.Post(s.http.URL+path, "text/xml", strings.NewReader("<xml/>"))
			if err != nil {
				t.Fatal(err)
			}
			_ = res.Body.Close()
			if res.StatusCode != http.StatusOK || res.Header.Get("Cache-Control") != "no-store" {
				t.Fatalf("%s: %d %v", path, res.StatusCode, res.Header)
			}
		}
	}
	res, err := http.Get(s.http.URL + "/wechat?signature=secret-in-the-query")
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if strings.Contains(s.log.String(), "secret-in-the-query") {
		t.Error("a query stands in the log")
	}
}
