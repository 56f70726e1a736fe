// Package studio is the editors' interface below /api/v1/studio: documents and drafts, review,
// the gate, releases, and what is set for the moment. The rules are kb.Studio's; this package
// turns requests into its calls and answers into JSON. Start reading at New; which role may
// call what stands in web/routes.go.
package studio

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"shenwei/bot"
	"shenwei/internal/fault"
	"shenwei/kb"
	"shenwei/web/auth"
	"shenwei/web/respond"
)

// Overrides keeps what is set for the moment; *store.DB does.
type Overrides interface {
	// Overrides reads all that holds; never nil.
	Overrides(ctx context.Context) (*bot.Overrides, error)
	AddTakedown(ctx context.Context, t bot.Takedown, by kb.Member) (int64, error)
	AddNotice(ctx context.Context, n bot.Notice, by kb.Member, at time.Time) (int64, error)
	// SetSwitch sends everything to people, or ends that.
	SetSwitch(ctx context.Context, on bool, s bot.Switch, by kb.Member) error
	// SetPublished has answers said as published, without a model, or ends that.
	SetPublished(ctx context.Context, on bool, s bot.Switch, by kb.Member) error
	// EndTakedown and EndNotice are not_found for what has ended.
	EndTakedown(ctx context.Context, id int64, by kb.Member, at time.Time) error
	EndNotice(ctx context.Context, id int64, by kb.Member, at time.Time) error
}

// Services are what the handlers work on.
type Services struct {
	Studio    *kb.Studio
	Overrides Overrides
	// Links may be nil.
	Links Links
	// Wording tells what the model does that may choose the words; nil where none is configured.
	Wording func() *Wording
	// Changed, which may be nil, is told after something was set for the moment; it must not
	// block.
	Changed func()
}

// Config is what the package needs.
type Config struct {
	Services
	Respond *respond.Responder
	// Now is the clock.
	Now func() time.Time
}

// Studio answers editors. Its exported methods are HTTP handlers.
type Studio struct{ cfg Config }

// New returns the handlers.
func New(cfg Config) *Studio {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Changed == nil {
		cfg.Changed = func() {}
	}
	return &Studio{cfg}
}

// MaxEdit is the largest edit accepted, in bytes: a whole document as JSON.
const MaxEdit = 2 << 20

// handle answers with what do returns, or with its error.
func (s *Studio) handle(w http.ResponseWriter, r *http.Request, do func(by kb.Member, p auth.Principal) (any, error)) {
	p, ok := auth.From(r.Context())
	if !ok {
		s.cfg.Respond.Error(w, r, fault.New(fault.Unauthorized, "请先登录"))
		return
	}
	answer, err := do(member(p), p)
	if err != nil {
		s.cfg.Respond.Error(w, r, explained(err))
		return
	}
	s.cfg.Respond.JSON(w, r, answer)
}

func member(p auth.Principal) kb.Member {
	name := p.Display
	if name == "" {
		name = p.Name
	}
	return kb.Member{ID: p.ID, Login: p.Name, Name: name}
}

// explained adds what a page needs to go on: the other's text, or what is wrong where.
func explained(err error) error {
	var conflict *kb.DraftConflict
	if errors.As(err, &conflict) {
		t := conflict.Theirs
		return respond.Detailed(err, conflictDetail{theirView{t.Number, t.Author.Name, t.Created, t.Body}, conflict.Diff})
	}
	var problems kb.Problems
	if errors.As(err, &problems) {
		return respond.Detailed(err, problemDetail{problemViews(problems, kb.Document{})})
	}
	return err
}

type conflictDetail struct {
	Theirs theirView `json:"theirs"`
	Diff   string    `json:"diff"`
}

type theirView struct {
	Revision int64     `json:"revision"`
	Author   string    `json:"author"`
	At       time.Time `json:"at"`
	Body     string    `json:"body"`
}

type problemDetail struct {
	Problems []problemView `json:"problems"`
}

// problemView is one thing that is wrong, in the editor's words and place.
type problemView struct {
	Path   string `json:"path"`
	Field  string `json:"field"`
	Line   int    `json:"line"`
	Reason string `json:"reason"`
}

// problemViews are never nil. doc, when it has a text, tells the field of a line.
func problemViews(problems []kb.Problem, doc kb.Document) []problemView {
	views := []problemView{}
	for _, p := range problems {
		v := problemView{Path: p.Path, Line: p.Line, Reason: p.Chinese()}
		if doc.Body != "" && p.Path == doc.Path() {
			v.Field = doc.FieldAt(p.Line)
		}
		views = append(views, v)
	}
	return views
}

// number reads a number of the path or query; an empty one is 0.
func number(name, value string) (int64, error) {
	if value == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(value, 10, 64)
	if err != nil || n < 0 {
		return 0, fault.New(fault.BadRequest, "参数 %s 应为一个数", name)
	}
	return n, nil
}

func pathNumber(r *http.Request, name string) (int64, error) {
	n, err := number(name, r.PathValue(name))
	if err == nil && n == 0 {
		err = fault.New(fault.NotFound, "没有这一条")
	}
	return n, err
}

func when(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
