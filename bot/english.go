package bot

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// inEnglish is the English of a fixed text, or the text itself.
func inEnglish(text string) string {
	if said, ok := englishTexts[text]; ok {
		return said
	}
	if number, ok := strings.CutPrefix(text, "拨打 "); ok {
		return "Call " + number
	}
	for _, f := range englishForms {
		if m := f.form.FindStringSubmatch(text); m != nil {
			return fmt.Sprintf(f.english, m[1])
		}
	}
	if said := placeInEnglish(text); said != "" {
		return said
	}
	return text
}

// englishForms are texts with one part that changes.
var englishForms = []struct {
	form    *regexp.Regexp
	english string
}{
	{regexp.MustCompile(`^(\d+)元/[证本张件人]$`), "CNY %s"},
	{regexp.MustCompile(`^(\d+)个工作日(?:内)?$`), "%s working day(s)"},
	{regexp.MustCompile(`^一般(\d+)个工作日$`), "usually %s working days"},
	{regexp.MustCompile(`^(\d+)日内$`), "within %s days"},
	{regexp.MustCompile(`^您已经在人工队列中，受理编号：(.*)。新说的内容也会一并交给坐席。$`), "You are in the queue already, reference number %s. What you write now is passed on too."},
	{regexp.MustCompile(`^可能用到的材料：(.*)$`), "Documents that may be needed (in Chinese): %s"},
}

// onlyChinese stands above a text that has no English.
const onlyChinese = "This information is available in Chinese only:"

// speakEnglish writes a reply for readers of English: items by their English text, what is fixed by
// its translation; an article stays in Chinese and says so. The guide in full is one tap away.
func (e *Engine) speakEnglish(r *Reply) {
	var blocks []Block
	var last *ItemCard
	for _, b := range r.Blocks {
		switch {
		case b.Type == BlockSteps:
			if b.Sections, b.Title = englishGuide(e.know, last), "Guide"; len(b.Sections) == 0 {
				continue // in Chinese, behind the card's link, which says so
			}
		case b.Type == BlockItem && b.Item != nil:
			last = e.site.englishCard(e.know, b.Item)
			b.Item = last
		case b.Type == BlockChoices:
			b.Text = inEnglish(b.Text)
			if hasHan(b.Text) {
				b.Text = "Which of these do you mean?"
			}
			b.Extra = visited(b.Extra, func(s *Say) { s.Label = inEnglish(s.Label) })
		case b.Type == BlockText && b.Title != "" && hasHan(b.Text):
			blocks = append(blocks, Block{Type: BlockText, Text: onlyChinese})
			b.each(englishPart)
		default:
			b.each(englishPart)
		}
		blocks = append(blocks, b)
	}
	r.Blocks = blocks
	r.Links = visited(r.Links, func(l *Link) { l.Label = inEnglish(l.Label) })
	r.Text = englishText(blocks)
}

func englishPart(text *string) { *text = inEnglish(*text) }

// englishText says in words what the blocks say.
func englishText(blocks []Block) string {
	var lines []string
	say := func(parts ...string) {
		for _, p := range parts {
			if p = strings.TrimSpace(p); p != "" {
				lines = append(lines, p)
			}
		}
	}
	for _, b := range blocks {
		switch b.Type {
		case BlockRating:
			continue
		case BlockItem:
			sayCard(say, b.Item)
			continue
		case BlockCaution:
			say(b.Text) // its title is the number, which the text begins with
		case BlockEmergency:
			if title := b.Title; strings.Contains(title, "110") {
				say(title)
			} else {
				say(title + "; you can also call 110")
			}
		default:
			say(b.Title, b.Text)
		}
		for i, o := range b.Options {
			say(strings.TrimSpace(fmt.Sprintf("%d. %s %s", i+1, o.Label, o.Hint)))
		}
		for _, s := range b.Sections {
			say(s.Title + ": " + s.Text)
		}
		for _, n := range b.Numbers {
			say(strings.TrimSpace(n.Number+" "+n.Label+": "+n.For), n.Hours)
		}
		for _, a := range slices.Concat(b.Advice, b.Prepare) {
			say("- " + a)
		}
		for i, o := range b.Outlets {
			say("- " + strings.Join(strings.Fields(o.Name+" "+o.Address+" "+o.Phone+" "+o.Hours), " "))
			if i < len(b.Visits) {
				say(b.Visits[i].Then)
			}
		}
		for _, l := range b.Links {
			say(l.Label)
		}
		if b.Type == BlockEmergency {
			say(b.Text)
		}
	}
	return strings.Join(lines, "\n")
}
