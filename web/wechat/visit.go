package wechat

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"

	"shenwei/bot"
	"shenwei/internal/fault"
	"shenwei/web/respond"
)

const (
	// stateCookie ties a way to WeChat and back to one browser; stateLife is how long it may take.
	stateCookie = "shenwei_wx"
	stateLife   = 10 * time.Minute
)

// Enter brings a visitor of the H5 page to her own conversation: WeChat says who she is. Whoever
// WeChat does not vouch for gets the page without a conversation.
func (ch *Channel) Enter(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	q := r.URL.Query()
	code, state := q.Get("code"), q.Get("state")
	if ch.cfg.Client == nil || ch.cfg.Base == "" {
		http.Redirect(w, r, "/", http.StatusFound)
		return
	}
	if code == "" {
		if state != "" { // she came back without a code
			http.Redirect(w, r, "/", http.StatusFound)
			return
		}
		ch.sendAway(w, r)
		return
	}
	cookie, err := r.Cookie(stateCookie)
	// The cookie goes, and WeChat takes a code once: nobody comes back this way a second time. It
	// may be another process than the one that sent her.
	ours := err == nil && state != "" && subtle.ConstantTimeCompare([]byte(cookie.Value), []byte(state)) == 1
	ch.setCookie(w, r, stateCookie, "", -1)
	if !ours {
		http.Redirect(w, r, "/", http.StatusFound)
		return
	}
	where, err := ch.visitor(w, r, code)
	switch {
	case TroubleOf(err) == TroubleCode && q.Get("again") == "":
		ch.sendAway(w, r) // the code was used or is too old
		return
	case err != nil:
		ch.log.Warn("wechat: a visitor is not known; she gets the page without her conversation", "code", fault.CodeOf(err), "err", err)
	}
	http.Redirect(w, r, where, http.StatusFound) //nolint:gosec // always a path of ours
}

// sendAway sends the visitor to WeChat, once more at most.
func (ch *Channel) sendAway(w http.ResponseWriter, r *http.Request) {
	back := ch.cfg.Base + "/wechat/enter"
	if r.URL.Query().Get("code") != "" {
		back += "?again=1"
	}
	state := rand.Text()
	ch.setCookie(w, r, stateCookie, state, int(stateLife/time.Second))
	http.Redirect(w, r, ch.cfg.Client.AuthorizeURL(back, state), http.StatusFound)
}

func (ch *Channel) setCookie(w http.ResponseWriter, r *http.Request, name, value string, age int) {
	http.SetCookie(w, &http.Cookie{ //nolint:gosec // Secure wherever the caller came by https
		Name: name, Value: value, Path: "/", MaxAge: age, HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: respond.CallerOf(r).Secure,
	})
}

// visitor opens the conversation of who has the code. Neither the openid nor the token stands in
// an address.
func (ch *Channel) visitor(w http.ResponseWriter, r *http.Request, code string) (where string, err error) {
	v, err := ch.cfg.Client.Visitor(r.Context(), code)
	if err != nil || v.Snapshot != 0 {
		return "/", err
	}
	conversation := Conversation(ch.cfg.AppID, v.OpenID)
	token, err := ch.cfg.Core.Store.OpenConversation(r.Context(), conversation, bot.WeChat)
	if err != nil {
		return "/", err
	}
	ch.setCookie(w, r, ch.cfg.Cookie, token, 0)
	return "/#c=" + url.QueryEscape(conversation), nil
}

// SignPage signs the address of one of our own pages for WeChat's JavaScript.
func (ch *Channel) SignPage(w http.ResponseWriter, r *http.Request) {
	page := r.URL.Query().Get("url")
	if ch.cfg.Client == nil || ch.cfg.Base == "" || !ownPage(ch.cfg.Base, page) {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	cfg, err := ch.cfg.Client.SignPage(r.Context(), page, rand.Text()[:16], ch.cfg.Core.Now())
	if err != nil {
		ch.log.Warn("wechat: a page is not signed", "err", err)
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_ = json.NewEncoder(w).Encode(cfg) // the reader may have left
}

// ownPage tells whether an address is of our own site, to the letter of its origin.
func ownPage(base, page string) bool {
	u, err := url.Parse(page)
	b, berr := url.Parse(base)
	return err == nil && berr == nil && len(page) <= 2048 && u.User == nil &&
		u.Scheme == b.Scheme && strings.EqualFold(u.Host, b.Host)
}
