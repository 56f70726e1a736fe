package picture

import (
	"bytes"
	"encoding/binary"
	"errors"
	"image"
)

// orientation says which way up a photograph was taken, as EXIF numbers it: 1 is upright, the
// others say where its first row and first column belong. The number goes with the metadata, so
// the pixels are turned.
type orientation int

// tagOrientation is EXIF's tag; ifdEntry is the length of an entry of its directory, in bytes.
const tagOrientation, ifdEntry = 0x0112, 12

var errFound = errors.New("found")

// exifOrientation reads the orientation of a JPEG, 1 where it has none that makes sense.
func exifOrientation(data []byte) orientation {
	o := orientation(1)
	_ = segments(data, func(marker byte, body []byte) error {
		tiff, ok := bytes.CutPrefix(body, []byte("Exif\x00\x00"))
		if marker == markerSOS { // metadata stands before the pixels
			return errFound
		}
		if marker != markerAPP1 || !ok {
			return nil
		}
		o = tiffOrientation(tiff)
		return errFound
	})
	return o
}

func tiffOrientation(tiff []byte) orientation {
	var order binary.ByteOrder = binary.LittleEndian
	switch {
	case bytes.HasPrefix(tiff, []byte("MM\x00*")):
		order = binary.BigEndian
	case !bytes.HasPrefix(tiff, []byte("II*\x00")):
		return 1
	}
	if len(tiff) < 8 {
		return 1
	}
	at := uint64(order.Uint32(tiff[4:]))
	if at+2 > uint64(len(tiff)) {
		return 1
	}
	entries := tiff[at+2:]
	for range order.Uint16(tiff[at:]) {
		if len(entries) < ifdEntry {
			return 1
		}
		if order.Uint16(entries) == tagOrientation {
			if o := orientation(order.Uint16(entries[8:])); o >= 1 && o <= 8 {
				return o
			}
			return 1
		}
		entries = entries[ifdEntry:]
	}
	return 1
}

// apply turns and mirrors a picture so that it stands upright.
func (o orientation) apply(m *image.RGBA) *image.RGBA {
	if o <= 1 {
		return m
	}
	w, h := m.Rect.Dx(), m.Rect.Dy()
	to := image.NewRGBA(image.Rect(0, 0, w, h))
	if o >= 5 {
		to = image.NewRGBA(image.Rect(0, 0, h, w))
	}
	for y := range h {
		for x := range w {
			tx, ty := o.place(x, y, w, h)
			copy(to.Pix[to.PixOffset(tx, ty):][:4], m.Pix[m.PixOffset(x, y):][:4])
		}
	}
	return to
}

// place is where a pixel of a picture of w by h belongs.
func (o orientation) place(x, y, w, h int) (int, int) {
	switch o {
	case 2:
		return w - 1 - x, y
	case 3:
		return w - 1 - x, h - 1 - y
	case 4:
		return x, h - 1 - y
	case 5:
		return y, x
	case 6:
		return h - 1 - y, x
	case 7:
		return h - 1 - y, w - 1 - x
	case 8:
		return y, w - 1 - x
	}
	return x, y
}
