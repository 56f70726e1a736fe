package bot

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"shenwei/bot/desk"
	"shenwei/internal/fault"
)

// Desk is the hotline as a turn needs it; *desk.Service is one.
type Desk interface {
	// Admit decides what becomes of a new handover.
	Admit(ctx context.Context, t desk.Ticket) (desk.Admission, error)
	// TicketOf reads a conversation's newest ticket.
	TicketOf(ctx context.Context, conversation string) (desk.Ticket, error)
	// Rules are what the desk is run by.
	Rules() *desk.Rules
	// Limited is what to say to a visitor whom a supervisor has slowed or kept out, "" to
	// everybody else.
	Limited(conversation string) string
	// Changed tells that a turn changed the conversation's ticket. It must not block.
	Changed(conversation string)
}

// WithDesk sets the hotline that handovers go to.
func WithDesk(d Desk) FrontOption { return func(f *Front) { f.desk = d } }

// forgetHandoff drops a handoff from the state that is over: who asks for a person again
// queues again.
func (f *Front) forgetHandoff(ctx context.Context, turn *Turn) {
	if f.desk == nil || turn.State.Handoff == "" || turn.Owner != OwnerBot {
		return
	}
	t, err := f.desk.TicketOf(ctx, turn.Message.Conversation)
	if fault.Is(err, fault.NotFound) || err == nil && !t.State.Open() {
		turn.State.Handoff = ""
	}
}

// leaves are what a waiting citizen writes to get the bot back, where she has no button.
var leaves = []string{"取消排队", "取消", "不等了", "不排了", "返回机器人", "返回智能客服", "回到机器人", "退出人工"}

// steer adds what a turn means to the desk: a handover is admitted, a line of a citizen who
// waits for or talks with a person moves her ticket, danger flags it.
func (f *Front) steer(ctx context.Context, turn Turn, o *Outcome) error {
	if f.desk == nil {
		return nil
	}
	said := strings.Trim(turn.Message.Text, "。！!，, ")
	if o.Reply.Action == Emergency {
		f.happens(o, desk.Event{Kind: desk.Danger, Seq: o.Line})
		return nil
	}
	if text := f.desk.Limited(o.Conversation); text != "" {
		o.Reply, o.Ticket, o.State = limitedReply(o.Reply, f.speech.Say(o.Reply.Lang, text)), nil, turn.State
		return nil
	}
	switch {
	case turn.Owner == OwnerQueue && slices.Contains(leaves, said):
		o.Reply.say(f.speech.Say(o.Reply.Lang, "好的。"))
		f.happens(o, desk.Event{Kind: desk.Cancel})
	case o.Reply.Action == Relayed:
		f.happens(o, desk.Event{Kind: desk.Said, Seq: o.Line})
	case o.Ticket != nil:
		return f.admit(ctx, o)
	}
	return nil
}

func (f *Front) happens(o *Outcome, e desk.Event) {
	o.Movement = &Movement{Event: e, Rules: f.desk.Rules()}
}

// admit lets the desk decide what a handover becomes, and says so in the reply.
func (f *Front) admit(ctx context.Context, o *Outcome) error {
	t := o.Ticket
	adm, err := f.desk.Admit(ctx, desk.Ticket{
		Number: t.Number, Conversation: t.Conversation, Seq: t.Seq, Channel: string(o.Channel), Group: t.Group, Reason: t.Reason,
		Item: t.Item, Article: t.Article, Summary: t.Summary, Urgent: t.Urgent,
	})
	switch {
	case err != nil:
		return err
	case adm.Reopen:
		o.Ticket, o.State.Handoff = nil, adm.Ticket.Number
		o.Reply.SetTicket(adm.Ticket.Number)
		f.happens(o, desk.Event{Kind: desk.Reopen})
		return nil
	}
	f.log.DebugContext(ctx, "a person is asked for", "ticket", t.Number, "group", adm.Ticket.Group, "state", adm.Ticket.State, "reason", t.Reason)
	t.Group = adm.Ticket.Group
	o.Opened = &Opening{Ticket: adm.Ticket, Rules: f.desk.Rules()}
	if o.Reply.Handoff != nil {
		o.Reply.Handoff.Group, o.Reply.Handoff.Minutes, o.Reply.Handoff.Callback = t.Group, adm.Minutes, adm.Ticket.State == desk.Callback
	}
	o.Reply.hotlineSays(f.speech.Say(o.Reply.Lang, adm.Text), adm.Minutes)
	return nil
}

// limitedReply is what a visitor reads whom a supervisor has slowed or kept out.
func limitedReply(r *Reply, text string) *Reply {
	l := &Reply{
		Conversation: r.Conversation, Action: Decline, Lang: r.Lang, Confidence: 1, Items: []ItemHit{}, Options: []Option{}, Links: []Link{}, Sources: []Source{},
		Release: r.Release, TookMicros: r.TookMicros,
	}
	l.say(text)
	return l
}

// say makes a text the whole of a reply.
func (r *Reply) say(text string) {
	r.Text, r.Blocks = text, []Block{{Type: BlockText, Text: text}}
}

// hotlineSays puts what the desk decided in the place of the hotline card's first words.
func (r *Reply) hotlineSays(text string, minutes int) {
	if minutes > 0 {
		r.Text += "\n" + fmt.Sprintf(r.ticketWord(2), minutes)
	}
	if text == "" {
		return
	}
	for i := range r.Blocks {
		if b := &r.Blocks[i]; b.Type == BlockHotline {
			r.Text = strings.Replace(r.Text, b.Text, text, 1)
			b.Text = text
		}
	}
}
