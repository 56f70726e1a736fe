package outbox

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"shenwei/internal/fault"
	"shenwei/internal/trail"
)

const (
	// batch is how many rows of a kind are sent at once.
	batch = 16
	// lease is how long an attempt may take before its row counts as lost. Attempts are cut
	// short well before.
	lease = 90 * time.Second
	// patience bounds one attempt.
	patience = 30 * time.Second
	// poll is how often rows of other processes are looked for.
	poll = time.Second
	// leaving bounds attempts that are under way when the program ends.
	leaving = 5 * time.Second
)

// Runner sends due rows. It is safe for concurrent use, and several processes may run one on
// the same store.
type Runner struct {
	store   Store
	owner   string
	now     func() time.Time
	log     *slog.Logger
	kinds   []string
	senders map[string]Sender
	wakes   map[string]chan struct{}
	tracer  trail.Tracer
	watch   func(kind, state string)
}

// Turned is a sender that can tell whose turn a row belongs to, "" for none.
type Turned interface{ TurnOf(r Row) string }

// Watch sets who is told of each attempt and the state that it led to, and who makes spans of
// attempts, nil for nobody. Call it before Run.
func (r *Runner) Watch(told func(kind, state string), t trail.Tracer) { r.watch, r.tracer = told, t }

// NewRunner returns a runner. Owner names this process: no other may have the same.
func NewRunner(store Store, owner string, now func() time.Time, log *slog.Logger) *Runner {
	return &Runner{store: store, owner: owner, now: now, log: log, watch: func(string, string) {}, senders: map[string]Sender{}, wakes: map[string]chan struct{}{}}
}

// Register has a sender deliver the rows of a kind. It must be called before Run.
func (r *Runner) Register(kind string, s Sender) {
	if r.senders[kind] == nil {
		r.kinds = append(r.kinds, kind)
		r.wakes[kind] = make(chan struct{}, 1)
	}
	r.senders[kind] = s
}

// Wake has Run look at once: something was added. It never blocks.
func (r *Runner) Wake() {
	for _, wake := range r.wakes {
		select {
		case wake <- struct{}{}:
		default:
		}
	}
}

// Run sends until ctx ends; attempts under way are finished. Each kind goes at its own pace.
func (r *Runner) Run(ctx context.Context) error {
	var all sync.WaitGroup
	for _, kind := range r.kinds {
		all.Go(func() { r.follow(ctx, kind) })
	}
	all.Wait()
	return nil
}

func (r *Runner) follow(ctx context.Context, kind string) {
	tick := time.NewTicker(poll)
	defer tick.Stop()
	for ctx.Err() == nil {
		n, err := r.step(ctx, kind)
		if err != nil && ctx.Err() == nil {
			r.log.Error("outbox: rows cannot be read; they wait", "kind", kind, "err", err)
		}
		if n > 0 && err == nil {
			continue
		}
		select {
		case <-ctx.Done():
		case <-r.wakes[kind]:
		case <-tick.C:
		}
	}
}

// Step claims due rows of every kind, sends them, settles them, and returns how many there were.
func (r *Runner) Step(ctx context.Context) (int, error) {
	total := 0
	for _, kind := range r.kinds {
		n, err := r.step(ctx, kind)
		if total += n; err != nil {
			return total, err
		}
	}
	return total, nil
}

func (r *Runner) step(ctx context.Context, kind string) (int, error) {
	s := r.senders[kind]
	asked := time.Now()
	lasting, end := outlive(ctx, leaving)
	defer end()
	rows, err := r.store.ClaimOutbox(ctx, kind, r.owner, lease, batch, func(row Row, now time.Time) Verdict { return lost(row, now, s.Idempotent()) })
	if err != nil {
		return 0, err
	}
	var sending sync.WaitGroup
	for _, row := range rows { // of different lanes: they need not wait for one another
		sending.Go(func() { r.send(lasting, s, row, asked.Add(patience)) })
	}
	sending.Wait()
	return len(rows), nil
}

// outlive returns a context that ends some time after ctx has.
func outlive(ctx context.Context, by time.Duration) (context.Context, context.CancelFunc) {
	lasting, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		t := time.AfterFunc(by, cancel)
		context.AfterFunc(lasting, func() { t.Stop() })
	})
	return lasting, func() { stop(); cancel() }
}

// Release has what is under way count as lost now: another process settles it. Call it only when
// the program ends at once.
func (r *Runner) Release(ctx context.Context) error { return r.store.ReleaseOutbox(ctx, r.owner) }

// send makes one attempt, which ends by a moment on this machine's monotonic clock: well before
// the lease, counted from before it was given. A process that slept longer sends nothing, since
// its rows may be another one's by now.
func (r *Runner) send(ctx context.Context, s Sender, row Row, by time.Time) {
	ctx, span := r.track(ctx, s, row)
	attempt, cancel := context.WithDeadline(ctx, by)
	defer cancel()
	var err error
	switch {
	case attempt.Err() != nil:
		err = Later(0, fault.New(fault.Unavailable, "this process stood still; nothing was sent"))
	case !row.Expires.IsZero() && r.now().After(row.Expires):
		err = Refuse(fault.New(fault.Conflict, "too late to send"))
	default:
		err = s.Send(attempt, row)
	}
	v := judge(row, err, r.now(), s.Idempotent())
	span.Set(trail.KeyState, string(v.State))
	span.End(err)
	r.watch(row.Kind, string(v.State))
	level := slog.LevelDebug
	switch v.State {
	case Failed, Unknown:
		level = slog.LevelError
	case Waiting:
		level = slog.LevelWarn
	}
	r.log.Log(ctx, level, "outbox: "+string(v.State), "kind", row.Kind, "row", row.ID, "attempt", row.Attempts, "why", v.Note)
	settle, stop := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer stop()
	if err := r.store.SettleOutbox(settle, row, r.owner, v); err != nil {
		r.log.ErrorContext(ctx, "outbox: an attempt's end cannot be stored; its row counts as lost", "kind", row.Kind, "row", row.ID, "state", v.State, "err", err)
	}
}

// track has the attempt told of under the turn that the row belongs to.
func (r *Runner) track(ctx context.Context, s Sender, row Row) (context.Context, trail.Span) {
	t, ok := s.(Turned)
	if !ok {
		return ctx, trail.Span{}
	}
	ctx, span := trail.Join(ctx, r.tracer, t.TurnOf(row), "deliver")
	span.Set(trail.KeyKind, row.Kind)
	span.Set(trail.KeyAttempt, row.Attempts)
	return ctx, span
}
