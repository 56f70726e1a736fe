package wecom

import (
	"context"
	"encoding/json"
	"strings"
	"sync"
	"time"

	"shenwei/internal/fault"
	"shenwei/web/wechat"
)

const (
	// batchSize is how many messages are asked for at once, the most that the platform gives.
	batchSize = 1000
	// readTries is how often a reading that failed is begun again: a callback's token is good for
	// ten minutes.
	readTries = 5
	readPause = 3 * time.Second
	// readTimeout bounds one reading with all of its batches.
	readTimeout = 5 * time.Minute
)

// read reads an account in the background. A second call while one runs has it read once more.
func (ch *Channel) read(account, token string) {
	ch.mu.Lock()
	defer ch.mu.Unlock()
	r := ch.reading[account]
	if r == nil {
		r = &reader{}
		ch.reading[account] = r
	}
	if token != "" {
		r.token = token
	}
	if r.running {
		r.again = true
		return
	}
	r.running = true
	ch.work.Go(func() { ch.follow(account, r) })
}

func (ch *Channel) follow(account string, r *reader) {
	for failures := 0; ; {
		ch.mu.Lock()
		token := r.token
		r.again = false
		ch.mu.Unlock()
		ctx, cancel := context.WithTimeout(context.Background(), readTimeout)
		err := ch.Sync(ctx, account, token)
		cancel()
		ch.mu.Lock()
		if err != nil {
			if failures++; failures < readTries {
				r.again = true
			}
			ch.log.Error("wecom: an account is not read yet", "code", fault.CodeOf(err), "err", err)
		}
		if !r.again {
			r.running = false
			ch.mu.Unlock()
			return
		}
		ch.mu.Unlock()
		if err != nil {
			time.Sleep(time.Duration(failures) * readPause)
		}
	}
}

// batch is what sync_msg answers with.
type batch struct {
	Next     string    `json:"next_cursor"`
	More     int       `json:"has_more"`
	Messages []message `json:"msg_list"`
}

// message is one message or event of an account.
type message struct {
	ID       string `json:"msgid"`
	Account  string `json:"open_kfid"`
	External string `json:"external_userid"`
	Sent     int64  `json:"send_time"`
	Origin   int    `json:"origin"`
	Type     string `json:"msgtype"`
	Text     struct {
		Content string `json:"content"`
		MenuID  string `json:"menu_id"`
	} `json:"text"`
	Image, Voice, Video, File struct {
		Media string `json:"media_id"`
	}
	Location struct {
		Lat     float64 `json:"latitude"`
		Lng     float64 `json:"longitude"`
		Name    string  `json:"name"`
		Address string  `json:"address"`
	} `json:"location"`
	Link struct {
		Title string `json:"title"`
	} `json:"link"`
	Event json.RawMessage `json:"event"`
}

// fromCitizen is the origin of what a citizen wrote herself; our own messages come back, too.
const fromCitizen = 3

// Sync reads everything that an account has and was not read before. A batch may be empty with
// more behind it.
func (ch *Channel) Sync(ctx context.Context, account, token string) error {
	cursor, err := ch.cfg.Store.Cursor(ctx, account)
	if err != nil {
		return err
	}
	for {
		var b batch
		in := map[string]any{"cursor": cursor, "token": token, "limit": batchSize, "voice_format": 0, "open_kfid": account}
		if err := ch.cfg.Client.Call(ctx, "kf/sync_msg", in, &b); err != nil {
			return err
		}
		if b.Next == "" { // nothing yet
			return nil
		}
		stuck := b.Next == cursor
		switch err := ch.take(ctx, account, cursor, b.Next, b.Messages); {
		case fault.Is(err, fault.Conflict): // another node has answered these, and perhaps later ones
			if cursor, err = ch.cfg.Store.Cursor(ctx, account); err != nil {
				return err
			}
			continue
		case err != nil:
			return err
		}
		cursor = b.Next
		if b.More == 0 || stuck {
			return nil
		}
	}
}

// take stores a batch and has it answered.
func (ch *Channel) take(ctx context.Context, account, from, cursor string, messages []message) error {
	var taken []wechat.Taken
	var seen []wechat.Seen
	var events []message
	for _, m := range messages {
		switch {
		case m.Type == "event":
			events = append(events, m)
		case m.Origin == fromCitizen && m.External != "" && m.ID != "":
			p := push(m)
			conversation := wechat.Conversation(m.Account, m.External)
			taken = append(taken, wechat.Taken{Ref: p.Ref(), Conversation: conversation, Push: p, At: ch.now()})
			seen = append(seen, wechat.Seen{
				Contact: wechat.Contact{Conversation: conversation, Account: m.Account, OpenID: m.External, Following: true},
				Opens:   wechat.OpensMessage, At: ch.cfg.Door.Local(p.At()),
			})
		}
	}
	fresh, err := ch.cfg.Store.TakeBatch(ctx, account, from, cursor, taken, seen)
	if err != nil {
		return err
	}
	for _, e := range events {
		ch.event(ctx, e)
	}
	ch.answer(fresh)
	return nil
}

// answer answers citizens beside one another, each citizen's lines in order.
func (ch *Channel) answer(fresh []wechat.Taken) {
	byCitizen := map[string][]wechat.Taken{}
	for _, t := range fresh {
		byCitizen[t.Conversation] = append(byCitizen[t.Conversation], t)
	}
	limit := make(chan struct{}, 32)
	var all sync.WaitGroup
	for _, lines := range byCitizen {
		limit <- struct{}{}
		all.Go(func() {
			defer func() { <-limit }()
			for _, t := range lines {
				ctx, cancel := context.WithTimeout(context.Background(), answerTimeout)
				if err := ch.core.Deliver(ctx, t); err != nil {
					ch.log.Error("wecom: a message is not answered yet; it will be tried again", "code", fault.CodeOf(err), "err", err)
				}
				cancel()
			}
		})
	}
	all.Wait()
}

const answerTimeout = time.Minute

// push is a message in the terms of the official account's pushes, which the core knows.
func push(m message) wechat.Push {
	p := wechat.Push{To: m.Account, From: m.External, Created: m.Sent, Type: m.Type, ID: m.ID, Kf: true}
	switch m.Type {
	case "text":
		p.Text, p.MenuID = m.Text.Content, m.Text.MenuID
	case "image":
		p.Media = m.Image.Media
	case "voice":
		p.Media, p.Format = m.Voice.Media, "amr"
	case "video":
		p.Media = m.Video.Media
	case "file":
		p.Media = m.File.Media
	case "location":
		p.Lat, p.Lng, p.Label = m.Location.Lat, m.Location.Lng, strings.TrimSpace(m.Location.Address+" "+m.Location.Name)
	case "link":
		p.Text = m.Link.Title
	default: // a card, a mini-program, what comes later: asked for in words
		p.Type = "file"
	}
	return p
}

// The kinds of event that mean something to us.
const (
	eventEnter  = "enter_session"
	eventFailed = "msg_send_fail"
	eventState  = "session_status_change"
)

// welcomeLife is how long a welcome code is good: twenty seconds, less the way.
const welcomeLife = 18 * time.Second

// event acts on an event of an account.
func (ch *Channel) event(ctx context.Context, m message) {
	var e struct {
		Type     string `json:"event_type"`
		External string `json:"external_userid"`
		Account  string `json:"open_kfid"`
		Welcome  string `json:"welcome_code"`
		FailType int    `json:"fail_type"`
		Change   int    `json:"change_type"`
	}
	if err := json.Unmarshal(m.Event, &e); err != nil {
		ch.log.Warn("wecom: an event cannot be read; it is ignored")
		return
	}
	switch e.Type {
	case eventEnter:
		if e.Welcome == "" || ch.cfg.Welcome == "" || ch.now().Sub(ch.cfg.Door.Local(time.Unix(m.Sent, 0))) > welcomeLife {
			return
		}
		in := map[string]any{"code": e.Welcome, "msgtype": "text", "text": map[string]string{"content": ch.cfg.Welcome}}
		if err := ch.cfg.Client.Call(ctx, "kf/send_msg_on_event", in, nil); err != nil {
			ch.log.Warn("wecom: a welcome is not shown", "err", err)
		}
	case eventFailed:
		ch.log.Error("wecom: a message did not arrive", "fail_type", e.FailType)
		ch.failed(ctx, wechat.Conversation(e.Account, e.External), e.FailType)
	case eventState:
		ch.log.Info("wecom: a session changed", "change_type", e.Change)
	}
}

// failed notes why a message that was taken did not arrive after all.
func (ch *Channel) failed(ctx context.Context, conversation string, why int) {
	var err error
	switch why {
	case 4, 5, 6: // the window is over, the session is closed, five were sent
		err = ch.cfg.Store.CloseWindow(ctx, conversation)
	case 10: // the citizen refuses
		err = ch.cfg.Store.Leave(ctx, conversation)
	}
	if err != nil {
		ch.log.Error("wecom: what the platform said of a citizen's window is not stored", "code", fault.CodeOf(err), "err", err)
	}
}
