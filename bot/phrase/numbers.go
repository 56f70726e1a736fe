package phrase

import (
	"slices"
	"strings"
)

// number reads what begins with a digit.
func (r *reader) number(i int, rest string) int {
	if m := phoneForm.FindString(rest); m != "" && !isDigit(at(r.text, i+len(m))) {
		return r.add(kindPhone, digitsOf(m), i, len(m))
	}
	if m := dateForm.FindStringSubmatch(rest); m != nil {
		return r.add(kindDate, m[1]+"/"+m[2]+"/"+m[3], i, len([]rune(m[0])))
	}
	if m := clockForm.FindStringSubmatch(rest); m != nil {
		return r.add(kindClock, decimal(m[1], 1)+":"+m[2], i, len([]rune(m[0])))
	}
	m := numForm.FindString(rest)
	if m == "" { // a plus sign alone
		return 0
	}
	scale, n := 1.0, len(m)
	if s, ok := scaleOf[at(r.text, i+n)]; ok && s >= 1000 {
		if u, _ := units.at(r.text, i+n); u.kind == "" { // 3万, but not 3万元
			scale, n = float64(s), n+1
		}
	}
	return r.measured(i, n, m, scale)
}

// numeral reads a number in Chinese signs. One sign alone is a number only with a unit.
func (r *reader) numeral(i int) int {
	n := 1
	for i+n < len(r.text) && isNumeral(r.text[i+n]) && !r.skip[i+n] {
		n++
	}
	for ; n > 0; n-- { // 一万元: the unit may begin with a numeral
		value, ok := numeralValue(r.text[i : i+n])
		if !ok {
			continue
		}
		if u, m := units.at(r.text, i+n); m > 0 && !r.skipAll(i+n, m) {
			_ = u
			return r.measured(i, n, value, 1)
		}
		if n > 1 {
			return r.measured(i, n, value, 1)
		}
	}
	before, after := at(r.text, i-1), at(r.text, i+1)
	if strings.ContainsRune("、和或至到", before) && strings.ContainsRune("、和或至到，。；", after) || before == '目' && at(r.text, i-2) == '科' {
		value, _ := numeralValue(r.text[i : i+1])
		return r.add(kindOrdinal, value, i, 1)
	}
	return 0
}

func (r *reader) skipAll(i, n int) bool {
	for j := i; j < i+n; j++ {
		if !r.skip[j] {
			return false
		}
	}
	return true
}

// measured reads the unit after a number of n runes.
func (r *reader) measured(i, n int, digits string, scale float64) int {
	gap := 0
	for at(r.text, i+n+gap) == ' ' {
		gap++
	}
	u, m := units.at(r.text, i+n+gap)
	if m == 0 {
		r.add(kindPhone, strings.ReplaceAll(digits, ",", "")+scaled(scale), i, n)
		r.bare = len(r.out) - 1
		return n
	}
	value := decimal(digits, scale*u.scale)
	f := fact{kind: u.kind, key: value + " " + u.name, start: i, end: i + n + gap + m}
	f.soft = u.kind == kindCount && value == "1" && !slices.Contains(classes, u.name)
	if b := r.bare; b >= 0 && b == len(r.out)-1 && joins(r.text[r.out[b].end:i]) {
		r.out[b].kind, r.out[b].key = u.kind, decimal(r.out[b].key, u.scale)+" "+u.name
	}
	r.bare = -1
	r.out = append(r.out, f)
	return n + gap + m
}

func scaled(scale float64) string {
	if scale == 1 {
		return ""
	}
	return "×" + decimal("1", scale)
}

// joins tells whether what stands between two numbers makes them one range or list.
func joins(between []rune) bool {
	switch strings.TrimSpace(string(between)) {
	case "至", "到", "-", "—", "~", "～", "或", "、", "–", "和":
		return true
	}
	return false
}

// ordinal reads 第三, 第六、第十, 第一、二类.
func (r *reader) ordinal(i int) int {
	n := 1
	for i+n < len(r.text) && (isNumeral(r.text[i+n]) && r.text[i+n] != '半' || isDigit(r.text[i+n])) {
		n++
	}
	if n == 1 || r.skip[i] {
		return 0
	}
	r.ordinalKey(i+1, i+n)
	r.out[len(r.out)-1].start = i
	for at(r.text, i+n) == '、' && isNumeral(at(r.text, i+n+1)) {
		start := i + n + 1
		n += 2
		for i+n < len(r.text) && isNumeral(r.text[i+n]) {
			n++
		}
		r.ordinalKey(start, i+n)
	}
	return n
}

func (r *reader) ordinalKey(start, end int) {
	key := string(r.text[start:end])
	if value, ok := numeralValue(r.text[start:end]); ok {
		key = value
	}
	r.add(kindOrdinal, key, start, end-start)
}
