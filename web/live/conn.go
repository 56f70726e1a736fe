package live

import (
	"bytes"
	"io"
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
	topic   string       // guarded by hub.mu
	heard   atomic.Int64 // when something arrived, Unix nanoseconds
	pinged  atomic.Int64

	mu      sync.Mutex
	queue   []message
	bytes   int
	writing bool          // a goroutine is writing the queue
	closing bool          // nothing more is queued
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
	if m.kind != websocket.CloseMessage && (len(c.queue) >= maxQueued || c.bytes+len(m.data) > maxQueuedLen) {
		c.queue, c.bytes = nil, 0
		m = message{kind: websocket.CloseMessage, code: websocket.CloseTryAgainLater, data: []byte(retryHint())}
	}
	c.closing = m.kind == websocket.CloseMessage
	c.queue = append(c.queue, m)
	c.bytes += len(m.data)
	if !c.writing {
		c.writing = true
		go c.writeOn()
	}
}

// Flushed waits until everything queued is sent; false when the connection is closing. It
// lets a reader of many rows go no faster than its client.
func (c *Conn) Flushed() bool {
	c.mu.Lock()
	if c.closing || !c.writing {
		defer c.mu.Unlock()
		return !c.closing
	}
	if c.empty == nil {
		c.empty = make(chan struct{})
	}
	wait := c.empty
	c.mu.Unlock()
	<-wait
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.closing
}

// writeOn is the only writer: it sends the queue and ends when it is empty.
func (c *Conn) writeOn() {
	for {
		c.mu.Lock()
		batch := c.queue
		c.queue, c.bytes = nil, 0
		if len(batch) == 0 {
			c.writing = false
			c.wakeWaiting()
			c.mu.Unlock()
			return
		}
		c.mu.Unlock()
		for _, m := range batch {
			if !c.write(m) {
				c.fail()
				return
			}
		}
	}
}

// wakeWaiting releases who waits in Flushed. The caller holds c.mu.
func (c *Conn) wakeWaiting() {
	if c.empty != nil {
		close(c.empty)
		c.empty = nil
	}
}

// fail ends a connection that cannot be written any more.
func (c *Conn) fail() {
	c.cut()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closing, c.writing, c.queue = true, false, nil
	c.wakeWaiting()
}

// cut closes the connection under the WebSocket; its reader ends.
func (c *Conn) cut() { _ = c.ws.NetConn().Close() }

func (c *Conn) write(m message) bool {
	deadline := time.Now().Add(writeTimeout)
	if m.kind == websocket.CloseMessage {
		payload := websocket.FormatCloseMessage(m.code, string(m.data))
		if c.ws.WriteControl(websocket.CloseMessage, payload, deadline) != nil {
			return false
		}
		return c.ws.SetReadDeadline(deadline) == nil // the client has as long to say goodbye
	}
	if c.ws.SetWriteDeadline(deadline) != nil {
		return false
	}
	return c.ws.WriteMessage(m.kind, m.data) == nil
}

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// readOn reads until the connection ends.
func (c *Conn) readOn(session Session) {
	defer func() {
		if p := recover(); p != nil {
			c.hub.cfg.Log.Error("panic in a socket", "panic", p, "stack", string(debug.Stack()))
		}
		c.end(session)
	}()
	for {
		kind, r, err := c.ws.NextReader()
		if err != nil {
			return
		}
		c.hear()
		if kind != websocket.TextMessage {
			c.refuse(websocket.CloseUnsupportedData, "text frames only")
			return
		}
		if !c.readFrame(r, session) {
			return
		}
	}
}

func (c *Conn) readFrame(r io.Reader, session Session) bool {
	buf := buffers.Get().(*bytes.Buffer)
	defer buffers.Put(buf)
	buf.Reset()
	if _, err := buf.ReadFrom(r); err != nil {
		return false
	}
	if !utf8.Valid(buf.Bytes()) {
		c.refuse(websocket.CloseInvalidFramePayloadData, "not UTF-8")
		return false
	}
	session.Frame(buf.Bytes())
	return true
}

// refuse closes and waits until the close frame is out and answered, or given up.
func (c *Conn) refuse(code int, reason string) {
	c.Close(code, reason)
	c.drain()
}

// drain reads and drops what still comes until the other side has closed.
func (c *Conn) drain() {
	if c.ws.SetReadDeadline(time.Now().Add(writeTimeout)) != nil {
		return
	}
	for {
		if _, _, err := c.ws.NextReader(); err != nil {
			return
		}
	}
}

func (c *Conn) end(session Session) {
	c.mu.Lock()
	writing := c.writing
	c.closing = true
	c.mu.Unlock()
	if writing { // the answer to the client's close is still on its way
		c.Flushed()
		c.waitWritten()
	}
	_ = c.ws.Close()
	c.hub.remove(c)
	session.Closed()
}

// waitWritten waits until the writer has ended.
func (c *Conn) waitWritten() {
	c.mu.Lock()
	if !c.writing {
		c.mu.Unlock()
		return
	}
	if c.empty == nil {
		c.empty = make(chan struct{})
	}
	wait := c.empty
	c.mu.Unlock()
	<-wait
}
