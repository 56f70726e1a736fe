package desk

import (
	"context"

	"shenwei/internal/fault"
)

// Agents returns everybody of the desk. Who has been silent for too long counts as offline.
func (s *Service) Agents() []Agent {
	now := s.cfg.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]Agent, len(s.agents))
	for i, a := range s.agents {
		if !a.Here(now, s.cfg.Rules) {
			a.Presence = Offline
		}
		all[i] = a
	}
	return all
}

// AgentOf returns one agent.
func (s *Service) AgentOf(id string) (Agent, bool) {
	now := s.cfg.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range s.agents {
		if a.ID == id {
			if !a.Here(now, s.cfg.Rules) {
				a.Presence = Offline
			}
			return a, true
		}
	}
	return Agent{}, false
}

// Numbers are how citizens know these agents, in their order, "" for who is not known.
func (s *Service) Numbers(ids ...string) []string {
	list := make([]string, len(ids))
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range s.agents {
		for i, id := range ids {
			if a.ID == id {
				list[i] = a.Number
			}
		}
	}
	return list
}

// Meet says that a person has come to the desk, and returns her number.
func (s *Service) Meet(ctx context.Context, id, display string, supervises bool) (Agent, error) {
	now := s.cfg.Now()
	if _, err := s.cfg.People.MeetAgent(ctx, id, display, supervises, now); err != nil {
		return Agent{}, err
	}
	if err := s.cfg.People.Beat(ctx, id, now); err != nil {
		return Agent{}, err
	}
	if err := s.readAgents(ctx); err != nil {
		return Agent{}, err
	}
	for _, a := range s.allAgents() {
		if a.ID == id {
			return a, nil
		}
	}
	return Agent{}, fault.New(fault.Internal, "an agent who was just met is not there")
}

func (s *Service) allAgents() []Agent {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Agent(nil), s.agents...)
}

// Presence says what an agent is doing.
func (s *Service) Presence(ctx context.Context, id string, p Presence, reason string) error {
	switch p {
	case Online, Busy, Break, Offline:
	default:
		return fault.New(fault.BadRequest, "状态可以是 online、busy、break、offline")
	}
	if err := s.cfg.People.SetPresence(ctx, id, p, reason, s.cfg.Now()); err != nil {
		return err
	}
	return s.presenceChanged(ctx)
}

func (s *Service) presenceChanged(ctx context.Context) error {
	s.cfg.AnnounceStaff()
	if err := s.readAgents(ctx); err != nil {
		return err
	}
	s.wake()
	return nil
}

// Beat says that an agent was heard.
func (s *Service) Beat(ctx context.Context, id string) error {
	now := s.cfg.Now()
	if err := s.cfg.People.Beat(ctx, id, now); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, a := range s.agents {
		if a.ID == id && a.Seen.Before(now) {
			s.agents[i].Seen = now
		}
	}
	return nil
}

// Reload reads agents and limits anew, after a supervisor changed them.
func (s *Service) Reload(ctx context.Context) error {
	s.cfg.AnnounceStaff()
	return s.reload(ctx)
}

func (s *Service) reload(ctx context.Context) error {
	if err := s.readLimits(ctx); err != nil {
		return err
	}
	if err := s.readAgents(ctx); err != nil {
		return err
	}
	s.wake()
	return nil
}

func (s *Service) readAgents(ctx context.Context) error {
	list, err := s.cfg.People.Agents(ctx)
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.agents = list
	s.mu.Unlock()
	if s.listener != nil {
		s.listener.Staffed(s.Agents())
	}
	return nil
}

func (s *Service) readLimits(ctx context.Context) error {
	list, err := s.cfg.People.Limits(ctx, s.cfg.Now())
	if err != nil {
		return err
	}
	limits := map[string]Limit{}
	for _, l := range list {
		limits[l.Conversation] = l
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.limits = limits
	for c := range s.heard {
		if limits[c].Mode == "" {
			delete(s.heard, c)
		}
	}
	return nil
}

// Limited is what to say to a visitor whom a supervisor has slowed or kept out, "" to
// everybody else.
func (s *Service) Limited(conversation string) string {
	now := s.cfg.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.limits[conversation]
	if l.Mode == "" || !now.Before(l.Until) {
		return ""
	}
	if l.Mode == LimitBlock {
		return "因多次发送不当内容，本会话到 " + l.Until.In(shanghai(Group{})).Format("1月2日 15:04") + " 前暂停服务。紧急情况请直接拨打 110。"
	}
	last := s.heard[conversation]
	if now.Sub(last) < SlowEvery {
		return "您发得太快了，请每次间隔半分钟。紧急情况请直接拨打 110。"
	}
	s.heard[conversation] = now
	return ""
}
