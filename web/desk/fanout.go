package desk

import (
	"context"
	"encoding/json"
	"math"
	"time"

	"shenwei/bot/desk"
	"shenwei/internal/fault"
)

// Moved tells every page that the ticket concerns, and the citizen, where it stands now. Frames
// of one ticket may overtake each other: pages keep the one with the highest version.
func (d *Desk) Moved(c desk.Change) {
	f := ticketFrame{Type: "ticket", Ticket: d.view(c.Ticket), Event: c.Event.Kind, From: c.From, Alarms: c.Alarms, Now: d.cfg.Now()}
	data, err := json.Marshal(f)
	if err != nil {
		d.cfg.Log.Error("a frame was not sent", "err", err)
		return
	}
	for _, s := range d.all() {
		if s.sees(c.Ticket) {
			s.conn.Send(data)
		}
	}
	d.committed(c)
	go d.tellCitizens(c)
}

// Staffed tells every page who is there.
func (d *Desk) Staffed(agents []desk.Agent) {
	data, err := json.Marshal(agentsFrame{"agents", agents})
	if err != nil {
		d.cfg.Log.Error("a frame was not sent", "err", err)
		return
	}
	d.mu.Lock()
	same := string(data) == d.staff
	d.staff = string(data)
	d.mu.Unlock()
	byID := map[string]desk.Agent{}
	for _, a := range agents {
		byID[a.ID] = a
	}
	for _, s := range d.all() {
		s.mu.Lock()
		if a, known := byID[s.me.ID]; known {
			s.me = a
		}
		s.mu.Unlock()
		if !same {
			s.conn.Send(data)
		}
	}
}

func (d *Desk) all() []*session {
	d.mu.Lock()
	defer d.mu.Unlock()
	list := make([]*session, 0, len(d.sessions))
	for s := range d.sessions {
		list = append(list, s)
	}
	return list
}

func (d *Desk) watching(conversation string) []*session {
	d.mu.Lock()
	defer d.mu.Unlock()
	list := make([]*session, 0, len(d.watchers[conversation]))
	for s := range d.watchers[conversation] {
		list = append(list, s)
	}
	return list
}

// Committed tells the pages that show a conversation that it has new rows.
func (d *Desk) Committed(conversation string, _ int64) {
	for _, s := range d.watching(conversation) {
		go s.pump(conversation)
	}
}

// tellEvery is how often a waiting citizen is told her place again.
const tellEvery = 30 * time.Second

// tellCitizens tells a ticket's citizen where she stands, and who waits behind her that the
// queue has moved.
func (d *Desk) tellCitizens(c desk.Change) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	if c.Event.Kind != desk.Tick {
		d.tellStatus(ctx, c.Ticket.Conversation)
	}
	if (c.From == desk.Queued) == (c.Ticket.State == desk.Queued) {
		return
	}
	now := d.cfg.Now()
	for _, t := range d.cfg.Desk.Board() {
		if t.State != desk.Queued || t.Group != c.Ticket.Group || t.Number == c.Ticket.Number {
			continue
		}
		d.mu.Lock()
		due := now.Sub(d.asked[t.Conversation]) >= tellEvery
		d.mu.Unlock()
		if due {
			d.tellStatus(ctx, t.Conversation)
		}
	}
}

// statusFrame is web/chat's frame of the same name.
type statusFrame struct {
	Type   string       `json:"type"`
	Ticket *desk.Status `json:"ticket"`
}

func (d *Desk) tellStatus(ctx context.Context, conversation string) {
	if !d.cfg.Hub.Has(conversation) {
		return
	}
	status, err := d.cfg.Desk.StatusOf(ctx, conversation)
	if err != nil {
		return // the next change tells it
	}
	data, err := json.Marshal(statusFrame{"desk", status})
	if err != nil {
		d.cfg.Log.Error("a frame was not sent", "err", err)
		return
	}
	d.mu.Lock()
	d.asked[conversation] = d.cfg.Now()
	d.mu.Unlock()
	d.cfg.Hub.Tell(conversation, data)
}

// watch shows a conversation on the page from a row on.
func (s *session) watch(ctx context.Context, f frame) error {
	conversation, silent := f.Conversation, s.chief && f.On
	if f.Ticket != "" {
		t, err := s.d.cfg.Desk.Ticket(ctx, f.Ticket)
		if err != nil {
			return err
		}
		if !s.sees(t) {
			return fault.New(fault.Forbidden, "这个会话不在您的组里")
		}
		conversation = t.Conversation
		if s.chief && silent {
			s.d.record(ctx, s.who, "desk.look", "ticket/"+t.Number)
		}
	} else if !s.chief {
		return fault.New(fault.Forbidden, "只有班长可以查看机器人接待的会话")
	} else if _, err := s.d.cfg.Store.Conversation(ctx, conversation); err != nil {
		return fault.New(fault.NotFound, "没有这个会话")
	} else {
		s.d.record(ctx, s.who, "desk.look", "conversation/"+conversation)
	}
	s.mu.Lock()
	if len(s.open) >= maxOpen && s.open[conversation] == nil {
		s.mu.Unlock()
		return fault.New(fault.Conflict, "打开的会话太多，请先关掉几个")
	}
	s.open[conversation] = &watch{seen: f.After, silent: silent, busy: true}
	s.mu.Unlock()
	s.d.mu.Lock()
	if s.d.watchers[conversation] == nil {
		s.d.watchers[conversation] = map[*session]struct{}{}
	}
	s.d.watchers[conversation][s] = struct{}{}
	s.d.mu.Unlock()
	notes, err := s.d.cfg.Store.Notes(ctx, conversation, 0, math.MaxInt32)
	if err != nil {
		return err
	}
	for _, n := range notes {
		s.send(noteFrame{"note", n})
	}
	s.stream(conversation)
	s.mu.Lock()
	seen := int64(0)
	if w := s.open[conversation]; w != nil {
		seen = w.seen
	}
	s.mu.Unlock()
	s.send(openedFrame{"opened", f.Ref, conversation, seen})
	s.d.tellViewers(conversation)
	return nil
}

func (s *session) unwatch(conversation string) {
	s.mu.Lock()
	delete(s.open, conversation)
	s.mu.Unlock()
	s.d.mu.Lock()
	delete(s.d.watchers[conversation], s)
	if len(s.d.watchers[conversation]) == 0 {
		delete(s.d.watchers, conversation)
	}
	s.d.mu.Unlock()
	s.d.tellViewers(conversation)
}

// pump sends the rows that a page has not got. One goroutine at a time does it; others leave
// a note.
func (s *session) pump(conversation string) {
	s.mu.Lock()
	w := s.open[conversation]
	if w == nil || w.busy {
		if w != nil {
			w.again = true
		}
		s.mu.Unlock()
		return
	}
	w.busy = true
	s.mu.Unlock()
	s.stream(conversation)
}

// stream sends rows until there are none. The caller has made the watch busy.
func (s *session) stream(conversation string) {
	for {
		s.mu.Lock()
		w := s.open[conversation]
		if w == nil {
			s.mu.Unlock()
			return
		}
		after := w.seen
		w.again = false
		s.mu.Unlock()
		n, last, err := s.page(conversation, after)
		s.mu.Lock()
		w.seen = max(w.seen, last)
		if err != nil || n < page && !w.again {
			w.busy = false
			s.mu.Unlock()
			return
		}
		s.mu.Unlock()
	}
}

func (s *session) page(conversation string, after int64) (n int, last int64, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	rows, err := s.d.cfg.Store.Messages(ctx, conversation, after, page)
	if err != nil {
		s.d.cfg.Log.Warn("rows of a conversation were not read", "err", err)
		s.conn.Close(tryAgainLater, "")
		return 0, after, err
	}
	last = after
	for _, row := range rows {
		s.send(masked(conversation, row))
		last = row.Seq
	}
	if len(rows) == page && !s.conn.Flushed() {
		return 0, last, nil
	}
	return len(rows), last, nil
}

// tryAgainLater is the close code of a connection that should come back.
const tryAgainLater = 1013

// typing tells the citizen and the other pages that the agent types.
func (s *session) typing(f frame) {
	s.mu.Lock()
	w, me := s.open[f.Conversation], s.me
	if w != nil {
		w.typing = f.On
	}
	s.mu.Unlock()
	if w == nil {
		return
	}
	if t, err := s.d.own(f.Conversation, me.ID); err == nil && t {
		s.d.tellHint(f.Conversation, hintFrame{Type: "typing", Conversation: f.Conversation, Who: "agent", AgentNo: me.Number, On: f.On})
	}
	s.d.tellViewers(f.Conversation)
}

// own reports whether the agent owns the conversation now.
func (d *Desk) own(conversation, agent string) (bool, error) {
	for _, t := range d.cfg.Desk.Board() {
		if t.Conversation == conversation {
			return t.Agent == agent, nil
		}
	}
	return false, nil
}

// read tells the citizen how far the agent has read.
func (s *session) read(f frame) error {
	s.mu.Lock()
	me := s.me
	s.mu.Unlock()
	if own, err := s.d.own(f.Conversation, me.ID); err != nil || !own {
		return err
	}
	s.d.tellHint(f.Conversation, hintFrame{Type: "read", Conversation: f.Conversation, Who: "agent", Seq: f.Seq})
	return nil
}

// tellHint sends the citizen what may be missed.
func (d *Desk) tellHint(conversation string, f hintFrame) {
	if data, err := json.Marshal(f); err == nil {
		d.cfg.Hub.Tell(conversation, data)
	}
}

// Typing tells the pages that show a conversation that its citizen types.
func (d *Desk) Typing(conversation string, on bool) {
	for _, s := range d.watching(conversation) {
		s.send(hintFrame{Type: "typing", Conversation: conversation, Who: "citizen", On: on})
	}
}

// Read tells the pages that show a conversation how far its citizen has read.
func (d *Desk) Read(conversation string, seq int64) {
	for _, s := range d.watching(conversation) {
		s.send(hintFrame{Type: "read", Conversation: conversation, Who: "citizen", Seq: seq})
	}
}

// tellViewers tells the pages that show a conversation who else does.
func (d *Desk) tellViewers(conversation string) {
	pages := d.watching(conversation)
	f := viewersFrame{"viewers", conversation, []viewer{}}
	seen := map[string]int{}
	for _, s := range pages {
		s.mu.Lock()
		w, me := s.open[conversation], s.me
		if w != nil && !w.silent {
			if i, twice := seen[me.Number]; twice {
				f.Viewers[i].Typing = f.Viewers[i].Typing || w.typing
			} else {
				seen[me.Number] = len(f.Viewers)
				f.Viewers = append(f.Viewers, viewer{me.Number, w.typing})
			}
		}
		s.mu.Unlock()
	}
	for _, s := range pages {
		s.send(f)
	}
}

// tellNote shows a note to the pages that show its conversation; a whisper also to the one
// who serves, wherever she looks.
func (d *Desk) tellNote(t desk.Ticket, n desk.Note) {
	shown := map[*session]bool{}
	for _, s := range d.watching(n.Conversation) {
		shown[s] = true
		s.send(noteFrame{"note", n})
	}
	if n.Kind != desk.WhisperKind {
		return
	}
	for _, s := range d.all() {
		if s.who.ID == t.Agent && !shown[s] {
			s.send(noteFrame{"note", n})
		}
	}
}
