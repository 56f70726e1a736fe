package insight

import (
	"slices"
	"testing"
	"time"

	"shenwei/bot"
	"shenwei/internal/fault"
	"shenwei/kb"
)

var shenzhen = func() *time.Location {
	loc, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		panic(err)
	}
	return loc
}()

func TestADayEndsAtShenzhensMidnight(t *testing.T) {
	type bucket struct {
		day  string
		hour int
	}
	for at, want := range map[string]bucket{
		"2026-11-22T15:59:59Z": {"2026-11-22", 23}, "2026-11-22T16:00:00Z": {"2026-11-23", 0}, "2026-12-31T16:00:00Z": {"2027-01-01", 0},
	} {
		when, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		if day, hour := Bucket(when, shenzhen); (bucket{day, hour}) != want {
			t.Error(at, day, hour)
		}
	}
}

func TestDaysAreReadAsPeopleWriteThem(t *testing.T) {
	now := time.Date(2026, 11, 22, 16, 30, 0, 0, time.UTC) // the 23rd in Shenzhen
	for _, c := range []struct{ from, to, want string }{
		{"", "", "2026-11-17 2026-11-23"},
		{"2026-11-01", "2026-11-02", "2026-11-01 2026-11-02"},
		{"2026-11-01T16:00:00Z", "2026-11-05T15:59:59Z", "2026-11-02 2026-11-05"},
		{"", "2026-03-01", "2026-02-23 2026-03-01"},
		{"2026-11-20", "", "2026-11-20 2026-11-23"},
	} {
		d, err := ParseDays(c.from, c.to, 7, now, shenzhen)
		if err != nil || d.From+" "+d.To != c.want {
			t.Errorf("%q %q: %v %v", c.from, c.to, d, err)
		}
	}
	for _, c := range [][2]string{{"2026-11-05", "2026-11-01"}, {"gestern", ""}, {"", "2026-13-01"}, {"2020-01-01", "2026-01-01"}, {"0001-01-01", "0001-01-02"}} {
		if _, err := ParseDays(c[0], c[1], 7, now, shenzhen); !fault.Is(err, fault.BadRequest) {
			t.Errorf("%v: %v", c, err)
		}
	}
}

func numbersOf(questions ...Question) Numbers {
	s := newSums(shenzhen)
	for _, q := range questions {
		s.add(q, 1)
	}
	n := Numbers{Days: Days{"2026-11-21", "2026-11-23"}}
	n.Hours, n.Subjects, _ = s.rows()
	return n
}

func solved(at time.Time, channel bot.Channel, subject string) Question {
	return Question{At: at, Channel: channel, Subject: subject, Outcome: Answered, Text: "x", First: true}
}

func TestAReportGroupsAndNames(t *testing.T) {
	k := knowledge()
	zero, once := k.Items[0], k.Items[0]
	for _, it := range k.Items {
		switch it.Trips {
		case 0:
			zero = it
		case 1:
			once = it
		}
	}
	midnight := time.Date(2026, 11, 22, 16, 0, 0, 0, time.UTC)
	wrong := solved(midnight, bot.H5, "item/"+once.Code)
	wrong.Thumb = -1
	silent := Question{At: midnight.Add(-time.Second), Channel: bot.Web, Outcome: Silent, Text: "x"}
	n := numbersOf(
		solved(midnight, bot.Web, "item/"+zero.Code), solved(midnight.Add(-time.Second), bot.Web, "item/"+zero.Code),
		solved(midnight, bot.Web, "item/"+once.Code), wrong, silent,
		solved(midnight, bot.Web, "article/"+k.Articles[0].ID), solved(midnight, bot.Web, "item/GONE-1"))
	now := midnight.In(shenzhen)
	report := func(by By) *Report {
		r, err := Build(n, by, k, now)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	day := report(ByDay)
	if len(day.Rows) != 3 || day.Rows[0].Questions != 0 || day.Rows[1].Questions != 2 || day.Rows[2].Questions != 5 || day.Rows[2].Label != "2026-11-23" {
		t.Errorf("%+v", day.Rows)
	}
	if day.Totals.Questions != 7 || day.Totals.Solved != 5 || day.Totals.Wrong != 1 || day.Totals.Silent != 1 {
		t.Errorf("%+v", day.Totals)
	}
	if hours := report(ByHour).Rows; len(hours) != 24 || hours[23].Questions != 2 || hours[0].Questions != 5 || hours[0].Label != "00:00" {
		t.Errorf("%+v", hours)
	}
	if ch := report(ByChannel).Rows; len(ch) != 2 || ch[0].Label != "web" || ch[0].Questions != 6 {
		t.Errorf("%+v", ch)
	}
	labels := map[string]int64{}
	for _, r := range report(ByType).Rows {
		labels[r.Label] = r.Questions
	}
	if labels[articleKind] != 1 || labels[noSubject] != 1 || labels[goneSubject] != 1 {
		t.Errorf("%v", labels)
	}
	items := report(ByItem)
	if items.Rows[0].Questions != 2 || items.Failed[0].Key != "item/"+once.Code || items.Failed[0].Label != once.Name || len(items.Failed) != 1 {
		t.Errorf("%+v", items.Failed)
	}
	if len(items.NeverHit) != len(k.Items)+len(k.Articles)-3 || slices.ContainsFunc(items.NeverHit, func(e Entry) bool { return e.Key == "item/"+zero.Code }) {
		t.Errorf("%d never hit", len(items.NeverHit))
	}
	if tr := items.Trips; tr.Avoided != 2 || tr.Money != 100 || tr.Assumptions.Matters != 2 || tr.Assumptions.Items == 0 || len(tr.Assumptions.Text) != 3 {
		t.Errorf("%+v", tr)
	}
	if _, err := Build(n, "colour", k, now); !fault.Is(err, fault.BadRequest) {
		t.Error(err)
	}
}

func TestWhatIsToBeReadAgainIsListed(t *testing.T) {
	k := &kb.Knowledge{Items: []*kb.Item{{Code: "A", Review: "2026-11-20", Expires: "2026-12-01"}, {Code: "B", Review: "2026-12-20"}, {Code: "C", Review: "2027-11-20"}, {Code: "D"}},
		Articles: []*kb.Article{{ID: "e", Review: "2026-11-22"}}}
	var r Report
	r.due(k, time.Date(2026, 11, 22, 23, 59, 0, 0, shenzhen))
	var got []string
	for _, d := range r.Due {
		got = append(got, d.Key)
	}
	if !slices.Equal(got, []string{"item/A", "article/e", "item/A", "item/B"}) || r.Due[0].Days != -2 || r.Due[2].Why != DueExpiry || r.Due[3].Days != 28 {
		t.Errorf("%+v", r.Due)
	}
}

func TestClustersAreResolvedIntoDrafts(t *testing.T) {
	item := kb.Document{Kind: kb.KindItem, ID: "CRJ-001", Body: "code: CRJ-001\nasks:\n  - 头一本护照 # 常问\n"}
	body := func(key string) (kb.Document, bool) { return item, key == item.Key() }
	c := Cluster{ID: 12, Samples: []string{"第一次办护照去哪", "我的护照[护照号]丢了", "头一本护照"}}
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, shenzhen)
	r, doc, err := Resolve(c, Decision{How: HowAsk, Key: "item/CRJ-001", Text: "初次领护照"}, body, now)
	if err != nil || doc.Body != item.Body+"  - 初次领护照\n" || r.State != Drafted || !slices.Equal(r.Asks, []string{"初次领护照"}) {
		t.Errorf("%+v %v %v", r, doc, err)
	}
	r, doc, err = Resolve(c, Decision{How: HowMerge, Key: "item/CRJ-001"}, body, now)
	if err != nil || doc.Body != item.Body+"  - 第一次办护照去哪\n" || len(r.Asks) != 2 {
		t.Errorf("%+v %v %v", r, doc, err)
	}
	r, doc, err = Resolve(c, Decision{How: HowNew, Text: "护照: 首次"}, body, now)
	if err != nil || r.Key != "article/wenda-20261122-12" {
		t.Fatalf("%+v %v", r, err)
	}
	a, ps := kb.ParseArticle(*doc)
	if ps != nil || a.Title != "护照: 首次" || len(a.Asks) != 2 || a.Review != "2027-05-22" || a.Summary != "" {
		t.Errorf("%+v %v", a, ps)
	}
	if r, doc, err = Resolve(c, Decision{How: HowIgnore}, body, now); err != nil || doc != nil || r.State != Ignored {
		t.Errorf("%+v %v %v", r, doc, err)
	}
	if r, doc, err = Resolve(c, Decision{How: HowAsk, Key: "item/CRJ-001", Text: "头一本护照"}, body, now); err != nil || doc != nil || r.State != Drafted {
		t.Errorf("an ask that is there: %+v %v %v", r, doc, err)
	}
	for d, code := range map[Decision]fault.Code{
		{How: "shred"}:               fault.BadRequest,
		{How: HowAsk, Key: "item/X"}: fault.NotFound,
		{How: HowAsk, Key: "item/CRJ-001", Text: "身份证[身份证号]"}: fault.BadRequest,
		{How: HowNew, Key: "article/a: b"}:                    fault.BadRequest,
	} {
		if _, _, err := Resolve(c, d, body, now); fault.CodeOf(err) != code {
			t.Errorf("%+v: %v", d, err)
		}
	}
}
