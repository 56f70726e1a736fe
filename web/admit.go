package web

import (
	"net/http"
	"regexp"

	"shenwei/internal/fault"
	"shenwei/web/respond"
)

// hostForm is a host that may stand in a header of ours.
var hostForm = regexp.MustCompile(`^[A-Za-z0-9.-]+(:\d{1,5})?$|^\[[0-9A-Fa-f:.]+\](:\d{1,5})?$`)

// admit sets what a route's kind asks for and lets a request through that may pass.
func (s *Server) admit(k kind, next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		caller := respond.CallerOf(r)
		s.secure(w, r, caller)
		if k == data || k == health || k == staff || k == signOn || k == callback || k == partner {
			w.Header().Set("Cache-Control", "no-store")
		}
		origin, own, ok := s.origins.judge(r, caller.Secure)
		caller.Foreign = !own
		if k == data {
			w.Header().Add("Vary", "Origin")
			if ok && !own {
				w.Header().Set("Access-Control-Allow-Origin", origin)
			}
		}
		if !ok && (k == socket || k == staff || changes(r.Method)) {
			s.respond.Error(w, r, fault.New(fault.Forbidden, "这个网站的页面不能使用本服务"))
			return
		}
		if k != asset && k != health && k != callback && k != partner {
			if err := s.limits.Allow("", caller.Addr); err != nil {
				s.respond.Error(w, r, err)
				return
			}
		}
		next(w, r)
	}
}

// changes tells whether a request of the method may change something.
func changes(method string) bool {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodOptions:
		return false
	}
	return true
}

// secure sets what every answer carries: browsers run only our own files, nobody frames us,
// nobody learns from where our readers come.
func (s *Server) secure(w http.ResponseWriter, r *http.Request, caller *respond.Caller) {
	h := w.Header()
	connect := "'self'"
	if hostForm.MatchString(r.Host) { // older browsers do not count sockets as 'self'
		scheme := " ws://"
		if caller.Secure {
			scheme = " wss://"
		}
		connect += scheme + r.Host
	}
	h.Set("Content-Security-Policy", "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src "+
		connect+"; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), geolocation=(self), microphone=(), payment=(), usb=()")
	if caller.Secure {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
}
