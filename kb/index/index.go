// Package index keeps the knowledge in Bleve: one document per item and per article, our
// own analyzer, BM25. Start with Build, then Index.Search.
package index

import (
	"context"
	"encoding/binary"
	"fmt"
	"sync"

	"github.com/blevesearch/bleve/v2"
	"github.com/blevesearch/bleve/v2/index/scorch"
	"github.com/blevesearch/bleve/v2/mapping"
	"github.com/blevesearch/bleve/v2/search/query"

	"shenwei/internal/fault"
	"shenwei/kb"
	"shenwei/kb/segment"
)

// The fields of a document with their weights in a query. Head is what an entry is called
// and how people ask for it; body is what it says.
const (
	headField = "head"
	bodyField = "body"
	headBoost = 1.0
	bodyBoost = 0.35
)

// sequenceKey holds, inside the index, the sequence (release number) it was built from.
var sequenceKey = []byte("shenwei.sequence")

// Index is a searchable set of documents. It is safe for concurrent use; after Close every
// search is fault.Unavailable.
type Index struct {
	mu     sync.RWMutex
	bleve  bleve.Index
	closed bool
}

// Term is one word of a query with its weight (1 for a word that was written, less for a
// synonym).
type Term struct {
	Text   string
	Weight float64
}

// Hit is one found document. Score is Bleve's, comparable within one search only.
type Hit struct {
	Key   string // "item/CRJ-007", "article/…"
	Score float64
}

// Build makes an in-memory index of the knowledge. Sequence is the release it stands for.
// The database is the record; the index is rebuilt from it at every start.
func Build(k *kb.Knowledge, seg *segment.Segmenter, norm *segment.Normalizer, sequence int64) (*Index, error) {
	m, err := newMapping(seg)
	if err != nil {
		return nil, fmt.Errorf("index mapping: %w", err)
	}
	b, err := bleve.NewUsing("", m, scorch.Name, scorch.Name, nil)
	if err != nil {
		return nil, fmt.Errorf("new index: %w", err)
	}
	x := &Index{bleve: b}
	docs := make(map[string]Fields, len(k.Items)+len(k.Articles))
	for _, it := range k.Items {
		docs[ItemKey(it.Code)] = itemFields(it, norm)
	}
	for _, a := range k.Articles {
		docs[ArticleKey(a.ID)] = articleFields(a, norm)
	}
	if err := x.Apply(docs, nil, sequence); err != nil {
		_ = b.Close()
		return nil, err
	}
	return x, nil
}

// ItemKey and ArticleKey are the keys of documents.
func ItemKey(code string) string { return kb.ItemKey(code) }

// ArticleKey is the key of an article's document.
func ArticleKey(id string) string { return kb.ArticleKey(id) }

// Apply puts and removes documents and records the sequence in one batch.
func (x *Index) Apply(put map[string]Fields, remove []string, sequence int64) error {
	x.mu.RLock()
	defer x.mu.RUnlock()
	if x.closed {
		return fault.New(fault.Unavailable, "the index is closed")
	}
	batch := x.bleve.NewBatch()
	for key, f := range put {
		if err := batch.Index(key, map[string]any{headField: f.Head, bodyField: f.Body}); err != nil {
			return fmt.Errorf("index %s: %w", key, err)
		}
	}
	for _, key := range remove {
		batch.Delete(key)
	}
	batch.SetInternal(sequenceKey, binary.BigEndian.AppendUint64(nil, uint64(sequence))) //nolint:gosec // never negative
	return x.bleve.Batch(batch)
}

// Sequence returns the release that the index stands for.
func (x *Index) Sequence() (int64, error) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	if x.closed {
		return 0, fault.New(fault.Unavailable, "the index is closed")
	}
	v, err := x.bleve.GetInternal(sequenceKey)
	if err != nil || len(v) != 8 {
		return 0, fmt.Errorf("sequence of the index: %d bytes, %w", len(v), err)
	}
	return int64(binary.BigEndian.Uint64(v)), nil //nolint:gosec // written by Apply
}

// Count returns how many documents the index holds.
func (x *Index) Count() (uint64, error) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	if x.closed {
		return 0, fault.New(fault.Unavailable, "the index is closed")
	}
	return x.bleve.DocCount()
}

// MaxTerms bounds a query; further terms are dropped.
const MaxTerms = 8

// Search returns the best documents for the terms, best first, at most n. Synonyms are
// terms of the query: Bleve's own would drop those of several words.
func (x *Index) Search(ctx context.Context, terms []Term, n int) ([]Hit, error) {
	if len(terms) == 0 || n <= 0 {
		return nil, nil
	}
	x.mu.RLock()
	defer x.mu.RUnlock()
	if x.closed {
		return nil, fault.New(fault.Unavailable, "the index is closed")
	}
	res, err := x.bleve.SearchInContext(ctx, bleve.NewSearchRequestOptions(disjunction(terms), n, 0, false))
	if err != nil {
		return nil, fault.Wrap(fault.Unavailable, err, "search failed")
	}
	hits := make([]Hit, len(res.Hits))
	for i, h := range res.Hits {
		hits[i] = Hit{Key: h.ID, Score: h.Score}
	}
	return hits, nil
}

func disjunction(terms []Term) query.Query {
	if len(terms) > MaxTerms {
		terms = terms[:MaxTerms]
	}
	qs := make([]query.Query, 0, 2*len(terms))
	for _, t := range terms {
		for _, f := range []struct {
			name  string
			boost float64
		}{{headField, headBoost}, {bodyField, bodyBoost}} {
			q := bleve.NewTermQuery(t.Text)
			q.SetField(f.name)
			q.SetBoost(f.boost * t.Weight)
			qs = append(qs, q)
		}
	}
	return bleve.NewDisjunctionQuery(qs...)
}

// Close waits for searches under way and releases the index.
func (x *Index) Close() error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.closed {
		return nil
	}
	x.closed = true
	return x.bleve.Close()
}

func newMapping(seg *segment.Segmenter) (*mapping.IndexMappingImpl, error) {
	m := bleve.NewIndexMapping()
	m.ScoringModel = "bm25"
	if err := m.AddCustomTokenizer(tokenizerName, map[string]any{"type": tokenizerType, "segmenter": seg}); err != nil {
		return nil, err
	}
	err := m.AddCustomAnalyzer(analyzerName, map[string]any{"type": "custom", "tokenizer": tokenizerName})
	if err != nil {
		return nil, err
	}
	field := bleve.NewTextFieldMapping()
	field.Analyzer = analyzerName
	field.Store = false
	field.IncludeTermVectors = false
	field.IncludeInAll = false
	field.DocValues = false
	doc := bleve.NewDocumentStaticMapping()
	doc.AddFieldMappingsAt(headField, field)
	doc.AddFieldMappingsAt(bodyField, field)
	m.DefaultMapping = doc
	m.DefaultAnalyzer = analyzerName
	return m, nil
}
