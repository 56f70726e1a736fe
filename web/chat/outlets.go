package chat

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"shenwei/bot"
	"shenwei/internal/fault"
	"shenwei/internal/geo"
	"shenwei/kb"
)

// Tiles are a licensed source of map pictures.
type Tiles struct {
	// URL is the address of a picture with {z}, {x} and {y}; Attribution names owner and the
	// map's approval number, as its licence asks; System is that of the pictures.
	URL, Attribution string
	System           geo.System
}

// Check refuses tiles that cannot be meant.
func (t Tiles) Check() error {
	if t.URL == "" {
		return nil
	}
	u, err := url.Parse(strings.NewReplacer("{z}", "1", "{x}", "1", "{y}", "1").Replace(t.URL))
	switch {
	case err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || strings.ContainsAny(u.Host, " ;,{}'"):
		return fault.New(fault.BadRequest, "places.tiles.url: write an https address with {z}, {x} and {y}")
	case !strings.Contains(t.URL, "{z}") || !strings.Contains(t.URL, "{x}") || !strings.Contains(t.URL, "{y}") || strings.ContainsAny(u.String(), "{}"):
		return fault.New(fault.BadRequest, "places.tiles.url: it must have {z}, {x} and {y} and no other placeholder")
	case strings.TrimSpace(t.Attribution) == "":
		return fault.New(fault.BadRequest, "places.tiles.attribution: name the map's owner and approval number (审图号), as its licence asks")
	case t.System != geo.WGS84 && t.System != geo.GCJ02:
		return fault.New(fault.BadRequest, "places.tiles.system: %q is none of wgs84, gcj02", t.System)
	}
	return nil
}

// origin is whom a page with the map asks for pictures.
func (t Tiles) origin() string {
	u, err := url.Parse(t.URL)
	if err != nil || t.URL == "" {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

// outletsView is the page of outlets.
type outletsView struct {
	bot.OutletQuery
	Item      *kb.Item
	List      []outletLine
	More      int
	Says      []string
	Districts []string
	Kinds     []string
	Tiles     *Tiles
	Located   bool
}

type outletLine struct {
	bot.OutletLine
	Distance string
	// On is where it stands on the map, "" for nowhere.
	On string
}

// maxOutlets is how many outlets a page shows; maxForm bounds what a page sends, in bytes.
const (
	maxOutlets = 60
	maxForm    = 8 << 10
)

// Outlets is the page of outlets: those of a place, for an item, of a kind, open now. A position
// comes in the body of a POST, so that it stands in no address and no log.
func (c *Chat) Outlets(w http.ResponseWriter, r *http.Request) {
	l := c.live(w, r)
	if l == nil {
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		c.failPage(w, r, fault.Wrap(fault.BadRequest, err, "页面传来的内容读不懂，请返回重试。"))
		return
	}
	q := bot.OutletQuery{
		Near: r.PostForm.Get("near"), Item: r.Form.Get("item"), Place: strings.TrimSpace(r.Form.Get("place")), Kind: r.Form.Get("kind"), Open: r.Form.Get("open"),
	}
	k := l.Knowledge()
	v := outletsView{OutletQuery: q, Item: k.Item(q.Item), Located: q.Near != ""}
	found, err := l.Site().FindOutlets(k, q, c.cfg.Now())
	if err != nil {
		c.failPage(w, r, err)
		return
	}
	v.explain(found, langOf(r) == bot.English)
	if len(found.Outlets) == 0 || found.Far { // what is known all the same, and the page says so
		wider := bot.OutletQuery{Item: q.Item, Kind: q.Kind}
		if !found.Far && found.Place != "" {
			wider = bot.OutletQuery{Place: q.Place}
		}
		if found, err = l.Site().FindOutlets(k, wider, c.cfg.Now()); err != nil {
			c.failPage(w, r, err)
			return
		}
	}
	v.fill(k, found.Outlets, c.cfg.Tiles, langOf(r) == bot.English)
	if v.Tiles != nil {
		csp := w.Header().Get("Content-Security-Policy")
		w.Header().Set("Content-Security-Policy", strings.Replace(csp, "img-src 'self' data:", "img-src 'self' data: "+v.Tiles.origin(), 1))
	}
	title := v.title(langOf(r) == bot.English)
	c.render(w, r, http.StatusOK, "outlets", c.view(l, title, "深圳公安服务网点和自助机：地址、时间、距离，现在是否开放。", l.Site().BaseURL+"/outlets", v))
}

// explain says what a citizen must know of what was found.
func (v *outletsView) explain(found bot.OutletList, english bool) {
	say := func(format string, args ...any) {
		if said := outletsTexts[format]; english && said != "" {
			format = said
		}
		v.Says = append(v.Says, fmt.Sprintf(format, args...))
	}
	switch {
	case v.Place != "" && found.Place == "":
		say("没有找到“%s”。可以换成街道、社区或区的名字；下面是全市的网点。", v.Place)
	case found.Far:
		say("您的位置离本市的网点都在 60 公里以外，可能在别的城市。下面不按距离排，请选区或输入街道、社区名。")
	case len(found.Outlets) == 0 && v.Open != "":
		say(map[string]string{"now": "没有查到确定现在开放的网点。下面的网点时间请以公告为准，去之前先打电话问。", "24h": "没有查到确定 24 小时开放的网点。下面的网点时间请以公告为准，去之前先打电话问。"}[v.Open])
	case len(found.Outlets) == 0:
		say("没有查到明确办理这件事的网点。下面的网点可以先打电话问，也可以问一问智能客服。")
	case v.Located && !slices.ContainsFunc(found.Outlets, func(o bot.OutletLine) bool { return o.DistanceM != nil }):
		say("这里的网点还没有位置数据，不能按距离排。请选区，或输入街道、社区名。")
	}
	if i := slices.IndexFunc(found.Outlets, func(o bot.OutletLine) bool { return o.Responsible }); i >= 0 {
		say("“%s”由%s负责。", found.Place, found.Outlets[i].Name)
	}
}

func (v *outletsView) title(english bool) string {
	switch {
	case v.Item == nil:
		return "网点和自助机"
	case english && v.Item.English != nil:
		return "Where to go: " + v.Item.English.Name
	}
	return "办理“" + v.Item.Name + "”的网点"
}

// outletsTexts are what the page says of a search, in English.
var outletsTexts = map[string]string{
	"没有找到“%s”。可以换成街道、社区或区的名字；下面是全市的网点。":                  "“%s” was not found. Try the name of a street, community or district; below are the places of the whole city.",
	"您的位置离本市的网点都在 60 公里以外，可能在别的城市。下面不按距离排，请选区或输入街道、社区名。": "Your position is more than 60 km from every place of this city; you may be in another one. The list below is not by distance: choose a district, or enter a street or community.",
	"没有查到确定现在开放的网点。下面的网点时间请以公告为准，去之前先打电话问。":              "No place is surely open now. Check the hours of those below and call before you go.",
	"没有查到确定 24 小时开放的网点。下面的网点时间请以公告为准，去之前先打电话问。":          "No place is surely open 24 hours. Check the hours of those below and call before you go.",
	"没有查到明确办理这件事的网点。下面的网点可以先打电话问，也可以问一问智能客服。":            "No place is known to do this. Call one of those below first, or ask the assistant.",
	"这里的网点还没有位置数据，不能按距离排。请选区，或输入街道、社区名。":                 "No positions are known of these places, so they cannot be sorted by distance. Choose a district, or enter a street or community.",
	"“%s”由%s负责。": "“%s” belongs to %s.",
}

func (v *outletsView) fill(k *kb.Knowledge, list []bot.OutletLine, tiles Tiles, english bool) {
	for _, o := range k.Outlets {
		if !slices.Contains(v.Districts, o.District) {
			v.Districts = append(v.Districts, o.District)
		}
		if !slices.Contains(v.Kinds, o.Kind) && o.Kind != "" {
			v.Kinds = append(v.Kinds, o.Kind)
		}
	}
	onMap := false
	for _, o := range list[:min(len(list), maxOutlets)] {
		line := outletLine{OutletLine: o}
		if o.DistanceM != nil {
			line.Distance = far(*o.DistanceM, english)
		}
		if spot := o.Spot(); spot != nil && tiles.URL != "" {
			at := tiles.System.FromWGS(*spot)
			line.On, onMap = strconv.FormatFloat(at.Lat, 'f', 6, 64)+","+strconv.FormatFloat(at.Lng, 'f', 6, 64), true
		}
		v.List = append(v.List, line)
	}
	v.More = len(list) - len(v.List)
	if onMap {
		v.Tiles = &tiles
	}
}

// far is a distance on the page.
func far(metres int, english bool) string {
	switch {
	case !english:
		return strings.Trim(bot.Distance(metres), "（）")
	case metres < 1000:
		return fmt.Sprintf("about %d m", max(10, (metres+5)/10*10))
	}
	return fmt.Sprintf("about %.1f km", float64(metres)/1000)
}
