package studio

import "shenwei/kb"

// field tells a form what a field is.
type field struct {
	Name     string   `json:"name"`
	Label    string   `json:"label"`
	Type     string   `json:"type"` // text, long, markdown, lines, bool, number, choice, date, moment, facets, neighbours, english, items, documents
	Required bool     `json:"required"`
	Choices  []string `json:"choices,omitempty"`
	Help     string   `json:"help,omitempty"`
}

const momentHelp = "深圳时间，例如 2026-12-01 或 2026-12-01 08:30；留空表示不限"

// dates are the fields that items and articles share.
var dates = []field{
	{"owner", "责任单位", "text", false, nil, "谁对内容负责"},
	{"effective", "生效时间", "moment", false, nil, momentHelp + "；生效前仍用上一版"},
	{"expires", "失效时间", "moment", false, nil, momentHelp + "；到时不再回答"},
	{"sources", "来源", "lines", true, nil, "内容从哪里来"},
	{"legal_basis", "法律依据", "lines", false, nil, ""},
	{"review", "复核日期", "date", true, nil, "这一天之前要再看一遍"},
}

var itemSchema = append([]field{
	{"code", "编号", "text", true, nil, "例如 CRJ-011，建立后不能改"},
	{"police_type", "警种", "text", true, nil, ""},
	{"name", "事项名称", "text", true, nil, ""},
	{"aliases", "别名", "lines", false, nil, ""},
	{"audience", "办理对象", "choice", true, []string{"个人", "企业", "两者"}, ""},
	{"trips", "跑动次数", "number", true, []string{"0", "1", "2"}, "0 零跑腿，1 一次，2 多次"},
	{"trips_note", "跑动说明", "text", false, nil, ""},
	{"terminal", "自助机可办", "bool", false, nil, ""},
	{"popular", "常用事项", "bool", false, nil, ""},
	{"fee", "费用", "text", true, nil, ""},
	{"time_limit", "办理时限", "text", true, nil, ""},
	{"materials", "材料", "lines", false, nil, ""},
	{"identity", "身份核验", "text", false, nil, ""},
	{"group", "人工坐席组", "text", true, nil, ""},
	{"tags", "标签", "lines", false, nil, ""},
	{"summary", "一句话结论", "long", false, nil, "市民最先看到的话"},
	{"choice", "选项短语", "text", false, nil, "与相邻事项区别的短语，最长 24 个字"},
	{"facets", "分要点内容", "facets", false, facetNames(), ""},
	{"handover", "何时转人工", "text", false, nil, ""},
	{"confusable", "易混事项", "neighbours", false, nil, "每条写一句能分清两者的问话"},
	{"asks", "问法", "lines", false, nil, "市民怎么问"},
	{"counter_asks", "反例", "lines", false, nil, "不应指向本事项的问法"},
	{"english", "英文", "english", false, nil, ""},
}, dates...)

var articleSchema = append([]field{
	{"id", "编号", "text", true, nil, "小写字母、数字和短横线，建立后不能改"},
	{"title", "标题", "text", true, nil, ""},
	{"category", "分类", "text", true, nil, ""},
	{"kind", "类型", "choice", true, []string{kb.KindGuide, kb.KindReport, kb.KindElsewhere}, "guide 答复，report 告诉到哪里报案，elsewhere 不归公安管"},
	{"summary", "一句话结论", "long", true, nil, "市民最先看到的话"},
	{"caution", "安全提示", "choice", false, []string{"", "violence", "selfharm", "fraud"}, ""},
	{"phones", "电话", "lines", false, nil, "最要紧的在前"},
	{"related", "相关事项", "items", false, nil, ""},
	{"asks", "问法", "lines", true, nil, "市民怎么问"},
	{"counter_asks", "反例", "lines", false, nil, ""},
	{"group", "人工坐席组", "text", false, nil, ""},
	{"body", "正文", "markdown", true, nil, ""},
}, dates...)

func facetNames() []string {
	var names []string
	for _, f := range kb.Facets {
		names = append(names, string(f))
	}
	return names
}

// schemaOf is never nil; it is empty for kinds that are edited as text.
func schemaOf(kind kb.Kind) []field {
	switch kind {
	case kb.KindItem:
		return itemSchema
	case kb.KindArticle:
		return articleSchema
	}
	return []field{}
}
