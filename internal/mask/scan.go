package mask

import (
	"slices"
	"strings"
	"sync"
	"unicode/utf8"
)

// finder is the state of one pass over a text. Finders are pooled: a log line with numbers
// but without personal data costs no allocation.
type finder struct {
	s      string
	digits []digit
	groups []group
	urls   []Span // Kind is empty
	spans  []Span
	value  [maxDigits]byte // of the number under examination
	credit [18]byte        // of the credit code under examination
}

// digit is one decimal digit in whatever script, with its bytes in the text.
type digit struct {
	value      byte // '0' to '9'
	start, end int
}

// group is a run of adjacent digits of one script: digits[from:to].
type group struct {
	from, to int
	sep      byte // what parts it from the group before: see separators; 0 begins a new chain
}

// Separators that may stand inside one number. Between digits of two scripts («三13800138000»)
// there is a border of no width.
const (
	sepSpace  = ' '
	sepHyphen = '-'
	sepDot    = '.'
	sepParen  = ')'
	sepBorder = '|'
)

const (
	maxSeparators = 3  // between two groups of one number
	minDigits     = 6  // of the shortest number that can be personal
	maxDigits     = 22 // of the longest, with a country code in front
	maxGroups     = 8  // more only where every digit stands alone
)

var pool = sync.Pool{New: func() any { return new(finder) }}

func newFinder(s string) *finder {
	f := pool.Get().(*finder)
	f.s = s
	return f
}

func (f *finder) release() {
	const keep = 1 << 12 // do not let one huge text hold memory for ever
	if cap(f.digits) > keep {
		f.digits, f.groups, f.urls, f.spans = nil, nil, nil, nil
	}
	f.s = ""
	f.digits, f.groups = f.digits[:0], f.groups[:0]
	f.urls, f.spans = f.urls[:0], f.spans[:0]
	pool.Put(f)
}

// result copies the spans out of the pooled finder, in order. Two that overlap are one, of the
// kind of the first: nothing of either may show.
func (f *finder) result() []Span {
	if len(f.spans) == 0 {
		return nil
	}
	slices.SortStableFunc(f.spans, byStart)
	out := make([]Span, 0, len(f.spans))
	for _, sp := range f.spans {
		if n := len(out); n > 0 && sp.Start < out[n-1].End {
			out[n-1].End = max(out[n-1].End, sp.End)
			continue
		}
		out = append(out, sp)
	}
	return out
}

// suspicion says which passes a text needs.
type suspicion byte

const (
	hasDigits suspicion = 1 << iota // Western ones, or three Chinese ones in a row
	hasToken                        // what plates, mail and internet addresses and accounts are made of
	hasHan                          // a word that may announce a name or a home
)

// suspicious is the cheap test that most texts fail.
func suspicious(s string) suspicion {
	var sus suspicion
	run, token := 0, 0
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			switch {
			case '0' <= c && c <= '9':
				sus |= hasDigits | hasToken
			case c == '@', c == '_':
				sus |= hasToken
			case !isASCIILetter(c):
				token = -1
			}
			if token++; token == minToken {
				sus |= hasToken
			}
			run = 0
			i++
			continue
		}
		token = 0
		if 0xE3 <= c && c <= 0xE9 && i+2 < len(s) && s[i+1] >= 0x80 && s[i+2] >= 0x80 { // a Chinese character or mark: most of what we read
			r := rune(c&0x0F)<<12 | rune(s[i+1]&0x3F)<<6 | rune(s[i+2]&0x3F)
			i += 3
			switch {
			case chineseDigit(r) != 0:
				if run++; run == 3 {
					sus |= hasDigits | hasToken
				}
				continue
			case announces(r):
				sus |= hasHan
			}
			run = 0
			continue
		}
		run = 0
		r, size := utf8.DecodeRuneInString(s[i:])
		i += size
		if _, script := digitOf(r); script != 0 || r == '＠' || ('Ａ' <= r && r <= 'ｚ') {
			sus |= hasDigits | hasToken
		}
	}
	return sus
}

// minToken is how many letters in a row are no word any more.
const minToken = 20

func chineseDigit(r rune) byte {
	switch r {
	case '零', '〇', '○', '洞':
		return '0'
	case '一', '幺', '壹', '妖':
		return '1'
	case '二', '两', '贰', '兩', '貳':
		return '2'
	case '三', '叁', '參':
		return '3'
	case '四', '肆':
		return '4'
	case '五', '伍':
		return '5'
	case '六', '陆', '陸':
		return '6'
	case '七', '柒', '拐':
		return '7'
	case '八', '捌':
		return '8'
	case '九', '玖':
		return '9'
	}
	return 0
}

// digitOf returns the value of a digit and its script: 1 Western (full width too), 2 Chinese,
// 3 circled, 4 what mathematicians and other peoples write.
func digitOf(r rune) (value, script byte) {
	switch {
	case r < 0x660:
		if '0' <= r && r <= '9' {
			return byte(r), 1
		}
	case 0x4E00 <= r && r <= 0x9FFF:
		if d := chineseDigit(r); d != 0 {
			return d, 2
		}
	case 0xFF10 <= r && r <= 0xFF19:
		return byte(r-0xFF10) + '0', 1
	case r == 0x3007 || r == 0x25CB:
		return '0', 2
	case r == 0x24EA:
		return '0', 3
	case 0x2460 <= r && r <= 0x2468:
		return byte(r-0x2460) + '1', 3
	case 0x2776 <= r && r <= 0x277E:
		return byte(r-0x2776) + '1', 3
	case 0x660 <= r && r <= 0x669:
		return byte(r-0x660) + '0', 4
	case 0x6F0 <= r && r <= 0x6F9:
		return byte(r-0x6F0) + '0', 4
	case 0x1D7CE <= r && r <= 0x1D7FF:
		return byte((r-0x1D7CE)%10) + '0', 4
	}
	return 0, 0
}

func separatorOf(r rune) byte {
	switch r {
	case ' ', '\t', 0xA0, 0xAD, 0x3000, 0x2002, 0x2003, 0x2009, 0x200B, 0x200C, 0x200D, 0x200E, 0x200F, 0x2060, 0xFE0F, 0x20E3, 0xFEFF, '_':
		return sepSpace // the marks after a digit on a key cap too
	case '-', '－', '‐', '‑', '–', '—', '−', '~', '～':
		return sepHyphen
	case '.', '．', '·', '•', '・':
		return sepDot
	case ')', '）', '(', '（':
		return sepParen
	}
	return 0
}

// cut fills digits and groups. Number plates, already found, are no part of any number.
func (f *finder) cut() {
	var (
		script  byte // of the digit just before, 0 when something else was
		sep     byte // strongest separator since the last digit
		seps    int
		inChain bool
		plates  = f.spans
	)
	for i, r := range f.s {
		value, sc := digitOf(r)
		for len(plates) > 0 && plates[0].End <= i {
			plates = plates[1:]
		}
		if len(plates) > 0 && plates[0].Start <= i {
			sc, r = 0, utf8.RuneError
		}
		if sc == 0 {
			script = 0
			if c := separatorOf(r); c != 0 && seps < maxSeparators {
				sep, seps = max(sep, c), seps+1
			} else {
				inChain = false
			}
			continue
		}
		if sc != script {
			g := group{from: len(f.digits), to: len(f.digits)}
			if inChain {
				g.sep = sepBorder
				if seps > 0 {
					g.sep = sep
				}
			}
			f.groups = append(f.groups, g)
		}
		f.digits = append(f.digits, digit{value: value, start: i, end: i + utf8.RuneLen(r)})
		f.groups[len(f.groups)-1].to++
		script, sep, seps, inChain = sc, 0, 0, true
	}
}

// findURLs notes where addresses of web pages stand: from the scheme to the first byte that an
// address cannot hold.
func (f *finder) findURLs() {
	for _, mark := range []string{"://", "www."} {
		for at := 0; ; {
			i := strings.Index(f.s[at:], mark)
			if i < 0 {
				break
			}
			start, end := at+i, at+i+len(mark)
			for start > 0 && isASCIILetter(f.s[start-1]) && mark == "://" {
				start--
			}
			for end < len(f.s) && inAddress(f.s[end]) {
				end++
			}
			f.urls = append(f.urls, Span{Start: start, End: end})
			at = end
		}
	}
}

func inAddress(b byte) bool {
	switch b {
	case '"', '\'', '<', '>', '`', '{', '}', '|', '\\', '^':
		return false
	}
	return ' ' < b && b < 0x7F
}

func (f *finder) inURL(at int) bool {
	for _, u := range f.urls {
		if u.Start <= at && at < u.End {
			return true
		}
	}
	return false
}

// number is a run of groups under examination: groups[g:h].
type number struct {
	f          *finder
	g, h       int
	start, end int    // bytes
	value      []byte // '0' to '9', in a buffer that lives as long as the examination
}

// single tells whether nothing parts the digits.
func (n number) single() bool { return n.h == n.g+1 }

// size is the number of digits in the i-th group of the run.
func (n number) size(i int) int {
	g := n.f.groups[n.g+i]
	return g.to - g.from
}

// shape reports whether the groups have exactly these sizes.
func (n number) shape(sizes ...int) bool {
	if n.h-n.g != len(sizes) {
		return false
	}
	for i, size := range sizes {
		if n.size(i) != size {
			return false
		}
	}
	return true
}

// spelled reports whether every digit stands alone («1 3 8 0 …»).
func (n number) spelled() bool { return n.h-n.g == len(n.value) }

// hasSep reports whether sep parts two groups of the run.
func (n number) hasSep(sep byte) bool {
	for i := n.g + 1; i < n.h; i++ {
		if n.f.groups[i].sep == sep {
			return true
		}
	}
	return false
}

// matcher says what a number is: the span of its data, or ok == false. A span without a kind
// is a number that must stay, such as an official telephone.
type matcher func(n number) (Span, bool)

// matchers in order of trust. At equal length the first that accepts wins.
var matchers = [...]matcher{
	official, identity, oldPermanentCard, bankCard, mobile, landline, foreignPhone,
	permit, passport, taiwanPermit, localPhone,
}

// numbers looks at every group of digits, takes the longest run of groups from there that is
// personal data, and goes on behind it.
func (f *finder) numbers() {
	for g := 0; g < len(f.groups); {
		sp, next := f.longest(g)
		if sp.Kind != "" {
			f.spans = append(f.spans, f.withParen(sp))
		}
		g = next
	}
}

// longest returns the longest match that begins at group g, and the group to go on with.
func (f *finder) longest(g int) (Span, int) {
	var ends [maxDigits]int // digits up to and with each group
	n, h := 0, g
	for ; h < len(f.groups) && (h == g || f.groups[h].sep != 0); h++ {
		gr := f.groups[h]
		if n+gr.to-gr.from > maxDigits {
			break
		}
		for _, d := range f.digits[gr.from:gr.to] {
			f.value[n] = d.value
			n++
		}
		ends[h-g] = n
	}
	if h == g {
		return f.glued(g)
	}
	for ; h > g && ends[h-g-1] >= minDigits; h-- {
		if h-g > maxGroups && f.goesOn(h) {
			continue
		}
		num := number{
			f: f, g: g, h: h, value: f.value[:ends[h-g-1]],
			start: f.digits[f.groups[g].from].start,
			end:   f.digits[f.groups[h-1].to-1].end,
		}
		if f.inURL(num.start) && !f.keyed(num.start) {
			continue
		}
		for _, m := range matchers {
			if sp, ok := m(num); ok {
				return sp, f.after(sp, h)
			}
		}
	}
	return Span{}, g + 1
}

// goesOn reports whether a row of single digits continues with group h. A number that somebody
// spelled ends where the row ends; a table of digits is no number.
func (f *finder) goesOn(h int) bool {
	return h < len(f.groups) && f.groups[h].sep != 0 && f.groups[h].to-f.groups[h].from == 1
}

// after returns the first group at or behind h that begins behind the span.
func (f *finder) after(sp Span, h int) int {
	for h < len(f.groups) && f.digits[f.groups[h].from].start < sp.End {
		h++
	}
	return h
}

// glued looks into a run of digits that is too long for one number: an identity number and a
// mobile that nobody parted. Other long runs are not about people.
func (f *finder) glued(g int) (Span, int) {
	gr := f.groups[g]
	if gr.to-gr.from != 29 {
		return Span{}, g + 1
	}
	var buf [29]byte
	for i, d := range f.digits[gr.from:gr.to] {
		buf[i] = d.value
	}
	v := buf[:]
	start, end := f.digits[gr.from].start, f.digits[gr.to-1].end
	switch {
	case validIdentity(v[:18]) && isMobile(v[18:]):
		mid := f.digits[gr.from+18].start
		f.spans = append(f.spans, Span{identityKind(v), start, mid})
		return Span{Mobile, mid, end}, g + 1
	case isMobile(v[:11]) && validIdentity(v[11:]):
		mid := f.digits[gr.from+11].start
		f.spans = append(f.spans, Span{Mobile, start, mid})
		return Span{identityKind(v[11:]), mid, end}, g + 1
	}
	return Span{}, g + 1
}

// withParen takes the opening parenthesis of «(0755)84465001» into the span.
func (f *finder) withParen(sp Span) Span {
	in := f.s[sp.Start:sp.End]
	for _, pair := range [...][2]string{{"(", ")"}, {"（", "）"}} {
		if strings.Contains(in, pair[1]) && !strings.Contains(in, pair[0]) && strings.HasSuffix(f.s[:sp.Start], pair[0]) {
			sp.Start -= len(pair[0])
		}
	}
	return sp
}
