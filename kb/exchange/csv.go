package exchange

import (
	"bufio"
	"bytes"
	"io"
	"strings"

	"shenwei/internal/fault"
)

// CSV as RFC 4180 has it. The standard library's reader turns \r\n inside of a quoted field
// into \n, and a document counts to the byte.

// active are the characters with which a spreadsheet begins a formula, or skips to one.
const active = "=+-@\t\r\n＝＋－＠"

// quoteText keeps a cell from being taken for a formula when a spreadsheet opens the CSV: such
// a cell begins with an apostrophe. plainText takes exactly that away again.
func quoteText(s string) string {
	if begins(strings.TrimLeft(s, "'")) {
		return "'" + s
	}
	return s
}

func plainText(s string) string {
	if strings.HasPrefix(s, "'") && begins(strings.TrimLeft(s, "'")) {
		return s[1:]
	}
	return s
}

func begins(s string) bool { return s != "" && strings.ContainsRune(active, firstRune(s)) }

func firstRune(s string) rune {
	for _, r := range s {
		return r
	}
	return 0
}

// writeCSV writes UTF-8 with a mark at its beginning, by which Excel knows it.
func writeCSV(w io.Writer, rows [][]string) error {
	b := bufio.NewWriter(w)
	_, _ = b.WriteString("\ufeff")
	for _, row := range rows {
		for i, cell := range row {
			if i > 0 {
				_ = b.WriteByte(',')
			}
			cell = quoteText(cell)
			if strings.ContainsAny(cell, ",\"\r\n\t; ") {
				cell = `"` + strings.ReplaceAll(cell, `"`, `""`) + `"`
			}
			_, _ = b.WriteString(cell)
		}
		_, _ = b.WriteString("\r\n")
	}
	return b.Flush()
}

// parseCSV reads records; lines that are all empty are kept, so that numbers of rows are those
// that a spreadsheet shows.
func parseCSV(data []byte, comma byte) ([][]string, error) {
	var rows [][]string
	p := csvParser{data: data, comma: comma}
	for p.at < len(p.data) {
		row, err := p.record(len(rows) + 1)
		if err != nil {
			return nil, err
		}
		rows = append(rows, row)
		if len(rows) > maxRows {
			return nil, fault.New(fault.TooLarge, "表格超过 %d 行，请分成几个文件", maxRows)
		}
	}
	return rows, nil
}

// maxRows is how many rows one table may have, maxColumns how many columns.
const (
	maxRows    = 200_000
	maxColumns = 256
)

type csvParser struct {
	data  []byte
	comma byte
	at    int
}

func (p *csvParser) record(number int) ([]string, error) {
	var row []string
	for {
		field, err := p.field(number, len(row)+1)
		if err != nil {
			return nil, err
		}
		if row = append(row, plainText(field)); len(row) > maxColumns {
			return nil, fault.New(fault.BadRequest, "第 %d 行超过 %d 列", number, maxColumns)
		}
		switch {
		case p.at >= len(p.data):
			return row, nil
		case p.data[p.at] == p.comma:
			p.at++
		default: // the line's end
			if p.data[p.at] == '\r' && p.at+1 < len(p.data) && p.data[p.at+1] == '\n' {
				p.at++
			}
			p.at++
			return row, nil
		}
	}
}

func (p *csvParser) field(row, column int) (string, error) {
	if p.at >= len(p.data) || p.data[p.at] != '"' {
		end := bytes.IndexAny(p.data[p.at:], string([]byte{p.comma, '\r', '\n'}))
		if end < 0 {
			end = len(p.data) - p.at
		}
		s := string(p.data[p.at : p.at+end])
		p.at += end
		return s, nil
	}
	p.at++
	var b strings.Builder
	for {
		end := bytes.IndexByte(p.data[p.at:], '"')
		if end < 0 {
			return "", fault.New(fault.BadRequest, "第 %d 行第 %d 列：引号没有结束", row, column)
		}
		b.Write(p.data[p.at : p.at+end])
		p.at += end + 1
		if p.at < len(p.data) && p.data[p.at] == '"' {
			b.WriteByte('"')
			p.at++
			continue
		}
		if p.at < len(p.data) && p.data[p.at] != p.comma && p.data[p.at] != '\r' && p.data[p.at] != '\n' {
			return "", fault.New(fault.BadRequest, "第 %d 行第 %d 列：结束的引号之后还有文字", row, column)
		}
		return b.String(), nil
	}
}
