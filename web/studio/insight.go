package studio

import (
	"context"
	"net/http"
	"strconv"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"shenwei/bot"
	"shenwei/bot/insight"
	"shenwei/intents"
	"shenwei/internal/audit"
	"shenwei/internal/fault"
	"shenwei/kb"
	"shenwei/web/auth"
	"shenwei/web/respond"
)

// TrialEngine is one version of the knowledge that answers; *release.Running is one.
type TrialEngine interface {
	Answer(ctx context.Context, turn bot.Turn) bot.Answered
	Understander() *intents.Understander
	Knowledge() *kb.Knowledge
	Label(key string) string
	Release() int64
	// Nearest lists what a question may mean, best first, at most n.
	Nearest(text string, n int) []intents.Scored
}

// Trials opens engines. Each stays open until done is called.
type Trials interface {
	Live() (e TrialEngine, done func(), err error)
	// Candidate is the live release with drafts in their place. Drafts that cannot be put
	// together with the rest are left out, and the problems say why.
	Candidate(ctx context.Context, p Pick) (e TrialEngine, left []kb.Problem, done func(), err error)
}

// Pick says which drafts a candidate has.
type Pick struct {
	// Drafts takes every open draft, Change those of one change.
	Drafts bool
	Change int64
	// Document is one that is not stored; nil for none.
	Document *kb.Document
}

// Version is a document as its open draft or, without one, the release has it.
type Version struct {
	kb.Document
	// Live is the published text, "" for none; Base the number of the published revision,
	// Draft that of the open draft, 0 for none.
	Live        string
	Base, Draft int64
}

// DraftDesk is where changes become drafts.
type DraftDesk interface {
	// Versions lists the documents of a kind in the order of their ids.
	Versions(ctx context.Context, kind kb.Kind) ([]Version, error)
	// Version finds one, false when there is none.
	Version(ctx context.Context, key string) (Version, bool, error)
	// Save stores doc as a draft of by's; seen is the version that it was made of. A newer one
	// is a conflict, and so is somebody else's open draft unless take, which goes on with it.
	Save(ctx context.Context, seen Version, doc kb.Document, by kb.Member, take bool) error
}

// InsightStore is the record as it is looked at here.
type InsightStore interface {
	Numbers(ctx context.Context, d insight.Days) (insight.Numbers, error)
	Clusters(ctx context.Context, f insight.Filter) ([]insight.Cluster, int, error)
	Cluster(ctx context.Context, id int64) (insight.Cluster, error)
	// Within counts a cluster's questions.
	Within(ctx context.Context, cluster int64, d insight.Days) (int64, error)
	Resolve(ctx context.Context, r insight.Resolution, e audit.Entry) error
	// Latest lists citizens' newest questions, masked.
	Latest(ctx context.Context, limit int) ([]string, error)
	// Turn reads the turn that a line or reply belongs to.
	Turn(ctx context.Context, conversation string, seq int64) (insight.Turn, error)
}

// InsightConfig is what Insight needs; every field must be set, but Now and Real.
type InsightConfig struct {
	Trials  Trials
	Drafts  DraftDesk
	Store   InsightStore
	Respond *respond.Responder
	// Audit records a look at a citizen's words.
	Audit func(ctx context.Context, e audit.Entry) error
	// Location is the time zone of the service's days.
	Location *time.Location
	Now      func() time.Time
	// Shapes turn a reply into the messages of a channel that shows it in its own way; other
	// channels show it as our pages do.
	Shapes map[bot.Channel]func(*bot.Reply) any
	// Real is how many of citizens' questions a lexicon is tried on; 0 for 400.
	Real int
}

// Insight answers editors who look at how the bot does: the engine beside drafts (try.go), the
// lexicon at work (segment.go), gold questions (gold.go), what nobody could answer (missed.go)
// and the numbers (stats.go, export.go). Its exported methods are HTTP handlers;
// web/studio_routes.go says who may call which.
type Insight struct {
	cfg InsightConfig
	// compared keeps what a lexicon changes, since each letter that an editor types asks again.
	compared *lru.Cache[string, comparison]
}

const (
	defaultReal = 400
	keptResults = 16
)

// NewInsight returns the handlers.
func NewInsight(cfg InsightConfig) (*Insight, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Real == 0 {
		cfg.Real = defaultReal
	}
	compared, err := lru.New[string, comparison](keptResults)
	return &Insight{cfg, compared}, err
}

// serve answers with what f returns.
func (h *Insight) serve(w http.ResponseWriter, r *http.Request, f func() (any, error)) {
	body, err := f()
	if err != nil {
		h.cfg.Respond.Error(w, r, explained(err))
		return
	}
	h.cfg.Respond.JSON(w, r, body)
}

// who is the person who asks. The route has let her in, so there is one.
func who(r *http.Request) (auth.Principal, error) {
	p, ok := auth.From(r.Context())
	if !ok {
		return p, fault.New(fault.Unauthorized, "请先登录")
	}
	return p, nil
}

// param reads a parameter of the query, or returns what is meant without it.
func param(r *http.Request, name string, missing, least, most int) (int, error) {
	given := r.URL.Query().Get(name)
	if given == "" {
		return missing, nil
	}
	n, err := strconv.Atoi(given)
	if err != nil || n < least || n > most {
		return 0, fault.New(fault.BadRequest, "参数 %s 应为 %d 到 %d 的整数", name, least, most)
	}
	return n, nil
}

// page is the part of a list that a request asks for.
func page(r *http.Request) (offset, limit int, err error) {
	if offset, err = param(r, "offset", 0, 0, 1_000_000); err != nil {
		return 0, 0, err
	}
	limit, err = param(r, "limit", 50, 1, 200)
	return offset, limit, err
}
