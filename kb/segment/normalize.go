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
	simplified  map[rune]bool
}

// bothWritings are characters that simplified writing took from traditional writing: they say
// nothing of who writes them.
const bothWritings = "后里面台只干系松谷丑斗范了出制合向同周回家幸才折挂注游准症秋卷占冬借余布征志愿曲暗梁理留病舍致表采雇升吃群峰柜床厨裡"

// NewNormalizer loads the conversion from traditional to simplified characters.
func NewNormalizer() (*Normalizer, error) {
	cc, err := opencc.New("t2s")
	if err != nil {
		return nil, err
	}
	n := &Normalizer{convert: cc, traditional: map[rune]bool{}, simplified: map[rune]bool{}}
	for r := rune(0x3400); r <= 0x9fff; r++ {
		out, err := cc.Convert(string(r))
		if err != nil {
			return nil, err
		}
		if out != string(r) {
			n.traditional[r] = true
			for _, s := range out {
				n.simplified[s] = !strings.ContainsRune(bothWritings, s)
			}
		}
	}
	return n, nil
}

// Simplified reports whether the text holds a character that exists in simplified writing only.
func (n *Normalizer) Simplified(text string) bool {
	for _, r := range text {
		if n.simplified[r] && !n.traditional[r] {
			return true
		}
	}
	return false
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
// words of Latin letters or digits. Normalising again changes nothing.
func (n *Normalizer) Text(text string) string {
	text = strings.Map(visible, strings.ToValidUTF8(text, " "))
	text = norm.NFKC.String(text)
	for range 3 { // a few characters (薴, 苧, 苎) need more than one step
		if !n.Traditional(text) {
			break
		}
		out, err := n.convert.Convert(text)
		if err != nil {
			break
		}
		text = out
	}
	b := builder{out: make([]rune, 0, len(text)/2)}
	runes := []rune(text)
	for i, r := range runes {
		r = sign(unicode.ToLower(r))
		if r == '.' && !(b.endsASCII() && i+1 < len(runes) && isASCIIWord(unicode.ToLower(runes[i+1]))) {
			r = '。' // a full stop or an ellipsis; 12.5 and a.com keep theirs
		}
		if r != 0 {
			b.add(r)
		}
	}
	return strings.Trim(string(b.out), " ,")
}

// visible drops what no reader sees, before characters are composed across it.
func visible(r rune) rune {
	if unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Co, r) || r == '\ufe0f' || r == '\u034f' {
		return -1
	}
	if r == '…' || r == '⋯' {
		return '，' // compatibility would make dots of it
	}
	return r
}

// builder collects runes without runs of signs, long repetitions and needless spaces.
type builder struct{ out []rune }

func (b *builder) last() rune {
	if len(b.out) == 0 {
		return 0
	}
	return b.out[len(b.out)-1]
}

func (b *builder) endsASCII() bool { return isASCIIWord(b.last()) }

func (b *builder) add(r rune) {
	if isSign(r) {
		switch last := b.last(); {
		case last == ' ':
			b.out[len(b.out)-1] = r // a sign says more than the space before it
		case !isSign(last):
			b.out = append(b.out, r)
		}
		return
	}
	if b.last() == ' ' {
		b.space(r)
	}
	run := 0
	for run < len(b.out) && b.out[len(b.out)-1-run] == r {
		run++
		if run == maxRun && !unicode.IsDigit(r) {
			return
		}
	}
	b.out = append(b.out, r)
}

// space settles the space before r: it stays between two Latin words or numbers, is a
// pause between Chinese words, and goes elsewhere.
func (b *builder) space(r rune) {
	n := len(b.out) - 1
	var before rune
	if n > 0 {
		before = b.out[n-1]
	}
	switch {
	case isASCIIWord(before) && isASCIIWord(r):
	case unicode.IsLetter(before) && before > unicode.MaxASCII && r > unicode.MaxASCII:
		b.out[n] = ','
	default:
		b.out = b.out[:n]
	}
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
	}
	if unicode.IsLetter(r) || unicode.IsDigit(r) {
		return r
	}
	if r == '.' || r == '-' || r == '@' || r == '+' || r == '%' {
		return r
	}
	return ' '
}

func isASCIIWord(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= '0' && r <= '9'
}
