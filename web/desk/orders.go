package desk

import (
	"net/http"
	"strconv"
	"strings"

	"shenwei/bot/desk"
	"shenwei/internal/fault"
	"shenwei/internal/mask"
	"shenwei/internal/outbox"
	"shenwei/web/auth"
	"shenwei/web/respond"
)

// maskedOrder is an order as lists show it.
func maskedOrder(o desk.Order) desk.Order {
	o = o.Masked()
	o.Title, o.Body, o.Reply = mask.Text(o.Title), mask.Text(o.Body), mask.Text(o.Reply)
	steps := make([]desk.Step, len(o.Steps))
	for i, st := range o.Steps {
		st.Text = mask.Text(st.Text)
		steps[i] = st
	}
	o.Steps = steps
	return o
}

type ordersBody struct {
	Orders []desk.Order `json:"orders"`
}

// Orders is the handler of GET /api/v1/desk/orders?state=&ticket=.
func (d *Desk) Orders() http.HandlerFunc {
	return d.answer(func(r *http.Request, _ auth.Principal) (any, error) {
		q := r.URL.Query()
		list, err := d.cfg.Store.Orders(r.Context(), q.Get("state"), q.Get("ticket"), maxList)
		b := ordersBody{[]desk.Order{}}
		for _, o := range list {
			b.Orders = append(b.Orders, maskedOrder(o))
		}
		return b, err
	})
}

type orderBody struct {
	Ticket       string `json:"ticket"`
	Type         string `json:"type"`
	Urgency      string `json:"urgency"`
	Title        string `json:"title"`
	Body         string `json:"body"`
	Name         string `json:"name"`
	Phone        string `json:"phone"`
	Place        string `json:"place"`
	Anonymous    bool   `json:"anonymous"`
	Confidential bool   `json:"confidential"`
	Item         string `json:"item"`
	Unit         string `json:"unit"`
}

// AddOrder is the handler of POST /api/v1/desk/orders.
func (d *Desk) AddOrder() http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var b orderBody
		if err := respond.Body(w, r, &b); err != nil {
			d.cfg.Respond.Error(w, r, err)
			return
		}
		d.answer(func(r *http.Request, who auth.Principal) (any, error) { return d.addOrder(r, who, b) })(w, r)
	}
}

func (d *Desk) addOrder(r *http.Request, who auth.Principal, b orderBody) (any, error) {
	t, err := d.visible(r.Context(), who, b.Ticket)
	if err != nil {
		return nil, err
	}
	cal := d.cfg.Desk.Rules().Group(t.Group).Calendar
	o, err := desk.NewOrder(desk.Order{
		Ticket: t.Number, Conversation: t.Conversation, Type: b.Type, Urgency: b.Urgency, Title: b.Title, Body: b.Body, Name: b.Name,
		Phone: b.Phone, Place: b.Place, Anonymous: b.Anonymous, Confidential: b.Confidential, Item: b.Item, Unit: b.Unit,
	}, who.Name, d.cfg.Now(), d.cfg.Deadlines, cal)
	if err != nil {
		return nil, err
	}
	send := func(o desk.Order) []outbox.Entry { return d.cfg.Parcels(o, "create") }
	if o, err = d.cfg.Store.AddOrder(r.Context(), o, who.Name, send); err != nil {
		return nil, err
	}
	d.cfg.Wake()
	return maskedOrder(o), nil
}

// DoOrder is the handler of POST /api/v1/desk/orders/{number}/do.
func (d *Desk) DoOrder() http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var e desk.OrderEvent
		if err := respond.Body(w, r, &e); err != nil {
			d.cfg.Respond.Error(w, r, err)
			return
		}
		d.answer(func(r *http.Request, who auth.Principal) (any, error) {
			ctx := r.Context()
			o, err := d.cfg.Store.Order(ctx, r.PathValue("number"))
			if err != nil {
				return nil, err
			}
			e.Actor = who.Name
			group := desk.General
			if t, err := d.cfg.Desk.Ticket(ctx, o.Ticket); err == nil {
				group = t.Group
			}
			next, err := o.Apply(e, d.cfg.Now(), d.cfg.Deadlines, d.cfg.Desk.Rules().Group(group).Calendar)
			if err != nil {
				return nil, err
			}
			if err := d.cfg.Store.SaveOrder(ctx, next, who.Name, e.Do, d.cfg.Now(), d.cfg.Parcels(next, e.Do)...); err != nil {
				return nil, err
			}
			d.cfg.Wake()
			return maskedOrder(next), nil
		})(w, r)
	}
}

// ExportOrders is the handler of GET /api/v1/desk/orders/export, for supervisors: the file
// that a city's hotline system reads. It holds personal data, so it is audited first.
func (d *Desk) ExportOrders() http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		who, ok := auth.From(r.Context())
		if !ok {
			d.cfg.Respond.Error(w, r, fault.New(fault.Unauthorized, "请先登录"))
			return
		}
		list, err := d.cfg.Store.Orders(r.Context(), r.URL.Query().Get("state"), "", 10_000)
		if err == nil {
			err = d.mustRecord(r.Context(), who, "order.export", "orders", `{"count":`+strconv.Itoa(len(list))+`}`)
		}
		if err != nil {
			d.cfg.Respond.Error(w, r, err)
			return
		}
		rows := [][]string{{"工单编号", "类型", "紧急程度", "标题", "诉求内容", "诉求人", "联系电话", "地点", "匿名", "保密", "事项", "办理单位", "状态", "受理时间", "签收期限", "办理期限", "答复"}}
		for _, o := range list {
			name := o.Name
			if o.Anonymous {
				name = ""
			}
			rows = append(rows, []string{
				o.Number, o.Type, o.Urgency, o.Title, o.Body, name, o.Phone, o.Place, strconv.FormatBool(o.Anonymous), strconv.FormatBool(o.Confidential),
				o.Item, o.Unit, o.State, stamp(o.Created), stamp(o.SignBy), stamp(o.DueBy), strings.TrimSpace(o.Reply),
			})
		}
		writeCSV(w, "orders", rows)
	}
}
