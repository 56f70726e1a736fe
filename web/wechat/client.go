package wechat

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"shenwei/internal/fault"
)

// DefaultBase is WeChat's address.
const DefaultBase = "https://api.weixin.qq.com"

const (
	// callTimeout bounds one call; maxAnswer its answer, in bytes.
	callTimeout = 10 * time.Second
	maxAnswer   = 1 << 20
	maxMedia    = 20 << 20
)

// Client calls WeChat's interfaces. It is safe for concurrent use. No error of it holds the
// secret, a token or an address with either.
type Client struct {
	cfg    ClientConfig
	http   *http.Client
	tokens *tokens
	ticket *tickets
	skew   atomic.Int64 // ours minus WeChat's, in nanoseconds

	clockMu sync.Mutex
	clockAt time.Time
}

// ClientConfig is what a client needs.
type ClientConfig struct {
	AppID, Secret string
	// Base is the address of the interfaces, DefaultBase when empty.
	Base string
	// Corp says that AppID is a company's CorpId: its token comes from another interface.
	Corp bool
	Now  func() time.Time
	Log  *slog.Logger
	HTTP *http.Client
	// Wrap stands around what carries requests out; nil for nothing.
	Wrap func(http.RoundTripper) http.RoundTripper
}

// NewClient returns a client.
func NewClient(cfg ClientConfig) *Client {
	if cfg.Base == "" {
		cfg.Base = DefaultBase
	}
	cfg.Base = strings.TrimSuffix(cfg.Base, "/")
	if cfg.HTTP == nil {
		cfg.HTTP = &http.Client{
			Timeout: callTimeout, Transport: transport(cfg.Wrap),
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}
	}
	c := &Client{cfg: cfg, http: cfg.HTTP}
	c.tokens = newTokens(cfg.Now, c.fetchToken)
	c.ticket = &tickets{now: cfg.Now}
	return c
}

// transport keeps as many connections as the outbox sends messages at once.
func transport(wrap func(http.RoundTripper) http.RoundTripper) http.RoundTripper {
	t := http.DefaultTransport
	if base, ok := t.(*http.Transport); ok { // else somebody has put something else there
		own := base.Clone()
		own.MaxIdleConnsPerHost = 32
		t = own
	}
	if wrap != nil {
		t = wrap(t)
	}
	return t
}

// answer is what every interface says of itself. The number is sometimes written as a string.
type answer struct {
	Code numberish `json:"errcode"`
}

type numberish int

// UnmarshalJSON reads 0, "0" and nothing.
func (n *numberish) UnmarshalJSON(b []byte) error {
	var v int
	text := strings.Trim(string(b), `"`)
	if text == "" || text == "null" {
		return nil
	}
	if _, err := fmt.Sscanf(text, "%d", &v); err != nil {
		return errors.New("errcode is no number")
	}
	*n = numberish(v)
	return nil
}

// call posts to an interface that needs the access token, and reads its answer into out, which
// may be nil. A token that is not good any more is replaced once.
func (c *Client) call(ctx context.Context, name string, in, out any) error {
	return c.withToken(ctx, func(token string) error {
		return c.post(ctx, name, url.Values{"access_token": {token}}, in, out)
	})
}

// Call posts to an interface below /cgi-bin, as call does, for other adapters.
func (c *Client) Call(ctx context.Context, name string, in, out any) error {
	return c.call(ctx, name, in, out)
}

// get is call for interfaces that are asked with GET.
func (c *Client) get(ctx context.Context, name string, q url.Values, out any) error {
	return c.withToken(ctx, func(token string) error {
		with := url.Values{"access_token": {token}}
		for k, v := range q {
			with[k] = v
		}
		return c.do(ctx, http.MethodGet, name, with, nil, out)
	})
}

func (c *Client) withToken(ctx context.Context, do func(token string) error) error {
	token, err := c.tokens.get(ctx)
	if err != nil {
		return err
	}
	err = do(token)
	if TroubleOf(err) != TroubleToken {
		return err
	}
	if token, err = c.tokens.replace(ctx, token); err != nil {
		return err
	}
	return do(token)
}

// post sends JSON as WeChat wants it: with < > & as they are.
func (c *Client) post(ctx context.Context, name string, q url.Values, in, out any) error {
	var body bytes.Buffer
	enc := json.NewEncoder(&body)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(in); err != nil {
		return fault.Wrap(fault.Internal, err, "the call cannot be encoded")
	}
	return c.do(ctx, http.MethodPost, name, q, bytes.TrimSuffix(body.Bytes(), []byte("\n")), out)
}

func (c *Client) do(ctx context.Context, method, name string, q url.Values, in []byte, out any) error {
	body, err := c.raw(ctx, method, name, q, "application/json; charset=utf-8", in, maxAnswer)
	if err != nil {
		return err
	}
	var a answer
	if err := json.Unmarshal(body, &a); err != nil {
		return errNoAnswer{fmt.Errorf("wechat %s: the answer is no JSON", name)}
	}
	if a.Code != 0 {
		return &APIError{Call: name, Code: int(a.Code)}
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(body, out); err != nil {
		return errNoAnswer{fmt.Errorf("wechat %s: the answer has another shape", name)}
	}
	return nil
}

// raw makes one request. What went wrong is told apart: errNotSent when nothing left, errNoAnswer
// when it may have been carried out.
func (c *Client) raw(ctx context.Context, method, name string, q url.Values, kind string, in []byte, most int64) ([]byte, error) {
	var wrote atomic.Bool
	trace := &httptrace.ClientTrace{WroteHeaders: func() { wrote.Store(true) }}
	req, err := http.NewRequestWithContext(httptrace.WithClientTrace(ctx, trace), method, c.cfg.Base+path(name)+"?"+q.Encode(), bytes.NewReader(in)) //nolint:gosec // the operator names the host
	if err != nil {
		return nil, errNotSent{fmt.Errorf("wechat %s: the address of the interface is wrong (api_base)", name)}
	}
	req.Header.Set("Content-Type", kind)
	res, err := c.http.Do(req) //nolint:gosec // the operator names the host
	if err != nil {
		return nil, c.broken(name, err, wrote.Load())
	}
	defer func() { _ = res.Body.Close() }()
	c.readClock(res.Header)
	body, err := io.ReadAll(io.LimitReader(res.Body, most+1))
	switch {
	case err != nil:
		return nil, c.broken(name, err, true)
	case res.StatusCode == http.StatusServiceUnavailable || res.StatusCode == http.StatusTooManyRequests:
		return nil, errNotSent{fmt.Errorf("wechat %s: HTTP %d", name, res.StatusCode)}
	case res.StatusCode != http.StatusOK:
		return nil, errNoAnswer{fmt.Errorf("wechat %s: HTTP %d", name, res.StatusCode)}
	case int64(len(body)) > most:
		return nil, errNoAnswer{fmt.Errorf("wechat %s: the answer is too large", name)}
	}
	return body, nil
}

// broken describes a failed request without its address, which holds secrets.
func (c *Client) broken(name string, err error, wrote bool) error {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	why := "the connection broke"
	var dns *net.DNSError
	switch {
	case errors.As(err, &dns):
		why = "its name is not known (DNS)"
	case errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) || isTimeout(err):
		why = "it took too long"
	case !wrote:
		why = "no connection"
	}
	described := fmt.Errorf("wechat %s: %s", name, why)
	if wrote {
		return errNoAnswer{described}
	}
	return errNotSent{described}
}

func isTimeout(err error) bool {
	var n net.Error
	return errors.As(err, &n) && n.Timeout()
}

// path is an interface's path: most lie below cgi-bin.
func path(name string) string {
	if strings.HasPrefix(name, "/") {
		return name
	}
	return "/cgi-bin/" + name
}

// readClock compares our clock with WeChat's, which stands in every answer.
func (c *Client) readClock(h http.Header) {
	at, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		return
	}
	// The header counts whole seconds: a difference below two is none.
	skew := c.cfg.Now().Sub(at)
	if skew.Abs() < 2*time.Second {
		skew = 0
	}
	c.skew.Store(int64(skew))
}

// Skew is our clock minus WeChat's, as of the last answer.
func (c *Client) Skew() time.Duration { return time.Duration(c.skew.Load()) }

const (
	clockEvery   = 10 * time.Second
	clockTimeout = 1500 * time.Millisecond
)

// Read asks WeChat what time it is, at most every ten seconds. It needs no token.
func (c *Client) Read(ctx context.Context) error {
	c.clockMu.Lock()
	defer c.clockMu.Unlock()
	if now := c.cfg.Now(); now.Sub(c.clockAt).Abs() < clockEvery {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, clockTimeout)
	defer cancel()
	_, err := c.raw(ctx, http.MethodGet, "getcallbackip", nil, "", nil, maxAnswer)
	if err != nil {
		return err
	}
	c.clockAt = c.cfg.Now()
	return nil
}
