package main

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"shenwei/web/wechat/simulator"
)

func TestAWholeConversationIsPlayed(t *testing.T) {
	p := newProgram(t)
	p.env = []string{"SHENWEI_SITE_BASE_URL=https://example.org"}
	r := p.run(t, "/subscribe\n护照快到期了怎么换\n/nonsense\n有人拿刀在楼下\n/voice 身份证丢了怎么补\n/location 22.54,114.06 深圳市福田区\n/image\n/click CRJ-011\n转人工\n", "wechat", "simulate")
	if r.code != 0 {
		t.Fatal(r.err)
	}
	rest := r.out
	for _, want := range []string{
		"[subscribe] :我", "深微: 您好", "护照快到期了怎么换 :我", "深微: 【普通护照换发】", "［去办理］", "深微: 〔卡片〕普通护照换发 https://example.org/items/",
		"有人拿刀在楼下 :我", "深微: 请立即拨打 110", "[voice] :我", "居民身份证丢失补领", "[location] :我", "可以去这些地方", "[image] :我", "看不了图片", "[CLICK] :我",
		"赴香港个人旅游签注", "转人工 :我", "受理编号",
	} {
		_, after, ok := strings.Cut(rest, want)
		if !ok {
			t.Fatalf("%q is missing or comes too early:\n%s", want, r.out)
		}
		rest = after
	}
	if strings.Contains(r.out, simulator.Failure) || !strings.Contains(r.err, "/click KEY") {
		t.Errorf("%s\n%s", r.out, r.err)
	}
}

func TestTheAccountsMenuIsPushedAndShown(t *testing.T) {
	p := newProgram(t)
	if r := p.run(t, "", "wechat", "menu", "show"); r.code != 1 || !strings.Contains(r.err, "wechat.app_id") {
		t.Errorf("%d %s", r.code, r.err)
	}
	sim, env := played(t)
	p.env = env
	if r := p.run(t, "", "wechat", "menu", "push"); r.code != 0 {
		t.Fatal(r.err)
	}
	if r := p.run(t, "", "wechat", "menu", "show"); !strings.Contains(r.out, "say:转人工") || !strings.Contains(r.out, "https://example.org/wechat/enter") {
		t.Errorf("%s %s", r.out, r.err)
	}
	file := filepath.Join(p.dir, "menu.yaml")
	for body, why := range map[string]string{
		"button: []": "1 to 3", "button: [{name: 一二三四五, type: click, key: a}]": "at most 4",
		"button: [{name: 甲, type: click}]": "needs a key", "button: [{name: 甲, type: view, url: /x}]": "https",
		"button: [{name: 甲, type: dance}]": "not known", "buttons: 1": "no menu",
		"button: [{name: 甲, type: click, key: a, sub_button: [{name: 乙, type: click, key: b}]}]": "leave out",
	} {
		if err := os.WriteFile(file, []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
		if r := p.run(t, "", "wechat", "menu", "push", file); r.code != 1 || !strings.Contains(r.err, why) {
			t.Errorf("%s: %d %s", body, r.code, r.err)
		}
	}
	if n := sim.Calls("menu/create"); n != 1 {
		t.Errorf("%d menus were pushed", n)
	}
}

func TestTheDoctorNamesWhatIsWrong(t *testing.T) {
	sim, env := played(t)
	p := newProgram(t)
	p.env = env
	s := p.serve(t)
	p.env = append(p.env, "SHENWEI_SITE_BASE_URL=http://"+s.addr)
	if r := p.run(t, "", "wechat", "doctor"); r.code != 0 || strings.Contains(r.out, "FAIL") {
		t.Errorf("%d\n%s\n%s", r.code, r.out, r.err)
	}
	sim.Fail("stable_token", simulator.Fault{Code: 40164})
	wrong := program{dir: p.dir, env: append(append([]string{}, p.env...), "SHENWEI_WECHAT_TOKEN=another", "SHENWEI_WECHAT_MODE=plain")}
	r := wrong.run(t, "", "wechat", "doctor")
	for _, want := range []string{"FAIL  address", "same wechat.token", "FAIL  token", "whitelist", "FAIL  mode", "安全模式"} {
		if !strings.Contains(r.out, want) {
			t.Errorf("%q is missing:\n%s", want, r.out)
		}
	}
	if r.code != 1 || strings.Contains(r.out+r.err, simulator.TestAccount().Secret) {
		t.Errorf("%d\n%s\n%s", r.code, r.out, r.err)
	}
}

func TestWrongAccountsAreNamedByKey(t *testing.T) {
	_, env := played(t)
	for change, want := range map[string]string{
		"SHENWEI_WECHAT_APP_ID=":                 "wechat.app_id",
		"SHENWEI_WECHAT_TOKEN=":                  "wechat.token",
		"SHENWEI_WECHAT_ENCODING_AES_KEY=short":  "wechat.encoding_aes_key",
		"SHENWEI_WECHAT_PREVIOUS_AES_KEY=short":  "wechat.previous_aes_key",
		"SHENWEI_WECHAT_MODE=open":               "wechat.mode",
		"SHENWEI_WECHAT_SECRET=":                 "wechat.secret",
		"SHENWEI_WECHAT_MAX_AGE=-1":              "wechat.max_age",
		"SHENWEI_WECHAT_API_BASE=ftp://x":        "wechat.api_base",
		"SHENWEI_WECOM_CORP_ID=ww1":              "wecom.secret",
		"SHENWEI_WECOM_TOKEN=t":                  "wecom.corp_id",
		"SHENWEI_ASR_BASE_URL=https://x":         "asr.model",
		"SHENWEI_ASR_BASE_URL=https://u:p@x.org": "asr.",
	} {
		p := newProgram(t)
		p.env = append(append([]string{}, env...), change)
		r := p.run(t, "", "check")
		if r.code != 1 || !strings.Contains(r.out, want) {
			t.Errorf("%s: %d\n%s%s", change, r.code, r.out, r.err)
		}
		if strings.Contains(r.out+r.err, simulator.TestAccount().Secret) || strings.Contains(r.out+r.err, simulator.TestAccount().AESKey) {
			t.Errorf("%s: a secret is shown:\n%s", change, r.out)
		}
	}
}

func TestWithoutAnAccountThereIsNoCallback(t *testing.T) {
	p := newProgram(t)
	s := p.serve(t)
	for _, path := range []string{"/wechat", "/wecom", "/wechat/enter"} {
		res, err := http.Get("http://" + s.addr + path)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if res.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d", path, res.StatusCode)
		}
	}
}
