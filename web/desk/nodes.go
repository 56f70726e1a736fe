package desk

import (
	"context"
	"math"
	"time"

	"shenwei/bot/desk"
)

// Nodes tells other nodes what no table tells them soon. Nothing of it is content, and nothing
// depends on it. The functions must not block.
type Nodes struct {
	// Typing and Read say that the agent, or the citizen, types or has read up to a row.
	Typing func(conversation string, agent, on bool)
	Read   func(conversation string, agent bool, seq int64)
	// Note says that a conversation has notes up to a number.
	Note func(conversation string, n int64)
	// Shared says that there may be other nodes: what they write is looked for.
	Shared bool
}

func (n *Nodes) defaults() {
	if n.Typing == nil {
		n.Typing = func(string, bool, bool) {}
	}
	if n.Read == nil {
		n.Read = func(string, bool, int64) {}
	}
	if n.Note == nil {
		n.Note = func(string, int64) {}
	}
}

// HearTyping takes another node's hint of who types.
func (d *Desk) HearTyping(conversation string, agent, on bool) {
	switch {
	case !agent:
		d.tellTyping(conversation, on)
	case d.cfg.Hub.Has(conversation):
		d.tellHint(conversation, hintFrame{Type: "typing", Conversation: conversation, Who: "agent", AgentNo: d.numberOf(conversation), On: on})
	}
}

// HearRead takes another node's hint of who has read up to a row.
func (d *Desk) HearRead(conversation string, agent bool, seq int64) {
	switch {
	case !agent:
		d.tellRead(conversation, seq)
	case d.cfg.Hub.Has(conversation):
		d.tellHint(conversation, hintFrame{Type: "read", Conversation: conversation, Who: "agent", Seq: seq})
	}
}

// numberOf is the number of who serves a conversation.
func (d *Desk) numberOf(conversation string) string {
	me, _ := d.cfg.Desk.AgentOf(d.cfg.Desk.OwnerOf(conversation))
	return me.Number
}

// HearNote takes another node's hint that a conversation has a new note.
func (d *Desk) HearNote(conversation string, n int64) {
	owner := d.pagesOf(d.cfg.Desk.OwnerOf(conversation))
	if len(d.watching(conversation))+len(owner) > 0 {
		go d.readNotes(conversation, n)
	}
}

// notesEvery is how often notes that other nodes took are looked for.
const notesEvery = 3 * time.Second

// followNotes looks for notes of other nodes in the conversations that pages show.
func (d *Desk) followNotes(ctx context.Context) {
	d.mu.Lock()
	shown := make([]string, 0, len(d.watchers))
	for conversation := range d.watchers {
		shown = append(shown, conversation)
	}
	d.mu.Unlock()
	if len(shown) == 0 {
		return
	}
	counts, err := d.cfg.Store.CountNotes(ctx, shown)
	if err != nil {
		d.cfg.Log.Warn("notes of other nodes were not looked for", "err", err)
		return
	}
	for conversation, n := range counts {
		for _, s := range d.watching(conversation) {
			if s.countNotes(conversation) < n {
				d.readNotes(conversation, 0)
				break
			}
		}
	}
}

// readNotes sends the pages that show a conversation the notes that they have not got; the note
// fresh, when it is a whisper, also to the one who serves, wherever she looks.
func (d *Desk) readNotes(conversation string, fresh int64) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	notes, err := d.cfg.Store.Notes(ctx, conversation, 0, math.MaxInt32)
	if err != nil {
		d.cfg.Log.Warn("notes were not read", "err", err)
		return
	}
	for _, s := range d.watching(conversation) {
		for _, n := range notes {
			s.sendNote(n)
		}
	}
	for _, n := range notes {
		if n.N == fresh && n.Kind == desk.WhisperKind {
			d.whisper(d.cfg.Desk.OwnerOf(conversation), n)
		}
	}
}

// whisper shows a supervisor's words to the agent's pages that do not show the conversation.
func (d *Desk) whisper(agent string, n desk.Note) {
	for _, s := range d.pagesOf(agent) {
		if !s.shows(n.Conversation) {
			s.send(noteFrame{"note", n})
		}
	}
}

func (s *session) shows(conversation string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.open[conversation] != nil
}

func (s *session) countNotes(conversation string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if w := s.open[conversation]; w != nil {
		return len(w.notes)
	}
	return math.MaxInt
}

// sendNote sends a note to a page that shows its conversation, once.
func (s *session) sendNote(n desk.Note) {
	s.mu.Lock()
	w := s.open[n.Conversation]
	fresh := w != nil && !w.notes[n.N]
	if fresh {
		w.notes[n.N] = true
	}
	s.mu.Unlock()
	if fresh {
		s.send(noteFrame{"note", n})
	}
}
