package desk

import (
	"context"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"shenwei/bot"
	"shenwei/bot/desk"
	"shenwei/intents"
	"shenwei/internal/fault"
	"shenwei/internal/mask"
	"shenwei/kb"
	"shenwei/web/auth"
)

// packet is what an agent needs to go on where the bot stopped.
type packet struct {
	Ticket ticketView `json:"ticket"`
	// Risk says why to be careful: danger, urgent, complaint, reopened, bounced.
	Risk   []string       `json:"risk"`
	Matter *matter        `json:"matter,omitempty"`
	Slots  []intents.Told `json:"slots"`
	// Turns are what was asked last and how it was answered.
	Turns       []turnView        `json:"turns"`
	Suggestions []suggestion      `json:"suggestions"`
	Past        []ticketView      `json:"past"`
	Call        *desk.CallRequest `json:"call,omitempty"`
	Orders      []desk.Order      `json:"orders"`
	Reach       *Reach            `json:"reach,omitempty"`
	Seq         int64             `json:"seq"`
}

// matter is the item or article that the conversation is about.
type matter struct {
	Code     string `json:"code,omitempty"`
	ID       string `json:"id,omitempty"`
	Name     string `json:"name"`
	Facet    string `json:"facet,omitempty"`
	Handover string `json:"handover,omitempty"`
	URL      string `json:"url"`
}

type turnView struct {
	Seq    int64      `json:"seq"`
	Said   string     `json:"said"`
	Action bot.Action `json:"action"`
	Item   string     `json:"item,omitempty"`
	Answer string     `json:"answer"`
	At     time.Time  `json:"at"`
}

// suggestion is what the bot would answer, with what it rests on.
type suggestion struct {
	Text       string       `json:"text"`
	Item       string       `json:"item,omitempty"`
	Article    string       `json:"article,omitempty"`
	Confidence float64      `json:"confidence"`
	Sources    []bot.Source `json:"sources"`
	Options    []bot.Option `json:"options"`
	Release    int64        `json:"release"`
}

const (
	// maxTurns is how many turns a packet shows, lookBack how many rows are read for them.
	maxTurns = 10
	lookBack = 60
)

// Packet is the handler of GET /api/v1/desk/tickets/{number}.
func (d *Desk) Packet() http.HandlerFunc {
	return d.answer(func(r *http.Request, who auth.Principal) (any, error) {
		t, err := d.visible(r.Context(), who, r.PathValue("number"))
		if err != nil {
			return nil, err
		}
		return d.packet(r.Context(), t)
	})
}

func (d *Desk) packet(ctx context.Context, t desk.Ticket) (*packet, error) {
	conv, err := d.cfg.Store.Conversation(ctx, t.Conversation)
	if err != nil {
		return nil, err
	}
	rows, err := d.cfg.Store.Messages(ctx, t.Conversation, max(0, conv.Seq-lookBack), lookBack)
	if err != nil {
		return nil, err
	}
	p := &packet{Ticket: d.view(t), Risk: risks(t), Slots: intents.Tell(conv.State.Slots), Turns: turnsOf(rows), Past: []ticketView{}, Orders: []desk.Order{}, Seq: conv.Seq}
	p.Matter = d.matter(t, conv.State)
	if p.Reach, err = d.cfg.Reach(ctx, t.Channel, t.Conversation); err != nil {
		return nil, err
	}
	p.Suggestions = d.suggest(ctx, conv, lastQuestion(rows, conv.State))
	past, err := d.cfg.Store.TicketsOf(ctx, t.Conversation, maxTurns)
	if err != nil {
		return nil, err
	}
	for _, o := range past {
		if o.Number != t.Number {
			p.Past = append(p.Past, d.view(o))
		}
	}
	if t.Asked {
		call, err := d.cfg.Store.CallOf(ctx, t.Number)
		if err != nil {
			return nil, err
		}
		call = call.Masked()
		call.Form.Matter = mask.Text(call.Form.Matter)
		p.Call = &call
	}
	orders, err := d.cfg.Store.Orders(ctx, "", t.Number, maxTurns)
	if err != nil {
		return nil, err
	}
	for _, o := range orders {
		p.Orders = append(p.Orders, maskedOrder(o))
	}
	return p, nil
}

func risks(t desk.Ticket) []string {
	list := []string{}
	for _, r := range []struct {
		is   bool
		name string
	}{{t.Red, "danger"}, {t.Urgent, "urgent"}, {t.Reason == "complaint", "complaint"}, {t.Reason == "sensitive", "sensitive"}, {t.Reopens > 0, "reopened"}, {len(t.Bounces) >= 3, "bounced"}} {
		if r.is {
			list = append(list, r.name)
		}
	}
	return list
}

// turnsOf pairs lines with their replies, the newest last.
func turnsOf(rows []bot.Stored) []turnView {
	list := []turnView{}
	var said bot.Stored
	for _, row := range rows {
		switch {
		case row.Kind == "citizen":
			said = row
		case row.Kind == "reply" && row.Reply != nil && row.Reply.Action != bot.Relayed && said.Seq > 0:
			list = append(list, turnView{
				Seq: said.Seq, Said: clip(mask.Text(said.Text), 200), Action: row.Reply.Action, Item: row.Reply.Item,
				Answer: clip(row.Reply.Text, 200), At: said.At,
			})
			said = bot.Stored{}
		}
	}
	if n := len(list) - maxTurns; n > 0 {
		list = list[n:]
	}
	return list
}

func (d *Desk) matter(t desk.Ticket, st bot.State) *matter {
	l := d.cfg.Live()
	if l == nil {
		return nil
	}
	item, article := t.Item, t.Article
	if item == "" && article == "" {
		item, article = st.Item, st.Article
	}
	know := l.Knowledge()
	if it := know.Item(item); it != nil {
		return &matter{Code: it.Code, Name: it.Name, Facet: kb.FacetNames[kb.Facet(t.Facet)], Handover: it.Handover, URL: "/items/" + it.Code}
	}
	if a := know.Article(article); a != nil {
		return &matter{ID: a.ID, Name: a.Title, URL: "/articles/" + a.ID}
	}
	return nil
}

// lastQuestion is the citizen's last line that may be answered: what she asks of a person is
// the question before «转人工».
func lastQuestion(rows []bot.Stored, st bot.State) string {
	for i := len(rows) - 1; i >= 0; i-- {
		if rows[i].Kind != "citizen" || rows[i].Text == bot.SentPicture {
			continue
		}
		if i+1 < len(rows) && rows[i+1].Reply != nil && rows[i+1].Reply.Action == bot.Handoff {
			break
		}
		return rows[i].Text
	}
	return st.Question
}

// suggest asks the engine that also answers citizens, with the conversation's state. Nothing
// is stored of it.
func (d *Desk) suggest(ctx context.Context, conv bot.Conversation, text string) []suggestion {
	list := []suggestion{}
	if strings.TrimSpace(text) == "" {
		return list
	}
	a, err := d.cfg.Answer.Answer(ctx, bot.Turn{Message: bot.Message{Text: text}, State: conv.State, Owner: bot.OwnerBot})
	if err != nil {
		d.cfg.Log.Warn("nothing can be suggested", "err", err)
		return list
	}
	switch a.Reply.Action {
	case bot.Answer, bot.Clarify, bot.Emergency, bot.Decline:
		list = append(list, suggestion{
			Text: sendable(a.Reply), Item: a.Reply.Item, Article: a.Reply.Article, Confidence: a.Reply.Confidence, Sources: a.Reply.Sources,
			Options: a.Reply.Options, Release: a.Reply.Release,
		})
	}
	return list
}

// sendable is a reply's text without the addresses that lead nowhere from a citizen's phone:
// where no base address is configured our own pages have only a path.
func sendable(r *bot.Reply) string {
	text := "\n" + r.Text + "\n"
	for _, l := range r.Links {
		if strings.HasPrefix(l.URL, "/") {
			text = strings.ReplaceAll(text, "\n"+l.Label+"："+l.URL+"\n", "\n")
		}
	}
	return strings.Trim(text, "\n")
}

type suggestBody struct {
	Suggestions []suggestion `json:"suggestions"`
}

// maxAsk is the longest question that may be asked for a suggestion, in characters.
const maxAsk = 500

// Suggest is the handler of GET /api/v1/desk/tickets/{number}/suggest?q=: what the bot would
// answer to q, or to the citizen's last line.
func (d *Desk) Suggest() http.HandlerFunc {
	return d.answer(func(r *http.Request, who auth.Principal) (any, error) {
		q := r.URL.Query().Get("q")
		if utf8.RuneCountInString(q) > maxAsk {
			return nil, fault.New(fault.BadRequest, "参数 q 最多 %d 个字", maxAsk)
		}
		t, err := d.visible(r.Context(), who, r.PathValue("number"))
		if err != nil {
			return nil, err
		}
		conv, err := d.cfg.Store.Conversation(r.Context(), t.Conversation)
		if err != nil {
			return nil, err
		}
		if q == "" {
			rows, err := d.cfg.Store.Messages(r.Context(), t.Conversation, max(0, conv.Seq-lookBack), lookBack)
			if err != nil {
				return nil, err
			}
			q = lastQuestion(rows, conv.State)
		}
		return suggestBody{d.suggest(r.Context(), conv, q)}, nil
	})
}

// Search is the handler of GET /api/v1/desk/search?q=: what the knowledge says, without a
// conversation.
func (d *Desk) Search() http.HandlerFunc {
	return d.answer(func(r *http.Request, _ auth.Principal) (any, error) {
		q := r.URL.Query().Get("q")
		if n := utf8.RuneCountInString(q); n == 0 || n > maxAsk {
			return nil, fault.New(fault.BadRequest, "参数 q 应为 1 到 %d 个字", maxAsk)
		}
		return suggestBody{d.suggest(r.Context(), bot.Conversation{}, q)}, nil
	})
}
