package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"shenwei/bot/eval"
	"shenwei/bot/release"
	"shenwei/intents"
	"shenwei/internal/fault"
)

// fitVectors fits the weights of vectors on labelled questions; everything else stays as it is. It
// says, on the fifth of the questions that each fit has not seen, what they change.
func (tr *trainCmd) fitVectors(ctx context.Context, app *app, running *release.Running) error {
	if app.vectors == nil {
		return fault.New(fault.BadRequest, "--vectors needs an embedding model: configure embeddings.base_url and embeddings.model")
	}
	bar := newProgress(os.Stderr, "vectors", 1)
	if _, err := app.vectors.Fill(ctx, running.Knowledge(), func(done, all int) { bar.total = all; bar.set(done) }); err != nil {
		return err
	}
	bar.finish()
	samples, groups, err := tr.meaningSamples(ctx, app, running)
	if err != nil {
		return err
	}
	folds := intents.Folds(groups, 5)
	var before, after float64
	for fold := range 5 {
		var seen, held []intents.MeaningSample
		for i, s := range samples {
			if folds[i] == fold {
				held = append(held, s)
			} else {
				seen = append(seen, s)
			}
		}
		m, err := intents.FitMeaning(seen, tr.L2)
		if err != nil {
			return err
		}
		var none *intents.MeaningModel
		before += none.Loss(held) / 5
		after += m.Loss(held) / 5
	}
	fmt.Fprintf(os.Stderr, "loss on questions not seen: %.4f without vectors, %.4f with them (lower is better)\n", before, after)
	model, err := intents.FitMeaning(samples, tr.L2)
	if err != nil {
		return err
	}
	model.Model, model.Version = app.cfg.Embeddings.Model, app.cfg.Embeddings.Version
	text, err := model.File(tr.Note)
	if err != nil {
		return err
	}
	if tr.Write == "" {
		fmt.Print(text)
		return nil
	}
	if err := os.WriteFile(tr.Write, []byte(text), 0o600); err != nil {
		return fault.Wrap(fault.BadRequest, err, "%s cannot be written", tr.Write)
	}
	return nil
}

// meaningSamples describes every row that the ranker has a part in. groups are the same rows, for
// dealing them into folds.
func (tr *trainCmd) meaningSamples(ctx context.Context, app *app, running *release.Running) (samples []intents.MeaningSample, groups []intents.Sample, err error) {
	k := running.Knowledge()
	table := app.vectors.Table(k)
	for _, path := range tr.Files {
		rows, err := labelledFile(path, k)
		if err != nil {
			return nil, nil, err
		}
		bar := newProgress(os.Stderr, filepath.Base(path), len(rows))
		for i, row := range rows {
			bar.set(i + 1)
			right, none, ok := eval.Right(row, k)
			sample, usable, err := sampleOf(ctx, running, k, row)
			if err != nil {
				return nil, nil, err
			}
			if !ok || !usable {
				continue
			}
			un := running.Understander().Read(row.Question)
			evidence, err := running.Search(ctx, un, searchDepth)
			if err != nil {
				return nil, nil, err
			}
			if un.Meaning.Near = table.Patiently(ctx, un.Raw); un.Meaning.Near == nil {
				return nil, nil, fault.New(fault.Unavailable, "the server of embeddings gives no vector for a question; try it with shenwei check")
			}
			weight := tr.timesOf(path)
			if row.Action == "oos" {
				weight *= oosWeight
			}
			samples = append(samples, running.Understander().MeaningSample(un, evidence, right, none, weight))
			groups = append(groups, sample)
		}
		bar.finish()
	}
	return samples, groups, nil
}
