package verify

import (
	"bytes"
	"strconv"
	"strings"
	"testing"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
)

func TestTheImageIsSmallUnprivilegedAndBuiltByOurGo(t *testing.T) {
	tree, err := parser.Parse(bytes.NewReader(file(t, "Dockerfile")))
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range tree.Warnings {
		t.Errorf("warning: %s", w.Short)
	}
	stages, _, err := instructions.Parse(tree.AST, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(stages) != 2 || stages[1].BaseName != "scratch" {
		t.Fatalf("%d stages, the last from %s", len(stages), stages[len(stages)-1].BaseName)
	}
	builtBy(t, stages[0].BaseName)
	var user, entry, health, stop bool
	for _, c := range stages[1].Commands {
		switch c := c.(type) {
		case *instructions.UserCommand:
			user = c.User == "65532:65532"
		case *instructions.EntrypointCommand:
			entry = !c.PrependShell && c.CmdLine[0] == "/usr/local/bin/shenwei"
		case *instructions.HealthCheckCommand:
			health = c.Health.Test[0] == "CMD" && strings.Join(c.Health.Test[1:], " ") == "/usr/local/bin/shenwei health"
		case *instructions.StopSignalCommand:
			stop = c.Signal == "SIGTERM"
		case *instructions.CopyCommand:
			if c.From != "build" {
				t.Errorf("something comes into the image from outside the build: %s", c)
			}
		case *instructions.EnvCommand:
			for _, kv := range c.Env {
				if kv.Key != "SHENWEI_DIR" {
					t.Errorf("%s is set in the image", kv.Key)
				}
			}
		}
	}
	if !user || !entry || !health || !stop {
		t.Errorf("own user %t, entry point without a shell %t, health by the binary %t, stopped by SIGTERM %t", user, entry, health, stop)
	}
}

// builtBy wants Debian's image of the Go line of go.mod, in a patch that it allows.
func builtBy(t *testing.T, image string) {
	t.Helper()
	pinned(t, image)
	m := goLine.FindStringSubmatch(string(file(t, "..", "go.mod")))
	if m == nil {
		t.Fatal("go.mod names no version")
	}
	patch, ok := strings.CutPrefix(image, "golang:"+m[1]+".")
	patch, base, _ := strings.Cut(patch, "-")
	have, err := strconv.Atoi(patch)
	least, _ := strconv.Atoi(m[2])
	if !ok || err != nil || have < least || base != "bookworm" {
		t.Errorf("built by %s, go.mod asks for %s.%s", image, m[1], m[2])
	}
}
