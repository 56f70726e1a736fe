package desk

import (
	"context"
	"encoding/json"
	"reflect"
	"time"

	"shenwei/bot"
	"shenwei/bot/desk"
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
	before := d.holders(c.Ticket)
	for _, s := range d.all() {
		if s.hears(c) || before[0] == s.who.ID || before[1] == s.who.ID {
			s.conn.Send(data)
		}
	}
	d.committed(c)
	if ch := bot.Channel(c.Ticket.Channel); len(c.Rows) > 0 && (ch == bot.WeChat || ch == bot.WeCom) {
		d.cfg.Wake() // her words wait in the outbox
	}
	go d.tellCitizens(c)
}

// holders returns whose a ticket was and to whom it was offered when pages were told last:
// they are told that it is theirs no more.
func (d *Desk) holders(t desk.Ticket) [2]string {
	d.mu.Lock()
	defer d.mu.Unlock()
	before := d.held[t.Number]
	if t.State.Open() {
		d.held[t.Number] = [2]string{t.Agent, t.Offered}
	} else {
		delete(d.held, t.Number)
	}
	return before
}

// inQueue are the states in which others than the owner are concerned.
func inQueue(s desk.State) bool {
	return s == desk.Queued || s == desk.Offered || s == desk.Callback || s == desk.Calling
}

// hears reports whether a change is told to a page: what goes on between a colleague and her
// citizen is told to supervisors only.
func (s *session) hears(c desk.Change) bool {
	t := c.Ticket
	if id := s.who.ID; s.chief || t.Agent == id || t.Offered == id || t.Last == id {
		return true
	}
	return (inQueue(c.From) || inQueue(t.State)) && s.sees(t)
}

// Staffed tells every page which agents have changed. Loads and signs of life change all the
// time and are not told by themselves.
func (d *Desk) Staffed(agents []desk.Agent) {
	var changed []desk.Agent
	byID := map[string]desk.Agent{}
	d.mu.Lock()
	for _, a := range agents {
		byID[a.ID] = a
		a.Load, a.Seen, a.Assigned = 0, time.Time{}, time.Time{}
		if !reflect.DeepEqual(d.staff[a.ID], a) {
			d.staff[a.ID] = a
			changed = append(changed, byID[a.ID])
		}
	}
	d.mu.Unlock()
	var data []byte
	if len(changed) > 0 {
		var err error
		if data, err = json.Marshal(agentsFrame{"agents", changed}); err != nil {
			d.cfg.Log.Error("a frame was not sent", "err", err)
		}
	}
	for _, s := range d.all() {
		s.mu.Lock()
		if a, known := byID[s.me.ID]; known {
			s.me = a
		}
		s.mu.Unlock()
		if data != nil {
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

// tellCitizens tells a ticket's citizen where she stands; who waits behind her is told by
// lookAfter.
func (d *Desk) tellCitizens(c desk.Change) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	if c.Event.Kind == "" { // a turn or another node made it: its rows are on record
		if conv, err := d.cfg.Store.Conversation(ctx, c.Ticket.Conversation); err == nil {
			d.cfg.Hub.Committed(conv.ID, conv.Seq)
		}
	}
	if c.Event.Kind != desk.Tick {
		d.tellStatus(ctx, c.Ticket.Conversation)
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
	d.sendStatus(conversation, status)
}

func (d *Desk) sendStatus(conversation string, status *desk.Status) {
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
