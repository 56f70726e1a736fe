package outward

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"testing"
)

func get(t *testing.T, address string) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	return req
}

func TestACallGoesToTheAddressThatWasAdmittedAndFollowsNothing(t *testing.T) {
	calls := 0
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls++
		http.Redirect(w, r, "http://169.254.169.254/", http.StatusFound)
	}))
	defer srv.Close()
	u, err := url.Parse(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	lookups := 0
	c := Client{Internal: []string{"biz.example"}, Lookup: func(context.Context, string) ([]netip.Addr, error) {
		lookups++
		return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
	}}
	res, err := c.Do(get(t, "http://biz.example:"+u.Port()+"/"))
	if err != nil || res.StatusCode != http.StatusFound || calls != 1 || lookups != 1 {
		t.Fatalf("%v, %d calls, %d lookups", err, calls, lookups)
	}
	_ = res.Body.Close()
	for _, address := range []string{"http://other.example:" + u.Port() + "/", srv.URL, "http://[::1]:" + u.Port() + "/", "http://[::ffff:127.0.0.1]:" + u.Port()} {
		if _, err := c.Do(get(t, address)); !errors.Is(err, ErrNotPublic) {
			t.Errorf("%s: %v", address, err)
		}
	}
	if calls != 1 {
		t.Errorf("%d calls", calls)
	}
	c.Lookup = func(context.Context, string) ([]netip.Addr, error) { return nil, nil }
	if _, err := c.Do(get(t, "http://biz.example/")); err == nil {
		t.Error("a host without an address")
	}
}

func TestOneAddressThatIsNotPublicRefusesTheName(t *testing.T) {
	for _, list := range [][]string{
		{"127.0.0.1"}, {"10.1.2.3"}, {"169.254.169.254"}, {"::1"}, {"::ffff:127.0.0.1"}, {"64:ff9b::7f00:1"}, {"8.8.8.8", "192.168.1.1"}, {"fd00::1"}, {"100.64.0.1"}, {"0.0.0.0"},
	} {
		c := Client{Lookup: func(context.Context, string) (all []netip.Addr, _ error) {
			for _, s := range list {
				all = append(all, netip.MustParseAddr(s))
			}
			return all, nil
		}}
		if _, err := c.Do(get(t, "https://biz.example/")); !errors.Is(err, ErrNotPublic) {
			t.Errorf("%v: %v", list, err)
		}
	}
	for _, s := range []string{"8.8.8.8", "2400:3200::1", "114.114.114.114"} {
		if !Public(netip.MustParseAddr(s)) {
			t.Errorf("%s is public", s)
		}
	}
}

func TestASignatureHoldsForItsBodyTimeAndSecret(t *testing.T) {
	// Computed by: printf '1800000000.{"code":"x"}' | openssl dgst -sha256 -hmac 'a shared secret of tests'
	body := []byte(`{"code":"x"}`)
	signed := Sign("a shared secret of tests", "1800000000", body)
	if signed != "v1=f880a240ad3ee455557cd23d6497cb1622abc3e00923e27c8ccc515a95da9ee5" {
		t.Error(signed)
	}
	if !Verify([]string{"new", "a shared secret of tests"}, "1800000000", signed, body) {
		t.Error("the second secret counts, too")
	}
	for _, bad := range []bool{
		Verify([]string{"new"}, "1800000000", signed, body), Verify([]string{"a shared secret of tests"}, "1800000001", signed, body),
		Verify([]string{"a shared secret of tests"}, "1800000000", signed, []byte(`{"code":"y"}`)), Verify(nil, "1800000000", signed, body),
		Verify([]string{"a shared secret of tests"}, "1800000000", "", body), Verify([]string{"a shared secret of tests"}, "1800000000", signed[:20], body),
	} {
		if bad {
			t.Error("verified")
		}
	}
}
