package phrase

import (
	"encoding/json"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// Budget bounds what the model may cost.
type Budget struct {
	// DailyTokens is how many tokens a day may cost, all together; 0 for no limit.
	DailyTokens int
	// PerCitizen is how many requests of one conversation a day may be made; 0 for no limit.
	PerCitizen int
	// WarmShare is the part of DailyTokens that warming the cache may use, 0 to 1.
	WarmShare float64
}

// The part of a day's tokens at which an operator is told.
const alarmShare = 0.8

// maxCitizens bounds how many conversations are counted a day; beyond, all count as one.
const maxCitizens = 100_000

// spent is what a day has cost. A day begins at midnight of the service's zone.
type spent struct {
	mu       sync.Mutex
	limits   Budget
	now      func() time.Time
	zone     *time.Location
	file     string // where the tokens survive a restart, "" for nowhere
	day      string
	tokens   int
	warm     int
	citizens map[string]int
	alarmed  bool
	written  time.Time
}

func newSpent(limits Budget, now func() time.Time, zone *time.Location, file string) *spent {
	s := &spent{limits: limits, now: now, zone: zone, file: file, citizens: map[string]int{}}
	s.day = now().In(zone).Format(time.DateOnly)
	var kept spentFile
	if data, err := os.ReadFile(file); err == nil && json.Unmarshal(data, &kept) == nil && kept.Day == s.day { //nolint:gosec // our own file
		s.tokens, s.warm = kept.Tokens, kept.Warm
	}
	return s
}

type spentFile struct {
	Day    string `json:"day"`
	Tokens int    `json:"tokens"`
	Warm   int    `json:"warm"`
}

// turn begins a new day when one has come.
func (s *spent) turn() {
	if day := s.now().In(s.zone).Format(time.DateOnly); day != s.day {
		s.day, s.tokens, s.warm, s.alarmed = day, 0, 0, false
		clear(s.citizens)
	}
}

// take counts a request of a citizen ("" is nobody's: an evaluation) and says why it may not be made, "" when it may.
func (s *spent) take(citizen string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.turn()
	if s.limits.DailyTokens > 0 && s.tokens >= s.limits.DailyTokens {
		return "the day's tokens are used up"
	}
	if len(s.citizens) >= maxCitizens && s.citizens[citizen] == 0 {
		citizen = "others"
	}
	if citizen != "" && s.limits.PerCitizen > 0 && s.citizens[citizen] >= s.limits.PerCitizen {
		return "the citizen's requests of the day are used up"
	}
	s.citizens[citizen]++
	return ""
}

// mayWarm tells whether the cache may be warmed further today.
func (s *spent) mayWarm() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.turn()
	return s.limits.DailyTokens == 0 || float64(s.warm) < s.limits.WarmShare*float64(s.limits.DailyTokens) && s.tokens < s.limits.DailyTokens
}

// cost adds tokens and tells, once a day, that most of them are gone.
func (s *spent) cost(tokens int, warming bool) (alarm bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.turn()
	s.tokens += tokens
	if warming {
		s.warm += tokens
	}
	s.keep(false)
	if s.limits.DailyTokens > 0 && !s.alarmed && float64(s.tokens) >= alarmShare*float64(s.limits.DailyTokens) {
		s.alarmed = true
		return true
	}
	return false
}

// keep writes the day's tokens down, at most once a second.
func (s *spent) keep(now bool) {
	if s.file == "" || !now && s.now().Sub(s.written) < time.Second {
		return
	}
	s.written = s.now()
	data, err := json.Marshal(spentFile{s.day, s.tokens, s.warm})
	if err != nil {
		return
	}
	part := s.file + ".part"
	if os.MkdirAll(filepath.Dir(s.file), 0o750) == nil && os.WriteFile(part, data, 0o600) == nil {
		_ = os.Rename(part, s.file) // a day's count that is lost is counted again
	}
}

func (s *spent) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keep(true)
}

// today is what the day has cost so far.
func (s *spent) today() (tokens int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.turn()
	return s.tokens
}
