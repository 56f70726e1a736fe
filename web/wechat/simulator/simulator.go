// Package simulator plays WeChat: it signs and encrypts pushes as the platform does, waits five
// seconds and tries three times, keeps the quotas of what may be sent later, and shows what a
// citizen's phone would show. Tests talk to it, and an operator can try an account with it
// before going live.
//
// Start at New; Push plays a citizen, Handler the platform's interfaces, Fail breaks them.
package simulator

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"shenwei/web/wechat"
)

// Account is the official account that is played.
type Account struct {
	AppID, Secret, Token, AESKey string
	// Original is the account's own id, gh_….
	Original string
	Mode     wechat.Mode
	// JSON has pushes come as JSON.
	JSON bool
	// Unverified accounts may send no messages of their own.
	Unverified bool
	// NoMenus refuses menu messages with 40200.
	NoMenus bool
}

// TestAccount is an account with keys that are no secrets.
func TestAccount() Account {
	return Account{
		AppID: "wx0000000000000001", Secret: "secret-of-the-simulator-0001", Token: "simulated",
		AESKey: "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG", Original: "gh_000000000001", Mode: wechat.Safe,
	}
}

// Config is what a simulator needs.
type Config struct {
	Account Account
	// Target is the address that pushes go to, e.g. http://127.0.0.1:8080/wechat.
	Target string
	// Now is the clock of the platform; time.Now when nil.
	Now func() time.Time
	// Patience is how long a push waits for its answer, five seconds when 0; Tries how often it is
	// sent, three when 0.
	Patience time.Duration
	Tries    int
	HTTP     *http.Client
	// Shown is told of each bubble as it appears on a phone.
	Shown func(openid string, b Bubble)
}

// Bubble is what a phone shows.
type Bubble struct {
	// Own is set for what the citizen herself wrote.
	Own bool
	// Passive tells that it came as the answer to a push, and not as a message of its own.
	Passive bool
	Kind    string // text, news, menu, image, failure
	Text    string
	At      time.Time
}

// Failure is what a citizen reads when the account's server does not answer as it should.
const Failure = "该公众号提供的服务出现故障，请稍后再试"

// Simulator plays WeChat. It is safe for concurrent use.
type Simulator struct {
	cfg   Config
	crypt *wechat.Crypt

	mu      sync.Mutex
	phones  map[string][]Bubble
	windows map[string]*window
	left    map[string]bool // who left the account
	faults  map[string][]Fault
	calls   map[string]int
	token   string
	tokens  int
	tickets int
	menu    []byte
	media   map[string][]byte
	codes   map[string]string // OAuth codes → openids
	visitor string
	nextID  int64
	typing  map[string]bool
	bodies  [][]byte // every answer to a push, as it came
}

// window is what the platform allows to be sent to one citizen.
type window struct {
	messageUntil, momentUntil time.Time
	messageLeft, momentLeft   int
}

// New returns a simulator.
func New(cfg Config) (*Simulator, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Patience == 0 {
		cfg.Patience = 5 * time.Second
	}
	if cfg.Tries == 0 {
		cfg.Tries = 3
	}
	if cfg.HTTP == nil {
		cfg.HTTP = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	}
	if cfg.Shown == nil {
		cfg.Shown = func(string, Bubble) {}
	}
	crypt, err := wechat.NewCrypt(wechat.Keys{Token: cfg.Account.Token, AESKey: cfg.Account.AESKey, Receiver: cfg.Account.AppID}, rand.Reader)
	if err != nil {
		return nil, err
	}
	return &Simulator{
		cfg: cfg, crypt: crypt, phones: map[string][]Bubble{}, windows: map[string]*window{}, left: map[string]bool{},
		faults: map[string][]Fault{}, calls: map[string]int{}, token: "token-1", tokens: 1, media: map[string][]byte{}, codes: map[string]string{},
		typing: map[string]bool{}, nextID: 6054768590064713728,
	}, nil
}

// SetTarget changes where pushes go.
func (s *Simulator) SetTarget(address string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cfg.Target = address
}

// Message is a push to send. Fields are its elements in order, beyond the common ones.
type Message struct {
	OpenID string
	Type   string // MsgType
	Fields []Field
	// ID is the MsgId, "" for an event.
	ID string
	// At is CreateTime; now when zero.
	At time.Time
}

// Field is one element; its value may hold elements itself when Raw is set.
type Field struct {
	Name, Value string
	Raw         bool
}

// NewID is a MsgId that was not used before.
func (s *Simulator) NewID() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.nextID++
	return strconv.FormatInt(s.nextID, 10)
}

// Text is a line that a citizen writes.
func (s *Simulator) Text(openid, text string) Message {
	return Message{OpenID: openid, Type: "text", ID: s.NewID(), Fields: []Field{{Name: "Content", Value: text}}}
}

// Event is an event with its key.
func (s *Simulator) Event(openid, name, key string) Message {
	return Message{OpenID: openid, Type: "event", Fields: []Field{{Name: "Event", Value: name}, {Name: "EventKey", Value: key}}}
}

// Result is what became of a push.
type Result struct {
	// Tries is how often it was sent. Shown is what the citizen saw of the answer, nil for
	// nothing.
	Tries int
	Shown *Bubble
	// Took is how long the last try took.
	Took time.Duration
}

// Push sends a message as the platform does: up to three times, five seconds each.
func (s *Simulator) Push(ctx context.Context, m Message) Result {
	if m.At.IsZero() {
		m.At = s.cfg.Now()
	}
	s.arrives(m)
	var r Result
	for r.Tries < s.cfg.Tries && ctx.Err() == nil {
		r.Tries++
		begun := time.Now()
		body, status, err := s.Deliver(ctx, m)
		r.Took = time.Since(begun)
		if err != nil {
			continue // no answer in time: once more
		}
		b := s.read(body, status)
		if b != nil {
			b.At = s.cfg.Now()
			s.show(m.OpenID, *b)
		}
		r.Shown = b
		return r
	}
	b := Bubble{Kind: "failure", Text: Failure, Passive: true, At: s.cfg.Now()}
	s.show(m.OpenID, b)
	r.Shown = &b
	return r
}

// Deliver sends a message once and returns the answer as it came.
func (s *Simulator) Deliver(ctx context.Context, m Message) (body []byte, status int, err error) {
	if m.At.IsZero() {
		m.At = s.cfg.Now()
	}
	ctx, cancel := context.WithTimeout(ctx, s.cfg.Patience)
	defer cancel()
	query, sealed, err := s.Seal(m)
	if err != nil {
		return nil, 0, err
	}
	s.mu.Lock()
	target := s.cfg.Target
	s.mu.Unlock()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, target+"?"+query.Encode(), strings.NewReader(sealed))
	if err != nil {
		return nil, 0, err
	}
	req.Header.Set("Content-Type", "text/xml")
	res, err := s.cfg.HTTP.Do(req)
	if err != nil {
		return nil, 0, err
	}
	defer func() { _ = res.Body.Close() }()
	body, err = io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err == nil {
		s.mu.Lock()
		s.bodies = append(s.bodies, body)
		s.mu.Unlock()
	}
	return body, res.StatusCode, err
}

// Seal writes, encrypts and signs a push.
func (s *Simulator) Seal(m Message) (url.Values, string, error) {
	a := s.cfg.Account
	plain := s.write(m)
	timestamp, nonce := strconv.FormatInt(s.cfg.Now().Unix(), 10), rand.Text()[:10]
	q := url.Values{"timestamp": {timestamp}, "nonce": {nonce}, "openid": {m.OpenID}, "signature": {s.crypt.Signature(timestamp, nonce)}}
	if a.Mode == wechat.Plain {
		return q, plain, nil
	}
	sealed, err := s.crypt.Encrypt([]byte(plain))
	if err != nil {
		return nil, "", err
	}
	q.Set("encrypt_type", "aes")
	q.Set("msg_signature", s.crypt.Signature(timestamp, nonce, sealed))
	switch {
	case a.JSON:
		return q, fmt.Sprintf(`{"ToUserName":%q,"Encrypt":%q}`, a.Original, sealed), nil
	case a.Mode == wechat.Compat: // plain and encrypted together
		return q, strings.TrimSuffix(plain, "</xml>") + "<Encrypt><![CDATA[" + sealed + "]]></Encrypt></xml>", nil
	}
	return q, "<xml><ToUserName><![CDATA[" + a.Original + "]]></ToUserName><Encrypt><![CDATA[" + sealed + "]]></Encrypt></xml>", nil
}

func (s *Simulator) write(m Message) string {
	a := s.cfg.Account
	if a.JSON {
		return writeJSON(a.Original, m)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "<xml><ToUserName>%s</ToUserName><FromUserName>%s</FromUserName><CreateTime>%d</CreateTime><MsgType>%s</MsgType>",
		cdata(a.Original), cdata(m.OpenID), m.At.Unix(), cdata(m.Type))
	for _, f := range m.Fields {
		value := cdata(f.Value)
		if f.Raw {
			value = f.Value
		}
		fmt.Fprintf(&b, "<%s>%s</%s>", f.Name, value, f.Name)
	}
	if m.ID != "" {
		fmt.Fprintf(&b, "<MsgId>%s</MsgId>", m.ID)
	}
	return b.String() + "</xml>"
}

func writeJSON(to string, m Message) string {
	var b strings.Builder
	fmt.Fprintf(&b, `{"ToUserName":%q,"FromUserName":%q,"CreateTime":%d,"MsgType":%q`, to, m.OpenID, m.At.Unix(), m.Type)
	for _, f := range m.Fields {
		fmt.Fprintf(&b, `,%q:%q`, f.Name, f.Value)
	}
	if m.ID != "" {
		fmt.Fprintf(&b, `,"MsgId":%s`, m.ID)
	}
	return b.String() + "}"
}

func cdata(s string) string {
	return "<![CDATA[" + strings.ReplaceAll(s, "]]>", "]]]]><![CDATA[>") + "]]>"
}
