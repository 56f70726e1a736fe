package store

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"strings"

	"shenwei/internal/fault"
)

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
