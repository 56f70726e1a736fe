package bus_test

import (
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"shenwei/internal/bus"
	"shenwei/internal/fault"
)

const patience = 20 * time.Second

// heard collects what a node hears.
type heard struct {
	mu   sync.Mutex
	last map[string]int64
	all  int
	news chan struct{}
}

func listen(b bus.Bus, kinds ...bus.Kind) *heard {
	h := &heard{last: map[string]int64{}, news: make(chan struct{}, 1)}
	for _, kind := range kinds {
		b.Subscribe(kind, func(hint bus.Hint) {
			h.mu.Lock()
			h.all++
			key := string(hint.Kind) + "/" + hint.Key
			h.last[key] = max(h.last[key], hint.Seq)
			h.mu.Unlock()
			select {
			case h.news <- struct{}{}:
			default:
			}
		})
	}
	return h
}

func (h *heard) count() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.all
}

func (h *heard) wait(t *testing.T, what string, ok func(last map[string]int64) bool) {
	t.Helper()
	deadline := time.After(patience)
	for {
		h.mu.Lock()
		done := ok(h.last)
		h.mu.Unlock()
		if done {
			return
		}
		select {
		case <-h.news:
		case <-deadline:
			t.Fatalf("not heard: %s; %v", what, h.last)
		}
	}
}

func (h *heard) waitFor(t *testing.T, key string, seq int64) {
	t.Helper()
	h.wait(t, fmt.Sprint(key, " ", seq), func(last map[string]int64) bool { return last[key] == seq })
}

func serveNATS(t *testing.T, port int) *server.Server {
	t.Helper()
	if port == 0 {
		port = server.RANDOM_PORT
	}
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: port, NoSigs: true, NoLog: true})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	if !s.ReadyForConnections(patience) {
		t.Fatal("no NATS server")
	}
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	return s
}

func config(url string) bus.Config {
	return bus.Config{URL: url, Prefix: "shenwei", Cluster: "one", Log: slog.New(slog.DiscardHandler)}
}

func dial(t *testing.T, cfg bus.Config) *bus.NATS {
	t.Helper()
	b, err := bus.Dial(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b
}

// meet publishes on one node until the other hears it: both are connected then.
func meet(t *testing.T, from bus.Bus, to bus.Bus) {
	t.Helper()
	h := listen(to, "meet")
	until(t, "two nodes do not meet", func() bool {
		from.Publish(bus.Hint{Kind: "meet", Seq: 1})
		return h.count() > 0
	})
}

func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatal(what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// suite is what every bus must do. join returns a node more of one service.
func suite(t *testing.T, join func(t *testing.T) func() bus.Bus) {
	trio := func(t *testing.T) (a, b, c bus.Bus) {
		node := join(t)
		a, b, c = node(), node(), node()
		meet(t, a, b)
		meet(t, a, c)
		meet(t, b, a)
		return a, b, c
	}
	t.Run("a hint reaches the other nodes and not its own", func(t *testing.T) {
		a, b, c := trio(t)
		own, one, two := listen(a, bus.Talk), listen(b, bus.Talk), listen(c, bus.Talk)
		a.Publish(bus.Hint{Kind: bus.Talk, Key: "01J", Seq: 7})
		one.waitFor(t, "talk/01J", 7)
		two.waitFor(t, "talk/01J", 7)
		b.Publish(bus.Hint{Kind: bus.Talk, Key: "02J", Seq: 1})
		own.waitFor(t, "talk/02J", 1)
		if own.last["talk/01J"] != 0 {
			t.Error("a node hears itself")
		}
	})
	t.Run("each kind has its own listeners, and any number of them", func(t *testing.T) {
		a, b, _ := trio(t)
		talk, jobs, both := listen(b, bus.Talk), listen(b, bus.Jobs), listen(b, bus.Talk, bus.Jobs)
		a.Publish(bus.Hint{Kind: bus.Talk, Key: "x", Seq: 1})
		a.Publish(bus.Hint{Kind: bus.Jobs})
		talk.waitFor(t, "talk/x", 1)
		both.waitFor(t, "talk/x", 1)
		jobs.wait(t, "jobs", func(map[string]int64) bool { return jobs.all > 0 })
		if len(talk.last) != 1 || len(jobs.last) != 1 {
			t.Errorf("a listener hears of another kind: %v %v", talk.last, jobs.last)
		}
	})
	t.Run("of many hints for one thing the highest number arrives, and every thing does", func(t *testing.T) {
		a, b, _ := trio(t)
		h := listen(b, bus.Talk)
		const things, times = 200, 50
		for seq := range int64(times) {
			for thing := range things {
				a.Publish(bus.Hint{Kind: bus.Talk, Key: fmt.Sprint("c", thing), Seq: seq + 1})
			}
		}
		a.Publish(bus.Hint{Kind: bus.Talk, Key: "c0", Seq: 3})
		h.wait(t, "every thing", func(last map[string]int64) bool {
			for thing := range things {
				if last[fmt.Sprint("talk/c", thing)] != times {
					return false
				}
			}
			return true
		})
	})
	t.Run("what is no hint does not travel", func(t *testing.T) {
		a, b, _ := trio(t)
		h := listen(b, bus.Talk, "", "a b")
		for _, bad := range []bus.Hint{
			{Kind: "", Key: "x"}, {Kind: "a b"}, {Kind: bus.Talk, Key: "two\nlines"}, {Kind: bus.Talk, Key: "我的身份证号"},
			{Kind: bus.Talk, Key: strings.Repeat("x", 129)}, {Kind: bus.Talk, Key: "x", Seq: -1},
		} {
			a.Publish(bad)
		}
		a.Publish(bus.Hint{Kind: bus.Talk, Key: "last", Seq: 1})
		h.waitFor(t, "talk/last", 1)
		if len(h.last) != 1 {
			t.Errorf("heard %v", h.last)
		}
	})
	t.Run("a node that has left hears nothing, and the others go on", func(t *testing.T) {
		a, b, c := trio(t)
		gone, stays := listen(b, bus.Jobs), listen(c, bus.Jobs)
		b.Close()
		a.Publish(bus.Hint{Kind: bus.Jobs, Seq: 5})
		stays.waitFor(t, "jobs/", 5)
		if gone.count() != 0 {
			t.Error("heard after Close")
		}
		b.Publish(bus.Hint{Kind: bus.Jobs, Seq: 6}) // must not panic
	})
	t.Run("what is published last before Close still goes out", func(t *testing.T) {
		a, b, _ := trio(t)
		h := listen(b, bus.Outbox)
		a.Publish(bus.Hint{Kind: bus.Outbox, Seq: 9})
		a.Close()
		h.waitFor(t, "outbox/", 9)
	})
}

func TestNodesOfOneProcessTellEachOther(t *testing.T) {
	suite(t, func(*testing.T) func() bus.Bus {
		var l bus.Local
		return func() bus.Bus { return l.Join() }
	})
}

func TestNodesTellEachOtherOverNATS(t *testing.T) {
	suite(t, func(t *testing.T) func() bus.Bus {
		url := serveNATS(t, 0).ClientURL()
		return func() bus.Bus { return dial(t, config(url)) }
	})
}

func TestANodeStartsWithoutItsBusAndFindsItLater(t *testing.T) {
	first := serveNATS(t, 0)
	url := first.ClientURL()
	port := first.Addr().(*net.TCPAddr).Port
	first.Shutdown()
	first.WaitForShutdown()
	logged := &lines{}
	cfg := config(url)
	cfg.Log = slog.New(slog.NewTextHandler(logged, nil))
	a, b := dial(t, cfg), dial(t, config(url))
	until(t, "nobody says that there is no bus", func() bool { return logged.count("not reachable") > 0 })
	second := serveNATS(t, port)
	meet(t, a, b)
	second.Shutdown()
	second.WaitForShutdown()
	until(t, "the loss is not seen", func() bool { return !a.Connected() })
	serveNATS(t, port)
	meet(t, a, b)
	until(t, "the return is not logged", func() bool { return logged.count("is connected") == 2 })
	if n := logged.count("not reachable"); n != 2 {
		t.Errorf("lost twice, said %d times:\n%s", n, logged)
	}
}

// lines is a log that is read while it is written.
type lines struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *lines) Write(p []byte) (int, error) { l.mu.Lock(); defer l.mu.Unlock(); return l.b.Write(p) }
func (l *lines) String() string              { l.mu.Lock(); defer l.mu.Unlock(); return l.b.String() }
func (l *lines) count(s string) int          { return strings.Count(l.String(), s) }

func TestTwoServicesOnOneServerDoNotHearEachOther(t *testing.T) {
	url := serveNATS(t, 0).ClientURL()
	a, b := dial(t, config(url)), dial(t, config(url))
	other, twin := config(url), config(url)
	other.Prefix, twin.Cluster = "another", "two"
	c, d := dial(t, other), dial(t, twin)
	mine, theirs, twins := listen(b, bus.Talk), listen(c, bus.Talk), listen(d, bus.Talk)
	meet(t, a, b)
	until(t, "the others are not connected", func() bool { return c.Connected() && d.Connected() })
	a.Publish(bus.Hint{Kind: bus.Talk, Key: "x", Seq: 1})
	mine.waitFor(t, "talk/x", 1)
	if theirs.count()+twins.count() != 0 {
		t.Error("a hint reached another service")
	}
}

func TestPublishingNeverWaits(t *testing.T) {
	b := dial(t, config("nats://127.0.0.1:1")) // nobody listens there
	begun := time.Now()
	for i := range 100_000 {
		b.Publish(bus.Hint{Kind: bus.Talk, Key: fmt.Sprint(i), Seq: 1})
	}
	if took := time.Since(begun); took > 3*time.Second {
		t.Errorf("100,000 hints took %v without a server", took)
	}
	if b.Stats().Dropped == 0 {
		t.Error("the queue is not bounded")
	}
	if b.Connected() {
		t.Error("connected to nobody")
	}
}

func TestAForgedHintIsHarmless(t *testing.T) {
	url := serveNATS(t, 0).ClientURL()
	b := dial(t, config(url))
	h := listen(b, bus.Talk)
	forger, err := nats.Connect(url)
	if err != nil {
		t.Fatal(err)
	}
	defer forger.Close()
	until(t, "not connected", b.Connected)
	send := func(data string) {
		t.Helper()
		if err := forger.Publish("shenwei.one.hints", []byte(data)); err != nil {
			t.Fatal(err)
		}
	}
	until(t, "not listening", func() bool { send("talk ready 1\n"); return h.count() > 0 })
	for _, garbage := range []string{
		"", "\n\n\n", "talk", "talk x", "talk x y\n", "talk x -5\n", "talk x 99999999999999999999999\n", "\x00\xff\xfe\n",
		"unknown x 1\n", "talk " + strings.Repeat("k", 500) + " 1\n", strings.Repeat("talk x 1\n", 100_000), "talk  x  1\n", "TALK x 1\n",
		"talk x 1 and more\n",
	} {
		send(garbage)
	}
	send("talk huge 9223372036854775807\n")
	h.waitFor(t, "talk/huge", 9223372036854775807)
	if len(h.last) != 2 {
		t.Errorf("heard %v", h.last)
	}
}

func TestAFloodOfHintsReadsATableSeldom(t *testing.T) {
	url := serveNATS(t, 0).ClientURL()
	b := dial(t, config(url))
	h := listen(b, bus.Talk)
	forger, err := nats.Connect(url)
	if err != nil {
		t.Fatal(err)
	}
	defer forger.Close()
	until(t, "not listening", func() bool {
		_ = forger.Publish("shenwei.one.hints", []byte("talk ready 1\n"))
		return h.count() > 0
	})
	begun, before := time.Now(), h.count()
	for i := range 200_000 {
		if err := forger.Publish("shenwei.one.hints", fmt.Appendf(nil, "talk x %d\n", i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := forger.Flush(); err != nil {
		t.Fatal(err)
	}
	meetAfter := int64(1 << 40)
	until(t, "nothing is heard after the flood", func() bool {
		_ = forger.Publish("shenwei.one.hints", fmt.Appendf(nil, "talk last %d\n", meetAfter))
		h.mu.Lock()
		defer h.mu.Unlock()
		return h.last["talk/last"] == meetAfter
	})
	if n, most := h.count()-before, int(time.Since(begun)/(20*time.Millisecond))*2+10; n > most {
		t.Errorf("200,000 hints for one conversation were handed on %d times, more than %d", n, most)
	}
}

func TestWhatAnOperatorWritesWronglyIsNamed(t *testing.T) {
	for _, c := range []struct{ url, prefix, ca, says string }{
		{"localhost:4222", "shenwei", "", "nats://"},
		{"http://localhost:4222", "shenwei", "", "nats://"},
		{"nats://", "shenwei", "", "host"},
		{"nats://u:geheim@host:4222/x", "shenwei", "", "follows"},
		{"nats://u:gehe%zzim@host", "shenwei", "", "no address"},
		{"nats://a,", "shenwei", "", "nats://"},
		{"nats://a", "two words", "", "bus_prefix"},
		{"nats://a", "a.b", "", "bus_prefix"},
		{"nats://a", "", "", "bus_prefix"},
		{"tls://a", "shenwei", "/nowhere/ca.pem", "bus_ca"},
	} {
		err := bus.CheckKeys(c.url, c.prefix, c.ca)
		if msg := fault.MessageOf(err); err == nil || !strings.Contains(msg, c.says) || strings.Contains(msg, "gehe") {
			t.Errorf("%q %q: %v", c.url, c.prefix, err)
		}
	}
	if err := bus.CheckKeys("nats://user:word@a:4222, tls://b", "shenwei_2", ""); err != nil {
		t.Error(err)
	}
}
