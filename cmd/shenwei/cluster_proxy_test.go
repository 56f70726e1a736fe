package main

import (
	"io"
	"net"
	"sync"
	"testing"
	"time"
)

// line is a TCP line to a server that can be cut, held and slowed: a network between two machines.
type line struct {
	ln     net.Listener
	target string

	mu    sync.Mutex
	cond  *sync.Cond
	down  bool // refuses, and has cut what there was
	held  bool // takes bytes and passes none on
	delay time.Duration
	open  map[net.Conn]bool
}

func newLine(t testing.TB, target string) *line {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := &line{ln: ln, target: target, open: map[net.Conn]bool{}}
	l.cond = sync.NewCond(&l.mu)
	t.Cleanup(func() { _ = ln.Close(); l.cut(true) })
	go l.serve()
	return l
}

func (l *line) addr() string { return l.ln.Addr().String() }

func (l *line) serve() {
	for {
		c, err := l.ln.Accept()
		if err != nil {
			return
		}
		go l.pass(c)
	}
}

func (l *line) pass(in net.Conn) {
	out, err := net.DialTimeout("tcp", l.target, time.Second)
	if err != nil {
		_ = in.Close()
		return
	}
	if !l.take(in, out) {
		return
	}
	go l.copy(in, out)
	l.copy(out, in)
}

// take notes a pair of connections, or closes it where the line is cut.
func (l *line) take(pair ...net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range pair {
		if l.down {
			_ = c.Close()
		} else {
			l.open[c] = true
		}
	}
	return !l.down
}

func (l *line) copy(from, to net.Conn) {
	defer func() {
		l.mu.Lock()
		delete(l.open, from)
		delete(l.open, to)
		l.mu.Unlock()
		_ = from.Close()
		_ = to.Close()
	}()
	buf := make([]byte, 16<<10)
	for {
		n, err := from.Read(buf)
		if n > 0 {
			l.mu.Lock()
			for l.held && !l.down {
				l.cond.Wait()
			}
			delay := l.delay
			l.mu.Unlock()
			if delay > 0 {
				<-time.After(delay)
			}
			if _, err := to.Write(buf[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// cut takes the line away, or brings it back.
func (l *line) cut(down bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.down = down
	l.cond.Broadcast()
	if down {
		for c := range l.open {
			_ = c.Close()
		}
	}
}

// hold lets nothing through, without a word: what a partition looks like.
func (l *line) hold(held bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.held = held
	l.cond.Broadcast()
}

// slow delays what comes from now on.
func (l *line) slow(by time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.delay = by
}

func TestALineCanBeCutHeldAndMended(t *testing.T) {
	echo, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = echo.Close() }()
	go func() {
		for {
			c, err := echo.Accept()
			if err != nil {
				return
			}
			go func() { _, _ = io.Copy(c, c) }()
		}
	}()
	l := newLine(t, echo.Addr().String())
	ask := func(c net.Conn, patience time.Duration) error {
		_ = c.SetDeadline(time.Now().Add(patience))
		if _, err := c.Write([]byte("x")); err != nil {
			return err
		}
		_, err := io.ReadFull(c, make([]byte, 1))
		return err
	}
	dial := func() net.Conn {
		c, err := net.Dial("tcp", l.addr())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		return c
	}
	c := dial()
	if err := ask(c, 5*time.Second); err != nil {
		t.Fatal(err)
	}
	l.hold(true)
	if ask(c, 100*time.Millisecond) == nil {
		t.Error("a held line passes something on")
	}
	l.hold(false)
	if err := c.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(c, make([]byte, 1)); err != nil {
		t.Errorf("what was held is lost: %v", err)
	}
	l.cut(true)
	if ask(c, 5*time.Second) == nil || ask(dial(), 5*time.Second) == nil {
		t.Error("a cut line passes something on")
	}
	l.cut(false)
	if err := ask(dial(), 5*time.Second); err != nil {
		t.Error(err)
	}
}
