package bot

import (
	"fmt"
	"regexp"
	"strconv"

	"shenwei/intents"
	"shenwei/internal/geo"
	"shenwei/kb"
)

// maxOutlets is how many outlets one reply lists.
const maxOutlets = 5

// locate answers where something is: outlets of the named place from the data, never an address
// that the data does not hold.
func (e *Engine) locate(c *turnCase) *draft {
	if len(e.know.Outlets) == 0 || c.un.Slots[intents.SlotDistrict] != "" && len(e.wanted(c, nil).list) == 0 {
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

// places are outlets for a citizen, with what they are headed by.
type places struct {
	list  []kb.Nearby
	title string
	// item and place are what they were looked for by.
	item, place string
}

// What a line may ask of an outlet beside where it is.
var (
	asksTerminal = regexp.MustCompile(`自助(服务)?(机|区|终端|设备|办证|点)|一体机|终端机|办证机`)
	asksAllDay   = regexp.MustCompile(`24 ?(小时|h)|二十四小时|通宵|全天`)
	asksOpen     = regexp.MustCompile(`现在.{0,8}(开|上班|办公|营业)|还开|开着|开门`)
)

// wanted finds the outlets that a line asks for. What nobody serves for sure is looked for again
// without the wish that cannot be met, and the title says so.
func (e *Engine) wanted(c *turnCase, item *kb.Item) places {
	w := kb.Wanted{Item: item}
	p := places{title: "可以去这些地方问（地址和时间以公告为准）"}
	if item != nil {
		p.item = item.Code
	}
	if where, ok := e.know.FindPlace(c.un.Text); ok {
		w.Where, p.place = &where, where.Name
		if len(where.Responsible) > 0 {
			p.title = "“" + where.Name + "”由这里负责（地址和时间以公告为准）"
		}
	}
	special := w
	what := ""
	if asksTerminal.MatchString(c.un.Text) {
		special.Kind, what = kb.Terminal, "自助机"
	}
	switch at := c.turn.Message.At; {
	case asksAllDay.MatchString(c.un.Text):
		special.AllDay, what = true, "24 小时开放的"+what
	case asksOpen.MatchString(c.un.Text) && !at.IsZero():
		special.Open, what = at, "现在确定开放的"+what
	}
	if p.list = e.know.FindOutlets(special); len(p.list) == 0 && what != "" {
		p.title = "没有查到" + what + "；可以先问这些地方（地址和时间以公告为准）"
		p.list = e.know.FindOutlets(w)
	}
	if len(p.list) == 0 {
		w.Item = nil
		p.list = e.know.FindOutlets(w)
	}
	p.list = p.list[:min(len(p.list), maxOutlets)]
	return p
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
	found := e.around(item, geo.Point{Lat: lat, Lng: lng}, c.turn.Message.Text)
	d := &draft{action: Answer, confidence: 0.9, facet: kb.Place, state: s, outlets: &found, reason: "position"}
	if item != nil {
		d.items = []ItemHit{{item.Code, kb.Place, 0.9}}
		return d, "position, about " + item.Code
	}
	if a := e.know.Article(outletArticle); a != nil && len(found.list) == 0 {
		d.article = a.ID
		return d, "position, no outlet near"
	}
	d.action, d.options, d.question = Clarify, e.popular(maxOptions), "您想办哪一件？我来说明去哪类网点办。"
	d.state.Options = d.options
	return d, "position, no item at hand"
}

// around lists the outlets nearest to a place. While the operator has given no positions, those
// of the district that the citizen's line names; somebody far away is told so.
func (e *Engine) around(item *kb.Item, at geo.Point, line string) places {
	p := places{title: "离您较近的地方（直线距离；地址和时间以公告为准）"}
	if item != nil {
		p.item = item.Code
	}
	far := false
	for _, o := range e.know.FindOutlets(kb.Wanted{Item: item, At: &at}) {
		far = far || o.Metres > farthest
		if o.Metres >= 0 && o.Metres <= farthest && len(p.list) < maxOutlets {
			p.list = append(p.list, o)
		}
	}
	if len(p.list) > 0 {
		return p
	}
	p.title = "可以去这些地方问（地址和时间以公告为准）"
	if where, ok := e.know.FindPlace(line); ok {
		p.place = where.Name
		p.list = e.know.FindOutlets(kb.Wanted{Item: item, Where: &where})
		p.list = p.list[:min(len(p.list), maxOutlets)]
	}
	switch {
	case len(p.list) > 0:
	case !far:
		p.title = ""
	default:
		p.title = "您发的位置离本市的网点都在 60 公里以外。请告诉我您要去的区、街道或社区，例如「南山区」。"
	}
	return p
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
