package wechat

import (
	"context"
	"math/rand/v2"
	"net/http"
	"net/url"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"shenwei/internal/fault"
)

const (
	// early is how long before its end a token is replaced; jitter spreads that over the nodes.
	early, jitter = 5 * time.Minute, 30 * time.Second
	// A token may be forced out once a minute and ten times a day; the platform allows twenty.
	forceEvery, forceDaily = time.Minute, 10
)

// tokens keeps the access token. Nodes need not agree on it: the platform gives all of them the
// same while it is good.
type tokens struct {
	now    func() time.Time
	fetch  func(ctx context.Context, force bool) (string, time.Duration, error)
	flight singleflight.Group

	mu     sync.Mutex
	token  string
	since  time.Time // when it was fetched
	until  time.Time
	forced []time.Time // of the last day
}

func newTokens(now func() time.Time, fetch func(context.Context, bool) (string, time.Duration, error)) *tokens {
	return &tokens{now: now, fetch: fetch}
}

// get returns a token that is good as far as we know.
func (t *tokens) get(ctx context.Context) (string, error) {
	if token, good := t.present(); good {
		return token, nil
	}
	return t.refresh(ctx, false)
}

func (t *tokens) present() (token string, good bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.token, t.now().Before(t.until)
}

// TokenAge is how long ago the access token was fetched; false while there is none.
func (c *Client) TokenAge() (time.Duration, bool) {
	c.tokens.mu.Lock()
	defer c.tokens.mu.Unlock()
	if c.tokens.token == "" {
		return 0, false
	}
	return c.tokens.now().Sub(c.tokens.since), true
}

// replace returns a token to use instead of one that was refused: the one that another call has
// got meanwhile, the platform's present one, or one that is forced.
func (t *tokens) replace(ctx context.Context, refused string) (string, error) {
	t.mu.Lock()
	token := t.token
	if token == refused {
		t.until = time.Time{}
	}
	t.mu.Unlock()
	if token != refused && token != "" {
		return token, nil
	}
	token, err := t.refresh(ctx, false)
	if err != nil || token != refused {
		return token, err
	}
	if !t.mayForce() {
		return "", fault.New(fault.Unavailable, "WeChat refuses its own access token; a new one is forced in a minute")
	}
	return t.refresh(ctx, true)
}

func (t *tokens) mayForce() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	for len(t.forced) > 0 && now.Sub(t.forced[0]) > 24*time.Hour {
		t.forced = t.forced[1:]
	}
	n := len(t.forced)
	if n >= forceDaily || n > 0 && now.Sub(t.forced[n-1]) < forceEvery {
		return false
	}
	t.forced = append(t.forced, now)
	return true
}

// refresh asks for a token once, however many wait for it. That one caller leaves does not stop
// it for the others.
func (t *tokens) refresh(ctx context.Context, force bool) (string, error) {
	key := "plain"
	if force {
		key = "force"
	}
	done := t.flight.DoChan(key, func() (any, error) {
		if token, good := t.present(); good && !force {
			return token, nil // another call has fetched it since
		}
		own, cancel := context.WithTimeout(context.WithoutCancel(ctx), callTimeout)
		defer cancel()
		token, life, err := t.fetch(own, force)
		if err != nil {
			return "", err
		}
		t.mu.Lock()
		defer t.mu.Unlock()
		t.token, t.since = token, t.now()
		t.until = t.now().Add(max(life-early-time.Duration(rand.Int64N(int64(jitter))), time.Minute)) //nolint:gosec // spreads calls, guards nothing
		return token, nil
	})
	select {
	case r := <-done:
		if r.Err != nil {
			return "", r.Err
		}
		return r.Val.(string), nil
	case <-ctx.Done():
		return "", errNotSent{fault.New(fault.Unavailable, "WeChat's access token took too long")}
	}
}

func (c *Client) fetchToken(ctx context.Context, force bool) (string, time.Duration, error) {
	var out struct {
		Token string `json:"access_token"`
		Life  int    `json:"expires_in"`
	}
	if c.cfg.Corp { // companies get the same token until its end; it cannot be forced
		q := url.Values{"corpid": {c.cfg.AppID}, "corpsecret": {c.cfg.Secret}}
		if err := c.do(ctx, http.MethodGet, "gettoken", q, nil, &out); err != nil {
			return "", 0, notSent(err)
		}
		return out.Token, time.Duration(out.Life) * time.Second, nil
	}
	in := map[string]any{"grant_type": "client_credential", "appid": c.cfg.AppID, "secret": c.cfg.Secret, "force_refresh": force}
	if err := c.post(ctx, "stable_token", nil, in, &out); err != nil {
		return "", 0, notSent(err)
	}
	if out.Token == "" || len(out.Token) > 2048 {
		return "", 0, errNotSent{fault.New(fault.Unavailable, "WeChat gave no access token")}
	}
	return out.Token, time.Duration(out.Life) * time.Second, nil
}

// notSent says of a failed call that what it was for has not been sent.
func notSent(err error) error {
	if TroubleOf(err) != TroubleOther {
		return err
	}
	return errNotSent{err}
}

// tickets keeps the ticket for pages that use WeChat's JavaScript.
type tickets struct {
	now    func() time.Time
	mu     sync.Mutex
	ticket string
	until  time.Time
}

// Ticket returns the ticket for JS-SDK signatures.
func (c *Client) Ticket(ctx context.Context) (string, error) {
	c.ticket.mu.Lock()
	defer c.ticket.mu.Unlock()
	if c.cfg.Now().Before(c.ticket.until) {
		return c.ticket.ticket, nil
	}
	var out struct {
		Ticket string `json:"ticket"`
		Life   int    `json:"expires_in"`
	}
	if err := c.get(ctx, "ticket/getticket", url.Values{"type": {"jsapi"}}, &out); err != nil {
		return "", err
	}
	c.ticket.ticket = out.Ticket
	c.ticket.until = c.cfg.Now().Add(max(time.Duration(out.Life)*time.Second-early, time.Minute))
	return out.Ticket, nil
}

// CheckToken asks for a token and says whether one came, for the doctor.
func (c *Client) CheckToken(ctx context.Context) error {
	_, err := c.tokens.get(ctx)
	return err
}

// CallbackIPs lists the networks that WeChat calls from.
func (c *Client) CallbackIPs(ctx context.Context) ([]string, error) {
	var out struct {
		IPs []string `json:"ip_list"`
	}
	err := c.get(ctx, "getcallbackip", nil, &out)
	return out.IPs, err
}
