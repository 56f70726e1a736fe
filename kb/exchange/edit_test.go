package exchange_test

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/aymanbagabas/go-udiff"
	"github.com/xuri/excelize/v2"

	"shenwei/kb"
	"shenwei/kb/exchange"
)

// workbook is a part of the shipped knowledge in a workbook that a test edits as a person would.
type workbook struct {
	*excelize.File
	t    *testing.T
	live []kb.Document
}

func openWorkbook(t *testing.T, kinds ...kb.Kind) workbook {
	t.Helper()
	live := sample(t, kinds...)
	some := slices.DeleteFunc(slices.Clone(live), func(d kb.Document) bool { return len(kinds) > 0 && !slices.Contains(kinds, d.Kind) })
	f, err := excelize.OpenReader(bytes.NewReader(write(t, exchange.XLSX, some, exchange.Options{})))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return workbook{f, t, live}
}

// cell is where the row with the id in its column has the column.
func (w workbook) cell(sheet, idColumn, id, column string) string {
	w.t.Helper()
	rows, err := w.GetRows(sheet)
	if err != nil {
		w.t.Fatal(err)
	}
	key, col := slices.Index(rows[0], idColumn), slices.Index(rows[0], column)
	for i, row := range rows[1:] {
		if key >= 0 && col >= 0 && key < len(row) && row[key] == id {
			at, _ := excelize.CoordinatesToCellName(col+1, i+2)
			return at
		}
	}
	w.t.Fatalf("%s has no %s in %s, or no column %s", sheet, id, idColumn, column)
	return ""
}

func (w workbook) set(sheet, at string, value any) {
	w.t.Helper()
	if err := w.SetCellValue(sheet, at, value); err != nil {
		w.t.Fatal(err)
	}
}

func (w workbook) bytes() []byte {
	w.t.Helper()
	var b bytes.Buffer
	if err := w.Write(&b); err != nil {
		w.t.Fatal(err)
	}
	return b.Bytes()
}

func (w workbook) read() *exchange.Result {
	w.t.Helper()
	return read(w.t, "edited.xlsx", w.bytes(), w.live)
}

// changedLines are the lines that differ between two texts, with - or +.
func changedLines(was, now string) []string {
	var all []string
	for _, l := range strings.Split(udiff.Unified("a", "b", was, now), "\n") {
		if (strings.HasPrefix(l, "-") || strings.HasPrefix(l, "+")) && !strings.HasPrefix(l, "---") && !strings.HasPrefix(l, "+++") {
			all = append(all, l)
		}
	}
	return all
}

func bodyOf(docs []kb.Document, key string) string {
	for _, d := range docs {
		if d.Key() == key {
			return d.Body
		}
	}
	return ""
}

func TestAnEditedCellChangesJustThat(t *testing.T) {
	for name, tc := range map[string]struct {
		sheet, idColumn, id, column string
		value                       func(was string) any
		key                         string
		lines                       []string
	}{
		"a word": {"事项", "编码", "CRJ-007", "费用", func(string) any { return "61元/张" }, "item/CRJ-007", []string{"-fee: 60元/张", "+fee: 61元/张"}},
		"a number that a spreadsheet made one": {"事项", "编码", "CRJ-007", "跑动次数", func(string) any { return 2 }, "item/CRJ-007",
			[]string{"-trips: 0", "+trips: 2"}},
		"one ask more": {"事项", "编码", "CRJ-011", "问法", func(was string) any { return was + "\r\n周五去港岛吃早茶卡上没次数" }, "item/CRJ-011",
			[]string{"+  - 周五去港岛吃早茶卡上没次数"}},
		"one ask less": {"事项", "编码", "CRJ-011", "问法", func(was string) any { return strings.Replace(was, "港签一次\n", "", 1) }, "item/CRJ-011",
			[]string{"-  - 港签一次"}},
		"a facet": {"事项", "编码", "CRJ-011", "要点·费用", func(string) any { return "- 一次15元" }, "item/CRJ-011",
			[]string{"-    - 两次30元", "-    香港和澳门分开收；邮寄的快递费另付。"}},
		"a facet that goes": {"事项", "编码", "CRJ-011", "要点·影响与后果", func(string) any { return "" }, "item/CRJ-011",
			[]string{"-  consequence: |", "-    每次在香港最多7天，超期逗留会影响以后再签。", "-    旅游签注不能拿去打工、上学、做生意，这些各有自己的签注。"}},
		"a facet that comes": {"事项", "编码", "CRJ-011", "要点·其他", func(string) any { return "两行\n都在" }, "item/CRJ-011",
			[]string{"+  other: |", "+    两行", "+    都在"}},
		"a neighbour's question": {"事项", "编码", "CRJ-011", "易混事项", func(was string) any { return strings.Replace(was, "还是去澳门？", "还是澳门？", 1) }, "item/CRJ-011",
			[]string{"-    question: 是去香港，还是去澳门？", "+    question: 是去香港，还是澳门？"}},
		"English": {"事项", "编码", "CRJ-011", "英文名称", func(string) any { return "Visit: one trip" }, "item/CRJ-011",
			[]string{"-  name: Individual visit endorsement for Hong Kong", "+  name: 'Visit: one trip'"}},
		"a date typed as one": {"事项", "编码", "CRJ-011", "复核日期", func(string) any { return "2027/3/5" }, "item/CRJ-011",
			[]string{"-review: 2027-02-15", "+review: 2027-03-05"}},
		"an article's body": {"知识条目", "编号", "daiban", "正文", func(was string) any { return strings.Replace(was, "别找黄牛", "莫找黄牛", 1) }, "article/daiban",
			[]string{"-7. 别找黄牛、“内部办证”：多收钱、泄露信息，被骗打110。", "+7. 莫找黄牛、“内部办证”：多收钱、泄露信息，被骗打110。"}},
		"an article's telephone": {"知识条目", "编号", "daiban", "电话", func(was string) any { return was + "\n12345" }, "article/daiban", []string{"+  - '12345'"}},
		"an outlet's hours":      {"网点", "编号", "luohu", "地址", func(string) any { return "深南东路" }, "outlet/fenju", []string{"+    address: 深南东路"}},
		"a concept's words": {"概念", "编号", "apply", "说法", func(was string) any { return was + "\n搞一个" }, "lexicon/actions",
			[]string{"-  - {id: apply, kind: action, name: 办理, words: [申请, 申办, 申领, 领取, 办, 办一个, 怎么办理, 首次申请]}", "+  - {id: apply, kind: action, name: 办理, words: [申请, 申办, 申领, 领取, 办, 办一个, 怎么办理, 首次申请, 搞一个]}"}},
		"a rewrite":       {"改写", "原词", "sfz", "改为", func(string) any { return "居民身份证" }, "lexicon/rewrites", []string{"-  - {from: sfz, to: 身份证}", "+  - {from: sfz, to: 居民身份证}"}},
		"a topic's items": {"专题", "编号", "arrive", "名称", func(string) any { return "初来深圳" }, "list/lists", nil},
		"a fact":          {"数值依据", "数值", "119", "含义", func(string) any { return "火灾" }, "facts/facts", []string{`-  - {value: "119", about: "火灾和抢险救援", source: "消防救援机构公开信息"}`, `+  - {value: "119", about: 火灾, source: "消防救援机构公开信息"}`}},
		"a gold row":      {"金标问题", "编号", "plain-CRJ-0002", "要点", func(string) any { return "how" }, "gold/crj.tsv", nil},
	} {
		t.Run(name, func(t *testing.T) {
			kind, _, _ := strings.Cut(tc.key, "/")
			w := openWorkbook(t, kb.Kind(kind))
			at := w.cell(tc.sheet, tc.idColumn, tc.id, tc.column)
			was, err := w.GetCellValue(tc.sheet, at)
			if err != nil {
				t.Fatal(err)
			}
			w.set(tc.sheet, at, tc.value(was))
			r := w.read()
			if len(r.Problems) > 0 || len(r.Documents) != 1 || r.Documents[0].Key() != tc.key {
				t.Fatalf("%d documents, %v", len(r.Documents), r.Problems)
			}
			lines := changedLines(bodyOf(w.live, tc.key), r.Documents[0].Body)
			if tc.lines == nil && len(lines) != 2 || tc.lines != nil && !slices.Equal(lines, tc.lines) {
				t.Errorf("changed lines:\n%s", strings.Join(lines, "\n"))
			}
			c := r.Compare(w.live)
			if len(c.Added)+len(c.Removed) != 0 || len(c.Changed) != 1 || len(c.Changed[0].Cells) != 1 || c.Changed[0].Cells[0].Column != tc.column {
				t.Errorf("%+v", c)
			}
		})
	}
}

func TestRowsAreAddedAndTakenAway(t *testing.T) {
	w := openWorkbook(t, kb.KindOutlet, kb.KindLexicon, kb.KindGold)
	rows, _ := w.GetRows("网点")
	w.set("网点", "A"+itoa(len(rows)+1), "kouan")
	for i, v := range []string{"nantou", "南头口岸", "口岸", "南山区", "", "", "", "", "", "", "", "name: 名录\ndistrict: 行政区划"} {
		at, _ := excelize.CoordinatesToCellName(i+2, len(rows)+1)
		w.set("网点", at, v)
	}
	gone := w.cell("改写", "原词", "lssfz", "文件")
	if err := w.RemoveRow("改写", atoi(strings.TrimLeft(gone, "A"))); err != nil {
		t.Fatal(err)
	}
	gone = w.cell("金标问题", "编号", "plain-CRJ-0002", "文件")
	if err := w.RemoveRow("金标问题", atoi(strings.TrimLeft(gone, "A"))); err != nil {
		t.Fatal(err)
	}
	r := w.read()
	if len(r.Problems) > 0 {
		t.Fatal(r.Problems)
	}
	c := r.Compare(w.live)
	if len(c.Added) != 1 || c.Added[0].Part != "nantou" || c.Added[0].Row != len(rows)+1 || len(c.Changed) != 0 || len(c.Removed) != 2 {
		t.Fatalf("%+v", c)
	}
	for key, want := range map[string][]string{
		"lexicon/rewrites": {"-  - {from: lssfz, to: 临时身份证}"},
		"gold/crj.tsv":     {"-plain-CRJ-0002\t湖北户口，人在龙华上班，头一本护照非要回老家弄吗\tanswer\tCRJ-001\tplace\t2"},
		"outlet/kouan": {"+  - id: nantou", "+    name: 南头口岸", "+    kind: 口岸", "+    district: 南山区", "+    sources:",
			"+      name: 名录", "+      district: 行政区划"},
	} {
		if got := changedLines(bodyOf(w.live, key), bodyOf(r.Documents, key)); !slices.Equal(got, want) {
			t.Errorf("%s: %q", key, got)
		}
	}
}

func TestARowSortedElsewhereIsNoChange(t *testing.T) {
	w := openWorkbook(t, kb.KindOutlet)
	if err := w.DuplicateRow("网点", 2); err != nil { // row 2 is at 3 as well
		t.Fatal(err)
	}
	if err := w.DuplicateRowTo("网点", 2, 8); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := w.RemoveRow("网点", 2); err != nil {
			t.Fatal(err)
		}
	}
	if r := w.read(); len(r.Documents) != 0 || len(r.Problems) != 0 {
		t.Errorf("%v %v", r.Documents, r.Problems)
	}
}

func TestAnOlderExportDoesNotTakeANewerChangeBack(t *testing.T) {
	w := openWorkbook(t, kb.KindItem)
	w.set("事项", w.cell("事项", "编码", "CRJ-007", "时限"), "5个工作日")
	for i, d := range w.live {
		if d.Key() == "item/CRJ-007" { // a colleague publishes another fee meanwhile
			w.live[i].Body = strings.Replace(d.Body, "fee: 60元/张", "fee: 61元/张", 1)
		}
	}
	r := w.read()
	if len(r.Problems) != 1 || r.Problems[0].Column != "版本（请勿改动）" || r.Problems[0].Row == 0 {
		t.Errorf("%v", r.Problems)
	}
}

func TestACSVIsEditedLikeAWorkbook(t *testing.T) {
	live := shipped(t)
	body := string(write(t, exchange.CSV, live, exchange.Options{Kind: kb.KindItem}))
	if !strings.HasPrefix(body, "\ufeff编码,") {
		t.Errorf("no mark for Excel: %.20q", body)
	}
	edited := strings.Replace(body, ",60元/张,", ",61元/张,", 1)
	for name, b := range map[string]string{"as written": edited, "with Unix line ends, without a mark": strings.ReplaceAll(strings.TrimPrefix(edited, "\ufeff"), "\r\n", "\n")} {
		r := read(t, "items.csv", []byte(b), live)
		c := r.Compare(live)
		if len(r.Problems) != 0 || len(c.Changed) != 1 || len(c.Changed[0].Cells) != 1 || c.Changed[0].Cells[0].Now != "61元/张" {
			t.Errorf("%s: %v %+v", name, r.Problems, c)
		}
	}
}

func itoa(n int) string { return strconv.Itoa(n) }

func atoi(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		panic(err)
	}
	return n
}
