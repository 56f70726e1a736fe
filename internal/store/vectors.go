package store

import (
	"context"
	"database/sql"
	"encoding/binary"
	"math"
	"time"

	"shenwei/internal/fault"
)

const (
	sqlVectors   = `SELECT hash, vector FROM vectors WHERE model = $1 AND version = $2`
	sqlAddVector = `INSERT INTO vectors (model, version, hash, vector, used) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (model, version, hash) DO UPDATE SET used = excluded.used`
	sqlDropVectors = `DELETE FROM vectors WHERE NOT (model = $1 AND version = $2) AND used < $3`
)

// maxDimensions bounds a vector.
const maxDimensions = 8192

// Vectors calls each for every vector that a version of an embedding model made, in no order. hash is
// the SHA-256 of its phrase.
func (db *DB) Vectors(ctx context.Context, model, version string, each func(hash [32]byte, vector []float32)) error {
	return db.scan(ctx, sqlVectors, []any{model, version}, func(r *sql.Rows) error {
		var hash, packed []byte
		if err := r.Scan(&hash, &packed); err != nil {
			return err
		}
		if len(hash) != 32 || len(packed)%4 != 0 {
			return fault.New(fault.Internal, "a vector in the database is damaged; delete the rows of the table vectors, they will be made again")
		}
		v := make([]float32, len(packed)/4)
		for i := range v {
			v[i] = math.Float32frombits(binary.LittleEndian.Uint32(packed[4*i:]))
		}
		each([32]byte(hash), v)
		return nil
	})
}

// SaveVectors stores vectors by the SHA-256 of their phrases. What is there stays.
func (db *DB) SaveVectors(ctx context.Context, model, version string, vectors map[[32]byte][]float32) error {
	for _, err := range []error{checkName("an embedding model", model, false), checkName("an embedding model's version", version, true)} {
		if err != nil {
			return err
		}
	}
	for _, v := range vectors {
		if len(v) == 0 || len(v) > maxDimensions {
			return fault.New(fault.BadRequest, "a vector has %d dimensions; 1 to %d are allowed", len(v), maxDimensions)
		}
	}
	now := db.now().UnixMicro()
	return db.writer.do(ctx, "vectors", "", func(s *session) error {
		for hash, v := range vectors {
			packed := make([]byte, 4*len(v))
			for i, x := range v {
				binary.LittleEndian.PutUint32(packed[4*i:], math.Float32bits(x))
			}
			if _, err := s.exec(sqlAddVector, model, version, hash[:], packed, now); err != nil {
				return err
			}
		}
		return nil
	})
}

// PruneVectors deletes what other models and versions made that nobody has needed since before.
func (db *DB) PruneVectors(ctx context.Context, model, version string, before time.Time) (int64, error) {
	var n int64
	err := db.writer.do(ctx, "vectors", "", func(s *session) (err error) {
		n, err = s.exec(sqlDropVectors, model, version, before.UnixMicro())
		return err
	})
	return n, err
}
