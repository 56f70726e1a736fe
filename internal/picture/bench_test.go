package picture

import (
	"image"
	"testing"
)

// BenchmarkClean cleans a telephone's photograph of twelve million pixels.
func BenchmarkClean(b *testing.B) {
	m := image.NewYCbCr(image.Rect(0, 0, 4000, 3000), image.YCbCrSubsampleRatio420)
	for i := range m.Y {
		m.Y[i] = uint8(i>>4 ^ i>>13) //nolint:gosec // some texture
	}
	for i := range m.Cb {
		m.Cb[i], m.Cr[i] = 120, uint8(i>>9) //nolint:gosec // some colour
	}
	file := jpegOf(b, m)
	c := NewCleaner(1)
	b.SetBytes(int64(len(file)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Clean(b.Context(), file); err != nil {
			b.Fatal(err)
		}
	}
}
