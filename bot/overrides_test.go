package bot

import (
	"strings"
	"testing"
	"time"

	"shenwei/internal/fault"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func TestANoticeHoldsInItsTimeWarningsFirst(t *testing.T) {
	o := &Overrides{Notices: []Notice{
		{ID: 1, Level: NoticeInfo, From: noon, Until: noon.Add(time.Hour)},
		{ID: 2, Level: NoticeWarn, From: noon, Until: noon.Add(time.Hour)},
		{ID: 3, Level: NoticeWarn, From: noon.Add(time.Hour), Until: noon.Add(2 * time.Hour)},
	}}
	for at, want := range map[time.Duration][]int64{-1: nil, 0: {2, 1}, time.Hour - 1: {2, 1}, time.Hour: {3}, 2 * time.Hour: nil} {
		var got []int64
		for _, n := range o.Running(noon.Add(at)) {
			got = append(got, n.ID)
		}
		if len(got) != len(want) || len(got) > 0 && got[0] != want[0] {
			t.Errorf("after %v: %v, want %v", at, got, want)
		}
	}
	var none *Overrides
	if none.Running(noon) != nil || none.Hides("item/A") || none.HidesLink("x") || none.HidesAny() {
		t.Error("nothing set overrides something")
	}
}

func TestWhatCannotBeMeantIsNotSet(t *testing.T) {
	for _, bad := range []Takedown{
		{Reason: "x"}, {Key: "item/A", Link: "https://a", Reason: "x"}, {Key: "lexicon/a", Reason: "x"}, {Key: "item/", Reason: "x"},
		{Key: "item/A"}, {Key: "item/A", Reason: strings.Repeat("长", 501)}, {Link: "/", Reason: "x"}, {Link: strings.Repeat("/", 1001), Reason: "x"},
	} {
		if !fault.Is(bad.Check(), fault.BadRequest) {
			t.Errorf("%+v is taken", bad)
		}
	}
	good := Notice{Text: "台风", Level: NoticeWarn, From: noon, Until: noon.Add(time.Hour)}
	if err := good.Check(noon); err != nil {
		t.Error(err)
	}
	for name, change := range map[string]func(n *Notice){
		"no text": func(n *Notice) { n.Text = " " }, "long": func(n *Notice) { n.Text = strings.Repeat("长", 301) }, "level": func(n *Notice) { n.Level = "red" },
		"no end": func(n *Notice) { n.Until = time.Time{} }, "backwards": func(n *Notice) { n.From = n.Until }, "over": func(n *Notice) { n.From, n.Until = noon.Add(-2*time.Hour), noon.Add(-time.Hour) },
	} {
		n := good
		change(&n)
		if !fault.Is(n.Check(noon), fault.BadRequest) {
			t.Errorf("%s is taken", name)
		}
	}
}
