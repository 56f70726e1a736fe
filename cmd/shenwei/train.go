package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"shenwei/bot"
	"shenwei/bot/eval"
	"shenwei/bot/release"
	"shenwei/intents"
	"shenwei/internal/fault"
	"shenwei/kb"
)

type trainCmd struct {
	Files  []string `arg:"" help:"Labelled TSV files." type:"existingfile"`
	Write  string   `help:"Write the weights, fitted on all rows, to this file." placeholder:"FILE"`
	Danger bool     `help:"Fit the danger model: rows labelled emergency against all others."`
	// Vectors fits only what vectors weigh.
	Vectors bool               `help:"Fit the weights of an embedding model's vectors; all others stay."`
	Folds   int                `help:"Folds of the cross-validation; 0 leaves it out." default:"5"`
	Times   map[string]float64 `help:"How much the rows of a file count, by its name." placeholder:"FILE=N"`
	L2      float64            `name:"l2" help:"Strength of the penalty on the weights." default:"0.03"`
	Note    string             `help:"Note in the weights' file." default:"fitted by shenwei train; see docs/understanding.md"`
}

// labelledRow is a row with what the ranker sees of it.
type labelledRow struct {
	eval.Row
	file   string
	sample intents.Sample
}

// oosWeight is how much a row that is nobody's matter counts: such rows are rarer in
// labelled files than in life.
const oosWeight = 2.5

// Run fits the ranker's weights on labelled questions and says, by cross-validation, how
// well they do on questions of items that they have not seen.
func (tr *trainCmd) Run(ctx context.Context, c *cli) error {
	app, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = app.close() }()
	running, err := app.builder.BuildRelease(app.started.Release)
	if err != nil {
		return err
	}
	defer func() { _ = running.Close() }()
	switch {
	case tr.Danger:
		return tr.danger(ctx, running)
	case tr.Vectors:
		return tr.fitVectors(ctx, app, running)
	}
	rows, err := tr.rows(ctx, running)
	if err != nil {
		return err
	}
	if tr.Folds > 1 {
		if err := tr.validate(ctx, app, rows); err != nil {
			return err
		}
	}
	model, err := intents.Fit(samplesOf(rows, nil), tr.L2)
	if err != nil {
		return err
	}
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

// rows reads the files and describes every row that the ranker has a part in.
func (tr *trainCmd) rows(ctx context.Context, running *release.Running) ([]labelledRow, error) {
	k := running.Knowledge()
	var all []labelledRow
	for _, path := range tr.Files {
		rows, err := labelledFile(path, k)
		if err != nil {
			return nil, err
		}
		bar := newProgress(os.Stderr, filepath.Base(path), len(rows))
		for i, row := range rows {
			sample, ok, err := sampleOf(ctx, running, k, row)
			if err != nil {
				return nil, err
			}
			if ok {
				sample.Weigh(tr.timesOf(path))
				all = append(all, labelledRow{row, filepath.Base(path), sample})
			}
			bar.set(i + 1)
		}
		bar.finish()
	}
	return all, nil
}

// timesOf is how much a row of a file counts.
func (tr *trainCmd) timesOf(path string) float64 {
	if n, ok := tr.Times[filepath.Base(path)]; ok {
		return n
	}
	return 1
}

// labelledFile reads one labelled TSV file.
func labelledFile(path string, k *kb.Knowledge) ([]eval.Row, error) {
	f, err := os.Open(path) //nolint:gosec // the operator names the file
	if err != nil {
		return nil, fault.Wrap(fault.BadRequest, err, "%s cannot be read", path)
	}
	defer func() { _ = f.Close() }()
	rows, err := eval.ReadRows(f, func(code string) bool { return k.Item(code) != nil })
	if err != nil {
		return nil, fault.Wrap(fault.BadRequest, err, "%s: %s", path, explain(err))
	}
	return rows, nil
}

// sampleOf describes a row; ok is false for one that is decided before the ranking.
func sampleOf(ctx context.Context, running *release.Running, k *kb.Knowledge, row eval.Row) (intents.Sample, bool, error) {
	right, none, ok := eval.Right(row, k)
	un := running.Understander().Read(row.Question)
	if !ok || un.Triage.Level == intents.Danger || un.Triage.Level == intents.Refuse || un.Act != intents.Ask {
		return intents.Sample{}, false, nil
	}
	evidence, err := running.Search(ctx, un, searchDepth)
	if err != nil {
		return intents.Sample{}, false, err
	}
	group := row.ID
	if len(row.Codes) > 0 {
		group = row.Codes[0]
	}
	weight := 1.0
	if row.Action == "oos" {
		weight = oosWeight
	}
	return running.Understander().Sample(un, evidence, group, right, none, weight), true, nil
}

// searchDepth is how many documents the index is asked for, as the engine does.
const searchDepth = 12

func samplesOf(rows []labelledRow, keep func(i int) bool) []intents.Sample {
	var out []intents.Sample
	for i := range rows {
		if keep == nil || keep(i) {
			out = append(out, rows[i].sample)
		}
	}
	return out
}

// validate answers every row with weights that were fitted without its fold.
func (tr *trainCmd) validate(ctx context.Context, app *app, rows []labelledRow) error {
	folds := intents.Folds(samplesOf(rows, nil), tr.Folds)
	judged := map[string][]eval.Judgement{}
	lost := map[string]float64{}
	bar := newProgress(os.Stderr, "folds", tr.Folds)
	for fold := range tr.Folds {
		model, err := intents.Fit(samplesOf(rows, func(i int) bool { return folds[i] != fold }), tr.L2)
		if err != nil {
			return err
		}
		if err := judgeFold(ctx, app, model, rows, func(i int) bool { return folds[i] == fold }, judged); err != nil {
			return err
		}
		for _, path := range tr.Files {
			name := filepath.Base(path)
			held := samplesOf(rows, func(i int) bool { return folds[i] == fold && rows[i].file == name })
			lost[name] += model.Loss(held) * float64(len(held))
		}
		bar.set(fold + 1)
	}
	bar.finish()
	fmt.Fprintf(os.Stderr, "%-18s %6s %7s %7s %7s %9s %8s %8s %6s\n", "cross-validated", "rows", "first", "tap", "wrong", "precision", "silence", "general", "loss")
	for _, path := range tr.Files {
		r := eval.Summarise(judged[filepath.Base(path)])
		fmt.Fprintf(os.Stderr, "%-18s %6d %6.1f%% %6.1f%% %6.1f%% %8.1f%% %7.1f%% %7.1f%% %6.3f\n", filepath.Base(path), r.Rows,
			100*r.First, 100*r.OneTap, 100*r.WrongLink, 100*r.Precision, 100*r.Silence, 100*r.GeneralAnswers, lost[filepath.Base(path)]/float64(max(1, r.Rows)))
	}
	return nil
}

func judgeFold(ctx context.Context, app *app, model *intents.Model, rows []labelledRow, in func(int) bool, judged map[string][]eval.Judgement) error {
	text, err := model.File("one fold")
	if err != nil {
		return err
	}
	candidate := kb.Candidate(app.started.Release, []kb.Revision{{Document: kb.Document{Kind: kb.KindWeights, ID: intents.RankerFile, Body: text}}})
	running, err := app.builder.BuildRelease(candidate)
	if err != nil {
		return err
	}
	live := release.NewLive(app.log)
	live.Swap(running)
	defer func() { _ = running.Close() }()
	for i := range rows {
		if !in(i) {
			continue
		}
		a, err := live.Answer(ctx, bot.Turn{Message: bot.Message{Channel: bot.CLI, Text: rows[i].Question}, Owner: bot.OwnerBot})
		if err != nil {
			return err
		}
		judged[rows[i].file] = append(judged[rows[i].file], eval.Judge(rows[i].Row, a.Reply))
	}
	return nil
}
