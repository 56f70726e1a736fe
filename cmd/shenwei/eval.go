package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"shenwei/bot/eval"
	"shenwei/bot/phrase"
	"shenwei/internal/fault"
)

type evalCmd struct {
	File         string  `arg:"" help:"Labelled TSV file (id question action codes facet sure) or dialogues (JSONL)." type:"existingfile"`
	JSON         bool    `name:"json" help:"Print the figures as JSON."`
	Report       string  `help:"Write an HTML report to this file." placeholder:"FILE"`
	Against      string  `help:"JSON of an earlier run, to stand beside this one in the report." placeholder:"FILE"`
	MinFirst     float64 `help:"Fail below this share of first answers." placeholder:"0..1"`
	MinTap       float64 `help:"Fail below this share within one tap." placeholder:"0..1"`
	MaxWrong     float64 `help:"Fail above this share of wrong links." default:"1" placeholder:"0..1"`
	MinPrecision float64 `help:"Fail below this precision." placeholder:"0..1"`
	MinSilence   float64 `help:"Fail below this share of silence." placeholder:"0..1"`
}

// Run scores a labelled file with the live knowledge.
func (e *evalCmd) Run(ctx context.Context, c *cli) error {
	app, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = app.close() }()
	f, err := os.Open(e.File)
	if err != nil {
		return fault.Wrap(fault.BadRequest, err, "%s cannot be read", e.File)
	}
	defer func() { _ = f.Close() }()
	report, err := e.score(ctx, app, app.live, f)
	if err != nil {
		return fault.Wrap(fault.BadRequest, err, "%s: %s", e.File, explain(err))
	}
	var without *eval.Report // the engine alone, where a model looks a second time
	if second, ok := app.answerer().(*phrase.Second); ok {
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			return fault.Wrap(fault.BadRequest, err, "%s cannot be read again", e.File)
		}
		alone := report
		without = &alone
		if report, err = e.score(ctx, app, second, f); err != nil {
			return fault.Wrap(fault.BadRequest, err, "%s: %s", e.File, explain(err))
		}
	}
	if e.Report != "" {
		if err := writeReport(e.Report, e.File, e.Against, report); err != nil {
			return err
		}
	}
	if e.JSON {
		enc := json.NewEncoder(os.Stdout)
		enc.SetIndent("", "  ")
		err = enc.Encode(struct {
			eval.Report
			Without *eval.Report `json:"without_model,omitempty"`
		}{report, without})
	} else {
		err = e.printBoth(app, without, report)
	}
	if err != nil {
		return err
	}
	return e.thresholds(report)
}

// printBoth prints the report, and before it that of the engine alone where a model looked a second
// time, with how often that led where.
func (e *evalCmd) printBoth(app *app, without *eval.Report, report eval.Report) error {
	if without == nil {
		return printReport(os.Stdout, report)
	}
	fmt.Println("the engine alone (llm.understand off)")
	if err := printReport(os.Stdout, *without); err != nil {
		return err
	}
	fmt.Printf("\nwith a second look by %s (llm.understand on)\n", app.cfg.LLM.Model)
	if err := printReport(os.Stdout, report); err != nil {
		return err
	}
	counts := app.phrase.Counts()
	for _, what := range slices.Sorted(maps.Keys(counts)) {
		if rest, ok := strings.CutPrefix(what, "second look "); ok {
			fmt.Printf("second look: %-40s %6d\n", rest, counts[what])
		}
	}
	return nil
}

func (e *evalCmd) score(ctx context.Context, app *app, engine eval.Engine, f io.Reader) (eval.Report, error) {
	k := app.live.Current().Knowledge()
	known := func(code string) bool { return k.Item(code) != nil }
	if strings.HasSuffix(e.File, ".jsonl") {
		dialogues, err := eval.ReadDialogues(f, known)
		if err != nil {
			return eval.Report{}, err
		}
		bar := newProgress(os.Stderr, "dialogues", len(dialogues))
		defer bar.finish()
		return eval.RunDialogues(ctx, engine, dialogues, bar.set)
	}
	rows, err := eval.ReadRows(f, known)
	if err != nil {
		return eval.Report{}, err
	}
	bar := newProgress(os.Stderr, "questions", len(rows))
	defer bar.finish()
	return eval.Run(ctx, engine, rows, bar.set)
}

// thresholds ends with code 1 and says which figure fell short.
func (e *evalCmd) thresholds(r eval.Report) error {
	failed := false
	for _, t := range []struct {
		name      string
		got, want float64
		ok        bool
	}{
		{"first", r.First, e.MinFirst, r.First >= e.MinFirst}, {"one_tap", r.OneTap, e.MinTap, r.OneTap >= e.MinTap},
		{"wrong_link", r.WrongLink, e.MaxWrong, r.WrongLink <= e.MaxWrong}, {"precision", r.Precision, e.MinPrecision, r.Precision >= e.MinPrecision},
		{"silence", r.Silence, e.MinSilence, r.Silence >= e.MinSilence},
	} {
		if !t.ok {
			failed = true
			fmt.Fprintf(os.Stderr, "shenwei: %s is %.4f, the threshold is %.4f\n", t.name, t.got, t.want)
		}
	}
	if failed {
		return exitError(1)
	}
	return nil
}

func printReport(w io.Writer, r eval.Report) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%-18s %8d\n", "rows", r.Rows)
	for _, l := range []struct {
		name  string
		value float64
		of    string // the label of the rows it is a share of; "" for rows of any label
	}{
		{"first answer", r.First, "answer"}, {"  of the sure rows", r.SureFirst, "answer"}, {"one tap", r.OneTap, "answer"},
		{"wrong link", r.WrongLink, ""}, {"precision", r.Precision, ""}, {"silence", r.Silence, "oos"}, {"handed over", r.HandedOver, ""},
		{"general answered", r.GeneralAnswers, "general"}, {"emergency found", r.Emergency, "emergency"}, {"false alarm", r.FalseAlarm, ""},
	} {
		if l.of != "" && !r.Has(l.of) {
			fmt.Fprintf(&b, "%-18s %8s\n", l.name, "-")
			continue
		}
		fmt.Fprintf(&b, "%-18s %7.1f%%\n", l.name, 100*l.value)
	}
	fmt.Fprintf(&b, "%-18s %8.2f\n\n", "options beside", r.Options)
	b.WriteString(countsByLabel(r))
	_, err := io.WriteString(w, b.String())
	return err
}

func countsByLabel(r eval.Report) string {
	counts := map[string]map[eval.Outcome]int{}
	for _, j := range r.Judgements {
		if counts[j.Row.Action] == nil {
			counts[j.Row.Action] = map[eval.Outcome]int{}
		}
		counts[j.Row.Action][j.Outcome]++
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%-12s %6s %6s %6s %6s\n", "labelled", "hit", "tap", "wrong", "miss")
	for _, label := range []string{"answer", "clarify", "general", "report", "emergency", "oos"} {
		if c := counts[label]; c != nil {
			fmt.Fprintf(&b, "%-12s %6d %6d %6d %6d\n", label, c[eval.Hit], c[eval.Tap], c[eval.Wrong], c[eval.Miss])
		}
	}
	return b.String()
}
