package exchange_test

import (
	"archive/zip"
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"

	"shenwei/internal/fault"
	"shenwei/kb"
	"shenwei/kb/exchange"
)

// sheetOf is a workbook with one sheet of rows.
func sheetOf(t *testing.T, name string, rows [][]string, edit func(f *excelize.File)) []byte {
	t.Helper()
	f := excelize.NewFile()
	defer func() { _ = f.Close() }()
	if err := f.SetSheetName("Sheet1", name); err != nil {
		t.Fatal(err)
	}
	for i, row := range rows {
		for n, v := range row {
			at, _ := excelize.CoordinatesToCellName(n+1, i+1)
			if err := f.SetCellValue(name, at, v); err != nil {
				t.Fatal(err)
			}
		}
	}
	if edit != nil {
		edit(f)
	}
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

var faqRows = [][]string{{"标准问", "答案"}, {"能不能刷卡", "可以刷卡。"}, {"能不能现金", "可以用现金。"}}

func TestAFileThatCannotBeReadSaysWhy(t *testing.T) {
	good := sheetOf(t, "问答", faqRows, nil)
	var locked bytes.Buffer
	f := excelize.NewFile()
	if err := f.Write(&locked, excelize.Options{Password: "sesame"}); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		body []byte
		code fault.Code
		says string
	}{
		"empty":                     {nil, fault.BadRequest, "空的"},
		"too large":                 {make([]byte, exchange.MaxFile+1), fault.TooLarge, "20 MB"},
		"password":                  {locked.Bytes(), fault.BadRequest, "密码"},
		"old Excel":                 {append([]byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), make([]byte, 2000)...), fault.BadRequest, ".xls"},
		"cut short":                 {good[:len(good)/2], fault.BadRequest, "损坏"},
		"a PDF":                     {[]byte("%PDF-1.7 …"), fault.BadRequest, "不是表格"},
		"a document":                {zipOf(t, map[string]string{"word/document.xml": "x"}), fault.BadRequest, "Word"},
		"OpenDocument":              {zipOf(t, map[string]string{"content.xml": "x", "mimetype": "x"}), fault.BadRequest, "OpenDocument"},
		"a ZIP without knowledge":   {zipOf(t, map[string]string{"a.txt": "x"}), fault.BadRequest, "没有知识"},
		"a workbook that is broken": {zipOf(t, map[string]string{"xl/workbook.xml": "<workbook"}), fault.BadRequest, "损坏"},
		"an unknown heading":        {[]byte("甲,乙\n1,2\n"), fault.BadRequest, "第 1 行不是认识的表头"},
		"a sheet without one":       {sheetOf(t, "S", [][]string{{"甲", "乙"}}, nil), fault.BadRequest, "没有认识的表头"},
		"an open quote":             {[]byte("标准问,答案\n\"a,b\n"), fault.BadRequest, "第 2 行第 1 列"},
		"bytes":                     {[]byte("\x00\x01\x02\xff\xfe\x81"), fault.BadRequest, "编码"},
		"JSON of something else":    {[]byte(`{"a":1}`), fault.BadRequest, "JSON"},
		"JSON and more":             {[]byte(`[] []`), fault.BadRequest, "多余"},
	} {
		_, err := exchange.Read(exchange.Source{Name: "x", Data: tc.body, Now: now}, nil)
		if fault.CodeOf(err) != tc.code || !strings.Contains(fault.MessageOf(err), tc.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func zipOf(t *testing.T, files map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, body := range files {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(w, body)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// A small file that unpacks to much more is refused before anything holds it: in
// the shared strings of a workbook, in a ZIP of knowledge.
func TestAZipBombIsRefused(t *testing.T) {
	good := sheetOf(t, "问答", faqRows, nil)
	for _, part := range []string{"xl/sharedStrings.xml", "items/crj/CRJ-001.yaml"} {
		var b bytes.Buffer
		z := zip.NewWriter(&b)
		if strings.HasPrefix(part, "xl/") {
			r, err := zip.NewReader(bytes.NewReader(good), int64(len(good)))
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range r.File {
				if f.Name != part {
					if err := z.Copy(f); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
		w, err := z.Create(part)
		if err != nil {
			t.Fatal(err)
		}
		block := bytes.Repeat([]byte(" "), 1<<20)
		for range exchange.MaxContent>>20 + 8 {
			if _, err := w.Write(block); err != nil {
				t.Fatal(err)
			}
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		if b.Len() > 2<<20 {
			t.Fatalf("%d bytes are no bomb", b.Len())
		}
		_, err = exchange.Read(exchange.Source{Data: b.Bytes(), Now: now}, nil)
		if !fault.Is(err, fault.TooLarge) {
			t.Errorf("%s: %v", part, err)
		}
	}
}

// Every problem names sheet, row and column.
func TestAProblemNamesItsCell(t *testing.T) {
	live := sample(t, kb.KindItem, kb.KindOutlet, kb.KindLexicon)
	item := func(edit func(w workbook)) func(t *testing.T) []byte {
		return func(t *testing.T) []byte {
			w := openWorkbook(t, kb.KindItem, kb.KindOutlet, kb.KindLexicon)
			edit(w)
			return w.bytes()
		}
	}
	faq := func(edit func(f *excelize.File)) func(t *testing.T) []byte {
		return func(t *testing.T) []byte { return sheetOf(t, "问答", faqRows, edit) }
	}
	for name, tc := range map[string]struct {
		body   func(t *testing.T) []byte
		sheet  string
		row    int
		column string
		says   string
	}{
		"merged cells":                   {faq(func(f *excelize.File) { _ = f.MergeCell("问答", "A2", "A3") }), "问答", 2, "A2:A3", "合并"},
		"a formula":                      {faq(func(f *excelize.File) { _ = f.SetCellFormula("问答", "B3", `HYPERLINK("http://x","y")`) }), "问答", 3, "B3", "公式"},
		"an error value":                 {faq(func(f *excelize.File) { _ = f.SetCellValue("问答", "B2", "#REF!") }), "问答", 2, "答案", "错误值"},
		"a number in Excel's short form": {faq(func(f *excelize.File) { _ = f.SetCellValue("问答", "B2", 440301199001011234.0) }), "问答", 2, "B2", "科学计数"},
		"an empty answer":                {faq(func(f *excelize.File) { _ = f.SetCellValue("问答", "B2", " ") }), "问答", 2, "答案", "空的"},
		"a question twice":               {faq(func(f *excelize.File) { _ = f.SetCellValue("问答", "A3", "能不能刷卡？") }), "问答", 3, "标准问", "第 2 行"},
		"an ask of an item":              {faq(func(f *excelize.File) { _ = f.SetCellValue("问答", "A3", "港签一次") }), "问答", 3, "问法", "CRJ-011"},
		"a link to outside":              {faq(func(f *excelize.File) { _ = f.SetCellValue("问答", "B3", "见[这里](http://x.example)") }), "问答", 3, "正文", "外部链接"},
		"a code twice":                   {item(func(w workbook) { w.set("事项", "A4", "CRJ-001") }), "事项", 4, "编码", "重复"},
		"an unknown code": {item(func(w workbook) {
			w.set("事项", w.cell("事项", "编码", "CRJ-002", "易混事项"), "CRJ-999 是吗？")
		}), "事项", 3, "易混事项", "CRJ-999"},
		"a code of no form": {item(func(w workbook) {
			w.set("事项", "A3", "护照2")
		}), "事项", 3, "编码", "护照2"},
		"no number":              {item(func(w workbook) { w.set("事项", w.cell("事项", "编码", "CRJ-002", "跑动次数"), "一次") }), "事项", 3, "跑动次数", "数字"},
		"neither yes nor no":     {item(func(w workbook) { w.set("事项", w.cell("事项", "编码", "CRJ-002", "自助机"), "也许") }), "事项", 3, "自助机", "是"},
		"two lines in a name":    {item(func(w workbook) { w.set("事项", w.cell("事项", "编码", "CRJ-002", "名称"), "甲\n乙") }), "事项", 3, "名称", "一行"},
		"no date":                {item(func(w workbook) { w.set("事项", w.cell("事项", "编码", "CRJ-002", "复核日期"), "明年") }), "事项", 3, "复核日期", "年-月-日"},
		"an empty name":          {item(func(w workbook) { w.set("事项", w.cell("事项", "编码", "CRJ-002", "名称"), "") }), "事项", 3, "名称", "不能为空"},
		"hours without a source": {item(func(w workbook) { w.set("网点", w.cell("网点", "编号", "futian", "时间"), "全天") }), "网点", 2, "", "来源"},
		"an unknown parent":      {item(func(w workbook) { w.set("概念", w.cell("概念", "编号", "apply", "上级"), "nobody") }), "概念", 2, "", "nobody"},
		"a heading twice":        {item(func(w workbook) { w.set("事项", "D1", "名称") }), "事项", 1, "名称", "两次"},
		"a file's odd name":      {item(func(w workbook) { w.set("网点", "A2", "../x") }), "网点", 2, "文件", "文件名"},
		"an empty row on top": {item(func(w workbook) {
			if err := w.InsertRows("事项", 1, 1); err != nil {
				w.t.Fatal(err)
			}
		}), "事项", 1, "", "空行"},
	} {
		t.Run(name, func(t *testing.T) {
			r := read(t, "x.xlsx", tc.body(t), live)
			if len(r.Problems) == 0 {
				t.Fatal("nothing is said")
			}
			p := r.Problems[0]
			if p.Sheet != tc.sheet || p.Row != tc.row || p.Column != tc.column || !strings.Contains(p.Reason, tc.says) {
				t.Errorf("%+v", r.Problems)
			}
		})
	}
}

func TestACellOfFiveMegabytesIsAProblemOfThatCell(t *testing.T) {
	huge := strings.Repeat("长", 5<<20/3)
	r := read(t, "x.csv", []byte("标准问,答案\n能不能刷卡,"+huge+"\n"), nil)
	if len(r.Problems) != 1 || r.Problems[0].Row != 2 || r.Problems[0].Column != "答案" || !strings.Contains(r.Problems[0].Reason, "KB") {
		t.Errorf("%v", r.Problems)
	}
	var b strings.Builder // no spreadsheet writes such a cell, a program may
	b.WriteString(`<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>`)
	b.WriteString(`<row r="1"><c r="A1" t="inlineStr"><is><t>标准问</t></is></c><c r="B1" t="inlineStr"><is><t>答案</t></is></c></row>`)
	b.WriteString(`<row r="2"><c r="A2" t="inlineStr"><is><t>能不能刷卡</t></is></c><c r="B2" t="inlineStr"><is><t>` + huge + `</t></is></c></row></sheetData></worksheet>`)
	r = read(t, "x.xlsx", withPart(t, sheetOf(t, "问答", faqRows, nil), "xl/worksheets/sheet1.xml", b.String()), nil)
	if len(r.Problems) != 1 || r.Problems[0].Row != 2 || r.Problems[0].Column != "答案" {
		t.Errorf("%v", r.Problems)
	}
}

// withPart is a workbook with another text of one part.
func withPart(t *testing.T, book []byte, name, body string) []byte {
	t.Helper()
	r, err := zip.NewReader(bytes.NewReader(book), int64(len(book)))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, f := range r.File {
		if f.Name == name {
			continue
		}
		if err := z.Copy(f); err != nil {
			t.Fatal(err)
		}
	}
	w, err := z.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(w, body)
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestOtherEncodingsAndNamesAreReadAndSaid(t *testing.T) {
	const csv = "标准问,答案\r\n能不能刷卡,可以刷卡。\r\n"
	gbk, err := simplifiedchinese.GBK.NewEncoder().String(csv)
	if err != nil {
		t.Fatal(err)
	}
	wide, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String(strings.ReplaceAll(csv, ",", "\t"))
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct{ body, file, says string }{
		"GBK":            {gbk, "a.csv", "GBK"},
		"UTF-16":         {wide, "a.csv", "UTF-16"},
		"UTF-8 with BOM": {"\ufeff" + csv, "a.csv", ""},
		"semicolons":     {strings.ReplaceAll(csv, ",", ";"), "a.csv", ""},
		"tabs":           {strings.ReplaceAll(csv, ",", "\t"), "a.txt", ""},
		"CSV named XLSX": {csv, "a.xlsx", "其实是 CSV"},
		"XLSX named CSV": {string(sheetOf(t, "问答", faqRows[:2], nil)), "a.CSV", "其实是 XLSX"},
		"another column": {"标准问,答案,备注\r\n能不能刷卡,可以刷卡。,x\r\n", "a.csv", "备注"},
	} {
		r := read(t, tc.file, []byte(tc.body), nil)
		if len(r.Problems) > 0 || len(r.Documents) != 1 || !strings.Contains(r.Documents[0].Body, "可以刷卡。") {
			t.Errorf("%s: %v %v", name, r.Problems, r.Documents)
		}
		if notes := strings.Join(r.Notes, "；"); tc.says == "" && notes != "" || !strings.Contains(notes, tc.says) {
			t.Errorf("%s: notes %q", name, notes)
		}
	}
}

func TestCellsThatASpreadsheetWouldCalculateComeBackAsTheyWere(t *testing.T) {
	for _, v := range []string{"=1+1", "+86755", "-1", "@SUM(A1)", "\tx", "\rx", "'=x", "''+x", "'text", "＝1", "=cmd|' /C calc'!A0", "\"quoted\"", "a,b", "0755", "1E5", "是\r\n否", " 空 "} {
		doc := kb.Document{Kind: kb.KindArticle, ID: "x", Body: v}
		body := write(t, exchange.CSV, []kb.Document{doc}, exchange.Options{})
		r := read(t, "x.csv", body, nil)
		if len(r.Documents) != 1 || r.Documents[0].Body != v {
			t.Errorf("%q comes back as %+v from %q", v, r.Documents, body)
		}
		for _, c := range "=+-@\t\r" {
			if bytes.ContainsAny(body, ",\"") && bytes.Contains(body, []byte("article,x,"+string(c))) || bytes.Contains(body, []byte("article,x,\""+string(c))) {
				t.Errorf("%q is written so that it is calculated: %q", v, body)
			}
		}
	}
	w := openWorkbook(t, kb.KindItem)
	for i, v := range []string{"=1+1", "+1", "-1", "@x"} {
		w.set("事项", "D"+itoa(i+2), v)
	}
	r := w.read()
	body := write(t, exchange.XLSX, r.Documents, exchange.Options{})
	f, err := excelize.OpenReader(bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	for i, v := range []string{"=1+1", "+1", "-1", "@x"} {
		at := "D" + itoa(i+2)
		got, _ := f.GetCellValue("事项", at)
		formula, _ := f.GetCellFormula("事项", at)
		style, _ := f.GetCellStyle("事项", at)
		format, err := f.GetStyle(style)
		if err != nil || got != v || formula != "" || format.NumFmt != 49 {
			t.Errorf("%s: %q, formula %q, format %+v, %v", at, got, formula, format, err)
		}
	}
	if again := read(t, "x.xlsx", body, merge(w.live, r.Documents)); len(again.Documents)+len(again.Problems) != 0 {
		t.Errorf("not the same again: %v %v", again.Documents, again.Problems)
	}
}

func merge(live, docs []kb.Document) []kb.Document {
	out := append([]kb.Document(nil), live...)
	for _, d := range docs {
		for i := range out {
			if out[i].Key() == d.Key() {
				out[i] = d
			}
		}
	}
	return out
}

func FuzzReadNeverPanicsAndChangesNothingThatItDidNotSay(f *testing.F) {
	live := []kb.Document{{Kind: kb.KindOutlet, ID: "a", Body: "# list\noutlets:\n  - {id: a, name: 甲, kind: 大厅, district: 南山区, sources: {name: x}}\n"}}
	f.Add([]byte("标准问,答案\n能不能刷卡,可以。\n"))
	f.Add([]byte("文件,编号,名称,类型,区,地址,电话,时间,纬度,经度,片区,受理,来源,备注\na,a,乙,大厅,南山区,,,,,,,,name: x,\n"))
	f.Add([]byte("kind,id,body\noutlet,a,x\n"))
	f.Add([]byte(`[{"kind":"outlet","id":"a","body":"outlets: []"}]`))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := exchange.Read(exchange.Source{Data: data, Now: now}, live)
		if err != nil || len(r.Problems) > 0 {
			return
		}
		var b bytes.Buffer
		if err := exchange.Write(&b, exchange.CSV, r.Documents, exchange.Options{}); err != nil {
			t.Fatal(err)
		}
		again, err := exchange.Read(exchange.Source{Data: b.Bytes(), Now: now}, live)
		if len(r.Documents) > 0 && (err != nil || len(again.Problems) != 0 || len(again.Documents) != len(r.Documents)) {
			t.Errorf("what was read does not come back: %v %+v", err, again)
		}
	})
}
