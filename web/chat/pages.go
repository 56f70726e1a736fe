package chat

import (
	"bytes"
	"embed"
	"html/template"
	"io"
	"net/http"
	"strconv"
	"strings"

	"shenwei/bot"
	"shenwei/internal/fault"
	"shenwei/kb"
	"shenwei/web/markdown"
	"shenwei/web/respond"
)

//go:embed pages/*.html
var pageFiles embed.FS

var pages = parsePages()

func parsePages() map[string]*template.Template {
	all := map[string]*template.Template{}
	for _, name := range []string{"items", "item", "item_en", "article", "outlets", "privacy", "problem"} {
		all[name] = template.Must(template.New("layout.html").Funcs(template.FuncMap{"tel": telURL}).
			ParseFS(pageFiles, "pages/layout.html", "pages/"+name+".html"))
	}
	return all
}

// telURL makes the link of a telephone number from our own knowledge or configuration.
func telURL(number string) template.URL {
	digits := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r == '+' {
			return r
		}
		return -1
	}, number)
	return template.URL("tel:" + digits) //nolint:gosec // digits only
}

// view is what a page shows. Page is the part of its own.
type view struct {
	Title       string
	Description string
	Canonical   string
	Sample      bool
	// Notices head every page while they hold.
	Notices []bot.Notice
	Hotline string
	Release int64
	// Lang is the language that the page is asked for in, Chinese that it has no English; Languages are
	// the links to the others.
	Lang      bot.Lang
	Chinese   bool
	Languages []languageLink
	say       func(bot.Lang, string) string
	// Data describes the page to search engines; nil for none.
	Data any
	Page any
}

func (c *Chat) view(l Live, title, description, canonical string, page any) view {
	v := view{Title: title, Description: description, Canonical: canonical, Page: page}
	if l != nil {
		v.say = l.Say
		site := l.Site()
		v.Sample, v.Hotline, v.Release = site.Sample, site.Hotline, l.Release()
		v.Notices = l.Overrides().Running(c.cfg.Now())
	}
	return v
}

func (c *Chat) render(w http.ResponseWriter, r *http.Request, status int, name string, v view) {
	v.Lang, v.Languages = langOf(r), languages(r)
	v.Chinese = name == "article" || name == "privacy" || v.Chinese
	if v.Lang == bot.English && !v.Chinese {
		v.Title, v.Description = v.T(v.Title), v.T(v.Description)
	}
	var buf bytes.Buffer
	if err := pages[name].Execute(&buf, v); err != nil {
		c.cfg.Respond.Error(w, r, err)
		return
	}
	body := c.written(r, buf.String())
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if status != http.StatusOK {
		h.Set("Cache-Control", "no-store")
	} else {
		h.Set("Cache-Control", "no-cache")
	}
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = io.WriteString(w, body) // the reader may have left
	}
}

// live returns what is live, and answers when nothing is yet.
func (c *Chat) live(w http.ResponseWriter, r *http.Request) Live {
	l := c.cfg.Live()
	if l == nil {
		c.failPage(w, r, fault.New(fault.Unavailable, "服务正在启动，请稍等片刻再刷新。"))
	}
	return l
}

// failPage is an error as a page with the telephone numbers.
func (c *Chat) failPage(w http.ResponseWriter, r *http.Request, err error) {
	p := c.cfg.Respond.Problem(r.Method+" "+r.Pattern, err)
	if p.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(p.RetryAfter))
	}
	title := "暂时打不开这个页面"
	if p.Code == fault.NotFound {
		title = "没有找到这个页面"
	}
	c.render(w, r, respond.Status(p.Code), "problem", c.view(c.cfg.Live(), title, "", "", p))
}

// NotFound is the page for an address that we do not have.
func (c *Chat) NotFound(w http.ResponseWriter, r *http.Request) {
	c.failPage(w, r, fault.New(fault.NotFound, "您要看的页面不存在，可能已经改名或下线。"))
}

// groupView is one police type with its items.
type groupView struct {
	Name     string
	Items    []*kb.Item
	Articles []*kb.Article
}

// itemsView is the list of items in one of its orders.
type itemsView struct {
	By     string // "", life or audience
	Groups []groupView
}

// Items is the list of items: by police type, or by what happens in a life or who asks.
func (c *Chat) Items(w http.ResponseWriter, r *http.Request) {
	l := c.live(w, r)
	if l == nil {
		return
	}
	v := itemsView{By: r.URL.Query().Get("by")}
	switch v.By {
	case kb.ByLife, kb.ByAudience:
		v.Groups = listed(l.Knowledge(), v.By)
	default:
		v.By = ""
		v.Groups = byPoliceType(l.Knowledge())
	}
	c.render(w, r, http.StatusOK, "items", c.view(l, "全部办事事项",
		"深圳公安业务事项一览：条件、材料、流程、费用、时限和办理入口。", l.Site().BaseURL+"/items", v))
}

func byPoliceType(k *kb.Knowledge) []groupView {
	var groups []groupView
	at := map[string]int{}
	for _, it := range k.Items {
		i, ok := at[it.PoliceType]
		if !ok {
			i = len(groups)
			at[it.PoliceType] = i
			groups = append(groups, groupView{Name: it.PoliceType})
		}
		groups[i].Items = append(groups[i].Items, it)
	}
	return groups
}

func listed(k *kb.Knowledge, by string) []groupView {
	var groups []groupView
	for _, list := range k.Lists {
		if list.By != by {
			continue
		}
		g := groupView{Name: list.Name}
		for _, code := range list.Items {
			g.Items = append(g.Items, k.Item(code))
		}
		for _, id := range list.Articles {
			g.Articles = append(g.Articles, k.Article(id))
		}
		groups = append(groups, g)
	}
	return groups
}

// itemView is a guide page.
type itemView struct {
	*kb.Item
	Links    []linkView
	Sections []sectionView
	Tells    []tellView
	Revision int64
	// QR is the address of the code for telephones, "" for none.
	QR string
}

type linkView struct {
	Label   string
	URL     template.URL
	Primary bool
}

type sectionView struct {
	Title string
	Parts []part
}

type tellView struct {
	Item     *kb.Item
	Question string
}

// Item is the guide page of one item.
func (c *Chat) Item(w http.ResponseWriter, r *http.Request) {
	l := c.live(w, r)
	if l == nil {
		return
	}
	code := r.PathValue("code")
	it := l.Knowledge().Item(code)
	if it == nil {
		if known := l.Knowledge().Item(strings.ToUpper(code)); known != nil {
			w.Header().Set("Location", "/items/"+known.Code)
			w.WriteHeader(http.StatusMovedPermanently)
			return
		}
		c.failPage(w, r, fault.New(fault.NotFound, "没有这个事项。请从全部事项里查找，或者直接问一问。"))
		return
	}
	site := l.Site()
	page := itemView{Item: it, Links: linksOf(l, it), Revision: l.Revision(kb.KindItem, it.Code)}
	if site.BaseURL != "" {
		page.QR = "/items/" + it.Code + "/qr.svg"
	}
	for _, f := range kb.Facets {
		if text := it.Facets[f]; text != "" {
			page.Sections = append(page.Sections, sectionView{kb.FacetNames[f], parts(text)})
		}
	}
	for _, cf := range it.Confusable {
		if other := l.Knowledge().Item(cf.Code); other != nil {
			page.Tells = append(page.Tells, tellView{other, cf.Question})
		}
	}
	summary := it.Summary
	if summary == "" {
		summary = it.Name + "：费用" + it.Fee + "，时限" + it.TimeLimit + "。"
	}
	v := c.view(l, it.Name, summary, site.GuideURL(it.Code), page)
	v.Data = c.itemData(l, it, summary)
	if langOf(r) == bot.English {
		c.englishItem(w, r, l, v, page)
		return
	}
	c.render(w, r, http.StatusOK, "item", v)
}

// linksOf are the buttons of a guide page: those that lead away from it.
func linksOf(l Live, it *kb.Item) []linkView {
	var out []linkView
	own := l.Site().GuideURL(it.Code)
	for _, link := range l.Links(it) {
		if link.URL != own && allowed(link.URL) {
			out = append(out, linkView{link.Label, template.URL(link.URL), len(out) == 0}) //nolint:gosec // scheme checked
		}
	}
	return out
}

// allowed tells whether a link may stand on a page: only the schemes that a configuration
// may use (bot.Site.Check), and never a script.
func allowed(url string) bool {
	scheme, _, found := strings.Cut(url, ":")
	if !found || strings.ContainsAny(scheme, "/?#") {
		return strings.HasPrefix(url, "/")
	}
	switch strings.ToLower(scheme) {
	case "https", "http", "tel", "weixin", "wxapp":
		return true
	}
	return false
}

type articleView struct {
	*kb.Article
	HTML     template.HTML
	Related  []*kb.Item
	Revision int64
}

// Article is the page of one article.
func (c *Chat) Article(w http.ResponseWriter, r *http.Request) {
	l := c.live(w, r)
	if l == nil {
		return
	}
	a := l.Knowledge().Article(r.PathValue("id"))
	if a == nil {
		c.failPage(w, r, fault.New(fault.NotFound, "没有这篇文章，可能已经下线。"))
		return
	}
	page := articleView{Article: a, HTML: markdown.HTML(a.Body), Revision: l.Revision(kb.KindArticle, a.ID)}
	for _, code := range a.Related {
		if it := l.Knowledge().Item(code); it != nil {
			page.Related = append(page.Related, it)
		}
	}
	v := c.view(l, a.Title, a.Summary, l.Site().ArticleURL(a.ID), page)
	v.Data = c.articleData(l, a)
	c.render(w, r, http.StatusOK, "article", v)
}

type privacyView struct {
	Operator string
	Days     int
	// PictureDays is 0 where nobody is there to look at a picture.
	PictureDays int
}

// Privacy is the privacy notice.
func (c *Chat) Privacy(w http.ResponseWriter, r *http.Request) {
	base := ""
	l := c.cfg.Live()
	if l != nil {
		base = l.Site().BaseURL
	}
	page := privacyView{Operator: c.cfg.Operator, Days: c.cfg.RetentionDays}
	if c.cfg.Desk != nil {
		page.PictureDays = c.cfg.PictureDays
	}
	c.render(w, r, http.StatusOK, "privacy", c.view(l, "隐私说明",
		"深微保存什么、为什么、保存多久，以及您的权利。", base+"/privacy", page))
}
