package desk

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"time"

	"shenwei/bot/desk"
	"shenwei/internal/fault"
	"shenwei/internal/outbox"
)

// WebhookKind is the outbox's name for work orders on their way to another system.
const WebhookKind = "order"

const (
	hookTimeout = 10 * time.Second
	// maxHookAnswer is how much of an answer is read, to use the connection again.
	maxHookAnswer = 64 << 10
	// hookExpires is how long an order is tried to be delivered.
	hookExpires = 72 * time.Hour
	minSecret   = 16
)

// Headers of a delivery. The signature is "v1=" and the HMAC-SHA256, in hexadecimal, of the
// timestamp, a full stop and the body, under the shared secret. A receiver refuses timestamps
// that are more than five minutes off, and takes a delivery id once.
const (
	DeliveryHeader  = "X-Shenwei-Delivery"
	TimestampHeader = "X-Shenwei-Timestamp"
	SignatureHeader = "X-Shenwei-Signature"
)

// WebhookConfig is where work orders go.
type WebhookConfig struct {
	URL, Secret string
	// Internal are hosts that may have addresses which are not public, and may be called
	// without TLS.
	Internal []string
	Orders   interface {
		Order(ctx context.Context, number string) (desk.Order, error)
	}
	Now func() time.Time
	// Lookup finds a host's addresses; net.DefaultResolver when nil.
	Lookup func(ctx context.Context, host string) ([]netip.Addr, error)
	// TLS is for tests with a certificate of their own; nil is the system's.
	TLS *tls.Config
}

// Webhook delivers work orders. It is an outbox.Sender.
type Webhook struct {
	cfg    WebhookConfig
	target *url.URL
}

// NewWebhook returns a sender. It fails for an address that cannot be meant.
func NewWebhook(cfg WebhookConfig) (*Webhook, error) {
	u, err := url.Parse(cfg.URL)
	if err != nil || u.Host == "" || u.User != nil || u.Scheme != "https" && u.Scheme != "http" {
		return nil, fault.New(fault.BadRequest, "desk.webhook.url: write an address like https://example.org/orders, without user and password")
	}
	switch {
	case u.Scheme == "http" && !slices.Contains(cfg.Internal, u.Hostname()):
		return nil, fault.New(fault.BadRequest, "desk.webhook.url: orders hold personal data; use https, or name the host in desk.webhook.internal_hosts")
	case len(cfg.Secret) < minSecret:
		return nil, fault.New(fault.BadRequest, "desk.webhook.secret: write at least %d characters; the receiver needs it to trust an order", minSecret)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Lookup == nil {
		cfg.Lookup = func(ctx context.Context, host string) ([]netip.Addr, error) {
			return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
		}
	}
	return &Webhook{cfg: cfg, target: u}, nil
}

// parcel is what the outbox holds: no personal data. The order is read when it is sent.
type parcel struct {
	Number  string `json:"number"`
	Version int64  `json:"version"`
	Did     string `json:"did"`
}

// Parcels makes the outbox's entry for an order that was made or changed. Those of one order
// arrive in order.
func (w *Webhook) Parcels(o desk.Order, did string) []outbox.Entry {
	body, err := json.Marshal(parcel{o.Number, o.Version, did})
	if err != nil {
		return nil // strings and a number always encode
	}
	key := fmt.Sprintf("%s/%d", o.Number, o.Version)
	return []outbox.Entry{{Kind: WebhookKind, Lane: "order " + o.Number, Key: key, Body: body, Expires: w.cfg.Now().Add(hookExpires)}}
}

// Idempotent implements outbox.Sender: a receiver knows a delivery by its id.
func (w *Webhook) Idempotent() bool { return true }

type delivery struct {
	ID    string     `json:"id"`
	Event string     `json:"event"`
	Order desk.Order `json:"order"`
}

// Send implements outbox.Sender.
func (w *Webhook) Send(ctx context.Context, r outbox.Row) error {
	var p parcel
	if err := json.Unmarshal(r.Body, &p); err != nil {
		return outbox.Refuse(fmt.Errorf("the parcel cannot be read: %w", err))
	}
	o, err := w.cfg.Orders.Order(ctx, p.Number)
	switch {
	case fault.Is(err, fault.NotFound):
		return outbox.Refuse(err)
	case err != nil:
		return err
	}
	if o.Anonymous {
		o.Name = ""
	}
	body, err := json.Marshal(delivery{r.Key, "order." + p.Did, o})
	if err != nil {
		return outbox.Refuse(err)
	}
	return w.post(ctx, r.Key, body)
}

func (w *Webhook) post(ctx context.Context, id string, body []byte) error {
	ctx, cancel := context.WithTimeout(ctx, hookTimeout)
	defer cancel()
	addr, err := w.resolve(ctx)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.target.String(), bytes.NewReader(body))
	if err != nil {
		return outbox.Refuse(err)
	}
	stamp := strconv.FormatInt(w.cfg.Now().Unix(), 10)
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	req.Header.Set(DeliveryHeader, id)
	req.Header.Set(TimestampHeader, stamp)
	req.Header.Set(SignatureHeader, Sign(w.cfg.Secret, stamp, body))
	res, err := w.client(addr).Do(req)
	if err != nil {
		return fmt.Errorf("the receiver of orders does not answer: %w", err)
	}
	defer func() { _ = res.Body.Close() }()
	_, _ = io.CopyN(io.Discard, res.Body, maxHookAnswer) // what it says does not matter
	return verdict(res.StatusCode)
}

// verdict says what a status means for a delivery.
func verdict(status int) error {
	err := fmt.Errorf("the receiver of orders answered %d", status)
	switch {
	case status >= 200 && status < 300:
		return nil
	case status >= 500, status == http.StatusTooManyRequests, status == http.StatusRequestTimeout:
		return err
	}
	return outbox.Refuse(err) // a redirect, too: an order goes where the operator said and nowhere else
}

// Sign is the signature of a body at a time.
func Sign(secret, stamp string, body []byte) string {
	h := hmac.New(sha256.New, []byte(secret))
	h.Write([]byte(stamp + "."))
	h.Write(body)
	return "v1=" + hex.EncodeToString(h.Sum(nil))
}

// resolve finds the receiver's address once: the connection goes to this one, whatever the
// name means a moment later. Any address that is not public refuses the name.
func (w *Webhook) resolve(ctx context.Context) (netip.Addr, error) {
	host := w.target.Hostname()
	if a, err := netip.ParseAddr(host); err == nil {
		return w.admit(host, []netip.Addr{a})
	}
	list, err := w.cfg.Lookup(ctx, host)
	if err != nil || len(list) == 0 {
		return netip.Addr{}, fmt.Errorf("the receiver of orders has no address: %w", err)
	}
	return w.admit(host, list)
}

func (w *Webhook) admit(host string, list []netip.Addr) (netip.Addr, error) {
	if slices.Contains(w.cfg.Internal, host) {
		return list[0].Unmap(), nil
	}
	for _, a := range list {
		if !public(a) {
			return netip.Addr{}, outbox.Refuse(fmt.Errorf("the receiver of orders has an address that is not public; name the host in desk.webhook.internal_hosts if that is meant"))
		}
	}
	return list[0].Unmap(), nil
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

func public(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	if !a.IsGlobalUnicast() || a.IsPrivate() {
		return false
	}
	return !slices.ContainsFunc(notPublic, func(p netip.Prefix) bool { return p.Contains(a) })
}

// client talks to the one address and follows no redirect. Proxies of the environment are not
// asked: they would resolve the name again.
func (w *Webhook) client(addr netip.Addr) *http.Client {
	port := w.target.Port()
	if port == "" {
		port = map[string]string{"https": "443", "http": "80"}[w.target.Scheme]
	}
	pinned := net.JoinHostPort(addr.String(), port)
	dialer := &net.Dialer{Timeout: hookTimeout}
	return &http.Client{
		Timeout:       hookTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
				return dialer.DialContext(ctx, network, pinned)
			},
			TLSClientConfig: w.cfg.TLS.Clone(), DisableKeepAlives: true, ResponseHeaderTimeout: hookTimeout, MaxResponseHeaderBytes: 16 << 10,
		},
	}
}
