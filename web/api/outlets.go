package api

import (
	"math"
	"net/http"
	"slices"
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
	lat, lng, err := position(near)
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
	for _, o := range k.Outlets {
		if !inDistrict(o, district) || !serves(o, item) {
			continue
		}
		line := outletLine{Outlet: o}
		if near != "" && known(o) {
			m := int(math.Round(metres(lat, lng, o.Lat, o.Lng)))
			line.DistanceM = &m
		}
		out = append(out, line)
	}
	slices.SortStableFunc(out, func(x, y outletLine) int { return rank(x) - rank(y) })
	return out, nil
}

// position reads "lat,lng" in WGS-84 degrees.
func position(near string) (lat, lng float64, err error) {
	if near == "" {
		return 0, 0, nil
	}
	a, b, ok := strings.Cut(near, ",")
	lat, errLat := strconv.ParseFloat(strings.TrimSpace(a), 64)
	lng, errLng := strconv.ParseFloat(strings.TrimSpace(b), 64)
	if !ok || errLat != nil || errLng != nil || !(math.Abs(lat) <= 90) || !(math.Abs(lng) <= 180) { // NaN is refused, too
		return 0, 0, fault.New(fault.BadRequest, "参数 near 应为「纬度,经度」（WGS-84），例如 22.543,114.057")
	}
	return lat, lng, nil
}

func known(o kb.Outlet) bool { return o.Lat != 0 || o.Lng != 0 }

// inDistrict accepts a district's name with or without 区, and names of neighbourhoods.
func inDistrict(o kb.Outlet, district string) bool {
	name := strings.TrimSuffix(district, "区")
	return name == "" || strings.TrimSuffix(o.District, "区") == name || slices.Contains(o.Places, district)
}

// serves tells whether an item may be handled at an outlet. One that does not say what it
// serves stays in the list: its telephone answers that.
func serves(o kb.Outlet, it *kb.Item) bool {
	if it == nil || len(o.Serves) == 0 {
		return true
	}
	return slices.Contains(o.Serves, it.Code) || slices.Contains(o.Serves, it.PoliceType)
}

func rank(l outletLine) int {
	if l.DistanceM == nil {
		return math.MaxInt32
	}
	return *l.DistanceM
}

// metres is the great-circle distance by the haversine formula on a sphere of 6,371 km.
func metres(lat1, lng1, lat2, lng2 float64) float64 {
	const radius, degree = 6_371_000, math.Pi / 180
	dLat, dLng := (lat2-lat1)*degree, (lng2-lng1)*degree
	h := math.Pow(math.Sin(dLat/2), 2) + math.Cos(lat1*degree)*math.Cos(lat2*degree)*math.Pow(math.Sin(dLng/2), 2)
	return 2 * radius * math.Asin(math.Min(1, math.Sqrt(h)))
}
