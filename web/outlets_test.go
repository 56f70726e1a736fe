package web_test

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"time"

	"shenwei/bot"
	"shenwei/internal/geo"
	"shenwei/kb"
	"shenwei/web"
	"shenwei/web/chat"
)

const placesDocument = `outlets:
  - {id: yuehai, name: 粤海派出所, kind: 派出所, district: 南山区, address: 示例路1号, phone: 0755-12345678, lat: 22.53, lng: 113.93, hours: 工作日 09:00-12:00 14:00-18:00, covers: [粤海街道], serves: [出入境], sources: {position: 测绘, hours: 公告}}
  - {id: keji, name: 科技园自助区, kind: 一体机, district: 南山区, lat: 22.54, lng: 113.95, hours: 24小时, sources: {position: 测绘, hours: 公告}}
  - {id: dongmen, name: 东门派出所, kind: 派出所, district: 罗湖区, hours: 请先打电话, sources: {hours: 公告}}
`

// withPlaces has three outlets and the clock at a Monday, ten in the morning in Shenzhen.
func withPlaces(t *testing.T, change func(*web.Config)) *site {
	t.Helper()
	know, err := kb.Parse(append(testDocuments[:len(testDocuments):len(testDocuments)], kb.Document{Kind: kb.KindOutlet, ID: "own", Body: placesDocument}))
	if err != nil {
		t.Fatal(err)
	}
	s := newSite(t, change, func(l *stubLive) { l.know = know; l.site.Maps = []string{"amap", "tencent", "baidu"} })
	s.clock.now = time.Date(2026, 11, 23, 2, 0, 0, 0, time.UTC)
	return s
}

func TestThePageOfOutletsReadsWithoutScript(t *testing.T) {
	s := withPlaces(t, nil)
	body := s.get("/outlets?place=" + url.QueryEscape("粤海街道")).body
	wantAll(t, body, `<h2>粤海派出所</h2>`, `辖区派出所`, `“粤海街道”由粤海派出所负责。`, `现在开放，12:00 关闭`, `href="tel:075512345678"`,
		`https://uri.amap.com/marker?`, `coord_type=gcj02`, `<option>派出所</option>`)
	if strings.Index(body, "粤海派出所</h2>") > strings.Index(body, "科技园自助区</h2>") || strings.Contains(body, "东门派出所</h2>") {
		t.Errorf("the responsible station first, and only the district's:\n%s", body)
	}
	// What is handed to a map app is GCJ-02.
	at := geo.GCJ02.FromWGS(geo.Point{Lat: 22.53, Lng: 113.93})
	wantAll(t, body, url.QueryEscape(strings.Join([]string{trimmed(at.Lng), trimmed(at.Lat)}, ",")))
	if strings.Contains(body, "data-map") {
		t.Error("a map without a licensed source")
	}
	wantAll(t, s.get("/outlets?open=24h").body, "科技园自助区", "24 小时开放")
	if all := s.get("/outlets?open=now").body; strings.Contains(all, "东门派出所</h2>") || !strings.Contains(all, "粤海派出所</h2>") {
		t.Error("open now is what is surely open")
	}
	wantAll(t, s.get("/outlets?place="+url.QueryEscape("天河")).body, "没有找到“天河”", "东门派出所")
	wantAll(t, s.get("/outlets?item=CRJ-007").body, "办理“往来港澳通行证换发”的网点", "粤海派出所")
	if got := s.get("/outlets?item=nothing"); got.status != 404 {
		t.Errorf("an unknown item: %d", got.status)
	}
	if got := s.get("/outlets?open=sometimes"); got.status != 400 || !strings.Contains(got.body, "tel:12345") {
		t.Errorf("%d", got.status)
	}
}

func trimmed(v float64) string {
	b, _ := json.Marshal(float64(int64(v*1e6+0.5)) / 1e6)
	return string(b)
}

func TestAPositionComesInTheBodyAndOneOfAnotherCityIsSaidSo(t *testing.T) {
	s := withPlaces(t, nil)
	post := func(near string, header ...string) answer {
		return s.ask("POST", "/outlets", url.Values{"near": {near}}.Encode(), append(header, "Content-Type", "application/x-www-form-urlencoded")...)
	}
	body := post("22.5401,113.9501").body
	if strings.Index(body, "科技园自助区</h2>") > strings.Index(body, "粤海派出所</h2>") || !strings.Contains(body, "约 20 米") && !strings.Contains(body, "约 10 米") {
		t.Errorf("the nearest first, with how far it is:\n%s", body)
	}
	wantAll(t, post("39.9,116.4").body, "可能在别的城市", "粤海派出所", "东门派出所")
	if far := post("39.9,116.4").body; strings.Contains(far, "公里</span>") {
		t.Error("distances of another city")
	}
	for _, near := range []string{"x", "91,1", strings.Repeat("1", 9000)} {
		if got := post(near); got.status != 400 {
			t.Errorf("%.20s: %d", near, got.status)
		}
	}
	if got := post("22.5,114", "Origin", "https://evil.example"); got.status != 403 {
		t.Errorf("from another site: %d", got.status)
	}
	// No position stands in an address: a link with one is not looked at.
	if strings.Contains(s.get("/outlets?near=22.54,113.95").body, "class=\"far\"") {
		t.Error("a position in an address")
	}
}

func TestAMapIsOfferedOnlyWithALicensedSource(t *testing.T) {
	tiles := chat.Tiles{URL: "https://tiles.example:8443/{z}/{x}/{y}.png?tk=k", Attribution: "示例测绘院 审图号 GS(2026)0000号", System: geo.GCJ02}
	s := withPlaces(t, func(c *web.Config) { c.Tiles = tiles })
	got := s.get("/outlets")
	at := geo.GCJ02.FromWGS(geo.Point{Lat: 22.53, Lng: 113.93})
	wantAll(t, got.body, `data-pictures="https://tiles.example:8443/{z}/{x}/{y}.png?tk=k"`, "data-map", "审图号", `data-at="`+trimmed(at.Lat)+","+trimmed(at.Lng)+`"`)
	if csp := got.header.Get("Content-Security-Policy"); !strings.Contains(csp, "img-src 'self' data: https://tiles.example:8443;") {
		t.Error(csp)
	}
	if csp := s.get("/items").header.Get("Content-Security-Policy"); strings.Contains(csp, "tiles.example") {
		t.Error("other pages ask nobody else")
	}
	for _, bad := range []chat.Tiles{
		{URL: "http://tiles.example/{z}/{x}/{y}", Attribution: "a", System: geo.WGS84}, {URL: "https://tiles.example/{z}/{x}", Attribution: "a", System: geo.WGS84},
		{URL: "https://{s}.tiles.example/{z}/{x}/{y}", Attribution: "a", System: geo.WGS84}, {URL: tiles.URL, System: geo.WGS84}, {URL: tiles.URL, Attribution: "a", System: geo.BD09},
		{URL: "https://a.example;script-src/{z}/{x}/{y}", Attribution: "a", System: geo.WGS84},
	} {
		if bad.Check() == nil {
			t.Errorf("%+v is taken", bad)
		}
	}
}

func TestTheAPIOfOutletsUnderstandsPlacesSystemsAndHours(t *testing.T) {
	s := withPlaces(t, nil)
	list := func(query url.Values) (out bot.OutletList) {
		decode(t, s.get("/api/v1/outlets?"+query.Encode()).body, &out)
		return out
	}
	gcj := geo.GCJ02.FromWGS(geo.Point{Lat: 22.54, Lng: 113.95})
	got := list(url.Values{"near": {"gcj02 " + trimmed(gcj.Lat) + "," + trimmed(gcj.Lng)}})
	if got.Outlets[0].ID != "keji" || *got.Outlets[0].DistanceM > 1 || got.Far {
		t.Errorf("%+v", got.Outlets[0])
	}
	if got := list(url.Values{"place": {"粤海街道"}}); got.Place != "粤海街道" || !got.Outlets[0].Responsible || got.Outlets[0].State != bot.VisitOpen {
		t.Errorf("%+v", got)
	}
	if got := list(url.Values{"place": {"天河"}}); len(got.Outlets) != 0 || got.Place != "" {
		t.Errorf("%+v", got)
	}
	if got := list(url.Values{"near": {"39.9,116.4"}}); !got.Far {
		t.Error("another city")
	}
	if got := list(url.Values{"kind": {"一体机"}, "open": {"24h"}}); len(got.Outlets) != 1 {
		t.Errorf("%+v", got)
	}
	wantError(t, s.get("/api/v1/outlets?open=x"), 400, "bad_request")
}

func TestThePageOfOutletsIsInThreeLanguages(t *testing.T) {
	s := withPlaces(t, nil)
	english := s.get("/outlets?lang=en&place=Nanshan").body
	wantAll(t, english, `<html lang="en">`, "Offices and self-service terminals", `Open now, closes 12:00`, "Nanshan District · Police station", `<h2 lang="zh-CN">粤海派出所</h2>`,
		`<input type="hidden" name="lang" value="en">`, `href="?place=Nanshan"`, `href="/items?lang=en"`, `value="Nanshan"`, "workdays 09:00-12:00 14:00-18:00")
	if strings.Contains(english, "东门派出所</h2>") {
		t.Error("a district in Latin letters finds only its places")
	}
	wantAll(t, s.get("/outlets?lang=en&place=Atlantis").body, "“Atlantis” was not found.")
	wantAll(t, s.get("/outlets?lang=en&item=CRJ-007").body, "Where to go")
	wantAll(t, s.get("/outlets?lang=zh-Hant&item=CRJ-007").body, `<html lang="zh-Hant">`, `<input type="hidden" name="lang" value="zh-Hant">`)
	wantAll(t, s.get("/items/CRJ-999?lang=en").body, "This page was not found", "tel:12367")
	wantAll(t, s.get("/privacy?lang=en").body, `<html lang="zh-CN">`, "This page is in Chinese only.")
}
