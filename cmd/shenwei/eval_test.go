package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func writeFile(t *testing.T, name, body string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(body), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const labelled = "id\tquestion\taction\tcodes\tfacet\tsure\n" +
	"1\t护照丢了怎么补办\tanswer\tCRJ-003\thow\t2\n" +
	"2\t楼下有人拿刀\temergency\t\tother\t2\n" +
	"3\t今天天气怎么样\toos\t\tother\t2\n"

func TestEvalPrintsFiguresJSONAndAReport(t *testing.T) {
	p := newProgram(t)
	file := writeFile(t, "rows.tsv", labelled)
	report := filepath.Join(t.TempDir(), "report.html")
	r := p.run(t, "", "eval", file, "--json", "--report", report)
	var got map[string]float64
	if err := json.Unmarshal([]byte(r.out), &got); err != nil {
		t.Fatalf("%v: %s %s", err, r.out, r.err)
	}
	for _, key := range []string{"rows", "first", "one_tap", "wrong_link", "precision", "silence", "handed_over", "emergency", "false_alarm"} {
		if _, ok := got[key]; !ok {
			t.Errorf("no %s in the JSON", key)
		}
	}
	if got["rows"] != 3 || got["first"] != 1 || got["emergency"] != 1 || got["silence"] != 1 {
		t.Errorf("figures: %v", got)
	}
	body, err := os.ReadFile(report)
	if err != nil || !strings.Contains(string(body), "first answer") {
		t.Errorf("report: %v", err)
	}
	if r := p.run(t, "", "eval", file); !strings.Contains(r.out, "first answer") || strings.Contains(r.err, "\r") {
		t.Errorf("table: %q, a progress bar into a pipe: %q", r.out, r.err)
	}
}

func TestEvalPrintsADashWhereNoRowCounts(t *testing.T) {
	p := newProgram(t)
	only := writeFile(t, "only.tsv", strings.Join(strings.SplitAfter(labelled, "\n")[:2], ""))
	r := p.run(t, "", "eval", only)
	if !regexp.MustCompile(`(?m)^silence +-$`).MatchString(r.out) || !regexp.MustCompile(`(?m)^first answer +100\.0%$`).MatchString(r.out) {
		t.Errorf("%s %s", r.out, r.err)
	}
}

func TestEvalFailsBelowAThresholdAndSaysWhich(t *testing.T) {
	p := newProgram(t)
	file := writeFile(t, "rows.tsv", labelled)
	if r := p.run(t, "", "eval", file, "--min-first", "1", "--max-wrong", "0", "--min-silence", "1"); r.code != 0 {
		t.Errorf("reached thresholds fail: %s", r.err)
	}
	wrong := writeFile(t, "wrong.tsv", strings.Replace(labelled, "CRJ-003", "JJ-001", 1))
	if r := p.run(t, "", "eval", wrong, "--min-first", "0.5"); r.code != 1 || !strings.Contains(r.err, "first is 0.0000") {
		t.Errorf("exit %d: %s", r.code, r.err)
	}
}

func TestEvalRefusesBrokenRowsWithTheirLine(t *testing.T) {
	p := newProgram(t)
	for body, says := range map[string]string{
		"question\taction\n":                         "header",
		labelled + "4\tx\tanswer\tCRJ-999\thow\t2\n": "line 5",
		labelled + "4\tx\tsing\t\thow\t2\n":          "unknown action",
		labelled + "4\tx\n":                          "columns",
		"id\tquestion\taction\tcodes\tfacet\tsure\n": "no rows",
	} {
		r := p.run(t, "", "eval", writeFile(t, "rows.tsv", body))
		if r.code != 1 || !strings.Contains(r.err, says) {
			t.Errorf("%q: exit %d, %s", body, r.code, r.err)
		}
	}
	dialogue := writeFile(t, "d.jsonl", `{"id":"D1","turns":[{"say":"身份证到期了怎么换","action":"answer","codes":["RK-048"],"facet":"how"},{"say":"那多少钱","action":"answer","codes":["RK-048"],"facet":"fee"}]}`+"\n")
	if r := p.run(t, "", "eval", dialogue, "--min-first", "1"); r.code != 0 {
		t.Errorf("dialogue: %s %s", r.out, r.err)
	}
	if r := p.run(t, "", "eval", writeFile(t, "d.jsonl", "{}\n")); r.code != 1 || !strings.Contains(r.err, "line 1") {
		t.Errorf("a broken dialogue: %d %s", r.code, r.err)
	}
}
