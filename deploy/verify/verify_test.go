// Package verify holds the files of deploy/ against the parsers of those who will read them: Compose,
// Kubernetes, Docker, systemd and nginx. What ties them to the product (its configuration keys, its
// routes) is tested in cmd/shenwei.
package verify

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// file reads a file of deploy/.
func file(t *testing.T, path ...string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(append([]string{".."}, path...)...))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

var (
	exactTag = regexp.MustCompile(`^[a-z0-9./-]+:v?[0-9]+\.[0-9]+(\.[0-9]+)?(-[a-z0-9.]+)?$`)
	goLine   = regexp.MustCompile(`(?m)^go (\d+\.\d+)\.(\d+)$`)
)

// pinned fails for an image that may be another one tomorrow. Our own is built here.
func pinned(t *testing.T, image string) {
	t.Helper()
	if image != "shenwei:local" && !exactTag.MatchString(image) {
		t.Errorf("image %s has no exact version", image)
	}
}

// natsVersion is the server's version that the product is tested with, "" while it has none.
func natsVersion(t *testing.T) string {
	t.Helper()
	m := regexp.MustCompile(`github.com/nats-io/nats-server/v2 v(\S+)`).FindSubmatch(file(t, "..", "go.mod"))
	if m == nil {
		return ""
	}
	return string(m[1])
}

// testedNATS fails for another nats-server than that of the tests.
func testedNATS(t *testing.T, image string) {
	t.Helper()
	if v := natsVersion(t); strings.HasPrefix(image, "nats:") && v != "" && image != "nats:"+v+"-alpine" {
		t.Errorf("image %s, the product is tested with nats-server %s", image, v)
	}
}
