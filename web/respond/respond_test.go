package respond

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"shenwei/internal/fault"
)

func TestEveryCodeHasItsStatus(t *testing.T) {
	for code, want := range map[fault.Code]int{
		fault.BadRequest: 400, fault.Unauthorized: 401, fault.Forbidden: 403, fault.NotFound: 404, fault.Conflict: 409,
		fault.TooLarge: 413, fault.RateLimited: 429, fault.Unavailable: 503, fault.Internal: 500, "new": 500,
	} {
		counted := ""
		var log bytes.Buffer
		rs := New(slog.New(slog.NewTextHandler(&log, nil)), func(c string) { counted = c })
		rec := httptest.NewRecorder()
		err := fmt.Errorf("outer: %w", fault.Wrap(code, errors.New("hunter2"), "说明"))
		rs.Error(rec, httptest.NewRequest("GET", "/", nil), err)
		var body envelope
		if e := json.Unmarshal(rec.Body.Bytes(), &body); e != nil {
			t.Fatal(e)
		}
		if rec.Code != want || body.Error.Code != code || counted != string(code) || strings.Contains(rec.Body.String(), "hunter2") {
			t.Errorf("%s: %d %s", code, rec.Code, rec.Body)
		}
		if shown := strings.Contains(body.Error.Message, "说明"); shown != (code != fault.Internal) {
			t.Errorf("%s says %q", code, body.Error.Message)
		}
		if internal := code == fault.Internal; internal != (body.Error.ID != "") || internal != strings.Contains(log.String(), "level=ERROR") {
			t.Errorf("%s: id %q, log %s", code, body.Error.ID, log.String())
		}
		retry := rec.Header().Get("Retry-After")
		if (retry != "") != (code == fault.RateLimited || code == fault.Unavailable) {
			t.Errorf("%s: Retry-After %q", code, retry)
		}
	}
}

func TestLimitedRoundsUpToASecond(t *testing.T) {
	rs := New(slog.New(slog.DiscardHandler), nil)
	for after, want := range map[time.Duration]int{0: 1, time.Millisecond: 1, time.Second: 1, 1001 * time.Millisecond: 2, time.Minute: 60} {
		if p := rs.Problem("", fmt.Errorf("in: %w", Limited(after))); p.RetryAfter != want || p.Code != fault.RateLimited {
			t.Errorf("%v: %+v", after, p)
		}
	}
}

type sample struct {
	Text string `json:"text"`
	N    int64  `json:"n"`
	In   struct {
		List []string `json:"list"`
	} `json:"in"`
}

func TestDecodeNamesTheField(t *testing.T) {
	for body, want := range map[string]string{
		`{"text":1}`: "text", `{"n":"x"}`: "n", `{"n":1.5}`: "n", `{"in":{"list":"x"}}`: "in.list", `{"other":1}`: "other",
		`{"` + strings.Repeat("长", 100) + `":1}`: "…", `{"text":"a"}}`: "多余", `{`: "JSON", `{"text"`: "JSON", ``: "空", ` `: "空",
	} {
		err := Decode([]byte(body), &sample{})
		if !fault.Is(err, fault.BadRequest) || !strings.Contains(fault.MessageOf(err), want) || len(fault.MessageOf(err)) > 200 {
			t.Errorf("%.40s: %v, want %s", body, err, want)
		}
	}
	var s sample
	if err := Decode([]byte(" {\"text\":\"护照\",\"n\":3}\n"), &s); err != nil || s.Text != "护照" || s.N != 3 {
		t.Errorf("%+v %v", s, err)
	}
}

func FuzzBody(f *testing.F) {
	for _, seed := range []string{`{"text":"护照","n":1}`, `{}`, `[]`, `{"in":{"list":[null]}}`, "{\"text\":\"\xff\"}", `{"a":1}`, `{"text":"a"} b`, `{"n":1e400}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var s sample
		r := httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(body))
		err := Body(httptest.NewRecorder(), r, &s)
		switch {
		case err == nil:
			if !utf8.Valid(body) || !utf8.ValidString(s.Text) || len(body) > MaxBody || !json.Valid(body) {
				t.Errorf("%q was accepted", body)
			}
		case fault.Is(err, fault.TooLarge):
			if len(body) <= MaxBody {
				t.Errorf("%d bytes are too large", len(body))
			}
		case !fault.Is(err, fault.BadRequest) || fault.MessageOf(err) == "" || !utf8.ValidString(fault.MessageOf(err)):
			t.Errorf("%q: %v", body, err)
		}
	})
}
