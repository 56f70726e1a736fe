package phrase

import "strings"

// words is a set of words with the longest one's length, for longest-match reading.
type words[T any] struct {
	of map[string]T
	// longest is the length of the longest word by its first sign, in runes.
	longest map[rune]int
}

func newWords[T any]() *words[T] { return &words[T]{map[string]T{}, map[rune]int{}} }

func (w *words[T]) add(word string, v T) {
	if word == "" {
		return
	}
	w.of[word] = v
	signs := []rune(word)
	w.longest[signs[0]] = max(w.longest[signs[0]], len(signs))
}

// at returns the longest word that begins at i, and its length in runes; 0 for none.
func (w *words[T]) at(text []rune, i int) (v T, n int) {
	if i < 0 || i >= len(text) {
		return v, 0
	}
	for n = min(w.longest[text[i]], len(text)-i); n > 0; n-- {
		if v, ok := w.of[string(text[i:i+n])]; ok {
			return v, n
		}
	}
	return v, 0
}

// wordSet makes a set of a list of words with blanks between them.
func wordSet(list string) *words[struct{}] {
	w := newWords[struct{}]()
	for _, s := range strings.Fields(list) {
		w.add(s, struct{}{})
	}
	return w
}

// covered marks the runes of a text that a word of the set covers.
func (w *words[T]) covered(text []rune) []bool {
	out := make([]bool, len(text))
	for i := range text {
		if _, n := w.at(text, i); n > 0 {
			for j := i; j < i+n; j++ {
				out[j] = true
			}
		}
	}
	return out
}

// plain folds full-width letters and digits, rune by rune, so that places in the text stay.
func plain(text string) []rune {
	out := []rune(text)
	for i, r := range out {
		switch {
		case r >= '０' && r <= '９', r >= 'Ａ' && r <= 'Ｚ', r >= 'ａ' && r <= 'ｚ', r == '－', r == '％', r == '．', r == '／':
			out[i] = r - 0xFEE0
		case r == '\u00a0' || r == '\u3000':
			out[i] = ' '
		}
	}
	return out
}

func isDigit(r rune) bool { return r >= '0' && r <= '9' }
func isLatin(r rune) bool { return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' }
func isHan(r rune) bool {
	return r >= 0x4E00 && r <= 0x9FFF || r == '〇' || r >= 0x3400 && r <= 0x4DBF
}
