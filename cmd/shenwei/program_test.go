package main

import (
	"bytes"
	"cmp"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// binary is the program as it ships: tests start it as a process of its own, with real
// files, sockets and signals.
var binary string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "shenwei-test-*")
	if err != nil {
		panic(err)
	}
	binary = filepath.Join(dir, "shenwei")
	if out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		panic(string(out))
	}
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// program is a command of the product on a directory of its own.
type program struct {
	dir string
	env []string
	bin string // another build of the product; "" for the one as it ships
	// user runs it where that is not 0.
	user uint32
}

func newProgram(t *testing.T) program {
	t.Helper()
	return program{dir: t.TempDir()}
}

func (p program) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, cmp.Or(p.bin, binary), args...)
	cmd.Env = append(append(os.Environ(), "SHENWEI_DIR="+p.dir, "SHENWEI_ADMIN_ADDR="), p.env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if p.user != 0 {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: p.user, Gid: p.user}
		cmd.Dir = p.dir
	}
	return cmd
}

// result is what a finished command printed and its exit code.
type result struct {
	out, err string
	code     int
}

func (p program) run(t *testing.T, stdin string, args ...string) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	cmd := p.command(ctx, args...)
	cmd.Stdin = strings.NewReader(stdin)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	if ctx.Err() != nil {
		t.Fatalf("%v did not end: %s", args, errs.String())
	}
	if err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return result{out.String(), errs.String(), cmd.ProcessState.ExitCode()}
}

// service is a running serve.
type service struct {
	cmd  *exec.Cmd
	addr string
	errs *heard
}

// heard is what a running process writes, read while it writes.
type heard struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (h *heard) Write(b []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.text.Write(b)
}

func (h *heard) String() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.text.String()
}

func (p program) serve(t *testing.T, args ...string) *service {
	t.Helper()
	addr, err := freeAddr()
	if err != nil {
		t.Fatal(err)
	}
	s := &service{addr: addr, errs: &heard{}}
	s.cmd = p.command(context.Background(), append([]string{"serve", "--addr", addr}, args...)...)
	s.cmd.Stderr = s.errs
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.kill)
	if err := waitReady(context.Background(), addr, time.Minute); err != nil {
		t.Fatalf("%v\n%s", err, s.errs.String())
	}
	return s
}

func (s *service) kill() {
	if s.cmd.ProcessState == nil {
		_ = s.cmd.Process.Kill()
		_ = s.cmd.Wait()
	}
}

// stop sends SIGTERM and returns the exit code.
func (s *service) stop(t *testing.T) int {
	t.Helper()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	_ = s.cmd.Wait()
	return s.cmd.ProcessState.ExitCode()
}
