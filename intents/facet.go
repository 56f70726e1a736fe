package intents

import (
	"strings"

	"shenwei/kb"
)

// facetCue is a phrase that asks for a facet. The strongest wins; of two equally strong
// ones the later in the text, because people put the question last.
type facetCue struct {
	facet  kb.Facet
	weight int
	words  []string
}

var facetCues = []facetCue{
	{kb.Fee, 5, []string{"多少钱", "费用", "收费", "要钱", "几块", "多少元", "价格", "手续费", "工本费", "免费", "贵不贵", "收多少", "花多少", "cost", "how much", "fee"}},
	{kb.Time, 5, []string{"多久", "多长时间", "几天", "几个工作日", "多少天", "时限", "什么时候能拿", "几个月", "几年", "多少个工作日", "什么时候", "何时", "当天能", "多快", "how long", "有效期"}},
	{kb.Place, 4, []string{"在哪", "哪里", "哪儿", "地址", "什么地方", "去哪", "地点", "派出所还是", "哪个派出所", "哪个窗口", "哪个部门", "附近", "where", "网点"}},
	{kb.Material, 5, []string{"材料", "资料", "带什么", "什么证件", "哪些证", "要什么证明", "需要什么", "准备什么", "什么手续", "要带", "提供什么", "照片要求", "documents", "需要哪些"}},
	{kb.Progress, 5, []string{"办好没", "办好了吗", "进度", "到哪一步", "寄到哪", "怎么还没", "还没收到", "审批到", "查询", "怎么查", "如何查", "查一下", "哪里查"}},
	{kb.Consequence, 3, []string{"有影响", "影响", "会怎么样", "会怎样", "后果", "会不会被罚", "罚款吗", "被罚", "违法吗", "处罚", "要紧吗", "怎么处罚"}},
	{kb.Condition, 2, []string{"能不能", "可不可以", "可以吗", "能办吗", "能吗", "行吗", "条件", "可以", "要不要", "需不需要", "是否", "能否", "需要本人", "必须本人", "能换吗", "能代办", "需要吗", "有没有规定", "符合", "资格", "要求", "还能"}},
	{kb.How, 1, []string{"怎么办", "怎么弄", "如何", "怎么", "怎样", "流程", "步骤", "咋", "手续", "how to", "how do", "办理"}},
}

// facetOf returns what is asked; kb.Other when nothing says it.
func facetOf(text string) kb.Facet {
	best, weight, at := kb.Other, 0, -1
	for _, cue := range facetCues {
		for _, w := range cue.words {
			i := strings.LastIndex(text, w)
			if i < 0 || !wholeLatin(text, w, i) {
				continue
			}
			if cue.weight > weight || cue.weight == weight && i > at {
				best, weight, at = cue.facet, cue.weight, i
			}
		}
	}
	return best
}
