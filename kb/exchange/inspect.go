package exchange

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"math"
	"path"
	"strconv"
	"strings"

	"shenwei/internal/fault"
)

// marks are the cells of a sheet that a table cannot have.
type marks struct{ merged, formulas, numbers []string }

func (m marks) any() bool { return len(m.merged)+len(m.formulas)+len(m.numbers) > 0 }

// maxMarks is how many of a sheet are listed.
const maxMarks = 20

// inspect weighs a workbook before anything unpacks it for good, and finds merged cells and
// formulas by sheet, which the reader of rows passes over.
func inspect(data []byte) (map[string]marks, error) {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, fault.Wrap(fault.BadRequest, err, "工作簿已损坏，不能读取")
	}
	if err := weigh(z); err != nil {
		return nil, err
	}
	names, err := sheetParts(z)
	if err != nil {
		return nil, fault.Wrap(fault.BadRequest, err, "工作簿已损坏，不能读取；请在 Excel 里打开后另存为 .xlsx")
	}
	all := map[string]marks{}
	for part, name := range names {
		if all[name], err = sheetMarks(z, part); err != nil {
			return nil, fault.Wrap(fault.BadRequest, err, "工作表「%s」已损坏，不能读取", clip(name))
		}
	}
	return all, nil
}

// sheetParts maps the parts of the packed file to the names of the sheets.
func sheetParts(z *zip.Reader) (map[string]string, error) {
	var book struct {
		Sheets []struct {
			Name string `xml:"name,attr"`
			ID   string `xml:"http://schemas.openxmlformats.org/officeDocument/2006/relationships id,attr"`
		} `xml:"sheets>sheet"`
	}
	var rels struct {
		Relationship []struct {
			ID     string `xml:"Id,attr"`
			Target string `xml:"Target,attr"`
		}
	}
	if err := decodePart(z, "xl/workbook.xml", &book); err != nil {
		return nil, err
	}
	if err := decodePart(z, "xl/_rels/workbook.xml.rels", &rels); err != nil {
		return nil, err
	}
	names := map[string]string{}
	for _, s := range book.Sheets {
		for _, r := range rels.Relationship {
			if r.ID == s.ID {
				target := strings.TrimPrefix(r.Target, "/")
				if !strings.HasPrefix(target, "xl/") {
					target = path.Join("xl", target)
				}
				names[target] = s.Name
			}
		}
	}
	return names, nil
}

func decodePart(z *zip.Reader, name string, v any) error {
	f, err := z.Open(name)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	return xml.NewDecoder(io.LimitReader(f, MaxContent)).Decode(v)
}

func sheetMarks(z *zip.Reader, part string) (marks, error) {
	var m marks
	f, err := z.Open(part)
	if err != nil {
		return m, err
	}
	defer func() { _ = f.Close() }()
	dec := xml.NewDecoder(io.LimitReader(f, MaxContent))
	cell, number, value := "", false, false
	for {
		tok, err := dec.RawToken()
		if errors.Is(err, io.EOF) {
			return m, nil
		}
		if err != nil {
			return m, err
		}
		if text, ok := tok.(xml.CharData); ok && value && lossy(string(text)) && len(m.numbers) < maxMarks {
			m.numbers = append(m.numbers, cell)
		}
		value = false
		start, ok := tok.(xml.StartElement)
		if !ok {
			continue
		}
		switch start.Name.Local {
		case "c":
			cell = attribute(start, "r")
			kind := attribute(start, "t")
			number = kind == "" || kind == "n"
		case "v":
			value = number
		case "f":
			if len(m.formulas) < maxMarks {
				m.formulas = append(m.formulas, cell)
			}
		case "mergeCell":
			if len(m.merged) < maxMarks {
				m.merged = append(m.merged, attribute(start, "ref"))
			}
		}
	}
}

// exact is how large a whole number may be to keep all its digits in a spreadsheet.
const exact = 1e15

// lossy tells whether a number has lost digits: an identity number typed as a number.
func lossy(s string) bool {
	if len(s) > 64 {
		return true
	}
	n, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	return err == nil && math.Abs(n) >= exact
}

func attribute(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}
