package kb

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// Gate asks every gold question of the live release and of a candidate.
type Gate interface {
	// Run reports every answer that changes; live is nil for the first release. progress,
	// which may be nil, is called now and then, from one goroutine at a time.
	Run(ctx context.Context, live, candidate *Release, progress func(done, total int)) (*GateReport, error)
}

// The states of a gate's run.
const (
	GateRunning = "running"
	GateDone    = "done"
	GateFailed  = "failed"
)

// GateReport is what a gate's run found. It speaks of exactly one candidate on one base.
type GateReport struct {
	Run    string `json:"run"`
	Change int64  `json:"change,omitempty"`
	State  string `json:"state"`
	// Done and Total count answers: every question once for each engine and date.
	Done  int `json:"done"`
	Total int `json:"total"`
	// Candidate is the hash of the candidate, Base the number of the release it stands on.
	Candidate string `json:"candidate"`
	Base      int64  `json:"base"`
	Flips     []Flip `json:"flips"`
	// Gold and Real count the questions that were asked: gold ones, and citizens' masked ones.
	Gold int `json:"gold"`
	Real int `json:"real"`
	// Dates are the instants, besides now, as of which the gold questions were asked.
	Dates []time.Time `json:"dates"`
	// Broken are gold answers that were right and become wrong; Hard those among them that
	// nobody may override.
	Broken  int     `json:"broken"`
	Hard    int     `json:"hard"`
	Seconds float64 `json:"seconds"`
	// Error says why a run failed.
	Error string `json:"error,omitempty"`
	// Started is when it began; Seen when it was last heard of.
	Started time.Time `json:"started"`
	Seen    time.Time `json:"seen"`
}

// The kinds of flip.
const (
	FlipGold = "gold"
	FlipReal = "real"
)

// Flip is one question whose answer the candidate changes.
type Flip struct {
	ID       string `json:"id"`
	Question string `json:"question"`
	Kind     string `json:"kind"`
	Was      Answer `json:"was"`
	Now      Answer `json:"now"`
	// Blocking is a gold answer that becomes wrong; Hard one of an emergency, fraud or privacy.
	Blocking bool `json:"blocking"`
	Hard     bool `json:"hard"`
	// Altered says that the candidate changes or removes the very gold row that it would break.
	Altered bool `json:"altered,omitempty"`
	// AsOf is set for a flip that appears only when that instant comes.
	AsOf *time.Time `json:"as_of,omitempty"`
}

// Answer is what one engine says to a question. Verdict is empty for a question without label.
type Answer struct {
	Action  string `json:"action"`
	Item    string `json:"item,omitempty"`
	Article string `json:"article,omitempty"`
	Label   string `json:"label,omitempty"`
	Verdict string `json:"verdict,omitempty"`
}

// key tells flips of two runs apart.
func (f Flip) key() string {
	at := ""
	if f.AsOf != nil {
		at = f.AsOf.UTC().Format(time.RFC3339)
	}
	return f.Kind + "\x00" + f.ID + "\x00" + at
}

// NewlyBroken are the blocking flips that a former report did not have.
func (g *GateReport) NewlyBroken(former *GateReport) []Flip {
	known := map[string]bool{}
	if former != nil {
		for _, f := range former.Flips {
			if f.Blocking {
				known[f.key()] = true
			}
		}
	}
	var fresh []Flip
	for _, f := range g.Flips {
		if f.Blocking && !known[f.key()] {
			fresh = append(fresh, f)
		}
	}
	return fresh
}

// brokenList names the gold questions that break, for a terminal.
func (g *GateReport) brokenList() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d gold questions that were right become wrong:", g.Broken)
	for _, f := range g.Flips {
		if f.Blocking {
			fmt.Fprintf(&b, "\n  %s: %s → %s", f.ID, f.Was.Item+f.Was.Article, f.Now.Item+f.Now.Article)
		}
	}
	return b.String()
}
