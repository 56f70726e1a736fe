package phrase

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The paraphrases of testdata are what an honest model may say of the shipped texts: every fact is
// there, the words are others. One of them that is blocked costs a citizen a friendlier answer.

// leastParaphrases is how many there must be; mostLikeness how much of their pairs of signs the
// source may have, on average.
const (
	leastParaphrases = 500
	mostLikeness     = 0.6
	mostBlocked      = 0.02
)

func TestHonestParaphrasesAreNotBlocked(t *testing.T) {
	d := NewDictionary(knowledge(t))
	source := map[string]passage{}
	for _, p := range passages(t) {
		source[p.id] = p
	}
	files, err := filepath.Glob("testdata/paraphrases-*.tsv")
	if err != nil || len(files) == 0 {
		t.Fatal("no paraphrases", err)
	}
	n, wrong, overlap, verbatim := 0, 0, 0.0, 0
	causes := map[Cause]int{}
	for _, file := range files {
		body, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range strings.Split(strings.TrimSpace(string(body)), "\n") {
			id, text, ok := strings.Cut(line, "\t")
			p, known := source[id]
			if !ok || !known {
				t.Fatalf("%s: no such text: %.40s", file, line)
			}
			s := d.NewSource(p.text, p.around...)
			n++
			share := pairsIn(d, text, s.Text())
			overlap += share
			if text == s.Text() {
				verbatim++
			}
			if err := s.Verify(text); err != nil {
				wrong++
				var b *Blocked
				if errors.As(err, &b) {
					causes[b.Cause]++
				}
				t.Logf("%s: %v\n  %s\n  %s", id, err, s.Text(), text)
			}
		}
	}
	overlap /= float64(n)
	t.Logf("%d paraphrases, %.1f %% of their pairs of signs are in the source, %d blocked (%.2f %%) %v", n, 100*overlap, wrong, 100*float64(wrong)/float64(n), causes)
	if n < leastParaphrases || verbatim > 0 {
		t.Errorf("%d paraphrases, %d of them verbatim", n, verbatim)
	}
	if overlap > mostLikeness {
		t.Errorf("the paraphrases are too much like their sources: %.3f", overlap)
	}
	if float64(wrong) > mostBlocked*float64(n) {
		t.Errorf("%d of %d honest paraphrases are blocked", wrong, n)
	}
}

// pairsIn is the share of a text's pairs of signs that another text has. Locked facts are left out of
// both: no model writes them.
func pairsIn(d *Dictionary, text, of string) float64 {
	pairs := func(s string) map[[2]rune]int {
		out := map[[2]rune]int{}
		signs := plain(s)
		locked := make([]bool, len(signs))
		for _, f := range readFacts(signs, d.names) {
			for i := f.start; i < f.end && f.locked(); i++ {
				locked[i] = true
			}
		}
		skip := func(i int) bool { return isMark(signs[i]) || signs[i] == '、' || locked[i] }
		for i := 0; i+1 < len(signs); i++ {
			if !skip(i) && !skip(i+1) {
				out[[2]rune{signs[i], signs[i+1]}]++
			}
		}
		return out
	}
	a, b := pairs(text), pairs(of)
	all, both := 0, 0
	for k, v := range a {
		all += v
		both += min(v, b[k])
	}
	if all == 0 {
		return 0
	}
	return float64(both) / float64(all)
}
