package segment

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"unicode"

	"github.com/mozillazg/go-pinyin"
)

// Rewrite replaces From by To; with When set, only in a text that contains one of When. Of several
// with the same From the first that applies counts.
type Rewrite struct {
	From, To string
	When     []string
}

// Repairer mends what people type wrongly: listed rewrites, words of the domain written
// with other characters of the same sound (护罩 for 护照), and words of the domain written
// in pinyin (huzhao). It works on normalised text and is safe for concurrent use.
type Repairer struct {
	rewrites  [][]Rewrite // by From
	trie      Trie
	stems     stems
	dict      *Dictionary
	sounds    Trie // syllables of a domain word → targets
	targets   [][]rune
	syllables map[rune]rune    // character → number of its syllable
	latin     map[string]int32 // pinyin letters → words: fifty thousand, too many for a trie of maps
	words     []string
	prices    []float64 // of the words, in logarithms of probability
}

// commonWord is the frequency from which a word of the language is believed to be meant.
const commonWord = 150

// NewRepairer builds a repairer. Words of the domain are mended by sound; spoken words
// (questions, verbs) are recognised in pinyin only, where a sentence holds nothing else.
func NewRepairer(dict *Dictionary, rewrites []Rewrite, domain, spoken []string) *Repairer {
	r := &Repairer{stems: stems{}, dict: dict, syllables: map[rune]rune{}, latin: map[string]int32{}}
	r.addRewrites(rewrites)
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
		r.addLatin(w, sound, domainWord*2/float64(len([]rune(w))))
	}
	for _, w := range spoken {
		if sound, ok := soundOf(w, args); ok {
			r.addLatin(w, sound, domainWord*2/float64(len([]rune(w))))
		}
	}
	r.addLanguage(args)
	return r
}

func (r *Repairer) addRewrites(rewrites []Rewrite) {
	number := map[string]int{}
	for _, rw := range rewrites {
		n, known := number[rw.From]
		if !known {
			n = len(r.rewrites)
			number[rw.From] = n
			r.rewrites = append(r.rewrites, nil)
			r.trie.Add(rw.From, n)
			r.stems.add(rw.From, n)
		}
		r.rewrites[n] = append(r.rewrites[n], rw)
	}
}

// spokenWord is the frequency from which a word of the language is looked for in pinyin.
const spokenWord = 150

// addLanguage adds the words of the language, of those with one sound the commonest.
func (r *Repairer) addLanguage(args pinyin.Args) {
	words := make([]string, 0, len(r.dict.freq))
	for w, n := range r.dict.freq {
		if n >= spokenWord && len([]rune(w)) <= 4 {
			words = append(words, w)
		}
	}
	slices.SortFunc(words, func(a, b string) int {
		if c := cmp.Compare(r.dict.freq[b], r.dict.freq[a]); c != 0 {
			return c
		}
		return cmp.Compare(a, b)
	})
	for _, w := range words {
		if sound, ok := soundOf(w, args); ok {
			r.addLatin(w, sound, math.Log(float64(r.dict.freq[w]))-languageSum)
		}
	}
}

func (r *Repairer) addLatin(word, sound string, price float64) {
	letters := strings.ReplaceAll(sound, " ", "")
	if _, taken := r.latin[letters]; taken || len(letters) > longestWord {
		return
	}
	r.latin[letters] = int32(len(r.words)) //nolint:gosec // bounded by the dictionary
	r.words = append(r.words, word)
	r.prices = append(r.prices, price)
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
	rewritten := r.rewrite(text)
	if isLatin(text) && !isEnglish(text) {
		if read, ok := r.readRuns(rewritten); ok {
			return read, true
		}
	}
	return r.bySound(rewritten), false
}

// readRuns reads every run of Latin letters in a text as pinyin: all of them, or none.
func (r *Repairer) readRuns(text string) (string, bool) {
	var b, run strings.Builder
	ok := true
	flush := func() {
		if run.Len() > 0 {
			read, fine := r.fromPinyin(run.String())
			ok = ok && fine
			b.WriteString(read)
			run.Reset()
		}
	}
	for _, c := range text {
		if c < 128 && c != ',' && c != '?' && c != '!' {
			run.WriteRune(c)
			continue
		}
		flush()
		b.WriteRune(c)
	}
	flush()
	return b.String(), ok
}

func (r *Repairer) rewrite(text string) string {
	rewritten, _ := r.rewriteAll(text, false)
	return rewritten
}

// rewriteAll carries out the listed rewrites and, when told, lists them.
func (r *Repairer) rewriteAll(text string, list bool) (string, []Mended) {
	runes := []rune(text)
	out := make([]rune, 0, len(runes))
	var mended []Mended
	changed := false
	for i := 0; i < len(runes); {
		to, n, ok := r.rewriteAt(runes, i, text)
		if !ok {
			out = append(out, runes[i])
			i++
			continue
		}
		for _, c := range to {
			out = joined(out, c)
		}
		if list {
			mended = append(mended, Mended{From: string(runes[i : i+n]), To: to})
		}
		changed = true
		i += n
	}
	if !changed {
		return text, nil
	}
	return string(out), mended
}

// Mended is one thing that was written in one way and is read in another.
type Mended struct {
	From, To string
	// Sound is set where no rewrite is listed: a domain word of the same sound was meant.
	Sound bool
}

// Mended lists what Text changes in a text that is not pinyin: listed rewrites, then words
// mended by sound.
func (r *Repairer) Mended(text string) []Mended {
	rewritten, all := r.rewriteAll(text, true)
	_, bySound := r.soundAll(rewritten, true)
	return append(all, bySound...)
}

// joined appends a character; between two of Chinese there is no space, so that words translated
// one by one make the compounds that they are (Hong Kong endorsement).
func joined(out []rune, c rune) []rune {
	if n := len(out); n >= 2 && out[n-1] == ' ' && unicode.Is(unicode.Han, out[n-2]) && unicode.Is(unicode.Han, c) {
		out = out[:n-1]
	}
	return append(out, c)
}

// rewriteAt returns what the longest phrase at a place becomes, and how many runes it has: a
// phrase to the letter, or an English one in another inflection.
func (r *Repairer) rewriteAt(runes []rune, i int, text string) (to string, length int, ok bool) {
	v, n, found := r.trie.Longest(runes[i:])
	if found && !splitsLatin(runes, i, n) {
		to, ok = applying(r.rewrites[v], text)
		length = n
	}
	if v, n, found := r.stems.longest(runes, i); found && (!ok || n > length) {
		if other, applies := applying(r.rewrites[v], text); applies {
			return other, n, true
		}
	}
	return to, length, ok
}

// applying returns what the first rewrite that applies to the text puts in.
func applying(rewrites []Rewrite, text string) (string, bool) {
	for _, rw := range rewrites {
		if len(rw.When) == 0 || slices.ContainsFunc(rw.When, func(w string) bool { return strings.Contains(text, w) }) {
			return rw.To, true
		}
	}
	return "", false
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
	mended, _ := r.soundAll(text, false)
	return mended
}

func (r *Repairer) soundAll(text string, list bool) (string, []Mended) {
	runes := []rune(text)
	spelt := r.spell(runes)
	changed := false
	var mended []Mended
	for i := 0; i < len(runes); i++ {
		v, n, ok := r.sounds.Longest(spelt[i:])
		if !ok {
			continue
		}
		if target := r.targets[v]; r.mistyped(runes[i:i+n], target) {
			if list {
				mended = append(mended, Mended{From: string(runes[i : i+n]), To: string(target), Sound: true})
			}
			copy(runes[i:i+n], target)
			changed = true
		}
		i += n - 1
	}
	if !changed {
		return text, nil
	}
	return string(runes), mended
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

// The prices of reading Latin letters as pinyin, in logarithms of probability: a word of the
// domain is worth as much as the commonest words of the language, a letter that belongs to
// nothing is dear.
const (
	domainWord  = -3.0
	languageSum = 14.5 // about the logarithm of the sum of all frequencies
	strange     = -14.0
	longestWord = 24 // letters
)

// fromPinyin reads a text of Latin letters as pinyin: the likeliest sequence of words of the
// domain and of the language. It succeeds when nearly all letters are read.
func (r *Repairer) fromPinyin(text string) (string, bool) {
	letters := strings.NewReplacer(" ", "", "'", "").Replace(text)
	best := make([]float64, len(letters)+1)
	from := make([]int, len(letters)+1)
	word := make([]int, len(letters)+1)
	for i := range best {
		best[i] = math.Inf(-1)
	}
	best[0] = 0
	for i := range len(letters) {
		if s := best[i] + strange; s > best[i+1] {
			best[i+1], from[i+1], word[i+1] = s, i, -1
		}
		for n := 1; n <= min(longestWord, len(letters)-i); n++ {
			v, ok := r.latin[letters[i:i+n]]
			if s := best[i]; ok && s+r.prices[v] > best[i+n] {
				best[i+n], from[i+n], word[i+n] = s+r.prices[v], i, int(v)
			}
		}
	}
	return r.spelt(letters, from, word)
}

// spelt walks the best way back.
func (r *Repairer) spelt(text string, from, word []int) (string, bool) {
	var parts []string
	strangers, letters := 0, 0
	for i := len(text); i > 0; i = from[i] {
		if word[i] >= 0 {
			parts = append(parts, r.words[word[i]])
			letters += i - from[i]
			continue
		}
		if c := text[from[i]]; c >= 'a' && c <= 'z' {
			strangers++
			letters++
		}
		parts = append(parts, text[from[i]:i])
	}
	slices.Reverse(parts)
	return strings.Join(parts, ""), strangers*8 <= letters
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
