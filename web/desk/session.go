package desk

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"shenwei/bot/desk"
	"shenwei/internal/fault"
	"shenwei/web/auth"
	"shenwei/web/live"
)

const (
	// timeout bounds what one frame makes the record do.
	timeout = 10 * time.Second
	// maxBad is how many frames in a row may make no sense before the connection is closed.
	maxBad = 10
	// maxOpen is how many conversations one page may have open.
	maxOpen = 64
	// page is how many rows are read at a time.
	page = 64
	// beatEvery is how often a page that is heard is noted on record.
	beatEvery = 10 * time.Second
	where     = "socket /ws/desk"
)

// session is one page of an agent or supervisor. An agent may have several.
type session struct {
	d     *Desk
	conn  *live.Conn
	who   auth.Principal
	chief bool

	// Used by the goroutine that reads frames only.
	bad  int
	beat time.Time

	// Used by the goroutine of the overview only: what the page was told last.
	toldQueue, toldList []byte

	mu      sync.Mutex
	me      desk.Agent
	greeted bool
	open    map[string]*watch // by conversation
	show    string            // the list that the page shows, "" for none
	again   bool              // it wants it even where it has it
	asked   bool              // it waits for the overview
}

// watch is a conversation that the page shows.
type watch struct {
	seen   int64
	busy   bool // somebody sends its rows
	again  bool
	typing bool
	// silent does not show the viewer to others: a supervisor looks on.
	silent bool
	// notes are the numbers of those that the page has.
	notes map[int64]bool
}

// Socket is the handler of /ws/desk.
func (d *Desk) Socket(w http.ResponseWriter, r *http.Request) {
	who, ok := auth.From(r.Context())
	if !ok {
		d.cfg.Respond.Error(w, r, fault.New(fault.Unauthorized, "请先登录"))
		return
	}
	s := &session{d: d, who: who, chief: who.Has(auth.Supervisor), open: map[string]*watch{}}
	err := d.cfg.Hub.Serve(w, r, func(conn *live.Conn) live.Session {
		s.conn = conn
		d.cfg.Hub.Belong(conn, who.Session)
		return s
	})
	if err != nil {
		d.cfg.Respond.Error(w, r, err)
	}
}

// Wake is not used: a page's rows come by Committed.
func (s *session) Wake(int64) {}

// Closed ends the session. The agent's conversations wait for her for the time of the grace.
func (s *session) Closed() {
	s.mu.Lock()
	watched := slices.Collect(maps.Keys(s.open))
	clear(s.open)
	s.mu.Unlock()
	s.d.mu.Lock()
	delete(s.d.sessions, s)
	drop(s.d.pages, s.who.ID, s)
	for _, conversation := range watched {
		drop(s.d.watchers, conversation, s)
	}
	s.d.mu.Unlock()
	for _, conversation := range watched {
		s.d.tellViewers(conversation)
	}
}

// add and drop keep sets of pages by a name.
func add(sets map[string]map[*session]struct{}, name string, s *session) {
	if sets[name] == nil {
		sets[name] = map[*session]struct{}{}
	}
	sets[name][s] = struct{}{}
}

func drop(sets map[string]map[*session]struct{}, name string, s *session) {
	delete(sets[name], s)
	if len(sets[name]) == 0 {
		delete(sets, name)
	}
}

func (s *session) send(v any) {
	if data := s.d.encode(v); data != nil {
		s.conn.Send(data)
	}
}

func (s *session) fail(ref string, err error, t *desk.Ticket) {
	f := errorFrame{Type: "error", Ref: ref, Error: s.d.cfg.Respond.Problem(where, err)}
	if t != nil {
		v := s.d.view(*t)
		f.Ticket = &v
	}
	s.send(f)
}

// Frame takes one frame of the page.
func (s *session) Frame(data []byte) {
	f, err := decodeFrame(data)
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	if err == nil {
		err = s.take(ctx, f)
	}
	if err == nil {
		s.bad = 0
		s.heard(ctx)
		return
	}
	s.fail(f.Ref, err, s.d.fresh(ctx, f, err))
	if fault.Is(err, fault.BadRequest) {
		if s.bad++; s.bad >= maxBad {
			s.conn.Close(websocket.ClosePolicyViolation, "too many frames that make no sense")
		}
	}
}

// fresh is the ticket as it is, for a page whose picture was old.
func (d *Desk) fresh(ctx context.Context, f frame, err error) *desk.Ticket {
	if !fault.Is(err, fault.Conflict) || f.Ticket == "" {
		return nil
	}
	t, err := d.cfg.Desk.Ticket(ctx, f.Ticket)
	if err != nil {
		return nil
	}
	return &t
}

func (s *session) heard(ctx context.Context) {
	now := s.d.cfg.Now()
	if now.Sub(s.beat) < beatEvery {
		return
	}
	s.beat = now
	if err := s.d.cfg.Desk.Beat(ctx, s.who.ID); err != nil {
		s.d.cfg.Log.Warn("an agent's sign of life was not noted", "err", err)
	}
}

func (s *session) take(ctx context.Context, f frame) error {
	s.mu.Lock()
	greeted := s.greeted
	s.mu.Unlock()
	if !greeted && f.Type != "hello" {
		return fault.New(fault.BadRequest, "请先发送 hello")
	}
	switch f.Type {
	case "hello":
		return s.hello(ctx)
	case "ping":
		s.send(okFrame{"pong", f.Ref})
		return nil
	case "presence":
		return s.presence(ctx, f)
	case "open":
		return s.watch(ctx, f)
	case "list":
		return s.list(f)
	case "close":
		s.unwatch(f.Conversation)
		return nil
	case "do":
		return s.do(ctx, f)
	case "note":
		return s.note(ctx, f)
	case "draft":
		return s.d.cfg.Store.KeepTyped(ctx, s.who.ID, f.Conversation, f.Text, s.d.cfg.Now())
	case "typing":
		s.typing(f)
		return nil
	case "read":
		s.read(f)
		return nil
	}
	return fault.New(fault.BadRequest, "不认识的 type；可以是 hello、ping、presence、list、open、close、do、note、draft、typing、read")
}

// hello begins a page: it says who the agent is, what there is to do and what she had typed.
func (s *session) hello(ctx context.Context) error {
	before, known := s.d.cfg.Desk.AgentOf(s.who.ID)
	me, err := s.d.cfg.Desk.Meet(ctx, s.who.ID, s.who.Display, s.chief)
	if err != nil {
		return err
	}
	if !known || before.Presence == desk.Offline { // away for a while: she says herself when she begins
		if err := s.d.cfg.Desk.Presence(ctx, me.ID, desk.Busy, ""); err != nil {
			return err
		}
		me.Presence = desk.Busy
	}
	drafts, err := s.d.cfg.Store.DeskDrafts(ctx, me.ID)
	if err != nil {
		return err
	}
	f := readyFrame{Type: "ready", Now: s.d.cfg.Now(), Me: me, Chief: s.chief, Agents: s.d.cfg.Desk.Agents(), Drafts: drafts, Tickets: []ticketView{}}
	if s.chief {
		if f.Alerts, err = s.d.cfg.Store.Alerts(ctx, 0); err != nil {
			return err
		}
	}
	s.mu.Lock()
	s.me, s.greeted = me, true
	s.mu.Unlock()
	s.d.mu.Lock()
	s.d.sessions[s] = struct{}{} // from here on changes come as frames
	add(s.d.pages, me.ID, s)
	s.d.mu.Unlock()
	for _, t := range s.d.cfg.Desk.Select(func(t desk.Ticket) bool { return t.Agent == me.ID || t.Offered == me.ID || t.Last == me.ID }) {
		f.Tickets = append(f.Tickets, s.d.view(t))
	}
	s.send(f)
	s.d.ask(s)
	return nil
}

// sees reports whether the ticket concerns the one at this page.
func (s *session) sees(t desk.Ticket) bool {
	s.mu.Lock()
	me := s.me
	s.mu.Unlock()
	return s.chief || t.Agent == me.ID || t.Offered == me.ID || t.Last == me.ID || s.d.worksOn(me, t)
}

func (s *session) presence(ctx context.Context, f frame) error {
	if err := s.d.cfg.Desk.Presence(ctx, s.who.ID, f.Presence, f.Reason); err != nil {
		return err
	}
	s.send(okFrame{"ok", f.Ref})
	return nil
}

// do carries out what the agent does to a ticket.
func (s *session) do(ctx context.Context, f frame) error {
	c, err := s.d.carryOut(ctx, s.who, f.Ticket, f.order, f.Ref)
	if err != nil {
		return err
	}
	s.send(doneFrame{"done", f.Ref, s.d.view(c.Ticket), c.Seqs})
	return nil
}

// carryOut is the one way in which agents act on tickets, on the socket and by HTTP.
func (d *Desk) carryOut(ctx context.Context, who auth.Principal, number string, o order, ref string) (desk.Change, error) {
	kind, known := agentOrders[o.Do]
	chief := false
	if !known {
		kind, known = chiefOrders[o.Do]
		chief = known
	}
	switch {
	case !known:
		return desk.Change{}, fault.New(fault.BadRequest, "字段 do 可以是 accept、take、decline、reply、hold、resume、transfer、return、resolve、done、called、takeover、end")
	case chief && !who.Has(auth.Supervisor):
		return desk.Change{}, fault.New(fault.Forbidden, "只有班长可以这样操作")
	case kind == desk.Reply && ref == "":
		return desk.Change{}, fault.New(fault.BadRequest, "缺少字段 ref：每条回复要有自己的编号，重发时不变")
	}
	me, known := d.cfg.Desk.AgentOf(who.ID)
	if !known {
		return desk.Change{}, fault.New(fault.Conflict, "请先打开工作台")
	}
	if kind == desk.Take && number == "" {
		return d.takeNext(ctx, me)
	}
	t, err := d.cfg.Desk.Ticket(ctx, number)
	if err != nil {
		return desk.Change{}, err
	}
	if !chief && who.Has(auth.Supervisor) && t.Agent != "" && t.Agent != who.ID && kind != desk.Accept && kind != desk.Take && kind != desk.Decline {
		chief = true // a supervisor acts in another's conversation
	}
	if o.Agent != "" && !d.works(o.Agent) {
		return desk.Change{}, fault.New(fault.BadRequest, "没有这位坐席，或者现在不在")
	}
	e := desk.Event{
		Kind: kind, Actor: who.ID, Number: me.Number, Chief: chief, Version: o.Version, Text: o.Text, Reason: o.Reason, Code: o.Code,
		Agent: o.Agent, Group: o.Group, Warm: o.Warm, Until: o.Until, Picture: o.picture,
	}
	if kind == desk.Reply {
		e.Ref = who.ID + " " + ref
	}
	c, err := d.cfg.Desk.Do(ctx, number, e)
	if err != nil {
		return c, err
	}
	if kind == desk.Reply && o.picture == nil {
		_ = d.cfg.Store.KeepTyped(ctx, who.ID, t.Conversation, "", d.cfg.Now()) // what was sent is no draft; one that stays does no harm
	}
	d.committed(c)
	return c, nil
}

// takeTries is how often the next in the queue is looked for when a colleague was faster.
const takeTries = 5

// takeNext gives an agent the first who waits in her groups.
func (d *Desk) takeNext(ctx context.Context, me desk.Agent) (desk.Change, error) {
	err := fault.New(fault.Conflict, "没有人在排队")
	queue := d.cfg.Desk.Select(func(t desk.Ticket) bool { return t.State == desk.Queued && d.worksOn(me, t) })
	for _, t := range queue[:min(len(queue), takeTries)] {
		var c desk.Change
		c, err = d.cfg.Desk.Do(ctx, t.Number, desk.Event{Kind: desk.Take, Actor: me.ID, Number: me.Number})
		if err == nil || !fault.Is(err, fault.Conflict) {
			return c, err
		}
	}
	return desk.Change{}, err
}

// works reports whether an agent is here to be given something.
func (d *Desk) works(id string) bool {
	a, known := d.cfg.Desk.AgentOf(id)
	return known && !a.Disabled && a.Presence != desk.Offline
}

// committed tells both sides of rows that a move has stored.
func (d *Desk) committed(c desk.Change) {
	if n := len(c.Seqs); n > 0 {
		d.cfg.Hub.Committed(c.Ticket.Conversation, c.Seqs[n-1])
	}
}

// note stores what agents tell each other. It has no way to a citizen.
func (s *session) note(ctx context.Context, f frame) error {
	s.mu.Lock()
	me := s.me
	s.mu.Unlock()
	switch {
	case f.Kind == "":
		f.Kind = desk.NoteKind
	case f.Kind == desk.WhisperKind && !s.chief:
		return fault.New(fault.Forbidden, "只有班长可以悄悄提示")
	case f.Kind != desk.NoteKind && f.Kind != desk.WhisperKind:
		return fault.New(fault.BadRequest, "字段 kind 可以是 note、whisper")
	}
	t, err := s.d.cfg.Desk.Ticket(ctx, f.Ticket)
	if err != nil {
		return err
	}
	n, err := s.d.cfg.Store.AddNote(ctx, desk.Note{
		Conversation: t.Conversation, Ticket: t.Number, Kind: f.Kind, Agent: me.ID, Author: me.Number, Text: f.Text, At: s.d.cfg.Now(),
	})
	if err != nil {
		return err
	}
	s.send(okFrame{"ok", f.Ref})
	s.d.cfg.Nodes.Note(n.Conversation, n.N)
	s.d.tellNote(t, n)
	return nil
}
