package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// balance starts Debian's nginx with the files of deploy/nginx before a cluster's nodes, and returns its address.
func balance(t *testing.T, c *fleet) string {
	t.Helper()
	nginx, err := exec.LookPath("nginx")
	if err != nil {
		if nginx, err = exec.LookPath("/usr/sbin/nginx"); err != nil {
			const why = "nginx is not installed (Debian: nginx-light)"
			if os.Getenv("CI") == "true" {
				t.Fatal(why)
			}
			t.Skip(why)
		}
	}
	addr, err := freeAddr()
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("/tmp", "swng") // nginx's workers, who are nobody, reach no folder of a test
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o711); err != nil { //nolint:gosec // see above
		t.Fatal(err)
	}
	edit := []string{"/tmp/nginx", filepath.Join(dir, "nginx"), "listen 8080;", "listen " + addr + ";", "listen [::]:8080;", ""}
	for _, n := range c.nodes {
		edit = append(edit, fmt.Sprintf("node%d:8080", n.n), n.addr)
	}
	for _, name := range []string{"nginx.conf", "shenwei.conf", "nodes.conf"} {
		text, err := os.ReadFile(filepath.Join(deployed, "nginx", name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(strings.NewReplacer(edit...).Replace(string(text))), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(nginx, "-p", dir, "-c", filepath.Join(dir, "nginx.conf"), "-g", "daemon off;")
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	said := &bytes.Buffer{}
	cmd.Stderr = said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("nginx: %s", said.String())
		}
	})
	if err := waitReady(t.Context(), addr, time.Minute); err != nil {
		t.Fatal(err)
	}
	return addr
}

// asker asks by HTTP, one question after the other, a conversation each.
type asker struct {
	addr          string
	rest          time.Duration
	asked, failed atomic.Int64
	mu            sync.Mutex
	reasons       []string
}

func (a *asker) ask(ctx context.Context, id int) {
	client := &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	for n := 0; ctx.Err() == nil; n++ {
		a.asked.Add(1)
		if err := a.once(ctx, client, fmt.Sprintf("roll-%d-%d", id, n)); err != nil && ctx.Err() == nil {
			a.failed.Add(1)
			a.mu.Lock()
			a.reasons = append(a.reasons, err.Error())
			a.mu.Unlock()
		}
		linger(ctx, a.rest)
	}
}

func (a *asker) once(ctx context.Context, client *http.Client, ref string) error {
	body, err := json.Marshal(map[string]string{"text": "护照快到期了怎么换", "channel": "api", "ref": ref})
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+a.addr+"/api/v1/chat", bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK || !bytes.Contains(answer, []byte("护照")) {
		return fmt.Errorf("status %d: %.200s", res.StatusCode, answer)
	}
	return nil
}

// offlineBound is generous: the machine may be busy. What it is on an idle one stands in docs/benchmarks.md.
const offlineBound = 10 * time.Second

// TestARollingRestartUnderLoadFailsNoQuestion restarts three nodes behind the balancer one by one, as an
// upgrade does, while citizens talk on sockets and by HTTP.
func TestARollingRestartUnderLoadFailsNoQuestion(t *testing.T) {
	seed := seeded(t)
	citizens := 60
	if os.Getenv("SHENWEI_LONG") == "1" {
		citizens = 300
	}
	c := newFleet(t, 3, "SHENWEI_LOG_LEVEL=warn", "SHENWEI_PROXY_TRUSTED=127.0.0.1/32")
	addr := balance(t, c)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	quiet := make(chan struct{})
	var people sync.WaitGroup
	var riders []*rider
	for i := range citizens {
		r := newRider(fmt.Sprintf("r%d-%d", seed%1_000_000, i), drawn(seed, uint64(i)), func() []string { return []string{addr} }) //nolint:gosec // small
		riders = append(riders, r)
		people.Go(func() { r.ride(ctx, quiet) })
	}
	a := &asker{addr: addr, rest: 50 * time.Millisecond}
	var asking sync.WaitGroup
	asked, enough := context.WithCancel(ctx)
	defer enough()
	for i := range 4 {
		asking.Go(func() { a.ask(asked, i) })
	}
	for _, n := range c.nodes {
		<-time.After(500 * time.Millisecond) // load on all of them
		took := n.leave(t)
		if n.cmd.ProcessState.ExitCode() != 0 {
			t.Errorf("node %d left with exit code %d", n.n, n.cmd.ProcessState.ExitCode())
		}
		n.start(t)
		if err := n.ready(time.Minute); err != nil {
			t.Fatal(err)
		}
		t.Logf("node %d left in %s", n.n, took.Round(time.Millisecond))
	}
	enough()
	asking.Wait()
	close(quiet)
	w := &world{t: t, c: c, riders: riders, ledger: &ledger{}}
	w.settle()
	stop()
	people.Wait()
	w.judge()
	lines, failed, longest := 0, 0, time.Duration(0)
	for _, r := range riders {
		lines += len(r.acked)
		failed += r.failed
		longest = max(longest, r.longest)
	}
	t.Logf("%d lines on sockets, %d failed, longest offline %s; %d by HTTP, %d failed", lines, failed, longest.Round(time.Millisecond), a.asked.Load(), a.failed.Load())
	if failed > 0 || a.failed.Load() > 0 {
		t.Errorf("%d questions on sockets and %d by HTTP failed: %s", failed, a.failed.Load(), strings.Join(a.reasons[:min(5, len(a.reasons))], "; "))
	}
	if longest > offlineBound {
		t.Errorf("a citizen was offline for %s", longest)
	}
	if lines < 3*citizens || a.asked.Load() < 50 {
		t.Error("too little was asked to show anything")
	}
}
