package desk

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"

	"shenwei/bot"
	"shenwei/bot/desk"
	"shenwei/internal/fault"
	"shenwei/internal/mask"
	"shenwei/kb"
	"shenwei/web/auth"
	"shenwei/web/respond"
)

// Drafts takes knowledge that somebody proposes; *kb.Studio is one.
type Drafts interface {
	Save(ctx context.Context, e kb.Edit) (kb.Saved, error)
}

type keepBody struct {
	// Seq is the agent's reply, Question what it answers: the citizen's last line before it
	// when empty.
	Seq      int64  `json:"seq"`
	Question string `json:"question"`
}

type keptBody struct {
	Kind     kb.Kind `json:"kind"`
	ID       string  `json:"id"`
	Draft    int64   `json:"draft"`
	Question string  `json:"question"`
}

// Keep is the handler of POST /api/v1/desk/tickets/{number}/knowledge: a person's reply becomes
// a masked draft in the studio. It is published as every draft is: an editor takes it over,
// another one reviews it and the gate passes it.
func (d *Desk) Keep() http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var b keepBody
		if err := respond.Body(w, r, &b); err != nil {
			d.cfg.Respond.Error(w, r, err)
			return
		}
		d.answer(func(r *http.Request, who auth.Principal) (any, error) { return d.keep(r, who, b) })(w, r)
	}
}

func (d *Desk) keep(r *http.Request, who auth.Principal, b keepBody) (any, error) {
	ctx := r.Context()
	t, err := d.visible(ctx, who, r.PathValue("number"))
	switch {
	case err != nil:
		return nil, err
	case d.cfg.Drafts == nil:
		return nil, fault.New(fault.Unavailable, "这里没有知识工作台")
	case t.Agent != who.ID && t.Last != who.ID && !who.Has(auth.Supervisor):
		return nil, fault.New(fault.Forbidden, "只有服务过这个会话的坐席和班长可以存为知识")
	}
	said, question, err := d.exchange(ctx, t, b)
	if err != nil {
		return nil, err
	}
	edit, err := d.proposal(t, who, b.Seq, question, said)
	if err != nil {
		return nil, err
	}
	detail := fmt.Sprintf(`{"ticket":%s,"seq":%d}`, strconv.Quote(t.Number), b.Seq)
	if err := d.mustRecord(ctx, who, "desk.keep", string(edit.Kind)+"/"+edit.ID, detail); err != nil {
		return nil, err
	}
	saved, err := d.cfg.Drafts.Save(ctx, edit)
	if c := (*kb.DraftConflict)(nil); errors.As(err, &c) {
		err = fault.New(fault.Conflict, "这条回复已存为知识草稿 %s，请在知识工作台里继续", edit.ID)
	}
	if err != nil {
		return nil, err
	}
	return keptBody{edit.Kind, edit.ID, saved.Revision.Number, question}, nil
}

// exchange is what was said in a row of a person, and what it answers: both masked.
func (d *Desk) exchange(ctx context.Context, t desk.Ticket, b keepBody) (said, question string, err error) {
	rows, err := d.cfg.Store.Messages(ctx, t.Conversation, max(0, b.Seq-lookBack), lookBack)
	if err != nil {
		return "", "", err
	}
	for i, row := range rows {
		if row.Seq != b.Seq || row.Kind != desk.RowAgent {
			continue
		}
		if row.Text == bot.SentPicture {
			return "", "", fault.New(fault.BadRequest, "图片不能存为知识，请用文字写出来")
		}
		if question = b.Question; strings.TrimSpace(question) == "" {
			question = lastQuestion(rows[:i], bot.State{})
		}
		question = strings.Join(strings.Fields(mask.Text(question)), " ")
		switch n := utf8.RuneCountInString(question); {
		case n == 0:
			return "", "", fault.New(fault.BadRequest, "请写明这条回复解答的问题")
		case n > kb.MaxAsk:
			return "", "", fault.New(fault.BadRequest, "问题有 %d 个字，最多 %d 个；请用一句话写明", n, kb.MaxAsk)
		}
		return strings.TrimSpace(mask.Text(row.Text)), question, nil
	}
	return "", "", fault.New(fault.NotFound, "这个会话里没有第 %d 条坐席回复", b.Seq)
}

// proposal is a draft of a new article. What only an editor can know, the sources and the day of
// the next review, is left to her; without them nothing is published.
func (d *Desk) proposal(t desk.Ticket, who auth.Principal, seq int64, question, said string) (kb.Edit, error) {
	me, _ := d.cfg.Desk.AgentOf(who.ID)
	name := who.Display
	if name == "" {
		name = who.Name
	}
	a := kb.Article{
		ID: keptID(t.Conversation, seq), Title: clip(question, maxTitle), Category: t.Group, Kind: kb.KindGuide,
		Summary: firstSentence(said), Asks: []string{question}, Sources: []string{}, Body: said,
	}
	if l := d.cfg.Live(); l != nil && l.Knowledge().Item(t.Item) != nil {
		a.Related = []string{t.Item}
	}
	form, err := json.Marshal(a)
	return kb.Edit{
		Kind: kb.KindArticle, ID: a.ID, Fields: form, New: true,
		Note: fmt.Sprintf("坐席 %s 号在会话 %s 的回复", me.Number, t.Number),
		By:   kb.Member{ID: who.ID, Login: who.Name, Name: name},
	}, err
}

// keptID names the article of one reply: the same reply is kept once, and the name, which
// citizens read in addresses, tells nothing of the conversation.
func keptID(conversation string, seq int64) string {
	sum := sha256.Sum256([]byte(conversation + "/" + strconv.FormatInt(seq, 10)))
	return "desk-" + hex.EncodeToString(sum[:6])
}

const (
	maxTitle   = 40
	maxSummary = 120
)

// firstSentence is what a text begins with, for a summary.
func firstSentence(s string) string {
	if i := strings.IndexAny(s, "。！？\n"); i >= 0 {
		_, size := utf8.DecodeRuneInString(s[i:])
		s = s[:i+size]
	}
	return clip(strings.TrimSpace(s), maxSummary)
}
