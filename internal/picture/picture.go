// Package picture makes of a file that somebody sent a picture that is safe to keep and to show:
// what it is is told by its content, it is decoded within bounds and written anew, so that
// nothing but its pixels stays. Start reading at Cleaner.Clean; bounds.go holds what is refused
// before a pixel is decoded, turn.go which way up a photograph is.
package picture

import (
	"bytes"
	"context"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"

	"golang.org/x/image/draw"
	"golang.org/x/image/webp"

	"shenwei/internal/fault"
)

// MaxBytes is the largest file that is read.
const MaxBytes = 5 << 20

const (
	// maxKept is how many pixels a kept picture has at most: about 2300 × 1750.
	maxKept = 4 << 20
	// smallWide and smallHigh bound the small picture; what is longer than three times as wide is
	// cut, or nothing could be told on it.
	smallWide, smallHigh = 320, 320
	slimmest             = 3

	quality, smallQuality = 82, 72
)

// Type is the media type of every picture that is kept.
const Type = "image/jpeg"

// Picture is a picture as it is kept: two JPEG files without any metadata.
type Picture struct {
	Body, Small []byte
	// Width and Height are those of Body, in pixels.
	Width, Height int
	// Media is the platform's id of a picture that was handed to it already, "" for none.
	Media string
}

// Cleaner cleans pictures, a few at a time: a telephone's photograph takes 110 MB of memory and a third
// of a second of a core, the worst file that is let through 250 MB. It is safe for concurrent use.
type Cleaner struct{ slots chan struct{} }

// NewCleaner returns a cleaner that works on so many pictures at once.
func NewCleaner(atOnce int) *Cleaner { return &Cleaner{make(chan struct{}, max(1, atOnce))} }

// Clean decodes a JPEG, PNG, WebP or GIF file (of the last its first frame) and writes it anew. A
// file that is none of them or damaged is fault.BadRequest, one that is too large in bytes or
// pixels fault.TooLarge; both say what to do.
func (c *Cleaner) Clean(ctx context.Context, data []byte) (*Picture, error) {
	kind, err := check(data)
	if err != nil {
		return nil, err
	}
	select {
	case c.slots <- struct{}{}:
		defer func() { <-c.slots }()
	case <-ctx.Done():
		return nil, fault.Wrap(fault.Unavailable, ctx.Err(), "现在传图片的人太多，请稍后再发一次")
	}
	decoded, err := kind.decode(data)
	if err != nil {
		return nil, damaged(err)
	}
	return keep(decoded, kind.turned(data))
}

// format is one kind of file: how it is known by its content, and how it is read.
type format struct {
	name   string
	magic  func(data []byte) bool
	config func(data []byte) (image.Config, error)
	decode func(data []byte) (image.Image, error)
	// bounded refuses what its size in pixels does not show; turned tells which way up it is.
	bounded func(data []byte) error
	turned  func(data []byte) orientation
}

func starts(with string) func([]byte) bool {
	return func(data []byte) bool { return bytes.HasPrefix(data, []byte(with)) }
}

func anyway([]byte) error        { return nil }
func upright([]byte) orientation { return 1 }
func isGIF(data []byte) bool     { return starts("GIF87a")(data) || starts("GIF89a")(data) }
func isWebP(data []byte) bool {
	return len(data) > 16 && starts("RIFF")(data) && starts("WEBPVP8")(data[8:])
}
func reader(d []byte) *bytes.Reader { return bytes.NewReader(d) }

var formats = []format{
	{"JPEG", starts("\xff\xd8\xff"), func(d []byte) (image.Config, error) { return jpeg.DecodeConfig(reader(d)) },
		func(d []byte) (image.Image, error) { return jpeg.Decode(reader(d)) }, fewScans, exifOrientation},
	{"PNG", starts("\x89PNG\r\n\x1a\n"), func(d []byte) (image.Config, error) { return png.DecodeConfig(reader(d)) },
		func(d []byte) (image.Image, error) { return png.Decode(reader(d)) }, anyway, upright},
	{"GIF", isGIF, func(d []byte) (image.Config, error) { return gif.DecodeConfig(reader(d)) },
		func(d []byte) (image.Image, error) { return gif.Decode(reader(d)) }, anyway, upright},
	{"WebP", isWebP, func(d []byte) (image.Config, error) { return webp.DecodeConfig(reader(d)) },
		func(d []byte) (image.Image, error) { return webp.Decode(reader(d)) }, anyway, upright},
}

// keep writes a decoded picture as it is stored.
func keep(decoded image.Image, o orientation) (*Picture, error) {
	w, h := fitArea(decoded.Bounds().Dx(), decoded.Bounds().Dy(), maxKept)
	// A side shrinks to no less than half, for which looking at four pixels is enough.
	body := o.apply(scaled(draw.ApproxBiLinear, decoded, decoded.Bounds(), w, h))
	p := &Picture{Width: body.Bounds().Dx(), Height: body.Bounds().Dy()}
	var err error
	if p.Body, err = encode(body, quality); err != nil {
		return nil, err
	}
	part := excerpt(body.Bounds())
	w, h = fitBox(part.Dx(), part.Dy(), smallWide, smallHigh)
	p.Small, err = encode(scaled(draw.BiLinear, body, part, w, h), smallQuality)
	return p, err
}

// scaled draws a part of a picture at a size, on white where it is transparent.
func scaled(how draw.Scaler, src image.Image, part image.Rectangle, w, h int) *image.RGBA {
	dst := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.Draw(dst, dst.Bounds(), image.White, image.Point{}, draw.Src)
	if part.Dx() == w && part.Dy() == h {
		draw.Draw(dst, dst.Bounds(), src, part.Min, draw.Over)
		return dst
	}
	how.Scale(dst, dst.Bounds(), src, part, draw.Over, nil)
	return dst
}

func encode(m image.Image, q int) ([]byte, error) {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: q}); err != nil {
		return nil, fault.Wrap(fault.Internal, err, "a picture cannot be encoded")
	}
	return b.Bytes(), nil
}
