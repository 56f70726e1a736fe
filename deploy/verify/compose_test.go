package verify

import (
	"context"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
)

// load reads a file as docker compose does: by its schema, which knows no other keys, then for
// what contradicts itself.
func load(t *testing.T, name string) *types.Project {
	t.Helper()
	o, err := cli.NewProjectOptions([]string{filepath.Join("..", "compose", name)})
	if err != nil {
		t.Fatal(err)
	}
	p, err := o.LoadProject(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestComposeFilesAreWhatComposeReads(t *testing.T) {
	for name, want := range map[string][]string{
		"one.yaml":   {"shenwei"},
		"three.yaml": {"balancer", "nats", "node1", "node2", "node3", "postgres"},
	} {
		p := load(t, name)
		if got := p.ServiceNames(); !slices.Equal(got, want) {
			t.Errorf("%s: services %v, want %v", name, got, want)
		}
		for _, s := range p.Services {
			pinned(t, s.Image)
			testedNATS(t, s.Image)
			if !s.ReadOnly || !slices.Contains(s.SecurityOpt, "no-new-privileges:true") || s.MemLimit == 0 || s.PidsLimit == 0 {
				t.Errorf("%s: %s may write, gain rights or take all memory", name, s.Name)
			}
			if s.Name != "postgres" && (s.User == "" || s.User[0] == '0' || !slices.Equal(s.CapDrop, []string{"ALL"})) {
				t.Errorf("%s: %s runs as %q and drops %v", name, s.Name, s.User, s.CapDrop)
			}
			if s.Image == "shenwei:local" {
				if s.StopGracePeriod == nil || time.Duration(*s.StopGracePeriod) <= 20*time.Second {
					t.Errorf("%s: %s is killed while it leaves", name, s.Name)
				}
				if s.Build == nil || s.Build.Dockerfile != "deploy/Dockerfile" {
					t.Errorf("%s: %s is built from %+v", name, s.Name, s.Build)
				}
			}
			for _, port := range s.Ports {
				if port.HostIP != "127.0.0.1" || (port.Target != 8080) {
					t.Errorf("%s: %s opens %+v to the world", name, s.Name, port)
				}
			}
		}
	}
}

func TestTheThreeNodesAreEqualAndWaitForTheirDatabase(t *testing.T) {
	p := load(t, "three.yaml")
	first := p.Services["node1"]
	for _, name := range []string{"node2", "node3"} {
		n := p.Services[name]
		if n.Image != first.Image || len(n.Environment) != len(first.Environment) || len(n.Secrets) != len(first.Secrets) {
			t.Errorf("%s differs from node1", name)
		}
		for k, v := range first.Environment {
			if got := n.Environment[k]; got == nil || *got != *v {
				t.Errorf("%s: %s differs", name, k)
			}
		}
	}
	if first.DependsOn["postgres"].Condition != types.ServiceConditionHealthy {
		t.Error("the nodes do not wait for PostgreSQL")
	}
	for name, s := range p.Secrets {
		if filepath.Base(filepath.Dir(s.File)) != "secrets" {
			t.Errorf("secret %s is %s: secrets.sh makes it in compose/secrets, which git does not take", name, s.File)
		}
	}
}
