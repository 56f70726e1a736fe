package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"shenwei/bot"
)

// post asks one question over HTTP, in a conversation of its own.
func post(t *testing.T, addr, text string) bot.Reply {
	t.Helper()
	body, _ := json.Marshal(map[string]string{"text": text, "channel": "api"})
	res, err := http.Post("http://"+addr+"/api/v1/chat", "application/json", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	var reply bot.Reply
	if err := json.NewDecoder(res.Body).Decode(&reply); err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("status %d: %v", res.StatusCode, err)
	}
	return reply
}

// waitFor polls a condition that another process brings about.
func waitFor(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.NewTimer(time.Minute)
	defer deadline.Stop()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-deadline.C:
			t.Fatal("never: " + what)
		case <-tick.C:
		}
	}
}

func TestServeLeavesPolitelyOnASignal(t *testing.T) {
	p := newProgram(t)
	s := p.serve(t)
	if reply := post(t, s.addr, "没带身份证怎么住酒店"); reply.Item != "RK-068" || reply.Token == "" {
		t.Errorf("%s, token %q", reply.Item, reply.Token)
	}
	if code := s.stop(t); code != 0 {
		t.Errorf("exit %d: %s", code, s.errs.String())
	}
	if strings.Contains(s.errs.String(), "没带身份证") {
		t.Error("a citizen's words are in the log")
	}
}

func TestServeSaysWhenItsAddressIsTaken(t *testing.T) {
	p := newProgram(t)
	s := p.serve(t)
	r := newProgram(t).run(t, "", "serve", "--addr", s.addr)
	if r.code != 1 || !bytes.Contains([]byte(r.err), []byte("cannot be listened on")) {
		t.Errorf("exit %d: %s", r.code, r.err)
	}
}
