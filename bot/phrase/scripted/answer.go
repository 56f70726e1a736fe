package scripted

import "time"

// Answer is what one request gets.
type Answer struct {
	// Text are the words. From, when set, makes them of the request instead.
	Text string
	From func(Request) string
	// Thoughts come before the words, the way the dialect has them. A dialect that thinks has some
	// of its own unless the request turned them off.
	Thoughts string
	// Finish is the finish_reason; "stop" when empty.
	Finish string
	// Chunk is how many characters a streamed chunk has; 3 when 0.
	Chunk int
	// Gap passes before every chunk but the first; Wait before the first, and before the head of an
	// answer that is no stream. While it waits, a dialect with keep-alives sends them.
	Gap, Wait time.Duration
	// Hold is like Wait, until it is closed.
	Hold <-chan struct{}
	// Error has the request refused, in the words of the dialect.
	Error Error
	// Fault breaks the answer; After is how many chunks come before it does.
	Fault Fault
	After int
	// Size is how many bytes a Huge answer has; 50 MiB when 0.
	Size int64
	// Raw, when not nil, is sent as it is with Status (200 when 0) and Type (text/event-stream or
	// application/json when empty).
	Raw    []byte
	Status int
	Type   string
}

// Say is an answer of these words.
func Say(text string) Answer { return Answer{Text: text} }

// Break is an answer of these words that breaks after three chunks.
func Break(f Fault, text string) Answer { return Answer{Text: text, Fault: f, After: 3} }

// Refuse is no answer but an error.
func Refuse(e Error) Answer { return Answer{Error: e} }

// Error is why a server refuses a request.
type Error string

// What servers refuse requests for.
const (
	BadKey   Error = "key"        // 401
	NoMoney  Error = "balance"    // 402
	NoModel  Error = "model"      // 404
	Limited  Error = "rate"       // 429
	Filtered Error = "inspection" // 400: the text was taken for forbidden
	BadField Error = "field"      // 400: a parameter that this server does not know
	Broken   Error = "broken"     // 500
	Busy     Error = "busy"       // 503
)

// Fault is how an answer breaks.
type Fault string

// The faults. Those that concern a stream only are said to.
const (
	Reset       Fault = "reset"        // the connection is reset before any byte
	Silent      Fault = "silent"       // accepted, then nothing until the client leaves
	Hang        Fault = "hang"         // stream: nothing more after some chunks, until the client leaves
	Drip        Fault = "drip"         // one byte per Gap
	Cut         Fault = "cut"          // the connection is reset after some chunks
	NoFinish    Fault = "no finish"    // stream: it ends as if all were well, without finish_reason and [DONE]
	NoDone      Fault = "no done"      // stream: a finish_reason but no [DONE]; nothing is wrong with that
	ErrorIn200  Fault = "error in 200" // status 200 and an error object
	ErrorLater  Fault = "error later"  // stream: a chunk with an error object after some chunks
	Garbage     Fault = "garbage"      // bytes that are neither JSON nor lines
	BadJSON     Fault = "bad JSON"     // stream: a chunk that is cut off in the middle
	HalfRune    Fault = "half rune"    // characters cut in their middle: not UTF-8
	Ragged      Fault = "ragged"       // all is right, but sent in pieces that split lines and characters
	Huge        Fault = "huge"         // words without end, up to Size
	HugeLine    Fault = "huge line"    // one line without end, up to Size
	OnlyThought Fault = "only thought" // thoughts, and no words
	OpenThought Fault = "open thought" // <think> in the words that is never closed
	Empty       Fault = "empty"        // words of no characters
	Null        Fault = "null"         // "content": null
	NoChoices   Fault = "no choices"   // "choices": []
	WrongShape  Fault = "wrong shape"  // JSON, but of no chat
	HTML        Fault = "html"         // status 200 and a web page: no model server at all
	Redirect    Fault = "redirect"     // 307 to Config.Moved
	ToolCall    Fault = "tool call"    // the model calls a function that nobody offered
)

// Faults of vectors; Reset, Silent, Drip, Garbage, Huge, ErrorIn200, HTML, Redirect and WrongShape
// work there too.
const (
	FewVectors  Fault = "few vectors"  // one less than asked for
	OtherSize   Fault = "other size"   // vectors of one dimension more
	ZeroVector  Fault = "zero vector"  // all noughts
	HugeNumber  Fault = "huge number"  // a number that fits in no float32
	OtherOrder  Fault = "other order"  // the last first, with the right index each: nothing is wrong with that
	SameIndex   Fault = "same index"   // every vector says that it is the first
	NullVectors Fault = "null vectors" // "embedding": null
)

// Unsound are the faults of chat after which no word of the answer may reach a citizen; a test that
// goes through them all misses none that is added here.
var Unsound = []Fault{
	Reset, Silent, Hang, Cut, NoFinish, ErrorIn200, ErrorLater, Garbage, BadJSON, HalfRune, Huge, HugeLine,
	OnlyThought, OpenThought, Empty, Null, NoChoices, WrongShape, HTML, Redirect, ToolCall,
}
