package segment

import (
	"strings"
	"sync"

	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/longbridgeapp/opencc"
)

// Traditional writes simplified characters as readers in Hong Kong know them. Its tables (8 MB) are
// loaded by the first text that asks for them. It is safe for concurrent use.
type Traditional struct {
	load  func() (*opencc.OpenCC, error)
	lines *lru.Cache[string, string]
}

// traditionalLines is how many converted lines are remembered: replies are made of the same texts
// again and again, and converting one takes a microsecond a character.
const traditionalLines = 8192

// officialTraditional mends what general tables write otherwise than the authorities do.
var officialTraditional = strings.NewReplacer(
	"簽註", "簽注", "制證", "製證", "週歲", "周歲", "裏", "裡", "着", "著", "户", "戶", "説", "說", "衞", "衛", "麪", "麵",
)

// NewTraditional returns a converter that has loaded nothing yet.
func NewTraditional() *Traditional {
	lines, err := lru.New[string, string](traditionalLines)
	if err != nil {
		panic(err) // only for a size below 1
	}
	return &Traditional{load: sync.OnceValues(func() (*opencc.OpenCC, error) { return opencc.New("s2hk") }), lines: lines}
}

// Text is the text in traditional characters; as it was where the tables cannot be read, which
// a test of this package rules out.
func (t *Traditional) Text(text string) string {
	if text == "" {
		return ""
	}
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = t.line(line)
	}
	return strings.Join(lines, "\n")
}

func (t *Traditional) line(line string) string {
	if known, ok := t.lines.Get(line); ok {
		return known
	}
	cc, err := t.load()
	if err != nil {
		return line
	}
	out, err := cc.Convert(line)
	if err != nil {
		return line
	}
	out = officialTraditional.Replace(out)
	t.lines.Add(line, out)
	return out
}
