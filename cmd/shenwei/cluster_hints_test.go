package main

import (
	"net"
	"strconv"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
)

// hints is a real NATS server, which also has somebody on it who repeats what is said and makes
// things up.
type hints struct {
	port int
	srv  *server.Server
}

func newHints(t testing.TB) *hints {
	t.Helper()
	h := &hints{port: -1}
	h.start(t)
	h.port = h.srv.Addr().(*net.TCPAddr).Port
	t.Cleanup(func() { h.srv.Shutdown() })
	return h
}

func (h *hints) start(t testing.TB) {
	t.Helper()
	srv, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: h.port, NoLog: true, NoSigs: true})
	if err != nil {
		t.Fatal(err)
	}
	go srv.Start()
	if !srv.ReadyForConnections(10 * time.Second) {
		t.Fatal("NATS does not start")
	}
	h.srv = srv
	h.gossip(t)
}

func (h *hints) addr() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(h.port)) }

// gossip says everything once more, and now and then cut in half: hints may come twice, late and
// forged, and nothing may come of it.
func (h *hints) gossip(t testing.TB) {
	t.Helper()
	nc, err := nats.Connect(h.srv.ClientURL(), nats.MaxReconnects(0))
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	_, err = nc.Subscribe(">", func(m *nats.Msg) {
		if m.Header.Get("gossip") != "" || len(m.Subject) > 0 && (m.Subject[0] == '$' || m.Subject[0] == '_') {
			return
		}
		count++
		again := nats.NewMsg(m.Subject)
		again.Header.Set("gossip", "1")
		again.Data = m.Data
		if count%7 == 0 {
			again.Data = m.Data[:len(m.Data)/2]
		}
		_ = nc.PublishMsg(again) // the server may be going
	})
	if err != nil {
		t.Fatal(err)
	}
}
