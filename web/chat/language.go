package chat

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"shenwei/bot"
)

// langOf is the language that the address asks for (?lang=zh-Hant, ?lang=en), or a form that was read.
func langOf(r *http.Request) bot.Lang {
	l := bot.Lang(r.URL.Query().Get("lang"))
	if l == "" && r.PostForm != nil {
		l = bot.Lang(r.PostForm.Get("lang"))
	}
	if l == bot.Hant || l == bot.English {
		return l
	}
	return bot.Hans
}

// ownPage is the address of a page of ours in a rendered page.
var ownPage = regexp.MustCompile(`href="(/(?:items|articles|privacy|outlets)[^"?#]*)(\?[^"#]*)?`)

// written is a rendered page in its language: in traditional characters its words converted, and in
// every language but simplified its links to our own pages asking for the same.
func (c *Chat) written(r *http.Request, page string) string {
	l, lang := c.cfg.Live(), langOf(r)
	if l == nil || lang == bot.Hans {
		return page
	}
	if lang == bot.Hant {
		page = strings.Replace(l.Say(bot.Hant, page), `<html lang="zh-CN">`, `<html lang="zh-Hant">`, 1)
	}
	return ownPage.ReplaceAllStringFunc(page, func(link string) string {
		switch {
		case strings.Contains(link, "lang="), strings.Contains(link, "/qr.svg"):
			return link
		case strings.Contains(link, "?"):
			return link + "&amp;lang=" + string(lang)
		}
		return link + "?lang=" + string(lang)
	})
}

// languageLink is one of the links to the same page in another language.
type languageLink struct {
	Lang, Name, URL string
	Now             bool
}

// languages are the links of a page to itself in each language; what else its address asks for stays.
func languages(r *http.Request) []languageLink {
	now := langOf(r)
	all := []languageLink{{"zh-Hans", "简体", "", now == bot.Hans}, {"zh-Hant", "繁體", "", now == bot.Hant}, {"en", "English", "", now == bot.English}}
	for i := range all {
		q := url.Values{}
		for _, name := range []string{"by", "item", "place", "kind", "open"} {
			if v := r.URL.Query().Get(name); v != "" {
				q.Set(name, v)
			}
		}
		if all[i].Lang != "zh-Hans" {
			q.Set("lang", all[i].Lang)
		}
		all[i].URL = "?" + q.Encode()
	}
	return all
}

// T is a fixed text of a page in its language. Traditional characters are made of the whole page, see
// written; what has no English stays Chinese.
func (v view) T(text string) string {
	if v.Lang == bot.English {
		if said, ok := pageTexts[text]; ok {
			return said
		}
		if v.say != nil {
			return v.say(bot.English, text)
		}
	}
	return text
}

// HTMLLang is the page's language as a browser reads it.
func (v view) HTMLLang() string {
	if v.Lang == bot.English && !v.Chinese {
		return "en"
	}
	return "zh-CN"
}

// In is the language of a text on the page where it is another than the page's: Chinese on an
// English one.
func (v view) In(text string) string {
	if v.HTMLLang() == "en" && strings.ContainsFunc(text, isHan) {
		return "zh-CN"
	}
	return ""
}

func isHan(r rune) bool { return r >= 0x4e00 && r <= 0x9fff }

// pageTexts are the pages' own texts in English; a test holds that every one is here.
var pageTexts = map[string]string{
	"显示、语言和朗读": "Display, language and reading aloud", "主要": "Main", "问一问": "Ask", "全部事项": "All services", "网点": "Places", "其他": "More", "隐私说明": "Privacy",
	"示例数据：不能作为办事依据，以办理页面和窗口公告为准。": "Sample data: it cannot be relied on; the application page and notices decide.",
	"深微 · 智能客服，不是报警平台。紧急情况请拨打":    "Shenwei · automatic assistant, not an emergency line. In an emergency call",
	"咨询：": "Questions: ", "政务服务便民热线": "government service hotline", "，出入境": ", exit and entry", "。": ".",
	"网点和自助机": "Offices and self-service terminals", "深圳公安服务网点和自助机：地址、时间、距离，现在是否开放。": "Offices and self-service terminals of the Shenzhen police: addresses, hours, distance, open now.",
	"在哪一带": "Where", "街道、社区、区或地名": "street, community or district, in Chinese", "哪一类": "Kind", "都可以": "Any", "时间": "Hours", "现在开放": "Open now", "24 小时": "24 hours",
	"查找": "Search", "用我的位置，近的在前": "Use my position, nearest first", "在地图上看": "Show on a map", "辖区派出所": "responsible police station", "时间：": "Hours: ", "电话": "Call",
	"还没有网点数据。请拨打下面的电话，或":                             "No places are known yet. Please call one of the numbers below, or ",
	"距离是直线距离。地址和时间以公告为准；节假日请先打电话问。您的位置只用于这一次计算，不保存。": "Distances are as the crow flies. Check address and hours before you go, above all on holidays. Your position is used for this one search and not kept.",
	"自助机可办": "self-service terminal", "不清楚？问一问": "Not sure? Ask", "手机扫码打开本页的二维码": "QR code that opens this page on a phone", "手机扫一扫，在微信里办": "Scan to go on in WeChat",
	"去哪里办：查网点": "Where to go", "去哪里办：查网点和自助机": "Where to go: offices and terminals", "费用": "Fee", "办理时限": "Time", "跑动次数": "Visits", "带上这些": "What to bring",
	"什么时候找人工": "When to ask for a person", "容易弄混的事项": "Easily taken for it", "个人": "for people", "企业": "for organisations", "按警种": "By department", "按人生大事": "By event in life", "按人群": "By audience", "排列方式": "Order",
	"分组": "Groups", "须知": "advice", "没有找到这个页面": "This page was not found", "暂时打不开这个页面": "This page cannot be opened at the moment", "可以打这些电话": "You can call these numbers",
	"：报警和紧急求助": ": police and emergency help", "：火灾；": ": fire; ", "：医疗急救": ": medical emergency", "：公安业务咨询": ": questions about police services", "：政务服务咨询": ": government services", "：出入境咨询": ": exit and entry, in English too",
	"查看全部事项": "All services", "，或者": ", or ", "问题编号": "Number of the problem:", "，联系我们时请报这个编号。": "; please name it when you contact us.",
	"您要看的页面不存在，可能已经改名或下线。": "This page does not exist; it may have been renamed or withdrawn.", "没有这个事项。请从全部事项里查找，或者直接问一问。": "There is no such service. Look for it in the list of all services, or just ask.",
	"没有这篇文章，可能已经下线。": "There is no such article; it may have been withdrawn.", "页面传来的内容读不懂，请返回重试。": "What the page sent could not be read; please go back and try again.",
	"这一页只有中文。": "This page is in Chinese only.", "事项编号": "Item", "复核日期": "to be reviewed by", "来源：": "Source: ", "完整的中文指南": "The full guide in Chinese",
	"深圳公安业务事项一览：条件、材料、流程、费用、时限和办理入口。": "All services of the Shenzhen police: conditions, documents, steps, fee, time and where to apply.",

	// Names of the lists that ship.
	"来深圳":     "Coming to Shenzhen",
	"结婚":      "Marriage",
	"生孩子":     "Having a child",
	"离婚":      "Divorce",
	"搬家买房":    "Moving house",
	"买车用车":    "Cars",
	"学车开车":    "Learning and driving",
	"违章和事故":   "Violations and accidents",
	"丢东西":     "Lost documents and things",
	"去香港澳门":   "Travel to Hong Kong and Macao",
	"出国":      "Going abroad",
	"上大学和毕业":  "University and graduation",
	"找工作":     "Work",
	"开店办公司":   "Shops and companies",
	"住酒店没带证":  "At a hotel without an identity card",
	"当兵和退伍":   "Military service",
	"家有老人":    "Old people in the family",
	"亲人去世":    "A death in the family",
	"被骗被偷被打":  "Cheated, robbed or hurt",
	"未成年人":    "Minors",
	"老年人":     "Older people",
	"学生":      "Students",
	"非深户居民":   "Residents without Shenzhen hukou",
	"港澳台居民":   "Residents of Hong Kong, Macao and Taiwan",
	"外国人":     "Foreigners",
	"军人和家属":   "Servicemen and families",
	"驾驶人和车主":  "Drivers and car owners",
	"房东和用工单位": "Landlords and employers",
	"企业单位":    "Companies",
	"全部办事事项":  "All services",
}
