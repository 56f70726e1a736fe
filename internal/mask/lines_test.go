package mask_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"shenwei/internal/mask"
)

var update = flag.Bool("update", false, "write testdata/generated.txt anew")

// wantLines is how many lines testdata holds at least.
const wantLines = 2000

var marked = regexp.MustCompile(`\{([^:{}]+):([^{}]+)\}`)

// line is a line of testdata: a text and what is personal in it.
type line struct {
	where string
	text  string
	want  []mask.Span
}

func readLines(t *testing.T, name string) []line {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]bool{}
	for _, k := range mask.Kinds {
		kinds[string(k)] = true
	}
	var out []line
	n := 0
	for raw := range strings.Lines(string(b)) {
		n++
		raw = strings.TrimSuffix(raw, "\n")
		if raw == "" || strings.HasPrefix(raw, "# ") {
			continue
		}
		l := line{where: fmt.Sprintf("%s:%d", name, n)}
		at := 0
		for _, m := range marked.FindAllStringSubmatchIndex(raw, -1) {
			if kind := raw[m[2]:m[3]]; kinds[kind] {
				l.text += raw[at:m[0]]
				start := len(l.text)
				l.text += raw[m[4]:m[5]]
				l.want = append(l.want, mask.Span{Kind: mask.Kind(kind), Start: start, End: len(l.text)})
				at = m[1]
			}
		}
		l.text += raw[at:]
		out = append(out, l)
	}
	return out
}

// tally counts what was found and what should have been.
type tally struct {
	right, wrong int
	found, lost  map[mask.Kind]int
}

func (c *tally) take(t *testing.T, l line) {
	t.Helper()
	got := mask.Find(l.text)
	for _, w := range l.want {
		hit := false
		for _, g := range got {
			hit = hit || g == w
		}
		if hit {
			c.found[w.Kind]++
		} else {
			c.lost[w.Kind]++
		}
	}
	before := c.wrong
	for _, g := range got {
		is := false
		for _, w := range l.want {
			is = is || g == w
		}
		if is {
			c.right++
		} else {
			c.wrong++
		}
	}
	if len(l.want) != len(got) || c.wrong > before {
		t.Logf("%s: %s → %s", l.where, l.text, mask.Text(l.text))
	}
}

// The figures of the package on lines that people wrote or could have written.
func TestLinesOfTestdataMeetTheFigures(t *testing.T) {
	lines := append(readLines(t, "written.txt"), readLines(t, "generated.txt")...)
	if len(lines) < wantLines {
		t.Errorf("%d lines, want %d", len(lines), wantLines)
	}
	c := tally{found: map[mask.Kind]int{}, lost: map[mask.Kind]int{}}
	for _, l := range lines {
		c.take(t, l)
	}
	for _, k := range mask.Kinds {
		all := c.found[k] + c.lost[k]
		recall := float64(c.found[k]) / float64(all)
		want := wantRecall
		if checksummed[k] {
			want = wantChecksummed
		}
		t.Logf("%s: recall %.4f of %d", k, recall, all)
		if !(recall >= want) || all < 20 {
			t.Errorf("%s: recall %.4f of %d, want %.3f of 20 or more", k, recall, all, want)
		}
	}
	precision := float64(c.right) / float64(c.right+c.wrong)
	t.Logf("%d lines, precision %.4f (%d wrong)", len(lines), precision, c.wrong)
	if precision < wantPrecision {
		t.Errorf("precision %.4f, want %.2f", precision, wantPrecision)
	}
}

// What is masked stays masked, and nothing new is.
func TestMaskingTwiceIsMaskingOnce(t *testing.T) {
	for _, l := range append(readLines(t, "written.txt"), readLines(t, "generated.txt")...) {
		once := mask.Text(l.text)
		if twice := mask.Text(once); twice != once {
			t.Errorf("%s: %q, then %q", l.where, once, twice)
		}
	}
}

func TestGeneratedLinesAreGenerated(t *testing.T) {
	want := generate()
	path := filepath.Join("testdata", "generated.txt")
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil || string(got) != want {
		t.Errorf("%s is not what the test makes (%v): go test ./internal/mask -run Generated -update", path, err)
	}
}

// generate makes lines of every kind: what the makers make in sentences that say what it is, and
// look-alikes in sentences that do not.
func generate() string {
	const each = 26
	r := rand.New(rand.NewPCG(20261123, 8))
	var b strings.Builder
	b.WriteString("# Made by the test; see generate.\n")
	for _, m := range append(append(personal(), worded()...), lookAlikes()...) {
		for i := range each {
			frames := m.frames
			if frames == nil {
				frames = anyFrame
			}
			frame := frames[i%len(frames)]
			if strings.ContainsAny(frame, "{\n") {
				frame = "%s。"
			}
			v := m.make(r)
			if m.kind != "" {
				v = "{" + string(m.kind) + ":" + v + "}"
			}
			b.WriteString(strings.Replace(frame, "%s", v, 1) + "\n")
		}
	}
	return b.String()
}
