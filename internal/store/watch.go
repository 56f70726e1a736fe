package store

import (
	"context"
	"time"

	"shenwei/internal/trail"
)

// Watch is told how the database does. Its methods must not block.
type Watch interface {
	// Read is told of a read, Write of a write from when it was handed over until it was on disk.
	Read(took time.Duration, err error)
	Write(took time.Duration, err error)
	// Transaction is told of a transaction that carried out n writes together.
	Transaction(n int, took time.Duration, err error)
}

type nobody struct{}

func (nobody) Read(time.Duration, error)             {}
func (nobody) Write(time.Duration, error)            {}
func (nobody) Transaction(int, time.Duration, error) {}

// looking has a read watched.
func (db *DB) looking(ctx context.Context, read func(context.Context) error) error {
	begun := time.Now()
	ctx, span := trail.Start(ctx, "db read")
	err := read(ctx)
	span.End(err)
	db.watch.Read(time.Since(begun), err)
	return err
}

// Queued is how many writes wait for a transaction now.
func (db *DB) Queued() (n int) {
	for _, q := range db.writer.queues {
		n += len(q)
	}
	return n
}
