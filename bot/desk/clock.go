package desk

import (
	"context"
	"slices"
	"time"

	"shenwei/internal/calendar"
	"shenwei/internal/fault"
)

// The desk's clock looks at what is due every second, and at once after a change.
const (
	tickEvery = time.Second
	// overlap covers changes of other nodes whose clock is behind.
	overlap = 5 * time.Second
	// refreshEvery is how often agents, limits and the whole board are read anew.
	refreshEvery = 10 * time.Second
	// staffEvery is how often agents are read anew where other nodes may change them.
	staffEvery = 2 * time.Second
	dueBatch   = 200
)

func shanghai(g Group) *time.Location {
	if g.Calendar.Zone != nil {
		return g.Calendar.Zone
	}
	return calendar.Shanghai
}

func sortTickets(list []Ticket) {
	slices.SortFunc(list, func(a, b Ticket) int {
		if a.Before(b) {
			return -1
		}
		return 1
	})
}

// Run keeps the desk's clock until ctx ends.
func (s *Service) Run(ctx context.Context) error {
	tick := time.NewTicker(tickEvery)
	defer tick.Stop()
	s.Look(ctx)
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			s.Look(ctx)
		case <-s.kick: // something changed here: only what that may lead to
			s.steps(ctx, s.hints, s.turns, s.route)
		}
	}
}

// Look does once what Run does again and again: it takes in what changed, does what is due,
// finds agents who have gone, and offers what waits. What fails is done with the next look.
func (s *Service) Look(ctx context.Context) {
	s.steps(ctx, s.catchUp, s.hints, s.turns, s.due, s.gone, s.route)
}

func (s *Service) steps(ctx context.Context, steps ...func(context.Context) error) {
	for _, step := range steps {
		if err := step(ctx); err != nil && ctx.Err() == nil {
			s.cfg.Log.Error("the desk's clock is behind; it goes on with the next second", "code", fault.CodeOf(err), "err", err)
			return
		}
	}
}

// catchUp reads what other nodes changed, and now and then everything.
func (s *Service) catchUp(ctx context.Context) error {
	now := s.cfg.Now()
	if now.Sub(s.refresh) >= refreshEvery || now.Before(s.refresh) {
		if err := s.readAll(ctx); err != nil {
			return err
		}
		s.refresh, s.since = now, now.Add(-overlap)
		s.mu.Lock()
		s.done, s.before = map[string]int64{}, s.done
		s.mu.Unlock()
		return nil
	}
	if s.cfg.Shared && now.Sub(s.staffRead) >= staffEvery {
		if err := s.readAgents(ctx); err != nil {
			return err
		}
		s.staffRead = now
	}
	list, err := s.cfg.Tickets.ChangedTickets(ctx, s.since, 10*dueBatch)
	if err != nil {
		return err
	}
	if err := s.takeIn(ctx, list); err != nil {
		return err
	}
	s.since = now.Add(-overlap)
	return nil
}

func (s *Service) readAll(ctx context.Context) error {
	if w := calendar.Warning(s.cfg.Now()); w != "" && s.warned != s.cfg.Now().Year() {
		s.warned = s.cfg.Now().Year()
		s.cfg.Log.Warn(w)
	}
	if err := s.readBoard(ctx); err != nil {
		return err
	}
	if err := s.readLimits(ctx); err != nil {
		return err
	}
	return s.readAgents(ctx)
}

// readBoard holds the board against the record: the whole of it at first, later only what is
// not known, which is little.
func (s *Service) readBoard(ctx context.Context) error {
	if !s.read {
		list, err := s.cfg.Tickets.OpenTickets(ctx)
		if err != nil {
			return err
		}
		for _, t := range list {
			if s.note(t) {
				s.tell(Change{Ticket: t, From: t.State})
			}
		}
		s.read = true
		return nil
	}
	list, err := s.cfg.Tickets.OpenStamps(ctx)
	if err != nil {
		return err
	}
	open := map[string]bool{}
	for _, st := range list {
		open[st.Number] = true
	}
	for _, t := range s.Select(func(t Ticket) bool { return !open[t.Number] }) {
		list = append(list, Stamp{t.Number, t.Version + 1}) // closed elsewhere, longer ago than the overlap
	}
	return s.takeIn(ctx, list)
}

// takeIn reads what is newer than what is known.
func (s *Service) takeIn(ctx context.Context, list []Stamp) error {
	for _, st := range list {
		if s.knows(st) {
			continue
		}
		t, err := s.cfg.Tickets.Ticket(ctx, st.Number)
		if err != nil {
			return err
		}
		if s.note(t) {
			s.tell(Change{Ticket: t, From: t.State})
		}
	}
	return nil
}

// turns takes in the tickets that turns of citizens have changed.
func (s *Service) turns(ctx context.Context) error {
	s.mu.Lock()
	dirty := s.dirty
	s.dirty = map[string]bool{}
	s.mu.Unlock()
	for conversation := range dirty {
		t, err := s.cfg.Tickets.TicketOf(ctx, conversation)
		if err != nil {
			if fault.Is(err, fault.NotFound) {
				continue
			}
			return err
		}
		s.cfg.Announce(t.Number, t.Version)
		if s.note(t) {
			s.tell(Change{Ticket: t, From: t.State})
		}
	}
	return nil
}

// due does what the clock has to do with tickets.
func (s *Service) due(ctx context.Context) error {
	now := s.cfg.Now()
	list, err := s.cfg.Tickets.DueTickets(ctx, now, dueBatch)
	if err != nil {
		return err
	}
	for _, t := range list {
		version := t.Version
		for _, e := range s.cfg.Rules.DueEvents(t, now) {
			e.Version = version // whoever slept since then changes nothing
			c, err := s.Do(ctx, t.Number, e)
			switch {
			case fault.Is(err, fault.Conflict): // another node, or the ticket has moved on
				continue
			case err != nil:
				return err
			}
			version = c.Ticket.Version
			if e.Kind == Lapse && c.From == Offered {
				if err := s.cfg.People.SetSilent(ctx, t.Offered, c.Ticket.Updated); err != nil {
					return err
				}
				if err := s.presenceChanged(ctx); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// gone takes tickets from agents who have been away for too long.
func (s *Service) gone(ctx context.Context) error {
	now := s.cfg.Now()
	away := map[string]bool{}
	for _, a := range s.allAgents() {
		if a.Gone(now, s.cfg.Rules) {
			away[a.ID] = true
		}
	}
	if len(away) == 0 {
		return nil
	}
	for _, t := range s.Select(func(t Ticket) bool { return t.Agent != "" && away[t.Agent] }) {
		// What is known here may be old: another node may hear her.
		if err := s.readAgents(ctx); err != nil {
			return err
		}
		if a := s.agentNow(t.Agent); !a.Gone(now, s.cfg.Rules) {
			continue
		}
		if _, err := s.Do(ctx, t.Number, Event{Kind: Lost, Agent: t.Agent}); err != nil && !fault.Is(err, fault.Conflict) {
			return err
		}
	}
	return nil
}

func (s *Service) agentNow(id string) Agent {
	for _, a := range s.allAgents() {
		if a.ID == id {
			return a
		}
	}
	return Agent{ID: id}
}

// free are the agents who work now and have room for one more.
func (s *Service) free() []Agent {
	now := s.cfg.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []Agent
	for _, a := range s.agents {
		if a.Presence == Online && a.Load < a.Capacity && a.Here(now, s.cfg.Rules) {
			all = append(all, a)
		}
	}
	return all
}

// route offers what waits to who is free, the first in the queue first.
func (s *Service) route(ctx context.Context) error {
	free := s.free()
	if len(free) == 0 {
		return nil
	}
	for _, t := range s.Select(func(t Ticket) bool { return t.State == Queued }) {
		if len(free) == 0 {
			return nil
		}
		able := free
		if t.Sticky { // her last agent may be worth waiting for
			able = s.allAgents()
		}
		to := s.cfg.Rules.Choose(t, able, s.cfg.Now())
		if to == "" {
			continue
		}
		_, err := s.Do(ctx, t.Number, Event{Kind: Offer, Agent: to})
		switch {
		case fault.Is(err, fault.Conflict): // taken, or the agent is full by now
			if err := s.readAgents(ctx); err != nil {
				return err
			}
		case err != nil:
			return err
		}
		free = s.free()
	}
	return nil
}
