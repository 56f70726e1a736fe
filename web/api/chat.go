package api

import (
	"context"
	"crypto/rand"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"shenwei/bot"
	"shenwei/internal/fault"
	"shenwei/web/respond"
)

const (
	// replyTimeout is how long a request waits for its reply; the answer is made all the same.
	replyTimeout = 25 * time.Second
	// page is how many messages one request reads.
	page = 100
	// maxName bounds ids and tokens, in bytes; maxReason the reason of a thumb, in characters.
	maxName   = 128
	maxReason = 200
)

type chatBody struct {
	Conversation string `json:"conversation"`
	Token        string `json:"token"`
	Ref          string `json:"ref"`
	Text         string `json:"text"`
	Channel      string `json:"channel"`
	Choice       string `json:"choice"`
	// Lang fixes the language of the reply; empty follows the line.
	Lang bot.Lang `json:"lang"`
}

// Chat takes one line and answers with its reply.
func (a *API) Chat(w http.ResponseWriter, r *http.Request) {
	reply, err := a.chat(w, r)
	if err != nil {
		a.cfg.Respond.Error(w, r, err)
		return
	}
	a.cfg.Respond.JSON(w, r, reply)
}

func (a *API) chat(w http.ResponseWriter, r *http.Request) (*bot.Reply, error) {
	var b chatBody
	if err := respond.Body(w, r, &b); err != nil {
		return nil, err
	}
	m, err := a.message(r, b)
	if err != nil {
		return nil, err
	}
	if err := a.cfg.Limits.Allow(m.Token, ""); err != nil {
		return nil, err
	}
	m.Audience = (*caller)(r)
	line, err := a.cfg.Front.Begin(r.Context(), m)
	if err != nil {
		return nil, noConversation(err)
	}
	respond.CallerOf(r).Turn = line.Turn
	w.Header().Set("X-Turn-Id", line.Turn)
	ctx, cancel := context.WithTimeout(r.Context(), replyTimeout)
	defer cancel()
	stored, err := line.Wait(ctx)
	if err != nil {
		return nil, err
	}
	reply := *bot.OnOwnScreen(ctx, a.cfg.Store, stored) // others may wait for the same reply
	if reply.Token = line.Receipt.Token; reply.Token != "" && onPage(m.Channel) {
		a.setCookie(w, r, reply.Token)
	}
	return &reply, nil
}

// caller waits for the answer of a request and leaves with it.
type caller http.Request

func (c *caller) Worded(string, string) {}

func (c *caller) Gone() <-chan struct{} { return (*http.Request)(c).Context().Done() }

func (a *API) message(r *http.Request, b chatBody) (bot.Message, error) {
	for name, value := range map[string]string{"conversation": b.Conversation, "token": b.Token, "ref": b.Ref} {
		if len(value) > maxName {
			return bot.Message{}, fault.New(fault.BadRequest, "字段 %s 最长 %d 字节", name, maxName)
		}
	}
	if err := bot.CheckLang(b.Lang); err != nil {
		return bot.Message{}, err
	}
	m := bot.Message{
		Channel: bot.Channel(b.Channel), Ref: b.Ref, Conversation: b.Conversation, Token: b.Token, Text: b.Text, Choice: b.Choice,
		Lang: b.Lang,
	}
	switch m.Channel {
	case bot.Web, bot.H5, bot.Terminal, bot.API:
	case "":
		m.Channel = bot.API
	default:
		return m, fault.New(fault.BadRequest, "字段 channel 可以是 web、h5、terminal、api")
	}
	if m.Ref == "" {
		m.Ref = rand.Text()
	}
	if m.Conversation != "" && m.Token == "" {
		m.Token = a.cookie(r)
	}
	return m, nil
}

// onPage tells whether a channel is a citizen's own browser. A self-service terminal is
// shared: it gets no cookie.
func onPage(c bot.Channel) bool { return c == bot.Web || c == bot.H5 }

// cookie is the token that our own page's cookie carries, "" when there is none or when the
// request comes from another site.
func (a *API) cookie(r *http.Request) string {
	c, err := r.Cookie(a.cfg.Cookie)
	if err != nil || len(c.Value) > maxName || respond.CallerOf(r).Foreign {
		return ""
	}
	return c.Value
}

func (a *API) setCookie(w http.ResponseWriter, r *http.Request, token string) {
	caller := respond.CallerOf(r)
	if caller.Foreign {
		return
	}
	http.SetCookie(w, &http.Cookie{ //nolint:gosec // Secure wherever the caller came by https
		Name: a.cfg.Cookie, Value: token, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: caller.Secure,
	})
}

// noConversation hides whether a conversation exists from who has no right to it.
func noConversation(err error) error {
	if !fault.Is(err, fault.NotFound) {
		return err
	}
	return fault.Wrap(fault.NotFound, err, "没有这个会话，或者它已经结束。请开始新的会话。")
}

type messagesBody struct {
	Messages []bot.Stored `json:"messages"`
	// More tells that there are further messages after the last one here.
	More bool `json:"more"`
}

// Messages lists a conversation's messages after a sequence number.
func (a *API) Messages(w http.ResponseWriter, r *http.Request) {
	rows, err := a.messages(r)
	if err != nil {
		a.cfg.Respond.Error(w, r, err)
		return
	}
	body := messagesBody{Messages: rows, More: len(rows) > page}
	if body.More {
		body.Messages = rows[:page]
	}
	if body.Messages == nil {
		body.Messages = []bot.Stored{}
	}
	a.cfg.Respond.JSON(w, r, body)
}

func (a *API) messages(r *http.Request) ([]bot.Stored, error) {
	after := int64(0)
	if given := r.URL.Query().Get("after"); given != "" {
		n, err := strconv.ParseInt(given, 10, 64)
		if err != nil || n < 0 {
			return nil, fault.New(fault.BadRequest, "参数 after 应为不小于 0 的整数")
		}
		after = n
	}
	id, err := a.opened(r)
	if err != nil {
		return nil, err
	}
	rows, err := a.cfg.Store.Messages(r.Context(), id, after, page+1)
	return bot.RowsOnOwnScreen(r.Context(), a.cfg.Store, rows), err
}

// opened is the conversation of a request's path, which its token or cookie opens.
func (a *API) opened(r *http.Request) (string, error) {
	id := r.PathValue("id")
	return id, a.authorize(r.Context(), id, a.bearer(r))
}

// bearer is the token of a request: its header's, or its cookie's.
func (a *API) bearer(r *http.Request) string {
	if token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		return token
	}
	return a.cookie(r)
}

func (a *API) authorize(ctx context.Context, conversation, token string) error {
	if err := a.cfg.Limits.Allow(token, ""); err != nil {
		return err
	}
	return a.permit(ctx, conversation, token)
}

// permit is authorize without counting.
func (a *API) permit(ctx context.Context, conversation, token string) error {
	if len(conversation) > maxName || len(token) > maxName || conversation == "" || token == "" {
		return noConversation(fault.New(fault.NotFound, "no conversation or no token"))
	}
	return noConversation(a.cfg.Store.Authorize(ctx, conversation, token))
}

type feedbackBody struct {
	Conversation string `json:"conversation"`
	Token        string `json:"token"`
	Seq          int64  `json:"seq"`
	Score        int    `json:"score"`
	Reason       string `json:"reason"`
}

type storedBody struct {
	Stored bool `json:"stored"`
	// Offer is "person" when the citizen should be offered one: two answers were of no use.
	Offer string `json:"offer,omitempty"`
}

// maxLow is how many answers of no use lead to the offer of a person.
const maxLow = 2

// Feedback stores a citizen's thumb.
func (a *API) Feedback(w http.ResponseWriter, r *http.Request) {
	var b feedbackBody
	err := respond.Body(w, r, &b)
	if err == nil {
		err = a.feedback(r, b)
	}
	if err != nil {
		a.cfg.Respond.Error(w, r, err)
		return
	}
	done := storedBody{Stored: true}
	if b.Score < 0 {
		// The thumb is stored; that the offer cannot be worked out is no failure of it.
		if low, err := a.cfg.Store.LowScores(r.Context(), b.Conversation); err == nil && low >= maxLow {
			done.Offer = "person"
		}
	}
	a.cfg.Respond.JSON(w, r, done)
}

func (a *API) feedback(r *http.Request, b feedbackBody) error {
	switch {
	case b.Score != 1 && b.Score != -1:
		return fault.New(fault.BadRequest, "字段 score 应为 1（有用）或 -1（没用）")
	case b.Seq < 1:
		return fault.New(fault.BadRequest, "字段 seq 应为回答的编号")
	case utf8.RuneCountInString(b.Reason) > maxReason:
		return fault.New(fault.BadRequest, "字段 reason 最多 %d 个字", maxReason)
	}
	if b.Token == "" {
		b.Token = a.cookie(r)
	}
	if err := a.authorize(r.Context(), b.Conversation, b.Token); err != nil {
		return err
	}
	err := a.cfg.Store.AddFeedback(r.Context(), b.Conversation, b.Seq, b.Score, b.Reason, a.cfg.Now())
	if fault.Is(err, fault.NotFound) {
		return fault.Wrap(fault.NotFound, err, "这段会话里没有这条回答")
	}
	return err
}
