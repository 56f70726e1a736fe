package bot

import (
	"strings"
	"time"

	"shenwei/internal/fault"
	"shenwei/internal/geo"
	"shenwei/kb"
)

// OutletQuery says which outlets a page or a program asks for, each part as it was written and
// "" for what does not matter.
type OutletQuery struct {
	// Near is "lat,lng" in WGS-84, or in the system that is written before it.
	Near string
	// Item is a code; Place a street, community, neighbourhood, district or outlet.
	Item, Place string
	// Kind is an outlet's kind; Open is "now" or "24h".
	Kind, Open string
}

// OutletLine is an outlet with what matters at the moment.
type OutletLine struct {
	kb.Outlet
	Visit
	// DistanceM is the distance in metres as the crow flies, set when both places are known.
	DistanceM *int `json:"distance_m,omitempty"`
}

// OutletList is what was found.
type OutletList struct {
	Outlets []OutletLine `json:"outlets"`
	// Place is the place that was understood, "" for none; Far says that the position given is
	// more than 60 km from every outlet: another city.
	Place string `json:"place,omitempty"`
	Far   bool   `json:"far,omitempty"`
}

// maxPlace bounds the name of a place, in bytes.
const maxPlace = 200

// FindOutlets answers a query at the instant. It is bad_request for what cannot be read and
// not_found for an unknown item; a place that is not known has no outlets.
func (s Site) FindOutlets(k *kb.Knowledge, q OutletQuery, now time.Time) (OutletList, error) {
	out := OutletList{Outlets: []OutletLine{}}
	w := kb.Wanted{Kind: q.Kind}
	if q.Near != "" {
		system, given, err := geo.Parse(q.Near)
		if err != nil {
			return out, fault.Wrap(fault.BadRequest, err, "参数 near 应为「纬度,经度」，例如 22.543,114.057；不是 WGS-84 的在前面写明坐标系，例如 gcj02 22.543,114.057")
		}
		at := system.ToWGS(given)
		w.At = &at
	}
	if q.Item != "" {
		if w.Item = k.Item(q.Item); w.Item == nil {
			return out, fault.New(fault.NotFound, "没有这个事项编号")
		}
	}
	switch q.Open {
	case "":
	case "now":
		w.Open = now
	case "24h":
		w.AllDay = true
	default:
		return out, fault.New(fault.BadRequest, "参数 open 应为 now 或 24h")
	}
	if place := strings.TrimSpace(q.Place); place != "" {
		where, ok := k.FindPlace(place)
		if len(place) > maxPlace || !ok {
			return out, nil
		}
		w.Where, out.Place = &where, where.Name
	}
	near := false
	for _, o := range k.FindOutlets(w) {
		line := OutletLine{Outlet: o.Outlet, Visit: s.Visit(o.Outlet, now)}
		line.Responsible = o.Responsible
		if o.Metres >= 0 {
			line.DistanceM = &o.Metres
			near, out.Far = near || o.Metres <= farthest, true
		}
		out.Outlets = append(out.Outlets, line)
	}
	out.Far = out.Far && !near
	return out, nil
}
