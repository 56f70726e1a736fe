package storetest

import (
	"fmt"

	"shenwei/bot"
	"shenwei/kb"
)

// Line is a line that begins a conversation.
func Line(ref string) bot.Message {
	return bot.Message{Channel: bot.Web, Ref: ref, Text: "去香港旅游的签注怎么办理？需要带什么材料", At: Noon}
}

func trusted(conversation, ref string) bot.Message {
	m := Line(ref)
	m.Conversation, m.Trusted = conversation, true
	return m
}

// Outcome answers the line of a receipt with a reply and a trace of ordinary size.
func Outcome(r bot.Receipt, ref string) bot.Outcome {
	return bot.Outcome{
		Conversation: r.Conversation.ID, Version: r.Conversation.Version, Line: r.Seq, Channel: bot.Web, Ref: ref,
		Reply: Reply(), Trace: Trace(), At: Noon,
		State: bot.State{Item: "CRJ-011", Facet: "material", Options: []bot.Option{{Code: "CRJ-012", Label: "去澳门"}},
			Slots: map[string]string{"huji": "深户"}},
	}
}

// Handover is an outcome that hands over with the given ticket.
func Handover(r bot.Receipt, ref, number, group string) bot.Outcome {
	o := Outcome(r, ref)
	o.Reply = &bot.Reply{Action: bot.Handoff, Text: "正在为您转接人工。", Handoff: &bot.HandoffNo{Number: number, Group: group},
		Blocks: []bot.Block{{Type: bot.BlockHotline, Title: "人工服务", Number: number}}}
	o.Ticket = &bot.Ticket{Number: number, Group: group, Reason: "asked", Item: "CRJ-011", Summary: "签注材料", Urgent: true, Created: Noon}
	return o
}

// Reply is an answer of ordinary size, about 2.5 kB of JSON.
func Reply() *bot.Reply {
	links := []bot.Link{{Kind: bot.LinkWeb, Label: "去办理", URL: "https://example.invalid/crj/011"}, {Kind: bot.LinkMini, Label: "小程序", URL: "pages/item?code=CRJ-011"}}
	card := &bot.ItemCard{Code: "CRJ-011", Name: "内地居民往来港澳通行证签注（个人旅游）", PoliceType: "出入境", Facet: "material",
		Summary:   "持有效往来港澳通行证的内地居民可以申请赴香港个人旅游签注，本市户籍和持有效居住证的居民均可就近办理。",
		FacetName: "材料", FacetText: "本人有效往来港澳通行证、居民身份证；未满十六周岁的由监护人陪同并交验监护关系证明。",
		Trips: "1", TripsNote: "自助机可当场取证", Fee: "一次签注 15 元，二次签注 30 元", TimeLimit: "七个工作日",
		Materials: []string{"往来港澳通行证", "居民身份证", "符合规定的照片（卡式证件免交）"}, Links: links}
	return &bot.Reply{
		Action: bot.Answer, Item: "CRJ-011", Facet: "material", Confidence: 0.93,
		Items:   []bot.ItemHit{{Code: "CRJ-011", Facet: "material", Confidence: 0.93}},
		Options: []bot.Option{{Code: "CRJ-012", Label: "去澳门"}, {ID: "hk-transit", Label: "过境香港", Hint: "持护照过境"}},
		Text:    "办理赴香港个人旅游签注需要：本人有效往来港澳通行证、居民身份证。费用：一次签注 15 元，二次签注 30 元。时限：七个工作日。",
		Blocks: []bot.Block{{Type: bot.BlockItem, Item: card}, {Type: bot.BlockSteps, Title: "办理步骤", Folded: true,
			Sections: []bot.Section{{Facet: "how", Title: "流程", Text: "网上预约或直接到自助机；核验身份；选择签注种类；缴费；取证。"},
				{Facet: "place", Title: "地点", Text: "全市各办证大厅和二十四小时自助服务区。"}}}, {Type: bot.BlockRating, Title: "有帮助吗？"}},
		Links: links, Sources: []bot.Source{{Kind: kb.KindItem, ID: "CRJ-011", Revision: 7}}, Release: 12, TookMicros: 412,
	}
}

// Trace is a trace of ordinary size, about 3 kB of JSON.
func Trace() *bot.Trace {
	t := &bot.Trace{Text: "去香港旅游的签注怎么办理?需要带什么材料", Tokens: []string{"去", "香港", "旅游", "的", "签注", "怎么", "办理", "需要", "带", "什么", "材料"},
		Concepts: []string{"hongkong", "endorsement", "travel"}, Act: "ask", Facet: "material", Slots: map[string]string{"huji": "深户"},
		Policy: "decide", Release: 12}
	for i := range 10 {
		t.Candidates = append(t.Candidates, bot.Candidate{Key: fmt.Sprintf("CRJ-%03d", 11+i), Name: "往来港澳通行证签注", Score: 12.25 - float64(i)*1.17,
			Confidence: 0.93 / float64(i+1), Features: map[string]float64{"bm25": 7.5 - float64(i)/3, "bigram": 2.2, "prior": 0.4, "concept": 1, "coverage": 0.81},
			Lost: "score below the winner"})
	}
	for _, p := range []string{"emergency", "safety", "human", "choice", "smalltalk", "decide"} {
		t.Policies = append(t.Policies, bot.Verdict{Policy: p, Fired: p == "decide", Reason: "nothing of the kind was said"})
	}
	return t
}
