package intents

import (
	"os"
	"path/filepath"
	"sync"
	"testing"

	"shenwei/data"
	"shenwei/kb"
	"shenwei/kb/segment"
)

// shared is one understander of the shipped knowledge for all tests, with the triage's
// rules alone: what is learned from examples has tests of its own (whole).
var shared = sync.OnceValue(func() *Understander { return shipped(false) })

// whole is the understander that citizens meet.
var whole = sync.OnceValue(func() *Understander { return shipped(true) })

func shipped(learned bool) *Understander {
	docs, err := kb.ReadDocuments(data.Files)
	if err != nil {
		panic(err)
	}
	k, err := kb.Parse(docs)
	if err != nil {
		panic(err)
	}
	dict, err := segment.Unpack(filepath.Join(os.TempDir(), "shenwei-test-intents"))
	if err != nil {
		panic(err)
	}
	norm, err := segment.NewNormalizer()
	if err != nil {
		panic(err)
	}
	seg, err := segment.NewSegmenter(dict, Words(k.Lexicon, norm))
	if err != nil {
		panic(err)
	}
	models, err := ParseModels(k.Weights)
	if err != nil {
		panic(err)
	}
	if !learned {
		models.Danger = nil
	}
	return New(k, dict, seg, norm, models)
}

var normal = sync.OnceValue(func() *segment.Normalizer {
	n, err := segment.NewNormalizer()
	if err != nil {
		panic(err)
	}
	return n
})

func read(t testing.TB, line string) *Understanding {
	t.Helper()
	return shared().Read(line)
}
