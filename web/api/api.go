// Package api is the public HTTP interface below /api/v1. openapi.json describes it; a test
// of package web holds the two together.
package api

import (
	"context"
	_ "embed" // openapi.json
	"net/http"
	"time"

	"shenwei/bot"
	"shenwei/intents"
	"shenwei/internal/picture"
	"shenwei/kb"
	"shenwei/web/respond"
)

// Front takes a citizen's line; *bot.Front is one.
type Front interface {
	Begin(ctx context.Context, m bot.Message) (*bot.Line, error)
}

// Store is what the API reads and writes beside lines.
type Store interface {
	// Messages lists what follows a sequence number, oldest first.
	Messages(ctx context.Context, conversation string, after int64, limit int) ([]bot.Stored, error)
	// Authorize is not_found for an unknown conversation and for a wrong token.
	Authorize(ctx context.Context, conversation, token string) error
	// AddFeedback stores a thumb for the reply at seq.
	AddFeedback(ctx context.Context, conversation string, seq int64, score int, reason string, at time.Time) error
	// LowScores counts the answers of a conversation that its citizen found of no use.
	LowScores(ctx context.Context, conversation string) (int, error)
	// Conversation reads who owns a conversation.
	Conversation(ctx context.Context, id string) (bot.Conversation, error)
	// Picture reads the picture of a row, or its small one; not_found where it has none.
	Picture(ctx context.Context, conversation string, seq int64, small bool) ([]byte, error)
}

// Limits slows down who sends too much: one visitor, one address. An empty name is not
// counted. The error is rate_limited and says when to come back.
type Limits interface {
	Allow(visitor, addr string) error
}

// Documents are the knowledge of the release that is live.
type Documents interface {
	Knowledge() *kb.Knowledge
	Release() int64
	// Revision is a document's revision number in the release, 0 when it has none.
	Revision(kind kb.Kind, id string) int64
}

// Live is the release that is live, as an operator presents it.
type Live interface {
	Documents
	Site() bot.Site
	// Links are an item's buttons, the one to tap first.
	Links(it *kb.Item) []bot.Link
	// Nearest lists what a beginning of a question may mean, best first.
	Nearest(text string, n int) []intents.Scored
	// Say is a text of ours in a language.
	Say(lang bot.Lang, text string) string
	// Overrides are what people set for the moment; nil for nothing.
	Overrides() *bot.Overrides
}

// Config is what the package needs.
type Config struct {
	Front Front
	Store Store
	// Live returns what is live now, nil before the first release is ready.
	Live    func() Live
	Respond *respond.Responder
	Limits  Limits
	// Cleaner writes pictures anew that citizens send; two at once when nil.
	Cleaner Cleaner
	// Now is the clock.
	Now func() time.Time
	// Codes and LinkKeys let the business site redeem what buttons hand over: the shared secrets,
	// the present one first. Without them nothing is.
	Codes    Codes
	LinkKeys []string
	// Cookie is the name of the cookie that carries the token on our own pages.
	Cookie string
}

// API answers programs and our own pages. Its exported methods are HTTP handlers.
type API struct {
	cfg     Config
	suggest *suggester
}

// New returns the handlers.
func New(cfg Config) *API {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Cleaner == nil {
		cfg.Cleaner = picture.NewCleaner(2)
	}
	return &API{cfg: cfg, suggest: newSuggester()}
}

//go:embed openapi.json
var description []byte

// OpenAPI is the description of this interface, OpenAPI 3.0 as JSON.
func OpenAPI() []byte { return description }

// Describe serves the description.
func (a *API) Describe(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_, _ = w.Write(description) // the reader may have left
}
