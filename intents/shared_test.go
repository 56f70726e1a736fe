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

// shared is one understander of the shipped knowledge for all tests.
var shared = sync.OnceValue(func() *Understander {
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
	model, err := ParseModel(k.Weights)
	if err != nil {
		panic(err)
	}
	return New(k, dict, seg, norm, model)
})

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
