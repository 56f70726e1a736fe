package studio

import (
	"encoding/json"
	"net/http"
	"unicode/utf8"

	"shenwei/internal/fault"
	"shenwei/kb"
	"shenwei/web/auth"
	"shenwei/web/respond"
)

// maxSaid bounds the answers of one request; a matter has far fewer questions.
const maxSaid = 20

type matterView struct {
	Matters   []string      `json:"matters"`
	Questions []kb.Question `json:"questions"`
	// Ready tells whether there is anything to decide: at least two items with conditions.
	Ready   bool         `json:"ready"`
	Ask     string       `json:"ask"`
	Answers []string     `json:"answers"`
	Left    []matterItem `json:"left"`
	// Visit tells that the person must come once, whatever the item says.
	Visit bool `json:"visit"`
}

type matterItem struct {
	Code  string `json:"code"`
	Name  string `json:"name"`
	Trips string `json:"trips"`
}

// Matter walks 能不能办 as it would be with a draft that is being written.
func (s *Studio) Matter(w http.ResponseWriter, r *http.Request) {
	s.handle(w, r, func(kb.Member, auth.Principal) (any, error) {
		var body struct {
			Key    string          `json:"key"`
			Fields json.RawMessage `json:"fields"`
			Said   []struct {
				Ask string `json:"ask"`
				Is  string `json:"is"`
			} `json:"said"`
		}
		if err := respond.BodyUpTo(w, r, &body, MaxEdit); err != nil {
			return nil, err
		}
		if len(body.Said) > maxSaid {
			return nil, fault.New(fault.BadRequest, "said 最多 %d 个", maxSaid)
		}
		var said []kb.Said
		for _, a := range body.Said {
			if utf8.RuneCountInString(a.Ask+a.Is) > 400 {
				return nil, fault.New(fault.BadRequest, "said 里的文字太长")
			}
			said = append(said, kb.Said{Ask: a.Ask, Is: a.Is})
		}
		got, err := s.cfg.Studio.TryMatter(r.Context(), body.Key, body.Fields, said)
		if err != nil {
			return nil, err
		}
		v := matterView{Matters: orNone(got.Matters), Questions: orNone(got.Questions), Answers: []string{}, Left: []matterItem{}}
		if f := got.Fork; f != nil {
			v.Ready, v.Ask, v.Answers, v.Visit = true, f.Ask, orNone(f.Answers), f.Visit
			for _, it := range f.Items {
				v.Left = append(v.Left, matterItem{it.Code, it.Name, it.TripsLabel()})
			}
		}
		return v, nil
	})
}

func orNone[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
