package studio

import (
	"encoding/json"
	"net/http"
	"time"

	"shenwei/internal/fault"
	"shenwei/kb"
	"shenwei/web/auth"
	"shenwei/web/markdown"
	"shenwei/web/respond"
)

type listView struct {
	Total     int        `json:"total"`
	Documents []lineView `json:"documents"`
}

type lineView struct {
	Key        string        `json:"key"`
	Kind       kb.Kind       `json:"kind"`
	Title      string        `json:"title"`
	State      string        `json:"state"`
	PoliceType string        `json:"police_type"`
	Category   string        `json:"category"`
	Owner      string        `json:"owner"`
	Review     string        `json:"review"`
	Effective  string        `json:"effective"`
	Expires    string        `json:"expires"`
	Revision   int64         `json:"revision"`
	Draft      *draftOfALine `json:"draft,omitempty"`
	Updated    time.Time     `json:"updated"`
}

type draftOfALine struct {
	Number   int64     `json:"number"`
	Author   string    `json:"author"`
	AuthorID string    `json:"author_id"`
	At       time.Time `json:"at"`
	State    string    `json:"state"`
	Change   int64     `json:"change,omitempty"`
}

// Documents lists documents.
func (s *Studio) Documents(w http.ResponseWriter, r *http.Request) {
	s.handle(w, r, func(kb.Member, auth.Principal) (any, error) {
		q := r.URL.Query()
		f := kb.Filter{
			Kind: kb.Kind(q.Get("kind")), Query: q.Get("q"), State: q.Get("state"), Type: q.Get("type"), Owner: q.Get("owner"), ReviewBefore: q.Get("review_before"),
		}
		offset, err := number("offset", q.Get("offset"))
		if err != nil {
			return nil, err
		}
		limit, err := number("limit", q.Get("limit"))
		if err != nil {
			return nil, err
		}
		f.Offset, f.Limit = int(offset), int(limit)
		over, err := s.cfg.Overrides.Overrides(r.Context())
		if err != nil {
			return nil, err
		}
		f.Hidden = over.Hides
		total, page, err := s.cfg.Studio.List(r.Context(), f)
		if err != nil {
			return nil, err
		}
		view := listView{Total: total, Documents: []lineView{}}
		for _, d := range page {
			view.Documents = append(view.Documents, lineOf(d))
		}
		return view, nil
	})
}

func lineOf(d kb.Listed) lineView {
	v := lineView{
		Key: d.Key(), Kind: d.Kind, Title: d.Title, State: d.State, PoliceType: d.PoliceType, Category: d.Category, Owner: d.Owner,
		Review: d.Review, Effective: d.Effective, Expires: d.Expires, Revision: d.Live, Updated: d.Updated,
	}
	if d.Draft != nil {
		v.Draft = &draftOfALine{d.Draft.Number, d.Draft.Author.Name, d.Draft.Author.ID, d.Draft.At, draftState(d.Draft.Proposal), d.Draft.Proposal}
	}
	return v
}

func draftState(proposal int64) string {
	if proposal > 0 {
		return kb.StateReview
	}
	return kb.StateDraft
}

type openView struct {
	Key    string        `json:"key"`
	Path   string        `json:"path"`
	Live   *revisionView `json:"live"`
	Draft  *revisionView `json:"draft"`
	Schema []field       `json:"schema"`
}

type revisionView struct {
	Revision int64     `json:"revision"`
	Base     int64     `json:"base"`
	Body     string    `json:"body"`
	Fields   any       `json:"fields"`
	Author   string    `json:"author"`
	AuthorID string    `json:"author_id"`
	Origin   kb.Origin `json:"origin"`
	At       time.Time `json:"at"`
	State    string    `json:"state"`
	// Change is the open change that holds a draft.
	Change int64 `json:"change,omitempty"`
	// Problems say why a text has no fields.
	Problems []problemView `json:"problems,omitempty"`
}

func revisionOf(rev kb.Revision, state string) *revisionView {
	v := &revisionView{
		Revision: rev.Number, Base: rev.Base, Body: rev.Body, Author: rev.Author.Name, AuthorID: rev.Author.ID, Origin: rev.Origin, At: rev.Created, State: state,
	}
	fields, problems := kb.Fields(rev.Document)
	if problems != nil {
		v.Problems = problemViews(problems, rev.Document)
		return v
	}
	v.Fields = fields
	return v
}

// Document opens one document.
func (s *Studio) Document(w http.ResponseWriter, r *http.Request) {
	s.handle(w, r, func(kb.Member, auth.Principal) (any, error) {
		kind, id := kb.Kind(r.PathValue("kind")), r.PathValue("id")
		o, err := s.cfg.Studio.Open(r.Context(), kind, id)
		if err != nil {
			return nil, err
		}
		doc := kb.Document{Kind: kind, ID: id}
		v := openView{Key: doc.Key(), Path: doc.Path(), Schema: schemaOf(kind)}
		if o.Live != nil {
			v.Live = revisionOf(*o.Live, kb.StateLive)
		}
		if o.Draft != nil {
			v.Draft = revisionOf(*o.Draft, draftState(o.Proposal))
			v.Draft.Change = o.Proposal
		}
		return v, nil
	})
}

// editBody is a draft as it is sent: the whole text, or the fields of a form.
type editBody struct {
	ID     string          `json:"id"`
	Base   int64           `json:"base"`
	Draft  int64           `json:"draft"`
	Take   bool            `json:"take"`
	Body   *string         `json:"body"`
	Fields json.RawMessage `json:"fields"`
	Note   string          `json:"note"`
}

func (b editBody) edit(kind kb.Kind, id string, by kb.Member) (kb.Edit, error) {
	e := kb.Edit{Kind: kind, ID: id, Base: b.Base, Draft: b.Draft, Take: b.Take, Fields: b.Fields, Note: b.Note, By: by}
	if (b.Body == nil) == (len(b.Fields) == 0 || string(b.Fields) == "null") {
		return e, fault.New(fault.BadRequest, "请发送 body（全文）或 fields（表单）之一")
	}
	if b.Body != nil {
		e.Body, e.Fields = *b.Body, nil
	}
	return e, nil
}

type savedView struct {
	Key      string        `json:"key"`
	Revision int64         `json:"revision"`
	At       *time.Time    `json:"at,omitempty"`
	Body     string        `json:"body,omitempty"`
	Problems []problemView `json:"problems"`
	Hints    []kb.Hint     `json:"hints"`
}

func savedOf(key string, saved kb.Saved) savedView {
	hints := saved.Hints
	if hints == nil {
		hints = []kb.Hint{}
	}
	return savedView{
		Key: key, Revision: saved.Revision.Number, At: when(saved.Revision.Created), Body: saved.Revision.Body,
		Problems: problemViews(saved.Problems, saved.Revision.Document), Hints: hints,
	}
}

// SaveDraft stores an edit as the author's draft.
func (s *Studio) SaveDraft(w http.ResponseWriter, r *http.Request) {
	s.handle(w, r, func(by kb.Member, _ auth.Principal) (any, error) {
		return s.save(w, r, by, kb.Kind(r.PathValue("kind")), r.PathValue("id"), false)
	})
}

// Create stores the first draft of a new document.
func (s *Studio) Create(w http.ResponseWriter, r *http.Request) {
	s.handle(w, r, func(by kb.Member, _ auth.Principal) (any, error) {
		return s.save(w, r, by, kb.Kind(r.PathValue("kind")), "", true)
	})
}

func (s *Studio) save(w http.ResponseWriter, r *http.Request, by kb.Member, kind kb.Kind, id string, fresh bool) (any, error) {
	var body editBody
	if err := respond.BodyUpTo(w, r, &body, MaxEdit); err != nil {
		return nil, err
	}
	if fresh {
		id = body.ID
	} else if body.ID != "" && body.ID != id {
		return nil, fault.New(fault.BadRequest, "编号不能改；请新建一份，再删去旧的")
	}
	e, err := body.edit(kind, id, by)
	if err != nil {
		return nil, err
	}
	e.New = fresh
	saved, err := s.cfg.Studio.Save(r.Context(), e)
	if err != nil {
		return nil, err
	}
	return savedOf(string(kind)+"/"+id, saved), nil
}

type empty struct {
	OK bool `json:"ok"`
}

// DropDraft gives the open draft up; ?draft= names the one that was seen.
func (s *Studio) DropDraft(w http.ResponseWriter, r *http.Request) {
	s.handle(w, r, func(by kb.Member, _ auth.Principal) (any, error) {
		seen, err := number("draft", r.URL.Query().Get("draft"))
		if err != nil {
			return nil, err
		}
		return empty{true}, s.cfg.Studio.Drop(r.Context(), kb.Kind(r.PathValue("kind")), r.PathValue("id"), seen, by)
	})
}

type pastView struct {
	Revision int64     `json:"revision"`
	Base     int64     `json:"base"`
	Author   string    `json:"author"`
	At       time.Time `json:"at"`
	Origin   kb.Origin `json:"origin"`
	Draft    bool      `json:"draft"`
	Dropped  bool      `json:"dropped"`
	Releases []int64   `json:"releases"`
	Note     string    `json:"note"`
}

// History lists the revisions of a document, newest first.
func (s *Studio) History(w http.ResponseWriter, r *http.Request) {
	s.handle(w, r, func(kb.Member, auth.Principal) (any, error) {
		all, err := s.cfg.Studio.History(r.Context(), kb.Kind(r.PathValue("kind")), r.PathValue("id"))
		views := []pastView{}
		for _, p := range all {
			v := pastView{p.Number, p.Base, p.Author.Name, p.Created, p.Origin, p.Draft, p.Dropped, p.Releases, p.Note}
			if v.Releases == nil {
				v.Releases = []int64{}
			}
			views = append(views, v)
		}
		return views, err
	})
}

type diffView struct {
	Diff string `json:"diff"`
}

// Diff compares two revisions.
func (s *Studio) Diff(w http.ResponseWriter, r *http.Request) {
	s.handle(w, r, func(kb.Member, auth.Principal) (any, error) {
		from, err := number("from", r.URL.Query().Get("from"))
		if err != nil {
			return nil, err
		}
		to, err := number("to", r.URL.Query().Get("to"))
		if err != nil {
			return nil, err
		}
		diff, err := s.cfg.Studio.Diff(r.Context(), kb.Kind(r.PathValue("kind")), r.PathValue("id"), from, to)
		return diffView{diff}, err
	})
}

// Restore makes an earlier revision's text the draft.
func (s *Studio) Restore(w http.ResponseWriter, r *http.Request) {
	s.handle(w, r, func(by kb.Member, _ auth.Principal) (any, error) {
		var body struct {
			Revision int64 `json:"revision"`
		}
		if err := respond.Body(w, r, &body); err != nil {
			return nil, err
		}
		kind, id := kb.Kind(r.PathValue("kind")), r.PathValue("id")
		saved, err := s.cfg.Studio.Restore(r.Context(), kind, id, body.Revision, by)
		return savedOf(string(kind)+"/"+id, saved), err
	})
}

type hintsView struct {
	Hints    []kb.Hint     `json:"hints"`
	Problems []problemView `json:"problems"`
}

// Hints tells what to think of, while somebody writes.
func (s *Studio) Hints(w http.ResponseWriter, r *http.Request) {
	s.handle(w, r, func(kb.Member, auth.Principal) (any, error) {
		var body struct {
			Key    string          `json:"key"`
			Fields json.RawMessage `json:"fields"`
		}
		if err := respond.BodyUpTo(w, r, &body, MaxEdit); err != nil {
			return nil, err
		}
		problems, hints, err := s.cfg.Studio.Look(r.Context(), body.Key, body.Fields)
		if hints == nil {
			hints = []kb.Hint{}
		}
		return hintsView{hints, problemViews(problems, kb.Document{})}, err
	})
}

type previewView struct {
	HTML string `json:"html"`
}

// Preview renders an article's Markdown as its page does.
func (s *Studio) Preview(w http.ResponseWriter, r *http.Request) {
	s.handle(w, r, func(kb.Member, auth.Principal) (any, error) {
		var body struct {
			Markdown string `json:"markdown"`
		}
		if err := respond.BodyUpTo(w, r, &body, MaxEdit); err != nil {
			return nil, err
		}
		return previewView{string(markdown.HTML(body.Markdown))}, nil
	})
}
