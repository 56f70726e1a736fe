package wechat

import (
	"cmp"
	"fmt"
	"net/url"
	"strings"

	"shenwei/bot"
	"shenwei/kb"
)

// body is everything but the choices. Danger comes first, then how to reach a person when the
// reply hands over; the rest keeps its order.
func (s Shape) body(r *bot.Reply) string {
	var first, second, rest []string
	for _, b := range r.Blocks {
		text := s.block(r, b)
		switch {
		case text == "":
		case b.Type == bot.BlockEmergency || b.Type == bot.BlockCaution:
			first = append(first, text)
		case b.Type == bot.BlockHotline && r.Action == bot.Handoff:
			second = append(second, text)
		default:
			rest = append(rest, text)
		}
	}
	if r.AIGenerated { // before the words: what follows the first message may be cut, or never be sent
		first = append(first, bot.AILabel)
	}
	all := append(append(first, second...), rest...)
	if len(all) == 0 {
		return safe(r.Text)
	}
	return strings.Join(all, "\n\n")
}

func (s Shape) block(r *bot.Reply, b bot.Block) string {
	switch b.Type {
	case bot.BlockCaution:
		return safe(b.Text)
	case bot.BlockEmergency:
		return emergencyText(b)
	case bot.BlockText:
		title := b.Title
		if title != "" {
			title = "【" + title + "】"
		}
		return joinLines(safe(title), markdown(b.Text), s.articleLink(r, b))
	case bot.BlockItem:
		return s.item(b.Item)
	case bot.BlockSteps:
		return moreText(b)
	case bot.BlockOutlets:
		return s.outlets(b)
	case bot.BlockHotline:
		return hotlineText(b)
	}
	return ""
}

func emergencyText(b bot.Block) string {
	lines := []string{b.Title}
	if !strings.Contains(b.Title, "110") {
		lines[0] += "；也可拨打 110"
	}
	for _, n := range b.Numbers {
		lines = append(lines, n.Number+" "+n.Label+"："+n.For)
	}
	for _, a := range b.Advice {
		lines = append(lines, "· "+a)
	}
	return safe(joinLines(append(lines, b.Text)...))
}

func (s Shape) item(card *bot.ItemCard) string {
	if card == nil {
		return ""
	}
	summary := card.Summary
	if summary == card.Name {
		summary = ""
	}
	lines := []string{safe("【" + card.Name + "】" + summary)}
	if links := s.links(card.Links); links != "" {
		lines = append(lines, links)
	}
	if card.FacetText != "" {
		lines = append(lines, safe(card.FacetName)+"："+markdown(card.FacetText))
	}
	lines = append(lines, safe(fmt.Sprintf("%s｜费用：%s｜时限：%s", card.Trips, card.Fee, card.TimeLimit)), safe(card.TripsNote))
	if len(card.Materials) > 0 && card.Facet != kb.Material {
		lines = append(lines, safe("带上："+strings.Join(card.Materials, "、")))
	}
	if card.Handover != "" {
		lines = append(lines, safe(card.Handover), "需要人工请发「转人工」。")
	}
	return joinLines(lines...)
}

// links are what a phone can open: pages by their whole address, and pages of the account's own
// mini-program. Telephone numbers stand in the text; phones make them tappable by themselves.
func (s Shape) links(links []bot.Link) string {
	var out []string
	for _, l := range links {
		switch address := s.absolute(l.URL); {
		case l.Kind == bot.LinkTel:
		case l.Kind == bot.LinkMini && s.MiniAppID != "" && isPath(l.URL):
			fallback := s.Base
			if fallback == "" {
				fallback = "https://mp.weixin.qq.com"
			}
			out = append(out, fmt.Sprintf(`<a href="%s" data-miniprogram-appid="%s" data-miniprogram-path="%s">%s</a>`,
				attribute(fallback), attribute(s.MiniAppID), attribute(strings.TrimPrefix(l.URL, "/")), safe(l.Label)))
		case l.Kind != bot.LinkMini && address != "":
			out = append(out, anchor(address, l.Label))
		}
	}
	return strings.Join(out, "  ")
}

func anchor(address, label string) string {
	return fmt.Sprintf(`<a href="%s">%s</a>`, attribute(address), safe(label))
}

// absolute is an address that a phone can open, "" for any other.
func (s Shape) absolute(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	switch {
	case (u.Scheme == "https" || u.Scheme == "http") && u.Host != "":
		return address
	case u.Scheme == "" && strings.HasPrefix(address, "/") && s.Base != "":
		return s.Base + address
	}
	return ""
}

func isPath(address string) bool { return address != "" && !strings.Contains(address, ":") }

func (s Shape) articleLink(r *bot.Reply, b bot.Block) string {
	if r.Article == "" || b.Title == "" || s.Base == "" {
		return ""
	}
	return anchor(s.Base+"/articles/"+url.PathEscape(r.Article), "看全文")
}

// moreText names what else is known: a phone cannot fold, and the citizen may ask.
func moreText(b bot.Block) string {
	var names []string
	for _, sec := range b.Sections {
		names = append(names, sec.Title)
	}
	if len(names) == 0 {
		return ""
	}
	return safe("还想了解请回复：" + strings.Join(names, " / "))
}

// outlets lists places; the first can be opened in a map app, and the rest on our page: more links
// would make a second message of it.
func (s Shape) outlets(b bot.Block) string {
	lines := []string{b.Title}
	for i, o := range b.Outlets {
		line := "· " + strings.Join(strings.Fields(o.Name+" "+o.Address+" "+o.Phone+" "+o.Hours), " ")
		if i < len(b.Metres) {
			line += bot.Distance(b.Metres[i])
		}
		if i < len(b.Visits) && b.Visits[i].Says != "" {
			line += "\n  " + cmp.Or(b.Visits[i].Then, b.Visits[i].Says)
		}
		lines = append(lines, line)
	}
	links := b.Links
	if len(b.Visits) > 0 && len(b.Visits[0].Maps) > 0 {
		first := b.Visits[0].Maps[0]
		first.Label = "在" + first.Label + "里看第一个"
		links = append([]bot.Link{first}, links...)
	}
	return joinLines(safe(strings.Join(lines, "\n")), s.links(links))
}

func hotlineText(b bot.Block) string {
	lines := []string{b.Text}
	if b.Number != "" && !strings.Contains(b.Text, b.Number) {
		lines = append(lines, "您的受理编号："+b.Number)
	}
	if b.Position > 0 {
		lines = append(lines, fmt.Sprintf("您在人工队列中排第 %d 位。", b.Position))
	}
	for _, n := range b.Numbers {
		lines = append(lines, strings.Join(strings.Fields(n.Label+" "+n.Number+" "+n.Hours), " "))
	}
	if len(b.Prepare) > 0 {
		lines = append(lines, "请准备好："+strings.Join(b.Prepare, "；"))
	}
	return safe(joinLines(lines...))
}
