package bot

import (
	"regexp"
	"strings"

	"shenwei/bot/desk"
	"shenwei/intents"
	"shenwei/kb"
)

// What brings a person though nobody asked in so many words: matters that the lexicon calls
// sensitive, and the former telephone number of a branch.

// sensitiveIn is the first sensitive matter that the line speaks of, nil for none.
func (e *Engine) sensitiveIn(text string) *kb.Sensitive {
	list := e.know.Lexicon.Sensitive
	for i := range list {
		for _, w := range list[i].Words {
			if strings.Contains(text, strings.ToLower(w)) {
				return &list[i]
			}
		}
	}
	return nil
}

// sensitive hands a delicate matter over, or leaves the answer and has a person offered beside it.
func (e *Engine) sensitive(c *turnCase) (*draft, string) {
	m := e.sensitiveIn(c.un.Text)
	switch {
	case m == nil:
		return nil, "nothing sensitive"
	case m.Offer:
		c.offer = true
		return nil, m.Name + ": a person is offered beside the answer"
	}
	d := e.handOver(c, "sensitive")
	d.lead = m.Says
	if d.ticket != nil {
		if m.Group != "" {
			d.ticket.Group = m.Group
		}
		d.ticket.Summary = "敏感事项：" + m.Name + "；" + d.ticket.Summary
	}
	return d, m.Name
}

// branches are the groups with the numbers that they have taken over. An operator may change
// when a group works, not which numbers it had.
var branches = desk.Defaults()

// number is what may be a hotline's, with or without the area code; through are the forms in
// which somebody asks to be put through to one.
const number = `(?:\+?86[- ]?)?(?:0755[-— ]?)?\d{5,8}`

var (
	numberPattern = regexp.MustCompile(number)
	through       = regexp.MustCompile(`(?:转|转接|接|接通|转到|接到|转至|打|拨打|拨|联系|找)(?:一下|下|到|给)? ?` + number +
		`|` + number + ` ?(?:的)?(?:人工|坐席|座席|客服|热线|电话)?(?:一直|总是|老是|都|又)?(?:打不通|打不进|没人接|无人接|没有人接|不接|占线|忙音|接不通)`)
)

// branchIn is the group whose former number a line names, "" for none. A number inside of a
// longer one is none.
func branchIn(text string) string {
	for _, at := range numberPattern.FindAllStringIndex(text, -1) {
		if digitAt(text, at[0]-1) || digitAt(text, at[1]) {
			continue
		}
		if g := branches.GroupOfNumber(text[at[0]:at[1]]); g != "" {
			return g
		}
	}
	return ""
}

func digitAt(text string, i int) bool {
	return i >= 0 && i < len(text) && text[i] >= '0' && text[i] <= '9'
}

// aboutWords ask about a number: a call that came from it may be a fraud.
var aboutWords = []string{"打给我", "给我打", "来电", "打来", "打过来", "骗", "真的", "真假", "是不是", "是谁", "什么电话", "什么号码", "哪里的", "干什么", "转账", "转钱", "吗"}

// asksBranch reports whether a line that names a branch's former number wants to be put through:
// the number alone says so, too.
func asksBranch(text string) bool {
	for _, w := range aboutWords {
		if strings.Contains(text, w) {
			return false
		}
	}
	return through.MatchString(text) || strings.Trim(numberPattern.ReplaceAllString(text, ""), " ,.。，?？!！") == ""
}

// branch puts a citizen through who names a former number of a branch.
func (e *Engine) branch(c *turnCase) (*draft, string) {
	switch group := branchIn(c.un.Text); {
	case group == "":
		return nil, "no branch's former number"
	case c.un.Act == intents.Person || asksBranch(c.un.Text):
		d := e.handOver(c, "asked")
		d.lead = "各单位原来的热线已并到这里，这就为您转「" + group + "」坐席。"
		if d.ticket != nil {
			d.ticket.Group = group
		}
		return d, "the former number of " + group
	default:
		return nil, "asks about the number of " + group
	}
}
