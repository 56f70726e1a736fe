package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"regexp"
	"testing"
	"time"

	"shenwei/bot"
)

// dialogue is a running ask --json: a line in, a reply out.
type dialogue struct {
	in    io.WriteCloser
	out   *bufio.Reader
	close func()
	errs  *bytes.Buffer
}

func (p program) dialogue(t *testing.T) *dialogue {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 4*time.Minute)
	cmd := p.command(ctx, "ask", "--json")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	d := &dialogue{in: in, out: bufio.NewReaderSize(out, 1<<20), errs: &bytes.Buffer{}}
	cmd.Stderr = d.errs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	d.close = func() {
		_ = in.Close()
		_ = cmd.Wait()
		cancel()
	}
	t.Cleanup(d.close)
	return d
}

func (d *dialogue) say(t *testing.T, text string) bot.Reply {
	t.Helper()
	if _, err := io.WriteString(d.in, text+"\n"); err != nil {
		t.Fatalf("%v\n%s", err, d.errs)
	}
	line, err := d.out.ReadBytes('\n')
	if err != nil {
		t.Fatalf("%v\n%s", err, d.errs)
	}
	var r bot.Reply
	if err := json.Unmarshal(line, &r); err != nil {
		t.Fatalf("%v: %s", err, line)
	}
	return r
}

// bare is a reply without what differs from one conversation to the next.
func bare(r bot.Reply) string {
	r.Conversation, r.Token, r.Seq, r.TookMicros = "", "", 0, 0
	b, _ := json.Marshal(r)
	return ticketNumber.ReplaceAllString(string(b), "…")
}

var ticketNumber = regexp.MustCompile(`HZ[0-9]{6}-[0-9A-Z]{6}|第 [0-9]+ 位|"position":[0-9]+`)
