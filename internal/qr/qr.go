// Package qr draws QR codes for pages.
package qr

import (
	"fmt"
	"strings"

	"github.com/boombuler/barcode/qr"
)

// quiet is the light frame that a scanner needs around a QR code, in modules.
const quiet = 4

// SVG draws a text as a QR code: one path, with the light frame that a scanner needs. A text of more than
// about two thousand bytes does not fit.
func SVG(text string) (string, error) {
	code, err := qr.Encode(text, qr.M, qr.Auto)
	if err != nil {
		return "", fmt.Errorf("qr: the text cannot be drawn: %w", err)
	}
	size := code.Bounds()
	var path strings.Builder
	for y := size.Min.Y; y < size.Max.Y; y++ {
		for x := size.Min.X; x < size.Max.X; x++ {
			begun := x
			for x < size.Max.X {
				if r, _, _, _ := code.At(x, y).RGBA(); r != 0 {
					break
				}
				x++
			}
			if x > begun {
				fmt.Fprintf(&path, "M%d %dh%dv1h-%dz", begun+quiet, y+quiet, x-begun, x-begun)
			}
		}
	}
	side := size.Dx() + 2*quiet
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" shape-rendering="crispEdges" role="img" aria-label="二维码"><path fill="#fff" d="M0 0h%dv%dH0z"/><path d="%s"/></svg>`,
		side, side, side, side, path.String()), nil
}
