package kb

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"shenwei/internal/calendar"
)

func at(t testing.TB, text string) time.Time {
	t.Helper()
	when, err := time.ParseInLocation("2006-01-02 15:04", text, calendar.Shanghai)
	if err != nil {
		t.Fatal(err)
	}
	return when
}

func TestOpenNowKnowsMidnightHolidaysAndDaysWorkedForThem(t *testing.T) {
	const office = "工作日 09:00-12:00 14:00-18:00；周六 09:00-12:00；节假日休息"
	for _, c := range []struct{ hours, when, says string }{
		{office, "2026-11-23 09:00", "现在开放，12:00 关闭"},
		{office, "2026-11-23 12:00", "现在不开放，14:00 开放"},
		{office, "2026-11-23 18:00", "现在不开放，明天 09:00 开放"},
		{office, "2026-11-21 10:00", "现在开放，12:00 关闭"}, // a Saturday
		{office, "2026-11-21 15:00", "现在不开放，11月23日 09:00 开放"},
		{office, "2026-10-10 15:00", "现在开放，18:00 关闭"}, // a Saturday that is worked
		{office, "2026-09-20 10:00", "现在开放，12:00 关闭"}, // a Sunday that is worked
		{office, "2026-10-01 10:00", "现在不开放，10月8日 09:00 开放"},
		{office, "2026-02-14 22:00", "现在不开放，2月24日 09:00 开放"}, // the eve of nine days off
		{"每天 08:00-24:00", "2026-10-01 23:59", "现在开放，今晚 24:00 关闭"},
		{"每天 20:00-02:00", "2026-11-23 01:59", "现在开放，02:00 关闭"},
		{"每天 20:00-次日02:00", "2026-11-23 23:00", "现在开放，明天 02:00 关闭"},
		{"每天 20:00-02:00", "2026-11-23 02:00", "现在不开放，20:00 开放"},
		{"周五 20:00-02:00", "2026-11-21 01:00", "现在开放，02:00 关闭"},  // begun on Friday
		{"工作日 20:00-02:00", "2026-10-01 01:00", "现在开放，02:00 关闭"}, // begun before the holiday
		{"工作日 20:00-02:00", "2026-10-01 21:00", "现在不开放，10月8日 20:00 开放"},
		{"24小时", "2026-02-17 03:00", "24 小时开放"},
		{"工作日 24小时", "2026-11-20 03:00", "现在开放，今晚 24:00 关闭"},
		{"工作日 24小时", "2026-11-17 03:00", "现在开放，11月21日 00:00 关闭"},
		{"周一至周五 9:00～17:30", "2026-10-10 10:00", "现在开放，17:30 关闭"},
		{"星期六、星期日 ９", "", ""},
		{"9至17点", "", ""}, {"以公告为准", "", ""}, {"", "", ""}, {"09:00-18:00", "", ""}, {"工作日", "", ""},
		{"工作日 25:00-26:00", "", ""}, {"工作日 09:00-12:00 11:00-18:00", "", ""}, {"工作日 09:00-24:30", "", ""},
		{"工作日 09:00-12:00；工作日 13:00-14:00", "", ""}, {"周一 09:00-12:00；周一 13:00-14:00", "", ""},
	} {
		o, err := ParseOpening(c.hours)
		if (err == nil) != (c.says != "") {
			t.Errorf("%q: %v", c.hours, err)
			continue
		}
		if err == nil {
			if got := o.Say(at(t, c.when)); got != c.says {
				t.Errorf("%q at %s: %s, want %s", c.hours, c.when, got, c.says)
			}
		}
	}
}

// generated is a place with hours by kind of day, and the same in words.
type generated struct {
	worked, sat, sun, holiday [][2]int // minutes after midnight; the end may be tomorrow
	text                      string
}

func generate(r *rand.Rand) generated {
	spans := func() [][2]int {
		var all [][2]int
		from := r.IntN(600)
		for range r.IntN(3) {
			to := from + 1 + r.IntN(500)
			all = append(all, [2]int{from, to})
			if from = to + 1 + r.IntN(200); from >= dayMinutes {
				break
			}
		}
		if n := len(all); n > 0 && r.IntN(3) == 0 { // into the night, before tomorrow's first
			all[n-1][1] = max(all[n-1][1], dayMinutes+r.IntN(max(1, all[0][0])))
			all[n-1][1] = min(all[n-1][1], all[n-1][0]+dayMinutes)
		}
		return all
	}
	words := func(spans [][2]int) string {
		if len(spans) == 0 {
			return "休息"
		}
		var all []string
		for _, s := range spans {
			end := fmt.Sprintf("%02d:%02d", s[1]/60, s[1]%60)
			if s[1] > dayMinutes {
				end = fmt.Sprintf("%02d:%02d", (s[1]-dayMinutes)/60, s[1]%60)
				if r.IntN(2) == 0 || s[1]-dayMinutes > s[0] {
					end = "次日" + end
				}
			}
			all = append(all, fmt.Sprintf("%02d:%02d-%s", s[0]/60, s[0]%60, end))
		}
		return strings.Join(all, []string{" ", "、", "，"}[r.IntN(3)])
	}
	g := generated{worked: spans(), sat: spans(), sun: spans(), holiday: spans()}
	parts := []string{
		[]string{"工作日 ", "周一至周五 ", "周一、周二、周三至周五 "}[r.IntN(3)] + words(g.worked),
		"周六 " + words(g.sat), "周日 " + words(g.sun), "节假日 " + words(g.holiday),
	}
	if r.IntN(4) == 0 { // the same every day, said at once
		g.sat, g.sun, g.holiday = g.worked, g.worked, g.worked
		parts = []string{"每天 " + words(g.worked)}
	}
	r.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
	g.text = strings.Join(parts, "；")
	return g
}

// TestOpenNowOnGeneratedPlaces compares with a list of every opening of a year that is made from
// the notice's own dates.
func TestOpenNowOnGeneratedPlaces(t *testing.T) {
	off := map[string]bool{}
	for _, span := range [][2]string{
		{"2026-01-01", "2026-01-03"}, {"2026-02-15", "2026-02-23"}, {"2026-04-04", "2026-04-06"}, {"2026-05-01", "2026-05-05"},
		{"2026-06-19", "2026-06-21"}, {"2026-09-25", "2026-09-27"}, {"2026-10-01", "2026-10-07"},
	} {
		for d := at(t, span[0]+" 00:00"); !d.After(at(t, span[1]+" 00:00")); d = d.AddDate(0, 0, 1) {
			off[d.Format(time.DateOnly)] = true
		}
	}
	worked := []string{"2026-01-04", "2026-02-14", "2026-02-28", "2026-05-09", "2026-09-20", "2026-10-10"}
	first := at(t, "2026-01-01 00:00")
	r := rand.New(rand.NewPCG(20, 26))
	for n := range 120 {
		g := generate(r)
		o, err := ParseOpening(g.text)
		if err != nil {
			t.Fatalf("%q: %v", g.text, err)
		}
		open := make([]bool, 367*dayMinutes)
		for d := range 365 {
			day := first.AddDate(0, 0, d)
			date, spans := day.Format(time.DateOnly), g.worked
			switch {
			case off[date]:
				spans = g.holiday
			case slices.Contains(worked, date):
			case day.Weekday() == time.Saturday:
				spans = g.sat
			case day.Weekday() == time.Sunday:
				spans = g.sun
			}
			for _, s := range spans {
				for m := s[0]; m < s[1]; m++ {
					open[d*dayMinutes+m] = true
				}
			}
		}
		for range 300 {
			minute := dayMinutes + r.IntN(300*dayMinutes)
			when := first.Add(time.Duration(minute)*time.Minute + time.Duration(r.IntN(60))*time.Second)
			got, change := o.At(when.UTC())
			if got != open[minute] {
				t.Fatalf("place %d, %q at %s: open %v", n, g.text, when.Format(time.DateTime), got)
			}
			next := minute
			for next < minute+lookAhead*dayMinutes && open[next] == got {
				next++
			}
			if want := first.Add(time.Duration(next) * time.Minute); next < minute+30*dayMinutes && !change.Equal(want) {
				t.Fatalf("place %d, %q at %s: changes %s, want %s", n, g.text, when.Format(time.DateTime), change.In(calendar.Shanghai), want)
			}
		}
	}
}

func FuzzParseOpening(f *testing.F) {
	for _, s := range []string{"工作日 09:00-12:00", "每天 24小时", "周一至周五 9:00～17:30；周六、周日 20:00-02:00", "周日至周一 1:00-2:00"} {
		f.Add(s)
	}
	f.Fuzz(func(_ *testing.T, text string) {
		if o, err := ParseOpening(text); err == nil {
			_ = o.Say(time.Date(2026, 10, 1, 3, 4, 0, 0, time.UTC))
		}
	})
}
