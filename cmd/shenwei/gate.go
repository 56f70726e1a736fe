package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"shenwei/bot/eval"
	"shenwei/bot/release"
	"shenwei/internal/fault"
	"shenwei/kb"
)

// gate runs every gold question on the live release and on the candidate. It refuses a
// candidate that makes a right answer wrong.
type gate struct{ builder *release.Builder }

// Check implements kb.Gate.
func (g gate) Check(ctx context.Context, live, candidate *kb.Release) error {
	after, err := g.run(ctx, candidate, candidate)
	if err != nil || live == nil {
		return err
	}
	before, err := g.run(ctx, live, candidate)
	if err != nil {
		return err
	}
	var broken []string
	for i, b := range before {
		if b.Outcome == eval.Hit && after[i].Outcome != eval.Hit {
			broken = append(broken, fmt.Sprintf("%s: %s → %s", b.Row.ID, b.Reply.Item+b.Reply.Article, after[i].Reply.Item+after[i].Reply.Article))
		}
	}
	if len(broken) > 0 {
		return fault.New(fault.Conflict, "%d gold questions that were right become wrong:\n  %s", len(broken), strings.Join(broken, "\n  "))
	}
	return nil
}

// run asks the gold questions of one release of the engine of another.
func (g gate) run(ctx context.Context, engine, gold *kb.Release) ([]eval.Judgement, error) {
	running, err := g.builder.BuildRelease(engine)
	if err != nil {
		return nil, err
	}
	live := release.NewLive(slog.New(slog.NewTextHandler(io.Discard, nil)))
	live.Swap(running)
	defer func() { _ = running.Close() }()
	k := running.Engine.Knowledge()
	var all []eval.Judgement
	for _, doc := range gold.Documents() {
		if doc.Kind != kb.KindGold || !strings.HasSuffix(doc.ID, ".tsv") {
			continue
		}
		rows, err := eval.ReadRows(strings.NewReader(doc.Body), func(code string) bool { return k.Item(code) != nil })
		if err != nil {
			return nil, fault.Wrap(fault.BadRequest, err, "%s: %v", doc.Path(), err)
		}
		report, err := eval.Run(ctx, live, rows, func(int) {})
		if err != nil {
			return nil, err
		}
		all = append(all, report.Judgements...)
	}
	return all, nil
}
