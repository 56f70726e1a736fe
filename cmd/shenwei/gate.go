package main

import (
	"context"

	"shenwei/bot"
	"shenwei/bot/eval"
	"shenwei/bot/release"
	"shenwei/internal/mask"
	"shenwei/internal/store"
	"shenwei/kb"
)

// gateQuestions is how many of citizens' latest lines the gate asks.
const gateQuestions = 1000

// newGate wires the gate: engines as they run live, and citizens' latest lines without what
// is personal in them. Without a record it asks the gold questions alone.
func newGate(b *release.Builder, db *store.DB) eval.Gate {
	g := eval.Gate{Build: func(rel *kb.Release) (eval.Engine, func(), error) {
		running, err := b.BuildRelease(rel)
		if err != nil {
			return nil, nil, err
		}
		return straight{running.Engine}, func() { _ = running.Close() }, nil // in memory: nothing can be lost
	}}
	if db == nil {
		return g
	}
	g.Questions = func(ctx context.Context) ([]string, error) {
		lines, err := db.LatestQuestions(ctx, gateQuestions)
		for i, l := range lines {
			lines[i] = mask.Text(l)
		}
		return lines, err
	}
	return g
}

// straight asks one engine, whatever is live.
type straight struct{ engine *bot.Engine }

func (s straight) Answer(ctx context.Context, turn bot.Turn) (bot.Answered, error) {
	return s.engine.Answer(ctx, turn), nil
}
