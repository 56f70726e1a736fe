package kb

import (
	"slices"
	"strings"
	"time"
)

// Shenzhen is the zone of every date that people write in knowledge: eight hours before UTC,
// all the year.
var Shenzhen = time.FixedZone("Asia/Shanghai", 8*60*60)

// momentForms are the ways to write an instant; a date alone is its first minute.
var momentForms = []string{"2006-01-02 15:04", time.DateOnly}

// ParseMoment reads an instant as people write it, in Shenzhen time: "2026-12-01" or
// "2026-12-01 08:30". An empty text is the zero time.
func ParseMoment(s string) (time.Time, error) {
	s = strings.TrimSpace(s)
	if s == "" {
		return time.Time{}, nil
	}
	var err error
	for _, form := range momentForms {
		var t time.Time
		if t, err = time.ParseInLocation(form, s, Shenzhen); err == nil {
			return t, nil
		}
	}
	return time.Time{}, err
}

// Span is the time in which a document is in force: from Effective until just before Expires.
// A zero end is open.
type Span struct {
	Effective, Expires time.Time
}

// Holds tells whether the instant lies in the span.
func (s Span) Holds(at time.Time) bool {
	return s.begun(at) && (s.Expires.IsZero() || at.Before(s.Expires))
}

func (s Span) begun(at time.Time) bool { return !at.Before(s.Effective) }

func spanOf(effective, expires string) Span {
	from, _ := ParseMoment(effective) // check refuses what cannot be read
	until, _ := ParseMoment(expires)
	return Span{from, until}
}

// Span is when the item is in force.
func (it *Item) Span() Span { return spanOf(it.Effective, it.Expires) }

// Span is when the article is in force.
func (a *Article) Span() Span { return spanOf(a.Effective, a.Expires) }

// Span is when a document is in force: always, for kinds without dates and for what cannot be
// read.
func (d Document) Span() Span {
	if !strings.Contains(d.Body, "effective") && !strings.Contains(d.Body, "expires") {
		return Span{} // most have no dates, and are not parsed for them
	}
	switch d.Kind {
	case KindItem:
		if it, _ := ParseItem(d); it != nil {
			return it.Span()
		}
	case KindArticle:
		if a, _ := ParseArticle(d); a != nil {
			return a.Span()
		}
	}
	return Span{}
}

// Dates are the instants after from, until and with the last, at which something of the
// release comes into force or goes out of it; earliest first.
func (r *Release) Dates(from, last time.Time) []time.Time {
	seen := map[int64]bool{}
	var dates []time.Time
	add := func(t time.Time) {
		if t.After(from) && !t.After(last) && !seen[t.UnixMicro()] {
			seen[t.UnixMicro()] = true
			dates = append(dates, t)
		}
	}
	for _, rev := range r.Revisions {
		for _, one := range append([]Revision{rev}, r.Earlier[rev.Key()]...) {
			span := one.Span()
			add(span.Effective)
			add(span.Expires)
		}
	}
	slices.SortFunc(dates, time.Time.Compare)
	return dates
}
