package kb

import "testing"

func TestMetresOfKnownPlaces(t *testing.T) {
	// Shenzhen North station to Futian port, about 11.2 km.
	if m := metres(22.6087, 114.0285, 22.5145, 114.0686); m < 11_000 || m > 11_500 {
		t.Errorf("%.0f m", m)
	}
	if m := metres(22.5, 114, 22.5, 114); m != 0 {
		t.Errorf("to itself %.3f m", m)
	}
	if m := metres(0, 0, 0, 180); m < 20_000_000 {
		t.Errorf("half around the world %.0f m", m)
	}
}
