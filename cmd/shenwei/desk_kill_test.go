package main

import (
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"shenwei/bot"
	"shenwei/bot/desk"
)

// ledger is what the service promised to the people of one test.
type ledger struct {
	mu      sync.Mutex
	acked   map[string]map[string]int64 // conversation → ref of a line → number
	replied map[string]map[string]bool  // conversation → text of an agent's reply that is stored
	tried   map[string]bool             // texts that agents sent
	owned   map[string]string           // ticket → agent, when it was seen last
	tokens  map[string]string
	count   int
}

func (l *ledger) line(conversation, ref string, seq int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.acked[conversation] == nil {
		l.acked[conversation] = map[string]int64{}
	}
	l.acked[conversation][ref] = seq
	l.count++
}

func (l *ledger) reply(conversation, text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.replied[conversation] == nil {
		l.replied[conversation] = map[string]bool{}
	}
	l.replied[conversation][text] = true
	l.count++
}

// robot is an agent who takes what rings and answers every line, until the socket breaks.
type robot struct {
	name   string
	header http.Header
	l      *ledger
	serial int
	// waiting are replies without an answer yet; they are sent again by the same ref.
	waiting map[string]map[string]any
	talk    map[string]string // ref → conversation
}

func (r *robot) work(addr string) {
	ws, res, err := websocket.DefaultDialer.Dial("ws://"+addr+"/ws/desk", r.header)
	if err != nil {
		return // killed already
	}
	_ = res.Body.Close()
	r.serve(ws)
}

// serve works on an open socket.
func (r *robot) serve(ws *websocket.Conn) {
	defer func() { _ = ws.Close() }()
	say := func(v any) bool { return ws.WriteJSON(v) == nil }
	say(map[string]any{"type": "hello"})
	var me string
	tickets := map[string]string{} // conversation → ticket
	version := map[string]int64{}
	for {
		var f dframe
		if ws.ReadJSON(&f) != nil {
			return
		}
		switch {
		case f.Type == "ready":
			me = f.Me.ID
			say(map[string]any{"type": "presence", "ref": "p", "presence": "online"})
			for _, v := range r.waiting { // what was not answered before the crash
				say(v)
			}
			for _, t := range f.Tickets {
				r.see(say, t, me, tickets, version)
			}
		case f.Type == "ticket":
			r.see(say, f.Ticket.Ticket, me, tickets, version)
		case f.Type == "row" && f.Row.Kind == "citizen" && tickets[f.Conversation] != "":
			r.serial++
			text := fmt.Sprintf("%s 的第 %d 条", r.name, r.serial)
			ref := fmt.Sprintf("k%d", r.serial)
			v := map[string]any{"type": "do", "do": "reply", "ref": ref, "ticket": tickets[f.Conversation], "text": text}
			r.waiting[ref], r.talk[ref] = v, f.Conversation
			r.l.mu.Lock()
			r.l.tried[text] = true
			r.l.mu.Unlock()
			say(v)
		case f.Type == "done" && r.waiting[f.Ref] != nil:
			r.l.reply(r.talk[f.Ref], r.waiting[f.Ref]["text"].(string))
			delete(r.waiting, f.Ref)
		case f.Type == "error" && r.waiting[f.Ref] != nil:
			delete(r.waiting, f.Ref)
		}
	}
}

func (r *robot) see(say func(any) bool, t desk.Ticket, me string, tickets map[string]string, version map[string]int64) {
	if version[t.Number] >= t.Version {
		return
	}
	version[t.Number] = t.Version
	if t.State == desk.Offered && t.Offered == me {
		say(map[string]any{"type": "do", "do": "accept", "ref": "a" + t.Number, "ticket": t.Number})
	}
	if t.Agent != me {
		delete(tickets, t.Conversation)
	}
	if t.Agent == me && tickets[t.Conversation] == "" {
		tickets[t.Conversation] = t.Number
		say(map[string]any{"type": "open", "ref": "o", "ticket": t.Number, "after": max(0, t.Seq)})
	}
	r.l.mu.Lock()
	defer r.l.mu.Unlock()
	if t.Agent != "" {
		r.l.owned[t.Number] = t.Agent
	}
}

// visitor is a citizen who asks for a person and then talks without pause.
type visitor struct {
	conversation, token string
	l                   *ledger
	serial              int
	id                  string
}

func (v *visitor) work(addr string) {
	ws, res, err := websocket.DefaultDialer.Dial("ws://"+addr+"/ws/chat", nil)
	if err != nil {
		return
	}
	_ = res.Body.Close()
	defer func() { _ = ws.Close() }()
	_ = ws.WriteJSON(map[string]any{"type": "hello", "conversation": v.conversation, "token": v.token})
	say := func(text string) {
		v.serial++
		_ = ws.WriteJSON(map[string]any{"type": "say", "ref": fmt.Sprintf("%s-%016d", v.id, v.serial), "text": text})
	}
	begun := false
	for {
		var f dframe
		if ws.ReadJSON(&f) != nil {
			return
		}
		switch f.Type {
		case "ready":
			if f.Conversation != "" {
				v.conversation, v.token = f.Conversation, f.Token
				v.l.mu.Lock()
				v.l.tokens[f.Conversation] = f.Token
				v.l.mu.Unlock()
			}
			if !begun {
				begun = true
				say(map[bool]string{true: "转人工", false: "我接着说"}[v.serial == 0])
			}
		case "ack":
			v.l.line(v.conversation, f.Ref, f.Seq)
		case "reply":
			say(fmt.Sprint("护照怎么换，第 ", v.serial, " 次"))
		}
	}
}

// check reads every conversation from the restarted service.
func (l *ledger) check(t *testing.T, addr string) {
	t.Helper()
	for conversation, token := range l.tokens {
		rows := readRows(t, addr, conversation, token)
		checkRows(t, conversation, rows, l.acked[conversation])
		texts := map[string]int{}
		owned := false
		for _, row := range rows {
			switch row.Kind {
			case desk.RowAgent:
				texts[row.Text]++
				if !owned {
					t.Errorf("%s: an agent speaks at %d who owns nothing", conversation, row.Seq)
				}
			case desk.RowSystem:
				switch row.Event {
				case "accepted", "transferred":
					owned = true
				case "returned", "closed", "agent-lost":
					owned = false
				}
			case "reply":
				if owned && row.Reply.Action != bot.Relayed && row.Reply.Action != bot.Emergency {
					t.Errorf("%s: the bot talks over the agent at %d: %s", conversation, row.Seq, row.Reply.Action)
				}
			}
		}
		for text := range l.replied[conversation] {
			if texts[text] != 1 {
				t.Errorf("%s: the acknowledged reply %q is stored %d times", conversation, text, texts[text])
			}
		}
		for text, n := range texts {
			if n != 1 || !l.tried[text] {
				t.Errorf("%s: %q stands there %d times", conversation, text, n)
			}
		}
	}
}

// TestTheDeskSurvivesKill9 kills the service at random moments while agents and citizens talk:
// what was acknowledged to either is there once, every conversation still has its owner, and
// replies that were sent again are not doubled.
func TestTheDeskSurvivesKill9(t *testing.T) {
	t.Parallel() // it mostly waits
	rounds, rnd := killing(t)
	p := newProgram(t)
	p.env = slices.Concat([]string{"SHENWEI_LOG_LEVEL=error"}, unlimited, alwaysOpen)
	l := &ledger{
		acked: map[string]map[string]int64{}, replied: map[string]map[string]bool{}, tried: map[string]bool{}, owned: map[string]string{},
		tokens: map[string]string{},
	}
	s := p.serve(t)
	var robots []*robot
	for i := range 3 {
		name := fmt.Sprint("robot", i)
		w := p.worker(t, s.addr, name, "agent")
		w.presence(desk.Online)
		robots = append(robots, &robot{name: name, header: http.Header{"Cookie": {w.cookie}}, l: l, waiting: map[string]map[string]any{}, talk: map[string]string{}})
	}
	var visitors []*visitor
	for i := range 9 {
		visitors = append(visitors, &visitor{l: l, id: fmt.Sprint("visitor", i)})
	}
	for round := range rounds {
		var wg sync.WaitGroup
		for _, r := range robots {
			wg.Go(func() { r.work(s.addr) })
		}
		for _, v := range visitors {
			wg.Go(func() { v.work(s.addr) })
		}
		<-time.After(500*time.Millisecond + time.Duration(rnd.IntN(1500))*time.Millisecond) // the moment is what the seed draws
		s.kill()
		wg.Wait()
		s = p.serve(t)
		l.check(t, s.addr)
		l.owners(t, p)
		if t.Failed() {
			t.Fatalf("in round %d", round)
		}
	}
	t.Logf("%d lines and replies acknowledged in %d rounds", l.count, rounds)
	if l.count < 20*rounds || len(l.owned) < len(visitors) {
		t.Errorf("only %d acknowledged, %d conversations with an owner: the test does not load the service", l.count, len(l.owned))
	}
}

// owners holds the tickets on record against those that agents saw.
func (l *ledger) owners(t *testing.T, p program) {
	t.Helper()
	db := openRaw(t, p.dir)
	rows, err := db.Query(`SELECT number, holder, state, (SELECT owner FROM conversations c WHERE c.id = h.conversation),
		(SELECT COUNT(*) FROM handoffs o WHERE o.conversation = h.conversation AND o.is_open) FROM handoffs h WHERE is_open`)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var number, holder, owner string
		var state desk.State
		var open int
		if err := rows.Scan(&number, &holder, &state, &owner, &open); err != nil {
			t.Fatal(err)
		}
		if owner != state.ConversationOwner() || open != 1 || state.Owned() != (holder != "" && state != desk.Offered) {
			t.Errorf("%s is %s of %q, its conversation is owned by %s, %d open", number, state, holder, owner, open)
		}
		if was := l.owned[number]; was != "" && state.Owned() && holder != was {
			t.Errorf("%s had %s and has %s", number, was, holder)
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
}
