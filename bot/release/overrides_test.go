package release_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"shenwei/bot"
)

// moment answers a line of a conversation while something is set for the moment.
func moment(o *bot.Overrides, state bot.State, text string) bot.Answered {
	m := bot.Message{Channel: bot.Web, Text: text, At: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)}
	return running().Answer(context.Background(), bot.Turn{Message: m, State: state, Owner: bot.OwnerBot, Overrides: o})
}

var typhoon = bot.Notice{ID: 9, Text: "台风来了，大厅停办。", Level: bot.NoticeWarn, From: time.Unix(0, 0), Until: time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC)}

func everything() *bot.Overrides {
	return &bot.Overrides{
		Version: 1, Notices: []bot.Notice{typhoon}, Switch: &bot.Switch{ID: 8},
		Takedowns: []bot.Takedown{{ID: 1, Key: "item/CRJ-011"}, {ID: 2, Link: "tel:110"}},
	}
}

func TestNothingThatIsSetTouchesAnEmergency(t *testing.T) {
	for _, line := range []string{"有人拿刀砍人", "我不想活了", "刚刚给骗子转了五万"} {
		calm, set := moment(nil, bot.State{}, line), moment(everything(), bot.State{}, line)
		if calm.Reply.Action != bot.Emergency {
			t.Fatalf("%q is %s", line, calm.Reply.Action)
		}
		if set.Reply.Text != calm.Reply.Text || len(set.Reply.Blocks) != len(calm.Reply.Blocks) || len(set.Reply.Links) != len(calm.Reply.Links) || len(set.Trace.Overrides) != 0 {
			t.Errorf("%q: %s", line, set.Reply.Text)
		}
	}
}

func TestWhatIsTakenDownIsNeitherAnsweredNorOffered(t *testing.T) {
	line := "香港旅游签注用完了怎么办"
	if a := moment(nil, bot.State{}, line); a.Reply.Item != "CRJ-011" {
		t.Fatalf("%s", a.Reply.Item)
	}
	hide := &bot.Overrides{Takedowns: []bot.Takedown{{ID: 1, Key: "item/CRJ-011"}}}
	a := moment(hide, bot.State{}, line)
	hotline := block(a.Reply, bot.BlockHotline)
	if a.Reply.Action != bot.Decline || a.Reply.Item != "" || len(a.Reply.Items) != 0 || hotline == nil || a.Ticket != nil || !strings.Contains(a.Reply.Text, "12345") {
		t.Errorf("%+v", a.Reply)
	}
	if strings.Contains(a.Reply.Text, "15元") || len(a.Trace.Overrides) == 0 {
		t.Errorf("%s %v", a.Reply.Text, a.Trace.Overrides)
	}
	chosen := running().Answer(context.Background(), bot.Turn{Message: bot.Message{Choice: "CRJ-011"}, Owner: bot.OwnerBot, Overrides: hide})
	if chosen.Reply.Item != "" {
		t.Error("a tap still answers it")
	}
	for _, vague := range []string{"签注", "去香港", "通行证"} {
		for _, o := range moment(hide, bot.State{}, vague).Reply.Options {
			if o.Code == "CRJ-011" {
				t.Errorf("%q offers it", vague)
			}
		}
	}
	if a := moment(hide, bot.State{}, "护照快到期了怎么换"); a.Reply.Action != bot.Answer || len(a.Trace.Overrides) != 0 {
		t.Errorf("another item: %+v", a.Reply)
	}
}

func TestANoticeIsToldOnceInAConversationAfterADangersNumber(t *testing.T) {
	o := &bot.Overrides{Notices: []bot.Notice{typhoon}}
	first := moment(o, bot.State{}, "护照快到期了怎么换")
	if !strings.HasPrefix(first.Reply.Text, "【通知】台风") || first.Reply.Blocks[0].Text != typhoon.Text || first.Reply.Item == "" {
		t.Errorf("%s", first.Reply.Text)
	}
	if again := moment(o, first.State, "那多少钱"); strings.Contains(again.Reply.Text, "台风") {
		t.Error("told twice")
	}
	careful := moment(o, bot.State{}, "收到短信说我违章让点链接")
	if b := careful.Reply.Blocks; len(b) < 2 || b[0].Title != "110" || b[1].Title != "通知" || !strings.HasPrefix(careful.Reply.Text, "110") || !strings.Contains(careful.Reply.Text, "【通知】台风") {
		t.Errorf("%s", careful.Reply.Text)
	}
}

func TestTheSwitchSendsEveryQuestionToPeople(t *testing.T) {
	o := &bot.Overrides{Switch: &bot.Switch{ID: 8}}
	for _, line := range []string{"护照快到期了怎么换", "你好", "今天天气"} {
		a := moment(o, bot.State{}, line)
		if a.Reply.Action != bot.Handoff || a.Ticket == nil || a.Ticket.Reason != "switched" || a.Trace.Policy != "switch" {
			t.Errorf("%q: %+v", line, a.Reply)
		}
	}
	waiting := moment(o, bot.State{Handoff: "HZ1"}, "还有多久")
	if waiting.Ticket != nil || waiting.Reply.Action != bot.Handoff {
		t.Error("who waits is queued a second time")
	}
}
