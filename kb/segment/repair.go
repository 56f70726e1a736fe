package segment

import (
	"strings"

	"github.com/mozillazg/go-pinyin"
)

// Rewrite replaces From by To; with When set, only in a text that contains one of When.
type Rewrite struct {
	From, To string
	When     []string
}

// Repairer mends what people type wrongly: listed rewrites, words of the domain written
// with other characters of the same sound (护罩 for 护照), and words of the domain written
// in pinyin (huzhao). It works on normalised text and is safe for concurrent use.
type Repairer struct {
	rewrites  []Rewrite
	trie      Trie
	dict      *Dictionary
	sounds    Trie // syllables of a domain word → targets
	targets   [][]rune
	syllables map[rune]rune // character → number of its syllable
	latin     Trie          // pinyin letters → latinWords
	words     []string
}

// commonWord is the frequency from which a word of the language is believed to be meant.
const commonWord = 150

// NewRepairer builds a repairer. Words of the domain are mended by sound; spoken words
// (questions, verbs) are recognised in pinyin only, where a sentence holds nothing else.
func NewRepairer(dict *Dictionary, rewrites []Rewrite, domain, spoken []string) *Repairer {
	r := &Repairer{rewrites: rewrites, dict: dict, syllables: map[rune]rune{}}
	for i, rw := range rewrites {
		r.trie.Add(rw.From, i)
	}
	args := pinyin.NewArgs()
	r.loadSyllables(args)
	for _, w := range domain {
		runes := []rune(w)
		sound, ok := soundOf(w, args)
		if !ok || len(runes) < 2 {
			continue
		}
		r.targets = append(r.targets, runes)
		r.sounds.Add(string(r.spell(runes)), len(r.targets)-1)
		r.addLatin(w, sound)
	}
	for _, w := range spoken {
		if sound, ok := soundOf(w, args); ok {
			r.addLatin(w, sound)
		}
	}
	return r
}

func (r *Repairer) addLatin(word, sound string) {
	r.words = append(r.words, word)
	r.latin.Add(strings.ReplaceAll(sound, " ", ""), len(r.words)-1)
}

// loadSyllables numbers the syllables, so that a text is spelt without building strings.
func (r *Repairer) loadSyllables(args pinyin.Args) {
	numbers := map[string]rune{}
	for c := rune(0x4e00); c <= 0x9fa5; c++ {
		p := pinyin.SinglePinyin(c, args)
		if len(p) == 0 {
			continue
		}
		n, ok := numbers[p[0]]
		if !ok {
			n = rune(len(numbers) + 1) //nolint:gosec // some four hundred syllables
			numbers[p[0]] = n
		}
		r.syllables[c] = n
	}
}

// spell returns the numbers of the syllables of a text, 0 where a sign has none.
func (r *Repairer) spell(text []rune) []rune {
	out := make([]rune, len(text))
	for i, c := range text {
		out[i] = r.syllables[c]
	}
	return out
}

// soundOf returns the syllables of an all-Chinese word, separated by spaces.
func soundOf(w string, args pinyin.Args) (string, bool) {
	var parts []string
	for _, c := range w {
		p := pinyin.SinglePinyin(c, args)
		if len(p) == 0 {
			return "", false
		}
		parts = append(parts, p[0])
	}
	return strings.Join(parts, " "), len(parts) > 0
}

// Text returns the mended text, and whether it was read from pinyin.
func (r *Repairer) Text(text string) (mended string, pinyin bool) {
	text = r.rewrite(text)
	if isLatin(text) {
		if read, ok := r.fromPinyin(text); ok {
			return read, true
		}
	}
	return r.bySound(text), false
}

func (r *Repairer) rewrite(text string) string {
	runes := []rune(text)
	var b strings.Builder
	changed := false
	for i := 0; i < len(runes); {
		v, n, ok := r.trie.Longest(runes[i:])
		if !ok || !r.applies(r.rewrites[v], text) || splitsLatin(runes, i, n) {
			b.WriteRune(runes[i])
			i++
			continue
		}
		b.WriteString(r.rewrites[v].To)
		changed = true
		i += n
	}
	if !changed {
		return text
	}
	return b.String()
}

func (r *Repairer) applies(rw Rewrite, text string) bool {
	if len(rw.When) == 0 {
		return true
	}
	for _, w := range rw.When {
		if strings.Contains(text, w) {
			return true
		}
	}
	return false
}

// splitsLatin reports whether the match is only a part of a Latin word.
func splitsLatin(runes []rune, i, n int) bool {
	if !isASCIIWord(runes[i]) && !isASCIIWord(runes[i+n-1]) {
		return false
	}
	before := i > 0 && isASCIIWord(runes[i-1]) && isASCIIWord(runes[i])
	after := i+n < len(runes) && isASCIIWord(runes[i+n]) && isASCIIWord(runes[i+n-1])
	return before || after
}

// bySound replaces runs of characters that sound like a domain word but are no word of
// the language themselves.
func (r *Repairer) bySound(text string) string {
	runes := []rune(text)
	spelt := r.spell(runes)
	changed := false
	for i := 0; i < len(runes); i++ {
		v, n, ok := r.sounds.Longest(spelt[i:])
		if !ok {
			continue
		}
		if target := r.targets[v]; r.mistyped(runes[i:i+n], target) {
			copy(runes[i:i+n], target)
			changed = true
		}
		i += n - 1
	}
	if !changed {
		return text
	}
	return string(runes)
}

// mistyped reports whether a run of characters is a slip for a word of the same sound: at
// most half of them are wrong, and they are no usual word themselves.
func (r *Repairer) mistyped(window, target []rune) bool {
	same := 0
	for i := range window {
		if window[i] == target[i] {
			same++
		}
	}
	return same < len(window) && same*2 >= len(window) && r.dict.Frequency(string(window)) < commonWord
}

func isLatin(text string) bool {
	letters := 0
	for _, c := range text {
		if c > 127 && c != '。' {
			return false
		}
		if c >= 'a' && c <= 'z' {
			letters++
		}
	}
	return letters >= 4
}

// fromPinyin reads a text of Latin letters as pinyin of known words. It succeeds when at
// least two thirds of the letters are read.
func (r *Repairer) fromPinyin(text string) (string, bool) {
	var b strings.Builder
	read, letters := 0, 0
	runes := []rune(strings.Map(func(c rune) rune {
		if c == ' ' || c == '\'' {
			return -1
		}
		return c
	}, text))
	for i := 0; i < len(runes); {
		if runes[i] >= 'a' && runes[i] <= 'z' {
			letters++
		}
		v, n, ok := r.latin.Longest(runes[i:])
		if !ok {
			b.WriteRune(runes[i])
			i++
			continue
		}
		b.WriteString(r.words[v])
		read += n
		letters += n - 1
		i += n
	}
	return b.String(), read*3 >= letters*2
}

// Pinyin spells a text as people without a Chinese keyboard do: syllables with a space
// between them, other signs as they are.
func Pinyin(text string) string {
	args := pinyin.NewArgs()
	var parts []string
	for _, c := range text {
		if p := pinyin.SinglePinyin(c, args); len(p) > 0 {
			parts = append(parts, p[0])
		} else if c != ' ' {
			parts = append(parts, string(c))
		}
	}
	return strings.Join(parts, " ")
}
