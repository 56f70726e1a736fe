package desk

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"shenwei/internal/fault"
)

// Tickets is the record of tickets; *store.DB is one.
type Tickets interface {
	// MoveTicket applies an event in one transaction with all that follows from it.
	MoveTicket(ctx context.Context, number string, e Event, r *Rules, now time.Time) (Change, error)
	// FileCall stores a call-back's form with the consent, and moves the ticket.
	FileCall(ctx context.Context, number string, f CallForm, r *Rules, now time.Time) (Change, error)
	// PullTicket opens a ticket for a conversation that the bot answers, with its first event.
	PullTicket(ctx context.Context, t Ticket, e Event, r *Rules, now time.Time) (Change, error)
	Ticket(ctx context.Context, number string) (Ticket, error)
	// TicketOf reads the newest ticket of a conversation.
	TicketOf(ctx context.Context, conversation string) (Ticket, error)
	OpenTickets(ctx context.Context) ([]Ticket, error)
	// ChangedTickets lists what changed since, in order.
	ChangedTickets(ctx context.Context, since time.Time, limit int) ([]Ticket, error)
	// DueTickets lists what the clock has something to do with.
	DueTickets(ctx context.Context, now time.Time, limit int) ([]Ticket, error)
	ServedTimes(ctx context.Context, group string, limit int) ([]time.Duration, error)
}

// People is the record of agents; *store.DB is one.
type People interface {
	Agents(ctx context.Context) ([]Agent, error)
	MeetAgent(ctx context.Context, id, display string, supervises bool, now time.Time) (number string, err error)
	SetPresence(ctx context.Context, id string, p Presence, reason string, now time.Time) error
	Beat(ctx context.Context, id string, now time.Time) error
	// Limits are the visitors who are slowed or kept out now.
	Limits(ctx context.Context, now time.Time) ([]Limit, error)
}

// Config is what a Service needs. Tickets and People must be set.
type Config struct {
	Tickets Tickets
	People  People
	Rules   *Rules
	Now     func() time.Time
	Log     *slog.Logger
}

// Listener is told what happens on the desk. Its methods must not block.
type Listener interface {
	// Moved tells of a change of a ticket. One that another node or a citizen's turn made has
	// no Event and no Rows.
	Moved(Change)
	// Staffed tells that agents changed.
	Staffed([]Agent)
}

// Service is the desk of this process: it carries events out, offers waiting tickets to
// agents and keeps the clock. What it holds in memory is a copy; the record decides, and any
// number of processes may serve the same record.
type Service struct {
	cfg  Config
	kick chan struct{}
	// listener is set before Run.
	listener Listener

	mu    sync.Mutex
	board map[string]Ticket // open tickets by number
	// done are the versions of tickets that closed lately, before those that closed earlier:
	// they come again with each look back.
	done, before map[string]int64
	agents       []Agent
	served       map[string][]time.Duration
	limits       map[string]Limit
	heard        map[string]time.Time // the last line of who is slowed
	dirty        map[string]bool      // conversations whose ticket a turn has changed
	since        time.Time
	refresh      time.Time
	warned       int // the year whose missing holidays were told
}

// NewService returns a service; Run keeps it going.
func NewService(cfg Config) *Service {
	if cfg.Rules == nil {
		cfg.Rules = Defaults()
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	return &Service{
		cfg: cfg, kick: make(chan struct{}, 1), board: map[string]Ticket{}, done: map[string]int64{}, served: map[string][]time.Duration{},
		limits: map[string]Limit{}, heard: map[string]time.Time{}, dirty: map[string]bool{},
	}
}

// Listen sets who is told what happens. Call it before Run and before any event.
func (s *Service) Listen(l Listener) { s.listener = l }

func (s *Service) tell(c Change) {
	if s.listener != nil {
		s.listener.Moved(c)
	}
}

// Rules are what the desk is run by.
func (s *Service) Rules() *Rules { return s.cfg.Rules }

// Do carries an event out.
func (s *Service) Do(ctx context.Context, number string, e Event) (Change, error) {
	c, err := s.cfg.Tickets.MoveTicket(ctx, number, e, s.cfg.Rules, s.cfg.Now())
	if err != nil {
		return c, err
	}
	if !c.Repeated {
		s.moved(c)
	}
	return c, nil
}

// DoFor carries an event out on the newest ticket of a conversation.
func (s *Service) DoFor(ctx context.Context, conversation string, e Event) (Change, error) {
	t, err := s.cfg.Tickets.TicketOf(ctx, conversation)
	if err != nil {
		return Change{}, err
	}
	return s.Do(ctx, t.Number, e)
}

// Pull gives a conversation that the bot answers to a supervisor.
func (s *Service) Pull(ctx context.Context, t Ticket, e Event) (Change, error) {
	t.Reason = "pulled"
	e.Kind, e.Chief = TakeOver, true
	c, err := s.cfg.Tickets.PullTicket(ctx, t, e, s.cfg.Rules, s.cfg.Now())
	if err == nil {
		s.moved(c)
	}
	return c, err
}

// FileCall stores a citizen's call-back form.
func (s *Service) FileCall(ctx context.Context, conversation string, f CallForm) (Change, error) {
	t, err := s.cfg.Tickets.TicketOf(ctx, conversation)
	if err != nil {
		return Change{}, err
	}
	c, err := s.cfg.Tickets.FileCall(ctx, t.Number, f, s.cfg.Rules, s.cfg.Now())
	if err == nil {
		s.moved(c)
	}
	return c, err
}

// moved notes a change and tells those who listen.
func (s *Service) moved(c Change) {
	if s.note(c.Ticket) {
		s.tell(c)
	}
	s.wake()
}

// note keeps a ticket if it is newer than what is known, and reports whether it was.
func (s *Service) note(t Ticket) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	old, known := s.board[t.Number]
	if known && old.Version >= t.Version || max(s.done[t.Number], s.before[t.Number]) >= t.Version {
		return false
	}
	if t.State.Open() {
		s.board[t.Number] = t
	} else {
		delete(s.board, t.Number)
		s.done[t.Number] = t.Version
		if t.State == Resolved && !t.Accepted.IsZero() {
			delete(s.served, t.Group) // measured anew
		}
	}
	for i, a := range s.agents {
		if known && old.Holder() == a.ID {
			s.agents[i].Load -= old.Weight()
		}
		if t.Holder() == a.ID {
			s.agents[i].Load += t.Weight()
			if old.Holder() != a.ID {
				s.agents[i].Assigned = t.Updated
			}
		}
	}
	return true
}

func (s *Service) wake() {
	select {
	case s.kick <- struct{}{}:
	default:
	}
}

// Changed tells that a turn changed the conversation's ticket.
func (s *Service) Changed(conversation string) {
	s.mu.Lock()
	s.dirty[conversation] = true
	s.mu.Unlock()
	s.wake()
}

// TicketOf reads the newest ticket of a conversation.
func (s *Service) TicketOf(ctx context.Context, conversation string) (Ticket, error) {
	return s.cfg.Tickets.TicketOf(ctx, conversation)
}

// Ticket reads a ticket.
func (s *Service) Ticket(ctx context.Context, number string) (Ticket, error) {
	return s.cfg.Tickets.Ticket(ctx, number)
}

// Board returns the open tickets, those of the queue in their order.
func (s *Service) Board() []Ticket {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]Ticket, 0, len(s.board))
	for _, t := range s.board {
		all = append(all, t.copied())
	}
	sortTickets(all)
	return all
}

// Agents returns everybody of the desk. Who has been silent for too long counts as offline.
func (s *Service) Agents() []Agent {
	now := s.cfg.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]Agent, len(s.agents))
	for i, a := range s.agents {
		if !a.Here(now, s.cfg.Rules) {
			a.Presence = Offline
		}
		all[i] = a
	}
	return all
}

// AgentOf returns one agent.
func (s *Service) AgentOf(id string) (Agent, bool) {
	for _, a := range s.Agents() {
		if a.ID == id {
			return a, true
		}
	}
	return Agent{}, false
}

// Admission is what becomes of a handover.
type Admission struct {
	Ticket Ticket
	// Reopen says that Ticket is an earlier one that goes on.
	Reopen bool
	// Minutes is the estimated wait, 0 where it is not known.
	Minutes int
	// Text takes the place of the card's first words, "" leaves them.
	Text string
}

// Admit decides what becomes of a new handover: it goes on with one that was resolved not
// long ago, it queues, or, where nobody works or the wait is too long, the citizen is asked
// whether she wants to be called.
func (s *Service) Admit(ctx context.Context, t Ticket) (Admission, error) {
	now := s.cfg.Now()
	old, err := s.cfg.Tickets.TicketOf(ctx, t.Conversation)
	switch {
	case err == nil && (old.State == Resolved && now.Before(old.Ended.Add(s.cfg.Rules.ReopenFor)) || old.State == Wrapup):
		return Admission{Ticket: old, Reopen: true}, nil
	case err != nil && !fault.Is(err, fault.NotFound):
		return Admission{}, err
	}
	r := s.cfg.Rules
	g := r.Group(t.Group)
	t.Group = g.Name
	agents := s.Agents()
	if !g.Calendar.Open(now) && !r.Staffed(g.Name, agents, now) {
		return Admission{Ticket: NewCallback(t, now, r), Text: closedText(g, now)}, nil
	}
	if !r.Staffed(g.Name, agents, now) {
		return Admission{Ticket: NewCallback(t, now, r), Text: texts["callback"]}, nil
	}
	fresh := New(t, now, r)
	wait := s.estimate(ctx, fresh, agents, now)
	if g.MaxWait > 0 && wait > g.MaxWait && !t.Urgent {
		return Admission{Ticket: NewCallback(t, now, r), Minutes: Minutes(wait), Text: texts["callback-offer"]}, nil
	}
	return Admission{Ticket: fresh, Minutes: Minutes(wait)}, nil
}

// closedText says when a group works next.
func closedText(g Group, now time.Time) string {
	next, ok := g.Calendar.NextOpen(now)
	if !ok {
		return texts["callback"]
	}
	at := next.In(shanghai(g))
	return "人工坐席现在休息，" + at.Format("1月2日 15:04") + " 上班。请留下电话和方便的时间，坐席会打给您；您也可以继续问我。"
}

// estimate is how long a ticket will wait, 0 where that is not known.
func (s *Service) estimate(ctx context.Context, t Ticket, agents []Agent, now time.Time) time.Duration {
	return Estimate(Position(t, s.Board()), s.servedTimes(ctx, t.Group), s.cfg.Rules.Slots(t.Group, agents, now))
}

// measured is how many conversations an estimate looks back on.
const measured = 50

func (s *Service) servedTimes(ctx context.Context, group string) []time.Duration {
	s.mu.Lock()
	list, known := s.served[group]
	s.mu.Unlock()
	if known {
		return list
	}
	list, err := s.cfg.Tickets.ServedTimes(ctx, group, measured)
	if err != nil {
		return nil // a wait that is not known is not said
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.served[group] = list
	return list
}

// Place is a waiting ticket's place in its queue and the estimated minutes, 0 where that is
// not known.
func (s *Service) Place(ctx context.Context, t Ticket) (place, minutes int) {
	place = Position(t, s.Board())
	return place, Minutes(Estimate(place, s.servedTimes(ctx, t.Group), s.cfg.Rules.Slots(t.Group, s.Agents(), s.cfg.Now())))
}

// Meet says that a person has come to the desk, and returns her number.
func (s *Service) Meet(ctx context.Context, id, display string, supervises bool) (Agent, error) {
	now := s.cfg.Now()
	if _, err := s.cfg.People.MeetAgent(ctx, id, display, supervises, now); err != nil {
		return Agent{}, err
	}
	if err := s.cfg.People.Beat(ctx, id, now); err != nil {
		return Agent{}, err
	}
	if err := s.readAgents(ctx); err != nil {
		return Agent{}, err
	}
	for _, a := range s.allAgents() {
		if a.ID == id {
			return a, nil
		}
	}
	return Agent{}, fault.New(fault.Internal, "an agent who was just met is not there")
}

func (s *Service) allAgents() []Agent {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Agent(nil), s.agents...)
}

// Presence says what an agent is doing.
func (s *Service) Presence(ctx context.Context, id string, p Presence, reason string) error {
	switch p {
	case Online, Busy, Break, Offline:
	default:
		return fault.New(fault.BadRequest, "状态可以是 online、busy、break、offline")
	}
	return s.setPresence(ctx, id, p, reason)
}

func (s *Service) setPresence(ctx context.Context, id string, p Presence, reason string) error {
	if err := s.cfg.People.SetPresence(ctx, id, p, reason, s.cfg.Now()); err != nil {
		return err
	}
	if err := s.readAgents(ctx); err != nil {
		return err
	}
	s.wake()
	return nil
}

// Beat says that an agent was heard.
func (s *Service) Beat(ctx context.Context, id string) error {
	now := s.cfg.Now()
	if err := s.cfg.People.Beat(ctx, id, now); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, a := range s.agents {
		if a.ID == id && a.Seen.Before(now) {
			s.agents[i].Seen = now
		}
	}
	return nil
}

// Reload reads agents and limits anew, after a supervisor changed them.
func (s *Service) Reload(ctx context.Context) error {
	if err := s.readLimits(ctx); err != nil {
		return err
	}
	if err := s.readAgents(ctx); err != nil {
		return err
	}
	s.wake()
	return nil
}

func (s *Service) readAgents(ctx context.Context) error {
	list, err := s.cfg.People.Agents(ctx)
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.agents = list
	s.mu.Unlock()
	if s.listener != nil {
		s.listener.Staffed(s.Agents())
	}
	return nil
}

func (s *Service) readLimits(ctx context.Context) error {
	list, err := s.cfg.People.Limits(ctx, s.cfg.Now())
	if err != nil {
		return err
	}
	limits := map[string]Limit{}
	for _, l := range list {
		limits[l.Conversation] = l
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.limits = limits
	for c := range s.heard {
		if limits[c].Mode == "" {
			delete(s.heard, c)
		}
	}
	return nil
}

// Limited is what to say to a visitor whom a supervisor has slowed or kept out, "" to
// everybody else.
func (s *Service) Limited(conversation string) string {
	now := s.cfg.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.limits[conversation]
	if l.Mode == "" || !now.Before(l.Until) {
		return ""
	}
	if l.Mode == LimitBlock {
		return "因多次发送不当内容，本会话到 " + l.Until.In(shanghai(Group{})).Format("1月2日 15:04") + " 前暂停服务。紧急情况请直接拨打 110。"
	}
	last := s.heard[conversation]
	if now.Sub(last) < SlowEvery {
		return "您发得太快了，请每次间隔半分钟。紧急情况请直接拨打 110。"
	}
	s.heard[conversation] = now
	return ""
}
