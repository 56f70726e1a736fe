package desk

import (
	"context"
	"encoding/csv"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
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
	BotShare float64       `json:"bot_share"`
	Stars    float64       `json:"stars"`
	Alerts   []desk.Alert  `json:"alerts"`
	Limits   int           `json:"limits"`
	Watch    []ticketView  `json:"watch"`
	Late     []lateOrder   `json:"late_orders"`
	Warnings []string      `json:"warnings"`
	Recent   []desk.Glance `json:"-"`
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
	b := &boardBody{Now: now, Agents: d.cfg.Desk.Agents(), Watch: []ticketView{}, Late: []lateOrder{}, Warnings: []string{}}
	tickets := d.cfg.Desk.Board()
	for _, g := range d.cfg.Desk.Rules().Groups {
		b.Groups = append(b.Groups, d.groupBoard(g, tickets, b.Agents, now))
	}
	for _, t := range tickets {
		if needsHelp(t) {
			b.Watch = append(b.Watch, d.view(t))
		}
	}
	var err error
	midnight := now.In(zone).Truncate(0)
	midnight = time.Date(midnight.Year(), midnight.Month(), midnight.Day(), 0, 0, 0, 0, zone)
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
		switch {
		case t.State == desk.Queued || t.State == desk.Offered:
			b.Waiting++
			b.Longest = max(b.Longest, int(now.Sub(t.Enqueued)/time.Second))
		case t.State == desk.Callback || t.State == desk.Calling:
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

// span reads the days from and to (both counted) of a request; the default is the last seven.
func (d *Desk) span(r *http.Request) (from, to time.Time, err error) {
	now := d.cfg.Now().In(zone)
	today := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, zone)
	from, to = today.AddDate(0, 0, -6), today.AddDate(0, 0, 1)
	for name, t := range map[string]*time.Time{"from": &from, "to": &to} {
		given := r.URL.Query().Get(name)
		if given == "" {
			continue
		}
		day, err := time.ParseInLocation(time.DateOnly, given, zone)
		if err != nil {
			return from, to, fault.New(fault.BadRequest, "参数 %s 应为日期，例如 2026-11-22", name)
		}
		if *t = day; name == "to" {
			*t = day.AddDate(0, 0, 1)
		}
	}
	if !from.Before(to) || to.Sub(from) > 93*24*time.Hour {
		return from, to, fault.New(fault.BadRequest, "时间段应为 1 到 93 天")
	}
	return from, to, nil
}

// Sample is the handler of GET /api/v1/desk/sample?n=&agent=, for supervisors: ended tickets
// drawn at random for a quality check.
func (d *Desk) Sample() http.HandlerFunc {
	return d.answer(func(r *http.Request, _ auth.Principal) (any, error) {
		from, to, err := d.span(r)
		if err != nil {
			return nil, err
		}
		n, err := number(r, "n", 5)
		if err != nil || n < 1 || n > 50 {
			return nil, fault.New(fault.BadRequest, "参数 n 应为 1 到 50")
		}
		list, err := d.cfg.Store.EndedTickets(r.Context(), from, to, 10_000)
		if err != nil {
			return nil, err
		}
		agent := r.URL.Query().Get("agent")
		b := ticketsBody{Tickets: []ticketView{}}
		rand.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		for _, t := range list {
			if t.Last != "" && (agent == "" || t.Last == agent) && int64(len(b.Tickets)) < n {
				b.Tickets = append(b.Tickets, d.view(t))
			}
		}
		return b, nil
	})
}

type checkBody struct {
	Ticket  string         `json:"ticket"`
	Sheet   string         `json:"sheet"`
	Points  map[string]int `json:"points"`
	Comment string         `json:"comment"`
}

// SaveCheck is the handler of POST /api/v1/desk/checks, for supervisors.
func (d *Desk) SaveCheck() http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var b checkBody
		if err := respond.Body(w, r, &b); err != nil {
			d.cfg.Respond.Error(w, r, err)
			return
		}
		d.answer(func(r *http.Request, who auth.Principal) (any, error) {
			t, err := d.cfg.Desk.Ticket(r.Context(), b.Ticket)
			if err != nil {
				return nil, err
			}
			c := desk.Check{Ticket: t.Number, Agent: t.Last, Reviewer: who.Name, Sheet: b.Sheet, Points: b.Points, Comment: b.Comment, At: d.cfg.Now()}
			if err := c.Score(); err != nil {
				return nil, err
			}
			return c, d.cfg.Store.SaveCheck(r.Context(), c)
		})(w, r)
	}
}

type checksBody struct {
	Checks []desk.Check `json:"checks"`
}

// Checks is the handler of GET /api/v1/desk/checks?from=&to=, for supervisors.
func (d *Desk) Checks() http.HandlerFunc {
	return d.answer(func(r *http.Request, _ auth.Principal) (any, error) {
		from, to, err := d.span(r)
		if err != nil {
			return nil, err
		}
		list, err := d.cfg.Store.Checks(r.Context(), from, to, maxList)
		return checksBody{list}, err
	})
}

// Report is the handler of GET /api/v1/desk/report?from=&to=&format=json|csv, for supervisors.
func (d *Desk) Report() http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		from, to, err := d.span(r)
		if err != nil {
			d.cfg.Respond.Error(w, r, err)
			return
		}
		if r.URL.Query().Get("format") != "csv" {
			d.answer(func(r *http.Request, _ auth.Principal) (any, error) { return d.cfg.Store.Tally(r.Context(), from, to) })(w, r)
			return
		}
		list, err := d.cfg.Store.EndedTickets(r.Context(), from, to, 10_000)
		if err != nil {
			d.cfg.Respond.Error(w, r, err)
			return
		}
		writeCSV(w, "tickets", d.reportRows(list))
	}
}

func (d *Desk) reportRows(list []desk.Ticket) [][]string {
	rows := [][]string{{"编号", "渠道", "组", "原因", "事项", "转人工时间", "等待秒数", "首次回复秒数", "服务秒数", "坐席", "状态", "小结", "找回次数", "星级", "已解决"}}
	numbers := map[string]string{}
	for _, a := range d.cfg.Desk.Agents() {
		numbers[a.ID] = a.Number
	}
	seconds := func(from, to time.Time) string {
		if from.IsZero() || to.IsZero() {
			return ""
		}
		return strconv.Itoa(int(to.Sub(from) / time.Second))
	}
	for _, t := range list {
		stars, solved := "", ""
		if t.Rating != nil {
			stars, solved = strconv.Itoa(t.Rating.Stars), strconv.FormatBool(t.Rating.Solved)
		}
		rows = append(rows, []string{
			t.Number, t.Channel, t.Group, t.Reason, t.Item, t.Created.In(zone).Format("2006-01-02 15:04:05"), seconds(t.Enqueued, t.Accepted),
			seconds(t.Accepted, t.Replied), seconds(t.Accepted, t.Ended), numbers[t.Last], desk.StateNames[t.State], desk.WrapupCodes[t.Code],
			strconv.Itoa(t.Reopens), stars, solved,
		})
	}
	return rows
}

// writeCSV answers with a file for a spreadsheet: UTF-8 with its mark, and no cell that a
// spreadsheet would take for a formula.
func writeCSV(w http.ResponseWriter, name string, rows [][]string) {
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="`+name+`.csv"`)
	_, _ = w.Write([]byte("\xEF\xBB\xBF"))
	out := csv.NewWriter(w)
	for _, row := range rows {
		for i, cell := range row {
			if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
				row[i] = "'" + cell
			}
		}
		if out.Write(row) != nil {
			return // the reader has left
		}
	}
	out.Flush()
}
