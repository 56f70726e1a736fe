package main

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"shenwei/bot"
	"shenwei/bot/desk"
	"shenwei/internal/bus"
	"shenwei/internal/calendar"
	"shenwei/internal/store"
	"shenwei/web/wechat"
)

const (
	// vitalsFor is how long what was read of the record is good: whoever scrapes often reads it once.
	vitalsFor = 3 * time.Second
	// vitalsWithin bounds reading it.
	vitalsWithin = 2 * time.Second
)

// gauge is a figure that is read when it is asked for; one whose name ends in _total only grows.
type gauge struct {
	name, help string
	labels     []string
	// tell hands over each value with its labels.
	tell func(set func(value float64, labels ...string))
}

// vitals shows what has no place in a request: what waits, what is overdue, how far this node is
// behind. It implements prometheus.Collector.
type vitals struct {
	app    *app
	desk   *desk.Service
	gauges []gauge
	descs  []*prometheus.Desc

	mu     sync.Mutex
	known  store.Vitals
	readAt time.Time
	up     bool
	took   time.Duration
	// lagging is since when this node has not served the newest release.
	lagging time.Time
}

// watchVitals registers what is read when somebody asks.
func (a *app) watchVitals(reg *prometheus.Registry, hotline *desk.Service) error {
	v := &vitals{app: a, desk: hotline}
	v.gauges = append(v.record(), v.own()...)
	for _, g := range v.gauges {
		v.descs = append(v.descs, prometheus.NewDesc("shenwei_"+g.name, g.help, g.labels, nil))
	}
	if a.phrase != nil {
		if err := reg.Register(newWordingMetrics(a.phrase)); err != nil {
			return err
		}
	}
	return reg.Register(v)
}

// Describe implements prometheus.Collector.
func (v *vitals) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range v.descs {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (v *vitals) Collect(ch chan<- prometheus.Metric) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.read()
	for i, g := range v.gauges {
		g.tell(func(value float64, labels ...string) {
			kind := prometheus.GaugeValue
			if strings.HasSuffix(g.name, "_total") {
				kind = prometheus.CounterValue
			}
			ch <- prometheus.MustNewConstMetric(v.descs[i], kind, value, labels...)
		})
	}
}

// read asks the record, unless it was asked just now. The caller holds v.mu.
func (v *vitals) read() {
	now := time.Now()
	if now.Sub(v.readAt) < vitalsFor {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), vitalsWithin)
	defer cancel()
	known, err := v.app.store.Vitals(ctx)
	v.readAt, v.took, v.up = now, time.Since(now), err == nil
	if err != nil {
		v.app.log.Warn("what waits in the database cannot be read for the metrics", "err", err)
		return
	}
	v.known = known
	if v.serves() >= known.Release {
		v.lagging = time.Time{}
	} else if v.lagging.IsZero() {
		v.lagging = now
	}
}

func (v *vitals) serves() int64 {
	if e := v.app.live.Current(); e != nil {
		return e.Release()
	}
	return 0
}

// record are the figures of the database: every node shows the same.
func (v *vitals) record() []gauge {
	return []gauge{
		{"vitals_up", "1 while the database answers the questions that these figures are made of; the last known ones stay.", nil, v.tellUp},
		{"vitals_seconds", "Time that reading them took.", nil, func(set func(float64, ...string)) { set(v.took.Seconds()) }},
		{"release_newest", "The newest release on record.", nil, func(set func(float64, ...string)) { set(float64(v.known.Release)) }},
		{"release_lag", "Newest release on record minus the one that this node serves.", nil, func(set func(float64, ...string)) { set(float64(max(0, v.known.Release-v.serves()))) }},
		{"release_lag_seconds", "Since when this node has not served the newest release.", nil, func(set func(float64, ...string)) { set(since(v.lagging, time.Now())) }},
		{"outbox_rows", "Rows of the outbox by state; those given up are of the last day.", []string{"kind", "state"}, v.tellOutbox},
		{"outbox_oldest_seconds", "How long the oldest row has been due that is not sent.", []string{"kind"}, v.tellOldest},
		{"jobs_overdue", "Scheduled work that is due and not done.", nil, func(set func(float64, ...string)) { set(float64(v.known.Jobs)) }},
		{"jobs_oldest_seconds", "How long the oldest scheduled work has been due.", nil, func(set func(float64, ...string)) { set(since(v.known.JobsSince, v.known.Now)) }},
		{"insight_lag_turns", "Replies that are not counted for the editors yet, at most 1000.", nil, func(set func(float64, ...string)) { set(float64(v.known.Behind)) }},
		{"insight_lag_seconds", "Age of the oldest of them.", nil, func(set func(float64, ...string)) { set(since(v.known.BehindSince, v.known.Now)) }},
		{"links", "Addresses behind buttons by how they answered.", []string{"state"}, v.tellLinks},
		{"links_oldest_seconds", "How long ago the address was asked that nobody has asked for the longest.", nil, func(set func(float64, ...string)) { set(since(v.known.LinksOldest, v.known.Now)) }},
		{"staff_sessions", "Sessions of people who work here, used in the last half hour.", nil, func(set func(float64, ...string)) { set(float64(v.known.Sessions)) }},
	}
}

func since(at, now time.Time) float64 {
	if at.IsZero() || now.Before(at) {
		return 0
	}
	return now.Sub(at).Seconds()
}

func (v *vitals) tellUp(set func(float64, ...string)) {
	if v.up {
		set(1)
		return
	}
	set(0)
}

// outboxKinds are those that the program sends; anything else counts as other.
var outboxKinds = []string{"wechat", "wecom", "order", "other"}

func outboxKind(kind string) string {
	for _, k := range outboxKinds {
		if k == kind {
			return k
		}
	}
	return "other"
}

func (v *vitals) tellOutbox(set func(float64, ...string)) {
	rows := map[[2]string]int{}
	for _, c := range v.known.Outbox {
		rows[[2]string{outboxKind(c.Kind), c.State}] += c.Rows
	}
	for _, kind := range outboxKinds {
		for _, state := range []string{"waiting", "sending", "held", "failed", "unknown"} {
			set(float64(rows[[2]string{kind, state}]), kind, state)
		}
	}
}

func (v *vitals) tellOldest(set func(float64, ...string)) {
	oldest := map[string]float64{}
	for _, c := range v.known.Outbox {
		if c.State == "waiting" || c.State == "sending" { // what is held waits for its citizen
			kind := outboxKind(c.Kind)
			oldest[kind] = max(oldest[kind], since(c.Oldest, v.known.Now))
		}
	}
	for _, kind := range outboxKinds {
		set(oldest[kind], kind)
	}
}

func (v *vitals) tellLinks(set func(float64, ...string)) {
	for _, s := range []bot.LinkState{bot.LinkAlive, bot.LinkFailing, bot.LinkDead, bot.LinkUnchecked} {
		set(float64(v.known.Links[s]), string(s))
	}
}

// own are the figures of this node.
func (v *vitals) own() []gauge {
	return []gauge{
		{"handoff_queue", "Citizens who wait for a person.", []string{"group"}, v.tellQueue},
		{"handoff_oldest_seconds", "How long the one has waited who waits the longest.", []string{"group"}, v.tellWaiting},
		{"agents", "Agents of the hotline by what they do.", []string{"presence"}, v.tellAgents},
		{"db_queue", "Writes that wait for a transaction.", nil, func(set func(float64, ...string)) { set(float64(v.app.store.Queued())) }},
		{"model_breaker_open", "1 while the language model is left alone because it fails.", nil, v.tellBreaker},
		{"token_age_seconds", "Age of an account's access token; none while there is no token.", []string{"account"}, v.tellTokens},
		{"clock_offset_seconds", "This machine's clock minus the database's, which the service goes by.", nil, func(set func(float64, ...string)) { set(v.app.store.Skew().Seconds()) }},
		{"lexicon_differs", "1 while this program's dictionary is another than that of the program that made the live release.", nil, v.tellLexicon},
		{"bus_connected", "1 while other nodes can be told at once; none where no bus is configured.", nil, v.tellBus},
		{"bus_hints_total", "Hints between nodes: sent, received, dropped for want of room or connection, refused because they were none.", []string{"what"}, v.tellHints},
		{"disk_free_bytes", "Room on the disk that holds dir.", nil, v.tellDisk},
		{"calendar_days_left", "Days until a year begins whose public holidays this program does not know.", nil, v.tellCalendar},
	}
}

func (v *vitals) groups() []string {
	var all []string
	for _, g := range v.desk.Rules().Groups {
		all = append(all, g.Name)
	}
	return all
}

func (v *vitals) tellQueue(set func(float64, ...string)) {
	n := map[string]int{}
	for _, t := range v.desk.Queue() {
		n[t.Group]++
	}
	for _, g := range v.groups() {
		set(float64(n[g]), g)
	}
}

func (v *vitals) tellWaiting(set func(float64, ...string)) {
	now, longest := v.app.now(), map[string]float64{}
	for _, t := range v.desk.Queue() {
		longest[t.Group] = max(longest[t.Group], since(t.Enqueued, now))
	}
	for _, g := range v.groups() {
		set(longest[g], g)
	}
}

func (v *vitals) tellAgents(set func(float64, ...string)) {
	n := map[desk.Presence]int{}
	for _, a := range v.desk.Agents() {
		n[a.Presence]++
	}
	for _, p := range []desk.Presence{desk.Online, desk.Busy, desk.Break, desk.Offline, desk.NotResponding} {
		set(float64(n[p]), string(p))
	}
}

func (v *vitals) tellBreaker(set func(float64, ...string)) {
	if p := v.app.phrase; p != nil {
		set(float64(p.Counts()["breaker_open"]))
	}
}

// hinted is a bus that counts; alone in its process nobody has one.
type hinted interface {
	Connected() bool
	Stats() bus.Stats
}

func (v *vitals) tellBus(set func(float64, ...string)) {
	b, ok := v.app.bus.(hinted)
	if !ok {
		return
	}
	if b.Connected() {
		set(1)
		return
	}
	set(0)
}

func (v *vitals) tellHints(set func(float64, ...string)) {
	b, ok := v.app.bus.(hinted)
	if !ok {
		return
	}
	s := b.Stats()
	for what, n := range map[string]int64{"sent": s.Sent, "received": s.Received, "dropped": s.Dropped, "refused": s.Refused} {
		set(float64(n), what)
	}
}

func (v *vitals) tellTokens(set func(float64, ...string)) {
	c := v.app.channels
	if c == nil {
		return
	}
	for account, client := range map[string]*wechat.Client{"wechat": c.wechatClient, "wecom": c.wecomClient} {
		if client == nil {
			continue
		}
		if age, ok := client.TokenAge(); ok {
			set(age.Seconds(), account)
		}
	}
}

func (v *vitals) tellDisk(set func(float64, ...string)) {
	if free, known := freeBytes(v.app.cfg.Dir); known {
		set(float64(free))
	}
}

func (v *vitals) tellLexicon(set func(float64, ...string)) {
	differs := 0.0
	if v.app.lexicon.differs.Load() {
		differs = 1
	}
	set(differs)
}

// tellCalendar counts the days until the first year whose holidays are not known.
func (v *vitals) tellCalendar(set func(float64, ...string)) {
	now := v.app.now().In(calendar.Shanghai)
	year := now.Year()
	for year < now.Year()+10 && calendar.Known(year) == calendar.Announced {
		year++
	}
	first := time.Date(year, 1, 1, 0, 0, 0, 0, calendar.Shanghai)
	set(max(0, first.Sub(now).Hours()/24))
}
