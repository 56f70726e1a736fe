package main_test

import (
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// What may import what. The table says it for the whole tree: a package that stands in no row
// fails the test, so that whoever adds one decides here where it belongs.
var (
	// Anyone may import these; they import none of ours.
	everywhere = []string{"internal/fault", "internal/mask", "internal/calendar", "internal/geo", "internal/qr", "internal/trail"}

	// The packages behind one kind of page or callback each.
	channel = []string{
		"bot", "bot/desk", "kb", "intents",
		"web/auth", "web/live", "web/markdown", "web/respond",
		"internal/audit", "internal/outbox", "internal/outward", "internal/picture",
	}

	// The record knows the types of what it keeps.
	record = []string{
		"bot", "bot/release", "bot/desk", "bot/phrase", "bot/eval", "bot/insight", "intents", "kb",
		"web/auth", "web/wechat", "web/wecom",
		"internal/audit", "internal/outbox", "internal/jobs", "internal/vault", "internal/picture",
	}

	// arrows maps a package to what it may import beside everywhere.
	arrows = map[string][]string{
		"internal/fault":    {},
		"internal/geo":      {},
		"internal/mask":     {},
		"internal/calendar": {},
		"internal/qr":       {},
		"internal/trail":    {}, // a turn's id in the log, its spans
		"internal/spans":    {}, // spans by OpenTelemetry
		"internal/meter":    {}, // what an operator watches, as Prometheus reads it
		"internal/audit":    {},
		"internal/outbox":   {},
		"internal/outward":  {}, // calls to other systems, and signatures
		"internal/jobs":     {},
		"internal/bus":      {},
		"internal/vault":    {}, // sealed fields and the keys to them
		"internal/picture":  {}, // what people send each other, written anew

		"kb/segment": {},
		"kb":         {"kb/segment"},
		"kb/index":   {"kb", "kb/segment"},
		"kb/meaning": {"kb", "internal/outward"}, // vectors of an embedding model
		// Workbooks and tables: knowledge in and bytes out, called by the command line and the studio.
		"kb/exchange": {"kb"},
		"intents":     {"kb", "kb/segment"},

		"bot":                 {"kb", "intents", "bot/desk", "internal/picture"},
		"bot/desk":            {"internal/picture"},
		"bot/phrase":          {"bot", "kb", "internal/outward"},
		"bot/phrase/scripted": {}, // a model server for tests
		"bot/eval":            {"bot", "kb", "intents"},
		"bot/insight":         {"bot", "kb", "intents"}, // what became of the questions, after they are on record
		"bot/release":         {"bot", "bot/phrase", "intents", "kb", "kb/index", "kb/segment"},

		"internal/store":                  record,
		"internal/store/storetest":        append([]string{"internal/store"}, record...),
		"internal/store/storetest/pgtest": {}, // a PostgreSQL server for tests

		"web/auth":     {"internal/audit", "internal/vault"},
		"web/live":     {},
		"web/markdown": {}, // articles as HTML
		"web/respond":  {},
		"web/staff":    append([]string{"internal/vault"}, channel...),
		"web/chat":     channel,
		"web/desk":     channel,
		"web/studio":   append([]string{"bot/insight", "kb/exchange"}, channel...),
		"web/api":      channel,
		"web/links":    channel, // whether the addresses behind buttons answer
		"web/wechat":   channel,
		"web/wecom":    slices.Concat(channel, []string{"web/wechat"}), // the same cryptography, delivery and record

		"web/wechat/simulator": {"web/wechat"},
		"web":                  {"web/*"},

		"data":                   {},
		"docs/examples/receiver": {}, // another's program: it knows nothing of ours
		"cmd/shenwei":            {"*"},
	}

	// testArrows maps a package to what only its tests may import, beside data.
	testArrows = map[string][]string{
		"bot/phrase":     {"bot/phrase/scripted"}, // a model server with every quirk and fault
		"bot/release":    {"bot/phrase/scripted"},
		"kb/meaning":     {"bot/phrase/scripted", "internal/store"},                                                                                          // the same server's embeddings, kept in a real store
		"bot/insight":    {"kb/segment"},                                                                                                                     // an understander of the shipped knowledge
		"data":           {"kb"},                                                                                                                             // the shipped knowledge is read and checked
		"web":            {"bot", "bot/desk", "kb", "intents", "internal/audit", "internal/outward", "internal/picture", "internal/store", "internal/vault"}, // the whole server, staff over a real store
		"web/auth":       {"internal/audit", "internal/store", "internal/vault"},
		"internal/store": {"internal/store/storetest", "internal/store/storetest/pgtest", "internal/vault"},
		// Both adapters over a real record and a played WeChat.
		"web/wechat": {"web/wechat/simulator", "internal/store", "internal/store/storetest/pgtest", "internal/vault"},
		"web/wecom":  {"web/wechat/simulator", "internal/store", "internal/store/storetest/pgtest"},
	}

	// folders are the only ones at the top.
	folders = []string{"cmd", "bot", "kb", "intents", "web", "data", "internal", "docs", "deploy", "scripts", ".ci", ".github"}
)

const module = "shenwei"

// allowed says whether the package from may import the package to, both without the module path.
func allowed(from, to string, inTest bool) bool {
	may := slices.Concat(everywhere, arrows[from])
	if slices.Contains(everywhere, from) {
		may = nil
	}
	if inTest {
		may = slices.Concat(may, everywhere, []string{"data", from}, testArrows[from])
	}
	return slices.ContainsFunc(may, func(pattern string) bool {
		prefix, wild := strings.CutSuffix(pattern, "*")
		return to == pattern || (wild && strings.HasPrefix(to, prefix))
	})
}

func TestAllowedKnowsTheArrows(t *testing.T) {
	cases := []struct {
		from, to string
		inTest   bool
		want     bool
	}{
		{"kb", "kb/segment", false, true},
		{"kb/segment", "kb", false, false},
		{"kb", "bot", false, false},
		{"kb", "bot", true, false},
		{"bot", "internal/fault", false, true},
		{"bot", "internal/store", false, false},
		{"bot", "internal/store", true, false},
		{"bot", "data", false, false},
		{"bot", "data", true, true},
		{"bot", "bot", true, true},
		{"internal/mask", "internal/fault", false, false},
		{"internal/mask", "data", true, true},
		{"internal/audit", "internal/mask", false, true},
		{"internal/audit", "internal/outbox", false, false},
		{"internal/store", "web/wechat", false, true},
		{"internal/store", "web/chat", false, false},
		{"internal/store", "internal/store/storetest", false, false},
		{"internal/store", "internal/store/storetest", true, true},
		{"web", "web/chat", false, true},
		{"web", "bot", false, false},
		{"web", "data", false, false},
		{"web/chat", "web/desk", false, false},
		{"web/chat", "web", false, false},
		{"web/chat", "internal/store", false, false},
		{"web/auth", "web/respond", false, false},
		{"cmd/shenwei", "internal/store", false, true},
		{"cmd/shenwei", "data", false, true},
		{"nowhere", "kb", false, false},
	}
	for _, c := range cases {
		if got := allowed(c.from, c.to, c.inTest); got != c.want {
			t.Errorf("%s → %s (in a test: %v) is allowed: %v, want %v", c.from, c.to, c.inTest, got, c.want)
		}
	}
}

func TestTheTableNamesEachOther(t *testing.T) {
	for from, to := range arrows {
		for _, p := range to {
			if _, known := arrows[p]; !known && !strings.HasSuffix(p, "*") {
				t.Errorf("%s may import %s, which has no row", from, p)
			}
			if slices.Contains(arrows[p], from) {
				t.Errorf("%s and %s may import each other", from, p)
			}
		}
	}
}

// goPackage is what go list tells about one package.
type goPackage struct {
	ImportPath   string
	Imports      []string
	TestImports  []string
	XTestImports []string
}

func TestPackagesImportOnlyWhatTheTableAllows(t *testing.T) {
	root := moduleRoot(t)
	for _, p := range listPackages(t, root) {
		from := strings.TrimPrefix(p.ImportPath, module+"/")
		if _, known := arrows[from]; !known {
			t.Errorf("package %s stands in no row of the table: %v", from, slices.Sorted(maps.Keys(arrows)))
			continue
		}
		check := func(imports []string, inTest bool) {
			for _, path := range imports {
				to, ours := strings.CutPrefix(path, module+"/")
				if ours && !allowed(from, to, inTest) {
					t.Errorf("%s imports %s (in a test: %v): no such arrow", from, to, inTest)
				}
			}
		}
		check(p.Imports, false)
		check(p.TestImports, true)
		check(p.XTestImports, true)
	}
}

func TestTopLevelHasNoOtherFolders(t *testing.T) {
	root := moduleRoot(t)
	ignored, err := os.ReadFile(filepath.Join(root, ".gitignore"))
	if err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		name := e.Name()
		if !e.IsDir() || name == ".git" || slices.Contains(folders, name) {
			continue
		}
		lines := strings.Fields(string(ignored))
		if slices.Contains(lines, name+"/") || slices.Contains(lines, "/"+name+"/") {
			continue
		}
		t.Errorf("folder %s: the design has only %v", name, folders)
	}
}

func moduleRoot(t *testing.T) string {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(root, "go.mod")); err != nil {
		t.Fatal(err)
	}
	return root
}

func listPackages(t *testing.T, root string) []goPackage {
	t.Helper()
	watch(t, root)
	cmd := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports,TestImports,XTestImports", "./...")
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			t.Fatalf("go list: %v\n%s", err, exit.Stderr)
		}
		t.Fatal(err)
	}
	var packages []goPackage
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p goPackage
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return packages
		} else if err != nil {
			t.Fatal(err)
		}
		packages = append(packages, p)
	}
}

// watch reads every folder that may hold Go files: go test keeps a result until something that the
// test itself has read changes, and it does not see what go list reads.
func watch(t *testing.T, root string) {
	t.Helper()
	for _, folder := range []string{"cmd", "bot", "kb", "intents", "web", "data", "internal", "docs"} {
		err := filepath.WalkDir(filepath.Join(root, folder), func(_ string, d fs.DirEntry, err error) error {
			if errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			if err == nil && d.IsDir() && (d.Name() == "node_modules" || d.Name() == "dist") {
				return fs.SkipDir
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
