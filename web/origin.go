package web

import (
	"net/http"
	"net/url"
	"strings"

	"shenwei/internal/fault"
)

// origins knows whose pages may talk to us.
type origins struct {
	own     string // of the public address, "" when it is not known
	allowed map[string]bool
}

func newOrigins(base string, allowed []string) (*origins, error) {
	o := &origins{allowed: map[string]bool{}}
	if base != "" {
		own, ok := originOf(base)
		if !ok {
			return nil, fault.New(fault.BadRequest, "site.base_url: %q is no address; write for example https://example.org", base)
		}
		o.own = own
	}
	for _, a := range allowed {
		origin, ok := originOf(a)
		if !ok || strings.TrimSuffix(strings.ToLower(a), "/") != origin {
			return nil, fault.New(fault.BadRequest, "site.allowed_origins: %q is no origin; write for example https://example.org", a)
		}
		o.allowed[origin] = true
	}
	return o, nil
}

// originOf returns scheme and host of an address.
func originOf(address string) (string, bool) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || (u.Scheme != "http" && u.Scheme != "https") {
		return "", false
	}
	return u.Scheme + "://" + strings.ToLower(u.Host), true
}

// mayEmbed tells whether the pages of an origin, as a browser writes it, may frame our chat page.
func (o *origins) mayEmbed(origin string) bool { return o.allowed[origin] }

// judge tells from whose page a request comes: own for our own pages and for programs, which
// name none; ok for these and for the allowed ones. A page that came unencrypted does not
// count as our own where we are reached by https.
func (o *origins) judge(r *http.Request, secure bool) (origin string, own, ok bool) {
	given := r.Header.Values("Origin")
	if len(given) == 0 {
		return "", true, true
	}
	origin, valid := originOf(given[0])
	if len(given) > 1 || !valid {
		return "", false, false
	}
	scheme, host, _ := strings.Cut(origin, "://")
	if origin == o.own || (host == strings.ToLower(r.Host) && (scheme == "https" || !secure)) {
		return origin, true, true
	}
	return origin, false, o.allowed[origin]
}
