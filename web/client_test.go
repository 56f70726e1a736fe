package web_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"shenwei/bot"
)

// client is a citizen's page as the server sees it.
type client struct {
	t  testing.TB
	ws *websocket.Conn
}

// got is any frame of the server.
type got struct {
	Type, Conversation, Token, Ref, Kind, Text string
	Seq                                        int64
	Reply                                      *bot.Reply
	Error                                      struct {
		Code, Message, ID string
		RetryAfter        int `json:"retry_after"`
	}
}

func (s *site) dial(header ...string) *client {
	s.t.Helper()
	ws, res, err := s.tryDial("/ws/chat", header...)
	if err != nil {
		s.t.Fatalf("dial: %v (%v)", err, res)
	}
	return &client{s.t, ws}
}

func (s *site) tryDial(path string, header ...string) (*websocket.Conn, *http.Response, error) {
	h := http.Header{}
	for i := 0; i < len(header); i += 2 {
		h.Add(header[i], header[i+1])
	}
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	defer cancel()
	ws, res, err := websocket.DefaultDialer.DialContext(ctx, "ws"+strings.TrimPrefix(s.http.URL, "http")+path, h)
	if err == nil {
		s.t.Cleanup(func() { _ = ws.Close() })
	}
	return ws, res, err
}

func (c *client) send(v any) {
	c.t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		c.t.Fatal(err)
	}
	c.raw(websocket.TextMessage, data)
}

func (c *client) raw(kind int, data []byte) {
	c.t.Helper()
	if err := c.ws.WriteMessage(kind, data); err != nil {
		c.t.Fatal(err)
	}
}

// next returns the next frame.
func (c *client) next() got {
	c.t.Helper()
	if err := c.ws.SetReadDeadline(time.Now().Add(patience)); err != nil {
		c.t.Fatal(err)
	}
	_, data, err := c.ws.ReadMessage()
	if err != nil {
		c.t.Fatalf("no frame: %v", err)
	}
	var f got
	decode(c.t, string(data), &f)
	return f
}

// want returns the next frame, which must be of the type.
func (c *client) want(kind string) got {
	c.t.Helper()
	f := c.next()
	if f.Type != kind {
		c.t.Fatalf("got %+v, want a %s", f, kind)
	}
	return f
}

// wantClosed reads until the connection ends and checks the code.
func (c *client) wantClosed(code int) {
	c.t.Helper()
	if err := c.ws.SetReadDeadline(time.Now().Add(patience)); err != nil {
		c.t.Fatal(err)
	}
	for {
		_, _, err := c.ws.ReadMessage()
		var closed *websocket.CloseError
		switch {
		case err == nil:
			continue
		case !errors.As(err, &closed):
			c.t.Fatalf("ended without a close frame: %v", err)
		case closed.Code != code:
			c.t.Fatalf("closed with %d %q, want %d", closed.Code, closed.Text, code)
		}
		return
	}
}

// begin opens a new conversation with one line.
func (c *client) begin(ref, text string) (ready, reply got) {
	c.t.Helper()
	c.send(object{"type": "hello"})
	c.want("ready")
	c.send(object{"type": "say", "ref": ref, "text": text})
	ready = c.want("ready")
	c.want("ack")
	return ready, c.want("reply")
}

func hello(conversation, token string, after int64) object {
	return object{"type": "hello", "conversation": conversation, "token": token, "after": after}
}

func say(ref, text string) object { return object{"type": "say", "ref": ref, "text": text} }
