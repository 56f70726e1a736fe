// Package outward calls other systems, and signs what goes between them and us. A Client goes
// to public addresses only, and to those hosts besides that the operator names; a name is
// resolved once and the connection goes to that address, whatever the name means a moment
// later; redirects are not followed. Start reading at Client.Do, and at Sign.
package outward

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"time"
)

// ErrNotPublic is the error for a host that has an address which is not public, and that the
// operator has not named.
var ErrNotPublic = errors.New("the host has an address that is not public, and is not named as an internal one")

// Client calls other systems. The zero value goes to public addresses only, within ten seconds.
type Client struct {
	// Internal are hosts that may have addresses which are not public.
	Internal []string
	// Timeout bounds a call; 10 s by default.
	Timeout time.Duration
	// Lookup finds a host's addresses; net.DefaultResolver when nil.
	Lookup func(ctx context.Context, host string) ([]netip.Addr, error)
	// TLS is for tests with a certificate of their own; nil is the system's.
	TLS *tls.Config
	// Wrap stands around what carries requests out; nil for nothing.
	Wrap func(http.RoundTripper) http.RoundTripper
}

const (
	defaultTimeout = 10 * time.Second
	maxHeaderBytes = 16 << 10
)

// Do carries out a request. The caller reads as much of the body as it needs and closes it. A
// redirect is an answer like another.
func (c Client) Do(req *http.Request) (*http.Response, error) {
	timeout := c.Timeout
	if timeout <= 0 {
		timeout = defaultTimeout
	}
	ctx, cancel := context.WithTimeout(req.Context(), timeout)
	defer cancel()
	addr, err := c.resolve(ctx, req.URL.Hostname())
	if err != nil {
		return nil, err
	}
	return c.to(addr, req, timeout).Do(req) //nolint:gosec // that is what the address was admitted for
}

func (c Client) resolve(ctx context.Context, host string) (netip.Addr, error) {
	if a, err := netip.ParseAddr(host); err == nil {
		return c.admit(host, []netip.Addr{a})
	}
	lookup := c.Lookup
	if lookup == nil {
		lookup = func(ctx context.Context, host string) ([]netip.Addr, error) {
			return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
		}
	}
	list, err := lookup(ctx, host)
	switch {
	case err != nil:
		return netip.Addr{}, fmt.Errorf("the host has no address: %w", err)
	case len(list) == 0:
		return netip.Addr{}, errors.New("the host has no address")
	}
	return c.admit(host, list)
}

// admit refuses a name as soon as one of its addresses is not public.
func (c Client) admit(host string, list []netip.Addr) (netip.Addr, error) {
	if !slices.Contains(c.Internal, host) && slices.ContainsFunc(list, func(a netip.Addr) bool { return !Public(a) }) {
		return netip.Addr{}, ErrNotPublic
	}
	return list[0].Unmap(), nil
}

// to is a client that talks to the one address. Proxies of the environment are not asked: they
// would resolve the name again.
func (c Client) to(addr netip.Addr, req *http.Request, timeout time.Duration) *http.Client {
	port := req.URL.Port()
	if port == "" {
		port = map[string]string{"https": "443", "http": "80"}[req.URL.Scheme]
	}
	pinned := net.JoinHostPort(addr.String(), port)
	dialer := &net.Dialer{Timeout: timeout}
	carrier := &http.Transport{
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, network, pinned)
		},
		TLSClientConfig: c.TLS.Clone(), DisableKeepAlives: true, ResponseHeaderTimeout: timeout, MaxResponseHeaderBytes: maxHeaderBytes,
	}
	return &http.Client{
		Timeout: timeout, Transport: wrapped(c.Wrap, carrier),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// notPublic are networks beyond those that netip knows, none of which is reached over the
// internet or may hide one that is not: IANA's special-purpose registries.
var notPublic = func() []netip.Prefix {
	var all []netip.Prefix
	for _, s := range []string{
		"0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15", "198.51.100.0/24",
		"203.0.113.0/24", "240.0.0.0/4", "::/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16", "fec0::/10",
	} {
		all = append(all, netip.MustParsePrefix(s))
	}
	return all
}()

// Public tells whether an address is reached over the internet and hides none that is not.
func Public(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	if !a.IsGlobalUnicast() || a.IsPrivate() {
		return false
	}
	return !slices.ContainsFunc(notPublic, func(p netip.Prefix) bool { return p.Contains(a) })
}

// Headers of what is signed. A receiver refuses times that are more than MaxSkew off.
const (
	TimestampHeader = "X-Shenwei-Timestamp"
	SignatureHeader = "X-Shenwei-Signature"
	MaxSkew         = 5 * time.Minute
)

// Sign is the signature of a body at a time: "v1=" and the HMAC-SHA256, in hexadecimal, of the
// timestamp (seconds since 1970), a full stop and the body, under the shared secret.
func Sign(secret, stamp string, body []byte) string {
	h := hmac.New(sha256.New, []byte(secret))
	h.Write([]byte(stamp + "."))
	h.Write(body)
	return "v1=" + hex.EncodeToString(h.Sum(nil))
}

// Verify tells whether one of the secrets signed a body at a time, in constant time for each.
func Verify(secrets []string, stamp, signature string, body []byte) bool {
	ok := false
	for _, s := range secrets {
		ok = hmac.Equal([]byte(Sign(s, stamp, body)), []byte(signature)) || ok
	}
	return ok
}
