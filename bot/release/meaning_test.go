package release_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"shenwei/bot"
	"shenwei/bot/release"
	"shenwei/kb"
)

// likeness is what a test says vectors say.
type likeness func(text string) map[string]float32

func (l likeness) Near(_ context.Context, text string) map[string]float32 { return l(text) }

const vectorWeights = "model: m\nversion: \"1\"\nweights: {near: 12, share: 3, top: 2, none_near: 0}\n"

func TestVectorsCountOnlyWithTheWeightsOfTheirModel(t *testing.T) {
	b, err := release.NewBuilder(filepath.Join(os.TempDir(), "shenwei-test-release"), site)
	if err != nil {
		t.Fatal(err)
	}
	const line = "旧的那个去哪弄新的"
	probability := func(v *release.Vectors, weights string) (float64, int) {
		t.Helper()
		asked := 0
		if v != nil {
			v.Of = func(*kb.Knowledge) release.Likeness {
				return likeness(func(text string) map[string]float32 {
					asked++
					if text != line {
						t.Errorf("asked about %q", text)
					}
					return map[string]float32{"item/JJ-007": 0.8, "item/CRJ-002": 0.1}
				})
			}
		}
		b.WithVectors(v)
		rel := small(1, 1)
		if weights != "" {
			rel.Revisions = append(rel.Revisions, kb.Revision{Document: kb.Document{Kind: kb.KindWeights, ID: "vectors.yaml", Body: weights}, Number: 1})
		}
		r, err := b.BuildRelease(rel)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = r.Close() }()
		a := r.Answer(t.Context(), bot.Turn{Message: bot.Message{Channel: bot.Web, Text: line}, Owner: bot.OwnerBot})
		for _, c := range a.Trace.Candidates {
			if c.Key == "item/JJ-007" {
				if said := c.Features["vector"] == 0.8; said != (asked > 0) {
					t.Errorf("the trace says %v of vectors, asked %d times", c.Features["vector"], asked)
				}
				return c.Confidence, asked
			}
		}
		return 0, asked
	}
	want, _ := probability(nil, "")
	for name, c := range map[string]struct {
		vectors *release.Vectors
		weights string
	}{
		"no weights":      {&release.Vectors{Model: "m", Version: "1"}, ""},
		"no model":        {nil, vectorWeights},
		"another model":   {&release.Vectors{Model: "n", Version: "1"}, vectorWeights},
		"another version": {&release.Vectors{Model: "m", Version: "2"}, vectorWeights},
	} {
		if got, asked := probability(c.vectors, c.weights); got != want || asked != 0 {
			t.Errorf("%s: %v, want %v; asked %d times", name, got, want, asked)
		}
	}
	got, asked := probability(&release.Vectors{Model: "m", Version: "1"}, vectorWeights)
	if got < want+0.3 || asked != 1 {
		t.Errorf("with vectors %v, without %v; asked %d times", got, want, asked)
	}
	b.WithVectors(&release.Vectors{Model: "m", Version: "1"})
	broken := small(1, 1)
	broken.Revisions = append(broken.Revisions, kb.Revision{Document: kb.Document{Kind: kb.KindWeights, ID: "vectors.yaml", Body: "model: m"}, Number: 1})
	if _, err := b.BuildRelease(broken); err == nil {
		t.Error("weights without weights are taken")
	}
}
