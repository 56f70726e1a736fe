package main

import (
	"html/template"
	"os"
	"path/filepath"
	"sort"

	"shenwei/bot/eval"
	"shenwei/internal/fault"
	"shenwei/internal/mask"
)

var reportPage = template.Must(template.New("report").Parse(`<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Evaluation: {{.File}}</title>
<style>body{font:15px/1.5 system-ui,"Noto Sans CJK SC",sans-serif;margin:2rem auto;max-width:72rem;padding:0 1rem;color:#222}
table{border-collapse:collapse;margin:1rem 0}td,th{border-bottom:1px solid #ddd;padding:.3rem .7rem;text-align:left;vertical-align:top}
.wrong{color:#b3261e}.n{text-align:right;font-variant-numeric:tabular-nums}</style>
<h1>{{.File}}</h1>
<table>{{range .Figures}}<tr><th>{{.Name}}<td class="n">{{.Value}}</tr>{{end}}</table>
<h2>Confusion between items</h2>
<table><tr><th>wanted<th>answered<th class="n">times</tr>{{range .Confusions}}<tr><td>{{.Want}}<td>{{.Got}}<td class="n">{{.Times}}</tr>{{end}}</table>
<h2>Rows that were not hit, the surest first</h2>
<table><tr><th>id<th>question<th>wanted<th>got<th class="n">confidence</tr>
{{range .Worst}}<tr><td>{{.ID}}<td>{{.Question}}<td>{{.Want}}<td class="{{.Outcome}}">{{.Outcome}}: {{.Got}}<td class="n">{{printf "%.2f" .Confidence}}</tr>{{end}}</table>
</html>`))

type confusion struct {
	Want, Got string
	Times     int
}

type worst struct {
	ID, Question, Want, Got, Outcome string
	Confidence                       float64
}

// writeReport writes the HTML report; citizens' data in the questions is masked.
func writeReport(path, file string, r eval.Report) error {
	f, err := os.Create(path) //nolint:gosec // the operator names the file
	if err != nil {
		return fault.Wrap(fault.BadRequest, err, "the report %s cannot be written", path)
	}
	err = reportPage.Execute(f, map[string]any{
		"File": filepath.Base(file), "Figures": figures(r), "Confusions": confusions(r), "Worst": worstRows(r),
	})
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	return err
}

type figure struct{ Name, Value string }

func figures(r eval.Report) []figure {
	return []figure{
		{"rows", itoa(r.Rows)}, {"first answer", percent(r.First)}, {"first answer, sure rows", percent(r.SureFirst)}, {"one tap", percent(r.OneTap)},
		{"wrong link", percent(r.WrongLink)}, {"precision", percent(r.Precision)}, {"silence", percent(r.Silence)},
		{"handed over", percent(r.HandedOver)}, {"general answered", percent(r.GeneralAnswers)},
		{"emergency found", percent(r.Emergency)}, {"false alarm", percent(r.FalseAlarm)},
	}
}

func confusions(r eval.Report) []confusion {
	counts := map[confusion]int{}
	for _, j := range r.Judgements {
		if j.Outcome == eval.Wrong && len(j.Row.Codes) > 0 && j.Reply.Item != "" {
			counts[confusion{Want: j.Row.Codes[0], Got: j.Reply.Item}]++
		}
	}
	all := make([]confusion, 0, len(counts))
	for c, n := range counts {
		c.Times = n
		all = append(all, c)
	}
	sort.Slice(all, func(a, b int) bool {
		if all[a].Times != all[b].Times {
			return all[a].Times > all[b].Times
		}
		return all[a].Want+all[a].Got < all[b].Want+all[b].Got
	})
	return all
}

func worstRows(r eval.Report) []worst {
	var all []worst
	for _, j := range r.Judgements {
		if j.Outcome == eval.Hit {
			continue
		}
		want := j.Row.Action
		if len(j.Row.Codes) > 0 {
			want += " " + j.Row.Codes[0]
		}
		all = append(all, worst{j.Row.ID, mask.Text(j.Row.Question), want, string(j.Reply.Action) + " " + j.Reply.Item + j.Reply.Article, string(j.Outcome), j.Reply.Confidence})
	}
	sort.SliceStable(all, func(a, b int) bool {
		if (all[a].Outcome == "wrong") != (all[b].Outcome == "wrong") {
			return all[a].Outcome == "wrong"
		}
		return all[a].Confidence > all[b].Confidence
	})
	return all
}
