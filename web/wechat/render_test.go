package wechat

import (
	"fmt"
	"math"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"shenwei/bot"
	"shenwei/kb"
)

func itemReply() *bot.Reply {
	card := &bot.ItemCard{
		Code: "CRJ-011", Name: "往来港澳通行证签注", Summary: "可以在自助机上当场办。", Facet: kb.Fee, FacetName: "费用", FacetText: "一次 **15** 元，见 [收费标准](https://example.org/fee)。",
		Trips: "一次跑动", Fee: "15 元", TimeLimit: "7 个工作日", Materials: []string{"通行证", "身份证"},
		Links: []bot.Link{{Kind: bot.LinkWeb, Label: "去办理", URL: "/items/CRJ-011"}, {Kind: bot.LinkMini, Label: "打开小程序办理", URL: "pages/item?code=CRJ-011"}, {Kind: bot.LinkTel, Label: "拨打 12367", URL: "tel:12367"}},
	}
	return &bot.Reply{Action: bot.Answer, Seq: 4, Item: "CRJ-011", Items: []bot.ItemHit{{Code: "CRJ-011"}}, Text: "…",
		Blocks: []bot.Block{{Type: bot.BlockItem, Item: card}, {Type: bot.BlockSteps, Sections: []bot.Section{{Title: "材料"}, {Title: "办理流程"}}}, {Type: bot.BlockRating}}}
}

func TestAnItemIsATextAndACard(t *testing.T) {
	s := Shape{MiniAppID: "wx2", Base: "https://example.org", Cards: true, Picture: "https://example.org/p.png"}
	got := s.Render(itemReply())
	if len(got) != 2 || got[0].Kind != KindText || got[1].Kind != KindCard {
		t.Fatalf("%+v", got)
	}
	want := "【往来港澳通行证签注】可以在自助机上当场办。\n" +
		`<a href="https://example.org/items/CRJ-011">去办理</a>  <a href="https://example.org" data-miniprogram-appid="wx2" data-miniprogram-path="pages/item?code=CRJ-011">打开小程序办理</a>` + "\n" +
		`费用：一次 15 元，见 <a href="https://example.org/fee">收费标准</a>。` + "\n一次跑动｜费用：15 元｜时限：7 个工作日\n带上：通行证、身份证\n\n还想了解请回复：材料 / 办理流程"
	if got[0].Text != want {
		t.Errorf("got\n%s\nwant\n%s", got[0].Text, want)
	}
	if c := got[1].Card; c.Title != "往来港澳通行证签注" || c.URL != "https://example.org/items/CRJ-011" || c.Picture == "" {
		t.Errorf("%+v", c)
	}
	// Without a public address nothing is linked that a phone could not open.
	plain := Render(itemReply())
	if len(plain) != 1 || strings.Contains(plain[0].Text, "/items/") || strings.Contains(plain[0].Text, "pages/") || strings.Contains(plain[0].Text, "tel:") {
		t.Errorf("%+v", plain)
	}
}

func TestDangerComesFirstAndThenTheHotline(t *testing.T) {
	emergency := bot.Block{Type: bot.BlockEmergency, Title: "请立即拨打 110", Text: "这里不是报警平台。", Numbers: []bot.Number{{Label: "报警", Number: "110", For: "报警"}}, Advice: []string{"先离开。"}}
	hotline := bot.Block{Type: bot.BlockHotline, Text: "已为您转入人工队列。", Number: "HZ1", Position: 3, Numbers: []bot.Number{{Label: "热线", Number: "12345"}}, Prepare: []string{"证件"}}
	text := bot.Block{Type: bot.BlockText, Text: "先说一句。"}
	got := Render(&bot.Reply{Action: bot.Emergency, Blocks: []bot.Block{text, emergency}})[0].Text
	if !strings.HasPrefix(got, "请立即拨打 110\n110 报警") || !strings.Contains(got, "· 先离开。") || !strings.HasSuffix(got, "先说一句。") {
		t.Error(got)
	}
	got = Render(&bot.Reply{Action: bot.Handoff, Blocks: []bot.Block{text, hotline}})[0].Text
	if !strings.HasPrefix(got, "已为您转入人工队列。\n您的受理编号：HZ1\n您在人工队列中排第 3 位。\n热线 12345") {
		t.Error(got)
	}
	silent := bot.Block{Type: bot.BlockEmergency, Title: "请立即拨打 120", Numbers: []bot.Number{{Label: "急救", Number: "120"}}}
	if first, _, _ := strings.Cut(Render(&bot.Reply{Action: bot.Emergency, Blocks: []bot.Block{silent}})[0].Text, "\n"); !strings.Contains(first, "110") {
		t.Errorf("the first line has no number to call: %s", first)
	}
}

func TestChoicesAreAMenuAndAlwaysNumbers(t *testing.T) {
	r := &bot.Reply{Action: bot.Clarify, Seq: 12, Blocks: []bot.Block{{Type: bot.BlockText, Text: "好的。"}, {Type: bot.BlockChoices, Text: "去哪里？",
		Options: []bot.Option{{Code: "A", Label: "去香港", Hint: "个人旅游"}, {Code: "B", Label: "去澳门"}}, Extra: []bot.Say{{Label: "都不是", Text: "都不是"}, {Label: "转人工", Text: "转人工"}}}}}
	got := Render(r)
	if len(got) != 1 || got[0].Kind != KindMenu {
		t.Fatalf("%+v", got)
	}
	if want := "好的。\n去哪里？\n1. 去香港（个人旅游）\n2. 去澳门\n都不是\n转人工\n回复数字即可；也可以回复「都不是」或「转人工」。"; got[0].Text != want {
		t.Errorf("got\n%s\nwant\n%s", got[0].Text, want)
	}
	ids := ""
	for _, c := range got[0].Menu.Choices {
		ids += c.ID + " "
	}
	if ids != "121 122 128 129 " || got[0].Menu.Head != "好的。\n去哪里？" {
		t.Errorf("%s %q", ids, got[0].Menu.Head)
	}
	for _, id := range []string{"", "x", "5", "-13", "1e3"} {
		if _, _, ok := readMenuID(id); ok {
			t.Errorf("%q is taken for ours", id)
		}
	}
	if seq, n, ok := readMenuID(menuID(12, 2)); !ok || seq != 12 || n != 2 {
		t.Error(seq, n, ok)
	}
	// A long answer with choices: the choices stand whole in the last message.
	r.Blocks[0].Text = strings.Repeat("很长的说明。", 150)
	got = Render(r)
	last := got[len(got)-1]
	if len(got) < 2 || last.Kind != KindMenu || !strings.HasPrefix(last.Text, "去哪里？\n1. ") {
		t.Errorf("%+v", got)
	}
}

var whole = regexp.MustCompile(`<a href="[^"<>]*"( data-miniprogram-[a-z]+="[^"<>]*")*>[^<>]*</a>`)

// showable checks what every message must be.
func showable(t *testing.T, messages []Message) {
	t.Helper()
	if len(messages) > maxMessages {
		t.Fatalf("%d messages", len(messages))
	}
	for _, m := range messages {
		if len(m.Text) > maxBytes || m.Text == "" || !utf8.ValidString(m.Text) {
			t.Fatalf("%d bytes: %.40q", len(m.Text), m.Text)
		}
		if rest := whole.ReplaceAllString(m.Text, ""); strings.Contains(rest, "<") {
			t.Fatalf("half a link: %q", rest)
		}
		if m.Menu != nil && (len(m.Menu.Head) > maxMenuHead || len(m.Menu.Choices) == 0) {
			t.Fatalf("%+v", m.Menu)
		}
	}
}

func TestLongAnswersAreCutBetweenSentencesAndNeverWithinALink(t *testing.T) {
	sentence := "办理人应当携带本人的居民身份证到户籍所在地的派出所。"
	got := Render(&bot.Reply{Blocks: []bot.Block{{Type: bot.BlockText, Text: strings.Repeat(sentence, 60)}}})
	showable(t, got)
	if len(got) != 3 {
		t.Fatalf("%d messages", len(got))
	}
	for i, m := range got {
		if !strings.HasSuffix(m.Text, "。") && i < 2 || !strings.HasPrefix(m.Text, "办理人") {
			t.Errorf("cut at %.20s … %s", m.Text, m.Text[len(m.Text)-30:])
		}
	}
	for n := range 300 {
		body := strings.Repeat("字", n) + strings.Repeat("[办理入口](https://example.org/"+strings.Repeat("x", n)+")", 20)
		showable(t, Render(&bot.Reply{Blocks: []bot.Block{{Type: bot.BlockText, Text: body}}}))
	}
	got = Render(&bot.Reply{Blocks: []bot.Block{{Type: bot.BlockText, Text: strings.Repeat(sentence, 400)}}})
	showable(t, got)
	if !strings.Contains(got[2].Text, "没有全部显示") {
		t.Errorf("what is left out is not said: %s", got[2].Text[len(got[2].Text)-60:])
	}
}

func TestMarkdownIsShownInPlainWords(t *testing.T) {
	for md, want := range map[string]string{
		"## 标题\n正文 **重点** `x`": "标题\n正文 重点 x",
		"- 一\n* 二\n1. 三":       "· 一\n· 二\n1. 三",
		"> 引用":                 "引用",
		"| 项目 | 费用 |\n|---|---|\n| 护照 | 120 |": "项目 ｜ 费用\n护照 ｜ 120",
		"[内页](/items/x)":                      "内页",
		"a < b <script>":                      "a ＜ b ＜script>",
		"[官网](https://example.org/?a=\"><b>)": "[官网](https://example.org/?a=\">＜b>)",
	} {
		if got := markdown(md); strings.Contains(got, `"><`) || md[0] != '[' && got != want {
			t.Errorf("%q: %q, want %q", md, got, want)
		}
	}
}

func TestNothingIsShownOfWhatAPersonAnswers(t *testing.T) {
	if got := Render(&bot.Reply{Action: bot.Relayed, Text: "x", Blocks: []bot.Block{{Type: bot.BlockText, Text: "x"}}}); got != nil {
		t.Errorf("%+v", got)
	}
}

func FuzzRender(f *testing.F) {
	f.Add("正文 [a](https://x.org/b) <a href=\"", "选项", 3)
	f.Add(strings.Repeat("很长。", 900), strings.Repeat("长", 200), 5)
	f.Fuzz(func(t *testing.T, body, label string, n int) {
		if !utf8.ValidString(body) || !utf8.ValidString(label) || strings.TrimSpace(body) == "" || strings.TrimSpace(label) == "" {
			return // replies are valid UTF-8
		}
		b := []bot.Block{{Type: bot.BlockText, Title: label, Text: body}}
		if n = int(math.Abs(float64(n % 6))); n > 0 {
			c := bot.Block{Type: bot.BlockChoices, Text: "选哪个？"}
			for range n {
				c.Options = append(c.Options, bot.Option{Code: "A", Label: label, Hint: body})
			}
			b = append(b, c)
		}
		for _, m := range (Shape{Base: "https://example.org", Cards: true}).Render(&bot.Reply{Article: "x", Text: body, Blocks: b}) {
			if len(m.Text) > maxBytes || !utf8.ValidString(m.Text) {
				t.Fatalf("%d bytes", len(m.Text))
			}
		}
	})
}

func TestThePagesSignatureIsTheOneOfTheManual(t *testing.T) {
	got := pageSignature("sM4AOVdWfPE4DxkXGEs8VMCPGGVi4C3VM0P37wVUCFvkVAy_90u5h9nbSlYy3-Sl-HhTdfl2fzFy1AOcHKP7qg", "Wm3WZYTPz0wzccnW", "1414587457", "http://mp.weixin.qq.com?params=value#fragment")
	if got != "0f9de62fce790f9a083d5c99e95740ceb90c27ed" {
		t.Error(got)
	}
}

func ExampleRender() {
	reply := &bot.Reply{Action: bot.SmallTalk, Blocks: []bot.Block{{Type: bot.BlockText, Text: "不客气。"}}}
	for _, m := range Render(reply) {
		fmt.Println(m.Kind, m.Text)
	}
	// Output: text 不客气。
}

func TestOutletsSayHowFarAndOpenInAMapApp(t *testing.T) {
	b := bot.Block{
		Type: bot.BlockOutlets, Title: "离您较近的地方", Outlets: []kb.Outlet{{ID: "a", Name: "甲所", Address: "一路 1 号"}, {ID: "b", Name: "乙所"}}, Metres: []int{846, -1},
		Visits: []bot.Visit{{Says: "现在开放，18:00 关闭", Maps: []bot.Link{{Kind: bot.LinkMap, Label: "高德地图", URL: "https://uri.amap.com/marker?a=1&b=2"}}}, {}},
		Links:  []bot.Link{{Kind: bot.LinkWeb, Label: "查看全部网点", URL: "/outlets?item=RK-001"}},
	}
	got := Shape{Base: "https://a.example"}.outlets(b)
	for _, want := range []string{"甲所 一路 1 号（约 850 米）", "现在开放，18:00 关闭", "· 乙所\n", `<a href="https://uri.amap.com/marker?a=1&b=2">在高德地图里看第一个</a>`, `<a href="https://a.example/outlets?item=RK-001">查看全部网点</a>`} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in:\n%s", want, got)
		}
	}
}

// A model's words are marked in the first message: of a long answer it may be the only one that is
// sent.
func TestAModelsWordsAreMarkedInTheFirstMessageAndNotOnTheCard(t *testing.T) {
	card := &bot.ItemCard{Code: "CRJ-002", Name: "护照换发", Summary: "您好，网上就能换。", Fee: "120元", TimeLimit: "7个工作日", Links: []bot.Link{{Kind: bot.LinkWeb, URL: "https://a.example/x", Label: "去办理"}}}
	r := &bot.Reply{
		Action: bot.Answer, AIGenerated: true, Items: []bot.ItemHit{{Code: "CRJ-002"}},
		Blocks: []bot.Block{{Type: bot.BlockItem, Item: card}, {Type: bot.BlockText, Text: strings.Repeat("请带好材料。", 2000)}},
	}
	out := Shape{Base: "https://a.example", Cards: true}.Render(r)
	if !strings.Contains(out[0].Text, bot.AILabel) || !strings.Contains(bot.AILabel, "人工智能") || !strings.Contains(bot.AILabel, "生成") {
		t.Errorf("the first message has no mark: %.80s", out[0].Text)
	}
	for _, m := range out {
		if m.Card != nil && strings.Contains(m.Card.Description, "您好") {
			t.Errorf("a model's words stand unmarked on a card: %s", m.Card.Description)
		}
	}
	r.AIGenerated = false
	if out := (Shape{}).Render(r); strings.Contains(out[0].Text, "人工智能") {
		t.Error("published words are marked as a model's")
	}
}
