package mask

import "unicode/utf8"

// plates finds number plates (GA 36): the character of the province, the letter of the office,
// five places, or six for cars with new energy.
func (f *finder) plates() {
	for i := 0; i < len(f.s); {
		r, size := utf8.DecodeRuneInString(f.s[i:])
		if r >= '一' && isPlateProvince(r) {
			if end, ok := f.plateAt(i, i+size); ok {
				f.spans = append(f.spans, Span{Plate, i, end})
				i = end
				continue
			}
		}
		i += size
	}
}

// plateAt reads a plate whose province stands at start; at is behind it.
func (f *finder) plateAt(start, at int) (end int, ok bool) {
	office, at := f.plateRune(at)
	if office == 0 || !serialLetter(office) {
		return 0, false
	}
	for range 3 { // 粤B·12345, 粤B 12345, 粤B - 12345
		r, size := utf8.DecodeRuneInString(f.s[at:])
		if separatorOf(r) == 0 || separatorOf(r) == sepParen {
			break
		}
		at += size
	}
	var serial [7]byte
	n, digits := 0, 0
	var after [7]int
	for n < len(serial) {
		c, next := f.plateRune(at)
		if c == 0 {
			break
		}
		if c <= '9' {
			digits++
		}
		serial[n], after[n] = c, next
		n, at = n+1, next
	}
	if digits < 2 {
		return 0, false
	}
	switch n {
	case 4:
		at, ok = f.plateSuffix(at)
	case 5:
		ok = true
	case 6:
		ok = newEnergy(serial[:6])
	}
	if !ok || f.isAmount(start, at) || (office == 'C' && string(serial[:2]) == "RJ") { // 最新CRJ007 is an item
		return 0, false
	}
	return at, true
}

// plateRune returns the place of a serial at a position, 0 when there is none, and what follows.
func (f *finder) plateRune(at int) (byte, int) {
	r, size := utf8.DecodeRuneInString(f.s[at:])
	if c, ok := upper(r); ok {
		return c, at + size
	}
	if d, script := digitOf(r); script == 1 {
		return d, at + size
	}
	return 0, at
}

// plateSuffix reads the last place of trailers, learners, police, and cars of Hong Kong, Macao
// and consulates.
func (f *finder) plateSuffix(at int) (int, bool) {
	r, size := utf8.DecodeRuneInString(f.s[at:])
	switch r {
	case '挂', '学', '警', '港', '澳', '使', '领':
		return at + size, true
	}
	return 0, false
}

// newEnergy: small cars have a letter first, large ones last.
func newEnergy(v []byte) bool {
	kind := func(c byte) bool { return 'A' <= c && c <= 'K' && c != 'I' }
	count := 0
	for _, c := range v {
		if c <= '9' {
			count++
		}
	}
	switch {
	case kind(v[0]):
		return v[1] != 'I' && v[1] != 'O' && count >= 4 && v[2] <= '9' && v[3] <= '9' && v[4] <= '9' && v[5] <= '9'
	case kind(v[5]):
		return count == 5
	}
	return false
}

func isPlateProvince(r rune) bool {
	switch r {
	case '京', '津', '沪', '渝', '冀', '豫', '云', '辽', '黑', '湘', '皖', '鲁', '新', '苏', '浙', '赣', '鄂',
		'桂', '甘', '晋', '蒙', '陕', '吉', '闽', '贵', '粤', '青', '藏', '川', '宁', '琼', '使', '领':
		return true
	}
	return false
}
