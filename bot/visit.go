package bot

import (
	"fmt"
	"net/url"
	"strings"
	"time"

	"shenwei/internal/fault"
	"shenwei/internal/geo"
	"shenwei/kb"
)

// Visit is what a citizen needs to go to an outlet now, beside what the outlet's own record says.
type Visit struct {
	// State is open, closed, or "" where the hours cannot be reckoned with.
	State VisitState `json:"state,omitempty"`
	// Says is the same in words, until when: "现在开放，18:00 关闭".
	Says string `json:"says,omitempty"`
	// Until is when that changes next: from then on what can be said is Then, "11月23日 10:05 时开放".
	// Both are empty where it never changes.
	Until *time.Time `json:"until,omitempty"`
	Then  string     `json:"then,omitempty"`
	// Responsible says that the place asked for lies in this station's own area.
	Responsible bool `json:"responsible,omitempty"`
	// Maps open the place in map apps.
	Maps []Link `json:"maps,omitempty"`
}

// VisitState tells whether an outlet is open.
type VisitState string

// Whether an outlet is open.
const (
	VisitOpen   VisitState = "open"
	VisitClosed VisitState = "closed"
)

// LinkMap is the kind of a link that opens a place in a map app.
const LinkMap LinkKind = "map"

// mapApps make the address by which a map app shows a place. Each takes GCJ-02.
var mapApps = map[string]struct {
	label   string
	address func(at geo.Point, o kb.Outlet) string
}{
	"amap": {"高德地图", func(at geo.Point, o kb.Outlet) string {
		return "https://uri.amap.com/marker?" + url.Values{
			"position": {fmt.Sprintf("%.6f,%.6f", at.Lng, at.Lat)}, "name": {o.Name}, "coordinate": {"gaode"}, "callnative": {"1"}, "src": {"shenwei"},
		}.Encode()
	}},
	"tencent": {"腾讯地图", func(at geo.Point, o kb.Outlet) string {
		return "https://apis.map.qq.com/uri/v1/marker?" + url.Values{
			"marker": {fmt.Sprintf("coord:%.6f,%.6f;title:%s;addr:%s", at.Lat, at.Lng, o.Name, o.Address)}, "referer": {"shenwei"},
		}.Encode()
	}},
	"baidu": {"百度地图", func(at geo.Point, o kb.Outlet) string {
		return "https://api.map.baidu.com/marker?" + url.Values{
			"location": {fmt.Sprintf("%.6f,%.6f", at.Lat, at.Lng)}, "title": {o.Name}, "content": {o.Address}, "coord_type": {"gcj02"},
			"output": {"html"}, "src": {"webapp.shenwei.outlets"},
		}.Encode()
	}},
}

// checkMaps refuses a map app that is not known.
func (s Site) checkMaps() error {
	for _, app := range s.Maps {
		if _, known := mapApps[app]; !known {
			return fault.New(fault.BadRequest, "places.map_apps: %q is none of amap, tencent, baidu", app)
		}
	}
	return nil
}

// Visit tells what a citizen needs who would go to an outlet at the instant; a zero time leaves
// out whether it is open.
func (s Site) Visit(o kb.Outlet, now time.Time) Visit {
	var v Visit
	if opening, known := o.Opening(); known && !now.IsZero() {
		v.State, v.Says = VisitClosed, opening.Say(now)
		open, change := opening.At(now)
		if open {
			v.State = VisitOpen
		}
		if !opening.AllDay() {
			if change.IsZero() { // not within the days that are looked at: good for one of them
				change = now.Add(24 * time.Hour)
			}
			v.Until, v.Then = &change, opening.SayThen(now)
		}
	}
	if spot := o.Spot(); spot != nil {
		at := geo.GCJ02.FromWGS(*spot)
		for _, app := range s.Maps {
			v.Maps = append(v.Maps, Link{LinkMap, mapApps[app].label, mapApps[app].address(at, o)})
		}
	}
	return v
}

// localise has a reply's links to our page of outlets ask for the reply's language.
func (s Site) localise(r *Reply) {
	if r.Lang == Hans || r.Lang == "" {
		return
	}
	for i := range r.Blocks {
		r.Blocks[i].Links = visited(r.Blocks[i].Links, func(l *Link) {
			switch own := s.BaseURL + "/outlets"; {
			case l.URL == own:
				l.URL += "?lang=" + string(r.Lang)
			case strings.HasPrefix(l.URL, own+"?"):
				l.URL += "&lang=" + string(r.Lang)
			}
		})
	}
}

// OutletsURL is the address of our page of outlets, for an item and a place where these are known.
func (s Site) OutletsURL(item, place string) string {
	q := url.Values{}
	if item != "" {
		q.Set("item", item)
	}
	if place != "" {
		q.Set("place", place)
	}
	if len(q) == 0 {
		return s.BaseURL + "/outlets"
	}
	return s.BaseURL + "/outlets?" + q.Encode()
}
