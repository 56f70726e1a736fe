package intents

import (
	"regexp"
	"slices"
	"strings"
)

// opening is a form that holds one of needs wherever it matches: most lines need not be searched.
type opening struct {
	form  *regexp.Regexp
	needs []string
}

// What stands before and beside a question and says nothing of what is asked: whom the line
// speaks to, for whom it asks, and why its writer cannot find out for herself. «小同志» is no
// person of the matter, and an employer who sends a clerk to ask is no company that files.
var openings = []opening{
	// whom it speaks to
	{regexp.MustCompile(`^(?:(?:喂|哎|诶|你好|您好|麻烦|请问|打扰)[啊呀哈了]?,?)*(?:(?:警察|民警|公安|小|老|好)?(?:同志|叔叔|姑娘|闺女|小伙子|小伙|妹子|丫头|师傅|领导|老师|警官|阿sir|客服|孩子|大兄弟|后生仔?)(?:们)?(?:你好|您好)?[啊呀哎诶哟喂哈]?[,。!])+`), []string{",", "。", "!"}},
	// for whom it asks
	{regexp.MustCompile(`(?:^|[,。?!])(?:我是|我)?(?:帮|替|给|代|为)(?:我们?)?[^,。?!的]{1,8}?(?:问|打听|咨询)(?:一下|下|问|一声|个事|一嘴|的)?(?:[,。!]|$)`), []string{"问", "打听", "咨询"}},
	{regexp.MustCompile(`(?:^|[,。?!])[^,。?!]{1,6}?(?:托|让|叫|喊|派)我(?:来|去|帮忙|帮他|帮她)?(?:问|打听|咨询)(?:一下|下|问|问看|一声|清楚)?(?:[,。!]|$)`), []string{"问", "打听", "咨询"}},
	{regexp.MustCompile(`^(?:我们)?(?:老板|领导|厂长|行长|主任|经理|校长|总监|院长|科长|组长|股东)(?:让|叫)?(?:我)?(?:想)?问(?:一下|下)?[,。]?`), []string{"问"}},
	// why its writer cannot find out for herself
	{regexp.MustCompile(`(?:我|老头子|老婆子|老人家|人)?(?:年纪大|岁数大|上了年纪|老)?(?:了)?(?:不识字|没文化|眼睛?花|耳朵?(?:背|聋)|眼神不好|记性不好|记性差|忘性大|不会打字|不懂拼音|(?:不会|不太会|不懂)(?:弄|用|使|玩|搞|摆弄)?(?:智能)?(?:手机|电脑|微信|上网)|(?:智能)?(?:手机|电脑)(?:弄|搞|玩|用)不(?:来|了|明白|转))(?:了|咯|啦|得很)?(?:[,。!]|$)`), []string{"不识字", "没文化", "眼", "耳", "记性", "忘性", "打字", "拼音", "手机", "电脑", "微信", "上网"}},
}

// plainly takes out of a line what says nothing of what is asked; of a line that is nothing else
// everything stays.
func plainly(text string) string {
	short := text
	for _, o := range openings {
		if !slices.ContainsFunc(o.needs, func(n string) bool { return strings.Contains(short, n) }) {
			continue
		}
		short = o.form.ReplaceAllStringFunc(short, func(opening string) string {
			if containsAny(opening, telling) {
				return opening
			}
			return ","
		})
	}
	if hasWords(short) {
		return short
	}
	return text
}

// telling are words about a person that make a difference to the matter: whoever asks for a
// brother-in-law from Taiwan asks about other papers.
var telling = []string{"台湾", "香港", "澳门", "港", "外国", "外籍", "国人", "留学生", "学生", "应届", "军", "兵", "华侨", "深户", "户口", "护照", "驾", "车", "身份证"}

func hasWords(text string) bool {
	n := 0
	for _, r := range text {
		if !isPause(r) {
			n++
		}
	}
	return n >= leastLeft
}

// leastLeft is how many characters a question has at least once its opening is gone.
const leastLeft = 4
