package wechat

import "math"

// WeChat gives positions in GCJ-02, which lies some hundred metres off in China; outlets are
// kept in WGS-84. The constants are those of the Krasovsky ellipsoid, on which GCJ-02 is built.
const (
	axis         = 6378245.0
	eccentricity = 0.00669342162296594323
)

// toWGS turns GCJ-02 into WGS-84, to within a few metres. Places outside of China are the same
// in both.
func toWGS(lat, lng float64) (wgsLat, wgsLng float64) {
	if lng < 72.004 || lng > 137.8347 || lat < 0.8293 || lat > 55.8271 {
		return lat, lng
	}
	dLat, dLng := offset(lat, lng)
	return lat - dLat, lng - dLng
}

// offset is by how many degrees GCJ-02 differs at a place.
func offset(lat, lng float64) (dLat, dLng float64) {
	x, y := lng-105, lat-35
	wave := func(a, u, b, v float64) float64 { return (a*math.Sin(u*math.Pi) + b*math.Sin(v*math.Pi)) * 2 / 3 }
	common := wave(20, 6*x, 20, 2*x)
	dLat = -100 + 2*x + 3*y + 0.2*y*y + 0.1*x*y + 0.2*math.Sqrt(math.Abs(x)) + common +
		wave(20, y, 40, y/3) + wave(160, y/12, 320, y/30)
	dLng = 300 + x + 2*y + 0.1*x*x + 0.1*x*y + 0.1*math.Sqrt(math.Abs(x)) + common +
		wave(20, x, 40, x/3) + wave(150, x/12, 300, x/30)
	rad := lat * math.Pi / 180
	magic := 1 - eccentricity*math.Sin(rad)*math.Sin(rad)
	dLat = dLat * 180 / (axis * (1 - eccentricity) / (magic * math.Sqrt(magic)) * math.Pi)
	dLng = dLng * 180 / (axis / math.Sqrt(magic) * math.Cos(rad) * math.Pi)
	return dLat, dLng
}
