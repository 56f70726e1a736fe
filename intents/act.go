package intents

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// Act is what a line does in the conversation.
type Act string

// The acts.
const (
	Ask      Act = "ask"
	Choose   Act = "choose"
	Confirm  Act = "confirm"
	Deny     Act = "deny"
	Thank    Act = "thank"
	Greet    Act = "greet"
	Bye      Act = "bye"
	Complain Act = "complain"
	Person   Act = "person" // asks for a human
	Identity Act = "identity"
	Locate   Act = "locate"
	Chat     Act = "chat"
	Empty    Act = "empty"
)

var (
	personWords = []string{
		"转人工", "人工客服", "人工服务", "找人工", "要人工", "人工坐席", "人工座席", "转真人", "我要真人", "找真人", "真人客服", "真人服务", "来个真人", "换真人", "转接人工", "接人工", "叫人工", "换人工", "人工台",
		"找客服", "联系客服", "在线客服", "转客服", "客服呢", "找个人来回答", "找个人跟我说", "找个人聊", "找个人回答", "叫个人来", "找个真人", "换个人来", "换个活人", "找活人", "有活人吗", "叫人来", "跟人说", "和人说", "人来回答", "不要机器人", "不想跟机器人", "别让机器人",
		"接线员", "话务员", "找你们的人", "有没有人在", "有人在线吗", "有人在吗", "找工作人员", "转工作人员", "工作人员呢", "找值班", "帮我转接", "转接一下", "转热线", "接热线", "让客服联系我", "客服联系我", "客服打给我", "给我回电", "给我打电话", "给我个电话", "打电话给你们", "人工同志", "有人接电话",
		"real person", "live agent", "talk to agent", "talk to an agent", "talk to a human", "a human please", "operator please", "talk to a person", "talk to someone", "speak to someone", "speak to a person", "customer service",
	}
	// barePerson are asked for with nothing else in the line.
	barePerson = []string{"人工", "客服", "人", "0", "人工人工", "人呢", "有人吗", "有没有人", "真人", "活人", "找人", "找个人", "human", "agent", "operator", "人工啊", "人工呢", "要人", "我要人"}
	notPerson  = []string{"人工智能", "人工费", "人工湖", "人工授精", "人工流产", "人工受孕", "人工审核", "人工降雨", "人工窗口", "人工换证", "人工验证", "人工核验", "人工办理", "人工通道", "人工柜台", "人工台账"}

	thankWords    = []string{"谢谢", "谢啦", "多谢", "感谢", "辛苦了", "好嘞辛苦", "唔该", "thank", "thanks", "thx", "唔该晒", "谢了", "3q"}
	greetWords    = []string{"你好", "您好", "在吗", "在不在", "在么", "嗨", "哈喽", "hello", "hi", "早上好", "下午好", "晚上好", "中午好", "有人不", "喂", "hey", "你好呀", "早"}
	heardWords    = []string{"知道了", "明白了", "明白", "了解", "了解了", "懂了", "收到", "行吧", "好嘞", "好吧", "辛苦啦", "辛苦", "got it", "okay got it", "great", "麻烦你了", "麻烦您了", "好的,麻烦你了", "那好吧", "好的明白"}
	byeWords      = []string{"再见", "拜拜", "bye", "没事了", "不用了", "没有了", "88"}
	confirmWords  = []string{"是", "是的", "对", "对的", "好", "好的", "嗯", "嗯嗯", "可以", "没错", "ok", "yes", "行", "要", "需要", "就是这个", "就这个", "yep", "对啊", "是啊", "系", "嗯嗯好的", "好的好的", "嗯好", "行吧", "可以的"}
	denyWords     = []string{"不是", "不对", "都不是", "没有", "不", "错了", "no", "不要", "不是这个", "都不对", "以上都不是", "不需要", "唔系", "不行"}
	identityWords = []string{"你是谁", "你是机器人", "是不是机器人", "你叫什么", "是不是真人", "你是警察", "你是民警", "你是人还是", "是人吗", "机器人吗", "你能做什么", "你会什么", "你可以做什么", "自我介绍", "装民警", "who are you", "are you a robot", "你会做什么", "介绍一下你自己", "你是ai"}
	complainWords = []string{
		"垃圾系统", "垃圾软件", "垃圾客服", "垃圾网站", "垃圾平台", "垃圾机器人", "垃圾程序", "垃圾玩意", "真垃圾", "太垃圾", "什么垃圾", "什么破", "破系统", "破软件", "破网站", "太差劲", "真差劲", "太差了",
		"气死我", "骂人了", "没用的东西", "真没用", "浪费我时间", "浪费时间", "答非所问", "听不懂人话", "不懂人话", "你智障", "人工智障", "真智障", "智障吧", "智障系统", "智障机器人", "你是智障", "傻逼", "煞笔", "废物", "我要投诉你", "投诉你们",
		"什么玩意", "太烂", "真烂", "你们坑人", "有病吧", "滚蛋", "滚开", "给我滚", "脑残", "白痴", "你弱智", "真他妈", "你他妈", "他妈的什么", "去他妈", "操你", "草泥马", "尼玛", "妈的什么", "特么的", "tmd",
	}
	// complainBare are oaths that mean something else inside a sentence (我妈的户口本).
	complainBare = []string{"垃圾", "sb", "滚", "妈的", "他妈的", "智障", "弱智", "差劲", "坑人", "气死了", "气死"}
	locateWords  = []string{"附近", "哪里有", "哪有", "最近的", "离我近", "就近", "哪个网点", "哪里能找到", "一体机在", "自助机在", "nearest"}
	placeWords   = []string{"自助机", "一体机", "自助终端", "终端机", "派出所", "网点", "办证大厅", "服务大厅", "出入境大厅", "车管所", "分局", "办事大厅", "窗口", "机器"}
	ordinals     = map[string]int{
		"1": 1, "一": 1, "①": 1, "第一个": 1, "第1个": 1, "选一": 1, "选1": 1, "a": 1, "第一": 1, "头一个": 1, "1号": 1, "上面那个": 1, "第一项": 1, "前面那个": 1,
		"2": 2, "二": 2, "②": 2, "第二个": 2, "第2个": 2, "选二": 2, "选2": 2, "b": 2, "第二": 2, "两": 2, "2号": 2, "第二项": 2,
		"3": 3, "三": 3, "③": 3, "第三个": 3, "第3个": 3, "选三": 3, "选3": 3, "c": 3, "第三": 3, "3号": 3, "第三项": 3,
		"4": 4, "四": 4, "④": 4, "第四个": 4, "第4个": 4, "选四": 4, "选4": 4, "d": 4, "第四": 4, "4号": 4, "第四项": 4,
		"5": 5, "五": 5, "⑤": 5, "第五个": 5, "第5个": 5, "选五": 5, "选5": 5, "e": 5, "第五": 5, "5号": 5, "第五项": 5,
		"最后一个": -1, "下面那个": -1, "后面那个": -1, "最后那个": -1,
	}
)

// personForm asks for somebody, or for no machine, in other words: 「换一位真人吧」, 「不想再跟机器讲」.
var personForm = regexp.MustCompile(`(?:给|找|叫|换|派|来)我?一?[个位名](?:活|真)?人(?:吧|来说|来接|来讲|跟我[说讲谈聊]|和我[说讲谈聊]|[,。!]|$)|(?:别|不要|不想|不愿)再?(?:让我)?(?:跟|和|同|对着)(?:你?这?个?)(?:机器人?|电脑|程序)[说讲谈聊]`)

// AsksPerson reports whether the line asks for a human: the bare word, one of its many
// forms, or a sentence around them.
func AsksPerson(text string) bool {
	bare := strings.Trim(text, ",。?! ")
	if equalsAny(strings.ReplaceAll(bare, ",", ""), barePerson) {
		return true
	}
	for _, w := range notPerson {
		text = strings.ReplaceAll(text, w, "")
	}
	if containsAny(text, personWords) || personForm.MatchString(text) {
		return true
	}
	return strings.Contains(text, "人工") && utf8.RuneCountInString(text) <= 12
}

// Ordinal reads a choice by position: 1 to 5, -1 for the last, 0 when the line is none.
func Ordinal(text string) int {
	bare := strings.Trim(text, ",。?! .")
	for _, prefix := range []string{"我选", "选择", "我要", "就", "那就", "选"} {
		if rest, ok := strings.CutPrefix(bare, prefix); ok {
			if n, ok := ordinals[strings.TrimSuffix(strings.TrimSuffix(rest, "吧"), "个")]; ok {
				return n
			}
			if n, ok := ordinals[strings.TrimSuffix(rest, "吧")]; ok {
				return n
			}
		}
	}
	return ordinals[strings.TrimSuffix(bare, "吧")]
}

// actOf classifies a normalised line. Lines with a matter in them are Ask, whatever
// politeness surrounds it.
func actOf(text string, hasMatter bool) Act {
	bare := strings.Trim(text, ",。?! ")
	n := utf8.RuneCountInString(bare)
	switch {
	case bare == "":
		return Empty
	case AsksPerson(text):
		return Person
	case Ordinal(bare) != 0:
		return Choose
	case equalsAny(bare, confirmWords):
		return Confirm
	case equalsAny(bare, denyWords):
		return Deny
	case containsAny(bare, identityWords):
		return Identity
	}
	if containsAny(text, locateWords) && containsAny(text, placeWords) || n <= 12 && containsAny(text, placeWords[:4]) && strings.Contains(text, "哪") {
		return Locate
	}
	if containsAny(bare, complainWords) && n <= 40 || equalsAny(bare, complainBare) {
		return Complain
	}
	if hasMatter {
		return Ask
	}
	switch {
	case containsAny(bare, thankWords) && n <= 12, mostlyLatin(bare) && containsAny(bare, thankWords) && n <= 24:
		return Thank
	case equalsAny(strings.TrimRight(bare, "啊呀哦喔吗"), greetWords) || equalsAny(bare, greetWords) || n <= 6 && prefixAny(bare, greetWords[:7]):
		return Greet
	case equalsAny(bare, byeWords) || n <= 10 && containsAny(bare, byeWords[:3]):
		return Bye
	case equalsAny(bare, heardWords):
		return Thank
	}
	return Ask
}

func containsAny(text string, words []string) bool {
	for _, w := range words {
		if i := strings.Index(text, w); i >= 0 && wholeLatin(text, w, i) {
			return true
		}
	}
	return false
}

// wholeLatin reports whether a Latin word found at i stands alone, not inside another.
func wholeLatin(text, w string, i int) bool {
	if w[0] > 127 || !latin(rune(w[0])) {
		return true
	}
	before := i == 0 || !latin(rune(text[i-1]))
	end := i + len(w)
	return before && (end == len(text) || !latin(rune(text[end])))
}

func equalsAny(text string, words []string) bool {
	for _, w := range words {
		if text == w {
			return true
		}
	}
	return false
}

func prefixAny(text string, words []string) bool {
	for _, w := range words {
		if strings.HasPrefix(text, w) {
			return true
		}
	}
	return false
}
