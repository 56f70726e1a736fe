package api

import (
	"context"
	"crypto/rand"
	"net/http"

	"shenwei/bot"
	"shenwei/bot/desk"
	"shenwei/internal/fault"
	"shenwei/internal/picture"
	"shenwei/web/respond"
)

// Cleaner writes a picture anew that somebody sent; *picture.Cleaner is one.
type Cleaner interface {
	Clean(ctx context.Context, data []byte) (*picture.Picture, error)
}

// AddPicture takes a picture of a citizen as a line of her conversation, while a person owns it, and
// answers as Chat does.
func (a *API) AddPicture(w http.ResponseWriter, r *http.Request) {
	reply, err := a.addPicture(w, r)
	if err != nil {
		a.cfg.Respond.Error(w, r, err)
		return
	}
	a.cfg.Respond.JSON(w, r, reply)
}

func (a *API) addPicture(w http.ResponseWriter, r *http.Request) (*bot.Reply, error) {
	m, err := a.picturedLine(r)
	data, err := respond.File(w, r, picture.MaxBytes, picture.TooManyBytes(), err)
	if err != nil {
		return nil, err
	}
	if m.Picture, err = a.cfg.Cleaner.Clean(r.Context(), data); err != nil {
		return nil, err
	}
	line, err := a.cfg.Front.Begin(r.Context(), m)
	if err != nil {
		return nil, noConversation(err)
	}
	ctx, cancel := context.WithTimeout(r.Context(), replyTimeout)
	defer cancel()
	respond.CallerOf(r).Turn = line.Turn
	return line.Wait(ctx)
}

// picturedLine is the line that a picture comes with. The body is not read yet: what cannot be taken
// is refused before it costs anything.
func (a *API) picturedLine(r *http.Request) (bot.Message, error) {
	q := r.URL.Query()
	m := bot.Message{Channel: bot.Web, Ref: q.Get("ref"), Text: bot.SentPicture, Consent: q.Get("consent"), Token: a.bearer(r)}
	for name, value := range map[string]string{"ref": m.Ref, "consent": m.Consent} {
		if len(value) > maxName {
			return m, fault.New(fault.BadRequest, "参数 %s 最长 %d 字节", name, maxName)
		}
	}
	if m.Ref == "" {
		m.Ref = rand.Text()
	}
	var err error
	if m.Conversation, err = a.opened(r); err != nil {
		return m, err
	}
	conv, err := a.cfg.Store.Conversation(r.Context(), m.Conversation)
	if err == nil && conv.Owner != bot.OwnerAgent {
		err = desk.NobodyLooks()
	}
	return m, err
}

// Picture answers with a picture of a conversation, for its citizen.
func (a *API) Picture(w http.ResponseWriter, r *http.Request) {
	body, err := a.picture(r)
	if err != nil {
		a.cfg.Respond.Error(w, r, err)
		return
	}
	respond.Show(w, picture.Type, body)
}

func (a *API) picture(r *http.Request) ([]byte, error) {
	small, err := respond.SmallPicture(r)
	if err != nil {
		return nil, err
	}
	id := r.PathValue("id")
	if err := a.permit(r.Context(), id, a.bearer(r)); err != nil { // a page reads all it shows at once: no limit but the address's
		return nil, err
	}
	seq, err := respond.Seq(r)
	if err != nil {
		return nil, err
	}
	return a.cfg.Store.Picture(r.Context(), id, seq, small)
}
