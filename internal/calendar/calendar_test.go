package calendar

import (
	"math/rand/v2"
	"testing"
	"time"
)

func at(s string) time.Time {
	t, err := time.ParseInLocation("2006-01-02 15:04", s, Shanghai)
	if err != nil {
		panic(err)
	}
	return t
}

func TestDaysAreWhatTheNoticeSays(t *testing.T) {
	for date, want := range map[string]Kind{
		"2026-01-01": Holiday, "2026-01-04": Makeup, "2026-02-14": Makeup, "2026-02-15": Holiday, "2026-02-23": Holiday,
		"2026-02-24": Workday, "2026-02-28": Makeup, "2026-04-06": Holiday, "2026-05-05": Holiday, "2026-05-09": Makeup,
		"2026-06-19": Holiday, "2026-09-20": Makeup, "2026-09-25": Holiday, "2026-10-07": Holiday, "2026-10-08": Workday,
		"2026-10-10": Makeup, "2026-11-21": Weekend, "2026-11-23": Workday,
		"2027-02-05": Holiday, "2027-02-09": Workday, "2027-09-15": Holiday, "2028-10-02": Workday,
	} {
		if got := Office().KindOf(at(date + " 12:00")); got != want {
			t.Errorf("%s is %s, want %s", date, got, want)
		}
	}
}

// TestTheNoticeBalances holds the table against arithmetic: in an announced year the weekdays
// off are the 13 statutory days (one that falls on a weekend is given on a weekday) and one
// for each day of a weekend that is worked.
func TestTheNoticeBalances(t *testing.T) {
	for y, data := range years {
		off := 0
		for d := range data.rest {
			if wd := at(d + " 12:00").Weekday(); wd != time.Saturday && wd != time.Sunday {
				off++
			}
		}
		for d := range data.work {
			if wd := at(d + " 12:00").Weekday(); wd != time.Saturday && wd != time.Sunday {
				t.Errorf("%s is worked anyway", d)
			}
		}
		if data.known == Announced && off != 13+len(data.work) {
			t.Errorf("%d: %d weekdays off, %d days of weekends worked", y, off, len(data.work))
		}
	}
}

func TestKnowledgeOfYearsIsSaid(t *testing.T) {
	if Known(2026) != Announced || Known(2027) != Statutory || Known(2031) != Unknown {
		t.Fatal(Known(2026), Known(2027), Known(2031))
	}
	if Warning(at("2026-03-01 09:00")) != "" || Warning(at("2027-03-01 09:00")) == "" || Warning(at("2031-03-01 09:00")) == "" {
		t.Fatal("a warning is missing or too many")
	}
	// The year is China's: the last evening of 2026 in UTC is 2027 there.
	if Warning(time.Date(2026, 12, 31, 20, 0, 0, 0, time.UTC)) == "" {
		t.Fatal("the year of another zone was taken")
	}
}

func TestWorkingTimePassesOnlyWhileOpen(t *testing.T) {
	c := Office()
	for _, tc := range []struct {
		from string
		d    time.Duration
		want string
	}{
		{"2026-11-23 09:00", time.Hour, "2026-11-23 10:00"},
		{"2026-11-23 11:30", time.Hour, "2026-11-23 14:30"},
		{"2026-11-23 11:30", 30 * time.Minute, "2026-11-23 12:00"},
		{"2026-11-23 12:00", time.Minute, "2026-11-23 14:01"},
		{"2026-11-20 17:59", 2 * time.Minute, "2026-11-23 09:01"},
		{"2026-09-30 17:30", time.Hour, "2026-10-08 09:30"},
		{"2026-02-13 17:30", time.Hour, "2026-02-14 09:30"},
		{"2026-11-23 03:00", 7 * time.Hour, "2026-11-23 18:00"},
		{"2026-11-23 03:00", 0, "2026-11-23 03:00"},
	} {
		if got := c.Add(at(tc.from), tc.d); !got.Equal(at(tc.want)) {
			t.Errorf("%s + %s = %s, want %s", tc.from, tc.d, got, tc.want)
		}
		if d := c.Between(at(tc.from), at(tc.want)); d != tc.d {
			t.Errorf("between %s and %s: %s, want %s", tc.from, tc.want, d, tc.d)
		}
	}
	if got := c.NextWorkday(at("2026-09-30 10:00"), 12, 0); !got.Equal(at("2026-10-08 12:00")) {
		t.Errorf("next worked day %s", got)
	}
}

func TestAddAndBetweenAgree(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 1))
	c := Office()
	for range 5000 {
		from := at("2026-01-01 00:00").Add(time.Duration(r.Int64N(int64(800 * 24 * time.Hour))))
		d := time.Duration(r.Int64N(int64(60 * time.Hour)))
		to := c.Add(from, d)
		if got := c.Between(from, to); got != d {
			t.Fatalf("%s + %s = %s, between %s", from, d, to, got)
		}
	}
}

func TestServicesAroundTheClockAndNever(t *testing.T) {
	night := at("2026-10-01 03:00")
	if c := (Calendar{Always: true}); !c.Open(night) || !c.Add(night, time.Hour).Equal(night.Add(time.Hour)) {
		t.Error("around the clock")
	}
	never := Calendar{}
	if _, ok := never.NextOpen(night); ok || never.Open(night) {
		t.Error("never open")
	}
	if !never.Add(night, time.Hour).Equal(night.Add(time.Hour)) || never.Between(night, night.Add(time.Hour)) != 0 {
		t.Error("a deadline of a service that never works is lost")
	}
}

func TestHoursAreRead(t *testing.T) {
	if got, err := Parse("09:00-12:00 14:00-18:00"); err != nil || len(got) != 2 || got[1] != (Span{840, 1080}) {
		t.Fatal(got, err)
	}
	if got, err := Parse("24h"); err != nil || got[0] != (Span{0, day}) {
		t.Fatal(got, err)
	}
	for _, bad := range []string{"9", "9:00", "12:00-09:00", "09:00-25:00", "09:61-10:00", "10:00-12:00 11:00-13:00", "09:00-10:00x 11:00-12:00"} {
		if got, err := Parse(bad); err == nil {
			t.Errorf("%q is read as %v", bad, got)
		}
	}
}
