package desk

import (
	"context"
	"slices"
	"time"

	"shenwei/internal/fault"
)

// Status is a citizen's ticket as she may see it.
type Status struct {
	Number string `json:"number"`
	State  State  `json:"state"`
	Label  string `json:"label"`
	// Position and Minutes are her place in the queue and the estimated wait; 0 is unknown.
	Position int `json:"position,omitempty"`
	Minutes  int `json:"minutes,omitempty"`
	// AgentNo is the number of who serves her.
	AgentNo string `json:"agent_no,omitempty"`
	// Can are what she may do: cancel, call, form, stay, bot, picture, reopen, rate.
	Can []string `json:"can"`
	// Notice is what she reads before she fills the call-back's form, or before her first picture.
	Notice *Notice `json:"notice,omitempty"`
}

// StatusOf is the newest ticket of a conversation as its citizen may see it; nil when she has
// none, or one that is over for good.
func (s *Service) StatusOf(ctx context.Context, conversation string) (*Status, error) {
	t, err := s.cfg.Tickets.TicketOf(ctx, conversation)
	switch {
	case fault.Is(err, fault.NotFound):
		return nil, nil
	case err != nil:
		return nil, err
	}
	return s.Status(ctx, t), nil
}

// Status is a ticket as its citizen may see it; nil for one that is over for good.
func (s *Service) Status(ctx context.Context, t Ticket) *Status {
	place, minutes := 0, 0
	if t.State == Queued || t.State == Offered {
		place, minutes = s.Place(ctx, t)
	}
	return s.StatusAt(t, place, minutes)
}

// StatusAt is Status for a ticket whose place is known.
func (s *Service) StatusAt(t Ticket, place, minutes int) *Status {
	if t.State.Final() {
		return nil
	}
	st := &Status{Number: t.Number, State: t.State, Label: StateNames[t.State], Can: s.can(t)}
	if st.State == Offered { // whether it rings somewhere is the desk's own affair
		st.State, st.Label = Queued, StateNames[Queued]
	}
	if st.State == Queued {
		st.Position, st.Minutes = place, minutes
	}
	if t.Agent != "" && t.State != Calling {
		st.AgentNo = s.agentNow(t.Agent).Number
	}
	if t.State == Callback && !t.Asked || t.State == Queued {
		st.Notice = &CallNotice
	}
	if slices.Contains(st.Can, "picture") {
		st.Notice = s.cfg.Rules.pictureNotice()
	}
	return st
}

func (s *Service) can(t Ticket) []string {
	can := []string{}
	now := s.cfg.Now()
	switch t.State {
	case Queued, Offered:
		can = append(can, "cancel", "call", "form")
	case Callback:
		can = append(can, "cancel")
		if !t.Asked {
			can = append(can, "form", "stay")
		}
	case Active, Waiting, Held, Transferring:
		can = append(can, "bot", "picture")
	case Wrapup, Resolved:
		if now.Before(t.Ended.Add(s.cfg.Rules.ReopenFor)) {
			can = append(can, "reopen")
		}
		if t.Rating == nil && now.Before(t.Ended.Add(rateFor)) {
			can = append(can, "rate")
		}
	}
	return can
}

// Wish is what a citizen wants of her ticket.
type Wish struct {
	Do     string    `json:"do"`
	Rating *Rating   `json:"rating,omitempty"`
	Form   *CallForm `json:"form,omitempty"`
}

// wishes maps what a citizen may say to events.
var wishes = map[string]Kind{
	"cancel": Cancel, "call": CallMe, "stay": Stay, "bot": Leave, "reopen": Reopen, "rate": Rate,
}

// Wish carries out what a citizen wants of her newest ticket.
func (s *Service) Wish(ctx context.Context, conversation string, w Wish) (Change, error) {
	c, err := s.wish(ctx, conversation, w)
	if fault.Is(err, fault.NotFound) {
		err = fault.Wrap(fault.NotFound, err, "没有转人工的记录；需要时请发「转人工」")
	}
	return c, err
}

func (s *Service) wish(ctx context.Context, conversation string, w Wish) (Change, error) {
	if w.Do == "form" {
		if w.Form == nil {
			return Change{}, fault.New(fault.BadRequest, "缺少字段 form")
		}
		return s.FileCall(ctx, conversation, *w.Form)
	}
	kind, known := wishes[w.Do]
	if !known {
		return Change{}, fault.New(fault.BadRequest, "字段 do 可以是 cancel、call、form、stay、bot、reopen、rate")
	}
	return s.DoFor(ctx, conversation, Event{Kind: kind, Rating: w.Rating})
}

// Away ends the wait of a citizen who left her page at a time.
func (s *Service) Away(ctx context.Context, t Ticket, since time.Time) error {
	if s.cfg.Now().Sub(since) < awayFor {
		return nil
	}
	_, err := s.Do(ctx, t.Number, Event{Kind: Gone})
	if fault.Is(err, fault.Conflict) {
		return nil
	}
	return err
}

// awayFor is how long the page of a waiting citizen may be closed.
const awayFor = 5 * time.Minute
