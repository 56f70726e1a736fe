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
	{regexp.MustCompile(`^可能用到的材料：(.*)$`), "Papers that may be needed (in Chinese): %s"},
}

// onlyChinese stands above a text that has no English.
const onlyChinese = "This information is available in Chinese only:"

// speakEnglish writes a reply for readers of English: items by their English text, what is fixed by
// its translation; an article stays in Chinese and says so. The guide in full is one tap away.
func (e *Engine) speakEnglish(r *Reply) {
	var blocks []Block
	for _, b := range r.Blocks {
		switch {
		case b.Type == BlockSteps:
			continue // the guide's sections: Chinese, behind the card's link
		case b.Type == BlockItem && b.Item != nil:
			b.Item = e.englishCard(b.Item)
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

// englishCard is an item's card in English; facts that only Chinese can say are left to its text,
// which has them.
func (e *Engine) englishCard(card *ItemCard) *ItemCard {
	it := e.know.Item(card.Code)
	if it == nil || it.English == nil {
		return card
	}
	c := *card
	c.Name, c.Summary = it.English.Name, it.English.Text
	c.FacetName, c.FacetText, c.TripsNote, c.Handover = "", "", "", ""
	for _, text := range []*string{&c.PoliceType, &c.Trips, &c.Fee, &c.TimeLimit} {
		if *text = inEnglish(*text); hasHan(*text) {
			*text = ""
		}
	}
	c.Links = visited(c.Links, func(l *Link) { l.Label = inEnglish(l.Label) })
	c.Related = slices.DeleteFunc(visited(c.Related, func(o *Option) {
		if other := e.know.Item(o.Code); other != nil && other.English != nil {
			o.Label, o.Hint = other.English.Name, ""
		}
	}), func(o Option) bool { return hasHan(o.Label) })
	return &c
}

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
		for _, n := range b.Numbers {
			say(strings.TrimSpace(n.Number+" "+n.Label+": "+n.For), n.Hours)
		}
		for _, a := range slices.Concat(b.Advice, b.Prepare) {
			say("- " + a)
		}
		for _, o := range b.Outlets {
			say("- " + strings.Join(strings.Fields(o.Name+" "+o.Address+" "+o.Phone+" "+o.Hours), " "))
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

func sayCard(say func(...string), c *ItemCard) {
	if c == nil {
		return
	}
	say("["+c.Name+"]", c.Summary)
	for _, l := range c.Links {
		say(l.Label + ": " + l.URL)
	}
	for _, fact := range [][2]string{{"Visits", c.Trips}, {"Fee", c.Fee}, {"Time", c.TimeLimit}} {
		if fact[1] != "" {
			say(fact[0] + ": " + fact[1])
		}
	}
	if len(c.Materials) > 0 {
		say("Bring (official Chinese names): " + strings.Join(c.Materials, "、"))
	}
}
