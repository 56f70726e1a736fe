package main

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"shenwei/internal/vault"
)

// What ties deploy/ to the product. Whether each file is what its reader understands is tested in
// deploy/verify, by the parsers of those readers.

const deployed = "../../deploy"

// deployFiles reads every file of deploy/ but the tests'.
func deployFiles(t *testing.T) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(deployed, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			if err == nil && d.Name() == "verify" {
				return fs.SkipDir
			}
			return err
		}
		body, err := os.ReadFile(path)
		files[path] = string(body)
		return err
	})
	if err != nil || len(files) < 15 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	return files
}

// knownVariables are the configuration's keys as they stand in the environment.
func knownVariables() []string {
	var names []string
	var walk func(v reflect.Type, prefix string)
	walk = func(v reflect.Type, prefix string) {
		for i := range v.NumField() {
			name := prefix + "_" + strings.ToUpper(v.Field(i).Tag.Get("yaml"))
			if v.Field(i).Type.Kind() == reflect.Struct {
				walk(v.Field(i).Type, name)
				continue
			}
			names = append(names, name)
		}
	}
	walk(reflect.TypeFor[config](), "SHENWEI")
	return append(names, "SHENWEI_CONFIG")
}

func TestEveryVariableInDeployIsAKeyOfTheConfiguration(t *testing.T) {
	known := knownVariables()
	variable := regexp.MustCompile(`\bSHENWEI_[A-Z0-9_]+`)
	seen := 0
	for path, text := range deployFiles(t) {
		for _, name := range variable.FindAllString(text, -1) {
			seen++
			if !slices.Contains(known, name) && !slices.Contains(known, strings.TrimSuffix(name, "_FILE")) {
				t.Errorf("%s: %s is no key of the configuration", path, name)
			}
		}
	}
	if seen < 15 {
		t.Errorf("only %d variables found", seen)
	}
}

// environments are those that the files of deploy/ give a node, by file.
func environments(t *testing.T) map[string]map[string]string {
	t.Helper()
	all := map[string]map[string]string{}
	for _, name := range []string{"compose/one.yaml", "compose/three.yaml"} {
		var compose struct {
			Services map[string]struct{ Environment map[string]string }
		}
		readYAML(t, name, &compose)
		for service, s := range compose.Services {
			if len(s.Environment) > 0 && service != "postgres" {
				all[name+" "+service] = s.Environment
			}
		}
	}
	var config struct{ Data map[string]string }
	readYAML(t, "kubernetes/config.yaml", &config)
	all["kubernetes/config.yaml"] = config.Data
	return all
}

func readYAML(t *testing.T, name string, into any) {
	t.Helper()
	body, err := os.ReadFile(filepath.Join(deployed, name))
	if err == nil {
		err = yaml.Unmarshal(body, into)
	}
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

func TestANodeUnderstandsTheConfigurationThatDeployGivesIt(t *testing.T) {
	key, err := vault.NewKey("test")
	if err != nil {
		t.Fatal(err)
	}
	secrets := map[string]string{"SHENWEI_DB_FILE": "postgres://shenwei@localhost/shenwei", "SHENWEI_KEYS_DATA_FILE": key}
	choice := regexp.MustCompile(`\$\{\w+:-(.*)\}`) // what compose puts there by itself
	for where, env := range environments(t) {
		t.Run(where, func(t *testing.T) {
			for name, value := range env {
				if text, ok := secrets[name]; ok {
					value = filepath.Join(t.TempDir(), "secret")
					if err := os.WriteFile(value, []byte(text+"\n"), 0o600); err != nil {
						t.Fatal(err)
					}
				} else if strings.HasSuffix(name, "_FILE") {
					t.Fatalf("which secret is %s?", name)
				}
				t.Setenv(name, choice.ReplaceAllString(value, "$1"))
			}
			cfg, err := (&cli{}).loadConfig()
			if err != nil {
				t.Fatal(explain(err))
			}
			if cfg.Addr != ":8080" || where != "compose/one.yaml shenwei" && (cfg.Keys.Data != key || cfg.AdminAddr != ":9090" || cfg.Bus == "" || len(cfg.Proxy.Trusted) == 0) {
				t.Errorf("%s is not what a node of several needs", where)
			}
		})
	}
	t.Run("systemd/shenwei.yaml", func(t *testing.T) {
		if _, err := (&cli{Config: filepath.Join(deployed, "systemd/shenwei.yaml")}).loadConfig(); err != nil {
			t.Error(explain(err))
		}
	})
}

func TestTheSecretsOfComposeAreWhatANodeReads(t *testing.T) {
	dir := t.TempDir()
	script, err := os.ReadFile(filepath.Join(deployed, "compose/secrets.sh"))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "secrets.sh")
	if err := os.WriteFile(path, script, 0o600); err != nil {
		t.Fatal(err)
	}
	read := func() (all []string) {
		if out, err := exec.Command("bash", path).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		for _, name := range []string{"db", "db_password", "keys_data"} {
			body, err := os.ReadFile(filepath.Join(dir, "secrets", name))
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, strings.TrimSpace(string(body)))
		}
		return all
	}
	first := read()
	if again := read(); !slices.Equal(first, again) {
		t.Error("a second run made other secrets")
	}
	if !strings.Contains(first[0], ":"+first[1]+"@postgres:5432/") || len(first[1]) < 32 {
		t.Error("the database's address has another password than the database")
	}
	if _, err := vault.Parse(first[2]); err != nil {
		t.Error(explain(err))
	}
}

// TestANodeAnswersWhereItIsProbed asks the addresses that stand in deploy/, and what the image asks itself.
func TestANodeAnswersWhereItIsProbed(t *testing.T) {
	p := newProgram(t)
	s := p.serve(t)
	p.env = append(p.env, "SHENWEI_ADDR="+s.addr)
	probes := regexp.MustCompile(`httpGet: \{path: (\S+), port: http\}`).FindAllStringSubmatch(deployFiles(t)[filepath.Join(deployed, "kubernetes/deployment.yaml")], -1)
	if len(probes) != 3 {
		t.Fatalf("%d probes", len(probes))
	}
	for _, m := range probes {
		res, err := http.Get("http://" + s.addr + m[1])
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, res.Body)
		_ = res.Body.Close()
		if res.StatusCode != http.StatusOK {
			t.Errorf("%s answers %d", m[1], res.StatusCode)
		}
	}
	for _, args := range [][]string{{"health"}, {"health", "--live"}} {
		if r := p.run(t, "", args...); r.code != 0 || r.out != "" {
			t.Errorf("%v: exit %d, %s%s", args, r.code, r.out, r.err)
		}
	}
	s.kill()
	if r := p.run(t, "", "health"); r.code != 1 || !strings.Contains(r.err, "does not answer") {
		t.Errorf("nobody is there: exit %d, %s", r.code, r.err)
	}
}

func TestTheHealthCheckAsksThisMachineWhereverTheServiceListens(t *testing.T) {
	for addr, want := range map[string]string{
		":8080": "127.0.0.1:8080", "0.0.0.0:80": "127.0.0.1:80", "[::]:80": "127.0.0.1:80", "10.1.2.3:8080": "10.1.2.3:8080", "[::1]:9": "[::1]:9",
	} {
		if got := localAddr(addr); got != want {
			t.Errorf("%s is asked at %s, want %s", addr, got, want)
		}
	}
	if err := (&healthCmd{}).Run(context.Background(), &cli{Serve: serveCmd{Addr: "127.0.0.1:1"}}); err == nil || errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("nobody listens there: %v", err)
	}
}
