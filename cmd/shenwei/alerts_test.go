package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// rule is one of deploy/prometheus/alerts.yml.
type rule struct {
	Record, Alert, Expr, For string
	Labels, Annotations      map[string]string
}

func readRules(t *testing.T) (rules []rule) {
	t.Helper()
	body, err := os.ReadFile("../../deploy/prometheus/alerts.yml")
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Groups []struct{ Rules []rule } }
	if err := yaml.Unmarshal(body, &file); err != nil {
		t.Fatal(err)
	}
	for _, g := range file.Groups {
		rules = append(rules, g.Rules...)
	}
	if len(rules) < 30 {
		t.Fatalf("%d rules", len(rules))
	}
	return rules
}

// dashboardQueries are the queries of deploy/grafana/shenwei.json by their panel.
func dashboardQueries(t *testing.T) map[string][]string {
	t.Helper()
	body, err := os.ReadFile("../../deploy/grafana/shenwei.json")
	if err != nil {
		t.Fatal(err)
	}
	var d struct {
		Panels []struct {
			ID      int
			Title   string
			Targets []struct{ Expr string }
		}
		Annotations struct{ List []struct{ Expr string } }
	}
	if err := json.Unmarshal(body, &d); err != nil {
		t.Fatal(err)
	}
	all, ids := map[string][]string{}, map[int]bool{}
	for _, p := range d.Panels {
		if ids[p.ID] {
			t.Errorf("two panels have the id %d", p.ID)
		}
		ids[p.ID] = true
		for _, target := range p.Targets {
			all[p.Title] = append(all[p.Title], target.Expr)
		}
	}
	for _, a := range d.Annotations.List {
		all["annotations"] = append(all["annotations"], a.Expr)
	}
	return all
}

var (
	quoted    = regexp.MustCompile(`"[^"]*"`)
	selector  = regexp.MustCompile(`\b(shenwei[:_][a-z0-9_:]+)(?:\{([^}]*)\})?`)
	matcher   = regexp.MustCompile(`([a-z_]+)\s*(?:=~|!~|!=|=)`)
	grouping  = regexp.MustCompile(`\b(?:by|without|on|ignoring)\s*\(([^)]*)\)`)
	ownLabels = []string{"job", "instance", "le"}
)

// wrongNames tells which metrics of a query the program does not export, and which labels they lack.
func wrongNames(query string, known map[string][]string) (wrong []string) {
	query = quoted.ReplaceAllString(query, `""`)
	labels := slices.Clone(ownLabels)
	for _, m := range selector.FindAllStringSubmatch(query, -1) {
		name := m[1]
		have, ok := known[name]
		for _, suffix := range []string{"_bucket", "_count", "_sum"} {
			if !ok {
				have, ok = known[strings.TrimSuffix(name, suffix)]
			}
		}
		if !ok {
			wrong = append(wrong, name)
			continue
		}
		labels = append(labels, have...)
		for _, l := range matcher.FindAllStringSubmatch(m[2], -1) {
			if !slices.Contains(have, l[1]) && !slices.Contains(ownLabels, l[1]) {
				wrong = append(wrong, name+"{"+l[1]+"}")
			}
		}
	}
	for _, m := range grouping.FindAllStringSubmatch(query, -1) {
		for l := range strings.SplitSeq(m[1], ",") {
			if l = strings.TrimSpace(l); !slices.Contains(labels, l) {
				wrong = append(wrong, "by ("+l+")")
			}
		}
	}
	return wrong
}

func TestWrongNamesInQueriesAreFound(t *testing.T) {
	known := map[string][]string{"shenwei_a_total": {"kind"}, "shenwei_b_seconds": {"op"}, "shenwei:a:rate": nil}
	for query, want := range map[string]int{
		`sum by (kind) (rate(shenwei_a_total{kind="x{y}"}[5m]))`: 0, `histogram_quantile(0.9, sum by (le, op) (rate(shenwei_b_seconds_bucket[5m])))`: 0,
		`shenwei:a:rate > 1`: 0, `shenwei_c`: 1, `shenwei_a_total{op="x"}`: 1, `sum by (group) (shenwei_a_total)`: 1,
	} {
		if got := wrongNames(query, known); len(got) != want {
			t.Errorf("%s: %v", query, got)
		}
	}
}

// Every query names metrics that the program exports, with labels that they have.
func TestEveryQueryOfRulesAndDashboardNamesWhatTheProgramExports(t *testing.T) {
	known := exported(t)
	rules := readRules(t)
	for _, r := range rules {
		if r.Record != "" { // what it is computed from has its labels
			known[r.Record] = nil
			for _, m := range grouping.FindAllStringSubmatch(r.Expr, -1) {
				for l := range strings.SplitSeq(m[1], ",") {
					known[r.Record] = append(known[r.Record], strings.TrimSpace(l))
				}
			}
		}
	}
	asked := map[string]bool{}
	check := func(where, query string) {
		for _, w := range wrongNames(query, known) {
			t.Errorf("%s: %s is not exported: %s", where, w, query)
		}
		for _, m := range selector.FindAllStringSubmatch(query, -1) {
			for _, suffix := range []string{"_bucket", "_count", "_sum", ""} {
				asked[strings.TrimSuffix(m[1], suffix)] = true
			}
		}
	}
	for _, r := range rules {
		check(r.Record+r.Alert, r.Expr)
	}
	for title, queries := range dashboardQueries(t) {
		for _, q := range queries {
			check("dashboard, "+title, q)
		}
	}
	for name := range known {
		if !asked[name] && name != "shenwei_vitals_seconds" {
			t.Errorf("%s is exported and nobody looks at it", name)
		}
	}
}

// Debian's prometheus has promtool; scripts/needs.sh installs it.
func TestTheRulesPassPromtool(t *testing.T) {
	if _, err := exec.LookPath("promtool"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("promtool is missing (Debian: prometheus)")
		}
		t.Skip("promtool is missing (Debian: prometheus)")
	}
	dir, err := filepath.Abs("../../deploy/prometheus")
	if err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"check", "rules", "alerts.yml"}, {"test", "rules", "alerts_test.yml"}} {
		cmd := exec.CommandContext(t.Context(), "promtool", args...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("promtool %v: %v\n%s", args, err, out)
		}
	}
}

// Each alarm says how bad it is, what citizens notice and where to read on, has a case for firing and one
// for not firing, and a chapter of the operator's guide; and each chapter has its alarm.
func TestEachAlarmIsExplainedAndTried(t *testing.T) {
	guide, err := os.ReadFile("../../docs/operating.md")
	if err != nil {
		t.Fatal(err)
	}
	cases, err := os.ReadFile("../../deploy/prometheus/alerts_test.yml")
	if err != nil {
		t.Fatal(err)
	}
	named := map[string]bool{}
	for _, r := range readRules(t) {
		if r.Alert == "" {
			continue
		}
		named[r.Alert] = true
		if s := r.Labels["severity"]; s != "page" && s != "ticket" {
			t.Errorf("%s: severity %q", r.Alert, s)
		}
		if r.Annotations["citizens"] == "" || r.Annotations["summary"] == "" || r.Annotations["runbook_url"] != "docs/operating.md#"+strings.ToLower(r.Alert) {
			t.Errorf("%s: %v", r.Alert, r.Annotations)
		}
		for _, how := range []string{" fires'", " keeps still'"} {
			if !strings.Contains(string(cases), "'"+r.Alert+how) {
				t.Errorf("%s: no case that it%s", r.Alert, how)
			}
		}
		if !strings.Contains(string(guide), "\n### "+r.Alert+"\n") {
			t.Errorf("%s has no chapter in docs/operating.md", r.Alert)
		}
	}
	for _, m := range regexp.MustCompile(`(?m)^### (Shenwei\w+)$`).FindAllStringSubmatch(string(guide), -1) {
		if !named[m[1]] {
			t.Errorf("docs/operating.md has a chapter for %s, which is no alarm", m[1])
		}
	}
}

var (
	command = regexp.MustCompile("(?m)(?:^|`)shenwei(?: --(?:dir|db|config) \\S+)*((?: [a-z][a-z-]*)+)((?:[^`\n]|\\\\\n)*)")
	option  = regexp.MustCompile(`--[a-z][a-z-]*`)
)

// No command or flag stands in the guide that the program does not have.
func TestTheGuidesCommandsExist(t *testing.T) {
	p := newProgram(t)
	for _, name := range []string{"operating.md", "backup.md", "upgrades.md", "running.md"} {
		guide, err := os.ReadFile("../../docs/" + name)
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		for _, m := range command.FindAllStringSubmatch(string(guide), -1) {
			words := strings.Fields(m[1])
			help := p.run(t, "", append([]string{words[0]}, "--help")...)
			if len(words) > 1 {
				if sub := p.run(t, "", words[0], words[1], "--help"); sub.code == 0 {
					help = sub
				}
			}
			if help.code != 0 {
				t.Errorf("%s: there is no command shenwei %s", name, words[0])
				continue
			}
			seen[words[0]] = true
			for _, f := range option.FindAllString(m[2], -1) {
				if !strings.Contains(help.out, f) {
					t.Errorf("%s: shenwei%s has no %s", name, m[1], f)
				}
			}
		}
		if name == "operating.md" && len(seen) < 5 {
			t.Errorf("only the commands %v are found", seen)
		}
	}
}
