package studio

import (
	"net/http"
	"time"

	"shenwei/kb"
	"shenwei/web/auth"
	"shenwei/web/respond"
)

type releaseView struct {
	Number   int64      `json:"number"`
	At       time.Time  `json:"at"`
	AsOf     time.Time  `json:"as_of"`
	Note     string     `json:"note"`
	Way      kb.Way     `json:"way"`
	Author   string     `json:"author"`
	Reviewer string     `json:"reviewer"`
	Change   int64      `json:"change,omitempty"`
	Undoes   int64      `json:"undoes,omitempty"`
	Changes  []stepView `json:"changes"`
	// Total counts the changes; a list shows the first of many.
	Total     int          `json:"total"`
	Gate      gateView     `json:"gate"`
	Override  string       `json:"override,omitempty"`
	Alone     string       `json:"alone,omitempty"`
	Confirmed bool         `json:"confirmed"`
	Confirm   *confirmView `json:"confirm,omitempty"`
	Entered   []string     `json:"entered,omitempty"`
	Left      []string     `json:"left,omitempty"`
}

type stepView struct {
	Key   string `json:"key"`
	Title string `json:"title"`
	From  int64  `json:"from"`
	To    int64  `json:"to"`
}

type gateView struct {
	Run    string `json:"run,omitempty"`
	Broken int    `json:"broken"`
	Flips  int    `json:"flips"`
	Total  int    `json:"total"`
}

// shownSteps bounds the changes of one release in a list.
const shownSteps = 50

func releaseOf(i kb.Issue, titles func(string) string, steps int) releaseView {
	v := releaseView{
		Number: i.Number, At: i.Created, AsOf: i.AsOf, Note: i.Note, Way: i.Info.Way, Author: nameOf(i.Info.Author), Change: i.Info.Change,
		Undoes: i.Info.Undoes, Changes: []stepView{}, Total: len(i.Changes), Gate: gateView{i.Info.Gate, i.Info.Broken, i.Info.Flips, i.Info.Total},
		Override: i.Info.Override, Alone: i.Info.Alone, Confirmed: i.Info.Alone == "" || i.Info.Confirmed != nil, Entered: i.Info.Entered, Left: i.Info.Left,
	}
	if i.Info.Reviewer != nil {
		v.Reviewer = i.Info.Reviewer.Name
	}
	if i.Info.Alone != "" {
		v.Confirm = &confirmView{Needed: i.Info.Confirmed == nil}
		if i.Info.Confirmed != nil {
			v.Confirm.By = i.Info.Confirmed.Name
		}
	}
	for _, c := range i.Changes[:min(steps, len(i.Changes))] {
		v.Changes = append(v.Changes, stepView{c.Key, titles(c.Key), c.From, c.To})
	}
	return v
}

// Releases lists releases, newest first; ?before= goes on below a number.
func (s *Studio) Releases(w http.ResponseWriter, r *http.Request) {
	s.handle(w, r, func(kb.Member, auth.Principal) (any, error) {
		before, err := number("before", r.URL.Query().Get("before"))
		if err != nil {
			return nil, err
		}
		const page = 50
		all, err := s.cfg.Studio.Releases(r.Context(), before, page)
		if err != nil {
			return nil, err
		}
		titles, err := s.cfg.Studio.Titles(r.Context())
		views := []releaseView{}
		for _, i := range all {
			views = append(views, releaseOf(i, titles, shownSteps))
		}
		return views, err
	})
}

// Release is one release with all of its changes.
func (s *Studio) Release(w http.ResponseWriter, r *http.Request) {
	s.handle(w, r, func(kb.Member, auth.Principal) (any, error) {
		n, err := pathNumber(r, "n")
		if err != nil {
			return nil, err
		}
		i, err := s.cfg.Studio.Issue(r.Context(), n)
		if err != nil {
			return nil, err
		}
		titles, err := s.cfg.Studio.Titles(r.Context())
		if err != nil {
			return nil, err
		}
		return releaseOf(i, titles, len(i.Changes)), nil
	})
}

// Rollback takes a release back, at once.
func (s *Studio) Rollback(w http.ResponseWriter, r *http.Request) {
	s.handle(w, r, func(by kb.Member, _ auth.Principal) (any, error) {
		n, err := pathNumber(r, "n")
		if err != nil {
			return nil, err
		}
		var body struct {
			Reason string `json:"reason"`
		}
		if err := respond.Body(w, r, &body); err != nil {
			return nil, err
		}
		release, err := s.cfg.Studio.Rollback(r.Context(), n, by, body.Reason)
		return publishedView{Release: release}, err
	})
}
