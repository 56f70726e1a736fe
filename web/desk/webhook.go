package desk

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"time"

	"shenwei/bot/desk"
	"shenwei/internal/fault"
	"shenwei/internal/outbox"
	"shenwei/internal/outward"
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

// DeliveryHeader names a delivery, which a receiver takes once. Time and signature are those of
// package outward.
const DeliveryHeader = "X-Shenwei-Delivery"

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
	// Wrap stands around what carries requests out; nil for nothing.
	Wrap func(http.RoundTripper) http.RoundTripper
	// TLS is for tests with a certificate of their own; nil is the system's.
	TLS *tls.Config
}

// Webhook delivers work orders. It is an outbox.Sender.
type Webhook struct {
	cfg    WebhookConfig
	target *url.URL
	client outward.Client
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
	client := outward.Client{Internal: cfg.Internal, Timeout: hookTimeout, Lookup: cfg.Lookup, TLS: cfg.TLS, Wrap: cfg.Wrap}
	return &Webhook{cfg: cfg, target: u, client: client}, nil
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
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.target.String(), bytes.NewReader(body))
	if err != nil {
		return outbox.Refuse(err)
	}
	stamp := strconv.FormatInt(w.cfg.Now().Unix(), 10)
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	req.Header.Set(DeliveryHeader, id)
	req.Header.Set(outward.TimestampHeader, stamp)
	req.Header.Set(outward.SignatureHeader, outward.Sign(w.cfg.Secret, stamp, body))
	res, err := w.client.Do(req)
	switch {
	case errors.Is(err, outward.ErrNotPublic):
		return outbox.Refuse(fmt.Errorf("the receiver of orders: %w; name the host in desk.webhook.internal_hosts if that is meant", err))
	case err != nil:
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
