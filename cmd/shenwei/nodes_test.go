package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/nats-io/nats-server/v2/server"

	"shenwei/bot"
	"shenwei/bot/desk"
	"shenwei/internal/store/storetest/pgtest"
	"shenwei/internal/vault"
)

// natsServer is a bus for processes of a test, at a port of its own (0 for any).
func natsServer(t *testing.T, port int) *server.Server {
	t.Helper()
	if port == 0 {
		port = server.RANDOM_PORT
	}
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: port, NoSigs: true, NoLog: true})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	if !s.ReadyForConnections(patience) {
		t.Fatal("no NATS server")
	}
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	return s
}

// cluster is several processes that serve from one PostgreSQL.
type cluster struct {
	dsn   string
	prog  program
	env   []string
	nodes []*service
}

func newCluster(t *testing.T, n int, env ...string) *cluster {
	t.Helper()
	key, err := vault.NewKey("both")
	if err != nil {
		t.Fatal(err)
	}
	c := &cluster{dsn: pgtest.Start(t).Database(t)}
	env = append(append([]string{"SHENWEI_KEYS_DATA=" + key, "SHENWEI_DB=" + c.dsn}, alwaysOpen...), env...)
	c.env = env
	for range n {
		c.prog = newProgram(t)
		c.prog.env = env
		c.nodes = append(c.nodes, c.prog.serve(t))
	}
	return c
}

// A citizen is on one node, her agent on another, a supervisor on a third: nobody of them
// notices, whether the bus is there, is cut in the middle, or there is none.
func TestPeopleOnThreeNodesTalkAsOnOne(t *testing.T) {
	t.Parallel() // it mostly waits
	t.Run("over a bus", func(t *testing.T) {
		bus := natsServer(t, 0)
		talkAcross(t, newCluster(t, 3, "SHENWEI_BUS="+bus.ClientURL()), func() {}, true)
	})
	t.Run("over a bus that is cut in the middle", func(t *testing.T) {
		bus := natsServer(t, 0)
		talkAcross(t, newCluster(t, 3, "SHENWEI_BUS="+bus.ClientURL()), func() { bus.Shutdown(); bus.WaitForShutdown() }, false)
	})
	t.Run("without a bus", func(t *testing.T) { talkAcross(t, newCluster(t, 3), func() {}, false) })
}

func talkAcross(t *testing.T, k *cluster, cut func(), hints bool) {
	t.Helper()
	agent := k.prog.worker(t, k.nodes[1].addr, "li", "agent")
	chief := k.prog.worker(t, k.nodes[2].addr, "chen", "supervisor")
	agent.presence(desk.Online)
	awaitOnline(t, k.nodes[0].addr, chief, agent)
	citizen := newCitizen(t, "citizen", k.nodes[0].addr)
	citizen.say("护照快到期了怎么换")
	second := secondTab(t, citizen, k.nodes[2].addr)
	second.want("the first reply again", func(f dframe) bool { return f.Type == "event" && f.Kind == "reply" })
	if r := citizen.say("转人工"); r.Handoff == nil {
		t.Fatalf("%+v", r)
	}
	second.want("the reply that came on another node", func(f dframe) bool {
		return f.Type == "event" && f.Kind == "reply" && f.Reply != nil && f.Reply.Handoff != nil
	})
	agent.rings(citizen.number)
	agent.must(citizen.number, "accept", nil)
	citizen.event("accepted")
	second.want("accepted", func(f dframe) bool { return f.Type == "event" && f.Event == "accepted" })
	cut()
	agent.open(citizen.number, 0)
	chief.open(citizen.number, 0)
	if hints {
		agent.send(map[string]any{"type": "typing", "conversation": citizen.conversation, "on": true})
		citizen.want("typing", func(f dframe) bool {
			return f.Type == "typing" && f.Who == "agent" && f.On
		})
		citizen.send(map[string]any{"type": "typing", "on": true})
		agent.want("typing", func(f dframe) bool { return f.Type == "typing" && f.Who == "citizen" && f.On })
	}
	agent.must(citizen.number, "reply", map[string]any{"text": "您好，请问什么时候出发？"})
	said := func(f dframe) bool {
		return f.Type == "event" && f.Kind == "agent" && strings.Contains(f.Text, "什么时候出发")
	}
	citizen.want("the agent's words", said)
	second.want("the agent's words", said)
	if r := citizen.say("下个月三号"); r.Action != bot.Relayed {
		t.Fatalf("the bot answers over an agent: %s", r.Action)
	}
	row := func(f dframe) bool { return f.Type == "row" && f.Row.Text == "下个月三号" }
	agent.want("the citizen's words", row)
	chief.want("the citizen's words", row)
	chief.send(map[string]any{"type": "note", "ref": "w", "ticket": citizen.number, "kind": "whisper", "text": "先问她户籍"})
	agent.want("the whisper", func(f dframe) bool { return f.Type == "note" && f.Note.Text == "先问她户籍" })
	chief.must(citizen.number, "takeover", nil)
	agent.want("that it is hers no more", func(f dframe) bool {
		return f.Type == "ticket" && f.Ticket.Number == citizen.number && f.Ticket.Agent == chief.me.ID
	})
	chief.must(citizen.number, "resolve", map[string]any{"code": "answered"})
	citizen.want("the end", func(f dframe) bool { return f.Type == "desk" && f.Ticket != nil && f.Ticket.State == desk.Wrapup })
	chief.must(citizen.number, "done", nil)
	if r := citizen.say("驾驶证到期换证"); r.Action != bot.Answer {
		t.Fatalf("%s %s", r.Action, r.Text)
	}
	for name, p := range map[string]*page{"citizen": citizen.page, "second tab": second} {
		inOrder(t, name, p)
	}
}

// awaitOnline waits until a node knows that an agent works.
func awaitOnline(t *testing.T, addr string, chief, agent *worker) {
	t.Helper()
	online := func(list []desk.Agent) bool {
		return slices.ContainsFunc(list, func(a desk.Agent) bool { return a.ID == agent.me.ID && a.Presence == desk.Online })
	}
	spy := &worker{addr: addr, cookie: chief.cookie, csrf: chief.csrf}
	if f := spy.enter(t, "a supervisor's other page"); !online(f.Agents) {
		spy.want("that the agent is online", func(f dframe) bool { return f.Type == "agents" && online(f.Agents) })
	}
	_ = spy.ws.Close()
}

// secondTab opens a citizen's conversation on another node, from its beginning.
func secondTab(t *testing.T, c *caller, addr string) *page {
	t.Helper()
	p := dial(t, c.name+"'s second tab", addr, "/ws/chat", nil)
	p.send(map[string]any{"type": "hello", "conversation": c.conversation, "token": c.token})
	p.want("ready", func(f dframe) bool { return f.Type == "ready" })
	return p
}

// inOrder holds what a page was shown against what it was promised: each number once, growing.
func inOrder(t *testing.T, name string, p *page) {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	last := int64(0)
	for _, f := range p.all {
		seq := f.Seq
		switch {
		case f.Type == "reply":
			seq = f.Reply.Seq
		case f.Type != "event":
			continue
		}
		if seq <= last {
			t.Errorf("%s: row %d comes after row %d", name, seq, last)
		}
		last = seq
	}
}
