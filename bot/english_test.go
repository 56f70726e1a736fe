package bot

import (
	"strings"
	"testing"

	"shenwei/kb"
)

// Whatever the code itself may say to a citizen has English words; what editors write need not.
func TestEverySentenceOfOursHasEnglish(t *testing.T) {
	var all []string
	for _, card := range dangerCards {
		all = append(append(all, card.title), card.advice...)
		for _, n := range card.numbers {
			all = append(all, n.Label, n.For)
		}
	}
	for _, b := range cautions {
		all = append(all, b.Text)
		for _, l := range b.Links {
			all = append(all, l.Label)
		}
	}
	for _, text := range refusals {
		all = append(all, text)
	}
	for _, text := range smallTalk {
		all = append(all, text)
	}
	for _, n := range append((Site{}).hotlineNumbers(), (Site{Hotline: "1"}).hotlineNumbers()...) {
		all = append(all, n.Label, n.Hours, n.For)
	}
	all = append(all, notAnAlarm, takenDown, "零跑腿", "一次跑动", "需多次到场", "您也可能想问：", "都不是", "转人工", "去办理")
	for _, text := range all {
		if said := inEnglish(text); hasHan(said) {
			t.Errorf("no English for %q", text)
		}
	}
}

// A number in a Chinese sentence about danger is in the English one too.
func TestEnglishKeepsEveryNumberToCall(t *testing.T) {
	for text, said := range englishTexts {
		for _, number := range []string{"110", "119", "120", "122", "12110755", "12356", "12395", "96110", "12345", "0755-84464600", "12348"} {
			if strings.Contains(text, number) && !strings.Contains(said, number) {
				t.Errorf("%q has no %s", said, number)
			}
		}
	}
}

func TestPlacesReadInEnglish(t *testing.T) {
	for chinese, english := range map[string]string{
		"现在开放，18:00 关闭":                     "Open now, closes 18:00",
		"现在不开放，明天 09:00 开放":                 "Closed now, opens tomorrow 09:00",
		"11月23日 10:05 时开放，12:00 关闭":         "Open at 23 Nov 10:05, closes 12:00",
		"11月20日 20:00 时不开放，11月23日 09:00 开放": "Closed at 20 Nov 20:00, opens 23 Nov 09:00",
		"现在开放，今晚 24:00 关闭":                  "Open now, closes midnight",
		"现在不开放":                             "Closed now",
		"24 小时开放":                           "Open 24 hours",
		"南山区":                               "Nanshan District",
		"大鹏新区":                              "Dapeng New District",
		"罗湖口岸":                              "Luohu Port (罗湖口岸)",
		"工作日 09:00-12:00 14:00-18:00；节假日休息": "workdays 09:00-12:00 14:00-18:00; public holidays closed",
		"请先打电话":                             "请先打电话",
	} {
		if said := inEnglish(chinese); said != english {
			t.Errorf("%q reads %q, not %q", chinese, said, english)
		}
	}
}

func TestAnEnglishCardSaysWhatIsInChineseOnlyAndWhomToAsk(t *testing.T) {
	it := &kb.Item{
		Code: "CRJ-001", Name: "护照", PoliceType: "出入境", Fee: "看窗口", TimeLimit: "一般7个工作日", Materials: []string{"旧护照"}, Handover: "转人工",
		Facets: map[kb.Facet]string{kb.Condition: "深户", kb.How: "预约"}, English: &kb.English{Name: "Passport", Text: "A passport."},
	}
	know := &kb.Knowledge{}
	card, guide := (Site{}).InEnglish(know, it)
	want := "In Chinese only: the fee, the documents needed, the conditions and the steps. For help call 12367 (24 hours, Chinese and English), or ask for a person here."
	if card.Foreign != want || len(guide) != 0 || card.TimeLimit != "usually 7 working days" || card.Handover == "" || hasHan(card.Handover) {
		t.Errorf("%+v, guide %v", card, guide)
	}
	it.English.Fee, it.English.Materials = "CNY 120", []string{"Old passport"}
	it.English.Facets = map[kb.Facet]string{kb.Condition: "Shenzhen hukou.", kb.How: "Book."}
	if card, guide = (Site{}).InEnglish(know, it); card.Foreign != "" || len(guide) != 2 || guide[0].Title != "Conditions" || card.Materials[0] != "Old passport" {
		t.Errorf("%+v, guide %v", card, guide)
	}
	it.PoliceType = "人口"
	it.English.Materials = nil
	if card, _ = (Site{Hotline: "0755-1"}).InEnglish(know, it); !strings.Contains(card.Foreign, "call 0755-1") {
		t.Errorf("the hotline is not offered: %s", card.Foreign)
	}
}

func TestAnItemWithoutEnglishHasNoEnglishCard(t *testing.T) {
	if card, guide := (Site{}).InEnglish(&kb.Knowledge{}, &kb.Item{Code: "CRJ-001", Name: "护照"}); card != nil || guide != nil {
		t.Errorf("%+v %v", card, guide)
	}
}

func TestAReaderOfEnglishNamesADistrictInLatinLetters(t *testing.T) {
	for english, chinese := range map[string]string{"Nanshan": "南山", "nanshan district": "南山", "Baoan": "宝安", "Bao'an": "宝安", "Luohu Port": "罗湖", "南山区": "南山区", "Peking": "Peking"} {
		if got := ChinesePlace(english); got != chinese {
			t.Errorf("%q is %q, not %q", english, got, chinese)
		}
	}
}
