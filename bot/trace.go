package bot

import "shenwei/kb"

// Trace is why a reply is what it is. It is stored with the reply and can be opened. It
// holds the citizen's words, so whoever shows it masks them first.
type Trace struct {
	// Turn is the id under which the log tells of the turn.
	Turn string `json:"turn,omitempty"`

	Text       string            `json:"text"`     // after normalising
	Tokens     []string          `json:"tokens"`   // after segmenting
	Concepts   []string          `json:"concepts"` // ids that fired
	Act        string            `json:"act"`      // what the line does
	Facet      kb.Facet          `json:"facet"`    // what is asked
	Triage     string            `json:"triage"`   // danger or refusal found, with its reason
	Slots      map[string]string `json:"slots,omitempty"`
	Candidates []Candidate       `json:"candidates"` // best first, with features
	Policies   []Verdict         `json:"policies"`   // in order, the losers included
	Policy     string            `json:"policy"`     // the one that won
	Release    int64             `json:"release"`
	// Overrides are what people set for the moment and this reply was changed by.
	Overrides []string `json:"overrides,omitempty"`
	// Wording says whose words the reply has, where a model might have chosen them, and why.
	Wording string `json:"wording,omitempty"`
}

// Candidate is one item or article that was weighed.
type Candidate struct {
	Key        string             `json:"key"`
	Name       string             `json:"name"`
	Score      float64            `json:"score"`
	Confidence float64            `json:"confidence"`
	Features   map[string]float64 `json:"features,omitempty"`
	// Lost says why it did not win; empty for the winner.
	Lost string `json:"lost,omitempty"`
}

// Verdict is what one policy said.
type Verdict struct {
	Policy string `json:"policy"`
	Fired  bool   `json:"fired"`
	Reason string `json:"reason"`
}
