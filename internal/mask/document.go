package mask

import "unicode/utf8"

// lettered is what stands before the digits of a travel document.
type lettered struct {
	letters string // upper case, one to three
	start   int
	parted  bool // a separator stands between letters and digits
	inCode  bool // it is a part of a longer code («DEV-E12345678-01»)
}

// letters reads the letters before a number. It is not ok when there are none or more than
// three, or when letters or digits touch the number on the other side.
func (f *finder) letters(n number) (lettered, bool) {
	if isLetter(f.runeAt(n.end)) {
		return lettered{}, false
	}
	var buf [3]byte
	doc := lettered{start: n.start}
	count := 0
	for {
		r, size := utf8.DecodeLastRuneInString(f.s[:doc.start])
		up, ok := upper(r)
		if !ok {
			if count == 0 && !doc.parted && (r == ' ' || r == '-' || r == 0x3000) {
				doc.parted = true
				doc.start -= size
				continue
			}
			break
		}
		if count == len(buf) {
			return lettered{}, false
		}
		count++
		buf[len(buf)-count] = up
		doc.start -= size
	}
	if count == 0 || endsInDigit(f.s[:doc.start]) {
		return lettered{}, false
	}
	doc.letters = string(buf[len(buf)-count:])
	doc.inCode = f.hyphened(doc.start, n.end)
	return doc, true
}

// permit finds the permits for travel between the mainland and Hong Kong or Macao: of mainland
// residents (C or W with eight digits, or C, a letter and seven digits) and of residents of Hong
// Kong and Macao (H or M with eight digits, and two more on older cards).
func permit(n number) (Span, bool) {
	doc, ok := n.f.letters(n)
	if !ok {
		return Span{}, false
	}
	kind := ExitPermit
	digits := len(n.value)
	switch first := doc.letters[0]; {
	case len(doc.letters) == 1 && (first == 'C' || first == 'W') && digits == 8:
	case len(doc.letters) == 2 && first == 'C' && serialLetter(doc.letters[1]) && digits == 7:
	case len(doc.letters) == 1 && (first == 'H' || first == 'M') && (digits == 8 || digits == 10):
		kind = HomeReturn
	default:
		return Span{}, false
	}
	return Span{kind, doc.start, n.end}, n.f.believe(n, doc, permitWords)
}

// passport finds Chinese passports by their form, and passports of any country right behind the
// word.
func passport(n number) (Span, bool) {
	doc, ok := n.f.letters(n)
	if ok && isChinesePassport(doc.letters, len(n.value)) {
		sp := Span{Passport, doc.start, n.end}
		if doc.letters == "D" || doc.letters == "S" || doc.letters == "P" { // also common in other codes
			return sp, n.f.near(passportWords, sp.Start, sp.End) && !n.f.isReference(sp.Start)
		}
		return sp, n.f.believe(n, doc, passportWords)
	}
	if !ok || doc.parted {
		doc = lettered{start: n.start}
		if isLetter(n.f.runeAt(n.end)) || endsInLetter(n.f.s[:n.start]) {
			return Span{}, false
		}
	}
	all := len(doc.letters) + len(n.value)
	if !n.single() || all < 7 || all > 10 || len(n.value) > 9 || isDay(n.value) {
		return Span{}, false
	}
	if !n.f.follows(passportWords, doc.start) || n.f.isAmount(n.start, n.end) {
		return Span{}, false
	}
	return Span{Passport, doc.start, n.end}, true
}

// isChinesePassport: E or G with eight digits, E and a letter with seven; official ones D, S, P,
// with or without an E, with seven.
func isChinesePassport(letters string, digits int) bool {
	switch letters {
	case "E", "G":
		return digits == 8
	case "D", "S", "P", "DE", "SE", "PE":
		return digits == 7
	}
	return len(letters) == 2 && letters[0] == 'E' && serialLetter(letters[1]) && digits == 7
}

// believe weighs a number that has the form of a document. Written in one piece it is believed
// unless it is called something else; parted, dated or inside a longer code it needs the word.
func (f *finder) believe(n number, doc lettered, words []string) bool {
	if f.isReference(doc.start) || f.isAmount(n.start, n.end) {
		return false
	}
	if n.single() && !doc.parted && !doc.inCode && !isDay(n.value) {
		return true
	}
	return f.near(words, doc.start, n.end)
}

// taiwanPermit finds the permit of Taiwan residents: eight or ten bare digits, so only near its
// name.
func taiwanPermit(n number) (Span, bool) {
	if (len(n.value) != 8 && len(n.value) != 10) || isDay(n.value) || (!n.single() && !n.spelled()) {
		return Span{}, false
	}
	if isLetter(n.f.runeAt(n.end)) || endsInLetter(n.f.s[:n.start]) {
		return Span{}, false
	}
	if !n.f.near(taiwanWords, n.start, n.end) || n.f.isReference(n.start) || n.f.isAmount(n.start, n.end) {
		return Span{}, false
	}
	return Span{TaiwanPermit, n.start, n.end}, true
}

// serialLetter reports whether a serial may hold the letter: I and O look like digits.
func serialLetter(b byte) bool { return 'A' <= b && b <= 'Z' && b != 'I' && b != 'O' }

// upper returns the upper-case ASCII letter for r, full width included.
func upper(r rune) (byte, bool) {
	switch {
	case 'A' <= r && r <= 'Z':
		return byte(r), true
	case 'a' <= r && r <= 'z':
		return byte(r) - 'a' + 'A', true
	case 'Ａ' <= r && r <= 'Ｚ':
		return byte(r-'Ａ') + 'A', true
	case 'ａ' <= r && r <= 'ｚ':
		return byte(r-'ａ') + 'A', true
	}
	return 0, false
}

func isLetter(r rune) bool {
	_, ok := upper(r)
	return ok
}

func (f *finder) runeAt(at int) rune {
	r, _ := utf8.DecodeRuneInString(f.s[at:])
	return r
}

func endsInLetter(s string) bool {
	r, _ := utf8.DecodeLastRuneInString(s)
	return isLetter(r)
}

func endsInDigit(s string) bool {
	r, _ := utf8.DecodeLastRuneInString(s)
	_, script := digitOf(r)
	return script == 1
}
