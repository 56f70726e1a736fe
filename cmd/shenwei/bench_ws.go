package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"

	"github.com/gorilla/websocket"
	"github.com/oklog/ulid/v2"

	"shenwei/internal/fault"
)

type benchWSCmd struct {
	Connections int           `help:"Citizens who ask at the same time." default:"200"`
	Window      int           `help:"Questions in flight of each." default:"2"`
	Duration    time.Duration `help:"How long to ask." default:"10s"`
	JSON        bool          `name:"json" help:"Print the figures as JSON."`
}

// wsFigures are what the load generator saw.
type wsFigures struct {
	Answered  int       `json:"answered"`
	PerSecond float64   `json:"per_second"`
	Failed    int       `json:"failed"`
	Ack       latencies `json:"ack"`
	Reply     latencies `json:"reply"`
	StartMS   int64     `json:"start_ms"`
	Resident  int       `json:"resident_mb"`
}

// Run starts a service in a process of its own with a fresh directory and asks it.
func (b *benchWSCmd) Run(ctx context.Context, c *cli) error {
	dir, err := os.MkdirTemp("", "shenwei-bench-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	addr, err := freeAddr()
	if err != nil {
		return err
	}
	start := time.Now()
	child, err := startServe(ctx, addr, dir, c.DB)
	if err != nil {
		return err
	}
	defer func() { _ = child.Process.Kill(); _ = child.Wait() }()
	if err := waitReady(ctx, addr, time.Minute); err != nil {
		return err
	}
	figures := wsFigures{StartMS: time.Since(start).Milliseconds()}
	b.load(ctx, addr, &figures)
	figures.Resident = residentMB(child.Process.Pid)
	return b.print(figures)
}

// startServe runs this program's serve with limits that a load generator on one address
// does not meet.
func startServe(ctx context.Context, addr, dir, db string) (*exec.Cmd, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, self, "serve", "--addr", addr, "--dir", dir) //nolint:gosec // this very program
	cmd.Env = append(os.Environ(), "SHENWEI_ADMIN_ADDR=", "SHENWEI_LOG_LEVEL=warn", "SHENWEI_LIMITS_VISITOR_BURST=1000000", "SHENWEI_LIMITS_ADDRESS_MINUTE=100000000")
	if db != "" {
		cmd.Env = append(cmd.Env, "SHENWEI_DB="+db)
	}
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	return cmd, cmd.Start()
}

func freeAddr() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String(), nil
}

// waitReady asks /readyz until it says yes.
func waitReady(ctx context.Context, addr string, limit time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr+"/readyz", nil)
		if err != nil {
			return err
		}
		if res, err := http.DefaultClient.Do(req); err == nil {
			_ = res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return fault.New(fault.Unavailable, "the service on %s did not become ready within %s", addr, limit)
		case <-tick.C:
		}
	}
}

func (b *benchWSCmd) load(ctx context.Context, addr string, f *wsFigures) {
	ctx, cancel := context.WithTimeout(ctx, b.Duration)
	defer cancel()
	var mu sync.Mutex
	var acks, replies []time.Duration
	var wg sync.WaitGroup
	start := time.Now()
	for i := range b.Connections {
		wg.Add(1)
		go func() {
			defer wg.Done()
			c := citizen{addr: addr, first: i, window: b.Window}
			err := c.ask(ctx)
			mu.Lock()
			defer mu.Unlock()
			acks, replies = append(acks, c.acks...), append(replies, c.replies...)
			f.Failed += c.failed
			if err != nil && ctx.Err() == nil {
				f.Failed++
				fmt.Fprintln(os.Stderr, "citizen:", err)
			}
		}()
	}
	wg.Wait()
	f.Answered = len(replies)
	f.PerSecond = float64(len(replies)) / time.Since(start).Seconds()
	f.Ack, f.Reply = quantiles(acks), quantiles(replies)
}

// citizen asks over one socket, some questions in flight, until its context ends.
type citizen struct {
	addr          string
	first, window int
	sent          map[string]time.Time
	acks, replies []time.Duration
	failed        int
}

// benchTexts are asked in turn: answers, choices, a decline, small talk.
var benchTexts = []string{
	"护照快到期了怎么换", "港澳通行证丢了要多少钱", "身份证过期了在外地能换吗", "驾照到期换证要体检吗", "孩子上户口要什么材料",
	"居住证签注过期了怎么办", "没带身份证怎么住酒店", "我要续签", "车被拖走了去哪里取", "无犯罪记录证明几天能拿到",
}

// frameHead reads type and ref of a frame without decoding the reply in it: the generator
// shares the cores with what it measures.
func frameHead(body []byte) (kind, ref string) {
	head := body[:min(len(body), 200)]
	return stringAfter(head, `"type":"`), stringAfter(head, `"ref":"`)
}

func stringAfter(b []byte, key string) string {
	_, rest, ok := bytes.Cut(b, []byte(key))
	if !ok {
		return ""
	}
	value, _, _ := bytes.Cut(rest, []byte(`"`))
	return string(value)
}

func (c *citizen) ask(ctx context.Context) error {
	ws, res, err := websocket.DefaultDialer.DialContext(ctx, "ws://"+c.addr+"/ws/chat", nil)
	if err != nil {
		return err
	}
	_ = res.Body.Close()
	defer func() { _ = ws.Close() }()
	stop := context.AfterFunc(ctx, func() { _ = ws.SetReadDeadline(time.Now()) })
	defer stop()
	c.sent = map[string]time.Time{}
	if err := ws.WriteJSON(map[string]any{"type": "hello"}); err != nil {
		return err
	}
	if err := c.say(ws, 0); err != nil { // the first line begins the conversation
		return err
	}
	n := 1
	for {
		_, body, err := ws.ReadMessage()
		if err != nil {
			return err
		}
		kind, ref := frameHead(body)
		switch kind {
		case "ack":
			c.acks = append(c.acks, time.Since(c.sent[ref]))
		case "error":
			c.failed++
			delete(c.sent, ref)
		case "reply":
			c.replies = append(c.replies, time.Since(c.sent[ref]))
			delete(c.sent, ref)
		}
		for kind != "ack" && len(c.sent) < c.window && len(c.replies) > 0 {
			if err := c.say(ws, n); err != nil {
				return err
			}
			n++
		}
	}
}

func (c *citizen) say(ws *websocket.Conn, n int) error {
	ref := ulid.Make().String()
	c.sent[ref] = time.Now()
	return ws.WriteJSON(map[string]any{"type": "say", "ref": ref, "text": benchTexts[(c.first+n)%len(benchTexts)]})
}

func (b *benchWSCmd) print(f wsFigures) error {
	if b.JSON {
		return json.NewEncoder(os.Stdout).Encode(f)
	}
	fmt.Printf("answered %d in %s: %.0f a second, %d failed\nack p50 %.1f ms, p99 %.1f ms\nreply p50 %.1f ms, p99 %.1f ms\nstart to ready %d ms\nresident %d MB\n",
		f.Answered, b.Duration, f.PerSecond, f.Failed, f.Ack.P50/1000, f.Ack.P99/1000, f.Reply.P50/1000, f.Reply.P99/1000, f.StartMS, f.Resident)
	return nil
}
