package bot

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"shenwei/intents"
	"shenwei/kb"
)

// maxOutlets is how many outlets one reply lists.
const maxOutlets = 5

// locate answers where something is: outlets of the named district from the data, never
// an address that the data does not hold.
func (e *Engine) locate(c *turnCase) *draft {
	district := c.un.Slots[intents.SlotDistrict]
	if len(e.OutletsIn(district)) == 0 {
		return nil
	}
	s := c.next()
	d := &draft{action: Answer, confidence: 0.8, state: s, facet: kb.Place, reason: "place"}
	if it := e.know.Item(s.Item); it != nil {
		d.items = []ItemHit{{it.Code, kb.Place, 0.8}}
	} else if a := e.know.Article(outletArticle); a != nil {
		d.article = a.ID
	} else {
		d.action = Clarify
		d.options = e.popular(maxOptions)
		d.question = "您想办哪一件？我来说明去哪类网点办。"
	}
	return d
}

// outletArticle is the article on finding outlets and self-service terminals.
const outletArticle = "wangdian-zizhuji"

// OutletsIn returns the outlets of a district; all of the city's when district is "".
func (e *Engine) OutletsIn(district string) []kb.Outlet {
	var out []kb.Outlet
	for _, o := range e.know.Outlets {
		if len(out) < maxOutlets && (district == "" || o.District == district) {
			out = append(out, o)
		}
	}
	return out
}

// position is a line by which a channel says where the citizen is: see Position.
var position = regexp.MustCompile(`^我的位置：(-?\d{1,2}\.\d{1,6}),(-?\d{1,3}\.\d{1,6})`)

// Position is the line that says where a citizen is, in WGS-84 degrees. It keeps a hundred
// metres: enough to find an outlet, too little to find a home. Label, if any, is what she
// sees on her screen.
func Position(lat, lng float64, label string) string {
	line := fmt.Sprintf("我的位置：%.3f,%.3f", lat, lng)
	if label != "" {
		line += "（" + label + "）"
	}
	return line
}

// near answers a position with the outlets that are nearest and serve what the conversation is
// about.
func (e *Engine) near(c *turnCase) (*draft, string) {
	m := position.FindStringSubmatch(c.turn.Message.Text)
	if m == nil {
		return nil, "no position"
	}
	lat, errLat := strconv.ParseFloat(m[1], 64)
	lng, errLng := strconv.ParseFloat(m[2], 64)
	if errLat != nil || errLng != nil {
		return nil, "no position"
	}
	s := c.turn.State
	item := e.know.Item(s.Item)
	list := e.around(item, kb.Spot{Lat: lat, Lng: lng}, c.turn.Message.Text)
	d := &draft{action: Answer, confidence: 0.9, facet: kb.Place, state: s, outlets: list, reason: "position"}
	if item != nil {
		d.items = []ItemHit{{item.Code, kb.Place, 0.9}}
		return d, "position, about " + item.Code
	}
	if a := e.know.Article(outletArticle); a != nil && len(list) == 0 {
		d.article = a.ID
		return d, "position, no outlet near"
	}
	d.action, d.options, d.question = Clarify, e.popular(maxOptions), "您想办哪一件？我来说明去哪类网点办。"
	d.state.Options = d.options
	return d, "position, no item at hand"
}

// around lists the outlets nearest to a place. While the operator has given no positions, those
// of the district that the citizen's line names.
func (e *Engine) around(item *kb.Item, at kb.Spot, line string) []kb.Nearby {
	var list []kb.Nearby
	for _, o := range e.know.OutletsFor(item, "", &at) {
		if o.Metres >= 0 && o.Metres <= farthest && len(list) < maxOutlets {
			list = append(list, o)
		}
	}
	if len(list) > 0 {
		return list
	}
	for _, o := range e.know.OutletsFor(item, "", nil) {
		if o.District != "" && strings.Contains(line, o.District) && len(list) < maxOutlets {
			list = append(list, o)
		}
	}
	return list
}

// farthest is how far an outlet may be to be of use, in metres.
const farthest = 60_000

// Distance is a distance as it stands behind a place, "（约 800 米）"; "" below 0.
func Distance(metres int) string {
	switch {
	case metres < 0:
		return ""
	case metres < 1000:
		return fmt.Sprintf("（约 %d 米）", max(10, (metres+5)/10*10))
	}
	return fmt.Sprintf("（约 %.1f 公里）", float64(metres)/1000)
}
