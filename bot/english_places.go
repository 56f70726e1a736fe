package bot

import (
	"regexp"
	"strings"
)

// Places in English. Districts, kinds, hours and whether it is open are translated; an outlet's own
// name keeps its Chinese, which is what a driver and a sign show.

var districts = map[string]string{
	"福田": "Futian", "罗湖": "Luohu", "盐田": "Yantian", "南山": "Nanshan", "宝安": "Bao'an", "龙岗": "Longgang", "龙华": "Longhua",
	"坪山": "Pingshan", "光明": "Guangming", "大鹏": "Dapeng", "深汕": "Shenshan", "皇岗": "Huanggang", "文锦渡": "Wenjindu", "莲塘": "Liantang",
	"沙头角": "Shatoujiao", "深圳湾": "Shenzhen Bay", "蛇口": "Shekou", "深圳机场": "Shenzhen Airport",
}

var (
	districtForm = regexp.MustCompile(`^(..)(新?区|特别合作区)$`)
	bureauForm   = regexp.MustCompile(`^深圳市公安局(..)分局$`)
	portForm     = regexp.MustCompile(`^(.+)口岸$`)
	openForm     = regexp.MustCompile(`^(?:(.+) 时|现在)(不?开放)(?:，(.+?) ?(?:开放|关闭))?$`)
	dayForm      = regexp.MustCompile(`(\d{1,2})月(\d{1,2})日`)
	ownForm      = regexp.MustCompile(`^“(.+)”由(.*)(?:这里)?负责(?:（地址和时间以公告为准）|。)$`)
	noneForm     = regexp.MustCompile(`^没有查到(.+)；可以先问这些地方（地址和时间以公告为准）$`)
)

// hoursWords are those of hours that can be reckoned with: see kb.ParseOpening.
var hoursWords = strings.NewReplacer("每天", "daily", "每日", "daily", "全年", "daily", "法定节假日", "public holidays", "节假日", "public holidays",
	"工作日", "workdays", "周末", "weekends", "周一", "Mon", "周二", "Tue", "周三", "Wed", "周四", "Thu", "周五", "Fri", "周六", "Sat", "周日", "Sun",
	"24小时开放", "24 hours", "24小时", "24 hours", "24 小时", "24 hours", "全天", "24 hours", "休息", " closed", "不开放", " closed", "次日", "next day ", "至", "-",
	"；", "; ", "、", ", ", "，", ", ", "。", "", "：", ":")

var months = []string{"", "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"}

// placeInEnglish is the English of what a block or a page says of outlets, "" where it has none.
func placeInEnglish(text string) string {
	if m := districtForm.FindStringSubmatch(text); m != nil && districts[m[1]] != "" {
		return districts[m[1]] + map[string]string{"区": " District", "新区": " New District", "特别合作区": " Special Cooperation Zone"}[m[2]]
	}
	if m := bureauForm.FindStringSubmatch(text); m != nil && districts[m[1]] != "" {
		return districts[m[1]] + " Sub-bureau, Shenzhen Public Security Bureau (" + text + ")"
	}
	if m := portForm.FindStringSubmatch(text); m != nil && districts[m[1]] != "" {
		return districts[m[1]] + " Port (" + text + ")"
	}
	if m := openForm.FindStringSubmatch(text); m != nil {
		return openInEnglish(m[1], m[2] == "开放", m[3])
	}
	if m := ownForm.FindStringSubmatch(text); m != nil {
		if station := strings.TrimSuffix(m[2], "这里"); station != "" {
			return "“" + m[1] + "” belongs to " + station + "."
		}
		return "“" + m[1] + "” belongs to this station (check address and hours before you go)"
	}
	if m := noneForm.FindStringSubmatch(text); m != nil {
		return "Nothing was found that is surely open as you wish; you can ask here first (check address and hours before you go)"
	}
	if said := hoursWords.Replace(text); said != text && !hasHan(said) {
		return strings.TrimSpace(said)
	}
	return ""
}

// openInEnglish tells whether it is open, as of when (now where that is ""), and when it changes.
func openInEnglish(asOf string, open bool, change string) string {
	said, verb := "Open", "closes"
	if !open {
		said, verb = "Closed", "opens"
	}
	if asOf == "" {
		said += " now"
	} else {
		said += " at " + momentInEnglish(asOf)
	}
	if change == "" {
		return said
	}
	return said + ", " + verb + " " + momentInEnglish(change)
}

func momentInEnglish(text string) string {
	text = strings.NewReplacer("今晚 24:00", "midnight", "明天 ", "tomorrow ").Replace(text)
	return dayForm.ReplaceAllStringFunc(text, func(day string) string {
		m := dayForm.FindStringSubmatch(day)
		n := int(m[1][0] - '0')
		if len(m[1]) == 2 {
			n = n*10 + int(m[1][1]-'0')
		}
		if n >= len(months) {
			return day
		}
		return m[2] + " " + months[n]
	})
}
