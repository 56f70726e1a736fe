package bot

import (
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
