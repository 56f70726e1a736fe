package desk

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"shenwei/bot/desk"
	"shenwei/internal/fault"
	"shenwei/internal/mask"
	"shenwei/kb"
	"shenwei/web/auth"
	"shenwei/web/respond"
)

// Drafts keeps what agents think should be known; *kb.Studio is one.
type Drafts interface {
	Save(ctx context.Context, e kb.Edit) (kb.Saved, error)
}

type keepBody struct {
	// Seq is the row of the reply, Question what it answers as a citizen would ask it.
	Seq      int64  `json:"seq"`
	Question string `json:"question"`
}

type keptBody struct {
	Key string `json:"key"`
}

// maxKept is the longest question that becomes an ask, in characters.
const maxKept = 60

// Keep is the handler of POST /api/v1/desk/tickets/{number}/keep: a reply becomes the draft of
// an article with its question as an ask, masked. An editor finishes it; no citizen sees it
// before it is reviewed and published.
func (d *Desk) Keep() http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var b keepBody
		if err := respond.Body(w, r, &b); err != nil {
			d.cfg.Respond.Error(w, r, err)
			return
		}
		d.answer(func(r *http.Request, who auth.Principal) (any, error) { return d.keep(r.Context(), who, r.PathValue("number"), b) })(w, r)
	}
}

func (d *Desk) keep(ctx context.Context, who auth.Principal, number string, b keepBody) (any, error) {
	if d.cfg.Drafts == nil {
		return nil, fault.New(fault.Unavailable, "知识工作台没有启用")
	}
	t, err := d.visible(ctx, who, number)
	if err != nil {
		return nil, err
	}
	question := mask.Text(strings.TrimSpace(b.Question))
	if n := utf8.RuneCountInString(question); n < 2 || n > maxKept {
		return nil, fault.New(fault.BadRequest, "请写出市民会怎么问，2 到 %d 个字", maxKept)
	}
	rows, err := d.cfg.Store.Messages(ctx, t.Conversation, b.Seq-1, 1)
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 || rows[0].Seq != b.Seq || rows[0].Kind != desk.RowAgent {
		return nil, fault.New(fault.NotFound, "没有这条坐席回复")
	}
	answer := mask.Text(rows[0].Text)
	now := d.cfg.Now()
	fields, err := json.Marshal(map[string]any{
		"title": question, "category": t.Group, "kind": kb.KindGuide, "summary": clip(answer, 120), "asks": []string{question}, "body": answer,
		"sources": []string{"热线坐席的回复，待编辑核对依据"}, "review": now.In(zone).AddDate(0, 6, 0).Format(time.DateOnly),
	})
	if err != nil {
		return nil, fmt.Errorf("the fields of a draft: %w", err)
	}
	id := fmt.Sprintf("%s-%d", strings.ToLower(t.Number), b.Seq)
	saved, err := d.cfg.Drafts.Save(ctx, kb.Edit{
		Kind: kb.KindArticle, ID: id, Fields: fields, New: true, Note: "来自热线会话 " + t.Number,
		By: kb.Member{ID: who.ID, Login: who.Name, Name: who.Display},
	})
	if fault.Is(err, fault.Conflict) {
		return nil, fault.Wrap(fault.Conflict, err, "这条回复已经存过了")
	}
	if err != nil {
		return nil, err
	}
	return keptBody{saved.Revision.Key()}, nil
}
