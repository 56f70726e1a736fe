package exchange

import (
	"bytes"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf16"

	"github.com/xuri/excelize/v2"

	"shenwei/internal/fault"
	"shenwei/kb"
)

// maxCellUnits is where a cell continues in the next column: spreadsheets hold 32,767 UTF-16
// units in one.
const maxCellUnits = 32_000

// guide is the first sheet of a workbook, for who opens it.
var guide = [][]string{
	{"深微知识表"},
	{"改哪一格，导入后就只改哪一格；没有改动的内容一字不变。"},
	{"一格里有多条的（问法、别名、材料…），每条一行（Alt+回车换行）。"},
	{"新增：在表末加一行，“版本”列留空。"},
	{"事项和知识条目：表里删掉一行不会删除它。其他表：删掉一行，导入后就少这一条，预览时会列出。"},
	{"请保留表头；不要合并单元格，不要用公式；“版本”列请勿改动，它用来发现导出后别人的修改。"},
	{"先用“预览”看清新增、修改、删除和错误，再导入；导入得到的是草稿，经审核发布后才生效。"},
}

const guideName = "说明"

// rowsFor is a sheet filled from documents, with a continued column where a cell is too long.
func rowsFor(s *sheet, docs []kb.Document) ([][]string, error) {
	var cells [][]string
	for _, d := range docs {
		if !s.holds(d) {
			continue
		}
		rows, err := s.rowsOf(d)
		if err != nil {
			return nil, fault.Wrap(fault.Internal, err, "%s cannot be written as rows", d.Path())
		}
		for _, row := range rows {
			if blank(row) {
				continue // a file without what this sheet is about
			}
			if !s.whole() {
				row = append([]string{d.ID}, row...)
			}
			cells = append(cells, append(row, versionOf(d)))
		}
	}
	return spread(s.titles(), cells), nil
}

// spread cuts cells that are too long into several columns.
func spread(titles []string, rows [][]string) [][]string {
	wide := make([]int, len(titles))
	for _, row := range rows {
		for i, c := range row {
			wide[i] = max(wide[i], 1, len(pieces(c)))
		}
	}
	out := [][]string{nil}
	for i, t := range titles {
		out[0] = append(out[0], t)
		for n := 1; n < wide[i]; n++ {
			more := moreTitle
			if n > 1 {
				more = "（续" + strconv.Itoa(n) + "）"
			}
			out[0] = append(out[0], t+more)
		}
	}
	for _, row := range rows {
		var line []string
		for i, c := range row {
			parts := pieces(c)
			line = append(line, parts...)
			for n := len(parts); n < wide[i]; n++ {
				line = append(line, "")
			}
		}
		out = append(out, line)
	}
	return out
}

func pieces(s string) []string {
	if len(s) <= maxCellUnits {
		return []string{s}
	}
	var all []string
	from, units := 0, 0
	for i, r := range s {
		n := utf16.RuneLen(r)
		if units+n > maxCellUnits {
			all = append(all, s[from:i])
			from, units = i, 0
		}
		units += n
	}
	return append(all, s[from:])
}

func writeTable(w io.Writer, docs []kb.Document, kind kb.Kind) error {
	for _, s := range sheets {
		if s.kind != kind {
			continue
		}
		rows, err := rowsFor(s, docs)
		if err != nil {
			return err
		}
		return writeCSV(w, rows)
	}
	return fault.New(fault.BadRequest, "「%s」没有表格；可以导出 JSON 或 ZIP", kind)
}

func writeWorkbook(w io.Writer, docs []kb.Document) error {
	f := excelize.NewFile()
	defer func() { _ = f.Close() }()
	if err := f.SetSheetName("Sheet1", guideName); err != nil {
		return err
	}
	// Format 49 is text: what is typed into such a cell stays what was typed.
	plain, err := f.NewStyle(&excelize.Style{NumFmt: 49, Alignment: &excelize.Alignment{Vertical: "top"}})
	if err != nil {
		return err
	}
	head, err := f.NewStyle(&excelize.Style{NumFmt: 49, Font: &excelize.Font{Bold: true}, Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"E8EEF7"}}})
	if err != nil {
		return err
	}
	if err := fillSheet(f, guideName, guide, head, plain); err != nil {
		return err
	}
	for _, s := range sheets {
		rows, err := rowsFor(s, docs)
		if err != nil {
			return err
		}
		if len(rows) == 1 {
			continue
		}
		if _, err := f.NewSheet(s.title); err != nil {
			return err
		}
		if err := fillSheet(f, s.title, rows, head, plain); err != nil {
			return err
		}
	}
	return f.Write(w)
}

func fillSheet(f *excelize.File, name string, rows [][]string, head, plain int) error {
	sw, err := f.NewStreamWriter(name)
	if err != nil {
		return err
	}
	if name == guideName {
		err = sw.SetColWidth(1, 1, 100)
	} else {
		err = sw.SetColWidth(1, len(rows[0]), 22)
		if err == nil {
			err = sw.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, XSplit: 1, TopLeftCell: "B2", ActivePane: "bottomRight"})
		}
	}
	if err != nil {
		return err
	}
	for i, row := range rows {
		style := plain
		if i == 0 {
			style = head
		}
		cells := make([]any, len(row))
		for n, c := range row {
			if c == "" {
				cells[n] = excelize.Cell{StyleID: style}
				continue
			}
			cells[n] = excelize.Cell{StyleID: style, Value: c}
		}
		at, err := excelize.CoordinatesToCellName(1, i+1)
		if err != nil {
			return err
		}
		if err := sw.SetRow(at, cells, excelize.RowOpts{Height: 16}); err != nil {
			return err
		}
	}
	return sw.Flush()
}

// readWorkbook reads every sheet whose heading is known.
func (r *Result) readWorkbook(src Source, live []kb.Document) error {
	marks, err := inspect(src.Data)
	if err != nil {
		return err
	}
	f, err := excelize.OpenReader(bytes.NewReader(src.Data), excelize.Options{UnzipSizeLimit: MaxContent, UnzipXMLSizeLimit: MaxContent, ShortDatePattern: "yyyy-mm-dd"})
	if err != nil {
		return fault.Wrap(fault.BadRequest, err, "工作簿已损坏，不能读取；请在 Excel 里打开后另存为 .xlsx")
	}
	defer func() { _ = f.Close() }()
	read := 0
	for _, name := range f.GetSheetList() {
		t, err := r.readSheet(f, name)
		if err != nil {
			return err
		}
		if name == guideName && len(t.rows) > 0 && recognise(t.rows[0]) == nil {
			continue
		}
		if m := marks[name]; m.any() && t.known() {
			r.refuseMarks(name, m)
			read++
			continue
		}
		if !r.readTable(t, src, live) {
			if len(t.rows) > 0 {
				r.note("工作表「%s」没有认识的表头，没有读取", clip(name))
			}
			continue
		}
		read++
	}
	if read == 0 {
		return fault.New(fault.BadRequest, "工作簿里没有认识的表头。%s", headingHelp())
	}
	r.finish(live)
	return nil
}

var (
	scientific = regexp.MustCompile(`^\d(\.\d+)?E\+\d{2}$`)
	errorValue = regexp.MustCompile(`^#(REF!|N/A|VALUE!|NAME\?|DIV/0!|NULL!|NUM!)$`)
)

func (r *Result) readSheet(f *excelize.File, name string) (*table, error) {
	t := &table{name: name, bad: map[[2]int]string{}}
	rows, err := f.Rows(name)
	if err != nil {
		return nil, fault.Wrap(fault.BadRequest, err, "工作表「%s」不能读取", clip(name))
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		cells, err := rows.Columns()
		if err != nil {
			return nil, fault.Wrap(fault.BadRequest, err, "工作表「%s」第 %d 行不能读取", clip(name), len(t.rows)+1)
		}
		if len(t.rows) >= maxRows || len(cells) > maxColumns {
			return nil, fault.New(fault.TooLarge, "工作表「%s」超过 %d 行或 %d 列", clip(name), maxRows, maxColumns)
		}
		t.rows = append(t.rows, cells)
	}
	for len(t.rows) > 0 && blank(t.rows[len(t.rows)-1]) {
		t.rows = t.rows[:len(t.rows)-1]
	}
	t.bound()
	return t, nil
}

// bound marks the cells that are too long or have lost what they said.
func (t *table) bound() {
	for y, cells := range t.rows {
		for x, c := range cells {
			switch {
			case len(c) > MaxCell:
				t.bad[[2]int{y, x}] = "这一格有 " + strconv.Itoa(len(c)>>10) + " KB，最多 " + strconv.Itoa(MaxCell>>10) + " KB"
				cells[x] = ""
			case scientific.MatchString(c):
				t.bad[[2]int{y, x}] = "数字被改成了科学计数（" + c + "）；请把这一格设为“文本”格式再填"
			case errorValue.MatchString(c):
				t.bad[[2]int{y, x}] = "这一格是错误值 " + c
			}
		}
	}
}

func (r *Result) refuseMarks(name string, m marks) {
	for _, at := range m.merged {
		r.say(name, rowNumber(at), at, "合并的单元格 %s 不能读取；请取消合并，每一行填写完整", at)
	}
	for _, at := range m.numbers {
		r.say(name, rowNumber(at), at, "单元格 %s 的数字太长，已被表格软件截断（科学计数）；请设为“文本”格式重新填写", at)
	}
	for _, at := range m.formulas {
		r.say(name, rowNumber(at), at, "单元格 %s 是公式；请用“选择性粘贴 → 数值”换成文字", at)
	}
}

func (t *table) known() bool {
	if len(t.rows) == 0 {
		return false
	}
	_, ok := questionColumns(t.rows[0])
	return ok || recognise(t.rows[0]) != nil
}

func rowNumber(at string) int {
	first, _, _ := strings.Cut(at, ":")
	n, _ := strconv.Atoi(strings.TrimLeft(first, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
	return n
}
