package data_test

import (
	"testing"

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
