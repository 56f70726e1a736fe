package insight

import (
	"slices"
	"strings"
	"testing"
	"time"

	"shenwei/bot"
)

var noon = time.Date(2026, 11, 22, 4, 0, 0, 0, time.UTC) // in Shenzhen

// play takes turns of one conversation one after the other, ten seconds apart unless they
// say when, and returns its questions.
func play(turns ...Turn) []Question {
	var all []Question
	for i, t := range turns {
		t.Conversation, t.Channel, t.N = "c", bot.Web, int64(i+1)
		t.Line, t.Answer = int64(2*i+1), int64(2*i+2)
		if t.At.IsZero() {
			t.At = noon.Add(time.Duration(i) * 10 * time.Second)
		}
		for _, q := range Take(t, slices.Clone(all), func(a, b string) bool { return a == b }) {
			at := slices.IndexFunc(all, func(x Question) bool { return x.Seq == q.Seq })
			if at < 0 {
				all = append(all, q)
			} else {
				all[at] = q
			}
		}
	}
	return all
}

func answer(text, item string) Turn {
	return Turn{Text: text, Action: bot.Answer, Item: item, Policy: "decide"}
}

func TestWhatBecomesOfQuestions(t *testing.T) {
	ask := Turn{Text: "办身份证", Action: bot.Clarify, Policy: "decide"}
	tap := Turn{Text: "丢失补领", Tapped: true, Action: bot.Answer, Item: "RK-050", Policy: "choice"}
	none := Turn{Text: "都不是", Action: bot.Decline, Policy: "choice"}
	person := Turn{Text: "转人工", Action: bot.Handoff, Policy: "human", Act: "person"}
	strange := Turn{Text: "火星移民", Action: bot.Decline, Policy: "decide"}
	late := func(t Turn, after time.Duration) Turn { t.At = noon.Add(after); return t }
	for _, c := range []struct {
		name    string
		turns   []Turn
		want    Counts
		reasons []Reason
	}{
		{"an answer solves", []Turn{answer("护照换发", "CRJ-002")}, Counts{Questions: 1, Solved: 1, Matters: 1}, nil},
		{"small talk and passed-on lines are no questions", []Turn{{Text: "你好", Action: bot.SmallTalk}, {Text: "x", Action: bot.Relayed}}, Counts{}, nil},
		{"asked back and never chosen", []Turn{ask}, Counts{Questions: 1, AskedBack: 1}, nil},
		{"asked back and chosen", []Turn{ask, tap}, Counts{Questions: 1, AskedBack: 1, Solved: 1, Matters: 1}, nil},
		{"asked back and none of it", []Turn{ask, none}, Counts{Questions: 1, AskedBack: 1, Silent: 1}, []Reason{Missed}},
		{"nothing recognised", []Turn{strange}, Counts{Questions: 1, Silent: 1}, []Reason{Missed}},
		{"not ours, with where to go", []Turn{{Text: "结婚", Action: bot.Decline, Article: "jiehun", Policy: "decide"}}, Counts{Questions: 1, Solved: 1, Matters: 1}, nil},
		{"refused", []Turn{{Text: "查他的住址", Action: bot.Decline, Policy: "safety"}}, Counts{Questions: 1, Refused: 1}, nil},
		{"an emergency", []Turn{{Text: "有人拿刀", Action: bot.Emergency, Policy: "emergency"}}, Counts{Questions: 1, Emergency: 1}, nil},
		{"answered, then a person wanted", []Turn{answer("护照换发", "CRJ-002"), person}, Counts{Questions: 1, HandedOver: 1}, []Reason{Handed}},
		{"a person wanted at once has no matter", []Turn{person}, Counts{Questions: 1, HandedOver: 1}, nil},
		{"a person wanted an hour later is another matter", []Turn{answer("护照换发", "CRJ-002"), late(person, time.Hour)},
			Counts{Questions: 2, Solved: 1, HandedOver: 1, Matters: 1}, nil},
		{"asked again", []Turn{answer("护照换发", "CRJ-001"), answer("护照换发", "CRJ-002")},
			Counts{Questions: 2, Solved: 1, Repeated: 1, Matters: 1}, []Reason{Again}},
		{"asked again with the same answer counts one matter", []Turn{answer("护照换发", "CRJ-002"), answer("护照换发", "CRJ-002")},
			Counts{Questions: 2, Solved: 1, Repeated: 1, Matters: 1}, []Reason{Again}},
		{"sent twice by a slip is not asked again", []Turn{answer("护照换发", "CRJ-002"), late(answer("护照换发", "CRJ-002"), 2*time.Second)},
			Counts{Questions: 2, Solved: 2, Matters: 1}, nil},
		{"three facets of one item are one matter", []Turn{answer("材料", "CRJ-002"), answer("费用", "CRJ-002"), answer("时限", "CRJ-002")},
			Counts{Questions: 3, Solved: 3, Matters: 1}, nil},
		{"another option tapped beside an answer", []Turn{answer("身份证丢了", "RK-049"), tap}, Counts{Questions: 1, Solved: 1, Matters: 1}, nil},
		{"a code typed first is a question", []Turn{{Text: "CRJ-011", Action: bot.Answer, Item: "CRJ-011", Policy: "choice"}}, Counts{Questions: 1, Solved: 1, Matters: 1}, nil},
	} {
		var sum Counts
		var reasons []Reason
		for _, q := range play(c.turns...) {
			sum = sum.Add(q.Counts(), 1)
			reasons = append(reasons, q.Reasons()...)
		}
		if sum != c.want || !slices.Equal(reasons, c.reasons) {
			t.Errorf("%s: %+v %v, want %+v %v", c.name, sum, reasons, c.want, c.reasons)
		}
	}
}

func TestAThumbDownTakesTheSolutionBack(t *testing.T) {
	q := play(answer("护照换发", "CRJ-002"))[0]
	q.Thumb = -1
	if got := q.Counts(); got != (Counts{Questions: 1, Wrong: 1}) || !slices.Equal(q.Reasons(), []Reason{Thumbed}) {
		t.Errorf("%+v %v", got, q.Reasons())
	}
}

func TestWhatIsKeptOfALineNamesNobody(t *testing.T) {
	q := play(answer("我身份证44030119900101001X丢了，电话13800138000 "+strings.Repeat("长", 400), "RK-050"))[0]
	if strings.Contains(q.Text, "4403011990") || strings.Contains(q.Text, "13800138000") || len([]rune(q.Text)) > maxText+1 {
		t.Errorf("kept %q", q.Text)
	}
}

func TestTheShareSolvedLeavesOutWhatNobodyMaySolve(t *testing.T) {
	c := Counts{Questions: 10, Solved: 6, Refused: 1, Emergency: 1}
	if c.Rate() != 0.75 || (Counts{Refused: 3, Questions: 3}).Rate() != 0 {
		t.Error(c.Rate())
	}
}
