package wechat

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// safe makes a text that WeChat shows as it is: it reads anchors in texts, and nothing else of
// HTML, so that a lone sign might swallow what follows.
func safe(s string) string { return strings.ReplaceAll(s, "<", "＜") }

// attribute makes a text that may stand in an anchor's quotes.
func attribute(s string) string {
	return strings.NewReplacer(`"`, "%22", "<", "%3C", ">", "%3E", "\n", "", " ", "%20").Replace(s)
}

// cut shortens a text to at most n bytes, at a character's end.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	const dots = "…"
	s = s[:n-len(dots)]
	for !utf8.ValidString(s) {
		s = s[:len(s)-1]
	}
	return s + dots
}

// anchors are not to be cut in two; ends are where a sentence, a clause or a word is over.
var (
	anchors = regexp.MustCompile(`<a [^>]*>[^<]*</a>`)
	ends    = []string{"\n", "。！？!?；;", "，、,： "}
)

// split cuts a text into parts of at most n bytes: between paragraphs and sentences where that
// is possible, else between clauses, else between characters; never within a link.
func split(s string, n int) []string {
	var parts []string
	for s = strings.TrimSpace(s); len(s) > n; {
		at := cutAt(s, n)
		if part := strings.TrimSpace(s[:at]); part != "" {
			parts = append(parts, part)
		}
		s = strings.TrimSpace(s[at:])
	}
	if s != "" {
		parts = append(parts, s)
	}
	return parts
}

// cutAt is where to cut a text that is longer than n bytes; at least one character stands before.
func cutAt(s string, n int) int {
	links := anchors.FindAllStringIndex(s, -1)
	for _, set := range ends {
		for at := n; at > n/2; {
			i := strings.LastIndexAny(s[:at], set)
			if i < 0 {
				break
			}
			_, size := utf8.DecodeRuneInString(s[i:])
			if end := i + size; end > n/2 && end <= n && !inside(links, end) {
				return end
			}
			at = i
		}
	}
	at := n
	for at > 0 && !utf8.RuneStart(s[at]) {
		at--
	}
	for _, l := range links {
		if l[0] > 0 && l[0] < at && at < l[1] {
			return l[0]
		}
	}
	return max(at, 1)
}

func inside(links [][]int, at int) bool {
	for _, l := range links {
		if l[0] < at && at < l[1] {
			return true
		}
	}
	return false
}

var (
	mdLink  = regexp.MustCompile(`\[([^\]]+)\]\((https?://[^)\s]+)\)`)
	mdRef   = regexp.MustCompile(`\[([^\]]+)\]\([^)]*\)`)
	mdHead  = regexp.MustCompile(`(?m)^#{1,6}\s+(.*?)\s*#*$`)
	mdItem  = regexp.MustCompile(`(?m)^(\s*)[-*+]\s+`)
	mdQuote = regexp.MustCompile(`(?m)^>\s?`)
	mdBars  = regexp.MustCompile(`(?m)^\|?[\s:|-]+\|[\s:|-]*$\n?`)
	mdRow   = regexp.MustCompile(`(?m)^\|(.*)\|\s*$`)
	mdMark  = strings.NewReplacer("**", "", "__", "", "`", "")
	mdGaps  = regexp.MustCompile(`\n{3,}`)
)

// markdown shows an article's text in plain words: WeChat knows no bold, no headings, no tables.
func markdown(s string) string {
	s = safe(s)
	s = mdBars.ReplaceAllString(s, "")
	s = mdRow.ReplaceAllStringFunc(s, func(row string) string {
		return strings.TrimSpace(strings.ReplaceAll(strings.Trim(strings.TrimSpace(row), "|"), "|", "｜"))
	})
	s = mdHead.ReplaceAllString(s, "$1")
	s = mdItem.ReplaceAllString(s, "$1· ")
	s = mdQuote.ReplaceAllString(s, "")
	s = mdMark.Replace(s)
	s = mdLink.ReplaceAllStringFunc(s, func(m string) string {
		p := mdLink.FindStringSubmatch(m)
		return anchor(p[2], p[1])
	})
	s = mdRef.ReplaceAllString(s, "$1")
	return strings.TrimSpace(mdGaps.ReplaceAllString(s, "\n\n"))
}
