package insight

import (
	"time"
	"unicode/utf8"

	"shenwei/bot"
	"shenwei/internal/mask"
)

const (
	// goesOn is how long after a question a choice, a request for a person or the same
	// question again still belongs to it.
	goesOn = 30 * time.Minute
	// tooSoon is how soon after a question the same one is a slip of the finger: nobody has
	// read the answer by then.
	tooSoon = 5 * time.Second
	// backwards is how many questions are looked at for one that is asked again.
	backwards = 3
	// maxText bounds a kept question, in characters.
	maxText = 300
)

// Take says what a turn makes of its conversation's questions: those that are new or
// changed, at most one of them new and that one last. recent are the conversation's
// questions, the newest last; alike tells whether two ask the same.
func Take(t Turn, recent []Question, alike func(a, b string) bool) []Question {
	if t.Action == bot.SmallTalk || t.Action == bot.Relayed {
		return nil
	}
	if open, ok := belongsTo(t, recent); ok {
		return []Question{settle(open, t, recent)}
	}
	q := Question{
		Conversation: t.Conversation, Seq: t.Line, Answer: t.Answer, At: t.At, Channel: t.Channel,
		Text: keep(t.Text), Release: t.Release,
	}
	if t.Policy == policyHuman {
		q.Text = "" // «转人工» by itself has no matter
	}
	q.reached(t)
	q.AskedBack = t.Action == bot.Clarify
	var changed []Question
	for _, r := range recent[max(0, len(recent)-backwards):] {
		if gap := t.At.Sub(r.At); !r.Repeated && q.Text != "" && r.Text != "" && gap >= tooSoon && gap <= goesOn && alike(r.Text, q.Text) {
			r.Repeated = true
			changed = append(changed, r)
		}
	}
	q.First = first(q, recent, changed)
	return append(changed, q)
}

// The policies after which a line belongs to the question before it; see bot's chain.
const (
	policyHuman  = "human"
	policyChoice = "choice"
	policySafety = "safety"
)

// belongsTo finds the question that a choice or a request for a person is about.
func belongsTo(t Turn, recent []Question) (Question, bool) {
	if len(recent) == 0 || !t.Tapped && t.Policy != policyChoice && t.Policy != policyHuman {
		return Question{}, false
	}
	last := recent[len(recent)-1]
	return last, t.At.Sub(last.At) <= goesOn
}

func settle(q Question, t Turn, recent []Question) Question {
	if t.Policy == policyHuman {
		q.Handed = true
		return q // what was answered before stays what a thumb is about
	}
	q.reached(t)
	q.Answer = t.Answer
	q.First = first(q, recent[:len(recent)-1], nil)
	return q
}

// reached notes where a reply leads.
func (q *Question) reached(t Turn) {
	subject := t.subject()
	switch t.Action {
	case bot.Answer:
		q.Outcome = Answered
	case bot.Clarify:
		q.Outcome = Asked
	case bot.Handoff:
		q.Outcome, q.Handed = HandedOn, true
	case bot.Emergency:
		q.Outcome = Alarm
	case bot.Decline:
		switch {
		case subject != "":
			q.Outcome = Elsewhere
		case t.Policy == policySafety:
			q.Outcome = Refused
		default:
			q.Outcome = Silent
		}
	}
	q.Subject = subject
}

// first tells whether no question before it solved the same subject; changed are newer
// versions of some of them.
func first(q Question, recent, changed []Question) bool {
	if q.Subject == "" {
		return false
	}
	for _, r := range recent {
		for _, c := range changed {
			if c.Seq == r.Seq {
				r = c
			}
		}
		if r.Subject == q.Subject && r.First && r.Solved() {
			return false
		}
	}
	return true
}

// keep is what is kept of a line: without personal data, and not a whole story.
func keep(text string) string {
	text = mask.Text(text)
	if utf8.RuneCountInString(text) <= maxText {
		return text
	}
	return string([]rune(text)[:maxText]) + "…"
}

// Thumb is what a citizen said of a reply.
type Thumb struct {
	// N is its place on record.
	N            int64
	Conversation string
	// Answer is the reply's sequence number; Score -1 or 1.
	Answer int64
	Score  int
}
