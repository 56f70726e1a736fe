package web_test

import (
	"context"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"shenwei/bot"
	"shenwei/internal/fault"
	"shenwei/internal/outward"
	"shenwei/internal/store"
	"shenwei/internal/vault"
	"shenwei/web"
)

const linkSecret = "a shared secret of thirty-two characters"

// fewCodes opens "good" any number of times.
type fewCodes struct{}

func (fewCodes) MintCode(context.Context, bot.Context, time.Duration) (string, error) {
	return "good", nil
}

func (fewCodes) RedeemCode(_ context.Context, code string) (bot.Context, error) {
	switch code {
	case "good":
		return bot.Context{Item: "CRJ-007", Conditions: map[string]string{"huji": "深户"}, Channel: bot.Web}, nil
	case "down":
		return bot.Context{}, fault.New(fault.Unavailable, "the database does not answer")
	case "used":
		return bot.Context{}, &bot.CodeError{Reason: bot.CodeUsed}
	}
	return bot.Context{}, &bot.CodeError{Reason: bot.CodeUnknown}
}

// signed are the headers of a body that was signed at a time.
func signed(at time.Time, secret, body string) []string {
	stamp := strconv.FormatInt(at.Unix(), 10)
	return []string{outward.TimestampHeader, stamp, outward.SignatureHeader, outward.Sign(secret, stamp, []byte(body))}
}

// realCodes is a store on disk.
func realCodes(t *testing.T) *store.DB {
	t.Helper()
	key, err := vault.NewKey("test")
	if err != nil {
		t.Fatal(err)
	}
	ring, err := vault.Parse(key)
	if err != nil {
		t.Fatal(err)
	}
	db, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "codes.db"), store.Options{Keys: ring})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// withHandover is a site whose buttons hand over a context to biz.example.
func withHandover(t *testing.T, codes web.Codes) *site {
	t.Helper()
	return newSite(t, func(c *web.Config) {
		c.Codes, c.LinkKeys = codes, []string{"the next secret of thirty-two characters", linkSecret}
	}, func(l *stubLive) {
		l.site.Links = map[bot.LinkKind]string{bot.LinkWeb: "https://biz.example/do?item={code}&ctx={ctx}"}
		l.site.BaseURL = "https://police.example"
	})
}

func (s *site) redeem(code string) answer {
	body := `{"code":"` + code + `"}`
	return s.ask("POST", "/api/v1/links/redeem", body, signed(s.clock.Now(), linkSecret, body)...)
}

func TestAButtonHandsOverWhatWasAnsweredOnceAndNothingPersonal(t *testing.T) {
	s := withHandover(t, realCodes(t))
	q := url.Values{"c.huji": {"深户"}, "c.state": {"快到期"}, "c.phone": {"13800138000"}, "c.age": {"34"}, "c.Bad-Name": {"x"}, "c.note": {strings.Repeat("长", 30)},
		"from": {"wechat"}, "other": {"x"}}
	got := s.get("/go/CRJ-007?" + q.Encode())
	to, err := url.Parse(got.header.Get("Location"))
	if err != nil || got.status != 303 || to.Host != "biz.example" || to.Query().Get("item") != "CRJ-007" {
		t.Fatalf("%d %v", got.status, got.header)
	}
	code := to.Query().Get("ctx")
	if len(code) < 43 || strings.Contains(to.String(), "huji") || got.header.Get("Referrer-Policy") != "no-referrer" || got.header.Get("Cache-Control") != "no-store" {
		t.Errorf("%s %v", to, got.header)
	}
	var c bot.Context
	decode(t, s.redeem(code).body, &c)
	if c.Item != "CRJ-007" || c.Channel != bot.WeChat || len(c.Conditions) != 2 || c.Conditions["huji"] != "深户" || c.Conditions["state"] != "快到期" {
		t.Errorf("%+v", c)
	}
	for code, want := range map[string]struct {
		status       int
		kind, reason string
	}{code: {409, "conflict", "used"}, "forged": {404, "not_found", "unknown"}} {
		again := s.redeem(code)
		wantError(t, again, want.status, want.kind)
		if !strings.Contains(again.body, `"reason":"`+want.reason+`"`) {
			t.Error(again.body)
		}
	}
	if strings.Contains(s.log.String(), code) {
		t.Error("the log has a code")
	}
}

func TestACodeThatHasExpiredSaysSo(t *testing.T) {
	db := realCodes(t)
	s := withHandover(t, db)
	code, err := db.MintCode(t.Context(), bot.Context{Item: "CRJ-007"}, -time.Second)
	if err != nil {
		t.Fatal(err)
	}
	got := s.redeem(code)
	wantError(t, got, 404, "not_found")
	if !strings.Contains(got.body, `"reason":"expired"`) {
		t.Error(got.body)
	}
}

func TestOnlyASignedAndFreshRequestRedeems(t *testing.T) {
	s := withHandover(t, fewCodes{})
	body := `{"code":"good"}`
	now := s.clock.Now()
	ask := func(header ...string) answer { return s.ask("POST", "/api/v1/links/redeem", body, header...) }
	if got := ask(signed(now, linkSecret, body)...); got.status != 200 {
		t.Fatalf("%d %s", got.status, got.body)
	}
	if got := ask(signed(now.Add(-299*time.Second), "the next secret of thirty-two characters", body)...); got.status != 200 {
		t.Errorf("the other secret, nearly too late: %d", got.status)
	}
	for name, header := range map[string][]string{
		"nothing": nil, "no signature": signed(now, linkSecret, body)[:2], "no time": signed(now, linkSecret, body)[2:],
		"another secret": signed(now, "somebody else's secret of 32 chars", body), "another body": signed(now, linkSecret, body+" "),
		"too old": signed(now.Add(-301*time.Second), linkSecret, body), "of the future": signed(now.Add(301*time.Second), linkSecret, body),
		"another time": {outward.TimestampHeader, "1", outward.SignatureHeader, signed(now, linkSecret, body)[3]},
	} {
		if got := ask(header...); got.status != 401 {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
	}
	// From a browser of another site it is refused before anything is looked at.
	if got := ask(append(signed(now, linkSecret, body), "Origin", "https://evil.example")...); got.status != 403 {
		t.Errorf("from a page: %d", got.status)
	}
	for _, bad := range []string{"", "[]", `{"code":1}`, `{"x":1}`, "\xff"} {
		if got := s.ask("POST", "/api/v1/links/redeem", bad, signed(now, linkSecret, bad)...); got.status != 400 {
			t.Errorf("%q: %d", bad, got.status)
		}
	}
	off := newSite(t, nil)
	wantError(t, off.ask("POST", "/api/v1/links/redeem", body, signed(now, linkSecret, body)...), 404, "not_found")
}

func TestWithoutAContextAButtonLeadsStraightOn(t *testing.T) {
	s := newSite(t, nil)
	if got := s.get("/go/CRJ-007"); got.status != 303 || got.header.Get("Location") != "/items/CRJ-007" {
		t.Errorf("not configured: %d %s", got.status, got.header.Get("Location"))
	}
	h := withHandover(t, fewCodes{})
	if got := h.get("/go/nothing"); got.status != 404 {
		t.Errorf("an unknown item: %d", got.status)
	}
	if got := h.ask("HEAD", "/go/CRJ-007", ""); got.header.Get("Location") != "https://biz.example/do?item=CRJ-007&ctx=" {
		t.Errorf("who only looks gets no code: %s", got.header.Get("Location"))
	}
	dead := withHandover(t, fewCodes{})
	dead.live.overrides = &bot.Overrides{Dead: []string{"https://biz.example/do?item=CRJ-007&ctx="}}
	if got := dead.get("/go/CRJ-007"); got.header.Get("Location") != "https://police.example/items/CRJ-007" {
		t.Errorf("a dead target: %s", got.header.Get("Location"))
	}
	broken := withHandover(t, brokenCodes{})
	if got := broken.get("/go/CRJ-007"); got.status != 303 || got.header.Get("Location") != "https://biz.example/do?item=CRJ-007&ctx=" {
		t.Errorf("without a store: %d %s", got.status, got.header.Get("Location"))
	}
}

type brokenCodes struct{ fewCodes }

func (brokenCodes) MintCode(context.Context, bot.Context, time.Duration) (string, error) {
	return "", fault.New(fault.Unavailable, "the database does not answer")
}

func TestACodeIsRedeemedOnceOverHTTPHoweverManyTry(t *testing.T) {
	s := withHandover(t, realCodes(t))
	to, err := url.Parse(s.get("/go/CRJ-007").header.Get("Location"))
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var wg sync.WaitGroup
	count := map[int]int{}
	for range 8 {
		wg.Go(func() {
			got := s.redeem(to.Query().Get("ctx"))
			mu.Lock()
			defer mu.Unlock()
			count[got.status]++
		})
	}
	wg.Wait()
	if count[200] != 1 || count[409] != 7 {
		t.Errorf("%v", count)
	}
}
