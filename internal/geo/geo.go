// Package geo holds positions: the three coordinate systems that are met in China, turned into
// one another in this one place, and distances. Everything that is kept or reckoned with is
// WGS-84; GCJ-02 goes out to map apps, and GCJ-02 and BD-09 come in from WeChat and from lists.
// Start reading at Point and System.
package geo

import (
	"errors"
	"math"
	"regexp"
	"strconv"
	"strings"
)

// Point is a place in degrees. Which system it is in, its holder says; WGS-84 where nothing is
// said.
type Point struct {
	Lat float64 `json:"lat"`
	Lng float64 `json:"lng"`
}

// Valid tells whether there can be such a place; NaN is none.
func (p Point) Valid() bool { return math.Abs(p.Lat) <= 90 && math.Abs(p.Lng) <= 180 }

// System names a coordinate system.
type System string

// The systems. GCJ-02 is that of maps published in China, some hundred metres off; BD-09 is
// Baidu's, off again from that.
const (
	WGS84 System = "wgs84"
	GCJ02 System = "gcj02"
	BD09  System = "bd09"
)

// ParseSystem reads a system's name as people write it: "GCJ-02", "gcj02"; "" is WGS-84.
func ParseSystem(name string) (System, error) {
	switch s := System(strings.ToLower(strings.NewReplacer("-", "", " ", "", "_", "").Replace(name))); s {
	case "":
		return WGS84, nil
	case WGS84, GCJ02, BD09:
		return s, nil
	}
	return "", errors.New("坐标系应为 wgs84、gcj02 或 bd09")
}

// ToWGS turns a place of the system into WGS-84, right to a centimetre of the forward formulas.
func (s System) ToWGS(p Point) Point {
	switch s {
	case GCJ02:
		return inverse(p, shift)
	case BD09:
		return inverse(inverse(p, swirl), shift)
	}
	return p
}

// FromWGS turns a place in WGS-84 into the system.
func (s System) FromWGS(p Point) Point {
	switch s {
	case GCJ02:
		return shift(p)
	case BD09:
		return swirl(shift(p))
	}
	return p
}

// The ellipsoid of Krasovsky, on which GCJ-02 is built.
const (
	axis         = 6378245.0
	eccentricity = 0.00669342162296594323
)

// inChina is the rectangle in which GCJ-02 differs from WGS-84.
func inChina(p Point) bool {
	return p.Lng >= 72.004 && p.Lng <= 137.8347 && p.Lat >= 0.8293 && p.Lat <= 55.8271
}

// shift turns WGS-84 into GCJ-02, by the formulas that are publicly known since 2010.
func shift(p Point) Point {
	if !inChina(p) {
		return p
	}
	x, y := p.Lng-105, p.Lat-35
	wave := func(a, u, b, v float64) float64 { return (a*math.Sin(u*math.Pi) + b*math.Sin(v*math.Pi)) * 2 / 3 }
	common := wave(20, 6*x, 20, 2*x)
	dLat := -100 + 2*x + 3*y + 0.2*y*y + 0.1*x*y + 0.2*math.Sqrt(math.Abs(x)) + common +
		wave(20, y, 40, y/3) + wave(160, y/12, 320, y/30)
	dLng := 300 + x + 2*y + 0.1*x*x + 0.1*x*y + 0.1*math.Sqrt(math.Abs(x)) + common +
		wave(20, x, 40, x/3) + wave(150, x/12, 300, x/30)
	rad := p.Lat * math.Pi / 180
	magic := 1 - eccentricity*math.Sin(rad)*math.Sin(rad)
	dLat = dLat * 180 / (axis * (1 - eccentricity) / (magic * math.Sqrt(magic)) * math.Pi)
	dLng = dLng * 180 / (axis / math.Sqrt(magic) * math.Cos(rad) * math.Pi)
	return Point{p.Lat + dLat, p.Lng + dLng}
}

// swirl turns GCJ-02 into BD-09, as Baidu's own converter does.
func swirl(p Point) Point {
	const turn = math.Pi * 3000 / 180
	z := math.Hypot(p.Lng, p.Lat) + 0.00002*math.Sin(p.Lat*turn)
	theta := math.Atan2(p.Lat, p.Lng) + 0.000003*math.Cos(p.Lng*turn)
	return Point{z*math.Sin(theta) + 0.006, z*math.Cos(theta) + 0.0065}
}

// inverse finds what forward turns into p: what is left over is taken off until it is less than
// a centimetre. Both offsets change by less than a hundredth of the way, so a few rounds do.
func inverse(p Point, forward func(Point) Point) Point {
	guess := p
	for range 12 {
		f := forward(guess)
		dLat, dLng := p.Lat-f.Lat, p.Lng-f.Lng
		guess.Lat, guess.Lng = guess.Lat+dLat, guess.Lng+dLng
		if math.Abs(dLat)+math.Abs(dLng) < 1e-10 {
			break
		}
	}
	return guess
}

// Metres is the great-circle distance by the haversine formula on a sphere of 6,371 km, right
// to half a per cent of the distance on the ellipsoid.
func Metres(a, b Point) float64 {
	const radius, degree = 6_371_000, math.Pi / 180
	dLat, dLng := (b.Lat-a.Lat)*degree, (b.Lng-a.Lng)*degree
	h := math.Pow(math.Sin(dLat/2), 2) + math.Cos(a.Lat*degree)*math.Cos(b.Lat*degree)*math.Pow(math.Sin(dLng/2), 2)
	return 2 * radius * math.Asin(math.Min(1, math.Sqrt(h)))
}

var given = regexp.MustCompile(`^(?:([A-Za-z]+-?\d+)\s+)?(-?\d{1,3}(?:\.\d{1,12})?)\s*[,，]\s*(-?\d{1,3}(?:\.\d{1,12})?)$`)

// Parse reads "22.543,114.057" or, of another system than WGS-84, "gcj02 22.543,114.057":
// latitude first. It returns the place as it was given.
func Parse(text string) (System, Point, error) {
	bad := errors.New("位置应写成「纬度,经度」，例如 22.543,114.057；不是 WGS-84 的在前面写明坐标系，例如 gcj02 22.543,114.057")
	m := given.FindStringSubmatch(strings.TrimSpace(text))
	if m == nil {
		return "", Point{}, bad
	}
	system, err := ParseSystem(m[1])
	if err != nil {
		return "", Point{}, bad
	}
	lat, errLat := strconv.ParseFloat(m[2], 64)
	lng, errLng := strconv.ParseFloat(m[3], 64)
	p := Point{lat, lng}
	if errLat != nil || errLng != nil || !p.Valid() {
		return "", Point{}, bad
	}
	return system, p, nil
}
