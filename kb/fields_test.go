package kb_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/aymanbagabas/go-udiff"

	"shenwei/data"
	"shenwei/kb"
)

func shipped(t testing.TB) []kb.Document {
	t.Helper()
	docs, err := kb.ReadDocuments(data.Files)
	if err != nil {
		t.Fatal(err)
	}
	return docs
}

func form(t testing.TB, doc kb.Document) map[string]any {
	t.Helper()
	v, ps := kb.Fields(doc)
	if ps != nil {
		t.Fatalf("%s: %v", doc.Path(), ps)
	}
	body, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var m map[string]any
	if err := json.Unmarshal(body, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

func set(t testing.TB, doc kb.Document, fields map[string]any) string {
	t.Helper()
	body, err := json.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	text, err := kb.SetFields(doc, body)
	if err != nil {
		t.Fatalf("%s: %v", doc.Path(), err)
	}
	return text
}

// changedLines are the lines that a text lost and gained, each with - or + before it.
func changedLines(before, after string) []string {
	var lines []string
	for _, l := range strings.Split(udiff.Unified("a", "b", before, after), "\n") {
		if (strings.HasPrefix(l, "-") || strings.HasPrefix(l, "+")) && !strings.HasPrefix(l, "---") && !strings.HasPrefix(l, "+++") {
			lines = append(lines, l)
		}
	}
	return lines
}

func TestAFormThatWasNotChangedKeepsEveryByteOfEveryShippedFile(t *testing.T) {
	forms := 0
	for _, doc := range shipped(t) {
		if v, _ := kb.Fields(doc); v == nil {
			continue
		}
		forms++
		if text := set(t, doc, form(t, doc)); text != doc.Body {
			t.Errorf("%s changed:\n%s", doc.Path(), udiff.Unified("a", "b", doc.Body, text))
		}
	}
	if forms < 262 {
		t.Errorf("only %d files have a form", forms)
	}
}

func TestAChangedFieldChangesOnlyItsLinesInEveryShippedItemAndArticle(t *testing.T) {
	for _, doc := range shipped(t) {
		fields := form2(t, doc)
		if fields == nil {
			continue
		}
		asks := fields["asks"].([]any)
		was := asks[1].(string)
		asks[1] = "全新的问法：怎么\"办\"#1"
		fields["asks"] = append(asks, "- 末尾的问法")
		fields["owner"] = "出入境支队"
		fields["review"] = "2031-01-01"
		lines := changedLines(doc.Body, set(t, doc, fields))
		if len(lines) != 6 {
			t.Fatalf("%s: %d lines changed (%q was asked):\n%s", doc.Path(), len(lines), was, strings.Join(lines, "\n"))
		}
	}
}

func form2(t testing.TB, doc kb.Document) map[string]any {
	if doc.Kind != kb.KindItem && doc.Kind != kb.KindArticle {
		return nil
	}
	f := form(t, doc)
	if asks, _ := f["asks"].([]any); len(asks) < 2 {
		return nil
	}
	return f
}

const commented = `# 换发：先看这里
code: CRJ-002
police_type: 出入境 # 固定
name: "普通护照换发"
aliases: [换护照, '换本子']   # 两个

# 谁能办
audience: 个人
trips: 0
terminal: false
popular: true
fee: 120元/本 # 见公告
time_limit: 7个工作日
materials:
  # 第一样
  - 原护照
  - 照片

  # 最后一样
  - 居民身份证
group: 出入境
tags: []
summary: |-
  快到期就换。
facets:
  # 费用要核对
  fee: |
    一本120元。

    # 这一行是正文
  how: 网上办
confusable:
  - code: CRJ-003
    # 问什么
    question: 护照丢了吗？
  - {code: CRJ-004, question: 孩子的吗？}
asks:
- 护照快到期了怎么换
- 护照过期
sources: [目录]
`

func TestCommentsOrderAndStyleStayWhereNothingChanged(t *testing.T) {
	doc := kb.Document{Kind: kb.KindItem, ID: "CRJ-002", Body: commented}
	if text := set(t, doc, form(t, doc)); text != commented {
		t.Fatalf("unchanged, and yet:\n%s", udiff.Unified("a", "b", commented, text))
	}
	cases := []struct {
		name   string
		change func(f map[string]any)
		want   []string
	}{
		{"a value keeps its remark", func(f map[string]any) { f["fee"] = "140元/本" }, []string{"-fee: 120元/本 # 见公告", "+fee: 140元/本 # 见公告"}},
		{"a quoted value stays quoted", func(f map[string]any) { f["name"] = "护照换发" }, []string{`-name: "普通护照换发"`, `+name: "护照换发"`}},
		{"a list in brackets stays one", func(f map[string]any) { f["aliases"] = []string{"换护照"} }, []string{"-aliases: [换护照, '换本子']   # 两个", "+aliases: [换护照] # 两个"}},
		{"an item of a list", func(f map[string]any) { f["materials"] = []string{"原护照", "近期照片", "居民身份证"} }, []string{"-  - 照片", "+  - 近期照片"}},
		{"an item leaves, its neighbours' remarks stay", func(f map[string]any) { f["materials"] = []string{"原护照", "居民身份证"} }, []string{"-  - 照片"}},
		{"items come at the front and the end", func(f map[string]any) {
			f["asks"] = []string{"新的一", "护照快到期了怎么换", "护照过期", "新的二"}
		}, []string{"+- 新的一", "+- 新的二"}},
		{"a text below its key", func(f map[string]any) {
			f["facets"].(map[string]any)["fee"] = "一本140元。\n\n# 这一行是正文"
		}, []string{"-    一本120元。", "+    一本140元。"}},
		{"a facet that is new stands in its place", func(f map[string]any) { f["facets"].(map[string]any)["time"] = "七天。" }, []string{"+  time: |", "+    七天。"}},
		{"a facet that goes", func(f map[string]any) { delete(f["facets"].(map[string]any), "how") }, []string{"-  how: 网上办"}},
		{"a question of a neighbour", func(f map[string]any) { f["confusable"].([]any)[0].(map[string]any)["question"] = "丢了？" }, []string{"-    question: 护照丢了吗？", "+    question: 丢了？"}},
		{"a neighbour in braces", func(f map[string]any) { f["confusable"].([]any)[1].(map[string]any)["question"] = "孩子？" }, []string{"-  - {code: CRJ-004, question: 孩子的吗？}", "+  - code: CRJ-004", "+    question: 孩子？"}},
		{"a field that is new", func(f map[string]any) { f["expires"] = "2026-12-31 18:00" }, []string{"+expires: 2026-12-31 18:00"}},
		{"a list that becomes empty", func(f map[string]any) { f["asks"] = []string{} }, []string{"-asks:", "-- 护照快到期了怎么换", "-- 护照过期"}},
		{"words that YAML would misread", func(f map[string]any) { f["fee"] = "yes: #1" }, []string{"-fee: 120元/本 # 见公告", "+fee: 'yes: #1' # 见公告"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			for _, eol := range []string{"\n", "\r\n"} {
				d := doc
				d.Body = strings.ReplaceAll(commented, "\n", eol)
				f := form(t, d)
				c.change(f)
				lines := changedLines(commented, strings.ReplaceAll(set(t, d, f), "\r\n", "\n"))
				if strings.Join(lines, "\n") != strings.Join(c.want, "\n") {
					t.Errorf("changed\n%s\nwant\n%s", strings.Join(lines, "\n"), strings.Join(c.want, "\n"))
				}
			}
		})
	}
}

func TestAnArticlesBodyAndFrontMatterChangeApart(t *testing.T) {
	body := "---\nid: etc-sms\ntitle: 短信 # 常问\ncategory: 反诈\nkind: guide\nsummary: 不点。\nasks:\n  - 短信说我违章\nsources: [常识]\nreview: 2027-01-01\n---\n真的在平台查。\n"
	doc := kb.Document{Kind: kb.KindArticle, ID: "etc-sms", Body: body}
	f := form(t, doc)
	f["body"] = "先别点。\n\n再查。"
	if got := changedLines(body, set(t, doc, f)); strings.Join(got, "|") != "-真的在平台查。|+先别点。|+|+再查。" {
		t.Errorf("%q", got)
	}
	f = form(t, doc)
	f["title"] = "违章短信"
	if got := changedLines(body, set(t, doc, f)); strings.Join(got, "|") != "-title: 短信 # 常问|+title: 违章短信 # 常问" {
		t.Errorf("%q", got)
	}
}

func TestANewDocumentOfFieldsIsReadBackAsTheyWere(t *testing.T) {
	for _, source := range shipped(t) {
		if v, _ := kb.Fields(source); v == nil {
			continue
		}
		f := form(t, source)
		text := set(t, kb.Document{Kind: source.Kind, ID: source.ID}, f)
		again := form(t, kb.Document{Kind: source.Kind, ID: source.ID, Body: text})
		a, _ := json.Marshal(f)
		b, _ := json.Marshal(again)
		if string(a) != string(b) {
			t.Fatalf("%s:\n%s\n%s", source.Path(), a, b)
		}
	}
}

func TestFieldsThatAreNoneAreRefused(t *testing.T) {
	doc := kb.Document{Kind: kb.KindItem, ID: "CRJ-002", Body: commented}
	for _, bad := range []string{`{"colour":"blue"}`, `{"trips":"zero"}`, `[]`, `{`, `null x`} {
		if _, err := kb.SetFields(doc, json.RawMessage(bad)); err == nil {
			t.Errorf("%s is taken", bad)
		}
	}
	if _, err := kb.SetFields(kb.Document{Kind: kb.KindGold, ID: "a.tsv", Body: "x"}, json.RawMessage(`{}`)); err == nil {
		t.Error("a kind without a form is taken")
	}
	if _, err := kb.SetFields(kb.Document{Kind: kb.KindItem, ID: "CRJ-002", Body: "a: [\n"}, json.RawMessage(`{}`)); err == nil {
		t.Error("a text that cannot be read is taken")
	}
}

func FuzzSetFields(f *testing.F) {
	f.Add("140元/本", "问法", "一\n二")
	f.Add("# x", "- y", "  z\n\n")
	f.Add("'", "\"", ":\t")
	f.Fuzz(func(t *testing.T, fee, ask, facet string) {
		doc := kb.Document{Kind: kb.KindItem, ID: "CRJ-002", Body: commented}
		body, err := json.Marshal(map[string]any{"fee": fee, "asks": []string{ask, "护照过期"}, "facets": map[string]string{"fee": facet, "how": "网上办"}})
		if err != nil {
			t.Skip()
		}
		text, err := kb.SetFields(doc, body)
		if err != nil {
			return // refused in words
		}
		again, ps := kb.Fields(kb.Document{Kind: doc.Kind, ID: doc.ID, Body: text})
		if ps != nil {
			t.Fatalf("%q cannot be read: %v", text, ps)
		}
		if it := again.(*kb.Item); it.Name != "普通护照换发" || len(it.Asks) != 2 || !strings.Contains(text, "# 谁能办") {
			t.Fatalf("%q", text)
		}
	})
}
