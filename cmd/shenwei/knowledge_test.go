package main

import (
	"encoding/json"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"shenwei/data"
	"shenwei/kb"
)

// folder writes the shipped knowledge to a folder and returns its path.
func folder(t *testing.T, p program) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "out")
	if r := p.run(t, "", "export", dir); r.code != 0 {
		t.Fatalf("export: %s", r.err)
	}
	return dir
}

func TestExportGivesBackWhatWasImportedToTheByte(t *testing.T) {
	p := newProgram(t)
	dir := folder(t, p)
	files := 0
	err := fs.WalkDir(data.Files, ".", func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || strings.HasPrefix(e.Name(), ".") || e.Name() == "README.md" || e.Name() == "floor.json" {
			return err
		}
		files++
		want, err := data.Files.ReadFile(path)
		if err != nil {
			return err
		}
		got, err := os.ReadFile(filepath.Join(dir, path))
		if err != nil || string(got) != string(want) {
			t.Errorf("%s differs: %v", path, err)
		}
		return nil
	})
	if err != nil || files < 262 {
		t.Fatalf("%d files: %v", files, err)
	}
	if r := p.run(t, "", "import", dir, "--dry-run"); r.code != 0 || !strings.Contains(r.out, "0 new, 0 changed") {
		t.Errorf("importing the export again would change: %s%s", r.out, r.err)
	}
	for _, name := range []string{"all.json", "all.csv", "all.xlsx", "all.zip"} {
		file := filepath.Join(t.TempDir(), name)
		if r := p.run(t, "", "export", file); r.code != 0 {
			t.Fatal(r.err)
		}
		if r := p.run(t, "", "import", file, "--dry-run"); r.code != 0 || !strings.Contains(r.out, "0 new, 0 changed") {
			t.Errorf("importing %s again would change: %s%s", name, r.out, r.err)
		}
	}
}

func edit(t *testing.T, path, from, to string) {
	t.Helper()
	body, err := os.ReadFile(path)
	if err != nil || !strings.Contains(string(body), from) {
		t.Fatalf("%s has no %q: %v", path, from, err)
	}
	if err := os.WriteFile(path, []byte(strings.Replace(string(body), from, to, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestAnImportedChangeIsADraftUntilItIsPublishedAndThenLive(t *testing.T) {
	p := newProgram(t)
	dir := folder(t, p)
	edit(t, filepath.Join(dir, "items/crj/CRJ-007.yaml"), "fee: 60元/张", "fee: 61元/张")
	r := p.run(t, "", "import", dir, "--dry-run")
	if !strings.Contains(r.out, "-fee: 60元/张") || !strings.Contains(r.out, "+fee: 61元/张") || !strings.Contains(r.out, "0 new, 1 changed") {
		t.Errorf("dry run: %s%s", r.out, r.err)
	}
	if r := p.run(t, "", "import", dir); !strings.Contains(r.out, "1 drafts stored") {
		t.Errorf("import: %s%s", r.out, r.err)
	}
	if r := p.run(t, "", "ask", "换港澳通行证多少钱"); !strings.Contains(r.out, "60元") {
		t.Errorf("a draft changed the answer: %s", r.out)
	}
	s := p.serve(t)
	ownOutlets(t, dir)
	if r := p.run(t, "", "import", dir, "--publish"); !strings.Contains(r.out, "release 2 is live") {
		t.Fatalf("publish: %s%s", r.out, r.err)
	}
	waitFor(t, "the running service answers with release 2", func() bool {
		reply := post(t, s.addr, "换港澳通行证多少钱")
		return reply.Release == 2 && strings.Contains(reply.Text, "61元")
	})
	if first := nearest(t, s.addr, "22.53,113.93"); first.Name != "粤海派出所" || first.Hours != "工作日9:00至12:00" {
		t.Errorf("nearest outlet: %+v", first)
	}
	if r := p.run(t, "", "check"); !strings.Contains(r.out, "release 2") {
		t.Errorf("check: %s", r.out)
	}
}

// ownOutlets adds an operator's own list to a folder of knowledge.
func ownOutlets(t *testing.T, dir string) {
	t.Helper()
	list := "outlets:\n  - id: yuehai\n    name: 粤海派出所\n    kind: 派出所\n    district: 南山区\n    lat: 22.53\n    lng: 113.93\n" +
		"    hours: 工作日9:00至12:00\n    sources: {name: 名录, district: 名录, position: 名录, hours: 名录}\n"
	if err := os.WriteFile(filepath.Join(dir, "outlets/own.yaml"), []byte(list), 0o600); err != nil {
		t.Fatal(err)
	}
}

func nearest(t *testing.T, addr, position string) kb.Outlet {
	t.Helper()
	res, err := http.Get("http://" + addr + "/api/v1/outlets?near=" + position)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	var got struct{ Outlets []kb.Outlet }
	if err := json.NewDecoder(res.Body).Decode(&got); err != nil || len(got.Outlets) == 0 {
		t.Fatalf("no outlets: %v", err)
	}
	return got.Outlets[0]
}

func TestBrokenKnowledgeIsRefusedWithFileAndReasonAndNothingChanges(t *testing.T) {
	for name, tc := range map[string]struct {
		mangle func(t *testing.T, dir string)
		says   []string
	}{
		"a duplicate code": {func(t *testing.T, dir string) {
			edit(t, filepath.Join(dir, "items/crj/CRJ-008.yaml"), "code: CRJ-008", "code: CRJ-007")
		}, []string{"CRJ-008.yaml", "CRJ-007"}},
		"an unknown confusable code": {func(t *testing.T, dir string) {
			edit(t, filepath.Join(dir, "items/crj/CRJ-008.yaml"), "code: CRJ-007", "code: CRJ-999")
		}, []string{"CRJ-008.yaml", "CRJ-999", "does not exist"}},
		"an unknown key": {func(t *testing.T, dir string) {
			edit(t, filepath.Join(dir, "items/crj/CRJ-008.yaml"), "audience:", "audiense:")
		}, []string{"CRJ-008.yaml:", "audiense"}},
		"a tab": {func(t *testing.T, dir string) {
			edit(t, filepath.Join(dir, "items/crj/CRJ-008.yaml"), "trips: ", "trips:\t")
		}, []string{"CRJ-008.yaml:", "tab"}},
		"weights with a hole": {func(t *testing.T, dir string) {
			edit(t, filepath.Join(dir, "weights/ranker.yaml"), "alias:", "alios:")
		}, []string{"alias"}},
	} {
		t.Run(name, func(t *testing.T) {
			p := newProgram(t)
			dir := folder(t, p)
			tc.mangle(t, dir)
			r := p.run(t, "", "import", dir, "--publish")
			if r.code == 0 {
				t.Fatalf("accepted: %s", r.out)
			}
			for _, want := range tc.says {
				if !strings.Contains(r.err, want) {
					t.Errorf("the error does not say %q: %s", want, r.err)
				}
			}
			if r := p.run(t, "", "check"); !strings.Contains(r.out, "release 1 ") {
				t.Errorf("something changed: %s", r.out)
			}
		})
	}
}

func TestCheckProvesTheCatalogueAndSaysWhatIsWrong(t *testing.T) {
	p := newProgram(t)
	r := p.run(t, "", "check", "--json")
	var got struct {
		OK       bool
		Findings []finding
	}
	if err := json.Unmarshal([]byte(r.out), &got); err != nil || !got.OK || r.code != 0 {
		t.Fatalf("%v %s %s", err, r.out, r.err)
	}
	if !strings.Contains(r.out, "262 items (262 complete), visits 0/1/2: 112/148/2, on terminals: 31") {
		t.Errorf("the counts are not proved: %s", r.out)
	}
	p.env = []string{"SHENWEI_LINKS_WEB=https://example.org/{item}"}
	r = p.run(t, "", "check")
	if r.code != 1 || !strings.Contains(r.out, "links.web") || !strings.Contains(r.out, "{code}") {
		t.Errorf("a broken link template passes: %d %s", r.code, r.out)
	}
}

func TestConfigurationMistakesAreNamedWithLineAndKey(t *testing.T) {
	for _, tc := range []struct{ file, says string }{
		{"addr: :8080\nsite:\n  bas_url: http://x\n", "line 3"},
		{"addr: 8080\n", "addr"},
		{"retention:\n  conversations_days: 0\n", "retention.conversations_days"},
		{"proxy:\n  trusted: [not-an-address]\n", "proxy.trusted"},
		{"site:\n  allowed_origins: [example.org]\n", "site"},
		{"addr: [\n", "line"},
	} {
		p := newProgram(t)
		path := filepath.Join(p.dir, "shenwei.yaml")
		if err := os.WriteFile(path, []byte(tc.file), 0o600); err != nil {
			t.Fatal(err)
		}
		if r := p.run(t, "", "check", "--config", path); r.code != 1 || !strings.Contains(r.out, tc.says) {
			t.Errorf("%q: exit %d, %s", tc.file, r.code, r.out)
		}
	}
}
