package mask

import (
	"strings"
	"unicode/utf8"
)

// creditWords say that eighteen places are a credit code, so that one with a slip is masked too.
var creditWords = []string{"信用代码", "信用代碼", "社会信用", "营业执照", "税号", "纳税人识别"}

// creditAlphabet are the places of a credit code, in the order of their values (GB 32100).
const creditAlphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"

var creditWeights = [17]int{1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28}

// creditCodes finds credit codes of organisations and sole traders: eighteen places, in groups or not.
func (f *finder) creditCodes() {
	for at := 0; at < len(f.s); {
		r, size := utf8.DecodeRuneInString(f.s[at:])
		if _, ok := creditPlace(r); !ok {
			at += size
			continue
		}
		end, v := f.creditAt(at)
		if len(v) == 18 && !f.inURL(at) && f.isCredit(v, at, end) {
			f.spans = append(f.spans, Span{CreditCode, at, end})
			at = end
			continue
		}
		for at < end { // behind this group
			r, size := utf8.DecodeRuneInString(f.s[at:])
			at += size
			if _, ok := creditPlace(r); !ok {
				break
			}
		}
	}
}

// creditAt reads what may be a credit code, with single separators in it, and where it ends: at
// least behind all letters and digits that touch.
func (f *finder) creditAt(at int) (end int, v []byte) {
	n := 0
	for end = at; end < len(f.s); {
		r, size := utf8.DecodeRuneInString(f.s[end:])
		c, ok := creditPlace(r)
		if !ok {
			next, nsize := utf8.DecodeRuneInString(f.s[end+size:])
			if c, ok = creditPlace(next); !ok || (r != ' ' && r != '-') || n >= len(f.credit) || n == 0 {
				break
			}
			size += nsize
		}
		if n < len(f.credit) {
			f.credit[n] = c
		}
		n++
		end += size
	}
	if n != len(f.credit) {
		return end, nil
	}
	return end, f.credit[:]
}

// creditPlace is a letter or digit in upper case.
func creditPlace(r rune) (byte, bool) {
	if up, ok := upper(r); ok {
		return up, true
	}
	if d, script := digitOf(r); script == 1 {
		return d, true
	}
	return 0, false
}

func (f *finder) isCredit(v []byte, start, end int) bool {
	sum, letters := 0, 0
	for i, c := range v {
		value := strings.IndexByte(creditAlphabet, c)
		if value < 0 {
			return false
		}
		if i < 17 {
			sum += value * creditWeights[i]
		}
		letters += bit(c > '9')
	}
	department := (v[0] == '9' && '1' <= v[1] && v[1] <= '3') || strings.IndexByte("15AFGNY", v[0]) >= 0
	if !department || v[2] > '9' || !isProvince(v[2:4]) && v[2] != '1' || v[7] > '9' || validIdentity(v) {
		return false // two places of the department, six of the area
	}
	if f.near(creditWords, start, end) {
		return v[0] == '9' || letters > 0 || creditCheck(sum) == v[17]
	}
	// One in 31 numbers has the right check digit: what is all digits, or parted, must say more.
	parted := end-start != 18 && strings.ContainsAny(f.s[start:end], " -")
	return creditCheck(sum) == v[17] && !parted && (letters > 0 || v[0] == '9') &&
		!f.isReference(start) && !f.near(identityWords, start, end)
}

// creditCheck returns the check digit for the weighted sum of the first 17 places.
func creditCheck(sum int) byte { return creditAlphabet[(31-sum%31)%31] }
