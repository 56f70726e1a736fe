package main

import (
	"bufio"
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"shenwei/bot"
)

// TestMakeClusterServesThroughItsBalancerAndLeavesNothingBehind runs scripts/cluster.sh as make cluster
// does, asks by HTTP and on a socket, and presses Ctrl-C.
func TestMakeClusterServesThroughItsBalancerAndLeavesNothingBehind(t *testing.T) {
	t.Parallel() // it mostly waits
	for _, need := range []string{"/usr/lib/postgresql/*/bin/initdb", "/usr/sbin/nginx"} {
		if found, _ := filepath.Glob(need); len(found) == 0 {
			t.Skipf("%s is not installed", need) // needs.sh says so, and fails in CI
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", "../../scripts/cluster.sh", "0")
	cmd.Env = append(os.Environ(), "SHENWEI_BIN="+binary)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	said := map[string][]string{}
	lines := bufio.NewScanner(out)
	for lines.Scan() && !strings.HasPrefix(lines.Text(), "ready") {
		if f := strings.Fields(lines.Text()); len(f) > 1 {
			said[f[0]] = f[1:]
		}
	}
	if len(said["balancer"]) == 0 || len(said["logs"]) == 0 {
		_ = cmd.Wait()
		t.Fatalf("it said %v", said)
	}
	addr := strings.TrimPrefix(said["balancer"][0], "http://")
	n := &member{addr: addr}
	if answer, err := n.answer("护照快到期了怎么换"); err != nil || !strings.Contains(answer, "护照") {
		t.Errorf("%v: %s", err, answer)
	}
	if r := newCitizen(t, "through the balancer", addr).say("护照快到期了怎么换"); r.Action != bot.Answer {
		t.Errorf("%s: %s", r.Action, r.Text)
	}
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != 130 {
		t.Errorf("exit code %d", code)
	}
	if _, err := os.Stat(filepath.Dir(said["logs"][0])); !os.IsNotExist(err) {
		t.Errorf("its folder is still there: %v", err)
	}
	for name, f := range said {
		if len(f) == 3 && f[1] == "pid" {
			if pid, err := strconv.Atoi(f[2]); err != nil || syscall.Kill(pid, 0) == nil {
				t.Errorf("%s still runs (%v)", name, err)
			}
		}
	}
	if c, err := net.DialTimeout("tcp", addr, time.Second); err == nil {
		_ = c.Close()
		t.Error("somebody still listens on the balancer's address")
	}
}
