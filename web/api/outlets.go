package api

import (
	"math"
	"net/http"
	"strconv"
	"strings"

	"shenwei/internal/fault"
	"shenwei/kb"
)

type outletLine struct {
	kb.Outlet
	// DistanceM is the distance in metres, set when a place was given and the outlet's is known.
	DistanceM *int `json:"distance_m,omitempty"`
}

type outletsBody struct {
	Outlets []outletLine `json:"outlets"`
}

// Outlets lists places that serve citizens, the nearest first when a position is given.
func (a *API) Outlets(w http.ResponseWriter, r *http.Request) {
	l := a.live(w, r)
	if l == nil {
		return
	}
	lines, err := findOutlets(l.Knowledge(), r.URL.Query().Get("near"), r.URL.Query().Get("item"), r.URL.Query().Get("district"))
	if err != nil {
		a.cfg.Respond.Error(w, r, err)
		return
	}
	a.cfg.Respond.JSON(w, r, outletsBody{lines})
}

func findOutlets(k *kb.Knowledge, near, code, district string) ([]outletLine, error) {
	at, err := position(near)
	if err != nil {
		return nil, err
	}
	var item *kb.Item
	if code != "" {
		if item = k.Item(code); item == nil {
			return nil, fault.New(fault.NotFound, "没有这个事项编号")
		}
	}
	out := []outletLine{}
	for _, o := range k.OutletsFor(item, district, at) {
		line := outletLine{Outlet: o.Outlet}
		if o.Metres >= 0 {
			line.DistanceM = &o.Metres
		}
		out = append(out, line)
	}
	return out, nil
}

// position reads "lat,lng" in WGS-84 degrees; nil for "".
func position(near string) (*kb.Spot, error) {
	if near == "" {
		return nil, nil
	}
	a, b, ok := strings.Cut(near, ",")
	lat, errLat := strconv.ParseFloat(strings.TrimSpace(a), 64)
	lng, errLng := strconv.ParseFloat(strings.TrimSpace(b), 64)
	if !ok || errLat != nil || errLng != nil || !(math.Abs(lat) <= 90) || !(math.Abs(lng) <= 180) { // NaN is refused, too
		return nil, fault.New(fault.BadRequest, "参数 near 应为「纬度,经度」（WGS-84），例如 22.543,114.057")
	}
	return &kb.Spot{Lat: lat, Lng: lng}, nil
}
