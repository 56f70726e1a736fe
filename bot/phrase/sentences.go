package phrase

import (
	"strings"
	"unicode/utf8"
)

// sentences shows the verified beginning of a wording while the rest is still being written.
type sentences struct {
	src    *Source
	canary Canary
	// show gets the whole of what is verified so far; nil for nobody who looks.
	show  func(text string)
	raw   strings.Builder
	shown int // bytes of raw that were looked at
	off   bool
}

// reset forgets what turned out to be thought.
func (s *sentences) reset() {
	s.raw.Reset()
	if s.shown > 0 && s.show != nil {
		s.show("")
	}
	s.shown, s.off = 0, false
}

// piece takes a piece of the model's words. When a sentence is complete, all until there is
// verified and shown. Once something does not verify, nothing more is shown.
func (s *sentences) piece(text string) {
	s.raw.WriteString(text)
	if s.show == nil || s.off {
		return
	}
	whole := s.raw.String()
	end := strings.LastIndexAny(whole, "。！？\n")
	if end < 0 {
		return
	}
	_, size := utf8.DecodeRuneInString(whole[end:])
	if end += size; end <= s.shown {
		return
	}
	s.shown = end
	restored, err := s.src.Restore(whole[:end], true)
	if err == nil {
		restored = trimmed(restored)
		err = s.src.VerifyPart(restored)
	}
	if err != nil || s.canary.in(whole) {
		s.off = true
		return
	}
	s.show(restored)
}
