// Package calendar tells working time: which days are worked in China, what hours a service
// keeps, and what time is left of a period that runs in those hours only. Start reading at
// Calendar; years.go holds the holidays and the days that are worked for them.
package calendar

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Kind is what a day is to the public service.
type Kind string

// The kinds of day.
const (
	Workday Kind = "workday"
	Weekend Kind = "weekend"
	Holiday Kind = "holiday"
	// Makeup is a Saturday or Sunday that is worked for a holiday (调休上班).
	Makeup Kind = "makeup"
)

// Worked reports whether offices work on such a day.
func (k Kind) Worked() bool { return k == Workday || k == Makeup }

// Span is a part of a day, in minutes after midnight: From is within, To is not.
type Span struct{ From, To int }

// Calendar is the working time of one service. The zero value never works; see Always and
// Office. It is safe for concurrent use.
type Calendar struct {
	// Zone is the zone of the days and hours; nil is Shanghai's.
	Zone *time.Location
	// Always says that the service works around the clock.
	Always bool
	// Hours are the spans of a worked day, in order and apart.
	Hours []Span
	// RestHours are the spans of weekends and holidays, none where nobody works.
	RestHours []Span
}

// Shanghai is China's time: UTC+8 all year since 1991.
var Shanghai = time.FixedZone("Asia/Shanghai", 8*60*60)

// Office is the service hours of the halls: 9:00–12:00 and 14:00–18:00 on worked days.
func Office() Calendar {
	return Calendar{Hours: []Span{{9 * 60, 12 * 60}, {14 * 60, 18 * 60}}}
}

// Parse reads hours like "09:00-12:00 14:00-18:00" into spans; "24h" is the whole day.
func Parse(text string) ([]Span, error) {
	if text == "24h" {
		return []Span{{0, day}}, nil
	}
	var spans []Span
	last := 0
	for _, part := range strings.Fields(text) {
		m := spanForm.FindStringSubmatch(part)
		if m == nil {
			return nil, badHours(text)
		}
		s := Span{clock(m[1], m[2]), clock(m[3], m[4])}
		if s.From < last || s.To <= s.From || s.To > day {
			return nil, badHours(text)
		}
		last = s.To
		spans = append(spans, s)
	}
	return spans, nil
}

var spanForm = regexp.MustCompile(`^(\d{1,2}):([0-5]\d)-(\d{1,2}):([0-5]\d)$`)

func clock(hour, minute string) int {
	h, _ := strconv.Atoi(hour) // two digits: see spanForm
	m, _ := strconv.Atoi(minute)
	return h*60 + m
}

func badHours(text string) error {
	return fmt.Errorf("hours %q: write for example 09:00-12:00 14:00-18:00, in order, or 24h", text)
}

const day = 24 * 60

func (c Calendar) zone() *time.Location {
	if c.Zone == nil {
		return Shanghai
	}
	return c.Zone
}

// KindOf tells what the day of t is. For a year that is not Announced it knows only what the
// law fixes, or weekends alone: see Known.
func (c Calendar) KindOf(t time.Time) Kind {
	t = t.In(c.zone())
	date := t.Format(time.DateOnly)
	switch y := years[t.Year()]; {
	case y.rest[date]:
		return Holiday
	case y.work[date]:
		return Makeup
	}
	if wd := t.Weekday(); wd == time.Saturday || wd == time.Sunday {
		return Weekend
	}
	return Workday
}

func (c Calendar) spans(t time.Time) []Span {
	if c.Always {
		return []Span{{0, day}}
	}
	if c.KindOf(t).Worked() {
		return c.Hours
	}
	return c.RestHours
}

// Open reports whether the service works at t.
func (c Calendar) Open(t time.Time) bool {
	t = t.In(c.zone())
	minute := t.Hour()*60 + t.Minute()
	for _, s := range c.spans(t) {
		if minute >= s.From && minute < s.To {
			return true
		}
	}
	return false
}

// horizon bounds how far ahead is looked, in days: no holiday is that long.
const horizon = 40

// NextOpen is t when the service works then, else when it does next. It is false for a
// service that never works.
func (c Calendar) NextOpen(t time.Time) (time.Time, bool) {
	if c.Open(t) {
		return t, true
	}
	at := t.In(c.zone())
	for range horizon {
		midnight := midnightOf(at)
		for _, s := range c.spans(at) {
			if begin := midnight.Add(time.Duration(s.From) * time.Minute); begin.After(t) {
				return begin, true
			}
		}
		at = midnightOf(midnight.Add(26 * time.Hour))
	}
	return time.Time{}, false
}

func midnightOf(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, t.Location())
}

// Add is when d of working time has passed after t. A service that never works has no such
// time; it then counts every hour, so that no deadline is lost.
func (c Calendar) Add(t time.Time, d time.Duration) time.Time {
	if c.Always || d <= 0 {
		return t.Add(max(d, 0))
	}
	at := t
	for d > 0 {
		begin, ok := c.NextOpen(at)
		if !ok {
			return at.Add(d)
		}
		end := c.closes(begin)
		if left := end.Sub(begin); left < d {
			d -= left
			at = end
			continue
		}
		return begin.Add(d)
	}
	return at
}

// closes is when the span that t is in ends.
func (c Calendar) closes(t time.Time) time.Time {
	t = t.In(c.zone())
	minute := t.Hour()*60 + t.Minute()
	for _, s := range c.spans(t) {
		if minute >= s.From && minute < s.To {
			return midnightOf(t).Add(time.Duration(s.To) * time.Minute)
		}
	}
	return t
}

// Between is the working time from a to b, 0 when b is not after a. Times more than a year
// apart count as a year.
func (c Calendar) Between(a, b time.Time) time.Duration {
	if !b.After(a) {
		return 0
	}
	if c.Always {
		return b.Sub(a)
	}
	var total time.Duration
	for range 366 * 4 {
		begin, ok := c.NextOpen(a)
		if !ok || !begin.Before(b) {
			return total
		}
		end := c.closes(begin)
		if end.After(b) {
			end = b
		}
		total += end.Sub(begin)
		a = end
	}
	return total
}

// NextWorkday is the given hour and minute of the next worked day after that of t.
func (c Calendar) NextWorkday(t time.Time, hour, minute int) time.Time {
	at := t.In(c.zone())
	for range horizon {
		at = midnightOf(midnightOf(at).Add(26 * time.Hour))
		if c.KindOf(at).Worked() {
			break
		}
	}
	return at.Add(time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute)
}
