// Package segment turns what people write into normalised text and words: Normalizer
// (full width, traditional characters, stray signs), Repairer (misspelt, homophone and
// pinyin forms of known words) and Segmenter (jieba with the lexicon).
package segment

import (
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
	mu   sync.Mutex // serialises building: jieba reads its files while it is made
}

// Unpack writes the embedded dictionary below dir, once, and loads it. A directory that
// already holds this very dictionary is used as it is.
func Unpack(dir string) (*Dictionary, error) {
	d := &Dictionary{freq: map[string]int{}}
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
	if err != nil {
		return nil, err
	}
	files["user.dict.utf8"] = nil
	d.dir = filepath.Join(dir, "dict", hex.EncodeToString(sum.Sum(nil))[:12])
	for name, body := range files {
		if err := writeOnce(filepath.Join(d.dir, name), body); err != nil {
			return nil, fmt.Errorf("unpack the dictionary: %w (is %s writable?)", err, dir)
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

// Frequency is how often the word stands in jieba's corpus; 0 for an unknown word.
func (d *Dictionary) Frequency(word string) int { return d.freq[word] }

func (d *Dictionary) jieba(user string) *gojieba.Jieba {
	d.mu.Lock()
	defer d.mu.Unlock()
	at := func(name string) string { return filepath.Join(d.dir, name) }
	return gojieba.NewJieba(at("jieba.dict.utf8"), at("hmm_model.utf8"), user, at("idf.utf8"), at("stop_words.utf8"))
}

// writeOnce writes a file under its final name only when it is complete, so that several
// processes may start in one directory.
func writeOnce(path string, body []byte) error {
	if info, err := os.Stat(path); err == nil && info.Size() == int64(len(body)) {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return err
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(tmp.Name()) }()
	if _, err := tmp.Write(body); err != nil {
		_ = tmp.Close()
		return err
	}
	if err := tmp.Close(); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), path)
}
