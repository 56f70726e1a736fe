package data_test

import (
	"testing"
	"time"

	"shenwei/data"
	"shenwei/kb"
)

func TestShippedKnowledgeIsSound(t *testing.T) {
	docs, err := kb.ReadDocuments(data.Files)
	if err != nil {
		t.Fatal(err)
	}
	k, err := kb.Parse(docs)
	if err != nil {
		t.Fatalf("%v", err)
	}
	if len(k.Items) != 262 {
		t.Errorf("%d items, want 262", len(k.Items))
	}
}

// The knowledge is read by its critic in every run: complete items, sentences of their own,
// numbers with sources, gold questions that are no copies. What only time can make wrong (a
// review date that is past) is left to `shenwei check --content`.
func TestShippedKnowledgeStandsUpToItsCritic(t *testing.T) {
	docs, err := kb.ReadDocuments(data.Files)
	if err != nil {
		t.Fatal(err)
	}
	k, err := kb.Parse(docs)
	if err != nil {
		t.Fatal(err)
	}
	written := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	for _, p := range kb.CheckContent(k, docs, written) {
		t.Error(p)
	}
	if n := len(k.Articles); n < 200 {
		t.Errorf("%d articles, at least 200 are wanted", n)
	}
}
