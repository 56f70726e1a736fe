package segment

import (
	"crypto/sha256"
	"encoding/hex"
	"path/filepath"
	"runtime"
	"sort"
	"strings"
	"unicode"

	"github.com/yanyiwu/gojieba"
)

// Segmenter cuts normalised text into words with one version of the lexicon. It is safe
// for concurrent use and never changes: a new lexicon makes a new Segmenter. (The library
// would add words to a live one, but that races with cuts under way.)
type Segmenter struct {
	dict *Dictionary
	with *gojieba.Jieba
}

// NewSegmenter returns a segmenter that keeps the given words whole.
func NewSegmenter(dict *Dictionary, words []string) (*Segmenter, error) {
	unique := map[string]bool{}
	for _, w := range words {
		if w = strings.TrimSpace(w); len([]rune(w)) >= 2 && !strings.ContainsAny(w, " \n") {
			unique[w] = true
		}
	}
	sorted := make([]string, 0, len(unique))
	for w := range unique {
		sorted = append(sorted, w)
	}
	sort.Strings(sorted)
	var b strings.Builder
	for _, w := range sorted {
		b.WriteString(w + " 20000 n\n")
	}
	sum := sha256.Sum256([]byte(b.String()))
	path := filepath.Join(dict.dir, "user-"+hex.EncodeToString(sum[:6])+".utf8")
	if _, err := writeOnce(path, []byte(b.String())); err != nil {
		return nil, err
	}
	return &Segmenter{dict: dict, with: dict.jieba(path)}, nil
}

// Token is one word of a text.
type Token struct {
	Text string
	// Start and End are byte offsets in the text that was cut.
	Start, End int
}

// Cut returns the words of the text in order, without overlaps: what a person would see.
func (s *Segmenter) Cut(text string) []string {
	words := s.with.Cut(text, true)
	runtime.KeepAlive(s.with) // the library frees itself by finalizer, even inside a call
	return keepWords(words)
}

// Tokens returns the words of Cut with their offsets.
func (s *Segmenter) Tokens(text string) []Token {
	found := s.with.Tokenize(text, gojieba.DefaultMode, true)
	runtime.KeepAlive(s.with)
	tokens := make([]Token, 0, len(found))
	for _, w := range found {
		if isWord(w.Str) {
			tokens = append(tokens, Token{w.Str, w.Start, w.End})
		}
	}
	return tokens
}

// Search returns the words for retrieval: those of the lexicon's cut, their parts, and
// those of the plain cut, which keeps single characters that a lexicon word swallows.
// The order is that of first appearance; nothing appears twice at the same offset.
func (s *Segmenter) Search(text string) []Token {
	found := s.with.Tokenize(text, gojieba.SearchMode, true)
	plain := s.dict.base.Tokenize(text, gojieba.DefaultMode, true)
	runtime.KeepAlive(s)
	tokens := make([]Token, 0, len(found)+len(plain))
	for _, w := range found {
		if isWord(w.Str) {
			tokens = append(tokens, Token{w.Str, w.Start, w.End})
		}
	}
	lexical := len(tokens)
	for _, w := range plain {
		if isWord(w.Str) && !contains(tokens[:lexical], w.Start, w.End) {
			tokens = append(tokens, Token{w.Str, w.Start, w.End})
		}
	}
	sort.SliceStable(tokens, func(i, j int) bool { return tokens[i].Start < tokens[j].Start })
	return tokens
}

func contains(tokens []Token, start, end int) bool {
	for _, t := range tokens {
		if t.Start == start && t.End == end {
			return true
		}
	}
	return false
}

func keepWords(words []string) []string {
	kept := words[:0]
	for _, w := range words {
		if isWord(w) {
			kept = append(kept, w)
		}
	}
	return kept
}

func isWord(w string) bool {
	for _, r := range w {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return true
		}
	}
	return false
}
