package bot

import (
	"strings"
	"testing"
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
