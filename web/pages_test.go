package web_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"

	"shenwei/bot"
	"shenwei/web"
)

func wantAll(t *testing.T, body string, all ...string) {
	t.Helper()
	for _, want := range all {
		if !strings.Contains(body, want) {
			t.Errorf("the page lacks %s:\n%s", want, body)
		}
	}
}

func TestTheGuidePageReadsWithoutScript(t *testing.T) {
	s := newSite(t, nil, func(l *stubLive) { l.site = bot.Site{Sample: true, BaseURL: "https://police.example"} })
	got := s.get("/items/CRJ-007")
	if got.status != 200 || got.header.Get("Content-Type") != "text/html; charset=utf-8" {
		t.Fatalf("%d %v", got.status, got.header)
	}
	wantAll(t, got.body,
		`<link rel="canonical" href="https://police.example/items/CRJ-007">`, `<meta name="description" content="快到期就换`,
		`<link rel="stylesheet" href="/assets/pages.css">`, `<header class="site"><a class="brand" href="/">`, `<main class="guide">`,
		`<p class="sample">`, `<h1>往来港澳通行证换发</h1>`, `<p class="lead">快到期就换，60元。`, `<span class="badge">零跑腿</span>`,
		`class="primary" href="https://example.org/do?code=CRJ-007"`, `<table class="facts">`, `60元/张`, `7个工作日`, `限深户`,
		`<li>原通行证</li>`, `<h2>办理条件</h2>`, `<p>卡还没过期。</p>`, `<h2>办理流程</h2>`, `<ul><li>网上申请</li><li>缴费</li></ul>`,
		`<aside class="tell">`, `换卡还是签注？`, `<a href="/items/CRJ-011">往来港澳签注</a>：去香港`, `class="meta"`, `2027-05-25`, `事项目录`, `CRJ-007`, `<footer>`, `tel:110`,
		`lang="en"`)
	for _, bad := range []string{"<script>", "<script src", "<b>", "alert(1)</script>", "ZgotmplZ", "style="} {
		if strings.Contains(got.body, bad) {
			t.Errorf("the page has %s:\n%s", bad, got.body)
		}
	}
	if bare := s.get("/items/JJ-001"); bare.status != 200 {
		t.Errorf("an item with facts only: %d", bare.status)
	}
	if got := s.get("/items/crj-007"); got.status != 301 || got.header.Get("Location") != "/items/CRJ-007" {
		t.Errorf("in small letters: %d %s", got.status, got.header.Get("Location"))
	}
}

// The code holds the page's whole address; a site that does not know its own has none.
func TestAGuidePageShowsACodeForTelephones(t *testing.T) {
	at := func(base string) *site {
		return newSite(t, nil, func(l *stubLive) { l.site = bot.Site{BaseURL: base} })
	}
	known := at("https://police.example")
	if got := known.get("/items/CRJ-007"); !strings.Contains(got.body, `src="/items/CRJ-007/qr.svg"`) {
		t.Error(got.body)
	}
	if got := known.get("/items/CRJ-007/qr.svg"); got.status != 200 || got.header.Get("Content-Type") != "image/svg+xml" || !strings.HasPrefix(got.body, "<svg ") {
		t.Errorf("%d %v %.80s", got.status, got.header, got.body)
	}
	if got := known.get("/items/NO-1/qr.svg"); got.status != 404 {
		t.Error(got.status)
	}
	unknown := at("")
	if got := unknown.get("/items/CRJ-007"); strings.Contains(got.body, "qr.svg") {
		t.Error("a code that leads nowhere")
	}
	if got := unknown.get("/items/CRJ-007/qr.svg"); got.status != 404 {
		t.Error(got.status)
	}
}

func TestAGuidePageHasNoButtonToItselfAndNoneToAScript(t *testing.T) {
	s := newSite(t, nil, func(l *stubLive) {
		l.links = []bot.Link{
			{Kind: bot.LinkWeb, Label: "去办理", URL: "/items/CRJ-007"}, {Kind: bot.LinkWeb, Label: "坏", URL: "javascript:alert(1)"},
			{Kind: bot.LinkMini, Label: "小程序", URL: "weixin://dl/business/?t=x"},
		}
	})
	body := s.get("/items/CRJ-007").body
	wantAll(t, body, `class="primary" href="weixin://dl/business/?t=x"`)
	if strings.Contains(body, "javascript:") || strings.Contains(body, "去办理") {
		t.Errorf("a button that leads nowhere:\n%s", body)
	}
}

func TestTheListOfItemsIsByPoliceType(t *testing.T) {
	s := newSite(t, nil)
	wantAll(t, s.get("/items").body, `<h2>出入境</h2>`, `<h2>交警</h2>`, `<ul class="items">`, `<a href="/items/JJ-001"><span>驾驶证换证</span>`)
}

func TestAnArticleIsRenderedAndSanitised(t *testing.T) {
	s := newSite(t, nil)
	body := s.get("/articles/baojing").body
	wantAll(t, body, `<h1>报警电话</h1>`, `<ol>`, `<li>先到安全处</li>`, `href="tel:110"`, `href="/items/CRJ-007"`, `<table>`,
		`class="primary" href="tel:110"`, `治安管理处罚法`, `往来港澳通行证换发`)
	for _, bad := range []string{"javascript:", "onerror", "<img"} {
		if strings.Contains(body, bad) {
			t.Errorf("the article has %s:\n%s", bad, body)
		}
	}
}

func TestThePrivacyNoticeSaysWhatIsKeptAndHowLong(t *testing.T) {
	s := newSite(t, func(c *web.Config) { c.RetentionDays = 30 })
	wantAll(t, s.get("/privacy").body, "示例单位", "30 天", "身份证号", "您的权利", "不用登录")
	wantAll(t, newSite(t, nil).get("/privacy").body, "180 天")
	withPeople := newStaffSite(t, nil, func(c *web.Config) { c.PictureDays = 14 })
	wantAll(t, withPeople.get("/privacy").body, "图片加密保存，最多 14 天", "每次查看都有记录")
	if strings.Contains(s.get("/privacy").body, "图片") {
		t.Error("pictures are spoken of where nobody looks at them")
	}
}

func TestAMissingPageHasTheTelephoneNumbers(t *testing.T) {
	s := newSite(t, nil)
	for _, path := range []string{"/nothing", "/items/XX-1", "/items/%3Cscript%3E", "/articles/nothing", "/assets/nothing.js", "/assets/../../go.mod", "/desk"} {
		got := s.get(path)
		if got.status == 301 || got.status == 307 { // the mux cleans the path
			continue
		}
		if got.status != 404 || strings.Contains(got.body, "<script>") {
			t.Errorf("%s: %d", path, got.status)
		}
		wantAll(t, got.body, "tel:110", "tel:12345", "没有找到")
	}
}

func TestTheChatPageAndItsFilesAreServed(t *testing.T) {
	s := newSite(t, nil)
	index := s.get("/")
	wantAll(t, index.body, `<div id="app">`)
	if index.header.Get("Cache-Control") != "no-cache" || index.header.Get("ETag") == "" {
		t.Errorf("index: %v", index.header)
	}
	if again := s.get("/", "If-None-Match", index.header.Get("ETag")); again.status != http.StatusNotModified {
		t.Errorf("unchanged: %d", again.status)
	}
	js := s.get("/assets/index-0a1b2c3d.js", "Accept-Encoding", "gzip")
	if !strings.Contains(js.header.Get("Cache-Control"), "immutable") || js.header.Get("Content-Encoding") != "gzip" {
		t.Errorf("script: %v", js.header)
	}
	z, err := gzip.NewReader(strings.NewReader(js.body))
	if err != nil {
		t.Fatal(err)
	}
	if plain, err := io.ReadAll(z); err != nil || !strings.Contains(string(plain), "compressing") {
		t.Errorf("script: %q %v", plain, err)
	}
	if css := s.get("/assets/pages.css"); css.header.Get("Cache-Control") != "no-cache" || css.header.Get("Content-Type") != "text/css; charset=utf-8" {
		t.Errorf("style: %v", css.header)
	}
}

func TestAServerWithoutABuiltPageStillGuides(t *testing.T) {
	s := newSite(t, func(c *web.Config) { c.Assets = fstest.MapFS{} })
	if got := s.get("/"); got.status != 503 || !strings.Contains(got.body, "tel:110") {
		t.Errorf("%d %s", got.status, got.body)
	}
	if got := s.get("/items/CRJ-007"); got.status != 200 {
		t.Errorf("guide: %d", got.status)
	}
}

func TestItemsAreListedByPoliceTypeLifeEventAndAudience(t *testing.T) {
	s := newSite(t, nil, func(*stubLive) {})
	plain := s.get("/items")
	wantAll(t, plain.body, `href="/items?by=life"`, `href="/items?by=audience"`, `aria-current="page">按警种`, `/items/CRJ-007`)
	life := s.get("/items?by=life")
	if life.status != 200 || !strings.Contains(life.body, `aria-current="page">按人生大事`) {
		t.Errorf("by life event: %d\n%s", life.status, life.body)
	}
	if got := s.get("/items?by=nonsense"); got.status != 200 || !strings.Contains(got.body, `aria-current="page">按警种`) {
		t.Errorf("an unknown order falls back to the police types: %d", got.status)
	}
}
