package outward

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"shenwei/internal/fault"
)

// Named is one server that the operator names in the configuration, such as a language model's. It may
// stand anywhere; plain http goes no further than this machine or network.
type Named struct {
	// Section is that of the configuration's keys, for errors: "llm" for llm.base_url.
	Section string
	// BaseURL is all that stands before the paths that are called.
	BaseURL string
	// Proxy is the address of the only HTTP proxy that is used; none when empty. The environment's is
	// not used.
	Proxy string
	// Roots are the authorities that certificates are verified with; nil for the system's.
	Roots *x509.CertPool
	// ConnectWithin bounds the connection, twice as long TLS.
	ConnectWithin time.Duration
	// Wrap stands around what carries requests out; nil for nothing.
	Wrap func(http.RoundTripper) http.RoundTripper
}

// Check returns a fault that says which key is wrong, without any value of it that may be secret.
func (n Named) Check() error {
	u, err := url.Parse(n.BaseURL)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		return fault.New(fault.BadRequest, "%s.base_url: write the whole base, for example https://dashscope.aliyuncs.com/compatible-mode/v1", n.Section)
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return fault.New(fault.BadRequest, "%s.base_url: no user, query or fragment; the key goes into %s.api_key", n.Section, n.Section)
	case u.Scheme == "http" && !Near(u.Hostname()):
		return fault.New(fault.BadRequest, "%s.base_url: plain http is for servers of this machine or network; use https for %s", n.Section, u.Hostname())
	}
	if _, err := n.proxy(); err != nil {
		return err
	}
	return nil
}

func (n Named) proxy() (*url.URL, error) {
	if n.Proxy == "" {
		return nil, nil
	}
	p, err := url.Parse(n.Proxy)
	if err != nil || p.Host == "" {
		return nil, fault.New(fault.BadRequest, "%s.proxy: write for example http://proxy.internal:3128", n.Section)
	}
	return p, nil
}

// Client returns a client of the server. It follows no redirects and verifies certificates; how long
// an answer may take, and how much of it is read, is its caller's matter.
func (n Named) Client() (*http.Client, error) {
	proxy, err := n.proxy()
	if err != nil {
		return nil, err
	}
	transport := &http.Transport{
		DialContext: (&net.Dialer{Timeout: n.ConnectWithin}).DialContext, TLSHandshakeTimeout: 2 * n.ConnectWithin,
		MaxIdleConnsPerHost: 8, IdleConnTimeout: 90 * time.Second, MaxResponseHeaderBytes: 64 << 10, ForceAttemptHTTP2: true,
	}
	if proxy != nil {
		transport.Proxy = http.ProxyURL(proxy)
	}
	if n.Roots != nil {
		transport.TLSClientConfig = &tls.Config{RootCAs: n.Roots, MinVersion: tls.VersionTLS12}
	}
	return &http.Client{Transport: wrapped(n.Wrap, transport), CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}, nil
}

// wrapped is what carries requests out, with what stands around it.
func wrapped(wrap func(http.RoundTripper) http.RoundTripper, t http.RoundTripper) http.RoundTripper {
	if wrap == nil {
		return t
	}
	return wrap(t)
}

// Near tells whether a host is of this machine or of a private network.
func Near(host string) bool {
	if host == "localhost" || strings.HasSuffix(host, ".internal") || strings.HasSuffix(host, ".local") || !strings.ContainsAny(host, ".:") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && (ip.IsLoopback() || ip.IsPrivate() || ip.IsLinkLocalUnicast())
}
