package web

import (
	"net/http"
	"net/netip"
	"strings"

	"shenwei/internal/fault"
)

// proxies are the networks whose word about the caller is taken.
type proxies struct{ trusted []netip.Prefix }

func newProxies(networks []string) (*proxies, error) {
	p := &proxies{}
	for _, n := range networks {
		prefix, err := netip.ParsePrefix(n)
		if err != nil {
			addr, addrErr := netip.ParseAddr(n)
			if addrErr != nil {
				return nil, fault.Wrap(fault.BadRequest, err, "proxy.trusted: %q is no network; write for example 10.0.0.0/8", n)
			}
			prefix = netip.PrefixFrom(addr, addr.BitLen())
		}
		p.trusted = append(p.trusted, prefix.Masked())
	}
	return p, nil
}

func (p *proxies) trusts(a netip.Addr) bool {
	for _, t := range p.trusted {
		if t.Contains(a) {
			return true
		}
	}
	return false
}

// caller returns whose request it is and whether it came by https. Headers count only when a
// trusted proxy sent the request, and of X-Forwarded-For only what trusted proxies added: the
// rightmost address that is no proxy's is the caller's.
func (p *proxies) caller(r *http.Request) (addr string, secure bool) {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr, r.TLS != nil
	}
	at := peer.Addr().Unmap()
	if !p.trusts(at) {
		return at.String(), r.TLS != nil
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0 && p.trusts(at); i-- {
		hop, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break // what stands further left cannot be believed either
		}
		at = hop.Unmap()
	}
	protos := strings.Split(strings.Join(r.Header.Values("X-Forwarded-Proto"), ","), ",")
	last := strings.TrimSpace(protos[len(protos)-1])
	return at.String(), r.TLS != nil || strings.EqualFold(last, "https")
}
