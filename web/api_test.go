package web_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"shenwei/bot"
	"shenwei/intents"
	"shenwei/kb"
	"shenwei/web"
)

func TestTheFirstReplyCarriesATokenThatOpensTheConversation(t *testing.T) {
	s := newSite(t, nil)
	first := s.say("", "", "ref-1", "护照丢了")
	if first.Token == "" || first.Conversation == "" || first.Seq != 2 || first.Text != "答：护照丢了" {
		t.Fatalf("first reply %+v", first)
	}
	second := s.say(first.Conversation, first.Token, "ref-2", "多少钱")
	if second.Token != "" || second.Conversation != first.Conversation || second.Seq != 4 {
		t.Fatalf("second reply %+v", second)
	}
	got := s.get("/api/v1/conversations/"+first.Conversation+"/messages?after=1", "Authorization", "Bearer "+first.Token)
	var page struct {
		Messages []bot.Stored
		More     bool
	}
	decode(t, got.body, &page)
	var kinds []string
	for _, m := range page.Messages {
		kinds = append(kinds, m.Kind+":"+m.Text)
	}
	if want := []string{"reply:答：护照丢了", "citizen:多少钱", "reply:答：多少钱"}; !slices.Equal(kinds, want) || page.More {
		t.Fatalf("messages %v, want %v", kinds, want)
	}
}

func TestTheSameRefReturnsTheSameReply(t *testing.T) {
	s := newSite(t, nil)
	first := s.say("", "", "a-ref-of-enough-length", "护照丢了")
	again := s.say("", "", "a-ref-of-enough-length", "护照丢了")
	if again.Conversation != first.Conversation || again.Seq != first.Seq || again.Token == "" {
		t.Fatalf("again %+v, want %+v", again, first)
	}
	got := s.post("/api/v1/chat", object{"ref": "a-ref-of-enough-length", "text": "别的话", "channel": "web"})
	wantError(t, got, 409, "conflict")
}

func TestATappedChoiceIsPassedOn(t *testing.T) {
	s := newSite(t, nil)
	got := s.post("/api/v1/chat", object{"choice": "CRJ-011"})
	if got.status != 200 || !strings.Contains(got.body, "选了 CRJ-011") {
		t.Fatalf("%d %s", got.status, got.body)
	}
}

func TestAConversationOpensOnlyWithItsToken(t *testing.T) {
	s := newSite(t, nil)
	mine, yours := s.say("", "", "r1", "我的秘密"), s.say("", "", "r2", "你的秘密")
	for name, got := range map[string]answer{
		"wrong token, chat":      s.post("/api/v1/chat", object{"conversation": mine.Conversation, "token": "wrong", "text": "x"}),
		"another's token, chat":  s.post("/api/v1/chat", object{"conversation": mine.Conversation, "token": yours.Token, "text": "x"}),
		"no token, chat":         s.post("/api/v1/chat", object{"conversation": mine.Conversation, "text": "x"}),
		"unknown, chat":          s.post("/api/v1/chat", object{"conversation": "nowhere", "token": mine.Token, "text": "x"}),
		"no token, messages":     s.get("/api/v1/conversations/" + mine.Conversation + "/messages"),
		"another's, messages":    s.get("/api/v1/conversations/"+mine.Conversation+"/messages", "Authorization", "Bearer "+yours.Token),
		"unknown, messages":      s.get("/api/v1/conversations/nowhere/messages", "Authorization", "Bearer "+mine.Token),
		"wrong scheme, messages": s.get("/api/v1/conversations/"+mine.Conversation+"/messages", "Authorization", "Basic "+mine.Token),
		"wrong token, feedback":  s.post("/api/v1/feedback", object{"conversation": mine.Conversation, "token": "x", "seq": 2, "score": 1}),
		"another's, feedback":    s.post("/api/v1/feedback", object{"conversation": mine.Conversation, "token": yours.Token, "seq": 2, "score": 1}),
	} {
		t.Run(name, func(t *testing.T) {
			wantError(t, got, 404, "not_found")
			if strings.Contains(got.body, "秘密") {
				t.Errorf("another visitor's words: %s", got.body)
			}
		})
	}
}

func TestTheCookieOfOurPagesCarriesTheToken(t *testing.T) {
	s := newSite(t, func(c *web.Config) { c.TrustedProxies = []string{"127.0.0.1/32"} })
	got := s.post("/api/v1/chat", object{"text": "护照丢了", "channel": "web"}, "Origin", s.http.URL)
	cookie := got.header.Get("Set-Cookie")
	for _, want := range []string{web.CookieName + "=", "HttpOnly", "SameSite=Lax", "Path=/"} {
		if !strings.Contains(cookie, want) {
			t.Errorf("cookie %q lacks %s", cookie, want)
		}
	}
	if strings.Contains(cookie, "Secure") {
		t.Errorf("cookie over http is Secure: %q", cookie)
	}
	var first bot.Reply
	decode(t, got.body, &first)
	header := []string{"Origin", s.http.URL, "Cookie", web.CookieName + "=" + first.Token}
	if next := s.post("/api/v1/chat", object{"conversation": first.Conversation, "text": "多少钱"}, header...); next.status != 200 {
		t.Errorf("with the cookie: %d %s", next.status, next.body)
	}
	if list := s.get("/api/v1/conversations/"+first.Conversation+"/messages", header...); list.status != 200 {
		t.Errorf("messages with the cookie: %d %s", list.status, list.body)
	}
	other := s.post("/api/v1/chat", object{"conversation": first.Conversation, "text": "偷"}, "Origin", "https://evil.example",
		"Cookie", web.CookieName+"="+first.Token)
	wantError(t, other, 403, "forbidden")
	read := s.get("/api/v1/conversations/"+first.Conversation+"/messages", "Origin", "https://evil.example",
		"Cookie", web.CookieName+"="+first.Token)
	wantError(t, read, 404, "not_found")

	secure := s.post("/api/v1/chat", object{"text": "护照", "channel": "h5"}, "X-Forwarded-Proto", "https")
	if !strings.Contains(secure.header.Get("Set-Cookie"), "Secure") {
		t.Errorf("cookie over https: %q", secure.header.Get("Set-Cookie"))
	}
	for _, channel := range []string{"api", "terminal"} {
		if got := s.post("/api/v1/chat", object{"text": "护照", "channel": channel}); got.header.Get("Set-Cookie") != "" {
			t.Errorf("channel %s got a cookie", channel)
		}
	}
}

func TestItemsAreListedAndFiltered(t *testing.T) {
	s := newSite(t, nil)
	for query, want := range map[string]string{
		"": "CRJ-007 CRJ-011 JJ-001", "?popular=1": "CRJ-007", "?police_type=" + url.QueryEscape("交警"): "JJ-001", "?police_type=x": "",
	} {
		var list struct {
			Items []struct {
				Code       string
				TripsLabel string `json:"trips_label"`
			}
		}
		got := s.get("/api/v1/items" + query)
		decode(t, got.body, &list)
		var codes []string
		for _, it := range list.Items {
			codes = append(codes, it.Code)
		}
		if strings.Join(codes, " ") != want || strings.Contains(got.body, "null") {
			t.Errorf("items%s: %v, want %s", query, codes, want)
		}
	}
	wantError(t, s.get("/api/v1/items?popular=maybe"), 400, "bad_request")
}

func TestAnItemIsWholeWithLinksReleaseAndRevision(t *testing.T) {
	s := newSite(t, nil)
	var it struct {
		kb.Item
		Links             []bot.Link `json:"links"` // the buttons, in place of the item's own addresses
		Release, Revision int64
	}
	got := s.get("/api/v1/items/CRJ-007")
	decode(t, got.body, &it)
	if it.Facets[kb.How] == "" || it.Links[0].URL == "" || it.Release != 3 || it.Revision != 2 || it.English.Name == "" {
		t.Fatalf("item %s", got.body)
	}
	if bare := s.get("/api/v1/items/CRJ-011"); strings.Contains(bare.body, "null") {
		t.Errorf("a list is null: %s", bare.body)
	}
	wantError(t, s.get("/api/v1/items/CRJ-999"), 404, "not_found")
	wantError(t, s.get("/api/v1/articles/nothing"), 404, "not_found")
	if art := s.get("/api/v1/articles/baojing"); !strings.Contains(art.body, `"id":"baojing"`) || !strings.Contains(art.body, `"revision":2`) {
		t.Errorf("article %s", art.body)
	}
}

func TestSuggestionsAreFewDistinctAndRemembered(t *testing.T) {
	asked := make(chan string, 100)
	s := newSite(t, nil, func(l *stubLive) {
		l.nearest = func(text string) []intents.Scored {
			asked <- text
			found := []intents.Scored{
				{Kind: kb.KindItem, Code: "CRJ-007", Phrase: "换港澳通行证"}, {Kind: kb.KindItem, Code: "CRJ-007", Phrase: "通行证到期"},
				{Kind: kb.KindArticle, Code: "baojing", Phrase: "怎么报警"},
			}
			for _, c := range "abcdefghijk" {
				found = append(found, intents.Scored{Kind: kb.KindItem, Code: string(c), Phrase: string(c)})
			}
			return found
		}
	})
	for range 3 {
		var got struct {
			Suggestions []struct{ Text, Code, ID string }
		}
		decode(t, s.get("/api/v1/suggest?q="+url.QueryEscape(" 通\u202e行证\x00 ")).body, &got)
		if len(got.Suggestions) != 8 || got.Suggestions[0].Code != "CRJ-007" || got.Suggestions[1].ID != "baojing" {
			t.Fatalf("suggestions %+v", got)
		}
	}
	if n := len(asked); n != 1 {
		t.Errorf("asked %d times, want 1", n)
	}
	if text := <-asked; text != "通 行证" {
		t.Errorf("asked for %q", text)
	}
	if got := s.get("/api/v1/suggest?q="); got.body != `{"suggestions":[]}`+"\n" {
		t.Errorf("empty: %s", got.body)
	}
	wantError(t, s.get("/api/v1/suggest?q="+strings.Repeat("a", 101)), 400, "bad_request")
	wantError(t, s.get("/api/v1/suggest?q=%ff%fe"), 400, "bad_request")
}

func TestOutletsAreSortedByDistance(t *testing.T) {
	s := newSite(t, nil)
	names := func(query string) string {
		var got struct {
			Outlets []struct {
				ID        string
				DistanceM *int `json:"distance_m"`
			}
		}
		answer := s.get("/api/v1/outlets?" + query)
		decode(t, answer.body, &got)
		var ids []string
		for _, o := range got.Outlets {
			id := o.ID
			if o.DistanceM != nil {
				id += "!"
			}
			ids = append(ids, id)
		}
		return strings.Join(ids, " ")
	}
	for query, want := range map[string]string{
		"":                                  "futian nanshan luohu jiaojing",
		"near=22.53,113.94":                 "nanshan! jiaojing! futian! luohu",
		"near=22.53,113.94&item=CRJ-007":    "nanshan! futian! luohu",
		"item=CRJ-011":                      "futian luohu",
		"district=" + url.QueryEscape("南山"): "nanshan jiaojing",
		"district=" + url.QueryEscape("车公庙"): "futian",
		"district=nowhere":                   "",
	} {
		if got := names(query); got != want {
			t.Errorf("outlets?%s: %s, want %s", query, got, want)
		}
	}
	for _, near := range []string{"here", "22.5", "91,0", "0,181", "NaN,0", "1,2,3", "22.5;114"} {
		wantError(t, s.get("/api/v1/outlets?near="+url.QueryEscape(near)), 400, "bad_request")
	}
	wantError(t, s.get("/api/v1/outlets?item=XX"), 404, "not_found")
}

func TestFeedbackIsStoredForAReply(t *testing.T) {
	s := newSite(t, nil)
	first := s.say("", "", "r1", "护照")
	thumb := object{"conversation": first.Conversation, "token": first.Token, "seq": first.Seq, "score": -1, "reason": "答非所问"}
	if got := s.post("/api/v1/feedback", thumb); got.status != 200 || len(s.store.feedback) != 1 {
		t.Fatalf("%d %s %v", got.status, got.body, s.store.feedback)
	}
	for field, value := range map[string]any{"score": 2, "seq": 0, "reason": strings.Repeat("长", 201)} {
		bad := object{"conversation": first.Conversation, "token": first.Token, "seq": first.Seq, "score": 1}
		bad[field] = value
		wantError(t, s.post("/api/v1/feedback", bad), 400, "bad_request")
	}
	thumb["seq"] = 1
	wantError(t, s.post("/api/v1/feedback", thumb), 404, "not_found")
}

func TestATranscriptSaysWhoSaidWhat(t *testing.T) {
	s := newSite(t, nil)
	r := s.say("", "", "r1", "护照怎么换")
	s.store.write(r.Conversation, "agent", "您好，请带身份证")
	got := s.get("/api/v1/conversations/"+r.Conversation+"/transcript", "Authorization", "Bearer "+r.Token)
	if got.status != 200 || !strings.HasPrefix(got.header.Get("Content-Type"), "text/plain") {
		t.Fatalf("%d %v", got.status, got.header)
	}
	for _, want := range []string{"我\n护照怎么换", "智能客服\n答：护照怎么换", "坐席 \n您好，请带身份证"} {
		if !strings.Contains(got.body, want) {
			t.Errorf("%q is missing in\n%s", want, got.body)
		}
	}
	wantError(t, s.get("/api/v1/conversations/"+r.Conversation+"/transcript", "Authorization", "Bearer x"), 404, "not_found")
}

func TestTwoAnswersOfNoUseOfferAPerson(t *testing.T) {
	s := newSite(t, nil)
	first := s.say("", "", "r1", "护照")
	second := s.say(first.Conversation, first.Token, "r2", "签证")
	for _, c := range []struct {
		seq   int64
		score int
		want  bool
	}{{first.Seq, -1, false}, {first.Seq, -1, false}, {second.Seq, 1, false}, {second.Seq, -1, true}} {
		got := s.post("/api/v1/feedback", object{"conversation": first.Conversation, "token": first.Token, "seq": c.seq, "score": c.score})
		if got.status != 200 || strings.Contains(got.body, `"offer":"person"`) != c.want {
			t.Errorf("%+v: %d %s", c, got.status, got.body)
		}
	}
}

func TestTheSiteSaysThatItsDataAreSamples(t *testing.T) {
	s := newSite(t, nil)
	if got := s.get("/api/v1/site"); !strings.Contains(got.body, `"sample":true`) || !strings.Contains(got.body, "不能作为办事依据") {
		t.Errorf("%s", got.body)
	}
	own := newSite(t, nil, func(l *stubLive) { l.site = bot.Site{Hotline: "0755-12345678"} })
	if got := own.get("/api/v1/site"); got.body != `{"sample":false,"name":"深微","hotline":"0755-12345678","notice":"","notices":[]}`+"\n" {
		t.Errorf("%s", got.body)
	}
}

func TestAnotherMethodIs405AndAnotherPath404(t *testing.T) {
	s := newSite(t, nil)
	for path, allow := range map[string]string{"/api/v1/chat": "POST", "/api/v1/items": "GET, HEAD", "/healthz": "GET, HEAD", "/ws/chat": "GET, HEAD"} {
		got := s.ask(http.MethodDelete, path, "")
		wantError(t, got, 405, "bad_request")
		if got.header.Get("Allow") != allow {
			t.Errorf("%s allows %q, want %q", path, got.header.Get("Allow"), allow)
		}
	}
	wantError(t, s.get("/api/v1/nothing"), 404, "not_found")
	wantError(t, s.get("/api/v2/"), 404, "not_found")
}

func TestASuggestionThatWasTakenDownIsNotRemembered(t *testing.T) {
	s := newSite(t, nil, func(l *stubLive) {
		l.nearest = func(string) []intents.Scored {
			if l.overrides.Hides("item/CRJ-007") {
				return nil
			}
			return []intents.Scored{{Kind: kb.KindItem, Code: "CRJ-007", Phrase: "护照怎么换"}}
		}
	})
	if got := s.get("/api/v1/suggest?q=a"); !strings.Contains(got.body, "CRJ-007") {
		t.Fatal(got.body)
	}
	s.live.overrides = &bot.Overrides{Version: 1, Takedowns: []bot.Takedown{{ID: 1, Key: "item/CRJ-007"}}}
	if got := s.get("/api/v1/suggest?q=a"); strings.Contains(got.body, "CRJ-007") {
		t.Error(got.body)
	}
}

func TestANoticeStandsOnTheSiteWhileItHolds(t *testing.T) {
	s := newSite(t, nil)
	from := s.clock.Now()
	s.live.overrides = &bot.Overrides{Notices: []bot.Notice{{ID: 1, Text: "台风", Level: bot.NoticeWarn, From: from, Until: from.Add(time.Hour)}}}
	if got := s.get("/api/v1/site"); !strings.Contains(got.body, `"notices":[{"text":"台风","level":"warn"`) {
		t.Error(got.body)
	}
	s.clock.add(time.Hour)
	if got := s.get("/api/v1/site"); !strings.Contains(got.body, `"notices":[]`) {
		t.Error(got.body)
	}
}
