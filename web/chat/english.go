package chat

import (
	"fmt"
	"net/http"

	"shenwei/bot"
	"shenwei/kb"
)

// NameOf is an item's name in the language of the page.
func (v view) NameOf(it *kb.Item) string {
	if v.Lang == bot.English && it.English != nil {
		return it.English.Name
	}
	return it.Name
}

// Rest tells how many places are not listed.
func (v view) Rest(n int) string {
	if v.Lang == bot.English {
		return fmt.Sprintf("%d more are not listed; choose a district, or enter a street or community.", n)
	}
	return fmt.Sprintf("还有 %d 个没有列出，请选区或输入街道、社区名。", n)
}

// englishView is the guide page of an item for readers of English: what an English answer says.
type englishView struct {
	*bot.ItemCard
	Terminal bool
	Links    []linkView
	Sections []sectionView
	Revision int64
	QR       string
}

// englishItem is a guide page in English; an item without English says that it has none.
func (c *Chat) englishItem(w http.ResponseWriter, r *http.Request, l Live, v view, page itemView) {
	card, guide := l.Site().InEnglish(l.Knowledge(), page.Item)
	if card == nil {
		v.Chinese = true
		c.render(w, r, http.StatusOK, "item", v)
		return
	}
	en := englishView{ItemCard: card, Terminal: page.Terminal, Links: page.Links, Revision: page.Revision, QR: page.QR}
	for _, s := range guide {
		en.Sections = append(en.Sections, sectionView{s.Title, parts(s.Text)})
	}
	v.Title, v.Description, v.Page = card.Name, card.Summary, en
	c.render(w, r, http.StatusOK, "item_en", v)
}
