package main

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/oklog/ulid/v2"

	"shenwei/internal/store/storetest/pgtest"
)

// resident is a citizen's page as the product's own: it comes back when it is told to, to another
// node, reads on after the last row it has, and sends again what was not acknowledged.
type resident struct {
	conversation, token string
	after               int64
	ref, text           string // the line under way
	acked               bool
	rows                map[int64]int // how often a row was shown as an event
	acks                map[string]int64
	answered            int
	said                int
	away                time.Duration // the longest it was without a connection
	lost                time.Time
	unasked             int // connections that ended without a word when to come back
}

// live stays on the nodes, the first of them first, until enough is closed.
func (r *resident) live(nodes []string, enough <-chan struct{}) error {
	for turn := 0; ; turn++ {
		select {
		case <-enough:
			return nil
		default:
		}
		ws, res, err := websocket.DefaultDialer.Dial("ws://"+nodes[turn%len(nodes)]+"/ws/chat", nil)
		if err != nil {
			select {
			case <-enough:
			case <-time.After(50 * time.Millisecond): // a balancer knows it at once
			}
			continue
		}
		_ = res.Body.Close()
		pause, err := r.stay(ws, enough)
		_ = ws.Close()
		if err != nil {
			return err
		}
		r.lost = time.Now()
		select {
		case <-enough:
		case <-time.After(pause):
		}
	}
}

// stay talks on one connection until it ends, and returns when to come back.
func (r *resident) stay(ws *websocket.Conn, enough <-chan struct{}) (time.Duration, error) {
	_ = ws.WriteJSON(map[string]any{"type": "hello", "conversation": r.conversation, "token": r.token, "after": r.after})
	greeted := false
	for {
		_ = ws.SetReadDeadline(time.Now().Add(patience))
		var f dframe
		if err := ws.ReadJSON(&f); err != nil {
			return r.ended(err)
		}
		switch f.Type {
		case "error":
			return 0, fmt.Errorf("a question failed: %s %s", f.Error.Code, f.Error.Message)
		case "ready":
			if f.Conversation != "" {
				r.conversation = f.Conversation
			}
			if f.Token != "" {
				r.token = f.Token
			}
			if !greeted && !r.lost.IsZero() {
				r.away = max(r.away, time.Since(r.lost))
			}
			if greeted = true; r.ref != "" && !r.acked {
				r.send(ws)
			}
		case "ack":
			r.acked, r.acks[f.Ref] = true, f.Seq
		case "reply":
			r.after = max(r.after, f.Reply.Seq)
			r.done(f.Ref)
		case "event":
			r.rows[f.Seq]++
			r.after = max(r.after, f.Seq)
			if f.Kind == "reply" {
				r.done(r.ref)
			}
		}
		select {
		case <-enough:
			return 0, nil
		default:
		}
		if greeted && r.ref == "" {
			r.said++
			r.ref, r.text, r.acked = ulid.Make().String(), benchTexts[r.said%len(benchTexts)], false
			r.send(ws)
		}
	}
}

func (r *resident) send(ws *websocket.Conn) {
	_ = ws.WriteJSON(map[string]any{"type": "say", "ref": r.ref, "text": r.text})
}

func (r *resident) done(ref string) {
	if ref == r.ref {
		r.ref = ""
		r.answered++
	}
}

func (r *resident) ended(err error) (time.Duration, error) {
	var closed *websocket.CloseError
	if !errors.As(err, &closed) || closed.Code != websocket.CloseTryAgainLater {
		r.unasked++
		return 0, nil
	}
	var hint struct {
		RetryInMS int64 `json:"retry_in_ms"`
	}
	if err := json.Unmarshal([]byte(closed.Text), &hint); err != nil || hint.RetryInMS < 100 {
		return 0, fmt.Errorf("sent away with %q", closed.Text)
	}
	return time.Duration(hint.RetryInMS) * time.Millisecond, nil
}

// check holds what the record has against what the page was promised and shown.
func (r *resident) check(t *testing.T, addr string) {
	t.Helper()
	if r.conversation == "" {
		t.Error("nobody talked to her")
		return
	}
	rows := readRows(t, addr, r.conversation, r.token)
	lines := checkRows(t, r.conversation, rows, r.acks)
	if lines != len(rows)-lines && lines != len(rows)-lines+1 { // the last may be under way
		t.Errorf("%s: %d lines in %d rows", r.conversation, lines, len(rows))
	}
	for seq, n := range r.rows {
		if n > 1 {
			t.Errorf("%s: row %d was shown %d times", r.conversation, seq, n)
		}
	}
	if r.unasked > 0 {
		t.Errorf("%s: %d connections ended without a word", r.conversation, r.unasked)
	}
}

func residents(t *testing.T, n int, nodes ...string) (list []*resident, end func()) {
	t.Helper()
	enough := make(chan struct{})
	var all sync.WaitGroup
	for range n {
		r := &resident{rows: map[int64]int{}, acks: map[string]int64{}}
		list = append(list, r)
		all.Go(func() {
			if err := r.live(nodes, enough); err != nil {
				t.Error(err)
			}
		})
	}
	return list, func() { close(enough); all.Wait() }
}

// ready asks a node whether it is.
func ready(addr string) int {
	res, err := http.Get("http://" + addr + "/readyz") //nolint:noctx // a node under test
	if err != nil {
		return 0
	}
	_ = res.Body.Close()
	return res.StatusCode
}

func (s *service) signal(t *testing.T) {
	t.Helper()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
}

// Under load a node is stopped: it says so first, goes on for its grace, sends its citizens to
// the other node, and ends; nobody is without an answer, and nobody away for long.
func TestCitizensOfANodeThatLeavesAreOnAnotherWithinThreeSeconds(t *testing.T) {
	bus := natsServer(t, 0)
	k := newCluster(t, 2, append(unlimited, "SHENWEI_BUS="+bus.ClientURL(), "SHENWEI_LEAVE_SECONDS=2")...)
	list, end := residents(t, 20, k.nodes[0].addr, k.nodes[1].addr)
	awaitAnswers(t, k.nodes[0].addr)
	begun := time.Now()
	k.nodes[0].signal(t)
	until(t, "a node that leaves says that it is ready", func() bool { return ready(k.nodes[0].addr) == http.StatusServiceUnavailable })
	if said := time.Since(begun); said > time.Second {
		t.Errorf("it says so after %v", said)
	}
	awaitAnswers(t, k.nodes[0].addr) // it still answers
	_ = k.nodes[0].cmd.Wait()
	if took, code := time.Since(begun), k.nodes[0].cmd.ProcessState.ExitCode(); took > 20*time.Second || code != 0 {
		t.Errorf("it ended with %d after %v\n%s", code, took, k.nodes[0].errs)
	}
	awaitAnswers(t, k.nodes[1].addr)
	<-time.After(3 * time.Second) // everybody is back by then, and asks on
	end()
	longest := time.Duration(0)
	answered := 0
	for _, r := range list {
		r.check(t, k.nodes[1].addr)
		longest = max(longest, r.away)
		answered += r.answered
	}
	t.Logf("%d answers; nobody was away for more than %v", answered, longest)
	if longest > 3*time.Second || longest == 0 {
		t.Errorf("a citizen was away for %v", longest)
	}
}

// awaitAnswers asks a node by HTTP, as anybody may, and wants an answer.
func awaitAnswers(t *testing.T, addr string) int {
	t.Helper()
	body := fmt.Sprintf(`{"ref":%q,"text":"护照快到期了怎么换","channel":"api"}`, ulid.Make())
	res, err := http.Post("http://"+addr+"/api/v1/chat", "application/json", strings.NewReader(body)) //nolint:noctx // a node under test
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusOK {
		t.Fatalf("status %d", res.StatusCode)
	}
	return res.StatusCode
}

func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !ok(); <-time.After(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal(what)
		}
	}
}

func TestANodeAloneLeavesWithNothingLost(t *testing.T) {
	p := newProgram(t)
	p.env = unlimited
	s := p.serve(t)
	list, end := residents(t, 20, s.addr)
	<-time.After(time.Second) // load
	begun := time.Now()
	if code := s.stop(t); code != 0 || time.Since(begun) > 20*time.Second {
		t.Errorf("it ended with %d after %v\n%s", code, time.Since(begun), s.errs)
	}
	t.Logf("it left within %v", time.Since(begun))
	end()
	next := p.serve(t)
	for _, r := range list {
		r.check(t, next.addr)
	}
}

func TestANodeEndsAlthoughSomethingHangs(t *testing.T) {
	t.Parallel() // it mostly waits
	for name, dsn := range map[string]string{"SQLite": "", "PostgreSQL": pgtest.Start(t).Database(t)} {
		t.Run(name, func(t *testing.T) {
			p := newProgram(t)
			if dsn != "" {
				p.env = append(p.env, "SHENWEI_DB="+dsn)
			}
			s := p.serve(t)
			conn, err := net.Dial("tcp", s.addr) //nolint:noctx // a request that never ends
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			fmt.Fprint(conn, "POST /api/v1/chat HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\nContent-Type: application/json\r\n\r\n{")
			begun := time.Now()
			s.stop(t)
			if took := time.Since(begun); took > 20*time.Second {
				t.Errorf("it took %v\n%s", took, s.errs)
			} else {
				t.Logf("it took %v", took)
			}
		})
	}
}

func TestASecondSignalEndsANodeNow(t *testing.T) {
	p := newProgram(t)
	p.env = []string{"SHENWEI_LEAVE_SECONDS=10"}
	s := p.serve(t)
	s.signal(t)
	until(t, "it does not leave", func() bool { return ready(s.addr) == http.StatusServiceUnavailable })
	begun := time.Now()
	s.signal(t)
	_ = s.cmd.Wait()
	if took := time.Since(begun); took > 2*time.Second {
		t.Errorf("it ended %v after the second signal", took)
	}
}

// Three nodes start at once on an empty database: one release is made, one link to the first
// account works, one name is given.
func TestNodesThatStartTogetherMakeOneOfEachThing(t *testing.T) {
	t.Parallel() // it mostly waits
	k := newCluster(t, 0)
	nodes := make([]*service, 3)
	var all sync.WaitGroup
	for i := range nodes {
		p := newProgram(t)
		p.env = append(slices.Clone(k.env), "SHENWEI_BUS=nats://127.0.0.1:1") // nobody is there: that stops nothing
		all.Go(func() { nodes[i] = p.serve(t) })
	}
	all.Wait()
	db, err := sql.Open("pgx", k.dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	for _, table := range []string{"releases", "staff_links", "cluster"} {
		var n int
		if err := db.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM `+table).Scan(&n); err != nil || n != 1 {
			t.Errorf("%d %s are there: %v", n, table, err)
		}
	}
	for _, n := range nodes {
		if n == nil {
			t.Fatal("a node did not start")
		}
		if code := n.stop(t); code != 0 || strings.Count(n.errs.String(), "the bus is not reachable") != 1 {
			t.Errorf("it ended with %d\n%s", code, n.errs)
		}
	}
}
