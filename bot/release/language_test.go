package release_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"shenwei/bot"
	"shenwei/internal/fault"
)

// inTurn asks one conversation's lines one after another.
func inTurn(t *testing.T, e *bot.Engine, said ...bot.Message) []bot.Answered {
	t.Helper()
	var all []bot.Answered
	var state bot.State
	for _, m := range said {
		a := e.Answer(t.Context(), bot.Turn{Message: m, State: state})
		state = a.State
		all = append(all, a)
	}
	return all
}

func TestTheReplyIsInTheLanguageOfTheLine(t *testing.T) {
	e := running().Engine
	for _, c := range []struct {
		name  string
		said  []bot.Message
		langs []bot.Lang
	}{
		{"simplified", []bot.Message{{Text: "护照到期了怎么换"}}, []bot.Lang{bot.Hans}},
		{"traditional, and goes on with it", []bot.Message{{Text: "護照到期點換"}, {Text: "要多少元"}, {Choice: "CRJ-002"}, {Text: "护照怎么办"}},
			[]bot.Lang{bot.Hant, bot.Hant, bot.Hant, bot.Hans}},
		{"English, and goes on with it", []bot.Message{{Text: "how do I renew my passport"}, {Text: "110"}, {Text: "人工"}}, []bot.Lang{bot.English, bot.English, bot.Hans}},
		{"fixed", []bot.Message{{Text: "护照到期了怎么换", Lang: bot.English}, {Text: "how do I renew my passport", Lang: bot.Hant}}, []bot.Lang{bot.English, bot.Hant}},
		{"both writings", []bot.Message{{Text: "護照怎么换"}}, []bot.Lang{bot.Hans}},
		{"pinyin", []bot.Message{{Text: "huzhao diule zenme ban"}}, []bot.Lang{bot.Hans}},
	} {
		for i, a := range inTurn(t, e, c.said...) {
			if a.Reply.Lang != c.langs[i] || a.State.Lang != c.langs[i] {
				t.Errorf("%s: line %d is answered in %s, want %s: %s", c.name, i, a.Reply.Lang, c.langs[i], a.Reply.Text)
			}
		}
	}
	if err := bot.CheckLang("fr"); !fault.Is(err, fault.BadRequest) {
		t.Errorf("French is %v", err)
	}
}

func TestATraditionalReplySaysTheSameInTraditionalCharacters(t *testing.T) {
	e := running().Engine
	plain := e.Answer(t.Context(), bot.Turn{Message: bot.Message{Text: "护照丢了怎么补", Lang: bot.Hans}}).Reply
	hant := e.Answer(t.Context(), bot.Turn{Message: bot.Message{Text: "护照丢了怎么补", Lang: bot.Hant}}).Reply
	if hant.Item != plain.Item || len(hant.Blocks) != len(plain.Blocks) || hant.Text == plain.Text {
		t.Fatalf("%s and %s", plain.Item, hant.Item)
	}
	for _, want := range []string{"護照", "補發"} {
		if !strings.Contains(hant.Text, want) {
			t.Errorf("%q is not in %s", want, hant.Text)
		}
	}
	for _, simplified := range []string{"护照", "办理", "证件", "丢"} {
		if strings.Contains(hant.Text, simplified) {
			t.Errorf("%q stands in %s", simplified, hant.Text)
		}
		for _, b := range hant.Blocks {
			if b.Item != nil && strings.Contains(b.Item.Name+b.Item.Summary+strings.Join(b.Item.Materials, "")+b.Item.Links[0].Label, simplified) {
				t.Errorf("%q stands in the card %+v", simplified, b.Item)
			}
			for _, s := range b.Sections {
				if strings.Contains(s.Title+s.Text, simplified) {
					t.Errorf("%q stands in %+v", simplified, s)
				}
			}
		}
	}
	again := e.Answer(t.Context(), bot.Turn{Message: bot.Message{Text: "护照丢了怎么补"}}).Reply
	if again.Text != plain.Text {
		t.Error("writing one reply in traditional characters changed the knowledge")
	}
}

func TestAnEnglishReplyIsInEnglish(t *testing.T) {
	e := running().Engine
	r := e.Answer(t.Context(), bot.Turn{Message: bot.Message{Text: "I lost my passport"}}).Reply
	if r.Lang != bot.English || r.Item == "" && len(r.Options) == 0 {
		t.Fatalf("%+v", r)
	}
	r = e.Answer(t.Context(), bot.Turn{Message: bot.Message{Choice: "CRJ-003", Lang: bot.English}}).Reply
	card := r.Blocks[0].Item
	if card == nil || !strings.Contains(card.Name, "passport") || card.Trips != "no visit needed" || card.Links[0].Label != "Apply" {
		t.Fatalf("the card is %+v", card)
	}
	if card.Fee != "CNY 120" || !strings.Contains(r.Text, "Fee: CNY 120") {
		t.Errorf("the fee is %q in %s", card.Fee, r.Text)
	}
	for _, b := range r.Blocks {
		for _, s := range b.Sections {
			if regexp.MustCompile(`[^"(\p{Han}]\p{Han}+[^")\p{Han}]`).MatchString(s.Title + ": " + s.Text) {
				t.Errorf("Chinese in the section %q", s)
			}
		}
	}
	danger := e.Answer(t.Context(), bot.Turn{Message: bot.Message{Text: "someone is trying to kill me with a knife"}}).Reply
	if danger.Action == bot.Emergency && !strings.HasPrefix(danger.Text, "Call 110 now") {
		t.Errorf("danger reads %s", danger.Text)
	}
	if danger = e.Answer(t.Context(), bot.Turn{Message: bot.Message{Text: "有人拿刀", Lang: bot.English}}).Reply; !strings.HasPrefix(danger.Text, "Call 110 now\n110 Police") {
		t.Errorf("danger reads %s", danger.Text)
	}
	hotline := e.Answer(t.Context(), bot.Turn{Message: bot.Message{Text: "I want to talk to a human"}}).Reply
	if hotline.Action != bot.Handoff || !strings.Contains(hotline.Text, "You are in the queue") {
		t.Errorf("a person: %s", hotline.Text)
	}
	hotline.SetTicket("HZ1")
	hotline.Place(2)
	if !strings.Contains(hotline.Text, "reference number: HZ1") || !strings.Contains(hotline.Text, "queue: 2") {
		t.Errorf("the ticket reads %s", hotline.Text)
	}
	article := e.Answer(t.Context(), bot.Turn{Message: bot.Message{Choice: "baojing-dianhua", Lang: bot.English}}).Reply
	if !strings.Contains(article.Text, "available in Chinese only") {
		t.Errorf("an article reads %s", article.Text)
	}
}

func TestOptionsAreNamedAsTheyCanBeChosen(t *testing.T) {
	e := running().Engine
	first := e.Answer(t.Context(), bot.Turn{Message: bot.Message{Text: "我要办身份证", Lang: bot.Hant}})
	last := len(first.Reply.Options) - 1
	if last < 1 {
		t.Fatalf("%s", first.Reply.Text)
	}
	chosen := first.Reply.Options[last]
	second := e.Answer(t.Context(), bot.Turn{Message: bot.Message{Text: fmt.Sprintf("%d. %s", last+1, chosen.Label)}, State: first.State})
	if second.Reply.Item != chosen.Code {
		t.Errorf("writing the label of %s leads to %s", chosen.Code, second.Reply.Item)
	}
}
