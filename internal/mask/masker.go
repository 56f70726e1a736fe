package mask

import (
	"strings"
	"sync"
	"unicode/utf8"
)

// maxRemembered is how many pieces of personal data a Masker tells apart; what comes later gets
// the mask of its kind alone.
const maxRemembered = 240

// Masker masks the lines of one conversation so that the same data has the same substitute each
// time («[手机号甲]»), and different data different ones: a reader or a model can tell that both
// lines speak of one telephone, and of which of two. It is safe for concurrent use.
//
// It holds what it took out. Keep it no longer than the conversation is spoken, and never write it
// anywhere.
type Masker struct {
	mu    sync.Mutex
	names map[string]string // kind and normal form → substitute
	data  map[string]string // substitute → as it was first written
	count map[Kind]int
}

// NewMasker returns one that has seen nothing.
func NewMasker() *Masker {
	return &Masker{names: map[string]string{}, data: map[string]string{}, count: map[Kind]int{}}
}

// Text returns s with personal data replaced by substitutes. Substitutes that stand in s stay.
func (m *Masker) Text(s string) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	for { // see Text
		spans := Find(s)
		if len(spans) == 0 {
			return s
		}
		var b strings.Builder
		at := 0
		for _, sp := range spans {
			b.WriteString(s[at:sp.Start])
			b.WriteString(m.substitute(sp.Kind, s[sp.Start:sp.End]))
			at = sp.End
		}
		b.WriteString(s[at:])
		s = b.String()
	}
}

// Restore puts back what Text took out, as it was first written: only for the screen of the citizen
// who wrote it. A substitute that was never given out stays as it is.
func (m *Masker) Restore(s string) string {
	if !strings.Contains(s, "[") {
		return s
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	var b strings.Builder
	for {
		i := strings.IndexByte(s, '[')
		if i < 0 {
			break
		}
		b.WriteString(s[:i])
		s = s[i:]
		end := strings.IndexByte(s, ']') + 1
		if data, ok := m.data[s[:end]]; ok {
			b.WriteString(data)
			s = s[end:]
			continue
		}
		b.WriteByte('[')
		s = s[1:]
	}
	b.WriteString(s)
	return b.String()
}

// Without returns s without the substitutes of a kind that were given out.
func (m *Masker) Without(s string, k Kind) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	for given := range m.data {
		if strings.HasPrefix(given, "["+string(k)) {
			s = strings.ReplaceAll(s, given, "")
		}
	}
	return s
}

// Knows reports whether every substitute in s was given out by this masker: a text with another
// one was not made of what it masked.
func (m *Masker) Knows(s string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	for {
		i := strings.IndexByte(s, '[')
		if i < 0 {
			return true
		}
		s = s[i:]
		end := strings.IndexByte(s, ']') + 1
		if end > 0 && looksGiven(s[1:end-1]) && m.data[s[:end]] == "" {
			return false
		}
		s = s[1:]
	}
}

// looksGiven reports whether the words between brackets are a kind and a number of it.
func looksGiven(s string) bool {
	for _, k := range Kinds {
		if rest, ok := strings.CutPrefix(s, string(k)); ok && rest != "" && strings.Trim(rest, stems+branches) == "" {
			return true
		}
	}
	return false
}

// substitute returns what stands for data. The lock is held.
func (m *Masker) substitute(k Kind, data string) string {
	key := string(k) + "\x00" + normal(k, data)
	if s, ok := m.names[key]; ok {
		return s
	}
	if len(m.data) >= maxRemembered || m.count[k] >= 60 {
		return k.Mask()
	}
	s := "[" + string(k) + ordinal(m.count[k]) + "]"
	m.count[k]++
	m.names[key], m.data[s] = s, data
	return s
}

const (
	stems    = "甲乙丙丁戊己庚辛壬癸"
	branches = "子丑寅卯辰巳午未申酉戌亥"
)

// ordinal numbers without digits, which a check of facts would take for a fact: 甲, 乙, …; from
// the eleventh on 甲子, 乙丑 and so on through the cycle of sixty.
func ordinal(n int) string {
	stem, branch := []rune(stems), []rune(branches)
	if n < len(stem) {
		return string(stem[n])
	}
	return string(stem[n%10]) + string(branch[n%12])
}

// normal is one form for all the ways to write the same data.
func normal(k Kind, data string) string {
	if k == Home || k == Name || k == Mail {
		return strings.ToLower(strings.Join(strings.Fields(data), ""))
	}
	var b strings.Builder
	for _, r := range data {
		if d, script := digitOf(r); script != 0 {
			b.WriteByte(d)
		} else if up, ok := upper(r); ok {
			b.WriteByte(up)
		} else if r >= utf8.RuneSelf && separatorOf(r) == 0 {
			b.WriteRune(r)
		}
	}
	s := b.String()
	if k == Mobile { // with and without the code of the country
		if rest, ok := strings.CutPrefix(strings.TrimPrefix(s, "00"), "86"); ok && len(rest) == 11 {
			return rest
		}
	}
	return s
}
