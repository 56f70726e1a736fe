package desk

import (
	"testing"
	"time"
)

func TestTheRightAgentIsChosen(t *testing.T) {
	r := Defaults()
	at := func(s int) time.Time { return noon.Add(time.Duration(s) * time.Second) }
	agent := func(id string, change func(*Agent)) Agent {
		a := Agent{ID: id, Capacity: 4, Presence: Online, Seen: noon, Assigned: noon.Add(-time.Hour)}
		if change != nil {
			change(&a)
		}
		return a
	}
	tk := queued(noon, r)
	sticky := tk
	sticky.Sticky, sticky.Last = true, "b"
	bounced := tk
	bounced.Bounces = []Bounce{{"a", noon, "lapsed"}}
	in := func(groups ...string) func(*Agent) { return func(a *Agent) { a.Groups = groups } }
	for _, c := range []struct {
		name   string
		tk     Ticket
		after  int
		agents []Agent
		want   string
	}{
		{"nobody", tk, 0, nil, ""},
		{"the longest idle", tk, 0, []Agent{agent("a", nil), agent("b", func(a *Agent) { a.Assigned = noon.Add(-2 * time.Hour) })}, "b"},
		{"idle before occupied", tk, 0, []Agent{agent("a", func(a *Agent) { a.Load, a.Assigned = 1, noon.Add(-3*time.Hour) }), agent("b", nil)}, "b"},
		{"no room", tk, 0, []Agent{agent("a", func(a *Agent) { a.Load = 4 })}, ""},
		{"busy", tk, 0, []Agent{agent("a", func(a *Agent) { a.Presence = Busy })}, ""},
		{"silent", tk, 46, []Agent{agent("a", nil)}, ""},
		{"disabled", tk, 0, []Agent{agent("a", func(a *Agent) { a.Disabled = true })}, ""},
		{"another group", tk, 0, []Agent{agent("a", in("户政"))}, ""},
		{"low skill waits for the ring", tk, 10, []Agent{agent("a", func(a *Agent) { a.Skills = map[string]int{"出入境": 1} })}, ""},
		{"low skill after 30 s", tk, 30, []Agent{agent("a", func(a *Agent) { a.Skills = map[string]int{"出入境": 1} })}, "a"},
		{"overflow only after 180 s", tk, 40, []Agent{agent("a", in(General))}, ""},
		{"the last agent first", sticky, 0, []Agent{agent("a", func(a *Agent) { a.Assigned = noon.Add(-9 * time.Hour) }), agent("b", nil)}, "b"},
		{"the last agent is waited for", sticky, 10, []Agent{agent("a", nil), agent("b", func(a *Agent) { a.Load = 4 })}, ""},
		{"not for ever", sticky, 21, []Agent{agent("a", nil), agent("b", func(a *Agent) { a.Load = 4 })}, "a"},
		{"not when she has gone", sticky, 0, []Agent{agent("a", nil), agent("b", func(a *Agent) { a.Presence = Offline })}, "a"},
		{"who let it ring is not asked at once", bounced, 20, []Agent{agent("a", nil)}, ""},
	} {
		if got := r.Choose(c.tk, c.agents, at(c.after)); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
	late := []Agent{agent("a", func(a *Agent) { a.Groups, a.Seen = []string{General}, at(180) })}
	if got := r.Choose(tk, late, at(180)); got != "a" {
		t.Errorf("overflow: %q", got)
	}
	if got := r.Choose(bounced, []Agent{agent("a", func(a *Agent) { a.Seen = at(121) })}, at(121)); got != "a" {
		t.Errorf("after two minutes: %q", got)
	}
}

func TestTheQueueIsOrderedByPriorityThenTime(t *testing.T) {
	r := Defaults()
	first, second, urgent, other := queued(noon, r), queued(noon.Add(time.Minute), r), queued(noon.Add(time.Hour), r), queued(noon.Add(-time.Hour), r)
	first.Number, second.Number, urgent.Number, other.Number = "1", "2", "3", "4"
	urgent.Priority, other.Group = 1, "户政"
	all := []Ticket{first, second, urgent, other}
	for i, want := range []int{2, 3, 1, 1} {
		if got := Position(all[i], all); got != want {
			t.Errorf("%s is at %d, want %d", all[i].Number, got, want)
		}
	}
}

func TestTheWaitIsMeasuredOrNotSaid(t *testing.T) {
	served := []time.Duration{4 * time.Minute, 6 * time.Minute, 60 * time.Minute, 5 * time.Minute, time.Minute}
	if got := Minutes(Estimate(3, served, 4)); got != 4 { // 3 × 5 min ÷ 4
		t.Errorf("%d minutes", got)
	}
	if Estimate(3, served[:4], 4) != 0 || Estimate(3, served, 0) != 0 {
		t.Error("guessed")
	}
}

func TestFormerHotlineNumbersLeadToTheirGroups(t *testing.T) {
	r := Defaults()
	for number, want := range map[string]string{
		"0755-84465000": "户政", "84465490": "出入境", "+86 755 8333 3333": "交警", "(0755) 8446 4600": General,
		"110": "", "": "", "12345678": "", "0755": "",
	} {
		if got := r.GroupOfNumber(number); got != want {
			t.Errorf("%s leads to %q, want %q", number, got, want)
		}
	}
}
