package wechat

import (
	"fmt"
	"strconv"
	"strings"

	"shenwei/bot"
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
				summary := b.Item.Summary
				if r.AIGenerated { // a card has no room for the mark that a model's words must have
					summary = ""
				}
				return &Card{
					Title:       cut(b.Item.Name, 64),
					Description: cut(joinLines(summary, "费用："+b.Item.Fee+"  时限："+b.Item.TimeLimit), 240),
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
