package desk

import (
	"context"
	"fmt"
	"net/http"

	"shenwei/bot"
	"shenwei/bot/desk"
	"shenwei/internal/fault"
	"shenwei/internal/picture"
	"shenwei/web/auth"
	"shenwei/web/respond"
)

// Pictures are what citizens and agents show each other.
type Pictures interface {
	// Picture reads the picture of a row, or its small one; not_found where it has none.
	Picture(ctx context.Context, conversation string, seq int64, small bool) ([]byte, error)
}

// Picture is the handler of GET /api/v1/desk/conversations/{conversation}/pictures/{seq}. Who serves
// the citizen, or has served her last, and supervisors may see what she sent; each look is audited,
// and what cannot be audited is not shown.
func (d *Desk) Picture() http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := d.picture(r)
		if err != nil {
			d.cfg.Respond.Error(w, r, err)
			return
		}
		respond.Show(w, picture.Type, body)
	}
}

func (d *Desk) picture(r *http.Request) ([]byte, error) {
	ctx := r.Context()
	who, ok := auth.From(ctx)
	if !ok {
		return nil, fault.New(fault.Unauthorized, "请先登录")
	}
	small, err := respond.SmallPicture(r)
	if err != nil {
		return nil, err
	}
	seq, err := respond.Seq(r)
	if err != nil {
		return nil, err
	}
	conversation := r.PathValue("conversation")
	t, err := d.cfg.Desk.TicketOf(ctx, conversation)
	switch {
	case fault.Is(err, fault.NotFound):
		return nil, fault.Wrap(fault.NotFound, err, "没有这张图片")
	case err != nil:
		return nil, err
	case !looksAt(t, who):
		return nil, fault.New(fault.Forbidden, "只有正在服务的坐席和班长可以查看图片")
	}
	body, err := d.cfg.Store.Picture(ctx, conversation, seq, small)
	if err != nil {
		return nil, err
	}
	detail := fmt.Sprintf(`{"ticket":%q,"small":%v}`, t.Number, small)
	return body, d.mustRecord(ctx, who, "desk.picture", fmt.Sprintf("conversation/%s/%d", conversation, seq), detail)
}

// looksAt reports whether somebody may see the pictures of a ticket's conversation.
func looksAt(t desk.Ticket, who auth.Principal) bool {
	return who.Has(auth.Supervisor) || t.Agent == who.ID || t.Agent == "" && t.Offered == "" && t.Last == who.ID
}

// SendPicture is the handler of POST /api/v1/desk/tickets/{number}/pictures?ref=: a picture as an
// agent's reply. Its body is the file. It answers as «do» does.
func (d *Desk) SendPicture() http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		d.answer(func(r *http.Request, who auth.Principal) (any, error) { return d.sendPicture(w, r, who) })(w, r)
	}
}

func (d *Desk) sendPicture(w http.ResponseWriter, r *http.Request, who auth.Principal) (any, error) {
	ctx, ref := r.Context(), r.URL.Query().Get("ref")
	if len(ref) > maxName {
		return nil, fault.New(fault.BadRequest, "参数 ref 最长 %d 字节", maxName)
	}
	t, err := d.visible(ctx, who, r.PathValue("number"))
	if err == nil && t.Agent != who.ID && !who.Has(auth.Supervisor) {
		err = fault.New(fault.Forbidden, "这个会话不是您在服务")
	}
	data, err := respond.File(w, r, picture.MaxBytes, picture.TooManyBytes(), err)
	if err != nil {
		return nil, err
	}
	p, err := d.cfg.Cleaner.Clean(ctx, data)
	if err != nil {
		return nil, err
	}
	if p.Media, err = d.cfg.Upload(ctx, t.Channel, p); err != nil {
		return nil, err
	}
	c, err := d.carryOut(ctx, who, t.Number, order{Do: "reply", Text: bot.SentPicture, picture: p}, ref)
	if err != nil {
		return nil, err
	}
	return doneFrame{"done", ref, d.view(c.Ticket), c.Seqs}, nil
}

// noUpload is the way of pictures where every citizen reads on our own pages.
func noUpload(context.Context, string, *picture.Picture) (string, error) { return "", nil }
