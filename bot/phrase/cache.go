package phrase

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"shenwei/internal/fault"
)

// cache keeps verified wordings by what they were made of. No citizen's word is in a key or a
// value. What was read from the file is verified again before its first use: the file is only a
// hint. It is safe for concurrent use.
type cache struct {
	mu   sync.Mutex
	of   map[string]cached
	max  int
	file string
	out  *os.File
}

type cached struct {
	text string
	// trusted wordings were verified by this process.
	trusted bool
}

// cacheLine is one line of the file.
type cacheLine struct {
	Key  string `json:"key"`
	Text string `json:"text"`
}

// maxCached bounds the wordings that are kept, maxCacheFile the file that is read, in bytes.
const (
	maxCached    = 20_000
	maxCacheFile = 64 << 20
)

// openCache reads the wordings of earlier runs; dir "" keeps none.
func openCache(dir string) (*cache, error) {
	c := &cache{of: map[string]cached{}, max: maxCached}
	if dir == "" {
		return c, nil
	}
	c.file = filepath.Join(dir, "wordings.jsonl")
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, fault.Wrap(fault.Unavailable, err, "%s cannot be made", dir)
	}
	lines := c.load()
	var err error
	if lines > 2*len(c.of)+1000 { // many are of texts that are gone: write the file anew
		err = c.rewrite()
	}
	if err == nil {
		c.out, err = os.OpenFile(c.file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	}
	if err != nil {
		return nil, fault.Wrap(fault.Unavailable, err, "%s cannot be written", c.file)
	}
	return c, nil
}

// load reads the file as far as it makes sense: a crash may have cut its last line.
func (c *cache) load() (lines int) {
	f, err := os.Open(c.file)
	if err != nil {
		return 0
	}
	defer func() { _ = f.Close() }()
	if info, err := f.Stat(); err != nil || info.Size() > maxCacheFile {
		return 1 << 30 // begin anew
	}
	sc := bufio.NewScanner(f)
	sc.Buffer(make([]byte, 0, 64<<10), 4*maxText)
	for sc.Scan() {
		lines++
		var l cacheLine
		if json.Unmarshal(sc.Bytes(), &l) == nil && l.Key != "" && l.Text != "" && len(c.of) < c.max {
			c.of[l.Key] = cached{text: l.Text}
		}
	}
	return lines
}

func (c *cache) rewrite() error {
	part := c.file + ".part"
	f, err := os.OpenFile(part, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600) //nolint:gosec // our own file
	if err != nil {
		return err
	}
	enc := json.NewEncoder(f)
	for k, v := range c.of {
		if err := enc.Encode(cacheLine{k, v.text}); err != nil {
			_ = f.Close()
			return err
		}
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(part, c.file)
}

// key is what a wording depends on.
func key(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:])
}

func (c *cache) get(key string) (cached, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	v, ok := c.of[key]
	return v, ok
}

// put keeps a verified wording.
func (c *cache) put(key, text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	old, known := c.of[key]
	if len(c.of) >= c.max && !known {
		for k := range c.of { // any one goes: all can be made again
			delete(c.of, k)
			break
		}
	}
	c.of[key] = cached{text, true}
	if c.out == nil || known && old.text == text {
		return
	}
	if line, err := json.Marshal(cacheLine{key, text}); err == nil {
		_, _ = c.out.Write(append(line, '\n')) // a line that is lost is made again
	}
}

// drop forgets a wording that did not verify.
func (c *cache) drop(key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.of, key)
}

func (c *cache) len() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.of)
}

func (c *cache) close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.out == nil {
		return nil
	}
	err := c.out.Close()
	c.out = nil
	return err
}
