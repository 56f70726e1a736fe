// Package live keeps the open WebSockets of this process. It knows frames, topics and limits
// and nothing of what is said: a channel gives each connection a Session. Start reading at
// Hub.Serve, then Conn. An idle connection costs one goroutine; writing starts another one
// only while something waits to be sent.
package live

import (
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"shenwei/internal/fault"
)

// Close codes beside those of RFC 6455.
const (
	// CloseSignedOut and CloseForbidden are terminal: the client does not come back with
	// what it has.
	CloseSignedOut = 4401
	CloseForbidden = 4403
)

// The limits of a connection.
const (
	MaxFrame     = 32 << 10 // bytes of one frame from a client; more closes with 1009
	maxQueued    = 256      // messages
	maxQueuedLen = 1 << 20  // bytes
	writeTimeout = 5 * time.Second
	pingEvery    = 25 * time.Second
	deadAfter    = 65 * time.Second // nothing heard, not even a pong
	sweepEvery   = 5 * time.Second
	readBuffer   = 512
	writeBuffer  = 1 << 10
)

// Session is what a channel makes of one connection.
type Session interface {
	// Frame takes one text frame, valid UTF-8. The frames of a connection come one after
	// the other; data is valid until Frame returns.
	Frame(data []byte)
	// Wake tells that the connection's topic has rows up to seq. It must not block.
	Wake(seq int64)
	// Closed is called once, after the last Frame.
	Closed()
}

// Config is what a hub needs. The zero value of a field means its default.
type Config struct {
	Log *slog.Logger
	// MaxConns is how many connections may be open; the default is 15,000.
	MaxConns int
	// Now is the clock.
	Now func() time.Time
	// Watch counts; nil for nobody.
	Watch Watch
	// Announce tells other nodes of what Committed is told; nil where there are none. It must
	// not block.
	Announce func(topic string, seq int64)
	// Return is within which time those whom Shutdown sends away come back, each at a moment of
	// its own; the default is 5.5 s.
	Return time.Duration
}

// Watch counts what goes through sockets. Its methods must not block.
type Watch interface {
	// Frame is told of a frame that came in and how long it took, Sent of one that went out.
	Frame(took time.Duration)
	Sent()
	// Closed is told of a connection that ended, with the code that we sent; 0 for none.
	Closed(code int)
}

type nobody struct{}

func (nobody) Frame(time.Duration) {}
func (nobody) Sent()               {}
func (nobody) Closed(int)          {}

// Hub holds the open connections and tells those of a topic when it has news.
type Hub struct {
	cfg      Config
	upgrader websocket.Upgrader

	mu     sync.RWMutex
	conns  map[*Conn]struct{}
	topics map[string][]*Conn
	owners map[string][]*Conn
	closed bool
	// follow is told of every Committed and Heard.
	follow func(topic string, seq int64)
	stop   chan struct{}
	gone   sync.WaitGroup // the goroutines of connections and the sweeper
}

// NewHub returns a hub; Shutdown ends it.
func NewHub(cfg Config) *Hub {
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	if cfg.MaxConns == 0 {
		cfg.MaxConns = 15_000
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Return == 0 {
		cfg.Return = maxReturn
	}
	if cfg.Watch == nil {
		cfg.Watch = nobody{}
	}
	h := &Hub{cfg: cfg, conns: map[*Conn]struct{}{}, topics: map[string][]*Conn{}, owners: map[string][]*Conn{}, stop: make(chan struct{})}
	h.upgrader = websocket.Upgrader{
		HandshakeTimeout: writeTimeout, ReadBufferSize: readBuffer, WriteBufferSize: writeBuffer,
		WriteBufferPool: &sync.Pool{}, CheckOrigin: func(*http.Request) bool { return true },
	}
	h.gone.Add(1)
	go h.sweepOn()
	return h
}

// Len is the number of open connections.
func (h *Hub) Len() int {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return len(h.conns)
}

// Serve upgrades the request, whose Origin the caller has checked, and returns; from then on the connection lives in a goroutine
// of its own, so that what the server kept for the request is free. Nothing was answered
// when it returns an error.
func (h *Hub) Serve(w http.ResponseWriter, r *http.Request, open func(*Conn) Session) error {
	if err := h.room(); err != nil {
		return err
	}
	var refused error
	upgrader := h.upgrader
	upgrader.Error = func(_ http.ResponseWriter, _ *http.Request, _ int, reason error) {
		refused = fault.Wrap(fault.BadRequest, reason, "这个地址只接受 WebSocket 连接")
	}
	ws, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		if refused == nil { // hijacked already: nobody is left to answer
			h.cfg.Log.Debug("handshake failed", "err", err)
		}
		return refused
	}
	c := newConn(h, ws)
	session := open(c)
	if !h.add(c, session) {
		_ = ws.Close()
		session.Closed()
		return nil
	}
	go c.readOn(session)
	return nil
}

func (h *Hub) room() error {
	h.mu.RLock()
	defer h.mu.RUnlock()
	if h.closed || len(h.conns) >= h.cfg.MaxConns {
		return fault.New(fault.Unavailable, "现在连接的人太多，请稍后再试")
	}
	return nil
}

// add registers a connection; false when the hub has closed meanwhile.
func (h *Hub) add(c *Conn, s Session) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return false
	}
	h.gone.Add(1)
	c.session = s
	h.conns[c] = struct{}{}
	h.own(c)
	return true
}

func (h *Hub) remove(c *Conn) {
	h.mu.Lock()
	delete(h.conns, c)
	h.leave(c)
	h.disown(c)
	h.mu.Unlock()
	h.gone.Done()
}

// Join makes a topic the connection's only one.
func (h *Hub) Join(c *Conn, topic string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.leave(c)
	if _, open := h.conns[c]; open && topic != "" {
		c.topic = topic
		h.topics[topic] = append(h.topics[topic], c)
	}
}

// leave takes the connection out of its topic. The caller holds h.mu.
func (h *Hub) leave(c *Conn) {
	list := h.topics[c.topic]
	kept := make([]*Conn, 0, len(list))
	for _, other := range list {
		if other != c {
			kept = append(kept, other)
		}
	}
	if len(kept) == 0 {
		delete(h.topics, c.topic)
	} else {
		h.topics[c.topic] = kept // a new list: Committed may be reading the old one
	}
	c.topic = ""
}

// Committed tells every connection of a topic, on all nodes, that this one has put rows up to
// seq on disk. It does not block.
func (h *Hub) Committed(topic string, seq int64) {
	h.Heard(topic, seq)
	if h.cfg.Announce != nil {
		h.cfg.Announce(topic, seq)
	}
}

// Heard tells this node's connections of a topic that another node has put rows up to seq on
// disk. It does not block; a seq that is not true makes them read the record once.
func (h *Hub) Heard(topic string, seq int64) {
	h.mu.RLock()
	list, follow := h.topics[topic], h.follow
	h.mu.RUnlock()
	for _, c := range list {
		c.session.Wake(seq)
	}
	if follow != nil {
		follow(topic, seq)
	}
}

// Follow sets who is told of every Committed and Heard, beside the connections of its topic. It must
// not block.
func (h *Hub) Follow(fn func(topic string, seq int64)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.follow = fn
}

func (h *Hub) sweepOn() {
	defer h.gone.Done()
	t := time.NewTicker(sweepEvery)
	defer t.Stop()
	for {
		select {
		case <-t.C:
			h.sweep(h.cfg.Now())
		case <-h.stop:
			return
		}
	}
}

// sweep pings what was quiet and cuts what is dead.
func (h *Hub) sweep(now time.Time) {
	for _, c := range h.all() {
		quiet := now.Sub(time.Unix(0, c.heard.Load()))
		switch {
		case quiet >= deadAfter:
			c.cut()
		case quiet >= pingEvery && now.Sub(time.Unix(0, c.pinged.Load())) >= pingEvery:
			c.pinged.Store(now.UnixNano())
			c.enqueue(message{kind: websocket.PingMessage})
		}
	}
}

func (h *Hub) all() []*Conn {
	h.mu.RLock()
	defer h.mu.RUnlock()
	list := make([]*Conn, 0, len(h.conns))
	for c := range h.conns {
		list = append(list, c)
	}
	return list
}

// Shutdown closes every connection with 1013 and a hint that spreads their return, and waits
// until all are gone or done is closed.
func (h *Hub) Shutdown(done <-chan struct{}) error {
	h.mu.Lock()
	first := !h.closed
	h.closed = true
	h.mu.Unlock()
	if first {
		close(h.stop)
	}
	for _, c := range h.all() {
		c.Close(websocket.CloseTryAgainLater, retryHint(h.cfg.Return))
	}
	all := make(chan struct{})
	go func() { h.gone.Wait(); close(all) }()
	select {
	case <-all:
		return nil
	case <-done:
		for _, c := range h.all() {
			c.cut()
		}
		return errors.New("live: connections were cut at shutdown")
	}
}

const (
	minReturn = 100 * time.Millisecond
	maxReturn = 5500 * time.Millisecond
)

// retryHint is the reason of a 1013: when to come back, at the latest after a time.
func retryHint(latest time.Duration) string {
	spread := max(latest-minReturn, time.Millisecond)
	return fmt.Sprintf(`{"retry_in_ms":%d}`, (minReturn + rand.N(spread)).Milliseconds()) //nolint:gosec // no secret
}

// Tell sends a frame to every connection of a topic on this node. It is for what is no row
// and may be missed: somebody types, a place in a queue. It does not block.
func (h *Hub) Tell(topic string, frame []byte) {
	h.mu.RLock()
	list := h.topics[topic]
	h.mu.RUnlock()
	for _, c := range list {
		c.Send(frame)
	}
}

// Has tells whether a topic has a connection on this node.
func (h *Hub) Has(topic string) bool {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return len(h.topics[topic]) > 0
}
