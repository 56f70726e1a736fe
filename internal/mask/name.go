package mask

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// cue is a word that a name follows. Behind one that calls («我叫») anything that can be a name is;
// so behind any other with a mark or «是» between. Else only what has the form of a frequent name
// and ends where a name ends.
type cue struct {
	word  string
	calls bool
}

// nameCues by their last character.
var nameCues = map[rune][]cue{
	'叫': cues(true, "我叫", "名叫", "他叫", "她叫", "字叫", "儿叫", "子叫", "孩叫", "公叫", "婆叫", "妈叫", "爸叫", "亲叫", "友叫", "人叫", "方叫", "弟叫", "妹叫", "哥叫", "姐叫", "孙叫", "宝叫", "妻叫", "夫叫", "东叫", "姨叫", "叔叫", "爷叫", "奶叫"),
	'名': cues(false, "姓名", "曾用名", "原名", "现名", "本名", "真名", "全名", "户名", "实名", "署名"),
	'字': cues(false, "名字"),
	'为': cues(true, "改名为", "更名为", "取名为"),
	'成': cues(true, "改名成", "名字改成"),
	'人': cues(false, "联系人", "收件人", "申请人", "当事人", "委托人", "监护人", "报案人", "被害人", "受害人", "嫌疑人", "代办人", "经办人", "持证人", "投靠人", "代表人", "收款人", "寄件人", "投诉人", "预约人", "本人", "爱人", "法人"),
	'主': cues(false, "户主", "车主", "机主", "业主"),
	'者': cues(false, "死者", "患者"),
	'是': cues(false, "我是", "他是", "她是", "就是", "这是", "人是"),
	'公': cues(false, "老公"),
	'婆': cues(false, "老婆"),
	'子': cues(false, "儿子", "妻子", "孩子"),
	'儿': cues(false, "女儿"),
	'爸': cues(false, "我爸"),
	'妈': cues(false, "我妈"),
	'亲': cues(false, "父亲", "母亲"),
	'夫': cues(false, "丈夫"),
}

func cues(calls bool, words ...string) []cue {
	out := make([]cue, len(words))
	for i, w := range words {
		out[i] = cue{w, calls}
	}
	return out
}

// titles stand behind a name.
var titles = []string{"先生", "女士", "小姐", "同志", "警官", "本人的"}

// The characters of names as sets, and the cheap test of announces.
var (
	surnameSet  = setOf(commonSurnames + rareSurnames)
	commonSet   = setOf(commonSurnames)
	givenSet    = setOf(givenCharacters)
	functionSet = setOf(functionCharacters)
	announceSet = setOf("叫名字为成人主者是公婆子儿爸妈亲夫先女小同警住址家寄送区路街巷村栋幢座楼室房号")
)

// charSet holds Chinese characters of the basic block as bits: these sets are asked for every
// character of every text.
type charSet [(0xA000 - 0x4E00) / 64]uint64

func setOf(chars string) *charSet {
	var s charSet
	for _, r := range chars {
		if 0x4E00 <= r && r < 0xA000 {
			s[(r-0x4E00)/64] |= 1 << ((r - 0x4E00) % 64)
		}
	}
	return &s
}

func (s *charSet) has(r rune) bool {
	return 0x4E00 <= r && r < 0xA000 && s[(r-0x4E00)/64]&(1<<((r-0x4E00)%64)) != 0
}

// announces reports whether a character ends a word that may announce a name or a home.
func announces(r rune) bool { return announceSet.has(r) }

// words finds names and homes, which nothing but the words around them tells.
func (f *finder) words() {
	taken := f.spans
	f.homes(taken)
	for i, r := range f.s {
		if !announces(r) {
			continue
		}
		end := i + utf8.RuneLen(r)
		sp, ok := f.nameAfter(r, end)
		if !ok && (r == '先' || r == '女' || r == '小' || r == '同' || r == '警') {
			sp, ok = f.nameBefore(i)
		}
		if ok && !overlaps(taken, sp) {
			f.spans = append(f.spans, sp)
		}
	}
}

// overlaps reports whether one of the spans, which are in order, shares a byte with sp.
func overlaps(spans []Span, sp Span) bool {
	i, _ := slices.BinarySearchFunc(spans, sp.Start, func(o Span, at int) int { return o.End - at - 1 })
	return i < len(spans) && spans[i].Start < sp.End
}

// nameAfter looks for a name behind a cue that ends in r at end.
func (f *finder) nameAfter(r rune, end int) (Span, bool) {
	for _, c := range nameCues[r] {
		if !strings.HasSuffix(f.s[:end], c.word) {
			continue
		}
		start, marked := f.skipMarks(end)
		calls := c.calls || (marked && r != '是')
		if end, ok := f.nameAt(start, calls); ok {
			return Span{Name, start, end}, true
		}
		return Span{}, false
	}
	return Span{}, false
}

// skipMarks steps over what may stand between a cue and a name, and tells whether some of it says
// that a name follows.
func (f *finder) skipMarks(at int) (start int, says bool) {
	for range 4 {
		r, size := utf8.DecodeRuneInString(f.s[at:])
		switch r {
		case ':', '：', '=', '是', '为', '叫':
			says = true
		case ' ', '\t', 0x3000, '「', '“', '"', '(', '（':
		default:
			return at, says
		}
		at += size
	}
	return at, says
}

// nameAt reads a name that begins at start: a surname and one or two characters; or a name with a
// dot in it, as in translations.
func (f *finder) nameAt(start int, calls bool) (end int, ok bool) {
	if end, ok = f.dottedName(start); ok {
		return end, calls
	}
	rest := f.s[start:]
	surname, common := f.surname(rest)
	if surname == 0 {
		return 0, false
	}
	g1, s1 := utf8.DecodeRuneInString(rest[surname:])
	g2, s2 := utf8.DecodeRuneInString(rest[surname+s1:])
	one, two := start+surname+s1, start+surname+s1+s2
	usual1, usual2 := givenSet.has(g1) && !functionSet.has(g1), givenSet.has(g2) && !functionSet.has(g2)
	if !isHan(g1) || isWord(rest, surname, s1, s2) {
		return 0, false
	}
	if !calls || !common { // it must look like a name and end like one
		switch {
		case !common && !calls:
		case usual1 && usual2 && (f.nameEnds(two, calls) || strings.HasPrefix(f.s[two:], "的")):
			return two, true
		case usual1 && f.nameEnds(one, calls):
			return one, true
		}
		return 0, false
	}
	switch {
	case functionSet.has(g1):
		return 0, false
	case strings.HasPrefix(f.s[one:], "本人"):
		return one, true
	case usual2, isHan(g2) && !functionSet.has(g2) && f.nameEnds(two, true):
		return two, true
	}
	return one, usual1 || f.nameEnds(one, true)
}

// isWord reports whether what could be a name of these sizes is a word of notNames, alone or with
// what makes a longer word of it.
func isWord(s string, surname, s1, s2 int) bool {
	if notNames[s[:surname+s1+s2]] {
		return true
	}
	if !notNames[s[:surname+s1]] {
		return false
	}
	r, _ := utf8.DecodeRuneInString(s[surname+s1:])
	return !givenSet.has(r) || functionSet.has(r) || strings.ContainsRune(wordEnds, r)
}

// surname returns the length of the surname that s begins with, 0 for none, and whether it is a
// frequent one.
func (f *finder) surname(s string) (size int, common bool) {
	for _, c := range compoundSurnames {
		if strings.HasPrefix(s, c) {
			return len(c), true
		}
	}
	first, size := utf8.DecodeRuneInString(s)
	if !surnameSet.has(first) {
		return 0, false
	}
	return size, commonSet.has(first)
}

// dottedName reads 阿卜杜拉·买买提.
func (f *finder) dottedName(start int) (end int, ok bool) {
	parts := 0
	for at := start; ; {
		n := 0
		for n < 9 {
			r, size := utf8.DecodeRuneInString(f.s[at:])
			if !isHan(r) {
				break
			}
			n, at = n+1, at+size
		}
		if n == 0 || n == 9 {
			return end, parts > 1
		}
		parts++
		r, size := utf8.DecodeRuneInString(f.s[at:])
		if r != '·' && r != '•' && r != '・' {
			if parts > 1 && n > 5 { // the sentence goes on behind it: nobody knows where it ends
				at -= 3 * (n - 4)
			}
			return at, parts > 1
		}
		end, at = at, at+size
	}
}

// nameEnds reports whether a name can end at a place: the text does, or a mark comes; where a word
// says that it is a name a function word will do.
func (f *finder) nameEnds(at int, called bool) bool {
	r, _ := utf8.DecodeRuneInString(f.s[at:])
	return !isHan(r) && !isLetter(r) || (called && functionSet.has(r))
}

// nameBefore looks for a whole name before a title. «王先生» is no whole name.
func (f *finder) nameBefore(at int) (Span, bool) {
	if !slices.ContainsFunc(titles, func(t string) bool { return strings.HasPrefix(f.s[at:], t) }) {
		return Span{}, false
	}
	start, n := at, 0
	for n < 3 {
		r, size := utf8.DecodeLastRuneInString(f.s[:start])
		if !isHan(r) || functionSet.has(r) && !surnameSet.has(r) {
			break
		}
		start, n = start-size, n+1
	}
	for ; n >= 2; n-- {
		r, size := utf8.DecodeRuneInString(f.s[start:])
		rest := f.s[start:at]
		if commonSet.has(r) && f.allGiven(start+size, at) && !notNames[rest] {
			return Span{Name, start, at}, true
		}
		start += size
	}
	return Span{}, false
}

func (f *finder) allGiven(from, to int) bool {
	for _, r := range f.s[from:to] {
		if !givenSet.has(r) || functionSet.has(r) {
			return false
		}
	}
	return true
}

func isHan(r rune) bool { return 0x4E00 <= r && r < 0xA000 }
