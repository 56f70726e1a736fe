package vault

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"shenwei/internal/fault"
)

const maxFile = 64 << 10

// OpenFile reads the keys of a file, which only its owner may read. A key that is added to the
// file later is found when a field needs it.
func OpenFile(path string) (*Ring, error) {
	text, err := readFile(path)
	if err != nil {
		return nil, err
	}
	r, err := Parse(text)
	if err != nil {
		return nil, fault.Wrap(fault.BadRequest, err, "keys: %s: %s", path, fault.MessageOf(err))
	}
	r.reload = func() (string, error) { return readFile(path) }
	return r, nil
}

func readFile(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", fault.Wrap(fault.Unavailable, err, "keys: %s cannot be read", path)
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return "", fault.Wrap(fault.Unavailable, err, "keys: %s cannot be read", path)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return "", fault.New(fault.BadRequest, "keys: others may read %s; run chmod 600 on it", path)
	}
	body, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil || len(body) > maxFile {
		return "", fault.Wrap(fault.BadRequest, err, "keys: %s is unreadable or larger than 64 KiB", path)
	}
	return strings.TrimSpace(comment.ReplaceAllString(string(body), "")), nil
}

// CreateFile makes a file with one new key, and reports whether it did: a file that is there
// stays as it is, also when another process was first.
func CreateFile(path, id string) (bool, error) {
	k, err := NewKey(id)
	if err != nil {
		return false, err
	}
	tmp, err := writeBeside(path, fileHead+k+"\n")
	if err != nil {
		return false, err
	}
	defer func() { _ = os.Remove(tmp) }()
	err = os.Link(tmp, path)
	switch {
	case errors.Is(err, fs.ErrExist):
		return false, nil
	case err != nil:
		return false, fault.Wrap(fault.Unavailable, err, "keys: %s cannot be made", path)
	}
	return true, syncDir(filepath.Dir(path))
}

const fileHead = "# Keys to the personal data in the database. Without them it cannot be read: keep a copy\n" +
	"# in another place than the database's backups. The first one seals, all of them open.\n"

// AddToFile puts a new key first in a file. The old ones stay: they open what they sealed.
func AddToFile(path, id string) error {
	old, err := readFile(path)
	if err != nil {
		return err
	}
	k, err := NewKey(id)
	if err != nil {
		return err
	}
	if _, err := parse(k + "\n" + old); err != nil {
		return err
	}
	tmp, err := writeBeside(path, fileHead+k+"\n"+old+"\n")
	if err != nil {
		return err
	}
	if err := os.Rename(tmp, path); err != nil {
		_ = os.Remove(tmp)
		return fault.Wrap(fault.Unavailable, err, "keys: %s cannot be written", path)
	}
	return syncDir(filepath.Dir(path))
}

func writeBeside(path, body string) (string, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", fault.Wrap(fault.Unavailable, err, "keys: %s cannot be made", filepath.Dir(path))
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*") // has mode 0600
	if err != nil {
		return "", fault.Wrap(fault.Unavailable, err, "keys: %s cannot be written", filepath.Dir(path))
	}
	_, err = f.WriteString(body)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		_ = os.Remove(f.Name())
		return "", fault.Wrap(fault.Unavailable, err, "keys: %s cannot be written", path)
	}
	return f.Name(), nil
}

// syncDir makes a new name last: a key that a power cut takes would take the data with it.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fault.Wrap(fault.Unavailable, err, "keys: %s cannot be read", dir)
	}
	return errors.Join(d.Sync(), d.Close())
}
