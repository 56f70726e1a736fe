package desk

import (
	"net/http"
	"strconv"
	"strings"

	"shenwei/bot/desk"
	"shenwei/internal/fault"
	"shenwei/internal/mask"
	"shenwei/web/auth"
	"shenwei/web/respond"
)

type unmaskBody struct {
	// What is row (with Seq), call or order (with Order).
	What   string `json:"what"`
	Seq    int64  `json:"seq"`
	Order  string `json:"order"`
	Reason string `json:"reason"`
}

type clearBody struct {
	Text  string            `json:"text,omitempty"`
	Call  *desk.CallRequest `json:"call,omitempty"`
	Order *desk.Order       `json:"order,omitempty"`
}

// Unmask is the handler of POST /api/v1/desk/tickets/{number}/unmask. Who owns the ticket and
// supervisors may see personal data in the clear, with a reason; what cannot be audited is not
// shown.
func (d *Desk) Unmask() http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var b unmaskBody
		if err := respond.Body(w, r, &b); err != nil {
			d.cfg.Respond.Error(w, r, err)
			return
		}
		d.answer(func(r *http.Request, who auth.Principal) (any, error) { return d.unmask(r, who, b) })(w, r)
	}
}

func (d *Desk) unmask(r *http.Request, who auth.Principal, b unmaskBody) (any, error) {
	ctx := r.Context()
	t, err := d.visible(ctx, who, r.PathValue("number"))
	switch {
	case err != nil:
		return nil, err
	case t.Agent != who.ID && !who.Has(auth.Supervisor):
		return nil, fault.New(fault.Forbidden, "只有正在服务的坐席和班长可以查看原文")
	case strings.TrimSpace(b.Reason) == "":
		return nil, fault.New(fault.BadRequest, "请写明查看原因")
	}
	object := "ticket/" + t.Number + "/" + b.What
	if b.What == "row" {
		object += "/" + strconv.FormatInt(b.Seq, 10)
	}
	detail := `{"reason":` + strconv.Quote(clip(mask.Text(b.Reason), 200)) + `}`
	if err := d.mustRecord(ctx, who, "desk.unmask", object, detail); err != nil {
		return nil, err
	}
	switch b.What {
	case "row":
		rows, err := d.cfg.Store.Messages(ctx, t.Conversation, b.Seq-1, 1)
		if err == nil && (len(rows) == 0 || rows[0].Seq != b.Seq) {
			err = fault.New(fault.NotFound, "没有这条消息")
		}
		if err != nil {
			return nil, err
		}
		return clearBody{Text: rows[0].Text}, nil
	case "call":
		c, err := d.cfg.Store.CallOf(ctx, t.Number)
		return clearBody{Call: &c}, err
	case "order":
		o, err := d.cfg.Store.Order(ctx, b.Order)
		if err == nil && o.Ticket != t.Number {
			err = fault.New(fault.NotFound, "没有这个工单")
		}
		return clearBody{Order: &o}, err
	}
	return nil, fault.New(fault.BadRequest, "字段 what 可以是 row、call、order")
}

// clip bounds a text, in characters.
func clip(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n]) + "…"
	}
	return s
}
