package web_test

import (
	"strings"
	"testing"
	"time"

	"shenwei/web"
)

func TestWhoSendsALargePictureInVainReadsWhy(t *testing.T) {
	s := newSite(t, nil)
	c := s.say("", "", "r1", "你好")
	path, bearer := "/api/v1/conversations/"+c.Conversation+"/pictures", "Bearer "+c.Token
	large := strings.Repeat("\xff\xd8\xff", 5<<20/3)
	for range 3 { // the answer must not depend on who is faster
		wantError(t, s.ask("POST", path, large, "Authorization", bearer), 403, "forbidden")
		wantError(t, s.ask("POST", path, large, "Authorization", "Bearer other"), 404, "not_found")
		wantError(t, s.ask("POST", path, large+large, "Authorization", bearer), 403, "forbidden")
	}
	s.store.serveAll()
	wantError(t, s.ask("POST", path, large, "Authorization", bearer), 400, "bad_request")
	wantError(t, s.ask("POST", path, large+large, "Authorization", bearer), 413, "too_large")
	wantError(t, s.ask("POST", path+"?ref="+strings.Repeat("x", 129), onePixel, "Authorization", bearer), 400, "bad_request")
	wantError(t, s.ask("POST", path, onePixel, "Cookie", web.CookieName+"="+c.Token, "Origin", "https://evil.example"), 403, "forbidden")
}

func TestAPageReadsAllItsPicturesAtOnce(t *testing.T) {
	s := newSite(t, func(c *web.Config) { c.Limits = web.Limits{Visitor: web.Limit{Events: 3, Per: time.Hour}} })
	c := s.say("", "", "r1", "你好")
	s.store.putPictures()
	path, bearer := "/api/v1/conversations/"+c.Conversation+"/pictures/1", "Bearer "+c.Token
	for range 10 {
		if got := s.get(path+"?size=small", "Authorization", bearer); got.status != 200 || got.body != "\xff\xd8 small" || got.header.Get("Content-Type") != "image/jpeg" {
			t.Fatalf("%d %q", got.status, got.body)
		}
	}
	for _, wrong := range []string{"/0", "/x", "/99", "/-1", "/99999999999999999999"} {
		wantError(t, s.get(strings.TrimSuffix(path, "/1")+wrong, "Authorization", bearer), 404, "not_found")
	}
	wantError(t, s.get(path), 404, "not_found")
	wantError(t, s.get(path, "Cookie", web.CookieName+"="+c.Token, "Origin", "https://other.example"), 404, "not_found")
}
