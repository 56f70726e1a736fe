package live

import (
	"bytes"
	"errors"
	"io"
	"net"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/gorilla/websocket"
)

// Conn is one open WebSocket. Its methods are safe for concurrent use.
type Conn struct {
	hub     *Hub
	ws      *websocket.Conn
	session Session
	topic   string // guarded by hub.mu, as is owner
	owner   string
	heard   atomic.Int64 // when something arrived, Unix nanoseconds
	pinged  atomic.Int64

	mu      sync.Mutex
	queue   []message
	waiting int           // messages not yet written: those in queue and those the writer has
	bytes   int           // of these
	writing bool          // a goroutine is writing the queue
	closing bool          // nothing more is queued
	code    int           // of the close frame that we sent, 0 for none
	empty   chan struct{} // somebody waits for an empty queue
}

// message is one frame to send; for a close, code and data are its code and reason.
type message struct {
	kind int
	code int
	data []byte
}

func newConn(h *Hub, ws *websocket.Conn) *Conn {
	c := &Conn{hub: h, ws: ws}
	c.hear()
	c.pinged.Store(c.heard.Load())
	ws.SetReadLimit(MaxFrame)
	ws.SetPongHandler(func(string) error { c.hear(); return nil })
	ws.SetPingHandler(func(data string) error {
		c.hear()
		c.enqueue(message{kind: websocket.PongMessage, data: []byte(data)})
		return nil
	})
	ws.SetCloseHandler(func(code int, _ string) error {
		c.Close(code, "")
		return nil
	})
	return c
}

func (c *Conn) hear() { c.heard.Store(c.hub.cfg.Now().UnixNano()) }

// Send queues a text frame. A client that reads too slowly, so that the queue is full, is
// closed with 1013: it comes back and reads on from the last row it has.
func (c *Conn) Send(data []byte) { c.enqueue(message{kind: websocket.TextMessage, data: data}) }

// Close sends what is queued, then a close frame, and nothing more.
func (c *Conn) Close(code int, reason string) {
	if code == websocket.CloseNoStatusReceived {
		code = websocket.CloseNormalClosure
	}
	c.enqueue(message{kind: websocket.CloseMessage, code: code, data: []byte(reason)})
}

func (c *Conn) enqueue(m message) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closing {
		return
	}
	if m.kind != websocket.CloseMessage && (c.waiting >= maxQueued || c.bytes+len(m.data) > maxQueuedLen) {
		c.drop()
		m = message{kind: websocket.CloseMessage, code: websocket.CloseTryAgainLater, data: []byte(retryHint(maxReturn))}
	}
	if c.closing = m.kind == websocket.CloseMessage; c.closing {
		c.code = m.code
	}
	c.queue = append(c.queue, m)
	c.waiting++
	c.bytes += len(m.data)
	if !c.writing {
		c.writing = true
		go c.writeOn()
	}
}

// drop forgets what the writer has not taken yet. The caller holds c.mu.
func (c *Conn) drop() {
	for _, m := range c.queue {
		c.written(m)
	}
	c.queue = nil
}

// written takes a message off the account. The caller holds c.mu.
func (c *Conn) written(m message) {
	c.waiting--
	c.bytes -= len(m.data)
}

// Flushed waits until everything queued is sent; false when the connection is closing. It
// lets a reader of many rows go no faster than its client.
func (c *Conn) Flushed() bool {
	c.mu.Lock()
	wait := c.untilEmpty()
	c.mu.Unlock()
	<-wait
	return !c.isClosing()
}

var already = func() chan struct{} { c := make(chan struct{}); close(c); return c }()

// untilEmpty returns what is closed once the writer has ended. The caller holds c.mu.
func (c *Conn) untilEmpty() <-chan struct{} {
	if !c.writing {
		return already
	}
	if c.empty == nil {
		c.empty = make(chan struct{})
	}
	return c.empty
}

func (c *Conn) isClosing() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.closing
}

// writeOn is the only writer: it sends the queue and ends when it is empty.
func (c *Conn) writeOn() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.queue) > 0 {
		batch := c.queue
		c.queue = nil
		for _, m := range batch {
			c.mu.Unlock()
			ok := c.write(m)
			c.mu.Lock()
			if !ok {
				c.fail()
				return
			}
			c.written(m)
		}
	}
	c.writing = false
	c.wakeWaiting()
}

// wakeWaiting releases who waits in Flushed. The caller holds c.mu.
func (c *Conn) wakeWaiting() {
	if c.empty != nil {
		close(c.empty)
		c.empty = nil
	}
}

// fail ends a connection that cannot be written any more. The caller holds c.mu.
func (c *Conn) fail() {
	c.cut()
	c.closing, c.writing = true, false
	c.drop()
	c.wakeWaiting()
}

// cut closes the connection under the WebSocket; its reader ends.
func (c *Conn) cut() { _ = c.ws.NetConn().Close() }

func (c *Conn) write(m message) bool {
	deadline := time.Now().Add(writeTimeout)
	switch m.kind {
	case websocket.CloseMessage:
		payload := websocket.FormatCloseMessage(m.code, string(m.data))
		if c.ws.WriteControl(websocket.CloseMessage, payload, deadline) != nil {
			return false
		}
		return c.ws.NetConn().SetReadDeadline(deadline) == nil // the client has as long to say goodbye
	case websocket.PingMessage, websocket.PongMessage:
		return c.ws.WriteControl(m.kind, m.data, deadline) == nil
	}
	if c.ws.SetWriteDeadline(deadline) != nil {
		return false
	}
	if c.ws.WriteMessage(m.kind, m.data) != nil {
		return false
	}
	c.hub.cfg.Watch.Sent()
	return true
}

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// readOn reads until the connection ends.
func (c *Conn) readOn(session Session) {
	defer c.end(session)
	defer func() {
		if p := recover(); p != nil {
			c.hub.cfg.Log.Error("panic in a socket", "panic", p, "stack", string(debug.Stack()))
		}
	}()
	for {
		kind, r, err := c.ws.NextReader()
		if err == nil {
			c.hear()
			err = c.readFrame(kind, r, session)
		}
		if err != nil {
			c.bye(err)
			return
		}
	}
}

// readFrame gives a frame to the session. Once the connection is closing frames are dropped.
func (c *Conn) readFrame(kind int, r io.Reader, session Session) error {
	if c.isClosing() {
		return nil
	}
	if kind != websocket.TextMessage {
		c.Close(websocket.CloseUnsupportedData, "text frames only")
		return nil
	}
	buf := buffers.Get().(*bytes.Buffer)
	defer buffers.Put(buf)
	buf.Reset()
	if _, err := buf.ReadFrom(r); err != nil {
		return err
	}
	if !utf8.Valid(buf.Bytes()) {
		c.Close(websocket.CloseInvalidFramePayloadData, "not UTF-8")
		return nil
	}
	begun := time.Now()
	session.Frame(buf.Bytes())
	c.hub.cfg.Watch.Frame(time.Since(begun))
	return nil
}

// maxDropped is how much of a frame that breaks the protocol is read and dropped.
const maxDropped = 4 << 20

// bye ends reading. Where the client broke the protocol, gorilla has sent the close frame;
// closing with unread bytes would reset the connection and lose it, so they are dropped first.
func (c *Conn) bye(err error) {
	var closed *websocket.CloseError
	var network net.Error
	if errors.As(err, &closed) || errors.As(err, &network) || errors.Is(err, io.EOF) {
		return
	}
	if c.ws.NetConn().SetReadDeadline(time.Now().Add(writeTimeout)) == nil {
		_, _ = io.CopyN(io.Discard, c.ws.NetConn(), maxDropped)
	}
}

func (c *Conn) end(session Session) {
	c.mu.Lock()
	c.closing = true
	wait := c.untilEmpty() // the answer to the client's close may be on its way
	c.mu.Unlock()
	<-wait
	c.hub.cfg.Watch.Closed(c.sent())
	_ = c.ws.Close()
	c.hub.remove(c)
	session.Closed()
}

// sent is the code of the close frame that we sent, 0 for none.
func (c *Conn) sent() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.code
}
