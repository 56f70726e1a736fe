package desk

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"shenwei/internal/trail"
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
	// OpenStamps lists the numbers and versions of the open tickets.
	OpenStamps(ctx context.Context) ([]Stamp, error)
	// ChangedTickets lists the numbers and versions of what changed since, in order.
	ChangedTickets(ctx context.Context, since time.Time, limit int) ([]Stamp, error)
	// DueTickets lists what the clock has something to do with.
	DueTickets(ctx context.Context, now time.Time, limit int) ([]Ticket, error)
	ServedTimes(ctx context.Context, group string, limit int) ([]time.Duration, error)
}

// People is the record of agents; *store.DB is one.
type People interface {
	Agents(ctx context.Context) ([]Agent, error)
	MeetAgent(ctx context.Context, id, display string, supervises bool, now time.Time) (number string, err error)
	SetPresence(ctx context.Context, id string, p Presence, reason string, now time.Time) error
	// SetSilent says that an agent let an offer lapse at a time, unless she has changed her
	// presence since.
	SetSilent(ctx context.Context, id string, lapsed time.Time) error
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
	// Announce tells other nodes that this one has changed a ticket, AnnounceStaff that it has
	// changed agents or limits. They must not block, and may be nil.
	Announce func(number string, version int64)
	// Shared says that other nodes may serve the same record: agents are read more often.
	Shared        bool
	AnnounceStaff func()
}

// Listener is told what happens on the desk. Its methods must not block.
type Listener interface {
	// Moved tells of a change of a ticket. One that another node or a citizen's turn made has
	// no Event and no Rows.
	Moved(Change)
	// Staffed tells that agents changed.
	Staffed([]Agent)
}

// Stamp is a ticket's version.
type Stamp struct {
	Number  string
	Version int64
}

// Service is the desk of this process: it carries events out, offers waiting tickets to
// agents and keeps the clock. What it holds in memory is a copy; the record decides, and any
// number of processes may serve the same record.
type Service struct {
	cfg  Config
	kick chan struct{}
	// listener and watch are set before Run.
	listener Listener
	watch    func(Change)

	mu    sync.Mutex
	board map[string]Ticket // open tickets by number
	talks map[string]string // their numbers by conversation
	// done are the versions of tickets that closed lately, before those that closed earlier:
	// they come again with each look back.
	done, before map[string]int64
	agents       []Agent
	served       map[string][]time.Duration
	limits       map[string]Limit
	heard        map[string]time.Time // the last line of who is slowed
	dirty        map[string]bool      // conversations whose ticket a turn has changed
	hinted       map[string]int64     // versions that other nodes speak of, by number
	staffHinted  bool                 // another node speaks of agents
	hintsRead    time.Time
	since        time.Time
	refresh      time.Time
	staffRead    time.Time
	read         bool // the board was read as a whole
	warned       int  // the year whose missing holidays were told
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
	if cfg.Announce == nil {
		cfg.Announce = func(string, int64) {}
	}
	if cfg.AnnounceStaff == nil {
		cfg.AnnounceStaff = func() {}
	}
	return &Service{
		cfg: cfg, kick: make(chan struct{}, 1), board: map[string]Ticket{}, talks: map[string]string{}, done: map[string]int64{}, served: map[string][]time.Duration{},
		limits: map[string]Limit{}, heard: map[string]time.Time{}, dirty: map[string]bool{}, hinted: map[string]int64{},
	}
}

// Listen sets who is told what happens. Call it before Run and before any event.
func (s *Service) Listen(l Listener) { s.listener = l }

// Watch sets who is told of what this process did to tickets, once each. It must not block.
func (s *Service) Watch(fn func(Change)) { s.watch = fn }

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
	if s.watch != nil && !c.Repeated {
		s.watch(c)
	}
	if s.cfg.Log.Enabled(context.Background(), slog.LevelDebug) {
		s.cfg.Log.Debug("a ticket moved", trail.Attr, trail.TurnID(c.Ticket.Conversation, c.Ticket.Seq), "ticket", c.Ticket.Number, "event", c.Event.Kind,
			"from", c.From, "to", c.Ticket.State, "group", c.Ticket.Group)
	}
	s.cfg.Announce(c.Ticket.Number, c.Ticket.Version)
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
		s.board[t.Number], s.talks[t.Conversation] = t, t.Number
	} else {
		delete(s.board, t.Number)
		if s.talks[t.Conversation] == t.Number {
			delete(s.talks, t.Conversation)
		}
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
func (s *Service) Board() []Ticket { return s.Select(func(Ticket) bool { return true }) }

// Queue returns the tickets that wait for an agent, in their order.
func (s *Service) Queue() []Ticket {
	return s.Select(func(t Ticket) bool { return t.State == Queued || t.State == Offered })
}

// Select returns the open tickets that fit, those of the queue in their order. They share
// their slices with those on the board, which nobody changes: Apply makes new ones. fits must
// not call the service.
func (s *Service) Select(fits func(Ticket) bool) []Ticket {
	s.mu.Lock()
	var all []Ticket
	for _, t := range s.board {
		if fits(t) {
			all = append(all, t)
		}
	}
	s.mu.Unlock()
	sortTickets(all)
	return all
}

// OwnerOf is the agent who owns a conversation, "" for none.
func (s *Service) OwnerOf(conversation string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.board[s.talks[conversation]].Agent
}

// knows reports whether a version of a ticket, or a later one, was seen.
func (s *Service) knows(st Stamp) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return max(s.board[st.Number].Version, s.done[st.Number], s.before[st.Number]) >= st.Version
}
