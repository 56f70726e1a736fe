// Package eval runs labelled questions through an engine and scores the replies. Start
// with ReadRows, then Run.
package eval

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"shenwei/internal/fault"
)

// Row is one labelled question.
type Row struct {
	ID       string   `json:"id"`
	Question string   `json:"question"`
	Action   string   `json:"action"`
	Codes    []string `json:"codes"` // acceptable items, best first
	Facet    string   `json:"facet"`
	Sure     string   `json:"sure"`
	// Comment is an editor's, in a file that has such a column.
	Comment string `json:"comment,omitempty"`
}

// actions that a row may be labelled with.
var actions = map[string]bool{"answer": true, "clarify": true, "general": true, "report": true, "emergency": true, "oos": true}

const (
	header = "id\tquestion\taction\tcodes\tfacet\tsure"
	// commented is the header of a file with comments; a row may leave its own out.
	commented = header + "\tcomment"
	columns   = 6
)

// ReadRows reads a TSV file with the header id, question, action, codes, facet, sure, which
// may be followed by comment. known tells whether an item code exists; every broken row is
// reported with its line.
func ReadRows(r io.Reader, known func(code string) bool) ([]Row, error) {
	sc := bufio.NewScanner(r)
	sc.Buffer(make([]byte, 64<<10), 1<<20)
	var rows []Row
	var wrong []string
	most := columns
	for n := 1; sc.Scan(); n++ {
		line := strings.TrimRight(sc.Text(), "\r")
		if n == 1 {
			if first := strings.TrimPrefix(line, "\ufeff"); first == commented {
				most++
			} else if first != header {
				return nil, fault.New(fault.BadRequest, "line 1: the header must be %q", strings.ReplaceAll(header, "\t", " "))
			}
			continue
		}
		if line == "" {
			continue
		}
		row, err := parseRow(line, most, known)
		if err != nil {
			wrong = append(wrong, fmt.Sprintf("line %d: %v", n, err))
			continue
		}
		rows = append(rows, row)
	}
	if err := sc.Err(); err != nil {
		return nil, fault.Wrap(fault.BadRequest, err, "unreadable file")
	}
	if len(wrong) > 0 {
		return nil, fault.New(fault.BadRequest, "%s", strings.Join(wrong, "\n"))
	}
	if len(rows) == 0 {
		return nil, fault.New(fault.BadRequest, "no rows below the header")
	}
	return rows, nil
}

func parseRow(line string, most int, known func(string) bool) (Row, error) {
	f := strings.Split(line, "\t")
	if len(f) < columns || len(f) > most {
		return Row{}, fmt.Errorf("%d columns, want %d separated by tabs", len(f), columns)
	}
	row := Row{ID: f[0], Question: f[1], Action: f[2], Facet: f[4], Sure: f[5]}
	if len(f) > columns {
		row.Comment = f[columns]
	}
	if !actions[row.Action] {
		return Row{}, fmt.Errorf("unknown action %q", row.Action)
	}
	if strings.TrimSpace(row.Question) == "" {
		return Row{}, fmt.Errorf("an empty question")
	}
	for _, c := range strings.Split(f[3], "|") {
		if c == "" {
			continue
		}
		if !known(c) {
			return Row{}, fmt.Errorf("unknown item code %q", c)
		}
		row.Codes = append(row.Codes, c)
	}
	if row.Action == "answer" && len(row.Codes) == 0 {
		return Row{}, fmt.Errorf("an answer needs codes")
	}
	return row, nil
}
