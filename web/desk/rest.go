package desk

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"shenwei/bot"
	"shenwei/bot/desk"
	"shenwei/internal/audit"
	"shenwei/internal/fault"
	"shenwei/web/auth"
	"shenwei/web/respond"
)

// answer makes a handler of what returns a value for JSON.
func (d *Desk) answer(do func(r *http.Request, who auth.Principal) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		who, ok := auth.From(r.Context())
		if !ok {
			d.cfg.Respond.Error(w, r, fault.New(fault.Unauthorized, "请先登录"))
			return
		}
		v, err := do(r, who)
		if err != nil {
			d.cfg.Respond.Error(w, r, err)
			return
		}
		d.cfg.Respond.JSON(w, r, v)
	}
}

// record notes in the audit log that somebody looked at what is personal. That it cannot be
// noted is said to nobody but the log: see mustRecord for what must not happen without it.
func (d *Desk) record(ctx context.Context, who auth.Principal, action, object string) {
	if err := d.mustRecord(ctx, who, action, object, ""); err != nil {
		d.cfg.Log.Error("a look was not audited", "action", action, "err", err)
	}
}

func (d *Desk) mustRecord(ctx context.Context, who auth.Principal, action, object, detail string) error {
	return d.cfg.Store.AppendAudit(ctx, audit.Entry{Actor: who.Name, Action: action, Object: object, Detail: detail, At: d.cfg.Now()})
}

type groupView struct {
	Name     string   `json:"name"`
	Numbers  []string `json:"numbers"`
	Overflow string   `json:"overflow,omitempty"`
	Open     bool     `json:"open"`
}

type choicesBody struct {
	Groups      []groupView       `json:"groups"`
	States      map[string]string `json:"states"`
	WrapupCodes map[string]string `json:"wrapup_codes"`
	RatingTags  []string          `json:"rating_tags"`
	Variables   []string          `json:"variables"`
	CallWindows map[string]string `json:"call_windows"`
	OrderTypes  []string          `json:"order_types"`
	Urgencies   []string          `json:"urgencies"`
	Sheet       []desk.Criterion  `json:"sheet"`
	SheetNo     string            `json:"sheet_version"`
	MaxReply    int               `json:"max_reply"`
	OfferSec    int               `json:"offer_seconds"`
	WrapupSec   int               `json:"wrapup_seconds"`
	Me          desk.Agent        `json:"me"`
}

// Choices is the handler of GET /api/v1/desk/choices: everything that the page's lists offer.
func (d *Desk) Choices() http.HandlerFunc {
	return d.answer(func(_ *http.Request, who auth.Principal) (any, error) {
		r := d.cfg.Desk.Rules()
		b := choicesBody{
			Groups: []groupView{}, States: map[string]string{}, WrapupCodes: map[string]string{}, RatingTags: desk.RatingTags, Variables: desk.Variables,
			CallWindows: desk.CallWindows, OrderTypes: desk.OrderTypes, Urgencies: desk.Urgencies, Sheet: desk.Sheet, SheetNo: desk.SheetVersion,
			MaxReply: desk.MaxReply, OfferSec: int(r.OfferLease / time.Second), WrapupSec: int(r.WrapupLease / time.Second),
		}
		for _, g := range r.Groups {
			numbers := g.Numbers
			if numbers == nil {
				numbers = []string{}
			}
			b.Groups = append(b.Groups, groupView{g.Name, numbers, g.Overflow, g.Calendar.Open(d.cfg.Now())})
		}
		for s, name := range desk.StateNames {
			b.States[string(s)] = name
		}
		for code, name := range desk.WrapupCodes {
			if code != desk.CodeIdle && code != desk.CodeLeft { // these are set by themselves
				b.WrapupCodes[code] = name
			}
		}
		b.Me, _ = d.cfg.Desk.AgentOf(who.ID)
		return b, nil
	})
}

type ticketsBody struct {
	Tickets       []ticketView  `json:"tickets"`
	Conversations []desk.Glance `json:"conversations,omitempty"`
}

// maxList bounds a list of tickets or conversations.
const maxList = 200

// Tickets is the handler of GET /api/v1/desk/tickets?tab=mine|queue|callback|watch|bot|ended.
func (d *Desk) Tickets() http.HandlerFunc {
	return d.answer(func(r *http.Request, who auth.Principal) (any, error) {
		me, _ := d.cfg.Desk.AgentOf(who.ID)
		s := &session{d: d, who: who, me: me, chief: who.Has(auth.Supervisor)}
		b := ticketsBody{Tickets: []ticketView{}}
		var list []desk.Ticket
		var keep func(t desk.Ticket) bool
		now := d.cfg.Now()
		switch tab := r.URL.Query().Get("tab"); tab {
		case "mine", "":
			keep = func(t desk.Ticket) bool { return t.Agent == who.ID || t.Offered == who.ID }
		case "queue":
			keep = func(t desk.Ticket) bool { return t.State == desk.Queued || t.State == desk.Offered }
		case "callback":
			keep = func(t desk.Ticket) bool { return t.State == desk.Callback && t.Asked || t.State == desk.Calling }
		case "watch":
			keep = needsHelp
		case "ended":
			var err error
			if list, err = d.cfg.Store.EndedTickets(r.Context(), now.AddDate(0, 0, -7), now.Add(time.Hour), maxList); err != nil {
				return nil, err
			}
			keep = func(t desk.Ticket) bool { return s.chief || t.Last == who.ID }
		case "bot":
			if !s.chief {
				return nil, fault.New(fault.Forbidden, "只有班长可以查看机器人接待的会话")
			}
			recent, err := d.cfg.Store.RecentConversations(r.Context(), now.Add(-time.Hour), maxList)
			if err != nil {
				return nil, err
			}
			for i := range recent {
				if m := d.matter(desk.Ticket{Item: recent[i].Item}, bot.State{}); m != nil {
					recent[i].Name = m.Name
				}
			}
			b.Conversations = recent
			return b, nil
		default:
			return nil, fault.New(fault.BadRequest, "参数 tab 可以是 mine、queue、callback、watch、bot、ended")
		}
		if list == nil {
			list = d.cfg.Desk.Select(keep)
		}
		for _, t := range list {
			if len(b.Tickets) < maxList && keep(t) && s.sees(t) {
				b.Tickets = append(b.Tickets, d.view(t))
			}
		}
		return b, nil
	})
}

// needsHelp reports whether a supervisor should look: danger, a broken promise, bounces.
func needsHelp(t desk.Ticket) bool {
	if t.Red || len(t.Bounces) >= 3 {
		return true
	}
	for _, tm := range t.Timers {
		if tm.Breached {
			return true
		}
	}
	return false
}

// visible reads a ticket that the person may see.
func (d *Desk) visible(ctx context.Context, who auth.Principal, number string) (desk.Ticket, error) {
	t, err := d.cfg.Desk.Ticket(ctx, number)
	if err != nil {
		return t, err
	}
	me, _ := d.cfg.Desk.AgentOf(who.ID)
	s := &session{d: d, who: who, me: me, chief: who.Has(auth.Supervisor)}
	if !s.sees(t) {
		return t, fault.New(fault.Forbidden, "这个会话不在您的组里")
	}
	return t, nil
}

// Do is the handler of POST /api/v1/desk/tickets/{number}/do: what the socket's «do» does.
func (d *Desk) Do() http.HandlerFunc {
	type body struct {
		order
		Ref string `json:"ref"`
	}
	return func(w http.ResponseWriter, r *http.Request) {
		var b body
		if err := respond.Body(w, r, &b); err != nil {
			d.cfg.Respond.Error(w, r, err)
			return
		}
		d.answer(func(r *http.Request, who auth.Principal) (any, error) {
			c, err := d.carryOut(r.Context(), who, r.PathValue("number"), b.order, b.Ref)
			if err != nil {
				return nil, err
			}
			return doneFrame{"done", b.Ref, d.view(c.Ticket), c.Seqs}, nil
		})(w, r)
	}
}

type messagesBody struct {
	Rows  []rowFrame  `json:"rows"`
	Notes []desk.Note `json:"notes"`
	More  bool        `json:"more"`
}

// maxRows is how many rows one request reads.
const maxRows = 200

// Messages is the handler of GET /api/v1/desk/tickets/{number}/messages?after=seq.
func (d *Desk) Messages() http.HandlerFunc {
	return d.answer(func(r *http.Request, who auth.Principal) (any, error) {
		t, err := d.visible(r.Context(), who, r.PathValue("number"))
		if err != nil {
			return nil, err
		}
		after, err := number(r, "after", 0)
		if err != nil {
			return nil, err
		}
		rows, err := d.cfg.Store.Messages(r.Context(), t.Conversation, after, maxRows+1)
		if err != nil {
			return nil, err
		}
		b := messagesBody{Rows: []rowFrame{}, Notes: []desk.Note{}, More: len(rows) > maxRows}
		for _, row := range rows[:min(len(rows), maxRows)] {
			b.Rows = append(b.Rows, masked(t.Conversation, row))
		}
		notes, err := d.cfg.Store.Notes(r.Context(), t.Conversation, 0, maxRows)
		if notes != nil {
			b.Notes = notes
		}
		return b, err
	})
}

func number(r *http.Request, name string, otherwise int64) (int64, error) {
	given := r.URL.Query().Get(name)
	if given == "" {
		return otherwise, nil
	}
	n, err := strconv.ParseInt(given, 10, 64)
	if err != nil || n < 0 {
		return 0, fault.New(fault.BadRequest, "参数 %s 应为不小于 0 的整数", name)
	}
	return n, nil
}

type draftBody struct {
	Conversation string `json:"conversation"`
	Text         string `json:"text"`
}

// Draft is the handler of PUT /api/v1/desk/draft, for a page that closes.
func (d *Desk) Draft() http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var b draftBody
		if err := respond.Body(w, r, &b); err != nil {
			d.cfg.Respond.Error(w, r, err)
			return
		}
		d.answer(func(r *http.Request, who auth.Principal) (any, error) {
			return b, d.cfg.Store.KeepTyped(r.Context(), who.ID, b.Conversation, b.Text, d.cfg.Now())
		})(w, r)
	}
}

type cannedBody struct {
	Canned []desk.Canned `json:"canned"`
}

// Canned is the handler of GET /api/v1/desk/canned.
func (d *Desk) Canned() http.HandlerFunc {
	return d.answer(func(r *http.Request, _ auth.Principal) (any, error) {
		list, err := d.cfg.Store.Canned(r.Context())
		return cannedBody{list}, err
	})
}

// SaveCanned is the handler of POST /api/v1/desk/canned, for supervisors.
func (d *Desk) SaveCanned() http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var c desk.Canned
		if err := respond.Body(w, r, &c); err != nil {
			d.cfg.Respond.Error(w, r, err)
			return
		}
		d.answer(func(r *http.Request, who auth.Principal) (any, error) {
			c.Agent, c.At = who.Name, d.cfg.Now()
			return d.cfg.Store.SaveCanned(r.Context(), c)
		})(w, r)
	}
}
