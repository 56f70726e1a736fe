package bot

import (
	"strings"

	"shenwei/intents"
)

// policy may propose a reply to a turn; the reason is kept in the trace either way.
type policy struct {
	name    string
	propose func(*Engine, *turnCase) (*draft, string)
}

// policies is the chain of a turn. Order is priority: the first proposal wins.
var policies = []policy{
	{"emergency", (*Engine).emergency},
	{"owned", (*Engine).owned},
	{"switch", (*Engine).toPeople},
	{"safety", (*Engine).safety},
	{"branch", (*Engine).branch},
	{"human", (*Engine).human},
	{"sensitive", (*Engine).sensitive},
	{"near", (*Engine).near},
	{"unreadable", (*Engine).unreadable},
	{"choice", (*Engine).choice},
	{"smalltalk", (*Engine).smalltalk},
	{"decide", (*Engine).decide},
}

// emergency answers danger before anything else, in every state.
func (e *Engine) emergency(c *turnCase) (*draft, string) {
	t := c.un.Triage
	if t.Level == intents.Safe && c.turn.State.Cheat {
		t = e.read.PaidACheat(c.un)
	}
	if t.Level != intents.Danger {
		return nil, "no danger that may be going on"
	}
	s := c.next()
	return &draft{action: Emergency, danger: t.Kind, confidence: 0.99, state: s, reason: t.Why}, t.Kind + ": " + t.Cue
}

// owned passes lines on while a person owns the conversation: the bot gives no answers.
func (e *Engine) owned(c *turnCase) (*draft, string) {
	switch c.turn.Owner {
	case OwnerAgent:
		return &draft{action: Relayed, confidence: 1, state: c.turn.State, lead: "已转给为您服务的人工坐席。"}, "a person owns the conversation"
	case OwnerQueue:
		if what, _, _ := strings.Cut(c.turn.Message.Text, " "); unreadable[what] != "" && what != SentLink {
			return &draft{action: SmallTalk, confidence: 1, state: c.turn.State, reason: what, lead: "还没有坐席接待，" + strings.Trim(what, "[]") +
				"现在转不过去。请先用文字说明，坐席接待后可以再发一次；请不要发送身份证、银行卡的照片。紧急情况请直接拨打 110。"}, "nobody is there to look at it"
		}
		return &draft{action: Relayed, confidence: 1, state: c.turn.State, lead: "已记下，坐席接待时能看到。不想等了，发「取消排队」，我继续为您解答。"}, "a person is waited for"
	}
	return nil, "the bot owns the conversation"
}

// safety refuses what must not be answered and says where to go instead.
func (e *Engine) safety(c *turnCase) (*draft, string) {
	t := c.un.Triage
	if t.Level != intents.Refuse {
		return nil, "nothing to refuse"
	}
	d := &draft{action: Decline, confidence: 0.95, state: c.next(), lead: refusals[t.Kind], reason: t.Why}
	if t.Kind == "politics" && c.un.Has("mass-event") {
		d.hotline = true
	}
	return d, t.Kind + ": " + t.Cue
}

// refusals are the answers to what is refused, by kind.
var refusals = map[string]string{
	"privacy":        "抱歉，他人的身份、住址、电话、住宿、车辆等信息受法律保护，这里不能查询，也不能提供；您只能查询本人的信息。遇到债务、感情等纠纷请走法律途径（法律援助热线 12348）；被骗、被侵害请拨打 110 或到派出所报案。",
	"unlawful":       "抱歉，这类事情违法，也常常是诈骗，不能为您提供办法，请不要付款或照做。驾驶证记满12分可以参加满分教育、未满12分可以学法减分，证件请走正规途径办理；发现有人以此招揽，可拨打 110 举报，疑似诈骗可拨打 96110。",
	"politics":       "抱歉，这个话题不在我的服务范围。我可以帮您了解户政、出入境、交管、治安等公安业务怎么办。",
	"injection":      "我只回答公安业务办理的问题，不能改变身份或透露内部设置。请直接告诉我您想办什么。",
	"police-secrets": "抱歉，涉及警务工作安排和民警个人的信息不能提供。需要报警请拨打 110；想咨询业务，请告诉我要办什么。",
}

// human hands over when a person is asked for: one word is enough, nothing is asked first.
func (e *Engine) human(c *turnCase) (*draft, string) {
	if c.turn.Crowded {
		return e.handOver(c, "crowded"), "too many lines wait"
	}
	switch c.un.Act {
	case intents.Person:
		return e.handOver(c, "asked"), "a person was asked for"
	case intents.Complain:
		d := e.handOver(c, "complaint")
		d.lead = "很抱歉让您费心了。已经为您记录并转给人工处理；如果是网页或手机页面报错，也可以拨打平台报障电话 0755-84464600。"
		return d, "strong displeasure"
	}
	return nil, "no person was asked for"
}

// smalltalk answers greetings, thanks and questions about the service itself.
func (e *Engine) smalltalk(c *turnCase) (*draft, string) {
	text, ok := smallTalk[c.un.Act]
	if !ok {
		return nil, "not small talk"
	}
	if c.un.Act == intents.Deny && len(c.turn.State.Options) == 0 && c.turn.State.Item != "" {
		return nil, "a denial of the last answer"
	}
	d := &draft{action: SmallTalk, confidence: 0.95, lead: text, state: c.turn.State, reason: string(c.un.Act)}
	if c.un.Act == intents.Greet || c.un.Act == intents.Empty {
		d.options = e.popular(4)
	}
	return d, string(c.un.Act)
}

var smallTalk = map[intents.Act]string{
	intents.Greet:    "您好，我是深圳公安办事的智能客服。请直接说您想办什么，例如「身份证丢了怎么补」「港澳通行证快到期了」。",
	intents.Thank:    "不客气。还有别的事要办，随时告诉我。",
	intents.Bye:      "好的，祝您办事顺利，再见。",
	intents.Identity: "我是智能客服，不是民警，也不受理报警：我可以告诉您公安业务怎么办、带什么、多少钱、多久办好，并带您到办理入口。需要真人时请发「转人工」；紧急情况请直接拨打 110。",
	intents.Confirm:  "好的。请告诉我您想办什么或想了解哪一点。",
	intents.Deny:     "好的。请换个说法告诉我您想办什么，也可以发「转人工」。",
	intents.Empty:    "我没有读到文字。请用一句话告诉我您想办什么，例如「驾驶证到期换证」。",
}

// Lines that stand for what a channel received and nobody can read as text. They are written as
// WeChat itself writes them.
const (
	SentPicture = "[图片]"
	SentVoice   = "[语音]"
	SentVideo   = "[视频]"
	SentFile    = "[文件]"
	SentLink    = "[链接]"
)

var unreadable = map[string]string{
	SentPicture: "图片收到了，但我看不了图片。请用一句话告诉我您想办什么；需要坐席看图，请发「转人工」。",
	SentVoice:   "抱歉，这段语音我没有听清。请打字告诉我您想办什么，例如「身份证丢了怎么补」；需要真人请发「转人工」。",
	SentVideo:   "视频收到了，但我看不了视频。请用一句话告诉我您想办什么；需要坐席查看，请发「转人工」。",
	SentFile:    "文件收到了，但我打不开文件。请用一句话告诉我您想办什么；需要坐席查看，请发「转人工」。",
	SentLink:    "链接收到了，但我打不开链接。请用一句话告诉我您想办什么或想核实什么；来路不明的链接请不要点、不要填验证码，疑似诈骗可拨打 96110。",
}

// unreadable asks for words where a picture, a voice or the like came.
func (e *Engine) unreadable(c *turnCase) (*draft, string) {
	what, _, _ := strings.Cut(strings.TrimSpace(c.turn.Message.Text), " ")
	text, ok := unreadable[what]
	if !ok {
		return nil, "a line of text"
	}
	return &draft{action: SmallTalk, confidence: 0.95, lead: text + "紧急情况请直接拨打 110。", state: c.turn.State, reason: what}, what
}

// popular are the most used items as options.
func (e *Engine) popular(n int) []Option {
	var out []Option
	for _, it := range e.know.Items {
		if it.Popular && len(out) < n {
			out = append(out, Option{Code: it.Code, Label: it.Name, Hint: it.Choice})
		}
	}
	return out
}
