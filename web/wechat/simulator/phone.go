package simulator

import (
	"encoding/xml"
	"net/http"
	"regexp"
	"strings"
	"time"

	"shenwei/web/wechat"
)

// arrives shows the citizen's own bubble and opens the window that the push allows.
func (s *Simulator) arrives(m Message) {
	text, event := "["+m.Type+"]", ""
	for _, f := range m.Fields {
		switch f.Name {
		case "Content":
			text = f.Value
		case "Event":
			event = f.Value
			text = "[" + f.Value + "]"
		}
	}
	s.mu.Lock()
	w := s.windows[m.OpenID]
	if w == nil {
		w = &window{}
		s.windows[m.OpenID] = w
	}
	now := s.cfg.Now()
	switch {
	case m.Type != "event":
		w.messageUntil, w.messageLeft = now.Add(48*time.Hour), 5
	case event == "CLICK" || event == "subscribe" || event == "SCAN" || strings.HasPrefix(event, "scancode_"):
		w.momentUntil, w.momentLeft = now.Add(time.Minute), 3
	}
	if event == "unsubscribe" {
		s.left[m.OpenID] = true
	} else {
		delete(s.left, m.OpenID)
	}
	s.mu.Unlock()
	s.show(m.OpenID, Bubble{Own: true, Kind: m.Type, Text: text, At: now})
}

func (s *Simulator) show(openid string, b Bubble) {
	s.mu.Lock()
	s.phones[openid] = append(s.phones[openid], b)
	s.mu.Unlock()
	s.cfg.Shown(openid, b)
}

// Phone is what a citizen's phone shows, oldest first.
func (s *Simulator) Phone(openid string) []Bubble {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Bubble(nil), s.phones[openid]...)
}

// Answers are the bubbles that a citizen did not write herself.
func (s *Simulator) Answers(openid string) []Bubble {
	var out []Bubble
	for _, b := range s.Phone(openid) {
		if !b.Own {
			out = append(out, b)
		}
	}
	return out
}

// Phones lists everybody who wrote or was written to.
func (s *Simulator) Phones() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for p := range s.phones {
		out = append(out, p)
	}
	return out
}

// reply is an answer to a push.
type reply struct {
	Type     string `xml:"MsgType"`
	Content  string `xml:"Content"`
	Articles []struct {
		Title string `xml:"Title"`
		URL   string `xml:"Url"`
	} `xml:"Articles>item"`
	Encrypt   string `xml:"Encrypt"`
	Signature string `xml:"MsgSignature"`
	Timestamp string `xml:"TimeStamp"`
	Nonce     string `xml:"Nonce"`
}

// read shows an answer as a phone does: nothing for «success» and an empty body, the words about
// a failure for everything that is no answer.
func (s *Simulator) read(body []byte, status int) *Bubble {
	failure := &Bubble{Kind: "failure", Text: Failure, Passive: true}
	if status != http.StatusOK {
		return failure
	}
	if len(body) == 0 || string(body) == "success" {
		return nil
	}
	plain, err := s.Open(body)
	if err != nil {
		return failure
	}
	var r reply
	if xml.Unmarshal(plain, &r) != nil {
		return failure
	}
	switch {
	case r.Type == "text" && r.Content != "" && len(r.Content) <= 2048:
		return &Bubble{Kind: "text", Text: r.Content, Passive: true}
	case r.Type == "news" && len(r.Articles) == 1:
		return &Bubble{Kind: "news", Text: r.Articles[0].Title + " " + r.Articles[0].URL, Passive: true}
	}
	return failure
}

// Open checks the signature of an answer and decrypts it.
func (s *Simulator) Open(body []byte) ([]byte, error) {
	var r reply
	if err := xml.Unmarshal(body, &r); err != nil {
		return nil, err
	}
	if s.cfg.Account.Mode == wechat.Plain {
		return body, nil
	}
	if !s.crypt.Signed(r.Signature, r.Timestamp, r.Nonce, r.Encrypt) {
		return nil, wechat.ErrSignature
	}
	return s.crypt.Decrypt(r.Encrypt)
}

var anchor = regexp.MustCompile(`<a [^>]*>([^<]*)</a>`)

// Plain is a bubble's text as it looks on a phone: links show their words, underlined.
func (b Bubble) Plain() string { return anchor.ReplaceAllString(b.Text, "［$1］") }
