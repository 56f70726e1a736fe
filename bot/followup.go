package bot

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"shenwei/intents"
	"shenwei/kb"
)

// followUpWords begin or end a line that goes on with the matter at hand.
var followUpWords = []string{"那", "那么", "它", "这个", "还要", "还需要", "另外", "如果", "呢", "也要", "这样", "他", "她"}

// The limits of going on with a matter: a line this short can hardly open a new one; one
// that is this certain by itself does; one this strange is nobody's.
const (
	shortLine   = 18
	newMatter   = 0.8
	strangeLine = 0.7
	// otherFit is how much better than the current item a neighbour must fit to take over.
	otherFit = 1.6
)

// followUp reads a line without a matter of its own as a question about the current item:
// another facet (「那多少钱」), another person or condition (「我老婆呢」). A correction
// (「不是护照，是港澳通行证」) asks the last question again with the other thing.
func (e *Engine) followUp(c *turnCase) (*draft, string) {
	if d, reason := e.correction(c); d != nil {
		return d, reason
	}
	it := e.know.Item(c.turn.State.Item)
	if it == nil || ownMatter(c.un) || c.un.Act != intents.Ask {
		return nil, ""
	}
	plain := e.read.Rank(c.un, nil)
	short := utf8.RuneCountInString(c.un.Text) <= shortLine
	top := plain.Entries[0]
	if !short && top.P >= newMatter && !e.sameFamily(it, top.Code) {
		return nil, ""
	}
	if plain.None >= strangeLine && c.un.Facet == kb.Other && len(c.un.Slots) == 0 && !marked(c.un.Text) {
		return nil, ""
	}
	facet := c.un.Facet
	if facet == kb.Other {
		facet = kb.Condition
	}
	if code := e.neighbour(c, it); code != "" {
		return c.answerItem(code, facet, 0.8, "follow-up to a neighbour"), "another person or condition: " + code
	}
	return c.answerItem(it.Code, facet, 0.85, "follow-up"), "goes on with " + it.Code
}

func marked(text string) bool {
	bare := strings.Trim(text, "?。!,")
	for _, w := range followUpWords {
		if strings.HasPrefix(bare, w) || strings.HasSuffix(bare, w) {
			return true
		}
	}
	return false
}

// ownMatter reports whether a line names a matter by itself.
func ownMatter(un *intents.Understanding) bool {
	for _, h := range un.Concepts {
		switch h.Kind {
		case kb.Object:
			return true
		case kb.Topic:
			switch h.ID {
			case "to-hongkong", "to-macao", "office-hours", "proxy", "hotel", "hotline":
			default:
				return true
			}
		}
	}
	return false
}

// sameFamily reports whether a code is the item or one that is mixed up with it.
func (e *Engine) sameFamily(it *kb.Item, code string) bool {
	if code == it.Code {
		return true
	}
	for _, cf := range it.Confusable {
		if cf.Code == code {
			return true
		}
	}
	return false
}

// neighbour is the member of the item's family that the line fits clearly better when it is
// read together with what the conversation is about; "" when the item itself stays. Only a
// line that says something of a person or a condition can lead there.
func (e *Engine) neighbour(c *turnCase, it *kb.Item) string {
	if len(c.un.Slots) == 0 {
		return ""
	}
	together := e.read.Rank(e.read.Read(objectOf(it)+","+c.un.Text), nil)
	best, fit := "", otherFit*together.Probability(it.Code)
	for _, cf := range it.Confusable {
		if p := together.Probability(cf.Code); p > fit {
			best, fit = cf.Code, p
		}
	}
	return best
}

// objectOf is the plain name of what an item is about: its first alias, else its name.
func objectOf(it *kb.Item) string {
	if len(it.Aliases) > 0 {
		return it.Aliases[0]
	}
	return it.Name
}

var correctionForm = regexp.MustCompile(`^(?:我说的|我问的|我要的|我要办的)?不是(.{1,12}?)[,。]?(?:而是|我是说|是)(.{2,16})$`)

// correction asks the last question again with the right thing in the place of the wrong one.
func (e *Engine) correction(c *turnCase) (*draft, string) {
	m := correctionForm.FindStringSubmatch(strings.Trim(c.un.Text, ",。?! "))
	if m == nil || c.turn.State.Question == "" {
		return nil, ""
	}
	wrong, right := strings.Trim(m[1], ",。"), strings.Trim(m[2], ",。")
	asked := strings.ReplaceAll(c.turn.State.Question, wrong, right)
	if asked == c.turn.State.Question {
		asked = right + "," + asked
	}
	c.un = e.read.Read(asked)
	c.ranked = nil
	ranked := c.rank()
	d, _ := e.cheapest(c, ranked.Entries, likelihood(ranked))
	return d, "a correction of the last question"
}
