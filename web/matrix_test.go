package web_test

import (
	"slices"
	"strings"
	"testing"

	"shenwei/web"
	"shenwei/web/auth"
)

// mayCall says who may call what: e editor, r reviewer, a agent, s supervisor, m administrator,
// u auditor; n who must set up a second factor first; * everybody, also who is signed out. It
// is written by hand and not taken from the routes: a route that is new, or open to others
// than before, fails until somebody has thought about it here.
var mayCall = map[string]string{
	"GET /{$}":                 "*",
	"GET /assets/":             "*",
	"GET /items":               "*",
	"GET /items/{code}":        "*",
	"GET /items/{code}/qr.svg": "*",
	"GET /articles/{id}":       "*",
	"GET /outlets":             "*",
	"POST /outlets":            "*",
	"GET /go/{code}":           "*",
	"GET /embed":               "*",
	"GET /embed.js":            "*",
	"GET /sitemap.xml":         "*",
	"GET /robots.txt":          "*",
	"GET /privacy":             "*",
	"GET /ws/chat":             "*",

	// The platforms' callbacks: who calls is told by their signatures, not by a session.
	"GET /wechat":       "*",
	"POST /wechat":      "*",
	"GET /wechat/enter": "*",
	"GET /wechat/sign":  "*",
	"GET /wechat/open":  "*",
	"GET /wecom":        "*",
	"POST /wecom":       "*",

	"POST /api/v1/chat":                         "*",
	"POST /api/v1/feedback":                     "*",
	"GET /api/v1/conversations/{id}/messages":   "*",
	"GET /api/v1/conversations/{id}/transcript": "*",

	"POST /api/v1/conversations/{id}/pictures":      "*",
	"GET /api/v1/conversations/{id}/pictures/{seq}": "*",
	"GET /api/v1/items":                             "*",
	"GET /api/v1/items/{code}":                      "*",
	"GET /api/v1/articles/{id}":                     "*",
	"GET /sw.js":                                    "*",
	"GET /api/v1/suggest":                           "*",
	"GET /api/v1/popular":                           "*",
	"GET /api/v1/matters":                           "*",
	"GET /api/v1/matters/{name}":                    "*",
	"GET /api/v1/outlets":                           "*",
	"GET /api/v1/site":                              "*",
	"POST /api/v1/links/redeem":                     "*", // told by its signature
	"GET /api/openapi.json":                         "*",
	"GET /healthz":                                  "*",
	"GET /readyz":                                   "*",

	"GET /desk":               "*",
	"GET /desk/{screen...}":   "*",
	"GET /staff":              "*",
	"GET /staff/{screen...}":  "*",
	"GET /studio":             "*",
	"GET /studio/{screen...}": "*",

	"GET /api/v1/staff/me":                  "*",
	"POST /api/v1/staff/login":              "*",
	"POST /api/v1/staff/setup":              "*",
	"GET /api/v1/staff/oidc":                "*",
	"GET /api/v1/staff/oidc/callback":       "*",
	"POST /api/v1/staff/logout":             "n e r a s m u",
	"POST /api/v1/staff/enrol":              "n e r a s m u",
	"POST /api/v1/staff/password":           "e r a s m u",
	"GET /api/v1/staff/users":               "m",
	"POST /api/v1/staff/users":              "m",
	"PATCH /api/v1/staff/users/{id}":        "m",
	"POST /api/v1/staff/users/{id}/reset":   "m",
	"POST /api/v1/staff/users/{id}/signout": "m",
	"GET /api/v1/staff/audit":               "m u",
	"POST /api/v1/staff/audit/verify":       "m u",
	"POST /api/v1/staff/citizens/export":    "m",
	"POST /api/v1/staff/citizens/delete":    "m",

	"GET /ws/desk":                                 "a s",
	"GET /api/v1/desk/choices":                     "a s",
	"GET /api/v1/desk/tickets":                     "a s",
	"GET /api/v1/desk/tickets/{number}":            "a s",
	"GET /api/v1/desk/tickets/{number}/messages":   "a s",
	"GET /api/v1/desk/tickets/{number}/suggest":    "a s",
	"POST /api/v1/desk/tickets/{number}/do":        "a s",
	"POST /api/v1/desk/tickets/{number}/unmask":    "a s",
	"POST /api/v1/desk/tickets/{number}/knowledge": "a s",
	"POST /api/v1/desk/tickets/{number}/pictures":  "a s",

	"GET /api/v1/desk/conversations/{conversation}/pictures/{seq}": "a s",

	"GET /api/v1/desk/search":                      "a s",
	"GET /api/v1/desk/agents":                      "a s",
	"PUT /api/v1/desk/draft":                       "a s",
	"GET /api/v1/desk/canned":                      "a s",
	"POST /api/v1/desk/canned":                     "s",
	"GET /api/v1/desk/orders":                      "a s",
	"POST /api/v1/desk/orders":                     "a s",
	"POST /api/v1/desk/orders/{number}/do":         "a s",
	"GET /api/v1/desk/orders/export":               "s",
	"GET /api/v1/desk/board":                       "s",
	"PUT /api/v1/desk/agents/{id}":                 "s",
	"POST /api/v1/desk/pull":                       "s",
	"POST /api/v1/desk/limits":                     "s",
	"POST /api/v1/desk/alerts/{conversation}/seen": "s",
	"GET /api/v1/desk/sample":                      "s",
	"GET /api/v1/desk/checks":                      "s",
	"POST /api/v1/desk/checks":                     "s",
	"GET /api/v1/desk/report":                      "s",

	"GET /api/v1/studio/documents":                      "e r s m u",
	"POST /api/v1/studio/documents/{kind}":              "e r m",
	"GET /api/v1/studio/documents/{kind}/{id}":          "e r s m u",
	"PUT /api/v1/studio/documents/{kind}/{id}/draft":    "e r m",
	"DELETE /api/v1/studio/documents/{kind}/{id}/draft": "e r m",
	"GET /api/v1/studio/documents/{kind}/{id}/history":  "e r s m u",
	"GET /api/v1/studio/documents/{kind}/{id}/diff":     "e r s m u",
	"POST /api/v1/studio/documents/{kind}/{id}/restore": "e r m",
	"POST /api/v1/studio/hints":                         "e r m",
	"POST /api/v1/studio/preview":                       "e r s m u",
	"POST /api/v1/studio/matter":                        "e r m",
	"GET /api/v1/studio/changes":                        "e r s m u",
	"POST /api/v1/studio/changes":                       "e r m",
	"GET /api/v1/studio/changes/{id}":                   "e r s m u",
	"POST /api/v1/studio/changes/{id}/gate":             "e r m",
	"GET /api/v1/studio/gate/{run}":                     "e r s m u",
	"POST /api/v1/studio/changes/{id}/decide":           "r m",
	"POST /api/v1/studio/changes/{id}/publish":          "r m",
	"POST /api/v1/studio/changes/{id}/confirm":          "r m",
	"POST /api/v1/studio/changes/{id}/withdraw":         "e r m",
	"DELETE /api/v1/studio/schedules/{id}":              "r m",
	"GET /api/v1/studio/releases":                       "e r s m u",
	"GET /api/v1/studio/releases/{n}":                   "e r s m u",
	"POST /api/v1/studio/releases/{n}/rollback":         "r m",
	"GET /api/v1/studio/takedowns":                      "e r s m u",
	"POST /api/v1/studio/takedowns":                     "e r s m",
	"DELETE /api/v1/studio/takedowns/{id}":              "e r s m",
	"GET /api/v1/studio/notices":                        "e r s m u",
	"POST /api/v1/studio/notices":                       "e r s m",
	"DELETE /api/v1/studio/notices/{id}":                "e r s m",
	"GET /api/v1/studio/links":                          "e r s m u",
	"GET /api/v1/studio/switches":                       "e r s m u",
	"PUT /api/v1/studio/switches":                       "s m",

	"POST /api/v1/studio/try":                 "e r s m",
	"POST /api/v1/studio/segment":             "e r s m u",
	"GET /api/v1/studio/gold":                 "e r s m u",
	"POST /api/v1/studio/gold":                "e r m",
	"POST /api/v1/studio/gold/from":           "e r m",
	"GET /api/v1/studio/missed":               "e r s m u",
	"POST /api/v1/studio/missed/{id}/resolve": "e r m",
	"GET /api/v1/studio/stats":                "e r s m u",
	"GET /api/v1/studio/stats.xlsx":           "e r s m u",
	"GET /api/v1/studio/stats.csv":            "e r s m u",
	"POST /api/v1/studio/import":              "e r m",
	"GET /api/v1/studio/export":               "e r m u",
}

var letters = map[auth.Role]string{
	auth.Editor: "e", auth.Reviewer: "r", auth.Agent: "a", auth.Supervisor: "s", auth.Administrator: "m", auth.Auditor: "u", auth.Enrolling: "n",
}

// reaches tells whether a request came through to its handler: the handler is replaced by one
// that says so.
func reaches(t *testing.T, got answer) bool {
	t.Helper()
	switch got.status {
	case 200:
		if !strings.Contains(got.body, web.Reached) {
			t.Errorf("200 without the handler: %s", got.body)
		}
		return true
	case 401, 403:
		wantError(t, got, got.status, map[int]string{401: "unauthorized", 403: "forbidden"}[got.status])
	default:
		t.Errorf("status %d: %s", got.status, got.body)
	}
	return false
}

func TestEveryRouteAdmitsExactlyTheRolesOfTheTable(t *testing.T) {
	s := newStaffSite(t, nil, func(c *web.Config) { c.WeChat, c.WeCom = callbacks{}, callbacks{} })
	routes := web.Routes(s.web)
	s.http.Config.Handler = web.OnlyAdmission(s.web)
	people := map[string]*person{"": s.person()}
	for _, role := range auth.Known() {
		people[letters[role]] = s.session(role, auth.StageFull)
	}
	people["n"] = s.session(auth.Administrator, auth.StageSecond)
	seen := map[string]bool{}
	for _, rt := range routes {
		key := rt.Method + " " + rt.Path
		seen[key] = true
		table, known := mayCall[key]
		if !known {
			t.Errorf("%s has no line in mayCall: decide who may call it", key)
			continue
		}
		path := strings.NewReplacer("{$}", "", "{code}", "x", "{id}", "x", "{number}", "x", "{conversation}", "x", "{seq}", "1", "{kind}", "x", "{run}", "x", "{n}", "x").Replace(rt.Path)
		for letter, p := range people {
			want := table == "*" || letter != "" && slices.Contains(strings.Fields(table), letter)
			if got := reaches(t, p.do(rt.Method, path, nil)); got != want {
				t.Errorf("%s as %q: reaches the handler: %v, want %v", key, letter, got, want)
			}
		}
	}
	for key := range mayCall {
		if !seen[key] {
			t.Errorf("%s stands in mayCall and is no route", key)
		}
	}
}

func TestNoChangeOfStaffWithoutTheTokenAndFromAnotherSite(t *testing.T) {
	s := newStaffSite(t, nil, func(c *web.Config) { c.AllowedOrigins = []string{"https://h5.example"} })
	routes := web.Routes(s.web)
	s.http.Config.Handler = web.OnlyAdmission(s.web)
	p := s.session(auth.Administrator, auth.StageFull)
	n := 0
	for _, rt := range routes {
		table := mayCall[rt.Method+" "+rt.Path]
		if !strings.HasPrefix(rt.Path, "/api/v1/st") { // staff and studio
			continue
		}
		n++
		path := strings.NewReplacer("{id}", "x", "{kind}", "x", "{run}", "x", "{n}", "x").Replace(rt.Path)
		for _, origin := range []string{"https://h5.example", "https://evil.example", "null"} {
			if reaches(t, p.do(rt.Method, path, nil, "Origin", origin)) {
				t.Errorf("%s %s from %s reaches the handler", rt.Method, rt.Path, origin)
			}
		}
		if !reaches(t, p.do(rt.Method, path, nil, "Origin", s.http.URL)) && strings.Contains(table, "m") {
			t.Errorf("%s %s from our own page does not reach the handler", rt.Method, rt.Path)
		}
		if rt.Method == "GET" || table == "*" {
			continue
		}
		for _, token := range []string{"", "wrong", p.csrf + "x"} {
			if reaches(t, (&person{staffSite: s, cookie: p.cookie, csrf: token}).do(rt.Method, path, nil)) {
				t.Errorf("%s %s with the token %q reaches the handler", rt.Method, rt.Path, token)
			}
		}
	}
	if n < 10 {
		t.Fatalf("only %d routes of staff", n)
	}
}
