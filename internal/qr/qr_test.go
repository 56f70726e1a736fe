package qr

import (
	"fmt"
	"image/color"
	"regexp"
	"strings"
	"testing"

	"github.com/boombuler/barcode/qr"
)

var run = regexp.MustCompile(`M(\d+) (\d+)h(\d+)v1h-\d+z`)

// The path paints exactly the dark modules, with four light ones around.
func TestThePictureIsTheCode(t *testing.T) {
	text := "https://police.example/items/CRJ-007"
	picture, err := SVG(text)
	if err != nil {
		t.Fatal(err)
	}
	code, err := qr.Encode(text, qr.M, qr.Auto)
	if err != nil {
		t.Fatal(err)
	}
	size := code.Bounds().Dx()
	if want := fmt.Sprintf(`viewBox="0 0 %d %d"`, size+2*quiet, size+2*quiet); !strings.Contains(picture, want) {
		t.Errorf("no %s: %.120s", want, picture)
	}
	painted := map[[2]int]bool{}
	for _, m := range run.FindAllStringSubmatch(picture, -1) {
		var x, y, n int
		if _, err := fmt.Sscan(m[1], &x); err != nil {
			t.Fatal(err)
		}
		_, _ = fmt.Sscan(m[2], &y)
		_, _ = fmt.Sscan(m[3], &n)
		for i := range n {
			painted[[2]int{x + i - quiet, y - quiet}] = true
		}
	}
	for y := range size {
		for x := range size {
			dark := color.GrayModel.Convert(code.At(x, y)).(color.Gray).Y == 0
			if painted[[2]int{x, y}] != dark {
				t.Fatalf("the module %d, %d is painted %v and is dark %v", x, y, painted[[2]int{x, y}], dark)
			}
		}
	}
	if _, err := SVG(strings.Repeat("x", 5000)); err == nil {
		t.Error("more than a code holds is drawn")
	}
}
