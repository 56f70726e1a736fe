package main

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"shenwei/bot"
	"shenwei/internal/jobs"
)

const sharedSecret = "a-secret-that-is-shared-with-the-receiver"

// receiver builds the example of docs/deep-links.md and runs it; it returns its address.
func receiver(t *testing.T, shenwei string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "receiver")
	if out, err := exec.Command("go", "build", "-o", path, "../../docs/examples/receiver").CombinedOutput(); err != nil {
		t.Fatalf("the example does not compile: %v\n%s", err, out)
	}
	addr, err := freeAddr()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(context.Background(), path, "-addr", addr)
	cmd.Env = append(os.Environ(), "SHENWEI_URL=http://"+shenwei, "SHENWEI_LINK_SECRET="+sharedSecret)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	waitFor(t, "the receiver", func() bool {
		res, err := http.Get("http://" + addr + "/do")
		if err == nil {
			_ = res.Body.Close()
		}
		return err == nil
	})
	return addr
}

func read(t *testing.T, address string) (status int, location, body string) {
	t.Helper()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, res.Header.Get("Location"), string(text)
}

// The whole way: a citizen says what her case is, taps the button, and the business site's form
// is filled in, once.
func TestAButtonFillsInTheFormOfTheExampleReceiverOnce(t *testing.T) {
	p := newProgram(t)
	ours, err := freeAddr()
	if err != nil {
		t.Fatal(err)
	}
	theirs := receiver(t, ours)
	p.env = []string{"SHENWEI_LINKS_WEB=http://" + theirs + "/do?item={code}&ctx={ctx}", "SHENWEI_KEYS_LINK=" + sharedSecret}
	serve := p.command(context.Background(), "serve", "--addr", ours)
	if err := serve.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = serve.Process.Kill(); _ = serve.Wait() })
	if err := waitReady(t.Context(), ours, time.Minute); err != nil {
		t.Fatal(err)
	}
	r := post(t, ours, "我是深户，身份证快到期了怎么换")
	if r.Item == "" || len(r.Links) == 0 || !strings.HasPrefix(r.Links[0].URL, "/go/"+r.Item) {
		t.Fatalf("%s %+v", r.Item, r.Links)
	}
	status, to, _ := read(t, "http://"+ours+r.Links[0].URL)
	if status != http.StatusSeeOther || !strings.HasPrefix(to, "http://"+theirs+"/do?item="+r.Item+"&ctx=") {
		t.Fatalf("%d %s", status, to)
	}
	if _, _, form := read(t, to); !strings.Contains(form, `value="`+r.Item+`"`) || !strings.Contains(form, `name="huji" value="深户"`) || !strings.Contains(form, "来源：api") {
		t.Errorf("the form is not filled in:\n%s", form)
	}
	if _, _, form := read(t, to); strings.Contains(form, "huji") || !strings.Contains(form, "来源：未知") {
		t.Errorf("a second load of the same address is filled in again:\n%s", form)
	}
	forged := url.Values{"item": {r.Item}, "ctx": {"forged"}}
	if _, _, form := read(t, "http://"+theirs+"/do?"+forged.Encode()); !strings.Contains(form, "来源：未知") {
		t.Errorf("a forged code:\n%s", form)
	}
}

func TestADeadSiteDegradesTheButtonEverywhereAndComesBackByItself(t *testing.T) {
	var down atomic.Bool
	biz := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if down.Load() {
			w.WriteHeader(http.StatusBadGateway)
		}
	}))
	defer biz.Close()
	t.Setenv("SHENWEI_LINKS_WEB", biz.URL+"/{code}")
	t.Setenv("SHENWEI_LINKS_INTERNAL_HOSTS", "127.0.0.1")
	t.Setenv("SHENWEI_LINKS_DEAD_AFTER", "2")
	t.Setenv("SHENWEI_LINKS_CHECK_MINUTES", "1")
	a, err := (&cli{Dir: t.TempDir()}).open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = a.close() }()
	check := func() {
		t.Helper()
		if again, err := a.checkLinks(t.Context(), jobs.Job{}); err != nil || again <= 0 {
			t.Fatal(again, err)
		}
		a.override(t.Context()) // as the follower of every node does
	}
	button := func() bot.Link {
		answered, err := a.live.Answer(t.Context(), bot.Turn{Message: bot.Message{Channel: bot.Web, Text: "护照到期换发"}})
		if err != nil || len(answered.Reply.Links) == 0 {
			t.Fatal(err)
		}
		return answered.Reply.Links[0]
	}
	down.Store(true)
	check()
	if l := button(); l.Label != "去办理" {
		t.Fatalf("one failure is no death: %+v", l)
	}
	check()
	if l := button(); l.Label != "查看办事指南" || !strings.HasPrefix(l.URL, "/items/") {
		t.Fatalf("%+v", l)
	}
	if says, err := a.sayLinks(t.Context()); err == nil || !strings.Contains(explain(err), "HTTP 502") {
		t.Errorf("shenwei check --links: %s %v", says, err)
	}
	if says, err := a.sayKnownLinks(t.Context()); err != nil || !strings.Contains(says, "262 are dead") {
		t.Errorf("shenwei check: %s %v", says, err)
	}
	down.Store(false)
	check()
	if l := button(); l.Label != "去办理" {
		t.Fatalf("it answers again: %+v", l)
	}
	if says, err := a.sayLinks(t.Context()); err != nil || !strings.Contains(says, "all 262 addresses") {
		t.Errorf("%s %v", says, err)
	}
}

func TestKeysOfLinksThatCannotBeMeantAreRefusedByName(t *testing.T) {
	for says, set := range map[string]func(*config){
		"keys.link":                func(c *config) { c.Keys.Link = "short" },
		"set keys.link":            func(c *config) { c.Links.Web = "https://biz.example/{code}?{ctx}" },
		"links.check_minutes":      func(c *config) { c.Links.CheckMinutes = -1 },
		"links.dead_after":         func(c *config) { c.Links.DeadAfter = 0 },
		"places.map_apps":          func(c *config) { c.Places.MapApps = []string{"mars"} },
		"places.tiles.url":         func(c *config) { c.Places.Tiles.URL = "http://x/{z}" },
		"places.tiles.attribution": func(c *config) { c.Places.Tiles.URL = "https://x.example/{z}/{x}/{y}.png" },
		"places.tiles.system":      func(c *config) { c.Places.Tiles.System = "mars" },
	} {
		c := defaultConfig()
		set(&c)
		if err := c.check(); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", says, err)
		}
	}
	c := defaultConfig()
	c.Links.Web, c.Keys.Link = "https://biz.example/{code}?{ctx}", sharedSecret+", "+sharedSecret+"-of-before"
	if err := c.check(); err != nil {
		t.Error(err)
	}
	if all, err := c.Keys.linkSecrets(); err != nil || len(all) != 2 || all[0] != sharedSecret {
		t.Error(all, err)
	}
}
