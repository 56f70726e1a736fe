package wechat

import (
	"context"
	"time"

	"shenwei/bot"
	"shenwei/internal/outbox"
)

// PushState is where the answer to a push stands.
type PushState string

// The states of a push. It leaves Open once: by compare-and-set, so that its answer goes out
// one way.
const (
	Open     PushState = "open"    // being answered
	Passive  PushState = "passive" // answered within the request; a copy gets the same
	Deferred PushState = "later"   // to be answered by a message of its own
	Done     PushState = "done"    // that message is in the outbox, or there is nothing to say
)

// Taken is a push as the store holds it.
type Taken struct {
	Ref          string
	Conversation string
	Push         Push
	State        PushState
	// Body is what a Passive push was answered with, before encryption.
	Body []byte
	At   time.Time
	// First is set for the copy that was stored.
	First bool
}

// Opening is what a push allows us to send afterwards.
type Opening int

// The openings. A message allows 5 messages in 48 hours; a tap on a menu, a scan or following
// allows 3 in a minute.
const (
	OpensNothing Opening = iota
	OpensMoment
	OpensMessage
)

const (
	messageWindow, messageQuota = 48 * time.Hour, 5
	momentWindow, momentQuota   = time.Minute, 3
)

// Window is what may still be sent to a citizen.
type Window struct {
	MessageUntil, MomentUntil time.Time
	MessageLeft, MomentLeft   int
}

// Left is how many messages may be sent now.
func (w Window) Left(now time.Time) int {
	n := 0
	if now.Before(w.MessageUntil) {
		n += w.MessageLeft
	}
	if now.Before(w.MomentUntil) {
		n += w.MomentLeft
	}
	return n
}

// Until is when the last opening ends.
func (w Window) Until() time.Time {
	if w.MomentLeft > 0 && w.MomentUntil.After(w.MessageUntil) {
		return w.MomentUntil
	}
	return w.MessageUntil
}

// Contact is a citizen on WeChat.
type Contact struct {
	Conversation string
	// Account is the account's own id (gh_…, or the 客服 id), OpenID the citizen's on it.
	Account, OpenID string
	// Following is false once the citizen left: nothing can be sent.
	Following bool
	Window    Window
}

// Seen is what a push tells of its sender.
type Seen struct {
	Contact Contact
	Opens   Opening
	// At is WeChat's time of the push.
	At time.Time
}

// Window is the window that the push opens by itself.
func (s Seen) Window() Window {
	switch s.Opens {
	case OpensMessage:
		return Window{MessageUntil: s.At.Add(messageWindow), MessageLeft: messageQuota}
	case OpensMoment:
		return Window{MomentUntil: s.At.Add(momentWindow), MomentLeft: momentQuota}
	}
	return Window{}
}

// Spend names the quota that a message was taken from.
type Spend string

// The quotas; none is left for SpentNone.
const (
	SpentNone    Spend = ""
	SpentMoment  Spend = "moment"
	SpentMessage Spend = "message"
)

// Store is the record that the channel needs; *store.DB is one.
type Store interface {
	// TakePush stores a push once, by its ref, with what it tells of its sender, and releases
	// what waited for the citizen's next word. A known one is returned as it stands.
	TakePush(ctx context.Context, t Taken, seen Seen) (Taken, error)
	// SettlePush moves a push from one state to another and stores what is to be sent, in one
	// transaction. It returns false and does nothing when the push is in another state.
	SettlePush(ctx context.Context, ref string, from, to PushState, body []byte, send []outbox.Entry) (bool, error)
	// Push reads a push; not_found for an unknown ref.
	Push(ctx context.Context, ref string) (Taken, error)
	// OpenPushes lists pushes of before a time whose answer is not out, oldest first.
	OpenPushes(ctx context.Context, before time.Time, limit int) ([]Taken, error)
	// TouchContact stores what an event tells of its sender.
	TouchContact(ctx context.Context, seen Seen) error
	// Contact reads who a conversation is with; not_found when it is with nobody on WeChat.
	Contact(ctx context.Context, conversation string) (Contact, error)
	// SpendSend takes one message from what may be sent, the shorter window first.
	SpendSend(ctx context.Context, conversation string, now time.Time) (Spend, error)
	// RefundSend gives one back that was not sent.
	RefundSend(ctx context.Context, conversation string, s Spend) error
	// CloseWindow notes that WeChat takes no further message now; Leave that the citizen left
	// or blocked the account.
	CloseWindow(ctx context.Context, conversation string) error
	Leave(ctx context.Context, conversation string) error
	// AddOutbox stores what is to be sent; a known key changes nothing.
	AddOutbox(ctx context.Context, entries ...outbox.Entry) error
	// Outbox lists what of a lane is not sent, oldest first, and what was given up in the last
	// day.
	Outbox(ctx context.Context, lane string) ([]outbox.Row, error)
	// Messages lists what follows a sequence number of a conversation, oldest first.
	Messages(ctx context.Context, conversation string, after int64, limit int) ([]bot.Stored, error)
	// Conversation reads who owns a conversation; not_found for one that has not begun.
	Conversation(ctx context.Context, id string) (bot.Conversation, error)
	// OpenConversation returns a token that opens a conversation, which is made if unknown, for
	// a visitor whom WeChat vouches for.
	OpenConversation(ctx context.Context, conversation string, channel bot.Channel) (string, error)
	// PrunePushes forgets pushes and sent rows of before a time.
	PrunePushes(ctx context.Context, before time.Time) error
}
