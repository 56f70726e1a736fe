package bot

import (
	"slices"
	"strings"
	"unicode"

	"shenwei/intents"
	"shenwei/internal/fault"
)

// Lang is the language that a reply is written in, a BCP 47 tag.
type Lang string

// The languages of replies.
const (
	Hans    Lang = "zh-Hans" // simplified Chinese, in which the knowledge is written
	Hant    Lang = "zh-Hant" // traditional Chinese, converted
	English Lang = "en"      // the items' English texts
)

// Known tells whether replies can be written in the language.
func (l Lang) Known() bool { return l == Hans || l == Hant || l == English }

// CheckLang is a fault that a caller can read for a language that replies are not written in; ""
// is none.
func CheckLang(l Lang) error {
	if l == "" || l.Known() {
		return nil
	}
	return fault.New(fault.BadRequest, "字段 lang 可以是 zh-Hans、zh-Hant、en，不填则跟随提问的语言")
}

// languageOf is the language of the reply to a turn: the one that the citizen fixed, that of her
// line, or that of the lines before where this one could be any («110», a tapped choice).
func languageOf(turn Turn, un *intents.Understanding) Lang {
	before := turn.State.Lang
	if !before.Known() {
		before = Hans
	}
	switch {
	case turn.Message.Lang.Known():
		return turn.Message.Lang
	case turn.Message.Choice != "":
		return before
	case un.English:
		return English
	case un.Traditional && !un.Simplified:
		return Hant
	case un.Traditional: // both: whoever mixes them reads both, the majority of readers simplified
		return Hans
	case un.Simplified:
		return Hans
	case hasHan(un.Raw) && before == English:
		return Hans
	}
	return before
}

func hasHan(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool { return unicode.Is(unicode.Han, r) })
}

// Speech writes fixed Chinese texts in the language of a reply.
type Speech struct {
	// Traditional converts simplified characters; nil leaves them.
	Traditional func(string) string
}

// Say is the text in the language. What has no English stays Chinese: an official text that nobody
// translated is better than none.
func (s Speech) Say(lang Lang, text string) string {
	switch {
	case lang == Hant && s.Traditional != nil:
		return s.Traditional(text)
	case lang == English:
		return inEnglish(text)
	}
	return text
}

// Say is a text of ours in a language: see Speech.
func (e *Engine) Say(lang Lang, text string) string { return e.speech.Say(lang, text) }

// speak writes a reply in its language.
func (e *Engine) speak(r *Reply) {
	e.site.localise(r)
	switch r.Lang {
	case Hant:
		r.each(func(text *string) { *text = e.speech.Say(Hant, *text) })
		r.Text = e.speech.Say(Hant, r.Text)
	case English:
		e.speakEnglish(r)
	}
}

// named are the options as they are shown in a language, so that a citizen who writes a label is
// understood.
func (e *Engine) named(lang Lang, options []Option) []Option {
	if lang == Hans || len(options) == 0 {
		return options
	}
	out := make([]Option, len(options))
	for i, o := range options {
		switch it := e.know.Item(o.Code); {
		case lang == English && it != nil && it.English != nil:
			o.Label, o.Hint = it.English.Name, ""
		default:
			o.Label, o.Hint = e.speech.Say(lang, o.Label), e.speech.Say(lang, o.Hint)
		}
		out[i] = o
	}
	return out
}

// each visits every text of a reply's blocks and buttons that a citizen reads; addresses, numbers
// and what a button sends are not among them.
func (r *Reply) each(visit func(*string)) {
	for i := range r.Links {
		visit(&r.Links[i].Label)
	}
	for i := range r.Blocks {
		r.Blocks[i].each(visit)
	}
}

// each visits the texts of one block. What it shares with the knowledge is copied first.
func (b *Block) each(visit func(*string)) {
	visit(&b.Title)
	visit(&b.Text)
	if b.Item != nil {
		card := *b.Item
		b.Item = &card
		card.each(visit)
		*b.Item = card
	}
	b.Options = visited(b.Options, func(o *Option) { visit(&o.Label); visit(&o.Hint) })
	b.Extra = visited(b.Extra, func(s *Say) { visit(&s.Label) })
	b.Sections = visited(b.Sections, func(s *Section) { visit(&s.Title); visit(&s.Text) })
	b.Numbers = visited(b.Numbers, func(n *Number) { visit(&n.Label); visit(&n.Hours); visit(&n.For) })
	b.Links = visited(b.Links, func(l *Link) { visit(&l.Label) })
	b.Advice = visited(b.Advice, func(s *string) { visit(s) })
	b.Prepare = visited(b.Prepare, func(s *string) { visit(s) })
	b.Visits = visited(b.Visits, func(v *Visit) {
		visit(&v.Says)
		visit(&v.Then)
		v.Maps = visited(v.Maps, func(l *Link) { visit(&l.Label) })
	})
	for i := range b.Outlets {
		if i == 0 {
			b.Outlets = slices.Clone(b.Outlets)
		}
		o := &b.Outlets[i]
		for _, text := range []*string{&o.Name, &o.Kind, &o.District, &o.Address, &o.Hours, &o.Note} {
			visit(text)
		}
	}
}

func (c *ItemCard) each(visit func(*string)) {
	for _, text := range []*string{
		&c.Name, &c.PoliceType, &c.Summary, &c.FacetName, &c.FacetText, &c.Trips, &c.TripsNote, &c.Fee, &c.TimeLimit, &c.Handover,
	} {
		visit(text)
	}
	c.Materials = visited(c.Materials, func(s *string) { visit(s) })
	c.Sources = visited(c.Sources, func(s *string) { visit(s) })
	c.Links = visited(c.Links, func(l *Link) { visit(&l.Label) })
	c.Related = visited(c.Related, func(o *Option) { visit(&o.Label); visit(&o.Hint) })
}

// visited is a copy of a list with every element changed.
func visited[T any](list []T, change func(*T)) []T {
	if len(list) == 0 {
		return list
	}
	out := slices.Clone(list)
	for i := range out {
		change(&out[i])
	}
	return out
}

// ticketWords are what a handoff adds to a reply's text, by language: number, place, minutes.
var ticketWords = map[Lang][3]string{
	Hans:    {"您的受理编号：%s。", "您在人工队列中排第 %d 位。", "预计等待约 %d 分钟。"},
	Hant:    {"您的受理編號：%s。", "您在人工隊列中排第 %d 位。", "預計等待約 %d 分鐘。"},
	English: {"Your reference number: %s.", "Your place in the queue: %d.", "Expected wait: about %d minutes."},
}

func (r *Reply) ticketWord(i int) string {
	if words, ok := ticketWords[r.Lang]; ok {
		return words[i]
	}
	return ticketWords[Hans][i]
}
