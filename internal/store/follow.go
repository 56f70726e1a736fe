package store

import (
	"context"
	"database/sql"
)

// What a node follows to tell its sockets what other nodes have put on record. Replies are
// followed by their numbers; rows of agents and of the system come with moves of tickets, which
// the desk follows.
const sqlReplied = `SELECT n, conversation, seq FROM messages WHERE kind = 'reply' AND n > $1 AND n <= $2 ORDER BY n LIMIT $3`

// Shared tells whether several nodes may serve from this database at once.
func (db *DB) Shared() bool { return db.dialect.begin == "BEGIN" }

// LastReply is the number of the newest reply: where following begins.
func (db *DB) LastReply(ctx context.Context) (int64, error) {
	var n int64
	_, err := db.get(ctx, sqlTopReply, nil, &n)
	return n, err
}

// Replied lists which conversations got replies after a number, with the highest sequence number
// of each, and up to where it has looked. One that is committed late is not passed over.
func (db *DB) Replied(ctx context.Context, after int64, limit int) (seqs map[string]int64, upTo int64, err error) {
	end, err := db.settled(ctx, &db.told, sqlTopReply)
	if err != nil || end <= after {
		return nil, after, err
	}
	seqs = map[string]int64{}
	rows := 0
	upTo = end
	err = db.scan(ctx, sqlReplied, []any{after, end, limit}, func(r *sql.Rows) error {
		var n, seq int64
		var conversation string
		if err := r.Scan(&n, &conversation, &seq); err != nil {
			return err
		}
		seqs[conversation] = max(seqs[conversation], seq)
		if rows++; rows == limit {
			upTo = n
		}
		return nil
	})
	if err != nil {
		return nil, after, err
	}
	return seqs, upTo, nil
}
