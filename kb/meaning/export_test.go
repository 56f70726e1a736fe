package meaning

// Probed waits for the probe that nobody else waits for.
func (s *Service) Probed() { s.work.Wait() }
