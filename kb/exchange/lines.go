package exchange

import (
	"encoding/json"
	"errors"
	"strings"

	"shenwei/kb"
)

// Files of lines: gold questions as tab-separated values, dialogues as JSON.

func tsvRows(body string) [][]string {
	var rows [][]string
	for i, line := range strings.Split(body, "\n") {
		if line = strings.TrimSuffix(line, "\r"); i == 0 || line == "" {
			continue
		}
		cells := strings.SplitN(line, "\t", 6)
		for len(cells) < 6 {
			cells = append(cells, "")
		}
		rows = append(rows, cells)
	}
	return rows
}

func jsonlRows(body string) ([][]string, error) {
	var rows [][]string
	for line := range strings.Lines(body) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		var d struct{ ID string }
		if err := json.Unmarshal([]byte(line), &d); err != nil {
			return nil, err
		}
		rows = append(rows, []string{d.ID, line})
	}
	return rows, nil
}

var errRow = errors.New("不能写成一行")

// lineOf is the text of a row of a file of lines.
func (s *sheet) lineOf(cells []string) (string, error) {
	if s.shape == jsonl {
		var d struct{ ID string }
		if err := json.Unmarshal([]byte(cells[1]), &d); err != nil {
			return "", errors.New("不是合法的 JSON")
		}
		if d.ID != cells[0] {
			return "", errors.New("编号和 JSON 里的 id 不一样")
		}
		if strings.ContainsAny(cells[1], "\r\n") {
			return "", errRow
		}
		return cells[1], nil
	}
	for _, c := range cells {
		if strings.ContainsAny(c, "\t\r\n") {
			return "", errors.New("不能含有制表符和换行")
		}
	}
	return strings.Join(cells, "\t"), nil
}

func (s *sheet) rewriteLines(d kb.Document, changed []change, removed []int, added []change, problem func(c change, col int, reason string)) (string, error) {
	lines := strings.SplitAfter(d.Body, "\n")
	var at []int // the lines that are rows
	for i, l := range lines {
		if strings.TrimSpace(l) != "" && (i > 0 || s.shape == jsonl) {
			at = append(at, i)
		}
	}
	end := "\n"
	if strings.HasSuffix(lines[0], "\r\n") {
		end = "\r\n"
	}
	for _, c := range changed {
		line, err := s.lineOf(c.cells)
		if err != nil {
			problem(c, -1, err.Error())
			continue
		}
		old := lines[at[c.index]]
		lines[at[c.index]] = line + old[len(strings.TrimRight(old, "\r\n")):]
	}
	for _, i := range removed {
		lines[at[i]] = ""
	}
	out := strings.Join(lines, "")
	for _, c := range added {
		line, err := s.lineOf(c.cells)
		if err != nil {
			problem(c, -1, err.Error())
			continue
		}
		if out != "" && !strings.HasSuffix(out, "\n") {
			out += end
		}
		out += line + end
	}
	return out, nil
}
