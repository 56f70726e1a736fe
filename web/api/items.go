package api

import (
	"net/http"
	"slices"
	"time"

	"shenwei/bot"
	"shenwei/internal/fault"
	"shenwei/kb"
)

// live returns what is live, and answers when nothing is yet.
func (a *API) live(w http.ResponseWriter, r *http.Request) Live {
	l := a.cfg.Live()
	if l == nil {
		a.cfg.Respond.Error(w, r, fault.New(fault.Unavailable, "服务正在启动，请稍后再试。"))
	}
	return l
}

type siteBody struct {
	Sample  bool   `json:"sample"`
	Name    string `json:"name"`
	Hotline string `json:"hotline"`
	Notice  string `json:"notice"`
	// Notices are what the operator has to say at the moment, warnings first.
	Notices []noticeLine `json:"notices"`
}

const sampleNotice = "不能作为办事依据，以办理页面和窗口公告为准。"

// Site is what the pages need to know of the operator.
func (a *API) Site(w http.ResponseWriter, r *http.Request) {
	l := a.live(w, r)
	if l == nil {
		return
	}
	site := l.Site()
	body := siteBody{Sample: site.Sample, Name: "深微", Hotline: site.Hotline}
	if site.Sample {
		body.Notice = sampleNotice
	}
	body.Notices = []noticeLine{}
	for _, n := range l.Overrides().Running(a.cfg.Now()) {
		body.Notices = append(body.Notices, noticeLine{n.Text, n.Level, n.Until})
	}
	a.cfg.Respond.JSON(w, r, body)
}

// noticeLine is a notice that holds now.
type noticeLine struct {
	Text  string    `json:"text"`
	Level string    `json:"level"`
	Until time.Time `json:"until"`
}

type itemLine struct {
	Code       string `json:"code"`
	Name       string `json:"name"`
	PoliceType string `json:"police_type"`
	Audience   string `json:"audience"`
	Trips      int    `json:"trips"`
	TripsLabel string `json:"trips_label"`
	Terminal   bool   `json:"terminal"`
	Popular    bool   `json:"popular"`
	Fee        string `json:"fee"`
	TimeLimit  string `json:"time_limit"`
	Summary    string `json:"summary"`
	Choice     string `json:"choice"`
}

type itemsBody struct {
	Items []itemLine `json:"items"`
}

// Items lists items, all, the popular ones or those of one police type.
func (a *API) Items(w http.ResponseWriter, r *http.Request) {
	l := a.live(w, r)
	if l == nil {
		return
	}
	q := r.URL.Query()
	popular := q.Get("popular")
	if popular != "" && popular != "0" && popular != "1" {
		a.cfg.Respond.Error(w, r, fault.New(fault.BadRequest, "参数 popular 应为 0 或 1"))
		return
	}
	body := itemsBody{Items: []itemLine{}}
	for _, it := range l.Knowledge().Items {
		if (popular == "1" && !it.Popular) || (q.Get("police_type") != "" && q.Get("police_type") != it.PoliceType) {
			continue
		}
		body.Items = append(body.Items, itemLine{
			it.Code, it.Name, it.PoliceType, it.Audience, it.Trips, it.TripsLabel(), it.Terminal, it.Popular,
			it.Fee, it.TimeLimit, it.Summary, it.Choice,
		})
	}
	a.cfg.Respond.JSON(w, r, body)
}

type itemBody struct {
	kb.Item
	TripsLabel string     `json:"trips_label"`
	Links      []bot.Link `json:"links"`
	Release    int64      `json:"release"`
	Revision   int64      `json:"revision"`
}

// Item is one item in full.
func (a *API) Item(w http.ResponseWriter, r *http.Request) {
	l := a.live(w, r)
	if l == nil {
		return
	}
	it := l.Knowledge().Item(r.PathValue("code"))
	if it == nil {
		a.cfg.Respond.Error(w, r, fault.New(fault.NotFound, "没有这个事项编号"))
		return
	}
	body := itemBody{Item: *it, TripsLabel: it.TripsLabel(), Links: listed(l.Links(it)), Release: l.Release(), Revision: l.Revision(kb.KindItem, it.Code)}
	body.Aliases, body.Materials, body.Tags, body.Sources = listed(it.Aliases), listed(it.Materials), listed(it.Tags), listed(it.Sources)
	a.cfg.Respond.JSON(w, r, body)
}

// listed makes nil an empty list, which is what readers of JSON expect.
func listed[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return slices.Clip(list)
}

type articleBody struct {
	kb.Article
	Release  int64 `json:"release"`
	Revision int64 `json:"revision"`
}

// Article is one article; its body is Markdown.
func (a *API) Article(w http.ResponseWriter, r *http.Request) {
	l := a.live(w, r)
	if l == nil {
		return
	}
	art := l.Knowledge().Article(r.PathValue("id"))
	if art == nil {
		a.cfg.Respond.Error(w, r, fault.New(fault.NotFound, "没有这篇文章"))
		return
	}
	body := articleBody{Article: *art, Release: l.Release(), Revision: l.Revision(kb.KindArticle, art.ID)}
	body.Asks, body.Sources = listed(art.Asks), listed(art.Sources)
	a.cfg.Respond.JSON(w, r, body)
}
