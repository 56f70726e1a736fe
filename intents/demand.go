package intents

import (
	"strings"

	"shenwei/kb/segment"
)

// A line longer than longLine is a story; what it asks in the end has at least leastDemand
// characters.
const (
	longLine    = 40
	leastDemand = 9
)

// demandOf is the part of a story that asks: its last clauses from the last question word on,
// long enough to say something. from is 0 for a line that is no story.
func demandOf(runes []rune) (from, to int) {
	if signs(runes) <= longLine {
		return 0, 0
	}
	to = len(runes)
	start := to
	for start > 0 {
		end := start
		for end > 0 && isPause(runes[end-1]) {
			end--
		}
		begin := end
		for begin > 0 && !isPause(runes[begin-1]) {
			begin--
		}
		start = begin
		if signs(runes[start:to]) >= leastDemand && containsAny(string(runes[start:to]), questionWords) {
			break
		}
	}
	return start, to
}

// Demands reports whether a clause asks or wants something.
func Demands(clause string) bool { return containsAny(clause, questionWords) }

// signs is the length of a line in Chinese characters: a Latin word counts as two of them, or as
// many as it has letters.
func signs(runes []rune) int {
	n, word := 0, 0
	for _, r := range runes {
		switch {
		case latin(r):
			if word++; word <= 2 {
				n++
			}
			continue
		case r != ' ':
			n++
		}
		word = 0
	}
	return n
}

func letter(r rune) bool { return r >= 'a' && r <= 'z' }

// latinWord reports whether a token is a word of three Latin letters or more.
func latinWord(text string) bool {
	return len(text) >= 3 && strings.IndexFunc(text, func(r rune) bool { return !letter(r) }) < 0
}

// part describes the runes [from, to) of a line by themselves.
func part(un *Understanding, c *Concepts, from, to int) []raw {
	runes := un.runes[from:to]
	skip := len(string(un.runes[:from]))
	end := skip + len(string(runes))
	var tokens []segment.Token
	for _, t := range un.Tokens {
		if t.Start >= skip && t.End <= end {
			tokens = append(tokens, segment.Token{Text: t.Text, Start: t.Start - skip, End: t.End - skip})
		}
	}
	var hits []ConceptHit
	for _, h := range un.Concepts {
		if h.Start >= from && h.End <= to {
			h.Start, h.End = h.Start-from, h.End-from
			hits = append(hits, h)
		}
	}
	return features(tokens, hits, c, runes)
}

// dampened keeps long stories comparable: beyond some thirty characters more words lower
// the similarity less.
func dampened(norm float32, runes int) float32 {
	const plain = 30
	if runes <= plain {
		return norm
	}
	f := float32(plain) / float32(runes)
	return norm * (0.45 + 0.55*f)
}

var questionWords = []string{"怎么", "如何", "怎样", "吗", "能不能", "可不可以", "可以", "多久", "多少", "哪里", "在哪", "什么", "需要", "想", "要", "能否", "是否", "咋", "办理", "申请", "有没有", "几", "谁", "how", "what", "can i", "can we", "can my", "can he", "can she", "do i", "do we", "which", "where", "need"}
