package phrase

import (
	"regexp"
	"strings"
)

// kind is what a fact is. Facts of one kind keep their order, and what they belong to.
type kind string

const (
	kindLink    kind = "link"
	kindPhone   kind = "phone" // and every number without a unit
	kindMoney   kind = "money"
	kindLimit   kind = "limit" // spans of time
	kindAge     kind = "age"
	kindDate    kind = "date"
	kindClock   kind = "clock"
	kindOrdinal kind = "ordinal"
	kindMeasure kind = "measure"
	kindCount   kind = "count"
	kindSoon    kind = "soon"  // at once, the same day
	kindQuote   kind = "quote" // what stands in 《》 or 「」: titles, menus, programs
	kindItem    kind = "item"
	kindOrgan   kind = "organ"
	kindThing   kind = "thing" // papers and things: checked, not locked
	kindLatin   kind = "latin"
)

// fact is a piece of a text that a wording must not change.
type fact struct {
	kind kind
	// key is the same for two ways to write the same: 两年 and 2年.
	key        string
	start, end int // runes
	// soft facts may be added and left out: 一个, 一次.
	soft bool
}

// locked tells whether the model sees a slot in the place of the fact.
func (f fact) locked() bool {
	switch f.kind {
	case kindThing, kindSoon:
		return false
	case kindLatin:
		return strings.ContainsAny(f.key, "0123456789") // X1
	}
	return !f.soft
}

var (
	linkForm = regexp.MustCompile(`^(?i:https?://|www\.)[^\s，。；、！？（）()【】「」《》“”"'<>]+`)
	hostForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9-]*(?:\.[A-Za-z0-9-]+)*\.(?:com|cn|net|org|gov|edu|info|top|xyz|vip|io|cc|me|app|hk|mo|tw)(?:/[^\s，。；、！？（）()【】「」《》“”"'<>]*)?`)
	mailForm = regexp.MustCompile(`^[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+`)
	// A telephone: an area code with a number, a service number with hyphens, or a mobile in groups.
	phoneForm = regexp.MustCompile(`^(?:\+?86[- ]?)?(?:0\d{2,3}[- ]?\d{3,4}[- ]?\d{4}|[48]00[- ]?\d{3,4}[- ]?\d{3,4}|1[3-9]\d[- ]?\d{4}[- ]?\d{4})`)
	dateForm  = regexp.MustCompile(`^(?:(\d{2,4})年)?(\d{1,2})月(?:(\d{1,2})[日号])?`)
	clockForm = regexp.MustCompile(`^(\d{1,2})[:：](\d{2})`)
	numForm   = regexp.MustCompile(`^\d+(?:,\d{3})*(?:\.\d+)?`)
	listForm  = regexp.MustCompile(`^\s*(?:\d{1,2}[.、)）]|[-*·•]|[（(]\d{1,2}[)）])\s*`)
)

// reader finds the facts of a text, left to right.
type reader struct {
	text  []rune
	names *names
	out   []fact
	skip  []bool // covered by a word that holds a numeral and is no number
	// bare is the place of the last number without a unit, which takes the unit of the number that
	// it is the beginning of: 80至240元.
	bare int
}

// readFacts finds every fact of a text; names may be nil.
func readFacts(text []rune, n *names) []fact {
	r := &reader{text: text, names: n, skip: notNumbers.covered(text), bare: -1}
	for i := 0; i < len(text); {
		if i == 0 || text[i-1] == '\n' {
			if m := listForm.FindString(string(text[i:min(i+8, len(text))])); m != "" {
				i += len([]rune(m))
				continue
			}
		}
		n := r.at(i)
		i += max(n, 1)
	}
	settle(r.out)
	return r.out
}

// settle hardens soft counts beside another number of the same: 一次15元、两次30元.
func settle(facts []fact) {
	others := map[string]bool{}
	for _, f := range facts {
		if f.kind == kindCount && !f.soft {
			_, name, _ := strings.Cut(f.key, " ")
			others[name] = true
		}
	}
	for i, f := range facts {
		if _, name, _ := strings.Cut(f.key, " "); f.soft && others[name] {
			facts[i].soft = false
		}
	}
}

func (r *reader) add(k kind, key string, start, n int) int {
	r.out = append(r.out, fact{kind: k, key: key, start: start, end: start + n})
	return n
}

// at reads the fact that begins at i and returns its length, 0 for none.
func (r *reader) at(i int) int {
	c := r.text[i]
	switch {
	case isDigit(c) || isLatin(c) || c == '+':
		return r.written(i)
	case c == '第':
		if n := r.ordinal(i); n > 0 {
			return n
		}
	case isNumeral(c) && !r.skip[i]:
		if n := r.numeral(i); n > 0 {
			return n
		}
	case strings.ContainsRune("《「『“\"", c):
		if n := r.quoted(i); n > 0 {
			return n
		}
	}
	for _, first := range []string{"头一", "首次", "初次"} {
		if strings.HasPrefix(string(r.text[i:min(i+2, len(r.text))]), first) {
			return r.add(kindOrdinal, "1", i, 2)
		}
	}
	if class, n := soon.at(r.text, i); n > 0 {
		return r.add(kindSoon, class, i, n)
	}
	if r.names != nil {
		if e, n := r.names.at(r.text, i); n > 0 {
			return r.add(e.kind, e.id, i, n)
		}
	}
	return 0
}

// written reads digits and letters.
func (r *reader) written(i int) int {
	rest := string(r.text[i:min(i+200, len(r.text))])
	if isLatin(r.text[i]) || isDigit(r.text[i]) {
		if m := linkForm.FindString(rest); m != "" {
			return r.add(kindLink, linkKey(m), i, len([]rune(m)))
		}
		if m := mailForm.FindString(rest); m != "" {
			return r.add(kindLink, strings.ToLower(m), i, len([]rune(m)))
		}
		if m := hostForm.FindString(rest); m != "" {
			return r.add(kindLink, linkKey(m), i, len([]rune(m)))
		}
	}
	if isLatin(r.text[i]) {
		n := 1
		for i+n < len(r.text) && (isLatin(r.text[i+n]) || isDigit(r.text[i+n]) || strings.ContainsRune("+-_.", r.text[i+n]) && i+n+1 < len(r.text) && (isLatin(r.text[i+n+1]) || isDigit(r.text[i+n+1]))) {
			n++
		}
		return r.add(kindLatin, strings.ToLower(string(r.text[i:i+n])), i, n)
	}
	return r.number(i, rest)
}

// quoted reads a title, a menu's name or a program's.
func (r *reader) quoted(i int) int {
	closing := map[rune]rune{'《': '》', '「': '」', '『': '』', '“': '”', '"': '"'}[r.text[i]]
	for j := i + 1; j < len(r.text) && j-i <= 40 && r.text[j] != '\n'; j++ {
		if r.text[j] == closing {
			if j-i < 3 {
				return 0
			}
			return r.add(kindQuote, strings.ToLower(string(r.text[i+1:j])), i, j-i+1)
		}
	}
	return 0
}

func at(text []rune, i int) rune {
	if i < 0 || i >= len(text) {
		return 0
	}
	return text[i]
}

func digitsOf(s string) string {
	return strings.Map(func(r rune) rune {
		if isDigit(r) {
			return r
		}
		return -1
	}, s)
}

// linkKey is a link in one way of writing: the host in lower case, no trailing point, no tracking.
func linkKey(s string) string {
	s = strings.TrimRight(s, ".,")
	head, query, _ := strings.Cut(s, "?")
	scheme, rest, found := strings.Cut(head, "://")
	if !found {
		scheme, rest = "", head
	}
	host, path, slash := strings.Cut(rest, "/")
	key := strings.ToLower(host)
	if slash && path != "" {
		key += "/" + path
	}
	if scheme != "" {
		key = strings.ToLower(scheme) + "://" + key
	}
	var kept []string
	for _, p := range strings.Split(query, "&") {
		if p != "" && !strings.HasPrefix(strings.ToLower(p), "utm_") {
			kept = append(kept, p)
		}
	}
	if len(kept) > 0 {
		key += "?" + strings.Join(kept, "&")
	}
	return key
}
