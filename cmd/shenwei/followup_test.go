package main

import (
	"strings"
	"testing"

	"shenwei/bot"
)

// Lines that say little by themselves are read with what came before, on the shipped knowledge.
func TestALineGoesOnWithWhatCameBefore(t *testing.T) {
	engine := shipped(t)
	cases := []struct {
		lines []string
		want  string // item, article or action of the last reply
	}{
		// a short line completes one that led nowhere, or to one among several
		{[]string{"到期了想换", "护照"}, "CRJ-002"},
		{[]string{"丢了怎么办", "通行证"}, "CRJ-008"},
		{[]string{"怎么补办", "驾驶证的"}, "JJ-008"},
		{[]string{"到期了想换", "今天天气怎么样"}, "decline"},
		// what tells a neighbour apart leads to it; a question about a facet does not
		{[]string{"电动自行车上牌", "我把它卖给邻居了"}, "JJ-065"},
		{[]string{"申请居住证", "一直没做居住登记"}, "RK-057"},
		{[]string{"第一次办护照", "多久能拿到"}, "CRJ-001"},
		{[]string{"第一次办护照", "多少钱"}, "CRJ-001"},
		// an article is gone on with too, beside a person
		{[]string{"我家人被拘留了怎么办", "那他要是不认呢"}, "juliu-jiashu"},
		{[]string{"我家人被拘留了怎么办", "推荐一部电影"}, "decline"},
		// money that went in a talk about a cheat is an emergency, though the line alone does not say so
		{[]string{"被电信诈骗了怎么办", "手续费已经打过去了"}, "emergency"},
		{[]string{"被电信诈骗了怎么办", "我还没转"}, "!emergency"},
		{[]string{"第一次办护照", "工本费已经付了"}, "!emergency"},
		// somebody else than a machine is asked for in many words
		{[]string{"换位真人吧"}, "handoff"},
		{[]string{"不想再跟机器讲"}, "handoff"},
		{[]string{"能找个人帮我代办吗"}, "daiban"},
	}
	for _, c := range cases {
		var a bot.Answered
		for _, line := range c.lines {
			a = engine.Answer(t.Context(), bot.Turn{Message: bot.Message{Channel: bot.CLI, Text: line}, State: a.State, Owner: bot.OwnerBot})
		}
		got := a.Reply.Item + a.Reply.Article
		if got == "" || a.Reply.Action == bot.Decline {
			got = string(a.Reply.Action)
		}
		if unwanted, not := strings.CutPrefix(c.want, "!"); not && got != unwanted {
			continue
		}
		if got != c.want {
			t.Errorf("%s: %s (%s), want %s", strings.Join(c.lines, " → "), got, a.Trace.Policy, c.want)
		}
	}
}
