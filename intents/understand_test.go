package intents

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"shenwei/kb"
)

func TestTheFacetIsWhatIsAsked(t *testing.T) {
	for line, want := range map[string]kb.Facet{
		"换护照多少钱":              kb.Fee,
		"那要多少钱":               kb.Fee,
		"手续费贵不贵":              kb.Fee,
		"办护照要多久":              kb.Time,
		"什么时候能拿到":             kb.Time,
		"在哪里办身份证":             kb.Place,
		"南山去哪换驾照":             kb.Place,
		"补身份证要什么材料":           kb.Material,
		"需要带什么":               kb.Material,
		"护照办好了吗":              kb.Progress,
		"怎么查居住证进度":            kb.Progress,
		"驾照过期开车会怎样":           kb.Consequence,
		"非深户能不能办":             kb.Condition,
		"护照怎么换":               kb.How,
		"护照":                  kb.Other,
		"怎么换护照 多少钱":           kb.Fee,
		"how much is it":      kb.Fee,
		"where is the office": kb.Place,
		"coffee":              kb.Other,
		"somewhere":           kb.Other,
	} {
		if got := facetOf(normal().Text(line)); got != want {
			t.Errorf("%q asks for %q, want %q", line, got, want)
		}
	}
}

var wards = []kb.Outlet{
	{ID: "a", Name: "a", District: "南山区", Places: []string{"科技园", "蛇口"}},
	{ID: "b", Name: "b", District: "福田区", Places: []string{"华强北"}},
	{ID: "c", Name: "c", District: "大鹏新区", Places: []string{"南澳"}},
	{ID: "d", Name: "d"},
}

func TestTheDistrictIsThePlaceNamedFirst(t *testing.T) {
	places := placesOf(wards)
	for line, want := range map[string]string{
		"南山哪里有自助机": "南山区", "在华强北上班": "福田区", "大鹏办身份证": "大鹏新区", "我在福田上班 住南山": "福田区", "住南山 在福田上班": "南山区",
		"深圳哪里能办": "", "": "", "科技园附近": "南山区",
	} {
		for range 10 { // a map is behind it
			if got := districtOf(line, places); got != want {
				t.Fatalf("%q is in %q, want %q", line, got, want)
			}
		}
	}
}

func TestSlotsAreWhatTheCitizenSaysOfHerself(t *testing.T) {
	hit := func(ids ...string) (hits []ConceptHit) {
		for _, id := range ids {
			hits = append(hits, ConceptHit{ID: id})
		}
		return hits
	}
	for _, c := range []struct {
		text string
		hits []ConceptHit
		want map[string]string
	}{
		{"我是深户", hit("local"), map[string]string{SlotHuji: "深户"}},
		{"她不是深户", []ConceptHit{{ID: "local", Start: 3, End: 5}}, map[string]string{SlotHuji: "非深户"}},
		{"证没丢", []ConceptHit{{ID: "lost", Start: 2, End: 3}}, map[string]string{}},
		{"她不是深户", hit("other-place"), map[string]string{SlotHuji: "非深户"}},
		{"护照丢了", hit("passport", "lost"), map[string]string{SlotState: "丢失"}},
		{"孩子8岁", hit("child"), map[string]string{SlotWho: "孩子", SlotAge: "8"}},
		{"60周岁的老人", hit("elder"), map[string]string{SlotWho: "老人", SlotAge: "60"}},
		{"999岁", nil, map[string]string{}},
		{"台湾人在南山", hit("taiwanese"), map[string]string{SlotFrom: "台湾", SlotDistrict: "南山区"}},
		{"丢了又坏了", hit("lost", "damaged"), map[string]string{SlotState: "丢失"}},
		{"", nil, map[string]string{}},
	} {
		if got := slotsOf(c.text, c.hits, placesOf(wards)); fmt.Sprint(got) != fmt.Sprint(c.want) {
			t.Errorf("%q: %v, want %v", c.text, got, c.want)
		}
	}
}

func smallLexicon() kb.Lexicon {
	return kb.Lexicon{Concepts: []kb.Concept{
		{ID: "document", Kind: kb.Object, Name: "证件", Words: []string{"证"}},
		{ID: "permit", Kind: kb.Object, Name: "通行证", Parents: []string{"document"}},
		{ID: "hk-permit", Kind: kb.Object, Name: "港澳通行证", Words: []string{"港澳卡", "ＨＫ permit"}, Parents: []string{"permit", "travel"}},
		{ID: "travel", Kind: kb.Object, Name: "出入境", Parents: []string{"document"}},
		{ID: "lost", Kind: kb.State, Name: "遗失", Words: []string{"丢了"}},
		{ID: "hk", Kind: kb.Topic, Name: "香港", Words: []string{"港澳"}},
	}}
}

func TestConceptsAreTheLongestWordsOfEachKind(t *testing.T) {
	c := NewConcepts(smallLexicon(), normal())
	for line, want := range map[string][]string{
		"港澳通行证丢了":         {"hk-permit", "hk", "lost"},
		"通行证和证":           {"permit", "document"},
		"我的hk permit丢了":   {"hk-permit", "lost"},
		"xhk permits":     {},
		"護照":              {},
		"":                {},
		"港澳通行证港澳卡":        {"hk-permit", "hk", "hk-permit", "hk"},
		"丢了丢了":            {"lost", "lost"},
		"证件":              {"document"},
		"遗失的出入境证":         {"lost", "travel", "document"},
		"hk permit,证":     {"hk-permit", "document"},
		"去香港":             {"hk"},
		"什么都没有":           {},
		"港澳":              {"hk"},
		"this hk permit ": {"hk-permit"},
	} {
		runes := []rune(normal().Text(line))
		got := []string{}
		for _, h := range c.Find(runes) {
			got = append(got, h.ID)
			if string(runes[h.Start:h.End]) != h.Word {
				t.Errorf("%q: %+v points elsewhere", line, h)
			}
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%q says %v, want %v", line, got, want)
		}
	}
}

func TestAncestorsComeNearestFirstAndOnce(t *testing.T) {
	c := NewConcepts(smallLexicon(), normal())
	if got := c.Above("hk-permit"); !slices.Equal(got, []string{"permit", "travel", "document"}) {
		t.Errorf("%v", got)
	}
	if !c.Related("hk-permit", "document") || !c.Related("document", "hk-permit") || !c.Related("hk", "hk") || c.Related("permit", "travel") {
		t.Error("related means: the same, or one above the other")
	}
	if c.Kind("lost") != kb.State || len(c.Above("document")) != 0 {
		t.Error("kind or root is wrong")
	}
	circle := kb.Lexicon{Concepts: []kb.Concept{
		{ID: "a", Kind: kb.Object, Name: "甲", Parents: []string{"b"}}, {ID: "b", Kind: kb.Object, Name: "乙", Parents: []string{"a"}},
	}}
	if got := NewConcepts(circle, normal()).Above("a"); !slices.Equal(got, []string{"b"}) {
		t.Errorf("a circle: %v", got)
	}
}

func TestEnglishIsTold(t *testing.T) {
	for line, want := range map[string]bool{
		"How do I renew my work residence permit?": true, "lost passport, flight tomorrow": true, "need police certificate for canada": true,
		"huzhao diule zenme ban": false, "护照": false, "我的passport丢了": false, "passport": false, "": false, "12345": false, "ETC 扣费短信": false,
	} {
		if got := read(t, line).English; got != want {
			t.Errorf("%q: %v", line, got)
		}
	}
}

func TestTraditionalLinesAreToldAndReadAsSimplified(t *testing.T) {
	u := read(t, "護照過期")
	if !u.Traditional || !strings.HasPrefix(u.Text, "护照过期") || u.Raw != "護照過期" {
		t.Errorf("%+v", u)
	}
	if read(t, "护照过期").Traditional {
		t.Error("simplified writing is called traditional")
	}
}

func TestWordsAndSynonymsAreForRetrieval(t *testing.T) {
	u := read(t, "我的身份证和身份证")
	n := 0
	for _, w := range u.Words() {
		if w == "身份证" {
			n++
		}
		if stopWords[w] {
			t.Errorf("%q is a stop word", w)
		}
	}
	if n != 1 {
		t.Errorf("a word counts once: %v", u.Words())
	}
	if got := u.Synonyms(); !slices.Contains(got, "居民身份证") {
		t.Errorf("the official name is missing: %v", got)
	}
	if !u.Has("id-card") || u.Has("passport") {
		t.Error("Has is wrong")
	}
}

func TestRankingHoldsEachEntryOnceBestFirst(t *testing.T) {
	for _, line := range []string{"身份证丢了怎么补", "", "asdf", "今天天气", strings.Repeat("护照", 500)} {
		un := read(t, line)
		ranked := shared().Rank(un, nil)
		if len(ranked.Entries) == 0 {
			t.Fatalf("%.20q: nothing ranked", line)
		}
		seen := map[string]bool{}
		sum := ranked.None
		for i, s := range ranked.Entries {
			key := string(s.Kind) + "/" + s.Code
			if seen[key] || s.P < 0 || s.P > 1 {
				t.Fatalf("%.20q: %s twice, or with the probability %v", line, key, s.P)
			}
			seen[key] = true
			sum += s.P
			if i > 0 && s.P > ranked.Entries[i-1].P {
				t.Fatalf("%.20q: %s is out of order", line, key)
			}
		}
		if sum > 1.001 {
			t.Errorf("%.20q: the probabilities add up to %v", line, sum)
		}
	}
}

func TestReadingAndRankingDependOnTheLineAlone(t *testing.T) {
	lines := []string{"护照快到期了怎么换", "我在福田上班住南山 身份证丢了", "lost passport", "huzhao diule", "楼下有人拿刀"}
	want := make([]string, len(lines))
	sum := func(line string) string {
		un := shared().Read(line)
		r := shared().Rank(un, map[string]float64{"item/CRJ-002": 1})
		return fmt.Sprint(un.Text, un.Act, un.Facet, un.Slots, un.Triage, un.Tokens, un.Concepts, r.Entries[:5])
	}
	for i, l := range lines {
		want[i] = sum(l)
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 5 {
				for i, l := range lines {
					if got := sum(l); got != want[i] {
						t.Errorf("%q is read differently:\n%s\n%s", l, got, want[i])
						return
					}
				}
			}
		})
	}
	wg.Wait()
}

func TestNearestCompletesABeginning(t *testing.T) {
	got := shared().Nearest("护照丢了", 3)
	if len(got) == 0 || len(got) > 3 {
		t.Fatalf("%d suggestions", len(got))
	}
	for _, s := range got {
		if s.Phrase == "" {
			t.Errorf("%+v", s)
		}
	}
}

func TestHostileLinesAreReadWithoutHarm(t *testing.T) {
	for _, line := range []string{
		"\x00\x01", "\xff\xfe\xfd", strings.Repeat("啊", 100_000), "<script>alert(1)</script>", "'; DROP TABLE conversations;--", "\u202e\u2066", "👨‍👩‍👧‍👦", "%s%n%d", "{{.}}", "\n\n\n", "𠮷",
	} {
		un := read(t, line)
		shared().Rank(un, nil)
		if un.Triage.Level == Danger {
			t.Errorf("%.20q: %+v", line, un.Triage)
		}
	}
}
