package exchange_test

import (
	"slices"
	"strings"
	"testing"

	"shenwei/kb"
)

const faq = "标准问,相似问,反例问,答案,分类,是否停用,备注\n" +
	"地铁里能刷身份证吗,\"坐地铁刷身份证;身份证进站|地铁 身份证\n身份证能过闸机不\",公交能刷身份证吗,<p>不能。</p><p>请用乘车码&amp;地铁卡。</p>,出行,否,\n" +
	"旧问题,,,旧答案,出行,是,\n" +
	"能不能让别人代办,可以请邻居帮我办不,,看要不要采指纹。,,,\n"

func TestQuestionsOfOtherSystemsBecomeArticles(t *testing.T) {
	live := shipped(t)
	r := read(t, "faq.csv", []byte(faq), live)
	if len(r.Problems) != 0 || len(r.Documents) != 2 {
		t.Fatalf("%v %d documents", r.Problems, len(r.Documents))
	}
	notes := strings.Join(r.Notes, "；")
	if !strings.Contains(notes, "1 行标为停用") || !strings.Contains(notes, "备注") {
		t.Error(notes)
	}
	var fresh, updated *kb.Article
	for _, d := range r.Documents {
		a, ps := kb.ParseArticle(d)
		if ps != nil {
			t.Fatal(ps)
		}
		if a.ID == "daiban" {
			updated = a
		} else {
			fresh = a
		}
	}
	if fresh == nil || !strings.HasPrefix(fresh.ID, "faq-") || fresh.Title != "地铁里能刷身份证吗" || fresh.Category != "出行" || fresh.Summary != "不能。" ||
		fresh.Body != "不能。\n请用乘车码&地铁卡。" || fresh.Review != "2027-05-22" || fresh.Kind != kb.KindGuide ||
		!slices.Equal(fresh.Asks, []string{"地铁里能刷身份证吗", "坐地铁刷身份证", "身份证进站", "地铁 身份证", "身份证能过闸机不"}) ||
		!slices.Equal(fresh.CounterAsks, []string{"公交能刷身份证吗"}) {
		t.Errorf("%+v", fresh)
	}
	if updated == nil || updated.Body != "看要不要采指纹。" || updated.Category != "办事指引" || !slices.Contains(updated.Asks, "可以请邻居帮我办不") ||
		!slices.Contains(updated.Asks, "可以叫别人帮我办吗") || updated.Review != "2027-11-16" || len(updated.Phones) != 1 {
		t.Errorf("%+v", updated)
	}
	c := r.Compare(live)
	if len(c.Added) != 1 || c.Added[0].Row != 2 || len(c.Changed) != 1 || c.Changed[0].Key != "article/daiban" || c.Changed[0].Row != 4 {
		t.Errorf("%+v", c)
	}
	again := read(t, "faq.csv", []byte(faq), append(merge(live, r.Documents), r.Documents[slices.IndexFunc(r.Documents, func(d kb.Document) bool { return d.ID == fresh.ID })]))
	if len(again.Documents)+len(again.Problems) != 0 {
		t.Errorf("the second import changes %v %v", again.Documents, again.Problems)
	}
}

func TestAQuestionKeepsItsArticleWhenItsAnswerChanges(t *testing.T) {
	first := read(t, "a.csv", []byte("标准问,答案,相似问\n能不能刷卡？,可以。,刷卡行吗|刷卡\n"), nil)
	second := read(t, "a.csv", []byte("标准问题,标准答案,相似问法\n能不能刷卡,现在不行了。,刷卡行吗\n"), first.Documents)
	if len(second.Problems) != 0 || len(second.Documents) != 1 || second.Documents[0].Key() != first.Documents[0].Key() {
		t.Fatalf("%v %v", second.Problems, second.Documents)
	}
	c := second.Compare(first.Documents)
	columns := []string{}
	for _, cell := range c.Changed[0].Cells {
		columns = append(columns, cell.Column)
	}
	if !slices.Equal(columns, []string{"结论", "问法", "正文"}) {
		t.Errorf("%v", c.Changed[0].Cells)
	}
	a, _ := kb.ParseArticle(second.Documents[0])
	if a.Title != "能不能刷卡？" || !slices.Equal(a.Asks, []string{"能不能刷卡", "刷卡行吗"}) {
		t.Errorf("%+v", a)
	}
}

func TestQuestionsWithoutTheirColumnsSayWhichIsMissing(t *testing.T) {
	r := read(t, "a.csv", []byte("标准问,相似问\n能不能刷卡,刷卡\n"), nil)
	if len(r.Problems) != 1 || r.Problems[0].Row != 1 || r.Problems[0].Column != "答案" {
		t.Errorf("%v", r.Problems)
	}
	r = read(t, "a.csv", []byte("标准问,答案,是否停用\n能不能刷卡,可以,看情况\n,可以,否\n"), nil)
	if len(r.Problems) != 2 || r.Problems[0].Column != "是否停用" || r.Problems[1].Row != 3 || r.Problems[1].Column != "标准问" {
		t.Errorf("%v", r.Problems)
	}
	if len(r.Documents) != 0 {
		t.Error("documents in spite of problems")
	}
}
