package bot

import (
	"strings"
	"testing"
	"time"

	"shenwei/intents"
	"shenwei/internal/geo"
	"shenwei/kb"
)

const fewPlaces = `outlets:
  - {id: yuehai, name: 粤海派出所, kind: 派出所, district: 南山区, lat: 22.53, lng: 113.93, hours: 工作日 09:00-12:00 14:00-18:00, covers: [粤海街道], serves: [人口], sources: {position: 测绘, hours: 公告}}
  - {id: nantou, name: 南头派出所, kind: 派出所, district: 南山区, hours: 请先打电话, serves: [人口], sources: {hours: 公告}}
  - {id: keji, name: 科技园自助区, kind: 一体机, district: 南山区, lat: 22.54, lng: 113.95, hours: 24小时, sources: {position: 测绘, hours: 公告}}
  - {id: kouan, name: 罗湖口岸, kind: 口岸, district: 罗湖区, sources: {name: 名录}}
`

func placesEngine(t *testing.T) *Engine {
	t.Helper()
	know, err := kb.Parse([]kb.Document{{Kind: kb.KindOutlet, ID: "own", Body: fewPlaces}})
	if err != nil {
		t.Fatal(err)
	}
	return NewEngine(Parts{Knowledge: know, Site: Site{Maps: []string{"amap"}}})
}

func found(p places) string {
	var all []string
	for _, o := range p.list {
		all = append(all, o.ID)
	}
	return strings.Join(all, " ")
}

func TestALineIsAnsweredWithTheOutletsThatItAsksFor(t *testing.T) {
	e := placesEngine(t)
	card := &kb.Item{Code: "RK-050", PoliceType: "人口", Terminal: true}
	noon := time.Date(2026, 11, 23, 5, 0, 0, 0, time.UTC) // one o'clock in Shenzhen: between two spans
	for _, c := range []struct {
		line  string
		item  *kb.Item
		ids   string
		title string
	}{
		{"南山哪里办身份证", card, "yuehai nantou keji", "可以去这些地方问"},
		{"粤海街道身份证在哪办", card, "yuehai nantou keji", "“粤海街道”由这里负责"},
		{"南山哪里有自助机", nil, "keji", "可以去"},
		{"南山24小时的在哪", card, "keji", "可以去"},
		{"南山现在哪里还开着", card, "keji", "可以去"},
		{"罗湖哪里有自助机", nil, "kouan", "没有查到自助机"},
		{"罗湖在哪里办身份证", card, "kouan", "可以去"},
	} {
		p := e.wanted(&turnCase{engine: e, un: &intents.Understanding{Text: c.line}, turn: Turn{Message: Message{At: noon}}}, c.item)
		if found(p) != c.ids || !strings.HasPrefix(p.title, c.title) {
			t.Errorf("%s: %s under %q, want %s", c.line, found(p), p.title, c.ids)
		}
	}
	r := &Reply{}
	w := &writer{e: e, r: r, at: noon}
	w.outlets(e.wanted(&turnCase{engine: e, un: &intents.Understanding{Text: "粤海街道在哪办"}, turn: Turn{Message: Message{At: noon}}}, card))
	b := r.Blocks[0]
	if len(b.Outlets) != len(b.Metres) || len(b.Outlets) != len(b.Visits) || !b.Visits[0].Responsible || b.Visits[0].Says != "现在不开放，14:00 开放" || len(b.Visits[0].Maps) != 1 || b.Visits[1].State != "" {
		t.Errorf("%+v", b)
	}
	if b.Links[0].URL != "/outlets?item=RK-050&place=%E7%B2%A4%E6%B5%B7%E8%A1%97%E9%81%93" {
		t.Error(b.Links[0].URL)
	}
}

func TestAPositionOfAnotherCityIsSaidSo(t *testing.T) {
	e := placesEngine(t)
	for _, c := range []struct {
		at    geo.Point
		line  string
		ids   string
		title string
	}{
		{geo.Point{Lat: 22.5401, Lng: 113.9501}, "", "keji yuehai", "离您较近"},
		{geo.Point{Lat: 39.9, Lng: 116.4}, "", "", "您发的位置离本市的网点都在 60 公里以外"},
		{geo.Point{Lat: 39.9, Lng: 116.4}, "深圳市南山区", "yuehai nantou keji", "可以去"},
	} {
		p := e.around(nil, c.at, c.line)
		if found(p) != c.ids || !strings.HasPrefix(p.title, c.title) {
			t.Errorf("%v %s: %s under %q", c.at, c.line, found(p), p.title)
		}
	}
}
