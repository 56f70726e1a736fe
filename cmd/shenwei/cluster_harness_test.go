package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"shenwei/internal/store/storetest/pgtest"
	"shenwei/internal/vault"
)

// member is one of several processes that serve one account. Like a machine's service manager it starts
// a process anew that ends by itself.
type member struct {
	n    int
	p    program
	addr string
	args []string
	log  string
	bus  *line

	mu     sync.Mutex
	cmd    *exec.Cmd
	exited chan struct{}
	meant  bool // the test ends it
	fell   int  // how often it ended by itself
}

// fleet is three nodes on one PostgreSQL and one NATS.
type fleet struct {
	t     testing.TB
	pg    *pgtest.Server
	dsn   string
	ring  *vault.Ring
	nats  *hints
	nodes []*member
	admin program // commands beside the nodes
}

// seeded returns where all that a test draws comes from: SHENWEI_SEED repeats a run.
func seeded(t testing.TB) uint64 {
	t.Helper()
	seed := uint64(time.Now().UnixNano()) //nolint:gosec // a seed
	if given := os.Getenv("SHENWEI_SEED"); given != "" {
		var err error
		if seed, err = strconv.ParseUint(given, 10, 64); err != nil {
			t.Fatalf("SHENWEI_SEED: %v", err)
		}
	}
	t.Logf("again: SHENWEI_SEED=%d go test ./cmd/shenwei -run '^%s$'", seed, t.Name())
	return seed
}

// drawn is one of a test's sources of chance, each with a number of its own.
func drawn(seed, source uint64) *rand.Rand {
	return rand.New(rand.NewPCG(seed, source)) //nolint:gosec // not for secrets
}

func newFleet(t testing.TB, count int, env ...string) *fleet {
	t.Helper()
	key, err := vault.NewKey("cluster")
	if err != nil {
		t.Fatal(err)
	}
	ring, err := vault.Parse(key)
	if err != nil {
		t.Fatal(err)
	}
	c := &fleet{t: t, pg: pgtest.Start(t), ring: ring, nats: newHints(t)}
	c.dsn = c.pg.Database(t)
	env = slices.Concat(unlimited, alwaysOpen, []string{"SHENWEI_DB=" + c.dsn, "SHENWEI_KEYS_DATA=" + key}, env)
	c.admin = program{dir: t.TempDir(), env: env}
	for i := range count {
		addr, err := freeAddr()
		if err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		wire := newLine(t, c.nats.addr())
		n := &member{n: i + 1, p: program{dir: dir, env: env}, addr: addr, log: filepath.Join(dir, "log"), bus: wire}
		n.args = []string{"serve", "--addr", addr, "--bus", "nats://" + wire.addr()}
		c.nodes = append(c.nodes, n)
		t.Cleanup(n.kill)
		n.start(t)
	}
	t.Cleanup(func() {
		if t.Failed() {
			c.showLogs()
		}
	})
	c.ready(time.Minute)
	return c
}

// showLogs prints what the nodes complained of.
func (c *fleet) showLogs() {
	for _, n := range c.nodes {
		body, err := os.ReadFile(n.log)
		if err != nil {
			continue
		}
		var bad []string
		for _, l := range strings.Split(string(body), "\n") {
			if strings.Contains(l, "ERROR") || strings.Contains(l, "panic") || strings.Contains(l, "goroutine ") {
				bad = append(bad, l)
			}
		}
		c.t.Logf("node %d, the last errors of %d:\n%s", n.n, len(bad), strings.Join(bad[max(0, len(bad)-25):], "\n"))
	}
}

// ready waits until every node serves.
func (c *fleet) ready(limit time.Duration) {
	c.t.Helper()
	for _, n := range c.nodes {
		if err := n.ready(limit); err != nil {
			c.t.Fatalf("node %d: %v", n.n, err)
		}
	}
}

// start begins a process and watches it.
func (n *member) start(t testing.TB) {
	t.Helper()
	out, err := os.OpenFile(n.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Error(err)
		return
	}
	defer func() { _ = out.Close() }()
	cmd := n.p.command(context.Background(), n.args...)
	cmd.Stderr = out
	if err := cmd.Start(); err != nil {
		t.Errorf("node %d: %v", n.n, err)
		return
	}
	exited := make(chan struct{})
	n.mu.Lock()
	n.cmd, n.exited, n.meant = cmd, exited, false
	n.mu.Unlock()
	go func() {
		_ = cmd.Wait()
		close(exited)
		n.mu.Lock()
		again := !n.meant
		if again {
			n.fell++
		}
		n.mu.Unlock()
		if again {
			<-time.After(300 * time.Millisecond) // RestartSec
			n.mu.Lock()
			again = !n.meant
			n.mu.Unlock()
			if again {
				n.start(t)
			}
		}
	}()
}

// signal sends a signal; meant says that the process is to end, and stay ended.
func (n *member) signal(sig syscall.Signal, meant bool) chan struct{} {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.meant = n.meant || meant
	if n.cmd == nil {
		done := make(chan struct{})
		close(done)
		return done
	}
	_ = n.cmd.Process.Signal(sig) // it may have ended
	return n.exited
}

func (n *member) kill() { <-n.signal(syscall.SIGKILL, true) }

// leave has the node leave politely and returns how long it took.
func (n *member) leave(t testing.TB) time.Duration {
	t.Helper()
	begun := time.Now()
	gone := n.signal(syscall.SIGTERM, true)
	select {
	case <-gone:
	case <-time.After(leaving):
		t.Errorf("node %d has not left within %s", n.n, leaving)
		n.kill()
	}
	return time.Since(begun)
}

// leaving is how long a node may take to leave: 20 s, and what a busy machine adds.
const leaving = 25 * time.Second

// status asks the node one thing, with a patience of its own: it may be paused.
func (n *member) status(path string) (int, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+n.addr+path, nil)
	if err != nil {
		return 0, err
	}
	res, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req)
	if err != nil {
		return 0, err
	}
	_ = res.Body.Close()
	return res.StatusCode, nil
}

func (n *member) ready(limit time.Duration) error {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	late := time.After(limit)
	for {
		code, err := n.status("/readyz")
		if err == nil && code == http.StatusOK {
			return nil
		}
		select {
		case <-late:
			return fmt.Errorf("not ready after %s: %d, %w", limit, code, err)
		case <-tick.C:
		}
	}
}
