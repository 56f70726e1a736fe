package release_test

import (
	"slices"
	"strings"
	"testing"

	"shenwei/bot"
)

func TestABranchsFormerNumberLeadsToItsGroup(t *testing.T) {
	for line, want := range map[string]string{
		"转12367": "出入境", "请帮我转接一下12367": "出入境", "12367": "出入境", "１２３６７打不通": "出入境", "84465490一直占线": "出入境",
		"0755-84465000": "户政", "我想打84465000": "户政", "联系 0755 83333333 人工": "交警", "转人工，之前是打83333333的": "交警", "84464600没人接": "综合",
	} {
		k := &talk{}
		r := k.say(line)
		if r.Action != bot.Handoff || k.last.Ticket == nil || k.last.Ticket.Group != want {
			t.Errorf("%q: %s, %+v; want the group %s", line, r.Action, k.last.Ticket, want)
			continue
		}
		if r.Handoff.Group != want || !strings.Contains(r.Text, want) {
			t.Errorf("%q: the citizen reads nothing of %s: %s", line, want, r.Text)
		}
	}
	for _, line := range []string{
		"12367是什么电话", "84465490打给我说我护照有问题", "0755-84465000给我打电话让我转账", "12367是真的吗", "我的受理号是112367001", "12345678", "护照12367元太贵了",
	} {
		k := &talk{}
		if r := k.say(line); k.last.Ticket != nil {
			t.Errorf("%q: handed over to %s: %s", line, k.last.Ticket.Group, r.Text)
		}
	}
}

func TestASensitiveMatterGoesToAPerson(t *testing.T) {
	for line, group := range map[string]string{
		"你好我是记者，想了解一下你们的办证情况": "综合", "我是总领事馆的，有公民被拘留": "出入境", "听说有人羁押期间死亡，我想了解情况": "综合",
	} {
		k := &talk{}
		r := k.say(line)
		if r.Action != bot.Handoff || k.last.Ticket == nil || k.last.Ticket.Reason != "sensitive" || k.last.Ticket.Group != group {
			t.Errorf("%q: %s %+v", line, r.Action, k.last.Ticket)
			continue
		}
		if !strings.HasPrefix(k.last.Ticket.Summary, "敏感事项：") {
			t.Errorf("%q: the agent reads %q", line, k.last.Ticket.Summary)
		}
		if strings.Contains(k.last.Ticket.Summary, "弟弟") {
			t.Errorf("%q: the summary has the citizen's words", line)
		}
	}
	for _, line := range []string{"民警受贿去哪里举报", "上周民警打人了我要投诉"} {
		k := &talk{}
		r := k.say(line)
		offered := slices.ContainsFunc(r.Blocks, func(b bot.Block) bool { return b.Type == bot.BlockHotline })
		if !offered && r.Action != bot.Handoff || k.last.Ticket != nil && r.Action != bot.Handoff {
			t.Errorf("%q: %s without the offer of a person: %s", line, r.Action, r.Text)
		}
	}
	for _, line := range []string{"外媒记者办居留要外交部门的函吗", "护照快到期了怎么换", "家暴怎么定义"} {
		k := &talk{}
		if k.say(line); k.last.Ticket != nil {
			t.Errorf("%q goes to a person", line)
		}
	}
}

// An item that says when a person takes over offers one in words that a tap sends.
func TestAMarkedItemIsHandedOverAsMarked(t *testing.T) {
	k := about(t, "ZA-021")
	r := k.say("转人工")
	if r.Action != bot.Handoff || k.last.Ticket.Reason != "marked" || k.last.Ticket.Group == "" {
		t.Fatalf("%s %+v", r.Action, k.last.Ticket)
	}
}
