// Package bus carries hints between the nodes of one service: that something stands in a table
// which another node may want to read now. A hint says what kind of thing, which one and up to
// which number; what it is about is read from the table, by whoever has a right to. Nothing
// depends on a hint: each consumer also follows its table, so that a bus which is slow, cut,
// doubled or lied to makes things late by seconds and nothing else. docs/nodes.md lists who
// follows what. Start reading at Bus; Local connects nodes of one process, NATS those of several.
package bus

import (
	"bytes"
	"strconv"
)

// Kind says what a hint is about.
type Kind string

// The kinds. A node ignores those that it does not know.
const (
	// Talk: a conversation has rows up to a sequence number.
	Talk Kind = "talk"
	// Ticket: the ticket of a number has a version.
	Ticket Kind = "ticket"
	// Staff: agents, their presence or limits changed.
	Staff Kind = "staff"
	// Note: the conversation has notes up to a number.
	Note Kind = "note"
	// Alert: a danger was spoken of.
	Alert Kind = "alert"
	// AgentTypes and CitizenTypes: in the conversation; an odd number for on, an even one for off.
	AgentTypes   Kind = "agent_types"
	CitizenTypes Kind = "citizen_types"
	// AgentRead and CitizenRead: of the conversation, up to a number.
	AgentRead   Kind = "agent_read"
	CitizenRead Kind = "citizen_read"
	// Knowledge: there is a newer release, or something was set for the moment.
	Knowledge Kind = "knowledge"
	// Outbox and Jobs: something is due now.
	Outbox Kind = "outbox"
	Jobs   Kind = "jobs"
	// Sessions: a session of a person who works here has ended.
	Sessions Kind = "sessions"
)

// Hint says that there is something to read.
type Hint struct {
	Kind Kind
	// Key names the thing, "" where there is but one: 1 to 128 visible ASCII characters.
	Key string
	// Seq is a number that only grows, 0 where there is none.
	Seq int64
}

// Bus is one node's end. Its methods are safe for concurrent use.
type Bus interface {
	// Publish tells the other nodes, not this one. It never blocks. Hints of one kind and key may
	// become one with the highest number; hints may be lost, come twice, late and in any order.
	Publish(h Hint)
	// Subscribe has fn told of the hints of a kind that other nodes publish from now on. It must
	// not block, and must bear any key and number: who can write to the bus can say anything.
	Subscribe(kind Kind, fn func(Hint))
	// Connected tells whether other nodes can be reached now.
	Connected() bool
	// Close sends what waits, for a second at most, and ends.
	Close()
}

const (
	maxKey  = 128
	maxKind = 32
	// maxMessage bounds what goes over the wire at once, in bytes.
	maxMessage = 16 << 10
)

// name is what hints are told apart by.
type name struct {
	kind Kind
	key  string
}

// sound reports whether a hint may travel.
func (h Hint) sound() bool {
	return len(h.Kind) > 0 && len(h.Kind) <= maxKind && len(h.Key) <= maxKey && h.Seq >= 0 && visible(string(h.Kind)) && visible(h.Key)
}

func visible(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// appendTo writes a hint as a line.
func (h Hint) appendTo(b []byte) []byte {
	b = append(b, h.Kind...)
	b = append(b, ' ')
	b = append(b, h.Key...)
	b = append(b, ' ')
	b = strconv.AppendInt(b, h.Seq, 10)
	return append(b, '\n')
}

// decode reads the lines of a message and passes over those that are none.
func decode(data []byte, each func(Hint)) (refused int) {
	if len(data) > maxMessage {
		return 1
	}
	for line := range bytes.Lines(data) {
		kind, rest, _ := bytes.Cut(bytes.TrimSuffix(line, []byte("\n")), []byte(" "))
		key, number, _ := bytes.Cut(rest, []byte(" "))
		seq, err := strconv.ParseInt(string(number), 10, 64)
		h := Hint{Kind(kind), string(key), seq}
		if err != nil || !h.sound() {
			refused++
			continue
		}
		each(h)
	}
	return refused
}
