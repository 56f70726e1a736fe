package store

import (
	"context"
	"sync"
)

// horizon tells up to which number the rows of a table are complete, so that a reader who
// follows them never passes one that is committed late. On PostgreSQL a number is drawn
// before its transaction commits, and another one may commit first. A row's transaction has
// written before it draws (a conversation, or the feedback), so it counts as running then:
// once every transaction that ran when a number was the highest has ended, all up to that
// number are there or never will be.
type horizon struct {
	mu      sync.Mutex
	settled int64
	// mark was the highest number when the next transaction to begin was fence; 0 for none.
	mark, fence int64
}

// advance takes the oldest transaction under way, the next one to begin and the highest
// number, all seen at one moment, and returns up to where rows are complete.
func (h *horizon) advance(oldest, next, highest int64) int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	if oldest == next {
		h.settled, h.fence = max(h.settled, highest), 0
		return h.settled
	}
	if h.fence != 0 && oldest >= h.fence {
		h.settled, h.fence = max(h.settled, h.mark), 0
	}
	if h.fence == 0 {
		h.mark, h.fence = highest, next
	}
	return h.settled
}

// settled asks the database and h up to which number the rows of a table are complete.
// highest is an SQL expression.
func (db *DB) settled(ctx context.Context, h *horizon, highest string) (int64, error) {
	var oldest, next, top int64
	if _, err := db.get(ctx, `SELECT `+db.dialect.running+`, (`+highest+`)`, nil, &oldest, &next, &top); err != nil {
		return 0, err
	}
	return h.advance(oldest, next, top), nil
}
