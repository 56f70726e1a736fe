package desk

import (
	"context"
	"time"

	"shenwei/internal/fault"
)

// Hints are read at most ten times a second, a hundred tickets at a time, of a thousand that
// may wait; the clock finds the others. However many come, the record is asked no more often.
const (
	maxHinted  = 1000
	hintsAtOne = 100
	hintsEvery = 100 * time.Millisecond
)

// Hear takes a hint of another node: a ticket has a version. It is read soon if it is not known
// here; a number that is no ticket's costs one look. It does not block.
func (s *Service) Hear(number string, version int64) {
	s.mu.Lock()
	known := max(s.board[number].Version, s.done[number], s.before[number]) >= version
	_, waits := s.hinted[number]
	if known || !waits && len(s.hinted) >= maxHinted {
		s.mu.Unlock()
		return
	}
	s.hinted[number] = max(s.hinted[number], version)
	s.mu.Unlock()
	s.wake()
}

// HearStaff takes a hint of another node: agents or limits have changed. It does not block.
func (s *Service) HearStaff() {
	s.mu.Lock()
	s.staffHinted = true
	s.mu.Unlock()
	s.wake()
}

// hints reads what other nodes spoke of.
func (s *Service) hints(ctx context.Context) error {
	hinted, staff := s.takeHints()
	if staff {
		if err := s.reload(ctx); err != nil {
			return err
		}
	}
	for _, st := range hinted {
		if err := s.takeIn(ctx, []Stamp{st}); err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
	}
	return nil
}

// takeHints returns what is to be read now, and has the rest read a little later.
func (s *Service) takeHints() (tickets []Stamp, staff bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.hinted) == 0 && !s.staffHinted {
		return nil, false
	}
	if wait := hintsEvery - time.Since(s.hintsRead); wait > 0 {
		time.AfterFunc(wait, s.wake)
		return nil, false
	}
	s.hintsRead = time.Now()
	for number, version := range s.hinted {
		if len(tickets) == hintsAtOne {
			time.AfterFunc(hintsEvery, s.wake)
			break
		}
		tickets = append(tickets, Stamp{number, version})
		delete(s.hinted, number)
	}
	staff, s.staffHinted = s.staffHinted, false
	return tickets, staff
}
