package insight

import (
	"os"
	"path/filepath"
	"sync"

	"shenwei/data"
	"shenwei/intents"
	"shenwei/kb"
	"shenwei/kb/segment"
)

var knowledge = sync.OnceValue(func() *kb.Knowledge {
	docs, err := kb.ReadDocuments(data.Files)
	if err != nil {
		panic(err)
	}
	k, err := kb.Parse(docs)
	if err != nil {
		panic(err)
	}
	return k
})

// reader reads lines with the shipped knowledge.
var reader = sync.OnceValue(func() *intents.Understander {
	k := knowledge()
	dict, err := segment.Unpack(filepath.Join(os.TempDir(), "shenwei-test-insight"))
	if err != nil {
		panic(err)
	}
	norm, err := segment.NewNormalizer()
	if err != nil {
		panic(err)
	}
	seg, err := segment.NewSegmenter(dict, intents.Words(k.Lexicon, norm))
	if err != nil {
		panic(err)
	}
	models, err := intents.ParseModels(k.Weights)
	if err != nil {
		panic(err)
	}
	return intents.New(k, dict, seg, norm, models)
})
