package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"shenwei/bot"
	"shenwei/bot/release"
	"shenwei/data"
	"shenwei/internal/audit"
	"shenwei/internal/bus"
	"shenwei/internal/store"
	"shenwei/kb"
	"shenwei/web"
	"shenwei/web/auth"
	"shenwei/web/live"
)

// newsroom is a whole node in this process: a real record, real engines of a small knowledge, a
// real server, the follower and the scheduled work; its clock can be set.
type newsroom struct {
	t    testing.TB
	app  *app
	url  string
	mu   sync.Mutex
	skew time.Duration
}

func (d *newsroom) now() time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	return time.Now().Add(d.skew)
}

func (d *newsroom) jump(by time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.skew += by
}

const goldHeader = "id\tquestion\taction\tcodes\tfacet\tsure\n"

// smallKnowledge is a few families of the shipped items, without what they say of others, and
// an article, with the shipped lexicon and weights: quick to build, and answered as shipped.
// The gold file fraud.tsv holds a row that nobody may override.
func smallKnowledge(t testing.TB) []kb.Document {
	t.Helper()
	var docs []kb.Document
	for _, d := range shippedDocuments(t) {
		switch {
		case d.Kind == kb.KindLexicon || d.Kind == kb.KindWeights:
			docs = append(docs, d)
		case d.Kind == kb.KindItem && families.MatchString(d.ID):
			it, problems := kb.ParseItem(d)
			if problems != nil {
				t.Fatal(problems)
			}
			d.Body = fields(t, d, object{"confusable": []object{}, "review": "2099-01-01", "asks": it.Asks[:min(fewAsks, len(it.Asks))]})
			if d.ID == "CRJ-002" {
				d = withFee(d, "120元/本 # 见公告")
			}
			docs = append(docs, d)
		}
	}
	return append(docs,
		kb.Document{Kind: kb.KindArticle, ID: "daiban", Body: "---\nid: daiban\ntitle: 能不能让别人代办\ncategory: 办事指引\nkind: guide\nsummary: 看要不要采集指纹。\nasks:\n  - 可以叫别人帮我办吗\nsources: [测试]\nreview: 2099-01-01\n---\n带委托书。\n"},
		kb.Document{Kind: kb.KindGold, ID: "first.tsv", Body: goldHeader + "g1\t护照快到期了怎么换\tanswer\tCRJ-002\thow\t2\ng2\t身份证丢了怎么补\tanswer\tRK-050\thow\t2\n"},
		kb.Document{Kind: kb.KindGold, ID: "fraud.tsv", Body: goldHeader + "f1\t驾照到期怎么换\tanswer\tJJ-007\thow\t2\n"},
		kb.Document{Kind: kb.KindGold, ID: "emergency.tsv", Body: goldHeader + "e1\t有人拿刀砍人\temergency\t\tother\t2\n"},
	)
}

// fewAsks of each item keep an engine quick to build under the race detector, too.
const fewAsks = 20

var families = regexp.MustCompile(`^(CRJ-00[1-9]|RK-05[0-4]|JJ-00[5-9])$`)

// fields is a document's text with some fields set.
func fields(t testing.TB, d kb.Document, set object) string {
	t.Helper()
	form, err := json.Marshal(set)
	if err != nil {
		t.Fatal(err)
	}
	text, err := kb.SetFields(d, form)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

var sharedDictionary = sync.OnceValue(func() string {
	dir, err := os.MkdirTemp("", "shenwei-studio-*")
	if err != nil {
		panic(err)
	}
	return dir
})

func shippedDocuments(t testing.TB) []kb.Document {
	t.Helper()
	docs, err := kb.ReadDocuments(data.Files)
	if err != nil {
		t.Fatal(err)
	}
	return docs
}

func itemOf(t testing.TB, docs []kb.Document, code string) kb.Document {
	t.Helper()
	for _, d := range docs {
		if d.Key() == kb.ItemKey(code) {
			return d
		}
	}
	t.Fatal("no item " + code)
	return kb.Document{}
}

func newBuilder(t testing.TB) *release.Builder {
	t.Helper()
	b, err := release.NewBuilder(sharedDictionary(), bot.Site{})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// openStudio is a studio over a real record without a server.
func openStudio(t testing.TB, docs []kb.Document) (*store.DB, *kb.Studio) {
	t.Helper()
	db, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "a.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := kb.NewLibrary(db, nil, time.Now).Start(t.Context(), docs); err != nil {
		t.Fatal(err)
	}
	s := kb.NewStudio(db, nil, slog.New(slog.DiscardHandler), time.Now, nil)
	t.Cleanup(func() {
		s.Close()
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db, s
}

func newNewsroom(t testing.TB, docs []kb.Document, change ...func(*config)) *newsroom {
	t.Helper()
	d := &newsroom{t: t}
	cfg := defaultConfig()
	cfg.Dir = sharedDictionary()
	cfg.Limits.AddressMinute, cfg.Limits.VisitorBurst = 1<<30, 1<<30
	for _, c := range change {
		c(&cfg)
	}
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	a := &app{cfg: cfg, bus: bus.Alone(), log: log, now: d.now, poke: make(chan struct{}, 1)}
	d.app = a
	var err error
	if a.seen, err = cfg.newSeen(); err != nil {
		t.Fatal(err)
	}
	if a.store, err = store.Open(t.Context(), filepath.Join(t.TempDir(), "a.db"), store.Options{Now: d.now, Watch: a.seen.database()}); err != nil {
		t.Fatal(err)
	}
	if err := a.startWith(t.Context(), docs); err != nil {
		t.Fatal(err)
	}
	a.staff = auth.New(auth.Config{Store: a.store, Log: log})
	hub := live.NewHub(live.Config{Log: log})
	a.front = bot.NewFront(a.store, a.answerer(), log, append(a.wording(), bot.WithCommitted(hub.Committed), bot.WithClock(d.now))...)
	a.studio = kb.NewStudio(a.seen.record(a.store), a.seen.gate(a.studioGate()), log, a.now, a.look)
	server, err := web.New(a.webConfig(hub))
	if err != nil {
		t.Fatal(err)
	}
	a.schedule()
	http := httptest.NewServer(server.Handler())
	d.url = http.URL
	ctx, stop := context.WithCancel(context.Background())
	var work sync.WaitGroup
	work.Go(func() { _ = a.follow(ctx) })
	work.Go(func() { _ = a.jobs.Run(ctx) })
	t.Cleanup(func() {
		http.Close()
		stop()
		work.Wait()
		if err := a.close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

// staffer is somebody who is signed in.
type staffer struct {
	*newsroom
	name string
}

func (d *newsroom) staffer(name string, roles ...auth.Role) *staffer {
	d.t.Helper()
	now := time.Now()
	account := auth.Account{ID: "id-" + name, Name: name, Display: name, Roles: roles, Epoch: 1, Created: now, Updated: now}
	e := audit.Entry{Actor: "suite", Action: "suite"}
	hash := sha256.Sum256([]byte("secret-" + name))
	err := d.app.store.CreateAccount(d.t.Context(), account, auth.Link{Hash: []byte(name), Staff: account.ID, Expires: now}, e)
	if err == nil {
		s := auth.Session{Hash: hash[:], ID: "s-" + name, Staff: account.ID, Stage: auth.StageFull, CSRF: "csrf-" + name, Created: now, Seen: now}
		_, err = d.app.store.BeginSession(d.t.Context(), s, nil, e, func(*auth.Account) error { return nil })
	}
	if err != nil {
		d.t.Fatal(err)
	}
	return &staffer{d, name}
}

type object map[string]any

// call asks the studio and decodes the answer into a generic value; its status is returned.
func (p *staffer) call(method, path string, body any) (int, object) {
	p.t.Helper()
	status, raw := p.raw(method, path, body)
	var v object
	if err := json.Unmarshal(raw, &v); err != nil {
		var list []any
		if json.Unmarshal(raw, &list) != nil {
			p.t.Fatalf("%s %s: %d %s", method, path, status, raw)
		}
		v = object{"list": list}
	}
	return status, v
}

func (p *staffer) raw(method, path string, body any) (int, []byte) {
	p.t.Helper()
	var in io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			p.t.Fatal(err)
		}
		in = bytes.NewReader(b)
	}
	req, err := http.NewRequest(method, p.url+"/api/v1/studio"+path, in)
	if err != nil {
		p.t.Fatal(err)
	}
	req.AddCookie(&http.Cookie{Name: web.StaffCookie, Value: "secret-" + p.name})
	req.Header.Set(web.CSRFHeader, "csrf-"+p.name)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return res.StatusCode, raw
}

// ok is call for what must succeed.
func (p *staffer) ok(method, path string, body any) object {
	p.t.Helper()
	status, v := p.call(method, path, body)
	if status != http.StatusOK {
		p.t.Fatalf("%s %s by %s: %d %v", method, path, p.name, status, v)
	}
	return v
}

// refused is call for what must fail; the message must say so in Chinese.
func (p *staffer) refused(want int, method, path string, body any, says string) object {
	p.t.Helper()
	status, v := p.call(method, path, body)
	e, _ := v["error"].(map[string]any)
	message, _ := e["message"].(string)
	if status != want || !strings.Contains(message, says) {
		p.t.Fatalf("%s %s by %s: %d %v, want %d and %q", method, path, p.name, status, v, want, says)
	}
	return e
}

func num(v any) int64 {
	f, _ := v.(float64)
	return int64(f)
}

// open returns live revision and draft number of a document.
func (p *staffer) open(key string) (base, draft int64, doc object) {
	doc = p.ok("GET", "/documents/"+key, nil)
	if l, ok := doc["live"].(map[string]any); ok {
		base = num(l["revision"])
	}
	if dr, ok := doc["draft"].(map[string]any); ok {
		draft = num(dr["revision"])
	}
	return base, draft, doc
}

// edit saves fields as the draft.
func (p *staffer) edit(key string, fields object) object {
	p.t.Helper()
	base, draft, _ := p.open(key)
	return p.ok("PUT", "/documents/"+key+"/draft", object{"base": base, "draft": draft, "fields": fields})
}

func (p *staffer) submit(title string, keys ...string) int64 {
	p.t.Helper()
	return num(p.ok("POST", "/changes", object{"title": title, "keys": keys})["id"])
}

// gate runs the gate and waits for its report.
func (p *staffer) gate(change int64) object {
	p.t.Helper()
	run := p.ok("POST", fmt.Sprintf("/changes/%d/gate", change), nil)["run"].(string)
	var report object
	waitFor(p.t.(*testing.T), "the gate ends", func() bool {
		report = p.ok("GET", "/gate/"+run, nil)
		return report["state"] != "running"
	})
	if report["state"] != "done" {
		p.t.Fatalf("%v", report)
	}
	return report
}

func (p *staffer) approve(change int64) {
	p.t.Helper()
	p.ok("POST", fmt.Sprintf("/changes/%d/decide", change), object{"decision": "approve", "comment": "好"})
}

func (p *staffer) publish(change int64, more object) object {
	p.t.Helper()
	report := p.gate(change)
	body := object{"gate": report["run"]}
	for k, v := range more {
		body[k] = v
	}
	return p.ok("POST", fmt.Sprintf("/changes/%d/publish", change), body)
}

// ask asks as a citizen.
func (d *newsroom) ask(text string) bot.Reply {
	d.t.Helper()
	r, err := d.tryAsk(text)
	if err != nil {
		d.t.Fatal(err)
	}
	return r
}

func (d *newsroom) tryAsk(text string) (bot.Reply, error) {
	body, _ := json.Marshal(object{"text": text, "channel": "api"})
	var r bot.Reply
	res, err := http.Post(d.url+"/api/v1/chat", "application/json", bytes.NewReader(body))
	if err != nil {
		return r, err
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		return r, errors.Join(err, fmt.Errorf("status %d: %s", res.StatusCode, raw))
	}
	return r, json.Unmarshal(raw, &r)
}

// liveFrom waits until the node answers with a release.
func (d *newsroom) liveFrom(number int64) {
	d.t.Helper()
	waitFor(d.t.(*testing.T), fmt.Sprintf("release %d is live", number), func() bool { return d.app.live.Current().Release() >= number })
}
