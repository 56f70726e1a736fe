package web_test

import (
	"encoding/json"
	"encoding/xml"
	"net/url"
	"strings"
	"testing"

	"shenwei/bot"
	"shenwei/web"
)

const partner = "https://www.city.example"

func embedding(t *testing.T) *site {
	t.Helper()
	return newSite(t, func(c *web.Config) { c.AllowedOrigins = []string{partner, "https://other.example:8443"} })
}

func TestTheChatPageIsFramedByAnAllowedSiteAndNobodyElse(t *testing.T) {
	s := embedding(t)
	got := s.get("/embed?o=" + url.QueryEscape(partner))
	wantAll(t, got.body, `<div id="app">`)
	csp := got.header.Get("Content-Security-Policy")
	if got.status != 200 || !strings.Contains(csp, "frame-ancestors "+partner) || strings.Contains(csp, "other.example") || got.header.Get("X-Frame-Options") != "" || len(got.header.Values("Set-Cookie")) > 0 {
		t.Errorf("%d %v", got.status, got.header)
	}
	for _, origin := range []string{
		"", "https://evil.example", partner + ".evil.example", "http://www.city.example", partner + "/", partner + ";script-src *", partner + " *", "null", "*",
	} {
		got := s.get("/embed?o=" + url.QueryEscape(origin))
		if got.status != 403 || strings.Contains(got.body, `id="app"`) || !strings.Contains(got.body, "没有获准嵌入") {
			t.Errorf("%q: %d\n%s", origin, got.status, got.body)
		}
		// The page that says so may be shown; it can do nothing.
		if csp := got.header.Get("Content-Security-Policy"); !strings.HasSuffix(csp, "frame-ancestors *") {
			t.Errorf("%q: %s", origin, csp)
		}
	}
	for _, path := range []string{"/", "/items", "/items/CRJ-007", "/outlets", "/privacy"} {
		got := s.get(path)
		if !strings.Contains(got.header.Get("Content-Security-Policy"), "frame-ancestors 'none'") || got.header.Get("X-Frame-Options") != "DENY" {
			t.Errorf("%s may be framed: %v", path, got.header)
		}
	}
}

func TestTheLoaderIsOpenToEverySite(t *testing.T) {
	s := embedding(t)
	got := s.get("/embed.js")
	if got.status != 200 || got.header.Get("Cross-Origin-Resource-Policy") != "cross-origin" || !strings.HasPrefix(got.header.Get("Content-Type"), "text/javascript") {
		t.Errorf("%d %v", got.status, got.header)
	}
}

// graph is the structured data of a page.
func graph(t *testing.T, body string) []map[string]any {
	t.Helper()
	_, rest, ok := strings.Cut(body, `<script type="application/ld+json">`)
	text, _, closed := strings.Cut(rest, "</script>")
	if !ok || !closed {
		t.Fatalf("no structured data:\n%s", body)
	}
	var data struct {
		Context string           `json:"@context"`
		Graph   []map[string]any `json:"@graph"`
	}
	if err := json.Unmarshal([]byte(text), &data); err != nil || data.Context != "https://schema.org" {
		t.Fatalf("%v: %s", err, text)
	}
	return data.Graph
}

func TestGuidePagesCarryStructuredData(t *testing.T) {
	s := newSite(t, nil, func(l *stubLive) { l.site = bot.Site{BaseURL: "https://police.example"} })
	service := graph(t, s.get("/items/CRJ-007").body)
	if service[0]["@type"] != "GovernmentService" || service[0]["url"] != "https://police.example/items/CRJ-007" || service[0]["name"] != "往来港澳通行证换发" ||
		service[1]["@type"] != "BreadcrumbList" {
		t.Errorf("%v", service)
	}
	article := graph(t, s.get("/articles/baojing").body)
	if article[0]["@type"] != "Article" || article[0]["headline"] != "报警电话" || article[0]["inLanguage"] != "zh-CN" {
		t.Errorf("%v", article)
	}
	if strings.Contains(s.get("/items").body, "ld+json") {
		t.Error("a list describes no service")
	}
}

func TestSearchEnginesAreTold(t *testing.T) {
	s := newSite(t, nil, func(l *stubLive) { l.site = bot.Site{BaseURL: "https://police.example"} })
	var list struct {
		URLs []struct {
			Loc string `xml:"loc"`
		} `xml:"url"`
	}
	if err := xml.Unmarshal([]byte(s.get("/sitemap.xml").body), &list); err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, u := range list.URLs {
		found[u.Loc] = true
		if path, ours := strings.CutPrefix(u.Loc, "https://police.example"); !ours || s.get(path).status != 200 {
			t.Errorf("%s is no page", u.Loc)
		}
	}
	if !found["https://police.example/items/CRJ-007"] || !found["https://police.example/articles/baojing"] {
		t.Errorf("%v", found)
	}
	robots := s.get("/robots.txt").body
	wantAll(t, robots, "Disallow: /api/\n", "Disallow: /go/\n", "Sitemap: https://police.example/sitemap.xml\n")
	if strings.Contains(robots, "Disallow: /\n") || strings.Contains(s.get("/items").body, "noindex") {
		t.Error("live data is for everybody")
	}
	sample := newSite(t, nil)
	wantAll(t, sample.get("/robots.txt").body, "Disallow: /\n")
	wantAll(t, sample.get("/items").body, `<meta name="robots" content="noindex">`)
	if strings.Contains(sample.get("/robots.txt").body, "Sitemap") {
		t.Error("sample data is for nobody")
	}
	if got := sample.get("/sitemap.xml"); got.status != 200 || !strings.Contains(got.body, "<loc>http://127.0.0.1:") {
		t.Errorf("without a configured address: %s", got.body)
	}
}
