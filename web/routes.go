package web

import (
	"net/http"
	"slices"
	"strings"

	"shenwei/internal/fault"
	"shenwei/web/auth"
)

// kind is what a route's answers have in common.
type kind int

const (
	asset    kind = iota // files of the build: not counted, cached
	page                 // HTML for citizens
	data                 // JSON, never kept by anyone between
	socket               // a WebSocket
	health               // the process lives: not counted
	staff                // JSON for people who work here: a session, a role, our own pages only
	signOn               // the way to another service that signs in, and back: pages, never kept
	callback             // a platform that calls for many citizens: signed, and not counted
	partner              // JSON for another system's server: signed, and not counted
)

// route is one line of the table. Roles say who may call a route of kind staff, and must be
// there: with auth.Anyone also who is not signed in. A socket or page with roles is the same.
type route struct {
	method, path string
	kind         kind
	roles        []auth.Role
	handle       http.HandlerFunc
}

// Who may call a route of staff.
var (
	anyone         = []auth.Role{auth.Anyone}
	enrolling      = append(auth.Known(), auth.Enrolling) // signed in, or on the way there
	signedIn       = auth.Known()
	administrators = []auth.Role{auth.Administrator}
	auditors       = []auth.Role{auth.Auditor, auth.Administrator}
)

// routes is everything that this server answers.
func (s *Server) routes() []route {
	list := slices.Concat(s.citizenRoutes(), s.platforms(), s.deskRoutes())
	if s.staff == nil {
		return list
	}
	return slices.Concat(list, s.staffRoutes(), s.staffPages(), s.studioRoutes(), s.insightRoutes(), s.exchangeRoutes())
}

// citizenRoutes are the pages for everybody and the public API.
func (s *Server) citizenRoutes() []route {
	return []route{
		{"GET", "/{$}", page, nil, s.chat.Index},
		{"GET", "/assets/", asset, nil, s.chat.Asset},
		{"GET", "/sw.js", asset, nil, s.chat.Asset},
		{"GET", "/items", page, nil, s.chat.Items},
		{"GET", "/items/{code}", page, nil, s.chat.Item},
		{"GET", "/items/{code}/qr.svg", page, nil, s.chat.QR},
		{"GET", "/articles/{id}", page, nil, s.chat.Article},
		{"GET", "/outlets", page, nil, s.chat.Outlets},
		{"POST", "/outlets", page, nil, s.chat.Outlets}, // a position stands in no address
		{"GET", "/embed", page, nil, s.chat.Embed},
		{"GET", "/embed.js", asset, nil, s.chat.Loader},
		{"GET", "/sitemap.xml", page, nil, s.chat.Sitemap},
		{"GET", "/robots.txt", page, nil, s.chat.Robots},
		{"GET", "/go/{code}", page, nil, s.chat.Go},
		{"GET", "/privacy", page, nil, s.chat.Privacy},
		{"GET", "/ws/chat", socket, nil, s.chat.Socket},

		{"POST", "/api/v1/chat", data, nil, s.api.Chat},
		{"POST", "/api/v1/feedback", data, nil, s.api.Feedback},
		{"GET", "/api/v1/conversations/{id}/messages", data, nil, s.api.Messages},
		{"GET", "/api/v1/conversations/{id}/transcript", data, nil, s.api.Transcript},
		{"POST", "/api/v1/conversations/{id}/pictures", data, nil, s.api.AddPicture},
		{"GET", "/api/v1/conversations/{id}/pictures/{seq}", data, nil, s.api.Picture},
		{"GET", "/api/v1/items", data, nil, s.api.Items},
		{"GET", "/api/v1/items/{code}", data, nil, s.api.Item},
		{"GET", "/api/v1/articles/{id}", data, nil, s.api.Article},
		{"GET", "/api/v1/suggest", data, nil, s.api.Suggest},
		{"GET", "/api/v1/popular", data, nil, s.api.Popular},
		{"GET", "/api/v1/matters", data, nil, s.api.Matters},
		{"GET", "/api/v1/matters/{name}", data, nil, s.api.Matter},
		{"GET", "/api/v1/outlets", data, nil, s.api.Outlets},
		{"GET", "/api/v1/site", data, nil, s.api.Site},
		{"POST", "/api/v1/links/redeem", partner, nil, s.api.Redeem},
		{"GET", "/api/openapi.json", data, nil, s.api.Describe},

		{"GET", "/healthz", health, nil, s.healthz},
		{"GET", "/readyz", data, nil, s.readyz},
	}
}

// staffRoutes are accounts, sessions, the audit log and citizens' data.
func (s *Server) staffRoutes() []route {
	return []route{
		{"GET", "/api/v1/staff/me", staff, anyone, s.staff.Me},
		{"POST", "/api/v1/staff/login", staff, anyone, s.staff.Login},
		{"POST", "/api/v1/staff/setup", staff, anyone, s.staff.Setup},
		{"GET", "/api/v1/staff/oidc", signOn, anyone, s.staff.OIDC},
		{"GET", "/api/v1/staff/oidc/callback", signOn, anyone, s.staff.Callback},
		{"POST", "/api/v1/staff/logout", staff, enrolling, s.staff.Logout},
		{"POST", "/api/v1/staff/enrol", staff, enrolling, s.staff.Enrol},
		{"POST", "/api/v1/staff/password", staff, signedIn, s.staff.Password},
		{"GET", "/api/v1/staff/users", staff, administrators, s.staff.Users},
		{"POST", "/api/v1/staff/users", staff, administrators, s.staff.AddUser},
		{"PATCH", "/api/v1/staff/users/{id}", staff, administrators, s.staff.ChangeUser},
		{"POST", "/api/v1/staff/users/{id}/reset", staff, administrators, s.staff.ResetUser},
		{"POST", "/api/v1/staff/users/{id}/signout", staff, administrators, s.staff.SignOutUser},
		{"GET", "/api/v1/staff/audit", staff, auditors, s.staff.Audit},
		{"POST", "/api/v1/staff/audit/verify", staff, auditors, s.staff.VerifyAudit},
		{"POST", "/api/v1/staff/citizens/export", staff, administrators, s.staff.ExportCitizen},
		{"POST", "/api/v1/staff/citizens/delete", staff, administrators, s.staff.DeleteCitizen},
	}
}

// platforms are the callbacks of what is configured. Buttons of items lead to /wechat/open whatever is.
func (s *Server) platforms() []route {
	var list []route
	open := func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/items", http.StatusFound) }
	if c := s.cfg.WeChat; c != nil {
		open = c.Open
		list = append(list,
			route{"GET", "/wechat", callback, nil, c.Verify}, route{"POST", "/wechat", callback, nil, c.Receive},
			route{"GET", "/wechat/enter", page, nil, c.Enter}, route{"GET", "/wechat/sign", data, nil, c.SignPage})
	}
	if c := s.cfg.WeCom; c != nil {
		list = append(list, route{"GET", "/wecom", callback, nil, c.Verify}, route{"POST", "/wecom", callback, nil, c.Receive})
	}
	return append(list, route{"GET", "/wechat/open", page, nil, open})
}

// mux serves the routes, and has an answer for every other path and method.
func (s *Server) mux(routes []route) http.Handler {
	mux := http.NewServeMux()
	methods := map[string][]string{}
	kinds := map[string]kind{}
	for _, rt := range routes {
		if (rt.kind == staff || rt.kind == signOn) && len(rt.roles) == 0 {
			panic("web: " + rt.path + " names no roles") // a mistake in the table above
		}
		mux.HandleFunc(rt.method+" "+rt.path, s.admit(rt.kind, s.allow(rt)))
		methods[rt.path] = append(methods[rt.path], rt.method)
		kinds[rt.path] = rt.kind
	}
	for path, allowed := range methods {
		if slices.Contains(allowed, "GET") {
			allowed = append(allowed, "HEAD")
		}
		mux.HandleFunc(path, s.admit(kinds[path], s.otherMethod(strings.Join(allowed, ", "))))
	}
	mux.HandleFunc("/", s.admit(page, s.notFound))
	return mux
}

// otherMethod answers a known path asked in another way: a browser's question whether
// another site's page may ask, or 405.
func (s *Server) otherMethod(allow string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodOptions && w.Header().Get("Access-Control-Allow-Origin") != "" {
			w.Header().Set("Access-Control-Allow-Methods", allow)
			w.Header().Set("Access-Control-Allow-Headers", "Authorization, Content-Type")
			w.Header().Set("Access-Control-Max-Age", "600")
			w.WriteHeader(http.StatusNoContent)
			return
		}
		s.respond.MethodNotAllowed(w, allow)
	}
}

func (s *Server) notFound(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, "/api/") || strings.HasPrefix(r.URL.Path, "/ws/") {
		s.respond.Error(w, r, fault.New(fault.NotFound, "没有这个地址；全部接口见 /api/openapi.json"))
		return
	}
	s.chat.NotFound(w, r)
}
