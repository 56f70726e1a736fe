// Package insight is what became of the questions: which were solved, which nobody could
// answer, and what can be done about them. It reads replies and traces of package bot after
// they are on record, which is why it stands beside them and not in kb; it knows no SQL and
// no HTTP. Nothing here is on the way of an answer.
//
// Start at Take (a turn → the question that it begins, goes on with or settles), then
// Question.Counts (what a question adds to the numbers). Follower carries turns from the
// record through both, and those that went wrong through Clusters; Build makes the report
// that people look at.
package insight

import (
	"time"

	"shenwei/bot"
)

// Turn is one reply with the line that it answers, as the record holds them.
type Turn struct {
	// N is the reply's place on record; turns are taken in its order.
	N            int64
	Conversation string
	// Line and Answer are the sequence numbers of line and reply.
	Line, Answer int64
	// At is when the line came in.
	At      time.Time
	Channel bot.Channel
	// Text is what was written, unmasked; the label of what was tapped for a tap.
	Text    string
	Tapped  bool
	Action  bot.Action
	Item    string
	Article string
	// Policy is the one that decided; Act what the line does.
	Policy, Act string
	Release     int64
}

// subject is what the reply is about: "item/CRJ-011", "article/…" or "".
func (t Turn) subject() string {
	switch {
	case t.Item != "":
		return "item/" + t.Item
	case t.Article != "":
		return "article/" + t.Article
	}
	return ""
}

// Outcome is how a question ended, as far as its replies tell.
type Outcome string

// The outcomes.
const (
	Answered  Outcome = "answered"  // an item or article
	Elsewhere Outcome = "elsewhere" // not ours, with where to go instead
	Asked     Outcome = "asked"     // asked back, and nothing was chosen
	HandedOn  Outcome = "handed"    // to the hotline, without an answer before
	Silent    Outcome = "silent"    // nothing was recognised
	Refused   Outcome = "refused"   // what must not be answered
	Alarm     Outcome = "emergency" // the card with 110
)

// Question is one question of a citizen and what became of it: the line that began it, and
// what its conversation said of it later.
type Question struct {
	Conversation string
	// Seq is the line's sequence number, Answer that of its last reply.
	Seq, Answer int64
	At          time.Time
	Channel     bot.Channel
	// Text is masked and cut; "" for a bare request for a person, which has no matter.
	Text    string
	Subject string
	Outcome Outcome
	// AskedBack: the first reply was choices. Handed: it ended at the hotline. Repeated:
	// nearly the same was asked again.
	AskedBack, Handed, Repeated bool
	// First is set for the conversation's first solved question of its subject.
	First bool
	// Thumb is the citizen's, -1, 0 or 1.
	Thumb int
	// Cluster is the number of its cluster, 0 for none.
	Cluster int64
	Release int64
}

// Solved tells whether the bot solved it, as far as anybody said.
func (q Question) Solved() bool {
	return (q.Outcome == Answered || q.Outcome == Elsewhere) && !q.Handed && !q.Repeated && q.Thumb >= 0
}

// Reason is why a question is looked at again.
type Reason string

// The reasons.
const (
	Missed  Reason = "missed"
	Thumbed Reason = "thumbed"
	Again   Reason = "repeated"
	Handed  Reason = "handed"
)

// Reasons are why the question is looked at again, nil for one that is not.
func (q Question) Reasons() []Reason {
	if q.Text == "" || q.Outcome == Alarm || q.Outcome == Refused {
		return nil
	}
	var all []Reason
	for _, r := range []struct {
		is bool
		r  Reason
	}{{q.Outcome == Silent, Missed}, {q.Thumb < 0, Thumbed}, {q.Repeated, Again}, {q.Handed, Handed}} {
		if r.is {
			all = append(all, r.r)
		}
	}
	return all
}

// Counts are what questions add up to. docs/insight.md says what each number counts.
type Counts struct {
	Questions  int64 `json:"questions"`
	Solved     int64 `json:"solved"`
	AskedBack  int64 `json:"asked_back"`
	HandedOver int64 `json:"handed_over"`
	Wrong      int64 `json:"wrong"`
	Silent     int64 `json:"silent"`
	Repeated   int64 `json:"repeated"`
	Refused    int64 `json:"refused"`
	Emergency  int64 `json:"emergency"`
	// Matters counts what was solved once for each conversation and subject.
	Matters int64 `json:"matters"`
}

// Counts is what the question adds to the numbers of its hour and its subject.
func (q Question) Counts() Counts {
	return Counts{
		Questions: 1, Solved: one(q.Solved()), AskedBack: one(q.AskedBack), HandedOver: one(q.Handed), Wrong: one(q.Thumb < 0),
		Silent: one(q.Outcome == Silent), Repeated: one(q.Repeated), Refused: one(q.Outcome == Refused),
		Emergency: one(q.Outcome == Alarm), Matters: one(q.First && q.Solved()),
	}
}

func one(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// Add returns c with sign times d added.
func (c Counts) Add(d Counts, sign int64) Counts {
	c.Questions += sign * d.Questions
	c.Solved += sign * d.Solved
	c.AskedBack += sign * d.AskedBack
	c.HandedOver += sign * d.HandedOver
	c.Wrong += sign * d.Wrong
	c.Silent += sign * d.Silent
	c.Repeated += sign * d.Repeated
	c.Refused += sign * d.Refused
	c.Emergency += sign * d.Emergency
	c.Matters += sign * d.Matters
	return c
}

// Failed is how many went wrong in some way; a question that did in two ways counts twice.
func (c Counts) Failed() int64 { return c.HandedOver + c.Wrong + c.Silent + c.Repeated }

// Rate is the share of what the bot could solve that it solved: refusals and emergencies are
// not among it. 0 where there is nothing.
func (c Counts) Rate() float64 {
	if n := c.Questions - c.Refused - c.Emergency; n > 0 {
		return float64(c.Solved) / float64(n)
	}
	return 0
}

// ReasonCounts are what a cluster's questions add up to.
type ReasonCounts struct {
	Questions int64 `json:"questions"`
	Missed    int64 `json:"missed"`
	Thumbed   int64 `json:"thumbed"`
	Repeated  int64 `json:"repeated"`
	Handed    int64 `json:"handed"`
}

// ReasonCounts is what the question adds to its cluster.
func (q Question) ReasonCounts() ReasonCounts {
	var c ReasonCounts
	for _, r := range q.Reasons() {
		c.Questions = 1
		switch r {
		case Missed:
			c.Missed = 1
		case Thumbed:
			c.Thumbed = 1
		case Again:
			c.Repeated = 1
		case Handed:
			c.Handed = 1
		}
	}
	return c
}

// Add returns c with sign times d added.
func (c ReasonCounts) Add(d ReasonCounts, sign int64) ReasonCounts {
	return ReasonCounts{
		c.Questions + sign*d.Questions, c.Missed + sign*d.Missed, c.Thumbed + sign*d.Thumbed,
		c.Repeated + sign*d.Repeated, c.Handed + sign*d.Handed,
	}
}
