package mask

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// homeCues announce where somebody lives or gets post. After them a road with a number is enough;
// without one it takes a building and a room.
var homeCues = []string{
	"住址", "家住", "住在", "我住", "租住", "现住", "居住在", "居住地", "家庭地址", "户籍地址", "户口地址", "户籍地", "收件地址", "收货地址", "邮寄地址", "寄到", "寄往", "寄去", "送到",
	"邮寄到", "家在", "家里在", "我家", "地址", "房子在", "搬到", "搬去", "住", "户口在", "落户在", "回到", "房产在", "住处", "出租屋在",
}

// Words that places end in, and that numbers stand before. A home is a chain of them.
var (
	roadPlaces  = []string{"路", "街", "道", "巷", "弄", "胡同", "大道", "里", "围", "坊"}
	yardPlaces  = []string{"小区", "花园", "村", "苑", "公寓", "家园", "公馆", "山庄", "宿舍", "大厦", "广场", "园", "府", "居", "湾", "城", "轩", "庭", "阁"}
	wholeYards  = []string{"小区", "花园", "公寓", "家园", "公馆", "山庄", "宿舍", "大厦", "广场"} // those that stand behind a number too
	countPlaces = []string{"号楼", "号院", "号", "栋", "幢", "座", "单元", "楼", "层", "室", "房", "巷", "弄", "坊", "组", "期", "区"}
)

// placeEndSet has the last characters of roads and estates.
var placeEndSet = setOf(strings.Join(roadPlaces, "") + strings.Join(yardPlaces, ""))

// homes finds where people live. taken are the spans found before, in order.
func (f *finder) homes(taken []Span) {
	for at := 0; at < len(f.s); {
		i := strings.IndexFunc(f.s[at:], homeRune)
		if i < 0 {
			return
		}
		i += at
		_, size := utf8.DecodeRuneInString(f.s[i:])
		at = i + size
		sp, ok := f.homeAfterCue(i)
		if !ok {
			sp, ok = f.homeOfRoom(i)
		}
		if !ok {
			continue
		}
		for _, o := range taken { // a telephone behind it is none of it
			if o.Start < sp.End && sp.Start < o.End {
				sp.End = o.Start
			}
		}
		if sp.End <= sp.Start {
			continue
		}
		f.spans = append(f.spans, sp)
		at = max(at, sp.End)
	}
}

// homeRune: the first character of a cue, or what a room number follows.
func homeRune(r rune) bool {
	switch r {
	case '住', '家', '租', '现', '居', '户', '收', '邮', '寄', '送', '我', '地', '房', '搬', '落', '回', '出':
		return true
	case '栋', '幢', '座', '号', '单', '楼':
		return true
	}
	return false
}

// homeAfterCue reads a home behind a cue that begins at i.
func (f *finder) homeAfterCue(i int) (Span, bool) {
	start := -1
	for _, c := range homeCues {
		if strings.HasPrefix(f.s[i:], c) {
			start = max(start, i+len(c))
		}
	}
	if start < 0 {
		return Span{}, false
	}
	start = f.skipHomeMarks(start)
	p := f.place(start)
	if p.numbers >= 2 || (p.numbers == 1 && p.named) {
		return Span{Home, start, p.end}, true
	}
	return Span{}, false
}

// skipHomeMarks steps over what stands between a cue and a place.
func (f *finder) skipHomeMarks(at int) int {
	for range 4 {
		r, size := utf8.DecodeRuneInString(f.s[at:])
		switch r {
		case ':', '：', ' ', '\t', 0x3000, '「', '“', '"', '(', '（', '=', '是', '为', '在', '到', '于':
			at += size
		default:
			return at
		}
	}
	return at
}

// chain is what a chain of places says. Districts say nothing: many people live there.
type chain struct {
	end     int
	named   bool // a road or an estate
	numbers int  // of a house, a building, a floor, a room
}

// place reads a chain of places.
func (f *finder) place(start int) chain {
	const longest = 45 // characters
	p := chain{end: start}
	for at, n := start, 0; n < longest && at < len(f.s); n++ {
		if next := f.countEnds(at); next > at {
			if w := longestPrefix(f.s[next:], countPlaces); w != "" {
				at = next + len(w)
				p.end, p.numbers = at, p.numbers+1
				continue
			}
			if p.numbers > 0 && at == p.end && f.digitsIn(at, next) >= 3 { // «3栋502»
				p.end, p.numbers = next, p.numbers+1
				return p
			}
		}
		r, size := utf8.DecodeRuneInString(f.s[at:])
		if !isHan(r) || stopsPlace(r) {
			break
		}
		at += size
		if !placeEndSet.has(r) {
			continue
		}
		if p.numbers > 0 && endsIn(f.s[p.end:at], wholeYards) {
			p.end = at
		}
		if at-start > 6 && (endsIn(f.s[start:at], roadPlaces) || endsIn(f.s[start:at], yardPlaces)) {
			p.named = true
		}
	}
	return p
}

// countEnds returns where a number of a house or room ends that begins at a place: digits of any
// script, letters and hyphens between.
func (f *finder) countEnds(at int) int {
	end, digits := at, 0
	for n := 0; n < 8 && end < len(f.s); n++ {
		r, size := utf8.DecodeRuneInString(f.s[end:])
		switch _, script := digitOf(r); {
		case script != 0, isLetter(r), r == '十', r == '百', isStem(r):
			digits++
		case digits > 0 && (r == '-' || r == '－' || r == '—' || r == '之' || r == '#'):
		default:
			return end
		}
		end += size
	}
	return end
}

func (f *finder) digitsIn(from, to int) int {
	n := 0
	for _, r := range f.s[from:to] {
		if _, script := digitOf(r); script != 0 {
			n++
		}
	}
	return n
}

func isStem(r rune) bool { return strings.ContainsRune("甲乙丙丁", r) }

// stopsPlace: characters that no name of a place holds.
func stopsPlace(r rune) bool {
	switch r {
	case '的', '了', '搬', '从', '到', '跟', '我', '你', '他', '她', '吗', '呢', '吧', '啊', '怎', '么', '什', '想', '要', '办', '请', '问', '被', '把', '给', '去', '来', '没', '不', '是', '在', '有', '人', '证', '电', '就', '也', '还':
		return true
	}
	return false
}

// homeOfRoom finds a building with a room in it, said of nobody: «3栋502室». i stands at the word
// for the building; what leads there belongs to it.
func (f *finder) homeOfRoom(i int) (Span, bool) {
	w := longestPrefix(f.s[i:], []string{"号楼", "栋", "幢", "座", "单元"})
	if w == "" {
		return Span{}, false
	}
	start := i
	for { // the number of the building
		r, size := utf8.DecodeLastRuneInString(f.s[:start])
		if _, script := digitOf(r); script == 0 && !isLetter(r) && r != '十' {
			break
		}
		start -= size
	}
	if start == i {
		return Span{}, false
	}
	p := f.place(start)
	if p.numbers < 2 || p.end <= i+len(w) {
		return Span{}, false
	}
	for n := 0; n < 30; n++ {
		r, size := utf8.DecodeLastRuneInString(f.s[:start])
		_, script := digitOf(r)
		if !(isHan(r) && !stopsPlace(r)) && script == 0 && !isLetter(r) {
			break
		}
		start -= size
	}
	for _, c := range homeCues { // the cue itself may stay
		if strings.HasPrefix(f.s[start:i], c) {
			start += len(c)
			break
		}
	}
	return Span{Home, start, p.end}, true
}

func longestPrefix(s string, words []string) string {
	best := ""
	for _, w := range words {
		if len(w) > len(best) && strings.HasPrefix(s, w) {
			best = w
		}
	}
	return best
}

func endsIn(s string, words []string) bool {
	return slices.ContainsFunc(words, func(w string) bool { return strings.HasSuffix(s, w) })
}
