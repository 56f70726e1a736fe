package chat

import (
	"context"
	"net/http"
	"time"

	"shenwei/bot"
	"shenwei/internal/fault"
)

// Codes keeps the contexts that buttons hand over.
type Codes interface {
	// MintCode keeps a context and returns the code that opens it once within the time.
	MintCode(ctx context.Context, c bot.Context, valid time.Duration) (string, error)
}

// CodeValid is how long a code may be redeemed: the time to load a page.
const CodeValid = 5 * time.Minute

// Go leads from a button to the business site and hands over what the citizen has answered, as a
// code that the site redeems from server to server. What goes wrong on the way costs her the
// pre-filled form and nothing else.
func (c *Chat) Go(w http.ResponseWriter, r *http.Request) {
	l := c.live(w, r)
	if l == nil {
		return
	}
	it := l.Knowledge().Item(r.PathValue("code"))
	if it == nil {
		c.failPage(w, r, fault.New(fault.NotFound, "没有这个事项。请从全部事项里查找，或者直接问一问。"))
		return
	}
	site := l.Site()
	plain, ok := site.Handover(it, "")
	if !ok || l.Overrides().IsDead(plain) || l.Overrides().HidesLink(plain) {
		c.leadTo(w, site.GuideURL(it.Code))
		return
	}
	code := ""
	if r.Method == http.MethodGet && c.cfg.Codes != nil {
		var err error
		if code, err = c.cfg.Codes.MintCode(r.Context(), bot.ReadContext(it.Code, r.URL.Query()), CodeValid); err != nil {
			c.cfg.Log.Warn("a button leads on without its context", "item", it.Code, "err", err)
		}
	}
	to, _ := site.Handover(it, code)
	c.leadTo(w, to)
}

// leadTo sends a browser on to an address of the configuration. Nobody keeps the answer, and the
// page that follows does not learn from where she comes.
func (c *Chat) leadTo(w http.ResponseWriter, to string) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Robots-Tag", "noindex, nofollow")
	h.Set("Location", to)
	w.WriteHeader(http.StatusSeeOther)
}
