// Package segment turns what people write into normalised text and words: Normalizer
// (full width, traditional characters, stray signs), Repairer (misspelt, homophone and
// pinyin forms of known words) and Segmenter (jieba with the lexicon).
package segment

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"github.com/yanyiwu/gojieba"
)

// The jieba dictionary (MIT, see NOTICE), cut to words of frequency 50 and more: a tenth
// of the load time and a seventh of the memory of the whole one, at the same cuts.
//
//go:embed dict
var dictFiles embed.FS

// Dictionary is jieba's own dictionary unpacked in a directory: the library opens paths only.
type Dictionary struct {
	dir  string
	freq map[string]int
	base *gojieba.Jieba
	// mended are the files that lay in the directory and were not those of this dictionary.
	mended []string
	mu     sync.Mutex // serialises building: jieba reads its files while it is made
}

// Unpack writes the embedded dictionary below dir, once, and loads it. A directory that
// already holds this very dictionary, to the byte, is used as it is.
func Unpack(dir string) (*Dictionary, error) {
	d := &Dictionary{freq: map[string]int{}}
	files, sum, err := embedded()
	if err != nil {
		return nil, err
	}
	files["user.dict.utf8"] = nil
	d.dir = filepath.Join(dir, "dict", sum)
	for name, body := range files {
		mended, err := writeOnce(filepath.Join(d.dir, name), body)
		if err != nil {
			return nil, fmt.Errorf("unpack the dictionary: %w (is %s writable?)", err, dir)
		}
		if mended {
			d.mended = append(d.mended, filepath.Join(d.dir, name))
		}
	}
	d.readFrequencies(files["jieba.dict.utf8"])
	d.base = d.jieba(filepath.Join(d.dir, "user.dict.utf8"))
	return d, nil
}

func (d *Dictionary) readFrequencies(body []byte) {
	for line := range strings.Lines(string(body)) {
		word, rest, _ := strings.Cut(line, " ")
		count, _, _ := strings.Cut(rest, " ")
		n, _ := strconv.Atoi(count)
		d.freq[word] = n
	}
}

// Mended are the files of the directory that were not those of this dictionary and are now.
func (d *Dictionary) Mended() []string { return d.mended }

// Fingerprint tells the dictionary of this program from those of others: two programs with the same
// one read Chinese alike.
func Fingerprint() (string, error) {
	_, sum, err := embedded()
	return sum, err
}

// embedded are the files of the dictionary, and what tells them from others.
func embedded() (map[string][]byte, string, error) {
	sum := sha256.New()
	files := map[string][]byte{}
	err := fs.WalkDir(dictFiles, "dict", func(p string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		body, err := dictFiles.ReadFile(p)
		if err != nil {
			return err
		}
		sum.Write(body)
		files[e.Name()] = body
		return nil
	})
	return files, hex.EncodeToString(sum.Sum(nil))[:12], err
}

// Frequency is how often the word stands in jieba's corpus; 0 for an unknown word.
func (d *Dictionary) Frequency(word string) int { return d.freq[word] }

func (d *Dictionary) jieba(user string) *gojieba.Jieba {
	d.mu.Lock()
	defer d.mu.Unlock()
	at := func(name string) string { return filepath.Join(d.dir, name) }
	return gojieba.NewJieba(at("jieba.dict.utf8"), at("hmm_model.utf8"), user, at("idf.utf8"), at("stop_words.utf8"))
}

// writeOnce writes a file under its final name only when it is complete, so that several
// processes may start in one directory. It reports whether another one lay there.
func writeOnce(path string, body []byte) (mended bool, err error) {
	there, err := os.ReadFile(path) //nolint:gosec // below the directory of the configuration
	if err == nil && bytes.Equal(there, body) {
		return false, nil
	}
	mended = err == nil
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return false, err
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return false, err
	}
	defer func() { _ = os.Remove(tmp.Name()) }()
	if _, err := tmp.Write(body); err != nil {
		_ = tmp.Close()
		return false, err
	}
	if err := tmp.Close(); err != nil {
		return false, err
	}
	return mended, os.Rename(tmp.Name(), path)
}
