package main

import (
	"context"
	"time"

	"shenwei/internal/bus"
	webdesk "shenwei/web/desk"
	"shenwei/web/live"
)

// This file joins a node with the others: what it tells them, whom it tells of their hints, and
// how it follows the record of what they did, hints or not. docs/nodes.md has the list.

const (
	// replyEvery is how often replies of other nodes are looked for on record while the bus is
	// gone, replyRarely while it is there.
	replyEvery  = time.Second
	replyRarely = 4 * time.Second
	// returnWithin is when citizens come back, to another node, whom this one sends away.
	returnWithin = 1500 * time.Millisecond
	// replyBatch bounds one look.
	replyBatch = 10_000
	// replyOverlap is how many numbers before the newest reply following begins: those may have
	// been drawn by transactions that commit later.
	replyOverlap = 10_000
)

// joinBus opens this node's end of the bus.
func (a *app) joinBus(ctx context.Context) error {
	a.bus = bus.Alone()
	if a.cfg.Bus == "" {
		return nil
	}
	if !a.store.Shared() {
		a.log.Warn("bus is set and the database is a SQLite file, which one node serves: nobody else will be on the bus")
	}
	cluster, err := a.store.Cluster(ctx)
	if err != nil {
		return err
	}
	a.bus, err = bus.Dial(bus.Config{URL: a.cfg.Bus, Prefix: a.cfg.BusPrefix, Cluster: cluster, CA: a.cfg.BusCA, Log: a.log})
	return err
}

// announce tells other nodes of one thing that changed.
func (a *app) announce(kind bus.Kind) func() {
	return func() { a.bus.Publish(bus.Hint{Kind: kind}) }
}

// changed is told of what was published or set for the moment here.
func (a *app) changed() {
	a.look()
	a.bus.Publish(bus.Hint{Kind: bus.Knowledge})
}

// newHub returns the hub of this node's sockets.
func (a *app) newHub() *live.Hub {
	cfg := live.Config{Log: a.log, Watch: a.seen.sockets()}
	if a.store.Shared() { // another node is there for those whom this one sends away
		cfg.Return = returnWithin
	}
	cfg.Announce = func(topic string, seq int64) {
		a.bus.Publish(bus.Hint{Kind: bus.Talk, Key: topic, Seq: seq})
	}
	return live.NewHub(cfg)
}

// listen has this node's parts told of the others' hints. Each of them looks at its table.
func (a *app) listen(n *node) {
	a.bus.Subscribe(bus.Talk, func(h bus.Hint) { n.hub.Heard(h.Key, h.Seq) })
	a.bus.Subscribe(bus.Ticket, func(h bus.Hint) { n.hotline.Hear(h.Key, h.Seq) })
	pages := n.server.Desk()
	a.bus.Subscribe(bus.AgentTypes, func(h bus.Hint) { pages.HearTyping(h.Key, true, h.Seq&1 == 1) })
	a.bus.Subscribe(bus.CitizenTypes, func(h bus.Hint) { pages.HearTyping(h.Key, false, h.Seq&1 == 1) })
	a.bus.Subscribe(bus.AgentRead, func(h bus.Hint) { pages.HearRead(h.Key, true, h.Seq) })
	a.bus.Subscribe(bus.CitizenRead, func(h bus.Hint) { pages.HearRead(h.Key, false, h.Seq) })
	a.bus.Subscribe(bus.Note, func(h bus.Hint) { pages.HearNote(h.Key, h.Seq) })
	a.bus.Subscribe(bus.Staff, func(bus.Hint) { n.hotline.HearStaff() })
	a.bus.Subscribe(bus.Knowledge, func(bus.Hint) { a.look() })
	a.bus.Subscribe(bus.Sessions, func(bus.Hint) { a.staff.Sweep() })
	a.bus.Subscribe(bus.Outbox, func(bus.Hint) { a.channels.outbox.Wake() })
	a.bus.Subscribe(bus.Jobs, func(bus.Hint) { a.jobs.Wake() })
}

// deskNodes tells other nodes who types and reads, and of notes.
func (a *app) deskNodes() webdesk.Nodes {
	tell := func(agent bool, kinds [2]bus.Kind, conversation string, seq int64) {
		kind := kinds[0]
		if agent {
			kind = kinds[1]
		}
		a.bus.Publish(bus.Hint{Kind: kind, Key: conversation, Seq: seq})
	}
	return webdesk.Nodes{
		Typing: func(conversation string, agent, on bool) {
			seq := a.now().UnixMilli() << 1 // grows, and its last bit says on or off
			if on {
				seq |= 1
			}
			tell(agent, [2]bus.Kind{bus.CitizenTypes, bus.AgentTypes}, conversation, seq)
		},
		Read: func(conversation string, agent bool, seq int64) {
			tell(agent, [2]bus.Kind{bus.CitizenRead, bus.AgentRead}, conversation, seq)
		},
		Note:   func(conversation string, n int64) { a.bus.Publish(bus.Hint{Kind: bus.Note, Key: conversation, Seq: n}) },
		Shared: a.store.Shared(),
	}
}

// followReplies tells this node's sockets of what other nodes have put on record, whether the bus
// said so or not, until ctx ends. Where one node alone serves, there is nothing to follow.
func (a *app) followReplies(ctx context.Context, hub *live.Hub) error {
	if !a.store.Shared() {
		return nil
	}
	cursor, known := int64(0), false
	tick := time.NewTicker(replyEvery)
	defer tick.Stop()
	looked := time.Time{}
	failing := false
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if a.cfg.Bus != "" && a.bus.Connected() && time.Since(looked) < replyRarely {
			continue
		}
		looked = time.Now()
		err := a.tellReplies(ctx, hub, &cursor, &known)
		if err != nil && !failing && ctx.Err() == nil {
			a.log.Error("what other nodes answered cannot be read; it is tried again", "err", err)
		}
		failing = err != nil
	}
}

func (a *app) tellReplies(ctx context.Context, hub *live.Hub, cursor *int64, known *bool) error {
	if !*known {
		last, err := a.store.LastReply(ctx)
		if err != nil {
			return err
		}
		*cursor, *known = max(0, last-replyOverlap), true
	}
	for ctx.Err() == nil {
		seqs, upTo, err := a.store.Replied(ctx, *cursor, replyBatch)
		if err != nil || upTo == *cursor {
			return err
		}
		*cursor = upTo
		for conversation, seq := range seqs {
			hub.Heard(conversation, seq)
		}
	}
	return nil
}
