package release_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"shenwei/bot"
	"shenwei/kb"
)

// said collects what the blocks of a reply say to a reader.
func said(r *bot.Reply) []string {
	var all []string
	add := func(texts ...string) { all = append(all, texts...) }
	for _, b := range r.Blocks {
		switch b.Type {
		case bot.BlockCaution, bot.BlockHotline, bot.BlockEmergency, bot.BlockChoices:
			add(b.Text)
		case bot.BlockText:
			add(b.Title)
			add(strings.Split(b.Text, "\n")...)
		}
		add(b.Advice...)
		add(b.Prepare...)
		for _, n := range b.Numbers {
			add(n.Number, n.Label, n.Hours, n.For)
		}
		for _, o := range b.Options {
			add(o.Label, o.Hint)
		}
		for _, s := range b.Sections {
			add(s.Title)
			add(strings.Split(s.Text, "\n")...)
		}
		for _, o := range b.Outlets {
			add(o.Name, o.Address, o.Phone, o.Hours)
		}
		for _, l := range b.Links {
			add(strings.TrimPrefix(l.URL, "tel:"))
		}
		if it := b.Item; it != nil {
			add(it.Name, it.FacetName, it.Trips, it.TripsNote, it.Fee, it.TimeLimit, it.Handover)
			add(strings.Split(it.Summary, "\n")...)
			add(strings.Split(it.FacetText, "\n")...)
			add(it.Materials...)
			for _, l := range it.Links {
				add(l.Label, l.URL)
			}
		}
	}
	return all
}

// check holds a reply against what every reply promises.
func check(t *testing.T, what string, r *bot.Reply) {
	t.Helper()
	bad := func(format string, args ...any) { t.Errorf("%s: %s", what, fmt.Sprintf(format, args...)) }
	for _, s := range said(r) {
		if s = strings.Join(strings.Fields(s), " "); !strings.Contains(strings.Join(strings.Fields(r.Text), " "), s) {
			bad("the text does not say %q", s)
		}
	}
	if r.Text == "" || strings.HasPrefix(r.Text, "\n") || r.Release != testRelease || r.Confidence < 0 || r.Confidence > 1 || r.AIGenerated {
		bad("%+v", r)
	}
	if len(r.Options) > 5 {
		bad("%d options", len(r.Options))
	}
	seen := map[string]bool{}
	for _, o := range r.Options {
		if (o.Code == "") == (o.ID == "") || o.Label == "" || seen[o.Key()] {
			bad("option %+v", o)
		}
		seen[o.Key()] = true
		if o.Key() == r.Item || o.Key() == r.Article {
			bad("the answer %s is an option again", o.Key())
		}
	}
	if r.Action == bot.Answer && (r.Item == "") == (r.Article == "") {
		bad("an answer is an item or an article: %q and %q", r.Item, r.Article)
	}
	if r.Action == bot.Clarify && len(r.Options) < 2 {
		bad("a question with %d choices", len(r.Options))
	}
	if r.Item != "" && (len(r.Items) == 0 || r.Items[0].Code != r.Item) {
		bad("items %+v begin not with %s", r.Items, r.Item)
	}
	rests := map[string]bool{}
	for _, s := range r.Sources {
		rests[string(s.Kind)+"/"+s.ID] = true
		if s.Revision != 70 {
			bad("source %+v has not the release's revision", s)
		}
	}
	for _, it := range r.Items {
		if !rests["item/"+it.Code] {
			bad("%s is not among the sources", it.Code)
		}
	}
	if r.Article != "" && !rests["article/"+r.Article] {
		bad("%s is not among the sources", r.Article)
	}
	body, err := json.Marshal(r)
	if err != nil || strings.Contains(string(body), `"items":null`) || strings.Contains(string(body), `"blocks":null`) || strings.Contains(string(body), `"links":null`) ||
		strings.Contains(string(body), `"sources":null`) || strings.Contains(string(body), `"options":null`) {
		bad("%v %s", err, body)
	}
}

func TestTheTextSaysEverythingThatTheBlocksSay(t *testing.T) {
	know := running().Knowledge()
	for i, it := range know.Items {
		k := &talk{state: bot.State{Asked: string(kb.Facets[i%len(kb.Facets)])}}
		r := k.tap(it.Code)
		check(t, it.Code, r)
		if r.Blocks[len(r.Blocks)-1].Type != bot.BlockRating {
			t.Errorf("%s: an answer ends with the question whether it helped", it.Code)
		}
		card := block(r, bot.BlockItem)
		if card == nil || card.Item.Links[0].URL != "https://do.example/item?code="+it.Code || r.Links[0].URL != card.Item.Links[0].URL && block(r, bot.BlockCaution) == nil {
			t.Errorf("%s: the button comes first: %+v", it.Code, r.Links)
		}
	}
	for _, a := range know.Articles {
		r := (&talk{}).tap(a.ID)
		check(t, a.ID, r)
		if want := map[bool]bot.Action{true: bot.Decline, false: bot.Answer}[a.Kind == kb.KindElsewhere]; r.Action != want || r.Article != a.ID {
			t.Errorf("%s (%s): %s %q", a.ID, a.Kind, r.Action, r.Article)
		}
	}
}

func TestEveryReplyKeepsItsPromises(t *testing.T) {
	var lines []string
	for i, it := range running().Knowledge().Items {
		if i%4 == 0 && len(it.Asks) > 0 {
			lines = append(lines, it.Asks[0], it.Name)
		}
	}
	for line := range dangers {
		lines = append(lines, line)
	}
	lines = append(lines, "人工", "你好", "谢谢", "续签", "居住证到期了", "附近哪里有自助机", "南山哪里有那种自助机", "怎么偷渡", "去年被家暴已经离婚了 想迁户口", "嘟嘟啵啵",
		"我要备案", "怎么弄那个证明", "<script>alert(1)</script>", "'; DROP TABLE items;--", "%s%d", strings.Repeat("护照", 2000), "1", "是", "不", "\u202e护照", "👨‍👩‍👧", "CRJ-002")
	k := &talk{}
	for _, line := range lines {
		check(t, line, k.say(line)) // one long conversation: every state comes by
		check(t, line, (&talk{}).say(line))
	}
}

func TestDangerThatIsOverOpensWithACaution(t *testing.T) {
	for line, number := range map[string]string{
		"去年被家暴已经离婚了 想迁户口":     "110",
		"上周被打的人已经出院 伤情鉴定去哪里做": "110",
		"自杀死亡的户口注销要什么证明":      "12356",
	} {
		r := (&talk{}).say(line)
		if r.Action == bot.Emergency || r.Blocks[0].Type != bot.BlockCaution || !strings.HasPrefix(r.Text, number) {
			t.Errorf("%q: %s, first block %s, %.30q", line, r.Action, r.Blocks[0].Type, r.Text)
		}
	}
}

func TestAnArticlesCautionComesFirst(t *testing.T) {
	n := 0
	for _, a := range running().Knowledge().Articles {
		if a.Caution == "" {
			continue
		}
		n++
		if r := (&talk{}).tap(a.ID); r.Blocks[0].Type != bot.BlockCaution || !strings.HasPrefix(r.Text, r.Blocks[0].Text) {
			t.Errorf("%s begins with %s", a.ID, r.Blocks[0].Type)
		}
	}
	if n == 0 {
		t.Error("no article has a caution")
	}
}

func TestWhatIsAnsweredDependsOnReleaseStateAndMessageAlone(t *testing.T) {
	turns := []bot.Turn{
		{Message: bot.Message{Text: "护照怎么换"}}, {Message: bot.Message{Text: "那多少钱"}, State: bot.State{Item: "CRJ-002"}},
		{Message: bot.Message{Text: "我在福田上班住南山 身份证丢了去哪"}}, {Message: bot.Message{Text: "续签"}},
	}
	for _, turn := range turns {
		var first string
		for i := range 8 {
			a := running().Answer(context.Background(), turn)
			a.Reply.TookMicros = 0
			body, err := json.Marshal(struct {
				R *bot.Reply
				S bot.State
				T *bot.Trace
			}{a.Reply, a.State, a.Trace})
			if err != nil {
				t.Fatal(err)
			}
			if i == 0 {
				first = string(body)
			} else if string(body) != first {
				t.Fatalf("%q: answered differently\n%s\n%s", turn.Message.Text, first, body)
			}
		}
	}
}

func TestAnAnswerDoesNotChangeTheStateItWasGiven(t *testing.T) {
	state := bot.State{Item: "CRJ-002", Slots: map[string]string{"huji": "深户"}, Options: []bot.Option{itemOption("CRJ-002"), itemOption("CRJ-003")}}
	before := fmt.Sprint(state)
	for _, line := range []string{"她不是深户", "2", "人工", "你好", "救命"} {
		running().Answer(context.Background(), bot.Turn{Message: bot.Message{Text: line}, State: state})
	}
	if fmt.Sprint(state) != before {
		t.Errorf("%v", state)
	}
}

func TestNoLineMakesTheEngineFail(t *testing.T) {
	for _, line := range []string{"", " ", "\x00", "\xff\xfe", strings.Repeat("啊", 100_000), "。", "1", strings.Repeat("1", 4000), "\n\n", "𠮷野家", "ﷺ"} {
		if r := (&talk{}).say(line); r.Action == "" || r.Text == "" {
			t.Errorf("%.20q: %+v", line, r)
		}
	}
}
