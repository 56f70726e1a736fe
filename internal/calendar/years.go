package calendar

import (
	"fmt"
	"time"
)

// Knowledge is how much is known of a year.
type Knowledge string

// How much may be known of a year.
const (
	// Announced: the State Council's notice for the year is in the table, days off and days
	// worked for them.
	Announced Knowledge = "announced"
	// Statutory: only the days that the law itself makes holidays; which days are moved was
	// not announced when this table was written.
	Statutory Knowledge = "statutory"
	// Unknown: weekends only.
	Unknown Knowledge = "unknown"
)

type year struct {
	known      Knowledge
	rest, work map[string]bool
}

// Known tells how much is known of a year.
func Known(y int) Knowledge {
	if k := years[y].known; k != "" {
		return k
	}
	return Unknown
}

// Warning says what an operator should know of the year of t, "" when it is announced.
func Warning(t time.Time) string {
	y := t.In(Shanghai).Year()
	switch Known(y) {
	case Announced:
		return ""
	case Statutory:
		return fmt.Sprintf("calendar: of %d only the statutory holidays are known, not which weekends are worked for them; update when the State Council's notice is out", y)
	}
	return fmt.Sprintf("calendar: no holidays of %d are known; only weekends count as days off", y)
}

// years is what is known.
//
// 2026: notice 国办发明电〔2025〕7号 of 4 November 2025 on the arrangement of holidays.
//
// 2027: the days of 全国年节及纪念日放假办法 (revision of 2024: 13 days), with the dates of the
// lunar calendar: New Year's Eve 5 February, Qingming 5 April, Duanwu 9 June, Mid-Autumn
// 15 September. The notice for 2027 was not known when this was written.
var years = map[int]year{
	2026: {
		known: Announced,
		rest: dates("2026-01-01..2026-01-03", "2026-02-15..2026-02-23", "2026-04-04..2026-04-06",
			"2026-05-01..2026-05-05", "2026-06-19..2026-06-21", "2026-09-25..2026-09-27", "2026-10-01..2026-10-07"),
		work: dates("2026-01-04", "2026-02-14", "2026-02-28", "2026-05-09", "2026-09-20", "2026-10-10"),
	},
	2027: {
		known: Statutory,
		rest: dates("2027-01-01", "2027-02-05..2027-02-08", "2027-04-05", "2027-05-01..2027-05-02", "2027-06-09",
			"2027-09-15", "2027-10-01..2027-10-03"),
	},
}

// dates makes a set of days and of ranges "first..last".
func dates(list ...string) map[string]bool {
	set := map[string]bool{}
	for _, entry := range list {
		first, last := entry, entry
		if len(entry) > len(time.DateOnly) {
			first, last = entry[:len(time.DateOnly)], entry[len(entry)-len(time.DateOnly):]
		}
		for d := first; ; {
			set[d] = true
			if d == last {
				break
			}
			t, err := time.Parse(time.DateOnly, d)
			if err != nil || t.Year() > 2100 {
				panic("calendar: a date of the table is none: " + entry)
			}
			d = t.AddDate(0, 0, 1).Format(time.DateOnly)
		}
	}
	return set
}
