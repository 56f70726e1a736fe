package web_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"sync"
	"time"

	"shenwei/bot"
	"shenwei/bot/desk"
	"shenwei/internal/fault"
	"shenwei/internal/picture"
)

// memStore is a record in memory that keeps the promises of bot.Store.
type memStore struct {
	mu       sync.Mutex
	threads  map[string]*thread
	refs     map[string]memLine // channel/ref → line
	feedback map[string]int
	pictures map[memPicture]*picture.Picture
	reads    int
	broken   error // what every method fails with
}

type thread struct {
	conv   bot.Conversation
	tokens map[string]bool
	rows   []bot.Stored
}

type memLine struct {
	conversation string
	seq, answer  int64
	message      bot.Message
}

func newMemStore() *memStore {
	return &memStore{threads: map[string]*thread{}, refs: map[string]memLine{}, feedback: map[string]int{}, pictures: map[memPicture]*picture.Picture{}}
}

var errNoConversation = fault.New(fault.NotFound, "there is no such conversation")

func (s *memStore) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.broken = err
}

func (s *memStore) readCount() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.reads
}

func refKey(m bot.Message) string { return string(m.Channel) + "/" + m.Ref }

func (s *memStore) Receive(_ context.Context, m bot.Message) (bot.Receipt, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.broken != nil {
		return bot.Receipt{}, s.broken
	}
	if m.Conversation != "" && !s.opens(m.Conversation, m.Token) {
		return bot.Receipt{}, errNoConversation
	}
	if old, ok := s.refs[refKey(m)]; ok {
		return s.again(m, old)
	}
	if m.Picture != nil && m.Consent != desk.PictureNotice.Version {
		return bot.Receipt{}, fault.New(fault.Conflict, "请先阅读并同意发送图片的告知，再发图片")
	}
	token := ""
	if m.Conversation == "" {
		m.Conversation, token = rand.Text(), rand.Text()
		s.threads[m.Conversation] = &thread{
			conv:   bot.Conversation{ID: m.Conversation, Channel: m.Channel, Version: 1, Owner: bot.OwnerBot},
			tokens: map[string]bool{token: true},
		}
	}
	t := s.threads[m.Conversation]
	seq := t.add(bot.Stored{Kind: "citizen", Ref: m.Ref, Text: m.Text, At: m.At})
	if m.Picture != nil {
		s.pictures[memPicture{m.Conversation, seq}] = m.Picture
	}
	s.refs[refKey(m)] = memLine{conversation: m.Conversation, seq: seq, message: m}
	return bot.Receipt{Conversation: t.conv, Seq: seq, Token: token}, nil
}

func (s *memStore) again(m bot.Message, old memLine) (bot.Receipt, error) {
	if (m.Conversation != "" && m.Conversation != old.conversation) || (m.Conversation == "" && m.Text != old.message.Text) {
		return bot.Receipt{}, fault.New(fault.Conflict, "this ref belongs to another message")
	}
	t := s.threads[old.conversation]
	r := bot.Receipt{Conversation: t.conv, Seq: old.seq, Duplicate: true}
	if m.Conversation == "" && len(m.Ref) >= 16 {
		r.Token = rand.Text()
		t.tokens[r.Token] = true
	}
	if old.answer > 0 {
		r.Reply = t.rows[old.answer-1].Reply
	}
	return r, nil
}

func (t *thread) add(row bot.Stored) int64 {
	t.conv.Seq++
	row.Seq = t.conv.Seq
	t.rows = append(t.rows, row)
	return row.Seq
}

func (s *memStore) opens(conversation, token string) bool {
	t := s.threads[conversation]
	return t != nil && t.tokens[token]
}

func (s *memStore) Conversation(_ context.Context, id string) (bot.Conversation, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t := s.threads[id]; t != nil {
		return t.conv, s.broken
	}
	return bot.Conversation{}, errNoConversation
}

func (s *memStore) Commit(_ context.Context, o bot.Outcome) (*bot.Reply, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.broken != nil {
		return nil, s.broken
	}
	t := s.threads[o.Conversation]
	if t.conv.Version != o.Version {
		return nil, fault.New(fault.Conflict, "the conversation moved on")
	}
	t.conv.Version++
	t.conv.State = o.State
	stored := *o.Reply
	stored.Conversation = o.Conversation
	stored.Seq = t.conv.Seq + 1
	t.add(bot.Stored{Kind: "reply", Text: stored.Text, Reply: &stored, At: o.At})
	key := string(o.Channel) + "/" + o.Ref
	line := s.refs[key]
	line.answer = stored.Seq
	s.refs[key] = line
	return &stored, nil
}

func (s *memStore) Pending(context.Context, int) ([]bot.PendingLine, error) { return nil, nil }

func (s *memStore) Messages(_ context.Context, conversation string, after int64, limit int) ([]bot.Stored, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reads++
	t := s.threads[conversation]
	if t == nil || s.broken != nil || after >= int64(len(t.rows)) {
		return nil, s.broken
	}
	rows := t.rows[after:]
	return append([]bot.Stored(nil), rows[:min(limit, len(rows))]...), nil
}

func (s *memStore) Authorize(_ context.Context, conversation, token string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.broken == nil && !s.opens(conversation, token) {
		return errNoConversation
	}
	return s.broken
}

func (s *memStore) AddFeedback(_ context.Context, conversation string, seq int64, score int, _ string, _ time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.threads[conversation]
	if t == nil || seq > int64(len(t.rows)) || t.rows[seq-1].Kind != "reply" {
		return fault.New(fault.NotFound, "there is no such reply")
	}
	key, _ := json.Marshal([]any{conversation, seq})
	s.feedback[string(key)] = score
	return s.broken
}

func (s *memStore) LowScores(_ context.Context, conversation string) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for key, score := range s.feedback {
		var of []any
		if json.Unmarshal([]byte(key), &of) == nil && of[0] == conversation && score < 0 {
			n++
		}
	}
	return n, s.broken
}

func (s *memStore) Ping(context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.broken
}

// write adds a row as another node or a person would.
func (s *memStore) write(conversation, kind, text string) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	row := bot.Stored{Kind: kind, Text: text, At: time.Unix(0, 0)}
	t := s.threads[conversation]
	if kind == "reply" {
		row.Reply = &bot.Reply{Conversation: conversation, Seq: t.conv.Seq + 1, Action: bot.Answer, Text: text}
	}
	return t.add(row)
}

var errNoStore = fault.New(fault.Unavailable, "数据库没有应答")

// Picture reads what Receive has kept.
func (s *memStore) Picture(_ context.Context, conversation string, seq int64, small bool) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.pictures[memPicture{conversation, seq}]
	switch {
	case s.broken != nil:
		return nil, s.broken
	case p == nil:
		return nil, fault.New(fault.NotFound, "没有这张图片")
	case small:
		return p.Small, nil
	}
	return p.Body, nil
}

type memPicture struct {
	conversation string
	seq          int64
}

// serveAll gives every conversation to a person; putPictures gives every row a picture.
func (s *memStore) serveAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.threads {
		t.conv.Owner = bot.OwnerAgent
	}
}

func (s *memStore) putPictures() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, t := range s.threads {
		for _, row := range t.rows {
			s.pictures[memPicture{id, row.Seq}] = &picture.Picture{Body: []byte("\xff\xd8 large"), Small: []byte("\xff\xd8 small")}
		}
	}
}
