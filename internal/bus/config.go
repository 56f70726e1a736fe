package bus

import (
	"log/slog"
	"net/url"
	"regexp"
	"strings"

	"shenwei/internal/fault"
)

// Config is where a bus is.
type Config struct {
	// URL is one or more nats:// or tls:// addresses with commas between; it may hold a name and
	// a password, or a token.
	URL string
	// Prefix keeps services apart that share servers.
	Prefix string
	// Cluster is the database's own name, so that services with equal prefixes and different
	// databases do not hear each other either.
	Cluster string
	// CA is a file of certificates that the servers' are signed by, "" for the system's.
	CA  string
	Log *slog.Logger
}

var (
	prefixForm  = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)
	clusterForm = prefixForm
)

// Check returns a fault that names the wrong key, and shows nothing of a password.
func (c Config) Check() error {
	if !clusterForm.MatchString(c.Cluster) {
		return fault.New(fault.Internal, "the database has no name of its own")
	}
	return CheckKeys(c.URL, c.Prefix, c.CA)
}

// CheckKeys judges what an operator has written.
func CheckKeys(urls, prefix, ca string) error {
	for _, one := range strings.Split(urls, ",") {
		u, err := url.Parse(strings.TrimSpace(one))
		switch {
		case err != nil:
			return fault.New(fault.BadRequest, "bus: this is no address; write for example nats://127.0.0.1:4222 (signs such as / # ? in a password as %%2F %%23 %%3F)")
		case u.Scheme != "nats" && u.Scheme != "tls":
			return fault.New(fault.BadRequest, "bus: the address begins with neither nats:// nor tls://; write for example nats://127.0.0.1:4222")
		case u.Hostname() == "":
			return fault.New(fault.BadRequest, "bus: the address names no host; write for example nats://127.0.0.1:4222")
		case u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.Fragment != "":
			return fault.New(fault.BadRequest, "bus: something follows host and port; write for example nats://127.0.0.1:4222")
		}
	}
	if !prefixForm.MatchString(prefix) {
		return fault.New(fault.BadRequest, "bus_prefix: %q has other signs than letters, digits, _ and -, or more than 64", prefix)
	}
	return checkCA(ca)
}
