// Package exchange turns knowledge into files that people exchange and back: a workbook
// (XLSX) or CSV for who edits in a spreadsheet, JSON and a ZIP of the knowledge folder for
// programs, and the question-and-answer tables of other systems, which are only read.
//
// Start at Write and Read. A spreadsheet is read as edits of the live documents: a cell that
// says what the document says leaves its bytes alone, another one is written into the
// document's text at its place (splice.go), comments and all the rest untouched. sheets.go
// is the one table of sheets and columns.
package exchange

import (
	"fmt"
	"io"
	"path"
	"sort"
	"strings"
	"time"

	"shenwei/internal/fault"
	"shenwei/kb"
)

// Format is a form of file.
type Format string

// The formats.
const (
	XLSX Format = "xlsx"
	CSV  Format = "csv"
	JSON Format = "json"
	ZIP  Format = "zip"
)

// MaxFile is the largest file read, in bytes.
const MaxFile = 20 << 20

// MaxContent is how many bytes a packed file may unpack to.
const MaxContent = 128 << 20

// MaxCell is the longest cell read, in bytes.
const MaxCell = 256 << 10

// maxProblems is how many problems a report lists; the rest is counted.
const maxProblems = 200

// Problem is one thing wrong in a file. Row counts from 1 with the heading, as spreadsheets
// show it; 0 when the whole sheet or file is meant. Column is the heading, or the cell's
// letters where there is none.
type Problem struct {
	Sheet  string `json:"sheet,omitempty"`
	Row    int    `json:"row,omitempty"`
	Column string `json:"column,omitempty"`
	Reason string `json:"reason"`
}

func (p Problem) String() string {
	var b strings.Builder
	if p.Sheet != "" {
		b.WriteString(p.Sheet + " ")
	}
	if p.Row > 0 {
		fmt.Fprintf(&b, "第 %d 行 ", p.Row)
	}
	if p.Column != "" {
		b.WriteString("「" + p.Column + "」")
	}
	if b.Len() > 0 {
		return strings.TrimSpace(b.String()) + "：" + p.Reason
	}
	return p.Reason
}

// Source is a file as it came.
type Source struct {
	// Name is the file's name; only its ending is looked at, and only to say where it misleads.
	Name string
	Data []byte
	// Now dates what a file leaves open (the review of an article made from a question).
	Now time.Time
	// Limit is the largest file read, in bytes; MaxFile when it is less.
	Limit int
}

// Result is what a file holds.
type Result struct {
	Format Format
	// Documents are the documents that differ from the live ones or are new.
	Documents []kb.Document
	Problems  []Problem
	// Notes say what was understood in a way that a reader may not expect.
	Notes  []string
	places map[string]place // by document key
	more   int
}

// place is where a document stands in the file.
type place struct {
	sheet string
	rows  map[string]int // by identity of the row
	row   int            // the first
}

func (r *Result) say(sheet string, row int, column, format string, args ...any) {
	if len(r.Problems) >= maxProblems {
		r.more++
		return
	}
	r.Problems = append(r.Problems, Problem{sheet, row, column, fmt.Sprintf(format, args...)})
}

func (r *Result) note(format string, args ...any) {
	r.Notes = append(r.Notes, fmt.Sprintf(format, args...))
}

// Read reads a file of any format against the live documents, and holds the outcome against
// the rules of the knowledge. An error is a file that cannot be read at all; what is wrong
// inside is in Problems, and nothing of such a file should be taken in.
func Read(src Source, live []kb.Document) (*Result, error) {
	if limit := max(src.Limit, MaxFile); len(src.Data) > limit {
		return nil, fault.New(fault.TooLarge, "文件有 %d MB，最多 %d MB；请分成几个文件", len(src.Data)>>20, limit>>20)
	}
	if len(src.Data) == 0 {
		return nil, fault.New(fault.BadRequest, "文件是空的")
	}
	r := &Result{places: map[string]place{}}
	var err error
	switch r.Format, err = detect(src.Data); {
	case err != nil:
		return nil, err
	case r.Format == JSON:
		err = r.readJSON(src.Data)
	case r.Format == ZIP:
		err = r.readZIP(src.Data)
	case r.Format == XLSX:
		err = r.readWorkbook(src, live)
	default:
		err = r.readText(src, live)
	}
	if err != nil {
		return nil, err
	}
	if ext := strings.TrimPrefix(strings.ToLower(path.Ext(src.Name)), "."); ext != "" && ext != string(r.Format) && (r.Format != CSV || ext != "txt" && ext != "tsv") {
		r.note("文件名以 .%s 结尾，内容其实是 %s，已按内容读取", ext, strings.ToUpper(string(r.Format)))
	}
	r.Documents = different(r.Documents, live)
	if len(r.Problems) == 0 && len(r.Documents) > 0 {
		r.check(live, src.Now)
	}
	if r.more > 0 {
		r.Problems = append(r.Problems, Problem{Reason: fmt.Sprintf("还有 %d 处问题没有列出", r.more)})
	}
	return r, nil
}

// different leaves out what is live already, and sorts by path.
func different(docs, live []kb.Document) []kb.Document {
	bodies := map[string]string{}
	for _, d := range live {
		bodies[d.Key()] = d.Body
	}
	var out []kb.Document
	for _, d := range docs {
		if body, ok := bodies[d.Key()]; !ok || body != d.Body {
			out = append(out, d)
		}
	}
	sort.SliceStable(out, func(i, j int) bool { return out[i].Path() < out[j].Path() })
	return out
}

// Options choose what is written.
type Options struct {
	// Kind limits a table to one kind; CSV with a kind is that kind's table, without one a
	// document a row. Empty means all.
	Kind kb.Kind
}

// Write writes documents in a format. Weights are for programs and stand in no workbook.
func Write(w io.Writer, f Format, docs []kb.Document, o Options) error {
	if o.Kind != "" {
		var some []kb.Document
		for _, d := range docs {
			if d.Kind == o.Kind {
				some = append(some, d)
			}
		}
		docs = some
	}
	switch f {
	case XLSX:
		return writeWorkbook(w, docs)
	case CSV:
		if o.Kind != "" {
			return writeTable(w, docs, o.Kind)
		}
		return writeRows(w, docs)
	case JSON:
		return writeJSON(w, docs)
	case ZIP:
		return writeZIP(w, docs)
	}
	return fault.New(fault.BadRequest, "没有格式 %q；可用 xlsx、csv、json、zip", f)
}
