package store

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"strconv"
	"strings"
	"time"

	"shenwei/internal/fault"
)

// A backup is one line of plain text, then gzip of JSON lines:
//
//	shenwei backup 1
//	{"head":{…}}
//	{"table":{"name":"conversations","columns":["id",…]}}
//	["01J…",3,null,{"b":"base64"},true]      one line a row
//	{"end":{"name":"conversations","rows":2,"sha256":"…"}}
//	{"manifest":{…}}
//
// Tables stand in an order in which each may be filled. It says the same of both databases, so
// that one may be restored into the other.
const backupMagic = "shenwei backup 1\n"

// maxBackupLine bounds one line when it is read, in bytes: the longest row, escaped.
const maxBackupLine = 64 << 20

// Manifest is what a backup holds.
type Manifest struct {
	Product string `json:"product"`
	// Schema is the number of the newest migration of the database that was backed up.
	Schema int64 `json:"schema"`
	// Created is the moment of which everything in it is.
	Created time.Time `json:"created"`
	// Database names the kind of database it came from.
	Database string          `json:"database"`
	Tables   []ManifestTable `json:"tables,omitempty"`
}

// ManifestTable is one table of a backup. SHA256 is the sum, modulo 2^256, of the SHA-256 of
// the lines of its rows: the order of rows does not count, since two databases sort otherwise.
type ManifestTable struct {
	Name   string `json:"name"`
	Rows   int64  `json:"rows"`
	SHA256 string `json:"sha256"`
}

// Rows is how many rows it has in all.
func (m Manifest) Rows() int64 {
	var n int64
	for _, t := range m.Tables {
		n += t.Rows
	}
	return n
}

// tableHead begins a table in a backup.
type tableHead struct {
	Name    string   `json:"name"`
	Columns []string `json:"columns"`
}

// backupLine is a line that is no row.
type backupLine struct {
	Head     *Manifest      `json:"head,omitempty"`
	Table    *tableHead     `json:"table,omitempty"`
	End      *ManifestTable `json:"end,omitempty"`
	Manifest *Manifest      `json:"manifest,omitempty"`
}

// tableSum adds up the hashes of rows.
type tableSum struct {
	rows int64
	sum  big.Int
}

var sumBound = new(big.Int).Lsh(big.NewInt(1), 256)

func (t *tableSum) add(line []byte) {
	h := sha256.Sum256(line)
	var n big.Int
	t.sum.Add(&t.sum, n.SetBytes(h[:]))
	if t.sum.Cmp(sumBound) >= 0 {
		t.sum.Sub(&t.sum, sumBound)
	}
	t.rows++
}

func (t *tableSum) of(name string) ManifestTable {
	var b [32]byte
	return ManifestTable{Name: name, Rows: t.rows, SHA256: hex.EncodeToString(t.sum.FillBytes(b[:]))}
}

// encodeRow is a row as a line without its end.
func encodeRow(b []byte, row []any) ([]byte, error) {
	b = append(b[:0], '[')
	for i, v := range row {
		if i > 0 {
			b = append(b, ',')
		}
		switch v := v.(type) {
		case nil:
			b = append(b, "null"...)
		case int64:
			b = strconv.AppendInt(b, v, 10)
		case bool:
			b = strconv.AppendBool(b, v)
		case float64:
			s := strconv.FormatFloat(v, 'g', -1, 64)
			if !strings.ContainsAny(s, ".e") {
				s += ".0"
			}
			b = append(b, s...)
		case string:
			var buf bytes.Buffer
			enc := json.NewEncoder(&buf)
			enc.SetEscapeHTML(false)
			if err := enc.Encode(v); err != nil {
				return nil, err
			}
			b = append(b, bytes.TrimSuffix(buf.Bytes(), []byte("\n"))...)
		case []byte:
			b = append(b, `{"b":"`...)
			b = base64.StdEncoding.AppendEncode(b, v)
			b = append(b, `"}`...)
		default:
			return nil, fmt.Errorf("a value of type %T cannot be backed up", v)
		}
	}
	return append(b, ']'), nil
}

var errRowForm = errors.New("a row has an unknown form")

func decodeRow(line []byte, columns int) ([]any, error) {
	dec := json.NewDecoder(bytes.NewReader(line))
	dec.UseNumber()
	var row []any
	if err := dec.Decode(&row); err != nil {
		return nil, err
	}
	if len(row) != columns {
		return nil, errRowForm
	}
	for i, v := range row {
		switch v := v.(type) {
		case json.Number:
			if strings.ContainsAny(v.String(), ".eE") {
				f, err := v.Float64()
				if err != nil {
					return nil, err
				}
				row[i] = f
				continue
			}
			n, err := v.Int64()
			if err != nil {
				return nil, err
			}
			row[i] = n
		case map[string]any:
			text, ok := v["b"].(string)
			if !ok || len(v) != 1 {
				return nil, errRowForm
			}
			b, err := base64.StdEncoding.DecodeString(text)
			if err != nil {
				return nil, err
			}
			row[i] = b
		case []any:
			return nil, errRowForm
		}
	}
	return row, nil
}

// backupReader reads the lines of a backup and holds them against its sums.
type backupReader struct {
	lines *bufio.Reader
	head  Manifest
	table *tableHead
	sum   tableSum
	done  []ManifestTable
}

func damaged(err error, format string, args ...any) error {
	return fault.Wrap(fault.BadRequest, err, "the backup is damaged: "+format+"; use another one", args...)
}

func openBackup(r io.Reader) (*backupReader, error) {
	magic := make([]byte, len(backupMagic))
	if _, err := io.ReadFull(r, magic); err != nil || string(magic) != backupMagic {
		if strings.HasPrefix(string(magic), "shenwei backup ") {
			return nil, fault.New(fault.Conflict, "the backup is of a newer form; restore it with the program that made it, or a newer one")
		}
		return nil, fault.New(fault.BadRequest, "this file is no backup of shenwei")
	}
	z, err := gzip.NewReader(r)
	if err != nil {
		return nil, damaged(err, "it ends after its first line")
	}
	b := &backupReader{lines: bufio.NewReaderSize(z, 1<<20)}
	line, err := b.line()
	if err != nil {
		return nil, err
	}
	var l backupLine
	if err := json.Unmarshal(line, &l); err != nil || l.Head == nil || l.Head.Product != product {
		return nil, damaged(err, "its head cannot be read")
	}
	b.head = *l.Head
	return b, nil
}

// product names us in a backup.
const product = "shenwei"

// line returns the next line without its end; it is good until the next call.
func (b *backupReader) line() ([]byte, error) {
	line, err := b.lines.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		long := bytes.Clone(line)
		for errors.Is(err, bufio.ErrBufferFull) && len(long) < maxBackupLine {
			line, err = b.lines.ReadSlice('\n')
			long = append(long, line...)
		}
		line = long
	}
	if err != nil {
		return nil, damaged(err, "it ends too early, or its bytes are not those that were written")
	}
	return line[:len(line)-1], nil
}

// next calls row for each row until the end of the backup, and returns its manifest.
func (b *backupReader) next(begin func(t tableHead) error, row func(t tableHead, line []byte) error) (Manifest, error) {
	for {
		line, err := b.line()
		if err != nil {
			return Manifest{}, err
		}
		if len(line) > 0 && line[0] == '[' {
			if b.table == nil {
				return Manifest{}, damaged(nil, "a row stands outside of a table")
			}
			b.sum.add(line)
			if err := row(*b.table, line); err != nil {
				return Manifest{}, err
			}
			continue
		}
		var l backupLine
		if err := json.Unmarshal(line, &l); err != nil {
			return Manifest{}, damaged(err, "a line cannot be read")
		}
		switch {
		case l.Table != nil && b.table == nil:
			b.table, b.sum = l.Table, tableSum{}
			if err := begin(*l.Table); err != nil {
				return Manifest{}, err
			}
		case l.End != nil && b.table != nil && l.End.Name == b.table.Name:
			if got := b.sum.of(b.table.Name); got != *l.End {
				return Manifest{}, damaged(nil, "table %s has %d rows, %d were written, or other ones", got.Name, got.Rows, l.End.Rows)
			}
			b.done, b.table = append(b.done, *l.End), nil
		case l.Manifest != nil && b.table == nil:
			return b.finish(*l.Manifest)
		default:
			return Manifest{}, damaged(nil, "its parts stand in another order than they were written")
		}
	}
}

func (b *backupReader) finish(m Manifest) (Manifest, error) {
	if len(m.Tables) != len(b.done) || m.Schema != b.head.Schema {
		return m, damaged(nil, "its manifest says something else than its tables")
	}
	for i, t := range m.Tables {
		if t != b.done[i] {
			return m, damaged(nil, "its manifest says something else of table %s", t.Name)
		}
	}
	if _, err := io.Copy(io.Discard, b.lines); err != nil { // to the sum at the end of the file
		return m, damaged(err, "its end is missing")
	}
	return m, nil
}

// ReadBackup reads a backup to its end and returns its manifest. An error is a file that is no
// backup, or a damaged one.
func ReadBackup(r io.Reader) (Manifest, error) {
	b, err := openBackup(r)
	if err != nil {
		return Manifest{}, err
	}
	return b.next(func(tableHead) error { return nil }, func(t tableHead, line []byte) error {
		if _, err := decodeRow(line, len(t.Columns)); err != nil {
			return damaged(err, "a row of %s cannot be read", t.Name)
		}
		return nil
	})
}
