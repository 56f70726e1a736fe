package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"shenwei/data"
)

// goldFile writes a shipped gold file to a folder of the test.
func goldFile(t *testing.T, name string) string {
	t.Helper()
	body, err := data.Files.ReadFile("gold/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return writeFile(t, name, string(body))
}

func TestTrainIsReproducibleAndCrossValidates(t *testing.T) {
	p := newProgram(t)
	gold := goldFile(t, "za.tsv")
	first, second := filepath.Join(p.dir, "a.yaml"), filepath.Join(p.dir, "b.yaml")
	r := p.run(t, "", "train", gold, "--write", first, "--folds", "2")
	if r.code != 0 || !strings.Contains(r.err, "cross-validated") || !strings.Contains(r.err, "za.tsv") {
		t.Fatalf("exit %d: %s", r.code, r.err)
	}
	if r := p.run(t, "", "train", gold, "--write", second, "--folds", "0"); r.code != 0 {
		t.Fatal(r.err)
	}
	a, _ := os.ReadFile(first)
	b, _ := os.ReadFile(second)
	if len(a) == 0 || string(a) != string(b) {
		t.Errorf("two runs on the same file differ:\n%s\n%s", a, b)
	}
	for _, want := range []string{"entry:", "none:", "gram_centre:", "unknown:"} {
		if !strings.Contains(string(a), want) {
			t.Errorf("the weights lack %s", want)
		}
	}
}

func TestTrainRefusesABrokenFileWithItsRowAndLeavesTheWeights(t *testing.T) {
	p := newProgram(t)
	bad := writeFile(t, "bad.tsv", labelled+"4\tx\tanswer\tCRJ-999\thow\t2\n")
	out := filepath.Join(p.dir, "w.yaml")
	for _, args := range [][]string{{"train", bad, "--write", out}, {"train", "--danger", bad, "--write", out}} {
		r := p.run(t, "", args...)
		if r.code != 1 || !strings.Contains(r.err, "line 5") || !strings.Contains(r.err, "CRJ-999") {
			t.Errorf("%v: exit %d: %s", args, r.code, r.err)
		}
		if _, err := os.Stat(out); err == nil {
			t.Error("weights were written all the same")
		}
	}
	if r := p.run(t, "", "train", writeFile(t, "few.tsv", labelled), "--folds", "0"); r.code != 1 || !strings.Contains(r.err, "too few") {
		t.Errorf("too few rows: exit %d: %s", r.code, r.err)
	}
}
