package intents

import (
	"sort"
	"strings"

	"shenwei/kb/segment"
)

// Level is how a line must be treated before anything else.
type Level string

// The levels of triage.
const (
	Safe Level = ""
	// Caution: the matter touches violence, self-harm or fraud, but nothing goes on now.
	Caution Level = "caution"
	// Danger: may still be going on; the number comes first.
	Danger Level = "danger"
	// Refuse: others' privacy, unlawful, politics, attacks on the service.
	Refuse Level = "refuse"
)

// Triage is the result of looking for danger and for what must be refused.
type Triage struct {
	Level Level
	// Kind is the kind of danger or of refusal: see the cue tables.
	Kind string
	// Cue is the phrase that decided, Why the rule.
	Cue string
	Why string
}

// Triager recognises danger in normalised text. It is built once from the cue tables and
// safe for concurrent use.
type Triager struct {
	trie  segment.Trie
	words []cueWord
}

// cueWord is one phrase with every class that it belongs to, in the order of their names.
type cueWord struct {
	word    string
	classes []string
}

// cue is one phrase of one class.
type cue struct {
	class string
	word  string
}

// NewTriager builds the triager from the tables in triage_cues.go. A phrase may stand in
// several of them; the order is that of the phrases, so that every process reads alike.
func NewTriager() *Triager {
	classes := map[string][]string{}
	for _, table := range []map[string][]string{dangerCues, partCues, contextCues, refusalCues} {
		for class, words := range table {
			for _, w := range words {
				w = strings.ReplaceAll(w, "'", " ") // as the normaliser leaves it
				if !has(classes[w], class) {
					classes[w] = append(classes[w], class)
				}
			}
		}
	}
	t := &Triager{}
	for w, in := range classes {
		sort.Strings(in)
		t.words = append(t.words, cueWord{w, in})
	}
	sort.Slice(t.words, func(i, j int) bool { return t.words[i].word < t.words[j].word })
	for i, w := range t.words {
		t.trie.Add(w.word, i)
	}
	return t
}

// Words are the cue phrases of danger, for recognising them in pinyin.
func (t *Triager) Words() []string {
	var words []string
	for _, w := range t.words {
		for _, class := range w.classes {
			if _, ok := dangerCues[class]; ok {
				words = append(words, w.word)
				break
			}
		}
	}
	return words
}

// found is a cue in a text; offsets are in runes.
type found struct {
	cue
	start, end int
	clause     int
}

// Read looks at one line. Danger anywhere in it wins over everything else in it.
func (t *Triager) Read(text string) Triage {
	hits := t.scan(text)
	hits = append(hits, combine(hits)...)
	caution := Triage{}
	for _, h := range hits {
		if _, ok := dangerCues[h.class]; !ok && h.class != paidKind || h.class == paidKind && !present(hits, "cheat") {
			continue
		}
		level, why := judge(h, hits)
		if level == Danger {
			return Triage{Danger, h.class, h.word, why}
		}
		if level == Caution && caution.Level == Safe {
			caution = Triage{Caution, h.class, h.word, why}
		}
	}
	if r := refusal(hits, text); r.Level == Refuse {
		return r
	}
	return caution
}

// paidKind is money sent just now; it is a danger only where somebody cheats.
const paidKind = "fraud-paid"

func present(hits []found, class string) bool {
	for _, h := range hits {
		if h.class == class {
			return true
		}
	}
	return false
}

func (t *Triager) scan(text string) []found {
	runes := []rune(text)
	var hits []found
	clause := 0
	for i := range runes {
		switch runes[i] {
		case ',', '。', '?', '!':
			clause++
			continue
		}
		t.trie.Each(runes[i:], func(v, n int) {
			if cutsLatin(runes, i, n) {
				return
			}
			for _, class := range t.words[v].classes {
				hits = append(hits, found{cue{class, t.words[v].word}, i, i + n, clause})
			}
		})
	}
	return hits
}

// combine finds dangers that are told in two words apart: a weapon that is held, somebody
// to whom something is done.
func combine(hits []found) []found {
	var out []found
	for _, rule := range pairs {
		for _, a := range hits {
			if a.class != rule.first {
				continue
			}
			for _, b := range hits {
				if b.class == rule.second && b.clause == a.clause && b.start >= a.end && b.start-a.end <= rule.within {
					out = append(out, found{cue{rule.danger, a.word + "…" + b.word}, a.start, b.end, a.clause})
				}
			}
		}
	}
	return out
}

// judge decides whether a danger cue may still be going on.
func judge(h found, hits []found) (Level, string) {
	ctx := contextOf(h, hits)
	switch {
	case ctx["idiom"]:
		return Safe, "a figure of speech"
	case ctx["negated"]:
		return Safe, "negated"
	case ctx["media"] && !ctx["now"]:
		return Safe, "told of a film, game, song, book or news"
	}
	if h.class == "selfharm" {
		return judgeSelfHarm(ctx)
	}
	switch {
	case ctx["hypothetical"] && !ctx["now"]:
		return Caution, "hypothetical"
	case ctx["now"] && !ctx["resolved"]:
		return Danger, "going on now"
	case ctx["over"] || ctx["resolved"]:
		return Caution, "over"
	case ctx["legal"]:
		return Caution, "about law or procedure"
	case weakKinds[h.class] && !ctx["me"]:
		return Caution, "nobody is named"
	}
	return Danger, "may still be going on"
}

// judgeSelfHarm: wishes to die do not end with the past tense, and a question about
// somebody's duty does not end them either.
func judgeSelfHarm(ctx map[string]bool) (Level, string) {
	switch {
	case ctx["dead"]:
		return Caution, "the person is dead"
	case ctx["procedure"] && !ctx["now"]:
		return Caution, "about procedure"
	case ctx["hypothetical"] && !ctx["me"]:
		return Caution, "hypothetical"
	case ctx["long-ago"] && !ctx["now"]:
		return Caution, "long ago"
	}
	return Danger, "a wish to die may be present"
}

// contextOf collects what stands around a danger cue: in its clause, or anywhere in the line.
func contextOf(h found, hits []found) map[string]bool {
	ctx := map[string]bool{}
	for _, x := range hits {
		switch x.class {
		case "media", "now", "resolved", "over", "long-ago", "legal", "procedure", "dead":
			ctx[x.class] = true
		case "me":
			ctx["me"] = true
		case "hypothetical":
			if x.clause == h.clause && x.start < h.start {
				ctx[x.class] = true
			}
		case "negation":
			if x.clause == h.clause && x.end <= h.start && h.start-x.end <= 2 {
				ctx["negated"] = true
			}
		case "idiom":
			if x.start <= h.start && x.end >= h.end {
				ctx["idiom"] = true
			}
		}
	}
	if ctx["long-ago"] {
		ctx["over"] = true
	}
	return ctx
}

func refusal(hits []found, text string) Triage {
	for _, kind := range refusalOrder {
		for _, h := range hits {
			if h.class == kind && !(kind != "injection" && strings.Contains(text, "举报")) {
				return Triage{Refuse, kind, h.word, "refused"}
			}
		}
	}
	if r := privacy(hits); r.Level == Refuse {
		return r
	}
	return Triage{}
}

// privacy: somebody else's data is asked for when a search word, another person and a kind
// of data stand in one line.
func privacy(hits []found) Triage {
	has := map[string]string{}
	for _, h := range hits {
		has[h.class] = h.word
	}
	if has["search"] != "" && has["other-person"] != "" && has["private-data"] != "" {
		return Triage{Refuse, "privacy", has["search"] + "…" + has["private-data"], "data of somebody else"}
	}
	if has["search-other"] != "" {
		return Triage{Refuse, "privacy", has["search-other"], "data of somebody else"}
	}
	return Triage{}
}
