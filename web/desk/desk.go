// Package desk is the agents' and supervisors' side of the web: the socket /ws/desk
// (session.go; fanout.go decides who is told what) and the handlers under /api/v1/desk
// (rest.go, packet.go, chief.go, orders.go). docs/desk-api.md describes both.
package desk

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"shenwei/bot"
	"shenwei/bot/desk"
	"shenwei/internal/audit"
	"shenwei/internal/outbox"
	"shenwei/internal/picture"
	"shenwei/kb"
	"shenwei/web/live"
	"shenwei/web/respond"
)

// Service is the desk behind the handlers.
type Service = desk.Service

// Talk is what is read of conversations.
type Talk interface {
	Messages(ctx context.Context, conversation string, after int64, limit int) ([]bot.Stored, error)
	Conversation(ctx context.Context, id string) (bot.Conversation, error)
	TicketsOf(ctx context.Context, conversation string, limit int) ([]desk.Ticket, error)
	EndedTickets(ctx context.Context, from, to time.Time, limit int) ([]desk.Ticket, error)
	RecentConversations(ctx context.Context, since time.Time, limit int) ([]desk.Glance, error)
	// WhoWaits notes who of those who wait is on her page on this node, and tells how long no node
	// has seen the others.
	WhoWaits(ctx context.Context, here, others []string) (map[string]time.Duration, error)
}

// Scratch is what agents write beside what citizens read.
type Scratch interface {
	AddNote(ctx context.Context, n desk.Note) (desk.Note, error)
	Notes(ctx context.Context, conversation string, after int64, limit int) ([]desk.Note, error)
	// CountNotes counts the notes of each of some conversations; those without stand not in it.
	CountNotes(ctx context.Context, conversations []string) (map[string]int, error)
	KeepTyped(ctx context.Context, agent, conversation, text string, now time.Time) error
	DeskDrafts(ctx context.Context, agent string) (map[string]string, error)
}

// Shelf keeps the canned replies.
type Shelf interface {
	Canned(ctx context.Context) ([]desk.Canned, error)
	SaveCanned(ctx context.Context, c desk.Canned) (desk.Canned, error)
}

// Orders keeps work orders and call-back forms.
type Orders interface {
	AddOrder(ctx context.Context, o desk.Order, actor string, send func(desk.Order) []outbox.Entry) (desk.Order, error)
	SaveOrder(ctx context.Context, o desk.Order, actor, did string, now time.Time, entries ...outbox.Entry) error
	Order(ctx context.Context, number string) (desk.Order, error)
	Orders(ctx context.Context, state, ticket string, limit int) ([]desk.Order, error)
	CallOf(ctx context.Context, ticket string) (desk.CallRequest, error)
}

// Watch is what supervisors read and set.
type Watch interface {
	Alerts(ctx context.Context, limit int) ([]desk.Alert, error)
	SeeAlerts(ctx context.Context, conversation, actor string, now time.Time) error
	Limit(ctx context.Context, l desk.Limit) error
	SetAgent(ctx context.Context, a desk.Agent, actor string) error
	Quality
}

// Quality keeps quality sheets and what citizens thought.
type Quality interface {
	SaveCheck(ctx context.Context, c desk.Check) error
	Checks(ctx context.Context, from, to time.Time, limit int) ([]desk.Check, error)
	Tally(ctx context.Context, from, to time.Time) (desk.Tally, error)
	AppendAudit(ctx context.Context, e audit.Entry) error
}

// Store is the record of the desk; *store.DB is one.
type Store interface {
	Talk
	Scratch
	Shelf
	Orders
	Watch
	Pictures
}

// Live is the release that is live.
type Live interface {
	Knowledge() *kb.Knowledge
	Release() int64
}

// Config is what the package needs.
type Config struct {
	Desk  *Service
	Store Store
	// Answer is the engine that also answers citizens: what it would say is what an agent is
	// suggested.
	Answer bot.Answerer
	Live   func() Live
	Hub    *live.Hub
	// Drafts takes replies that are worth keeping as knowledge; nil where there is no studio.
	Drafts Drafts
	// Reach tells whether words reach a citizen on another channel; nil on our own pages. It
	// may be nil.
	Reach func(ctx context.Context, channel, conversation string) (*Reach, error)
	// Deadlines are the due times of work orders; nil for the house's.
	Deadlines desk.Deadlines
	// Parcels makes of every work order that was made or changed what goes into the outbox,
	// in the same transaction; Wake tells that something is there, also of what is said to
	// citizens on WeChat, and does not block. Both may be nil.
	Parcels func(o desk.Order, did string) []outbox.Entry
	Wake    func()
	// Upload hands a picture for a citizen on another channel to its platform and returns the
	// platform's id of it, "" on our own pages. It may be nil.
	Upload func(ctx context.Context, channel string, p *picture.Picture) (string, error)
	// Nodes tells other nodes what no table tells them soon; the zero value where there are none.
	Nodes Nodes
	// Cleaner writes pictures anew that agents send; two at once when nil.
	Cleaner *picture.Cleaner
	Respond *respond.Responder
	Now     func() time.Time
	Log     *slog.Logger
}

// Reach is how an agent stands with a citizen on a channel where messages are counted.
type Reach struct {
	// Following is false when she left the account: nothing arrives any more.
	Following bool `json:"following"`
	// Open says that something may be sent now, Left how many messages, Until until when.
	Open  bool      `json:"open"`
	Left  int       `json:"left"`
	Until time.Time `json:"until,omitzero"`
	// Waiting counts what goes with her next word.
	Waiting int `json:"waiting"`
}

// Desk holds the agents' connections. Its exported methods with a request are HTTP handlers.
type Desk struct {
	cfg Config

	mu       sync.Mutex
	sessions map[*session]struct{}
	pages    map[string]map[*session]struct{} // those of them that are an agent's
	watchers map[string]map[*session]struct{} // by conversation
	held     map[string][2]string             // agent and offered by ticket, as pages were told last
	asked    map[string]time.Time             // when a queue's places were told, by conversation
	staff    map[string]desk.Agent            // agents as they are known
	changed  map[string]desk.Agent            // those of them that pages were not told of yet
	told     map[desk.Alert]bool              // alerts that supervisors were shown

	// watchful is used by Run only.
	watchful watchfulness

	// stirred: something changed that pages are told of as a whole; requested: a page asks.
	stirred, requested chan struct{}
}

// New returns the handlers, which listen to the desk from now on.
func New(cfg Config) *Desk {
	if cfg.Deadlines == nil {
		cfg.Deadlines = desk.DefaultDeadlines()
	}
	if cfg.Parcels == nil {
		cfg.Parcels = func(desk.Order, string) []outbox.Entry { return nil }
	}
	if cfg.Reach == nil {
		cfg.Reach = func(context.Context, string, string) (*Reach, error) { return nil, nil }
	}
	if cfg.Cleaner == nil {
		cfg.Cleaner = picture.NewCleaner(2)
	}
	if cfg.Upload == nil {
		cfg.Upload = noUpload
	}
	if cfg.Wake == nil {
		cfg.Wake = func() {}
	}
	cfg.Nodes.defaults()
	d := &Desk{
		cfg: cfg, sessions: map[*session]struct{}{}, pages: map[string]map[*session]struct{}{}, watchers: map[string]map[*session]struct{}{},
		staff: map[string]desk.Agent{}, changed: map[string]desk.Agent{}, stirred: make(chan struct{}, 1), requested: make(chan struct{}, 1), held: map[string][2]string{}, asked: map[string]time.Time{},
	}
	cfg.Desk.Listen(d)
	cfg.Hub.Follow(d.Committed)
	return d
}
