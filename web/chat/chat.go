// Package chat is the citizen's side of the web: the socket /ws/chat (socket.go, then pump.go
// for the order of what is sent) and the pages that the server renders (pages.go).
package chat

import (
	"context"
	"io/fs"
	"log/slog"
	"time"

	"shenwei/bot"
	"shenwei/bot/desk"
	"shenwei/internal/trail"
	"shenwei/kb"
	"shenwei/web/live"
	"shenwei/web/respond"
)

// Front takes a citizen's line; *bot.Front is one.
type Front interface {
	Begin(ctx context.Context, m bot.Message) (*bot.Line, error)
}

// Store is what the socket reads of the record.
type Store interface {
	// Messages lists what follows a sequence number, oldest first.
	Messages(ctx context.Context, conversation string, after int64, limit int) ([]bot.Stored, error)
	// Authorize is not_found for an unknown conversation and for a wrong token.
	Authorize(ctx context.Context, conversation, token string) error
}

// Desk is the hotline as a citizen's page needs it.
type Desk interface {
	StatusOf(ctx context.Context, conversation string) (*desk.Status, error)
	Wish(ctx context.Context, conversation string, w desk.Wish) (desk.Change, error)
	// Typing and Read tell who serves a citizen that she types, and what she has read.
	Typing(conversation string, on bool)
	Read(conversation string, seq int64)
}

// Limits slows down who sends too much: one visitor, one address. An empty name is not
// counted. The error is rate_limited and says when to come back.
type Limits interface {
	Allow(visitor, addr string) error
}

// Live is what the pages show of the release that is live.
type Live interface {
	Knowledge() *kb.Knowledge
	Release() int64
	// Revision is a document's revision number in the release, 0 when it has none.
	Revision(kind kb.Kind, id string) int64
	Site() bot.Site
	// Links are an item's buttons, the one to tap first.
	Links(it *kb.Item) []bot.Link
	// Say is a text of ours in a language.
	Say(lang bot.Lang, text string) string
	// Overrides are what is set for the moment; never nil.
	Overrides() *bot.Overrides
}

// Config is what the package needs.
type Config struct {
	Front Front
	Store Store
	// Live returns what is live now, nil before the first release is ready.
	Live func() Live
	Hub  *live.Hub
	// Desk is nil where no hotline is behind the bot.
	Desk    Desk
	Respond *respond.Responder
	Limits  Limits
	Log     *slog.Logger
	// Tracer makes spans, nil for none; TurnOf names the turn that a reply belongs to.
	Tracer trail.Tracer
	TurnOf func(ctx context.Context, conversation string, reply int64) string
	// Cookie is the name of the cookie that may carry the token.
	Cookie string
	// Operator runs the service, RetentionDays is how long it keeps conversations, PictureDays how
	// long pictures; all stand in the privacy notice.
	Operator      string
	RetentionDays int
	PictureDays   int
	// MayEmbed tells whether an origin's pages may frame the chat page; nil for nobody.
	MayEmbed func(origin string) bool
	// Codes keeps what buttons hand over; nil where nothing is.
	Codes Codes
	// Tiles are the maps that outlets may be shown on; the zero value for lists alone.
	Tiles Tiles
	// Now is the clock of notices and opening hours; time.Now when nil.
	Now func() time.Time
	// Assets holds the built pages: index.html and assets/.
	Assets fs.FS
}

// Chat answers citizens. Its exported methods are HTTP handlers.
type Chat struct {
	cfg    Config
	static *static
}

// New returns the handlers. It fails when the built pages cannot be read.
func New(cfg Config) (*Chat, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	files, err := loadStatic(cfg.Assets)
	if err != nil {
		return nil, err
	}
	return &Chat{cfg: cfg, static: files}, nil
}
