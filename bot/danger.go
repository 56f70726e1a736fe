package bot

import (
	"strings"

	"shenwei/intents"
)

// dangerCard is what a citizen in danger reads first.
type dangerCard struct {
	title   string
	numbers []Number
	advice  []string
}

var (
	police   = Number{Label: "报警", Number: "110", For: "报警和紧急求助，24小时"}
	silently = Number{Label: "短信报警", Number: "12110755", For: "不便出声、听障或言语障碍时，写清地点和情况"}
	rescue   = Number{Label: "火警救援", Number: "119", For: "火灾、抢险"}
	doctor   = Number{Label: "急救", Number: "120", For: "医疗急救"}
	heart    = Number{Label: "心理援助", Number: "12356", For: "全国统一心理援助热线"}
	antiScam = Number{Label: "反诈咨询", Number: "96110", For: "反诈预警劝阻和咨询，不是报警电话"}
	sea      = Number{Label: "水上遇险", Number: "12395", For: "水上搜救"}
	traffic  = Number{Label: "事故报警", Number: "122", For: "交通事故报警"}
)

// dangerCards are the cards by kind of danger; the first number is the one to call.
var dangerCards = map[string]dangerCard{
	"violence":          {"请立即拨打 110", []Number{police, silently, doctor}, []string{"先离开或躲到能锁门的地方，不要上前对峙。", "不便出声时把手机调静音，发短信到 12110755，写清地点和情况。", "有人受伤同时拨打 120。"}},
	"domestic":          {"请立即拨打 110", []Number{police, silently, heart}, []string{"先到安全的地方，带上孩子和手机。", "不便出声时发短信到 12110755。", "可以请警察出具告诫书，也可以向法院申请人身安全保护令；就医和拍照留证。"}},
	"intrusion":         {"请立即拨打 110", []Number{police, silently}, []string{"锁好房门，不要开门，不要出去查看。", "不便出声时发短信到 12110755，写清门牌号。"}},
	"stalking":          {"请立即拨打 110", []Number{police, silently}, []string{"走到有人、有灯光的店铺或保安岗，不要直接回家。", "不便出声时发短信到 12110755，写清位置和对方特征。"}},
	"threat":            {"人身安全受到威胁，请拨打 110", []Number{police, silently}, []string{"不要独自见面，先到安全的地方。", "保留聊天记录、录音、短信和转账记录，不要删除。"}},
	"selfharm":          {"请现在就拨打 110，或拨打 12356 和人说说话", []Number{police, heart, doctor}, []string{"您现在的感受很重要，有人愿意听您说。", "请到安全的地方，远离高处、药物和刀具，请身边的人陪着您。", "如果是您身边的人，请陪在他身边，立即拨打 110 并告诉地点。", "您可以继续在这里说，我在。"}},
	"missing":           {"请立即拨打 110，不用等 24 小时", []Number{police}, []string{"说清姓名、年龄、衣着、走失的时间和地点，准备近照。", "同时请商场、小区、车站的工作人员和保安帮忙广播、守住出口。", "留一个人在走失的地方等。"}},
	"confinement":       {"请立即拨打 110；不便说话发短信 12110755", []Number{police, silently}, []string{"短信写清您在哪里（楼栋、招牌、能看到什么）和多少人。", "先顾安全，不要硬闯，有机会就向路人、快递员求助。"}},
	"fraud-now":         {"先停手：挂断电话、停止转账和共享屏幕，立即拨打 110", []Number{police, antiScam}, []string{"公安机关没有「安全账户」，不会在电话、网络里要求转账或共享屏幕。", "已经转出的，马上打银行客服要求止付，越快越好。", "留住转账凭证、聊天记录和对方账号。"}},
	"fraud-paid":        {"刚转出的钱要争分夺秒：立即拨打 110", []Number{police, antiScam}, []string{"同时打您的银行（或支付平台）客服，要求紧急止付。", "说清转账时间、金额、对方账号；留住凭证和聊天记录，不要删除。", "不要再按对方的话继续转账。"}},
	"sextortion":        {"不要再转钱，请立即拨打 110", []Number{police, heart, antiScam}, []string{"转了也会继续勒索；保留聊天记录、账号和转账凭证，不要删号。", "情绪撑不住时拨打 12356，有人听您说。"}},
	"card-drained":      {"先打银行或支付平台客服挂失止付，同时拨打 110", []Number{police, antiScam}, []string{"马上冻结银行卡和支付账户，修改密码。", "断开手机网络，卸载可疑软件，留住扣款记录。"}},
	"crash":             {"有人受伤请拨打 120 和 110", []Number{police, doctor, traffic}, []string{"开双闪、放警示牌，人到护栏外；不要随意搬动伤者。", "对方逃逸的，记下车牌、车型、方向，不要追赶，也不要走网上快处。"}},
	"drunk-driving-now": {"请拨打 110（或 122）", []Number{police, traffic}, []string{"记下车牌号、位置和行驶方向，不要拦车、不要追赶。"}},
	"fire":              {"请立即拨打 119：先离开，到室外再打", []Number{rescue, police, doctor}, []string{"闻到燃气：不开关任何电器、不点火，不在屋里打电话，能顺手就关阀开窗。", "弯腰捂住口鼻走楼梯，不坐电梯。", "有人被困或受伤，同时拨打 110、120。"}},
	"medical":           {"请立即拨打 120", []Number{doctor, police}, []string{"说清地点、病人的样子，听调度员指导施救。", "不要随意搬动，保持呼吸道通畅；需要帮助同时拨打 110。"}},
	"lost-weapon":       {"请立即拨打 110 报告", []Number{police}, []string{"枪支、弹药、爆炸物、剧毒品丢失必须马上报告。", "守住现场，不要自行寻找，说清种类、数量和最后见到的时间地点。"}},
	"sexual":            {"请立即拨打 110", []Number{police, silently, heart}, []string{"先到安全的地方；可以要求女警接待。", "尽量不清洗身体和衣物，保留证据，尽快就医。", "这不是您的错。受害人是未成年人的，同样马上报警。"}},
	"water":             {"请立即拨打 110；海上遇险拨打 12395", []Number{police, sea, doctor}, []string{"不要贸然下水，抛救生圈、绳子、竹竿。", "说清位置和附近的标志物。"}},
	"terror":            {"离开，不要碰，立即拨打 110", []Number{police}, []string{"离开可疑物，提醒周围的人一起离开。", "到远处再打电话，说清位置和样子。"}},
	"help":              {"请立即拨打 110", []Number{police, doctor, rescue, silently}, []string{"说清您在哪里、发生了什么。", "受伤、发病打 120，着火打 119；不便出声发短信到 12110755。"}},
}

const notAnAlarm = "这里是智能客服，不是报警平台，没有人因这条消息出警。请您自己拨打上面的电话。"

func (w *writer) emergency(kind string) {
	card, ok := dangerCards[kind]
	if !ok {
		card = dangerCards["help"]
	}
	w.add(Block{Type: BlockEmergency, Title: card.title, Text: notAnAlarm, Numbers: card.numbers, Advice: card.advice})
	title := card.title
	if !strings.Contains(title, "110") {
		title += "；也可拨打 110"
	}
	w.say(title)
	for _, n := range card.numbers {
		w.r.Links = append(w.r.Links, tel("拨打 "+n.Number, n.Number))
		w.say(n.Number + " " + n.Label + "：" + n.For)
	}
	for _, a := range card.advice {
		w.say("· " + a)
	}
	w.say(notAnAlarm)
}

// cautions open an answer that touches danger which is not going on: the number first.
var cautions = map[string]Block{
	"violence": {Type: BlockCaution, Title: "110", Text: "110：如果危险还在，请立即拨打；不便出声发短信到 12110755。", Links: []Link{tel("拨打 110", "110")}},
	"selfharm": {Type: BlockCaution, Title: "12356", Text: "12356 心理援助热线，24小时有人听您说；有危险请立即拨打 110。", Links: []Link{tel("拨打 12356", "12356"), tel("拨打 110", "110")}},
	"fraud":    {Type: BlockCaution, Title: "110", Text: "110：刚转出的钱请立即报警并打银行客服止付；没转账的可拨打 96110 核实。", Links: []Link{tel("拨打 110", "110"), tel("拨打 96110", "96110")}},
}

// cautionKinds maps kinds of danger to kinds of caution; others need none.
var cautionKinds = map[string]string{
	"violence": "violence", "domestic": "violence", "intrusion": "violence", "stalking": "violence", "threat": "violence",
	"confinement": "violence", "sexual": "violence", "help": "", "missing": "violence",
	"selfharm": "selfharm", "fraud-now": "fraud", "fraud-paid": "fraud", "sextortion": "fraud", "card-drained": "fraud",
}

// cautionOf returns the kind of caution with which a reply opens, "" for none.
func cautionOf(c *turnCase, d *draft) string {
	if c.un.Triage.Level == intents.Caution {
		if k := cautionKinds[c.un.Triage.Kind]; k != "" {
			return k
		}
	}
	if d.caution != "" {
		return d.caution
	}
	switch {
	case c.un.Has("fraud"):
		return "fraud"
	case c.un.Has("domestic-violence", "threat"):
		return "violence"
	}
	return ""
}

func (w *writer) caution(kind string) {
	b, ok := cautions[kind]
	if !ok {
		return
	}
	w.add(b)
	w.say(b.Text)
	w.r.Links = append(w.r.Links, b.Links...)
}
