package exchange

import (
	"regexp"
	"slices"
	"strings"

	"shenwei/kb"
)

// table is one sheet of a file: its name there and its rows, the heading first.
type table struct {
	name string
	rows [][]string
	// bad are the cells that cannot be read, by row and column from 0.
	bad map[[2]int]string
}

// tableRow is a row of a table under the columns of its sheet; a column that the table does
// not have is nil.
type tableRow struct {
	number  int
	file    string
	version string
	cells   []*string
}

// heading is where each column stands: more than one place where a cell continues.
type heading struct {
	columns       [][]int
	file, version int
}

// readTable reads a table as edits of the live documents and reports whether its heading is known.
func (r *Result) readTable(t *table, src Source, live []kb.Document) bool {
	for len(t.rows) > 0 && blank(t.rows[0]) { // a heading below empty lines counts rows from the top
		return r.readBelow(t, src, live)
	}
	if len(t.rows) == 0 {
		return false
	}
	if q, ok := questionColumns(t.rows[0]); ok {
		r.readQuestions(t, q, src, live)
		return true
	}
	s := recognise(t.rows[0])
	if s == nil {
		return false
	}
	h, ok := r.heading(t, s)
	if ok {
		r.apply(t, s, r.tableRows(t, s, h), live)
	}
	return true
}

// readBelow reads a table whose heading is not in the first row.
func (r *Result) readBelow(t *table, src Source, live []kb.Document) bool {
	skip := 0
	for skip < len(t.rows) && blank(t.rows[skip]) {
		skip++
	}
	if skip == len(t.rows) {
		return false
	}
	r.say(t.name, 1, "", "第 1 行应为表头，现在是空行；请删除表头上方的 %d 个空行", skip)
	return recognise(t.rows[skip]) != nil
}

func blank(row []string) bool {
	return !slices.ContainsFunc(row, func(s string) bool { return strings.TrimSpace(s) != "" })
}

var continued = regexp.MustCompile(`^(.*)（续\d*）$`)

func (r *Result) heading(t *table, s *sheet) (heading, bool) {
	h := heading{columns: make([][]int, len(s.columns)), file: -1, version: -1}
	ok := true
	for i, title := range t.rows[0] {
		title = strings.TrimSpace(title)
		base, more := title, false
		if m := continued.FindStringSubmatch(title); m != nil {
			base, more = m[1], true
		}
		n := slices.IndexFunc(s.columns, func(c column) bool { return c.title == base })
		switch {
		case title == "":
		case title == fileTitle && !s.whole():
			h.file = i
		case title == versionTitle:
			h.version = i
		case n < 0:
			r.note("%s没有「%s」这一列，没有读取", inSheet(t.name), clip(title))
		case len(h.columns[n]) > 0 && !more, more && len(h.columns[n]) == 0:
			r.say(t.name, 1, title, "这一列有两次，或缺少它的第一列；请恢复导出时的表头")
			ok = false
		default:
			h.columns[n] = append(h.columns[n], i)
		}
	}
	for i, c := range s.columns {
		if len(h.columns[i]) == 0 {
			r.note("%s缺少「%s」列：已有内容保持不变", inSheet(t.name), c.title)
		}
	}
	return h, ok
}

func inSheet(name string) string {
	if name == "" {
		return "表里"
	}
	return "工作表「" + name + "」里"
}

func (r *Result) tableRows(t *table, s *sheet, h heading) []tableRow {
	var all []tableRow
	for i, cells := range t.rows[1:] {
		if blank(cells) {
			continue
		}
		row := tableRow{number: i + 2, cells: make([]*string, len(s.columns))}
		at := func(col int) string {
			if col < 0 || col >= len(cells) {
				return ""
			}
			return cells[col]
		}
		row.file, row.version = strings.TrimSpace(at(h.file)), strings.TrimSpace(at(h.version))
		fine := true
		for n, places := range h.columns {
			var b strings.Builder
			for _, p := range places {
				if why, bad := t.bad[[2]int{i + 1, p}]; bad {
					r.say(t.name, row.number, s.columns[n].title, "%s", why)
					fine = false
				}
				b.WriteString(at(p))
			}
			if b.Len() > kb.MaxDocument {
				r.say(t.name, row.number, s.columns[n].title, "内容有 %d 字节，太长了", b.Len())
				fine = false
				continue
			}
			if len(places) > 0 {
				cell := tidyColumn(b.String(), s.columns[n])
				row.cells[n] = &cell
			}
		}
		if fine {
			all = append(all, row)
		}
	}
	return all
}

// tidyColumn is tidy with what single columns need beside.
func tidyColumn(cell string, c column) string {
	switch c.path {
	case bodyPath:
		return strings.TrimSpace(tidy(cell, c.form))
	case "review":
		return date(strings.TrimSpace(cell))
	case "code", "id":
		return strings.TrimSpace(cell)
	}
	return tidy(cell, c.form)
}

var dateForm = regexp.MustCompile(`^(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?: 0?0:00(?::00)?)?$`)

// date writes the forms in which spreadsheets show a date as YYYY-MM-DD.
func date(s string) string {
	m := dateForm.FindStringSubmatch(s)
	if m == nil {
		return s
	}
	two := func(s string) string {
		if len(s) == 1 {
			return "0" + s
		}
		return s
	}
	return m[1] + "-" + two(m[2]) + "-" + two(m[3])
}
