package release_test

import (
	"strings"
	"testing"

	"shenwei/bot"
)

func TestEveryWayOfWritingANumberChooses(t *testing.T) {
	for line, n := range map[string]int{
		"1": 1, "１": 1, "一": 1, "①": 1, "第一个": 1, "1.": 1, "②": 2, "２": 2, "二": 2, "第二个": 2, "选2": 2,
	} {
		k := &talk{}
		first := k.say("你好")
		want := first.Options[n-1].Key()
		if r := k.say(line); r.Item != want {
			t.Errorf("%q chose %q, want %q", line, r.Item, want)
		}
	}
}

func TestALineOfAMenuChoosesAsItWasShown(t *testing.T) {
	k := asked("fee", "CRJ-002", "CRJ-003")
	option := k.state.Options[1]
	for _, line := range []string{"2. " + option.Label, "2. " + option.Label + "（" + option.Hint + "）", "2、" + option.Label} {
		k := asked("fee", "CRJ-002", "CRJ-003")
		if r := k.say(line); r.Item != "CRJ-003" || k.last.Trace.Policy != "choice" {
			t.Errorf("%q chose %q (%s)", line, r.Item, k.last.Trace.Policy)
		}
	}
	// The number of one with the words of another is no choice by number.
	k = asked("fee", "CRJ-002", "CRJ-003")
	if r := k.say("1. " + option.Label); k.last.Trace.Policy == "choice" && r.Item == "CRJ-002" {
		t.Error("the words were not looked at")
	}
}

func TestAPositionIsAnsweredWithOutletsForTheItemAtHand(t *testing.T) {
	k := about(t, "RK-001")
	r := k.say(bot.Position(22.54321, 114.05789, "深圳市福田区福中三路"))
	if r.Action != bot.Answer || r.Item != "RK-001" || k.last.Trace.Policy != "near" {
		t.Fatalf("%s %s %s", r.Action, r.Item, k.last.Trace.Policy)
	}
	outlets := block(r, bot.BlockOutlets)
	if outlets == nil || len(outlets.Outlets) == 0 || outlets.Outlets[0].District != "福田区" {
		t.Fatalf("%+v", outlets)
	}
	if !strings.Contains(r.Text, outlets.Outlets[0].Name) {
		t.Error("the text does not name the outlet")
	}
	k = &talk{}
	if r := k.say(bot.Position(22.54321, 114.05789, "福田区")); r.Action != bot.Clarify || len(r.Options) == 0 {
		t.Errorf("with nothing at hand: %s, %d options", r.Action, len(r.Options))
	}
	if line := bot.Position(22.543219, 114.057891, ""); line != "我的位置：22.543,114.058" {
		t.Errorf("%q says more than it must", line)
	}
}

func TestWhatCannotBeReadIsAskedForInWords(t *testing.T) {
	for _, line := range []string{bot.SentPicture, bot.SentVoice, bot.SentVideo, bot.SentFile, bot.SentLink + " 深圳护照新规"} {
		k := about(t, "CRJ-002")
		r := k.say(line)
		if r.Action != bot.SmallTalk || !strings.Contains(r.Text, "110") || k.state.Item != "CRJ-002" {
			t.Errorf("%q: %s %q, item %q", line, r.Action, r.Text, k.state.Item)
		}
		k.owner = bot.OwnerAgent
		if r := k.say(line); r.Action != bot.Relayed {
			t.Errorf("%q while a person owns the conversation: %s", line, r.Action)
		}
		k.owner = bot.OwnerQueue
		link := strings.HasPrefix(line, bot.SentLink) // which can be read
		if r := k.say(line); link != (r.Action == bot.Relayed) || !link && !strings.Contains(r.Text, "还没有坐席接待") {
			t.Errorf("%q while a person is waited for: %s %q", line, r.Action, r.Text)
		}
	}
}
