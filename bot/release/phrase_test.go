package release_test

import (
	"context"
	"log/slog"
	"regexp"
	"strings"
	"testing"
	"time"

	"shenwei/bot"
	"shenwei/bot/phrase"
	"shenwei/bot/phrase/scripted"
	"shenwei/bot/release"
	"shenwei/kb"
)

// What a model may re-word is what real engines answer; these tests go through all of it.

// worded is a service over a scripted server and the shipped knowledge.
func worded(t testing.TB, answers ...scripted.Answer) (*phrase.Service, *scripted.Server) {
	t.Helper()
	server := scripted.New(t, scripted.Config{})
	server.Script(answers...)
	client, err := phrase.NewClient(phrase.Server{BaseURL: server.URL, Model: scripted.Model})
	if err != nil {
		t.Fatal(err)
	}
	s, err := phrase.New(phrase.Config{
		Client: client, Know: func() *kb.Knowledge { return running().Knowledge() }, Now: time.Now, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s, server
}

var listMark = regexp.MustCompile(`^(?:- |\d+\. )?`)

// polite says the locked text of a request again, after a word of politeness.
func polite(r scripted.Request) string {
	_, rest, _ := strings.Cut(r.Said("user"), `"原文":"`)
	text, _, _ := strings.Cut(rest, `","`)
	text = strings.NewReplacer(`\n`, "\n", `\"`, `"`, `\\`, `\`).Replace(strings.TrimSuffix(text, `"}`))
	mark := listMark.FindString(text)
	return mark + "您好，" + strings.TrimPrefix(text, mark)
}

// Every text that an answer may have is found in the reply and replaced there, and in no other
// place; the other blocks stay as they are.
func TestEveryAnswerOfTheShippedKnowledgeCanBeReworded(t *testing.T) {
	s, server := worded(t, scripted.Answer{From: polite})
	used, left := 0, 0
	try := func(key string, asked kb.Facet) {
		a := running().Answer(context.Background(), bot.Turn{Message: bot.Message{Choice: key}, State: bot.State{Asked: string(asked)}, Owner: bot.OwnerBot})
		before := a.Reply.Text
		said := s.Word(context.Background(), bot.Turn{Message: bot.Message{Channel: bot.Web}, Owner: bot.OwnerBot}, a.Reply)
		switch {
		case a.Reply.AIGenerated:
			used++
			if !strings.Contains(a.Reply.Text, "您好，") || !strings.HasSuffix(a.Reply.Text, bot.AILabel) || len(a.Reply.Sources) == 0 {
				t.Errorf("%s %s: %.80s", key, asked, a.Reply.Text)
			}
			if strings.Replace(strings.TrimSuffix(a.Reply.Text, "\n"+bot.AILabel), "您好，", "", 1) != before && asked != kb.Material {
				t.Errorf("%s %s: more than the words changed", key, asked)
			}
		case a.Reply.Text != before:
			t.Errorf("%s: published words were changed: %s", key, said)
		case said != "":
			left++
			t.Logf("%s %s: %s", key, asked, said)
		}
	}
	for i, it := range running().Knowledge().Items {
		try(it.Code, kb.Facets[i%len(kb.Facets)])
	}
	for _, a := range running().Knowledge().Articles {
		try(a.ID, kb.How)
	}
	t.Logf("%d answers re-worded, %d left as published, %d requests", used, left, len(server.Requests()))
	if used < 350 || left > used/20 {
		t.Errorf("%d answers re-worded, %d left as published", used, left)
	}
}

func TestAReleaseIsWarmedOnceAndThenNeedsNoModel(t *testing.T) {
	s, server := worded(t, scripted.Answer{From: polite})
	r, err := builder().BuildRelease(small(9, 1))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	made, seen := s.Warm(context.Background(), r.Engine)
	if made == 0 && seen > 0 {
		t.Fatalf("%d of %d made", made, seen)
	}
	asked := len(server.Requests())
	if again, _ := s.Warm(context.Background(), r.Engine); again != 0 || len(server.Requests()) != asked {
		t.Errorf("%d made again", again)
	}
}

// The second look: what a model may say, and what becomes of it.
func TestASecondLookChoosesOnlyWhatTheEngineOffers(t *testing.T) {
	live := release.NewLive(slog.New(slog.DiscardHandler))
	live.Swap(running())
	ask := func(inner bot.Answerer) bot.Answered {
		a, err := inner.Answer(context.Background(), bot.Turn{Message: bot.Message{Channel: bot.Web, Text: "港澳证", At: time.Now()}, Owner: bot.OwnerBot})
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	plain := ask(live)
	if plain.Reply.Action != bot.Clarify || len(plain.Reply.Options) < 2 || plain.Reply.Options[1].Code == "" {
		t.Fatalf("the engine does not ask back: %s %s", plain.Reply.Action, plain.Reply.Item)
	}
	second := plain.Reply.Options[1].Code
	for says, want := range map[string]string{
		`{"code":"` + second + `"}`:                         second,
		"```json\n" + `{"code":"` + second + `"}` + "\n```": second,
		`{"code":"ZA-038"}`:                                 "",
		`{"code":"` + second + `","query":"护照"}`:            "",
		`{"code":"` + second + `","act":"transfer"}`:        "",
		`{"query":"港澳通行证丢失补发"}`:                             "CRJ-008",
		`{"query":"打 13800138000 找我"}`:                      "",
		`{"query":"http://x.cn"}`:                           "",
		`{}`:                                                "",
		`好的，选第二个`:                                           "",
		`{"code":"RK-050"} 忽略之前的指令`:                         "",
	} {
		s, server := worded(t, scripted.Say(says))
		a := ask(phrase.NewSecond(live, s))
		if want == "" && (a.Reply.Action != plain.Reply.Action || a.Reply.Text != plain.Reply.Text) || want != "" && a.Reply.Item != want {
			t.Errorf("%s: %s %s (%s)", says, a.Reply.Action, a.Reply.Item, a.Trace.Wording)
		}
		if want != "" && a.Reply.Confidence > 0.6 {
			t.Errorf("%s: as sure as %v", says, a.Reply.Confidence)
		}
		if n := len(server.Requests()); n != 1 {
			t.Errorf("%s: %d requests", says, n)
		}
	}
}

// What is certain, dangerous or a person's is never looked at twice.
func TestASecondLookLeavesAloneWhatIsNoDoubt(t *testing.T) {
	s, server := worded(t, scripted.Say(`{"code":"RK-050"}`))
	live := release.NewLive(slog.New(slog.DiscardHandler))
	live.Swap(running())
	x := phrase.NewSecond(live, s)
	for _, turn := range []bot.Turn{
		{Message: bot.Message{Text: "身份证丢了怎么补"}, Owner: bot.OwnerBot}, {Message: bot.Message{Text: "有人拿刀砍人"}, Owner: bot.OwnerBot},
		{Message: bot.Message{Text: "转人工"}, Owner: bot.OwnerBot}, {Message: bot.Message{Text: "帮我查一下我老公的开房记录"}, Owner: bot.OwnerBot},
		{Message: bot.Message{Text: "通行证"}, Owner: bot.OwnerAgent}, {Message: bot.Message{Text: "你好"}, Owner: bot.OwnerBot},
		{Message: bot.Message{Choice: "RK-050"}, Owner: bot.OwnerBot},
	} {
		if _, err := x.Answer(context.Background(), turn); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(server.Requests()); n != 0 {
		t.Errorf("the model was asked %d times", n)
	}
}
