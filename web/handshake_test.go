package web_test

import (
	"testing"

	"shenwei/web"
)

func TestTheHandshakeChecksOriginChannelAndUpgrade(t *testing.T) {
	s := newSite(t, func(c *web.Config) { c.AllowedOrigins = []string{"https://h5.example"} })
	for _, c := range []struct {
		path, origin string
		status       int
	}{
		{"/ws/chat", "", 101}, {"/ws/chat", s.http.URL, 101}, {"/ws/chat", "https://h5.example", 101},
		{"/ws/chat?channel=h5", "", 101}, {"/ws/chat?channel=cli", "", 400},
		{"/ws/chat", "https://evil.example", 403}, {"/ws/chat", "null", 403}, {"/ws/chat", "https://h5.example.evil", 403},
	} {
		var header []string
		if c.origin != "" {
			header = []string{"Origin", c.origin}
		}
		_, res, err := s.tryDial(c.path, header...)
		if res == nil || res.StatusCode != c.status {
			t.Errorf("%s from %q: %v %v, want %d", c.path, c.origin, res, err, c.status)
		}
	}
	wantError(t, s.get("/ws/chat"), 400, "bad_request")
}

func TestTheCookieOpensAConversationOverTheSocket(t *testing.T) {
	s := newSite(t, nil)
	first := s.say("", "", "r1", "一")
	c := s.dial("Cookie", web.CookieName+"="+first.Token, "Origin", s.http.URL)
	c.send(hello(first.Conversation, "", 2))
	if f := c.want("ready"); f.Token != "" || f.Seq != 2 {
		t.Errorf("ready %+v: the cookie's token must not be told to scripts", f)
	}
	c.send(say("r2", "二"))
	c.want("ack")
	c.want("reply")
}
