package bot

import (
	"time"

	"shenwei/bot/desk"
	"shenwei/internal/picture"
)

// Channel names where a message came from.
type Channel string

// The channels of the public interface.
const (
	Web      Channel = "web"
	H5       Channel = "h5"
	Terminal Channel = "terminal"
	API      Channel = "api"
	CLI      Channel = "cli"
	WeChat   Channel = "wechat"
	WeCom    Channel = "wecom"
)

// MaxText is the longest message accepted, in characters.
const MaxText = 4000

// Message is one line of a citizen as a channel received it.
type Message struct {
	Channel Channel
	// Ref is the channel's own id of the line, unique within the channel; a line with a
	// known ref gets the stored reply again.
	Ref string
	// Conversation is the thread's id; empty begins a new one.
	Conversation string
	// Token opens the conversation. Trusted callers (the command line) have none.
	Token   string
	Trusted bool
	// Text is what was written. Choice is the code or article id of a tapped option.
	Text   string
	Choice string
	// Lang fixes the language of the reply; empty follows the line.
	Lang Lang
	At   time.Time
	// Picture comes with the line SentPicture. It is stored only while a person owns the
	// conversation: else a citizen's line is refused, that of a trusted caller stored without it.
	// One without a Body could not be fetched, and the thread says so.
	Picture *picture.Picture
	// Consent is the version of desk.PictureNotice that the citizen has agreed to just now.
	Consent string
	// Audience watches the answer being worded; nil for nobody.
	Audience Audience
}

// State is what a conversation is about, carried from turn to turn.
type State struct {
	// Item, Article and Facet are what the last answer was about.
	Item    string `json:"item,omitempty"`
	Article string `json:"article,omitempty"`
	Facet   string `json:"facet,omitempty"`
	// Options are the codes or article ids offered last, in the order shown.
	Options []Option `json:"options,omitempty"`
	// Asked is the facet that was asked when options were offered.
	Asked string `json:"asked,omitempty"`
	// Question is the last question with a matter of its own.
	Question string `json:"question,omitempty"`
	// Open is the line before when it led to no answer, or to one among several: a short one may
	// complete it.
	Open string `json:"open,omitempty"`
	// Cheat is set while the conversation speaks of a fraud.
	Cheat bool `json:"cheat,omitempty"`
	// Misses counts turns in a row that were not answered.
	Misses int `json:"misses,omitempty"`
	// Slots are what the citizen said of herself, e.g. "huji" → "深户".
	Slots map[string]string `json:"slots,omitempty"`
	// Handoff is the number of the open handoff, if any.
	Handoff string `json:"handoff,omitempty"`
	// Notices are the ids of notices that were shown.
	Notices []int64 `json:"notices,omitempty"`
	// Lang is the language of the last reply; a line that could be of any goes on with it.
	Lang Lang `json:"lang,omitempty"`
}

// Conversation is one citizen's thread as the store holds it.
type Conversation struct {
	ID      string
	Channel Channel
	// Version grows by one with every commit.
	Version int64
	// Seq is the sequence number of the last message.
	Seq   int64
	State State
	// Owner is who answers: "bot", "queue" while a person is waited for, or "agent" when one
	// owns the conversation.
	Owner string
}

// The owners of a conversation.
const (
	OwnerBot   = desk.OwnerBot
	OwnerQueue = desk.OwnerQueue // waiting for a person: the bot is silent
	OwnerAgent = desk.OwnerAgent
)

// Turn is everything that an answer may depend on besides the release.
type Turn struct {
	Message Message
	State   State
	Owner   string
	// Crowded is set when too many lines of the conversation wait: a person takes over.
	Crowded bool
	// Overrides are what people set for the moment; nil for nothing.
	Overrides *Overrides
}
