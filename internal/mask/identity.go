package mask

import (
	"bytes"
	"unicode/utf8"
)

// identity finds identity numbers of 18 places (GB 11643) and of 15 (until 1999), the residence
// permits and the permanent residence cards that follow the same scheme.
func identity(n number) (Span, bool) {
	v, end := n.value, n.end
	switch len(v) {
	case 17:
		x, ok := n.f.checkX(n.end)
		if !ok {
			return Span{}, false
		}
		var full [18]byte
		copy(full[:], v)
		full[17] = 'X'
		v, end = full[:], x
	case 15:
		return oldIdentity(n)
	case 18:
	default:
		return Span{}, false
	}
	sp := Span{identityKind(v), n.start, end}
	if validIdentity(v) {
		return sp, true
	}
	// A slip of the finger does not make the number less personal: the words around decide.
	if v[0] == '0' || n.f.startsOfficial(n.g) || isLetter(n.f.runeAt(end)) || !n.f.near(identityWords, n.start, end) || n.f.isReference(n.start) {
		return Span{}, false
	}
	return sp, n.single() || validDate(v[6:14])
}

// oldIdentity is six digits of area, YYMMDD of birth, three digits of sequence; it has no check
// digit, so a word must say what it is.
func oldIdentity(n number) (Span, bool) {
	v := n.value
	if v[0] == '0' || !validDate([]byte{'1', '9', v[6], v[7], v[8], v[9], v[10], v[11]}) {
		return Span{}, false
	}
	if !n.single() && !n.shape(6, 6, 3) && !n.shape(6, 9) && !n.spelled() {
		return Span{}, false
	}
	if !n.f.near(identityWords, n.start, n.end) || n.f.isReference(n.start) || n.f.isAmount(n.start, n.end) {
		return Span{}, false
	}
	return Span{Identity, n.start, n.end}, true
}

// identityKind tells the cards with 18 places apart by their first digits.
func identityKind(v []byte) Kind {
	switch {
	case v[0] == '9':
		return PermanentCard
	case v[0] == '8' && '1' <= v[1] && v[1] <= '3' && string(v[2:6]) == "0000":
		return ResidencePermit
	}
	return Identity
}

// validIdentity checks area, date of birth and check digit of 18 places.
func validIdentity(v []byte) bool {
	return v[0] != '0' && validDate(v[6:14]) && identityCheck(v) == v[17]
}

// identityCheck returns the check digit for the first 17 places (ISO 7064 MOD 11-2).
func identityCheck(v []byte) byte {
	sum := 0
	for i, weight := range [17]int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2} {
		sum += int(v[i]-'0') * weight
	}
	return "10X98765432"[sum%11]
}

// checkX looks for the check digit X behind 17 digits and returns where it ends.
func (f *finder) checkX(at int) (end int, ok bool) {
	r, size := utf8.DecodeRuneInString(f.s[at:])
	if separatorOf(r) != 0 {
		at += size
		r, size = utf8.DecodeRuneInString(f.s[at:])
	}
	switch r {
	case 'X', 'x', 'Ｘ', 'ｘ', '×', 'Х', 'х': // the last two are Cyrillic
		return at + size, true
	}
	return 0, false
}

// validDate reports whether YYYYMMDD is a day of the calendar in 1800 to 2099.
func validDate(v []byte) bool {
	year, month, day := atoi(v[:4]), atoi(v[4:6]), atoi(v[6:8])
	if year < 1800 || year > 2099 || month < 1 || month > 12 || day < 1 {
		return false
	}
	days := [...]int{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}[month-1]
	if month == 2 && year%4 == 0 && (year%100 != 0 || year%400 == 0) {
		days++
	}
	return day <= days
}

// isDay reports whether v begins with a day that people write about: 1900 to 2099.
func isDay(v []byte) bool {
	return len(v) >= 8 && (bytes.HasPrefix(v, []byte("19")) || bytes.HasPrefix(v, []byte("20"))) && validDate(v[:8])
}

func atoi(v []byte) int {
	n := 0
	for _, c := range v {
		n = n*10 + int(c-'0')
	}
	return n
}

// oldPermanentCard finds the permanent residence cards issued until 2023: three letters of the
// country, four digits of area, YYMMDD of birth, two more digits.
func oldPermanentCard(n number) (Span, bool) {
	if len(n.value) != 12 || !n.single() {
		return Span{}, false
	}
	doc, ok := n.f.letters(n)
	if !ok || len(doc.letters) != 3 || doc.parted || doc.inCode || n.f.isReference(doc.start) {
		return Span{}, false
	}
	v := n.value
	born := validDate([]byte{'1', '9', v[4], v[5], v[6], v[7], v[8], v[9]}) ||
		validDate([]byte{'2', '0', v[4], v[5], v[6], v[7], v[8], v[9]})
	if (born && isProvince(v[:2])) || n.f.near(permanentWords, doc.start, n.end) {
		return Span{PermanentCard, doc.start, n.end}, true
	}
	return Span{}, false
}

// isProvince reports whether two digits are a province in GB/T 2260.
func isProvince(v []byte) bool {
	switch v[0] {
	case '1':
		return '1' <= v[1] && v[1] <= '5'
	case '2':
		return '1' <= v[1] && v[1] <= '3'
	case '3':
		return '1' <= v[1] && v[1] <= '7'
	case '4':
		return '1' <= v[1] && v[1] <= '6'
	case '5':
		return v[1] <= '4'
	case '6':
		return '1' <= v[1] && v[1] <= '5'
	}
	return false
}
