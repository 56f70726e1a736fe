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
	sounds    map[string]string // sound of a domain word → the word
	longest   int               // of the sounds, in characters
	syllables map[rune]string
	latin     Trie // pinyin letters → latinWords
	words     []string
}

// commonWord is the frequency from which a word of the language is believed to be meant.
const commonWord = 150

// NewRepairer builds a repairer. Words of the domain are mended by sound; spoken words
// (questions, verbs) are recognised in pinyin only, where a sentence holds nothing else.
func NewRepairer(dict *Dictionary, rewrites []Rewrite, domain, spoken []string) *Repairer {
	r := &Repairer{rewrites: rewrites, dict: dict, sounds: map[string]string{}, syllables: map[rune]string{}}
	for i, rw := range rewrites {
		r.trie.Add(rw.From, i)
	}
	args := pinyin.NewArgs()
	for _, w := range domain {
		runes := []rune(w)
		sound, ok := soundOf(w, args)
		if !ok || len(runes) < 2 {
			continue
		}
		if _, taken := r.sounds[sound]; !taken {
			r.sounds[sound] = w
			r.longest = max(r.longest, len(runes))
		}
		r.addLatin(w, sound)
	}
	for _, w := range spoken {
		if sound, ok := soundOf(w, args); ok {
			r.addLatin(w, sound)
		}
	}
	r.loadSyllables(args)
	return r
}

func (r *Repairer) addLatin(word, sound string) {
	r.words = append(r.words, word)
	r.latin.Add(strings.ReplaceAll(sound, " ", ""), len(r.words)-1)
}

func (r *Repairer) loadSyllables(args pinyin.Args) {
	for c := rune(0x4e00); c <= 0x9fa5; c++ {
		if p := pinyin.SinglePinyin(c, args); len(p) > 0 {
			r.syllables[c] = p[0]
		}
	}
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
	changed := false
	for i := 0; i < len(runes); i++ {
		for n := min(r.longest, len(runes)-i); n >= 2; n-- {
			if word, ok := r.soundsLike(runes[i : i+n]); ok {
				copy(runes[i:i+n], []rune(word))
				changed = true
				i += n - 1
				break
			}
		}
	}
	if !changed {
		return text
	}
	return string(runes)
}

func (r *Repairer) soundsLike(window []rune) (string, bool) {
	var b strings.Builder
	for i, c := range window {
		s, ok := r.syllables[c]
		if !ok {
			return "", false
		}
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(s)
	}
	word, ok := r.sounds[b.String()]
	if !ok {
		return "", false
	}
	same := 0
	target := []rune(word)
	for i := range window {
		if window[i] == target[i] {
			same++
		}
	}
	// One character of a short word, at most half of a longer one, may be wrong.
	if same == len(window) || same*2 < len(window) || r.dict.Frequency(string(window)) >= commonWord {
		return "", false
	}
	return word, true
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
