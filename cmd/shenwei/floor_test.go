package main

import (
	"context"
	"encoding/json"
	"flag"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"shenwei/bot"
	"shenwei/bot/eval"
	"shenwei/bot/release"
	"shenwei/data"
	"shenwei/kb"
)

var raise = flag.Bool("raise", false, "raise data/gold/floor.json to what is reached")

const floorFile = "../../data/gold/floor.json"

// floor is the share of gold questions that get a right first answer, as last measured, by file,
// by way of writing, of all of them, and of the dialogues' turns. It may only rise.
type floor map[string]float64

// direct lets the evaluation ask an engine that no release follows.
type direct struct{ engine *bot.Engine }

func (d direct) Answer(ctx context.Context, turn bot.Turn) (bot.Answered, error) {
	return d.engine.Answer(ctx, turn), nil
}

func TestFloorOfTheGoldQuestions(t *testing.T) {
	got := measured(t)
	body, err := os.ReadFile(floorFile)
	if err != nil {
		t.Fatal(err)
	}
	var least floor
	if err := json.Unmarshal(body, &least); err != nil {
		t.Fatal(err)
	}
	fell := false
	for name, want := range least {
		if now, ok := got[name]; !ok || now < want {
			fell = true
			t.Errorf("%s: %.3f are right, %.3f were", name, now, want)
		}
	}
	for name, now := range got {
		if least[name]+0.01 < now && !*raise {
			t.Errorf("%s: %.3f are right, the floor says %.3f; raise it: go test ./cmd/shenwei -run Floor -raise", name, now, least[name])
		}
	}
	if *raise && !fell {
		writeFloor(t, got)
	}
}

func writeFloor(t *testing.T, got floor) {
	t.Helper()
	body, err := json.MarshalIndent(got, "", "  ")
	if err == nil {
		err = os.WriteFile(floorFile, append(body, '\n'), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func embeddedDocuments(t *testing.T) []kb.Document {
	t.Helper()
	docs, err := kb.ReadDocuments(data.Files)
	if err != nil {
		t.Fatal(err)
	}
	return docs
}

// shipped is an engine with the embedded knowledge.
func shipped(t *testing.T) *bot.Engine {
	t.Helper()
	release1 := &kb.Release{Number: 1}
	for _, d := range embeddedDocuments(t) {
		release1.Revisions = append(release1.Revisions, kb.Revision{Document: d, Number: 1})
	}
	builder, err := release.NewBuilder(t.TempDir(), bot.Site{})
	if err != nil {
		t.Fatal(err)
	}
	running, err := builder.BuildRelease(release1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = running.Close() })
	return running.Engine
}

// measured asks every gold question and plays every dialogue.
func measured(t *testing.T) floor {
	t.Helper()
	docs, engine := embeddedDocuments(t), direct{shipped(t)}
	ctx := t.Context()
	known := func(code string) bool { return engine.engine.Knowledge().Item(code) != nil }
	got := floor{}
	var all []eval.Judgement
	for _, doc := range docs {
		if doc.Kind != kb.KindGold {
			continue
		}
		if filepath.Ext(doc.ID) == ".jsonl" {
			dialogues, err := eval.ReadDialogues(strings.NewReader(doc.Body), known)
			if err != nil {
				t.Fatal(err)
			}
			r, err := eval.RunDialogues(ctx, engine, dialogues, func(int) {})
			if err != nil {
				t.Fatal(err)
			}
			got[doc.ID] = hits(r.Judgements)
			continue
		}
		rows, err := eval.ReadRows(strings.NewReader(doc.Body), known)
		if err != nil {
			t.Fatal(err)
		}
		r, err := eval.Run(ctx, engine, rows, func(int) {})
		if err != nil {
			t.Fatal(err)
		}
		got[doc.ID] = hits(r.Judgements)
		all = append(all, r.Judgements...)
	}
	got["all"] = hits(all)
	for _, g := range eval.GroupBy(all, eval.Writing) {
		if g.Name != "" {
			got["writing "+g.Name] = hits(g.Judgements)
		}
	}
	return got
}

// hits is the share of right first replies, rounded down to a thousandth.
func hits(all []eval.Judgement) float64 {
	n := 0
	for _, j := range all {
		if j.Outcome == eval.Hit {
			n++
		}
	}
	return math.Floor(1000*float64(n)/float64(max(1, len(all)))) / 1000
}
