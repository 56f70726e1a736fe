package bot

import (
	"fmt"
	"net/url"
	"strings"
	"time"

	"shenwei/kb"
)

// compose makes the reply of a draft: blocks in the order in which a person needs them,
// and the same in plain text.
func (e *Engine) compose(c *turnCase, d *draft) *Reply {
	r := &Reply{
		Action: d.action, Article: d.article, Facet: d.facet, Confidence: round3(d.confidence), Release: e.release,
		Items: d.items, Options: d.options, Blocks: []Block{}, Links: []Link{}, Sources: []Source{},
	}
	if r.Items == nil {
		r.Items = []ItemHit{}
	}
	if r.Options == nil {
		r.Options = []Option{}
	}
	if len(d.items) > 0 {
		r.Item = d.items[0].Code
	}
	w := &writer{e: e, r: r, at: c.turn.Message.At, overrides: c.turn.Overrides}
	w.context = Context{Channel: c.turn.Message.Channel, Conditions: Conditions(d.state.Slots)}
	if d.danger != "" {
		w.emergency(d.danger)
	} else if kind := cautionOf(c, d); kind != "" {
		w.caution(kind)
	}
	w.lead(d.lead)
	if d.outlets != nil {
		w.outlets(*d.outlets)
	}
	for _, hit := range d.items {
		w.item(e.know.Item(hit.Code), hit.Facet)
	}
	if a := e.know.Article(d.article); a != nil {
		w.article(a)
	}
	if d.outlets == nil && (d.facet == kb.Place || c.un.Slots["district"] != "" && d.action == Answer && c.un.Facet == kb.Place) {
		w.outlets(e.wanted(c, e.know.Item(r.Item)))
	}
	w.choices(d)
	if d.hotline {
		w.hotline(d, c.turn.State.Item)
	}
	e.unlink(c, d, w)
	if d.action == Answer {
		r.Blocks = append(r.Blocks, Block{Type: BlockRating, Title: "这个回答有帮助吗？"})
	}
	r.Text = strings.Join(w.lines, "\n")
	return r
}

// writer collects blocks and the lines of the plain text.
type writer struct {
	e  *Engine
	r  *Reply
	at time.Time // of the line that is answered
	// context is what a button may hand over.
	context   Context
	overrides *Overrides
	lines     []string
}

// maxBesideCard is how many neighbours a card names.
const maxBesideCard = 3

// relatedTo are the items that are easily taken for this one.
func (w *writer) relatedTo(it *kb.Item) []Option {
	var out []Option
	for _, cf := range it.Confusable {
		other := w.e.know.Item(cf.Code)
		if other == nil || len(out) == maxBesideCard || w.overrides.Hides(kb.ItemKey(cf.Code)) {
			continue
		}
		out = append(out, Option{Code: other.Code, Label: other.Name, Hint: other.Choice})
	}
	return out
}

func (w *writer) say(lines ...string) {
	for _, l := range lines {
		if l = strings.TrimSpace(l); l != "" {
			w.lines = append(w.lines, l)
		}
	}
}

func (w *writer) add(b Block) { w.r.Blocks = append(w.r.Blocks, b) }

func (w *writer) source(kind kb.Kind, id string) {
	key := string(kind) + "/" + id
	w.r.Sources = append(w.r.Sources, Source{kind, id, max(1, w.e.revisions[key])})
}

func (w *writer) lead(text string) {
	if text == "" {
		return
	}
	w.add(Block{Type: BlockText, Text: text})
	w.say(text)
}

func (w *writer) item(it *kb.Item, facet kb.Facet) {
	if it == nil {
		return
	}
	links := w.e.Buttons(it, w.overrides, w.context)
	card := &ItemCard{
		Code: it.Code, Name: it.Name, PoliceType: it.PoliceType, Summary: it.Summary, Facet: facet, Trips: it.TripsLabel(),
		TripsNote: it.TripsNote, Fee: it.Fee, TimeLimit: it.TimeLimit, Materials: it.Materials, Links: links,
		Handover: it.Handover, Review: it.Review, Sources: it.Sources, Related: w.relatedTo(it), Matter: it.MatterOf(),
	}
	if card.Summary == "" {
		card.Summary = it.Name
	}
	if w.e.site.BaseURL != "" {
		card.QR = "/items/" + url.PathEscape(it.Code) + "/qr.svg"
	}
	if text := it.Facets[facet]; text != "" {
		card.FacetName, card.FacetText = kb.FacetNames[facet], text
	}
	w.add(Block{Type: BlockItem, Item: card})
	w.r.Links = append(w.r.Links, links...)
	w.source(kb.KindItem, it.Code)
	w.say("【" + it.Name + "】" + it.Summary)
	for _, l := range links {
		w.say(l.Label + "：" + l.URL)
	}
	if card.FacetText != "" {
		w.say(card.FacetName + "：" + card.FacetText)
	}
	w.say(fmt.Sprintf("%s｜费用：%s｜时限：%s", card.Trips, it.Fee, it.TimeLimit), it.TripsNote)
	if len(it.Materials) > 0 && !saysAll(card.FacetText, it.Materials) {
		w.say("带上：" + strings.Join(it.Materials, "、"))
	}
	w.say(it.Handover)
	w.steps(it, facet)
}

// saysAll reports whether the text names every one of the parts.
func saysAll(text string, parts []string) bool {
	for _, p := range parts {
		if !strings.Contains(text, p) {
			return false
		}
	}
	return true
}

// steps are the facets that were not asked, folded.
func (w *writer) steps(it *kb.Item, asked kb.Facet) {
	var sections []Section
	for _, f := range kb.Facets {
		if text := it.Facets[f]; text != "" && f != asked {
			sections = append(sections, Section{f, kb.FacetNames[f], text})
		}
	}
	if len(sections) > 0 {
		w.add(Block{Type: BlockSteps, Title: "办事指南", Sections: sections, Folded: true})
		for _, s := range sections {
			w.say(s.Title + "：" + s.Text)
		}
	}
}

func (w *writer) article(a *kb.Article) {
	w.add(Block{Type: BlockText, Title: a.Title, Text: a.Summary + "\n" + a.Body, Links: phoneLinks(a.Phones)})
	w.source(kb.KindArticle, a.ID)
	w.r.Links = append(w.r.Links, phoneLinks(a.Phones)...)
	w.say("【"+a.Title+"】", a.Summary, a.Body)
	if len(a.Phones) > 0 {
		w.say("电话：" + strings.Join(a.Phones, "、"))
	}
}

func phoneLinks(phones []string) []Link {
	var links []Link
	for _, p := range phones {
		links = append(links, tel("拨打 "+p, p))
	}
	return links
}

// outlets lists outlets with how far each is and whether it is open, as far as that is known.
func (w *writer) outlets(p places) {
	if len(p.list) == 0 && p.title == "" {
		return
	}
	if len(p.list) == 0 {
		w.lead(p.title)
		return
	}
	b := Block{Type: BlockOutlets, Title: p.title, Links: []Link{{LinkWeb, "查看全部网点", w.e.site.OutletsURL(p.item, p.place)}}}
	w.say(b.Title)
	for _, o := range p.list {
		v := w.e.site.Visit(o.Outlet, w.at)
		v.Responsible = o.Responsible
		b.Outlets, b.Metres, b.Visits = append(b.Outlets, o.Outlet), append(b.Metres, o.Metres), append(b.Visits, v)
		w.say("· " + strings.Join(strings.Fields(o.Name+" "+o.Address+" "+o.Phone+" "+o.Hours), " ") + Distance(o.Metres))
		w.say(first(v.Then, v.Says)) // read again later it must still be true
	}
	w.say("全部网点：" + b.Links[0].URL)
	w.add(b)
}

// choices adds the options; «none of these» and a person are buttons of the block.
func (w *writer) choices(d *draft) {
	if len(d.options) == 0 {
		return
	}
	question := d.question
	if question == "" {
		question = "您也可能想问："
	}
	b := Block{Type: BlockChoices, Text: question, Options: d.options}
	if d.action == Clarify {
		b.Extra = []Say{{"都不是", "都不是"}, {"转人工", "转人工"}}
	}
	w.add(b)
	w.say(question)
	for i, o := range d.options {
		line := fmt.Sprintf("%d. %s", i+1, o.Label)
		if o.Hint != "" {
			line += "（" + o.Hint + "）"
		}
		w.say(line)
	}
	if d.action == Clarify {
		w.say("回复数字即可；都不是请说「都不是」，也可以发「转人工」。")
	}
}

func (w *writer) hotline(d *draft, item string) {
	numbers := w.e.site.hotlineNumbers()
	b := Block{Type: BlockHotline, Title: "人工服务", Numbers: numbers, Prepare: w.e.prepare(item)}
	switch {
	case d.ticket != nil:
		b.Text = "已为您转入人工队列，前面的对话会一并交给坐席，不用重复说明。"
		w.r.Handoff = &HandoffNo{Group: d.ticket.Group}
	case d.action == Handoff:
		b.Number = d.state.Handoff
		b.Text = "您已经在人工队列中，受理编号：" + b.Number + "。新说的内容也会一并交给坐席。"
	default:
		b.Text = "可以直接发「转人工」，也可以拨打下面的电话。"
	}
	w.add(b)
	w.say(b.Text)
	for _, n := range numbers {
		w.say(strings.TrimSpace(fmt.Sprintf("%s %s %s（%s）", n.Label, n.Number, n.Hours, n.For)))
		w.r.Links = append(w.r.Links, tel("拨打 "+n.Number, n.Number))
	}
	w.say("请准备好：" + strings.Join(b.Prepare, "；"))
}
