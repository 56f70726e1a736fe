package segment

import (
	"strings"

	"github.com/blevesearch/snowballstem"
	"github.com/blevesearch/snowballstem/english"
)

// Stem returns an English word without its inflection (Porter's second algorithm), so that
// permit and permits, renew and renewing are one. Words with other signs than the letters a to z
// and words of up to three letters stay as they are.
func Stem(word string) string {
	if len(word) <= 3 || !isLetters(word) {
		return word
	}
	env := snowballstem.NewEnv(word)
	english.Stem(env)
	return env.Current()
}

func isLetters(word string) bool {
	for i := range len(word) {
		if word[i] < 'a' || word[i] > 'z' {
			return false
		}
	}
	return true
}

// mostWords is how many words a phrase of the rewrites may have to be found by its stems.
const mostWords = 5

// stems finds English phrases whatever the inflection of their words.
type stems map[string]int

// add puts a phrase of Latin words in; one whose stems are taken keeps the first value.
func (s stems) add(phrase string, value int) {
	words := strings.Split(phrase, " ")
	if len(words) > mostWords {
		return
	}
	for i, w := range words {
		if !isLetters(w) {
			return
		}
		words[i] = Stem(w)
	}
	key := strings.Join(words, " ")
	if _, taken := s[key]; !taken {
		s[key] = value
	}
}

// longest returns the value of the longest phrase that begins at text[i], the beginning of a
// Latin word, and how many runes it has.
func (s stems) longest(text []rune, i int) (value, length int, ok bool) {
	if !isASCIIWord(text[i]) || i > 0 && isASCIIWord(text[i-1]) {
		return 0, 0, false
	}
	var key strings.Builder
	for at, n := i, 0; n < mostWords && at < len(text) && isASCIIWord(text[at]); n++ {
		end := at
		for end < len(text) && isASCIIWord(text[end]) {
			end++
		}
		if n > 0 {
			key.WriteByte(' ')
		}
		key.WriteString(Stem(string(text[at:end])))
		if v, found := s[key.String()]; found {
			value, length, ok = v, end-i, true
		}
		if end == len(text) || text[end] != ' ' {
			break
		}
		at = end + 1
	}
	return value, length, ok
}

// englishMarks are common English words that spell no Chinese syllables: a line with one of them
// is no pinyin.
var englishMarks = marksOf("the my is of for how what with was were from it its to do does did on in and at by we our her his are get need where when which i im this that not have has had does will would my your their as if or but no been just still only under")

func marksOf(words string) map[string]bool {
	set := map[string]bool{}
	for w := range strings.FieldsSeq(words) {
		set[w] = true
	}
	return set
}

// isEnglish reports whether a text of Latin letters is English rather than pinyin.
func isEnglish(text string) bool {
	marks, words := 0, 0
	for w := range strings.FieldsFuncSeq(text, func(r rune) bool { return !isASCIIWord(r) }) {
		words++
		if englishMarks[w] {
			marks++
		}
	}
	return marks >= 2 || marks == 1 && words <= 6
}
