package eval

import (
	"testing"

	"shenwei/bot"
)

func answered(id string, codes []string, item string, confidence float64) Judgement {
	row := Row{ID: id, Question: "一二三四五六七八九", Action: "answer", Codes: codes}
	return Judge(row, &bot.Reply{Action: bot.Answer, Item: item, Confidence: confidence})
}

func TestReliabilityHoldsClaimsAgainstWhatWasRight(t *testing.T) {
	all := []Judgement{
		answered("1", []string{"CRJ-001"}, "CRJ-001", 0.95), answered("2", []string{"CRJ-001"}, "CRJ-002", 0.91),
		answered("3", []string{"CRJ-001"}, "CRJ-001", 1), answered("4", []string{"CRJ-001"}, "CRJ-002", 0.12),
		Judge(Row{Action: "oos"}, &bot.Reply{Action: bot.Decline, Confidence: 0.95}),
	}
	got := Reliability(all)
	if top := got[9]; top.Count != 3 || top.Right < 0.66 || top.Right > 0.67 || top.Claimed < 0.95 || top.Claimed > 0.96 {
		t.Errorf("the top bin: %+v", top)
	}
	if low := got[1]; low.Count != 1 || low.Right != 0 {
		t.Errorf("the second bin: %+v", low)
	}
}

func TestGroupsAreByWritingFamilyAndLength(t *testing.T) {
	all := []Judgement{
		answered("typo-CRJ-0001", []string{"CRJ-001"}, "CRJ-001", 0.9), answered("typo-RK-0001", []string{"RK-001"}, "RK-002", 0.9),
		answered("RQ0001", []string{"RK-001"}, "RK-001", 0.9),
	}
	if g := GroupBy(all, Writing); len(g) != 1 || g[0].Name != "typo" || g[0].Rows != 2 || g[0].First != 0.5 {
		t.Errorf("by writing: %+v", g)
	}
	if g := GroupBy(all, Family); len(g) != 2 || g[1].Name != "RK" || g[1].First != 0.5 {
		t.Errorf("by family: %+v", g)
	}
	if g := GroupBy(all, Length); len(g) != 1 || g[0].Name != "9–20 characters" {
		t.Errorf("by length: %+v", g)
	}
}
