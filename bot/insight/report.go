package insight

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"shenwei/internal/fault"
	"shenwei/kb"
)

// By names how the rows of a report are grouped.
type By string

// The groupings.
const (
	ByType    By = "type"
	ByItem    By = "item"
	ByChannel By = "channel"
	ByHour    By = "hour"
	ByDay     By = "day"
)

// Row is one line of a report. Key is empty where the label is no document's.
type Row struct {
	Key   string `json:"key,omitempty"`
	Label string `json:"label"`
	Counts
	// Rate is the share solved, 0 to 1: see Counts.Rate.
	Rate float64 `json:"rate"`
}

// Entry is an item or article in a list.
type Entry struct {
	Key   string `json:"key"`
	Title string `json:"title"`
	Type  string `json:"type"`
}

// Due is an entry whose text is to be read again, or ends.
type Due struct {
	Entry
	// Why is DueReview or DueExpiry, On the day.
	Why string `json:"why"`
	On  string `json:"on"`
	// Days until then; negative when it is past.
	Days int `json:"days"`
}

// Why an entry is due.
const (
	DueReview = "review" // somebody promised to read it again
	DueExpiry = "expiry" // it is not in force any more from then on
)

// Trips is what citizens saved.
type Trips struct {
	// Avoided is a number of trips, Money what they would have cost, in yuan.
	Avoided     int64       `json:"avoided"`
	Money       int64       `json:"money"`
	Assumptions Assumptions `json:"assumptions"`
}

// Assumptions are what the number of trips rests on; they stand beside it wherever it is shown.
type Assumptions struct {
	YuanPerTrip int64 `json:"yuan_per_trip"`
	// PerMatter is how many trips one solved matter saves, by the item's trips (0, 1, 2).
	PerMatter [3]int64 `json:"per_matter"`
	// Items is how many items of the live knowledge count at all, Matters how many solved
	// matters of theirs there were.
	Items   int      `json:"items"`
	Matters int64    `json:"matters"`
	Text    []string `json:"text"`
}

// Report is the numbers of a range of days.
type Report struct {
	From     string  `json:"from"`
	To       string  `json:"to"`
	By       By      `json:"by"`
	Totals   Row     `json:"totals"`
	Rows     []Row   `json:"rows"`
	Top      []Row   `json:"top"`
	Failed   []Row   `json:"failed"`
	NeverHit []Entry `json:"never_hit"`
	Due      []Due   `json:"due"`
	Trips    Trips   `json:"trips"`
}

// Numbers are the sums that a report is made of. Subjects are added up over the days.
type Numbers struct {
	Days
	Hours    []HourRow
	Subjects []SubjectRow
}

const (
	// longest bounds the lists of a report.
	longest = 20
	// dueWithin is how many days before its review date an entry is listed.
	dueWithin   = 30
	yuanPerTrip = 50
)

// perMatter is how many trips one solved matter saves, by the item's trips: one where the
// whole matter is done without going anywhere, none where somebody goes all the same.
var perMatter = [3]int64{1, 0, 0}

// Build makes a report of sums with the knowledge that is live at now.
func Build(n Numbers, by By, k *kb.Knowledge, now time.Time) (*Report, error) {
	r := &Report{From: n.From, To: n.To, By: by}
	var total Counts
	for _, h := range n.Hours {
		total = total.Add(h.Counts, 1)
	}
	r.Totals = row("", "合计", total)
	names := namer{k}
	switch by {
	case ByDay:
		r.Rows = perDay(n)
	case ByHour:
		r.Rows = perHour(n)
	case ByChannel:
		r.Rows = grouped(n.Hours, func(h HourRow) (string, string) { return "", string(h.Channel) }, HourRow.counts)
	case ByType:
		r.Rows = grouped(n.Subjects, func(s SubjectRow) (string, string) { return "", names.kind(s.Subject) }, SubjectRow.counts)
	case ByItem:
		r.Rows = grouped(n.Subjects, func(s SubjectRow) (string, string) { return s.Subject, names.title(s.Subject) }, SubjectRow.counts)
	default:
		return nil, fault.New(fault.BadRequest, "参数 by 可以是 type、item、channel、hour、day")
	}
	r.lists(n, names)
	r.due(k, now)
	r.Trips = trips(n.Subjects, k)
	return r, nil
}

func (h HourRow) counts() Counts    { return h.Counts }
func (s SubjectRow) counts() Counts { return s.Counts }

func row(key, label string, c Counts) Row {
	return Row{Key: key, Label: label, Counts: c, Rate: c.Rate()}
}

// grouped adds up by key and label, the most questions first.
func grouped[T any](all []T, by func(T) (key, label string), counts func(T) Counts) []Row {
	type name struct{ key, label string }
	sums := map[name]Counts{}
	for _, x := range all {
		key, label := by(x)
		sums[name{key, label}] = sums[name{key, label}].Add(counts(x), 1)
	}
	rows := make([]Row, 0, len(sums))
	for n, c := range sums {
		if c != (Counts{}) {
			rows = append(rows, row(n.key, n.label, c))
		}
	}
	sortRows(rows, func(r Row) int64 { return r.Questions })
	return rows
}

func sortRows(rows []Row, by func(Row) int64) {
	slices.SortFunc(rows, func(a, b Row) int {
		return cmp.Or(cmp.Compare(by(b), by(a)), strings.Compare(a.Key, b.Key), strings.Compare(a.Label, b.Label))
	})
}

// perDay has a row for every day, also without a question.
func perDay(n Numbers) []Row {
	sums := map[string]Counts{}
	for _, h := range n.Hours {
		sums[h.Day] = sums[h.Day].Add(h.Counts, 1)
	}
	rows := []Row{}
	for day := n.From; day <= n.To; day = Shift(day, 1) {
		rows = append(rows, row("", day, sums[day]))
	}
	return rows
}

func perHour(n Numbers) []Row {
	var sums [24]Counts
	for _, h := range n.Hours {
		sums[h.Hour%24] = sums[h.Hour%24].Add(h.Counts, 1)
	}
	rows := make([]Row, 24)
	for hour, c := range sums {
		rows[hour] = row("", fmt.Sprintf("%02d:00", hour), c)
	}
	return rows
}

// lists fills in most asked, most failed and never hit.
func (r *Report) lists(n Numbers, names namer) {
	all := grouped(n.Subjects, func(s SubjectRow) (string, string) { return s.Subject, names.title(s.Subject) }, SubjectRow.counts)
	all = slices.DeleteFunc(all, func(r Row) bool { return r.Key == "" })
	hit := map[string]bool{}
	for _, x := range all {
		hit[x.Key] = x.Questions > 0
	}
	r.Top = slices.Clone(all[:min(longest, len(all))])
	failed := slices.DeleteFunc(all, func(r Row) bool { return r.Counts.Failed() == 0 })
	sortRows(failed, func(r Row) int64 { return r.Counts.Failed() })
	r.Failed = failed[:min(longest, len(failed))]
	r.NeverHit = []Entry{}
	for _, e := range names.entries() {
		if !hit[e.Key] {
			r.NeverHit = append(r.NeverHit, e.Entry)
		}
	}
}

// due lists what is to be read again soon, the most overdue first.
func (r *Report) due(k *kb.Knowledge, now time.Time) {
	y, m, d := now.Date()
	today := time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
	r.Due = []Due{}
	for _, e := range (namer{k}).entries() {
		r.dueOn(e.Entry, DueReview, e.review, today)
		if !e.expires.IsZero() {
			r.dueOn(e.Entry, DueExpiry, e.expires.In(now.Location()).Format(time.DateOnly), today)
		}
	}
	slices.SortStableFunc(r.Due, func(a, b Due) int { return cmp.Compare(a.Days, b.Days) })
}

func (r *Report) dueOn(e Entry, why, day string, today time.Time) {
	date, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return
	}
	if days := int(date.Sub(today).Hours() / 24); days <= dueWithin {
		r.Due = append(r.Due, Due{e, why, day, days})
	}
}

func trips(subjects []SubjectRow, k *kb.Knowledge) Trips {
	t := Trips{Assumptions: Assumptions{YuanPerTrip: yuanPerTrip, PerMatter: perMatter}}
	counted := map[string]int64{}
	for _, it := range k.Items {
		if it.Trips >= 0 && it.Trips < len(perMatter) && perMatter[it.Trips] > 0 {
			counted["item/"+it.Code] = perMatter[it.Trips]
		}
	}
	for _, s := range subjects {
		if saves := counted[s.Subject]; saves > 0 {
			t.Assumptions.Matters += s.Matters
			t.Avoided += saves * s.Matters
		}
	}
	t.Money = t.Avoided * yuanPerTrip
	t.Assumptions.Items = len(counted)
	t.Assumptions.Text = []string{
		fmt.Sprintf("只计“零跑腿”事项（trips 为 0，目前 %d 项）：全程不用到窗口的，按少跑 1 趟算；需要到场一次或多次的不计。", len(counted)),
		"同一段会话里同一事项只算一次，而且要是机器人解决的：之后点踩、再问一遍、转人工的不算。",
		fmt.Sprintf("每趟按 %d 元（路费和误工）估算；市民问清楚后是否真的办了，系统不知道，所以这是估计，不是统计。", yuanPerTrip),
	}
	return t
}

// namer knows the titles of subjects.
type namer struct{ k *kb.Knowledge }

// What stands for subjects that are no document.
const (
	noSubject   = "未识别到事项"
	goneSubject = "已下线的事项"
	articleKind = "知识条目"
)

func (n namer) find(key string) (it *kb.Item, a *kb.Article) {
	kind, id, _ := strings.Cut(key, "/")
	switch kb.Kind(kind) {
	case kb.KindItem:
		return n.k.Item(id), nil
	case kb.KindArticle:
		return nil, n.k.Article(id)
	}
	return nil, nil
}

func (n namer) title(key string) string {
	it, a := n.find(key)
	switch {
	case it != nil:
		return it.Name
	case a != nil:
		return a.Title
	case key == "":
		return noSubject
	}
	return key
}

func (n namer) kind(key string) string {
	it, a := n.find(key)
	switch {
	case it != nil:
		return it.PoliceType
	case a != nil:
		return articleKind
	case key == "":
		return noSubject
	}
	return goneSubject
}

type reviewed struct {
	Entry
	review  string
	expires time.Time
}

func (n namer) entries() []reviewed {
	all := make([]reviewed, 0, len(n.k.Items)+len(n.k.Articles))
	for _, it := range n.k.Items {
		all = append(all, reviewed{Entry{"item/" + it.Code, it.Name, it.PoliceType}, it.Review, it.Span().Expires})
	}
	for _, a := range n.k.Articles {
		all = append(all, reviewed{Entry{"article/" + a.ID, a.Title, a.Category}, a.Review, a.Span().Expires})
	}
	return all
}
