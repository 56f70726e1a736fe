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
			if _, ok := dangerCues[class]; ok || class == "somebody" {
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
	runes := []rune(text)
	hits := t.scan(runes)
	hits = append(hits, combine(hits)...)
	refused := refusal(hits, text)
	var danger, caution Triage
	for _, h := range hits {
		if !t.dangerous(h, hits, runes) || wished(h, hits) {
			continue
		}
		kind := kindOf(h, hits)
		level, why := judge(h, kind, hits, runes)
		switch {
		case level == Danger && (danger.Level == Safe || danger.Kind == unnamedKind):
			danger = Triage{Danger, kind, h.word, why}
		case level == Caution && caution.Level == Safe:
			caution = Triage{Caution, kind, h.word, why}
		}
	}
	switch {
	case danger.Level == Danger:
		return danger
	case refused.Level == Refuse:
		return refused
	}
	return caution
}

// PaidACheat reads a line in a conversation that speaks of a cheat: money that went is a danger there,
// whoever is not named again. «Last year», «not», «if» count as everywhere.
func (t *Triager) PaidACheat(text string) Triage {
	runes := []rune(text)
	hits := t.scan(runes)
	for _, h := range hits {
		if h.class != "paid" {
			continue
		}
		if level, why := judge(h, paidKind, hits, runes); level == Danger {
			return Triage{Danger, paidKind, h.word, why + ", in a talk about a cheat"}
		}
	}
	return Triage{}
}

// cuesOf are the cues of a normalised text, of danger and of its context.
func (t *Triager) cuesOf(text string) []found {
	hits := t.scan([]rune(text))
	return append(hits, combine(hits)...)
}

// unnamedKind is a cry for help that does not say what is wrong; paidKind is money sent just
// now, a danger only where somebody cheats.
const (
	unnamedKind = "help"
	paidKind    = "fraud-paid"
)

// dangerous reports whether a hit is a cue of danger in its place.
func (t *Triager) dangerous(h found, hits []found, runes []rune) bool {
	if h.class == paidKind {
		return present(hits, "cheat") || present(hits, "conned") || present(hits, "cut-off") || present(hits, "party") && present(hits, "money") && !present(hits, "dues")
	}
	if _, ok := dangerCues[h.class]; !ok {
		return false
	}
	return !spared(h, runes) && !(h.class == "missing" && pets(h, hits))
}

// pets reports whether it is an animal that is missing.
func pets(h found, hits []found) bool {
	for _, x := range hits {
		if x.class == "pet" && x.clause == h.clause && x.end <= h.start {
			return true
		}
	}
	return false
}

// spared reports whether what follows a word of hitting is no person: 打我电话, 被打回.
func spared(h found, runes []rune) bool {
	rest := strings.TrimPrefix(string(runes[h.end:min(len(runes), h.end+6)]), "了")
	for _, a := range aftermath {
		if hasSuffixAny(h.word, a.cues) && prefixAny(rest, a.harmless) {
			return true
		}
	}
	return false
}

func hasSuffixAny(text string, ends []string) bool {
	for _, e := range ends {
		if strings.HasSuffix(text, e) {
			return true
		}
	}
	return false
}

// wished reports whether the cue is part of an unlawful wish (制作炸弹), which is refused.
func wished(h found, hits []found) bool {
	for _, x := range hits {
		if x.class == "unlawful" && x.start <= h.start && x.end >= h.end {
			return true
		}
	}
	return false
}

// kindOf is the kind of danger: blows between partners are domestic.
func kindOf(h found, hits []found) string {
	if h.class != "violence" {
		return h.class
	}
	for _, x := range hits {
		if x.class == "partner" && x.clause == h.clause && x.start <= h.start {
			return "domestic"
		}
	}
	return h.class
}

func present(hits []found, class string) bool {
	for _, h := range hits {
		if h.class == class {
			return true
		}
	}
	return false
}

func (t *Triager) scan(runes []rune) []found {
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
				if b.class == rule.second && (b.clause == a.clause || rule.across) && b.start >= a.end && b.start-a.end <= rule.within && rule.holds(a, b, hits) {
					out = append(out, found{cue{rule.danger, a.word + "…" + b.word}, a.start, b.end, a.clause})
				}
			}
		}
	}
	return out
}

// holds reports whether the line has what the pair asks for besides, and nothing that
// makes it harmless.
func (p pair) holds(a, b found, hits []found) bool {
	if p.needs != "" && !present(hits, p.needs) {
		return false
	}
	for _, x := range hits {
		if x.class == "negation" && x.clause == b.clause && x.start >= a.end && x.end <= b.start && b.start-x.end <= 1 {
			return false
		}
		if p.unless != "" && x.class == p.unless && x.clause == a.clause && x.start >= a.start-4 && x.start <= b.end+2 {
			return false
		}
	}
	return true
}

// judge decides whether a danger cue may still be going on.
func judge(h found, kind string, hits []found, runes []rune) (Level, string) {
	ctx := contextOf(h, hits)
	switch {
	case ctx["idiom"]:
		return Safe, "a figure of speech"
	case ctx["negated"]:
		return Safe, "negated"
	case ctx["media"] && !ctx["now"]:
		return Safe, "told of a film, game, song, book or news"
	}
	if kind == "selfharm" {
		return judgeSelfHarm(ctx)
	}
	now := ctx["now"] && !ctx["resolved"]
	switch {
	case ctx["hypothetical"] && !ctx["now"]:
		return Caution, "hypothetical"
	case kind == "fraud-now" && ctx["dues"] && !ctx["fakecop"] && !ctx["cheat"]:
		return Safe, "about a fee"
	case now:
		return Danger, "going on now"
	case ctx["long-ago"], ctx["resolved"], ctx["over"] && !lastingKinds[kind]:
		return Caution, "over"
	case ctx["dead"] && accidents[kind]:
		return Caution, "the person is dead"
	case ctx["treated"] && !lastingKinds[kind]:
		return Caution, "over: treated"
	case ctx["legal"]:
		return Caution, "about law or procedure"
	case ctx["procedure"] && !ctx["me"]:
		return Caution, "about procedure"
	case weakKinds[kind] && !ctx["me"] && !ctx["somebody"] && !happened(h, runes):
		return Caution, "nobody is named"
	}
	return Danger, "may still be going on"
}

// happened reports whether the cue is told as something that took place: 翻车了, 出车祸了.
func happened(h found, runes []rune) bool {
	if strings.HasSuffix(h.word, "了") || strings.Contains(h.word, "…") || h.end < len(runes) && (runes[h.end] == '了' || runes[h.end] == '呀') {
		return true
	}
	end := h.end
	for end < len(runes) && !isPause(runes[end]) {
		end++
	}
	return h.start == 0 && h.end == len(runes) || runes[end-1] == '了' && end-h.end <= 6
}

// accidents are over for the one who died of them.
var accidents = map[string]bool{"medical": true, "water": true, "crash": true, "fire": true}

// judgeSelfHarm: wishes to die do not end with the past tense, and a question about
// somebody's duty does not end them either.
func judgeSelfHarm(ctx map[string]bool) (Level, string) {
	switch {
	case ctx["dead"]:
		return Caution, "the person is dead"
	case ctx["procedure"] && !ctx["now"] && !ctx["me-here"]:
		return Caution, "about procedure"
	case ctx["hypothetical"] && !ctx["me"]:
		return Caution, "hypothetical"
	case ctx["long-ago"] && !ctx["now"]:
		return Caution, "long ago"
	}
	return Danger, "a wish to die may be present"
}

// anywhere are the classes of context that count wherever they stand in a line.
var anywhere = map[string]bool{
	"media": true, "resolved": true, "over": true, "legal": true, "procedure": true, "dead": true, "me": true, "dues": true, "treated": true,
	"fakecop": true, "cheat": true, "long-ago": true,
}

// contextOf collects what stands around a danger cue: in its clause, or anywhere in the line.
func contextOf(h found, hits []found) map[string]bool {
	ctx := map[string]bool{}
	agoHere := false // the danger itself is told as long past
	for _, x := range hits {
		agoHere = agoHere || (x.class == "long-ago" || x.class == "over") && x.clause == h.clause
	}
	for _, x := range hits {
		if anywhere[x.class] {
			ctx[x.class] = true
		}
		here := x.clause == h.clause
		switch x.class {
		case "now": // 「现在」 of another matter does not bring back what is long past
			ctx["now"] = ctx["now"] || !agoHere || here && !atPresent[x.word]
		case "me":
			ctx["me-here"] = ctx["me-here"] || here
		case "somebody", "kin":
			ctx["somebody"] = ctx["somebody"] || (here || x.class == "somebody") && !denied(x, hits)
		case "hypothetical":
			ctx[x.class] = ctx[x.class] || here && x.start < h.start
		case "negation":
			ctx["negated"] = ctx["negated"] || here && x.end <= h.start && h.start-x.end <= 2
		case "idiom":
			ctx["idiom"] = ctx["idiom"] || x.start <= h.start && x.end > h.start
		}
	}
	return ctx
}

// denied reports whether a cue is part of a denial: 有人 in 没有人.
func denied(h found, hits []found) bool {
	for _, x := range hits {
		if x.class == "negation" && x.start < h.end && x.end > h.start {
			return true
		}
	}
	return false
}

// reported are words of those who tell of something unlawful, or ask about its consequences,
// rather than wish for it.
var reported = []string{"举报", "报案", "投案", "自首", "算不算", "算是", "违法吗", "处罚", "以前是", "被骗"}

// figurative reports whether a cue is a part of another word: 制毒 of 易制毒.
func figurative(h found, hits []found) bool {
	for _, x := range hits {
		if x.class == "idiom" && x.start <= h.start && x.end > h.start {
			return true
		}
	}
	return false
}

func refusal(hits []found, text string) Triage {
	for _, kind := range refusalOrder {
		for _, h := range hits {
			if h.class == kind && !(kind != "injection" && containsAny(text, reported)) && !figurative(h, hits) {
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
// of data stand near each other, or a number or name and the data of whose it is.
func privacy(hits []found) Triage {
	if own := present(hits, "own"); own {
		return Triage{}
	}
	for _, s := range hits {
		switch s.class {
		case "search-other":
			return Triage{Refuse, "privacy", s.word, "data of somebody else"}
		case "search":
			if d, ok := dataOf(s, "other-person", "private-data", hits); ok {
				return Triage{Refuse, "privacy", s.word + "…" + d, "data of somebody else"}
			}
			if d, ok := dataOf(s, "identifier", "owner-data", hits); ok {
				return Triage{Refuse, "privacy", s.word + "…" + d, "whose a number is"}
			}
		}
	}
	return Triage{}
}

// dataOf looks for a person and a kind of data within a clause of the search word, in two
// different places.
func dataOf(search found, person, data string, hits []found) (string, bool) {
	near := func(x found) bool { return x.clause-search.clause <= 1 && search.clause-x.clause <= 1 }
	for _, p := range hits {
		if p.class != person || !near(p) {
			continue
		}
		for _, d := range hits {
			if d.class == data && near(d) && (d.end <= p.start || d.start >= p.end) {
				return d.word, true
			}
		}
	}
	return "", false
}
