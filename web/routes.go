package web

import (
	"net/http"
	"slices"
	"strings"

	"shenwei/internal/fault"
)

// kind is what a route's answers have in common.
type kind int

const (
	asset    kind = iota // files of the build: not counted, cached
	page                 // HTML for citizens
	data                 // JSON, never kept by anyone between
	socket               // a WebSocket
	health               // the process lives: not counted
	callback             // a platform that calls for many citizens: signed, and not counted
)

type route struct {
	method, path string
	kind         kind
	handle       http.HandlerFunc
}

// routes is everything that this server answers.
func (s *Server) routes() []route {
	all := []route{
		{"GET", "/{$}", page, s.chat.Index},
		{"GET", "/assets/", asset, s.chat.Asset},
		{"GET", "/items", page, s.chat.Items},
		{"GET", "/items/{code}", page, s.chat.Item},
		{"GET", "/articles/{id}", page, s.chat.Article},
		{"GET", "/privacy", page, s.chat.Privacy},
		{"GET", "/ws/chat", socket, s.chat.Socket},

		{"POST", "/api/v1/chat", data, s.api.Chat},
		{"POST", "/api/v1/feedback", data, s.api.Feedback},
		{"GET", "/api/v1/conversations/{id}/messages", data, s.api.Messages},
		{"GET", "/api/v1/items", data, s.api.Items},
		{"GET", "/api/v1/items/{code}", data, s.api.Item},
		{"GET", "/api/v1/articles/{id}", data, s.api.Article},
		{"GET", "/api/v1/suggest", data, s.api.Suggest},
		{"GET", "/api/v1/outlets", data, s.api.Outlets},
		{"GET", "/api/v1/site", data, s.api.Site},
		{"GET", "/api/openapi.json", data, s.api.Describe},

		{"GET", "/healthz", health, s.healthz},
		{"GET", "/readyz", data, s.readyz},
	}
	open := func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/items", http.StatusFound) }
	if c := s.cfg.WeChat; c != nil {
		open = c.Open
		all = append(all, route{"GET", "/wechat", callback, c.Verify}, route{"POST", "/wechat", callback, c.Receive},
			route{"GET", "/wechat/enter", page, c.Enter}, route{"GET", "/wechat/sign", data, c.SignPage})
	}
	all = append(all, route{"GET", "/wechat/open", page, open}) // buttons of items lead here, whatever is configured
	if c := s.cfg.WeCom; c != nil {
		all = append(all, route{"GET", "/wecom", callback, c.Verify}, route{"POST", "/wecom", callback, c.Receive})
	}
	return all
}

// routed returns the routes, and an answer for every other path and method.
func (s *Server) routed() http.Handler {
	mux := http.NewServeMux()
	methods := map[string][]string{}
	kinds := map[string]kind{}
	for _, rt := range s.routes() {
		mux.HandleFunc(rt.method+" "+rt.path, s.admit(rt.kind, rt.handle))
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
