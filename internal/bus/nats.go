package bus

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"

	"shenwei/internal/fault"
)

const (
	dialTimeout  = 2 * time.Second
	pingEvery    = 5 * time.Second
	pingsMissed  = 2 // a partition is noticed after three times pingEvery
	retryAfter   = 500 * time.Millisecond
	retryJitter  = 500 * time.Millisecond
	closeTimeout = time.Second
	// round is the least time between two hints of one kind and key that are handed on: however
	// many come, a table is read at most that often.
	round = 20 * time.Millisecond
	// share is how long one hint keeps the next round waiting: at most 20,000 a second are handed on.
	share = 50 * time.Microsecond
	// queued is how many messages of other nodes may wait; more are dropped by the client.
	queued      = 1024
	queuedBytes = 4 << 20
)

// NATS is a node's end of a bus over one or more NATS servers. Whether they are there does not
// matter to anybody: it connects for ever.
type NATS struct {
	subscribers
	cfg     Config
	subject string
	out, in *pending
	conn    atomic.Pointer[nats.Conn]
	stop    context.CancelFunc
	work    sync.WaitGroup
	counts  counts

	mu   sync.Mutex
	said string // the last fault that was logged
}

var _ Bus = (*NATS)(nil)

type counts struct{ sent, received, dropped, refused atomic.Int64 }

// Stats counts what went through, since the start.
type Stats struct {
	// Sent and Received count hints; Dropped those for which there was no room or no connection,
	// Refused what came and was no hint.
	Sent, Received, Dropped, Refused int64
}

// Dial begins to connect and returns. It fails only for a configuration that cannot be meant.
func Dial(cfg Config) (*NATS, error) {
	if err := cfg.Check(); err != nil {
		return nil, err
	}
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	ctx, stop := context.WithCancel(context.Background())
	b := &NATS{cfg: cfg, subject: cfg.Prefix + "." + cfg.Cluster + ".hints", out: newPending(), in: newPending(), stop: stop}
	b.work.Go(func() { b.connect(ctx) })
	b.work.Go(func() { b.handOn(ctx) })
	return b, nil
}

// Publish queues a hint for the other nodes.
func (b *NATS) Publish(h Hint) {
	if !h.sound() || !b.out.add(h) {
		b.counts.dropped.Add(1)
	}
}

// Connected tells whether a server is connected.
func (b *NATS) Connected() bool {
	nc := b.conn.Load()
	return nc != nil && nc.IsConnected()
}

// Stats returns the counts.
func (b *NATS) Stats() Stats {
	return Stats{b.counts.sent.Load(), b.counts.received.Load(), b.counts.dropped.Load(), b.counts.refused.Load()}
}

// Close sends what waits, for a second at most, and ends.
func (b *NATS) Close() {
	b.stop()
	b.work.Wait()
}

// connect dials until ctx ends, then sends while it is connected. The client keeps the
// connection by itself from the first attempt on.
func (b *NATS) connect(ctx context.Context) {
	var nc *nats.Conn
	for {
		var err error
		if nc, err = nats.Connect(b.cfg.URL, b.options()...); err == nil {
			break
		}
		b.say("the bus cannot be used; other nodes' news come by the database, seconds later", err)
		select {
		case <-ctx.Done():
			return
		case <-time.After(retryAfter + retryJitter):
		}
	}
	defer nc.Close()
	sub, err := nc.Subscribe(b.subject, b.receive)
	if err == nil {
		err = sub.SetPendingLimits(queued, queuedBytes)
	}
	if err != nil {
		b.say("the bus cannot be listened to; other nodes' news come by the database, seconds later", err)
	}
	b.conn.Store(nc)
	if nc.IsConnected() {
		b.joined(nc)
	} else {
		b.lost(nc, nc.LastError())
	}
	b.sendOn(ctx, nc)
}

func (b *NATS) options() []nats.Option {
	opts := []nats.Option{
		nats.Name("shenwei"), nats.NoEcho(), nats.RetryOnFailedConnect(true), nats.IgnoreAuthErrorAbort(),
		nats.Timeout(dialTimeout), nats.PingInterval(pingEvery), nats.MaxPingsOutstanding(pingsMissed),
		nats.MaxReconnects(-1), nats.ReconnectWait(retryAfter), nats.ReconnectJitter(retryJitter, retryJitter),
		nats.ReconnectBufSize(-1), // a hint of before is worth nothing: the tables were read meanwhile
		nats.ConnectHandler(b.joined), nats.ReconnectHandler(b.joined), nats.DisconnectErrHandler(b.lost),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { b.say("the bus reports a fault", err) }),
	}
	if b.cfg.CA != "" {
		opts = append(opts, nats.RootCAs(b.cfg.CA))
	}
	return opts
}

func (b *NATS) joined(nc *nats.Conn) {
	b.mu.Lock()
	again := b.said == "joined"
	b.said = "joined"
	b.mu.Unlock()
	if !again {
		b.cfg.Log.Info("the bus is connected", "server", nc.ConnectedUrlRedacted())
	}
}

func (b *NATS) lost(nc *nats.Conn, err error) {
	if nc.IsClosed() {
		return
	}
	b.say("the bus is not reachable; other nodes' news come by the database, seconds later", err)
}

// say logs a fault once until something else happens.
func (b *NATS) say(what string, err error) {
	b.mu.Lock()
	again := b.said == what
	b.said = what
	b.mu.Unlock()
	if !again {
		b.cfg.Log.Warn(what, "err", err)
	}
}

// receive takes a message of another node, or of anybody.
func (b *NATS) receive(m *nats.Msg) {
	refused := decode(m.Data, func(h Hint) {
		if len(b.of(h.Kind)) == 0 {
			return
		}
		b.counts.received.Add(1)
		if !b.in.add(h) {
			b.counts.dropped.Add(1)
		}
	})
	b.counts.refused.Add(int64(refused))
}

// handOn tells the subscribers, each kind and key once a round.
func (b *NATS) handOn(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-b.in.more:
		}
		all := b.in.take()
		for n, seq := range all {
			b.tell(Hint{n.kind, n.key, seq})
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(max(round, time.Duration(len(all))*share)):
		}
	}
}

// sendOn sends what waits until ctx ends, and then what is left.
func (b *NATS) sendOn(ctx context.Context, nc *nats.Conn) {
	for {
		select {
		case <-b.out.more:
			b.send(nc)
		case <-ctx.Done():
			b.send(nc)
			if nc.IsConnected() {
				_ = nc.FlushTimeout(closeTimeout) // what is not out by now is in the tables
			}
			return
		}
	}
}

// send packs what waits into as few messages as they fit.
func (b *NATS) send(nc *nats.Conn) {
	all := b.out.take()
	var data []byte
	hints := int64(0)
	flush := func() {
		if hints == 0 {
			return
		}
		if !nc.IsConnected() || nc.Publish(b.subject, data) != nil {
			b.counts.dropped.Add(hints)
		} else {
			b.counts.sent.Add(hints)
		}
		data, hints = data[:0], 0
	}
	for n, seq := range all {
		if len(data)+maxKind+maxKey+24 > maxMessage {
			flush()
		}
		data = Hint{n.kind, n.key, seq}.appendTo(data)
		hints++
	}
	flush()
}

// checkCA tells whether a file of certificates can be read.
func checkCA(path string) error {
	if path == "" {
		return nil
	}
	if err := nats.RootCAs(path)(&nats.Options{}); err != nil {
		return fault.Wrap(fault.BadRequest, err, "bus_ca: %s is no readable file of certificates (PEM)", path)
	}
	return nil
}
