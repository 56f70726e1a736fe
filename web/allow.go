package web

import (
	"crypto/subtle"
	"net/http"
	"slices"
	"strings"

	"shenwei/internal/fault"
	"shenwei/web/auth"
	"shenwei/web/respond"
)

// StaffCookie is the cookie that carries the secret of a staff session; CSRFHeader is the
// header that every request of staff that may change something must carry.
const (
	StaffCookie = "shenwei_staff"
	CSRFHeader  = "X-CSRF-Token"
)

// Sessions opens a session by the secret in its cookie: who it is and the token that her
// pages send with each change. An unknown, ended or expired one is fault.Unauthorized.
type Sessions interface {
	Open(r *http.Request, secret string) (p auth.Principal, csrf string, err error)
}

// allow lets through who has one of a route's roles. Routes without roles are open.
func (s *Server) allow(rt route) http.HandlerFunc {
	if rt.roles == nil {
		return rt.handle
	}
	return func(w http.ResponseWriter, r *http.Request) {
		open := slices.Contains(rt.roles, auth.Anyone)
		if respond.CallerOf(r).Foreign {
			s.respond.Error(w, r, fault.New(fault.Forbidden, "工作人员的页面只能从本站打开"))
			return
		}
		p, csrf, err := s.openSession(r)
		switch {
		case err == nil && !open && !p.Has(rt.roles...):
			s.refused(r, p)
			s.respond.Error(w, r, fault.New(fault.Forbidden, "您的账号没有这项权限，请联系管理员"))
			return
		case err == nil && changes(r.Method) && !open && subtle.ConstantTimeCompare([]byte(r.Header.Get(CSRFHeader)), []byte(csrf)) != 1:
			s.respond.Error(w, r, fault.New(fault.Forbidden, "页面已过期，请刷新后再试"))
			return
		case err == nil:
			r = r.WithContext(auth.With(r.Context(), p))
		case !open || !fault.Is(err, fault.Unauthorized):
			s.respond.Error(w, r, err)
			return
		}
		rt.handle(w, r)
	}
}

func (s *Server) openSession(r *http.Request) (auth.Principal, string, error) {
	cookie, err := r.Cookie(StaffCookie)
	if err != nil || s.sessions == nil {
		return auth.Principal{}, "", fault.New(fault.Unauthorized, "请先登录")
	}
	return s.sessions.Open(r, strings.Clone(cookie.Value))
}

// refused logs that somebody asked for what her roles do not allow.
func (s *Server) refused(r *http.Request, p auth.Principal) {
	s.cfg.Log.Warn("refused by role", "account", p.Name, "route", r.Pattern, "request", respond.CallerOf(r).Request)
}
