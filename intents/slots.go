package intents

import (
	"regexp"
	"strconv"
	"strings"
)

// The names of slots.
const (
	SlotHuji     = "huji"     // 深户 | 非深户
	SlotAge      = "age"      // years
	SlotFrom     = "from"     // 香港澳门 | 台湾 | 外国
	SlotState    = "state"    // 丢失 | 损坏 | 过期 | 快到期 | 首次
	SlotDistrict = "district" // 南山 …
	SlotWho      = "who"      // 孩子 | 老人 | 配偶 | 单位
)

// slotNames are what people read for a slot, in the order in which they ask.
var slotNames = [][2]string{{SlotHuji, "户籍"}, {SlotFrom, "来自"}, {SlotWho, "为谁办"}, {SlotAge, "年龄"}, {SlotState, "证件状况"}, {SlotDistrict, "所在区"}}

// Told is something that a citizen said of herself or of the thing, in words for people.
type Told struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Tell puts slots into words for people, in a fixed order. Unknown slots are left out.
func Tell(slots map[string]string) []Told {
	list := []Told{}
	for _, s := range slotNames {
		v := slots[s[0]]
		if v == "" {
			continue
		}
		if _, err := strconv.Atoi(v); err == nil && s[0] == SlotAge {
			v += " 岁"
		}
		list = append(list, Told{s[1], v})
	}
	return list
}

var ageForm = regexp.MustCompile(`(\d{1,3})(?:周岁|岁)`)

// slotConcepts says which concept fills which slot.
var slotConcepts = map[string][2]string{
	"local": {SlotHuji, "深户"}, "other-place": {SlotHuji, "非深户"},
	"hongkonger": {SlotFrom, "香港澳门"}, "taiwanese": {SlotFrom, "台湾"}, "foreigner": {SlotFrom, "外国"},
	"lost": {SlotState, "丢失"}, "damaged": {SlotState, "损坏"}, "expired": {SlotState, "过期"}, "expiring": {SlotState, "快到期"}, "first": {SlotState, "首次"},
	"child": {SlotWho, "孩子"}, "elder": {SlotWho, "老人"}, "spouse": {SlotWho, "配偶"}, "company": {SlotWho, "单位"},
}

// slotsOf reads what the citizen says of herself and of the thing.
func slotsOf(text string, hits []ConceptHit, places map[string]string) map[string]string {
	slots := map[string]string{}
	runes := []rune(text)
	for _, h := range hits {
		s, ok := slotConcepts[h.ID]
		if ok && denies(runes, h.Start) {
			if h.ID != "local" {
				continue // 没丢, 没过期
			}
			s[1] = "非深户"
		}
		if ok {
			if _, taken := slots[s[0]]; !taken {
				slots[s[0]] = s[1]
			}
		}
	}
	if m := ageForm.FindStringSubmatch(text); m != nil {
		if n, err := strconv.Atoi(m[1]); err == nil && n <= 120 {
			slots[SlotAge] = m[1]
		}
	}
	if d := districtOf(text, places); d != "" {
		slots[SlotDistrict] = d
	}
	return slots
}

// denies reports whether a denial stands right before the position.
func denies(runes []rune, at int) bool {
	before := string(runes[max(0, at-3):min(max(at, 0), len(runes))])
	return hasSuffixAny(before, []string{"不是", "没", "没有", "不算", "并非", "非", "还没", "无"})
}

// districtOf is the district of the place that the text names first; of two that begin
// there, the longer one's.
func districtOf(text string, places map[string]string) string {
	at, longest, district := len(text), 0, ""
	for place, d := range places {
		i := strings.Index(text, place)
		if place == "" || i < 0 || !wholeLatin(text, place, i) {
			continue
		}
		if i < at || i == at && len(place) > longest {
			at, longest, district = i, len(place), d
		}
	}
	return district
}
