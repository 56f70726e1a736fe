package wechat_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"shenwei/internal/fault"
	"shenwei/web/wechat"
)

func TestARecordingIsWrittenDownByAnOpenAICompatibleEndpoint(t *testing.T) {
	answer, status := `{"text":" 身份证丢了怎么补 "}`, http.StatusOK
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		file, header, err := r.FormFile("file")
		if err != nil || r.URL.Path != "/v1/audio/transcriptions" || r.Header.Get("Authorization") != "Bearer key" || r.FormValue("model") != "m" {
			t.Errorf("%s %v %v", r.URL.Path, err, r.Form)
			return
		}
		if body, err := io.ReadAll(file); err != nil || string(body) != "#!AMR" || header.Filename != "voice.amr" {
			t.Errorf("%q %s %v", body, header.Filename, err)
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, answer)
	}))
	defer s.Close()
	speech := wechat.Speech{Base: s.URL + "/v1/", Key: "key", Model: "m"}
	if words, err := speech.Transcribe(t.Context(), []byte("#!AMR"), "amr"); err != nil || words != "身份证丢了怎么补" {
		t.Errorf("%q %v", words, err)
	}
	for _, x := range []struct {
		answer string
		status int
	}{{"<html>", http.StatusOK}, {`{"text":"x"}`, http.StatusUnauthorized}, {strings.Repeat("x", 1<<20), http.StatusOK}} {
		answer, status = x.answer, x.status
		_, err := speech.Transcribe(t.Context(), []byte("#!AMR"), "")
		if fault.CodeOf(err) != fault.Unavailable || strings.Contains(err.Error(), "key") {
			t.Errorf("%d: %v", x.status, err)
		}
	}
}

func TestNoticesTemplatesAndLinksAreWrittenAsThePlatformReadsThem(t *testing.T) {
	w := newWorld(t, options{})
	n := wechat.Notice{OpenID: "o1", Template: "T", Page: "https://example.org", MiniAppID: "wx2", MiniPath: "pages/i", Data: map[string]string{"thing1": "有新的回复"}}
	if err := w.client.SendNotice(t.Context(), n); err != nil {
		t.Error(err)
	}
	if id, err := w.client.SendTemplate(t.Context(), n, "k"); err != nil || id == "" {
		t.Errorf("%q %v", id, err)
	}
	if link, err := w.client.URLLink(t.Context(), "pages/i", "a=1", 99); err != nil || !strings.HasPrefix(link, "https://") {
		t.Errorf("%q %v", link, err)
	}
	if ips, err := w.client.CallbackIPs(t.Context()); err != nil || len(ips) != 1 {
		t.Errorf("%v %v", ips, err)
	}
}
