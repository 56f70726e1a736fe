package desk

import (
	"context"
	"time"

	"shenwei/internal/fault"
)

// Admission is what becomes of a handover.
type Admission struct {
	Ticket Ticket
	// Reopen says that Ticket is an earlier one that goes on.
	Reopen bool
	// Minutes is the estimated wait, 0 where it is not known.
	Minutes int
	// Text takes the place of the card's first words, "" leaves them.
	Text string
}

// Admit decides what becomes of a new handover: it goes on with one that was resolved not
// long ago, it queues, or, where nobody works or the wait is too long, the citizen is asked
// whether she wants to be called.
func (s *Service) Admit(ctx context.Context, t Ticket) (Admission, error) {
	now := s.cfg.Now()
	old, err := s.cfg.Tickets.TicketOf(ctx, t.Conversation)
	switch {
	case err == nil && (old.State == Resolved && now.Before(old.Ended.Add(s.cfg.Rules.ReopenFor)) || old.State == Wrapup):
		return Admission{Ticket: old, Reopen: true}, nil
	case err != nil && !fault.Is(err, fault.NotFound):
		return Admission{}, err
	}
	r := s.cfg.Rules
	g := r.Group(t.Group)
	t.Group = g.Name
	agents := s.Agents()
	if !g.Calendar.Open(now) && !r.Staffed(g.Name, agents, now) {
		return Admission{Ticket: NewCallback(t, now, r), Text: closedText(g, now)}, nil
	}
	if !r.Staffed(g.Name, agents, now) {
		return Admission{Ticket: NewCallback(t, now, r), Text: texts["callback"]}, nil
	}
	fresh := New(t, now, r)
	wait := s.estimate(ctx, fresh, agents, now)
	if g.MaxWait > 0 && wait > g.MaxWait && !t.Urgent {
		return Admission{Ticket: NewCallback(t, now, r), Minutes: Minutes(wait), Text: texts["callback-offer"]}, nil
	}
	return Admission{Ticket: fresh, Minutes: Minutes(wait)}, nil
}

// closedText says when a group works next.
func closedText(g Group, now time.Time) string {
	next, ok := g.Calendar.NextOpen(now)
	if !ok {
		return texts["callback"]
	}
	at := next.In(shanghai(g))
	return "人工坐席现在休息，" + at.Format("1月2日 15:04") + " 上班。请留下电话和方便的时间，坐席会打给您；您也可以继续问我。"
}

// estimate is how long a ticket will wait, 0 where that is not known.
func (s *Service) estimate(ctx context.Context, t Ticket, agents []Agent, now time.Time) time.Duration {
	return Estimate(s.position(t), s.servedTimes(ctx, t.Group), s.cfg.Rules.Slots(t.Group, agents, now))
}

// measured is how many conversations an estimate looks back on.
const measured = 50

func (s *Service) servedTimes(ctx context.Context, group string) []time.Duration {
	s.mu.Lock()
	list, known := s.served[group]
	s.mu.Unlock()
	if known {
		return list
	}
	list, err := s.cfg.Tickets.ServedTimes(ctx, group, measured)
	if err != nil {
		return nil // a wait that is not known is not said
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.served[group] = list
	return list
}

// Place is a waiting ticket's place in its queue and the estimated minutes, 0 where that is
// not known.
func (s *Service) Place(ctx context.Context, t Ticket) (place, minutes int) {
	place = s.position(t)
	return place, Minutes(Estimate(place, s.servedTimes(ctx, t.Group), s.cfg.Rules.Slots(t.Group, s.Agents(), s.cfg.Now())))
}

// position is Position over the board.
func (s *Service) position(t Ticket) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	place := 1
	for _, o := range s.board {
		if o.State == Queued && o.Group == t.Group && o.Number != t.Number && o.Before(t) {
			place++
		}
	}
	return place
}

// QueuePlace is a ticket of the queue with its place and the estimated minutes, 0 where they are
// not known.
type QueuePlace struct {
	Ticket
	Place, Minutes int
}

// Places are the tickets that wait, with their places, in one pass.
func (s *Service) Places(ctx context.Context) []QueuePlace {
	queue := s.Queue()
	agents, now := s.Agents(), s.cfg.Now()
	ahead, slots := map[string]int{}, map[string]int{}
	var all []QueuePlace
	for _, t := range queue {
		if _, counted := slots[t.Group]; !counted {
			slots[t.Group] = s.cfg.Rules.Slots(t.Group, agents, now)
		}
		w := QueuePlace{Ticket: t, Place: ahead[t.Group] + 1}
		w.Minutes = Minutes(Estimate(w.Place, s.servedTimes(ctx, t.Group), slots[t.Group]))
		if t.State == Queued {
			ahead[t.Group]++
		}
		all = append(all, w)
	}
	return all
}
