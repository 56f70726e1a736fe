package insight

import (
	"time"

	"shenwei/internal/fault"
)

// Days is a range of whole days in one time zone, both ends included, as YYYY-MM-DD.
type Days struct{ From, To string }

// maxSpan is the longest range that is added up at once.
const maxSpan = 3 * 366 * 24 * time.Hour

// ParseDays reads a range. Each end is a day (2026-11-22) or an instant (RFC 3339), which
// stands for the day that it falls on in loc. Without to it ends today, without from it has
// span days.
func ParseDays(from, to string, span int, now time.Time, loc *time.Location) (Days, error) {
	end, err := dayOf("to", to, now.In(loc), loc)
	if err != nil {
		return Days{}, err
	}
	begin, err := dayOf("from", from, end.AddDate(0, 0, 1-span), loc)
	switch {
	case err != nil:
		return Days{}, err
	case begin.After(end):
		return Days{}, fault.New(fault.BadRequest, "参数 from（%s）不能晚于 to（%s）", begin.Format(time.DateOnly), end.Format(time.DateOnly))
	case end.Sub(begin) > maxSpan:
		return Days{}, fault.New(fault.BadRequest, "一次最多统计三年，请缩短时间范围")
	}
	return Days{begin.Format(time.DateOnly), end.Format(time.DateOnly)}, nil
}

func dayOf(name, given string, missing time.Time, loc *time.Location) (time.Time, error) {
	at := missing
	if given != "" {
		var err error
		if at, err = time.Parse(time.RFC3339, given); err != nil {
			if at, err = time.ParseInLocation(time.DateOnly, given, loc); err != nil {
				return at, fault.New(fault.BadRequest, "参数 %s 应为日期（2026-11-22）或 RFC 3339 时间", name)
			}
		}
	}
	y, m, d := at.In(loc).Date()
	if y < 2000 || y > 9999 {
		return at, fault.New(fault.BadRequest, "参数 %s 的年份不对", name)
	}
	return time.Date(y, m, d, 0, 0, 0, 0, loc), nil
}

// Bucket is the day and hour in loc at which a question counts.
func Bucket(at time.Time, loc *time.Location) (day string, hour int) {
	local := at.In(loc)
	return local.Format(time.DateOnly), local.Hour()
}

// Shift returns the day n days later.
func Shift(day string, n int) string {
	d, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return day
	}
	return d.AddDate(0, 0, n).Format(time.DateOnly)
}

// Len is how many days there are, 0 for a range that ends before it begins.
func (d Days) Len() int {
	from, err := time.Parse(time.DateOnly, d.From)
	to, err2 := time.Parse(time.DateOnly, d.To)
	if err != nil || err2 != nil || to.Before(from) {
		return 0
	}
	return int(to.Sub(from).Hours()/24+0.5) + 1
}
