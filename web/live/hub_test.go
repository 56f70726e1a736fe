package live

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// echo is a session that sends back what it gets and tells the test what happens.
type echo struct {
	conn   *Conn
	woken  chan int64
	closed chan struct{}
}

func (e *echo) Frame(data []byte) {
	if string(data) == "panic" {
		panic("a session's mistake")
	}
	e.conn.Send(append([]byte(nil), data...))
}
func (e *echo) Wake(seq int64) { e.woken <- seq }
func (e *echo) Closed()        { close(e.closed) }

// bench is a hub behind a real HTTP server whose connections can be made to block.
type bench struct {
	t        *testing.T
	hub      *Hub
	server   *httptest.Server
	sessions chan *echo
	gate     *gate
}

const patience = 20 * time.Second

func newBench(t *testing.T, cfg Config) *bench {
	t.Helper()
	cfg.Log = slog.New(slog.DiscardHandler)
	b := &bench{t: t, hub: NewHub(cfg), sessions: make(chan *echo, 100), gate: &gate{}}
	handler := func(w http.ResponseWriter, r *http.Request) {
		e := &echo{woken: make(chan int64, 10), closed: make(chan struct{})}
		err := b.hub.Serve(w, r, func(c *Conn) Session {
			e.conn = c
			return e
		})
		if err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		b.sessions <- e
	}
	b.server = httptest.NewUnstartedServer(http.HandlerFunc(handler))
	b.server.Listener = gatedListener{b.server.Listener, b.gate}
	b.server.Start()
	t.Cleanup(func() {
		b.gate.open()
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := b.hub.Shutdown(ctx.Done()); err != nil {
			t.Error(err)
		}
		b.server.Close()
	})
	return b
}

func (b *bench) dial() (*websocket.Conn, *echo) {
	b.t.Helper()
	ws, _, err := websocket.DefaultDialer.DialContext(b.t.Context(), "ws"+strings.TrimPrefix(b.server.URL, "http"), nil)
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { _ = ws.Close() })
	if err := ws.SetReadDeadline(time.Now().Add(patience)); err != nil {
		b.t.Fatal(err)
	}
	return ws, <-b.sessions
}

// gate holds back what the server writes while it is shut.
type gate struct {
	mu   sync.Mutex
	held chan struct{}
}

func (g *gate) shut() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.held = make(chan struct{})
}

func (g *gate) open() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.held != nil {
		close(g.held)
		g.held = nil
	}
}

func (g *gate) pass() {
	g.mu.Lock()
	held := g.held
	g.mu.Unlock()
	if held != nil {
		<-held
	}
}

type gatedListener struct {
	net.Listener
	gate *gate
}

func (l gatedListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	return gatedConn{c, l.gate}, err
}

type gatedConn struct {
	net.Conn
	gate *gate
}

func (c gatedConn) Write(b []byte) (int, error) {
	c.gate.pass()
	return c.Conn.Write(b)
}

func closeCode(t *testing.T, ws *websocket.Conn) (code int, frames int) {
	t.Helper()
	for {
		_, _, err := ws.ReadMessage()
		var closed *websocket.CloseError
		if errors.As(err, &closed) {
			return closed.Code, frames
		}
		if err != nil {
			t.Fatalf("ended without a close frame: %v", err)
		}
		frames++
	}
}

func TestASlowReaderIsClosedWith1013WhenItsQueueIsFull(t *testing.T) {
	for name, c := range map[string]struct{ messages, size int }{"messages": {300, 10}, "bytes": {20, 100 << 10}} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, Config{})
			ws, e := b.dial()
			b.gate.shut()
			for range c.messages {
				e.conn.Send(make([]byte, c.size))
			}
			e.conn.mu.Lock()
			queued, length := e.conn.waiting, e.conn.bytes
			e.conn.mu.Unlock()
			if queued > maxQueued+1 || length > maxQueuedLen+200 { // and the close frame
				t.Errorf("%d messages, %d bytes are queued", queued, length)
			}
			b.gate.open()
			if code, frames := closeCode(t, ws); code != websocket.CloseTryAgainLater || frames >= c.messages {
				t.Errorf("closed with %d after %d frames", code, frames)
			}
			<-e.closed
		})
	}
}

func TestFlushedWaitsForTheClient(t *testing.T) {
	b := newBench(t, Config{})
	ws, e := b.dial()
	if !e.conn.Flushed() {
		t.Error("an idle connection is not flushed")
	}
	b.gate.shut()
	e.conn.Send([]byte("a"))
	flushed := make(chan bool)
	go func() { flushed <- e.conn.Flushed() }()
	select {
	case <-flushed:
		t.Fatal("flushed before anything was written")
	default:
	}
	b.gate.open()
	if !<-flushed {
		t.Error("not flushed")
	}
	if _, data, err := ws.ReadMessage(); err != nil || string(data) != "a" {
		t.Errorf("%q %v", data, err)
	}
	_ = ws.Close()
	<-e.closed
	if e.conn.Flushed() {
		t.Error("a closed connection is flushed")
	}
	e.conn.Send([]byte("nobody reads this"))
}

func TestQuietConnectionsArePingedAndDeadOnesCut(t *testing.T) {
	b := newBench(t, Config{})
	ws, e := b.dial()
	now := time.Now()
	pings := make(chan struct{}, 10)
	ws.SetPingHandler(func(string) error { pings <- struct{}{}; return nil }) // no pong
	go func() {
		for {
			if _, _, err := ws.ReadMessage(); err != nil {
				return
			}
		}
	}()
	b.hub.sweep(now.Add(10 * time.Second))
	if len(pings) != 0 {
		t.Error("pinged too early")
	}
	b.hub.sweep(now.Add(26 * time.Second))
	<-pings
	b.hub.sweep(now.Add(30 * time.Second)) // not again
	b.hub.sweep(now.Add(52 * time.Second))
	<-pings
	if len(pings) != 0 {
		t.Error("pinged twice")
	}
	b.hub.sweep(now.Add(66 * time.Second))
	<-e.closed
	if b.hub.Len() != 0 {
		t.Error("a dead connection is counted")
	}
}

func TestAPongKeepsAConnection(t *testing.T) {
	var mu sync.Mutex
	now := time.Now()
	b := newBench(t, Config{Now: func() time.Time { mu.Lock(); defer mu.Unlock(); return now }})
	ws, e := b.dial()
	mu.Lock()
	now = now.Add(time.Minute)
	mu.Unlock()
	if err := ws.WriteMessage(websocket.PongMessage, nil); err != nil {
		t.Fatal(err)
	}
	if err := ws.WriteMessage(websocket.TextMessage, []byte("x")); err != nil {
		t.Fatal(err)
	}
	if _, _, err := ws.ReadMessage(); err != nil { // by now the pong was read, too
		t.Fatal(err)
	}
	b.hub.sweep(now.Add(10 * time.Second))
	select {
	case <-e.closed:
		t.Error("cut although it was heard")
	default:
	}
}

func TestOnlyTheTopicsConnectionsAreWoken(t *testing.T) {
	b := newBench(t, Config{})
	_, one := b.dial()
	_, two := b.dial()
	ws, three := b.dial()
	b.hub.Join(one.conn, "a")
	b.hub.Join(two.conn, "b")
	b.hub.Join(three.conn, "a")
	b.hub.Committed("a", 7)
	b.hub.Committed("nobody", 8)
	if seq := <-one.woken; seq != 7 {
		t.Errorf("woken with %d", seq)
	}
	<-three.woken
	b.hub.Join(one.conn, "b")
	_ = ws.Close()
	<-three.closed
	b.hub.Committed("a", 9)
	b.hub.Committed("b", 10)
	if <-one.woken != 10 || <-two.woken != 10 || len(three.woken) != 0 {
		t.Error("the wrong connections were woken")
	}
	b.hub.mu.RLock()
	defer b.hub.mu.RUnlock()
	if len(b.hub.topics) != 1 {
		t.Errorf("topics are left: %v", b.hub.topics)
	}
}

func TestAFullHubRefuses(t *testing.T) {
	b := newBench(t, Config{MaxConns: 1})
	b.dial()
	_, res, err := websocket.DefaultDialer.DialContext(t.Context(), "ws"+strings.TrimPrefix(b.server.URL, "http"), nil)
	if err == nil || res == nil || res.StatusCode != 503 {
		t.Errorf("%v %v", res, err)
	}
}

func TestAPanicEndsOneConnectionOnly(t *testing.T) {
	b := newBench(t, Config{})
	ws, e := b.dial()
	if err := ws.WriteMessage(websocket.TextMessage, []byte("panic")); err != nil {
		t.Fatal(err)
	}
	<-e.closed
	ws, _ = b.dial()
	if err := ws.WriteMessage(websocket.TextMessage, []byte("still there")); err != nil {
		t.Fatal(err)
	}
	if _, data, err := ws.ReadMessage(); err != nil || string(data) != "still there" {
		t.Errorf("%q %v", data, err)
	}
}

func TestAClosingHandshakeIsAnswered(t *testing.T) {
	b := newBench(t, Config{})
	ws, e := b.dial()
	payload := websocket.FormatCloseMessage(websocket.CloseGoingAway, "")
	if err := ws.WriteControl(websocket.CloseMessage, payload, time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	if code, _ := closeCode(t, ws); code != websocket.CloseGoingAway {
		t.Errorf("closed with %d", code)
	}
	<-e.closed
}

func TestShutdownGivesUpOnWhoDoesNotAnswer(t *testing.T) {
	b := newBench(t, Config{})
	ws, e := b.dial()
	b.gate.shut()
	done := make(chan struct{})
	close(done)
	if err := b.hub.Shutdown(done); err == nil {
		t.Error("a connection that cannot be written ended well")
	}
	b.gate.open()
	<-e.closed
	if _, err := io.Copy(io.Discard, ws.NetConn()); err != nil && !errors.Is(err, net.ErrClosed) {
		t.Log("the client sees", err)
	}
}
