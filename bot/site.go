package bot

import (
	"cmp"
	"net/url"
	"strings"

	"shenwei/internal/fault"
	"shenwei/kb"
)

// Site is what an operator configures and citizens see.
type Site struct {
	// BaseURL stands before our own pages; empty for links relative to the page.
	BaseURL string
	// Links are templates by kind (web, miniprogram, terminal) with {code} and {base_url}.
	// An empty template makes no link; an empty web template leads to our own guide page. A web
	// template with {ctx} hands over what the citizen has answered: see Handover.
	Links map[LinkKind]string
	// Hotline is the unified hotline's number; while empty the card shows 12345 and 12367.
	Hotline string
	// HotlineHours is when it is answered; empty where the operator has not said.
	HotlineHours string
	// Maps are the map apps that a place may be opened in: amap, tencent, baidu.
	Maps []string
	// Sample says that the knowledge is sample data until an operator replaces it.
	Sample bool
}

// Check returns a fault that names a broken link template.
func (s Site) Check() error {
	for kind, tmpl := range s.Links {
		switch kind {
		case LinkWeb, LinkMini, LinkTerminal:
		default:
			return fault.New(fault.BadRequest, "links.%s: unknown kind; use web, miniprogram or terminal", kind)
		}
		if tmpl == "" {
			continue
		}
		if !strings.Contains(tmpl, "{code}") {
			return fault.New(fault.BadRequest, "links.%s: %q has no {code}; write for example https://example.org/item?code={code}", kind, tmpl)
		}
		if kind == LinkWeb && handsOver(tmpl) {
			if !strings.HasPrefix(tmpl, "https://") && !strings.HasPrefix(tmpl, "http://") {
				return fault.New(fault.BadRequest, "links.web: with {ctx} it must begin with https://")
			}
			tmpl = strings.ReplaceAll(tmpl, ctxMark, "")
		}
		made := s.fill(tmpl, "CRJ-001")
		if strings.ContainsAny(made, "{} ") {
			return fault.New(fault.BadRequest, "links.%s: %q has an unknown placeholder; known are {code}, {base_url} and, in links.web, {ctx}", kind, tmpl)
		}
		u, err := url.Parse(made)
		if err != nil {
			return fault.Wrap(fault.BadRequest, err, "links.%s: %q is no address", kind, tmpl)
		}
		switch u.Scheme {
		case "https", "http", "weixin", "wxapp", "":
		default:
			return fault.New(fault.BadRequest, "links.%s: scheme %q is not allowed", kind, u.Scheme)
		}
	}
	return s.checkMaps()
}

func (s Site) fill(tmpl, code string) string {
	return strings.NewReplacer("{code}", url.PathEscape(code), "{base_url}", s.BaseURL).Replace(tmpl)
}

// links returns where an item's buttons lead, the one to tap first. An item's own address goes
// before the operator's template.
func (s Site) links(it *kb.Item) []Link {
	web := strings.ReplaceAll(s.fill(cmp.Or(s.Links[LinkWeb], "{base_url}/items/{code}"), it.Code), ctxMark, "")
	links := []Link{{LinkWeb, "去办理", cmp.Or(it.Links[string(LinkWeb)], web)}}
	if to := cmp.Or(it.Links[string(LinkMini)], s.fill(s.Links[LinkMini], it.Code)); to != "" {
		links = append(links, Link{LinkMini, "打开小程序办理", to})
	}
	if to := cmp.Or(it.Links[string(LinkTerminal)], s.fill(s.Links[LinkTerminal], it.Code)); to != "" && it.Terminal {
		links = append(links, Link{LinkTerminal, "找自助机办理", to})
	}
	return links
}

// GuideURL is the address of our own guide page of an item.
func (s Site) GuideURL(code string) string { return s.BaseURL + "/items/" + url.PathEscape(code) }

// ArticleURL is the address of our own page of an article.
func (s Site) ArticleURL(id string) string { return s.BaseURL + "/articles/" + url.PathEscape(id) }

func tel(label, number string) Link { return Link{LinkTel, label, "tel:" + number} }

// hotlineNumbers are the numbers of the hotline card, the best first.
func (s Site) hotlineNumbers() []Number {
	if s.Hotline != "" {
		return []Number{{Label: "民生警务热线", Number: s.Hotline, Hours: s.HotlineHours, For: "户政、出入境、交管、治安等业务咨询"}}
	}
	return []Number{
		{Label: "政务服务便民热线", Number: "12345", Hours: "24小时", For: "非紧急的咨询、建议和投诉"},
		{Label: "国家移民管理局热线", Number: "12367", Hours: "24小时，中英文", For: "护照、港澳台证件、签证等出入境咨询"},
	}
}
