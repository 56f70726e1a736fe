package mask

// bankCard finds payment cards: a known issuer range, a length that the range has, and the Luhn
// check digit (ISO/IEC 7812-1).
func bankCard(n number) (Span, bool) {
	v := n.value
	if len(v) < 12 || len(v) > 19 || n.hasSep(sepDot) || !luhn(v) {
		return Span{}, false
	}
	if n.f.isReference(n.start) || n.f.isAmount(n.start, n.end) || n.f.inCode(n.start, n.end) || n.f.isDecimal(n) {
		return Span{}, false
	}
	if (issuerOf(v) && cardShape(n)) || (maybeIssuer(v) && n.f.near(cardWords, n.start, n.end)) {
		return Span{BankCard, n.start, n.end}, true
	}
	return Span{}, false
}

// issuerOf knows the ranges in use with their lengths: enough to believe a bare number.
func issuerOf(v []byte) bool {
	two, four := atoi(v[:2]), atoi(v[:4])
	switch len(v) {
	case 15:
		return two == 34 || two == 37
	case 16:
		return two == 62 || v[0] == '4' || (51 <= two && two <= 55) || (2221 <= four && four <= 2720) || two == 35
	case 17, 18:
		return two == 62
	case 19:
		return two == 62 || four == 9558 || four == 9559
	}
	return false
}

// maybeIssuer is any range that cards were ever issued in: for numbers that are called a card.
func maybeIssuer(v []byte) bool {
	four := atoi(v[:4])
	return ('3' <= v[0] && v[0] <= '6') || v[0] == '9' || (2221 <= four && four <= 2720)
}

// cardShape reports whether the digits are grouped as on a card.
func cardShape(n number) bool {
	if n.single() || n.spelled() {
		return true
	}
	last := n.h - n.g - 1
	if n.size(0) == 6 || n.size(0) == 8 || n.shape(4, 6, 5) {
		return last <= 2
	}
	for i := range last {
		if n.size(i) != 4 {
			return false
		}
	}
	return n.size(last) <= 4
}

func luhn(v []byte) bool {
	sum := 0
	for i, c := range v {
		d := int(c - '0')
		if (len(v)-i)%2 == 0 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}
