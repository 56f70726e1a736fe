package chat

import (
	"net/http"
	"regexp"
	"strings"

	"shenwei/bot"
)

// ownPage is the address of a page of ours in a rendered page.
var ownPage = regexp.MustCompile(`href="(/(?:items|articles|privacy)[^"?#]*)(\?[^"#]*)?`)

// written is a rendered page in the writing that its address asks for (?lang=zh-Hant): its words
// converted, and its links to our own pages asking for the same. Everything else is as it was
// written, in simplified characters.
func (c *Chat) written(r *http.Request, page string) string {
	l := c.cfg.Live()
	if l == nil || bot.Lang(r.URL.Query().Get("lang")) != bot.Hant {
		return page
	}
	page = strings.Replace(l.Say(bot.Hant, page), `<html lang="zh-CN">`, `<html lang="zh-Hant">`, 1)
	return ownPage.ReplaceAllStringFunc(page, func(link string) string {
		if strings.Contains(link, "?") {
			return link + "&amp;lang=zh-Hant"
		}
		return link + "?lang=zh-Hant"
	})
}
