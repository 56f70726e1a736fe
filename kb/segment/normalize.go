package segment

import (
	"strings"
	"unicode"

	"github.com/longbridgeapp/opencc"
	"golang.org/x/text/unicode/norm"
)

// Normalizer brings text to one form: valid UTF-8, NFKC (full width becomes half),
// simplified characters, lower case, one sign for each kind of pause, no invisible
// characters, no emoji, no long repetitions. It is safe for concurrent use.
type Normalizer struct {
	convert     *opencc.OpenCC
	traditional map[rune]bool
}

// NewNormalizer loads the conversion from traditional to simplified characters.
func NewNormalizer() (*Normalizer, error) {
	cc, err := opencc.New("t2s")
	if err != nil {
		return nil, err
	}
	n := &Normalizer{convert: cc, traditional: map[rune]bool{}}
	for r := rune(0x3400); r <= 0x9fff; r++ {
		out, err := cc.Convert(string(r))
		if err != nil {
			return nil, err
		}
		if out != string(r) {
			n.traditional[r] = true
		}
	}
	return n, nil
}

// Traditional reports whether the text holds a character that exists in traditional
// writing only.
func (n *Normalizer) Traditional(text string) bool {
	for _, r := range text {
		if n.traditional[r] {
			return true
		}
	}
	return false
}

// maxRun is how often one character may stand in a row before the rest is dropped.
const maxRun = 3

// Text returns the normalised text. Its only signs are , 。 ? ! and single spaces between
// words of Latin letters or digits.
func (n *Normalizer) Text(text string) string {
	text = strings.ToValidUTF8(text, " ")
	text = norm.NFKC.String(text)
	if n.Traditional(text) {
		if out, err := n.convert.Convert(text); err == nil {
			text = out
		}
	}
	var b strings.Builder
	b.Grow(len(text))
	var last rune
	run := 0
	for _, r := range text {
		r = sign(r)
		if r == 0 {
			continue
		}
		if r == last {
			run++
		} else {
			run = 1
		}
		if run > maxRun && !unicode.IsDigit(r) || run > 1 && isSign(r) {
			continue
		}
		if isSign(r) && isSign(last) {
			continue
		}
		b.WriteRune(unicode.ToLower(r))
		last = r
	}
	return tidySpaces(b.String())
}

func isSign(r rune) bool { return r == ' ' || r == ',' || r == '。' || r == '?' || r == '!' }

// sign maps a character to the one that stands for its kind; 0 drops it.
func sign(r rune) rune {
	switch r {
	case ',', '，', '、', '：', ':', '…', '～', '~', '—', '/', '|':
		return ','
	case '。', '；', ';', '\n', '\r':
		return '。'
	case '?', '？':
		return '?'
	case '!', '！':
		return '!'
	case '\u200b', '\u200c', '\u200d', '\u2060', '\ufeff', '\ufe0f', '\u00ad':
		return 0
	}
	if unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Co, r) {
		return 0
	}
	if unicode.IsLetter(r) || unicode.IsDigit(r) {
		return r
	}
	if r == '.' || r == '-' || r == '@' || r == '+' || r == '%' {
		return r
	}
	return ' '
}

// tidySpaces keeps a space only between two Latin words or numbers.
func tidySpaces(s string) string {
	fields := strings.Fields(s)
	var b strings.Builder
	b.Grow(len(s))
	var last rune
	for i, f := range fields {
		first := rune(f[0])
		if i > 0 {
			if isASCIIWord(last) && isASCIIWord(first) {
				b.WriteByte(' ')
			} else if unicode.IsLetter(last) && !isASCIIWord(last) && first > 127 {
				b.WriteByte(',') // a space between Chinese words is a pause
			}
		}
		b.WriteString(f)
		last = lastRune(f)
	}
	return strings.Trim(b.String(), " ,")
}

func isASCIIWord(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= '0' && r <= '9'
}

func lastRune(s string) rune {
	var last rune
	for _, r := range s {
		last = r
	}
	return last
}
