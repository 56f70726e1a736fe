package kb

import (
	"math"
	"slices"
	"strings"
)

// Nearby is an outlet with its distance, -1 when either place is not known.
type Nearby struct {
	Outlet
	Metres int
}

// Spot is where somebody is, in WGS-84 degrees.
type Spot struct{ Lat, Lng float64 }

// OutletsFor lists what serves an item (any outlet when nil) in a district (the whole city when ""),
// the nearest to at first; without at, in the order of the knowledge.
func (k *Knowledge) OutletsFor(item *Item, district string, at *Spot) []Nearby {
	var out []Nearby
	for _, o := range k.Outlets {
		if !o.inDistrict(district) || !o.serves(item) {
			continue
		}
		n := Nearby{o, -1}
		if at != nil && (o.Lat != 0 || o.Lng != 0) {
			n.Metres = int(math.Round(metres(at.Lat, at.Lng, o.Lat, o.Lng)))
		}
		out = append(out, n)
	}
	slices.SortStableFunc(out, func(x, y Nearby) int { return x.rank() - y.rank() })
	return out
}

func (n Nearby) rank() int {
	if n.Metres < 0 {
		return math.MaxInt32
	}
	return n.Metres
}

// inDistrict accepts a district's name with or without 区, and names of neighbourhoods.
func (o Outlet) inDistrict(district string) bool {
	name := strings.TrimSuffix(district, "区")
	return name == "" || strings.TrimSuffix(o.District, "区") == name || slices.Contains(o.Places, district)
}

// serves tells whether an item may be handled at an outlet. One that does not say what it
// serves stays in the list: its telephone answers that.
func (o Outlet) serves(it *Item) bool {
	if it == nil || len(o.Serves) == 0 {
		return true
	}
	return slices.Contains(o.Serves, it.Code) || slices.Contains(o.Serves, it.PoliceType)
}

// metres is the great-circle distance by the haversine formula on a sphere of 6,371 km.
func metres(lat1, lng1, lat2, lng2 float64) float64 {
	const radius, degree = 6_371_000, math.Pi / 180
	dLat, dLng := (lat2-lat1)*degree, (lng2-lng1)*degree
	h := math.Pow(math.Sin(dLat/2), 2) + math.Cos(lat1*degree)*math.Cos(lat2*degree)*math.Pow(math.Sin(dLng/2), 2)
	return 2 * radius * math.Asin(math.Min(1, math.Sqrt(h)))
}
