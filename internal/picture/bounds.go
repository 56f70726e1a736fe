package picture

import (
	"errors"
	"image"
	"image/color"
	"math"

	"shenwei/internal/fault"
)

const (
	// maxPixels is what may be decoded: a photograph of 16 million pixels, or fourteen screens of
	// a phone below each other.
	maxPixels = 16 << 20
	// maxSide is JPEG's own bound, less its last block.
	maxSide = 65_500
	// maxScans is how often a progressive JPEG may go over its pixels; encoders make about ten.
	// Without it a file of 5 MB keeps a core busy for hours.
	maxScans = 32
)

// check finds out what a file is and refuses what must not be decoded.
func check(data []byte) (format, error) {
	switch {
	case len(data) == 0:
		return format{}, fault.New(fault.BadRequest, "图片是空的，请重新选择")
	case len(data) > MaxBytes:
		return format{}, tooManyBytes()
	}
	for _, f := range formats {
		if !f.magic(data) {
			continue
		}
		c, err := f.config(data)
		if err == nil {
			err = f.bounded(data)
		}
		switch {
		case err != nil:
			return f, damaged(err)
		case c.Width < 1 || c.Height < 1:
			return f, damaged(errors.New("no pixels"))
		case tooManyPixels(c):
			return f, fault.New(fault.TooLarge, "图片的像素太多（最多 1600 万），请截取需要的部分再发")
		}
		return f, nil
	}
	return format{}, fault.New(fault.BadRequest, "只能发送 JPEG、PNG、WebP 或 GIF 图片；这个文件不是图片，或者格式不支持")
}

func tooManyBytes() error {
	return fault.New(fault.TooLarge, "图片应在 %d MB 以内，请压缩或截取需要的部分再发", MaxBytes>>20)
}

// TooManyBytes is the fault for a file over MaxBytes, for whoever stops reading there.
func TooManyBytes() error { return tooManyBytes() }

func damaged(cause error) error {
	return fault.Wrap(fault.BadRequest, cause, "图片不完整或已损坏，请重新选择，或截屏后再发")
}

func tooManyPixels(c image.Config) bool {
	most := maxPixels
	switch c.ColorModel {
	case color.RGBA64Model, color.NRGBA64Model: // twice as many bytes
		most /= 2
	}
	return c.Width > maxSide || c.Height > maxSide || c.Width*c.Height > most
}

// fewScans counts the scans of a JPEG: its markers are walked, what lies between is not decoded.
func fewScans(data []byte) error {
	scans := 0
	return segments(data, func(marker byte, _ []byte) error {
		if marker == markerSOS {
			scans++
		}
		if scans > maxScans {
			return errors.New("too many scans")
		}
		return nil
	})
}

// The markers of JPEG that are looked at; those from RST0 to EOI have no length.
const (
	markerSOI, markerEOI   = 0xd8, 0xd9
	markerRST0, markerRST7 = 0xd0, 0xd7
	markerSOS, markerAPP1  = 0xda, 0xe1
)

// segments calls each for every segment of a JPEG up to its end. Entropy-coded data is passed over.
// Where a segment's length leads nowhere it stops: the decoder says what is wrong.
func segments(data []byte, each func(marker byte, body []byte) error) error {
	for i := 2; i+1 < len(data); {
		if data[i] != 0xff {
			i++
			continue
		}
		marker := data[i+1]
		switch {
		case marker == 0xff: // filling
			i++
			continue
		case marker == 0 || marker >= markerRST0 && marker <= markerRST7 || marker == markerSOI:
			i += 2
			continue
		case marker == markerEOI:
			return nil
		}
		if i+4 > len(data) {
			return nil
		}
		length := int(data[i+2])<<8 | int(data[i+3])
		if length < 2 || i+2+length > len(data) {
			return nil
		}
		if err := each(marker, data[i+4:i+2+length]); err != nil {
			return err
		}
		i += 2 + length
	}
	return nil
}

// fitArea is the largest size of the same shape with at most so many pixels.
func fitArea(w, h, most int) (int, int) {
	if w*h <= most {
		return w, h
	}
	f := math.Sqrt(float64(most) / (float64(w) * float64(h)))
	return max(1, int(float64(w)*f)), max(1, int(float64(h)*f))
}

// fitBox is the largest size of the same shape, none enlarged, within a box.
func fitBox(w, h, wide, high int) (int, int) {
	f := min(1, float64(wide)/float64(w), float64(high)/float64(h))
	return max(1, int(float64(w)*f)), max(1, int(float64(h)*f))
}

// excerpt is the part of a picture that its small one shows: all of it, or of a very long one the
// beginning.
func excerpt(r image.Rectangle) image.Rectangle {
	return image.Rect(r.Min.X, r.Min.Y, r.Min.X+min(r.Dx(), slimmest*r.Dy()), r.Min.Y+min(r.Dy(), slimmest*r.Dx()))
}
