package desk

import (
	"context"
	"net/http"
	"time"

	"shenwei/bot"
	"shenwei/bot/desk"
	"shenwei/internal/fault"
	"shenwei/web/auth"
	"shenwei/web/respond"
)

type groupBoard struct {
	Group   string `json:"group"`
	Open    bool   `json:"open"`
	Waiting int    `json:"waiting"`
	// Longest is how long the first has waited, in seconds.
	Longest  int `json:"longest_s"`
	Talking  int `json:"talking"`
	Calls    int `json:"calls"`
	Breached int `json:"breached"`
	Online   int `json:"online"`
	Busy     int `json:"busy"`
	Slots    int `json:"slots"`
}

type boardBody struct {
	Now    time.Time    `json:"now"`
	Groups []groupBoard `json:"groups"`
	Agents []desk.Agent `json:"agents"`
	Today  desk.Tally   `json:"today"`
	// BotShare is the share of today's conversations that needed no person, 0 to 1; Stars the
	// mean of today's ratings, 0 where there is none.
	BotShare float64      `json:"bot_share"`
	Stars    float64      `json:"stars"`
	Alerts   []desk.Alert `json:"alerts"`
	Watch    []ticketView `json:"watch"`
	Late     []lateOrder  `json:"late_orders"`
}

type lateOrder struct {
	Number string `json:"number"`
	Unit   string `json:"unit"`
	Late   string `json:"late"`
}

// Board is the handler of GET /api/v1/desk/board, for supervisors.
func (d *Desk) Board() http.HandlerFunc {
	return d.answer(func(r *http.Request, _ auth.Principal) (any, error) { return d.board(r.Context()) })
}

func (d *Desk) board(ctx context.Context) (*boardBody, error) {
	now := d.cfg.Now()
	b := &boardBody{Now: now, Agents: d.cfg.Desk.Agents(), Watch: []ticketView{}, Late: []lateOrder{}}
	tickets := d.cfg.Desk.Board()
	for _, g := range d.cfg.Desk.Rules().Groups {
		b.Groups = append(b.Groups, d.groupBoard(g, tickets, b.Agents, now))
	}
	for _, t := range tickets {
		if len(b.Watch) < maxShown && needsHelp(t) {
			b.Watch = append(b.Watch, d.view(t))
		}
	}
	var err error
	today := now.In(zone)
	midnight := time.Date(today.Year(), today.Month(), today.Day(), 0, 0, 0, 0, zone)
	if b.Today, err = d.cfg.Store.Tally(ctx, midnight, now.Add(time.Second)); err != nil {
		return nil, err
	}
	if n := b.Today.Conversations; n > 0 {
		b.BotShare = 1 - float64(b.Today.HandedOver)/float64(n)
	}
	if b.Today.Rated > 0 {
		b.Stars = float64(b.Today.Stars) / float64(b.Today.Rated)
	}
	if b.Alerts, err = d.cfg.Store.Alerts(ctx, maxList); err != nil {
		return nil, err
	}
	orders, err := d.cfg.Store.Orders(ctx, "", "", maxList)
	if err != nil {
		return nil, err
	}
	for _, o := range orders {
		if late := o.Late(now); late != "" {
			b.Late = append(b.Late, lateOrder{o.Number, o.Unit, late})
		}
	}
	return b, nil
}

// zone is the one in which a day begins for supervisors.
var zone = time.FixedZone("Asia/Shanghai", 8*60*60)

func (d *Desk) groupBoard(g desk.Group, tickets []desk.Ticket, agents []desk.Agent, now time.Time) groupBoard {
	r := d.cfg.Desk.Rules()
	b := groupBoard{Group: g.Name, Open: g.Calendar.Open(now), Slots: r.Slots(g.Name, agents, now)}
	for _, t := range tickets {
		if t.Group != g.Name {
			continue
		}
		switch t.State {
		case desk.Queued, desk.Offered:
			b.Waiting++
			b.Longest = max(b.Longest, int(now.Sub(t.Enqueued)/time.Second))
		case desk.Callback, desk.Calling:
			b.Calls++
		default:
			b.Talking++
		}
		for _, tm := range t.Timers {
			if tm.Breached {
				b.Breached++
				break
			}
		}
	}
	for _, a := range agents {
		if !a.In(g.Name) {
			continue
		}
		switch a.Presence {
		case desk.Online:
			b.Online++
		case desk.Busy, desk.Break, desk.NotResponding:
			b.Busy++
		}
	}
	return b
}

type agentsBody struct {
	Agents []desk.Agent `json:"agents"`
}

// Agents is the handler of GET /api/v1/desk/agents: to whom one may transfer.
func (d *Desk) Agents() http.HandlerFunc {
	return d.answer(func(*http.Request, auth.Principal) (any, error) { return agentsBody{d.cfg.Desk.Agents()}, nil })
}

type agentBody struct {
	Groups   []string       `json:"groups"`
	Skills   map[string]int `json:"skills"`
	Capacity int            `json:"capacity"`
}

// SetAgent is the handler of PUT /api/v1/desk/agents/{id}, for supervisors.
func (d *Desk) SetAgent() http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var b agentBody
		if err := respond.Body(w, r, &b); err != nil {
			d.cfg.Respond.Error(w, r, err)
			return
		}
		d.answer(func(r *http.Request, who auth.Principal) (any, error) {
			for _, g := range b.Groups {
				if !d.cfg.Desk.Rules().HasGroup(g) {
					return nil, fault.New(fault.BadRequest, "没有「%s」这个组", clip(g, 20))
				}
			}
			for name, level := range b.Skills {
				if name == "" || level < 1 || level > 3 {
					return nil, fault.New(fault.BadRequest, "技能等级应为 1 到 3")
				}
			}
			id := r.PathValue("id")
			if err := d.cfg.Store.SetAgent(r.Context(), desk.Agent{ID: id, Groups: b.Groups, Skills: b.Skills, Capacity: b.Capacity}, who.Name); err != nil {
				return nil, err
			}
			if err := d.cfg.Desk.Reload(r.Context()); err != nil {
				return nil, err
			}
			a, _ := d.cfg.Desk.AgentOf(id)
			return a, nil
		})(w, r)
	}
}

type limitBody struct {
	Conversation string `json:"conversation"`
	Mode         string `json:"mode"`
	Reason       string `json:"reason"`
	Minutes      int    `json:"minutes"`
}

// Limit is the handler of POST /api/v1/desk/limits, for supervisors: it slows a visitor or
// keeps her out for a time. Danger is answered all the same.
func (d *Desk) Limit() http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var b limitBody
		if err := respond.Body(w, r, &b); err != nil {
			d.cfg.Respond.Error(w, r, err)
			return
		}
		d.answer(func(r *http.Request, who auth.Principal) (any, error) {
			if _, err := d.cfg.Store.Conversation(r.Context(), b.Conversation); err != nil {
				return nil, fault.New(fault.NotFound, "没有这个会话")
			}
			now := d.cfg.Now()
			l := desk.Limit{Conversation: b.Conversation, Mode: b.Mode, Reason: b.Reason, Actor: who.Name, At: now, Until: now.Add(time.Duration(b.Minutes) * time.Minute)}
			if err := d.cfg.Store.Limit(r.Context(), l); err != nil {
				return nil, err
			}
			return l, d.cfg.Desk.Reload(r.Context())
		})(w, r)
	}
}

type pullBody struct {
	Conversation string `json:"conversation"`
}

// Pull is the handler of POST /api/v1/desk/pull, for supervisors: a conversation that the bot
// answers becomes hers.
func (d *Desk) Pull() http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var b pullBody
		if err := respond.Body(w, r, &b); err != nil {
			d.cfg.Respond.Error(w, r, err)
			return
		}
		d.answer(func(r *http.Request, who auth.Principal) (any, error) {
			conv, err := d.cfg.Store.Conversation(r.Context(), b.Conversation)
			if err != nil {
				return nil, fault.New(fault.NotFound, "没有这个会话")
			}
			me, known := d.cfg.Desk.AgentOf(who.ID)
			if !known {
				return nil, fault.New(fault.Conflict, "请先打开工作台")
			}
			t := desk.Ticket{
				Number: bot.TicketNumber(d.cfg.Now()), Conversation: conv.ID, Group: d.groupOf(conv.State), Item: conv.State.Item,
				Article: conv.State.Article, Facet: conv.State.Facet, Summary: "班长主动介入",
			}
			c, err := d.cfg.Desk.Pull(r.Context(), t, desk.Event{Actor: who.ID, Number: me.Number})
			if err != nil {
				return nil, err
			}
			return doneFrame{"done", "", d.view(c.Ticket), c.Seqs}, nil
		})(w, r)
	}
}

// groupOf is the group that takes what the conversation is about.
func (d *Desk) groupOf(st bot.State) string {
	if l := d.cfg.Live(); l != nil {
		if it := l.Knowledge().Item(st.Item); it != nil {
			return it.Group
		}
		if a := l.Knowledge().Article(st.Article); a != nil && a.Group != "" {
			return a.Group
		}
	}
	return desk.General
}

type seenBody struct {
	Seen bool `json:"seen"`
}

// SeeAlert is the handler of POST /api/v1/desk/alerts/{conversation}/seen, for supervisors.
func (d *Desk) SeeAlert() http.HandlerFunc {
	return d.answer(func(r *http.Request, who auth.Principal) (any, error) {
		return seenBody{true}, d.cfg.Store.SeeAlerts(r.Context(), r.PathValue("conversation"), who.Name, d.cfg.Now())
	})
}
