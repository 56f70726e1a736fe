package studio

import (
	"net/http"
	"strings"
	"time"

	"shenwei/bot"
	"shenwei/internal/fault"
	"shenwei/kb"
	"shenwei/web/auth"
	"shenwei/web/respond"
)

type takedownView struct {
	bot.Takedown
	Title string `json:"title"`
}

// Takedowns lists what is hidden now.
func (s *Studio) Takedowns(w http.ResponseWriter, r *http.Request) {
	s.handle(w, r, func(kb.Member, auth.Principal) (any, error) {
		o, err := s.cfg.Overrides.Overrides(r.Context())
		if err != nil {
			return nil, err
		}
		titles, err := s.cfg.Studio.Titles(r.Context())
		views := []takedownView{}
		for _, t := range o.Takedowns {
			title := t.Link
			if t.Key != "" && err == nil {
				title = titles(t.Key)
			}
			views = append(views, takedownView{t, title})
		}
		return views, err
	})
}

// AddTakedown hides an item, article or link at once.
func (s *Studio) AddTakedown(w http.ResponseWriter, r *http.Request) {
	s.handle(w, r, func(by kb.Member, _ auth.Principal) (any, error) {
		var body struct {
			Key    string `json:"key"`
			Link   string `json:"link"`
			Reason string `json:"reason"`
		}
		if err := respond.Body(w, r, &body); err != nil {
			return nil, err
		}
		t := bot.Takedown{Key: strings.TrimSpace(body.Key), Link: strings.TrimSpace(body.Link), Reason: strings.TrimSpace(body.Reason), Author: by.Name, At: s.cfg.Now()}
		if err := t.Check(); err != nil {
			return nil, err
		}
		if t.Key != "" {
			kind, id := kb.SplitKey(t.Key)
			if o, err := s.cfg.Studio.Open(r.Context(), kind, id); err != nil {
				return nil, err
			} else if o.Live == nil {
				return nil, fault.New(fault.Conflict, "%s 还没有发布，不需要下架", t.Key)
			}
		}
		return s.changed(s.cfg.Overrides.AddTakedown(r.Context(), t, by))
	})
}

// changed has the node look at once at what was set, and answers with its number.
func (s *Studio) changed(id int64, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	s.cfg.Changed()
	return madeView{id}, nil
}

func (s *Studio) ended(err error) (any, error) {
	if err != nil {
		return nil, err
	}
	s.cfg.Changed()
	return empty{true}, nil
}

// EndTakedown shows again what was hidden.
func (s *Studio) EndTakedown(w http.ResponseWriter, r *http.Request) {
	s.handle(w, r, func(by kb.Member, _ auth.Principal) (any, error) {
		id, err := pathNumber(r, "id")
		if err != nil {
			return nil, err
		}
		return s.ended(s.cfg.Overrides.EndTakedown(r.Context(), id, by, s.cfg.Now()))
	})
}

// Notices lists the notices that hold or will hold.
func (s *Studio) Notices(w http.ResponseWriter, r *http.Request) {
	s.handle(w, r, func(kb.Member, auth.Principal) (any, error) {
		o, err := s.cfg.Overrides.Overrides(r.Context())
		if err != nil {
			return nil, err
		}
		list := []bot.Notice{}
		for _, n := range o.Notices {
			if s.cfg.Now().Before(n.Until) {
				list = append(list, n)
			}
		}
		return list, nil
	})
}

// AddNotice heads every channel with a text for a time.
func (s *Studio) AddNotice(w http.ResponseWriter, r *http.Request) {
	s.handle(w, r, func(by kb.Member, _ auth.Principal) (any, error) {
		var body struct {
			Text  string    `json:"text"`
			Level string    `json:"level"`
			From  time.Time `json:"from"`
			Until time.Time `json:"until"`
		}
		if err := respond.Body(w, r, &body); err != nil {
			return nil, err
		}
		now := s.cfg.Now()
		n := bot.Notice{Text: strings.TrimSpace(body.Text), Level: body.Level, From: body.From, Until: body.Until, Author: by.Name}
		if n.From.IsZero() {
			n.From = now
		}
		if err := n.Check(now); err != nil {
			return nil, err
		}
		return s.changed(s.cfg.Overrides.AddNotice(r.Context(), n, by, now))
	})
}

// EndNotice ends a notice before its time.
func (s *Studio) EndNotice(w http.ResponseWriter, r *http.Request) {
	s.handle(w, r, func(by kb.Member, _ auth.Principal) (any, error) {
		id, err := pathNumber(r, "id")
		if err != nil {
			return nil, err
		}
		return s.ended(s.cfg.Overrides.EndNotice(r.Context(), id, by, s.cfg.Now()))
	})
}

// switchView is a switch as it stands.
type switchView struct {
	On     bool       `json:"on"`
	Reason string     `json:"reason,omitempty"`
	Author string     `json:"author,omitempty"`
	At     *time.Time `json:"at,omitempty"`
}

func viewOf(s *bot.Switch) switchView {
	if s == nil {
		return switchView{}
	}
	return switchView{true, s.Reason, s.Author, when(s.At)}
}

// switchesView is every switch. The first of them stands at the top level, as it always has.
type switchesView struct {
	AllToPeople bool       `json:"all_to_people"`
	Reason      string     `json:"reason"`
	Author      string     `json:"author,omitempty"`
	At          *time.Time `json:"at,omitempty"`
	// Published is set while answers are said as published; Wording is what a model does
	// otherwise, nil where none is configured.
	Published switchView `json:"published_words"`
	Wording   *Wording   `json:"wording"`
}

// Wording is what is known of the model that may choose the words.
type Wording struct {
	Model string `json:"model"`
	// Stopped tells that an operator's signal holds it back on this node, beside the switch.
	Stopped bool `json:"stopped"`
	// Counts are how often what became of an answer, since the start.
	Counts map[string]int64 `json:"counts"`
}

// Switches tells what is switched.
func (s *Studio) Switches(w http.ResponseWriter, r *http.Request) {
	s.handle(w, r, func(kb.Member, auth.Principal) (any, error) {
		o, err := s.cfg.Overrides.Overrides(r.Context())
		if err != nil {
			return nil, err
		}
		all := viewOf(o.Switch)
		v := switchesView{AllToPeople: all.On, Reason: all.Reason, Author: all.Author, At: all.At, Published: viewOf(o.Published)}
		if s.cfg.Wording != nil {
			v.Wording = s.cfg.Wording()
		}
		return v, nil
	})
}

// SetSwitches sends everything to people, or has answers said as published, or ends either: the
// one that the body names.
func (s *Studio) SetSwitches(w http.ResponseWriter, r *http.Request) {
	s.handle(w, r, func(by kb.Member, _ auth.Principal) (any, error) {
		var body struct {
			AllToPeople *bool  `json:"all_to_people"`
			Published   *bool  `json:"published_words"`
			Reason      string `json:"reason"`
		}
		if err := respond.Body(w, r, &body); err != nil {
			return nil, err
		}
		if body.AllToPeople != nil && body.Published != nil {
			return nil, fault.New(fault.BadRequest, "一次只能改一个开关：all_to_people 或 published_words")
		}
		sw := bot.Switch{Reason: strings.TrimSpace(body.Reason), Author: by.Name, At: s.cfg.Now()}
		if err := sw.Check(); err != nil {
			return nil, err
		}
		if body.Published != nil {
			return s.ended(s.cfg.Overrides.SetPublished(r.Context(), *body.Published, sw, by))
		}
		return s.ended(s.cfg.Overrides.SetSwitch(r.Context(), body.AllToPeople != nil && *body.AllToPeople, sw, by))
	})
}
