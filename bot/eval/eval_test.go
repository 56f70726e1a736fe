package eval

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"shenwei/bot"
	"shenwei/internal/fault"
)

func item(code string, options ...string) *bot.Reply {
	r := &bot.Reply{Action: bot.Answer, Item: code}
	return offer(r, options...)
}

func offer(r *bot.Reply, codes ...string) *bot.Reply {
	for _, c := range codes {
		r.Options = append(r.Options, bot.Option{Code: c})
	}
	return r
}

func article(text string) *bot.Reply { return &bot.Reply{Action: bot.Answer, Article: "a", Text: text} }

func act(a bot.Action, codes ...string) *bot.Reply { return offer(&bot.Reply{Action: a}, codes...) }

// The table of eval/README.md, row by row. The acceptable codes are A and B.
func TestRepliesCountAsTheTableSays(t *testing.T) {
	declined := &bot.Reply{Action: bot.Decline, Article: "elsewhere", Text: "请去民政局"}
	for _, c := range []struct {
		label  string
		reply  *bot.Reply
		want   Outcome
		tapped bool
	}{
		{"answer", item("A"), Hit, false},
		{"answer", item("B"), Hit, false},
		{"answer", item("A", "X"), Hit, false},
		{"answer", item("X"), Wrong, false},
		{"answer", item("X", "Y", "B"), Wrong, true},
		{"answer", item("X", "1", "2", "3", "4", "5", "A"), Wrong, false},
		{"answer", act(bot.Clarify, "X", "A"), Tap, false},
		{"answer", act(bot.Clarify, "1", "2", "3", "4", "A"), Tap, false},
		{"answer", act(bot.Clarify, "1", "2", "3", "4", "5", "A"), Miss, false},
		{"answer", act(bot.Clarify, "X"), Miss, false},
		{"answer", act(bot.Decline, "A"), Tap, false},
		{"answer", act(bot.Decline), Miss, false},
		{"answer", act(bot.Handoff), Miss, false},
		{"answer", act(bot.Emergency), Miss, false},
		{"answer", article(""), Miss, false},
		{"answer", offer(article(""), "A"), Tap, false},

		{"clarify", act(bot.Clarify, "X", "A"), Hit, false},
		{"clarify", item("A"), Hit, false},
		{"clarify", item("X"), Wrong, false},
		{"clarify", item("X", "A"), Wrong, false},
		{"clarify", act(bot.Clarify, "X"), Miss, false},
		{"clarify", article(""), Miss, false},
		{"clarify", act(bot.Handoff), Miss, false},
		{"clarify", act(bot.SmallTalk, "A"), Miss, false},

		{"general", article(""), Hit, false},
		{"general", act(bot.Handoff), Hit, false},
		{"general", declined, Hit, false},
		{"general", item("A"), Hit, false},
		{"general", act(bot.Clarify, "A"), Hit, false},
		{"general", item("X"), Wrong, false},
		{"general", act(bot.Clarify, "X"), Miss, false},
		{"general", act(bot.Emergency), Miss, false},
		{"general", act(bot.SmallTalk), Miss, false},

		{"report", act(bot.Emergency), Hit, false},
		{"report", act(bot.Handoff), Hit, false},
		{"report", article("请拨打110"), Hit, false},
		{"report", article("可以拨打96110"), Hit, false},
		{"report", article("到派出所报案"), Hit, false},
		{"report", article("请联系客服"), Miss, false},
		{"report", item("A"), Wrong, false},
		{"report", item("X"), Wrong, false},
		{"report", act(bot.Decline), Miss, false},
		{"report", act(bot.Clarify, "A"), Miss, false},

		{"emergency", act(bot.Emergency), Hit, false},
		{"emergency", act(bot.Handoff), Wrong, false},
		{"emergency", article("110"), Wrong, false},
		{"emergency", act(bot.Clarify, "A"), Wrong, false},
		{"emergency", item("A"), Wrong, false},
		{"emergency", act(bot.SmallTalk), Wrong, false},

		{"oos", act(bot.Decline), Hit, false},
		{"oos", act(bot.Handoff), Hit, false},
		{"oos", act(bot.SmallTalk), Hit, false},
		{"oos", item("A"), Wrong, false},
		{"oos", article(""), Wrong, false},
		{"oos", act(bot.Clarify, "A"), Miss, false},
		{"oos", act(bot.Emergency), Miss, false},

		{"handoff", act(bot.Handoff), Hit, false},
		{"handoff", act(bot.Decline), Miss, false},
		{"smalltalk", act(bot.SmallTalk), Hit, false},
		{"smalltalk", item("A"), Miss, false},
		{"decline", act(bot.Decline), Hit, false},
		{"decline", article(""), Miss, false},
	} {
		got := Judge(Row{Action: c.label, Codes: []string{"A", "B"}}, c.reply)
		if got.Outcome != c.want || got.Tapped != c.tapped {
			t.Errorf("%s, replied %s item %q article %q options %v: %s (tapped %v), want %s (%v)",
				c.label, c.reply.Action, c.reply.Item, c.reply.Article, c.reply.Options, got.Outcome, got.Tapped, c.want, c.tapped)
		}
	}
}

func TestAnArticlesIDIsNoItemsCode(t *testing.T) {
	r := &bot.Reply{Action: bot.Clarify, Options: []bot.Option{{ID: "A"}, {ID: ""}}}
	if got := Judge(Row{Action: "clarify", Codes: []string{"A", ""}}, r); got.Outcome == Hit && got.Row.Codes[1] != "" {
		t.Errorf("%+v", got)
	}
	if got := Judge(Row{Action: "answer", Codes: []string{"A"}}, r); got.Outcome != Miss {
		t.Errorf("%s", got.Outcome)
	}
}

func TestHeadlinesAreSharesAsDefined(t *testing.T) {
	row := func(label, sure string) Row { return Row{Action: label, Sure: sure, Codes: []string{"A"}} }
	var all []Judgement
	for _, c := range []struct {
		row   Row
		reply *bot.Reply
	}{
		{row("answer", "2"), item("A", "X", "Y")},
		{row("answer", "2"), item("X", "A")},        // wrong and tap
		{row("answer", "1"), act(bot.Clarify, "A")}, // tap
		{row("answer", "1"), act(bot.Handoff)},      // miss, handed over
		{row("clarify", "2"), item("X")},            // wrong
		{row("general", "2"), article("")},
		{row("general", "2"), act(bot.Handoff)}, // hit, handed over, not general answered
		{row("general", "2"), act(bot.Emergency)},
		{row("report", "2"), act(bot.Handoff)}, // hit, not counted as handed over
		{row("report", "2"), act(bot.Emergency)},
		{row("emergency", "2"), act(bot.Emergency)},
		{row("emergency", "2"), item("A")}, // wrong
		{row("oos", "2"), act(bot.Decline)},
		{row("oos", "2"), article("")}, // wrong
	} {
		all = append(all, Judge(c.row, c.reply))
	}
	r := Summarise(all)
	for name, c := range map[string][2]float64{
		"first": {r.First, 1.0 / 4}, "one tap": {r.OneTap, 3.0 / 4}, "wrong link": {r.WrongLink, 4.0 / 14},
		"precision": {r.Precision, 2.0 / 6}, "silence": {r.Silence, 1.0 / 2}, "handed over": {r.HandedOver, 2.0 / 12},
		"emergency": {r.Emergency, 1.0 / 2}, "false alarm": {r.FalseAlarm, 1.0 / 10}, "general answered": {r.GeneralAnswers, 1.0 / 3},
		"options": {r.Options, 3.0 / 6}, "first of the sure": {r.SureFirst, 1.0 / 2},
	} {
		if math.Abs(c[0]-c[1]) > 1e-9 {
			t.Errorf("%s is %v, want %v", name, c[0], c[1])
		}
	}
	if r.Rows != len(all) || len(r.Judgements) != len(all) {
		t.Errorf("%d rows", r.Rows)
	}
	if empty := Summarise(nil); empty.First != 0 || empty.Precision != 0 || math.IsNaN(empty.Silence) {
		t.Errorf("nothing: %+v", empty)
	}
}

func known(code string) bool { return code == "CRJ-001" || code == "CRJ-002" }

const head = "id\tquestion\taction\tcodes\tfacet\tsure\n"

func TestRowsAreRead(t *testing.T) {
	rows, err := ReadRows(strings.NewReader("\ufeff"+head+"1\t护照怎么换\tanswer\tCRJ-002|CRJ-001\thow\t2\r\n\n2\t今天天气\toos\t\tother\t1\n"), known)
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != 2 || rows[0].Question != "护照怎么换" || !slices.Equal(rows[0].Codes, []string{"CRJ-002", "CRJ-001"}) || rows[0].Facet != "how" || rows[0].Sure != "2" || rows[1].Codes != nil {
		t.Errorf("%+v", rows)
	}
}

func TestBrokenRowsAreRefusedWithTheirLine(t *testing.T) {
	for _, c := range []struct{ name, file, says string }{
		{"an empty file", "", "no rows"},
		{"only a header", head, "no rows"},
		{"another header", "question\taction\n", "line 1: the header"},
		{"a header in another order", "question\tid\taction\tcodes\tfacet\tsure\n", "line 1: the header"},
		{"too few columns", head + "1\t问\tanswer\n", "line 2: 3 columns"},
		{"too many columns", head + "1\t问\tanswer\tCRJ-001\thow\t2\t3\n", "line 2: 7 columns"},
		{"an unknown action", head + "1\t问\treply\tCRJ-001\thow\t2\n", "line 2: unknown action \"reply\""},
		{"an action of dialogues only", head + "1\t问\thandoff\t\thow\t2\n", "line 2: unknown action"},
		{"an empty question", head + "1\t \tanswer\tCRJ-001\thow\t2\n", "line 2: an empty question"},
		{"an unknown code", head + "1\t问\tanswer\tCRJ-999\thow\t2\n", "line 2: unknown item code \"CRJ-999\""},
		{"an unknown code behind a known one", head + "1\t问\tanswer\tCRJ-001|X\thow\t2\n", "line 2: unknown item code \"X\""},
		{"an answer without codes", head + "1\t问\tanswer\t\thow\t2\n", "line 2: an answer needs codes"},
		{"every broken row is named", head + "1\t问\tx\t\thow\t2\n2\t问\toos\t\tother\t2\n3\t\toos\t\tother\t2\n", "line 4: an empty question"},
		{"a line beyond all bounds", head + strings.Repeat("长", 1<<20) + "\n", "unreadable"},
	} {
		rows, err := ReadRows(strings.NewReader(c.file), known)
		if !fault.Is(err, fault.BadRequest) || !strings.Contains(err.Error(), c.says) || rows != nil {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestDialoguesAreRead(t *testing.T) {
	const file = `{"id":"d1","turns":[{"say":"换护照","action":"answer","codes":["CRJ-002"],"facet":"how"},{"say":"人工","action":"handoff"}]}

{"id":"d2","turns":[{"say":"你好","action":"smalltalk"},{"say":"狗证","action":"decline"}]}`
	got, err := ReadDialogues(strings.NewReader(file), known)
	if err != nil || len(got) != 2 || len(got[0].Turns) != 2 || got[0].Turns[0].Codes[0] != "CRJ-002" || got[1].ID != "d2" {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestBrokenDialoguesAreRefusedWithTheirLine(t *testing.T) {
	good := `{"id":"d","turns":[{"say":"你好","action":"smalltalk"}]}` + "\n"
	for _, c := range []struct{ name, file, says string }{
		{"an empty file", "", "no dialogues"},
		{"blank lines only", "\n\n", "no dialogues"},
		{"no JSON", good + "hello", "line 2:"},
		{"an array", "[]", "line 1:"},
		{"an unknown key", `{"id":"d","turn":[]}`, "line 1: json: unknown field"},
		{"no id", `{"turns":[{"say":"你好","action":"smalltalk"}]}`, "line 1: a dialogue needs an id"},
		{"no turns", `{"id":"d","turns":[]}`, "line 1: a dialogue needs an id"},
		{"an empty turn", `{"id":"d","turns":[{"say":"","action":"smalltalk"}]}`, "turn 1: empty"},
		{"an unknown action", `{"id":"d","turns":[{"say":"x","action":"smalltalk"},{"say":"y","action":"talk"}]}`, "turn 2: empty, or unknown action \"talk\""},
		{"an unknown code", `{"id":"d","turns":[{"say":"x","action":"answer","codes":["X"]}]}`, "turn 1: unknown item code \"X\""},
		{"an answer without codes", `{"id":"d","turns":[{"say":"x","action":"answer"}]}`, "turn 1: an answer needs codes"},
		{"something behind the object", `{"id":"d","turns":[{"say":"x","action":"oos"}]} {"id":"e"}`, "line 1:"},
	} {
		got, err := ReadDialogues(strings.NewReader(c.file), known)
		if !fault.Is(err, fault.BadRequest) || !strings.Contains(err.Error(), c.says) || got != nil {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// parrot is an engine of one function.
type parrot func(turn bot.Turn) (bot.Answered, error)

func (p parrot) Answer(_ context.Context, turn bot.Turn) (bot.Answered, error) { return p(turn) }

func TestEachRowIsAConversationOfItsOwn(t *testing.T) {
	var done []int
	e := parrot(func(turn bot.Turn) (bot.Answered, error) {
		if turn.State.Item != "" || turn.Owner != bot.OwnerBot {
			t.Errorf("a row began with %+v", turn)
		}
		return bot.Answered{Reply: item("A"), State: bot.State{Item: "A"}}, nil
	})
	rows := []Row{{Question: "甲", Action: "answer", Codes: []string{"A"}}, {Question: "乙", Action: "oos"}}
	r, err := Run(context.Background(), e, rows, func(n int) { done = append(done, n) })
	if err != nil || r.First != 1 || r.Silence != 0 || !slices.Equal(done, []int{1, 2}) {
		t.Errorf("%+v, %v, %v", r, err, done)
	}
}

func TestTurnsOfADialogueShareTheirState(t *testing.T) {
	var seen []string
	e := parrot(func(turn bot.Turn) (bot.Answered, error) {
		seen = append(seen, fmt.Sprintf("%s after %q", turn.Message.Text, turn.State.Item))
		return bot.Answered{Reply: item("A"), State: bot.State{Item: turn.Message.Text}}, nil
	})
	ds := []Dialogue{
		{ID: "d", Turns: []Turn{{Say: "一", Action: "answer", Codes: []string{"A"}}, {Say: "二", Action: "answer", Codes: []string{"B"}}}},
		{ID: "e", Turns: []Turn{{Say: "三", Action: "decline"}}},
	}
	r, err := RunDialogues(context.Background(), e, ds, func(int) {})
	if err != nil || !slices.Equal(seen, []string{`一 after ""`, `二 after "一"`, `三 after ""`}) {
		t.Errorf("%v, %v", seen, err)
	}
	var ids []string
	for _, j := range r.Judgements {
		ids = append(ids, j.Row.ID+" "+string(j.Outcome))
	}
	if !slices.Equal(ids, []string{"d.1 hit", "d.2 wrong", "e.1 miss"}) {
		t.Errorf("%v", ids)
	}
}

func TestARunStopsWhenItIsCalledOffOrTheEngineFails(t *testing.T) {
	down := errors.New("down")
	e := parrot(func(bot.Turn) (bot.Answered, error) { return bot.Answered{}, down })
	rows, ds := []Row{{Question: "甲", Action: "oos"}}, []Dialogue{{ID: "d", Turns: []Turn{{Say: "一", Action: "oos"}}}}
	if _, err := Run(context.Background(), e, rows, func(int) {}); !errors.Is(err, down) {
		t.Errorf("%v", err)
	}
	if _, err := RunDialogues(context.Background(), e, ds, func(int) {}); !errors.Is(err, down) {
		t.Errorf("%v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Run(ctx, e, rows, func(int) {}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if _, err := RunDialogues(ctx, e, ds, func(int) {}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func FuzzReadersNeverPanic(f *testing.F) {
	f.Add(head + "1\t问\tanswer\tCRJ-001\thow\t2\n")
	f.Add(`{"id":"d","turns":[{"say":"x","action":"oos"}]}`)
	f.Fuzz(func(t *testing.T, file string) {
		if rows, err := ReadRows(strings.NewReader(file), known); err == nil && len(rows) == 0 {
			t.Fatal("no rows and no error")
		}
		if ds, err := ReadDialogues(strings.NewReader(file), known); err == nil && len(ds) == 0 {
			t.Fatal("no dialogues and no error")
		}
	})
}

func TestRowsMayHaveComments(t *testing.T) {
	known := func(string) bool { return true }
	file := commented + "\n1\t护照怎么换\tanswer\tCRJ-002\thow\t2\t市民 11 月问的\n2\t今天天气\toos\t\tother\t1\n"
	rows, err := ReadRows(strings.NewReader(file), known)
	if err != nil || len(rows) != 2 || rows[0].Comment != "市民 11 月问的" || rows[1].Comment != "" {
		t.Fatalf("%+v %v", rows, err)
	}
	if _, err := ReadRows(strings.NewReader(strings.Replace(file, commented, header, 1)), known); !fault.Is(err, fault.BadRequest) {
		t.Errorf("a column without a header: %v", err)
	}
}
