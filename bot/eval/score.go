package eval

import (
	"slices"
	"strings"

	"shenwei/bot"
)

// Outcome is how a reply counts.
type Outcome string

// The outcomes.
const (
	Hit   Outcome = "hit"
	Tap   Outcome = "tap"
	Wrong Outcome = "wrong"
	Miss  Outcome = "miss"
)

// Judgement is the score of one row.
type Judgement struct {
	Row     Row
	Reply   *bot.Reply
	Outcome Outcome
	// Tapped is set when a wrong answer offered a right one among its first five options.
	Tapped bool
}

// Judge scores a reply against a row's label.
func Judge(row Row, r *bot.Reply) Judgement {
	j := Judgement{Row: row, Reply: r, Outcome: Miss}
	answersItem := r.Action == bot.Answer && r.Item != ""
	right := answersItem && slices.Contains(row.Codes, r.Item)
	offered := offers(r, row.Codes)
	switch row.Action {
	case "answer":
		switch {
		case right:
			j.Outcome = Hit
		case answersItem:
			j.Outcome, j.Tapped = Wrong, offered
		case offered:
			j.Outcome = Tap
		}
	case "clarify":
		switch {
		case right || r.Action == bot.Clarify && offered:
			j.Outcome = Hit
		case answersItem:
			j.Outcome = Wrong
		}
	case "general":
		switch {
		case right, r.Action == bot.Answer && r.Article != "", r.Action == bot.Handoff, r.Action == bot.Decline, r.Action == bot.Clarify && offered:
			j.Outcome = Hit
		case answersItem:
			j.Outcome = Wrong
		}
	case "report":
		switch {
		case r.Action == bot.Emergency, r.Action == bot.Handoff, r.Article != "" && saysWhereToReport(r.Text):
			j.Outcome = Hit
		case answersItem:
			j.Outcome = Wrong
		}
	case "emergency":
		j.Outcome = Wrong
		if r.Action == bot.Emergency {
			j.Outcome = Hit
		}
	case "handoff", "smalltalk", "decline": // turns of dialogues
		if string(r.Action) == row.Action {
			j.Outcome = Hit
		}
	case "oos":
		switch r.Action {
		case bot.Decline, bot.Handoff, bot.SmallTalk:
			j.Outcome = Hit
		case bot.Answer:
			j.Outcome = Wrong
		}
	}
	return j
}

// offers reports whether one of the reply's first five options is acceptable.
func offers(r *bot.Reply, codes []string) bool {
	for i, o := range r.Options {
		if i == 5 {
			break
		}
		if slices.Contains(codes, o.Code) {
			return true
		}
	}
	return false
}

func saysWhereToReport(text string) bool {
	return strings.Contains(text, "110") || strings.Contains(text, "派出所")
}

// Report is the summary of a run; shares are of 1.
type Report struct {
	Rows           int     `json:"rows"`
	First          float64 `json:"first"`
	OneTap         float64 `json:"one_tap"`
	WrongLink      float64 `json:"wrong_link"`
	Precision      float64 `json:"precision"`
	Silence        float64 `json:"silence"`
	HandedOver     float64 `json:"handed_over"`
	Emergency      float64 `json:"emergency"`
	FalseAlarm     float64 `json:"false_alarm"`
	GeneralAnswers float64 `json:"general_answered"`
	Options        float64 `json:"options"`
	SureFirst      float64 `json:"first_sure"`
	// Judgements are the single rows, for reports; not part of the JSON.
	Judgements []Judgement `json:"-"`
}

// Has reports whether a row is labelled action; a share over such rows means nothing without one.
func (r Report) Has(action string) bool {
	return slices.ContainsFunc(r.Judgements, func(j Judgement) bool { return j.Row.Action == action })
}

// Summarise adds up judgements as the labelled files define it.
func Summarise(all []Judgement) Report {
	var t tally
	for _, j := range all {
		t.add(j)
	}
	r := t.report()
	r.Rows, r.Judgements = len(all), all
	return r
}

type tally struct {
	answers, hits, taps, wrong, sure, sureHits        int
	oos, silent, emergencies, found, calm, alarms     int
	replies, wrongReplies, options, notReport, handed int
	general, generalHits, rows                        int
}

func (t *tally) add(j Judgement) {
	t.rows++
	if j.Outcome == Wrong {
		t.wrong++
	}
	r := j.Reply
	if r.Action == bot.Answer {
		t.replies++
		t.options += len(r.Options)
		if j.Outcome == Wrong {
			t.wrongReplies++
		}
	}
	if j.Row.Action != "report" {
		t.notReport++
		if r.Action == bot.Handoff {
			t.handed++
		}
		if j.Row.Action != "emergency" {
			t.calm++
			if r.Action == bot.Emergency {
				t.alarms++
			}
		}
	}
	t.addByLabel(j)
}

func (t *tally) addByLabel(j Judgement) {
	hit := j.Outcome == Hit
	switch j.Row.Action {
	case "answer":
		t.answers++
		if hit {
			t.hits++
		}
		if j.Outcome == Tap || j.Tapped {
			t.taps++
		}
		if j.Row.Sure == "2" {
			t.sure++
			if hit {
				t.sureHits++
			}
		}
	case "oos":
		t.oos++
		if hit {
			t.silent++
		}
	case "emergency":
		t.emergencies++
		if hit {
			t.found++
		}
	case "general":
		t.general++
		if hit && j.Reply.Action != bot.Handoff {
			t.generalHits++
		}
	}
}

func (t *tally) report() Report {
	return Report{
		First: share(t.hits, t.answers), OneTap: share(t.hits+t.taps, t.answers), WrongLink: share(t.wrong, t.rows),
		Precision: share(t.replies-t.wrongReplies, t.replies), Silence: share(t.silent, t.oos),
		HandedOver: share(t.handed, t.notReport), Emergency: share(t.found, t.emergencies), FalseAlarm: share(t.alarms, t.calm),
		GeneralAnswers: share(t.generalHits, t.general), Options: share(t.options, t.replies), SureFirst: share(t.sureHits, t.sure),
	}
}

func share(part, whole int) float64 {
	if whole == 0 {
		return 0
	}
	return float64(part) / float64(whole)
}
