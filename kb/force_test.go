package kb

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func moment(t *testing.T, s string) time.Time {
	t.Helper()
	at, err := ParseMoment(s)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func TestAMomentIsShenzhenTime(t *testing.T) {
	for text, want := range map[string]string{
		"2026-12-01": "2026-11-30T16:00:00Z", "2026-12-01 08:30": "2026-12-01T00:30:00Z", " 2026-12-01 ": "2026-11-30T16:00:00Z",
	} {
		if got := moment(t, text).UTC().Format(time.RFC3339); got != want {
			t.Errorf("%q is %s, want %s", text, got, want)
		}
	}
	if at := moment(t, ""); !at.IsZero() {
		t.Errorf("nothing is %v", at)
	}
	for _, bad := range []string{"tomorrow", "2026-13-01", "2026-12-01T08:30", "08:30", "2026-12-01 8:30pm"} {
		if _, err := ParseMoment(bad); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

func TestASpanHoldsFromItsBeginningUntilJustBeforeItsEnd(t *testing.T) {
	s := spanOf("2026-12-01", "2026-12-02 12:00")
	for at, want := range map[string]bool{
		"2026-11-30 23:59": false, "2026-12-01": true, "2026-12-02 11:59": true, "2026-12-02 12:00": false,
	} {
		if s.Holds(moment(t, at)) != want {
			t.Errorf("%s: %v", at, !want)
		}
	}
	if !(Span{}).Holds(time.Time{}) || !(Span{}).Holds(noon) {
		t.Error("an open span holds always")
	}
}

// dated is goodItem with dates.
func datedItem(effective, expires, fee string) Document {
	body := strings.Replace(goodItem, "fee: 120元/本", "fee: "+fee, 1)
	if effective != "" {
		body += "effective: " + effective + "\n"
	}
	if expires != "" {
		body += "expires: " + expires + "\n"
	}
	return Document{KindItem, "CRJ-002", body}
}

func TestATextThatIsNotInForceYetLeavesTheOneBeforeAndOneThatEndedLeavesNothing(t *testing.T) {
	docs := good()
	live := &Release{Number: 1, AsOf: moment(t, "2026-11-01")}
	for _, d := range list(docs) {
		live.Revisions = append(live.Revisions, Revision{Document: d, Number: 1})
	}
	c := Candidate(live, []Revision{{Document: datedItem("2026-12-01", "2027-01-01", "140元/本"), Number: 2, Base: 1}})
	next := Candidate(c, []Revision{{Document: datedItem("2026-12-15", "2027-01-01", "150元/本"), Number: 3, Base: 2}})
	for at, want := range map[string]struct {
		fee    string
		number int64
	}{
		"2026-11-30": {"120元/本", 1}, "2026-12-01": {"140元/本", 2}, "2026-12-15": {"150元/本", 3}, "2026-12-31 23:59": {"150元/本", 3}, "2027-01-01": {"", 3},
	} {
		k, numbers, err := next.At(moment(t, at)).Knowledge()
		if err != nil {
			t.Fatal(err)
		}
		fee := ""
		if it := k.Item("CRJ-002"); it != nil {
			fee = it.Fee
		}
		if fee != want.fee || numbers["item/CRJ-002"] != want.number {
			t.Errorf("%s: %q of revision %d, want %+v", at, fee, numbers["item/CRJ-002"], want)
		}
	}
	var dates []string
	for _, d := range next.Dates(next.AsOf, moment(t, "2026-12-31")) {
		dates = append(dates, d.In(Shenzhen).Format(time.DateOnly))
	}
	if !slices.Equal(dates, []string{"2026-12-01", "2026-12-15"}) {
		t.Errorf("%v", dates)
	}
	entered, left := next.between(moment(t, "2026-11-01"), moment(t, "2026-12-20"))
	if !slices.Equal(entered, []string{"item/CRJ-002"}) || len(left) != 0 {
		t.Errorf("%v %v", entered, left)
	}
	if entered, left = next.between(moment(t, "2026-12-20"), moment(t, "2027-02-01")); len(entered) != 0 || !slices.Equal(left, []string{"item/CRJ-002"}) {
		t.Errorf("%v %v", entered, left)
	}
}

func TestWhatIsLeftOutIsNamedByNobody(t *testing.T) {
	docs := good()
	docs["lists"] = Document{KindList, "life", "lists:\n  - {id: a, by: life, name: 出国, items: [CRJ-002, CRJ-003]}\n  - {id: b, by: life, name: 只有它, items: [CRJ-002]}\n"}
	k, err := Parse(list(docs))
	if err != nil {
		t.Fatal(err)
	}
	less := k.Without(func(key string) bool { return key == "item/CRJ-002" })
	if less.Item("CRJ-002") != nil || len(less.Items) != 1 || len(less.Article("etc-sms").Related) != 0 {
		t.Errorf("%+v", less)
	}
	if len(less.Lists) != 1 || !slices.Equal(less.Lists[0].Items, []string{"CRJ-003"}) {
		t.Errorf("%+v", less.Lists)
	}
	other := k.Without(func(key string) bool { return key == "item/CRJ-003" })
	if len(other.Item("CRJ-002").Confusable) != 0 || len(k.Item("CRJ-002").Confusable) != 1 || len(k.Lists[0].Items) != 2 {
		t.Error("the knowledge itself was changed, or a neighbour that is gone is named")
	}
	if k.Without(func(string) bool { return false }) != k {
		t.Error("nothing left out makes a copy")
	}
}

func TestAHashIsOfWhatIsPublishedAndNotOfItsOrder(t *testing.T) {
	a := Revision{Document: Document{KindItem, "A", "1"}, Number: 1}
	b := Revision{Document: Document{KindItem, "B", "1"}, Number: 3}
	one, two := &Release{Revisions: []Revision{a, b}}, &Release{Number: 7, Revisions: []Revision{b, a}}
	if one.Hash() != two.Hash() {
		t.Error("the order counts")
	}
	b.Number = 4
	if one.Hash() == (&Release{Revisions: []Revision{a, b}}).Hash() {
		t.Error("the revision does not count")
	}
}
