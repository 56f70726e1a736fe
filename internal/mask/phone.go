package mask

import (
	"bytes"
	"strings"
)

// officialNumbers may always be shown. Telephones with an area code stand without it.
var officialNumbers = map[string]bool{
	"110": true, "119": true, "120": true, "122": true, "12110": true, "12110755": true,
	"12345": true, "12367": true, "12123": true, "12389": true, "96110": true, "12356": true,
	"12333": true, "12329": true, "12366": true, "12348": true, "12315": true, "12381": true,
	"12395":    true,
	"81234567": true, // 深圳反诈咨询
	"84465000": true, // 户政业务咨询
	"84465490": true, // 出入境业务咨询
	"84464600": true, // 民生警务平台故障
	"83333333": true, // 交警服务热线
}

const officialArea = "755"

// official keeps a number of the list from every later matcher.
func official(n number) (Span, bool) {
	return Span{Start: n.start, End: n.end}, officialNumbers[string(n.value)]
}

// startsOfficial reports whether group g alone is an official number: a row of such numbers is
// no identity number.
func (f *finder) startsOfficial(g int) bool {
	gr := f.groups[g]
	var buf [maxDigits]byte
	v := buf[:0]
	for _, d := range f.digits[gr.from:min(gr.to, gr.from+maxDigits)] {
		v = append(v, d.value)
	}
	return officialNumbers[string(v)]
}

// national is a telephone number without the country code of the mainland.
type national struct {
	value  []byte
	sizes  [maxDigits]int // of its groups
	groups int
	coded  bool // there was a country code
}

func (p *national) shape(sizes ...int) bool {
	if p.groups != len(sizes) {
		return false
	}
	for i, size := range sizes {
		if p.sizes[i] != size {
			return false
		}
	}
	return true
}

// nationalOf takes 86 or 0086 off, glued or parted.
func nationalOf(n number) national {
	p := national{value: n.value}
	cut := 0
	switch {
	case bytes.HasPrefix(n.value, []byte("0086")):
		cut = 4
	case bytes.HasPrefix(n.value, []byte("86")):
		cut = 2
	}
	p.coded = cut > 0
	p.value = n.value[cut:]
	for i := range n.h - n.g {
		size := n.size(i)
		taken := min(size, cut)
		cut -= taken
		if size -= taken; size > 0 {
			p.sizes[p.groups] = size
			p.groups++
		}
	}
	return p
}

func isMobile(v []byte) bool {
	return len(v) == 11 && v[0] == '1' && v[1] >= '3'
}

// mobileShapes are the ways in which people part the eleven digits.
var mobileShapes = [...][]int{
	{11}, {3, 4, 4}, {3, 8}, {7, 4}, {3, 3, 5}, {4, 3, 4}, {4, 4, 3}, {3, 5, 3}, {5, 6}, {6, 5},
	{3, 4, 2, 2}, {3, 2, 2, 2, 2}, {3, 2, 3, 3}, {3, 3, 3, 2}, {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1},
}

// mobile finds mainland mobile numbers, with or without country code or a leading zero.
func mobile(n number) (Span, bool) {
	p := nationalOf(n)
	if len(p.value) == 12 && p.value[0] == '0' && p.groups == 1 {
		p.value, p.sizes[0] = p.value[1:], 11
	}
	if !isMobile(p.value) || n.f.notPhone(n) {
		return Span{}, false
	}
	sp := Span{Mobile, n.f.withPlus(n.start), n.end}
	if n.f.near(phoneWords, n.start, n.end) {
		return sp, true
	}
	if n.f.isDecimal(n) || n.hasSep(sepBorder) || (n.hasSep(sepDot) && !p.shape(3, 4, 4)) {
		return Span{}, false
	}
	if p.shape(3, 8) && isDay(p.value[3:]) {
		return Span{}, false
	}
	for _, shape := range mobileShapes {
		if p.shape(shape...) {
			return sp, true
		}
	}
	return Span{}, false
}

// landline finds mainland numbers with an area code.
func landline(n number) (Span, bool) {
	p := nationalOf(n)
	v, first := p.value, p.sizes[0]
	if len(v) < 9 || len(v) > 12 {
		return Span{}, false
	}
	if v[0] == '0' {
		v, first = v[1:], first-1
	} else if !p.coded {
		return Span{}, false
	}
	area := areaLen(v)
	if area == 0 || len(v)-area < 7 || len(v)-area > 8 {
		return Span{}, false
	}
	local := v[area:]
	if string(v[:area]) == officialArea && officialNumbers[string(local)] {
		return Span{Start: n.start, End: n.end}, true
	}
	if n.f.notPhone(n) {
		return Span{}, false
	}
	called := n.f.near(phoneWords, n.start, n.end)
	parted := first == area && p.groups > 1
	switch {
	case called && (parted || p.groups == 1):
	case n.f.isDecimal(n) || n.hasSep(sepBorder):
		return Span{}, false
	case parted && (p.groups == 2 || (p.groups == 3 && p.sizes[2] == 4)):
	case p.groups == 1 && '2' <= local[0] && (area > 2 || len(local) == 8):
	case p.groups == len(p.value): // every digit alone
	default:
		return Span{}, false
	}
	return Span{Landline, n.f.withPlus(n.start), n.end}, true
}

// areaLen returns the length of the area code, without the zero, that v begins with; 0 for none.
func areaLen(v []byte) int {
	switch {
	case v[0] == '1' && v[1] == '0', v[0] == '2':
		return 2
	case '3' <= v[0]:
		return 3
	}
	return 0
}

// foreignPhone finds numbers of Hong Kong, Macao and Taiwan with their country code, and any
// other international number that is called a telephone.
func foreignPhone(n number) (Span, bool) {
	start := n.f.withPlus(n.start)
	v := n.value
	switch {
	case start < n.start:
	case bytes.HasPrefix(v, []byte("00")):
		v = v[2:]
	default:
		return Span{}, false
	}
	if len(v) < 10 || len(v) > 15 || v[0] == '0' || n.f.notPhone(n) || n.f.isDecimal(n) {
		return Span{}, false
	}
	near := false
	switch string(v[:3]) {
	case "852", "853":
		near = len(v) == 11 && v[3] >= '2'
	case "886":
		near = len(v) == 11 || len(v) == 12
	}
	if near || n.f.near(phoneWords, start, n.end) {
		return Span{Mobile, start, n.end}, true
	}
	return Span{}, false
}

// localPhone finds seven or eight digits without area code right behind a word for telephone.
func localPhone(n number) (Span, bool) {
	v := n.value
	if (len(v) != 7 && len(v) != 8) || v[0] < '2' || isDay(v) {
		return Span{}, false
	}
	if !n.single() && !n.shape(4, 4) && !n.shape(3, 4) && !n.spelled() {
		return Span{}, false
	}
	if !n.f.follows(phoneWords, n.start) || n.f.notPhone(n) || isLetter(n.f.runeAt(n.end)) {
		return Span{}, false
	}
	return Span{Landline, n.start, n.end}, true
}

// notPhone collects what speaks against a telephone number.
func (f *finder) notPhone(n number) bool {
	return f.isReference(n.start) || f.isAmount(n.start, n.end) || f.inCode(n.start, n.end) || f.startsOfficial(n.g)
}

// withPlus takes the plus sign of an international number into the span.
func (f *finder) withPlus(start int) int {
	for _, plus := range [...]string{"+", "＋", "(+", "（+"} {
		if before := f.s[:start]; strings.HasSuffix(before, plus) && !endsInDigit(before[:len(before)-len(plus)]) {
			return start - len(plus)
		}
	}
	return start
}
