package geo

import (
	"math"
	"math/rand/v2"
	"testing"
)

// Values that the maps' own converters and the widely used public ones agree on.
var known = []struct{ wgs, gcj, bd Point }{
	{Point{39.915, 116.404}, Point{39.91640428150164, 116.41024449916938}, Point{}},
	{Point{}, Point{39.90865673957631, 116.39762729119315}, Point{39.915, 116.404}},
	{Point{}, Point{39.915, 116.404}, Point{39.92133699351021, 116.41036949371029}},
}

func near(t *testing.T, what string, got, want Point, metres float64) {
	t.Helper()
	if d := Metres(got, want); !(d <= metres) {
		t.Errorf("%s: %v, want %v: %.3f m apart", what, got, want, d)
	}
}

func TestKnownPlacesInTheThreeSystems(t *testing.T) {
	none := Point{}
	for _, k := range known {
		if k.wgs != none {
			near(t, "wgs84 → gcj02", GCJ02.FromWGS(k.wgs), k.gcj, 0.01)
			near(t, "gcj02 → wgs84", GCJ02.ToWGS(k.gcj), k.wgs, 0.01)
		}
		if k.bd != none {
			near(t, "bd09 → gcj02", inverse(k.bd, swirl), k.gcj, 1.5) // the public inverse is no exact one
			near(t, "bd09 → wgs84", BD09.ToWGS(k.bd), GCJ02.ToWGS(k.gcj), 1.5)
		}
	}
	near(t, "gcj02 → bd09", swirl(known[2].gcj), known[2].bd, 0.01)
}

func TestEverySystemComesBackToACentimetreAllOverChina(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 9))
	for range 20_000 {
		p := Point{18 + r.Float64()*35, 74 + r.Float64()*60}
		for _, s := range []System{WGS84, GCJ02, BD09} {
			near(t, string(s), s.ToWGS(s.FromWGS(p)), p, 0.01)
		}
		if d := Metres(p, GCJ02.FromWGS(p)); d < 5 || d > 1500 {
			t.Fatalf("GCJ-02 is %.0f m off at %v", d, p)
		}
	}
	if p := (Point{48.85, 2.35}); GCJ02.FromWGS(p) != p || GCJ02.ToWGS(p) != p {
		t.Error("outside of China both are the same")
	}
}

// vincenty is the distance on the ellipsoid of WGS-84: T. Vincenty, Survey Review 23 (1975).
func vincenty(p, q Point) float64 {
	const a, f = 6378137.0, 1 / 298.257223563
	const b, degree = a * (1 - f), math.Pi / 180
	u1, u2, l := math.Atan((1-f)*math.Tan(p.Lat*degree)), math.Atan((1-f)*math.Tan(q.Lat*degree)), (q.Lng-p.Lng)*degree
	lambda := l
	for range 200 {
		x := math.Cos(u2) * math.Sin(lambda)
		y := math.Cos(u1)*math.Sin(u2) - math.Sin(u1)*math.Cos(u2)*math.Cos(lambda)
		sinS, cosS := math.Hypot(x, y), math.Sin(u1)*math.Sin(u2)+math.Cos(u1)*math.Cos(u2)*math.Cos(lambda)
		if sinS == 0 {
			return 0
		}
		s := math.Atan2(sinS, cosS)
		sinA := math.Cos(u1) * math.Cos(u2) * math.Sin(lambda) / sinS
		cos2A := 1 - sinA*sinA
		cosM := 0.0
		if cos2A != 0 {
			cosM = cosS - 2*math.Sin(u1)*math.Sin(u2)/cos2A
		}
		c := f / 16 * cos2A * (4 + f*(4-3*cos2A))
		last := lambda
		lambda = l + (1-c)*f*sinA*(s+c*sinS*(cosM+c*cosS*(-1+2*cosM*cosM)))
		if math.Abs(lambda-last) > 1e-12 {
			continue
		}
		u := cos2A * (a*a - b*b) / (b * b)
		ka := 1 + u/16384*(4096+u*(-768+u*(320-175*u)))
		kb := u / 1024 * (256 + u*(-128+u*(74-47*u)))
		ds := kb * sinS * (cosM + kb/4*(cosS*(-1+2*cosM*cosM)-kb/6*cosM*(-3+4*sinS*sinS)*(-3+4*cosM*cosM)))
		return b * ka * (s - ds)
	}
	return math.NaN()
}

func TestDistancesAreRightToOnePerCent(t *testing.T) {
	// Shenzhen North station to Futian port, about 11.2 km.
	if m := Metres(Point{22.6087, 114.0285}, Point{22.5145, 114.0686}); m < 11_000 || m > 11_500 {
		t.Errorf("%.0f m", m)
	}
	if m := Metres(Point{22.5, 114}, Point{22.5, 114}); m != 0 {
		t.Errorf("to itself %.3f m", m)
	}
	r := rand.New(rand.NewPCG(1, 2))
	worst := 0.0
	for range 20_000 { // Shenzhen and its neighbours
		p := Point{22.3 + r.Float64()*0.7, 113.6 + r.Float64()*1.7}
		q := Point{22.3 + r.Float64()*0.7, 113.6 + r.Float64()*1.7}
		want := vincenty(p, q)
		worst = max(worst, math.Abs(Metres(p, q)-want)/want)
	}
	if worst > 0.006 {
		t.Errorf("%.2f %% off the ellipsoid", worst*100)
	}
}

func TestPositionsAreReadAsPeopleWriteThem(t *testing.T) {
	for text, want := range map[string]struct {
		system System
		at     Point
	}{
		"22.543,114.057":          {WGS84, Point{22.543, 114.057}},
		" 22.543 ， 114.057 ":      {WGS84, Point{22.543, 114.057}},
		"gcj02 22.5,114":          {GCJ02, Point{22.5, 114}},
		"GCJ-02 22.5,114":         {GCJ02, Point{22.5, 114}},
		"BD-09 22.543219,114.057": {BD09, Point{22.543219, 114.057}},
	} {
		if s, p, err := Parse(text); err != nil || s != want.system || p != want.at {
			t.Errorf("%q: %v %v %v", text, s, p, err)
		}
	}
	for _, text := range []string{"", "x", "22.5", "22.5,", "91,114", "22.5,181", "NaN,1", "1e3,1", "mars 22,114", "wgs85 1,2", "22.5,114,7", "+22,+114"} {
		if s, p, err := Parse(text); err == nil {
			t.Errorf("%q: %v %v", text, s, p)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("gcj02 22.5,114")
	f.Fuzz(func(t *testing.T, text string) {
		if s, p, err := Parse(text); err == nil && (!p.Valid() || !s.ToWGS(p).Valid() && p.Valid() && inChina(p)) {
			t.Errorf("%q: %v", text, p)
		}
	})
}
