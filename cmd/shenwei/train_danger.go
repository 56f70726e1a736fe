package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"shenwei/bot/eval"
	"shenwei/bot/release"
	"shenwei/intents"
	"shenwei/internal/fault"
	"shenwei/kb"
	"shenwei/kb/segment"
)

// pinyinEvery is how many calm phrasings stand for one that is spelt in pinyin as well.
const pinyinEvery = 8

// dangerL2 is the strength of the penalty on the danger model's weights; askWeight is what
// a phrasing of the knowledge counts as an example of calm.
const (
	dangerL2  = 1.0
	askWeight = 1.0
)

// danger fits the danger model on labelled files and on the knowledge's own phrasings, which
// are calm. Rows of a fold are scored by a model that did not see them.
func (tr *trainCmd) danger(_ context.Context, running *release.Running) error {
	read := running.Understander()
	rows, err := tr.dangerRows(running.Knowledge())
	if err != nil {
		return err
	}
	samples := make([]intents.DangerSample, len(rows))
	calm := calmSamples(running)
	for i, r := range rows {
		samples[i] = read.DangerSample(r.Question, r.Action == "emergency", 1)
	}
	if tr.Folds > 1 {
		if err := validateDanger(read, rows, samples, calm, tr.Folds); err != nil {
			return err
		}
	}
	model, err := intents.FitDanger(append(samples, calm...), dangerL2)
	if err != nil {
		return err
	}
	text := model.File(tr.Note)
	if tr.Write == "" {
		fmt.Print(text)
		return nil
	}
	if err := os.WriteFile(tr.Write, []byte(text), 0o600); err != nil {
		return fault.Wrap(fault.BadRequest, err, "%s cannot be written", tr.Write)
	}
	return nil
}

func (tr *trainCmd) dangerRows(k *kb.Knowledge) ([]eval.Row, error) {
	var all []eval.Row
	for _, path := range tr.Files {
		rows, err := labelledFile(path, k)
		if err != nil {
			return nil, err
		}
		all = append(all, rows...)
	}
	return all, nil
}

// calmSamples are the phrasings of all items, and of the articles that touch no danger.
func calmSamples(running *release.Running) []intents.DangerSample {
	var out []intents.DangerSample
	add := func(asks []string) {
		for _, a := range asks {
			out = append(out, running.Understander().DangerSample(a, false, askWeight))
			if len(out)%pinyinEvery == 0 {
				out = append(out, running.Understander().DangerSample(segment.Pinyin(a), false, askWeight))
			}
		}
	}
	for _, it := range running.Knowledge().Items {
		add(it.Asks)
		if it.English != nil {
			add(append([]string{it.English.Name}, it.English.Asks...))
			add(strings.SplitAfter(it.English.Text, ". "))
		}
	}
	for _, a := range running.Knowledge().Articles {
		if a.Caution == "" {
			add(a.Asks)
		}
	}
	return out
}

// validateDanger prints recall and false alarms for thresholds, on rows that the model did
// not see, with the rules' own for comparison.
func validateDanger(read *intents.Understander, rows []eval.Row, samples, calm []intents.DangerSample, folds int) error {
	type score struct {
		danger bool
		rules  intents.Level
		p      float64
	}
	var scores []score
	for fold := range folds {
		train := append([]intents.DangerSample(nil), calm...)
		for i := range samples {
			if i%folds != fold {
				train = append(train, samples[i])
			}
		}
		model, err := intents.FitDanger(train, dangerL2)
		if err != nil {
			return err
		}
		for i := fold; i < len(rows); i += folds {
			level, p := read.DangerProbability(rows[i].Question, model)
			scores = append(scores, score{rows[i].Action == "emergency", level, p})
		}
	}
	fmt.Fprintf(os.Stderr, "%-14s %8s %12s\n", "alarm/calm", "recall", "false alarm")
	for _, th := range [][2]float64{{2, -1}, {0.5, 0.1}, {0.6, 0.1}, {0.6, 0.2}, {0.7, 0.2}, {0.7, 0.3}, {0.8, 0.3}, {0.5, 0.5}} {
		var found, dangers, alarms, calms int
		for _, s := range scores {
			raised := s.p >= th[0] || s.rules == intents.Danger && s.p >= th[1]
			if s.danger {
				dangers++
				if raised {
					found++
				}
				continue
			}
			calms++
			if raised {
				alarms++
			}
		}
		fmt.Fprintf(os.Stderr, "%.2f / %-6.2f %7.1f%% %11.1f%%\n", th[0], th[1], 100*float64(found)/float64(max(1, dangers)), 100*float64(alarms)/float64(max(1, calms)))
	}
	return nil
}
