package meaning

import (
	"context"
	"sync/atomic"
	"time"

	"shenwei/kb"
)

// Table compares lines with the phrases of one version of the knowledge. It is safe for concurrent
// use.
type Table struct {
	service *Service
	phrases []phrase
	now     atomic.Pointer[flat]
}

// flat is what is compared: the vectors that are known, one after the other.
type flat struct {
	round   int64
	size    int
	vectors []float32
	keys    []string // of each vector's entry
}

// Table returns the table of a version of the knowledge. Phrases whose vectors are still made join it
// as they come.
func (s *Service) Table(k *kb.Knowledge) *Table {
	return &Table{service: s, phrases: phrasesOf(k)}
}

// flat gathers the vectors anew when there are more than the last time.
func (t *Table) flat() *flat {
	s := t.service
	s.mu.RLock()
	defer s.mu.RUnlock()
	if f := t.now.Load(); f != nil && f.round == s.round {
		return f
	}
	f := &flat{round: s.round, size: s.size}
	for _, p := range t.phrases {
		if v := s.known[p.hash]; v != nil {
			f.vectors = append(f.vectors, v...)
			f.keys = append(f.keys, p.key)
		}
	}
	t.now.Store(f)
	return f
}

// Near returns, by key of an entry, the cosine of a line with its nearest phrase, where that is above
// 0; nil where there are no vectors, or none of the line in time. The line is masked before it is sent.
func (t *Table) Near(ctx context.Context, text string) map[string]float32 {
	return t.near(ctx, text, within)
}

// Patiently is Near for work that nobody waits for.
func (t *Table) Patiently(ctx context.Context, text string) map[string]float32 {
	return t.near(ctx, text, batchWithin)
}

func (t *Table) near(ctx context.Context, text string, patience time.Duration) map[string]float32 {
	f := t.flat()
	if len(f.keys) == 0 {
		return nil
	}
	q := t.service.question(ctx, text, patience)
	if len(q) != f.size {
		return nil
	}
	out := map[string]float32{}
	for i, key := range f.keys {
		if c := dot(q, f.vectors[i*f.size:(i+1)*f.size]); c > 0 && c > out[key] {
			out[key] = c
		}
	}
	return out
}

// dot is the cosine of two vectors of length one. Four sums at a time, in a fixed order: the same
// everywhere.
func dot(a, b []float32) float32 {
	b = b[:len(a)]
	var s0, s1, s2, s3 float32
	i := 0
	for ; i+4 <= len(a); i += 4 {
		s0 += a[i] * b[i]
		s1 += a[i+1] * b[i+1]
		s2 += a[i+2] * b[i+2]
		s3 += a[i+3] * b[i+3]
	}
	for ; i < len(a); i++ {
		s0 += a[i] * b[i]
	}
	return (s0 + s1) + (s2 + s3)
}
