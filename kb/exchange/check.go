package exchange

import (
	"errors"
	"regexp"
	"slices"
	"strings"
	"time"

	"shenwei/kb"
)

// finish says what the tables leave alone.
func (r *Result) finish(live []kb.Document) {
	counts := map[kb.Kind]int{}
	for key := range r.places {
		kind, _, _ := strings.Cut(key, "/")
		counts[kb.Kind(kind)]++
	}
	for _, k := range []struct {
		kind kb.Kind
		name string
	}{{kb.KindItem, "事项"}, {kb.KindArticle, "知识条目"}} {
		n := 0
		for _, d := range live {
			if d.Kind == k.kind && r.places[d.Key()].sheet == "" && r.places[d.Key()].row == 0 {
				n++
			}
		}
		if n > 0 && counts[k.kind] > 0 {
			r.note("表里没有的 %d 个%s保持不变", n, k.name)
		}
	}
}

// check holds the documents, together with the live ones, against the rules of the knowledge
// and says of each breach in which cell it stands.
func (r *Result) check(live []kb.Document, now time.Time) {
	r.checkReview(now)
	docs := merged(live, r.Documents)
	before := map[string]bool{}
	_, err := kb.Parse(docs)
	var problems kb.Problems
	if err != nil && errors.As(err, &problems) {
		if _, err := kb.Parse(live); err != nil { // what was wrong before is not this file's doing
			var old kb.Problems
			if errors.As(err, &old) {
				for _, p := range old {
					before[p.Path+p.Reason] = true // its line may have moved
				}
			}
		}
		for _, p := range problems {
			if !before[p.Path+p.Reason] {
				r.locate(p)
			}
		}
	}
	r.checkGold(docs, live)
}

// checkReview refuses what is changed and was to be read again before now: who changes a text
// reads it, and sets a later date.
func (r *Result) checkReview(now time.Time) {
	for _, d := range r.Documents {
		review := ""
		switch d.Kind {
		case kb.KindItem:
			if it, _ := kb.ParseItem(d); it != nil {
				review = it.Review
			}
		case kb.KindArticle:
			if a, _ := kb.ParseArticle(d); a != nil {
				review = a.Review
			}
		}
		if t, err := time.Parse(time.DateOnly, review); err == nil && t.Before(now) {
			where := r.places[d.Key()]
			r.say(where.sheet, where.row, "复核日期", "%s 的复核日期 %s 已过：请重读内容，改为以后的日期", d.ID, review)
		}
	}
}

// merged puts documents over the live ones.
func merged(live, docs []kb.Document) []kb.Document {
	put := map[string]kb.Document{}
	for _, d := range docs {
		put[d.Key()] = d
	}
	var all []kb.Document
	for _, d := range live {
		if n, ok := put[d.Key()]; ok {
			d = n
			delete(put, d.Key())
		}
		all = append(all, d)
	}
	for _, d := range docs {
		if _, ok := put[d.Key()]; ok {
			all = append(all, d)
		}
	}
	return all
}

var namedElement = regexp.MustCompile(`^(outlet|concept|list|rewrite) "([^"]*)"`)

// elementSheets are the sheets of the elements that the rules speak of.
var elementSheets = map[string]string{"outlet": "网点", "concept": "概念", "list": "专题", "rewrite": "改写"}

// locate says a breach of the rules at the cell where it stands.
func (r *Result) locate(p kb.Problem) {
	if m := namedElement.FindStringSubmatch(p.Reason); m != nil {
		title := elementSheets[m[1]]
		for _, where := range r.places {
			for id, row := range where.rows {
				if rest, ok := strings.CutPrefix(id, title+"\x00"); ok && (rest == m[2] || strings.HasPrefix(rest, m[2]+"\x00")) {
					r.say(where.sheet, row, "", "%s", chinese(p.Reason))
					return
				}
			}
		}
	}
	for key, where := range r.places {
		kind, id, _ := strings.Cut(key, "/")
		d := kb.Document{Kind: kb.Kind(kind), ID: id}
		if d.Path() == p.Path {
			column := ""
			if where.row > 0 {
				column = columnOf(d.Kind, p.Reason)
			}
			r.say(where.sheet, where.row, column, "%s", chinese(p.Reason))
			return
		}
	}
	r.say("", 0, "", "%s：%s", p.Path, chinese(p.Reason))
}

// columnOf is the heading of the value that a reason begins with or speaks of.
func columnOf(kind kb.Kind, reason string) string {
	i := slices.IndexFunc(sheets, func(s *sheet) bool { return s.kind == kind && s.whole() })
	if i < 0 {
		return ""
	}
	for _, a := range []struct{ says, path string }{
		{"both an ask and a counter-ask", "counter_asks"}, {"ask", "asks"}, {"no source", "sources"}, {"the body", bodyPath},
	} {
		if strings.Contains(reason, a.says) {
			return titleOf(sheets[i], a.path)
		}
	}
	first, _, _ := strings.Cut(reason, " ")
	return titleOf(sheets[i], first)
}

func titleOf(s *sheet, path string) string {
	for _, c := range s.columns {
		if c.path == path {
			return c.title
		}
	}
	return ""
}

// reasons are the rules' words as an editor reads them.
var reasons = []struct {
	form *regexp.Regexp
	says string
}{
	{regexp.MustCompile(`^(\S+) is empty$`), "不能为空"},
	{regexp.MustCompile(`^audience (".*"): .*`), "对象 $1 不对：填 个人、企业 或 两者"},
	{regexp.MustCompile(`^trips (-?\d+): .*`), "跑动次数 $1 不对：填 0、1 或 2"},
	{regexp.MustCompile(`^code (".*"): .*`), "编码 $1 不对：应为目录的前缀、横线和三位数字，例如 CRJ-011"},
	{regexp.MustCompile(`^id (".*"): .*`), "编号 $1 不对：用小写字母、数字和横线"},
	{regexp.MustCompile(`^kind (".*"): .*`), "类型 $1 不对：填 guide（指引）、report（报案）或 elsewhere（不归我们）"},
	{regexp.MustCompile(`^caution (".*"): .*`), "警示 $1 不对：填 violence、selfharm、fraud，或留空"},
	{regexp.MustCompile(`^no source$`), "缺少来源"},
	{regexp.MustCompile(`^choice is longer than 24 characters$`), "超过 24 个字"},
	{regexp.MustCompile(`^review (".*"): .*`), "日期 $1 不对：按 年-月-日 填写，例如 2027-06-30"},
	{regexp.MustCompile(`^confusable names the item itself$`), "易混事项里写了它自己"},
	{regexp.MustCompile(`^confusable names (\S+) twice$`), "易混事项 $1 写了两次"},
	{regexp.MustCompile(`^(?:confusable|related) names (.+), which does not exist$`), "没有编码为 $1 的事项"},
	{regexp.MustCompile(`^the ask (".*") stands in (.+) already$`), "问法 $1 已经在 $2 里"},
	{regexp.MustCompile(`^(".*") is both an ask and a counter-ask$`), "$1 既是问法又是反例"},
	{regexp.MustCompile(`^an empty ask$`), "有一条空的问法"},
	{regexp.MustCompile(`^(\d+) asks; at most (\d+)$`), "有 $1 条问法，最多 $2 条"},
	{regexp.MustCompile(`^the body links or runs something from outside$`), "正文里有外部链接或脚本，不能发布；请写成文字"},
	{regexp.MustCompile(`^outlet (".*") has a position without a source$`), "网点 $1 有经纬度，但来源里没有 position"},
	{regexp.MustCompile(`^outlet (".*") has hours without a source$`), "网点 $1 有时间，但来源里没有 hours"},
	{regexp.MustCompile(`^outlet (".*"): position out of range$`), "网点 $1 的经纬度超出范围"},
	{regexp.MustCompile(`^outlet (".*"): origin (".*"): write for example .*$`), "网点 $1 的原坐标 $2 读不懂，应写成 gcj02 22.5431,114.0579（坐标系可为 wgs84、gcj02、bd09）"},
	{regexp.MustCompile(`^outlet (".*"): lat and lng are (\d+) metres from its origin; .*$`), "网点 $1 的经纬度与原坐标相差 $2 米；经纬度可以不填，由原坐标换算"},
	{regexp.MustCompile(`^outlet (".*") (".*"): id, name and district are needed$`), "网点 $1 $2 缺少编号、名称或区"},
	{regexp.MustCompile(`^concept (".*") is defined twice$`), "概念 $1 有两个"},
	{regexp.MustCompile(`^concept (".*") has no words$`), "概念 $1 没有说法"},
	{regexp.MustCompile(`^concept (".*"): kind (".*") is not .*`), "概念 $1 的类型 $2 不对：填 object、action、state、person 或 topic"},
	{regexp.MustCompile(`^concept (".*") has the unknown parent (".*")$`), "概念 $1 的上级 $2 不存在"},
	{regexp.MustCompile(`^concept (".*") is its own ancestor$`), "概念 $1 的上级绕回了它自己"},
	{regexp.MustCompile(`^rewrite (".*") → (".*") changes nothing$`), "改写 $1 → $2 没有改变什么"},
	{regexp.MustCompile(`^list (".*") names the item (\S+), which does not exist$`), "专题 $1 里没有编码为 $2 的事项"},
	{regexp.MustCompile(`^list (".*") names the article (\S+), which does not exist$`), "专题 $1 里没有编号为 $2 的知识条目"},
	{regexp.MustCompile(`^list (".*") is empty$`), "专题 $1 是空的"},
	{regexp.MustCompile(`^the (?:code|id) (.+) differs from the file's name$`), "编号 $1 和文件名不一样"},
}

func chinese(reason string) string {
	for _, c := range reasons {
		if c.form.MatchString(reason) {
			return c.form.ReplaceAllString(reason, c.says)
		}
	}
	return reason
}

var actions = []string{"answer", "clarify", "general", "report", "emergency", "oos"}

// checkGold refuses new and changed gold rows that the gate could not run.
func (r *Result) checkGold(docs, live []kb.Document) {
	codes := map[string]bool{}
	for _, d := range docs {
		if d.Kind == kb.KindItem {
			codes[d.ID] = true
		}
	}
	s := sheets[slices.IndexFunc(sheets, func(s *sheet) bool { return s.shape == tsv })]
	for _, d := range r.Documents {
		if !s.holds(d) {
			continue
		}
		was := map[string]bool{}
		for _, l := range live {
			if l.Kind == d.Kind && l.ID == d.ID {
				for _, row := range tsvRows(l.Body) {
					was[strings.Join(row, "\t")] = true
				}
			}
		}
		for i, row := range tsvRows(d.Body) {
			if was[strings.Join(row, "\t")] {
				continue
			}
			where := r.places[d.Key()]
			number := where.rows[s.title+"\x00"+row[0]]
			if number == 0 && where.rows == nil {
				number = i + 2
			}
			if !slices.Contains(actions, row[2]) {
				r.say(where.sheet, number, s.columns[2].title, "动作 %q 不对：填 %s", clip(row[2]), strings.Join(actions, "、"))
			}
			for code := range strings.SplitSeq(row[3], "|") {
				if code != "" && !codes[code] {
					r.say(where.sheet, number, s.columns[3].title, "没有编码为 %s 的事项", clip(code))
				}
			}
		}
	}
}
