package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/prometheus/client_golang/prometheus"

	"shenwei/bot"
	"shenwei/bot/desk"
	"shenwei/bot/phrase/scripted"
	"shenwei/bot/release"
	"shenwei/internal/bus"
	"shenwei/internal/jobs"
	"shenwei/internal/outbox"
	"shenwei/internal/store"
	"shenwei/internal/store/storetest/pgtest"
	"shenwei/web"
	"shenwei/web/auth"
	"shenwei/web/live"
	"shenwei/web/wechat/simulator"
)

// sample is one line of /metrics.
type sample struct {
	family, labels string
	value          float64
}

var sampleForm = regexp.MustCompile(`^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$`)

// readSamples reads what /metrics says; a histogram counts by its name.
func readSamples(t testing.TB, r io.Reader) []sample {
	t.Helper()
	var all []sample
	for lines := bufio.NewScanner(r); lines.Scan(); {
		m := sampleForm.FindStringSubmatch(lines.Text())
		if m == nil || !strings.HasPrefix(m[1], "shenwei_") {
			continue
		}
		value, err := strconv.ParseFloat(m[3], 64)
		if err != nil {
			t.Fatal(err)
		}
		family := m[1]
		for _, suffix := range []string{"_bucket", "_sum"} {
			if strings.HasSuffix(family, suffix) {
				family = ""
			}
		}
		if family != "" {
			all = append(all, sample{strings.TrimSuffix(family, "_count"), m[2], value})
		}
	}
	return all
}

func scrape(t testing.TB, addr string) []sample {
	t.Helper()
	res, err := http.Get("http://" + addr + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	return readSamples(t, res.Body)
}

// gathered is scrape of a registry in this process.
func gathered(t testing.TB, reg *prometheus.Registry) []sample {
	t.Helper()
	rec := httptest.NewRecorder()
	web.AdminHandler(reg).ServeHTTP(rec, httptest.NewRequest("GET", "/metrics", nil))
	return readSamples(t, rec.Body)
}

// moved are the families that have shown more than nothing.
type moved map[string]bool

func (m moved) note(list []sample) {
	for _, s := range list {
		if s.value != 0 {
			m[s.family] = true
		}
	}
}

var descForm = regexp.MustCompile(`fqName: "(shenwei_[a-z_]+)".*variableLabels: \{([^}]*)\}`)

// exported are the metrics of a program, with their labels, whether or not they have a value yet.
func exported(t testing.TB) map[string][]string {
	t.Helper()
	a := seenApp(t)
	hub := live.NewHub(live.Config{})
	t.Cleanup(func() { _ = hub.Shutdown(nil) })
	cfg := a.webConfig(hub)
	a.seen.web(&cfg, a.store)
	if _, err := web.New(cfg); err != nil {
		t.Fatal(err)
	}
	a.cfg.LLM.BaseURL, a.cfg.LLM.Model = "http://127.0.0.1:1", "m"
	if err := a.startWording(); err != nil {
		t.Fatal(err)
	}
	hotline, err := a.newDesk()
	if err != nil {
		t.Fatal(err)
	}
	if err := a.watchVitals(a.seen.registry, hotline); err != nil {
		t.Fatal(err)
	}
	descs := make(chan *prometheus.Desc, 1000)
	a.seen.registry.Describe(descs)
	close(descs)
	all := map[string][]string{}
	for d := range descs {
		if m := descForm.FindStringSubmatch(d.String()); m != nil {
			all[m[1]] = strings.FieldsFunc(m[2], func(r rune) bool { return r == ',' })
		}
	}
	if len(all) < 40 {
		t.Fatalf("only %d metrics are found: %v", len(all), all)
	}
	return all
}

// seenApp is an app over an empty record, with an engine of no release and nothing that runs.
func seenApp(t testing.TB) *app {
	t.Helper()
	cfg := defaultConfig()
	cfg.Dir = t.TempDir()
	a := &app{cfg: cfg, bus: bus.Alone(), log: slog.New(slog.DiscardHandler), now: time.Now, poke: make(chan struct{}, 1), warm: make(chan struct{}, 1), refill: make(chan struct{}, 1)}
	var err error
	if a.seen, err = cfg.newSeen(); err != nil {
		t.Fatal(err)
	}
	if a.store, err = store.Open(t.Context(), filepath.Join(cfg.Dir, "a.db"), store.Options{Watch: a.seen.database()}); err != nil {
		t.Fatal(err)
	}
	a.live = release.NewLive(a.log)
	a.front = bot.NewFront(a.store, a.live, a.log)
	t.Cleanup(func() {
		if a.phrase != nil {
			_ = a.phrase.Close()
		}
		_ = a.store.Close()
	})
	return a
}

// TestEveryMetricMoves holds that none of them is always zero: each is moved by what it measures, on
// the product itself where that can be, else over a real record.
func TestEveryMetricMoves(t *testing.T) {
	all := exported(t)
	m := moved{}
	var samples []sample
	t.Run("a service with everything that it may be connected to", func(t *testing.T) { samples = m.service(t) })
	t.Run("an editor publishes past a refusal of the gate", func(t *testing.T) { m.editor(t) })
	t.Run("what waits in the record", func(t *testing.T) { m.record(t) })
	for name := range all {
		if !m[name] {
			t.Errorf("%s was never anything but zero", name)
		}
	}
	for name := range m {
		if _, known := all[name]; !known {
			t.Errorf("%s is exported and not described", name)
		}
	}
	boundedLabels(t, samples)
}

// service plays a citizen on the web, one on WeChat, an agent and a failing neighbourhood.
func (m moved) service(t *testing.T) []sample {
	admin, err := freeAddr()
	if err != nil {
		t.Fatal(err)
	}
	model := scripted.New(t, scripted.Config{})
	model.Script(scripted.Answer{From: kind, Gap: time.Millisecond})
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
	t.Cleanup(other.Close)
	c := &phone{t: t, openid: "o-citizen", shown: make(chan simulator.Bubble, 256)}
	var env []string
	c.sim, env = playedTo(t, func(_ string, b simulator.Bubble) { c.shown <- b })
	p := newProgram(t)
	p.env = slices.Concat(env, alwaysOpen, withModel(model), []string{
		"SHENWEI_ADMIN_ADDR=" + admin, "SHENWEI_LOG_LEVEL=debug",
		"SHENWEI_LINKS_WEB=" + other.URL + "/do?item={code}", "SHENWEI_LINKS_INTERNAL_HOSTS=127.0.0.1",
		"SHENWEI_DESK_WEBHOOK_URL=" + other.URL + "/orders", "SHENWEI_DESK_WEBHOOK_SECRET=" + sharedSecret, "SHENWEI_DESK_WEBHOOK_INTERNAL_HOSTS=127.0.0.1",
	})
	s := p.serve(t)
	c.sim.SetTarget("http://" + s.addr + "/wechat")
	w := p.worker(t, s.addr, "li", "agent")
	w.presence(desk.Online)
	web := newCitizen(t, "citizen", s.addr)
	web.say("护照快到期了怎么换")
	c.says("居民身份证丢失补领要带什么材料")
	c.says("转人工")
	waits := newCitizen(t, "waits", s.addr)
	w.presence(desk.Busy) // the queue fills
	waits.say("转人工")
	waitFor(t, "somebody in the queue", func() bool {
		m.note(scrape(t, admin))
		return m["shenwei_handoff_queue"] && m["shenwei_handoff_oldest_seconds"]
	})
	w.must(waits.number, "take", nil)
	waits.event("accepted")
	workOrder(t, waits, w)
	if res, err := http.Post("http://"+s.addr+"/wechat?signature=no", "text/xml", strings.NewReader("<xml/>")); err == nil {
		_ = res.Body.Close()
	}
	_, _, _ = read(t, "http://"+s.addr+"/api/v1/items/none")
	model.Down()
	for i := range 8 {
		web.say(fmt.Sprintf("护照换发多少钱%s", strings.Repeat("呢", i)))
	}
	_ = waits.ws.Close()
	var list []sample
	waitFor(t, "the rest", func() bool {
		list = scrape(t, admin)
		m.note(list)
		return m["shenwei_model_breaker_open"] && m["shenwei_outbox_attempts_total"] && m["shenwei_token_age_seconds"] && m["shenwei_ws_closed_total"] &&
			m["shenwei_job_runs_total"] && has(list, "shenwei_outgoing_requests_total", "webhook") && has(list, "shenwei_outgoing_requests_total", "links")
	})
	for _, target := range []string{"wechat", "model", "webhook", "links"} {
		if !has(list, "shenwei_outgoing_requests_total", target) {
			t.Errorf("calls to %s are not counted", target)
		}
	}
	for _, want := range []string{`action="answer",channel="web"`, `action="answer",channel="wechat"`, `action="handoff",channel="web"`} {
		if !has(list, "shenwei_answers_total", want) {
			t.Errorf("no answers counted for %s", want)
		}
	}
	return list
}

// has tells whether a family has a value above 0 with labels that contain a text.
func has(list []sample, family, label string) bool {
	return slices.ContainsFunc(list, func(s sample) bool { return s.family == family && strings.Contains(s.labels, label) && s.value > 0 })
}

func (m moved) editor(t *testing.T) {
	d := newNewsroom(t, smallKnowledge(t))
	li, wang := d.staffer("li", auth.Editor), d.staffer("wang", auth.Reviewer)
	li.edit("item/RK-050", object{"expires": "2020-01-01"})
	change := li.submit("取消补领", "item/RK-050")
	wang.approve(change)
	report := wang.gate(change)
	wang.ok("POST", fmt.Sprintf("/changes/%d/publish", change), object{"gate": report["run"], "override": "政策取消"})
	d.liveFrom(2)
	list := gathered(t, d.app.seen.registry)
	if !has(list, "shenwei_gate_runs_total", `outcome="refused"`) || !has(list, "shenwei_gate_flips_total", "gold") || !has(list, "shenwei_publishes_total", "ok") {
		t.Errorf("%v", list)
	}
	m.note(list)
}

// record has everything wait in a record that nobody works at.
func (m moved) record(t *testing.T) {
	a := seenApp(t)
	ctx := t.Context()
	db, _ := openStudio(t, smallKnowledge(t))
	a.store = db
	long := time.Now().Add(-time.Hour)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(db.ScheduleJob(ctx, jobs.Job{Kind: "retention", Ref: "x", Due: long}))
	must(db.AddOutbox(ctx, outbox.Entry{Kind: "wechat", Lane: "l", Key: "k", Body: []byte("{}"), Due: long}))
	must(db.SaveLinkHealth(ctx, []bot.LinkHealth{{URL: "https://example.org", State: bot.LinkDead, Checked: long}}, nil, long.Add(-time.Hour)))
	r, err := db.Receive(ctx, bot.Message{Channel: bot.Web, Ref: "r", Text: "护照", At: long})
	must(err)
	_, err = db.Commit(ctx, bot.Outcome{Conversation: r.Conversation.ID, Version: r.Conversation.Version, Line: r.Seq, Channel: bot.Web, Ref: "r", Reply: &bot.Reply{Action: bot.Answer}, Trace: &bot.Trace{}, At: long})
	must(err)
	hotline, err := a.newDesk()
	must(err)
	v := &vitals{app: a, desk: hotline}
	v.gauges = append(v.record(), v.own()...)
	for _, g := range v.gauges {
		v.descs = append(v.descs, prometheus.NewDesc("shenwei_"+g.name, g.help, g.labels, nil))
	}
	reg := prometheus.NewRegistry()
	reg.MustRegister(v)
	gathered(t, reg)
	a.lexicon.differs.Store(true)
	v.readAt = time.Time{} // a while later
	m.note(gathered(t, reg))
	for name, want := range map[string]float64{"release_lag": 1, "jobs_overdue": 1, "insight_lag_turns": 1} {
		if list := gathered(t, reg); !slices.ContainsFunc(list, func(s sample) bool { return s.family == "shenwei_"+name && s.value == want }) {
			t.Errorf("%s is not %v: %v", name, want, list)
		}
	}
	m.queue(t, a, reg)
	m.clock(t, a, reg)
	a.lexicon.differs.Store(true)
	m.note(gathered(t, reg))
	m.hints(t, a, reg)
}

// clock has this machine's clock be wrong.
func (m moved) clock(t *testing.T, a *app, reg *prometheus.Registry) {
	dsn := pgtest.Start(t).Database(t)
	db, err := store.Open(t.Context(), dsn, store.Options{Local: func() time.Time { return time.Now().Add(5 * time.Minute) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	kept := a.store
	a.store = db
	m.note(gathered(t, reg))
	a.store = kept
}

// hints go between two nodes, and somebody else writes to their bus what is none.
func (m moved) hints(t *testing.T, a *app, reg *prometheus.Registry) {
	url := natsServer(t, 0).ClientURL()
	var two [2]*bus.NATS
	for i := range two {
		var err error
		if two[i], err = bus.Dial(bus.Config{URL: url, Prefix: "test", Cluster: "c", Log: a.log}); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(two[i].Close)
	}
	a.bus = two[0]
	a.bus.Subscribe(bus.Talk, func(bus.Hint) {})
	stranger, err := nats.Connect(url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stranger.Close)
	a.bus.Publish(bus.Hint{Kind: bus.Talk, Key: strings.Repeat("k", 1000)}) // too long to travel
	waitFor(t, "hints of each sort", func() bool {
		a.bus.Publish(bus.Hint{Kind: bus.Talk, Key: "k", Seq: time.Now().UnixNano()})
		two[1].Publish(bus.Hint{Kind: bus.Talk, Key: "k", Seq: time.Now().UnixNano()})
		_ = stranger.Publish("test.c.hints", []byte("this is no hint"))
		list := gathered(t, reg)
		m.note(list)
		for _, what := range []string{"sent", "received", "dropped", "refused"} {
			if !has(list, "shenwei_bus_hints_total", what) {
				return false
			}
		}
		return m["shenwei_bus_connected"]
	})
}

// queue writes faster than the database takes it.
func (m moved) queue(t *testing.T, a *app, reg *prometheus.Registry) {
	ctx, stop := context.WithCancel(t.Context())
	var writers sync.WaitGroup
	for i := range 64 {
		writers.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				_ = a.store.AddOutbox(ctx, outbox.Entry{Kind: "wechat", Lane: strconv.Itoa(i), Key: fmt.Sprint(i, "/", n), Body: []byte("{}")})
			}
		})
	}
	waitFor(t, "writes that wait", func() bool { m.note(gathered(t, reg)); return m["shenwei_db_queue"] })
	stop()
	writers.Wait()
}

var (
	labelForm = regexp.MustCompile(`([a-z_]+)="((?:[^"\\]|\\.)*)"`)
	idLike    = regexp.MustCompile(`[0-9A-HJKMNP-TV-Z]{26}|wx-|[0-9]{6,}|HZ[0-9]|o-citizen`)
)

// boundedLabels holds that labels have few values, and that no id and nobody's words are among them.
func boundedLabels(t *testing.T, list []sample) {
	t.Helper()
	values := map[string]map[string]bool{}
	for _, s := range list {
		for _, m := range labelForm.FindAllStringSubmatch(s.labels, -1) {
			key := s.family + " " + m[1]
			if values[key] == nil {
				values[key] = map[string]bool{}
			}
			values[key][m[2]] = true
			if s.family != "shenwei_build_info" && (idLike.MatchString(m[2]) || len(m[2]) > 80) {
				t.Errorf("%s has a label %s=%q", s.family, m[1], m[2])
			}
			for _, word := range []string{"护照", "身份证", "转人工", "快到期"} {
				if strings.Contains(m[2], word) {
					t.Errorf("%s has a citizen's words in %s=%q", s.family, m[1], m[2])
				}
			}
		}
	}
	for key, of := range values {
		most := 24
		if strings.HasSuffix(key, " route") {
			most = 200 // one for each line of the table of routes
		}
		if len(of) > most {
			t.Errorf("%s has %d values", key, len(of))
		}
	}
	if len(list) > 3000 {
		t.Errorf("%d series", len(list))
	}
}
