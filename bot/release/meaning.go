package release

import (
	"context"

	"shenwei/bot"
	"shenwei/intents"
	"shenwei/kb"
)

// Likeness tells, by key of an entry, how near a line's vector is to that of its nearest phrase;
// nothing where that is not known in time.
type Likeness interface {
	Near(ctx context.Context, text string) map[string]float32
}

// Vectors are those of an embedding model of a name and version.
type Vectors struct {
	Model, Version string
	// Of returns the likeness to the phrases of a version of the knowledge.
	Of func(k *kb.Knowledge) Likeness
}

// WithVectors has the engines that are built from now on weigh vectors too, where their release has
// weights for this model.
func (b *Builder) WithVectors(v *Vectors) { b.vectors = v }

// meaningful adds to a search what vectors say, where the release's weights hold for them.
func (b *Builder) meaningful(k *kb.Knowledge, search bot.Search) (bot.Search, error) {
	model, err := intents.MeaningOf(k)
	if err != nil || model == nil || b.vectors == nil || model.Model != b.vectors.Model || model.Version != b.vectors.Version {
		return search, err
	}
	likeness := b.vectors.Of(k)
	return func(ctx context.Context, un *intents.Understanding, n int) (map[string]float64, error) {
		un.Meaning = intents.Meaning{Near: likeness.Near(ctx, un.Raw), Model: model}
		return search(ctx, un, n)
	}, nil
}
