package chat

import (
	"bytes"
	"encoding/xml"
	"net/http"
	"strconv"
	"strings"

	"shenwei/kb"
	"shenwei/web/respond"
)

// What search engines read: structured data in pages (schema.org as JSON-LD, a data block that no
// browser runs), the list of pages and who may read them.

type ldGraph struct {
	Context string `json:"@context"`
	Graph   []any  `json:"@graph"`
}

type ldThing struct {
	Type        string     `json:"@type"`
	ID          string     `json:"@id,omitempty"`
	Name        string     `json:"name,omitempty"`
	Headline    string     `json:"headline,omitempty"`
	Description string     `json:"description,omitempty"`
	URL         string     `json:"url,omitempty"`
	Language    string     `json:"inLanguage,omitempty"`
	ServiceType string     `json:"serviceType,omitempty"`
	Section     string     `json:"articleSection,omitempty"`
	Area        *ldThing   `json:"areaServed,omitempty"`
	Provider    *ldThing   `json:"provider,omitempty"`
	Publisher   *ldThing   `json:"publisher,omitempty"`
	Audience    *ldGroup   `json:"audience,omitempty"`
	Channel     *ldChannel `json:"availableChannel,omitempty"`
}

type ldGroup struct {
	Type  string `json:"@type"`
	Group string `json:"audienceType"`
}

type ldChannel struct {
	Type string `json:"@type"`
	URL  string `json:"serviceUrl"`
}

type ldCrumbs struct {
	Type  string    `json:"@type"`
	Items []ldCrumb `json:"itemListElement"`
}

type ldCrumb struct {
	Type     string `json:"@type"`
	Position int    `json:"position"`
	Name     string `json:"name"`
	Item     string `json:"item,omitempty"`
}

// operator is who serves, as search engines name it.
func (c *Chat) operator() *ldThing {
	name := c.cfg.Operator
	if name == "" {
		name = "深圳市公安局"
	}
	return &ldThing{Type: "GovernmentOrganization", Name: name}
}

// crumbs are the way to a page: the list of items, then the page.
func crumbs(base, name string) ldCrumbs {
	return ldCrumbs{Type: "BreadcrumbList", Items: []ldCrumb{
		{"ListItem", 1, "全部事项", base + "/items"}, {"ListItem", 2, name, ""},
	}}
}

// itemData describes a guide page.
func (c *Chat) itemData(l Live, it *kb.Item, summary string) ldGraph {
	site := l.Site()
	service := ldThing{
		Type: "GovernmentService", ID: site.GuideURL(it.Code), Name: it.Name, Description: summary, URL: site.GuideURL(it.Code), ServiceType: it.PoliceType,
		Area: &ldThing{Type: "City", Name: "深圳市"}, Provider: c.operator(), Channel: &ldChannel{"ServiceChannel", site.GuideURL(it.Code)},
	}
	if it.Audience != "" && it.Audience != "两者" {
		service.Audience = &ldGroup{"Audience", it.Audience}
	}
	return ldGraph{"https://schema.org", []any{service, crumbs(site.BaseURL, it.Name)}}
}

// articleData describes the page of an article.
func (c *Chat) articleData(l Live, a *kb.Article) ldGraph {
	site := l.Site()
	article := ldThing{
		Type: "Article", ID: site.ArticleURL(a.ID), Headline: a.Title, Description: a.Summary, URL: site.ArticleURL(a.ID),
		Language: "zh-CN", Section: a.Category, Publisher: c.operator(),
	}
	return ldGraph{"https://schema.org", []any{article, crumbs(site.BaseURL, a.Title)}}
}

type sitemap struct {
	XMLName xml.Name `xml:"http://www.sitemaps.org/schemas/sitemap/0.9 urlset"`
	URLs    []place  `xml:"url"`
}

type place struct {
	Location string `xml:"loc"`
}

// Sitemap lists every page for search engines.
func (c *Chat) Sitemap(w http.ResponseWriter, r *http.Request) {
	l := c.live(w, r)
	if l == nil {
		return
	}
	base := publicBase(l, r)
	list := sitemap{URLs: []place{{base + "/"}, {base + "/items"}, {base + "/outlets"}, {base + "/privacy"}}}
	for _, it := range l.Knowledge().Items {
		list.URLs = append(list.URLs, place{base + "/items/" + it.Code})
	}
	for _, a := range l.Knowledge().Articles {
		list.URLs = append(list.URLs, place{base + "/articles/" + a.ID})
	}
	body, err := xml.MarshalIndent(list, "", " ")
	if err != nil {
		c.cfg.Respond.Error(w, r, err)
		return
	}
	c.text(w, r, "application/xml; charset=utf-8", append([]byte(xml.Header), body...))
}

// closed are paths that no search engine needs.
var closed = []string{"/api/", "/ws/", "/go/", "/embed", "/wechat", "/wecom", "/staff", "/studio", "/desk"}

// Robots tells search engines what to read: nothing while the pages show sample data.
func (c *Chat) Robots(w http.ResponseWriter, r *http.Request) {
	l := c.live(w, r)
	if l == nil {
		return
	}
	var b bytes.Buffer
	b.WriteString("User-agent: *\n")
	if l.Site().Sample {
		b.WriteString("Disallow: /\n")
	} else {
		b.WriteString("Disallow: " + strings.Join(closed, "\nDisallow: ") + "\n\nSitemap: " + publicBase(l, r) + "/sitemap.xml\n")
	}
	c.text(w, r, "text/plain; charset=utf-8", b.Bytes())
}

// publicBase is our address as others know it: the configured one, else that of the request.
func publicBase(l Live, r *http.Request) string {
	if base := l.Site().BaseURL; base != "" {
		return base
	}
	if respond.CallerOf(r).Secure {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}

func (c *Chat) text(w http.ResponseWriter, r *http.Request, kind string, body []byte) {
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("Cache-Control", "no-cache")
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // the reader may have left
	}
}
