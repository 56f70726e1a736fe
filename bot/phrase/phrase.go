// Package phrase lets a language model choose the words of an answer, never its facts. What is
// said comes from published knowledge (a Source); numbers, telephones, links and names are
// locked as slots before a model sees them; what comes back is checked by code, clause by clause;
// whatever cannot be verified is not used and the citizen reads the published words.
//
// Start reading at Source (what is locked and checked), then Service.Word (one reply, with its
// deadline, breaker, budget and cache), then Client (the model's server).
package phrase

import "fmt"

// Cause says why a wording was not used. It is counted and kept in traces; it never holds a
// citizen's or a model's words.
type Cause string

// The causes of a blocked wording.
const (
	CauseSlot     Cause = "slot"     // a slot is missing, unknown or repeated, or digits stand outside of slots
	CauseValue    Cause = "value"    // a number, limit, telephone or link that the source does not have
	CauseDropped  Cause = "dropped"  // a fact of the source is missing
	CauseOrder    Cause = "order"    // facts belong to other things than in the source
	CauseName     Cause = "name"     // a name that the source does not have
	CausePolarity Cause = "polarity" // must, may, only, not or except were turned around or lost
	CausePromise  Cause = "promise"  // a promise, or a request that the source does not make
	CauseLength   Cause = "length"
	CauseLanguage Cause = "language"
	CauseMarkup   Cause = "markup"
	CauseLeak     Cause = "leak" // the canary, or talk about being a model
	CauseList     Cause = "list" // list items were added or lost
	CauseOffTopic Cause = "off_source"
	CauseEmpty    Cause = "empty"
)

// Blocked is why a wording was not used.
type Blocked struct {
	Cause Cause
	// Detail names the kind of thing that was wrong, such as "money" or "⟦F2⟧".
	Detail string
}

func (b *Blocked) Error() string { return fmt.Sprintf("wording blocked: %s (%s)", b.Cause, b.Detail) }

func blocked(c Cause, format string, args ...any) error {
	return &Blocked{c, fmt.Sprintf(format, args...)}
}
