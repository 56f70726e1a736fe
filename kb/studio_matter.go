package kb

import (
	"context"
	"encoding/json"
	"slices"

	"shenwei/internal/fault"
)

// Question is one question of a matter with all answers that its items know.
type Question struct {
	Ask     string   `json:"ask"`
	Answers []string `json:"answers"`
}

// MatterTry is 能不能办 as it would be with a draft.
type MatterTry struct {
	// Fork is where the answers so far lead, nil where the draft's matter has no second item.
	Fork *Fork
	// Questions are those of the draft's matter, for an editor to write the same words.
	Questions []Question
	// Matters are the names of all matters.
	Matters []string
}

// TryMatter walks 能不能办 with a draft's fields in the place of what is live. It stores nothing.
func (s *Studio) TryMatter(ctx context.Context, key string, fields json.RawMessage, said []Said) (MatterTry, error) {
	var out MatterTry
	l, doc, err := s.drafted(ctx, key, fields)
	if err != nil {
		return out, err
	}
	know, problems := l.know.with(doc)
	if know == nil || doc.Kind != KindItem {
		if len(problems) == 0 {
			problems = []Problem{{doc.Path(), 0, "only items have 能不能办"}}
		}
		return out, fault.Wrap(fault.BadRequest, Problems(problems), "这份内容现在还读不出来，请先改好")
	}
	for _, it := range know.Items {
		if name := it.MatterOf(); name != "" && !slices.Contains(out.Matters, name) {
			out.Matters = append(out.Matters, name)
		}
	}
	it := know.Item(doc.ID)
	if it == nil || it.MatterOf() == "" {
		return out, nil
	}
	m := Matter{Name: it.MatterOf()}
	for _, other := range know.Items {
		if other.MatterOf() == m.Name {
			m.Items = append(m.Items, other)
		}
	}
	for _, ask := range asksOf(m.Items) {
		out.Questions = append(out.Questions, Question{ask, answersTo(ask, m.Items)})
	}
	if len(m.Items) > 1 && !slices.ContainsFunc(m.Items, func(it *Item) bool { return len(it.Check.When) == 0 }) {
		fork := m.Next(said)
		out.Fork = &fork
	}
	return out, nil
}

// drafted is the document that a form's fields make of what is live.
func (s *Studio) drafted(ctx context.Context, key string, fields json.RawMessage) (*liveState, Document, error) {
	kind, id := SplitKey(key)
	doc := Document{Kind: kind, ID: id}
	l, err := s.current(ctx)
	if err != nil {
		return nil, doc, err
	}
	if err := doc.checkName(); err != nil {
		return nil, doc, err
	}
	if live, ok := l.revision(key); ok {
		doc = live.Document
	}
	doc.Body, err = SetFields(doc, fields)
	return l, doc, err
}
