package verify

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/coreos/go-systemd/v22/unit"
)

// need returns where a program is; without it the test skips, in CI it fails.
func need(t *testing.T, name, why string) string {
	t.Helper()
	for _, at := range []string{name, "/usr/sbin/" + name} {
		if path, err := exec.LookPath(at); err == nil {
			return path
		}
	}
	if os.Getenv("CI") == "true" {
		t.Fatal(why)
	}
	t.Skip(why)
	return ""
}

// sections are the keys that the unit uses, by section. A typing error would be a key that systemd
// ignores with a warning.
var sections = map[string][]string{
	"Unit": {"Description", "Documentation", "Wants", "After", "StartLimitIntervalSec"},
	"Service": {
		"Type", "ExecStart", "Environment", "DynamicUser", "StateDirectory", "StateDirectoryMode", "WorkingDirectory", "UMask",
		"KillSignal", "TimeoutStopSec", "TimeoutStartSec", "Restart", "RestartSec", "LimitNOFILE", "MemoryMax", "TasksMax", "OOMPolicy",
		"CapabilityBoundingSet", "AmbientCapabilities", "NoNewPrivileges", "ProtectSystem", "ProtectHome", "ProtectProc", "ProcSubset",
		"ProtectClock", "ProtectHostname", "ProtectKernelLogs", "ProtectKernelModules", "ProtectKernelTunables", "ProtectControlGroups",
		"PrivateTmp", "PrivateDevices", "PrivateUsers", "DevicePolicy", "RemoveIPC", "RestrictNamespaces", "RestrictRealtime",
		"RestrictSUIDSGID", "RestrictAddressFamilies", "LockPersonality", "MemoryDenyWriteExecute", "KeyringMode",
		"SystemCallArchitectures", "SystemCallFilter", "SystemCallErrorNumber",
	},
	"Install": {"WantedBy"},
}

func TestTheUnitUsesOnlyKeysThatThereAre(t *testing.T) {
	options, err := unit.DeserializeOptions(bytes.NewReader(file(t, "systemd", "shenwei.service")))
	if err != nil {
		t.Fatal(err)
	}
	value := map[string]string{}
	for _, o := range options {
		if !slices.Contains(sections[o.Section], o.Name) {
			t.Errorf("[%s] %s is not known", o.Section, o.Name)
		}
		value[o.Name] = o.Value
	}
	for name, want := range map[string]string{
		"DynamicUser": "yes", "ProtectSystem": "strict", "StateDirectory": "shenwei", "Restart": "on-failure", "KillSignal": "SIGTERM",
		"NoNewPrivileges": "yes", "CapabilityBoundingSet": "",
	} {
		if value[name] != want {
			t.Errorf("%s=%s, want %s", name, value[name], want)
		}
	}
	if s, err := strconv.Atoi(value["TimeoutStopSec"]); err != nil || s <= 20 {
		t.Errorf("TimeoutStopSec=%s: it leaves within 20 s", value["TimeoutStopSec"])
	}
}

func TestSystemdVerifiesTheUnitAndFindsItWellLockedIn(t *testing.T) {
	analyze := need(t, "systemd-analyze", "systemd-analyze is not installed")
	path := filepath.Join(t.TempDir(), "shenwei.service")
	text := bytes.ReplaceAll(file(t, "systemd", "shenwei.service"), []byte("/usr/local/bin/shenwei"), []byte("/bin/true")) // it looks whether the file is there
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(analyze, "verify", "--man=no", path).CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("systemd-analyze verify: %v\n%s", err, out)
	}
	out, err := exec.Command(analyze, "security", "--offline=true", "--no-pager", path).CombinedOutput()
	m := regexp.MustCompile(`exposure level for shenwei.service: ([0-9.]+)`).FindSubmatch(out)
	if m == nil {
		t.Skipf("this systemd does not judge files: %v", err)
	}
	if level, _ := strconv.ParseFloat(string(m[1]), 64); level > 2 {
		t.Errorf("exposure level %.1f", level)
	}
}

func TestNginxAcceptsTheBalancersFiles(t *testing.T) {
	nginx := need(t, "nginx", "nginx is not installed (Debian: nginx-light)")
	dir := t.TempDir()
	hosts := regexp.MustCompile(`node(\d):8080`) // names that only the containers' network knows
	for _, name := range []string{"nginx.conf", "shenwei.conf", "nodes.conf"} {
		text := hosts.ReplaceAll(file(t, "nginx", name), []byte("127.0.0.$1:8080"))
		text = bytes.ReplaceAll(text, []byte("/tmp/nginx"), []byte(dir+"/nginx"))
		text = bytes.ReplaceAll(text, []byte("worker_rlimit_nofile 65536;"), nil) // not everybody may
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out, err := exec.Command(nginx, "-t", "-p", dir, "-c", filepath.Join(dir, "nginx.conf")).CombinedOutput()
	if err != nil || strings.Contains(string(out), "[warn] conflicting") {
		t.Errorf("nginx -t: %v\n%s", err, out)
	}
}
