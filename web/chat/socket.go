package chat

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"shenwei/bot"
	"shenwei/internal/fault"
	"shenwei/internal/trail"
	"shenwei/web/live"
	"shenwei/web/respond"
)

const (
	// maxBad is how many frames in a row may make no sense before the connection is closed.
	maxBad = 10
	// maxFlying is how many lines of one connection may wait for their reply.
	maxFlying = 64
	// receiveTimeout bounds storing a line, replyTimeout waiting for its reply.
	receiveTimeout = 10 * time.Second
	replyTimeout   = 30 * time.Second
	where          = "socket /ws/chat"
)

// Socket is the handler of /ws/chat.
func (c *Chat) Socket(w http.ResponseWriter, r *http.Request) {
	channel := bot.Channel(r.URL.Query().Get("channel"))
	switch channel {
	case "":
		channel = bot.Web
	case bot.Web, bot.H5, bot.Terminal:
	default:
		c.cfg.Respond.Error(w, r, fault.New(fault.BadRequest, "channel 可以是 web、h5、terminal"))
		return
	}
	s := &session{chat: c, channel: channel, addr: strings.Clone(respond.CallerOf(r).Addr)}
	if cookie, err := r.Cookie(c.cfg.Cookie); err == nil && len(cookie.Value) <= maxName {
		s.cookie = strings.Clone(cookie.Value) // a part of a string keeps all of it in memory
	}
	err := c.cfg.Hub.Serve(w, r, func(conn *live.Conn) live.Session {
		s.conn = conn
		return s
	})
	if err != nil {
		c.cfg.Respond.Error(w, r, err)
	}
}

// session is one citizen's connection.
type session struct {
	chat    *Chat
	conn    *live.Conn
	channel bot.Channel
	addr    string
	cookie  string

	// Used by the goroutine that reads frames only.
	token   string
	greeted bool
	bad     int

	mu           sync.Mutex
	conversation string
	order        order
	beginning    bool    // a line is being stored; its number is not known yet
	flying       []int64 // numbers of stored lines that wait for their reply
	pumping      bool
	again        bool
	left         bool
	gone         chan struct{} // closed with the connection; nil while nobody has asked for it
}

// Frame takes one frame of the client.
func (s *session) Frame(data []byte) {
	f, err := decodeFrame(data)
	if err != nil {
		s.fail(f.Ref, err)
		if s.bad++; s.bad >= maxBad {
			s.conn.Close(websocket.ClosePolicyViolation, "too many frames that make no sense")
		}
		return
	}
	s.bad = 0
	if f.Type == typeHello {
		s.hello(f)
		return
	}
	switch f.Type {
	case typeDesk:
		s.wish(f)
	case typeTyping, typeRead:
		s.hint(f)
	default:
		s.greeted = true // a say without a hello begins a conversation, as after an empty one
		s.line(f)
	}
}

// Closed ends the session. Lines that are being answered go on; their replies are on record.
func (s *session) Closed() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.left = true
	if s.gone != nil {
		close(s.gone)
	}
}

// Gone is closed with the connection. It is made for whoever asks: most connections are idle.
func (s *session) Gone() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.gone == nil {
		s.gone = make(chan struct{})
		if s.left {
			close(s.gone)
		}
	}
	return s.gone
}

// Worded shows what is verified of an answer while the rest is being worded.
func (s *session) Worded(ref, text string) { s.send(wordingFrame{typeWording, ref, text}) }

func (s *session) send(v any) {
	data, err := encode(v)
	if err != nil {
		s.chat.cfg.Log.Error("a frame was not sent", "err", err)
		return
	}
	s.conn.Send(data)
}

func (s *session) fail(ref string, err error) {
	s.send(errorFrame{typeError, ref, s.chat.cfg.Respond.Problem(where, err)})
}

// noConversation hides whether a conversation exists from who has no right to it.
func noConversation(err error) error {
	if !fault.Is(err, fault.NotFound) {
		return err
	}
	return fault.Wrap(fault.NotFound, err, "没有这个会话，或者它已经结束。请开始新的会话。")
}

// hello opens a conversation, sends what the client missed of it, and then ready.
func (s *session) hello(f frame) {
	if s.greeted {
		s.fail(f.Ref, fault.New(fault.BadRequest, "一条连接只能 hello 一次"))
		return
	}
	s.greeted = true
	if f.Conversation == "" {
		s.send(readyFrame{Type: typeReady})
		return
	}
	token := f.Token
	if token == "" {
		token = s.cookie
	}
	ctx, cancel := context.WithTimeout(context.Background(), receiveTimeout)
	defer cancel()
	err := s.chat.cfg.Limits.Allow(token, s.addr)
	if err == nil {
		err = s.chat.cfg.Store.Authorize(ctx, f.Conversation, token)
	}
	switch {
	case fault.Is(err, fault.NotFound):
		s.fail("", noConversation(err))
		s.conn.Close(live.CloseForbidden, "no such conversation")
		return
	case err != nil: // the client comes back: it has not got its ready
		s.fail("", err)
		s.conn.Close(websocket.CloseTryAgainLater, "")
		return
	}
	s.token = token
	s.resume(ctx, f)
}

// line stores a line, acknowledges it and lets its reply come.
func (s *session) line(f frame) {
	if err := s.mayFly(); err != nil {
		s.fail(f.Ref, err)
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), receiveTimeout)
	defer cancel()
	line, err := s.chat.cfg.Front.Begin(ctx, bot.Message{
		Channel: s.channel, Ref: f.Ref, Conversation: s.conversation, Token: s.token, Text: f.Text, Choice: f.Code, Lang: f.Lang,
		Audience: s,
	})
	if err != nil {
		s.landed(0)
		s.fail(f.Ref, noConversation(err))
		s.pump()
		return
	}
	seq := line.Receipt.Seq
	bound := s.bind(line.Receipt)
	s.send(ackFrame{typeAck, f.Ref, seq})
	s.mu.Lock()
	s.beginning = false
	s.flying = append(s.flying, seq)
	if bound {
		s.order.note(ownRow{seq: seq})
	}
	s.mu.Unlock()
	s.pump()
	go s.await(line, f.Ref, bound)
}

// mayFly counts the line as under way, unless too many are.
func (s *session) mayFly() error {
	if err := s.chat.cfg.Limits.Allow(s.token, s.addr); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.flying) >= maxFlying {
		return respond.Limited(time.Second)
	}
	s.beginning = true
	return nil
}

// landed takes a line off those under way; 0 is the one that could not be stored.
func (s *session) landed(seq int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if seq == 0 {
		s.beginning = false
		return
	}
	for i, f := range s.flying {
		if f == seq {
			s.flying = append(s.flying[:i], s.flying[i+1:]...)
			return
		}
	}
}

// bind makes the conversation that a first line began the session's, and says so. A line
// sent again by somebody who cannot prove that it is his (no token was issued) gets its
// reply and nothing else of the conversation: bind is then false.
func (s *session) bind(r bot.Receipt) bool {
	if s.conversation != "" {
		return s.conversation == r.Conversation.ID
	}
	if r.Token == "" {
		return false
	}
	s.token = strings.Clone(r.Token)
	s.mu.Lock()
	s.conversation = r.Conversation.ID
	if r.Duplicate { // there may be rows besides those of this line
		s.order.want(r.Conversation.Seq)
	}
	s.mu.Unlock()
	s.chat.cfg.Hub.Join(s.conn, r.Conversation.ID)
	s.send(readyFrame{typeReady, r.Conversation.ID, r.Token, 0})
	return true
}

// await sends a line's reply when it is on disk.
func (s *session) await(line *bot.Line, ref string, bound bool) {
	ctx, cancel := context.WithTimeout(line.Trail(), replyTimeout)
	defer cancel()
	reply, err := line.Wait(ctx)
	seq := line.Receipt.Seq
	_, span := trail.Start(ctx, "deliver")
	defer func() { span.End(err) }()
	var data []byte
	if err == nil {
		data, err = encode(replyFrame{typeReply, ref, bot.OnOwnScreen(ctx, s.chat.cfg.Store, reply)})
	}
	switch {
	case err != nil:
		s.landed(seq)
		s.chat.cfg.Log.WarnContext(ctx, "a reply is not sent to its socket", "code", fault.CodeOf(err))
		s.fail(ref, err)
	case !bound:
		s.landed(seq)
		s.conn.Send(data)
	default:
		s.mu.Lock()
		s.order.note(ownRow{seq: reply.Seq, line: seq, frame: data})
		s.mu.Unlock()
		s.landed(seq)
	}
	if err == nil {
		s.chat.cfg.Log.DebugContext(ctx, "a reply is sent")
	}
	s.pump()
}
