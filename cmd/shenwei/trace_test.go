package main

import (
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"shenwei/bot/phrase/scripted"
	"shenwei/internal/spans"
	"shenwei/internal/store/storetest/pgtest"
	"shenwei/internal/vault"
	"shenwei/web/wechat/simulator"
)

// span is one that a node exported.
type span struct {
	*tracepb.Span
	node string
}

func (s span) trace() string { return hex.EncodeToString(s.TraceId) }

// attr is an attribute as text, "" for none.
func (s span) attr(key string) string {
	for _, a := range s.Attributes {
		if a.Key == key {
			return strings.Trim(strings.TrimPrefix(a.Value.String(), "string_value:"), `"`)
		}
	}
	return ""
}

// otlp is a collector of spans: it decodes what is sent as the protocol says.
type otlp struct {
	*httptest.Server
	t   *testing.T
	mu  sync.Mutex
	all []span
	raw []byte
}

func newOTLP(t *testing.T) *otlp {
	o := &otlp{t: t}
	o.Server = httptest.NewServer(o)
	t.Cleanup(o.Close)
	return o
}

// ServeHTTP takes spans in.
func (o *otlp) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	var in collector.ExportTraceServiceRequest
	if err == nil {
		err = proto.Unmarshal(body, &in)
	}
	if err != nil || r.URL.Path != "/v1/traces" || r.Header.Get("Content-Type") != "application/x-protobuf" {
		o.t.Errorf("%s %s: %v", r.URL.Path, r.Header.Get("Content-Type"), err)
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.raw = append(o.raw, body...)
	for _, rs := range in.ResourceSpans {
		node := ""
		for _, a := range rs.Resource.Attributes {
			if a.Key == "service.instance.id" {
				node = a.Value.GetStringValue()
			}
		}
		for _, ss := range rs.ScopeSpans {
			for _, s := range ss.Spans {
				o.all = append(o.all, span{s, node})
			}
		}
	}
	w.Header().Set("Content-Type", "application/x-protobuf")
	_, _ = w.Write(nil)
}

// of are the spans of a trace that have come.
func (o *otlp) of(trace string) []span {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(o.all), func(s span) bool { return s.trace() != trace })
}

func (o *otlp) traced(env ...string) []string {
	return append(env, "SHENWEI_OTEL_ENDPOINT="+o.URL, "SHENWEI_OTEL_SAMPLE=1", "OTEL_BSP_SCHEDULE_DELAY=200")
}

func names(list []span) (all []string) {
	for _, s := range list {
		all = append(all, s.Name)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// marker is what a citizen says that must stand nowhere but in the record.
const marker = "朱砂痣白月光"

// A turn that two nodes handle is one trace, which the turn's id in the log leads to.
func TestATurnOfTwoNodesIsOneTraceWithoutAWordOfTheCitizens(t *testing.T) {
	t.Parallel() // it mostly waits
	o := newOTLP(t)
	model := scripted.New(t, scripted.Config{})
	model.Script(scripted.Answer{From: kind})
	dsn := pgtest.Start(t).Database(t)
	key, err := vault.NewKey("both")
	if err != nil {
		t.Fatal(err)
	}
	sim, env := playedTo(t, func(string, simulator.Bubble) {})
	env = slices.Concat(env, o.traced(withModel(model, "SHENWEI_KEYS_DATA="+key, "SHENWEI_OTEL_CALLERS=127.0.0.0/8")...))
	var nodes [2]*service
	for i := range nodes {
		p := newProgram(t)
		p.env = env
		nodes[i] = p.serve(t, "--db", dsn)
	}
	first, second := nodes[0], nodes[1]

	// The same line to both nodes: the second finds it answered, or being answered.
	body := fmt.Sprintf(`{"ref":"a-reference-nobody-guesses","text":"居民身份证丢失补领要带什么材料 %s"}`, marker)
	turn := postTurn(t, first.addr, body, "")
	again := postTurn(t, second.addr, body, "")
	if turn != again {
		t.Fatalf("the turn is called %s and %s", turn, again)
	}
	traceID, _ := spans.Told(turn)
	var got []span
	waitFor(t, "the spans of both nodes", func() bool {
		got = o.of(traceID.String())
		n := names(got)
		return slices.Contains(n, "turn") && slices.Contains(n, "repeat") && slices.Contains(n, "commit")
	})
	want := []string{"call model", "commit", "compose", "db write", "decide", "policies", "rank", "receive", "repeat", "search", "turn", "understand", "wording"}
	if n := names(got); !slices.Equal(slices.DeleteFunc(n, func(s string) bool { return s == "db read" }), want) {
		t.Errorf("spans %v,\nwant %v", n, want)
	}
	nodesOf := map[string]bool{}
	for _, s := range got {
		nodesOf[s.node] = true
		if s.Name == "turn" && s.attr("shenwei.turn") != turn {
			t.Errorf("the first span is about %q", s.attr("shenwei.turn"))
		}
	}
	if len(nodesOf) != 2 {
		t.Errorf("spans of %v", nodesOf)
	}

	traceOfOutbox(t, o, sim, first, second)
	traceOfCaller(t, o, first, model)
	if code := first.stop(t) + second.stop(t); code != 0 {
		t.Errorf("exit %d\n%s%s", code, first.errs, second.errs)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, word := range []string{marker, "身份证", "护照", "材料"} {
		if strings.Contains(string(o.raw), word) {
			t.Errorf("a span holds %q", word)
		}
	}
}

// traceOfOutbox has an answer delivered by the outbox, by whichever node takes the row.
func traceOfOutbox(t *testing.T, o *otlp, sim *simulator.Simulator, first, second *service) {
	t.Helper()
	sim.SetTarget("http://" + first.addr + "/wechat")
	r := sim.Push(t.Context(), sim.Text("o-traced", "护照快到期了怎么换 "+marker))
	if r.Shown == nil {
		t.Fatal("no answer")
	}
	waitFor(t, "the way of a push to its cards", func() bool {
		o.mu.Lock()
		defer o.mu.Unlock()
		for _, s := range o.all {
			if s.Name == "deliver" && s.attr("shenwei.kind") == "wechat" {
				ids := []string{}
				for _, other := range o.all {
					if other.trace() == s.trace() {
						ids = append(ids, other.Name)
					}
				}
				return slices.Contains(ids, "turn") && slices.Contains(ids, "call wechat") && slices.Contains(ids, "answer push")
			}
		}
		return false
	})
	_ = second
}

// traceOfCaller is a system of the operator's that traces its own work: the turn stands in its trace,
// and the model is told of it. A stranger's word is not taken.
func traceOfCaller(t *testing.T, o *otlp, s *service, model *scripted.Server) {
	t.Helper()
	const theirs = "4bf92f3577b34da6a3ce929d0e0e4736"
	turn := postTurn(t, s.addr, `{"text":"居民身份证丢失补领多少钱"}`, "00-"+theirs+"-00f067aa0ba902b7-01")
	waitFor(t, "the turn in the caller's trace", func() bool {
		n := names(o.of(theirs))
		return slices.Contains(n, "turn") && slices.Contains(n, "POST /api/v1/chat") && slices.Contains(n, "commit")
	})
	for _, sp := range o.of(theirs) {
		if sp.Name == "turn" && sp.attr("shenwei.turn") != turn {
			t.Errorf("%s is not %s", sp.attr("shenwei.turn"), turn)
		}
	}
	told := 0
	for _, r := range model.Requests() {
		if strings.HasPrefix(r.Header.Get("Traceparent"), "00-") {
			told++
		}
	}
	if told == 0 {
		t.Error("the model was told of no trace")
	}
}

// postTurn says a line over HTTP and returns the turn's id.
func postTurn(t *testing.T, addr, body, parent string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+addr+"/api/v1/chat", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	if parent != "" {
		req.Header.Set("Traceparent", parent)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		said, _ := io.ReadAll(res.Body)
		t.Fatalf("%d %s", res.StatusCode, said)
	}
	return res.Header.Get("X-Turn-Id")
}

// Without the option nothing is sent and no header of ours goes out.
func TestWithoutTheOptionThereAreNoTraces(t *testing.T) {
	o := newOTLP(t)
	p := newProgram(t)
	p.env = []string{"SHENWEI_OTEL_ENDPOINT=" + o.URL} // a collector, and no share
	s := p.serve(t)
	postTurn(t, s.addr, `{"text":"护照快到期了怎么换"}`, "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
	s.stop(t)
	if len(o.all) != 0 {
		t.Errorf("%d spans", len(o.all))
	}
}

// A collector that is down costs a citizen nothing.
func TestACollectorThatIsDownIsNotWaitedFor(t *testing.T) {
	o := newOTLP(t)
	p := newProgram(t)
	p.env = o.traced()
	o.Close()
	s := p.serve(t)
	postTurn(t, s.addr, `{"text":"护照快到期了怎么换"}`, "")
	if code := s.stop(t); code != 0 || strings.Contains(s.errs.String(), "level=ERROR") {
		t.Errorf("exit %d: %s", code, s.errs)
	}
}

func TestKeysOfTracesThatCannotBeMeantAreRefusedByName(t *testing.T) {
	for env, key := range map[string]string{
		"SHENWEI_OTEL_ENDPOINT=collector:4318": "otel.endpoint", "SHENWEI_OTEL_SAMPLE=2": "otel.sample",
		"SHENWEI_OTEL_CALLERS=me": "otel.callers", "SHENWEI_LOG_FORMAT=xml": "log.format",
	} {
		p := newProgram(t)
		p.env = []string{env}
		if r := p.run(t, "", "check"); r.code != 1 || !strings.Contains(r.out+r.err, key) {
			t.Errorf("%s: exit %d, %s%s", env, r.code, r.out, r.err)
		}
	}
}
