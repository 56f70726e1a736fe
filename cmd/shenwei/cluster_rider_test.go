package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
)

// rider is a citizen on the chat page who is thrown from node to node. It behaves as the page does: one
// line at a time, sent again by its ref until it is acknowledged, resumed after the last row that is
// known; and it notes whatever the service did that it must not.
type rider struct {
	id     string
	rnd    *rand.Rand
	doors  func() []string // addresses that may be tried
	person bool            // asks for a person
	think  time.Duration   // between two lines, at most

	hint atomic.Int64 // nanoseconds until she comes back

	mu           sync.Mutex
	conversation string
	token        string
	serial       int
	pending      string // the ref that waits for its acknowledgement
	text         string
	sent         []string         // refs in the order in which they were said
	acked        map[string]int64 // ref → number
	at           map[int64]string // number → ref
	again        map[string]bool  // refs that were sent more than once
	last         int64            // rows up to here were shown
	repeated     int              // replies to lines sent again, shown before
	orphans      []string         // refs of lines whose conversation is lost to her
	problems     []string
	connected    int
	offline      time.Time // since when, zero while online
	longest      time.Duration
	failed       int // questions that were answered with an error
}

func newRider(id string, rnd *rand.Rand, doors func() []string) *rider {
	return &rider{id: id, rnd: rnd, doors: doors, think: 600 * time.Millisecond, acked: map[string]int64{}, at: map[int64]string{}, again: map[string]bool{}}
}

// The patience of a page: for a connection, for an acknowledgement, for a sign of life.
const (
	dialPatience = 2 * time.Second
	ackPatience  = 4 * time.Second
	lifePatience = 3 * time.Second
)

// ride stays in the conversation until ctx ends; it says new lines until quiet is closed.
func (r *rider) ride(ctx context.Context, quiet <-chan struct{}) {
	r.mu.Lock()
	r.offline = time.Now()
	r.mu.Unlock()
	for ctx.Err() == nil {
		doors := r.doors()
		ws := r.dial(ctx, doors[r.rnd.IntN(len(doors))])
		if ws == nil {
			linger(ctx, 50*time.Millisecond+time.Duration(r.rnd.IntN(150))*time.Millisecond)
			continue
		}
		r.hint.Store(0)
		r.session(ctx, quiet, ws)
		r.mu.Lock()
		if r.offline.IsZero() {
			r.offline = time.Now()
		}
		r.mu.Unlock()
		linger(ctx, time.Duration(r.hint.Load()))
	}
}

// returnHint is when a node that sends her away says that she is to come back, as the page heeds it.
func returnHint(err error) time.Duration {
	var closed *websocket.CloseError
	var hint struct {
		RetryInMS int64 `json:"retry_in_ms"`
	}
	if !errors.As(err, &closed) || closed.Code != websocket.CloseTryAgainLater || json.Unmarshal([]byte(closed.Text), &hint) != nil {
		return 0
	}
	return time.Duration(hint.RetryInMS) * time.Millisecond
}

func linger(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

func (r *rider) dial(ctx context.Context, addr string) *websocket.Conn {
	d := websocket.Dialer{HandshakeTimeout: dialPatience}
	ws, res, err := d.DialContext(ctx, "ws://"+addr+"/ws/chat", nil)
	if res != nil {
		_ = res.Body.Close()
	}
	if err != nil {
		return nil
	}
	return ws
}

// alive lets a read end when the other side gives no sign of life; keep must be called now and then.
func alive(ws *websocket.Conn) {
	later := func() { _ = ws.SetReadDeadline(time.Now().Add(lifePatience)) }
	later()
	ws.SetPongHandler(func(string) error { later(); return nil })
	inner := ws.PingHandler()
	ws.SetPingHandler(func(s string) error { later(); return inner(s) })
}

func keep(ws *websocket.Conn) {
	_ = ws.WriteControl(websocket.PingMessage, nil, time.Now().Add(time.Second))
}

func (r *rider) session(ctx context.Context, quiet <-chan struct{}, ws *websocket.Conn) {
	defer func() { _ = ws.Close() }()
	stop := context.AfterFunc(ctx, func() { _ = ws.Close() })
	defer stop()
	alive(ws)
	frames := make(chan dframe)
	over := make(chan struct{})
	defer close(over)
	go func() {
		defer close(frames)
		for {
			var f dframe
			if err := ws.ReadJSON(&f); err != nil {
				r.hint.Store(int64(returnHint(err)))
				return
			}
			select {
			case frames <- f:
			case <-over:
				return
			}
		}
	}()
	if !r.hello(ws) {
		return
	}
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	next := time.NewTimer(time.Hour)
	defer next.Stop()
	waited := time.NewTimer(ackPatience) // for ready, then for each acknowledgement
	defer waited.Stop()
	greeted := false
	for {
		select {
		case f, ok := <-frames:
			if !ok {
				return
			}
			wait, more := r.take(f, &greeted)
			if wait > 0 {
				next.Reset(wait)
			}
			if more {
				waited.Stop()
			}
		case <-next.C:
			if ended(quiet) && r.waiting() == "" {
				continue
			}
			if !r.say(ws) {
				return
			}
			waited.Reset(ackPatience)
		case <-tick.C:
			keep(ws)
		case <-waited.C:
			return
		}
	}
}

func ended(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

func (r *rider) waiting() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.pending
}

func (r *rider) hello(ws *websocket.Conn) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for r.at[r.last+1] != "" { // own lines are known by their acknowledgement
		r.last++
	}
	r.connected++
	v := map[string]any{"type": "hello"}
	if r.conversation != "" {
		v["conversation"], v["token"], v["after"] = r.conversation, r.token, r.last
	}
	return ws.WriteJSON(v) == nil
}

// say sends the line that waits, or a new one.
func (r *rider) say(ws *websocket.Conn) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.pending != "" {
		r.again[r.pending] = true
	} else {
		r.serial++
		r.pending = fmt.Sprintf("%s-%08d", r.id, r.serial)
		r.sent = append(r.sent, r.pending)
		r.text = benchTexts[r.rnd.IntN(len(benchTexts))]
		if r.person && r.serial == 2 {
			r.text = "转人工"
		}
	}
	_ = ws.SetWriteDeadline(time.Now().Add(dialPatience))
	return ws.WriteJSON(map[string]any{"type": "say", "ref": r.pending, "text": r.text}) == nil
}

// take notes a frame. It returns how long to think before the next line, if there is to be one, and
// whether what was waited for has come.
func (r *rider) take(f dframe, greeted *bool) (wait time.Duration, more bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	thinks := time.Millisecond + time.Duration(r.rnd.Int64N(int64(r.think)))
	switch f.Type {
	case "ready":
		if f.Conversation != "" && f.Token != "" {
			if r.conversation != "" && r.conversation != f.Conversation {
				r.problem("the conversation changes from %s to %s", r.conversation, f.Conversation)
			}
			r.conversation, r.token = f.Conversation, f.Token
		}
		if *greeted {
			return 0, false
		}
		*greeted = true
		if !r.offline.IsZero() {
			r.longest = max(r.longest, time.Since(r.offline))
			r.offline = time.Time{}
		}
		if r.pending != "" {
			thinks = time.Millisecond
		}
		return thinks, true
	case "ack":
		if r.conversation == "" { // the first line was stored, and its token lost on the way: a new conversation
			r.orphans = append(r.orphans, f.Ref)
			r.sent = nil
			if f.Ref == r.pending {
				r.pending = ""
				return thinks, true
			}
			return 0, false
		}
		if r.note(f.Ref, f.Seq) {
			return thinks, true
		}
	case "reply":
		if r.conversation != "" {
			r.show(f.Reply.Seq, f.Ref)
		}
	case "event":
		if f.Kind == "citizen" && r.note(f.Ref, f.Seq) {
			wait, more = thinks, true
		}
		r.show(f.Seq, "")
	case "error":
		if f.Error.Code == "not_found" {
			r.problem("the conversation is not found")
		}
		if f.Ref == r.pending && f.Ref != "" { // it was not stored: once more, as the page does
			r.failed++
			return 300 * time.Millisecond, true
		}
	}
	return wait, more
}

// note keeps an acknowledgement; it tells whether it is the one that was waited for.
func (r *rider) note(ref string, seq int64) bool {
	if was, ok := r.acked[ref]; ok && was != seq {
		r.problem("%s is acknowledged as %d and as %d", ref, was, seq)
	}
	if was := r.at[seq]; was != "" && was != ref {
		r.problem("%s and %s are both row %d", was, ref, seq)
	}
	r.acked[ref], r.at[seq] = seq, ref
	if ref != r.pending {
		return false
	}
	r.pending = ""
	return true
}

// show takes a row that came to the screen.
func (r *rider) show(seq int64, ref string) {
	if seq <= r.last {
		if r.again[ref] {
			r.repeated++ // a line sent again gets its reply again, by the same number
			return
		}
		if r.at[seq] != "" {
			return // her own line, which stands there since she wrote it
		}
		r.problem("row %d is shown again after %d", seq, r.last)
		return
	}
	for between := r.last + 1; between < seq; between++ {
		if r.at[between] == "" {
			r.problem("row %d is shown, and %d was not", seq, between)
		}
	}
	r.last = seq
}

func (r *rider) problem(format string, args ...any) {
	r.problems = append(r.problems, r.id+" "+r.conversation+": "+fmt.Sprintf(format, args...))
}

// sees tells whether every row up to seq was shown.
func (r *rider) sees(seq int64) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	have := r.last
	for r.at[have+1] != "" {
		have++
	}
	return have >= seq && r.pending == ""
}

// crew is agents who take what rings and answer every line, and come back by any door.
type crew struct {
	doors  func() []string
	robots []*robot
	rnd    []*rand.Rand
}

func (c *crew) work(ctx context.Context) {
	var wg sync.WaitGroup
	for i, r := range c.robots {
		wg.Go(func() {
			for ctx.Err() == nil {
				doors := c.doors()
				r.shift(ctx, doors[c.rnd[i].IntN(len(doors))])
				linger(ctx, 50*time.Millisecond+time.Duration(c.rnd[i].IntN(200))*time.Millisecond)
			}
		})
	}
	wg.Wait()
}

// shift works on one connection until it breaks or ctx ends.
func (r *robot) shift(ctx context.Context, addr string) {
	d := websocket.Dialer{HandshakeTimeout: dialPatience}
	ws, res, err := d.DialContext(ctx, "ws://"+addr+"/ws/desk", http.Header(r.header))
	if res != nil {
		_ = res.Body.Close()
	}
	if err != nil {
		return
	}
	alive(ws)
	stop := context.AfterFunc(ctx, func() { _ = ws.Close() })
	defer stop()
	over := make(chan struct{})
	defer close(over)
	go func() {
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				keep(ws)
			case <-over:
				return
			}
		}
	}()
	r.serve(ws)
}
