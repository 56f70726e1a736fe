package phrase

import (
	"fmt"
	"strings"

	"shenwei/internal/mask"
)

// Source is a published text that may be said in other words, with everything that a wording
// must keep. It is immutable and safe for concurrent use.
type Source struct {
	text    string
	runes   []rune
	facts   []fact
	count   map[string]int // by kind and key
	allowed map[string]bool
	slots   []slot
	clauses []clause
	items   int
	// known are the Han signs and pairs of the source and what stands around it.
	known grams
	latin map[string]bool
	names *names
	// own has read what the citizen wrote; nil where that was not sent.
	own *mask.Masker
}

// slot stands for a fact in what a model reads.
type slot struct {
	kind  kind
	id    string // ⟦F1⟧
	key   string // of the fact
	text  string // as published
	times int
}

func (f fact) id() string { return string(f.kind) + "|" + f.key }

// NewSource reads a text. Around are other published words of the same document (its title, the
// name of what is asked): what they name may be named.
func (d *Dictionary) NewSource(text string, around ...string) *Source {
	text = strings.TrimSpace(strings.ToValidUTF8(text, ""))
	s := &Source{text: text, runes: plain(text), count: map[string]int{}, allowed: map[string]bool{}, latin: map[string]bool{}, names: d.names}
	s.facts = readFacts(s.runes, d.names)
	for _, f := range s.facts {
		s.count[f.id()]++
		s.allowed[f.id()] = true
		if f.kind == kindLatin {
			s.latin[f.key] = true
		}
	}
	s.known = newGrams(s.runes)
	for _, a := range append([]string{text}, around...) {
		runes := plain(a)
		for i := range runes { // a name inside of a longer one may be said, too
			for n := 2; n <= d.names.longest[runes[i]] && i+n <= len(runes); n++ {
				if e, ok := d.names.of[string(runes[i:i+n])]; ok {
					s.allowed[string(e.kind)+"|"+e.id] = true
				}
			}
		}
		s.known.add(runes)
		for _, f := range readFacts(runes, d.names) {
			if f.kind == kindLatin {
				s.latin[f.key] = true
			}
		}
	}
	s.clauses = readClauses(s.runes, s.facts)
	s.items = countItems(text)
	s.lock()
	return s
}

// Text is the published text.
func (s *Source) Text() string { return s.text }

func (s *Source) lock() {
	byKey, text := map[string]int{}, []rune(s.text)
	for _, f := range s.facts {
		if !f.locked() {
			continue
		}
		written := string(text[f.start:f.end])
		if i, ok := byKey[f.id()+"|"+written]; ok { // 第二 and the 二 of 第一、二 are two slots
			s.slots[i].times++
			continue
		}
		byKey[f.id()+"|"+written] = len(s.slots)
		s.slots = append(s.slots, slot{kind: f.kind, id: fmt.Sprintf("⟦F%d⟧", len(s.slots)+1), key: f.key, text: written, times: 1})
	}
}

// Locked is the text as a model reads it: a slot in the place of each fact.
func (s *Source) Locked() string {
	ids := map[string]string{}
	for _, sl := range s.slots {
		ids[string(sl.kind)+"|"+sl.key+"|"+sl.text] = sl.id
	}
	var b strings.Builder
	at, text := 0, []rune(s.text)
	for _, f := range s.facts {
		if !f.locked() || f.start < at {
			continue
		}
		b.WriteString(string(text[at:f.start]))
		b.WriteString(ids[f.id()+"|"+string(text[f.start:f.end])])
		at = f.end
	}
	b.WriteString(string(text[at:]))
	return b.String()
}

// Legend says what kind of thing each slot is, never its value.
func (s *Source) Legend() []string {
	var out []string
	for _, sl := range s.slots {
		out = append(out, sl.id+"="+kindWords[sl.kind])
	}
	return out
}

var kindWords = map[kind]string{
	kindLink: "网址", kindPhone: "电话或号码", kindMoney: "金额", kindLimit: "时长", kindAge: "年龄", kindDate: "日期", kindClock: "钟点",
	kindOrdinal: "序数", kindMeasure: "度量", kindCount: "数量", kindQuote: "名称", kindItem: "事项名", kindOrgan: "机构或渠道",
}

// most is how often a slot may be used.
func (sl slot) most() int {
	if numeric(sl.kind) {
		return sl.times
	}
	return sl.times + maxTimes
}

// maxTimes is how often beyond the source a name may be said.
const maxTimes = 1

// Restore puts the facts back into what a model wrote. Every slot must be there, none may be
// unknown, and no digit may stand outside of them. Unfinished tells that more is to come.
func (s *Source) Restore(raw string, unfinished bool) (string, error) {
	used := make([]int, len(s.slots))
	var b strings.Builder
	rest := raw
	for {
		i := strings.Index(rest, "⟦")
		if i < 0 {
			break
		}
		if err := noDigits(rest[:i], raw, len(raw)-len(rest)); err != nil {
			return "", err
		}
		b.WriteString(rest[:i])
		j := strings.Index(rest[i:], "⟧")
		if j < 0 {
			return "", blocked(CauseSlot, "open")
		}
		id := rest[i : i+j+len("⟧")]
		n := s.slotNumber(id)
		if n < 0 {
			return "", blocked(CauseSlot, "unknown")
		}
		b.WriteString(s.slots[n].text)
		used[n]++
		rest = rest[i+j+len("⟧"):]
	}
	if err := noDigits(rest, raw, len(raw)-len(rest)); err != nil {
		return "", err
	}
	b.WriteString(rest)
	for i, n := range used {
		switch {
		case n == 0 && !unfinished:
			return "", blocked(CauseSlot, "%s is missing", s.slots[i].id)
		case n > s.slots[i].most():
			return "", blocked(CauseSlot, "%s is repeated", s.slots[i].id)
		}
	}
	return b.String(), nil
}

func (s *Source) slotNumber(id string) int {
	for i, sl := range s.slots {
		if sl.id == id {
			return i
		}
	}
	return -1
}

// noDigits refuses digits and brackets of slots in what a model wrote by itself; the number that
// begins a line of a list is none.
func noDigits(part, raw string, offset int) error {
	begins := offset == 0 || raw[offset-1] == '\n'
	for n, line := range strings.Split(part, "\n") {
		if n > 0 || begins {
			if m := listForm.FindString(line); m != "" {
				line = line[len(m):]
			}
		}
		for _, r := range plain(line) {
			if isDigit(r) || r == '⟧' {
				return blocked(CauseSlot, "a digit outside of slots")
			}
		}
	}
	return nil
}

// countItems counts the lines of a list.
func countItems(text string) int {
	n := 0
	for _, line := range strings.Split(text, "\n") {
		if listForm.MatchString(line) {
			n++
		}
	}
	return n
}

// relist gives the lines of a wording the marks that the source's lines have, where a model has
// left them out or written others: the same number of lines is needed, or one more before them.
func (s *Source) relist(text string) string {
	if s.items == 0 {
		return text
	}
	source, said := strings.Split(s.text, "\n"), strings.Split(text, "\n")
	extra := len(said) - len(source)
	if extra != 0 && (extra != 1 || listForm.MatchString(said[0])) {
		return text
	}
	for i, line := range source {
		if mark := listForm.FindString(line); mark != "" {
			body := strings.TrimPrefix(said[i+extra], listForm.FindString(said[i+extra]))
			said[i+extra] = mark + body
		} else if listForm.MatchString(said[i+extra]) {
			return text
		}
	}
	return strings.Join(said, "\n")
}
