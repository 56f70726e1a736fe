package exchange

import (
	"strings"

	"shenwei/kb"
)

// form is how a value is written in one cell.
type form int

const (
	word   form = iota // one line of text
	prose              // text of several lines, in the file as a block
	list               // one entry a line
	yesNo              // 是 or 否
	number             // a number as it is
	pairs              // "key: value", one a line
	linked             // a code and a question, one a line
	asked              // a question and its answers, one a line: 问话 = 答案 | 答案 ! 不符合的答案
)

// column is one column of a sheet: its heading, the keys that lead to the value in the
// document, and its form. A required value is written even when it is empty.
type column struct {
	title    string
	path     string
	form     form
	required bool
}

// shape is how a kind of document becomes rows.
type shape int

const (
	record  shape = iota // a document a row
	article              // the same, with Markdown below the front matter
	element              // a row for each element of the list at key
	tsv                  // a row for each line of tab-separated values
	jsonl                // a row for each line of JSON
)

// sheet is one table of a workbook.
type sheet struct {
	title   string
	kind    kb.Kind
	shape   shape
	key     string // of an element's list
	columns []column
	// identity are the columns by which a row is known again, beside its file.
	identity []int
	unique   bool // an identity stands once in a file
}

// Headings that every sheet has.
const (
	fileTitle    = "文件"
	versionTitle = "版本（请勿改动）"
	moreTitle    = "（续）"
)

// whole tells whether a row is a document, not a part of one.
func (s *sheet) whole() bool { return s.shape == record && s.key == "" || s.shape == article }

var askColumns = []column{{"问法", "asks", list, true}, {"反例", "counter_asks", list, false}}

// sheets are all tables, in the order of a workbook.
var sheets = []*sheet{
	{title: "事项", kind: kb.KindItem, shape: record, identity: []int{0}, unique: true, columns: concat([]column{
		{"编码", "code", word, true}, {"警种", "police_type", word, true}, {"名称", "name", word, true}, {"别名", "aliases", list, true},
		{"对象", "audience", word, true}, {"跑动次数", "trips", number, true}, {"跑动说明", "trips_note", word, false},
		{"自助机", "terminal", yesNo, true}, {"常用", "popular", yesNo, true}, {"费用", "fee", word, true}, {"时限", "time_limit", word, true},
		{"材料清单", "materials", list, true}, {"身份核验", "identity", word, false}, {"热线组", "group", word, true}, {"标签", "tags", list, true},
		{"结论", "summary", word, false}, {"选项短名", "choice", word, false}}, facetColumns("要点·", "facets."), []column{
		{"转人工", "handover", word, false}, {"能不能办", "check.matter", word, false}, {"能不能办·条件", "check.when", asked, false},
		{"能不能办·线上条件", "check.online", asked, false}, {"能不能办·英文", "check.english", pairs, false}, {"易混事项", "confusable", linked, false}, {"问法", "asks", list, false}, {"反例", "counter_asks", list, false},
		{"英文名称", "english.name", word, false}, {"英文说明", "english.text", word, false}, {"英文费用", "english.fee", word, false},
		{"英文时限", "english.time_limit", word, false}, {"英文跑动说明", "english.trips_note", word, false}, {"英文材料", "english.materials", list, false}},
		facetColumns("英文·", "english.facets."), []column{{"英文问法", "english.asks", list, false},
			{"来源", "sources", list, true}, {"复核日期", "review", word, false}})},
	{title: "知识条目", kind: kb.KindArticle, shape: article, identity: []int{0}, unique: true, columns: concat([]column{
		{"编号", "id", word, true}, {"标题", "title", word, true}, {"分类", "category", word, true}, {"类型", "kind", word, true}, {"结论", "summary", word, true},
		{"警示", "caution", word, false}, {"电话", "phones", list, false}, {"相关事项", "related", list, false}}, askColumns, []column{
		{"热线组", "group", word, false}, {"来源", "sources", list, true}, {"法律依据", "legal_basis", list, false}, {"复核日期", "review", word, true},
		{"正文", bodyPath, prose, true}})},
	{title: "网点", kind: kb.KindOutlet, shape: element, key: "outlets", identity: []int{0}, unique: true, columns: []column{
		{"编号", "id", word, true}, {"名称", "name", word, true}, {"类型", "kind", word, true}, {"区", "district", word, true}, {"地址", "address", word, false},
		{"电话", "phone", word, false}, {"时间", "hours", word, false}, {"纬度", "lat", number, false}, {"经度", "lng", number, false},
		{"片区", "places", list, false}, {"受理", "serves", list, false}, {"来源", "sources", pairs, true}, {"备注", "note", word, false},
		{"辖区", "covers", list, false}, {"原坐标", "origin", word, false}}},
	{title: "概念", kind: kb.KindLexicon, shape: element, key: "concepts", identity: []int{0}, unique: true, columns: []column{
		{"编号", "id", word, true}, {"类型", "kind", word, true}, {"名称", "name", word, true}, {"说法", "words", list, true}, {"上级", "parents", list, false}}},
	{title: "改写", kind: kb.KindLexicon, shape: element, key: "rewrites", identity: []int{0, 2}, columns: []column{
		{"原词", "from", word, true}, {"改为", "to", word, true}, {"仅当含有", "when", list, false}}},
	{title: "词语", kind: kb.KindLexicon, shape: record, key: "words", columns: []column{{"整词", "words", list, false}, {"停用短语", "stop", list, false}, {"外地地名", "places", list, false}}},
	{title: "敏感事项", kind: kb.KindLexicon, shape: element, key: "sensitive", identity: []int{0}, columns: []column{
		{"事项", "name", word, true}, {"市民怎么说", "words", list, true}, {"坐席组", "group", word, false}, {"先说的话", "says", word, false}, {"只提供人工", "offer", yesNo, false}}},
	{title: "专题", kind: kb.KindList, shape: element, key: "lists", identity: []int{0}, unique: true, columns: []column{
		{"编号", "id", word, true}, {"按", "by", word, true}, {"名称", "name", word, true}, {"事项", "items", list, false}, {"知识条目", "articles", list, false}}},
	{title: "数值依据", kind: kb.KindFacts, shape: element, key: "facts", identity: []int{0}, columns: []column{
		{"数值", "value", word, true}, {"含义", "about", word, true}, {"出处", "source", word, true}}},
	{title: "通用语句", kind: kb.KindFacts, shape: record, key: "clauses", columns: []column{{"语句", "clauses", list, true}}},
	{title: "金标问题", kind: kb.KindGold, shape: tsv, identity: []int{0}, unique: true, columns: []column{
		{"编号", "id", word, true}, {"问题", "question", word, true}, {"动作", "action", word, true}, {"事项编码", "codes", word, false}, {"要点", "facet", word, false}, {"把握", "sure", word, true}}},
	{title: "金标对话", kind: kb.KindGold, shape: jsonl, identity: []int{0}, unique: true, columns: []column{{"编号", "id", word, true}, {"对话（JSON）", "turns", prose, true}}},
}

// bodyPath is the Markdown of an article, which stands below its front matter.
const bodyPath = "\x00body"

func concat(parts ...[]column) []column {
	var all []column
	for _, p := range parts {
		all = append(all, p...)
	}
	return all
}

func facetColumns(title, path string) []column {
	all := make([]column, 0, len(kb.Facets))
	for _, f := range kb.Facets {
		all = append(all, column{title + kb.FacetNames[f], path + string(f), prose, false})
	}
	return all
}

// titles are the headings of a sheet: its file where a row is a part of one, the columns, the version.
func (s *sheet) titles() []string {
	var all []string
	if !s.whole() {
		all = append(all, fileTitle)
	}
	for _, c := range s.columns {
		all = append(all, c.title)
	}
	return append(all, versionTitle)
}

// holds tells whether a document has rows in this sheet.
func (s *sheet) holds(d kb.Document) bool {
	if d.Kind != s.kind {
		return false
	}
	switch s.shape {
	case tsv:
		return strings.HasSuffix(d.ID, ".tsv")
	case jsonl:
		return strings.HasSuffix(d.ID, ".jsonl")
	}
	return true
}

// identify is the identity of a row among those of its document.
func (s *sheet) identify(cells []string) string {
	parts := make([]string, len(s.identity))
	for i, n := range s.identity {
		parts[i] = cells[n]
	}
	return strings.Join(parts, "\x00")
}

// recognise finds the sheet whose headings these are: most of its columns, and those that make
// its identity.
func recognise(titles []string) *sheet {
	have := map[string]bool{}
	for _, t := range titles {
		have[strings.TrimSpace(t)] = true
	}
	var best *sheet
	most := 0
	for _, s := range sheets {
		if !s.whole() && !have[fileTitle] {
			continue
		}
		n, all := 0, true
		for i, c := range s.columns {
			if have[c.title] {
				n++
			} else if i == 0 {
				all = false
			}
		}
		if all && n*2 >= len(s.columns) && n > most {
			best, most = s, n
		}
	}
	return best
}

func headingHelp() string {
	return "可用的表头有三种：本系统导出的表（编码、名称、问法…）；kind,id,body；或问答表（标准问、相似问、反例问、答案、分类、是否停用）"
}
