package kb

import (
	"math"

	"shenwei/internal/geo"
)

// Outlet 网点 is a place where citizens are served. Fields without a source stay empty.
type Outlet struct {
	ID       string `yaml:"id" json:"id"`
	Name     string `yaml:"name" json:"name"`
	Kind     string `yaml:"kind" json:"kind"` // 分局 | 口岸 | 大厅 | 派出所 | 一体机
	District string `yaml:"district" json:"district"`
	Address  string `yaml:"address,omitempty" json:"address,omitempty"`
	Phone    string `yaml:"phone,omitempty" json:"phone,omitempty"`
	// Hours are read as an Opening where they can be; other words are shown as they are.
	Hours string `yaml:"hours,omitempty" json:"hours,omitempty"`
	// Lat and Lng are WGS-84 degrees; both 0 when unknown.
	Lat float64 `yaml:"lat,omitempty" json:"lat,omitempty"`
	Lng float64 `yaml:"lng,omitempty" json:"lng,omitempty"`
	// Origin is the position as its source gives it, with the coordinate system: "gcj02
	// 22.5431,114.0579". Lat and Lng are reckoned from it when they are not written.
	Origin string `yaml:"origin,omitempty" json:"origin,omitempty"`
	// Places are names of neighbourhoods that citizens use for this district.
	Places []string `yaml:"places,omitempty" json:"places,omitempty"`
	// Covers 辖区 are the streets and communities that this station is responsible for.
	Covers []string `yaml:"covers,omitempty" json:"covers,omitempty"`
	// Serves are police types (or item codes) handled here; empty means: ask first.
	Serves []string `yaml:"serves,omitempty" json:"serves,omitempty"`
	// Sources names, per field, where the value comes from.
	Sources map[string]string `yaml:"sources" json:"sources"`
	Note    string            `yaml:"note,omitempty" json:"note,omitempty"`

	opening *Opening // of Hours, nil where they are prose
	origin  error    // why Origin cannot be read
}

// settle reads what is reckoned with from what is written.
func (o *Outlet) settle() {
	if open, err := ParseOpening(o.Hours); err == nil {
		o.opening = &open
	}
	if o.Origin == "" {
		return
	}
	system, given, err := geo.Parse(o.Origin)
	if o.origin = err; err == nil && o.Lat == 0 && o.Lng == 0 {
		at := system.ToWGS(given)
		o.Lat, o.Lng = sevenPlaces(at.Lat), sevenPlaces(at.Lng)
	}
}

// sevenPlaces keeps a centimetre of a degree.
func sevenPlaces(degrees float64) float64 { return math.Round(degrees*1e7) / 1e7 }

// Spot is where the outlet is, nil when that is not known.
func (o Outlet) Spot() *geo.Point {
	if o.Lat == 0 && o.Lng == 0 {
		return nil
	}
	return &geo.Point{Lat: o.Lat, Lng: o.Lng}
}

// Opening is when it is open; false where its hours are not written so that they can be read.
func (o Outlet) Opening() (Opening, bool) {
	if o.opening == nil {
		return Opening{}, false
	}
	return *o.opening, true
}

// Kinds of outlet that are treated in a way of their own: self-service terminals and border ports.
const (
	Terminal = "一体机"
	Port     = "口岸"
)
