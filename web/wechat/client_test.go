package wechat_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"shenwei/web/wechat"
	"shenwei/web/wechat/simulator"
)

func TestATokenIsFetchedOnceForAll(t *testing.T) {
	w := newWorld(t, options{})
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			if err := w.client.CheckToken(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := w.sim.Calls("stable_token"); n != 1 {
		t.Errorf("fetched %d times", n)
	}
	w.clock.add(114 * time.Minute) // five minutes before its end at the latest
	if err := w.client.CheckToken(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.clock.add(2 * time.Minute)
	if err := w.client.CheckToken(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := w.sim.Calls("stable_token"); n != 2 {
		t.Errorf("fetched %d times in two hours", n)
	}
}

func TestALostTokenIsReplacedWithoutAnybodyNoticing(t *testing.T) {
	w := relayed(t, options{})
	w.agent("o1", "1", "一")
	w.send()
	w.sim.LoseToken()
	var all sync.WaitGroup
	for i := range 20 {
		w.sim.Push(t.Context(), w.sim.Text(fmt.Sprint("p", i), "在"))
		w.agent(fmt.Sprint("p", i), fmt.Sprint(i), "二")
	}
	all.Go(w.send)
	all.Wait()
	for i := range 20 {
		w.sees(fmt.Sprint("p", i), "二")
	}
	if n := w.sim.Calls("stable_token"); n > 3 {
		t.Errorf("fetched %d times for twenty who noticed", n)
	}
}

func TestATokenIsForcedOnceWhereThePlatformsOwnIsRefused(t *testing.T) {
	w := newWorld(t, options{})
	w.say("o1", "在")
	refuse := func(n int) {
		for range n {
			w.sim.Fail("message/custom/typing", simulator.Fault{Code: 40001})
		}
	}
	refuse(1) // refused though it is the present one: the next is forced
	if err := w.client.Typing(t.Context(), "o1", true); err != nil {
		t.Fatal(err)
	}
	if n := w.sim.Calls("stable_token"); n != 3 { // at first, again, forced
		t.Errorf("fetched %d times", n)
	}
	refuse(2)
	if err := w.client.Typing(t.Context(), "o1", true); err == nil {
		t.Error("forced twice within a minute")
	}
	if n := w.sim.Calls("stable_token"); n != 4 {
		t.Errorf("fetched %d times", n)
	}
}

func TestPagesAreSignedForOurOwnSiteOnly(t *testing.T) {
	w := newWorld(t, options{config: func(c *wechat.Config) { c.Base = "https://example.org" }})
	for page, ok := range map[string]bool{
		"https://example.org/items/CRJ-011?a=1#x": true, "https://example.org.evil.org/": false, "http://example.org/": false,
		"https://user@example.org/": false, "https://evil.org/?https://example.org/": false, "": false,
	} {
		res, err := http.Get(w.http.URL + "/wechat/sign?url=" + url.QueryEscape(page))
		if err != nil {
			t.Fatal(err)
		}
		var cfg wechat.PageConfig
		if ok {
			if err := json.NewDecoder(res.Body).Decode(&cfg); err != nil || cfg.AppID != w.account.AppID || len(cfg.Signature) != 40 || cfg.Nonce == "" {
				t.Errorf("%s: %+v %v", page, cfg, err)
			}
		}
		_ = res.Body.Close()
		if (res.StatusCode == http.StatusOK) != ok {
			t.Errorf("%s: %d", page, res.StatusCode)
		}
	}
	if n := w.sim.Calls("ticket/getticket"); n != 1 {
		t.Errorf("%d tickets", n)
	}
}

// browser is a phone's, with cookies, that stops at our own page.
func browser(t *testing.T) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &http.Client{Jar: jar, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if r.URL.Path == "/" {
			return http.ErrUseLastResponse
		}
		return nil
	}}
}

func TestAVisitorContinuesHerOwnConversation(t *testing.T) {
	var base string
	w := newWorld(t, options{config: func(c *wechat.Config) { c.Base = "http://example.org" }})
	base = w.http.URL
	w.say("o1", "护照")
	enter := func(b *http.Client) (where, token string) {
		// The site's public name leads to the server of the test.
		b.Transport = rewrite{"example.org", strings.TrimPrefix(base, "http://")}
		res, err := b.Get("http://example.org/wechat/enter")
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		u := &url.URL{Scheme: "http", Host: "example.org", Path: "/"}
		for _, c := range b.Jar.Cookies(u) {
			if c.Name == "shenwei_token" {
				token = c.Value
			}
		}
		return res.Header.Get("Location"), token
	}
	w.sim.Visitor("o1")
	where, token := enter(browser(t))
	if where != "/#c="+w.conversation("o1") || strings.Contains(where, "o1") {
		t.Errorf("sent to %s", where)
	}
	if err := w.store.Authorize(t.Context(), w.conversation("o1"), token); err != nil {
		t.Errorf("her token does not open it: %v", err)
	}
	w.sim.Visitor("o2") // who never wrote
	if _, token := enter(browser(t)); w.store.Authorize(t.Context(), w.conversation("o2"), token) != nil {
		t.Error("a new visitor has no conversation")
	}
	w.sim.Fail("/sns/oauth2/access_token", simulator.Fault{Code: 40029})
	if where, token := enter(browser(t)); token == "" || where == "/" {
		t.Errorf("a code that is too old: %s", where)
	}
	w.sim.Fail("/sns/oauth2/access_token", simulator.Fault{Code: 40163}, simulator.Fault{Code: 40163})
	if where, token := enter(browser(t)); token != "" || where != "/" {
		t.Errorf("a code that is no good: %s %s", where, token)
	}
}

// rewrite sends requests for a name to an address.
type rewrite struct{ name, address string }

func (r rewrite) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.URL.Host == r.name {
		req = req.Clone(req.Context())
		req.URL.Host = r.address
	}
	return http.DefaultTransport.RoundTrip(req)
}

func TestNobodyEntersWithAnothersState(t *testing.T) {
	w := newWorld(t, options{config: func(c *wechat.Config) { c.Base = "https://example.org" }})
	for _, query := range []string{"?code=c&state=s", "?code=c", "?code=c&state="} {
		b := browser(t)
		res, err := b.Get(w.http.URL + "/wechat/enter" + query)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if res.Header.Get("Location") != "/" || w.sim.Calls("/sns/oauth2/access_token") != 0 {
			t.Errorf("%s: %s", query, res.Header.Get("Location"))
		}
		for _, c := range res.Cookies() {
			if c.Name == "shenwei_token" {
				t.Errorf("%s: a token is given", query)
			}
		}
	}
}

func TestAMiniProgramIsOpenedFromAnywhereOrItsGuideIsShown(t *testing.T) {
	const page = "pages/item?code=CRJ-011"
	known := func(p string) string { return map[string]string{page: "CRJ-011"}[p] }
	w := newWorld(t, options{config: func(c *wechat.Config) { c.Mini, c.MiniItem = c.Client, known }})
	open := func(page string) string {
		res, err := http.DefaultTransport.RoundTrip(request(t, w.http.URL+"/wechat/open?page="+url.QueryEscape(page)))
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		return res.Header.Get("Location")
	}
	for range 3 {
		if where := open(page); where != "https://wxaurl.cn/simulated" {
			t.Errorf("sent to %s", where)
		}
	}
	if n := w.sim.Calls("/wxa/generate_urllink"); n != 1 {
		t.Errorf("%d links were made", n)
	}
	for _, other := range []string{"", "pages/admin", "https://evil.org"} {
		if where := open(other); where != "/items" {
			t.Errorf("%q: sent to %s", other, where)
		}
	}
	w.clock.add(29*24*time.Hour + time.Minute)
	w.sim.Fail("/wxa/generate_urllink", simulator.Fault{Code: 85079})
	if where := open(page); where != "/items/CRJ-011" {
		t.Errorf("the mini-program is not published: sent to %s", where)
	}
	if where := open(page); where != "https://wxaurl.cn/simulated" {
		t.Errorf("sent to %s", where)
	}
}

func request(t *testing.T, address string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}
