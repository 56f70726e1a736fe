package studio

import (
	"context"
	"net/http"

	"shenwei/bot"
	"shenwei/kb"
	"shenwei/web/auth"
)

// Links tells how the addresses behind buttons have answered; *store.DB does.
type Links interface {
	LinkHealth(ctx context.Context) ([]bot.LinkHealth, error)
}

type linksAnswer struct {
	Links []bot.LinkHealth `json:"links"`
}

// Links lists the addresses behind buttons with how they have answered.
func (s *Studio) Links(w http.ResponseWriter, r *http.Request) {
	s.handle(w, r, func(kb.Member, auth.Principal) (any, error) {
		answer := linksAnswer{Links: []bot.LinkHealth{}}
		if s.cfg.Links == nil {
			return answer, nil
		}
		all, err := s.cfg.Links.LinkHealth(r.Context())
		answer.Links = append(answer.Links, all...)
		return answer, err
	})
}
