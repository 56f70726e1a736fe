package store

import (
	"context"
	"database/sql"
	"log/slog"
	"sync"
	"time"
)

// clock is the one clock of all nodes of a database: the database's. A node measures by how
// much its own differs and adds that, so that leases, presence, timers, dates and sessions are
// judged alike on nodes whose machines disagree. On SQLite, which one machine has to itself, it
// is the machine's.
type clock struct {
	local func() time.Time // this machine's

	mu sync.RWMutex
	// When local showed here, the database's clock showed there, give or take within.
	here, there time.Time
	within      time.Duration
}

func newClock(local func() time.Time) *clock { return &clock{local: local} }

// now goes on from the last measurement by the machine's monotonic clock, which setting the
// time of day does not move.
func (c *clock) now() time.Time {
	at := c.local()
	c.mu.RLock()
	defer c.mu.RUnlock()
	if c.here.IsZero() {
		return at
	}
	return c.there.Add(at.Sub(c.here))
}

// measured takes in that the database's clock showed there at some moment between two of the
// machine's. What is believed stays while it fits, so that time does not tremble.
func (c *clock) measured(before, after, there time.Time) {
	within := after.Sub(before) / 2
	middle := before.Add(within)
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.here.IsZero() {
		if off := c.there.Add(middle.Sub(c.here)).Sub(there).Abs(); off <= within {
			return
		}
	}
	c.here, c.there, c.within = middle, there, within
}

// skew is the machine's time of day minus the database's.
func (c *clock) skew() time.Duration {
	at := c.local()
	return at.Round(0).Sub(c.now().Round(0)) // the time of day, not the monotonic clock
}

const (
	// maxSkew is how wrong a machine's clock may be before somebody should set it.
	maxSkew = time.Second
	// measureEvery is how often the clocks are compared; measureWithin is how long the question
	// may take for its answer to count.
	measureEvery  = 5 * time.Second
	measureWithin = time.Second
	measureTries  = 3
)

// Now is the time on the clock that all nodes of the database share.
func (db *DB) Now() time.Time { return db.now() }

// Skew is by how much this machine's clock is ahead of the one that all nodes share. Nothing
// depends on it but what the machine writes itself, such as the times in its log.
func (db *DB) Skew() time.Duration {
	if db.clock == nil || !db.dialect.shared {
		return 0
	}
	return db.clock.skew()
}

// Skewed tells whether a machine's clock should be set.
func Skewed(skew time.Duration) bool { return skew.Abs() > maxSkew }

// measure compares the clocks. An answer that took long, because the network or this process
// stood still, is asked for again.
func (db *DB) measure(ctx context.Context, q rowQuerier) error {
	if db.clock == nil || !db.dialect.shared {
		return nil
	}
	for try := 1; ; try++ {
		var micros int64
		before := db.clock.local()
		if err := q.QueryRowContext(ctx, `SELECT `+db.dialect.clock).Scan(&micros); err != nil {
			return err
		}
		after := db.clock.local()
		if after.Sub(before) <= measureWithin || try == measureTries {
			db.clock.measured(before, after, fromMicros(micros))
			return nil
		}
	}
}

// rowQuerier is a pool of connections, a connection or a transaction.
type rowQuerier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// Watch keeps the clock that of the database until ctx ends, and tells the log when this
// machine's is wrong, and when it is right again. It returns a conflict when a newer program has
// brought the schema further than this one may use: then this one must end.
func (db *DB) Watch(ctx context.Context, log *slog.Logger) error {
	wrong := false
	tick := time.NewTicker(measureEvery)
	defer tick.Stop()
	for {
		wrong = db.tell(log, wrong)
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if err := db.outgrown(ctx); err != nil && ctx.Err() == nil {
			return err
		}
		_ = db.measure(ctx, db.read) // a database that does not answer shows elsewhere; time goes on from the last answer
	}
}

// tell tells the log when the machine's clock has become wrong, or right again, and returns
// whether it is wrong.
func (db *DB) tell(log *slog.Logger, was bool) bool {
	skew := db.Skew()
	wrong := Skewed(skew)
	switch {
	case wrong && !was:
		log.Warn("this machine's clock is wrong; the service goes by the database's clock and is right, but the times in this log are not: set the clock (NTP, for example chrony)",
			"ahead", skew.Round(time.Millisecond))
	case was && !wrong:
		log.Info("this machine's clock is right again")
	}
	return wrong
}
