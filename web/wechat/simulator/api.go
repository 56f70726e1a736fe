package simulator

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Fault is how one call of an interface goes wrong.
type Fault struct {
	// Code answers with this errcode.
	Code int
	// Status answers with this HTTP status and no JSON.
	Status int
	// Reset cuts the connection: after the call was carried out when Late is set, else before.
	Reset, Late bool
	// Text has the errcode written as a string, as some interfaces do.
	Text bool
	// Wait holds the call back until the channel is closed.
	Wait <-chan struct{}
}

// Fail has the next calls of an interface, e.g. "message/custom/send", go wrong in this order.
func (s *Simulator) Fail(call string, faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults[call] = append(s.faults[call], faults...)
}

// Calls is how often an interface was called.
func (s *Simulator) Calls(call string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls[call]
}

// LoseToken makes the present access token bad, as the platform does when somebody else asks for
// one by the old interface.
func (s *Simulator) LoseToken() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.newToken()
}

func (s *Simulator) newToken() {
	s.tokens++
	s.token = fmt.Sprintf("token-%d", s.tokens)
}

// Visitor sets who comes through the OAuth door next.
func (s *Simulator) Visitor(openid string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.visitor = openid
}

// Typing tells whether a phone shows that somebody writes.
func (s *Simulator) Typing(openid string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.typing[openid]
}

// PutMedia stores what media/get answers with for an id.
func (s *Simulator) PutMedia(id string, body []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.media[id] = body
}

// Bodies are all answers to pushes, as they came.
func (s *Simulator) Bodies() [][]byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([][]byte(nil), s.bodies...)
}

// Handler plays the platform's interfaces.
func (s *Simulator) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Date", s.cfg.Now().UTC().Format(http.TimeFormat))
		if strings.HasPrefix(r.URL.Path, "/connect/oauth2/authorize") {
			s.authorize(w, r)
			return
		}
		call := strings.TrimPrefix(r.URL.Path, "/cgi-bin/")
		body, _ := io.ReadAll(io.LimitReader(r.Body, 32<<20)) // a broken body is an empty one
		f := s.next(call)
		if f.Wait != nil {
			select {
			case <-f.Wait:
			case <-r.Context().Done():
			}
		}
		if f.Reset && !f.Late {
			panic(http.ErrAbortHandler)
		}
		switch {
		case f.Status != 0:
			http.Error(w, "upstream", f.Status)
		case f.Code != 0 && f.Text:
			fmt.Fprintf(w, `{"errcode":"%d","errmsg":"simulated"}`, f.Code)
		case f.Code != 0:
			answer(w, f.Code)
		default:
			out := s.call(call, r, body)
			if f.Reset {
				panic(http.ErrAbortHandler)
			}
			out(w)
		}
	})
}

func (s *Simulator) next(call string) Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls[call]++
	queue := s.faults[call]
	if len(queue) == 0 {
		return Fault{}
	}
	s.faults[call] = queue[1:]
	return queue[0]
}

type writer = func(http.ResponseWriter)

func code(n int) writer { return func(w http.ResponseWriter) { answer(w, n) } }

func answer(w http.ResponseWriter, n int) {
	fmt.Fprintf(w, `{"errcode":%d,"errmsg":"simulated"}`, n)
}

func object(v any) writer {
	return func(w http.ResponseWriter) { _ = json.NewEncoder(w).Encode(v) } // the caller may have left
}

// call carries out one call.
func (s *Simulator) call(call string, r *http.Request, body []byte) writer {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.cfg.Account
	switch call {
	case "stable_token":
		var in struct {
			AppID, Secret string
			Force         bool `json:"force_refresh"`
		}
		if json.Unmarshal(body, &in) != nil || in.AppID != a.AppID {
			return code(40013)
		}
		if in.Secret != a.Secret {
			return code(40125)
		}
		if in.Force {
			s.newToken()
		}
		return object(map[string]any{"access_token": s.token, "expires_in": 7200})
	case "/sns/oauth2/access_token":
		openid, ok := s.codes[r.URL.Query().Get("code")]
		delete(s.codes, r.URL.Query().Get("code"))
		if !ok {
			return code(40163)
		}
		return object(map[string]any{"access_token": "o", "openid": openid, "scope": "snsapi_base"})
	}
	if r.URL.Query().Get("access_token") != s.token {
		return code(40001)
	}
	switch call {
	case "getcallbackip":
		return object(map[string]any{"ip_list": []string{"127.0.0.1"}})
	case "message/custom/send":
		return s.custom(body)
	case "message/custom/typing":
		var in struct{ ToUser, Command string }
		if json.Unmarshal(body, &in) != nil {
			return code(45072)
		}
		s.typing[in.ToUser] = in.Command == "Typing"
		return code(0)
	case "menu/create":
		s.menu = body
		return code(0)
	case "get_current_selfmenu_info":
		return object(map[string]any{"is_menu_open": 1, "selfmenu_info": json.RawMessage(or(s.menu, "{}"))})
	}
	return s.otherCall(call, r, body)
}

// otherCall carries out the calls that citizens see nothing of. The caller holds s.mu.
func (s *Simulator) otherCall(call string, r *http.Request, body []byte) writer {
	switch call {
	case "ticket/getticket":
		s.tickets++
		return object(map[string]any{"errcode": 0, "ticket": fmt.Sprintf("ticket-%d", s.tickets), "expires_in": 7200})
	case "media/get":
		media, ok := s.media[r.URL.Query().Get("media_id")]
		if !ok {
			return code(40007)
		}
		return func(w http.ResponseWriter) { _, _ = w.Write(media) } // the caller may have left
	case "media/upload":
		id := fmt.Sprintf("media-%d", len(s.media)+1)
		s.media[id] = body
		return object(map[string]any{"type": "image", "media_id": id})
	case "message/subscribe/bizsend":
		return code(0)
	case "message/template/send":
		s.nextID++
		return object(map[string]any{"errcode": 0, "msgid": s.nextID})
	case "/wxa/generate_urllink":
		return object(map[string]any{"errcode": 0, "url_link": "https://wxaurl.cn/simulated"})
	}
	return code(40066)
}

func or(b []byte, otherwise string) []byte {
	if len(b) == 0 {
		return []byte(otherwise)
	}
	return b
}

// customIn is a customer-service message.
type customIn struct {
	ToUser, MsgType string
	Text            struct{ Content string }
	Image           struct {
		ID string `json:"media_id"`
	}
	News struct{ Articles []struct{ Title, URL string } }
	Menu struct {
		Head string                         `json:"head_content"`
		List []struct{ ID, Content string } `json:"list"`
		Tail string                         `json:"tail_content"`
	} `json:"msgmenu"`
}

// custom takes a message from the citizen's quota and shows it. The caller holds s.mu.
func (s *Simulator) custom(body []byte) writer {
	var in customIn
	switch {
	case s.cfg.Account.Unverified:
		return code(48001)
	case !utf8.Valid(body) || json.Unmarshal(body, &in) != nil:
		return code(47001)
	case strings.Contains(string(body), `\u003c`):
		return code(45002) // the platform shows such escapes to citizens as they are
	case in.ToUser == "":
		return code(40003)
	case s.left[in.ToUser]:
		return code(43004)
	}
	b, refused := s.bubble(in)
	if refused != 0 {
		return code(refused)
	}
	w, now := s.windows[in.ToUser], s.cfg.Now()
	switch {
	case w == nil || !now.Before(w.messageUntil) && !now.Before(w.momentUntil):
		return code(45015)
	case now.Before(w.momentUntil) && w.momentLeft > 0:
		w.momentLeft--
	case now.Before(w.messageUntil) && w.messageLeft > 0:
		w.messageLeft--
	default:
		return code(45047)
	}
	b.At = now
	s.phones[in.ToUser] = append(s.phones[in.ToUser], b)
	s.cfg.Shown(in.ToUser, b)
	return code(0)
}

func (s *Simulator) bubble(in customIn) (Bubble, int) {
	switch in.MsgType {
	case "text":
		if in.Text.Content == "" || len(in.Text.Content) > 2048 {
			return Bubble{}, 45002
		}
		return Bubble{Kind: "text", Text: in.Text.Content}, 0
	case "image":
		if s.media[in.Image.ID] == nil {
			return Bubble{}, 40007
		}
		return Bubble{Kind: "image", Text: "[图片]"}, 0
	case "news":
		if len(in.News.Articles) != 1 {
			return Bubble{}, 45008
		}
		return Bubble{Kind: "news", Text: in.News.Articles[0].Title + " " + in.News.Articles[0].URL}, 0
	case "msgmenu":
		if s.cfg.Account.NoMenus {
			return Bubble{}, 40200
		}
		lines := []string{in.Menu.Head}
		for _, l := range in.Menu.List {
			lines = append(lines, "［"+l.Content+"］")
		}
		return Bubble{Kind: "menu", Text: strings.Join(append(lines, in.Menu.Tail), "\n")}, 0
	}
	return Bubble{}, 40008
}

// authorize plays the page that sends a visitor back with a code.
func (s *Simulator) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	back, err := url.Parse(q.Get("redirect_uri"))
	if err != nil || q.Get("appid") != s.cfg.Account.AppID {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	c := "code-" + strconv.Itoa(len(s.codes)+1) + "-" + strconv.Itoa(s.calls["authorize"])
	s.calls["authorize"]++
	s.codes[c] = s.visitor
	s.mu.Unlock()
	v := back.Query()
	v.Set("code", c)
	v.Set("state", q.Get("state"))
	back.RawQuery = v.Encode()
	http.Redirect(w, r, back.String(), http.StatusFound) //nolint:gosec // sending back is what the platform does
}
