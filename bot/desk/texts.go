package desk

import "strings"

// StateNames are the states as screens show them.
var StateNames = map[State]string{
	Queued: "排队中", Offered: "振铃中", Active: "会话中", Waiting: "等市民回复", Held: "已挂起", Transferring: "转接中", Wrapup: "话后整理",
	Resolved: "已解决", Closed: "已关闭", Callback: "待回拨", Calling: "回拨中", Returned: "回到机器人", Abandoned: "市民离开",
}

// WrapupCodes are how a conversation may end, by code.
var WrapupCodes = map[string]string{
	"answered": "已解答", "guided": "已指引办理", "transferred": "已转相关部门", "order": "已建工单", "complaint": "投诉已记录",
	"alarm": "引导报警", "unclear": "信息不足未能解答", "out_of_scope": "不属于公安业务", "abuse": "无效或辱骂", CodeIdle: "市民无回应", CodeLeft: "市民结束",
}

// RatingTags are what a citizen may tick beside the stars.
var RatingTags = []string{"态度好", "说得清楚", "很快", "解决了问题", "等太久", "没听懂", "没解决", "态度不好", "反复转接"}

// texts are what the citizen reads when something happened. NO stands for an agent's number
// or a ticket's.
var texts = map[string]string{
	"accepted":        "坐席 NO 号为您服务。前面的对话坐席都能看到，不用重复。",
	"transferred":     "已转接，坐席 NO 号继续为您服务，前面的对话不用重复。",
	"transferring":    "正在为您转接，请稍候，前面的对话会一并转过去。",
	"cancelled":       "已取消排队。您可以继续问我，需要时再发「转人工」。",
	"abandoned":       "您离开了页面，排队已结束。需要时请再发「转人工」。",
	"held":            "坐席正在为您核实，请稍候，有结果会马上回复您。",
	"returned":        "坐席 NO 号的服务已结束，接下来由智能客服为您服务，需要时再发「转人工」。",
	"closed":          "坐席 NO 号的服务已结束。问题解决了吗？请评价；72 小时内还可以找回同一位坐席。",
	"idle":            "您还在吗？再过一会儿没有消息，这次会话会自动结束。",
	"idle-closed":     "因为一直没有收到您的消息，这次会话已结束。72 小时内可以随时找回，继续办理。",
	"left":            "您结束了人工会话，接下来由智能客服为您服务。问题解决了吗？欢迎评价；72 小时内可以找回。",
	"ended":           "这次人工会话已结束。72 小时内可以找回。",
	"reopened":        "已为您找回刚才的会话，优先由上次的坐席接待，请稍候。",
	"agent-lost":      "坐席的连接断了，抱歉。您排在队伍最前面，正在为您换一位坐席，不用重新说明。",
	"callback-offer":  "现在等的人比较多。您可以继续等，也可以留下电话，由坐席打给您。",
	"callback":        "现在没有坐席能马上接待。请留下电话和方便的时间，坐席会打给您；您也可以继续问我。",
	"callback-filed":  "已登记，编号 NO。坐席会在下一个工作日 12:00 前打给您，来电不会向您索要密码和验证码，也不会要求转账。",
	"callback-done":   "坐席已经与您通过电话。问题解决了吗？欢迎评价。",
	"callback-failed": "我们打了几次电话都没有接通，这次登记已结束。需要时请再发「转人工」。",
	"queued":          "已为您排队，有坐席空出来会马上接待您。",
	"rated":           "谢谢您的评价。",
}

func say(event, number string) string { return strings.ReplaceAll(texts[event], "NO", number) }
