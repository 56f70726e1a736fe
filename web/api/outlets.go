package api

import (
	"net/http"

	"shenwei/bot"
)

// Outlets lists places that serve citizens, the nearest first when a position is given.
func (a *API) Outlets(w http.ResponseWriter, r *http.Request) {
	l := a.live(w, r)
	if l == nil {
		return
	}
	q := r.URL.Query()
	place := q.Get("place")
	if place == "" {
		place = q.Get("district")
	}
	found, err := l.Site().FindOutlets(l.Knowledge(), bot.OutletQuery{
		Near: q.Get("near"), Item: q.Get("item"), Place: place, Kind: q.Get("kind"), Open: q.Get("open"),
	}, a.cfg.Now())
	if err != nil {
		a.cfg.Respond.Error(w, r, err)
		return
	}
	a.cfg.Respond.JSON(w, r, found)
}
