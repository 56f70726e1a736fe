// Package pgtest gives tests a PostgreSQL of their own, from Debian's package: Start
// begins a server in a temporary folder, reached by a unix socket alone, and
// Server.Database makes an empty database in it. Durability stays switched on.
//
// Without the package a test skips, and fails where CI=true or SHENWEI_REQUIRE_PG=1.
package pgtest

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// account is the server's superuser. It has no password: only the socket's folder leads to it.
const account = "shenwei"

// Server is a running PostgreSQL.
type Server struct {
	bin, dir string
	as       *syscall.Credential
	cmd      *exec.Cmd
	exited   chan struct{}
	made     atomic.Int64
}

// Start starts a server that ends with the test.
func Start(t testing.TB) *Server {
	t.Helper()
	s := &Server{bin: findBinaries(t)}
	s.makeFolder(t)
	init := s.command("initdb", "-D", s.data(), "-U", account, "--auth=trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
	if out, err := init.CombinedOutput(); err != nil {
		t.Fatalf("initdb: %v\n%s", err, out)
	}
	s.Restart(t)
	t.Cleanup(func() { s.Stop(t) })
	return s
}

func findBinaries(t testing.TB) string {
	t.Helper()
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil {
		t.Fatal(err)
	}
	if len(found) == 0 {
		const why = "PostgreSQL is not installed (looked for /usr/lib/postgresql/*/bin/initdb): apt-get install postgresql"
		if os.Getenv("CI") == "true" || os.Getenv("SHENWEI_REQUIRE_PG") == "1" {
			t.Fatal(why)
		}
		t.Skip(why)
	}
	return filepath.Dir(found[len(found)-1])
}

// makeFolder makes a folder with a name short enough for a socket, owned by the user that
// the server runs as: PostgreSQL refuses root.
func (s *Server) makeFolder(t testing.TB) {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "swpg")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	s.dir = dir
	if os.Geteuid() != 0 {
		return
	}
	s.as = unprivileged(t)
	if err := os.Chown(dir, int(s.as.Uid), int(s.as.Gid)); err != nil {
		t.Fatal(err)
	}
}

func unprivileged(t testing.TB) *syscall.Credential {
	t.Helper()
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
		gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
		if err1 == nil && err2 == nil {
			return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
		}
	}
	t.Fatal("root cannot run PostgreSQL, and there is neither a user postgres nor nobody")
	return nil
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

func (s *Server) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(s.bin, name), args...)
	cmd.Dir = s.dir
	cmd.Env = []string{"PATH=/usr/bin:/bin", "LANG=C.UTF-8", "TZ=UTC"}
	cmd.SysProcAttr = attributes(s.as)
	return cmd
}

// Restart starts the server again after Stop and waits until it answers.
func (s *Server) Restart(t testing.TB) {
	t.Helper()
	log, err := os.Create(filepath.Join(s.dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	s.cmd = s.command("postgres", "-D", s.data(), "-k", s.dir, "-c", "listen_addresses=", "-c", "max_connections=100")
	s.cmd.Stdout, s.cmd.Stderr = log, log
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	exited := make(chan struct{})
	s.exited = exited
	go func(cmd *exec.Cmd) { _ = cmd.Wait(); close(exited) }(s.cmd)
	s.await(t)
}

func (s *Server) await(t testing.TB) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	late := time.After(30 * time.Second)
	for {
		err := s.exec("SELECT 1")
		if err == nil {
			return
		}
		select {
		case <-tick.C:
		case <-s.exited:
			t.Fatalf("PostgreSQL ended at once\n%s", s.log())
		case <-late:
			t.Fatalf("PostgreSQL does not answer: %v\n%s", err, s.log())
		}
	}
}

func (s *Server) log() string {
	b, err := os.ReadFile(filepath.Join(s.dir, "log"))
	if err != nil {
		return err.Error()
	}
	return string(b)
}

func (s *Server) exec(query string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, s.dsn("postgres"))
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, query)
	return err
}

// Stop ends the server at once, as a crash would: what it has not written is lost.
func (s *Server) Stop(t testing.TB) { s.end(t, syscall.SIGQUIT) }

// StopFast ends the server as an operator does: sessions are cut, and everything is written.
func (s *Server) StopFast(t testing.TB) { s.end(t, syscall.SIGINT) }

func (s *Server) end(t testing.TB, how syscall.Signal) {
	t.Helper()
	_ = s.cmd.Process.Signal(how) // it may have ended by itself
	select {
	case <-s.exited:
	case <-time.After(10 * time.Second):
		_ = s.cmd.Process.Kill()
		<-s.exited
	}
}

// Standby starts the server again as a standby: it answers and takes no writes until Promote.
func (s *Server) Standby(t testing.TB) {
	t.Helper()
	s.Stop(t)
	path := filepath.Join(s.data(), "standby.signal")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if s.as != nil {
		if err := os.Chown(path, int(s.as.Uid), int(s.as.Gid)); err != nil {
			t.Fatal(err)
		}
	}
	s.Restart(t)
}

// Promote makes a standby the primary.
func (s *Server) Promote(t testing.TB) {
	t.Helper()
	if err := s.exec("SELECT pg_promote()"); err != nil {
		t.Fatal(err)
	}
}

// PID is the server's process; it has a child for each connection.
func (s *Server) PID() int { return s.cmd.Process.Pid }

// Database makes an empty database and returns its address.
func (s *Server) Database(t testing.TB) string {
	t.Helper()
	name := fmt.Sprintf("test%d", s.made.Add(1))
	if err := s.exec("CREATE DATABASE " + name); err != nil {
		t.Fatal(err)
	}
	return s.dsn(name)
}

func (s *Server) dsn(database string) string {
	return "postgres://" + account + "@/" + database + "?host=" + url.QueryEscape(s.dir)
}
