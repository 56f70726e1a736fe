package bot

import "context"

// AILabel ends every text that a model has worded, wherever it goes: it says so in the words that
// the rules on labelling ask for, and where the published words are. A channel that may cut a text
// puts it before the text instead.
const AILabel = "（本条说法由人工智能（AI）改写生成，事实以办事指南原文和办理时的要求为准。）"

// Wording says answers in other words before they are committed.
type Wording interface {
	// Word re-words the reply in place where it can vouch for every fact, and leaves it alone
	// everywhere else. It returns what became of it, for the trace, within the time that the channel
	// has.
	Word(ctx context.Context, turn Turn, r *Reply) string
}

// WithWording sets who re-words answers; without one they are said as published.
func WithWording(w Wording) FrontOption { return func(f *Front) { f.wording = w } }

// Audience is who watches an answer being worded. It is never stored.
type Audience interface {
	// Worded gets the whole of what is verified so far of the answer to the line with the ref, ""
	// when it is taken back. It must not block.
	Worded(ref, text string)
	// Gone is closed when nobody waits for the answer any more.
	Gone() <-chan struct{}
}
