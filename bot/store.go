package bot

import (
	"context"
	"encoding/json"
	"time"

	"shenwei/bot/desk"
)

// Receipt is what Store.Receive did with a line.
type Receipt struct {
	Conversation Conversation
	// Seq is the line's sequence number in its conversation.
	Seq int64
	// Token is set for a conversation begun by this line.
	Token string
	// Duplicate is set for a known ref. Reply is then the stored reply, nil while the
	// first copy is still being answered.
	Duplicate bool
	Reply     *Reply
}

// Ticket is a handoff to the hotline.
type Ticket struct {
	Number       string    `json:"number"` // what the citizen quotes, unique, made by the Front
	Conversation string    `json:"conversation"`
	Seq          int64     `json:"seq"` // the line that asked for it
	Group        string    `json:"group"`
	Reason       string    `json:"reason"` // asked, marked (its item says when a person takes over), misses, complaint, sensitive, crowded, switched, pulled
	Item         string    `json:"item"`
	Article      string    `json:"article"`
	Summary      string    `json:"summary"`
	Urgent       bool      `json:"urgent"`
	State        string    `json:"state"` // queued
	Created      time.Time `json:"created"`
}

// Outcome is what one answered turn changes, committed in one transaction.
type Outcome struct {
	Conversation string
	// Version is the conversation's version that the answer was decided on; a commit on
	// another version is a conflict and changes nothing.
	Version int64
	// Line is the sequence number of the citizen's line, Ref and Channel its identity.
	Line    int64
	Channel Channel
	Ref     string
	Reply   *Reply
	State   State
	Trace   *Trace
	// Ticket is set when the turn hands over. Opened is how the desk begins it; nil where
	// there is no desk: it queues.
	Ticket *Ticket
	Opened *Opening
	// Movement is what the turn means to the conversation's newest ticket, nil for nothing. It
	// is carried out in the same transaction; where the ticket is past it, it is dropped.
	Movement *Movement
	At       time.Time
}

// Opening is how a desk begins a ticket.
type Opening struct {
	Ticket desk.Ticket
	Rules  *desk.Rules
}

// Movement is an event of a ticket that a turn causes.
type Movement struct {
	Event desk.Event
	Rules *desk.Rules
}

// Store is the record that a Front needs. What its methods returned without an error is
// on disk.
type Store interface {
	// Receive stores a line in one transaction: unique by channel and ref; it begins the
	// conversation when none is named. An unknown conversation and a wrong token are the
	// same not_found.
	Receive(ctx context.Context, m Message) (Receipt, error)
	// Conversation reads a conversation's present version.
	Conversation(ctx context.Context, id string) (Conversation, error)
	// Commit stores the reply, trace, state and ticket, sets the reply's Seq, calls
	// Reply.Place with the ticket's place in its group's queue, and returns the reply as
	// stored. A stale version is fault.Conflict; a line that has a reply already keeps it
	// and that reply is returned.
	Commit(ctx context.Context, o Outcome) (*Reply, error)
	// Pending lists lines that were received and never answered, oldest first: those that
	// a crash interrupted.
	Pending(ctx context.Context, limit int) ([]PendingLine, error)
}

// PendingLine is a line without a reply.
type PendingLine struct {
	Message Message
	Seq     int64
}

// Stored is one message of a conversation as its citizen may read it again.
type Stored struct {
	Seq  int64  `json:"seq"`
	Kind string `json:"kind"` // citizen, reply, agent, system
	Ref  string `json:"ref,omitempty"`
	Text string `json:"text"`
	// Author is the number of the agent who wrote or acted.
	Author string `json:"author,omitempty"`
	// Event names what a system row tells of, Data its details.
	Event string          `json:"event,omitempty"`
	Data  json.RawMessage `json:"data,omitempty"`
	// Reply is set for kind reply.
	Reply *Reply    `json:"reply,omitempty"`
	At    time.Time `json:"at"`
}
