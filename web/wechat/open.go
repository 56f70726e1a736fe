package wechat

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"shenwei/internal/fault"
)

// opener makes links that open our mini-program from outside of WeChat: a browser, a text message.
// The platform's links are good for thirty days; each is kept a day less.
type opener struct {
	client *Client // the mini-program's, nil where it is not configured
	now    func() time.Time

	mu    sync.Mutex
	known map[string]opened
}

type opened struct {
	link  string
	until time.Time
}

const (
	linkDays = 30
	linkLife = 29 * 24 * time.Hour
)

func newOpener(client *Client, now func() time.Time) *opener {
	return &opener{client: client, now: now, known: map[string]opened{}}
}

// link is a link to a page "pages/item?code=…". The lock is held over the call: two who ask for
// the same page at once get the same link.
func (o *opener) link(ctx context.Context, page string) (string, error) {
	if o.client == nil {
		return "", fault.New(fault.NotFound, "no mini-program is configured (wechat.miniprogram_secret)")
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if l := o.known[page]; o.now().Before(l.until) {
		return l.link, nil
	}
	path, query, _ := strings.Cut(page, "?")
	link, err := o.client.URLLink(ctx, path, query, linkDays)
	if err != nil {
		return "", err
	}
	o.known[page] = opened{link, o.now().Add(linkLife)}
	return link, nil
}

// Open brings a visitor of a web page to the mini-program's page that an item's button names; to
// the item's guide where that cannot be done. No other page is opened.
func (ch *Channel) Open(w http.ResponseWriter, r *http.Request) {
	page := r.URL.Query().Get("page")
	code := ch.cfg.MiniItem(page)
	if code == "" {
		http.Redirect(w, r, "/items", http.StatusFound)
		return
	}
	link, err := ch.opener.link(r.Context(), page)
	if u, perr := url.Parse(link); err != nil || perr != nil || u.Scheme != "https" {
		if !fault.Is(err, fault.NotFound) {
			ch.log.Warn("wechat: a mini-program is not opened; its guide is shown", "item", code, "err", err)
		}
		http.Redirect(w, r, "/items/"+url.PathEscape(code), http.StatusFound)
		return
	}
	http.Redirect(w, r, link, http.StatusFound) //nolint:gosec // made by WeChat for a page of our own items
}
