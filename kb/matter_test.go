package kb_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"shenwei/data"
	"shenwei/kb"
)

func sample(t *testing.T) *kb.Knowledge {
	t.Helper()
	docs, err := kb.ReadDocuments(data.Files)
	if err != nil {
		t.Fatal(err)
	}
	k, err := kb.Parse(docs)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// Whoever answers as an item's own conditions say is led to this item, with few taps, and to nothing
// else: for every matter and item of the knowledge.
func TestAnswersLeadToTheItemThatTheyDescribe(t *testing.T) {
	matters := sample(t).Matters()
	if len(matters) < 10 {
		t.Fatalf("%d matters", len(matters))
	}
	for _, m := range matters {
		for _, it := range m.Items {
			for _, easy := range []bool{true, false} {
				fork, taps := walk(m, it, easy)
				if len(fork.Items) != 1 || fork.Items[0] != it {
					t.Errorf("%s: the answers of %s lead to %d items", m.Name, it.Code, len(fork.Items))
				}
				if fork.Visit == easy && len(it.Check.Online) > 0 {
					t.Errorf("%s %s: easy way %v, visit %v", m.Name, it.Code, easy, fork.Visit)
				}
				if taps > 9 {
					t.Errorf("%s %s: %d taps", m.Name, it.Code, taps)
				}
			}
		}
	}
}

// walk answers as one item's conditions say; easy tells whether those of its easiest way are met.
func walk(m kb.Matter, it *kb.Item, easy bool) (kb.Fork, int) {
	var said []kb.Said
	for {
		fork := m.Next(said)
		if fork.Ask == "" || len(said) > 20 {
			return fork, len(said)
		}
		answer := fork.Answers[0]
		for _, w := range it.Check.When {
			if w.Ask == fork.Ask {
				answer = w.Is[0]
			}
		}
		for _, w := range it.Check.Online {
			if w.Ask == fork.Ask && !easy {
				answer = w.Otherwise[0]
			}
		}
		said = append(said, kb.Said{Ask: fork.Ask, Is: answer})
	}
}

// Every answer that is offered leads on, whatever was answered before.
func TestNoAnswerLeadsNowhere(t *testing.T) {
	for _, m := range sample(t).Matters() {
		var visit func(said []kb.Said)
		visit = func(said []kb.Said) {
			fork := m.Next(said)
			if len(fork.Items) == 0 || len(said) > 12 {
				t.Fatalf("%s: %v leads to %d items", m.Name, said, len(fork.Items))
			}
			if fork.Ask != "" && len(fork.Answers) < 2 {
				t.Errorf("%s: %q has the answers %v", m.Name, fork.Ask, fork.Answers)
			}
			if fork.Ask == "" && len(fork.Items) > 1 {
				t.Errorf("%s: %v ends with %d items", m.Name, said, len(fork.Items))
			}
			if fork.Ask != "" {
				for _, a := range fork.Answers {
					visit(append(slices.Clip(said), kb.Said{Ask: fork.Ask, Is: a}))
				}
			}
		}
		visit(nil)
	}
}

func TestAPersonIsNotAskedWhatMakesNoDifferenceToHer(t *testing.T) {
	for _, m := range sample(t).Matters() {
		if m.Name != "普通护照" {
			continue
		}
		first := m.Next(nil)
		if first.Ask != "以前办过护照吗？" {
			t.Errorf("the first question is %q", first.Ask)
		}
		end := m.Next([]kb.Said{{Ask: first.Ask, Is: "没有办过"}})
		if end.Ask != "" || end.Items[0].Code != "CRJ-001" {
			t.Errorf("who never had a passport is led to %+v", end)
		}
		odd := m.Next([]kb.Said{{Ask: first.Ask, Is: "也许"}, {Ask: "不是问题", Is: "是的"}})
		if odd.Ask != first.Ask || len(odd.Items) != len(m.Items) {
			t.Errorf("answers that nobody offered lead to %q", odd.Ask)
		}
		return
	}
	t.Fatal("no matter 普通护照")
}

func TestConditionsThatDecideNothingAreRefused(t *testing.T) {
	const base = `police_type: 出入境
name: %NAME
aliases: []
audience: 个人
trips: 0
terminal: false
popular: false
fee: 免费
time_limit: 即时
materials: []
group: 出入境
tags: []
sources: [样例]
`
	item := func(code, more string) kb.Document {
		return kb.Document{Kind: kb.KindItem, ID: code, Body: "code: " + code + "\n" + strings.ReplaceAll(base, "%NAME", "事项"+code) + more}
	}
	for _, c := range []struct{ name, a, b, want string }{
		{"the same answer twice", "check: {matter: 证, when: [{ask: 有吗, is: [有]}]}\n", "check: {matter: 证, when: [{ask: 有吗, is: [有, 没有]}]}\n", "没有一个问题能把它和"},
		{"different questions", "check: {matter: 证, when: [{ask: 有吗, is: [有]}]}\n", "check: {matter: 证, when: [{ask: 好吗, is: [好]}]}\n", "没有一个问题能把它和"},
		{"no conditions", "check: {matter: 证}\n", "", "要写 matter"},
		{"no answers", "check: {matter: 证, when: [{ask: 有吗, is: []}]}\n", "", "写 ask（问话）和 is"},
		{"an online way without another", "check: {matter: 证, when: [{ask: 有吗, is: [有]}], online: [{ask: 好吗, is: [好]}]}\n", "", "不符合的答案"},
	} {
		_, err := kb.Parse([]kb.Document{item("CRJ-001", c.a), item("CRJ-002", c.b)})
		said := ""
		var ps kb.Problems
		if errors.As(err, &ps) {
			for _, p := range ps {
				said += p.Chinese() + "\n"
			}
		}
		if !strings.Contains(said, c.want) {
			t.Errorf("%s: %q (%v)", c.name, said, err)
		}
	}
}
