package eval

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"shenwei/bot"
	"shenwei/kb"
)

// answers is an engine that knows the answer to each question.
type answers map[string]*bot.Reply

func (a answers) Answer(_ context.Context, turn bot.Turn) (bot.Answered, error) {
	if r := a[turn.Message.Text]; r != nil {
		return bot.Answered{Reply: r}, nil
	}
	return bot.Answered{Reply: &bot.Reply{Action: bot.Decline}}, nil
}

func itemReply(code string) *bot.Reply {
	return &bot.Reply{Action: bot.Answer, Item: code, Blocks: []bot.Block{{Type: bot.BlockItem, Item: &bot.ItemCard{Code: code, Name: "名称" + code}}}}
}

var today = time.Date(2026, 11, 22, 0, 0, 0, 0, kb.Shenzhen)

// shelf is a release with gold files and two items, the second with an end.
func shelf(number int64, gold map[string]string) *kb.Release {
	r := &kb.Release{Number: number, AsOf: today}
	add := func(kind kb.Kind, id, body string) {
		r.Revisions = append(r.Revisions, kb.Revision{Document: kb.Document{Kind: kind, ID: id, Body: body}, Number: number})
	}
	add(kb.KindItem, "CRJ-001", "code: CRJ-001\n")
	add(kb.KindItem, "CRJ-002", "code: CRJ-002\nexpires: 2026-12-01\n")
	for id, body := range gold {
		add(kb.KindGold, id, body)
	}
	return r
}

func rows(lines ...string) string { return header + "\n" + strings.Join(lines, "\n") + "\n" }

const (
	rowOne   = "g1\t甲怎么办\tanswer\tCRJ-001\thow\t2"
	rowTwo   = "g2\t乙怎么办\tanswer\tCRJ-002\thow\t2"
	rowFraud = "f1\t丙怎么办\tanswer\tCRJ-001\thow\t2"
	rowHelp  = "e1\t救命\temergency\t\tother\t2"
	talk     = `{"id":"D1","turns":[{"say":"甲怎么办","action":"answer","codes":["CRJ-001"],"facet":"how"},{"say":"谢谢","action":"smalltalk","codes":[],"facet":"other"}]}` + "\n"
)

// gateOf answers from live's and candidate's table, by the release's number; closed counts
// engines that were given back.
func gateOf(live, candidate answers, closed *atomic.Int64) Gate {
	return Gate{
		Build: func(rel *kb.Release) (Engine, func(), error) {
			e := candidate
			if rel.Number == 1 {
				e = live
			}
			if rel.AsOf.After(today) { // CRJ-002 has ended
				less := answers{}
				for q, r := range e {
					if r.Item != "CRJ-002" {
						less[q] = r
					}
				}
				e = less
			}
			return e, func() { closed.Add(1) }, nil
		},
		Questions: func(context.Context) ([]string, error) { return []string{"真的问题", "甲怎么办"}, nil },
	}
}

func right() answers {
	return answers{
		"甲怎么办": itemReply("CRJ-001"), "乙怎么办": itemReply("CRJ-002"), "丙怎么办": itemReply("CRJ-001"), "真的问题": itemReply("CRJ-001"),
		"救命": {Action: bot.Emergency}, "谢谢": {Action: bot.SmallTalk},
	}
}

func gold() map[string]string {
	return map[string]string{"a.tsv": rows(rowOne, rowTwo), "fraud.tsv": rows(rowFraud), "emergency.tsv": rows(rowHelp), "talks.jsonl": talk}
}

func run(t *testing.T, g Gate, live, candidate *kb.Release) *kb.GateReport {
	t.Helper()
	calls, last := 0, 0
	r, err := g.Run(t.Context(), live, candidate, func(done, total int) {
		if done < last || done > total {
			t.Errorf("%d of %d after %d", done, total, last)
		}
		calls, last = calls+1, done
	})
	if err != nil {
		t.Fatal(err)
	}
	if calls < 2 || last != r.Total || r.State != kb.GateDone {
		t.Errorf("progress: %d calls, last %d of %d", calls, last, r.Total)
	}
	return r
}

func ids(r *kb.GateReport) []string {
	var out []string
	for _, f := range r.Flips {
		id := f.ID
		if f.Blocking {
			id += "!"
		}
		if f.Hard {
			id += "!"
		}
		if f.Altered {
			id += "~"
		}
		if f.AsOf != nil {
			id += "@" + f.AsOf.In(kb.Shenzhen).Format("0102")
		}
		out = append(out, id)
	}
	return out
}

func TestTheGateOfTwoReleasesThatSayTheSameFindsNothing(t *testing.T) {
	var closed atomic.Int64
	r := run(t, gateOf(right(), right(), &closed), shelf(1, gold()), shelf(2, gold()))
	if len(r.Flips) != 0 || r.Broken+r.Hard != 0 || r.Gold != 6 || r.Real != 2 || len(r.Dates) != 1 || closed.Load() != 4 {
		t.Errorf("%+v, %d engines closed", r, closed.Load())
	}
	if want := 2 * (5*2 + 2); r.Total != want {
		t.Errorf("%d answers, want %d: five units at two instants, two real questions", r.Total, want)
	}
}

func TestEveryAnswerThatChangesIsAFlip(t *testing.T) {
	now := right()
	now["甲怎么办"] = &bot.Reply{Action: bot.Clarify, Options: []bot.Option{{Code: "CRJ-001"}}}
	now["丙怎么办"] = itemReply("CRJ-002")
	now["救命"] = &bot.Reply{Action: bot.Decline}
	now["真的问题"] = itemReply("CRJ-002")
	r := run(t, gateOf(right(), now, new(atomic.Int64)), shelf(1, gold()), shelf(2, gold()))
	got := slices.DeleteFunc(ids(r), func(id string) bool { return strings.HasSuffix(id, "@1201") }) // those of today
	slices.Sort(got)
	if want := []string{"D1.1!", "e1!!", "f1!!", "g1!", "real-0001", "real-0002"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if r.Hard < 2 || r.Broken < 4 || !r.Flips[0].Hard || r.Flips[0].Was.Verdict != "hit" {
		t.Errorf("%+v", r)
	}
}

func TestAWrongAnswerThatStaysWrongDoesNotBlock(t *testing.T) {
	was, now := right(), right()
	was["甲怎么办"], now["甲怎么办"] = itemReply("CRJ-002"), &bot.Reply{Action: bot.Decline}
	r := run(t, gateOf(was, now, new(atomic.Int64)), shelf(1, map[string]string{"a.tsv": rows(rowOne)}), shelf(2, map[string]string{"a.tsv": rows(rowOne)}))
	if r.Broken != 0 || len(r.Flips) == 0 || r.Flips[0].Kind != kb.FlipGold {
		t.Errorf("%v", ids(r))
	}
}

func TestAGoldRowThatLeavesOrChangesWithTheAnswerItGuardsStillCounts(t *testing.T) {
	now := right()
	now["乙怎么办"] = itemReply("CRJ-001")
	now["丙怎么办"] = itemReply("CRJ-002")
	changed := map[string]string{
		"a.tsv": rows(rowOne, strings.Replace(rowTwo, "CRJ-002", "CRJ-001", 1)), "fraud.tsv": rows("f2\t甲怎么办\tanswer\tCRJ-001\thow\t2"),
		"emergency.tsv": rows(rowHelp), "talks.jsonl": talk,
	}
	r := run(t, gateOf(right(), now, new(atomic.Int64)), shelf(1, gold()), shelf(2, changed))
	var altered []string
	for _, f := range r.Flips {
		if f.Altered && f.AsOf == nil {
			altered = append(altered, f.ID)
		}
	}
	slices.Sort(altered)
	if !slices.Equal(altered, []string{"f1", "g2"}) || r.Hard == 0 {
		t.Errorf("%v, altered %v", ids(r), altered)
	}
	moved := map[string]string{"b.tsv": rows(rowTwo, rowOne), "fraud.tsv": rows(rowFraud), "emergency.tsv": rows(rowHelp), "talks.jsonl": talk}
	if r := run(t, gateOf(right(), right(), new(atomic.Int64)), shelf(1, gold()), shelf(2, moved)); len(r.Flips) != 0 || r.Gold != 6 {
		t.Errorf("rows that moved to another file: %v", ids(r))
	}
}

func TestADateThatBreaksAnAnswerIsSeenBeforeItComes(t *testing.T) {
	live, candidate := shelf(1, gold()), shelf(2, gold())
	for i, r := range live.Revisions {
		if r.ID == "CRJ-002" {
			live.Revisions[i].Body = "code: CRJ-002\n"
		}
	}
	g := gateOf(right(), right(), new(atomic.Int64))
	build := g.Build
	g.Build = func(rel *kb.Release) (Engine, func(), error) {
		if rel.Number == 1 { // nothing ends there
			return right(), func() {}, nil
		}
		return build(rel)
	}
	r := run(t, g, live, candidate)
	if got := ids(r); !slices.Equal(got, []string{"g2!@1201"}) || r.Broken != 1 {
		t.Errorf("%v", got)
	}
}

func TestTheGateTellsWhatCannotRun(t *testing.T) {
	broken := shelf(2, map[string]string{"a.tsv": "no header\n"})
	g := gateOf(right(), right(), new(atomic.Int64))
	if _, err := g.Run(t.Context(), shelf(1, gold()), broken, nil); err == nil || !strings.Contains(err.Error(), "gold/a.tsv") {
		t.Errorf("%v", err)
	}
	down := errors.New("no memory")
	g.Build = func(*kb.Release) (Engine, func(), error) { return nil, nil, down }
	if _, err := g.Run(t.Context(), shelf(1, gold()), shelf(2, gold()), nil); !errors.Is(err, down) {
		t.Errorf("%v", err)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if _, err := gateOf(right(), right(), new(atomic.Int64)).Run(ctx, shelf(1, gold()), shelf(2, gold()), nil); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if r, err := g.Run(t.Context(), nil, shelf(1, gold()), nil); err != nil || r.Gold != 6 {
		t.Errorf("the first release: %+v %v", r, err)
	}
}
