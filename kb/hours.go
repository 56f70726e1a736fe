package kb

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"shenwei/internal/calendar"
)

// Opening 开放时间 is when an outlet is open, read from its hours as people write them: parts
// between semicolons, each the days and then the times:
//
//	工作日 09:00-12:00 14:00-18:00；周六 09:00-12:00；节假日休息
//	每天 24小时
//	周一至周五 09:00-17:30；周六、周日 20:00-02:00
//
// Days are 每天, 工作日 (also the days that are worked for a holiday; 周一至周五 means the same),
// 周末, single ones or ranges of 周一 … 周日, and 节假日 (the legal holidays); what is more special
// goes first, and on a legal holiday only 每天 and 节假日 count. Times past midnight belong to the
// day that they begin on. Hours that say no days, or are prose, are no Opening: nothing is
// guessed of them.
type Opening struct {
	days [dayClasses][]openSpan
}

// openSpan is minutes after the midnight of the day that it begins on; to may be up to a day later.
type openSpan struct{ from, to int }

// Classes of day: 0 to 6 are Sunday to Saturday where nothing else is said of the day.
const (
	makeupDay  = 7
	holiday    = 8
	dayClasses = 9
	dayMinutes = 24 * 60
)

var (
	hoursWhole = strings.NewReplacer("：", ":", "；", ";", "，", ",", "　", " ", "～", "-", "~", "-", "—", "-", "–", "-", "－", "-", "星期", "周", "礼拜", "周", "周天", "周日", "\n", ";", "。", "")
	hoursDays  = regexp.MustCompile(`^(每天|每日|全年|工作日|周末|法定节假日|节假日|周[一二三四五六日](?:[至到-]周?[一二三四五六日])?(?:[、,]周?[一二三四五六日](?:[至到-]周?[一二三四五六日])?)*)[: ]*(.*)$`)
	hoursSpan  = regexp.MustCompile(`^(\d{1,2}):([0-5]\d)\s*(?:--?|至|到)\s*(次日|第二天)?(\d{1,2}):([0-5]\d)$`)
	hoursGlue  = regexp.MustCompile(`\s*(-+|至|到)\s*`)
)

const weekdays = "日一二三四五六"

// ParseOpening reads hours; the error says what cannot be read.
func ParseOpening(text string) (Opening, error) {
	var o Opening
	var set [dayClasses]int // how special the rule is that has spoken of a class, plus one
	text = strings.TrimSpace(hoursWhole.Replace(text))
	if rest, ok := allDay(text); ok && rest == "" {
		text = "每天 24小时"
	}
	parts := strings.FieldsFunc(text, func(r rune) bool { return r == ';' })
	if len(parts) == 0 || len(text) > 400 {
		return o, fmt.Errorf("hours %q: write for example 工作日 09:00-12:00 14:00-18:00；周六 09:00-12:00；节假日休息", text)
	}
	for _, part := range parts {
		m := hoursDays.FindStringSubmatch(strings.TrimSpace(part))
		if m == nil {
			return Opening{}, fmt.Errorf("hours: %q does not begin with days, such as 工作日, 周六 or 每天", strings.TrimSpace(part))
		}
		spans, err := openSpans(m[2])
		if err != nil {
			return Opening{}, err
		}
		classes, special := dayList(m[1])
		for _, c := range classes {
			switch {
			case set[c] == special+1:
				return Opening{}, fmt.Errorf("hours: two parts speak of the days of %q", m[1])
			case set[c] < special+1:
				set[c], o.days[c] = special+1, spans
			}
		}
	}
	return o, nil
}

// dayList are the classes of days that a name stands for, and how special it is.
func dayList(name string) (classes []int, special int) {
	switch name {
	case "每天", "每日", "全年":
		return []int{0, 1, 2, 3, 4, 5, 6, makeupDay, holiday}, 0
	case "工作日":
		return []int{1, 2, 3, 4, 5, makeupDay}, 1
	case "周末":
		return []int{6, 0}, 1
	case "节假日", "法定节假日":
		return []int{holiday}, 3
	}
	for _, one := range strings.FieldsFunc(name, func(r rune) bool { return r == '、' || r == ',' }) {
		ends := strings.FieldsFunc(strings.ReplaceAll(one, "周", ""), func(r rune) bool { return r == '至' || r == '到' || r == '-' })
		first, last := weekday(ends[0]), weekday(ends[len(ends)-1])
		for d := first; ; d = (d + 1) % 7 {
			if !slices.Contains(classes, d) {
				classes = append(classes, d)
			}
			if d == last {
				break
			}
		}
	}
	if !slices.ContainsFunc([]int{1, 2, 3, 4, 5}, func(d int) bool { return !slices.Contains(classes, d) }) {
		classes = append(classes, makeupDay) // a worked Saturday is a working day like another
		if len(classes) == 6 {
			return classes, 1
		}
	}
	return classes, 2
}

func weekday(char string) int { return strings.Index(weekdays, char) / len("日") }

func openSpans(text string) ([]openSpan, error) {
	text = strings.TrimSpace(text)
	if rest, ok := allDay(text); ok && rest == "" {
		return []openSpan{{0, dayMinutes}}, nil
	}
	switch text {
	case "休息", "不开放", "关闭", "不对外办公":
		return nil, nil
	}
	var spans []openSpan
	glued := hoursGlue.ReplaceAllString(text, "$1")
	for _, one := range strings.FieldsFunc(glued, func(r rune) bool { return r == ' ' || r == ',' || r == '、' }) {
		m := hoursSpan.FindStringSubmatch(one)
		if m == nil {
			return nil, fmt.Errorf("hours: %q is no time; write for example 09:00-12:00, 24小时 or 休息", one)
		}
		s := openSpan{clockMinutes(m[1], m[2]), clockMinutes(m[4], m[5])}
		if m[3] != "" || s.to <= s.from {
			s.to += dayMinutes
		}
		if s.from >= dayMinutes || s.to > s.from+dayMinutes || clockMinutes(m[4], m[5]) > dayMinutes {
			return nil, fmt.Errorf("hours: %q is no time of a day", one)
		}
		if len(spans) > 0 && s.from < spans[len(spans)-1].to {
			return nil, fmt.Errorf("hours: %q begins before the one before it ends", one)
		}
		spans = append(spans, s)
	}
	if len(spans) == 0 {
		return nil, fmt.Errorf("hours: days without a time; write 休息 where it is closed")
	}
	return spans, nil
}

func allDay(text string) (rest string, ok bool) {
	for _, word := range []string{"24小时开放", "24小时", "24 小时", "24h", "全天开放", "全天"} {
		if rest, ok = strings.CutPrefix(text, word); ok {
			return strings.TrimSpace(rest), true
		}
	}
	return text, false
}

func clockMinutes(hour, minute string) int {
	h, _ := strconv.Atoi(hour) // two digits: see hoursSpan
	m, _ := strconv.Atoi(minute)
	return h*60 + m
}

// spansOf are the times that begin on the day of t.
func (o Opening) spansOf(t time.Time) []openSpan {
	switch (calendar.Calendar{}).KindOf(t) {
	case calendar.Holiday:
		return o.days[holiday]
	case calendar.Makeup:
		return o.days[makeupDay]
	}
	return o.days[int(t.Weekday())]
}

// midnight is the beginning of the day that is so many days after that of t, in Shenzhen, where
// no clock is ever put forward.
func midnight(t time.Time, days int) time.Time {
	t = t.In(calendar.Shanghai)
	return time.Date(t.Year(), t.Month(), t.Day()+days, 0, 0, 0, 0, calendar.Shanghai)
}

// lookAhead is how many days are looked at for the next change: no holiday is that long.
const lookAhead = 40

// At tells whether it is open at t, and when that changes next; a zero time when it does not
// within forty days.
func (o Opening) At(t time.Time) (open bool, change time.Time) {
	for d := -1; d <= lookAhead; d++ { // yesterday's may last past midnight
		day := midnight(t, d)
		for _, s := range o.spansOf(day) {
			from, to := day.Add(time.Duration(s.from)*time.Minute), day.Add(time.Duration(s.to)*time.Minute)
			switch {
			case open && from.After(change): // it has closed before this one begins
				return true, change
			case open:
				change = later(change, to)
			case t.Before(from):
				return false, from
			case t.Before(to):
				open, change = true, to
			}
		}
		if open && change.Before(midnight(t, d+1)) {
			return true, change
		}
	}
	return open, time.Time{}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// AllDay tells whether it never closes.
func (o Opening) AllDay() bool {
	return !slices.ContainsFunc(o.days[:], func(spans []openSpan) bool {
		return len(spans) != 1 || spans[0] != openSpan{0, dayMinutes}
	})
}

// Say tells a citizen at t whether it is open and until when.
func (o Opening) Say(t time.Time) string {
	open, change := o.At(t)
	switch {
	case o.AllDay():
		return "24 小时开放"
	case open && change.IsZero():
		return "现在开放"
	case open:
		return "现在开放，" + sayTime(t, change) + "关闭"
	case change.IsZero():
		return "现在不开放"
	}
	return "现在不开放，" + sayTime(t, change) + "开放"
}

// SayThen is what Say tells at t, in words that are as true when they are read again later.
func (o Opening) SayThen(t time.Time) string {
	moment := t.In(calendar.Shanghai).Format("1月2日 15:04 时")
	return moment + strings.TrimPrefix(o.Say(t), "现在")
}

func sayTime(now, t time.Time) string {
	clock := t.In(calendar.Shanghai).Format("15:04")
	switch midnight(t, 0) {
	case midnight(now, 0):
		return clock + " "
	case midnight(now, 1):
		if clock == "00:00" {
			return "今晚 24:00 "
		}
		return "明天 " + clock + " "
	}
	return t.In(calendar.Shanghai).Format("1月2日 15:04 ")
}
