package bot

import (
	"slices"
	"strings"

	"shenwei/intents"
	"shenwei/kb"
)

// connectors separate matters that are told in one line.
var connectors = []string{"。", "?", "!", "还有", "另外", "顺便", "然后", "以及", "同时", "再就是", ","}

// addingWords say that another matter follows.
var addingWords = []string{"还有", "另外", "顺便", "以及", "同时", "再就是"}

// maxMatters is how many matters of one line are answered.
const maxMatters = 4

// certainMatter is how sure each of several matters must be.
const certainMatter = 0.72

// several answers a line that holds more than one matter, one by one: each part must name
// an object of its own and be certain by itself.
func (e *Engine) several(c *turnCase) (*draft, string) {
	if !twoObjects(c.un) {
		return nil, ""
	}
	parts := split(c.un.Text, c.un)
	if len(parts) < 2 {
		return nil, ""
	}
	demands := slices.ContainsFunc(parts, intents.Demands) && !slices.ContainsFunc(addingWords, func(w string) bool { return strings.Contains(c.un.Text, w) })
	var hits []ItemHit
	seen := map[string]bool{}
	for _, part := range parts {
		un := e.read.Read(part)
		if !namesObject(un) || demands && !intents.Demands(part) {
			continue // the story before a question is no matter of its own
		}
		ranked := e.read.Rank(un, nil)
		top := ranked.Entries[0]
		if top.Kind != kb.KindItem || top.P < certainMatter {
			return nil, ""
		}
		if !seen[top.Code] {
			seen[top.Code] = true
			facet := un.Facet
			if facet == kb.Other {
				facet = c.un.Facet
			}
			hits = append(hits, ItemHit{top.Code, facet, top.P})
		}
	}
	if len(hits) < 2 || len(hits) > maxMatters {
		return nil, ""
	}
	d := c.answerItem(hits[0].Code, hits[0].Facet, lowest(hits), "several matters")
	d.items = hits
	d.lead = "您问了几件事，逐件答复如下。"
	return d, "several matters in one line"
}

// twoObjects reports whether a line names two things.
func twoObjects(un *intents.Understanding) bool {
	first := ""
	for _, h := range un.Concepts {
		if h.Kind != kb.Object {
			continue
		}
		if first != "" && h.ID != first {
			return true
		}
		first = h.ID
	}
	return false
}

func lowest(hits []ItemHit) float64 {
	low := 1.0
	for _, h := range hits {
		low = min(low, h.Confidence)
	}
	return low
}

func namesObject(un *intents.Understanding) bool {
	for _, h := range un.Concepts {
		if h.Kind == kb.Object {
			return true
		}
	}
	return false
}

// split cuts a line into matters: at connectors, and where two documents are named in one
// breath (「身份证和驾照一起丢了」), once for each.
func split(text string, un *intents.Understanding) []string {
	cut := text
	for _, w := range connectors {
		cut = strings.ReplaceAll(cut, w, "\n")
	}
	var parts []string
	for _, p := range strings.Split(cut, "\n") {
		if p = strings.TrimSpace(p); p != "" {
			parts = append(parts, distribute(p, un)...)
		}
	}
	return parts
}

// joints stand between two things that share what is said of them.
var joints = []string{"和", "跟", "与", "、", "及", "还有", ","}

// distribute turns 「甲和乙丢了」 into 「甲丢了」 and 「乙丢了」.
func distribute(part string, un *intents.Understanding) []string {
	var words []string
	for _, h := range un.Concepts {
		if h.Kind == kb.Object && strings.Contains(part, h.Word) {
			words = append(words, h.Word)
		}
	}
	for i := 0; i+1 < len(words); i++ {
		for _, j := range joints {
			pair := words[i] + j + words[i+1]
			if words[i] != words[i+1] && strings.Contains(part, pair) {
				return []string{strings.Replace(part, pair, words[i], 1), strings.Replace(part, pair, words[i+1], 1)}
			}
		}
	}
	return []string{part}
}
