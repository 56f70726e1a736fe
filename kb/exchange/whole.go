package exchange

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"shenwei/internal/fault"
	"shenwei/kb"
)

// Documents as they are: JSON, a ZIP of the folder, CSV with a document a row.

func writeJSON(w io.Writer, docs []kb.Document) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	return enc.Encode(docs)
}

func (r *Result) readJSON(data []byte) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&r.Documents); err != nil {
		return fault.Wrap(fault.BadRequest, err, "不是深微导出的 JSON（第 %d 个字节处）：应为 [{\"kind\",\"id\",\"body\"}, …]", dec.InputOffset())
	}
	if _, err := dec.Token(); err != io.EOF { //nolint:errorlint // the decoder returns it bare
		return fault.New(fault.BadRequest, "JSON 数组之后还有多余的内容（第 %d 个字节处）", dec.InputOffset())
	}
	r.known(func(i int) (int, string) { return i + 1, "" })
	return nil
}

// known refuses kinds and sizes that no document has, and documents given twice.
func (r *Result) known(where func(i int) (row int, sheet string)) {
	seen := map[string]int{}
	for i, d := range r.Documents {
		row, sheet := where(i)
		switch {
		case !d.Known():
			r.say(sheet, row, "kind", "没有 %q 这种知识", clip(string(d.Kind)))
		case d.ID == "" || strings.ContainsAny(d.ID, "/\\\x00") || d.ID != strings.TrimSpace(d.ID):
			r.say(sheet, row, "id", "编号 %q 不能用", clip(d.ID))
		case len(d.Body) > kb.MaxDocument:
			r.say(sheet, row, "body", "有 %d 字节，一份知识最多 %d 字节", len(d.Body), kb.MaxDocument)
		case !utf8.ValidString(d.Body) || strings.ContainsRune(d.Body, 0):
			r.say(sheet, row, "body", "含有不是文字的字节")
		case seen[d.Key()] > 0:
			r.say(sheet, row, "id", "和第 %d 行重复", seen[d.Key()])
		default:
			seen[d.Key()] = row
			r.places[d.Key()] = place{sheet: sheet, row: row}
		}
	}
}

func writeZIP(w io.Writer, docs []kb.Document) error {
	z := zip.NewWriter(w)
	for _, d := range docs {
		f, err := z.CreateHeader(&zip.FileHeader{Name: d.Path(), Method: zip.Deflate, Modified: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)})
		if err != nil {
			return err
		}
		if _, err := io.WriteString(f, d.Body); err != nil {
			return err
		}
	}
	return z.Close()
}

func (r *Result) readZIP(data []byte) error {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return fault.Wrap(fault.BadRequest, err, "ZIP 文件已损坏，请重新导出")
	}
	if err := weigh(z); err != nil {
		return err
	}
	if r.Documents, err = kb.ReadDocuments(z); err != nil {
		return fault.Wrap(fault.BadRequest, err, "ZIP 里的文件不能读取：%s", fault.MessageOf(err))
	}
	if len(r.Documents) == 0 {
		return fault.New(fault.BadRequest, "ZIP 里没有知识：应有 items/、articles/、lexicon/、outlets/ 或 gold/ 文件夹")
	}
	for _, d := range r.Documents {
		r.places[d.Key()] = place{sheet: d.Path()}
	}
	return nil
}

// maxEntries is how many files a packed file may hold.
const maxEntries = 50_000

// weigh unpacks a file to nowhere and refuses what holds more than it should: what the
// directory says about sizes is not believed.
func weigh(z *zip.Reader) error {
	if len(z.File) > maxEntries {
		return fault.New(fault.TooLarge, "压缩包里有 %d 个文件，最多 %d 个", len(z.File), maxEntries)
	}
	left := int64(MaxContent)
	for _, f := range z.File {
		if f.Flags&1 != 0 {
			return fault.New(fault.BadRequest, "文件加了密码，请去掉密码再上传")
		}
		rc, err := f.Open()
		if err != nil {
			return fault.Wrap(fault.BadRequest, err, "文件已损坏（%s），请重新保存", clip(f.Name))
		}
		n, err := io.Copy(io.Discard, io.LimitReader(rc, left+1))
		_ = rc.Close()
		if left -= n; left < 0 {
			return fault.New(fault.TooLarge, "文件解压后超过 %d MB，没有读取；请分成几个文件", MaxContent>>20)
		}
		if err != nil {
			return fault.Wrap(fault.BadRequest, err, "文件已损坏（%s），请重新保存", clip(f.Name))
		}
	}
	return nil
}

// rowsHeader are the columns of a CSV with a document a row.
var rowsHeader = []string{"kind", "id", "body"}

func writeRows(w io.Writer, docs []kb.Document) error {
	rows := [][]string{rowsHeader}
	for _, d := range docs {
		rows = append(rows, []string{string(d.Kind), d.ID, d.Body})
	}
	return writeCSV(w, rows)
}

// readRows reads a CSV with a document a row; the body counts to the byte.
func (r *Result) readRows(records [][]string) {
	for i, rec := range records[1:] {
		if len(rec) != len(rowsHeader) {
			r.say("", i+2, "", "应有 %d 列（kind,id,body），实有 %d 列", len(rowsHeader), len(rec))
			continue
		}
		r.Documents = append(r.Documents, kb.Document{Kind: kb.Kind(rec[0]), ID: rec[1], Body: rec[2]})
	}
	if len(r.Problems) == 0 {
		r.known(func(i int) (int, string) { return i + 2, "" })
	}
}

func isRows(header []string) bool { return slices.Equal(header, rowsHeader) }

// clip bounds what is repeated of a file.
func clip(s string) string {
	if r := []rune(s); len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return s
}
