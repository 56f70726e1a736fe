// Package release turns a release (or a draft) of the knowledge into a running engine and
// swaps the live one without a failed question. Start with Builder.Build, then Live.
package release

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"golang.org/x/sync/errgroup"

	"shenwei/bot"
	"shenwei/intents"
	"shenwei/kb"
	"shenwei/kb/index"
	"shenwei/kb/segment"
)

// Builder holds what all engines share: jieba's dictionary and the normaliser.
type Builder struct {
	dict *segment.Dictionary
	norm *segment.Normalizer
	site bot.Site
	hant *segment.Traditional
	// vectors are nil without an embedding model.
	vectors *Vectors
}

// Speech writes our own texts in other languages than simplified Chinese.
func (b *Builder) Speech() bot.Speech { return bot.Speech{Traditional: b.hant.Text} }

// Mended are the files of the unpacked dictionary that were not as they ship, and are now.
func (b *Builder) Mended() []string { return b.dict.Mended() }

// NewBuilder unpacks the dictionary below dir, once.
func NewBuilder(dir string, site bot.Site) (*Builder, error) {
	if err := site.Check(); err != nil {
		return nil, err
	}
	dict, err := segment.Unpack(dir)
	if err != nil {
		return nil, err
	}
	norm, err := segment.NewNormalizer()
	if err != nil {
		return nil, fmt.Errorf("load the conversion of traditional characters: %w", err)
	}
	return &Builder{dict: dict, norm: norm, site: site, hant: segment.NewTraditional()}, nil
}

// Running is an engine with the index that belongs to it.
type Running struct {
	*bot.Engine
	read  *intents.Understander
	index *index.Index
}

// Close waits for searches under way and releases the index.
func (r *Running) Close() error { return r.index.Close() }

// Search asks the running index; see bot.Search.
func (r *Running) Search(ctx context.Context, un *intents.Understanding, n int) (map[string]float64, error) {
	return searcher(r.index)(ctx, un, n)
}

// Understander is what the engine reads and ranks with.
func (r *Running) Understander() *intents.Understander { return r.read }

// Build makes an engine of checked knowledge.
func (b *Builder) Build(k *kb.Knowledge, number int64, revisions map[string]int64) (*Running, error) {
	seg, err := segment.NewSegmenter(b.dict, intents.Words(k.Lexicon, b.norm))
	if err != nil {
		return nil, err
	}
	models, err := intents.ParseModels(k.Weights)
	if err != nil {
		return nil, err
	}
	var x *index.Index
	var building errgroup.Group
	building.Go(func() (err error) { x, err = index.Build(k, seg, b.norm, number); return err })
	read := intents.New(k, b.dict, seg, b.norm, models)
	if err := building.Wait(); err != nil {
		return nil, err
	}
	search, err := b.meaningful(k, searcher(x))
	if err != nil {
		return nil, errors.Join(err, x.Close())
	}
	engine := bot.NewEngine(bot.Parts{
		Knowledge: k, Understander: read, Search: search, Site: b.site, Release: number, Revisions: revisions,
		Speech: b.Speech(),
	})
	return &Running{Engine: engine, read: read, index: x}, nil
}

// BuildRelease parses and builds a stored release as of its instant.
func (b *Builder) BuildRelease(rel *kb.Release) (*Running, error) {
	k, revisions, err := rel.Knowledge()
	if err != nil {
		return nil, err
	}
	return b.Build(k, rel.Number, revisions)
}

// conceptTerm is the weight of a synonym in a query; a word that was written weighs 1.
const conceptTerm = 0.4

// searcher asks the index with the line's words, and with the official names of what it
// says in other words: our own synonym expansion.
func searcher(x *index.Index) bot.Search {
	return func(ctx context.Context, un *intents.Understanding, n int) (map[string]float64, error) {
		hits, err := x.Search(ctx, terms(un), n+spare)
		if err != nil || len(hits) == 0 {
			return nil, err
		}
		return strongest(hits, n), nil
	}
}

// Bleve adds up in another order every time and orders equals as it likes. What a node
// answers depends on release, conversation and message alone, so scores are rounded, equals
// ordered by key, and what is hardly evidence left out; spare hits make room for equals.
const (
	spare         = 8
	leastEvidence = 0.05
)

// strongest are the best n hits with their scores divided by the best one.
func strongest(hits []index.Hit, n int) map[string]float64 {
	best := hits[0].Score
	for i := range hits {
		hits[i].Score = math.Round(hits[i].Score/best*1000) / 1000
	}
	slices.SortFunc(hits, func(a, b index.Hit) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Key, b.Key))
	})
	found := make(map[string]float64, n)
	for _, h := range hits[:min(n, len(hits))] {
		if h.Score >= leastEvidence {
			found[h.Key] = h.Score
		}
	}
	return found
}

func terms(un *intents.Understanding) []index.Term {
	seen := map[string]bool{}
	var out []index.Term
	add := func(text string, weight float64) {
		if text != "" && !seen[text] {
			seen[text] = true
			out = append(out, index.Term{Text: text, Weight: weight})
		}
	}
	for _, w := range un.Synonyms() {
		add(w, conceptTerm)
	}
	words := un.Words()
	slices.SortStableFunc(words, func(a, b string) int { return cmp.Compare(len(b), len(a)) }) // long words tell most
	for _, w := range words {
		add(w, 1)
	}
	return out
}
