package meaning_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"shenwei/bot/phrase/scripted"
	"shenwei/internal/store"
	"shenwei/kb"
	"shenwei/kb/meaning"
)

// clock is a clock that a test moves.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func knowledge(extra ...string) *kb.Knowledge {
	k := &kb.Knowledge{Items: []*kb.Item{
		{Code: "CRJ-002", Name: "普通护照换发", Aliases: []string{"换护照"}, Asks: []string{"护照快到期了怎么换", "护照没页了"}},
		{Code: "JJ-044", Name: "机动车登记信息变更", Asks: append([]string{"行驶证地址怎么改"}, extra...)},
	}}
	k.Articles = []*kb.Article{{ID: "baojing", Title: "报警电话", Asks: []string{"报警打什么号码"}}}
	return k
}

type bench struct {
	*meaning.Service
	server *scripted.Server
	store  *store.DB
	clock  *clock
	log    *bytes.Buffer
	model  meaning.Config
}

func newBench(t *testing.T, server scripted.Config) *bench {
	t.Helper()
	db, err := store.Open(context.Background(), filepath.Join(t.TempDir(), "a.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	b := &bench{server: scripted.New(t, server), store: db, clock: &clock{now: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)}, log: &bytes.Buffer{}}
	client, err := meaning.NewClient(meaning.Server{BaseURL: b.server.URL, Key: "k", Model: scripted.Model})
	if err != nil {
		t.Fatal(err)
	}
	b.model = meaning.Config{Client: client, Store: db, Model: scripted.Model, Version: "1", Now: b.clock.Now, Log: slog.New(slog.NewTextHandler(b.log, nil))}
	b.Service = b.again(t, "1")
	return b
}

// again is another service over the same store, as after a restart.
func (b *bench) again(t *testing.T, version string) *meaning.Service {
	t.Helper()
	cfg := b.model
	cfg.Version = version
	s, err := meaning.New(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func (b *bench) fill(t *testing.T, k *kb.Knowledge) int {
	t.Helper()
	n, err := b.Fill(t.Context(), k, nil)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func best(near map[string]float32) string {
	keys := slices.Sorted(maps.Keys(near))
	if len(keys) == 0 {
		return ""
	}
	return slices.MaxFunc(keys, func(a, b string) int {
		if near[a] < near[b] {
			return -1
		}
		return 1
	})
}

func TestAQuestionIsNearThePhrasesThatSayTheSame(t *testing.T) {
	b := newBench(t, scripted.Config{Dialect: scripted.DashScope, Dimensions: 128})
	k := knowledge()
	if missing, all := b.Missing(k); missing != all || all != 8 {
		t.Fatalf("%d of %d missing", missing, all)
	}
	table := b.Table(k)
	if near := table.Near(t.Context(), "护照到期怎么换"); near != nil {
		t.Errorf("near something before there are vectors: %v", near)
	}
	if n := b.fill(t, k); n != 8 {
		t.Errorf("%d made", n)
	}
	for question, want := range map[string]string{"护照到期怎么换": "item/CRJ-002", "行驶证上地址要改": "item/JJ-044", "报警号码": "article/baojing"} {
		near := table.Near(t.Context(), question)
		if got := best(near); got != want || near[want] < 0.4 || near[want] > 1.0001 {
			t.Errorf("%q is nearest to %s: %v", question, got, near)
		}
	}
	if exact := table.Near(t.Context(), "护照没页了")["item/CRJ-002"]; exact < 0.9999 {
		t.Errorf("the same words: %v", exact)
	}
}

func TestVectorsAreMadeOnceAndKept(t *testing.T) {
	b := newBench(t, scripted.Config{})
	k := knowledge()
	b.fill(t, k)
	asked := len(b.server.Requests())
	if n := b.fill(t, k); n != 0 || len(b.server.Requests()) != asked {
		t.Errorf("made again: %d", n)
	}
	after := b.again(t, "1")
	if missing, _ := after.Missing(k); missing != 0 {
		t.Errorf("a restart lost %d", missing)
	}
	edited := knowledge("车的地址变了")
	if missing, _ := after.Missing(edited); missing != 1 {
		t.Errorf("%d missing after an edit", missing)
	}
	table := after.Table(edited)
	if _, err := after.Fill(t.Context(), edited, nil); err != nil {
		t.Fatal(err)
	}
	last := b.server.Requests()[len(b.server.Requests())-1]
	if !slices.Equal(last.Input, []string{"车的地址变了"}) {
		t.Errorf("asked for %q", last.Input)
	}
	if near := table.Near(t.Context(), "车的地址变了")["item/JJ-044"]; near < 0.9999 {
		t.Errorf("the new phrase did not join its table: %v", near)
	}
	if missing, all := b.again(t, "2").Missing(k); missing != all {
		t.Errorf("another version of the model has vectors of this one: %d of %d missing", missing, all)
	}
}

func TestWhatLeavesIsMaskedAndCut(t *testing.T) {
	b := newBench(t, scripted.Config{})
	k := knowledge()
	b.fill(t, k)
	b.Table(k).Near(t.Context(), "我叫王小明，电话13800138000，护照怎么换"+strings.Repeat("换", 1000))
	last := b.server.Requests()[len(b.server.Requests())-1]
	if said := last.Input[0]; strings.Contains(said, "王小明") || strings.Contains(said, "138") || !strings.Contains(said, "护照怎么换") || len([]rune(said)) != 500 {
		t.Errorf("sent: %q", said)
	}
}

func TestAQuestionIsAskedForOnce(t *testing.T) {
	b := newBench(t, scripted.Config{})
	k := knowledge()
	b.fill(t, k)
	asked := len(b.server.Requests())
	table := b.Table(k)
	for range 5 {
		table.Near(t.Context(), "护照怎么换")
	}
	if n := len(b.server.Requests()) - asked; n != 1 {
		t.Errorf("%d requests", n)
	}
}

// Whatever the server does, a question goes on without its vector, soon; and after a few failures
// nobody waits at all, until a probe went well.
func TestABrokenServerCostsLittleAndThenNothing(t *testing.T) {
	for name, breaks := range map[string]func(s *scripted.Server){
		"down":          func(s *scripted.Server) { s.Down() },
		"silent":        func(s *scripted.Server) { s.ScriptVectors(scripted.Answer{Fault: scripted.Silent}) },
		"an error":      func(s *scripted.Server) { s.ScriptVectors(scripted.Refuse(scripted.Broken)) },
		"garbage":       func(s *scripted.Server) { s.ScriptVectors(scripted.Answer{Fault: scripted.Garbage}) },
		"huge":          func(s *scripted.Server) { s.ScriptVectors(scripted.Answer{Fault: scripted.Huge}) },
		"a web page":    func(s *scripted.Server) { s.ScriptVectors(scripted.Answer{Fault: scripted.HTML}) },
		"zero":          func(s *scripted.Server) { s.ScriptVectors(scripted.Answer{Fault: scripted.ZeroVector}) },
		"a huge number": func(s *scripted.Server) { s.ScriptVectors(scripted.Answer{Fault: scripted.HugeNumber}) },
		"null":          func(s *scripted.Server) { s.ScriptVectors(scripted.Answer{Fault: scripted.NullVectors}) },
		"none":          func(s *scripted.Server) { s.ScriptVectors(scripted.Answer{Fault: scripted.FewVectors}) },
		"error in 200":  func(s *scripted.Server) { s.ScriptVectors(scripted.Answer{Fault: scripted.ErrorIn200}) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, scripted.Config{})
			k := knowledge()
			b.fill(t, k)
			table := b.Table(k)
			breaks(b.server)
			for i := range 3 {
				begun := time.Now()
				if near := table.Near(t.Context(), fmt.Sprintf("问题%d", i)); near != nil {
					t.Errorf("near: %v", near)
				}
				if took := time.Since(begun); took > 2*time.Second {
					t.Errorf("a citizen waited %v", took)
				}
			}
			asked := len(b.server.Requests())
			for i := range 50 {
				table.Near(t.Context(), fmt.Sprintf("另一个问题%d", i))
			}
			if n := len(b.server.Requests()) - asked; n != 0 {
				t.Errorf("%d requests while the breaker was open", n)
			}
			if !strings.Contains(b.log.String(), "level=WARN") || strings.Contains(b.log.String(), "问题") {
				t.Errorf("the log says %q", b.log)
			}
			if err := b.server.Up(); err != nil {
				t.Fatal(err)
			}
			b.server.ScriptVectors()
			b.clock.add(time.Minute)
			if near := table.Near(t.Context(), "护照怎么换"); near != nil {
				t.Error("a citizen waited for the probe")
			}
			b.Probed()
			if near := table.Near(t.Context(), "护照怎么换"); near == nil {
				t.Error("it did not go on after the probe")
			}
		})
	}
}

func TestFillingKeepsWhatWasMadeAndSaysWhatIsWrong(t *testing.T) {
	b := newBench(t, scripted.Config{})
	k := knowledge()
	cfg := b.model
	cfg.Batch = 3
	few, err := meaning.New(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(few.Close)
	b.server.ScriptVectors(scripted.Answer{}, scripted.Answer{Fault: scripted.OtherOrder}, scripted.Refuse(scripted.Limited))
	n, err := few.Fill(t.Context(), k, nil)
	if err == nil || n != 6 || !strings.Contains(err.Error(), "without") {
		t.Errorf("%d made, %v", n, err)
	}
	if missing, _ := b.again(t, "1").Missing(k); missing != 2 {
		t.Errorf("%d missing", missing)
	}
	b.server.ScriptVectors(scripted.Answer{Fault: scripted.OtherSize})
	if _, err := few.Fill(t.Context(), k, nil); err == nil || !strings.Contains(err.Error(), "embeddings.version") {
		t.Errorf("vectors of another size: %v", err)
	}
	b.server.ScriptVectors()
	if n, err := few.Fill(t.Context(), k, nil); n != 2 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	if near := few.Table(k).Near(t.Context(), "行驶证地址怎么改")["item/JJ-044"]; near < 0.9999 {
		t.Errorf("vectors in another order went to other phrases: %v", near)
	}
}

func TestAServerThatIsNotConfiguredRightIsRefusedWithTheKey(t *testing.T) {
	for _, c := range []struct {
		server meaning.Server
		says   string
	}{
		{meaning.Server{}, "embeddings.base_url"},
		{meaning.Server{BaseURL: "http://api.example.com/v1", Model: "m"}, "plain http"},
		{meaning.Server{BaseURL: "https://u:p@x.org", Model: "m"}, "embeddings.base_url"},
		{meaning.Server{BaseURL: "https://x.org"}, "embeddings.model"},
		{meaning.Server{BaseURL: "https://x.org", Model: "m", Dimensions: 5000}, "embeddings.dimensions"},
		{meaning.Server{BaseURL: "https://x.org", Model: "m", Proxy: "proxy"}, "embeddings.proxy"},
	} {
		if _, err := meaning.NewClient(c.server); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%+v: %v", c.server, err)
		}
	}
}

func TestEmbedVerifiesTheServer(t *testing.T) {
	for _, certificate := range []scripted.Certificate{scripted.Good, scripted.Expired, scripted.WrongHost} {
		s := scripted.New(t, scripted.Config{TLS: certificate})
		client, err := meaning.NewClient(meaning.Server{BaseURL: s.URL, Model: scripted.Model, Roots: s.Roots()})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := client.Embed(t.Context(), []string{"护照"}); (err == nil) != (certificate == scripted.Good) {
			t.Errorf("%s: %v", certificate, err)
		}
		client.Close()
	}
	other := scripted.New(t, scripted.Config{})
	s := scripted.New(t, scripted.Config{Moved: other.URL + "/embeddings"})
	s.ScriptVectors(scripted.Answer{Fault: scripted.Redirect})
	client, err := meaning.NewClient(meaning.Server{BaseURL: s.URL, Model: scripted.Model, Key: "secret"})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if _, err := client.Embed(t.Context(), []string{"护照"}); err == nil || len(other.Requests()) != 0 {
		t.Errorf("a redirect was followed: %v", err)
	}
}

func BenchmarkNear(b *testing.B) {
	const phrases, dimensions = 10_000, 512
	k := &kb.Knowledge{}
	for i := range phrases / 50 {
		it := &kb.Item{Code: fmt.Sprintf("CRJ-%03d", i), Name: fmt.Sprint("事项", i)}
		for j := range 49 {
			it.Asks = append(it.Asks, fmt.Sprint("问题", i, j))
		}
		k.Items = append(k.Items, it)
	}
	s := scripted.Config{Dimensions: dimensions}
	server, err := scripted.Start(s)
	if err != nil {
		b.Fatal(err)
	}
	defer server.Close()
	client, err := meaning.NewClient(meaning.Server{BaseURL: server.URL, Model: scripted.Model})
	if err != nil {
		b.Fatal(err)
	}
	svc, err := meaning.New(b.Context(), meaning.Config{Client: client, Store: nowhere{}, Model: "m", Batch: 200, Now: time.Now, Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err != nil {
		b.Fatal(err)
	}
	defer svc.Close()
	if _, err := svc.Fill(b.Context(), k, nil); err != nil {
		b.Fatal(err)
	}
	table := svc.Table(k)
	table.Near(b.Context(), "问题")
	for b.Loop() {
		table.Near(b.Context(), "问题") // its vector is kept: the comparison alone
	}
}

// nowhere keeps nothing.
type nowhere struct{}

func (nowhere) Vectors(context.Context, string, string, func([32]byte, []float32)) error { return nil }
func (nowhere) SaveVectors(context.Context, string, string, map[[32]byte][]float32) error {
	return nil
}
func (nowhere) PruneVectors(context.Context, string, string, time.Time) (int64, error) { return 0, nil }
