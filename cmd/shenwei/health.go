package main

import (
	"context"
	"net"
	"net/http"
	"time"

	"shenwei/internal/fault"
)

// healthCmd is what a container without a shell asks itself with.
type healthCmd struct {
	Live bool `help:"Ask only whether the process answers, not whether it is ready."`
}

const healthTimeout = 2 * time.Second

// Run asks the service on this machine and ends with code 1 when it is not ready.
func (h *healthCmd) Run(ctx context.Context, c *cli) error {
	cfg, err := c.loadConfig()
	if err != nil {
		return err
	}
	path := "/readyz"
	if h.Live {
		path = "/healthz"
	}
	address := "http://" + localAddr(cfg.Addr) + path
	ctx, cancel := context.WithTimeout(ctx, healthTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	res, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req) // no proxy of the environment: it is this machine
	if err != nil {
		return fault.Wrap(fault.Unavailable, err, "%s does not answer", address)
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		return fault.New(fault.Unavailable, "%s answers %d", address, res.StatusCode)
	}
	return nil
}

// localAddr is where an address that is listened on can be reached from this machine.
func localAddr(addr string) string {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return addr
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port)
}
