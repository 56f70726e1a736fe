package store

import (
	"context"
	"crypto/rand"

	"shenwei/internal/fault"
)

const (
	sqlNameCluster = `INSERT INTO cluster (one, id) VALUES (1, $1) ON CONFLICT (one) DO NOTHING`
	sqlClusterName = `SELECT id FROM cluster WHERE one = 1`
)

// Cluster is the database's own random name, the same on all nodes that serve from it.
func (db *DB) Cluster(ctx context.Context) (string, error) {
	var id string
	found, err := db.get(ctx, sqlClusterName, nil, &id)
	if found || err != nil {
		return id, err
	}
	err = db.writer.do(ctx, "cluster", "", func(s *session) error {
		_, err := s.exec(sqlNameCluster, rand.Text())
		return err
	})
	if err != nil {
		return "", err
	}
	if found, err = db.get(ctx, sqlClusterName, nil, &id); err == nil && !found {
		err = fault.New(fault.Internal, "the database has no name of its own")
	}
	return id, err
}
