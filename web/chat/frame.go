package chat

import (
	"encoding/json"
	"errors"
	"time"

	"shenwei/bot"
	"shenwei/bot/desk"
	"shenwei/internal/fault"
	"shenwei/web/respond"
)

// The types of frame.
const (
	typeHello  = "hello"
	typeSay    = "say"
	typeChoose = "choose"
	typeDesk   = "desk"
	typeTyping = "typing"
	typeRead   = "read"

	typeReady = "ready"
	typeAck   = "ack"
	typeReply = "reply"
	typeEvent = "event"
	typeError = "error"
	// typeWording carries what is verified of an answer that is still being worded. It may be missed.
	typeWording = "wording"
)

// frame is what a client sends. Fields that a type does not have are ignored, so that newer
// pages can talk to an older server.
type frame struct {
	Type string `json:"type"`
	// hello
	Token        string `json:"token"`
	Conversation string `json:"conversation"`
	After        int64  `json:"after"`
	// say and choose
	Ref  string `json:"ref"`
	Text string `json:"text"`
	Code string `json:"code"`
	// Lang fixes the language of the reply; empty follows the line.
	Lang bot.Lang `json:"lang"`
	// desk
	desk.Wish
	// typing and read
	On  bool  `json:"on"`
	Seq int64 `json:"seq"`
}

// maxName bounds ids, tokens and refs, in bytes.
const maxName = 128

// decodeFrame reads and checks a client's frame. With an error the frame still has the ref,
// where there was a usable one.
func decodeFrame(data []byte) (frame, error) {
	var f frame
	if err := json.Unmarshal(data, &f); err != nil {
		if len(f.Ref) > maxName {
			f.Ref = ""
		}
		return f, respond.Malformed(err)
	}
	for name, value := range map[string]string{"ref": f.Ref, "token": f.Token, "conversation": f.Conversation, "code": f.Code} {
		if len(value) > maxName {
			f.Ref = ""
			return f, fault.New(fault.BadRequest, "字段 %s 最长 %d 字节", name, maxName)
		}
	}
	switch f.Type {
	case typeHello:
		if f.After < 0 {
			return f, fault.New(fault.BadRequest, "字段 after 不能是负数")
		}
		return f, nil
	case typeSay:
		return f, firstOf(needRef(f), bot.CheckLang(f.Lang))
	case typeChoose:
		if f.Code == "" {
			return f, fault.New(fault.BadRequest, "choose 需要字段 code")
		}
		return f, firstOf(needRef(f), bot.CheckLang(f.Lang))
	case typeDesk:
		return f, needRef(f)
	case typeTyping, typeRead:
		return f, nil
	case "":
		return f, fault.New(fault.BadRequest, "缺少字段 type；可以是 hello、say、choose、desk、typing、read")
	}
	return f, fault.New(fault.BadRequest, "不认识的 type；可以是 hello、say、choose、desk、typing、read")
}

// firstOf is the first error of a list.
func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func needRef(f frame) error {
	if f.Ref == "" {
		return fault.New(fault.BadRequest, "缺少字段 ref：每一句话要有自己的编号，重发时不变")
	}
	return nil
}

// What a server sends.
type readyFrame struct {
	Type         string `json:"type"`
	Conversation string `json:"conversation"`
	Token        string `json:"token"`
	// Seq is the number of the row up to which everything was sent on this connection or is
	// known to the client.
	Seq int64 `json:"seq"`
}

type ackFrame struct {
	Type string `json:"type"`
	Ref  string `json:"ref"`
	Seq  int64  `json:"seq"`
}

type replyFrame struct {
	Type  string     `json:"type"`
	Ref   string     `json:"ref"`
	Reply *bot.Reply `json:"reply"`
}

// wordingFrame is the whole of what is verified so far; an empty text takes it back. The reply that
// follows stands in its place.
type wordingFrame struct {
	Type string `json:"type"`
	Ref  string `json:"ref"`
	Text string `json:"text"`
}

type eventFrame struct {
	Type  string     `json:"type"`
	Seq   int64      `json:"seq"`
	Kind  string     `json:"kind"`
	Text  string     `json:"text"`
	Ref   string     `json:"ref,omitempty"`
	Reply *bot.Reply `json:"reply,omitempty"`
	// Author is the number of the agent who wrote or acted; Event and Data say what a row of
	// the system tells of.
	Author string          `json:"author,omitempty"`
	Event  string          `json:"event,omitempty"`
	Data   json.RawMessage `json:"data,omitempty"`
	At     time.Time       `json:"at"`
}

// deskFrame tells a citizen where her ticket stands; Ticket is null when she has none.
type deskFrame struct {
	Type   string       `json:"type"`
	Ref    string       `json:"ref,omitempty"`
	Ticket *desk.Status `json:"ticket"`
}

type errorFrame struct {
	Type  string          `json:"type"`
	Ref   string          `json:"ref,omitempty"`
	Error respond.Problem `json:"error"`
}

func eventOf(row bot.Stored) eventFrame {
	f := eventFrame{Type: typeEvent, Seq: row.Seq, Kind: row.Kind, Text: row.Text, Reply: row.Reply, Author: row.Author, Event: row.Event, Data: row.Data, At: row.At}
	if row.Kind != desk.RowAgent { // an agent's ref is hers
		f.Ref = row.Ref
	}
	return f
}

// encode writes a frame. Everything that is sent can be written as JSON; if not, the client
// comes back and reads the row from the record.
func encode(v any) ([]byte, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return nil, errors.Join(errors.New("encode a frame"), err)
	}
	return data, nil
}
