package bot

import (
	"fmt"
	"strings"

	"shenwei/intents"
	"shenwei/kb"
)

// The groups that take handovers when no item says which.
const generalGroup = "综合"

// handOver passes the conversation to the hotline with what is known of it.
func (e *Engine) handOver(c *turnCase, reason string) *draft {
	s := c.next()
	item, article := s.Item, s.Article
	group := generalGroup
	if it := e.know.Item(item); it != nil {
		group = it.Group
		if it.Handover != "" && reason == "asked" {
			reason = "marked"
		}
	} else if a := e.know.Article(article); a != nil && a.Group != "" {
		group = a.Group
	}
	d := &draft{action: Handoff, confidence: 0.97, hotline: true, state: s, reason: reason}
	if s.Handoff != "" { // waiting already: asking again must not queue a second time
		return d
	}
	d.ticket = &Ticket{
		Group: group, Reason: reason, Item: item, Article: article, State: "queued",
		Summary: e.summarise(c, reason), Urgent: false,
	}
	return d
}

// summarise tells the agent in one line what the matter is, without the citizen's words.
func (e *Engine) summarise(c *turnCase, reason string) string {
	parts := []string{map[string]string{"asked": "市民要求人工", "marked": "市民要求人工，事项有转人工的情形", "complaint": "市民不满", "misses": "连续未能解答", "crowded": "连续发来多条消息", "switched": "当前全部转人工", "sensitive": "由人工办理"}[reason]}
	if it := e.know.Item(c.turn.State.Item); it != nil {
		parts = append(parts, fmt.Sprintf("刚才的事项：%s %s", it.Code, it.Name))
		if f := kb.Facet(c.turn.State.Facet); f != "" && f != kb.Other {
			parts = append(parts, "问的是"+kb.FacetNames[f])
		}
	} else if a := e.know.Article(c.turn.State.Article); a != nil {
		parts = append(parts, "刚才的条目："+a.Title)
	}
	for _, s := range intents.Tell(c.turn.State.Slots) {
		parts = append(parts, s.Name+"："+s.Value)
	}
	return strings.Join(parts, "；")
}

// prepare is what to have ready when a person answers.
func (e *Engine) prepare(item string) []string {
	list := []string{"证件类型和要办的事", "受理号或业务编号（如有）"}
	if it := e.know.Item(item); it != nil && len(it.Materials) > 0 {
		list = append(list, "可能用到的材料："+strings.Join(it.Materials, "、"))
	}
	return append(list, "请不要发送身份证照片、银行卡号和验证码")
}
