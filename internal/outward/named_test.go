package outward

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestANamedServerIsCheckedByItsKeys(t *testing.T) {
	for address, says := range map[string]string{
		"": "llm.base_url", "example.org/v1": "llm.base_url", "ftp://example.org": "llm.base_url", "https://key@example.org": "llm.api_key",
		"https://example.org/?key=1": "llm.api_key", "http://example.org/v1": "use https",
		"https://example.org/v1": "", "http://localhost:11434/v1": "", "http://10.1.2.3/v1": "", "http://models.internal/v1": "", "http://[::1]:8000": "",
	} {
		err := Named{Section: "llm", BaseURL: address}.Check()
		if (err == nil) != (says == "") || err != nil && !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v, want %q", address, err, says)
		}
	}
	if err := (Named{Section: "embeddings", BaseURL: "https://example.org", Proxy: "nowhere"}).Check(); err == nil || !strings.Contains(err.Error(), "embeddings.proxy") {
		t.Errorf("a proxy without a host: %v", err)
	}
}

func TestANamedServersRedirectsAreNotFollowed(t *testing.T) {
	s := httptest.NewServer(http.RedirectHandler("/elsewhere", http.StatusFound))
	defer s.Close()
	client, err := Named{Section: "llm", BaseURL: s.URL, ConnectWithin: time.Second}.Client()
	if err != nil {
		t.Fatal(err)
	}
	res, err := client.Get(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusFound {
		t.Errorf("status %d, want the redirect itself", res.StatusCode)
	}
}
