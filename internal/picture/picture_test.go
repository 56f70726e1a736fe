package picture

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"strings"
	"testing"

	"shenwei/internal/fault"
)

// scene is a picture whose left half is red and whose right half is blue.
func scene(w, h int) *image.RGBA {
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			c := color.RGBA{200, 0, 0, 255}
			if x >= w/2 {
				c = color.RGBA{0, 0, 200, 255}
			}
			m.SetRGBA(x, y, c)
		}
	}
	return m
}

func jpegOf(t testing.TB, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func pngOf(t testing.TB, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func gifOf(t testing.TB, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := gif.Encode(&b, m, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// The smallest WebP files, lossy and lossless.
const webpLossy, webpLossless = "UklGRiIAAABXRUJQVlA4IBYAAAAwAQCdASoBAAEADsD+JaQAA3AAAAAA", "UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA=="

func decode64(t testing.TB, text string) []byte {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// withExif puts a block of EXIF after the beginning of a JPEG: its orientation, and what else a
// telephone writes.
func withExif(file []byte, o uint16, order binary.AppendByteOrder, mark string, rest string) []byte {
	tiff := []byte(mark)
	tiff = order.AppendUint32(tiff, 8)
	tiff = order.AppendUint16(tiff, 1)
	tiff = order.AppendUint16(tiff, tagOrientation)
	tiff = order.AppendUint16(tiff, 3)
	tiff = order.AppendUint32(tiff, 1)
	tiff = order.AppendUint16(tiff, o)
	tiff = order.AppendUint16(tiff, 0)
	tiff = append(order.AppendUint32(tiff, 0), rest...)
	body := append([]byte("Exif\x00\x00"), tiff...)
	out := append([]byte{}, file[:2]...)
	out = append(out, 0xff, markerAPP1)
	out = binary.BigEndian.AppendUint16(out, uint16(len(body)+2))
	return append(append(out, body...), file[2:]...)
}

func clean(t testing.TB, data []byte) *Picture {
	t.Helper()
	p, err := NewCleaner(1).Clean(t.Context(), data)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func refused(t testing.TB, data []byte, code fault.Code) {
	t.Helper()
	p, err := NewCleaner(1).Clean(t.Context(), data)
	if fault.CodeOf(err) != code || p != nil {
		t.Fatalf("%v, want %s", err, code)
	}
	if m := fault.MessageOf(err); !strings.ContainsAny(m, "请能") {
		t.Fatalf("%q does not say what to do", m)
	}
}

// reads decodes a kept file and holds it against what every kept one is.
func reads(t testing.TB, body []byte) image.Image {
	t.Helper()
	m, err := jpeg.Decode(bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	err = segments(body, func(marker byte, _ []byte) error {
		if marker >= 0xe0 && marker <= 0xef || marker == 0xfe {
			t.Errorf("a kept picture has metadata: marker %x", marker)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func isRed(c color.Color) bool { r, _, b, _ := c.RGBA(); return r > 2*b }

func TestWhatTelephonesAndScreensMakeIsKeptAsJPEG(t *testing.T) {
	for name, file := range map[string][]byte{
		"JPEG": jpegOf(t, scene(400, 300)), "PNG": pngOf(t, scene(400, 300)), "GIF": gifOf(t, scene(400, 300)),
	} {
		t.Run(name, func(t *testing.T) {
			p := clean(t, file)
			m, small := reads(t, p.Body), reads(t, p.Small)
			if p.Width != 400 || p.Height != 300 || m.Bounds().Dx() != 400 || small.Bounds().Dx() != 320 || small.Bounds().Dy() != 240 {
				t.Fatalf("%d × %d, small %v", p.Width, p.Height, small.Bounds())
			}
			for _, m := range []image.Image{m, small} {
				if w, h := m.Bounds().Dx(), m.Bounds().Dy(); !isRed(m.At(w/4, h/2)) || isRed(m.At(w*3/4, h/2)) {
					t.Error("it shows something else")
				}
			}
		})
	}
	for _, file := range []string{webpLossy, webpLossless} {
		if p := clean(t, decode64(t, file)); p.Width != 1 || p.Height != 1 {
			t.Errorf("%+v", p)
		}
	}
}

func TestTheFirstFrameOfAnAnimationIsKept(t *testing.T) {
	frame := func(c color.Color) *image.Paletted {
		m := image.NewPaletted(image.Rect(0, 0, 8, 8), color.Palette{c})
		return m
	}
	var b bytes.Buffer
	err := gif.EncodeAll(&b, &gif.GIF{Image: []*image.Paletted{frame(color.RGBA{255, 0, 0, 255}), frame(color.RGBA{0, 0, 255, 255})}, Delay: []int{1, 1}})
	if err != nil {
		t.Fatal(err)
	}
	if m := reads(t, clean(t, b.Bytes()).Body); !isRed(m.At(4, 4)) {
		t.Error("another frame is shown")
	}
}

func TestMetadataGoesAndThePhotographStandsUpright(t *testing.T) {
	secret := "GPS 22.5431N 114.0579E, serial 0123456789"
	for o := uint16(1); o <= 8; o++ {
		p := clean(t, withExif(jpegOf(t, scene(64, 32)), o, binary.LittleEndian, "II*\x00", secret))
		q := clean(t, withExif(jpegOf(t, scene(64, 32)), o, binary.BigEndian, "MM\x00*", secret))
		for _, p := range []*Picture{p, q} {
			if bytes.Contains(p.Body, []byte("GPS")) || bytes.Contains(p.Body, []byte("Exif")) || bytes.Contains(p.Small, []byte("GPS")) {
				t.Fatal("the metadata is still there")
			}
			if tall := p.Height > p.Width; tall != (o >= 5) {
				t.Errorf("orientation %d: %d × %d", o, p.Width, p.Height)
			}
			m := reads(t, p.Body)
			at := func(x, y int) bool { return isRed(m.At(x*(p.Width-1), y*(p.Height-1))) }
			// Where the first column, which is red, belongs.
			want := map[uint16][4]bool{ // left top, right top, left bottom, right bottom
				1: {true, false, true, false}, 2: {false, true, false, true}, 3: {false, true, false, true}, 4: {true, false, true, false},
				5: {true, true, false, false}, 6: {true, true, false, false}, 7: {false, false, true, true}, 8: {false, false, true, true},
			}[o]
			if got := [4]bool{at(0, 0), at(1, 0), at(0, 1), at(1, 1)}; got != want {
				t.Errorf("orientation %d: red is at %v, want %v", o, got, want)
			}
		}
	}
	comment := append([]byte{0xff, 0xd8, 0xff, 0xfe, 0, 20}, "张三 13800138000!!"...)
	file := jpegOf(t, scene(8, 8))
	if p := clean(t, append(comment[:2+2+20], file[2:]...)); bytes.Contains(p.Body, []byte("1380")) {
		t.Error("a comment is still there")
	}
}

func TestExifThatLiesIsPassedOver(t *testing.T) {
	for name, tiff := range map[string]string{
		"nothing": "", "no header": "XX*\x00\x08\x00\x00\x00", "short": "II*\x00\x08", "far away": "II*\x00\xff\xff\xff\xff",
		"many entries": "II*\x00\x08\x00\x00\x00\xff\xff", "no such number": "II*\x00\x08\x00\x00\x00\x01\x00\x12\x01\x03\x00\x01\x00\x00\x00\x63\x00\x00\x00",
	} {
		if o := tiffOrientation([]byte(tiff)); o != 1 {
			t.Errorf("%s: %d", name, o)
		}
	}
}

func TestAPictureThatIsAScriptIsRefused(t *testing.T) {
	for name, file := range map[string]string{
		"nothing":     "",
		"HTML":        "<!doctype html><script>alert(1)</script>",
		"script":      "#!/bin/sh\nrm -rf /",
		"SVG":         `<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`,
		"SVG behind":  "\xef\xbb\xbf<?xml version=\"1.0\"?><svg xmlns=\"http://www.w3.org/2000/svg\"/>",
		"PDF":         "%PDF-1.7 …",
		"BMP":         "BM\x00\x00\x00\x00",
		"TIFF":        "II*\x00\x08\x00\x00\x00",
		"ZIP":         "PK\x03\x04",
		"JPEG's name": "\xff\xd8\xff<script>alert(1)</script>",
		"PNG's name":  "\x89PNG\r\n\x1a\n<script>alert(1)</script>",
		"WebP's name": "RIFF\x10\x00\x00\x00WEBPVP8 <script>",
		"WAV":         "RIFF\x10\x00\x00\x00WAVEfmt ",
	} {
		t.Run(name, func(t *testing.T) { refused(t, []byte(file), fault.BadRequest) })
	}
}

func TestOfAPolyglotOnlyThePictureStays(t *testing.T) {
	script := "<script>alert(document.cookie)</script>"
	for name, file := range map[string][]byte{"JPEG": jpegOf(t, scene(32, 32)), "PNG": pngOf(t, scene(32, 32)), "GIF": gifOf(t, scene(32, 32))} {
		p := clean(t, append(file, script...))
		if bytes.Contains(p.Body, []byte("script")) || bytes.Contains(p.Small, []byte("script")) || !bytes.HasPrefix(p.Body, []byte("\xff\xd8\xff")) {
			t.Errorf("%s: the script is still there", name)
		}
	}
}

func TestWhatIsCutOffIsRefused(t *testing.T) {
	for name, file := range map[string][]byte{"JPEG": jpegOf(t, scene(64, 64)), "PNG": pngOf(t, scene(64, 64)), "GIF": gifOf(t, scene(64, 64)), "WebP": decode64(t, webpLossy)} {
		for _, n := range []int{len(file) / 4, len(file) / 2, len(file) * 3 / 4} {
			t.Run(name, func(t *testing.T) { refused(t, file[:n], fault.BadRequest) })
		}
	}
}

// pngBomb is a PNG of a few bytes that says it is of such a size.
func pngBomb(w, h uint32, depth, kind byte) []byte {
	head := []byte("IHDR")
	head = binary.BigEndian.AppendUint32(head, w)
	head = binary.BigEndian.AppendUint32(head, h)
	head = append(head, depth, kind, 0, 0, 0)
	out := append([]byte("\x89PNG\r\n\x1a\n"), 0, 0, 0, 13)
	return binary.BigEndian.AppendUint32(append(out, head...), crc32.ChecksumIEEE(head))
}

func TestABombIsRefusedBeforeItIsDecoded(t *testing.T) {
	huge := jpegOf(t, scene(16, 16))
	copy(huge[bytes.Index(huge, []byte{0xff, 0xc0})+5:], []byte{0x20, 0, 0x20, 0}) // says that it is 8192 by 8192
	refused(t, huge, fault.TooLarge)
	refused(t, pngBomb(9000, 9000, 1, 0), fault.TooLarge)
	refused(t, pngBomb(1<<30, 1<<30, 8, 2), fault.BadRequest)
	refused(t, []byte("GIF89a/*<script>*/=1;alert(1)"), fault.TooLarge) // a script that begins like a picture
	refused(t, pngBomb(4000, 3000, 16, 6), fault.TooLarge)              // fewer pixels, each of eight bytes
	refused(t, []byte("GIF89a\xff\xff\xff\xff\x00\x00\x00"), fault.TooLarge)
	refused(t, make([]byte, MaxBytes+1), fault.TooLarge)
	// Pixels that would fit, gone over again and again.
	file := jpegOf(t, scene(32, 32))
	at := bytes.Index(file, []byte{0xff, markerSOS})
	scan := file[at : len(file)-2]
	again := func(n int) []byte {
		return append(append(append([]byte{}, file[:at]...), bytes.Repeat(scan, n)...), 0xff, markerEOI)
	}
	clean(t, again(3))
	refused(t, again(maxScans+1), fault.BadRequest)
}

func TestALargePhotographIsMadeSmallerAndALongOneStaysReadable(t *testing.T) {
	p := clean(t, jpegOf(t, image.NewGray(image.Rect(0, 0, 2800, 2100))))
	if n := p.Width * p.Height; n > maxKept || n < maxKept*95/100 || p.Width*3 < p.Height*4-8 || p.Width*3 > p.Height*4+8 {
		t.Errorf("%d × %d", p.Width, p.Height)
	}
	long := clean(t, pngOf(t, image.NewGray(image.Rect(0, 0, 400, 11000))))
	small := reads(t, long.Small)
	if long.Width < 300 || small.Bounds().Dx() < 100 || small.Bounds().Dy() > smallHigh {
		t.Errorf("%d × %d, small %v", long.Width, long.Height, small.Bounds())
	}
	wide := clean(t, pngOf(t, image.NewGray(image.Rect(0, 0, 9000, 1))))
	if small := reads(t, wide.Small); small.Bounds().Dx() < 1 || small.Bounds().Dy() < 1 {
		t.Errorf("%v", small.Bounds())
	}
}

func TestWhatIsTransparentIsWhite(t *testing.T) {
	m := reads(t, clean(t, pngOf(t, image.NewNRGBA(image.Rect(0, 0, 8, 8)))).Body)
	if r, g, b, _ := m.At(4, 4).RGBA(); min(r, g, b) < 0xf000 {
		t.Errorf("%x %x %x", r, g, b)
	}
}

func TestWhoWaitsTooLongIsAskedToComeBack(t *testing.T) {
	c := NewCleaner(1)
	c.slots <- struct{}{}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Clean(ctx, jpegOf(t, scene(8, 8))); fault.CodeOf(err) != fault.Unavailable {
		t.Fatal(err)
	}
}

func FuzzClean(f *testing.F) {
	for _, file := range [][]byte{jpegOf(f, scene(16, 16)), pngOf(f, scene(16, 16)), gifOf(f, scene(16, 16)), decode64(f, webpLossy), decode64(f, webpLossless)} {
		f.Add(file)
	}
	f.Add(withExif(jpegOf(f, scene(16, 8)), 6, binary.BigEndian, "MM\x00*", "x"))
	c := NewCleaner(1)
	f.Fuzz(func(t *testing.T, file []byte) {
		if len(file) > 1<<16 {
			return
		}
		p, err := c.Clean(t.Context(), file)
		if err != nil {
			if code := fault.CodeOf(err); code != fault.BadRequest && code != fault.TooLarge {
				t.Fatalf("%v", err)
			}
			return
		}
		if m := reads(t, p.Body); m.Bounds().Dx() != p.Width || m.Bounds().Dy() != p.Height {
			t.Fatal("it has another size")
		}
		reads(t, p.Small)
	})
}
