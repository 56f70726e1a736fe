package index

import (
	"fmt"

	"github.com/blevesearch/bleve/v2/analysis"
	_ "github.com/blevesearch/bleve/v2/analysis/analyzer/custom" // the analyzer type that our tokenizer goes into
	"github.com/blevesearch/bleve/v2/registry"

	"shenwei/kb/segment"
)

const (
	tokenizerType = "shenwei_jieba"
	tokenizerName = "jieba"
	analyzerName  = "chinese"
)

// Bleve looks tokenizers up by name in its own registry, which is filled at start; the
// segmenter itself comes with the mapping, so that each index has its own lexicon.
func init() {
	err := registry.RegisterTokenizer(tokenizerType, func(config map[string]any, _ *registry.Cache) (analysis.Tokenizer, error) {
		seg, ok := config["segmenter"].(*segment.Segmenter)
		if !ok {
			return nil, fmt.Errorf("tokenizer %s needs a segmenter", tokenizerType)
		}
		return tokenizer{seg}, nil
	})
	if err != nil {
		panic(err) // two packages of one name: a mistake of the build
	}
}

type tokenizer struct{ seg *segment.Segmenter }

// Tokenize implements analysis.Tokenizer on normalised text.
func (t tokenizer) Tokenize(input []byte) analysis.TokenStream {
	tokens := t.seg.Search(string(input))
	stream := make(analysis.TokenStream, len(tokens))
	for i, tok := range tokens {
		stream[i] = &analysis.Token{
			Term: []byte(tok.Text), Start: tok.Start, End: tok.End, Position: i + 1, Type: analysis.Ideographic,
		}
	}
	return stream
}
