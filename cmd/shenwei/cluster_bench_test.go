package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// The load of BenchmarkCluster: the same for one node and for three, so that what they cost can be compared.
const (
	benchCitizens = 40
	benchEach     = 200 * time.Millisecond // a citizen asks that often
	benchLength   = 15 * time.Second
)

// BenchmarkCluster asks 200 questions a second of one, two and three nodes on one PostgreSQL and one NATS,
// and reports the processor time that an answer takes: of the nodes, of the database, and the load
// generator's own beside it. Run it with -benchtime=1x.
func BenchmarkCluster(b *testing.B) {
	for _, count := range []int{1, 2, 3} {
		b.Run(fmt.Sprintf("nodes=%d", count), func(b *testing.B) {
			c := newFleet(b, count, "SHENWEI_LOG_LEVEL=warn")
			load(b, c, 3*time.Second) // what is done once is done
			for b.Loop() {
				before := c.cpu(b)
				answers := load(b, c, benchLength)
				after := c.cpu(b)
				nodes, db := after.nodes-before.nodes, after.db-before.db
				each := func(d time.Duration) float64 { return float64(d.Microseconds()) / float64(answers) }
				b.ReportMetric(each(nodes), "node-cpu-µs/answer")
				b.ReportMetric(each(db), "db-cpu-µs/answer")
				b.ReportMetric(100*float64(db)/float64(db+nodes), "db-%")
				b.ReportMetric(float64(answers)/benchLength.Seconds(), "answers/s")
				b.ReportMetric(0, "ns/op")
			}
		})
	}
}

// load has citizens ask at a fixed pace, spread over the nodes, and returns how many answers came.
func load(b *testing.B, c *fleet, length time.Duration) (answers int) {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.Context(), length)
	defer cancel()
	var mu sync.Mutex
	var all sync.WaitGroup
	for i := range benchCitizens {
		all.Go(func() {
			n, err := askSteadily(ctx, c.nodes[i%len(c.nodes)].addr, i)
			mu.Lock()
			defer mu.Unlock()
			answers += n
			if err != nil && ctx.Err() == nil {
				b.Error(err)
			}
		})
	}
	all.Wait()
	return answers
}

func askSteadily(ctx context.Context, addr string, id int) (answers int, err error) {
	ws, res, err := websocket.DefaultDialer.DialContext(ctx, "ws://"+addr+"/ws/chat", nil)
	if err != nil {
		return 0, err
	}
	_ = res.Body.Close()
	stop := context.AfterFunc(ctx, func() { _ = ws.Close() })
	defer stop()
	if err := ws.WriteJSON(map[string]any{"type": "hello"}); err != nil {
		return 0, err
	}
	c := citizen{addr: addr, first: id, sent: map[string]time.Time{}}
	tick := time.NewTicker(benchEach)
	defer tick.Stop()
	for n := 0; ; n++ {
		if err := c.say(ws, n); err != nil {
			return answers, err
		}
		for kind := ""; kind != "reply"; {
			_, body, err := ws.ReadMessage()
			if err != nil {
				return answers, err
			}
			kind, _ = frameHead(body)
			if kind == "error" {
				return answers, fmt.Errorf("a question failed: %s", body)
			}
		}
		answers++
		select {
		case <-tick.C:
		case <-ctx.Done():
			return answers, nil
		}
	}
}

// spent is processor time.
type spent struct{ nodes, db time.Duration }

func (c *fleet) cpu(b *testing.B) (s spent) {
	b.Helper()
	for _, n := range c.nodes {
		s.nodes += processTime(strconv.Itoa(n.cmd.Process.Pid))
	}
	pm := c.pg.PID()
	s.db = processTime(strconv.Itoa(pm))
	children, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		b.Fatal(err)
	}
	for _, path := range children {
		if f := statFields(path); len(f) > 1 && f[1] == strconv.Itoa(pm) {
			s.db += processTime(filepath.Base(filepath.Dir(path)))
		}
	}
	return s
}

// statFields are those of /proc/PID/stat after the name: state, parent, …
func statFields(path string) []string {
	body, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	_, rest, _ := strings.Cut(string(body), ") ")
	return strings.Fields(rest)
}

// processTime is what a process and its ended children have used, in ticks of 10 ms.
func processTime(pid string) (sum time.Duration) {
	f := statFields("/proc/" + pid + "/stat")
	if len(f) < 15 {
		return 0
	}
	for _, ticks := range f[11:15] {
		n, _ := strconv.ParseInt(ticks, 10, 64)
		sum += time.Duration(n) * 10 * time.Millisecond
	}
	return sum
}
