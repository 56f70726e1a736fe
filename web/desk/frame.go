package desk

import (
	"encoding/json"
	"time"

	"shenwei/bot"
	"shenwei/bot/desk"
	"shenwei/internal/fault"
	"shenwei/internal/mask"
	"shenwei/internal/picture"
	"shenwei/web/respond"
)

// order is what an agent does to a ticket, on the socket or by HTTP.
type order struct {
	Do string `json:"do"`
	// Version is the ticket's that the agent saw; 0 does not ask.
	Version int64     `json:"version"`
	Text    string    `json:"text"`
	Reason  string    `json:"reason"`
	Code    string    `json:"code"`
	Agent   string    `json:"agent"`
	Group   string    `json:"group"`
	Warm    bool      `json:"warm"`
	Until   time.Time `json:"until"`
	// picture comes with a reply by HTTP.
	picture *picture.Picture
}

// orders maps what an agent may do to events; chief are those for supervisors only.
var (
	agentOrders = map[string]desk.Kind{
		"accept": desk.Accept, "take": desk.Take, "decline": desk.Decline, "reply": desk.Reply, "hold": desk.Hold, "resume": desk.Resume,
		"transfer": desk.Transfer, "return": desk.Return, "resolve": desk.Resolve, "done": desk.Done, "called": desk.Called,
	}
	chiefOrders = map[string]desk.Kind{"takeover": desk.TakeOver, "end": desk.End}
)

// frame is what an agent's page sends. Fields that a type does not have are ignored.
type frame struct {
	Type   string `json:"type"`
	Ref    string `json:"ref"`
	Ticket string `json:"ticket"`
	order
	// presence
	Presence desk.Presence `json:"presence"`
	// open: rows after this number; for a conversation without a ticket its id.
	After        int64  `json:"after"`
	Conversation string `json:"conversation"`
	// list: the list that the page shows
	List string `json:"list"`
	// note
	Kind string `json:"kind"`
	// typing, read
	On  bool  `json:"on"`
	Seq int64 `json:"seq"`
}

// maxName bounds ids, in bytes.
const maxName = 128

func decodeFrame(data []byte) (frame, error) {
	var f frame
	if err := json.Unmarshal(data, &f); err != nil {
		f.Ref = ""
		return f, respond.Malformed(err)
	}
	for name, value := range map[string]string{"ref": f.Ref, "ticket": f.Ticket, "conversation": f.Conversation, "agent": f.Agent, "group": f.Group} {
		if len(value) > maxName {
			f.Ref = ""
			return f, fault.New(fault.BadRequest, "字段 %s 最长 %d 字节", name, maxName)
		}
	}
	return f, nil
}

// What a server sends.
type (
	readyFrame struct {
		Type    string            `json:"type"`
		Now     time.Time         `json:"now"`
		Me      desk.Agent        `json:"me"`
		Chief   bool              `json:"chief"`
		Tickets []ticketView      `json:"tickets"`
		Agents  []desk.Agent      `json:"agents"`
		Drafts  map[string]string `json:"drafts"`
		Alerts  []desk.Alert      `json:"alerts,omitempty"`
	}
	ticketFrame struct {
		Type   string       `json:"type"`
		Ticket ticketView   `json:"ticket"`
		Event  desk.Kind    `json:"event,omitempty"`
		From   desk.State   `json:"from"`
		Alarms []desk.Alarm `json:"alarms,omitempty"`
		Now    time.Time    `json:"now"`
	}
	rowFrame struct {
		Type         string     `json:"type"`
		Conversation string     `json:"conversation"`
		Row          bot.Stored `json:"row"`
		Masked       bool       `json:"masked,omitempty"`
	}
	openedFrame struct {
		Type         string `json:"type"`
		Ref          string `json:"ref,omitempty"`
		Conversation string `json:"conversation"`
		Seq          int64  `json:"seq"`
	}
	noteFrame struct {
		Type string    `json:"type"`
		Note desk.Note `json:"note"`
	}
	doneFrame struct {
		Type   string     `json:"type"`
		Ref    string     `json:"ref"`
		Ticket ticketView `json:"ticket"`
		Seqs   []int64    `json:"seqs,omitempty"`
	}
	okFrame struct {
		Type string `json:"type"`
		Ref  string `json:"ref"`
	}
	errorFrame struct {
		Type   string          `json:"type"`
		Ref    string          `json:"ref,omitempty"`
		Error  respond.Problem `json:"error"`
		Ticket *ticketView     `json:"ticket,omitempty"`
	}
	hintFrame struct {
		Type         string `json:"type"`
		Conversation string `json:"conversation"`
		Who          string `json:"who"`
		AgentNo      string `json:"agent_no,omitempty"`
		On           bool   `json:"on,omitempty"`
		Seq          int64  `json:"seq,omitempty"`
	}
	viewersFrame struct {
		Type         string   `json:"type"`
		Conversation string   `json:"conversation"`
		Viewers      []viewer `json:"viewers"`
	}
	agentsFrame struct {
		Type   string       `json:"type"`
		Agents []desk.Agent `json:"agents"`
	}
	alertFrame struct {
		Type  string     `json:"type"`
		Alert desk.Alert `json:"alert"`
	}
)

type viewer struct {
	AgentNo string `json:"agent_no"`
	Typing  bool   `json:"typing"`
}

// ticketView is a ticket as agents see it.
type ticketView struct {
	desk.Ticket
	Label string `json:"label"`
	// AgentNo and OfferedNo are the numbers of Agent and Offered.
	AgentNo   string `json:"agent_no,omitempty"`
	OfferedNo string `json:"offered_no,omitempty"`
	LastNo    string `json:"last_no,omitempty"`
}

func (d *Desk) view(t desk.Ticket) ticketView {
	v := ticketView{Ticket: t, Label: desk.StateNames[t.State]}
	v.Summary, v.Outcome = mask.Text(t.Summary), mask.Text(t.Outcome)
	numbers := d.cfg.Desk.Numbers(t.Agent, t.Offered, t.Last)
	v.AgentNo, v.OfferedNo, v.LastNo = numbers[0], numbers[1], numbers[2]
	return v
}

// masked hides personal data in what a citizen or an agent wrote. Replies of the bot and rows
// of the system are published knowledge.
func masked(conversation string, row bot.Stored) rowFrame {
	f := rowFrame{Type: "row", Conversation: conversation, Row: row}
	if row.Kind == "citizen" || row.Kind == desk.RowAgent {
		f.Row.Text = mask.Text(row.Text)
		f.Masked = f.Row.Text != row.Text
	}
	return f
}
