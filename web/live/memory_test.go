package live

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"runtime"
	"testing"
)

// BenchmarkIdleConnection reports what one idle connection costs this process in heap and
// stack; the clients are bare sockets, whose small share is in it.
func BenchmarkIdleConnection(b *testing.B) {
	const conns = 1000
	hub := NewHub(Config{})
	defer func() { _ = hub.Shutdown(b.Context().Done()) }()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = hub.Serve(w, r, func(c *Conn) Session {
			return &echo{conn: c, closed: make(chan struct{})}
		})
	})}
	go func() { _ = srv.Serve(ln) }()
	defer srv.Close()
	for b.Loop() {
		before := inUse()
		clients := make([]net.Conn, conns)
		for i := range clients {
			clients[i] = shake(b, ln.Addr().String())
		}
		b.ReportMetric(float64(inUse()-before)/conns, "B/conn")
		for _, c := range clients {
			_ = c.Close()
		}
	}
}

func inUse() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse + m.StackInuse
}

func shake(b *testing.B, addr string) net.Conn {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		b.Fatal(err)
	}
	_, err = fmt.Fprintf(c, "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
	if err != nil {
		b.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReaderSize(c, 16), nil)
	if err != nil || res.StatusCode != http.StatusSwitchingProtocols {
		b.Fatal(err)
	}
	return c
}
