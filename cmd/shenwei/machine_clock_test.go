package main_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// machineClock says where the program may read this machine's own clock: to measure how long
// something took, for deadlines of sockets, as the default of a clock that is passed in, and in
// commands that a person runs. Whatever several nodes must agree on goes by app.now.
var machineClock = map[string]string{
	"bot/desk/hints.go":              "how often",
	"bot/desk/service.go":            "default",
	"bot/engine.go":                  "took",
	"bot/eval/gate.go":               "took",
	"bot/front.go":                   "default",
	"bot/insight/follow.go":          "default",
	"bot/phrase/client.go":           "took",
	"bot/phrase/probe.go":            "took",
	"bot/phrase/scripted":            "a model for tests",
	"cmd/shenwei/backup.go":          "command",
	"cmd/shenwei/bench":              "command",
	"cmd/shenwei/clock.go":           "the machine's clock itself",
	"cmd/shenwei/config_wechat.go":   "only checks the configuration",
	"cmd/shenwei/keys.go":            "a key's name",
	"cmd/shenwei/store.go":           "command",
	"cmd/shenwei/nodes.go":           "how often",
	"cmd/shenwei/retention.go":       "took",
	"cmd/shenwei/wechat.go":          "command",
	"cmd/shenwei/wechat_simulate.go": "command",
	"cmd/shenwei/leave.go":           "took",
	"cmd/shenwei/seen.go":            "took",
	"cmd/shenwei/vitals.go":          "took, how often",
	"internal/jobs/jobs.go":          "took",
	"internal/meter":                 "took",
	"internal/spans":                 "took",
	"internal/store/watch.go":        "took",
	"internal/store/writer.go":       "took",
	"docs/examples":                  "an example",
	"internal/outbox/runner.go":      "bounds an attempt",
	"internal/store/store.go":        "default",
	"internal/store/storetest":       "a suite",
	"web/api":                        "took, default",
	"web/auth/service.go":            "default",
	"web/chat":                       "took, default",
	"web/desk/webhook.go":            "default",
	"web/live":                       "sockets",
	"web/observe.go":                 "took",
	"web/respond/file.go":            "sockets",
	"web/server.go":                  "default",
	"web/staff/oidc.go":              "default",
	"web/studio/exchange.go":         "sockets",
	"web/studio/insight.go":          "default",
	"web/studio/studio.go":           "default",
	"web/wechat/simulator":           "a platform for tests",
}

func TestNothingThatNodesShareIsJudgedByTheMachinesClock(t *testing.T) {
	root := filepath.Join("..", "..")
	unused := maps.Clone(machineClock)
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case e.IsDir() && (e.Name() == "node_modules" || strings.HasPrefix(e.Name(), ".") && e.Name() != ".."):
			return fs.SkipDir
		case filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		lines, err := readsClock(path)
		if err != nil || len(lines) == 0 {
			return err
		}
		for place := range machineClock {
			if strings.HasPrefix(filepath.ToSlash(name), place) {
				delete(unused, place)
				return nil
			}
		}
		t.Errorf("%s reads this machine's clock at %v: use the one that is passed in, or say in machineClock why not", name, lines)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, place := range slices.Sorted(maps.Keys(unused)) {
		t.Errorf("%s does not read the clock any more: take it out of machineClock", place)
	}
}

// readsClock lists the lines of a file that name time.Now or time.Until.
func readsClock(path string) ([]int, error) {
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, path, nil, 0)
	if err != nil {
		return nil, err
	}
	var lines []int
	ast.Inspect(file, func(n ast.Node) bool {
		s, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		if x, ok := s.X.(*ast.Ident); ok && x.Name == "time" && (s.Sel.Name == "Now" || s.Sel.Name == "Until") {
			lines = append(lines, set.Position(n.Pos()).Line)
		}
		return true
	})
	return lines, nil
}
