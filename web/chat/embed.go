package chat

import (
	"net/http"
	"net/url"
	"strings"

	"shenwei/internal/fault"
	"shenwei/web/respond"
)

// Loader is the script by which another site puts the chat page into its own.
func (c *Chat) Loader(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cross-Origin-Resource-Policy", "cross-origin") // also for pages that isolate themselves
	if !c.static.serve(w, r, "assets/embed.js") {
		h.Set("Content-Type", "text/javascript; charset=utf-8")
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = w.Write([]byte("console.error('深微：嵌入脚本还没有构建');\n")) // the reader may have left
	}
}

// Embed is the chat page inside another site's page. Its address names the site, o=https://host,
// and the answer may be framed by that site alone; a site that the operator has not named gets a
// page that says so, which any may show.
func (c *Chat) Embed(w http.ResponseWriter, r *http.Request) {
	origin := r.URL.Query().Get("o")
	h := w.Header()
	h.Del("X-Frame-Options") // frame-ancestors says it, and older browsers know no list
	if c.cfg.MayEmbed == nil || !c.cfg.MayEmbed(origin) {
		frameBy(h, "*")
		c.cfg.Log.Warn("a site that is not in site.allowed_origins wants to embed the chat page", "origin", clip(origin), "request", respond.CallerOf(r).Request)
		c.failPage(w, r, fault.New(fault.Forbidden, "这个网站没有获准嵌入本服务。网站的管理员请联系运营单位，把网站地址加入允许名单；市民可以直接打开本服务的页面。"))
		return
	}
	frameBy(h, origin)
	if !c.static.serve(w, r, "index.html") {
		c.failPage(w, r, fault.New(fault.Unavailable, "咨询页面还没有构建。请先查看办事指南，或拨打下面的电话。"))
	}
}

// frameBy names who may frame the answer.
func frameBy(h http.Header, whom string) {
	h.Set("Content-Security-Policy", strings.Replace(h.Get("Content-Security-Policy"), "frame-ancestors 'none'", "frame-ancestors "+whom, 1))
}

// maxOrigin bounds what is logged of an address, in bytes.
const maxOrigin = 100

func clip(origin string) string {
	if u, err := url.Parse(origin); err != nil || len(origin) > maxOrigin || u.Host == "" {
		return "(none)"
	}
	return origin
}
