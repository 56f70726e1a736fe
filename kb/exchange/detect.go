package exchange

import (
	"archive/zip"
	"bytes"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"

	"shenwei/internal/fault"
	"shenwei/kb"
)

// detect tells the format by what the file holds, not by its name.
func detect(data []byte) (Format, error) {
	switch {
	case bytes.HasPrefix(data, []byte("PK\x03\x04")) || bytes.HasPrefix(data, []byte("PK\x05\x06")):
		return detectZIP(data)
	case bytes.HasPrefix(data, []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")):
		if bytes.Contains(data, utf16Name("EncryptedPackage")) {
			return "", fault.New(fault.BadRequest, "工作簿加了密码，请在 Excel 里去掉密码（文件 → 信息 → 保护工作簿）再上传")
		}
		return "", fault.New(fault.BadRequest, "这是旧版 Excel 文件（.xls），请另存为 .xlsx 或 CSV 再上传")
	case bytes.HasPrefix(data, []byte("%PDF")), bytes.HasPrefix(data, []byte("{\\rtf")), bytes.HasPrefix(data, []byte("\x89PNG")), bytes.HasPrefix(data, []byte("\xff\xd8\xff")), bytes.HasPrefix(data, []byte("Rar!")), bytes.HasPrefix(data, []byte("7z\xbc\xaf")):
		return "", fault.New(fault.BadRequest, "这不是表格；可以导入 XLSX、CSV、JSON 和导出的 ZIP")
	}
	text := bytes.TrimLeft(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")), " \t\r\n")
	if bytes.HasPrefix(text, []byte("[")) || bytes.HasPrefix(text, []byte("{")) {
		return JSON, nil
	}
	return CSV, nil
}

func utf16Name(s string) []byte {
	b := make([]byte, 0, 2*len(s))
	for _, c := range []byte(s) {
		b = append(b, c, 0)
	}
	return b
}

func detectZIP(data []byte) (Format, error) {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return "", fault.Wrap(fault.BadRequest, err, "文件不完整或已损坏，请重新保存再上传")
	}
	for _, f := range z.File {
		switch f.Name {
		case "xl/workbook.xml":
			return XLSX, nil
		case "xl/workbook.bin":
			return "", fault.New(fault.BadRequest, "这是二进制工作簿（.xlsb），请另存为 .xlsx 再上传")
		case "word/document.xml":
			return "", fault.New(fault.BadRequest, "这是 Word 文档；可以导入 XLSX、CSV、JSON 和导出的 ZIP")
		case "content.xml":
			return "", fault.New(fault.BadRequest, "这是 OpenDocument 文件，请另存为 .xlsx 再上传")
		}
	}
	return ZIP, nil
}

// text reads bytes as text: UTF-8, UTF-16 with its mark, or GBK, which Excel in China writes.
func (r *Result) text(data []byte) ([]byte, error) {
	switch {
	case bytes.HasPrefix(data, []byte("\xef\xbb\xbf")):
		data = data[3:]
	case bytes.HasPrefix(data, []byte("\xff\xfe")), bytes.HasPrefix(data, []byte("\xfe\xff")):
		out, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewDecoder().Bytes(data)
		if err != nil {
			return nil, fault.Wrap(fault.BadRequest, err, "文件编码有误，请另存为 UTF-8 的 CSV")
		}
		r.note("文件是 UTF-16 编码，已转换")
		data = out
	case !utf8.Valid(data):
		out, err := simplifiedchinese.GB18030.NewDecoder().Bytes(data)
		if err != nil || bytes.ContainsRune(out, utf8.RuneError) || bytes.IndexByte(out, 0) >= 0 {
			return nil, fault.New(fault.BadRequest, "文件编码不是 UTF-8，也不是 GBK；请另存为“CSV UTF-8（逗号分隔）”")
		}
		r.note("文件是 GBK 编码（Excel 中文版的默认编码），已转换为 UTF-8")
		data = out
	}
	if !utf8.Valid(data) || bytes.IndexByte(data, 0) >= 0 {
		return nil, fault.New(fault.BadRequest, "文件里有不是文字的字节，不是 CSV")
	}
	return data, nil
}

// readText reads a CSV of whatever kind its heading says.
func (r *Result) readText(src Source, live []kb.Document) error {
	data, err := r.text(src.Data)
	if err != nil {
		return err
	}
	rows, err := parseCSV(data, separator(data))
	if err != nil {
		return err
	}
	if len(rows) == 0 {
		return fault.New(fault.BadRequest, "文件是空的")
	}
	if isRows(rows[0]) {
		r.readRows(rows)
		return nil
	}
	t := table{rows: rows, bad: map[[2]int]string{}}
	t.bound()
	if !r.readTable(&t, src, live) {
		return fault.New(fault.BadRequest, "第 1 行不是认识的表头：%s。%s", clip(strings.Join(rows[0], "，")), headingHelp())
	}
	r.finish(live)
	return nil
}

// separator is the character between the columns, by what stands most in the first line.
func separator(data []byte) byte {
	first, _, _ := bytes.Cut(data, []byte("\n"))
	best := byte(',')
	for _, c := range []byte{'\t', ';'} {
		if bytes.Count(first, []byte{c}) > bytes.Count(first, []byte{best}) {
			best = c
		}
	}
	return best
}
