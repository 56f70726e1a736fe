package main

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	_ "github.com/mattn/go-sqlite3" // registers "sqlite3"

	"shenwei/bot"
)

// browser asks a running service as one browser does.
type browser struct {
	t      *testing.T
	base   string
	cookie *http.Cookie
	csrf   string
}

func (b *browser) ask(method, path string, v any) (int, string) {
	b.t.Helper()
	body, err := json.Marshal(v)
	if err != nil {
		b.t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(b.t.Context(), method, b.base+path, bytes.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	if b.cookie != nil {
		req.AddCookie(b.cookie)
	}
	req.Header.Set("X-CSRF-Token", b.csrf)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	got, err := io.ReadAll(res.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, c := range res.Cookies() {
		b.cookie = c
	}
	var in struct{ CSRF string }
	if json.Unmarshal(got, &in) == nil && in.CSRF != "" {
		b.csrf = in.CSRF
	}
	return res.StatusCode, string(got)
}

var setupLink = regexp.MustCompile(`http://\S+/staff/setup#(\S+)`)

// token returns the token of the link in what a command printed, "" for none.
func token(out string) string {
	if m := setupLink.FindStringSubmatch(out); m != nil {
		return m[1]
	}
	return ""
}

// ok runs a command that must succeed.
func (p program) ok(t *testing.T, args ...string) result {
	t.Helper()
	r := p.run(t, "", args...)
	if r.code != 0 {
		t.Fatalf("%v: exit %d\n%s%s", args, r.code, r.out, r.err)
	}
	return r
}

func (p program) sql(t *testing.T, query string) {
	t.Helper()
	db, err := sql.Open("sqlite3", filepath.Join(p.dir, "shenwei.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if _, err := db.Exec(query); err != nil {
		t.Fatal(err)
	}
}

func TestTheFirstStartPrintsALinkAndLaterOnesWithAnAccountDoNot(t *testing.T) {
	p := newProgram(t)
	var links []string
	for range 2 {
		s := p.serve(t)
		s.stop(t)
		links = append(links, token(s.errs.String()))
	}
	if links[0] == "" || links[1] == "" || links[0] == links[1] {
		t.Fatalf("links %q", links)
	}
	p.ok(t, "user", "add", "--admin", "boss")
	s := p.serve(t)
	s.stop(t)
	if token(s.errs.String()) != "" {
		t.Error("a link to make the first account, and there is one")
	}
}

func TestAccountsAreKeptBesideARunningService(t *testing.T) {
	p := newProgram(t)
	s := p.serve(t)
	link := token(p.ok(t, "user", "add", "li", "--display", "小李", "--role", "editor,agent").out)
	li := &browser{t: t, base: "http://" + s.addr}
	const password = "correct horse battery staple"
	if status, body := li.ask("POST", "/api/v1/staff/setup", map[string]string{"token": link, "password": password}); status != 200 || !strings.Contains(body, `"state":"ok"`) {
		t.Fatalf("%d %s", status, body)
	}
	if list := p.ok(t, "user", "list").out; !strings.Contains(list, "editor,agent") || !strings.Contains(list, "active") || strings.Contains(list, "argon2") {
		t.Errorf("%s", list)
	}
	me := func() int { status, _ := li.ask("GET", "/api/v1/staff/me", nil); return status }
	if me() != 200 {
		t.Fatal("not signed in")
	}
	p.ok(t, "user", "disable", "li")
	if me() != 401 {
		t.Error("disabled and still in")
	}
	if r := p.run(t, "", "user", "reset", "li"); r.code != 1 {
		t.Errorf("reset of a disabled account: %+v", r)
	}
	p.ok(t, "user", "enable", "LI")
	if status, _ := li.ask("POST", "/api/v1/staff/login", map[string]string{"name": "li", "password": password}); status != 200 {
		t.Errorf("enabled again: %d", status)
	}
	p.ok(t, "user", "signout", "li")
	if me() != 401 {
		t.Error("signed out and still in")
	}
	link = token(p.ok(t, "user", "reset", "li").out)
	if status, body := li.ask("POST", "/api/v1/staff/setup", map[string]string{"token": link, "password": password + "!"}); status != 200 {
		t.Errorf("%d %s", status, body)
	}
	for _, args := range [][]string{{"user", "add", "li", "--role", "editor"}, {"user", "add", "x y", "--role", "editor"}, {"user", "add", "wang"},
		{"user", "add", "wang", "--role", "god"}, {"user", "disable", "nobody"}} {
		if r := p.run(t, "", args...); r.code != 1 || r.err == "" {
			t.Errorf("%v: %+v", args, r)
		}
	}
}

func TestTheLastAdministratorCannotBeDisabledFromTheServerEither(t *testing.T) {
	p := newProgram(t)
	p.ok(t, "user", "add", "--admin", "boss")
	if r := p.run(t, "", "user", "disable", "boss"); r.code != 1 || !strings.Contains(r.err, "管理员") {
		t.Errorf("%+v", r)
	}
}

func TestCheckTellsWhereTheAuditLogWasChanged(t *testing.T) {
	p := newProgram(t)
	for _, name := range []string{"one", "two", "three"} {
		p.ok(t, "user", "add", name, "--role", "editor")
	}
	says := p.ok(t, "check", "--audit").out
	m := regexp.MustCompile(`the last is (\d+:[0-9a-f]{64})`).FindStringSubmatch(says)
	if m == nil {
		t.Fatalf("%s", says)
	}
	p.ok(t, "user", "add", "four", "--role", "editor")
	p.ok(t, "check", "--audit", "--since", m[1])
	if r := p.run(t, "", "check", "--audit", "--since", "2:"+strings.Repeat("0", 64)); r.code != 1 || !strings.Contains(r.out, "written anew") {
		t.Errorf("another hash noted: %+v", r)
	}
	p.sql(t, `UPDATE audit SET object = 'account/nobody' WHERE n = 2`)
	if r := p.run(t, "", "check", "--audit"); r.code != 1 || !strings.Contains(r.out, "FAIL  audit") || !strings.Contains(r.out, "entry 2") {
		t.Errorf("a changed entry: %+v", r)
	}
	p.sql(t, `DELETE FROM audit WHERE n >= 2`)
	if r := p.run(t, "", "check", "--audit"); r.code != 1 || !strings.Contains(r.out, "missing at the end") {
		t.Errorf("removed entries: %+v", r)
	}
}

func TestKeysAreChangedBesideARunningServiceAndNothingIsUnreadable(t *testing.T) {
	p := newProgram(t)
	s := p.serve(t)
	before := post(t, s.addr, "没带身份证怎么住酒店")
	read := func(r bot.Reply) string {
		t.Helper()
		req, err := http.NewRequest("GET", "http://"+s.addr+"/api/v1/conversations/"+r.Conversation+"/messages", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+r.Token)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = res.Body.Close() }()
		body, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return string(body)
	}
	p.ok(t, "keys", "rotate")
	if got := read(before); !strings.Contains(got, "没带身份证") {
		t.Fatalf("after the change the service reads %s", got)
	}
	p.ok(t, "keys", "rotate")
	after := post(t, s.addr, "护照快到期了怎么换")
	for _, r := range []bot.Reply{before, after} {
		if got := read(r); !strings.Contains(got, "没带身份证") && !strings.Contains(got, "护照快到期") {
			t.Errorf("%s", got)
		}
	}
	s.stop(t)
	status := p.ok(t, "keys", "status").out
	if lines := strings.Split(strings.TrimSpace(status), "\n"); len(lines) != 3 || !strings.Contains(lines[0], "seals") || strings.Contains(status, "MISSING") {
		t.Errorf("%s", status)
	}
	file := filepath.Join(p.dir, "keys", "data.key")
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("%v %v", info.Mode(), err)
	}
	p.ok(t, "check", "--audit")
}

func TestALostKeyIsSaidAndNoOtherTakesItsPlace(t *testing.T) {
	p := newProgram(t)
	p.ok(t, "user", "add", "--admin", "boss")
	file := filepath.Join(p.dir, "keys", "data.key")
	if err := os.Rename(file, file+".away"); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time no file of the first attempt is in the way
		if r := p.run(t, "", "user", "list"); r.code != 1 || !strings.Contains(r.err, "restore it") {
			t.Fatalf("%+v", r)
		}
		if _, err := os.Stat(file); !os.IsNotExist(err) {
			t.Fatalf("a key file was left: %v", err)
		}
	}
	if err := os.Rename(file+".away", file); err != nil {
		t.Fatal(err)
	}
	p.ok(t, "user", "list")
}

func TestKeysMayComeFromTheEnvironmentOrAFile(t *testing.T) {
	key := strings.TrimSpace(newProgram(t).ok(t, "keys", "new").out)
	p := newProgram(t)
	p.env = []string{"SHENWEI_KEYS_DATA=" + key}
	p.ok(t, "user", "add", "--admin", "boss")
	if _, err := os.Stat(filepath.Join(p.dir, "keys")); !os.IsNotExist(err) {
		t.Errorf("a key file beside configured keys: %v", err)
	}
	file := filepath.Join(t.TempDir(), "k")
	if err := os.WriteFile(file, []byte("# ours\n"+key+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p.env = []string{"SHENWEI_KEYS_DATA_FILE=" + file}
	p.ok(t, "user", "list")
	p.env = []string{"SHENWEI_KEYS_DATA=nonsense:c2VjcmV0"}
	if r := p.run(t, "", "user", "list"); r.code != 1 || !strings.Contains(r.err, "keys.data") || strings.Contains(r.err, "c2VjcmV0") {
		t.Errorf("%+v", r)
	}
}

func TestOneCitizensDataIsExportedAndDeletedFromTheServer(t *testing.T) {
	p := newProgram(t)
	var said struct{ Conversation string }
	out := p.ok(t, "ask", "--json", "没带身份证怎么住酒店").out
	if err := json.Unmarshal([]byte(out), &said); err != nil {
		t.Fatal(err)
	}
	exported := p.ok(t, "citizen", "export", said.Conversation).out
	if !json.Valid([]byte(exported)) || !strings.Contains(exported, "没带身份证怎么住酒店") {
		t.Fatalf("%s", exported)
	}
	if got := p.ok(t, "citizen", "delete", said.Conversation).out; !strings.Contains(got, `"messages":2`) {
		t.Errorf("%s", got)
	}
	for _, args := range [][]string{{"citizen", "export", said.Conversation}, {"citizen", "delete", said.Conversation}} {
		if r := p.run(t, "", args...); r.code != 1 {
			t.Errorf("%v: %+v", args, r)
		}
	}
	p.ok(t, "check", "--audit")
}

func TestConfigurationOfStaffThatCannotBeMeantIsRefused(t *testing.T) {
	for env, want := range map[string]string{
		"SHENWEI_RETENTION_AUDIT_DAYS=30":           "retention.audit_days",
		"SHENWEI_AUTH_IDLE_MINUTES=0":               "auth.idle_minutes",
		"SHENWEI_AUTH_ABSOLUTE_HOURS=1000":          "auth.absolute_hours",
		"SHENWEI_AUTH_SECOND_FACTOR=god":            "auth.second_factor",
		"SHENWEI_AUTH_OIDC_CLIENT_ID=x":             "auth.oidc",
		"SHENWEI_AUTH_OIDC_ISSUER=https://id.local": "auth.oidc",
	} {
		p := newProgram(t)
		p.env = []string{env}
		if r := p.run(t, "", "user", "list"); r.code != 1 || !strings.Contains(r.err, want) {
			t.Errorf("%s: %+v", env, r)
		}
	}
}

func TestTheNightIsHalfPastThreeInShenzhen(t *testing.T) {
	for at, want := range map[string]time.Duration{
		"2026-11-22T19:29:00Z": time.Minute,
		"2026-11-22T19:30:00Z": 24 * time.Hour,
		"2026-11-22T19:31:00Z": 24*time.Hour - time.Minute,
	} {
		now, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		if got := untilNight(now); got != want {
			t.Errorf("%s: %v, want %v", at, got, want)
		}
	}
}
