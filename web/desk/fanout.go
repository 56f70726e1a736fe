package desk

import (
	"context"
	"maps"
	"reflect"
	"slices"
	"time"

	"shenwei/bot"
	"shenwei/bot/desk"
)

// Moved tells the pages that the ticket concerns, and the citizen, where it stands now: those of
// who has it, had it last or is asked, and those that show the conversation. Frames of one
// ticket may overtake each other: pages keep the one with the highest version.
func (d *Desk) Moved(c desk.Change) {
	if pages := d.concerned(c.Ticket, d.holders(c.Ticket)); len(pages) > 0 {
		data := d.encode(d.ticketFrame(c))
		for s := range pages {
			s.conn.Send(data)
		}
	}
	if inQueue(c.From) || inQueue(c.Ticket.State) || len(c.Alarms) > 0 || needsHelp(c.Ticket) {
		d.stir()
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

func (d *Desk) ticketFrame(c desk.Change) ticketFrame {
	return ticketFrame{Type: "ticket", Ticket: d.view(c.Ticket), Event: c.Event.Kind, From: c.From, Alarms: c.Alarms, Now: d.cfg.Now()}
}

// concerned are the pages that are told of a ticket's change, before whose it was.
func (d *Desk) concerned(t desk.Ticket, before [2]string) map[*session]struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	pages := map[*session]struct{}{}
	for _, id := range []string{t.Agent, t.Offered, t.Last, before[0], before[1]} {
		maps.Copy(pages, d.pages[id])
	}
	maps.Copy(pages, d.watchers[t.Conversation])
	return pages
}

// Staffed notes which agents have changed: each is told so herself, everybody with the next
// overview. Loads and signs of life change all the time and are not told by themselves.
func (d *Desk) Staffed(agents []desk.Agent) {
	var own []*session
	d.mu.Lock()
	for _, a := range agents {
		same := a
		same.Load, same.Seen, same.Assigned = 0, time.Time{}, time.Time{}
		if reflect.DeepEqual(d.staff[a.ID], same) {
			continue
		}
		d.staff[a.ID], d.changed[a.ID] = same, a
		for s := range d.pages[a.ID] {
			own = append(own, s)
			s.mu.Lock()
			s.me = a
			s.mu.Unlock()
		}
	}
	stir := len(d.changed) > 0
	d.mu.Unlock()
	for _, s := range own {
		s.mu.Lock()
		me := s.me
		s.mu.Unlock()
		s.send(agentsFrame{"agents", []desk.Agent{me}})
	}
	if stir {
		d.stir()
	}
}

func (d *Desk) all() []*session {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Collect(maps.Keys(d.sessions))
}

func (d *Desk) pagesOf(agent string) []*session {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Collect(maps.Keys(d.pages[agent]))
}

func (d *Desk) watching(conversation string) []*session {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Collect(maps.Keys(d.watchers[conversation]))
}

// Committed tells the pages that show a conversation that it has new rows.
func (d *Desk) Committed(conversation string, seq int64) {
	for _, s := range d.watching(conversation) {
		if s.lacks(conversation, seq) {
			go s.pump(conversation)
		}
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
			d.cfg.Hub.Heard(conv.ID, conv.Seq)
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
	data := d.encode(statusFrame{"desk", status})
	d.mu.Lock()
	d.asked[conversation] = d.cfg.Now()
	d.mu.Unlock()
	d.cfg.Hub.Tell(conversation, data)
}

// Typing tells the pages that show a conversation, on all nodes, that its citizen types.
func (d *Desk) Typing(conversation string, on bool) {
	d.cfg.Nodes.Typing(conversation, false, on)
	d.tellTyping(conversation, on)
}

func (d *Desk) tellTyping(conversation string, on bool) {
	for _, s := range d.watching(conversation) {
		s.send(hintFrame{Type: "typing", Conversation: conversation, Who: "citizen", On: on})
	}
}

// Read tells the pages that show a conversation, on all nodes, how far its citizen has read.
func (d *Desk) Read(conversation string, seq int64) {
	d.cfg.Nodes.Read(conversation, false, seq)
	d.tellRead(conversation, seq)
}

func (d *Desk) tellRead(conversation string, seq int64) {
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
	for _, s := range d.watching(n.Conversation) {
		s.sendNote(n)
	}
	if n.Kind == desk.WhisperKind {
		d.whisper(t.Agent, n)
	}
}
