package main

import (
	"encoding/json"
	"strings"
	"testing"

	"shenwei/bot"
)

func TestAskPrintsTheReplyAndItsItem(t *testing.T) {
	p := newProgram(t)
	r := p.run(t, "", "ask", "港澳通行证快到期了，周末能换吗")
	if r.code != 0 || !strings.Contains(r.out, "往来港澳通行证换发") || !strings.Contains(r.out, "CRJ-007") || !strings.Contains(r.out, "60元") {
		t.Errorf("exit %d, printed %q %q", r.code, r.out, r.err)
	}
}

func TestAskAnswersOneQuestionALineInOrder(t *testing.T) {
	p := newProgram(t)
	long := strings.Repeat("a", 100_000)
	lines := []string{"护照丢了怎么办", "", long, "bad \xff utf8", "楼下有人拿刀", "转人工", "😀😀", "<script>alert(1)</script>", "'; DROP TABLE messages; --", "\u202e\u0007"}
	r := p.run(t, strings.Join(lines, "\n")+"\n", "ask")
	if r.code != 0 {
		t.Fatalf("exit %d: %s", r.code, r.err)
	}
	got := strings.Split(strings.TrimRight(r.out, "\n"), "\n")
	if len(got) != len(lines) {
		t.Fatalf("%d lines in, %d objects out", len(lines), len(got))
	}
	want := []string{"answer", "bad_request", "too_large", "bad_request", "emergency", "handoff", "", "", "", "bad_request"}
	for i, line := range got {
		var o struct {
			bot.Reply
			Error *struct{ Code, Message string } `json:"error"`
		}
		if err := json.Unmarshal([]byte(line), &o); err != nil {
			t.Fatalf("line %d is no JSON: %v", i, err)
		}
		kind := string(o.Action)
		if o.Error != nil {
			kind = o.Error.Code
			if o.Error.Message == "" {
				t.Errorf("line %d: an error without a message", i)
			}
		}
		if want[i] != "" && kind != want[i] || kind == "" || kind == "internal" {
			t.Errorf("line %d: %s, want %s", i, kind, want[i])
		}
	}
}

func TestAskKeepsAConversationByItsID(t *testing.T) {
	p := newProgram(t)
	r := p.run(t, "身份证到期了怎么换\n那多少钱\n", "ask", "--conversation", "trial-1")
	lines := strings.Split(strings.TrimSpace(r.out), "\n")
	if len(lines) != 2 {
		t.Fatalf("%q %q", r.out, r.err)
	}
	var first, second bot.Reply
	for i, to := range []*bot.Reply{&first, &second} {
		if err := json.Unmarshal([]byte(lines[i]), to); err != nil {
			t.Fatal(err)
		}
	}
	if first.Conversation != "trial-1" || second.Conversation != "trial-1" || second.Seq != 4 {
		t.Errorf("conversations %s %s, seq %d", first.Conversation, second.Conversation, second.Seq)
	}
	if second.Item != first.Item || second.Facet != "fee" {
		t.Errorf("the second line is about %s %s, want %s fee", second.Item, second.Facet, first.Item)
	}
	again := p.run(t, "", "ask", "--json", "--conversation", "trial-1", "要带什么材料")
	var third bot.Reply
	if err := json.Unmarshal([]byte(again.out), &third); err != nil || third.Item != first.Item || third.Seq != 6 {
		t.Errorf("a later process answers %s seq %d (%v)", third.Item, third.Seq, err)
	}
}

func TestAskWorksBesideARunningService(t *testing.T) {
	p := newProgram(t)
	p.serve(t)
	r := p.run(t, "", "ask", "--json", "驾照到期换证")
	var reply bot.Reply
	if err := json.Unmarshal([]byte(r.out), &reply); err != nil || reply.Item != "JJ-007" {
		t.Errorf("%v %q %q", err, r.out, r.err)
	}
}

func TestAskExplainsWithThePolicyThatWonAndWithoutPersonalData(t *testing.T) {
	p := newProgram(t)
	r := p.run(t, "", "ask", "--explain", "我手机13800138000 护照丢了怎么补")
	if !strings.Contains(r.err, `"policy": "decide"`) || !strings.Contains(r.err, `"candidates"`) {
		t.Errorf("no trace: %s", r.err)
	}
	if strings.Contains(r.err, "13800138000") {
		t.Error("the trace shows a telephone number")
	}
}
