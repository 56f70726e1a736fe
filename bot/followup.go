package bot

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"shenwei/intents"
	"shenwei/kb"
)

// followUpWords begin or end a line that goes on with the matter at hand.
var followUpWords = []string{"那", "那么", "它", "这个", "还要", "还需要", "另外", "如果", "呢", "也要", "这样", "他", "她"}

// The limits of going on with a matter: a longer line that is as certain by itself as newMatter opens
// another, a short one only when surelyNew; one as strange as strangeLine is nobody's.
const (
	shortLine   = 18
	newMatter   = 0.6
	surelyNew   = 0.8
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
	if it == nil || c.un.Act != intents.Ask {
		return nil, ""
	}
	if e.needs(c.un, it) {
		return c.answerItem(it.Code, kb.Material, 0.8, "follow-up"), "asks whether " + it.Code + " needs a paper"
	}
	if ownMatter(c.un) {
		return nil, ""
	}
	if code := e.neighbour(c, it); code != "" {
		return c.answerItem(code, followedFacet(c.un), 0.8, "follow-up to a neighbour"), "another person or condition: " + code
	}
	plain := e.read.Rank(c.un, nil)
	if code := e.kin(c.un, it, plain); code != "" {
		return c.answerItem(code, followedFacet(c.un), 0.7, "follow-up to a neighbour"), "says what " + code + " is told apart by"
	}
	short := utf8.RuneCountInString(c.un.Text) <= shortLine
	top := plain.Entries[0]
	if (!short && top.P >= newMatter || top.P >= surelyNew) && !e.sameFamily(it, top.Code) {
		return nil, ""
	}
	if plain.None >= strangeLine && c.un.Facet == kb.Other && len(c.un.Slots) == 0 && !marked(c.un.Text) && !speaksOf(it, c.un) {
		return nil, ""
	}
	return c.answerItem(it.Code, followedFacet(c.un), 0.85, "follow-up"), "goes on with " + it.Code
}

// goOn reads a line that says nothing by itself (「快递几天能送来」) as one about the current item or a
// neighbour, unless it fits better what is nobody's matter here (「香港明天热不热」).
func (e *Engine) goOn(c *turnCase, alone intents.Ranking) (*draft, string) {
	if intents.Outside(c.un) {
		return nil, ""
	}
	if a := e.know.Article(c.turn.State.Article); a != nil {
		return e.goOnReading(c, a)
	}
	it := e.know.Item(c.turn.State.Item)
	if it == nil {
		return nil, ""
	}
	somebody := slices.ContainsFunc(c.un.Concepts, func(h intents.ConceptHit) bool { return h.Kind == kb.Person })
	for _, s := range alone.Entries {
		if somebody {
			break // 「我妹妹呢，她上小学」 asks for her, not for schools
		}
		if a := e.know.Article(s.Code); a != nil && a.Kind == kb.KindElsewhere && s.P > alone.Probability(it.Code) {
			return nil, ""
		}
	}
	if code := e.kin(c.un, it, alone); code != "" {
		return c.answerItem(code, followedFacet(c.un), 0.6, "follow-up to a neighbour"), "says what " + code + " is told apart by"
	}
	code := it.Code
	together := e.read.Rank(e.read.Read(e.subject(it)+","+c.un.Text), nil)
	if top := together.Entries[0]; top.Kind == kb.KindItem && e.sameFamily(it, top.Code) && top.P > otherFit*together.Probability(code) {
		code = top.Code
	}
	return c.answerItem(code, followedFacet(c.un), 0.7, "follow-up"), "says nothing by itself: goes on with " + code
}

// kin is the item that is mixed up with the current one and that a line, by itself of no certain matter,
// fits far better; "" for none.
func (e *Engine) kin(un *intents.Understanding, it *kb.Item, alone intents.Ranking) string {
	if un.Facet != kb.Other && un.Facet != kb.Condition && un.Facet != kb.How && len(un.Slots) == 0 && len(e.telling(un, it)) == 0 {
		return "" // 「要多久」 tells no items apart
	}
	best, fit := "", max(leastKin, kinFit*alone.Probability(it.Code))
	for _, cf := range it.Confusable {
		if p := alone.Probability(cf.Code); p > fit {
			best, fit = cf.Code, p
		}
	}
	return best
}

// What a line that takes over for a neighbour must reach by itself: a probability that no question about
// a facet alone comes near, and a multiple of the current item's.
const (
	leastKin = 0.06
	kinFit   = 8
)

// goOnReading reads a line that says nothing by itself as one about the article that was read last:
// it stands there again, with a person beside it who can say more.
func (e *Engine) goOnReading(c *turnCase, a *kb.Article) (*draft, string) {
	if a.Kind == kb.KindElsewhere || utf8.RuneCountInString(c.un.Text) > aside && !articleHas(a, c.un) {
		return nil, ""
	}
	d := c.answerArticle(a, 0.5, "follow-up")
	d.lead = "接着上面的事，指南里写了这些；还要问得更细，可以转人工。"
	d.hotline = true
	return d, "says nothing by itself: goes on with " + a.ID
}

// aside is the length of a line that needs no word of the article to be about it.
const aside = 10

func articleHas(a *kb.Article, un *intents.Understanding) bool {
	return slices.ContainsFunc(un.Words(), func(w string) bool {
		return utf8.RuneCountInString(w) >= 2 && !slices.Contains(everywhere, w) && (strings.Contains(a.Body, w) || strings.Contains(a.Summary, w))
	})
}

// completed reads a short line together with the one before when that led to no answer: 「怎么补办」,
// then 「驾照的」. Alone it must say no matter for certain, together nearly so.
func (e *Engine) completed(c *turnCase, alone intents.Ranking) (*draft, string) {
	open := c.turn.State.Open
	if open == "" || c.un.Act != intents.Ask || utf8.RuneCountInString(c.un.Text) > shortLine || alone.Entries[0].P >= newMatter {
		return nil, ""
	}
	un := e.read.Read(open + "," + c.un.Text)
	together := e.rankText(c.ctx, un)
	if top := together.Entries[0].P; top < leastCompleted || top <= alone.Entries[0].P {
		return nil, ""
	}
	c.un, c.ranked = un, &together
	d, _ := e.cheapest(c, together.Entries, likelihood(together))
	return d, "completes the line before"
}

// leastCompleted is how likely the best entry must be for two lines read as one.
const leastCompleted = 0.5

// opened is a line as it is kept to be completed; a story needs no completion.
func opened(text string) string {
	if utf8.RuneCountInString(text) > maxOpened {
		return ""
	}
	return text
}

// maxOpened bounds what is kept, in characters.
const maxOpened = 40

// followedFacet is what a follow-up asks; where it doesn't say, the condition.
func followedFacet(un *intents.Understanding) kb.Facet {
	if un.Facet == kb.Other {
		return kb.Condition
	}
	return un.Facet
}

// needForm asks whether something is needed.
var needForm = regexp.MustCompile(`^(?:那|还|是不是|是否|他的|她的|它的|我的)*(?:要|需要|用|带|交|凭|提供).{2,12}(?:吗|么|不|嘛|吧|原件)?[?？]?$|要(?:带|交|不要|交回去?).{0,8}(?:吗|么|不)?[?？]?$`)

// needs reports whether a line asks if the item takes a paper that the item's own text names
// (「要带死亡证明吗」 on cancelling a household): the paper is no new matter.
func (e *Engine) needs(un *intents.Understanding, it *kb.Item) bool {
	if !needForm.MatchString(un.Text) {
		return false
	}
	named := false
	for _, h := range un.Concepts {
		if h.Kind != kb.Object {
			continue
		}
		if !textHas(it, h.Word) && !textHas(it, h.Name) {
			return false
		}
		named = true
	}
	return named
}

// everywhere are words that stand in many texts and in small talk alike.
var everywhere = []string{"深圳", "香港", "澳门", "台湾", "北京", "今天", "明天", "时候"}

// speaksOf reports whether the item's text holds a word of the line.
func speaksOf(it *kb.Item, un *intents.Understanding) bool {
	for _, w := range un.Words() {
		if utf8.RuneCountInString(w) >= 2 && !slices.Contains(everywhere, w) && textHas(it, w) {
			return true
		}
	}
	return false
}

func textHas(it *kb.Item, word string) bool {
	if strings.Contains(it.Summary, word) {
		return true
	}
	for _, text := range it.Facets {
		if strings.Contains(text, word) {
			return true
		}
	}
	for _, m := range it.Materials {
		if strings.Contains(m, word) {
			return true
		}
	}
	return false
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

// ownMatter reports whether a line names a matter by itself. An object inside of another word
// (户口 in 外地户口) is none.
func ownMatter(un *intents.Understanding) bool {
	for _, h := range un.Concepts {
		switch h.Kind {
		case kb.Object:
			if !insideOther(h, un.Concepts) {
				return true
			}
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

func insideOther(h intents.ConceptHit, all []intents.ConceptHit) bool {
	for _, o := range all {
		if (o.Kind == kb.State || o.Kind == kb.Person) && o.Start <= h.Start && h.End <= o.End {
			return true
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

// neighbour is the item of the same family or about the same thing that the line fits clearly
// better when it is read together with what the conversation is about; "" when the item itself
// stays. Only a line that says a person, a condition or an action can lead there.
func (e *Engine) neighbour(c *turnCase, it *kb.Item) string {
	telling := e.telling(c.un, it)
	if len(telling) == 0 && len(c.un.Slots) == 0 {
		return ""
	}
	about := e.read.About(it.Code)
	together := e.read.Rank(e.read.Read(e.subject(it)+","+c.un.Text), nil)
	best, fit := "", otherFit*together.Probability(it.Code)
	for _, s := range together.Entries[:min(nearby, len(together.Entries))] {
		if s.Kind != kb.KindItem || s.P <= max(fit, leastNeighbour) {
			continue
		}
		kin := len(c.un.Slots) > 0 && e.sameFamily(it, s.Code)
		sameThing := slices.ContainsFunc(e.read.About(s.Code), func(id string) bool { return slices.Contains(about, id) })
		told := slices.ContainsFunc(telling, func(id string) bool { return e.read.IsAbout(s.Code, id) })
		if kin || told && (sameThing || e.sameFamily(it, s.Code)) {
			best, fit = s.Code, s.P
		}
	}
	return best
}

// nearby is how many of the best entries may take over from the current item, leastNeighbour how
// likely one must be.
const (
	nearby         = 5
	leastNeighbour = 0.3
)

// telling are the persons, conditions and actions of a line that the item is not about.
func (e *Engine) telling(un *intents.Understanding, it *kb.Item) []string {
	var ids []string
	for _, h := range un.Concepts {
		if (h.Kind == kb.State || h.Kind == kb.Person || h.Kind == kb.Action && h.ID != "apply") && !e.read.IsAbout(it.Code, h.ID) {
			ids = append(ids, h.ID)
		}
	}
	return ids
}

// subject is the plain name of what an item is about: its thing, else its first alias, else its
// name.
func (e *Engine) subject(it *kb.Item) string {
	if ids := e.read.About(it.Code); len(ids) > 0 {
		return e.read.ConceptName(ids[0])
	}
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
