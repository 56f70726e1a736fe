package wechat

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"shenwei/bot"
	"shenwei/kb"
)

// MessageKind is the kind of a message that WeChat can show.
type MessageKind string

// The kinds of message.
const (
	KindText  MessageKind = "text"
	KindCard  MessageKind = "card"
	KindMenu  MessageKind = "menu"
	KindImage MessageKind = "image"
)

// Message is one bubble on a citizen's phone.
type Message struct {
	Kind MessageKind `json:"kind"`
	// Text is the whole of a text. Of a menu and a card it says the same in words, for where
	// neither may be sent.
	Text    string `json:"text,omitempty"`
	Card    *Card  `json:"card,omitempty"`
	Menu    *Menu  `json:"menu,omitempty"`
	MediaID string `json:"media_id,omitempty"`
}

// Card is a picture with a title that leads to a page.
type Card struct {
	Title       string `json:"title"`
	Description string `json:"description"`
	URL         string `json:"url"`
	Picture     string `json:"picture,omitempty"`
}

// Menu is a question with choices to tap.
type Menu struct {
	Head    string       `json:"head"`
	Choices []MenuChoice `json:"choices"`
	Tail    string       `json:"tail,omitempty"`
}

// MenuChoice is one line of a menu. ID names the reply and the choice in it: see menuID.
type MenuChoice struct {
	ID    string `json:"id"`
	Label string `json:"label"`
}

const (
	// maxBytes bounds a text, in bytes of UTF-8.
	maxBytes = 2048
	// maxMenuHead bounds what stands above a menu's choices, maxChoice one of them, in bytes.
	maxMenuHead = 1024
	maxChoice   = 128
	// maxMessages is how many bubbles a reply may take: what may be sent is limited.
	maxMessages = 3
)

// Shape is how an account shows replies.
type Shape struct {
	// MiniAppID is the mini-program's id; without it there are no links into one.
	MiniAppID string
	// Base stands before our own pages, "https://host"; without it there are no links to them.
	Base string
	// Cards adds a picture card below an answer about one item; Picture is its picture.
	Cards   bool
	Picture string
}

// Render shapes a reply as WeChat shows it, with no mini-program and no cards: what is not the
// account's own to say.
func Render(reply *bot.Reply) []Message { return Shape{}.Render(reply) }

// Render shapes a reply: at most three messages, the first a text or a menu. It is nil where
// nothing is to be said: a person answers.
func (s Shape) Render(r *bot.Reply) []Message {
	if r.Action == bot.Relayed {
		return nil
	}
	body := s.body(r)
	var out []Message
	if menu := menuOf(r); menu != nil {
		out = menuMessages(body, menu)
	} else {
		out = texts(body)
	}
	if card := s.card(r); card != nil && len(out) < maxMessages {
		out = append(out, Message{Kind: KindCard, Card: card, Text: card.Title + "\n" + card.URL})
	}
	return out
}

func texts(body string) []Message {
	var out []Message
	for _, part := range split(body, maxBytes) {
		out = append(out, Message{Kind: KindText, Text: part})
	}
	if len(out) > maxMessages {
		out = out[:maxMessages]
		last := &out[maxMessages-1]
		const more = "\n（内容较长，没有全部显示；可以接着问其中一点。）"
		last.Text = split(last.Text, maxBytes-len(more))[0] + more
	}
	return out
}

// menuMessages puts the menu below the text; what does not fit above the menu goes before it.
func menuMessages(body string, menu *Menu) []Message {
	numbers := menu.Tail
	for i := len(menu.Choices) - 1; i >= 0; i-- {
		numbers = menu.Choices[i].Label + "\n" + numbers
	}
	if whole := joinLines(body, menu.Head, numbers); len(whole) <= maxBytes && len(joinLines(body, menu.Head)) <= maxMenuHead {
		own := *menu
		own.Head = joinLines(body, menu.Head)
		return []Message{{Kind: KindMenu, Text: whole, Menu: &own}}
	}
	before := texts(body)
	if len(before) == maxMessages {
		before = before[:maxMessages-1]
	}
	return append(before, Message{Kind: KindMenu, Text: joinLines(menu.Head, numbers), Menu: menu})
}

func joinLines(parts ...string) string {
	var all []string
	for _, p := range parts {
		if p = strings.TrimSpace(p); p != "" {
			all = append(all, p)
		}
	}
	return strings.Join(all, "\n")
}

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
	all := append(append(first, second...), rest...)
	if r.AIGenerated {
		all = append(all, "（以上文字由人工智能整理，以办理时的要求为准。）")
	}
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
		return outletsText(b)
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
	return joinLines(append(lines, safe(card.Handover))...)
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

func outletsText(b bot.Block) string {
	lines := []string{b.Title}
	for i, o := range b.Outlets {
		line := "· " + strings.Join(strings.Fields(o.Name+" "+o.Address+" "+o.Phone+" "+o.Hours), " ")
		if i < len(b.Metres) {
			line += bot.Distance(b.Metres[i])
		}
		lines = append(lines, line)
	}
	return safe(strings.Join(lines, "\n"))
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

// card is shown below an answer about one item.
func (s Shape) card(r *bot.Reply) *Card {
	if !s.Cards || r.Action != bot.Answer || len(r.Items) != 1 {
		return nil
	}
	for _, b := range r.Blocks {
		if b.Type != bot.BlockItem || b.Item == nil {
			continue
		}
		for _, l := range b.Item.Links {
			if address := s.absolute(l.URL); address != "" && l.Kind == bot.LinkWeb {
				return &Card{
					Title:       cut(b.Item.Name, 64),
					Description: cut(joinLines(b.Item.Summary, "费用："+b.Item.Fee+"  时限："+b.Item.TimeLimit), 240),
					URL:         address, Picture: s.Picture,
				}
			}
		}
	}
	return nil
}

// The numbers of a menu's last two lines, above those of any option.
const (
	noneOfThese = 8
	aPerson     = 9
)

// menuID names a choice of the reply with a sequence number: short and decimal, because others
// read such ids as numbers.
func menuID(seq int64, n int) string { return strconv.FormatInt(seq*10+int64(n), 10) }

// readMenuID is the reverse; ok is false for an id that is not ours.
func readMenuID(id string) (seq int64, n int, ok bool) {
	v, err := strconv.ParseInt(id, 10, 64)
	if err != nil || v < 10 {
		return 0, 0, false
	}
	return v / 10, int(v % 10), true
}

// menuOf makes a menu of a reply's choices. Each line begins with its number, which may be
// written instead.
func menuOf(r *bot.Reply) *Menu {
	for _, b := range r.Blocks {
		if b.Type != bot.BlockChoices || len(b.Options) == 0 {
			continue
		}
		m := &Menu{Head: safe(b.Text)}
		for i, o := range b.Options {
			label := fmt.Sprintf("%d. %s", i+1, o.Label)
			if o.Hint != "" && len(label)+len(o.Hint)+6 <= maxChoice {
				label += "（" + o.Hint + "）"
			}
			m.Choices = append(m.Choices, MenuChoice{menuID(r.Seq, i+1), safe(cut(label, maxChoice))})
		}
		m.Tail = "回复数字即可"
		for _, e := range b.Extra {
			n := noneOfThese
			if e.Text == "转人工" {
				n = aPerson
			}
			m.Choices = append(m.Choices, MenuChoice{menuID(r.Seq, n), safe(e.Label)})
			m.Tail = "回复数字即可；也可以回复「都不是」或「转人工」。"
		}
		return m
	}
	return nil
}
