package desk

import (
	"strings"
	"testing"
	"time"

	"shenwei/internal/calendar"
	"shenwei/internal/fault"
)

func TestACallFormNeedsConsentToThePresentNotice(t *testing.T) {
	good := CallForm{Phone: "138 0013-8000", Window: "morning", Matter: "护照", Consent: CallNotice.Version}
	if err := good.Check(); err != nil || good.Phone != "13800138000" {
		t.Fatal(err, good.Phone)
	}
	for _, c := range []struct {
		change func(*CallForm)
		want   fault.Code
	}{
		{func(f *CallForm) { f.Consent = "" }, fault.BadRequest},
		{func(f *CallForm) { f.Consent = "callback-0" }, fault.Conflict},
		{func(f *CallForm) { f.Phone = "110" }, fault.BadRequest},
		{func(f *CallForm) { f.Phone = "13800138000; DROP" }, fault.BadRequest},
		{func(f *CallForm) { f.Window = "night" }, fault.BadRequest},
		{func(f *CallForm) { f.Matter = strings.Repeat("字", 501) }, fault.TooLarge},
	} {
		f := good
		c.change(&f)
		if err := f.Check(); fault.CodeOf(err) != c.want {
			t.Errorf("%+v: %v, want %s", f, err, c.want)
		}
	}
	m := CallRequest{Form: CallForm{Phone: "13800138000", Name: "张小明"}}.Masked()
	if m.Form.Phone != "138****8000" || m.Form.Name != "张**" {
		t.Error(m.Form)
	}
}

func TestAnOrderGoesItsWay(t *testing.T) {
	d, c := DefaultDeadlines(), calendar.Office()
	yes := true
	o, err := NewOrder(Order{Type: "求助", Urgency: "一般", Title: "补领", Body: "回执丢失", Unit: "福田分局"}, "a", noon, d, c)
	if err != nil || o.State != OrderAssigned {
		t.Fatal(err)
	}
	// Three working days from Monday 10:00.
	if want := noon.AddDate(0, 0, 3); !o.DueBy.Equal(want) {
		t.Errorf("due %s, want %s", o.DueBy, want)
	}
	for i, step := range []struct {
		e    OrderEvent
		want string
		code fault.Code
	}{
		{OrderEvent{Do: "reply", Text: "x"}, OrderAssigned, fault.Conflict},
		{OrderEvent{Do: "return"}, OrderAssigned, fault.BadRequest},
		{OrderEvent{Do: "return", Text: "不属于本单位"}, OrderReturned, ""},
		{OrderEvent{Do: "sign"}, OrderReturned, fault.Conflict},
		{OrderEvent{Do: "assign", Unit: "南山分局"}, OrderAssigned, ""},
		{OrderEvent{Do: "sign"}, OrderSigned, ""},
		{OrderEvent{Do: "extend", Text: "调档"}, OrderSigned, ""},
		{OrderEvent{Do: "extend", Text: "再调"}, OrderSigned, fault.Conflict},
		{OrderEvent{Do: "urge", Text: "市民再次来电"}, OrderSigned, ""},
		{OrderEvent{Do: "reply", Text: "已补办"}, OrderReplied, ""},
		{OrderEvent{Do: "close"}, OrderReplied, fault.BadRequest},
		{OrderEvent{Do: "close", Satisfied: &yes}, OrderClosed, ""},
		{OrderEvent{Do: "urge", Text: "x"}, OrderClosed, fault.Conflict},
		{OrderEvent{Do: "burn"}, OrderClosed, fault.BadRequest},
	} {
		step.e.Actor = "a"
		next, err := o.Apply(step.e, noon.Add(time.Duration(i)*time.Minute), d, c)
		if fault.CodeOf(err) != step.code || next.State != step.want || err == nil && next.Version != o.Version+1 {
			t.Fatalf("%d %s: %v, %s", i, step.e.Do, err, next.State)
		}
		o = next
	}
	if len(o.Steps) != 8 || o.Unit != "南山分局" || o.Extended != 1 || o.Urged != 1 || o.Late(noon.AddDate(1, 0, 0)) != "" {
		t.Fatalf("%+v", o)
	}
	if _, err := NewOrder(Order{Type: "求助", Urgency: "一般", Title: "补领", Body: "x", Unit: "y", Phone: "1"}, "a", noon, d, c); !fault.Is(err, fault.BadRequest) {
		t.Error(err)
	}
}

func TestEveryTypeAndUrgencyHasDeadlines(t *testing.T) {
	d := DefaultDeadlines()
	for _, kind := range OrderTypes {
		for _, u := range Urgencies {
			if dl := d.of(kind, u); dl.Sign <= 0 || dl.Contact <= 0 || dl.Due < dl.Contact {
				t.Errorf("%s %s: %+v", kind, u, dl)
			}
		}
	}
}

func TestAQualitySheetIsAddedUp(t *testing.T) {
	full := func() Check {
		c := Check{Points: map[string]int{}}
		for _, cr := range Sheet {
			c.Points[cr.ID] = cr.Max
		}
		return c
	}
	c := full()
	if err := c.Score(); err != nil || c.Total != 100 {
		t.Fatal(err, c.Total)
	}
	c.Points["correct"] = 0
	if err := c.Score(); err != nil || c.Total != 0 {
		t.Fatal("a fatal mistake counts", c.Total)
	}
	for _, change := range []func(*Check){
		func(c *Check) { c.Points["speed"] = 99 }, func(c *Check) { delete(c.Points, "tone") },
		func(c *Check) { c.Points["more"] = 1 }, func(c *Check) { c.Sheet = "sheet-0" },
	} {
		c := full()
		change(&c)
		if c.Score() == nil {
			t.Errorf("accepted: %+v", c)
		}
	}
}
