package chat

import (
	"io"
	"net/http"
	"strconv"

	"shenwei/internal/fault"
	"shenwei/internal/qr"
)

// QR is the picture that leads a telephone's camera to the guide page of one item, from where
// the buttons open the mini-program. It needs the site's own address: a code that says localhost
// leads nowhere.
func (c *Chat) QR(w http.ResponseWriter, r *http.Request) {
	l := c.live(w, r)
	if l == nil {
		return
	}
	it := l.Knowledge().Item(r.PathValue("code"))
	if it == nil || l.Site().BaseURL == "" {
		c.failPage(w, r, fault.New(fault.NotFound, "没有这个二维码。"))
		return
	}
	picture, err := qr.SVG(l.Site().GuideURL(it.Code))
	if err != nil {
		c.failPage(w, r, err)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "image/svg+xml")
	h.Set("Content-Length", strconv.Itoa(len(picture)))
	h.Set("Cache-Control", "public, max-age=86400")
	if r.Method != http.MethodHead {
		_, _ = io.WriteString(w, picture) // the reader may have left
	}
}
