package store

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"time"
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
