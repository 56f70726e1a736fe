package desk

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"shenwei/bot/desk"
	"shenwei/internal/fault"
	"shenwei/internal/outbox"
	"shenwei/internal/outward"
)

type orderBook map[string]desk.Order

func (b orderBook) Order(_ context.Context, number string) (desk.Order, error) {
	if o, ok := b[number]; ok {
		return o, nil
	}
	return desk.Order{}, fault.New(fault.NotFound, "no such order")
}

const secret = "a shared secret of tests"

var book = orderBook{"GD1": {Number: "GD1", Version: 2, Type: "求助", Title: "补领", Body: "请联系我", Name: "张小明", Phone: "13800138000", Anonymous: true}}

// receiver is a city's hotline system that answers with a status; it keeps what it got.
type receiver struct {
	*httptest.Server
	status int
	got    []*http.Request
	bodies []string
}

func newReceiver(t *testing.T, status int) *receiver {
	r := &receiver{status: status}
	r.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body)
		r.got, r.bodies = append(r.got, req), append(r.bodies, string(body))
		if r.status == http.StatusFound {
			w.Header().Set("Location", "/elsewhere")
		}
		w.WriteHeader(r.status)
	}))
	t.Cleanup(r.Close)
	return r
}

// hook sends to the receiver under the name «city.example».
func (r *receiver) hook(t *testing.T, change func(*WebhookConfig)) *Webhook {
	t.Helper()
	u, err := url.Parse(r.URL)
	if err != nil {
		t.Fatal(err)
	}
	tls := r.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
	tls.ServerName = "example.com" // the name in the test server's certificate
	cfg := WebhookConfig{
		URL: "https://city.example:" + u.Port() + "/orders", Secret: secret, Internal: []string{"city.example"}, Orders: book, TLS: tls,
		Now: func() time.Time { return time.Unix(1_800_000_000, 0) },
		Lookup: func(context.Context, string) ([]netip.Addr, error) {
			return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
		},
	}
	if change != nil {
		change(&cfg)
	}
	w, err := NewWebhook(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func rowOf(w *Webhook) outbox.Row {
	return outbox.Row{Entry: w.Parcels(book["GD1"], "sign")[0]}
}

func TestAnOrderArrivesSigned(t *testing.T) {
	r := newReceiver(t, 204)
	w := r.hook(t, nil)
	row := rowOf(w)
	if strings.Contains(string(row.Body), "请联系") {
		t.Fatal("the outbox holds personal data")
	}
	if err := w.Send(t.Context(), row); err != nil {
		t.Fatal(err)
	}
	req, body := r.got[0], r.bodies[0]
	if req.Header.Get(outward.SignatureHeader) != outward.Sign(secret, req.Header.Get(outward.TimestampHeader), []byte(body)) || req.Header.Get(DeliveryHeader) != "GD1/2" ||
		req.Header.Get(outward.TimestampHeader) != "1800000000" || req.URL.Path != "/orders" || req.Host != w.target.Host {
		t.Errorf("%v", req.Header)
	}
	if outward.Sign(secret, "1800000000", []byte(body)) == outward.Sign(secret, "1800000001", []byte(body)) {
		t.Error("the time is not signed")
	}
	var got delivery
	if err := json.Unmarshal([]byte(body), &got); err != nil || got.Event != "order.sign" || got.Order.Body != "请联系我" || got.Order.Name != "" {
		t.Errorf("%v %+v", err, got)
	}
}

func TestWhatAReceiverAnswersDecides(t *testing.T) {
	for status, refused := range map[int]bool{302: true, 400: true, 401: true, 404: true, 429: false, 500: false, 503: false} {
		r := newReceiver(t, status)
		err := r.hook(t, nil).Send(t.Context(), rowOf(r.hook(t, nil)))
		if err == nil || strings.HasPrefix(err.Error(), string(outbox.Failed)) != refused {
			t.Errorf("%d: %v", status, err)
		}
		if len(r.got) != 1 {
			t.Errorf("%d: asked %d times", status, len(r.got))
		}
	}
}

func TestOnlyPublicAddressesAreCalled(t *testing.T) {
	r := newReceiver(t, 200)
	for _, list := range [][]string{
		{"127.0.0.1"}, {"10.1.2.3"}, {"169.254.169.254"}, {"::1"}, {"::ffff:127.0.0.1"}, {"64:ff9b::7f00:1"}, {"8.8.8.8", "192.168.1.1"}, {"fd00::1"}, {"100.64.0.1"}, {"0.0.0.0"},
	} {
		w := r.hook(t, func(c *WebhookConfig) {
			c.Internal = nil
			c.Lookup = func(context.Context, string) ([]netip.Addr, error) {
				var all []netip.Addr
				for _, s := range list {
					all = append(all, netip.MustParseAddr(s))
				}
				return all, nil
			}
		})
		if err := w.Send(t.Context(), rowOf(w)); err == nil || !strings.HasPrefix(err.Error(), string(outbox.Failed)) {
			t.Errorf("%v: %v", list, err)
		}
	}
	if len(r.got) != 0 {
		t.Error("called")
	}
	for _, s := range []string{"8.8.8.8", "2400:3200::1", "114.114.114.114"} {
		if !outward.Public(netip.MustParseAddr(s)) {
			t.Errorf("%s is public", s)
		}
	}
}

func TestANameIsResolvedOnceForADelivery(t *testing.T) {
	r := newReceiver(t, 200)
	lookups := 0
	w := r.hook(t, func(c *WebhookConfig) {
		c.Lookup = func(context.Context, string) ([]netip.Addr, error) {
			lookups++
			return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
		}
	})
	if err := w.Send(t.Context(), rowOf(w)); err != nil || lookups != 1 {
		t.Fatal(err, lookups)
	}
	w.client.Lookup = func(context.Context, string) ([]netip.Addr, error) { return nil, &net.DNSError{Err: "no such host"} }
	var dns *net.DNSError
	if err := w.Send(t.Context(), rowOf(w)); !errors.As(err, &dns) {
		t.Fatal(err)
	}
}

func TestAnAddressThatCannotBeMeantIsRefused(t *testing.T) {
	for _, c := range []WebhookConfig{
		{URL: "http://city.example/orders", Secret: secret}, {URL: "ftp://city.example", Secret: secret}, {URL: "https://user:pass@city.example/", Secret: secret},
		{URL: "/orders", Secret: secret}, {URL: "https://city.example/", Secret: "short"},
	} {
		if _, err := NewWebhook(c); !fault.Is(err, fault.BadRequest) {
			t.Errorf("%s: %v", c.URL, err)
		}
	}
}
