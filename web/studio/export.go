package studio

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"

	"shenwei/bot/insight"
	"shenwei/internal/fault"
)

// sheet is one table of an export. A cell is a string or a number; strings are never read as
// formulas.
type sheet struct {
	key, name string
	rows      [][]any
}

type sheets []sheet

var countColumns = []any{"问题数", "机器人解决", "解决率", "反问", "转人工", "点踩", "没听懂", "再问一遍", "拒答", "紧急", "办结件数"}

func countCells(r insight.Row) []any {
	return []any{r.Questions, r.Solved, float64(int(r.Rate*1000+0.5)) / 1000, r.AskedBack, r.HandedOver, r.Wrong, r.Silent, r.Repeated, r.Refused, r.Emergency, r.Matters}
}

var byNames = map[insight.By]string{
	insight.ByDay: "日期", insight.ByHour: "时段", insight.ByChannel: "渠道", insight.ByType: "警种", insight.ByItem: "事项",
}

// tables are the sheets of a report.
func tables(rep *insight.Report, missed []missedCluster) sheets {
	counted := func(first string, rows []insight.Row) [][]any {
		out := [][]any{append([]any{first, "编号"}, countColumns...)}
		for _, r := range rows {
			out = append(out, append([]any{r.Label, r.Key}, countCells(r)...))
		}
		return out
	}
	rows := append(counted(byNames[rep.By], rep.Rows), append([]any{rep.Totals.Label, ""}, countCells(rep.Totals)...))
	never := [][]any{{"名称", "编号", "类别"}}
	for _, e := range rep.NeverHit {
		never = append(never, []any{e.Title, e.Key, e.Type})
	}
	due := [][]any{{"名称", "编号", "类别", "事由", "日期", "还有几天"}}
	for _, d := range rep.Due {
		why := map[string]string{insight.DueReview: "待复核", insight.DueExpiry: "将失效"}[d.Why]
		due = append(due, []any{d.Title, d.Key, d.Type, why, d.On, int64(d.Days)})
	}
	return sheets{
		{"rows", "按" + byNames[rep.By], rows}, {"top", "问得最多", counted("名称", rep.Top)}, {"failed", "失败最多", counted("名称", rep.Failed)},
		{"never_hit", "从未命中", never}, {"due", "待复核与将失效", due}, {"missed", "没答好的问题", missedRows(missed)}, {"trips", "少跑几趟", tripRows(rep)},
	}
}

func missedRows(missed []missedCluster) [][]any {
	rows := [][]any{{"问题（举例）", "次数", "没听懂", "点踩", "再问一遍", "转人工", "状态", "归到"}}
	for _, m := range missed {
		rows = append(rows, []any{
			strings.Join(m.Questions, "\n"), m.Size, m.Reasons.Missed, m.Reasons.Thumbed, m.Reasons.Repeated, m.Reasons.Handed,
			stateNames[m.State], m.Assigned,
		})
	}
	return rows
}

var stateNames = map[insight.State]string{
	insight.Open: "未处理", insight.Drafted: "已拟稿", insight.Solved: "已上线", insight.Ignored: "已忽略",
}

func tripRows(rep *insight.Report) [][]any {
	t := rep.Trips
	rows := [][]any{{"项目", "数值"}, {"起", rep.From}, {"止", rep.To}, {"少跑（趟）", t.Avoided}, {"节省（元，估计）", t.Money}, {"计入的件数", t.Assumptions.Matters}}
	for i, text := range t.Assumptions.Text {
		rows = append(rows, []any{fmt.Sprintf("假设 %d", i+1), text})
	}
	return rows
}

// workbook writes the sheets as XLSX. Strings are stored as strings, so that no program takes
// one for a formula.
func workbook(all sheets) ([]byte, error) {
	f := excelize.NewFile()
	defer func() { _ = f.Close() }()
	for i, s := range all {
		if err := addSheet(f, s, i == 0); err != nil {
			return nil, fmt.Errorf("write sheet %s: %w", s.key, err)
		}
	}
	f.SetActiveSheet(0)
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		return nil, fmt.Errorf("write the workbook: %w", err)
	}
	return b.Bytes(), nil
}

func addSheet(f *excelize.File, s sheet, first bool) error {
	if first {
		if err := f.SetSheetName(f.GetSheetName(0), s.name); err != nil {
			return err
		}
	} else if _, err := f.NewSheet(s.name); err != nil {
		return err
	}
	for y, row := range s.rows {
		for x, cell := range row {
			at, err := excelize.CoordinatesToCellName(x+1, y+1)
			if err != nil {
				return err
			}
			if text, ok := cell.(string); ok {
				err = f.SetCellStr(s.name, at, text)
			} else {
				err = f.SetCellValue(s.name, at, cell)
			}
			if err != nil {
				return err
			}
		}
	}
	if err := f.SetColWidth(s.name, "A", "A", 32); err != nil {
		return err
	}
	return f.SetPanes(s.name, &excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"})
}

// csv writes one sheet with a byte order mark, by which spreadsheets know UTF-8.
func (all sheets) csv(key string) ([]byte, error) {
	if key == "" {
		key = "rows"
	}
	for _, s := range all {
		if s.key != key {
			continue
		}
		var b bytes.Buffer
		b.WriteString("\ufeff")
		w := csv.NewWriter(&b)
		w.UseCRLF = true
		for _, row := range s.rows {
			cells := make([]string, len(row))
			for i, c := range row {
				cells[i] = csvCell(c)
			}
			if err := w.Write(cells); err != nil {
				return nil, fmt.Errorf("write CSV: %w", err)
			}
		}
		w.Flush()
		return b.Bytes(), w.Error()
	}
	return nil, fault.New(fault.BadRequest, "参数 table 可以是 rows、top、failed、never_hit、due、missed、trips")
}

// csvCell writes a cell. A text that a spreadsheet would take for a formula gets an
// apostrophe before it; numbers stay numbers.
func csvCell(c any) string {
	switch v := c.(type) {
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case string:
		if formula(v) {
			return "'" + v
		}
		return v
	}
	return fmt.Sprint(c)
}

// formula tells whether a spreadsheet could run a text, also after white space that some
// programs drop, and in full width.
func formula(text string) bool {
	for _, r := range text {
		switch r {
		case '=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠':
			return true
		case ' ', '\n', '\u00a0', '\u3000', '\ufeff', '\u200b':
		default:
			return false
		}
	}
	return false
}
